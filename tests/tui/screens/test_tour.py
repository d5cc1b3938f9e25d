"""The tour: offered once, and each card turns when what it asks for is done."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from textual.screen import Screen

from backprop_engine.messages.message import msg
from backprop_engine.messages.translations import languages
from backprop_tui.app import DebuggerApp
from backprop_tui.cells.lines import line_width
from backprop_tui.panels.tour import CARDS, tour
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.gallery import GalleryScreen
from backprop_tui.screens.tour import OfferScreen
from backprop_tui.settings import UserSettings, read_settings
from backprop_tui.widgets.panel import Panel
from driving import NARROW, WIDE, seen
from effort import tried
from scenes import view

pytestmark = pytest.mark.thorough  # whole screens, many of them, or real terminals

ASKED = (
    *(("s",), ("s",), ("s",), ("s",), ("S",), ("end",), ("colon", *"set x = 3", "enter", "escape"), ("u",)),
    *(("colon", *typed, "enter", "escape") for typed in ("why x", "nudge x", "break q")),
    ("home", "c"),
    ("end", "v"),
)
"""The keys that each card names, but for the last, which asks for none."""


@pytest.mark.parametrize(
    ("size", "language"),
    tried([*product((WIDE, NARROW, (60, 20)), languages())], [(WIDE, "en"), ((60, 20), "ko")]),
)
async def test_each_card_turns_when_its_key_is_pressed_and_can_be_read(
    size: tuple[int, int], language: str
) -> None:
    async with DebuggerApp(None, language=language).run_test(size=size) as pilot:
        await pilot.press("t")
        screen = pilot.app.screen
        assert isinstance(screen, DebuggerScreen)
        assert screen.guide is not None
        for number, keys in enumerate(ASKED):
            assert screen.guide.card == number
            panel = screen.panel("tour")
            assert tour(number, language, *panel.size).height <= panel.size.height
            assert f"{number + 1}/{len(CARDS)}" in seen(pilot)
            if size != (60, 20):  # three rows of sixty are full of the longest card
                assert msg("Esc leaves the tour").in_language(language) in seen(pilot)
            await pilot.press(*keys)
            await pilot.pause()
        assert screen.guide.card == len(CARDS) - 1 == len(ASKED)
        await pilot.press("s", "escape")
        assert isinstance(pilot.app.screen, GalleryScreen)


@pytest.mark.parametrize("language", languages())
async def test_the_leaf_that_is_to_be_changed_is_in_view(language: str) -> None:
    async with DebuggerApp(None, language=language).run_test(size=NARROW) as pilot:
        await pilot.press("t", "plus", "s", "s", "s", "s", "S", "pagedown", "down", "down")
        await pilot.pause()
        assert "○" in seen(pilot)
        assert "x -2" not in seen(pilot)  # it was scrolled away
        await pilot.press("end")
        await pilot.pause()
        assert "x -2" in seen(pilot)
        await pilot.press("colon", *"set x = 3", "enter", "escape")
        await pilot.pause()
        assert "x 3" in seen(pilot)


async def test_other_keys_turn_no_card() -> None:
    async with DebuggerApp(None).run_test(size=WIDE) as pilot:
        await pilot.press("t", "tab", "question_mark", "escape", "3", "right_square_bracket")
        screen = pilot.app.screen
        assert isinstance(screen, DebuggerScreen)
        assert screen.guide is not None
        assert screen.guide.card == 0


@pytest.mark.parametrize("width", [1, 12, 30, 60, 80, 120])
@pytest.mark.parametrize("language", languages())
def test_a_card_fits(width: int, language: str) -> None:
    for number in range(len(CARDS)):
        drawing = tour(number, language, width, 3)
        rows = [drawing.row(y, 0, width) for y in range(drawing.height)]
        assert all(line_width(row) <= width for row in rows)


async def test_the_first_start_of_the_gallery_offers_it_once(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "settings.toml"
    async with DebuggerApp(None, settings=read_settings(path)).run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert isinstance(pilot.app.screen, OfferScreen)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, DebuggerScreen)
        assert pilot.app.screen.guide is not None
    assert read_settings(path) == UserSettings(toured="yes", path=path)
    async with DebuggerApp(None, settings=read_settings(path)).run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert isinstance(pilot.app.screen, GalleryScreen)


async def test_it_can_be_declined_and_taken_later(tmp_path: Path) -> None:
    settings = read_settings(tmp_path / "settings.toml")
    async with DebuggerApp(None, settings=settings).run_test(size=WIDE) as pilot:
        await pilot.pause()
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, GalleryScreen)
        await pilot.press("t")
        assert isinstance(pilot.app.screen, DebuggerScreen)
        assert pilot.app.screen.guide is not None


@pytest.mark.parametrize(("row", "answered"), [(2, DebuggerScreen), (1, GalleryScreen), (4, OfferScreen)])
async def test_its_answers_can_be_clicked(tmp_path: Path, row: int, answered: type[Screen[object]]) -> None:
    async with DebuggerApp(None, settings=read_settings(tmp_path / "settings.toml")).run_test(
        size=WIDE
    ) as pilot:
        await pilot.pause()
        panel = pilot.app.screen.query_one(Panel)
        assert panel.drawing is not None
        panel.post_message(Panel.Clicked(panel, 3, panel.drawing.height - row, 1))
        await pilot.pause()
        await pilot.pause()
        assert isinstance(pilot.app.screen, answered)


async def test_a_named_scenario_is_never_held_up(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    app = DebuggerApp(view("rnn_cell"), settings=read_settings(path))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert len(pilot.app.screen_stack) == 1
    assert not path.exists()


async def test_where_nothing_can_be_kept_it_is_not_offered_at_every_start(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings = read_settings(blocked / "settings.toml")
    async with DebuggerApp(None, settings=settings).run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert isinstance(pilot.app.screen, GalleryScreen)
