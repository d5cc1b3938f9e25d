"""A bug in one edge: the check catches it, and whoever names the edge and the mistake is right."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_engine import UsageError, check, load_scenario
from backprop_engine.derivatives.numeric_check import check_trace
from backprop_engine.graph.bindings import Bindings
from backprop_engine.practice import MUTANTS, Bug, bugs_of, drawn_bug, grade_bug, with_bug
from backprop_engine.practice.bugs import caught
from backprop_engine.practice.uses import sum_at, use_at
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.recompute import recompute
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace
from scenes import STEMS, scenario

HOMES = {
    "mean_forgotten": "relu_layer",
    "mean_twice": "iris_mlp",
    "diagonal_only": "softmax_twice",
    "mask_from_gradient": "relu_layer",
    "sum_forgotten": "broadcast_bias",
    "wrong_axes": "iris_mlp",
    "overwritten": "value_used_twice",
    "mean_for_sum": "broadcast_bias",
    "updated_weights": "micrograd_expression",
    "not_cleared": "gradient_not_cleared",
    "own_operand": "exploding_chain",
    "gradient_for_weight": "relu_layer",
    "wrong_value": "sigmoid_neuron",
    "dot_for_elementwise": "mazur_network",
    "elementwise_for_dot": "relu_layer",
    "upstream_forgotten": "add_multiply",
    "local_forgotten": "add_multiply",
    "added_for_multiplied": "add_multiply",
    "transposed": "dead_relu",
    "sign": "add_multiply",
}
"""For each misconception a scenario in which it can be hidden."""


def bug_of(scenario: Scenario, name: str) -> Bug:
    return next(bug for bug in bugs_of(scenario.record()) if bug.mutant.name == name)


def test_every_misconception_has_a_home() -> None:
    assert set(HOMES) == {mutant.name for mutant in MUTANTS if mutant.plantable}


@pytest.mark.parametrize("name", HOMES)
def test_a_check_catches_it(name: str) -> None:
    right = scenario(HOMES[name])
    assert all(found.verdict.good for found in check_trace(right.record()))
    bug = bug_of(right, name)
    wrong = with_bug(right, bug)
    assert caught(right, bug)
    assert not all(found.verdict.good for found in check_trace(wrong.record()))
    assert not check(wrong).passed


def test_only_what_comes_after_it_is_wrong() -> None:
    right = scenario("add_multiply")
    wrong = with_bug(right, bug_of(right, "sign")).record()
    assert wrong.gradient("q") == -right.record().gradient("q")
    assert wrong.gradient("z") == right.record().gradient("z")
    assert wrong.values == right.record().values


def test_the_rules_say_what_they_said() -> None:
    right = scenario("add_multiply")
    wrong = with_bug(right, bug_of(right, "sign"))
    assert [edge.rule for edge in wrong.graph.edges] == [edge.rule for edge in right.graph.edges]


def test_a_contribution_takes_the_place_of_another() -> None:
    right = scenario("value_used_twice")
    bug = bug_of(right, "overwritten")
    wrong = with_bug(right, bug).record()
    arrived = wrong.arrived[bug.edge.index]
    assert arrived == wrong.contributions[bug.edge.index]
    assert arrived != right.record().arrived[bug.edge.index]


@pytest.mark.parametrize("name", ["own_operand", "overwritten", "upstream_forgotten"])
def test_an_edit_is_computed_with_the_bug(name: str) -> None:
    right = scenario({"overwritten": "value_used_twice"}.get(name, "exploding_chain"))
    wrong = with_bug(right, bug_of(right, name))
    trace = wrong.record()
    leaf = next(leaf for leaf in wrong.graph.leaves if leaf.takes_gradient)
    bindings: Bindings = wrong.bindings.with_leaf(
        wrong.graph, leaf.name, wrong.bindings.leaves[leaf.position] + 1
    )
    again, afresh = recompute(trace, bindings).trace, record(wrong.graph, bindings)
    for found, expected in zip(again.contributions, afresh.contributions, strict=True):
        assert np.array_equal(found, expected)
    for found, expected in zip(again.arrived, afresh.arrived, strict=True):
        assert np.array_equal(found, expected)


def test_a_bug_that_changes_nothing_is_refused() -> None:
    right = load_scenario("add_multiply")
    bug = bug_of(right, "sign")
    relu = next(mutant for mutant in MUTANTS if mutant.name == "mask_from_gradient")
    with pytest.raises(UsageError):
        with_bug(right, Bug(bug.edge, relu))


def test_a_seed_hides_the_same_bug() -> None:
    right = scenario("sigmoid_neuron")
    bugs = [drawn_bug(right, seed) for seed in (1, 1, *range(2, 12))]
    assert (bugs[0].edge, bugs[0].mutant) == (bugs[1].edge, bugs[1].mutant)
    assert len({(bug.edge.index, bug.mutant.name) for bug in bugs}) > 5


def test_naming_it() -> None:
    right = scenario("add_multiply")
    bug = bug_of(right, "sign")
    edge = right.graph.edge_name(bug.edge)
    number = [mutant.name for mutant in MUTANTS if mutant.plantable].index("sign") + 1
    assert grade_bug(right, bug, f"{edge}, sign").credit == 1
    assert grade_bug(right, bug, f"{edge.replace('→', '->')}, {number}").right
    assert grade_bug(right, bug, f"{edge}, local_forgotten").credit == 0.5
    assert grade_bug(right, bug, "f -> z, sign").credit == 0
    for text in (
        "",
        "sign",
        "f -> q",
        "f -> nobody, sign",
        "x -> f, sign",
        f"{edge}, nonsense",
        f"{edge}, 99",
    ):
        with pytest.raises(UsageError):
            grade_bug(right, bug, text)


@pytest.mark.thorough
def test_in_every_scenario_with_a_backward_pass_a_bug_is_found() -> None:
    hidden = 0
    for stem in STEMS:
        right = scenario(stem)
        try:
            bug = drawn_bug(right, 1)
        except UsageError:
            continue
        hidden += 1
        assert caught(right, bug)
        assert grade_bug(right, bug, f"{right.graph.edge_name(bug.edge)}, {bug.mutant.name}").right
    assert hidden >= 0.9 * len(STEMS)


def found_by_hand(trace: Trace) -> str:
    """The edge that a person finds who works out each step from what the debugger shows of it."""
    for edge in trace.schedule.edges:
        shown = trace.contributions[edge.index]
        if not np.allclose(use_at(trace, edge).contribution(), shown):
            return trace.graph.edge_name(edge)
        if not np.allclose(sum_at(trace, edge).right, trace.arrived[edge.index]):
            return trace.graph.edge_name(edge)
    return ""


@pytest.mark.parametrize("name", HOMES)
def test_a_person_finds_it(name: str) -> None:
    right = scenario(HOMES[name])
    assert found_by_hand(right.record()) == ""
    bug = bug_of(right, name)
    edge = found_by_hand(with_bug(right, bug).record())
    assert grade_bug(right, bug, f"{edge}, {name}").credit == 1


def test_no_note_gives_it_away() -> None:
    right = scenario("branch_and_merge")
    assert right.notes
    assert not with_bug(right, bug_of(right, "overwritten")).notes
