"""Plans of both passes, made once for a graph, so that the loops of a recording look nothing up.

An entry of a plan is a plain tuple that begins with the position of its node: Python unpacks those faster
than named ones, and a loop over scalars hardly does more than that. A small plan is faster too, so what few
entries need is None in all others, or stands in an object of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from backprop_engine.arrays import Shape, Tensor, settle, sum_axes
from backprop_engine.derived import derived
from backprop_engine.graph.collector import without_collector
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import Elementwise, Linear
from backprop_engine.ops.rules import ONE, first_operand, second_operand

__all__ = [
    "BackwardEntry",
    "ForwardEntry",
    "backward_plan",
    "contribution",
    "contribution_of",
    "forward_function",
    "forward_plan",
    "product",
    "value_dtype",
]

_Function: TypeAlias = Callable[..., Any]

ForwardEntry: TypeAlias = tuple[int, _Function, int, int | None, tuple[int, ...] | None, np.dtype[Any]]
"""What it takes to compute a node: its position, its function, the first operand, the second of two, all of
them where there are more, and the type of the value.
"""


class WholeRule(NamedTuple):
    """How a contribution is computed that takes more than a product.

    `function` gives the local gradient if it `multiplies`, else the product; it is None where the former is
    1. `summed` are the axes that are left to sum, so that the result has the operand's `shape`.
    """

    function: _Function | None
    multiplies: bool
    operands: tuple[int, ...]
    summed: tuple[int, ...]
    shape: Shape

    def contribution(self, upstream: Any, out: Any, operands: Sequence[Any]) -> Any:
        """The upstream gradient times the local one, in the operand's shape."""
        found = upstream
        if self.function is not None:
            given = [operands[position] for position in self.operands]
            found = (
                upstream * self.function(out, *given)
                if self.multiplies
                else self.function(upstream, out, *given)
            )
        return sum_axes(found, self.summed, self.shape) if self.summed else found


BackwardEntry: TypeAlias = tuple[
    int, int, int | None, _Function | None, int, int | None, bool, WholeRule | None
]
"""What it takes to compute a contribution: the node, and the operand that it goes to; the operand whose value
is the local gradient, or else the function that gives it, or neither where it is 1; the first operand, the
second of two; whether contributions came before; the whole rule, where the fields before do not say it all.
"""


# Forward


@derived()
def forward_plan(graph: Graph) -> tuple[ForwardEntry, ...]:
    """The entries of the computed nodes, in the order of computation."""
    with without_collector():
        return tuple([_forward_entry(graph, node) for node in graph.nodes[graph.order.start :]])


def _forward_entry(graph: Graph, node: Node) -> ForwardEntry:
    function, operands, dtype = forward_function(node), node.operands, value_dtype(graph, node)
    count = len(operands)
    second = operands[1] if count == 2 else None
    every = operands if count > 2 else None
    return node.position, function, operands[0], second, every, dtype


def forward_function(node: Node) -> _Function:
    """The operator of a computed node, with its attributes bound."""
    assert node.op is not None
    return _with_settings(node.op.forward, node)


def value_dtype(graph: Graph, node: Node) -> np.dtype[Any]:
    """The type of a node's value: whole numbers for class indices, booleans for comparisons."""
    if node.position in graph.index_leaves:
        return np.dtype(np.int64)
    return np.dtype(np.bool_) if node.op is not None and node.op.boolean else graph.dtype


# Backward


@derived()
def backward_plan(graph: Graph) -> tuple[BackwardEntry, ...]:
    """The entries of the gradient edges, in their order."""
    reached: set[int] = set()
    entries: list[BackwardEntry] = []
    with without_collector():
        for edge in graph.edges:
            entries.append(_backward_entry(graph, edge, later=edge.operand in reached))
            if edge.shared:
                reached.add(edge.operand)
    return tuple(entries)


