"""What a gradient means in numbers, and what shapes say about a product of matrices."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_engine import load_scenario, make_graph, record
from backprop_engine.explain.effect import Effect, effect_of_step
from backprop_engine.explain.facts import AccumulateFacts, BackwardFacts, step_facts
from backprop_engine.explain.shape_argument import shape_argument
from backprop_engine.trace.trace import GradientEdit, Trace, ValueEdit
from covering import SHOWN
from scenes import trace


def effects(run: Trace) -> dict[str, Effect | None]:
    """The effect at each step that gradient flows to a node, by the step's subject."""
    found = {}
    for position in range(1, run.schedule.last + 1):
        facts = step_facts(run.frame(position))
        if isinstance(facts, BackwardFacts | AccumulateFacts):
            found[f"{facts.subject} {position}"] = effect_of_step(facts)
    return found


def test_the_output_moves_by_the_nudge_times_the_gradient_where_it_is_linear() -> None:
    run = record(make_graph({"q": "x + y", "f": "q * z"}, inputs={"x": -2, "y": 5, "z": -4}))
    moved = {name: effect for name, effect in effects(run).items() if effect}
    assert [name.split()[0] for name in moved] == ["f", "f", "q", "q"]
    gradients = {effect.name: (effect.gradient, effect.actual) for effect in moved.values()}
    assert gradients.keys() == {"q", "z", "x", "y"}
    for gradient, actual in gradients.values():
        assert actual == pytest.approx(0.01 * gradient, rel=1e-12)


def test_beyond_the_first_order_the_actual_change_is_told() -> None:
    run = record(make_graph({"f": "x ** 2"}, inputs={"x": 3}))
    (effect,) = effects(run).values()
    assert effect is not None
    assert effect.predicted == pytest.approx(0.06, rel=1e-12)
    assert effect.actual == pytest.approx(0.0601, rel=1e-12)


def test_only_a_complete_gradient_has_an_effect() -> None:
    run = record(make_graph({"f": "x * x"}, inputs={"x": 3}))
    told = [name for name, effect in effects(run).items() if effect]
    assert told == [f"∑ x {run.schedule.last}"]


def test_the_entry_is_that_with_the_largest_gradient() -> None:
    run = record(make_graph({"f": "sum(w * x)"}, inputs={"x": [1, 2, 3]}, params={"w": [4, -9, 5]}))
    by_name = {effect.name: effect for effect in effects(run).values() if effect}
    assert (by_name["x"].entry, by_name["x"].gradient) == ((1,), -9)
    assert (by_name["w"].entry, by_name["w"].gradient) == ((2,), 3)


def test_a_path_that_is_cut_off_still_moves_the_output() -> None:
    """The gradient says 2, and the output moves by as much as it really does."""
    run = record(make_graph({"f": "x * detach(x)"}, inputs={"x": 2}))
    (effect,) = [effect for effect in effects(run).values() if effect]
    assert effect.gradient == 2
    assert effect.actual == pytest.approx(0.01 * 4 + 0.0001, rel=1e-9)


def test_nothing_is_said_where_it_would_not_hold() -> None:
    graph = make_graph({"q": "x + y", "f": "q * z"}, inputs={"x": -2, "y": 5, "z": -4})
    for edit in (ValueEdit("q", np.float64(1)), GradientEdit("q", np.float64(1))):
        assert not any(effects(record(graph, edits=[edit])).values())
    low = record(make_graph({"f": "x * y"}, inputs={"x": 1, "y": 2}, dtype="float16"))
    assert not any(effects(low).values())
    wild = record(make_graph({"f": "x / y"}, inputs={"x": 1, "y": 0}))
    assert not any(effects(wild).values())


@pytest.mark.parametrize("stem", SHOWN)
def test_a_smaller_nudge_comes_as_near_as_the_gradient_says(stem: str) -> None:
    """What is told of every leaf is what computing the run again by hand gives."""
    run, scenario = trace(stem), load_scenario(stem)
    told = {effect.name: effect for effect in effects(run).values() if effect}
    leaves = [name for name in told if run.graph[name].is_leaf and scenario.bindings.batches is None]
    assert {effect.size for effect in told.values()} <= {0.01}
    for name in leaves:
        effect = told[name]
        moved = np.array(run.value(name), dtype=float)
        moved[effect.entry] += 0.01
        again = scenario.with_leaf(name, moved).record().value(scenario.graph.nodes[run.graph.output].name)
        before = run.values[run.graph.output]
        assert effect.actual == pytest.approx(float(np.sum((again - before) * run.bindings.seed)), abs=1e-12)


def arguments(nodes: dict[str, str], **leaves: object) -> dict[str, str]:
    run = record(make_graph({**nodes, "f": "sum(y)"}, inputs=leaves))
    found = {}
    for position in range(1, run.schedule.last + 1):
        facts = step_facts(run.frame(position))
        argument = shape_argument(facts) if isinstance(facts, BackwardFacts) else None
        if argument is not None and isinstance(facts, BackwardFacts):
            factors = [f"{one.shape}{'T' * one.transposed}" for one in (argument.left, argument.right)]
            found[facts.operand.name] = f"{' @ '.join(factors)} = {argument.shape} {argument.is_only}"
    return found


def test_shapes_argue_for_the_transposes() -> None:
    assert arguments({"y": "X @ W"}, X=np.ones((6, 4)), W=np.ones((4, 3))) == {
        "X": "(6, 3) @ (4, 3)T = (6, 4) True",
        "W": "(6, 4)T @ (6, 3) = (4, 3) True",
    }


def test_shapes_leave_a_square_product_open() -> None:
    found = arguments({"y": "X @ W"}, X=np.ones((2, 2)), W=np.ones((2, 2)))
    assert found == {
        "X": "(2, 2) @ (2, 2)T = (2, 2) False",
        "W": "(2, 2)T @ (2, 2) = (2, 2) False",
    }


def test_a_vector_has_nothing_to_argue_about() -> None:
    assert arguments({"y": "W @ x"}, W=np.ones((3, 2)), x=np.ones(2)) == {}


def test_with_a_seed_other_than_one_the_loss_moves_and_not_the_output() -> None:
    (effect,) = effects(load_scenario("one_node").record()).values()
    assert effect is not None
    assert (effect.output, effect.gradient) == ("L", 12)
    assert effect.actual == pytest.approx(2 * (3.01**2 - 9), rel=1e-12)
