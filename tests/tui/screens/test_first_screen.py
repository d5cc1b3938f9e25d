"""What is painted first, and the styles that come after it."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events
from textual._compositor import LayoutUpdate
from textual.geometry import Size
from textual.screen import Screen

from backprop_tui.app import DebuggerApp
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.steady import WINDOWS
from backprop_tui.textual_private import rendered_strips
from driving import WIDE
from scenes import view


class Painting(DebuggerApp):
    """Keeps the rows of the screen each time that they are painted."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.painted: list[list[str]] = []
        self.whole = 0
        """How often the whole screen was painted."""

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        self.whole += isinstance(renderable, LayoutUpdate)
        if not self._batch_count:
            self.painted.append([strip.text for strip in rendered_strips(self)])
        super()._display(screen, renderable)


@pytest.mark.parametrize("size", [WIDE, (80, 24), (200, 60)])
@pytest.mark.parametrize("ascii", [False, True])
async def test_the_first_that_is_painted_is_the_whole_screen(size: tuple[int, int], ascii: bool) -> None:
    app = Painting(view("rnn_cell", 3, ascii=ascii), ascii=ascii, still=True)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert any("a#3" in row for row in app.painted[0])
        assert app.painted[0] == app.painted[-1]


async def test_the_first_screen_is_painted_once() -> None:
    app = Painting(view("rnn_cell", 3))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause(0.3)
        assert app.whole == 1


async def test_another_size_is_painted_whole_at_once() -> None:
    app = Painting(view("rnn_cell", 3), still=True)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        app.painted.clear()
        await pilot.resize_terminal(WIDE[0] - 3, WIDE[1] - 1)
        await pilot.pause()
        assert app.painted[0] == app.painted[-1]


@pytest.mark.parametrize("size", [WIDE, (80, 24)])
async def test_panels_arranged_anew_are_painted_whole_at_once(size: tuple[int, int]) -> None:
    app = Painting(view("rnn_cell", 3), still=True)
    async with app.run_test(size=size) as pilot:
        for key in "PPFF45":
            await pilot.pause()
            app.painted.clear()
            await pilot.press(key)
            await pilot.pause()
            assert app.painted[0][:-1] == app.painted[-1][:-1], key  # the keys below follow the focus


class TypedAhead(DebuggerApp):
    """Someone types before there is a screen."""

    def on_load(self) -> None:
        for key in ("right", "right"):
            self.post_message(events.Key(key, None))


async def test_keys_typed_before_there_is_a_screen_are_kept() -> None:
    app = TypedAhead(view("rnn_cell", 0), still=True)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, DebuggerScreen)
        assert app.screen.current.session.position == 2


async def test_a_size_of_the_past_that_is_heard_of_later_changes_nothing() -> None:
    app = Painting(view("rnn_cell", 3), still=True)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        before, app.painted = app.screen.size, []
        for _ in range(3):
            app.screen.post_message(events.Resize(Size(80, 25), Size(80, 25)))
            app.screen.call_later(lambda: None)  # so that the next size does not take its place
        await pilot.pause()
        assert app.screen.size == before
        assert not app.painted


@pytest.mark.parametrize("key", ["colon", "question_mark", "enter"])
async def test_a_window_looks_as_it_does_where_its_styles_were_read_in_advance(key: str) -> None:
    seen = []
    for in_advance in (False, True):
        app = DebuggerApp(view("rnn_cell", 3), still=True)
        async with app.run_test(size=WIDE) as pilot:
            await pilot.pause()
            assert not app.stylesheet.has_source(str(WINDOWS))
            if in_advance:
                app.read_windows()
            await pilot.press(key)
            await pilot.pause()
            assert app.stylesheet.has_source(str(WINDOWS))
            seen.append(rendered_strips(app))
    assert seen[0] == seen[1]
