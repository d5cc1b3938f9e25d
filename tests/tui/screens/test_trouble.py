"""One key leads from one NaN or infinity to the next, and Enter to its entry."""

from __future__ import annotations

import pytest

from backprop_engine.debugger import Break
from backprop_tui.screens.inspect import InspectScreen
from driving import WIDE, debugger, notices, opened, seen


async def test_a_key_goes_where_numbers_stop_being_finite() -> None:
    async with opened("nan_from_log_zero", size=WIDE) as pilot:
        for position, chosen in ((2, "logs"), (8, "x"), (2, "logs")):
            await pilot.press("!")
            session = debugger(pilot).current.session
            assert session.position == position
            assert session.selection == session.graph.position(chosen)
            assert not notices(pilot)
        assert "inf since step 2" in seen(pilot)


@pytest.mark.thorough
async def test_enter_shows_the_entry() -> None:
    async with opened("nan_from_log_zero", size=WIDE) as pilot:
        await pilot.press("!", "!", "enter")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, InspectScreen)
        assert (screen.current.chosen.kind, screen.current.at) == ("gradient", (2,))


async def test_where_all_is_finite_it_says_so() -> None:
    async with opened("add_multiply", size=WIDE) as pilot:
        await pilot.press("!")
        await pilot.pause()
        assert debugger(pilot).current.session.position == 0
        assert "every number in this iteration is finite" in "".join(notices(pilot))


@pytest.mark.thorough
async def test_the_panel_tells_what_to_do_and_the_notice_covers_nothing_of_it() -> None:
    async with opened("nan_from_log_zero", size=WIDE) as pilot:
        debugger(pilot).do(Break("first infinity"))
        pilot.app.clear_notifications()
        await pilot.press("c")
        await pilot.pause()
        assert notices(pilot) == ["Stopped at breakpoint 1 (first infinity)."]
        shown = " ".join(seen(pilot).split())
        assert "this is where it arises, from finite" in shown
        assert "Look at the divisor" in shown
