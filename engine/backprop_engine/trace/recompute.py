"""Recording a run again after a change: only what depends on the change is computed, all else is shared.

The result is what `record` would give, to the bit: the functions are the same, in the same order. Both passes
follow the same plans and skip whatever no change has reached.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from backprop_engine.arrays import settle
from backprop_engine.graph.bindings import Bindings
from backprop_engine.trace.plans import backward_plan, contribution_of, forward_plan
from backprop_engine.trace.record import edits_by_position, record, reported
from backprop_engine.trace.trace import Edit, Trace

__all__ = ["recompute"]


class Recomputed(NamedTuple):
    """A trace after a change, and how many values and contributions were computed for it."""

    trace: Trace
    values: int
    contributions: int


def recompute(trace: Trace, bindings: Bindings, edits: Iterable[Edit] = ()) -> Recomputed:
    """The trace of the same graph on other `bindings` and with other `edits`."""
    edits = tuple(edits)
    with np.errstate(all="ignore"):
        recomputation = _Recomputation(trace, bindings, edits)
        if recomputation.reaches_all():  # nothing can be shared
            graph = trace.graph
            return Recomputed(record(graph, bindings, edits), len(graph.order), len(graph.edges))
        recomputation.forward()
        recomputation.backward()
    made = Trace(
        graph=trace.graph,
        bindings=bindings,
        edits=edits,
        values=recomputation.values,
        operand_values=recomputation.operands,
        outs=recomputation.outs,
        contributions=recomputation.contributions,
        arrived=recomputation.arrived,
        gradients=recomputation.gradients,
    )
    return Recomputed(made, recomputation.computed, recomputation.multiplied)


class _Recomputation:
    """The values and gradients of a trace after a change, computed where they may differ from before."""

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
        self.value_changed = [False] * len(self.graph.nodes)
        """Whether a node's value, as other nodes compute with it, differs from before."""
        self.output_changed = [False] * len(self.graph.nodes)
        """Whether what its operator gives differs, which its own rules use."""
        self.computed = self.multiplied = 0
        given = {leaf.position: self.bindings.leaves[leaf.position] for leaf in self.graph.leaves}
        given |= {node: value for node, value in self.value_edits.items() if node in given}
        self.leaves = {node: value for node, value in given.items() if not _same(value, self.values[node])}
        """The leaves whose value differs from before."""

    def reaches_all(self) -> bool:
        """Whether every computed node depends on a leaf that has changed, and nothing on an override."""
        if self.value_edits or self.old_values:
            return False
        reached = [node in self.leaves for node in range(len(self.graph.nodes))]
        for node in self.graph.nodes[self.graph.order.start :]:
            if not any(reached[operand] for operand in node.operands):
                return False
            reached[node.position] = True
        return True

    # Forward

    def forward(self) -> None:
        """Compute again each node whose override, or the value of one of its operands, has changed."""
        for position, value in self.leaves.items():
            self.values[position] = self.operands[position] = self.outs[position] = value
            self.value_changed[position] = self.output_changed[position] = True
        overridden = {
            node
            for node in (*self.value_edits, *self.old_values)
            if not _same_edit(self.value_edits.get(node), self.old_values.get(node))
        }
        value_changed, operands, scalar = self.value_changed, self.operands, self.graph.dtype.type
        for node, function, first, second, every, dtype in reported(forward_plan(self.graph)):
            if (
                value_changed[first]
                or (second is not None and value_changed[second])
                or (every is not None and any(value_changed[position] for position in every))
            ):
                if second is not None:
                    out = function(operands[first], operands[second])
                elif every is None:
                    out = function(operands[first])
                else:
                    out = function(*[operands[position] for position in every])
                self.computed += 1
                self.gave(node, out if type(out) is scalar else settle(out, dtype))
            elif node in overridden:
                self.gave(node, self.outs[node])

    def gave(self, node: int, out: Any) -> None:
        """Store `out` as what the operator of `node` gives, and as its value unless that is overridden."""
        if not _same(out, self.outs[node]):
            self.outs[node] = out
            self.output_changed[node] = True
        value: Any = self.value_edits.get(node, self.outs[node])
        if not _same(value, self.values[node]):
            self.values[node] = value
            self.operands[node] = (
                value if value.dtype == self.graph.dtype else settle(value, self.graph.dtype)
            )
            self.value_changed[node] = True

    # Backward

    def backward(self) -> None:
        """Compute again each contribution whose upstream gradient, or anything its rule uses, has changed."""
        graph, output = self.graph, self.graph.output
        seed = self.gradient_edits.get(output, self.bindings.seed)
        gradient_changed = [False] * len(graph.nodes)
        gradient_changed[output] = not _same(seed, self.gradients[output])
        uses_of, overridden = graph.schedule.uses_of, (*self.gradient_edits, *self.old_gradients)
        completions = {uses_of[node][-1]: node for node in overridden if node in uses_of}
        if not (
            gradient_changed[output] or completions or any(self.value_changed) or any(self.output_changed)
        ):
            return
        before, value_changed, output_changed = self.gradients, self.value_changed, self.output_changed
        gradients: list[Any] = [None] * len(graph.nodes)
        self.gradients = gradients
        gradients[output] = seed if gradient_changed[output] else before[output]
        contributions, arrived, dtype = self.contributions, self.arrived, graph.dtype
        plan = backward_plan(graph)
        for index, entry in enumerate(reported(plan)):
            node, operand, _, _, first, second, added, rule = entry
            fresh = False
            if (
                gradient_changed[node]
                or output_changed[node]
                or value_changed[first]
                or (second is not None and value_changed[second])
                or (rule is not None and any(value_changed[position] for position in rule.operands))
            ):
                out = contribution_of(entry, gradients[node], self.outs, self.operands, dtype)
                self.multiplied += 1
                fresh = not _same(out, contributions[index])
                if fresh:
                    contributions[index] = out
            total = contributions[index]
            if added and (fresh or gradient_changed[operand] or index in completions):
                total = settle(gradients[operand] + total, dtype)
                fresh = not _same(total, arrived[index])
            if index in completions:
                total = self.gradient_edits.get(operand, total)
                fresh = not _same(total, arrived[index])
            if fresh:
                arrived[index] = total
            gradient_changed[operand] = fresh
            gradients[operand] = arrived[index]


def _same(tensor: Any, other: Any) -> bool:
    """Whether two tensors of one type and shape are the same to the bit."""
    if tensor is other:
        return True
    if tensor.ndim == 0 and tensor != other and tensor == tensor:  # numbers, unless they are NaN or 0
        return False
    return bool(tensor.tobytes() == other.tobytes())


def _same_edit(edit: Any, other: Any) -> bool:
    if edit is None or other is None:
        return edit is other
    return _same(edit, other)
