"""Playing: steps by itself, without waiting for a clock here."""

from __future__ import annotations

import pytest

from backprop_engine.debugger import Break, Go, StepInto, time_travel
from backprop_tui.screens.player import SPEEDS
from driving import debugger, opened, position, seen

pytestmark = pytest.mark.thorough  # whole screens, many of them, or real terminals


async def test_playing_goes_on_to_the_end_and_pauses_there() -> None:
    async with opened("add_multiply") as pilot:
        screen = debugger(pilot)
        await pilot.press("a")
        assert screen.player.timer is not None
        for expected in range(1, 8):
            assert screen.player.timer is not None
            screen.player.step()
            assert position(pilot) == expected
        assert screen.player.timer is None
        await pilot.press("a")
        assert screen.player.timer is None, "there is nothing left to play"


async def test_the_same_key_pauses() -> None:
    async with opened("add_multiply") as pilot:
        await pilot.press("a", "a")
        assert debugger(pilot).player.timer is None


async def test_a_breakpoint_pauses() -> None:
    async with opened("add_multiply") as pilot:
        screen = debugger(pilot)
        screen.do(Break("phase backward"))
        await pilot.press("a")
        while screen.player.timer is not None:
            screen.player.step()
        assert position(pilot) == screen.current.session.trace.schedule.seed


@pytest.mark.parametrize("at_once", [0, 10**9])
async def test_a_breakpoint_that_a_command_meets_meanwhile_pauses(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the command takes: playing waits for it, and does not step on from where it stopped."""
    monkeypatch.setattr(time_travel, "AT_ONCE", at_once)
    async with opened("gradient_descent") as pilot:
        screen = debugger(pilot)
        screen.do(Break("phase update"))
        await pilot.press("a")
        screen.player.step()
        assert position(pilot) == 1
        await pilot.press("c")
        while screen.current.session.pending is not None:
            screen.player.step()
            await pilot.pause()
        met = position(pilot)
        assert screen.current.session.hit
        screen.player.step()
        assert (position(pilot), screen.player.timer) == (met, None)
        await pilot.press("a")
        screen.player.step()
        assert position(pilot) == met + 1, "played again, it goes on from there"


@pytest.mark.parametrize("at_once", [0, 10**9])
async def test_a_breakpoint_for_once_pauses_too(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is gone where it was met."""
    monkeypatch.setattr(time_travel, "AT_ONCE", at_once)
    async with opened("gradient_descent") as pilot:
        screen = debugger(pilot)
        screen.do(Break("phase update", once=True))
        await pilot.press("a")
        screen.player.step()
        await pilot.press("c")
        while screen.current.session.pending is not None:
            await pilot.pause()
        met = position(pilot)
        assert not screen.current.session.breakpoints
        screen.player.step()
        assert (position(pilot), screen.player.timer) == (met, None)


async def test_speeds() -> None:
    async with opened("vanishing_over_time") as pilot:
        screen = debugger(pilot)
        for _ in SPEEDS:
            await pilot.press("greater_than_sign")
        assert SPEEDS[screen.player.speed] == max(SPEEDS)
        await pilot.press("a")
        playing = screen.player.timer
        for _ in SPEEDS:
            await pilot.press("less_than_sign")
        assert SPEEDS[screen.player.speed] == min(SPEEDS)
        assert screen.player.timer is not playing, "another speed is in force at once"


async def test_inside_of_an_operator_playing_ends_with_it() -> None:
    async with opened("softmax_classifier") as pilot:
        screen = debugger(pilot)
        screen.do(Go(3))
        screen.do(StepInto())
        assert screen.current.session.levels
        await pilot.press("a")
        while screen.player.timer is not None:
            screen.player.step()
        session = screen.current.session
        assert session.levels
        assert session.here == session.trace.schedule.last
        assert session.position == 3


async def test_another_screen_above_pauses() -> None:
    for key in ("colon", "question_mark", "ctrl+p", "g"):
        async with opened("vanishing_over_time") as pilot:
            screen = debugger(pilot)
            await pilot.press("a")
            assert screen.player.timer is not None
            await pilot.press(key)
            assert pilot.app.screen is not screen
            assert screen.player.timer is None, key
            if key == "colon":
                assert "2 steps per second" not in seen(pilot), "it would cover what is typed"