def _backward_entry(graph: Graph, edge: Edge, *, later: bool) -> BackwardEntry:
    node = graph.nodes[edge.node]
    operands, rule, whole = node.operands, edge.rule, None
    count = len(operands)
    factor: int | None = None
    function: _Function | None = None
    fault = graph.faults.get((edge.node, edge.argnum)) if graph.faults else None
    if count > 2 or edge.summed or fault is not None:
        whole = _whole_rule(graph, edge, faulty=True)
    elif isinstance(rule, Elementwise):
        if rule.of is first_operand:
            factor = operands[0]
        elif rule.of is second_operand:
            factor = operands[1]
        elif rule is not ONE:
            function = _with_settings(rule.of, node)
    else:
        whole = _whole_rule(graph, edge, faulty=True)
        if whole.multiplies:
            function, whole = whole.function, None
    second = operands[1] if count == 2 else None
    added = later and not (fault is not None and fault.overwrites)
    return edge.node, edge.operand, factor, function, operands[0], second, added, whole


def _whole_rule(graph: Graph, edge: Edge, *, faulty: bool) -> WholeRule:
    """The rule of an edge, or the mistake that is in its place where it may be `faulty`."""
    node, shape = graph.nodes[edge.node], graph.nodes[edge.operand].shape
    fault = graph.faults.get((edge.node, edge.argnum)) if faulty else None
    if fault is not None and fault.contribution is not None:
        return WholeRule(fault.contribution, False, node.operands, (), shape)
    function, multiplies, summed = _backward_function(node, edge, shape)
    return WholeRule(function, multiplies, node.operands, summed, shape)


def _backward_function(
    node: Node, edge: Edge, operand: Shape
) -> tuple[_Function | None, bool, tuple[int, ...]]:
    """The local gradient to multiply by, or the vector-Jacobian product; whether it is the former; and the
    axes of the result that are left to sum.

    Between scalars every rule is a number: what the rule gives for an upstream gradient of 1.
    """
    rule = edge.rule
    if rule is ONE:
        return None, True, edge.summed
    if isinstance(rule, Elementwise):
        return _with_settings(rule.of, node), True, edge.summed
    if edge.summed and isinstance(rule, Linear) and rule.collected is not None:
        return _with_settings(rule.collected, node), False, ()
    vjp = _with_settings(rule.vjp, node)
    if node.shape == () == operand:
        return partial(vjp, np.float64(1.0)), True, edge.summed
    return vjp, False, edge.summed


def _with_settings(function: _Function, node: Node) -> _Function:
    return partial(function, **node.attributes) if node.attributes else function


def product(graph: Graph, edge: Edge, upstream: Tensor, out: Tensor, operands: Sequence[Tensor]) -> Tensor:
    """Upstream times local gradient at `edge` by its rule, before any broadcast axis is summed."""
    rule = _whole_rule(graph, edge, faulty=False)
    if rule.summed != edge.summed and isinstance(edge.rule, Linear):
        found = _with_settings(edge.rule.vjp, graph.nodes[edge.node])(upstream, out, *operands)
        return settle(found, graph.dtype)
    if rule.function is None:
        return upstream
    if rule.multiplies:
        return settle(upstream * rule.function(out, *operands), graph.dtype)
    return settle(rule.function(upstream, out, *operands), graph.dtype)


def contribution(
    graph: Graph, index: int, upstream: Tensor, outs: Sequence[Tensor], operands: Sequence[Tensor]
) -> Tensor:
    """The contribution of the edge at `index`, in its operand's shape, as a whole run computes it."""
    return contribution_of(backward_plan(graph)[index], upstream, outs, operands, graph.dtype)


def contribution_of(
    entry: BackwardEntry,
    upstream: Tensor,
    outs: Sequence[Tensor],
    operands: Sequence[Tensor],
    dtype: np.dtype[Any],
) -> Tensor:
    """The same for an entry of the plan."""
    node, _, factor, function, first, second, _, rule = entry
    out: Any = upstream
    if rule is not None:
        out = rule.contribution(upstream, outs[node], operands)
    elif factor is not None:
        out = upstream * operands[factor]
    elif function is not None:
        given = (operands[first],) if second is None else (operands[first], operands[second])
        out = upstream * function(outs[node], *given)
    return settle(out, dtype)
