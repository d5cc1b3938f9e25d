"""Recording a run again after a change: only what depends on it is computed, all else is shared.

The result is what `record` would give, to the bit: the functions are the same, in the same order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from backprop_engine.arrays import settle
from backprop_engine.bindings import Bindings
from backprop_engine.recording import contribution, edits_by_position, forward_function, value_dtype
from backprop_engine.trace import Edit, Trace

__all__ = ["Recomputed", "recompute"]


class Recomputed(NamedTuple):
    """A trace after a change, and how many values and contributions were computed for it."""

    trace: Trace
    values: int
    contributions: int


def recompute(trace: Trace, bindings: Bindings, edits: Iterable[Edit] = ()) -> Recomputed:
    """The trace of the same graph on other `bindings` and with other `edits`."""
    edits = tuple(edits)
    with np.errstate(all="ignore"):
        again = _Again(trace, bindings, edits)
        again.forward()
        again.backward()
    made = Trace(
        graph=trace.graph,
        bindings=bindings,
        edits=edits,
        values=again.values,
        operand_values=again.operands,
        outs=again.outs,
        contributions=again.contributions,
        arrived=again.arrived,
        gradients=again.gradients,
    )
    return Recomputed(made, again.computed, again.multiplied)


class _Again:
    def __init__(self, trace: Trace, bindings: Bindings, edits: tuple[Edit, ...]) -> None:
        self.before, self.graph, self.bindings = trace, trace.graph, bindings
        self.value_edits, self.gradient_edits = edits_by_position(self.graph, edits)
        self.old_values, self.old_gradients = edits_by_position(self.graph, trace.edits)
        self.values: list[Any] = list(trace.values)
        self.operands: list[Any] = list(trace.operand_values)
        self.outs: list[Any] = list(trace.outs)
        self.contributions: list[Any] = list(trace.contributions)
        self.arrived: list[Any] = list(trace.arrived)
        self.gradients: list[Any] = list(trace.gradients)
        self.computed = self.multiplied = 0

    # Forward

    def forward(self) -> None:
        """Compute again each node that an operand of has changed, or whose override has."""
        graph = self.graph
        for leaf in graph.leaves:
            position = leaf.position
            value = self.value_edits.get(position, self.bindings.leaves[position])
            if not _same(value, self.values[position]):
                self.values[position] = self.operands[position] = self.outs[position] = value
        for position in graph.order:
            node = graph.nodes[position]
            before = self.before.operand_values
            changed = any(self.operands[one] is not before[one] for one in node.operands)
            overridden = self.value_edits.get(position), self.old_values.get(position)
            if not changed and _same_edit(*overridden):
                continue
            dtype = value_dtype(graph, node)
            out = self.outs[position]
            if changed:
                out = settle(forward_function(node)(*[self.operands[one] for one in node.operands]), dtype)
                self.computed += 1
                out = self.outs[position] if _same(out, self.outs[position]) else out
            value = overridden[0] if overridden[0] is not None else out
            self.outs[position] = out
            if not _same(value, self.values[position]):
                self.values[position] = value
                self.operands[position] = settle(value, graph.dtype)

    # Backward

    def backward(self) -> None:
        """Hand on again each gradient that has changed, or whose rule uses something that has."""
        graph, before = self.graph, self.before
        output = graph.output
        seed = self.gradient_edits.get(output, self.bindings.seed)
        if not _same(seed, self.gradients[output]):
            self.gradients[output] = seed
        uses_of = graph.schedule.uses_of
        last_use = {uses[-1]: node for node, uses in uses_of.items()}
        for edge in graph.edges:
            index, node = edge.index, graph.nodes[edge.node]
            upstream = self.gradients[edge.node]
            touched = (
                upstream is not before.gradients[edge.node]
                or self.outs[edge.node] is not before.outs[edge.node]
                or any(self.operands[one] is not before.operand_values[one] for one in node.operands)
            )
            if touched:
                out = contribution(graph, index, upstream, self.outs, self.operands)
                self.multiplied += 1
                if not _same(out, self.contributions[index]):
                    self.contributions[index] = out
            self.collect(edge.operand, index, uses_of[edge.operand])
            if index in last_use:
                self.complete(last_use[index], index)

    def collect(self, operand: int, index: int, uses: list[int]) -> None:
        """What has arrived at the operand with the contribution at `index`."""
        turn = bisect_left(uses, index)
        arrived = self.contributions[index]
        if turn:
            earlier = uses[turn - 1]
            unchanged = (
                arrived is self.before.contributions[index]
                and self.arrived[earlier] is self.before.arrived[earlier]
                and not (index == uses[-1] and self.old_gradients.get(operand) is not None)
            )
            if unchanged:
                return
            arrived = settle(self.arrived[earlier] + arrived, self.graph.dtype)
        if not _same(arrived, self.arrived[index]):
            self.arrived[index] = arrived

    def complete(self, node: int, index: int) -> None:
        """The node's gradient, once its last contribution has arrived."""
        override = self.gradient_edits.get(node)
        gradient = self.arrived[index] if override is None else override
        if override is not None and not _same(override, self.arrived[index]):
            self.arrived[index] = override
            gradient = override
        if not _same(gradient, self.gradients[node]):
            self.gradients[node] = gradient


def _same(one: Any, other: Any) -> bool:
    """Whether two tensors are the same to the bit."""
    if one is other:
        return True
    if other is None or one.dtype != other.dtype or one.shape != other.shape:
        return False
    return bool(one.tobytes() == other.tobytes())


def _same_edit(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return _same(one, other)
