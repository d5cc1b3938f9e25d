"""A few entries of a large contribution are checked where an operator computes each alone, and all of them
are what its rule gives; where one is not, that one is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backprop_engine import Trace, make_graph, record
from backprop_engine.derivatives.gradient_check import Verdict
from backprop_engine.derivatives.numeric_check import check_some_entries
from backprop_engine.explain import step_check as module
from backprop_engine.explain.step_check import step_check
from backprop_engine.graph.steps import Edge

ROWS = [[0.1 * row - 0.2 * column for column in range(4)] for row in range(5)]


def traced(text: str) -> Trace:
    graph = make_graph({"h": text, "f": "sum(h * h)"}, inputs={"x": ROWS, "b": [1.0, 2.0, -1.0, 0.5]})
    return record(graph)


def checks(trace: Trace) -> dict[str, object]:
    """What comes of each edge of `h`."""
    edges = [edge for edge in trace.graph.edges if trace.graph.nodes[edge.node].name == "h"]
    found = {trace.graph.nodes[edge.operand].name: check_some_entries(trace, edge, 6) for edge in edges}
    return {name: check and (check.verdict, check.checked, check.entries) for name, check in found.items()}


@pytest.mark.parametrize("text", ["tanh(x)", "gelu(x)", "x ** 2", "clip(x, min=-0.35, max=0.35)"])
def test_entries_of_an_operator_that_computes_each_alone_are_checked(text: str) -> None:
    assert checks(traced(text)) == {"x": (Verdict.AGREES, 6, 20)}


def test_an_operand_that_is_broadcast_is_not_checked_so() -> None:
    assert checks(traced("x * b")) == {"x": (Verdict.AGREES, 6, 20), "b": None}


@pytest.mark.parametrize("text", ["softmax(x)", "cumsum(x, axis=0)", "flip(x)", "layer_norm(x)"])
def test_operators_whose_entries_depend_on_others_are_not_checked_so(text: str) -> None:
    assert checks(traced(text)) == {"x": None}


def test_an_operand_whose_channels_are_not_its_last_axis_is_not_checked_so() -> None:
    rows = np.arange(24.0).reshape(2, 3, 4)
    inputs = {"x": rows, "m": [1.0, 2.0, 3.0], "v": [1.0, 2.0, 3.0]}
    trace = record(make_graph({"h": "batch_norm_inference(x, m, v)", "f": "sum(h * h)"}, inputs=inputs))
    assert check_some_entries(trace, edge_of_h(trace), 6) is None


SIZE = (60, 50)
PLACES = [(0, 0), (17, 3), (59, 49)]
"""None of which is among the few entries that are checked of a right contribution."""


def edge_of_h(trace: Trace) -> Edge:
    return next(edge for edge in trace.graph.edges if trace.graph.nodes[edge.node].name == "h")


def large(text: str, wrong: Callable[[Any], Any]) -> tuple[Trace, Edge]:
    """A run in single precision whose contribution to `x` was recorded as `wrong` makes it."""
    x = np.random.default_rng(0).standard_normal(SIZE)
    trace = record(make_graph({"h": text, "f": "sum(h * h)"}, inputs={"x": x}, dtype="float32"))
    edge, contributions = edge_of_h(trace), list(trace.contributions)
    contributions[edge.index] = np.asarray(wrong(np.array(contributions[edge.index])), np.float32)
    return replace(trace, contributions=contributions), edge


def changed(place: tuple[int, int], change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def change_one(contribution: Any) -> Any:
        contribution[place] = change(contribution[place])
        return contribution

    return change_one


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("factor", [0.0, -1.0, 1.01])
def test_one_wrong_entry_among_many_is_found(place: tuple[int, int], factor: float) -> None:
    trace, edge = large("tanh(x)", changed(place, lambda entry: factor * entry))
    check = check_some_entries(trace, edge, 16)
    assert check is not None
    assert (check.verdict, check.entry, check.entries) == (Verdict.DIFFERS, place, 3000)
    right = record(trace.graph, trace.bindings)
    assert check.found == pytest.approx(factor * right.contributions[edge.index][place], rel=1e-6)
    assert check.expected == pytest.approx(right.contributions[edge.index][place], rel=1e-5)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("entry", [np.nan, np.inf])
def test_one_entry_that_is_not_finite_among_many_is_found(place: tuple[int, int], entry: float) -> None:
    check = check_some_entries(*large("tanh(x)", changed(place, lambda _: entry)), 16)
    assert check is not None
    assert (check.verdict, check.entry) == (Verdict.NOT_FINITE, place)


@pytest.mark.parametrize("text", ["tanh(x)", "gelu(x)", "x ** 3"])
def test_a_contribution_that_was_rounded_differently_is_right_in_a_few_entries(text: str) -> None:
    signs = np.random.default_rng(1).choice([-1.0, 1.0], SIZE)
    check = check_some_entries(*large(text, lambda right: right * (1 + 4e-7 * signs)), 16)
    assert check is not None
    assert (check.verdict, check.checked, check.projected) == (Verdict.AGREES, 16, False)


def test_what_is_farther_from_the_rule_than_rounding_is_checked_whole() -> None:
    trace, edge = large("tanh(x)", lambda right: right * (1 + 2e-5))
    assert check_some_entries(trace, edge, 16) is None


def test_another_choice_at_a_kink_is_checked_whole() -> None:
    def at_zero(slope: float) -> Trace:
        trace = record(make_graph({"h": "relu(x)", "f": "sum(h + h)"}, inputs={"x": [0.0, 1.0, -1.0, 2.0]}))
        contributions = list(trace.contributions)
        contributions[edge_of_h(trace).index] = np.array([slope, 2.0, 0.0, 2.0])
        return replace(trace, contributions=contributions)

    found = [check_some_entries(trace, edge_of_h(trace), 3) for trace in map(at_zero, (0.0, 1.0, 3.0))]
    assert [check and check.verdict for check in found] == [Verdict.KINK, None, Verdict.DIFFERS]


def test_a_wrong_contribution_differs_at_an_entry_of_the_whole_tensor() -> None:
    trace = traced("tanh(x)")
    edge = edge_of_h(trace)
    wrong = list(trace.contributions)
    wrong[edge.index] = np.full((5, 4), 7.0)
    check = check_some_entries(replace(trace, contributions=wrong), edge, 6)
    assert check is not None
    assert (check.verdict, check.found, check.projected) == (Verdict.DIFFERS, 7.0, False)
    upstream, value = trace.gradient("h")[check.entry], trace.value("h")[check.entry]
    assert check.expected == pytest.approx(upstream * (1 - value**2))


@pytest.mark.parametrize(
    ("off", "verdict", "checked", "projected"),
    [(0.0, Verdict.AGREES, 16, False), (2e-5, Verdict.AGREES, 32, True), (0.5, Verdict.DIFFERS, 17, False)],
)
def test_a_step_of_many_numbers_is_checked_so(
    off: float, verdict: Verdict, checked: int, projected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PROJECTED", 3000)
    outcome = step_check(*large("tanh(x)", changed((17, 3), lambda entry: entry * (1 + off)))).outcome
    assert (outcome.verdict, outcome.checked, outcome.projected) == (verdict, checked, projected)
    assert outcome.entries == 3000
