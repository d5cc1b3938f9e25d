"""Long ways on the screen: how far they are, stopping them, and doing something else meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from backprop_engine.debugger import Session, advance, start_move
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_tui.screens import command_runner, slices
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.prompt import PromptScreen
from backprop_tui.view import View
from driving import debugger, opened, position, seen
from living import live, overwritten

pytestmark = pytest.mark.thorough  # whole screens, many of them, or real terminals

TEXT = """
inputs: {x: [2, -1, 0.5]}
params: {w: [0.5, 1, -1], b: 0.25}
constants: {t: 3}
nodes:
  y: sum(tanh(w * x)) + b
  L: (y - t) ** 2
train: {optimizer: sgd, lr: 0.01, steps: 400}
"""
SCENARIO = load_source(Source.from_bytes("case.yaml", TEXT.encode()))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many iterations a slice still computes: none until a test allows some."""
    allowed = [0]

    def sliced(session: Session) -> Session:
        while session.pending is not None and allowed[0] > 0:
            session = advance(session)
            allowed[0] -= 1
        return session

    monkeypatch.setattr(command_runner, "sliced", sliced)
    return allowed


@asynccontextmanager
async def training(language: str = "en", at: int = 0) -> AsyncIterator[Pilot[None]]:
    start = Session(SCENARIO.run())
    session = start_move(start, Session(SCENARIO.run(), at))
    async with opened(View(SCENARIO, session, language), language=language) as pilot:
        yield pilot


async def let(pilot: Pilot[None], gate: list[int], count: int) -> None:
    """Let so many iterations be computed."""
    gate[0] = count
    while gate[0] > 0 and debugger(pilot).current.session.pending is not None:
        await pilot.pause()
    await pilot.pause()


async def test_a_long_way_shows_how_far_it_is_and_ends(gate: list[int]) -> None:
    async with training() as pilot:
        await pilot.press("end")
        assert (position(pilot), debugger(pilot).current.session.pending is None) == (0, False)
        await let(pilot, gate, 100)
        assert "▓▓▓▓░░░░░░░░░░░░ iteration 100 of 400   Esc stop" in seen(pilot)
        await let(pilot, gate, 1000)
        assert position(pilot) == SCENARIO.run().last
        assert "iteration 400 of 400" in seen(pilot)
        assert "Esc stop" not in seen(pilot)


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_escape_stops_it_where_it_is(gate: list[int], language: str) -> None:
    async with training(language) as pilot:
        await pilot.press("end")
        await let(pilot, gate, 120)
        await pilot.press("escape")
        session = debugger(pilot).current.session
        assert (session.pending, session.iteration) == (None, 120)
        assert "120" in seen(pilot)
        await pilot.press("left_square_bracket")
        assert position(pilot) == 0


async def test_keys_meanwhile(gate: list[int]) -> None:
    async with training() as pilot:
        for key, escapes in (("s", 0), ("right_curly_bracket", 0), ("question_mark", 2), ("end", 1)):
            await pilot.press("end")
            await let(pilot, gate, 5)
            screen = debugger(pilot)
            await pilot.press(key)
            for _ in range(escapes):
                assert screen.current.session.pending is not None
                await pilot.press("escape")
            assert debugger(pilot) is screen, "one more Escape would lead to the gallery"
            assert screen.current.session.pending is None
        await pilot.press("home", "end", "s")
        assert position(pilot) == 1
        await let(pilot, gate, 1000)
        assert position(pilot) == 1, "who went on is not taken away from there"


async def test_playing_waits_for_it(gate: list[int]) -> None:
    async with training() as pilot:
        await pilot.press("a", "end")
        debugger(pilot).player.step()
        assert debugger(pilot).current.session.pending is not None
        await let(pilot, gate, 1000)
        assert position(pilot) == SCENARIO.run().last


async def test_at_the_prompt_too(gate: list[int]) -> None:
    async with training() as pilot:
        await pilot.press("colon", *"it 300", "enter")
        screen = pilot.app.screen_stack[-2]
        assert isinstance(screen, DebuggerScreen)
        gate[0] = 100
        while gate[0]:
            await pilot.pause()
        await pilot.press("escape")
        assert screen.current.session.iteration == 100
        assert isinstance(pilot.app.screen, PromptScreen), "what stops something closes nothing"
        await pilot.press(*"it 300", "enter")
        gate[0] = 1000
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert screen.current.session.iteration == 300
        assert "iteration 300 of 400" in seen(pilot)
        await pilot.press(*"end", "enter")
        assert screen.current.session.pending is None, (
            "a hundred iterations of this graph are quickly computed"
        )
        await pilot.press("escape")
        assert debugger(pilot) is screen
        assert position(pilot) == SCENARIO.run().last


async def test_who_opens_far_in_a_training_begins_with_the_way(gate: list[int]) -> None:
    async with training(at=2000) as pilot:
        assert position(pilot) == 0
        await let(pilot, gate, 1000)
        assert position(pilot) == 2000


def test_a_slice_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least an iteration, and no more once the time is over."""
    clock = [0.0]

    def ticking() -> float:
        clock[0] += slices.SLICE / 4
        return clock[0]

    monkeypatch.setattr(slices, "monotonic", ticking)
    run = SCENARIO.run()
    session = start_move(Session(run), Session(run, run.last))
    assert slices.sliced(session).pending is not None
    assert run.missing(400) == 401 - 4


async def test_a_save_leads_back_far_into_a_training_bit_by_bit(tmp_path: Path, gate: list[int]) -> None:
    gate[0] = 1000
    async with live(tmp_path, TEXT, at=2000) as (pilot, path):
        assert position(pilot) == 2000
        gate[0] = 0
        overwritten(path, TEXT.replace("0.25", "0.5"))
        debugger(pilot).follower.look(settled=True)
        while debugger(pilot).current.session.pending is None:
            await pilot.pause()
        assert position(pilot) == 0
        await let(pilot, gate, 1000)
        assert position(pilot) == 2000
        assert debugger(pilot).current.session.run.bindings.leaves[2] == 0.5
