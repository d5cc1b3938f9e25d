"""Every operator and every sample of the table against PyTorch: values, and a gradient for each operand."""

from __future__ import annotations

from typing import Any

import numpy as np
import opinion
import pytest
from graphs import CASES, IDS, bindings_of, graph_of, largest

from backprop_engine.bindings import Bindings
from backprop_engine.graph import Graph
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.recording import record

CLOSE = 1e-12
"""What a cell may differ by, as a part of the largest magnitude of its tensor or of what flowed into it."""


def compare(graph: Graph, bindings: Bindings) -> None:
    """Values and gradients of the node ``out`` and its operands, cell by cell; infinite ones must be equal."""
    trace, theirs = record(graph, bindings), opinion.run(graph, bindings)
    out = graph["out"]
    operands = [trace.operand_values[one] for one in out.operands]
    _assert_close(trace.value("out"), theirs.values[out.position], largest(*operands), "the value")
    for edge in graph.edges:
        wanted = theirs.gradients[edge.operand]
        wanted = np.zeros(graph.nodes[edge.operand].shape) if wanted is None else wanted
        name = graph.nodes[edge.operand].name
        _assert_close(trace.gradient(name), wanted, largest(bindings.seed), f"the gradient of {name}")
    reached = {edge.operand for edge in graph.edges}
    for one in set(out.operands) - reached:
        assert theirs.gradients[one] is None or not np.any(theirs.gradients[one]), graph.nodes[one]


def _assert_close(ours: Any, theirs: Any, scale: float, what: str) -> None:
    assert np.shape(ours) == np.shape(theirs), what
    scale = max(largest(theirs), scale) if np.all(np.isfinite(theirs)) else 0.0
    np.testing.assert_allclose(1.0 * ours, theirs, rtol=0.0, atol=CLOSE * scale, err_msg=what)


@pytest.mark.parametrize(("op", "sample"), CASES, ids=IDS)
def test_values_and_gradients(op: Op, sample: Sample) -> None:
    graph = graph_of(op, sample)
    compare(graph, bindings_of(graph, op, sample))
