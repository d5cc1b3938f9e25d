"""Long ways through a training: pending, an iteration at a time, to where one wanted or where one stopped."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.debugger import (
    Ahead,
    Back,
    Break,
    Command,
    Continue,
    Go,
    Iterate,
    PendingMove,
    Session,
    Set,
    StepBy,
    StepInto,
    StepOver,
    ToEnd,
    ToStart,
    Undo,
    advance,
    finished,
    halted,
    progress,
    update,
)
from backprop_engine.debugger import time_travel as travelling
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace import run as runs
from backprop_engine.trace import training
from backprop_engine.trace.run import Run
from backprop_engine.trace.training import kept_traces

STEPS = 400
TEXT = f"""
inputs: {{x: [2, -1, 0.5]}}
params: {{w: [0.5, 1, -1], b: 0.25}}
constants: {{t: 3}}
nodes:
  y: sum(tanh(w * x)) + b
  L: (y - t) ** 2
train: {{optimizer: adam, lr: 0.01, steps: {STEPS}}}
"""
SCENARIO = load_source(Source.from_bytes("case.yaml", TEXT.encode()))


class Count:
    """How many iterations were recorded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.recorded = 0
        for name in ("record", "run_both", "record_forward"):
            monkeypatch.setattr(runs, name, self._counting(getattr(runs, name)))

    def _counting(self, function: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object) -> object:
            self.recorded += 1
            return function(*arguments)

        return counted

    def of(self, act: Callable[[], object]) -> int:
        """How many are recorded by `act`."""
        before = self.recorded
        act()
        return self.recorded - before


def start() -> Session:
    return Session(SCENARIO.run())


def place(session: Session) -> tuple[int, tuple[int, ...], tuple[int, ...], str, bytes]:
    """Where one is, how one got there, and the numbers there."""
    numbers = b"".join(value.tobytes() for value in session.trace.values)
    return session.position, session.past, session.future, session.branches.current, numbers


def test_the_end_of_a_long_training_comes_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    count = Count(monkeypatch)
    before = start()
    session = update(before, ToEnd())
    assert count.recorded == 0
    assert isinstance(session.pending, PendingMove)
    assert session.position == 0
    parts = [0.0]
    while session.pending is not None:
        told = progress(session)
        assert told is not None
        assert parts[-1] <= told.part < 1
        assert told.last == STEPS
        assert told.iteration == count.recorded
        parts.append(told.part)
        recorded = count.recorded
        session = advance(session)
        assert count.recorded <= recorded + 1
    assert count.recorded == len(parts) - 2 == STEPS
    assert count.of(lambda: session.frame) == 1
    alone = Session(SCENARIO.run(), before.last, past=(0,))
    assert place(session) == place(alone)


def test_what_is_near_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    session = finished(update(start(), Iterate(200)))
    for command in (
        StepBy(),
        StepBy(-1),
        Iterate(1),
        Iterate(-1),
        ToStart(),
        Go(5),
        StepOver(60),
        Iterate(-200),
    ):
        assert update(session, command).pending is None
    session.frame  # noqa: B018 - records the trace
    monkeypatch.setattr(travelling, "AT_ONCE", 0)
    for command in (StepBy(), Iterate(1), Iterate(-1), ToStart(), Go(5), Iterate(-200)):
        assert update(session, command).pending is None, "one iteration is never in bulk"


def test_a_way_can_be_halted(monkeypatch: pytest.MonkeyPatch) -> None:
    count = Count(monkeypatch)
    session = update(start(), ToEnd())
    for _ in range(100):
        session = advance(session)
    assert count.recorded == 100
    stopped = halted(session)
    assert (stopped.pending, stopped.iteration, stopped.past) == (None, 100, (0,))
    assert stopped.notice is not None
    assert "iteration 100" in stopped.notice.in_language("en")
    assert count.of(lambda: stopped.frame) == 1
    assert update(stopped, Back()).position == 0
    assert finished(update(stopped, ToEnd())).position == stopped.last
    assert halted(stopped) is stopped


def test_another_command_leaves_the_way() -> None:
    session = advance(update(start(), ToEnd()))
    moved = update(session, StepBy())
    assert (moved.pending, moved.position) == (None, 1)


