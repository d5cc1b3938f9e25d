"""A scenario that is left is gone on with: what its reader made there is not lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from backprop_engine.messages.message import msg
from backprop_engine.messages.translations import languages
from backprop_tui.app import DebuggerApp
from backprop_tui.files.folders import scenario_folder
from backprop_tui.files.opening import Opening
from backprop_tui.screens.gallery import GalleryScreen
from backprop_tui.screens.left_views import LeftViews
from backprop_tui.view import View
from driving import debugger, notices, opened, position, seen
from scenes import scenario, view

pytestmark = pytest.mark.thorough  # whole screens, many of them, or real terminals

TEXT = "inputs: {x: 2}\nnodes: {a: x * 3, f: a + 1}\n"


@asynccontextmanager
async def gallery_of(folder: Path) -> AsyncIterator[Pilot[None]]:
    """The gallery of a folder with the scenarios `one` and `two`."""
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text(TEXT, encoding="utf-8")
    app = DebuggerApp(None, folder=scenario_folder(folder))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.pause()
        yield pilot


async def made_something(pilot: Pilot[None]) -> None:
    """Two steps, a breakpoint, a watch and a branch."""
    await pilot.press("s", "s", "b", "colon", *"watch x * 2", "enter", "escape")
    await pilot.press("colon", *"set x = 5", "enter", "escape")
    await pilot.pause()
    assert_made(pilot)


def assert_made(pilot: Pilot[None]) -> None:
    """All of that is there."""
    session = debugger(pilot).current.session
    assert session.position == 2
    assert [one.target.name for one in session.breakpoints] == ["f"]
    assert len(session.watches) == 1
    assert session.branches.current == "b1"


async def to_gallery(pilot: Pilot[None]) -> GalleryScreen:
    debugger(pilot).action_command("gallery")
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, GalleryScreen)
    return screen


async def settled(pilot: Pilot[None]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@pytest.mark.parametrize("way", ["enter", "escape"])
async def test_it_is_opened_again_as_it_was_left(way: str, tmp_path: Path) -> None:
    async with gallery_of(tmp_path) as pilot:
        await pilot.press("enter")
        await made_something(pilot)
        await to_gallery(pilot)
        assert "Esc close" in seen(pilot)
        await pilot.press(way)
        await pilot.pause()
        assert_made(pilot)
        assert ("as you left it: Home goes to the start" in notices(pilot)) == (way == "enter")


async def test_each_scenario_is_kept_by_itself(tmp_path: Path) -> None:
    async with gallery_of(tmp_path) as pilot:
        await pilot.press("enter")
        await made_something(pilot)
        await to_gallery(pilot)
        await pilot.press("down", "enter", "s")
        assert debugger(pilot).current.session.branches.current == "baseline"
        await to_gallery(pilot)
        await pilot.press("escape")
        assert position(pilot) == 1
        await to_gallery(pilot)
        await pilot.press("up", "enter")
        assert_made(pilot)


async def test_nothing_was_left_at_first(tmp_path: Path) -> None:
    async with gallery_of(tmp_path) as pilot:
        assert "Esc" not in seen(pilot).splitlines()[-1]
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, GalleryScreen)
        await pilot.press("enter")
        assert position(pilot) == 0
        assert notices(pilot) == []


async def test_the_next_scenario_does_not_lose_this_one(tmp_path: Path) -> None:
    async with gallery_of(tmp_path) as pilot:
        await pilot.press("home", "enter")
        await made_something(pilot)
        await pilot.press("G")
        await pilot.pause()
        assert position(pilot) == 0
        await to_gallery(pilot)
        await pilot.press("home", "enter")
        assert_made(pilot)
        await pilot.press("G", "s")
        await to_gallery(pilot)
        await pilot.press("home", "enter", "G")
        await pilot.pause()
        assert position(pilot) == 1


async def test_a_file_that_was_edited_meanwhile_is_loaded_again(tmp_path: Path) -> None:
    async with gallery_of(tmp_path) as pilot:
        await pilot.press("enter")
        await made_something(pilot)
        await to_gallery(pilot)
        (tmp_path / "one.yaml").write_text(TEXT.replace("3", "400"), encoding="utf-8")
        await pilot.press("enter")
        await settled(pilot)
        assert_made(pilot)
        assert debugger(pilot).current.frame.value(debugger(pilot).current.graph["a"]) == 2000
        assert "one.yaml has changed and was reloaded" in "\n".join(notices(pilot))
        await to_gallery(pilot)
        pilot.app.clear_notifications()
        await pilot.press("enter")
        await settled(pilot)
        assert "loaded again" not in "\n".join(notices(pilot))


async def test_a_data_file_too(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,2\n", encoding="utf-8")
    async with gallery_of(tmp_path) as pilot:
        (tmp_path / "one.yaml").write_text(
            "inputs: {x: {file: x.csv}}\nnodes: {f: sum(x)}\n", encoding="utf-8"
        )
        await pilot.press("enter", "s")
        await settled(pilot)
        await to_gallery(pilot)
        (tmp_path / "x.csv").write_text("10,20\n", encoding="utf-8")
        await pilot.press("enter")
        await settled(pilot)
        assert debugger(pilot).current.frame.value(debugger(pilot).current.graph["f"]) == 30
        assert position(pilot) == 1


async def test_where_the_file_has_mistakes_the_run_is_still_there(tmp_path: Path) -> None:
    async with gallery_of(tmp_path) as pilot:
        await pilot.press("enter")
        await made_something(pilot)
        (tmp_path / "one.yaml").write_text("inputs: {x: [", encoding="utf-8")
        await to_gallery(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert_made(pilot)
        assert debugger(pilot).follower.mistakes.is_open


async def test_what_is_open_below_the_gallery_is_gone_back_to() -> None:
    opening = Opening.of(scenario("add_multiply").path)
    begun = view("add_multiply", 3)
    async with opened(View(begun.scenario, begun.session, opening=opening)) as pilot:
        first = debugger(pilot)
        gallery = await to_gallery(pilot)
        stems = [entry.stem for entry in gallery.entries(gallery.shown)]
        gallery.chosen = stems.index("add_multiply")
        await pilot.press("enter")
        await pilot.pause()
        assert debugger(pilot) is first
        assert position(pilot) == 3


@pytest.mark.parametrize("language", sorted(languages()))
async def test_it_speaks_the_language_of_now(language: str) -> None:
    async with opened(None) as pilot:
        await pilot.press("enter", "s")
        await to_gallery(pilot)
        assert isinstance(pilot.app, DebuggerApp)
        pilot.app.choose_language(language)
        await pilot.press("enter")
        await pilot.pause()
        assert debugger(pilot).current.language == language
        assert msg("as you left it: Home goes to the start").in_language(language) in notices(pilot)


async def test_the_tour_begins_anew() -> None:
    async with opened(None) as pilot:
        for _ in range(2):
            await pilot.press("t")
            await pilot.pause()
            assert position(pilot) == 0
            await pilot.press("s")
            await to_gallery(pilot)
        assert pilot.app.left.last is None  # type: ignore[attr-defined]


def test_other_settings_are_another_run(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(TEXT, encoding="utf-8")
    begun, left = view("add_multiply", 2), LeftViews()
    left.keep(begun)
    assert left.last is None, "it was not opened from a file"
    kept = View(begun.scenario, begun.session, opening=Opening.of(path))
    left.keep(kept)
    assert left.of(Opening.of(tmp_path / "." / "one.yaml")) is left.last is kept
    assert left.of(Opening.of(path, ("x=5",))) is None
