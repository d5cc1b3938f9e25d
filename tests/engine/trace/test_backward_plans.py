"""Plans of operators that few scenarios have: those of a single number, and those of three operands."""

from __future__ import annotations

from math import tanh

import numpy as np
import pytest

from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.plans import product
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace


def recorded(text: str) -> Trace:
    scenario = load_source(Source("case.yaml", text))
    return record(scenario.graph, scenario.bindings)


@pytest.mark.parametrize(
    ("operator", "gradient"),
    [
        *((name, 1.0) for name in ("sum", "mean", "max", "min", "logsumexp", "prod", "flip", "transpose")),
        *(("norm", -1.0), ("var", 0.0), ("std", 0.0)),
    ],
)
def test_what_reduces_or_moves_axes_takes_a_single_number(operator: str, gradient: float) -> None:
    found = recorded(f"params: {{x: -1.5}}\nnodes:\n  y: {operator}(x)\n  L: 3 * y\n")
    assert found.gradient("x") == 3.0 * gradient


def test_an_operator_of_three_operands_multiplies_by_a_number_for_each() -> None:
    text = """
inputs: {mask: [1, 0]}
params: {a: [0.5, 1.5], b: [3, 4]}
nodes: {y: "where(mask, tanh(a), b)", L: sum(5 * y)}
"""
    found = recorded(text)
    assert found.gradient("a").tolist() == pytest.approx([5 * (1 - tanh(0.5) ** 2), 0])
    assert found.gradient("b").tolist() == [0, 5]


@pytest.mark.parametrize(
    ("expression", "whole"),
    [("a @ b", (2, 4, 5)), ("sum(a, axis=1) * c", (2, 4)), ("sum(a, axis=1) + c", (2, 4))],
)
def test_a_product_has_the_axes_that_its_contribution_sums(expression: str, whole: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    leaves = {"a": random.normal(size=(2, 3, 4)), "b": random.normal(size=(4, 5)), "c": random.normal(size=4)}
    used = {name: value.tolist() for name, value in leaves.items() if name in expression}
    trace = recorded(f"params: {used}\nnodes: {{y: '{expression}', L: sum(y * y)}}\n")
    [edge] = [edge for edge in trace.graph.edges if trace.graph.nodes[edge.operand].name in "bc"]
    operands = [trace.values[operand] for operand in trace.graph.nodes[edge.node].operands]
    upstream = trace.gradients[edge.node]
    assert upstream is not None
    found = product(trace.graph, edge, upstream, trace.outs[edge.node], operands)
    assert found.shape == whole
    assert found.sum(axis=edge.summed) == pytest.approx(trace.contributions[edge.index], rel=1e-13)
