"""Single entries of an edge's Jacobian: windows of it, and where an entry of a contribution came from.

The Jacobian of an edge is ∂out/∂operand, with a row for each entry of the output and a column for each entry
of the operand, in the order of memory. It is never computed whole: for a product of two 1000×1000 matrices it
has 10¹² entries, of which a screen shows a few hundred, and an entry of a gradient takes a thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor, settle, shape_text, sum_axes
from backprop_engine.derivatives.local_gradients import is_computable
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Edge
from backprop_engine.messages.message import msg
from backprop_engine.ops import Elementwise, Jacobian, Linear
from backprop_engine.trace.plans import product
from backprop_engine.trace.trace import Trace

__all__ = [
    "EntryIndex",
    "Origin",
    "Origins",
    "edge_origins",
    "origins_cost",
    "window",
]

EntryIndex: TypeAlias = tuple[int, ...]
_Indices: TypeAlias = tuple[Any, ...]
_At: TypeAlias = Callable[[_Indices, _Indices], Any]
"""∂out[i]/∂operand[j] for indices that broadcast with each other."""

MOST_BY_UNITS = 4096
"""The largest output, in entries, of a rule that gives only whole rows of its Jacobian, one by one."""
SLICE_SIZE = 2**17
"""How many entries of the output are processed together."""


class Origin(Struct, frozen=True):
    """A term of a gradient entry: upstream · factor = product; `entry` is the index of the upstream one."""

    entry: EntryIndex
    upstream: float
    factor: float
    product: float


class Origins(Struct, frozen=True, eq=False):
    """The terms whose products sum to `value`, the contribution along `edge` at index `entry`.

    `terms` are the first, in the upstream gradient's order; `rest` counts the others, which sum to
    `rest_sum`. Terms that are 0 whatever flows in are left out, unless all of them are.
    """

    edge: Edge
    entry: EntryIndex
    value: float
    terms: tuple[Origin, ...]
    rest: int
    rest_sum: float
    varying: tuple[bool, ...]
    """Along which axes the upstream indices of the terms differ."""

    @property
    def count(self) -> int:
        """How many terms there are in all."""
        return len(self.terms) + self.rest


def window(trace: Trace, edge: Edge, rows: Sequence[int], columns: Sequence[int]) -> Tensor:
    """The entries of the Jacobian of `edge` in `rows` and `columns`, and no others, as a matrix.

    Raises `UsageError` for a row or a column outside it, and where a rule gives only whole rows and the
    output is too large for that.
    """
    out, operand = (trace.graph.nodes[position].shape for position in (edge.node, edge.operand))
    height, width = prod(out), prod(operand)
    if (row := _first_outside(rows, height)) is not None:
        raise UsageError(
            msg("there is no row {number}: the Jacobian has {size} rows", number=row, size=height)
        )
    if (column := _first_outside(columns, width)) is not None:
        raise UsageError(
            msg("there is no column {number}: the Jacobian has {size} columns", number=column, size=width)
        )
    i, j = _unravelled(rows, out), _unravelled(columns, operand)
    size = (len(rows), len(columns))
    if 0 in size:
        return settle(np.zeros(size), trace.graph.dtype)
    with np.errstate(all="ignore"):
        found = _entries_of(trace, edge)(
            tuple(axis[:, np.newaxis] for axis in i), tuple(axis[np.newaxis, :] for axis in j)
        )
    return settle(np.array(np.broadcast_to(found, size)), trace.graph.dtype)


def origins_cost(trace: Trace, edge: Edge, entry: EntryIndex) -> int:
    """How many entries of the output `edge_origins` looks at."""
    return prod(_reach(trace, edge, entry)[1])


def edge_origins(
    trace: Trace, edge: Edge, entry: EntryIndex, most: int = 16, *, diagonal: Tensor | None = None
) -> Origins:
    """Where an entry of the contribution along `edge` came from; at most `most` terms are listed.

    `diagonal`, that of an elementwise operator's Jacobian in the output's shape, saves computing it again.
    Raises `UsageError` for an index outside the tensor, or as `window` does.
    """
    operand = trace.graph.nodes[edge.operand]
    _check_entry(operand, entry)
    upstream = trace.gradients[edge.node]
    assert upstream is not None
    terms: list[Origin] = []
    zeros: list[Origin] = []
    count, rest_sum = 0, 0.0
    lows, highs = [], []
    with np.errstate(all="ignore"):
        at = _entries_of(trace, edge, diagonal)
        for i in _candidates(trace, edge, entry):
            flowing, factor = side_by_side(upstream[i], at(i, entry))
            products = flowing * factor
            counts = (factor != 0) | (products != 0)  # 0 · inf is NaN, which counts
            if not zeros:
                zeros = _terms(i, flowing, factor, products, np.flatnonzero(~counts)[:1])
            found = np.flatnonzero(counts)
            listed = found[: max(0, most - len(terms))]
            terms += _terms(i, flowing, factor, products, listed)
            rest_sum += float(np.sum(products[found[len(listed) :]], dtype=np.float64))
            count += len(found)
            if len(found):
                lows.append([axis[found].min() for axis in i])
                highs.append([axis[found].max() for axis in i])
    value = float(trace.contributions[edge.index][entry])
    if not terms and not count:
        return Origins(edge, entry, value, tuple(zeros), 0, 0.0, (False,) * upstream.ndim)
    varying = tuple((np.max(highs, axis=0) > np.min(lows, axis=0)).tolist())
    return Origins(edge, entry, value, tuple(terms), count - len(terms), rest_sum, varying)


def _terms(i: _Indices, upstream: Any, factor: Any, products: Any, chosen: Any) -> list[Origin]:
    """The terms at the `chosen` places."""
    places = zip(*(axis[chosen].tolist() for axis in i), strict=True) if i else ((),) * len(chosen)
    numbers = (column[chosen].tolist() for column in (upstream, factor, products))
    return [Origin(entry, *each) for entry, *each in zip(places, *numbers, strict=True)]


def side_by_side(upstream: Any, factor: Any) -> tuple[Any, Any]:
    """Both as vectors of the same length; a scalar has no axis of its own."""
    wide = np.broadcast_shapes(np.shape(upstream), np.shape(factor), (1,))
    return np.broadcast_to(upstream, wide), np.broadcast_to(np.asarray(factor, dtype=np.float64), wide)


def _candidates(trace: Trace, edge: Edge, entry: EntryIndex) -> Iterator[_Indices]:
    """The output's entries that may depend on the operand's `entry`, in order, a slice at a time."""
    fixed, sizes = _reach(trace, edge, entry)
    for start in range(0, prod(sizes), SLICE_SIZE):
        places = np.arange(start, min(start + SLICE_SIZE, prod(sizes)))
        apart = np.unravel_index(places, sizes) if sizes else ()
        yield tuple(axis + first for axis, first in zip(apart, fixed, strict=True))


def _reach(trace: Trace, edge: Edge, entry: EntryIndex) -> tuple[EntryIndex, Shape]:
    """The block of the output that may depend on the operand's `entry`: where it begins, and its shape.

    That is where an elementwise operator broadcasts it to, and one row or column of a product of matrices;
    with any other operator, every entry may.
    """
    shape = trace.graph.nodes[edge.node].shape
    fixed, sizes = [0] * len(shape), list(shape)
    ahead = len(shape) - len(entry)
    if isinstance(edge.rule, Elementwise):
        for axis in range(len(shape)):
            if axis not in edge.summed:
                fixed[axis], sizes[axis] = entry[axis - ahead] if axis >= ahead else 0, 1
    else:
        for axis in _row_or_column(edge.rule, shape, trace.graph.nodes[edge.operand].shape):
            fixed[axis], sizes[axis] = entry[axis], 1
    return tuple(fixed), tuple(sizes)


def _row_or_column(rule: Linear | Jacobian, out: Shape, operand: Shape) -> tuple[int, ...]:
    """The axis, counted from the end, along which a product of matrices has its operand's index; of any
    other rule none.
    """
    factor = rule.factor if isinstance(rule, Linear) else None
    if factor is None or factor.sign != "·" or not 2 <= len(operand) <= len(out):
        return ()
    axis = -1 if factor.before else -2
    return (axis,) if out[axis] == operand[axis] else ()


def _entries_of(trace: Trace, edge: Edge, known: Tensor | None = None) -> _At:
    """The entries of the Jacobian of `edge`, as a function of their indices."""
    node, operand = trace.graph.nodes[edge.node], trace.graph.nodes[edge.operand]
    out, operands = trace.outs[edge.node], [trace.operand_values[position] for position in node.operands]
    rule = edge.rule
    if not is_computable(node, (out, *operands)):
        raise UsageError(
            msg("{name} was recorded: the entries of its local gradient are not known here", name=node.name)
        )
    if isinstance(rule, Elementwise):
        found = rule.of(out, *operands, **node.attributes) if known is None else known
        diagonal = np.broadcast_to(found, node.shape)
        return lambda i, j: np.where(_reads(i, j, operand.shape), diagonal[i], 0.0)
    entries = rule.entries
    if entries is None:
        return _by_unit_upstreams(trace, edge, out, operands)
    return lambda i, j: entries(i, j, out, *operands, **node.attributes)


def _reads(i: _Indices, j: _Indices, operand: Shape) -> Any:
    """Whether the output's entries `i` depend on the operand's entries `j`, with NumPy's broadcasting."""
    met: Any = np.True_
    for left, other, size in zip(i[len(i) - len(j) :], j, operand, strict=True):
        met = met & ((left == other) if size != 1 else np.True_)
    return met


