"""The debugger's commands: pure, kept inside the run, and each other's mirror."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.debugger import (
    Command,
    Go,
    Select,
    Session,
    StepBy,
    StepOver,
    ToBackward,
    ToEnd,
    ToStart,
    update,
)
from backprop_engine.debugger.navigation import next_boundary, previous_boundary
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.steps import Accumulate, Backward, Schedule, Seed
from backprop_engine.trace.record import record
from backprop_engine.trace.run import Run
from graphs import RandomRun, Sketch, runs

COMMANDS = st.one_of(
    st.builds(StepBy, st.integers(-50, 50)),
    st.builds(StepOver, st.integers(-50, 50)),
    st.builds(Go, st.integers(-1000, 1000)),
    st.builds(Select, st.one_of(st.none(), st.integers(0, 3))),
    st.sampled_from([ToStart(), ToBackward(), ToEnd()]),
)


def boundaries(schedule: Schedule) -> list[int]:
    """The positions between two nodes, found by looking at every pair of steps."""
    found = [0]
    for index in range(1, schedule.last):
        here, there = schedule.step(index), schedule.step(index + 1)
        both = isinstance(here, Backward | Accumulate) and isinstance(there, Backward | Accumulate)
        if not (both and here.edge.node == there.edge.node):
            found.append(index)
    return [*found, schedule.last]


def small() -> Session:
    """``f = (x + y) * x``: x is used twice."""
    graph = Sketch().inputs(x=(), y=())(q="add x y", f="mul q x").build()
    return Session(Run.of(record(graph, Bindings.of(graph, {"x": 2.0, "y": 3.0}))))


@pytest.mark.thorough
@given(run=runs(), data=st.data())
def test_a_command_leaves_the_session_as_it_was(run: RandomRun, data: st.DataObject) -> None:
    session = Session(Run.of(record(*run)), selection=1)
    session = update(session, Go(data.draw(st.integers(0, session.last))))
    before = (session.trace, session.position, session.selection, session.frame)
    after = update(session, data.draw(COMMANDS))
    assert (session.trace, session.position, session.selection, session.frame) == before
    assert after.trace is session.trace
    assert 0 <= after.position <= after.last
    assert after.frame.position == after.position


@given(run=runs(), data=st.data())
def test_the_same_commands_lead_to_the_same_place(run: RandomRun, data: st.DataObject) -> None:
    commands = data.draw(st.lists(COMMANDS, max_size=8))
    first = second = Session(Run.of(record(*run)))
    for command in commands:
        first = update(first, command)
    for command in commands:
        second = update(second, command)
    assert (first.position, first.selection) == (second.position, second.selection)


@given(run=runs(), data=st.data())
def test_a_step_stays_inside_the_run(run: RandomRun, data: st.DataObject) -> None:
    session = Session(Run.of(record(*run)))
    at = data.draw(st.integers(0, session.last))
    count = data.draw(st.integers(-2 * session.last, 2 * session.last))
    stepped = update(update(session, Go(at)), StepBy(count))
    assert stepped.position == sorted((0, at + count, session.last))[1]


@given(run=runs(), data=st.data())
def test_going_anywhere_means_the_nearer_end(run: RandomRun, data: st.DataObject) -> None:
    session = Session(Run.of(record(*run)))
    to = data.draw(st.integers(-10_000, 10_000))
    assert update(session, Go(to)).position == sorted((0, to, session.last))[1]


@given(run=runs())
def test_the_marks_of_a_run(run: RandomRun) -> None:
    session = update(Session(Run.of(record(*run))), StepBy(3))
    assert update(session, ToStart()).position == 0
    assert update(session, ToEnd()).position == len(session.trace.steps)
    seeded = update(session, ToBackward())
    assert isinstance(seeded.frame.step, Seed)


@pytest.mark.thorough
@given(run=runs(most=16))
def test_stepping_over_reaches_every_boundary_and_nothing_else(run: RandomRun) -> None:
    session = Session(Run.of(record(*run)))
    stops = boundaries(session.trace.schedule)
    there = [(session := update(session, StepOver())).position for _ in stops[1:]]
    back = [(session := update(session, StepOver(-1))).position for _ in stops[1:]]
    assert there == stops[1:]
    assert back == stops[-2::-1]


@given(run=runs(most=16), data=st.data())
def test_stepping_over_and_back_is_a_mirror_at_boundaries(run: RandomRun, data: st.DataObject) -> None:
    session = Session(Run.of(record(*run)))
    stops = boundaries(session.trace.schedule)
    at = data.draw(st.integers(0, len(stops) - 1))
    count = data.draw(st.integers(0, len(stops) - 1 - at))
    there = update(update(session, Go(stops[at])), StepOver(count))
    assert there.position == stops[at + count]
    assert update(there, StepOver(-count)).position == stops[at]


@pytest.mark.thorough
@given(run=runs(most=16))
def test_from_inside_a_node_one_gets_to_its_ends(run: RandomRun) -> None:
    trace = record(*run)
    schedule = trace.schedule
    stops = boundaries(schedule)
    for position in range(schedule.last + 1):
        after = [stop for stop in stops if stop > position]
        before = [stop for stop in stops if stop < position]
        assert next_boundary(trace.graph, schedule, position) == (after[0] if after else schedule.last)
        assert previous_boundary(trace.graph, schedule, position) == (before[-1] if before else 0)


@given(run=runs(), count=st.integers(-6, 6), data=st.data())
def test_over_several_nodes_is_over_one_several_times(
    run: RandomRun, count: int, data: st.DataObject
) -> None:
    session = Session(Run.of(record(*run)))
    session = update(session, Go(data.draw(st.integers(0, session.last))))
    at_once = update(session, StepOver(count)).position
    for _ in range(abs(count)):
        session = update(session, StepOver(1 if count > 0 else -1))
    assert session.position == at_once


def test_stepping_over_in_a_small_graph() -> None:
    """Two forwards, the seed, f with its edges to q and x, then q with its edges to x and y."""
    session = small()
    assert session.last == 9
    there = [(session := update(session, StepOver())).position for _ in range(6)]
    assert there == [1, 2, 3, 6, 9, 9]
    assert update(update(session, Go(5)), StepOver(-1)).position == 3


def test_a_choice_is_kept_while_one_moves() -> None:
    session = update(small(), Select(2))
    for command in (StepBy(), StepOver(), Go(4), ToEnd(), ToBackward(), ToStart()):
        session = update(session, command)
        assert session.selection == 2
    assert update(session, Select(None)).selection is None


@pytest.mark.parametrize("command", [StepBy(0), StepOver(0), Go(4), StepBy(-0)])
def test_standing_still_is_the_same_session(command: Command) -> None:
    session = update(small(), Go(4))
    assert update(session, command) is session


def test_a_frame_is_made_once() -> None:
    session = update(small(), Go(4))
    assert session.frame is session.frame
    assert session.frame.position == 4


def test_a_session_outside_the_run_has_no_frame() -> None:
    session = Session(small().run, 10)
    with pytest.raises(UsageError, match=r"no position 10: the run has positions 0 to 9"):
        _ = session.frame


def test_sessions_are_compared_by_identity() -> None:
    """They hold arrays, which have no single truth value."""
    one: Any = small()
    assert one != Session(one.run)
    assert one == one