def test_a_search_that_was_halted_goes_on_from_there() -> None:
    loss = float(SCENARIO.run().trace(200).value("L"))
    for back in (False, True):
        near = f"L if (value < {loss * 1.0001}) + (value > {loss * 0.9999}) == 2"
        session = update(start(), Break(near))
        session = finished(update(session, ToEnd())) if back else session
        wanted = finished(update(session, Continue(back)))
        searching = update(session, Continue(back))
        for _ in range(40):
            searching = advance(searching)
        assert searching.pending is not None
        resumed = finished(update(halted(searching), Continue(back)))
        assert (resumed.position, resumed.hit) == (wanted.position, wanted.hit)
        assert (resumed.iteration, resumed.hit) == (200, (1,))


@pytest.mark.thorough
def test_a_change_late_in_a_training_is_a_way_too(monkeypatch: pytest.MonkeyPatch) -> None:
    session = finished(update(start(), Iterate(300)))
    session.frame  # noqa: B018 - records the trace
    count = Count(monkeypatch)
    changing = update(session, Set("b", 2.0))  # type: ignore[arg-type]
    assert count.recorded == 0
    assert isinstance(changing.pending, PendingMove)
    assert changing.branches.current == "baseline"
    halfway = changing
    while count.recorded < 150:
        halfway = advance(halfway)
    stopped = halted(halfway)
    assert (stopped.branches.current, stopped.iteration) == ("b1", 150)
    assert count.of(lambda: (stopped.frame, stopped.compared)) == 2
    there = finished(changing)
    assert (there.branches.current, there.position) == ("b1", session.position)
    assert count.of(lambda: (there.frame, there.compared)) <= 2
    assert update(there, Undo()).pending is None


@pytest.mark.thorough
def test_on_a_branch_the_run_without_changes_is_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown beside is not computed in bulk either."""
    count = Count(monkeypatch)
    session = update(update(start(), Set("b", 2.0)), ToEnd())  # type: ignore[arg-type]
    session = finished(session)
    assert session.position == session.last
    assert count.of(lambda: (session.frame, session.compared)) == 2


COMMANDS: list[Command] = [
    ToEnd(), ToStart(), StepBy(), StepBy(-7), StepBy(900), StepOver(3), StepOver(-40), StepOver(200),
    Iterate(37), Iterate(-20), Go(1234), Go(77), Back(), Ahead(), Set("b", 2.0), Undo(),  # type: ignore[arg-type]
]  # fmt: skip


@given(
    commands=st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=8), kept=st.sampled_from([64, 2**22])
)
def test_in_slices_or_at_once_it_is_the_same(commands: list[Command], kept: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "KEPT_ENTRIES", kept)
        scenario = load_source(Source.from_bytes("case.yaml", TEXT.replace("400", "60").encode()))
        sliced, direct = Session(scenario.run()), Session(scenario.run())
        for command in commands:
            if isinstance(command, Undo) and direct.branches.current == "baseline":
                continue
            patch.setattr(travelling, "AT_ONCE", 0)
            sliced = finished(update(sliced, command))
            patch.setattr(travelling, "AT_ONCE", 10**9)
            direct = update(direct, command)
            assert direct.pending is None
            assert place(sliced) == place(direct)


@given(to=st.integers(0, 60), halt=st.integers(0, 70), back=st.booleans())
def test_where_one_is_halted_little_is_left_to_compute(to: int, halt: int, back: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "KEPT_ENTRIES", 700)
        patch.setattr(travelling, "AT_ONCE", 0)
        scenario = load_source(Source.from_bytes("case.yaml", TEXT.replace("400", "60").encode()))
        run: Run = scenario.run()
        assert training.stride(run.graph, run.training) > 5
        session = Session(run)
        if back:
            session = finished(update(session, ToEnd()))
        session = update(session, Iterate(to - session.iteration))
        for _ in range(halt):
            session = advance(session)
        stopped = halted(session)
        count = Count(patch)
        stopped.frame  # noqa: B018 - records the trace
        assert count.recorded <= 1


def test_inside_of_an_operator_nothing_is_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "KEPT_ENTRIES", 700)
    scenario = load_source(Source.from_bytes("case.yaml", TEXT.replace("tanh(", "softmax(").encode()))
    session = finished(update(Session(scenario.run()), Iterate(30)))
    session = update(finished(update(session, Go(session.run.start(30) + 2))), StepInto())
    assert session.levels
    monkeypatch.setattr(travelling, "AT_ONCE", 0)
    for iteration in range(kept_traces(session.run.graph)):  # none of the iteration that is shown
        session.run.trace(iteration)
    moved = update(session, StepBy())
    assert moved.pending is None
    assert moved.here == session.here + 1
