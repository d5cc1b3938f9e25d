"""Keys and the wheel scroll a panel at once: none is lost, however quickly they come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.geometry import Offset
from textual.pilot import Pilot

from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Span
from backprop_tui.widgets.panel import Panel


class Numbered(App[None]):
    """A panel of numbered rows."""

    CSS = "Panel { width: 12; height: 10; }"
    rows = 100

    def __init__(self) -> None:
        super().__init__()
        self.animation_level = "none"

    def compose(self) -> ComposeResult:
        yield Panel(self.drawn, id="numbered")

    def drawn(self, width: int, height: int) -> Drawing:
        return Lines.of((Span(f"{number:<50}"),) for number in range(self.rows))


@asynccontextmanager
async def numbered() -> AsyncIterator[tuple[Pilot[None], Panel, Numbered]]:
    app = Numbered()
    async with app.run_test(size=(40, 20)) as pilot:
        await pilot.pause()
        panel = app.query_one(Panel)
        panel.redraw()
        panel.focus()
        await pilot.pause()
        yield pilot, panel, app


KEYS = {
    "scroll_down": Offset(0, 1),
    "scroll_right": Offset(1, 0),
    "page_down": Offset(0, 10),
    "page_right": Offset(12, 0),
}


@pytest.mark.parametrize("key", KEYS)
async def test_a_key_has_scrolled_before_the_next_one_is_heard(key: str) -> None:
    async with numbered() as (_, panel, app):
        back = key.replace("down", "up").replace("right", "left")
        for times in (1, 2, 3):
            getattr(panel, f"action_{key}")()
            app.rows += 1  # more to show, which comes between two keys
            panel.redraw()
            assert panel.scroll_offset == KEYS[key] * times
        for times in (2, 1, 0):
            getattr(panel, f"action_{back}")()
            assert panel.scroll_offset == KEYS[key] * times


async def test_the_wheel_too() -> None:
    async with numbered() as (_, panel, app):
        notch = MouseScrollDown(panel, 1, 1, 0, 0, 0, False, False, False)
        for times in (1, 2, 3):
            panel._on_mouse_scroll_down(notch)
            app.rows -= 1
            panel.redraw()
            assert panel.scroll_offset.y == round(times * app.scroll_sensitivity_y)


async def test_keys_typed_together_all_scroll() -> None:
    async with numbered() as (pilot, panel, _):
        await pilot.press(*["down"] * 7, *["up"] * 2, "pagedown", "shift+right")
        await pilot.pause()
        assert panel.scroll_offset == Offset(1, 15)
