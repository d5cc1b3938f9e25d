"""Single entries of Jacobians: all of them together are the Jacobian that the rule multiplies with."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

from backprop_engine.arrays import sum_axes
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import OPS, Elementwise, Op, Sample
from backprop_engine.trace.trace import Trace
from graphs import assert_close, each_sample, largest, some_edge, trace_of


def _by_unit_upstreams(trace: Trace, edge: Edge) -> Any:
    """The Jacobian of shape out + operand, row by row from the vector-Jacobian product."""
    node = trace.graph["out"]
    operands = [trace.operand_values[one] for one in node.operands]
    shape = trace.graph.nodes[edge.operand].shape
    jacobian = np.zeros((prod(node.shape), *shape))
    for row, unit in enumerate(np.eye(prod(node.shape))):
        upstream = unit.reshape(node.shape)[()]
        result = np.asarray(edge.rule.vjp(upstream, trace.outs[-1], *operands, **node.attributes))  # type: ignore[union-attr]
        jacobian[row] = sum_axes(result, edge.summed, shape)
    return jacobian.reshape((*node.shape, *shape))


def _by_entries(trace: Trace, edge: Edge) -> Any:
    """The Jacobian from its entries: all entries of the output against all of the operand."""
    node = trace.graph["out"]
    operands = [trace.operand_values[one] for one in node.operands]
    out, operand = node.shape, trace.graph.nodes[edge.operand].shape
    grid = np.ogrid[tuple(slice(size) for size in (*out, *operand))] if out or operand else ()
    i, j = tuple(grid[: len(out)]), tuple(grid[len(out) :])
    found = edge.rule.entries(i, j, trace.outs[-1], *operands, **node.attributes)  # type: ignore[union-attr,misc]
    return np.broadcast_to(found, (*out, *operand))


def _has_entries(edge: Edge) -> bool:
    return not isinstance(edge.rule, Elementwise)


@pytest.mark.every_case
@each_sample(some_edge(_has_entries))
def test_entries_are_the_jacobian(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    for edge in filter(_has_entries, trace.graph.edges):
        assert edge.rule.entries is not None
        with np.errstate(all="ignore"):
            wanted = _by_unit_upstreams(trace, edge)
            assert_close(_by_entries(trace, edge), wanted, scale=largest(wanted, 1.0))
            _assert_single_entries(trace, edge, wanted)


def _assert_single_entries(trace: Trace, edge: Edge, wanted: Any) -> None:
    """Entries asked for one by one, and as lists of entries."""
    node, operand = trace.graph["out"], trace.graph.nodes[edge.operand]
    if wanted.size == 0:
        return
    operands = [trace.operand_values[one] for one in node.operands]
    chosen = np.random.default_rng(3).integers(0, wanted.size, 5)
    every = np.unravel_index(chosen, wanted.shape) if wanted.shape else ()
    entries: Any = edge.rule.entries  # type: ignore[union-attr]

    def at(i: Any, j: Any) -> Any:
        return entries(i, j, trace.outs[-1], *operands, **node.attributes)

    split = len(node.shape)
    found = np.broadcast_to(at(every[:split], every[split:]), chosen.shape if wanted.shape else ())
    assert_close(found, wanted[every], scale=largest(wanted, 1.0))
    one = tuple(int(axis[0]) for axis in every)
    assert_close(
        np.float64(at(one[:split], one[split:])), np.float64(wanted[one]), scale=largest(wanted, 1.0)
    )
    assert operand.shape == wanted.shape[split:]


@pytest.mark.parametrize("mask", [(), (1,), (2, 1), (2, 2, 1), (3,), (2, 3)])
def test_a_number_that_is_added_to_a_whole_row_of_scores_changes_nothing(mask: tuple[int, ...]) -> None:
    sample = Sample(((2, 2, 4), (2, 3, 4), (2, 3, 5), mask), {"additive": True})
    trace = trace_of(OPS["scaled_dot_product_attention"], sample)
    (edge,) = (edge for edge in trace.graph.edges if edge.argnum == 3)
    found = _by_entries(trace, edge)
    assert_close(sum_axes(found, (), found.shape), _by_unit_upstreams(trace, edge), scale=1.0)
    assert bool(np.any(found)) is (mask[-1:] == (3,))
