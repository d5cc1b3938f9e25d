"""Minibatches: which examples an iteration sees, however it is reached, and changes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_engine.debugger import Session, Set, update
from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.graph.batches import Batches
from backprop_engine.program import numpy_program
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.verify import verify
from graphs import assert_close

X = [[1.0, 2.0], [2.0, 1.0], [-1.0, -1.0], [-2.0, 0.5], [3.0, 3.0], [0.0, 1.0], [0.5, 0.5]]
T = [0, 1, 2, 0, 1, 2, 0]


def loaded(batch: str, x: Any = X, t: Any = T, **limits: int) -> Scenario:
    text = f"""
constants: {{X: {x}, t: {t}}}
params: {{W: [[0.5, 0, -0.5], [0, 0.25, 0]], b: [0, 0, 0]}}
nodes:
  y: X @ W + b
  L: softmax_with_loss(y, target=t)
train: {{optimizer: adam, lr: 0.1, steps: 9, batch: {batch}}}
"""
    return load_source(Source.from_bytes("case.yaml", text.encode()), **limits)


SHUFFLED = "{size: 2, of: [X, t], shuffle: 5, drop_last: true}"


def bits(scenario: Scenario, iterations: Any) -> dict[int, bytes]:
    run = scenario.run()
    found = {}
    for iteration in iterations:
        trace = run.trace(iteration)
        found[iteration] = b"".join(tensor.tobytes() for tensor in trace.values)
    return found


# Which examples


def test_an_epoch_goes_through_all_in_an_order_of_its_own() -> None:
    batches = Batches(3, 11, {0: np.arange(12.0)})
    epochs = [np.concatenate([batches.rows(4 * epoch + batch) for batch in range(4)]) for epoch in range(20)]
    assert all(sorted(epoch) == list(range(12)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 20


def test_the_order_is_pinned() -> None:
    """What NumPy gives today; another order would make every file's figures wrong."""
    batches = Batches(2, 5, {0: np.arange(7.0)})
    assert [batches.rows(iteration).tolist() for iteration in range(6)] == [
        [4, 3],
        [5, 6],
        [2, 0],
        [6, 1],
        [5, 4],
        [2, 0],
    ]


def test_without_a_seed_the_order_is_that_of_the_data() -> None:
    run = loaded("{size: 3, of: [X, t], drop_last: true}").run()
    for iteration, rows in enumerate(([0, 1, 2], [3, 4, 5], [0, 1, 2])):
        np.testing.assert_array_equal(run.trace(iteration).value("X"), np.array(X)[rows])
        assert run.trace(iteration).value("t").tolist() == [T[row] for row in rows]


def test_what_is_left_over_is_left_out() -> None:
    batches = Batches(2, None, {0: np.arange(7.0)})
    assert (batches.count, batches.per_epoch, batches.epoch(7)) == (7, 3, (2, 1))
    assert max(int(batches.rows(iteration).max()) for iteration in range(30)) == 5


def test_indices_stay_whole_numbers() -> None:
    assert loaded(SHUFFLED).run().trace(4).value("t").dtype == np.int64


# Whichever way


def test_every_way_to_an_iteration_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_engine.trace.training.KEPT_ENTRIES", 64)
    wanted = bits(loaded(SHUFFLED), range(10))
    assert len(set(wanted.values())) == 10
    for way in ([9], [9, 0, 5, 4, 3], [0, 7, 1, 8, 2]):
        assert bits(loaded(SHUFFLED), way) == {iteration: wanted[iteration] for iteration in way}


def test_a_program_does_the_same() -> None:
    for batch in (SHUFFLED, "{size: 3, of: [t, X], drop_last: true}"):
        run = loaded(batch).run()
        known: dict[str, Any] = {}
        exec(compile(numpy_program(run), "program", "exec"), known)
        for name in ("X", "t", "W", "b", "L"):
            assert_close(known[name], run.trace(9).value(name), 1e-12)


def test_a_file_written_again_is_the_same() -> None:
    scenario = loaded(SHUFFLED)
    again = load_source(Source("case.yaml", scenario.to_yaml()))
    assert bits(again, range(10)) == bits(scenario, range(10))


# Changes


def test_a_change_is_of_the_example_wherever_it_comes() -> None:
    scenario = loaded(SHUFFLED)
    session = update(Session(scenario.run()), Set("X", np.array(7.0), entry=(1, 0)))
    rows = session.run.bindings.batches
    assert rows is not None
    changed = rows.rows(0)[1]
    wanted = np.array(X)
    wanted[changed, 0] = 7
    for iteration in range(10):
        np.testing.assert_array_equal(session.run.trace(iteration).value("X"), wanted[rows.rows(iteration)])
    assert (
        session.runs["baseline"].trace(0).value("X").tolist() == scenario.run().trace(0).value("X").tolist()
    )


