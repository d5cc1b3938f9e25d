"""Numeric checks that take long: the page is there first, and says how they ended when they have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot

from backprop_engine import load_scenario
from backprop_engine.debugger import Go, Session
from backprop_engine.explain import run_summary, step_check
from backprop_tui.screens import check_job
from backprop_tui.view import View
from driving import debugger, go, opened, seen

AWAITED = {"en": "checking numerically …", "ko": "수치 미분으로 확인 중 …"}
BACKWARD = 4
"""The first position of `add_multiply` that has a check."""


class Gate:
    """Holds every check until it may go on."""

    def __init__(self) -> None:
        self.open = Event()
        self.made: list[str] = []
        """The nodes whose edges were checked."""


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    held, check = Gate(), step_check._checked

    def gated(trace: Any, edge: Any) -> Any:
        assert held.open.wait(60)
        held.made.append(trace.graph.edge_name(edge))
        return check(trace, edge)

    monkeypatch.setattr(step_check, "_EXPENSIVE", -1)
    monkeypatch.setattr(step_check, "_checked", gated)
    yield held
    held.open.set()


def fresh(language: str = "en") -> View:
    """A run of which nothing was checked yet."""
    scenario = load_scenario("add_multiply")
    return View(scenario, Session(scenario.run()), language)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    while not holds():
        await pilot.pause(0.01)


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_the_page_is_there_before_the_check(gate: Gate, language: str) -> None:
    async with opened(fresh(language), language=language) as pilot:
        await go(pilot, BACKWARD)
        assert AWAITED[language] in seen(pilot)
        assert "✓" not in seen(pilot)
        gate.open.set()
        await until(pilot, lambda: "✓" in seen(pilot))
        assert AWAITED[language] not in seen(pilot)


async def test_a_check_made_soon_does_not_flicker(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_job, "_GRACE", 60.0)
    gate.open.set()
    async with opened(fresh()) as pilot:
        debugger(pilot).do(Go(BACKWARD))
        assert debugger(pilot).current.awaited is None


async def test_what_is_left_is_made_all_the_same_and_shown_when_one_comes_back(gate: Gate) -> None:
    async with opened(fresh()) as pilot:
        await go(pilot, BACKWARD)
        await go(pilot, BACKWARD + 1)
        assert AWAITED["en"] in seen(pilot)
        await go(pilot, 1)
        assert AWAITED["en"] not in seen(pilot)
        gate.open.set()
        await until(pilot, lambda: len(gate.made) >= 2)
        await go(pilot, BACKWARD)
        await until(pilot, lambda: "✓" in seen(pilot))
        await go(pilot, BACKWARD + 1)
        await until(pilot, lambda: "✓" in seen(pilot))
        assert len(gate.made) == len(set(gate.made)), "each is made once"


@pytest.mark.thorough
async def test_it_is_awaited_at_its_own_step_alone(gate: Gate) -> None:
    async with opened(fresh()) as pilot:
        await go(pilot, BACKWARD)
        await pilot.press("plus")
        assert AWAITED["en"] in seen(pilot), "another density is no other step"
        elsewhere = fresh()
        assert not replace(elsewhere, awaited=debugger(pilot).current.awaited).awaits_check


@pytest.mark.thorough
async def test_where_no_time_goes_by_the_page_waits(gate: Gate) -> None:
    gate.open.set()
    async with opened(fresh(), still=True) as pilot:
        await go(pilot, BACKWARD)
        assert "✓" in seen(pilot)
        assert debugger(pilot).current.awaited is None


async def test_what_is_copied_has_its_check(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    async with opened(fresh()) as pilot:
        monkeypatch.setattr(pilot.app, "copy_to_clipboard", copied.append)
        await go(pilot, BACKWARD)
        gate.open.set()
        await pilot.press("y")
        assert "✓" in copied[0]


@pytest.mark.thorough
async def test_that_of_the_next_step_is_made_before_its_key(gate: Gate) -> None:
    gate.open.set()
    async with opened(fresh()) as pilot:
        await go(pilot, BACKWARD - 1)
        await until(pilot, lambda: bool(gate.made))
        gate.open.clear()  # whatever is made from here on waits
        debugger(pilot).do(Go(BACKWARD))
        await until(pilot, lambda: debugger(pilot).current.awaited is None)
        assert "✓" in seen(pilot)


@pytest.mark.thorough
async def test_no_end_waits_for_a_check(gate: Gate) -> None:
    async with opened(fresh()) as pilot:
        await go(pilot, BACKWARD)
        await pilot.press("q")
    assert not gate.made


async def test_what_goes_wrong_in_a_check_is_met_by_the_page(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    async def gone_to() -> None:
        async with opened(fresh()) as pilot:
            await go(pilot, BACKWARD)
            await until(pilot, lambda: not pilot.app.is_running)

    monkeypatch.setattr(step_check, "_checked", broken)
    with pytest.raises(ZeroDivisionError):
        await gone_to()


async def test_the_checks_of_a_whole_run_are_awaited_at_its_end(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_summary, "_QUICK", -1)
    held, check = Event(), run_summary.check_leaf

    def gated(*args: Any, **options: Any) -> Any:
        assert held.wait(60)
        return check(*args, **options)

    monkeypatch.setattr(run_summary, "check_leaf", gated)
    gate.open.set()
    async with opened(fresh()) as pilot:
        await pilot.press("end")
        assert AWAITED["en"] in seen(pilot)
        assert "numeric checks" not in seen(pilot)
        await pilot.press("home")
        await pilot.press("end")
        held.set()
        await until(pilot, lambda: "✓ 3 of 3 numeric checks" in seen(pilot))
        assert AWAITED["en"] not in seen(pilot)
