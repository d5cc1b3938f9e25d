"""Plans of operators that few scenarios have: those of a single number, and those of three operands."""

from __future__ import annotations

from math import tanh

import pytest

from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
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