def test_other_examples_for_a_leaf() -> None:
    scenario, other = loaded(SHUFFLED), np.array(X) * 2
    changed = scenario.with_leaf("X", other)
    assert bits(changed, range(10)) == bits(loaded(SHUFFLED, x=other.tolist()), range(10))
    again = load_source(Source("case.yaml", changed.to_yaml()))
    assert bits(again, range(10)) == bits(changed, range(10))
    for wrong, told in ((X[:2], "X is 7×2, but the value is 2×2"), ([1, 2], "7×2")):
        with pytest.raises(UsageError, match=told):
            scenario.with_leaf("X", wrong)
    with pytest.raises(UsageError, match="t is not valid for L"):
        scenario.with_leaf("t", [0, 1, 2, 0, 1, 2, 3])


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7])
@pytest.mark.parametrize("at", range(7))
def test_an_example_that_does_not_fit_is_refused_wherever_it_is(at: int, size: int) -> None:
    scenario = loaded(f"{{size: {size}, of: [X, t], drop_last: true}}")
    with pytest.raises(UsageError, match="t is not valid for L: the class index 3"):
        scenario.bindings.with_leaf(scenario.graph, "t", [*T[:at], 3, *T[at + 1 :]])


def test_bindings_of_a_file_are_those_of_the_first_iteration() -> None:
    scenario = loaded("{size: 2, of: [X, t], drop_last: true}")
    assert scenario.bindings.leaves[scenario.graph["X"].position].tolist() == X[:2]
    assert scenario.bindings.at(1).leaves[scenario.graph["X"].position].tolist() == X[2:4]


def test_bindings_with_other_examples_are_those_of_the_first_iteration() -> None:
    scenario = loaded("{size: 2, of: [X, t], drop_last: true}")
    changed = scenario.bindings.with_leaf(scenario.graph, "X", np.array(X) + 10)
    leaf = scenario.graph["X"].position
    assert changed.leaves[leaf].tolist() == [[11.0, 12.0], [12.0, 11.0]]
    assert changed.given(leaf).tolist() == (np.array(X) + 10).tolist()
    with pytest.raises(UsageError, match="X has shape 7×2, but its value has shape 2×2"):
        scenario.bindings.with_leaf(scenario.graph, "X", X[:2])


def test_without_batches_nothing_follows_an_iteration() -> None:
    scenario = loaded("{size: 2, of: [X, t], drop_last: true}")
    alone = scenario.bindings.alone
    assert alone.batches is None
    assert alone.at(3) is alone
    leaf = scenario.graph["X"].position
    assert alone.given(leaf) is alone.leaves[leaf]
    other = alone.with_leaf(scenario.graph, "X", [[1.0, 1.0], [2.0, 2.0]])
    assert other.leaves[leaf].tolist() == [[1.0, 1.0], [2.0, 2.0]]


def test_no_update_at_all_is_a_forward_pass() -> None:
    scenario = load_source(Source("case.yaml", loaded(SHUFFLED).to_yaml().replace("steps: 9", "steps: 0")))
    known: dict[str, Any] = {}
    exec(compile(numpy_program(scenario.run()), "program", "exec"), known)
    assert_close(known["L"], scenario.record().value("L"), 1e-12)
    assert verify(scenario).passed
    assert not verify(scenario).checks


# Refusals

REFUSED = [
    ("2", "such as `batch: {size: 2, of: [X, t]}`"),
    ("{of: [X, t]}", "`batch` has no `size`"),
    ("{size: 2}", "`batch` has no `of`"),
    ("{size: 0, of: [X]}", "at least 1 example"),
    ("{size: 8, of: [X]}", "a batch of 8 is larger than the 7 examples"),
    ("{size: 3, of: [X, t]}", "7 examples do not divide into batches of 3: 1 would be left over"),
    ("{size: 1, of: []}", "`of` names no leaf"),
    ("{size: 1, of: [Y]}", "there is no leaf `Y`"),
    ("{size: 1, of: [y]}", "there is no leaf `y`"),
    ("{size: 1, of: [W]}", "`W` is a parameter"),
    ("{size: 1, of: [X, t], shuffle: true}", "such as `shuffle: 7`"),
    ("{size: 1, of: [X, t], shuffle: -1}", "`shuffle` must be a whole number, 0 or more"),
    ("{size: 1, of: [X, t], shuffled: 1}", "did you mean `shuffle`?"),
    ("{size: 1, of: [X]}", "L"),
]


@pytest.mark.parametrize(("batch", "told"), REFUSED)
def test_refusals(batch: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loaded(batch)
    assert told in str(caught.value)


def test_examples_of_different_counts_are_refused() -> None:
    with pytest.raises(ScenarioError, match="`t` has 6 examples, but `X` has 7"):
        loaded("{size: 1, of: [X, t]}", t=T[:6])


def test_every_example_is_checked() -> None:
    """A class that does not exist is refused when the file is read, though its batch comes late."""
    with pytest.raises(ScenarioError, match="`t` does not fit `L`"):
        loaded("{size: 2, of: [X, t], drop_last: true}", t=[*T[:6], 3])


def test_examples_count_as_memory() -> None:
    many = [[0.5, 0.25]] * 4000
    loaded("{size: 2, of: [X, t]}", x=many, t=[0] * 4000, max_memory=200_000)
    with pytest.raises(ScenarioError, match="needs"):
        loaded("{size: 2, of: [X, t]}", x=many, t=[0] * 4000, max_memory=90_000)
