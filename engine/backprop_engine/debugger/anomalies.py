"""Anomalies of a run, such as a first NaN or a saturated unit: where each arises, what it means, what to do.

Each one finds positions in a trace, for a breakpoint or a search to stop at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, figures_of, is_stored
from backprop_engine.derived import derived
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import Message, msg
from backprop_engine.trace.lazy_tensors import figures_at
from backprop_engine.trace.trace import Trace

__all__ = ["ANOMALIES", "ARISING", "BroughtIn", "brought_in"]

Finder = Callable[[Trace, Trace | None, float], Iterator[int]]

SATURATED: Final = 0.01
"""An activation whose slopes are all below this lets almost no gradient through."""


class Anomaly(Struct, frozen=True, eq=False):
    """A kind of anomaly: its name as it is typed, what a hit means, and where it arises.

    `find` gives positions from a trace, the trace of the previous iteration (or None), and the bound typed
    after the name, if there is one.
    """

    name: str
    meaning: Message
    advice: Message
    find: Finder
    bound: bool = False


_Test = Callable[[Any], Any]
"""A test of every entry, such as `np.isnan`."""


def _any(test: _Test, tensors: Sequence[Tensor | None]) -> list[bool]:
    """For each tensor, whether `test` holds for any entry; scalars are tested all at once.

    Of a tensor that was measured, the figures tell whether it has NaN or infinities; where it is not stored,
    its norm stands for its entries.
    """
    found = [False] * len(tensors)
    counted = test in (np.isnan, np.isinf)
    numbers: dict[int, Tensor] = {}
    for index in range(len(tensors)):
        figures = figures_at(tensors, index) if counted else None
        if figures is not None:
            found[index] = bool(figures.nan if test is np.isnan else figures.inf)
            continue
        tensor = tensors[index]
        if tensor is None:
            continue
        if tensor.ndim == 0 and is_stored(tensor):
            numbers[index] = tensor
        else:
            entries = tensor if is_stored(tensor) else _instead(tensor)
            found[index] = bool(np.any(test(np.asarray(entries, dtype=np.float64))))
    failing = test(np.array(list(numbers.values()), dtype=np.float64))
    for index, fails in zip(numbers, failing.tolist(), strict=True):
        found[index] = fails
    return found


def _instead(tensor: Tensor) -> list[float]:
    """The numbers that stand for the entries of a tensor that are not stored."""
    figures = figures_of(tensor)
    if figures is None:
        return []
    known = [] if figures.norm is None else [figures.norm]
    return [*known, *[math.nan] * bool(figures.nan), *[math.inf] * bool(figures.inf)]


class BroughtIn(NamedTuple):
    """A leaf that holds NaN from the start, and the position after the first step that uses it."""

    leaf: Node
    position: int


@derived(limit=8)
def brought_in(trace: Trace, before: Trace | None) -> tuple[BroughtIn, ...]:
    """The leaves that hold NaN, and did not in the iteration `before`, nor after its update."""
    graph = trace.graph
    given = [
        leaf for leaf, is_bad in zip(graph.leaves, _hold_nan(trace, trace.values), strict=True) if is_bad
    ]
    if given and before is not None:
        updated = [before.updated.get(leaf.position) for leaf in graph.leaves]
        had = zip(graph.leaves, _hold_nan(before, before.values), _any(np.isnan, updated), strict=True)
        earlier = {leaf.position for leaf, valued, after in had if valued or after}
        given = [leaf for leaf in given if leaf.position not in earlier]
    first = ((leaf, _first_use(trace, leaf)) for leaf in given)
    return tuple(BroughtIn(leaf, position) for leaf, position in first if position is not None)


def _first_use(trace: Trace, leaf: Node) -> int | None:
    """The position after the first step that uses a leaf."""
    nodes, order = trace.graph.nodes, trace.schedule.order
    return next((at - order.start + 1 for at in order if leaf.position in nodes[at].operands), None)


def _hold_nan(trace: Trace, values: Sequence[Tensor]) -> list[bool]:
    """For each leaf, whether it holds NaN; no entries are read where figures tell."""
    known = [(leaf.position, figures_at(values, leaf.position)) for leaf in trace.graph.leaves]
    return [
        bool(figures.nan) if figures is not None else _any(np.isnan, [values[at]])[0] for at, figures in known
    ]


def _first_nan(trace: Trace, before: Trace | None, bound: float) -> Iterator[int]:
    """Where NaN arises, and where a leaf that holds NaN is first used."""
    yield from (given.position for given in brought_in(trace, before))
    yield from ARISING["first nan"](trace, before, bound)


def _arising(test: _Test) -> Finder:
    """Where numbers that meet `test` arise from numbers that do not."""

    def find(trace: Trace, before: Trace | None, bound: float) -> Iterator[int]:
        graph, schedule = trace.graph, trace.schedule
        bad, worse = _any(test, trace.operand_values), _any(test, trace.gradients)
        known = [  # to the rules of each node
            is_bad or any(bad[operand] for operand in node.operands)
            for is_bad, node in zip(bad, graph.nodes, strict=True)
        ]
        for node in schedule.order:
            if bad[node] and not any(bad[operand] for operand in graph.nodes[node].operands):
                yield node - schedule.order.start + 1
        if worse[schedule.output] and not np.any(test(trace.bindings.seed)):  # overridden
            yield schedule.seed
        products, arrived = _any(test, trace.contributions), _any(test, trace.arrived)
        for edge in schedule.edges:
            index = edge.index
            if products[index]:
                if not (worse[edge.node] or known[edge.node]):
                    yield schedule.starts[index]
            elif arrived[index]:  # by adding, or by an override
                count, _ = schedule.turn(edge)
                if count == 1 or not arrived[schedule.uses_of[edge.operand][count - 2]]:
                    yield schedule.arrival(index)
        updated = dict(zip(trace.updated, _any(test, list(trace.updated.values())), strict=True))
        for node, position in schedule.update_positions.items():
            if updated[node] and not (bad[node] or worse[node]):
                yield position

    return find


ARISING: Final[Mapping[str, Finder]] = {
    "first infinity": _arising(np.isinf),
    "first nan": _arising(np.isnan),
}
"""Where numbers that are not finite are computed from numbers that are."""


def _completed(trace: Trace) -> list[tuple[int, int]]:
    """(position, node) for each completed gradient."""
    schedule = trace.schedule
    if schedule.forward_only:
        return []
    found = [(schedule.seed, schedule.output)]
    return found + [(schedule.arrival(uses[-1]), node) for node, uses in schedule.uses_of.items()]


def _where(trace: Trace, fails: _Test, *, every: bool) -> Iterator[int]:
    """Where no entry of a completed gradient `fails` or, unless `every` entry counts, where any does."""
    completed = _completed(trace)
    gradients = [trace.gradients[node] for _, node in completed]
    for (at, _), gradient, failing in zip(completed, gradients, _any(fails, gradients), strict=True):
        if failing != every and gradient is not None and gradient.size:
            yield at


def _zero(trace: Trace, before: Trace | None, bound: float) -> Iterator[int]:
    return _where(trace, lambda g: g != 0, every=True)


def _below(trace: Trace, before: Trace | None, bound: float) -> Iterator[int]:
    return _where(trace, lambda g: ~(np.abs(g) < bound), every=True)


def _above(trace: Trace, before: Trace | None, bound: float) -> Iterator[int]:
    return _where(trace, lambda g: np.abs(g) > bound, every=False)


def _saturated(trace: Trace, before: Trace | None, bound: float) -> Iterator[int]:
    for edge in trace.schedule.edges:
        node = trace.graph.nodes[edge.node]
        if node.op is None or node.op.tails != "saturating":
            continue
        slopes = LocalFacts(trace, edge).multiplier
        if slopes is not None and slopes.size and float(np.max(np.abs(slopes))) < SATURATED:
            yield trace.schedule.starts[edge.index]


def _dead(trace: Trace, before: Trace | None, bound: float) -> Iterator[int]:
    """A relu whose output is zero: altogether, or for a feature in every row of a batch."""
    for node in trace.schedule.order:
        relu = trace.graph.nodes[node]
        if relu.op is not None and relu.op.tails == "dead":
            value = trace.values[node]
            if value.size and not np.all(np.any(value, axis=0) if value.ndim > 1 else np.any(value)):
                yield node - trace.schedule.order.start + 1


def _turned(trace: Trace, before: Trace | None, bound: float) -> Iterator[int]:
    if before is None:
        return
    for at, node in _completed(trace):
        gradient, earlier = trace.gradients[node], before.gradients[node]
        if gradient is None or earlier is None:
            continue
        if bool(np.any(np.sign(gradient) * np.sign(earlier) < 0)):
            yield at


def _unchanged(trace: Trace, before: Trace | None, bound: float) -> Iterator[int]:
    for node, at in trace.schedule.update_positions.items():
        if np.array_equal(trace.updated[node], trace.values[node], equal_nan=True):
            yield at


ANOMALIES: Final[Mapping[str, Anomaly]] = {
    anomaly.name: anomaly
    for anomaly in (
        Anomaly(
            "first infinity",
            msg("An infinity arises here, from finite numbers."),
            msg(
                "Look at the divisor, or at the operand of a logarithm or an exponential: subtract "
                "the maximum, add a small eps, or use the fused operator."
            ),
            ARISING["first infinity"],
        ),
        Anomaly(
            "first nan",
            msg("A NaN arises here."),
            msg(
                "NaN comes from 0 · inf, inf − inf (as in softmax over a completely masked row), "
                "0 / 0, or the root or logarithm of a negative number. A `where` after it hides "
                "the value but not the gradient: guard the operand before the operator."
            ),
            _first_nan,
        ),
        Anomaly(
            "zero gradient",
            msg("This gradient is zero in every entry."),
            msg(
                "Nothing can be learned from it. Look upstream for a dead ReLU, a saturated activation, "
                "a max that another operand won, or a detach."
            ),
            _zero,
        ),
        Anomaly(
            "below",
            msg("Every entry of this gradient is below the bound."),
            msg(
                "A product of many small slopes makes gradients vanish. Try other activations, other "
                "initial weights, normalisation, or a path around (a residual connection, a gate)."
            ),
            _below,
            bound=True,
        ),
        Anomaly(
            "above",
            msg("An entry of this gradient is above the bound."),
            msg(
                "A product of many large slopes makes gradients explode. Try smaller initial weights, a "
                "smaller learning rate, or clipping the gradient's norm."
            ),
            _above,
            bound=True,
        ),
        Anomaly(
            "saturation",
            msg("Every slope of this activation is below {saturated:g}.", saturated=SATURATED),
            msg(
                "Its operand is far out on the flat part. Try smaller weights or inputs, normalisation, "
                "or a loss that cancels the slope, as cross-entropy does for a sigmoid."
            ),
            _saturated,
        ),
        Anomaly(
            "dead relu",
            msg("A unit of this ReLU gives 0 for everything."),
            msg(
                "Its weights get no gradient, so it stays inactive unless its inputs change. Try a smaller "
                "learning rate, a positive initial bias, or a leaky ReLU."
            ),
            _dead,
        ),
        Anomaly(
            "sign change",
            msg("This gradient points in the opposite direction to the one in the previous iteration."),
            msg("The update jumped over a minimum. If this keeps happening, the learning rate is too large."),
            _turned,
        ),
        Anomaly(
            "no update",
            msg("The update did not change this parameter."),
            msg("Its gradient is 0, or so small that it is lost in rounding: find out where it vanishes."),
            _unchanged,
        ),
    )
}