def _by_unit_upstreams(trace: Trace, edge: Edge, out: Tensor, operands: Sequence[Tensor]) -> _At:
    """Rows of the Jacobian from the rule itself, with a single 1 as the upstream gradient."""
    graph = trace.graph
    shape, columns = graph.nodes[edge.node].shape, graph.nodes[edge.operand].shape
    if prod(shape) > MOST_BY_UNITS:
        raise UsageError(
            msg(
                "the Jacobian of {name} ({shape}) has too many rows: its rule cannot compute single "
                "entries, and whole rows are computed for at most {most}",
                name=graph.nodes[edge.node].name,
                shape=shape_text(shape),
                most=MOST_BY_UNITS,
            )
        )

    def row(number: int) -> Any:
        unit = np.zeros(prod(shape), dtype=graph.dtype)
        unit[number] = 1.0
        made = product(graph, edge, unit.reshape(shape)[()], out, operands)
        return np.ravel(sum_axes(made, edge.summed, columns) if edge.summed else made)

    def at(i: _Indices, j: _Indices) -> Any:
        wide = np.broadcast_arrays(_flat(i, shape), _flat(j, columns))
        asked, which = np.unique(wide[0], return_inverse=True)
        found = np.empty(wide[0].shape)
        for place, number in enumerate(asked):
            here = which.reshape(found.shape) == place
            found[here] = row(int(number))[wide[1][here]]
        return found

    return at


def _flat(entries: _Indices, shape: Shape) -> Any:
    return np.asarray(np.ravel_multi_index(np.broadcast_arrays(*entries), shape)) if shape else np.asarray(0)


def _first_outside(places: Sequence[int], size: int) -> int | None:
    """The first of `places` that is not from 0 to `size` - 1."""
    numbers = np.asarray(places, dtype=np.intp)
    outside = numbers[(numbers < 0) | (numbers >= size)]
    return int(outside[0]) if outside.size else None


def _unravelled(places: Sequence[int], shape: Shape) -> _Indices:
    """The indices at `places` of a tensor of `shape`."""
    return np.unravel_index(np.asarray(places, dtype=np.intp), shape) if shape else ()


def _check_entry(node: Node, entry: EntryIndex) -> None:
    if len(entry) != len(node.shape) or any(
        not 0 <= index < size for index, size in zip(entry, node.shape, strict=False)
    ):
        raise UsageError(
            msg(
                "{name} is {shape} and has no entry {entry}",
                name=node.name,
                shape=shape_text(node.shape),
                entry=list(entry),
            )
        )
