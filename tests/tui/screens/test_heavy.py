"""Where an iteration takes long, the screen takes keys while a command computes one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from backprop_engine.debugger import Go, Set, Undo
from backprop_engine.debugger.session import Session
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_tui.screens.beside import BesideScreen
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.help import HelpScreen
from backprop_tui.screens.plot_filler import PlotFiller
from backprop_tui.screens.prompt import PromptScreen
from backprop_tui.view import View
from driving import debugger, notices, opened, position, seen, until
from gate import Gate, held

pytestmark = pytest.mark.thorough  # whole screens

FILL = PlotFiller.fill
TEXT = """
inputs: {x: [2, -1, 0.5]}
params: {w: [0.5, 1, -1], b: 0.25}
constants: {t: 3}
nodes:
  y: sum(tanh(w * x)) + b
  L: (y - t) ** 2
train: {optimizer: sgd, lr: 0.01, steps: 6}
"""


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setattr(PlotFiller, "fill", lambda filler: None)  # it would hold the gate
    yield from held(monkeypatch)


@asynccontextmanager
async def heavy(gate: Gate, at: int = 0) -> AsyncIterator[Pilot[None]]:
    """A run whose first iteration is computed, and that records nothing more until the gate opens."""
    gate.open.set()
    scenario = load_source(Source.from_bytes("case.yaml", TEXT.encode()))
    async with opened(View(scenario, Session(scenario.run(), at))) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, DebuggerScreen))
        await pilot.pause()
        gate.close()
        yield pilot


def branches(pilot: Pilot[None]) -> list[str]:
    return list(debugger(pilot).current.session.branches.every)


def is_computing(pilot: Pilot[None]) -> bool:
    screens = [screen for screen in pilot.app.screen_stack if isinstance(screen, DebuggerScreen)]
    return screens[-1].current.computing is not None


async def through(pilot: Pilot[None], gate: Gate) -> None:
    """Let all that is computed go through."""
    gate.open.set()
    await until(pilot, lambda: not is_computing(pilot))
    await pilot.pause()


LINES = ["it 1", "set w = [1, 1, 1]", "set y = 2", "set grad(y) = 2", "nudge w[1]", "p grad(w)"]
COMPUTING = LINES[:-1]


@pytest.mark.parametrize("line", LINES)
async def test_a_line_that_computes_leaves_the_screen_alive(gate: Gate, line: str) -> None:
    async with heavy(gate) as pilot:
        before = debugger(pilot).current.session
        await pilot.press("colon", *line, "enter")
        assert isinstance(pilot.app.screen, PromptScreen)
        if line not in COMPUTING:
            assert not gate.heard.is_set()
            return
        await until(pilot, lambda: gate.heard.is_set() and is_computing(pilot))
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, PromptScreen), "what stops something closes nothing"
        gate.open.set()
        await until(pilot, gate.ended.is_set)
        await pilot.press("escape")
        await until(pilot, lambda: not is_computing(pilot))
        session = debugger(pilot).current.session
        assert (session.position, session.run) == (before.position, before.run)
        assert branches(pilot) == ["baseline"]


async def test_an_edit_shows_how_far_it_is_and_then_what_came_of_it(gate: Gate) -> None:
    async with heavy(gate) as pilot:
        await pilot.press("e", *"w = 2", "enter")
        await until(pilot, gate.heard.is_set)
        assert isinstance(pilot.app.screen, DebuggerScreen), "opened for one line, it closes with that"
        await until(pilot, lambda: "computing y#" in seen(pilot))
        assert branches(pilot) == ["baseline"]
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen), "keys are heard"
        await pilot.press("escape")
        assert is_computing(pilot)
        await through(pilot, gate)
        assert branches(pilot) == ["baseline", "b1"]
        assert "w = " in "".join(notices(pilot))


async def test_escape_leaves_the_former_state(gate: Gate) -> None:
    async with heavy(gate) as pilot:
        screen, before = debugger(pilot), debugger(pilot).current.session
        screen.do(Set("w", 2.0))
        await until(pilot, gate.heard.is_set)
        await pilot.press("s", "escape")
        assert notices(pilot) == ["Stopped; nothing has changed."]
        gate.open.set()
        await until(pilot, gate.ended.is_set)
        await pilot.pause(0.1)
        assert screen.current.session is before, "neither the edit nor what was to follow it"
        await pilot.press("s")
        assert position(pilot) == 1


async def test_keys_wait_for_their_turn(gate: Gate) -> None:
    async with heavy(gate) as pilot:
        length = debugger(pilot).current.session.run.length
        debugger(pilot).do(Go(length))
        await pilot.press("s", "s", "s")
        await until(pilot, gate.heard.is_set)
        assert position(pilot) == length
        assert not notices(pilot), "what waits is not refused"
        await through(pilot, gate)
        assert position(pilot) == length + 3


async def test_undo_and_redo(gate: Gate) -> None:
    async with heavy(gate) as pilot:
        gate.open.set()
        screen = debugger(pilot)
        for number in range(8):
            screen.do(Set("b", float(number)))
            await through(pilot, gate)
        gate.close()
        for _ in range(8):
            screen.do(Undo())
        await until(pilot, gate.heard.is_set)
        assert is_computing(pilot), "runs that are not kept are computed again"
        await through(pilot, gate)
        assert screen.current.session.branches.current == "baseline"


async def test_q_ends_the_app_meanwhile(gate: Gate) -> None:
    async with heavy(gate) as pilot:
        debugger(pilot).do(Set("w", 2.0))
        await until(pilot, gate.heard.is_set)
        await pilot.press("q")
        assert pilot.app.return_code == 0


async def test_a_long_way_is_stopped_where_it_has_come_to(gate: Gate) -> None:
    async with heavy(gate) as pilot:
        await pilot.press("end")
        await until(pilot, lambda: gate.heard.is_set() and "iteration 1 of 6   Esc stop" in seen(pilot))
        await pilot.press("escape")
        assert debugger(pilot).current.session.pending is None
        assert position(pilot) == 0, "that iteration is not computed yet"
        await through(pilot, gate)
        assert debugger(pilot).current.session.iteration == 1
        assert "Stopped in iteration 1" in notices(pilot)[-1]


async def test_an_edit_far_in_a_training_is_left_altogether(gate: Gate) -> None:
    """Its run was never looked at, so there is nowhere to stop on the way."""
    async with heavy(gate) as pilot:
        gate.open.set()
        await pilot.press("right_curly_bracket")
        await through(pilot, gate)
        gate.close()
        before = debugger(pilot).current.session
        debugger(pilot).do(Set("w", 2.0))
        await until(pilot, lambda: gate.heard.is_set() and "Esc stop" in seen(pilot))
        await pilot.press("escape")
        after = debugger(pilot).current.session
        assert (after.pending, after.run, after.position) == (None, before.run, before.position)
        assert branches(pilot) == ["baseline"]


async def test_another_move_takes_the_place_of_a_long_way(gate: Gate) -> None:
    async with heavy(gate) as pilot:
        await pilot.press("end")
        await until(pilot, gate.heard.is_set)
        await pilot.press("s")
        assert position(pilot) == 1
        gate.open.set()
        await pilot.pause(0.2)
        assert position(pilot) == 1


async def test_playing_waits_for_the_next_iteration(gate: Gate) -> None:
    async with heavy(gate) as pilot:
        screen = debugger(pilot)
        length = screen.current.session.run.length
        screen.do(Go(length))
        await pilot.press("a")
        screen.player.step()
        await until(pilot, gate.heard.is_set)
        for _ in range(3):
            screen.player.step()
        assert position(pilot) == length
        screen.player.timer.pause()
        await through(pilot, gate)
        assert position(pilot) == length + 1
        screen.player.step()
        assert position(pilot) == length + 2


async def test_plots_are_filled_beside_the_keys(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    async with heavy(gate) as pilot:
        monkeypatch.setattr(PlotFiller, "fill", FILL)
        await pilot.press("v")
        await until(pilot, gate.heard.is_set)
        await pilot.press("s")
        assert position(pilot) == 1
        gate.open.set()
        run = debugger(pilot).current.session.run
        await until(pilot, lambda: run.history.count == run.iterations)


async def test_side_by_side_too(gate: Gate) -> None:
    async with heavy(gate) as pilot:
        gate.open.set()
        debugger(pilot).do(Set("w", 2.0))
        await through(pilot, gate)
        await pilot.press("D")
        await until(pilot, lambda: "Side by side" in seen(pilot))
        beside = pilot.app.screen
        assert isinstance(beside, BesideScreen)
        gate.close()
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: gate.heard.is_set() and "computing y#" in seen(pilot))
        await pilot.press("escape")
        assert pilot.app.screen is beside
        assert beside.current[0].session.position == 0
        gate.open.set()
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: beside.current[0].session.position > 0)
