"""The page of the next step is drawn before its key is pressed, and only that page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from backprop_engine import load_scenario
from backprop_engine.debugger import Session
from backprop_tui.files.bundled import resolve
from backprop_tui.panels import step
from backprop_tui.screens import debugger as debugger_screen
from backprop_tui.screens import read_ahead
from backprop_tui.view import View
from driving import debugger, go, opened, seen


def fresh() -> View:
    """A run of which no page was drawn yet."""
    scenario = load_scenario(resolve("rnn_cell"))
    return View(scenario, Session(scenario.run()))


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The positions whose pages were drawn, in that order."""
    positions: list[int] = []
    draw: Callable[..., Any] = step._composed

    def noted(facts: Any, *args: Any, **kwargs: Any) -> Any:
        positions.append(facts.frame.position)
        return draw(facts, *args, **kwargs)

    monkeypatch.setattr(step, "_composed", noted)
    return positions


async def rest(pilot: Pilot[None]) -> None:
    """Press nothing for a while."""
    await pilot.pause(5 * read_ahead.PAUSE)
    await pilot.pause()


@pytest.mark.thorough
async def test_a_step_is_drawn_before_its_key(drawn: list[int]) -> None:
    async with opened(fresh()) as pilot:
        await go(pilot, 5)
        await rest(pilot)
        assert drawn[-2:] == [5, 6]
        before = len(drawn)
        await pilot.press("s")
        assert drawn[before:] in ([], [7]), "its page was there; perhaps that of the next one is by now"
        await rest(pilot)
        assert drawn[before:] == [7]


@pytest.mark.thorough
async def test_it_goes_on_in_the_same_direction(drawn: list[int]) -> None:
    async with opened(fresh()) as pilot:
        await go(pilot, 9)
        await go(pilot, 5)
        await rest(pilot)
        assert drawn[-1] == 4


@pytest.mark.thorough
@pytest.mark.parametrize(("where", "direction"), [(-1, 1), (1, -1)])
async def test_nothing_is_drawn_beyond_the_ends(where: int, direction: int, drawn: list[int]) -> None:
    async with opened(fresh()) as pilot:
        session = debugger(pilot).current.session
        to = where % (session.last + 1)
        await go(pilot, to - direction)
        await go(pilot, to)
        await rest(pilot)
        assert all(0 < position <= session.last for position in drawn)


@pytest.mark.thorough
async def test_the_first_page_is_drawn_before_any_key(
    drawn: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debugger_screen, "_UNTIL_READ", 0.01)
    async with opened(fresh()) as pilot:
        await rest(pilot)
        assert drawn == [1]


@pytest.mark.thorough
async def test_where_no_time_goes_by_nothing_is_drawn_in_advance(drawn: list[int]) -> None:
    async with opened(fresh(), still=True) as pilot:
        await go(pilot, 5)
        await rest(pilot)
        assert drawn[-1] == 5


@pytest.mark.thorough
async def test_where_pages_take_long_a_few_keys_wait_for_none(
    drawn: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(fresh()) as pilot:
        monkeypatch.setattr(read_ahead, "SLICE", 0.0)
        await go(pilot, 5)
        await rest(pilot)
        assert drawn[-1] == 6
        await go(pilot, 8)
        await rest(pilot)
        assert drawn[-1] == 8


@pytest.mark.thorough
async def test_what_is_seen_is_what_would_be_seen_without_it() -> None:
    screens: list[str] = []
    for still in (False, True):
        async with opened(fresh(), still=still) as pilot:
            await go(pilot, 5)
            await rest(pilot)
            await pilot.press("s")
            await rest(pilot)
            screens.append(seen(pilot))
    assert screens[0] == screens[1]
