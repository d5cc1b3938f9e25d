"""A few entries of a large contribution are checked by themselves where an operator computes each alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backprop_engine import Trace, make_graph, record
from backprop_engine.derivatives.gradient_check import Verdict
from backprop_engine.derivatives.numeric_check import check_some_entries
from backprop_engine.explain import step_check as module
from backprop_engine.explain.step_check import step_check

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


def test_a_wrong_contribution_differs_at_an_entry_of_the_whole_tensor() -> None:
    trace = traced("tanh(x)")
    (edge,) = (edge for edge in trace.graph.edges if trace.graph.nodes[edge.node].name == "h")
    wrong = list(trace.contributions)
    wrong[edge.index] = np.full((5, 4), 7.0)
    check = check_some_entries(replace(trace, contributions=wrong), edge, 6)
    assert check is not None
    assert (check.verdict, check.found, check.projected) == (Verdict.DIFFERS, 7.0, False)
    upstream, value = trace.gradient("h")[check.entry], trace.value("h")[check.entry]
    assert check.expected == pytest.approx(upstream * (1 - value**2))


def test_a_step_of_many_numbers_is_checked_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PROJECTED", 30)
    trace = traced("tanh(x)")
    (edge,) = (edge for edge in trace.graph.edges if trace.graph.nodes[edge.node].name == "h")
    outcome = step_check(trace, edge).outcome
    assert (outcome.checked, outcome.entries, outcome.projected) == (16, 20, False)
