"""Keys and clicks that come late close no other screen, and hit nothing that is gone."""

from __future__ import annotations

import pytest
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from backprop_tui.app import DebuggerApp
from backprop_tui.screens.arrangement import Body
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.go import GoScreen
from scenes import view


async def test_a_screen_that_is_asked_twice_closes_once() -> None:
    app = DebuggerApp(view("add_multiply", 0))
    async with app.run_test() as pilot:
        await pilot.press("g", "5")
        asked = app.screen
        assert isinstance(asked, GoScreen)
        field = asked.query_one(Input)
        for _ in range(3):
            field.post_message(Input.Submitted(field, "5"))
        await pilot.pause()
        await pilot.pause()
        assert isinstance(app.screen, DebuggerScreen)
        assert app.screen.current.session.position == 5


@pytest.mark.thorough
async def test_the_palette_that_is_asked_twice_closes_once() -> None:
    app = DebuggerApp(view("add_multiply", 0))
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        palette = app.screen
        palette.dismiss()
        palette.dismiss()
        await pilot.pause()
        assert isinstance(app.screen, DebuggerScreen)


async def test_a_click_hits_nothing_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(screen: Screen[None], x: int, y: int) -> tuple[Widget, Offset]:
        return Static("gone"), Offset(0, 0)

    monkeypatch.setattr(Screen, "get_widget_and_offset_at", gone)
    app = DebuggerApp(view("add_multiply", 0))
    async with app.run_test() as pilot:
        await pilot.mouse_down(offset=(5, 5))
        await pilot.mouse_up(offset=(5, 5))
        assert app.screen.get_widget_and_offset_at(5, 5) == (None, None)


@pytest.mark.thorough
async def test_a_screen_that_closes_is_arranged_no_more() -> None:
    app = DebuggerApp(view("add_multiply", 0))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, DebuggerScreen)
        await screen.query(Body).remove()
        screen.call_after_refresh(screen._arrange)
        await pilot.pause()
        assert app.is_running
