"""Keeping one's place when a scenario is loaded again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine import load_scenario
from backprop_engine.debugger import (
    Break,
    Fold,
    Go,
    Select,
    Session,
    Set,
    StepBy,
    StepInto,
    SwitchBranch,
    Watch,
    update,
)
from backprop_engine.debugger.resume import ResumePoint, position_of, resume_point, resumed
from backprop_engine.graph.steps import Accumulate, Backward, Forward, Update
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.run import Run

FILES = {path.stem: path for path in sorted((Path(__file__).parents[3] / "scenarios").rglob("*.yaml"))}

BEFORE = """
inputs: {x: 2, y: 3}
params: {v: 1, w: 4}
nodes:
  p: x * y
  q: p * w
  r: q + v * x
  L: r * r
train: {optimizer: sgd, lr: 0.01, steps: 4}
"""
CELL = """
inputs: {x: [0.5, -1]}
params: {w: 2}
cells:
  unit:
    inputs: [x]
    nodes: {a: x * w, h: tanh(a)}
    outputs: [h]
nodes:
  one: {cell: unit, inputs: {x: x}}
  two: {cell: unit, inputs: {x: one.h}}
  p: softmax(two.h)
  L: sum(p * p)
"""


def run_of(text: str) -> Run:
    return load_source(Source("case.yaml", text)).run()


@cache
def two_runs(stem: str) -> tuple[Run, Run]:
    """A bundled scenario read twice."""
    return load_scenario(FILES[stem]).run(), load_scenario(FILES[stem]).run()


def changed(*changes: tuple[str, str], text: str = BEFORE) -> Run:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return run_of(text)


def told(run: Run, position: int) -> str:
    """The step that leads to a position, in words: `2 backward q 1`."""
    iteration, here = run.locate(position)
    if not here:
        return "start"
    trace = run.trace(iteration)
    step, names = trace.schedule.step(here), [node.name for node in run.graph.nodes]
    kind = f"{iteration} {type(step).__name__.lower()}"
    if isinstance(step, Backward | Accumulate):
        return f"{kind} {names[step.edge.node]} {step.edge.argnum}"
    return f"{kind} {names[step.node]}" if isinstance(step, Forward | Update) else kind


def at(run: Run, words: str) -> Session:
    """A session at the step that `words` tell."""
    position = next(one for one in range(run.last + 1) if told(run, one) == words)
    return Session(run, position)


# The same file


@given(data=st.data())
def test_in_the_same_file_a_place_leads_back_to_its_position(data: st.DataObject) -> None:
    before, after = two_runs(data.draw(st.sampled_from(sorted(FILES))))
    position = data.draw(st.integers(0, before.last))
    assert position_of(after, resume_point(Session(before, position))) == position


@pytest.mark.parametrize("text", [BEFORE, CELL])
def test_every_position_of_a_small_run_is_kept(text: str) -> None:
    before, after = run_of(text), run_of(text)
    places = [resume_point(Session(before, position)) for position in range(before.last + 1)]
    assert [position_of(after, place) for place in places] == list(range(before.last + 1))
    assert len(set(places)) == len(places)


@given(data=st.data())
def test_any_place_leads_into_any_run(data: st.DataObject) -> None:
    """Whatever became of the file, there is a position for it."""
    names = sorted(FILES)
    before, after = (
        two_runs(data.draw(st.sampled_from(names)))[0],
        two_runs(data.draw(st.sampled_from(names)))[0],
    )
    place = resume_point(Session(before, data.draw(st.integers(0, before.last))))
    assert 0 <= position_of(after, place) <= after.last


def test_a_place_says_what_the_step_was_about() -> None:
    run = run_of(BEFORE)
    assert resume_point(Session(run, 0)) == ResumePoint()
    assert resume_point(at(run, "0 forward q")) == ResumePoint(0, "forward", "q", 0, ("r#1", "r", "L"))
    assert resume_point(at(run, "1 seed")) == ResumePoint(1, "seed", "L")
    assert resume_point(at(run, "2 backward q 1")) == ResumePoint(2, "backward", "q", 1, ("p",))
    assert resume_point(at(run, "0 update v")) == ResumePoint(0, "update", "v", 0, ("w",))
    assert resume_point(at(run, "3 clear")) == ResumePoint(3, "clear")


# Another file


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        # Nodes before and between: the number changes, the place does not.
        (("  p: x", "  o: x + y\n  p: o"), "2 backward q 0", "2 backward q 0"),
        (("  p: x", "  o: x + y\n  p: o"), "0 forward L", "0 forward L"),
        (("r * r", "r * tanh(r)"), "1 accumulate L 0", "1 accumulate L 0"),
        (("r * r", "tanh(r) * r"), "3 update w", "3 update w"),
        (("r * r", "tanh(r) * r"), "3 clear", "3 clear"),
        # A node that is gone: the next of that pass.
        (("r: q + v * x", "r: q + v"), "1 forward r#1", "1 forward r"),
        (("r: q + v * x", "r: q + v"), "1 backward r#1 1", "1 backward q 0"),
        (("  q: p * w\n  r: q", "  r: p * w"), "2 forward q", "2 forward r#1"),
        (("params: {v: 1, w: 4}", "params: {w: 4}\nconstants: {v: 1}"), "1 update v", "1 update w"),
        # Nothing behind it: the end of that pass.
        (("L: r * r", "loss: r * r"), "1 forward L", "1 forward loss"),
        (("w", "u"), "1 update w", "1 update u"),
        # An edge that is gone: the next edge of its node.
        (("q: p * w\n  r: q + v * x", "q: 2 * w\n  r: q + v * p"), "1 backward q 0", "1 backward q 1"),
        (("q: p * w", "q: p * 2"), "1 backward q 1", "1 backward p 0"),
        # One that collects no more: its backward step.
        (("v * x", "v"), "1 accumulate p 0", "1 backward p 0"),
        # Fewer iterations: the last that has such a step.
        (("steps: 4", "steps: 2"), "3 backward q 0", "1 backward q 0"),
        (("steps: 4", "steps: 2"), "4 forward q", "2 forward q"),
        (("steps: 4", "steps: 2"), "3 clear", "1 clear"),
        (("steps: 4", "steps: 9"), "4 forward q", "4 forward q"),
        # No training: the end of what there is.
        (("train: {optimizer: sgd, lr: 0.01, steps: 4}", ""), "2 backward q 1", "0 backward q 1"),
        (("train: {optimizer: sgd, lr: 0.01, steps: 4}", ""), "2 update w", "0 backward p 1"),
        (("train: {optimizer: sgd, lr: 0.01, steps: 4}", ""), "2 clear", "0 backward p 1"),
    ],
)
def test_in_another_file_the_nearest_sensible_place(change: tuple[str, str], before: str, after: str) -> None:
    run = changed(change)
    assert told(run, position_of(run, resume_point(at(run_of(BEFORE), before)))) == after


def test_a_training_without_a_step_has_a_forward_pass_only() -> None:
    run = changed(("steps: 4", "steps: 0"))
    for words in ("2 backward q 0", "1 seed", "3 update w", "3 clear"):
        assert told(run, position_of(run, resume_point(at(run_of(BEFORE), words)))) == "0 forward L"


# What one has set up


def test_the_chosen_node_is_kept_by_its_name() -> None:
    session = Session(run_of(BEFORE), 5, selection=run_of(BEFORE).graph.position("q"))
    moved = resumed(session, changed(("  p: x", "  o: x + y\n  p: o")))
    assert moved.selection is not None
    assert moved.graph.nodes[moved.selection].name == "q"
    assert resumed(session, changed(("  q: p * w\n  r: q", "  r: p * w"))).selection is None


def test_breakpoints_and_watches_are_kept_as_far_as_they_fit() -> None:
    session = Session(run_of(BEFORE))
    for command in (Break("q"), Break("op mul"), Break("r if value > 2"), Watch("q + 1"), Watch("r")):
        session = update(session, command)
    same = resumed(session, run_of(BEFORE))
    assert [(one.number, one.text) for one in same.breakpoints] == [
        (1, "q"),
        (2, "op mul"),
        (3, "r if value > 2"),
    ]
    assert same.watches == ("q + 1", "r")
    assert same.notice is None
    moved = resumed(session, changed(("  q: p * w\n  r: q", "  r: p * w")))
    assert [one.number for one in moved.breakpoints] == [2, 3]
    assert moved.watches == ("r",)
    assert moved.notice is not None
    assert moved.notice.in_language("en") == "Dropped, because it no longer fits the file: q, q + 1."
    assert "q, q + 1" in moved.notice.in_language("ko")


def test_branches_are_kept_with_the_changes_that_still_fit() -> None:
    session = update(Session(run_of(BEFORE), 3), Set("x", np.float64(5)))
    session = update(session, Set("q", np.float64(7)))
    again = resumed(session, changed(("y: 3", "y: 6")))
    assert again.branches.current == session.branches.current
    assert again.frame.trace.value("x") == 5
    assert again.frame.trace.value("p") == 30
    assert again.frame.trace.value("q") == 7
    assert again.position == 3
    baseline = update(again, SwitchBranch("baseline"))
    assert baseline.frame.trace.value("p") == 12
    lost = resumed(session, changed(("x: 2", "x: [1, 2]"), ("r * r", "sum(r * r)")))
    assert lost.frame.trace.value("p").tolist() == [3, 6]
    assert lost.notice is not None
    assert lost.notice.in_language("en") == "Dropped, because it no longer fits the file: x, q."
    gone = resumed(session, changed(("  q: p * w\n  r: q", "  r: p * w")))
    assert gone.notice is not None
    assert gone.notice.in_language("en") == "Dropped, because it no longer fits the file: q."
    assert gone.frame.trace.value("x") == 5


def test_what_is_folded_and_stepped_into_is_kept() -> None:
    session = update(Session(run_of(CELL)), Fold("two"))
    session = update(session, Go(next(p for p in range(99) if told(session.run, p) == "0 forward p")))
    session = update(update(session, StepInto()), StepBy(2))
    assert session.levels
    session = update(session, Select(session.graph.position("p.out")))
    moved = resumed(session, changed(("a: x * w", "b: x * 2, a: b * w"), text=CELL))
    assert moved.folded == ("two",)
    assert told(moved.run, moved.position) == "0 forward p"
    assert [level.name for level in moved.levels] == ["p"]
    assert moved.frame.node is not None
    assert session.frame.node is not None
    assert moved.frame.node.name == session.frame.node.name
    assert moved.selection is not None
    assert moved.graph.nodes[moved.selection].name == "p.out"
    out = resumed(session, changed(("softmax(two.h)", "two.h * 3"), text=CELL))
    assert out.levels == ()
    assert told(out.run, out.position) == "0 forward p"


def test_carrying_leaves_the_old_session_as_it_was() -> None:
    session = update(Session(run_of(BEFORE), 3), Break("q"))
    before = (session.run, session.position, session.breakpoints, session.branches)
    resumed(session, changed(("  q: p * w\n  r: q", "  r: p * w")))
    assert (session.run, session.position, session.breakpoints, session.branches) == before


def test_a_gradient_that_was_put_in_stays_where_it_still_has_a_place() -> None:
    session = update(Session(run_of(BEFORE)), Set("q", np.float64(7), gradient=True))
    stays = resumed(session, changed(("r: q + v * x", "r: q * 2 + v * x")))
    assert float(stays.trace.gradient("q")) == 7
    assert stays.notice is None
    goes = resumed(session, changed(("r: q + v * x", "r: detach(q) + v * x")))
    assert goes.notice is not None
    assert not goes.branches.here.overrides
