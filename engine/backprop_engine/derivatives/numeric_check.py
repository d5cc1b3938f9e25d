"""Numeric checks of a run: the gradient of every leaf through the whole graph, and every edge by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from math import prod, sqrt
from typing import Any, Final

import numpy as np
from msgspec import structs

from backprop_engine.arrays import Tensor, is_stored
from backprop_engine.derivatives.gradient_check import (
    MOST_ENTRIES,
    SAMPLE,
    GradientCheck,
    Verdict,
    compare,
    entries_to_check,
    unfair_tie,
    unfair_together,
)
from backprop_engine.derivatives.local_gradients import is_computable
from backprop_engine.derivatives.misconceptions import UPSTREAM
from backprop_engine.derivatives.numeric_derivatives import Function, differences, unit
from backprop_engine.derived import derived
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.graph.steps import Edge
from backprop_engine.ops.rules import Elementwise
from backprop_engine.ops.shape_rules import broadcasts_to
from backprop_engine.trace.plans import forward_function
from backprop_engine.trace.record import run_forward
from backprop_engine.trace.trace import GradientEdit, Trace

__all__ = [
    "check_edge",
    "check_leaf",
    "check_some_entries",
    "check_trace",
    "forward_cost",
    "latest",
]

MOST_NUMBERS, SMALL_SAMPLE = 1_000_000, 3
"""In a run of more numbers than this, fewer entries are checked."""
MOST_IN_ALL = 10**8
"""Numbers that the checks of all gradients of a run may go through: some ten seconds. Where they would take
more, a random direction of each is checked, and entries of some.
"""
_RULE_ROUNDINGS: Final = 32
"""How many rounding errors may separate an entry of a recorded contribution from what an elementwise rule
gives; where terms of the slope cancel, errors of terms of size 1. PyTorch's GELU has the most, 17, since the
slope inside its tanh multiplies the error of what cancels around it.
"""
_HALF_ROUNDINGS: Final = 3
"""The same for half precision, in which only results are rounded, as operators compute in single precision:
the output that a slope is made of, of which it may have a power, and the contribution itself.
"""


def check_trace(trace: Trace) -> Iterator[GradientCheck]:
    """Check the gradient of every leaf through the whole graph, then every edge by itself.

    Where all that would take too long, a random direction of every gradient is checked first, and then as
    many entries as there is time for: each such check has the name of one before, and takes its place (see
    `latest`).
    """
    graph = trace.graph
    sample = SAMPLE if graph.numbers() <= MOST_NUMBERS else SMALL_SAMPLE
    if _work(graph, sample) <= MOST_IN_ALL:
        yield from _round(trace, MOST_ENTRIES, lambda work, entries: sample)
        return
    yield from _round(trace, 0, lambda work, entries: 0)
    left, gradients = MOST_IN_ALL, _gradients(graph)

    def affordable(work: int, entries: int) -> int:
        """A fair share of what is left, which cheap gradients leave to others."""
        nonlocal left, gradients
        count = min(left // max(1, gradients) // max(1, work) - 1, sample, entries)
        gradients -= 1
        if count <= 0:
            return -1
        left -= work * (count + 1)
        return count

    yield from _round(trace, 0, affordable)


def latest(checks: Sequence[GradientCheck]) -> list[GradientCheck]:
    """The most recent check of each gradient, in the order in which they were first checked."""
    return list({(check.name, check.edge): check for check in checks}.values())


def _gradients(graph: Graph) -> int:
    """How many gradients `check_trace` checks."""
    return len(graph.edges) + sum(leaf.takes_gradient for leaf in graph.leaves)


def _round(trace: Trace, most: int, sample: Callable[[int, int], int]) -> Iterator[GradientCheck]:
    """Check every gradient once; ``sample(work, entries)`` says how many entries of one, none where it is
    negative.
    """
    graph = trace.graph
    for leaf in graph.leaves:
        if leaf.takes_gradient:
            count = sample(_work_below(graph, leaf.position), prod(leaf.shape))
            if count >= 0:
                yield check_leaf(trace, leaf, most=max(most, count), sample=count)
    for edges in _edges_by_node(graph):
        work = forward_cost(graph, graph.nodes[edges[0].node])
        counts = [sample(work, prod(graph.nodes[edge.operand].shape)) for edge in edges]
        chosen = [(edge, count) for edge, count in zip(edges, counts, strict=True) if count >= 0]
        checks = [check_edge(trace, edge, most=max(most, count), sample=count) for edge, count in chosen]
        tied = _ties_between(trace, [edge for edge, _ in chosen], checks)
        yield from (
            structs.replace(check, edge=edge.index) for (edge, _), check in zip(chosen, tied, strict=True)
        )


@derived(limit=8)
def _work(graph: Graph, sample: int) -> int:
    """How many numbers it takes to check every gradient."""
    checks = [
        (_work_below(graph, leaf.position), prod(leaf.shape)) for leaf in graph.leaves if leaf.takes_gradient
    ]
    checks += [
        (forward_cost(graph, graph.nodes[edge.node]), prod(graph.nodes[edge.operand].shape))
        for edge in graph.edges
    ]
    return sum((entries_to_check(entries, work, sample=sample) + 1) * work for work, entries in checks)


@derived()
def _costs(graph: Graph) -> dict[int, int]:
    """How many numbers it takes to compute each node."""
    return {position: forward_cost(graph, graph.nodes[position]) for position in graph.order}


def directions_cost(graph: Graph) -> int:
    """How many numbers it takes to compute what depends on each leaf, as a check of one direction of each of
    their gradients does a few times.
    """
    return sum(_work_below(graph, leaf.position) for leaf in graph.leaves if leaf.takes_gradient)


def _work_below(graph: Graph, leaf: int) -> int:
    """How many numbers it takes to compute what depends on a leaf."""
    costs = _costs(graph)
    return sum(costs[position] for position in _dependants(graph, leaf))


def _edges_by_node(graph: Graph) -> Iterator[list[Edge]]:
    """For each node, the edges to its operands."""
    for _, edges in groupby(graph.edges, key=lambda edge: edge.node):
        yield list(edges)


def _ties_between(
    trace: Trace, edges: Sequence[Edge], checks: Sequence[GradientCheck]
) -> list[GradientCheck]:
    """The checks of a node's edges; operands at a kink are moved together too, since a tie between two of
    them may be given whole to both.
    """
    tied = [edge for edge, check in zip(edges, checks, strict=True) if check.verdict is Verdict.KINK]
    if len(tied) < 2:
        return list(checks)
    node = trace.graph.nodes[tied[0].node]
    upstream = trace.gradients[node.position]
    function = forward_function(node)
    operands = [_double(trace.operand_values[position]) for position in node.operands]
    moved = {edge.argnum for edge in tied}

    def moving(chosen: set[int]) -> Function:
        def function_of(t: Any) -> Any:
            given = [value + t if argnum in chosen else value for argnum, value in enumerate(operands)]
            return np.sum(upstream * function(*given))

        return function_of

    zero, one = np.array(0.0), np.array(1.0)
    with np.errstate(all="ignore"):
        alone = [differences(moving({argnum}), zero, one) for argnum in sorted(moved)]
        along = differences(moving(moved), zero, one)
        projected = float(sum(np.sum(trace.contributions[edge.index], dtype=np.float64) for edge in tied))
    shares = np.concatenate([np.ravel(trace.contributions[edge.index]) for edge in tied])
    eps = max(_eps(trace, edge.node, edge.operand) for edge in tied)
    if not unfair_together(along, alone, projected, shares, eps):
        return list(checks)
    last = tied[-1]
    return [
        unfair_tie(check, along, projected) if edge is last else check
        for edge, check in zip(edges, checks, strict=True)
    ]


def check_leaf(trace: Trace, leaf: Node, *, most: int = MOST_ENTRIES, sample: int = SAMPLE) -> GradientCheck:
    """Check the gradient of an input or a parameter through everything that depends on it.

    Above `most` entries, a random projection and `sample` entries are checked.
    """
    graph = trace.graph
    below = _dependants(graph, leaf.position)
    entries = int(np.size(trace.values[leaf.position]))
    if _overridden(trace, leaf.position, below):
        return GradientCheck(leaf.name, Verdict.NOT_APPLICABLE, "overridden", entries, 0)
    known = (_computable(trace, graph.nodes[position]) for position in below)
    if not is_stored(trace.gradient(leaf.name)) or not all(known):
        return GradientCheck(leaf.name, Verdict.NOT_APPLICABLE, "recorded", entries, 0)
    base = _double_values(trace)
    functions = [(graph.nodes[position], forward_function(graph.nodes[position])) for position in below]

    def output(value: Any) -> Any:
        changed = {leaf.position: value}
        for node, function in functions:
            changed[node.position] = function(*_operands(node, changed, base))
        return np.sum(trace.bindings.seed * changed.get(graph.output, base[graph.output]))

    cost = sum(forward_cost(graph, graph.nodes[position]) for position in below)
    analytic = all(node.op is not None and node.op.analytic for node, _ in functions)
    gradient = trace.gradient(leaf.name)
    x = base[leaf.position]
    check = compare(
        leaf.name,
        output,
        x,
        gradient,
        analytic=analytic,
        most=most,
        sample=sample,
        cost=cost,
        eps=_eps_through(trace, leaf, below),
    )
    if check.verdict is Verdict.DIFFERS and _at_kink(trace, below, most, sample):
        return structs.replace(check, verdict=Verdict.KINK)
    return check


def _at_kink(trace: Trace, below: list[int], most: int, sample: int) -> bool:
    """Whether an operator on the way is at a kink, and each by itself chose fairly.

    Several such choices together need not lie between the slopes of the whole, left and right.
    """
    verdicts: set[Verdict] = set()
    for node in below:
        edges = [trace.graph.edges[index] for index in trace.schedule.edges_of.get(node, ())]
        checks = _ties_between(
            trace, edges, [check_edge(trace, edge, most=most, sample=sample) for edge in edges]
        )
        verdicts.update(check.verdict for check in checks)
    return Verdict.KINK in verdicts and all(verdict.good for verdict in verdicts)


def check_edge(trace: Trace, edge: Edge, *, most: int = MOST_ENTRIES, sample: int = SAMPLE) -> GradientCheck:
    """Check one contribution: the upstream gradient held, the operand changed in this use of it alone.

    Above `most` entries of the operand, a random projection and `sample` entries are checked.
    """
    graph = trace.graph
    node = graph.nodes[edge.node]
    upstream = trace.gradients[edge.node]
    assert upstream is not None
    name = graph.edge_name(edge)
    if not _computable(trace, node) or not is_stored(trace.contributions[edge.index]):
        return GradientCheck(
            name, Verdict.NOT_APPLICABLE, "recorded", prod(graph.nodes[edge.operand].shape), 0
        )
    operands = [_double(trace.operand_values[position]) for position in node.operands]
    function = forward_function(node)

    stopped = _stopped(node)[edge.argnum]

    def projected(value: Any) -> Any:
        value = operands[edge.argnum] if stopped else value
        return np.sum(upstream * function(*operands[: edge.argnum], value, *operands[edge.argnum + 1 :]))

    assert node.op is not None
    gradient = trace.contributions[edge.index]
    largest = float(np.max(np.abs(upstream), initial=0.0))
    operand_value = operands[edge.argnum]
    return compare(
        name,
        projected,
        operand_value,
        gradient,
        analytic=node.op.analytic,
        upstream=largest,
        most=most,
        sample=sample,
        cost=forward_cost(graph, node),
        factors=lambda: _factors(trace, edge),
        sizes=node.shape,
        between=None if node.op.analytic or stopped else lambda entry: _bounds(trace, edge, operands, entry),
        eps=_eps(trace, edge.node, edge.operand),
    )


def _eps_through(trace: Trace, leaf: Node, below: Sequence[int]) -> float:
    """The rounding of a narrow type on the way through all of `below`; 0 in double precision.

    Each operator rounds by itself, so the sum grows with the root of their number.
    """
    own = float(np.finfo(trace.gradient(leaf.name).dtype).eps)
    coarsest = _eps(trace, leaf.position, *below)
    if trace.gradient(leaf.name).dtype == np.float64 and not coarsest:
        return 0.0
    return max(own, coarsest) * sqrt(max(1, len(below)))


def _eps(trace: Trace, *nodes: int) -> float:
    """The coarsest rounding of the types in which nodes were computed, where they are narrower than the
    graph's; else 0.
    """
    return max((trace.roundings.get(node, 0.0) for node in nodes), default=0.0)


def _bounds(trace: Trace, edge: Edge, operands: Sequence[Any], entry: int) -> tuple[float, float]:
    """The bounds of what a fair choice at each output by itself may give an entry of an operand.

    Several outputs at a kink, as windows that overlap, may choose differently: what they give together need
    not lie between the slopes of their sum.
    """
    function, x = forward_function(trace.graph.nodes[edge.node]), operands[edge.argnum]
    step = 1e-6 * max(1.0, float(abs(np.ravel(x)[entry])))

    def at(t: float) -> Any:
        moved = x + t * unit(np.shape(x), entry)
        return function(*operands[: edge.argnum], moved, *operands[edge.argnum + 1 :])

    middle = at(0.0)
    left, right = (trace.gradients[edge.node] * (at(t) - middle) / t for t in (-step, step))
    return float(np.sum(np.minimum(left, right))), float(np.sum(np.maximum(left, right)))


def check_some_entries(trace: Trace, edge: Edge, count: int) -> GradientCheck | None:
    """Check `count` entries of a contribution all of whose entries are what the operator's rule gives.

    The entries then vouch for the rule, and the rule for all the others. Where entries are not what it gives,
    as they need not be where they were recorded, the one that is farthest off is checked too, and the result
    is given only if it is wrong. None where only a check of the whole contribution can tell: also for
    operators whose entries depend on others, and where not all is stored.
    """
    graph, node = trace.graph, trace.graph.nodes[edge.node]
    upstream, gradient = trace.gradients[edge.node], trace.contributions[edge.index]
    if upstream is None or not (_computable(trace, node) and is_stored(gradient)):
        return None
    rule = edge.rule
    if not (isinstance(rule, Elementwise) and _computes_entries_alone(graph, edge)):
        return None
    given = [trace.operand_values[position] for position in node.operands]
    function, eps = forward_function(node), _eps(trace, edge.node, edge.operand)
    with np.errstate(all="ignore"):
        out = np.asarray(function(*given))
        excess = _excess(gradient, rule.of(out, *given, **node.attributes), upstream, eps)
    farthest = int(np.argmax(excess))
    follows_rule = bool(np.ravel(excess)[farthest] <= 0)
    chosen = _spread(prod(node.shape), count)
    some = np.unravel_index(chosen if follows_rule else np.union1d(chosen, farthest), node.shape)

    def at_some(tensor: Any) -> Any:
        return _double(np.asarray(np.broadcast_to(tensor, node.shape)[some]))

    operands, flowing = [at_some(value) for value in given], at_some(upstream)

    def projected(value: Any) -> Any:
        value = operands[edge.argnum] if _stopped(node)[edge.argnum] else value
        return np.sum(flowing * function(*operands[: edge.argnum], value, *operands[edge.argnum + 1 :]))

    with np.errstate(all="ignore"):
        again = np.asarray(function(*operands))
    close = max(1e-3, 4.0 * eps)
    if again.shape != flowing.shape or not np.allclose(again, at_some(out), close, 1e-6, equal_nan=True):
        return None  # an entry depends on others after all
    assert node.op is not None
    check = compare(
        graph.edge_name(edge),
        projected,
        operands[edge.argnum],
        np.asarray(np.asarray(gradient)[some]),
        analytic=node.op.analytic,
        upstream=float(np.max(np.abs(flowing), initial=0.0)),
        eps=eps,
    )
    if check.verdict.good and not follows_rule:
        return None
    entry = tuple(int(axis[check.entry[0]]) for axis in some) if check.entry else ()
    return structs.replace(check, entries=prod(node.shape), entry=entry, numeric=None, projected=False)


def _computes_entries_alone(graph: Graph, edge: Edge) -> bool:
    """Whether each entry of a node's output depends on the same entry of its operands alone, as far as rules
    tell: only operators of the table have elementwise ones.
    """
    node = graph.nodes[edge.node]
    shapes = [graph.nodes[position].shape for position in node.operands]
    return (
        graph.nodes[edge.operand].shape == node.shape
        and broadcasts_to(node.shape, *shapes)
        and all(rule is None or isinstance(rule, Elementwise) for rule in node.rules)
    )


def _excess(gradient: Tensor, slope: Any, upstream: Tensor, eps: float) -> Any:
    """How much farther each entry of a contribution is from ``upstream * slope`` than rounding explains; NaN
    where either is not finite. `eps` is that of a narrower type that it was recorded in, or 0.
    """
    expected, precision = upstream * slope, np.finfo(gradient.dtype)
    size = np.maximum(np.abs(expected), np.abs(upstream))
    roundings = _RULE_ROUNDINGS * float(precision.eps) + _HALF_ROUNDINGS * eps
    allowed = roundings * size + float(precision.tiny)
    return np.asarray(np.abs(gradient - expected) - allowed)


def _spread(size: int, count: int) -> Any:
    """Some numbers below `size`, the same always, and of no regular distance."""
    return np.unique(np.arange(1, count + 1) * 0.6180339887 % 1.0 * size).astype(np.int64)


def _computable(trace: Trace, node: Node) -> bool:
    """Whether a node can be computed here: what was recorded elsewhere need not be."""
    upstream = trace.gradients[node.position]
    operands = [trace.operand_values[operand] for operand in node.operands]
    return is_computable(node, operands if upstream is None else (upstream, *operands))


def forward_cost(graph: Graph, node: Node) -> int:
    """How many numbers it takes to compute a node."""
    shapes = [graph.nodes[operand].shape for operand in node.operands]
    touched = prod(node.shape) + sum(map(prod, shapes))
    work = node.op.work(*shapes, **node.attributes) if node.op is not None and node.op.work is not None else 0
    return touched + work


def _factors(trace: Trace, edge: Edge) -> dict[str, Any]:
    """What a rule may have forgotten, or used too often: what flows in, the operands, the output."""
    node = trace.graph.nodes[edge.node]
    assert node.op is not None
    names = node.op.names(len(node.operands))
    values = {name: trace.operand_values[operand] for name, operand in zip(names, node.operands, strict=True)}
    out = np.asarray(trace.outs[edge.node], dtype=np.float64)
    with np.errstate(all="ignore"):
        slopes = {"1 - out": 1 - out, "out * (1 - out)": out * (1 - out), "1 - out ** 2": 1 - out**2}
    return {UPSTREAM: trace.gradients[edge.node]} | values | {"out": out} | slopes


def _dependants(graph: Graph, leaf: int) -> list[int]:
    """The computed nodes through which the output changes with `leaf`, in the order of computing.

    That a rule is missing does not stop a change, so that the check finds out.
    """
    leads = _leading_to_output(graph)
    reached = {leaf}
    below = []
    for position in graph.order:
        node = graph.nodes[position]
        if leads[position] and any(
            operand in reached and not stopped
            for operand, stopped in zip(node.operands, _stopped(node), strict=True)
        ):
            reached.add(position)
            below.append(position)
    return below


@derived()
def _leading_to_output(graph: Graph) -> list[bool]:
    """Whether the output changes with each node."""
    leads = [False] * len(graph.nodes)
    leads[graph.output] = True
    for position in reversed(graph.order):
        if leads[position]:
            node = graph.nodes[position]
            for operand, stopped in zip(node.operands, _stopped(node), strict=True):
                leads[operand] = leads[operand] or not stopped
    return leads


def _stopped(node: Node) -> list[bool]:
    """For each operand, whether no gradient is meant to flow to it (`detach`, conditions)."""
    assert node.op is not None
    names = node.op.names(len(node.operands))
    return [node.op.stops_gradient(name, node.attributes) for name in names]


def _operands(node: Node, changed: dict[int, Any], base: list[Any]) -> list[Any]:
    """The operands with the change in them; it does not pass where no gradient is meant to."""
    return [
        base[operand] if stopped else changed.get(operand, base[operand])
        for operand, stopped in zip(node.operands, _stopped(node), strict=True)
    ]


def _overridden(trace: Trace, leaf: int, below: list[int]) -> bool:
    """Whether an edit lies between the leaf and the output, so that differences say something else."""
    edited = {trace.graph.position(edit.node): edit for edit in trace.edits}
    return any(position in edited for position in below) or isinstance(edited.get(leaf), GradientEdit)


def _double(tensor: Tensor) -> Any:
    return tensor.astype(np.float64) if tensor.dtype.kind == "f" else tensor


def _double_values(trace: Trace) -> list[Any]:
    """The values of all nodes in double precision: computed anew from the leaves if every operator can be
    computed here and nothing is overridden, otherwise those of the trace, converted.
    """
    graph = trace.graph
    known = (_computable(trace, graph.nodes[position]) for position in graph.order)
    if graph.dtype == np.float64 or trace.edits or not all(known):
        return [_double(value) for value in trace.operand_values]
    wide = replace(
        graph, dtype=np.dtype(np.float64), literals={k: _double(v) for k, v in graph.literals.items()}
    )
    leaves = {position: _double(value) for position, value in trace.bindings.leaves.items()}
    with np.errstate(all="ignore"):
        return list(run_forward(wide, Bindings(leaves, trace.bindings.seed), {})[1])
