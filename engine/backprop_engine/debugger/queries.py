"""Questions about a run: what contributed to a gradient, along which paths, what a nudge would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Measured, Tensor, same
from backprop_engine.debugger.breakpoints import hits, parse_breakpoint
from backprop_engine.derivatives.local_gradients import is_computable
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.graph.steps import Edge
from backprop_engine.messages.message import msg
from backprop_engine.scenario.leaves.assignment import with_leaf
from backprop_engine.trace.plans import contribution
from backprop_engine.trace.record import run_forward
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace, ValueEdit

__all__ = [
    "Difference",
    "Nudge",
    "Path",
    "compare",
    "contributions",
    "differing_steps",
    "first_difference",
    "nudge",
    "paths",
    "search",
]


class Contribution(NamedTuple):
    """The contribution of an edge to a gradient, and the position at which it counts."""

    position: int
    edge: Edge
    tensor: Tensor


def contributions(trace: Trace, node: Node) -> tuple[Contribution, ...]:
    """Every contribution to the gradient of `node`, in order."""
    schedule = trace.schedule
    return tuple(
        Contribution(schedule.arrival(index), schedule.edges[index], trace.contributions[index])
        for index in schedule.uses_of.get(node.position, ())
    )


class Path(Struct, frozen=True, eq=False):
    """A path from the output to a node: its nodes, and the edges between them.

    `product` is what it contributes: the seed, passed on by the rule of each edge. Between scalars that is
    the seed times the product of the local gradients.
    """

    nodes: tuple[int, ...]
    edges: tuple[Edge, ...]
    product: Tensor


class Paths(Struct, frozen=True, eq=False):
    """The paths from the output to a node; `total` counts all of them, listed or not.

    There are none if no backward pass runs. If all are listed, `sum` is the sum of their contributions: the
    gradient.
    """

    paths: tuple[Path, ...]
    total: int
    sum: Tensor | None

    @property
    def complete(self) -> bool:
        """Whether all are listed."""
        return len(self.paths) == self.total


_MOST_EDGES: Final = 20_000
"""The most edges that the listed paths have together; the first path is always listed."""


def paths(trace: Trace, node: Node, most: int = 50) -> Paths:
    """Where the gradient of `node` comes from: the first paths from the output, and the count of all."""
    if trace.schedule.forward_only:
        return Paths((), 0, None)
    counts = _counts(trace, node.position)
    listed: list[Path] = []
    room = _MOST_EDGES
    for edges in _paths_to(trace, node.position, counts):
        room -= len(edges)
        if len(listed) == most or (listed and room < 0):
            break
        nodes = (trace.graph.output, *(edge.operand for edge in edges))
        listed.append(Path(nodes, edges, _along(trace, edges)))
    total = counts[trace.graph.output]
    products = [path.product for path in listed]
    known = len(products) == total and total > 0
    return Paths(tuple(listed), total, sum(products[1:], products[0]) if known else None)


def _counts(trace: Trace, target: int) -> list[int]:
    """For each node, the number of paths from it down to `target`."""
    counts = [0] * len(trace.graph.nodes)
    counts[target] = 1
    for edge in reversed(trace.schedule.edges):  # operands' own edges come later in the backward pass
        if edge.node != target:
            counts[edge.node] += counts[edge.operand]
    return counts


class _PartialPath(NamedTuple):
    """A path so far: its last edge, and the path before that, which other paths share."""

    edge: Edge
    before: _PartialPath | None


def _paths_to(trace: Trace, target: int, counts: list[int]) -> Iterator[tuple[Edge, ...]]:
    """Every path from the output, in the order of operands; without recursion."""
    schedule, output = trace.schedule, trace.graph.output
    stack: list[tuple[int, _PartialPath | None]] = [(output, None)] if counts[output] else []
    while stack:
        at, path = stack.pop()
        if at == target:
            yield _edges(path)
            continue
        below = [schedule.edges[index] for index in schedule.edges_of.get(at, ())]
        leading = [edge for edge in below if counts[edge.operand]]
        stack += ((edge.operand, _PartialPath(edge, path)) for edge in reversed(leading))


def _edges(path: _PartialPath | None) -> tuple[Edge, ...]:
    """The edges of a path, from the output on."""
    edges = []
    while path is not None:
        edges.append(path.edge)
        path = path.before
    return tuple(reversed(edges))


def _along(trace: Trace, edges: tuple[Edge, ...]) -> Tensor:
    """What the seed contributes along a path, at its end."""
    upstream = trace.gradients[trace.graph.output]
    assert upstream is not None  # a path ends in a gradient
    with np.errstate(all="ignore"):
        alone = True
        for edge in edges:
            node = trace.graph.nodes[edge.node]
            alone = alone and len(trace.schedule.uses_of.get(edge.node, ())) <= 1
            operands = [trace.operand_values[operand] for operand in node.operands]
            if is_computable(node, (upstream, trace.outs[edge.node], *operands)):
                upstream = contribution(trace.graph, edge.index, upstream, trace.outs, trace.operand_values)
            elif alone:  # no other path came here, so that what was recorded is what came along this one
                upstream = trace.contributions[edge.index]
            else:
                shape = trace.graph.nodes[edge.operand].shape
                upstream = Measured.without_entries(shape, trace.graph.dtype, None)
    return upstream


class NudgedNode(Struct, frozen=True, eq=False):
    """A computed node that a nudge changes: its value before, with the larger entry, and with the smaller."""

    node: Node
    before: Tensor
    plus: Tensor
    minus: Tensor


class Nudge(Struct, frozen=True, eq=False):
    """What a small change of an entry of a leaf does to the output, compared with what its gradient predicts.

    `forward` has every computed node that it changes, in the order of computation.
    """

    before: float
    plus: float
    minus: float
    slope: float
    gradient: float
    forward: tuple[NudgedNode, ...] = ()

    @property
    def error(self) -> float:
        """The difference between slope and gradient, relative to the larger one."""
        largest = max(abs(self.slope), abs(self.gradient))
        return abs(self.slope - self.gradient) / largest if largest else 0.0


def nudge(run: Run, iteration: int, name: str, entry: tuple[int, ...], size: float) -> Nudge:
    """Change an entry of the leaf `name` by ±`size`, and run forward.

    The output is the seed-weighted sum of its entries. Raises `UsageError` if a nudge is impossible.
    """
    trace = run.trace(iteration)
    graph, node = trace.graph, trace.graph[name]
    if not node.is_leaf or not node.takes_gradient:
        raise UsageError(msg("{name} cannot be nudged: only inputs and parameters can", name=name))
    if len(entry) != len(node.shape) or any(
        not -length <= index < length for index, length in zip(entry, node.shape, strict=True)
    ):
        raise UsageError(
            msg(
                "{name} has no entry {entry}: its axes have sizes {axes}",
                name=name,
                entry=list(entry),
                axes=list(node.shape),
            )
        )
    if not 0 < size < inf:
        raise UsageError(msg("the size of a nudge must be positive"))
    if any(isinstance(edit, ValueEdit) for edit in trace.edits):
        raise UsageError(
            msg("a nudge is meaningless while a computed value is overridden, because the change stops there")
        )

    def forward(by: float) -> Sequence[Tensor]:
        value = np.array(trace.values[node.position], dtype=np.float64)
        value[entry] += by
        bindings = with_leaf(graph, trace.bindings.alone, name, value)
        with np.errstate(all="ignore"):
            return run_forward(graph, bindings, {})[0]

    runs = [forward(by) for by in (0.0, size, -size)]
    with np.errstate(all="ignore"):
        weighted = (values[graph.output] * trace.bindings.seed for values in runs)
        before, plus, minus = (float(np.sum(number, dtype=np.float64)) for number in weighted)
        slope = (plus - minus) / (2 * size)
    gradient = float(trace.gradient(name)[entry]) if not trace.schedule.forward_only else float("nan")
    nodes = (NudgedNode(graph.nodes[at], runs[0][at], runs[1][at], runs[2][at]) for at in graph.order)
    moved = (node for node in nodes if not (same(node.before, node.plus) and same(node.before, node.minus)))
    return Nudge(before, plus, minus, slope, gradient, tuple(moved))


# Two runs side by side


class Difference(Struct, frozen=True, eq=False):
    """A node whose value or gradient is not the same in two runs; None where a run has none."""

    node: Node
    values: tuple[Tensor, Tensor]
    gradients: tuple[Tensor | None, Tensor | None]


def compare(trace: Trace, other: Trace) -> tuple[Difference, ...]:
    """The nodes in which two runs of a graph differ, leaves first."""
    found = []
    for node in trace.graph.nodes:
        at = node.position
        values, gradients = (trace.values[at], other.values[at]), (trace.gradients[at], other.gradients[at])
        if node.kind is not Kind.LITERAL and not (same(*values) and same(*gradients)):
            found.append(Difference(node, values, gradients))
    return tuple(found)


def differing_steps(trace: Trace, other: Trace) -> Iterator[int]:
    """The positions of the steps at which two runs of a graph differ, in order; 0 if a leaf does."""
    schedule = trace.schedule
    leaves = (leaf.position for leaf in trace.graph.leaves)
    if not all(same(trace.values[leaf], other.values[leaf]) for leaf in leaves):
        yield 0
    for node in schedule.order:
        if not same(trace.values[node], other.values[node]):
            yield node - schedule.order.start + 1
    if schedule.forward_only:
        return
    if not same(trace.gradients[schedule.output], other.gradients[schedule.output]):
        yield schedule.seed
    for edge in schedule.edges:
        start, arrival = schedule.starts[edge.index], schedule.arrival(edge.index)
        brought = same(trace.contributions[edge.index], other.contributions[edge.index])
        summed = same(trace.arrived[edge.index], other.arrived[edge.index])
        if not brought or (arrival == start and not summed):
            yield start
        if arrival != start and not summed:
            yield arrival
    for node, position in schedule.update_positions.items():
        if not same(trace.updated[node], other.updated[node]):
            yield position


def first_difference(trace: Trace, other: Trace) -> int | None:
    """The position of the first step at which two runs of a graph differ; 0 if a leaf does."""
    return next(differing_steps(trace, other), None)


# Searching


class Found(NamedTuple):
    """What a search found: nodes by position, and positions of the run for a condition."""

    nodes: tuple[int, ...]
    positions: tuple[int, ...]


def search(graph: Graph, trace: Trace, text: str, before: Trace | None = None) -> Found:
    """Nodes whose name has `text` in it, or what `op NAME`, `group NAME`, an anomaly or `if …` means.

    `before` is the trace of the iteration before. Raises `UsageError` where it means nothing.
    """
    words = " ".join(text.split())
    if not words:
        raise UsageError(msg("search for part of a name, `op NAME`, `group NAME`, or `if …`"))
    part = words.casefold()
    nodes = tuple(node.position for node in graph.nodes if node.name and part in node.name.casefold())
    if nodes and " " not in words:
        return Found(nodes, ())
    return Found((), tuple(hits(parse_breakpoint(words, graph), trace, before).tolist()))
