"""Where a cell of a gradient came from, as people read it."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import CASES, IDS, Sketch, applied, trace_of

from backprop_engine.bindings import Bindings
from backprop_engine.explain.lines import plain
from backprop_engine.explain.origins import origin_lines
from backprop_engine.ops import Op, Sample
from backprop_engine.recording import record


def test_a_cell_of_a_matrix_product() -> None:
    graph = applied("matmul", (2, 2), (2, 3))
    a, seed = [[0.5, 1.0], [2.0, 0.25]], [[0.0, 0.0, -1.5], [0.0, 0.0, 0.5]]
    trace = record(graph, Bindings.of(graph, {"a": a, "b": np.ones((2, 3))}, seed))
    assert plain(origin_lines(trace, graph["b"], (1, 2))).splitlines() == [
        "∂L/∂b[1,2] = ∑ i  ∂L/∂out[i,2] · ∂out[i,2]/∂b[1,2]",
        "           = (-1.5) · 1 + 0.5 · 0.25 = -1.375",
    ]


def test_a_bias_that_was_broadcast_far_counts_what_is_not_listed() -> None:
    graph = applied("add", (4, 5), ())
    trace = record(graph, Bindings.of(graph, {"a": np.ones((4, 5)), "b": 1.0}, 0.5))
    assert plain(origin_lines(trace, graph["b"], (), most=2)).splitlines() == [
        "∂L/∂b = ∑ i j  ∂L/∂out[i,j] · ∂out[i,j]/∂b",
        "      = 0.5 · 1 + 0.5 · 1 + … (18 more: 9) = 10",
    ]


def test_a_single_term_has_no_sum() -> None:
    graph = applied("square", (2,))
    trace = record(graph, Bindings.of(graph, {"a": [3.0, 4.0]}, 1.0))
    first, second = plain(origin_lines(trace, graph["a"], (1,))).splitlines()
    assert first == "∂L/∂a[1] = ∂L/∂out[1] · ∂out[1]/∂a[1]"
    assert second.strip() == "= 1 · 8 = 8"


def test_a_value_used_twice_has_two_sums() -> None:
    graph = Sketch().inputs(x=())(f="mul x x").build()
    trace = record(graph, Bindings.of(graph, {"x": 3.0}))
    assert len(origin_lines(trace, graph["x"], ())) == 4


def test_nothing_comes_from_nowhere() -> None:
    graph = applied("sum", (2, 0), axis=0)
    trace = record(graph, Bindings.of(graph, {"a": np.zeros((2, 0))}, 1.0))
    assert origin_lines(trace, graph["out"], ()) == []


@pytest.mark.parametrize(("op", "sample"), CASES, ids=IDS)
def test_every_operator_can_be_asked(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    for edge in trace.graph.edges:
        operand = trace.graph.nodes[edge.operand]
        if 0 not in operand.shape:
            cell = tuple(size - 1 for size in operand.shape)
            lines = origin_lines(trace, operand, cell)
            assert plain(lines).count("\n") == 1
