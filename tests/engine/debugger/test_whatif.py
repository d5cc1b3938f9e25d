"""What if: other numbers for leaves, values and gradients, and the tree of branches that they grow.

The figures are worked out by hand; `tests/pytorch/test_overrides.py` asks PyTorch about random graphs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_engine.debugger import (
    Break,
    Continue,
    Go,
    NameBranch,
    Redo,
    Session,
    Set,
    StepBy,
    StepInto,
    SwitchBranch,
    ToEnd,
    Undo,
    Watch,
    finished,
    update,
)
from backprop_engine.debugger import branches as debugger_branches
from backprop_engine.debugger.queries import compare, first_difference
from backprop_engine.errors import UsageError
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.recompute import recompute
from backprop_engine.trace.trace import GradientEdit, ValueEdit
from graphs import assert_close


def session_of(text: str) -> Session:
    return Session(load_source(Source.from_bytes("case.yaml", text.encode())).run())


def changed(session: Session, name: str, number: Any, entry: tuple[int, ...] | None = None) -> Session:
    return update(session, Set(name, np.asarray(number, dtype=np.float64)[()], entry=entry))


def pushed(session: Session, name: str, number: Any, entry: tuple[int, ...] | None = None) -> Session:
    """With another gradient."""
    return update(session, Set(name, np.asarray(number, dtype=np.float64)[()], gradient=True, entry=entry))


def numbers(session: Session, *names: str) -> list[float]:
    return [float(session.trace.value(name)) for name in names]


def gradients(session: Session, *names: str) -> list[float]:
    return [float(session.trace.gradient(name)) for name in names]


SQUARES = "inputs: {x: 3}\nnodes: {q: x * x, r: q * 5, f: q * r}\n"
"""q 9, r 45, f 405; gradients r 9, q 45 + 45, x 2 · 3 · 90."""
EXPONENTIAL = "inputs: {x: 0}\nnodes: {q: exp(x), f: q * q}\n"
MATRIX = "inputs: {W: [[1, 2], [3, 4]], x: [1, -1]}\nnodes: {q: W @ x, s: q * q, L: sum(s)}\n"
"""q [−1, −1], s [1, 1], L 2; gradient of q [−2, −2], of W [[−2, 2], [−2, 2]], of x [−8, −12]."""
TRAINED = """
params: {w: 8, v: [1, 2]}
nodes: {f: w * w, g: f + sum(v)}
train: {optimizer: sgd, lr: 0.25, steps: 3}
"""
"""w 8, 4, 2, 1: its gradient is 2w; each entry of v falls by a quarter."""


# Values, gradients and leaves


def test_a_value_stands_in_for_what_is_behind_it_and_not_for_its_own_rule() -> None:
    session = session_of(SQUARES)
    assert numbers(session, "q", "r", "f") == [9, 45, 405]
    assert gradients(session, "r", "q", "x") == [9, 90, 540]
    two = changed(session, "q", 2)
    assert numbers(two, "x", "q", "r", "f") == [3, 2, 10, 20]
    assert gradients(two, "f", "r", "q") == [1, 2, 10 + 2 * 5]
    assert gradients(two, "x") == [20 * (3 + 3)]  # as q + (2 − q).detach() has it: its operands are 3 and 3


def test_a_rule_that_uses_the_output_uses_the_computed_one() -> None:
    """exp′ is exp(0) = 1, and not the 5 that was put in."""
    five = changed(session_of(EXPONENTIAL), "q", 5)
    assert numbers(five, "q", "f") == [5, 25]
    assert gradients(five, "q", "x") == [10, 10]


def test_a_gradient_stands_in_for_the_completed_sum() -> None:
    seven = pushed(session_of(SQUARES), "q", 7)
    assert numbers(seven, "q", "r", "f") == [9, 45, 405]
    assert gradients(seven, "f", "r", "q", "x") == [1, 9, 7, 7 * 6]
    zero = pushed(session_of(SQUARES), "r", 0)
    assert gradients(zero, "r", "q", "x") == [0, 45, 270]
    assert gradients(pushed(session_of(SQUARES), "x", -1), "q", "x") == [90, -1]


def test_the_gradient_at_the_output_is_the_seed() -> None:
    assert gradients(pushed(session_of(SQUARES), "f", 10), "f", "r", "q", "x") == [10, 90, 900, 5400]


def test_the_value_of_the_output() -> None:
    session = changed(session_of(SQUARES), "f", -1)
    assert numbers(session, "f") == [-1]
    assert gradients(session, "f", "q", "x") == [1, 90, 540]


def test_a_gradient_arrives_as_it_is_until_its_last_contribution() -> None:
    session = pushed(session_of(SQUARES), "q", 7)
    node = session.graph["q"]
    known = [session.trace.frame(at).gradient(node) for at in range(session.last + 1)]
    # forward 1 to 3, seed 4, f→q 5 and 6, f→r 7, r→q 8 and 9, then q→x twice
    assert known == [None] * 6 + [45, 45, 45, 7, 7, 7, 7, 7]


def test_a_leaf() -> None:
    session = changed(session_of(SQUARES), "x", -2)
    assert numbers(session, "x", "q", "r", "f") == [-2, 4, 20, 80]
    assert gradients(session, "q", "x") == [40, -160]


def test_a_value_a_gradient_and_a_leaf_together() -> None:
    session = pushed(changed(changed(session_of(SQUARES), "q", 2), "x", 10), "r", 1)
    assert numbers(session, "x", "q", "r", "f") == [10, 2, 10, 20]
    assert gradients(session, "r", "q", "x") == [1, 10 + 5, 15 * 20]


def test_the_last_of_two_changes_of_one_number_counts() -> None:
    session = changed(changed(session_of(SQUARES), "q", 2), "q", 1)
    assert numbers(session, "q", "r", "f") == [1, 5, 5]
    both = changed(pushed(session_of(SQUARES), "q", 7), "q", 2)  # its value and its gradient are two numbers
    assert numbers(both, "f") == [20]
    assert gradients(both, "q", "x") == [7, 42]


def test_one_entry_of_a_leaf_of_a_value_and_of_a_gradient() -> None:
    session = session_of(MATRIX)
    leaf = changed(session, "W", 5, (1, 0))
    assert_close(leaf.trace.value("q"), np.array([-1.0, 1.0]))
    assert_close(leaf.trace.gradient("W"), np.array([[-2.0, 2.0], [2.0, -2.0]]))
    value = changed(session, "q", 3, (-1,))
    assert_close(value.trace.value("q"), np.array([-1.0, 3.0]))
    assert_close(value.trace.value("s"), np.array([1.0, 9.0]))
    assert_close(value.trace.gradient("W"), np.array([[-2.0, 2.0], [6.0, -6.0]]))
    gradient = pushed(session, "q", 3, (0,))
    assert_close(gradient.trace.value("L"), np.array(2.0))
    assert_close(gradient.trace.gradient("q"), np.array([3.0, -2.0]))
    assert_close(gradient.trace.gradient("x"), np.array([3.0 * 1 - 2 * 3, 3.0 * 2 - 2 * 4]))


def test_one_entry_after_another() -> None:
    session = changed(changed(session_of(MATRIX), "q", 3, (1,)), "q", 0, (0,))
    assert_close(session.trace.value("q"), np.array([0.0, 3.0]))
    assert session.branches.here.description == "q[0] = 0"
    assert_close(update(session, Undo()).trace.value("q"), np.array([-1.0, 3.0]))


def test_one_number_for_all_entries_and_all_of_them() -> None:
    session = session_of(MATRIX)
    assert_close(changed(session, "W", 1).trace.value("W"), np.ones((2, 2)))
    assert_close(changed(session, "q", [4, 5]).trace.value("s"), np.array([16.0, 25.0]))
    assert changed(session, "q", [4, 5]).branches.here.description == "q = [4, 5]"
    assert pushed(session, "q", 0.5).branches.here.description == "grad(q) = 0.5"


def test_numbers_are_kept_as_the_graph_computes() -> None:
    session = session_of("dtype: float16\ninputs: {x: 1}\nnodes: {q: x * 2, f: q * q}\n")
    assert changed(session, "q", 0.1).trace.value("q").dtype == np.float16
    assert changed(session, "q", 1e6).trace.value("q") == np.inf
    with pytest.raises(UsageError, match="float16 cannot hold the value for x"):
        changed(session, "x", 1e6)


def test_the_array_that_was_given_may_be_written_to() -> None:
    given = np.array([4.0, 5.0])
    session = update(session_of(MATRIX), Set("q", given))
    given[0] = 100
    assert_close(session.trace.value("q"), np.array([4.0, 5.0]))
    assert_close(update(update(session, Undo()), Redo()).trace.value("q"), np.array([4.0, 5.0]))


def test_indices() -> None:
    leaves = "params: {E: [[1, 2], [3, 4], [5, 6]]}\nconstants: {t: [0, 2]}\n"
    session = session_of(f"{leaves}nodes:\n  r: embedding(E, t)\n  L: sum(r)\n")
    other = changed(session, "t", 1, (0,))
    assert other.trace.value("t").dtype == np.int64
    assert_close(other.trace.value("r"), np.array([[3.0, 4.0], [5.0, 6.0]]))
    assert_close(other.trace.gradient("E"), np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]]))
    for number in (3, 0.5, np.nan):
        with pytest.raises(UsageError, match="t is not valid for r"):
            changed(session, "t", number, (0,))


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (Set("nosuch", np.float64(1)), "no node called nosuch"),
        (Set("q", np.zeros(3)), "q has shape 2, but the numbers have shape 3"),
        (Set("q", np.zeros((1, 2))), "q has shape 2, but the numbers have shape 1×2"),
        (Set("q", np.float64(1), entry=(2,)), r"q is 2 and has no entry \[2\]"),
        (Set("q", np.float64(1), entry=(-3,)), r"q is 2 and has no entry \[-3\]"),
        (Set("q", np.float64(1), entry=()), r"q is 2 and has no entry \[\]"),
        (Set("q", np.float64(1), entry=(0, 0)), r"q is 2 and has no entry \[0, 0\]"),
        (Set("k", np.float64(1), gradient=True), "k has no gradient to override"),
        (Set("idle", np.float64(1), gradient=True), "idle has no gradient to override"),
        (Set("p", np.float64(1)), "p is a comparison: its truth values cannot be overridden"),
    ],
)
def test_what_cannot_be_changed(command: Set, message: str) -> None:
    session = session_of(
        "inputs: {x: [1, 2], idle: 1}\nconstants: {k: 1}\n"
        "nodes:\n  q: x * k\n  p: q > 1\n  r: where(p, q, 0)\n  L: sum(r)\n"
    )
    with pytest.raises(UsageError, match=message):
        update(session, command)
    assert session.branches.current == "baseline"


# What a change leaves alone


def test_one_stays_where_one_is_outside_of_what_one_had_stepped_into() -> None:
    session = session_of("inputs: {x: [1, 2]}\nnodes: {p: softmax(x), f: sum(p)}\n")
    session = update(update(session, StepBy()), StepInto())
    assert session.levels
    after = changed(session, "x", 3, (0,))
    assert (after.position, after.levels) == (1, ())
    session = update(update(update(session_of(SQUARES), Go(6)), Break("q")), Watch("grad(q)"))
    after = changed(session, "x", 1)
    assert (after.position, after.breakpoints, after.watches) == (6, session.breakpoints, session.watches)
    assert update(after, Undo()).position == 6


def test_what_does_not_depend_on_it_is_the_same_object() -> None:
    session = session_of("inputs: {x: 1, y: 2}\nnodes: {a: x * 2, b: y * 3, c: b * b, f: a + c}\n")
    after = changed(session, "x", 5)
    for name in ("b", "c", "y"):
        assert after.trace.value(name) is session.trace.value(name)
        assert after.trace.gradient(name) is session.trace.gradient(name)
    assert [one.node.name for one in compare(session.trace, after.trace)] == ["x", "a", "f"]
    assert [one.node.name for one in compare(session.trace, changed(session, "b", 5).trace)] == [
        "y", "b", "c", "f",
    ]  # fmt: skip


def test_what_is_computed_again_is_counted() -> None:
    """A chain x → a → b → c → f, and k beside it: what an override holds still, all behind it keeps."""
    text = "inputs: {x: 0.5, k: 2}\nnodes: {a: tanh(x), b: a * a, c: b * k, f: c * c}\n"
    trace = session_of(text).trace
    graph, bindings = trace.graph, trace.bindings
    other, same = bindings.with_leaf(graph, "x", 0.25), bindings.with_leaf(graph, "x", 0.5)
    assert recompute(trace, same)[1:] == (0, 0)
    assert recompute(trace, other)[1:] == (4, 7)
    assert recompute(trace, bindings.with_leaf(graph, "k", 3))[1:] == (2, 7)
    held = recompute(trace, bindings, [ValueEdit("b", 1.0)])
    assert held[1:] == (2, 7)  # c and f; b hands on another gradient
    again = recompute(held.trace, other, [ValueEdit("b", 1.0)])
    assert again[1:] == (2, 3)  # a and b, and their edges
    assert again.trace.value("f") is held.trace.value("f")
    assert again.trace.gradient("b") is held.trace.gradient("b")
    pushed = recompute(trace, bindings, [GradientEdit("b", 7.0)])
    assert pushed[1:] == (0, 3)
    assert recompute(pushed.trace, bindings)[1:] == (0, 3)


def test_where_two_runs_part() -> None:
    session = session_of(SQUARES)  # forward 1 to 3, seed 4, f→q 5 and 6, f→r 7, r→q 8 and 9, q→x 10 to 13

    def parts(other: Session) -> int | None:
        return first_difference(session.trace, other.trace)

    assert parts(changed(session, "x", 1)) == 0
    assert parts(changed(session, "x", 3)) is None
    assert parts(changed(session, "r", 1)) == 2
    assert parts(pushed(session, "f", 2)) == 4
    assert parts(pushed(session, "r", 2)) == 7
    assert parts(pushed(session, "q", 2)) == 9
    assert parts(pushed(session, "x", 2)) == 13


def test_where_two_trainings_part() -> None:
    """What momentum remembers shows in nothing but the update."""
    text = "params: {w: 8}\nnodes: {f: w * 2}\ntrain: {optimizer: sgd, lr: 0.25, steps: 3, momentum: 0.5}\n"
    session = session_of(text)
    assert first_difference(session.run.trace(0), session.run.trace(0)) is None
    again = session_of(text.replace("momentum: 0.5", "momentum: 0"))
    assert first_difference(session.run.trace(0), again.run.trace(0)) is None
    assert session.run.trace(1).value("w") == again.run.trace(1).value("w") == 7.5
    assert first_difference(session.run.trace(1), again.run.trace(1)) == 4  # f 1, seed 2, f→w 3, update 4
    assert first_difference(session.run.trace(2), again.run.trace(2)) == 0


# With training


def losses(session: Session, name: str = "w") -> list[float]:
    return [float(session.run.trace(k).value(name)) for k in range(session.run.iterations)]


def test_a_leaf_starts_with_it() -> None:
    session = session_of(TRAINED)
    assert losses(session) == [8, 4, 2, 1]
    late = update(session, Go(session.run.length * 2 + 1))
    assert late.iteration == 2
    after = changed(late, "w", 16)
    assert (after.position, after.iteration) == (late.position, 2)
    assert losses(after) == [16, 8, 4, 2]


def test_one_entry_of_a_leaf_is_one_of_what_the_run_starts_with() -> None:
    """The other entries start as they did, wherever one stands."""
    session = update(session_of(TRAINED), Go(30))
    assert session.iteration > 0
    after = changed(session, "v", 10, (0,))
    starts = [after.run.trace(k).value("v").tolist() for k in range(4)]
    assert starts == [[10, 2], [9.75, 1.75], [9.5, 1.5], [9.25, 1.25]]
    again = changed(after, "v", 0, (1,))
    assert again.run.trace(0).value("v").tolist() == [10, 0]


def test_a_value_and_a_gradient_are_put_in_in_every_iteration() -> None:
    value = changed(session_of(TRAINED), "f", 0)
    assert losses(value, "f") == [0, 0, 0, 0]
    assert losses(value) == [8, 4, 2, 1]
    gradient = pushed(session_of(TRAINED), "w", 4)
    assert losses(gradient) == [8, 7, 6, 5]
    assert losses(gradient, "f") == [64, 49, 36, 25]


def test_one_entry_of_a_gradient_that_the_last_iteration_has_not() -> None:
    session = update(session_of(TRAINED), ToEnd())
    with pytest.raises(UsageError, match="v has no gradient here: iteration 3 is a forward pass only"):
        pushed(session, "v", 1, (0,))
    assert losses(pushed(session, "w", 4)) == [8, 7, 6, 5]


def test_a_breakpoint_looks_at_the_branch() -> None:
    session = update(session_of(TRAINED), Break("w if value < 5"))
    stop = finished(update(session, Continue()))
    assert (stop.iteration, stop.trace.updated[stop.graph.position("w")]) == (0, 4)
    after = changed(session, "w", 16)
    stop = finished(update(after, Continue()))
    assert (stop.iteration, stop.trace.updated[stop.graph.position("w")]) == (1, 4)
    assert finished(update(update(after, Undo()), Continue())).iteration == 0


# The tree


def grown() -> Session:
    """baseline ─ b1 (x 1) ─ b2 (q 2), and b3 (x 5) from the baseline."""
    session = changed(changed(session_of(SQUARES), "x", 1), "q", 2)
    return changed(update(update(session, Undo()), Undo()), "x", 5)


def test_a_change_after_an_undo_grows_another_branch() -> None:
    branches = grown().branches
    assert {name: one.parent for name, one in branches.every.items()} == {
        "baseline": None,
        "b1": "baseline",
        "b2": "b1",
        "b3": "baseline",
    }
    assert [branch.description for branch in branches.every.values()] == ["", "x = 1", "q = 2", "x = 5"]
    assert branches.current == "b3"


def test_undo_and_redo_go_up_and_down() -> None:
    session = grown()
    names = []
    for command in (Undo(), Redo(), Undo(), SwitchBranch("b1"), Redo(), Undo(), Undo(), Redo(), Redo()):
        session = update(session, command)
        names.append(session.branches.current)
    assert names == ["baseline", "b3", "baseline", "b1", "b2", "b1", "baseline", "b1", "b2"]
    with pytest.raises(UsageError, match="there is nothing to redo"):
        update(session, Redo())
    with pytest.raises(UsageError, match="there is nothing to undo: this is the baseline"):
        update(update(session, SwitchBranch("baseline")), Undo())
    with pytest.raises(UsageError, match="there is no branch b9; available: baseline, b1, b2, b3"):
        update(session, SwitchBranch("b9"))


def test_every_branch_keeps_its_numbers_and_its_run() -> None:
    session = grown()
    wanted = {"baseline": [3, 9, 405], "b1": [1, 1, 5], "b2": [1, 2, 20], "b3": [5, 25, 3125]}
    runs = {}
    for name in (*wanted, *wanted):
        session = update(session, SwitchBranch(name))
        assert numbers(session, "x", "q", "f") == wanted[name]
        assert runs.setdefault(name, session.run) is session.run
    assert session.baseline is runs["baseline"]


def test_undo_brings_back_the_very_numbers() -> None:
    session = session_of(SQUARES)
    after = update(changed(session, "x", 1), Undo())
    assert after.run is session.run
    assert after.trace is session.trace


def test_the_branch_that_was_just_left_keeps_its_run_however_old_it_is() -> None:
    session = changed(session_of(SQUARES), "x", 1)
    for number in range(2, 12):
        after = changed(session, "x", number)
        assert update(after, Undo()).run is session.run
        session = update(after, SwitchBranch("b1"))


@pytest.mark.thorough
@pytest.mark.parametrize(("size", "kept"), [(2, ["b3", "b4", "b5", "b6", "b7"]), (1200, ["b6", "b7"])])
def test_of_large_runs_fewer_are_kept(size: int, kept: list[str]) -> None:
    leaf = f"{{shape: [{size}, {size}], init: ones}}"
    session = session_of(f"params: {{W: {leaf}}}\nnodes: {{q: W * W, f: sum(q)}}\n")
    for number in range(7):
        session = changed(session, "W", number, (0, 0))
    assert sorted(session.runs) == [*kept, "baseline"]


def test_a_name() -> None:
    session = update(update(grown(), SwitchBranch("b1")), NameBranch(" small "))
    branches = session.branches
    assert branches.current == "small"
    assert list(branches.every) == ["baseline", "small", "b2", "b3"]
    assert branches.every["b2"].parent == "small"
    assert numbers(session, "x") == [1]
    session = update(session, Undo())
    assert update(session, Redo()).branches.current == "small"  # it is what was left last
    assert numbers(update(session, SwitchBranch("b2")), "f") == [20]
    assert sorted(session.runs) == ["b2", "b3", "baseline", "small"]
    assert changed(session, "x", 7).branches.current == "b1"  # the name is free again


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("two words", "two words is not a valid name: use letters, digits and _"),
        ("", "is not a valid name"),
        ("1st", "1st is not a valid name"),
        ("x" * 41, "is not a valid name"),
        ("\x1b[31m", "is not a valid name"),
        ("b2", "there is already a branch b2"),
        ("b1", "there is already a branch b1"),
        ("baseline", "there is already a branch baseline"),
    ],
)
def test_what_is_no_name_for_a_branch(name: str, message: str) -> None:
    session = update(grown(), SwitchBranch("b1"))
    with pytest.raises(UsageError, match=message) as caught:
        update(session, NameBranch(name))
    assert "\x1b" not in str(caught.value)


def test_the_baseline_keeps_its_name() -> None:
    with pytest.raises(UsageError, match="the baseline keeps its name"):
        update(session_of(SQUARES), NameBranch("mine"))


def test_names_in_any_script() -> None:
    session = update(grown(), NameBranch("작은_값"))
    assert session.branches.current == "작은_값"
    assert update(update(session, Undo()), Redo()).branches.current == "작은_값"


def test_a_branch_from_each_place_in_the_tree_is_as_if_made_at_once() -> None:
    """However one comes to the same changes, the numbers are the same to the bit."""
    one = changed(changed(session_of(MATRIX), "x", 0.1, (0,)), "q", 0.3, (1,))
    far = changed(changed(session_of(MATRIX), "W", 7.7), "q", -1)
    far = update(update(far, Undo()), Undo())
    other = changed(changed(far, "x", 0.1, (0,)), "q", 0.3, (1,))
    for name in ("W", "x", "q", "s", "L"):
        assert one.trace.value(name).tobytes() == other.trace.value(name).tobytes()
        assert one.trace.gradient(name).tobytes() == other.trace.gradient(name).tobytes()


def test_changes_have_a_bound_on_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debugger_branches, "MOST_NUMBERS", 9)
    session = changed(changed(session_of(MATRIX), "W", np.ones((2, 2))), "W", np.zeros((2, 2)))
    with pytest.raises(UsageError, match="no room for another branch"):
        changed(session, "x", [1, 2])
    assert changed(session, "L", 3).branches.current == "b3", "a ninth number has room"
