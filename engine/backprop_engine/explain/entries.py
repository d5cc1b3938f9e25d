"""How one entry of a tensor was made: the entries of other tensors that went into it.

Of a product, the upstream gradient and the local one. The factor that an equation names has an entry for each
term of the sum: of Wᵀ a column, of a diagonal Jacobian the entry itself. Which, is found from the shapes and
then tried. Where an entry does not hold the number that its term was multiplied with, and where no factor is
named, the column of the Jacobian is in: ∂out with respect to one entry of the operand, in the output's
shape, of which no more is computed than is looked at.

Of a computed value, the entries of the operands that it reads. An elementwise operator tells them by
broadcasting, and any other by its Jacobian: what has no slope was not read, such as all that is not the
largest under a maximum.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from math import fsum, isclose, prod
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.derivatives.jacobian import EntryIndex, Origin, Origins, window
from backprop_engine.explain.local_facts import LocalFactor
from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import Elementwise, Linear
from backprop_engine.ops.rules import ONE
from backprop_engine.trace.trace import Trace

__all__ = ["FactorEntries", "Reading", "column_entries", "factor_entries", "read_terms", "readings"]

_ROUNDING = 1e-9
_MOST_READ = 2**16
"""The most entries of an operand that are searched for those that were read."""
_Match: TypeAlias = Callable[[EntryIndex, EntryIndex], EntryIndex | None]
"""The factor's entry for one of the output and one of the operand, if it can have one."""


class FactorEntries(Struct, frozen=True, eq=False):
    """A tensor, or None for the column of the Jacobian, and its entries in the order of the terms."""

    tensor: Tensor | None
    entries: tuple[EntryIndex, ...]


def factor_entries(factor: LocalFactor, origins: Origins) -> FactorEntries:
    """What a local gradient's `factor` shows of the terms of an entry of its product."""
    tensor = factor.tensor
    if tensor is not None:
        for match in _matches(factor, tensor.shape):
            entries = [match(term.entry, origins.entry) for term in origins.terms]
            found = tuple(entry for entry in entries if entry is not None)
            if len(found) == len(entries) and _hold(tensor, found, origins.terms):
                return FactorEntries(tensor, found)
    return FactorEntries(None, tuple(term.entry for term in origins.terms))


def column_entries(trace: Trace, edge: Edge, entry: EntryIndex, places: tuple[Any, ...]) -> Tensor:
    """∂out/∂operand for the entry of the operand at index `entry`, at some `places` of the output.

    The places are an array of indices for each axis, which broadcast with each other.

    Raises `UsageError` as `window` does.
    """
    nodes = trace.graph.nodes
    out, operand = nodes[edge.node].shape, nodes[edge.operand].shape
    rows = np.broadcast_arrays(*places) if places else [np.asarray(0)]
    flat = np.ravel_multi_index(tuple(rows), out) if out else rows[0]
    column = int(np.ravel_multi_index(entry, operand)) if operand else 0
    found: Any = window(trace, edge, np.ravel(flat).tolist(), [column])
    return np.reshape(found, np.shape(flat))


def _hold(tensor: Tensor, entries: tuple[EntryIndex, ...], terms: tuple[Origin, ...]) -> bool:
    """Whether each entry is there and holds its term's factor, but for rounding."""
    if any(
        len(entry) != tensor.ndim or any(at >= size for at, size in zip(entry, tensor.shape, strict=True))
        for entry in entries
    ):
        return False
    held = np.asarray([tensor[entry] for entry in entries], dtype=np.float64)
    wanted = np.asarray([term.factor for term in terms], dtype=np.float64)
    scale = float(np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted)))
    return np.allclose(held, wanted, rtol=_ROUNDING, atol=_ROUNDING * scale, equal_nan=True)


def _matches(factor: LocalFactor, shape: Shape) -> Iterator[_Match]:
    """Where a factor of `shape` may have the entry of a term, likeliest first."""
    if not shape:
        yield lambda out, operand: ()
        return
    if factor.written == "transpose":
        for axis in range(len(shape) - 1):
            yield lambda out, operand, axis=axis: _across(out, operand, axis)  # type: ignore[misc]
    elif factor.written == "formula" and factor.sign == "@":
        if factor.comes_first:
            yield lambda out, operand: _within((*out[:-2], _row(operand), _row(out)), shape)
        else:
            yield lambda out, operand: _within((*out[:-2], *out[-1:], *operand[-1:]), shape)
    yield lambda out, operand: _within(operand, shape)
    yield lambda out, operand: _within(out, shape)


def _row(entry: EntryIndex) -> int:
    """The index of a matrix's row, or of a vector that is upright; 0 where there is no axis."""
    return entry[-2:][0] if entry else 0


def _across(out: EntryIndex, operand: EntryIndex, axis: int) -> EntryIndex | None:
    """An entry of stacked Jacobians along an axis, transposed: the stack's, the operand's, the output's."""
    if len(out) != len(operand) or axis >= len(out):
        return None
    return (*out[:axis], *out[axis + 1 :], operand[axis], out[axis])


def _within(entry: EntryIndex, shape: Shape) -> EntryIndex | None:
    """An entry that a tensor of `shape` was broadcast to; None where it has more axes."""
    if len(entry) < len(shape):
        return None if prod(shape[: len(shape) - len(entry)]) != 1 else _within((0, *entry), shape)
    last = entry[len(entry) - len(shape) :]
    return tuple(0 if size == 1 else at for at, size in zip(last, shape, strict=True))


class Reading(Struct, frozen=True, eq=False):
    """The entries that one of the output reads of its `argnum`-th operand, each with its slope.

    Those of an elementwise operator have none.
    """

    argnum: int
    entries: tuple[EntryIndex, ...]
    slopes: tuple[float, ...] = ()


def readings(trace: Trace, node: Node, entry: EntryIndex) -> tuple[Reading, ...]:
    """What the entry of `node`'s value at index `entry` reads of each operand where that can be told.

    Nothing where another value replaces the one that the operator gave.
    """
    if node.op is None or trace.values[node.position] is not trace.outs[node.position]:
        return ()
    elementwise = any(isinstance(rule, Elementwise) for rule in node.rules)
    found = []
    for argnum, (operand, rule) in enumerate(zip(node.operands, node.rules, strict=True)):
        shape = trace.graph.nodes[operand].shape
        if isinstance(rule, Elementwise) or (rule is None and elementwise):
            met = _broadcast_from(entry, shape)
            found += [] if met is None else [Reading(argnum, (met,))]
        elif rule is not None and rule.entries is not None and 0 < prod(shape) <= _MOST_READ:
            found.append(_by_slopes(trace, node, argnum, rule.entries, entry, shape))
    return tuple(found)


def _broadcast_from(entry: EntryIndex, shape: Shape) -> EntryIndex | None:
    """The entry of an operand of `shape` that was broadcast to the one at index `entry`."""
    if len(shape) > len(entry):
        return None
    last = entry[len(entry) - len(shape) :]
    met = tuple(0 if size == 1 else at for at, size in zip(last, shape, strict=True))
    return met if all(at < size for at, size in zip(met, shape, strict=True)) else None


def _by_slopes(trace: Trace, node: Node, argnum: int, slope: Any, entry: EntryIndex, shape: Shape) -> Reading:
    operands = [trace.operand_values[operand] for operand in node.operands]
    places = np.unravel_index(np.arange(prod(shape)), shape) if shape else ()
    with np.errstate(all="ignore"):
        at = tuple(np.asarray(index) for index in entry)
        row = slope(at, places, trace.outs[node.position], *operands, **node.attributes)
    slopes = np.broadcast_to(np.asarray(row, dtype=np.float64), (prod(shape),))
    read = np.flatnonzero(slopes)
    entries = list(zip(*(axis[read].tolist() for axis in places), strict=True)) if shape else [()] * len(read)
    return Reading(argnum, tuple(entries), tuple(slopes[read].tolist()))


def read_terms(trace: Trace, node: Node, entry: EntryIndex, found: tuple[Reading, ...]) -> list[Origin]:
    """The terms that sum to a value at index `entry`; none where it is not a sum of what was read."""
    value = float(trace.outs[node.position][entry])
    for reading in found:
        terms = _products(trace, node, reading)
        added = [other for other in found if other is not reading and _is_added(node, other)]
        for other in added:
            number = _read(trace, node, other, 0)
            terms.append(Origin(other.entries[0], number, 1.0, number))
        products = [term.product for term in terms]
        if terms and isclose(fsum(products), value, rel_tol=0, abs_tol=_ROUNDING * fsum(map(abs, products))):
            return terms
    return []


def _is_added(node: Node, reading: Reading) -> bool:
    """Whether an operand is nothing but added, as a bias is."""
    return node.rules[reading.argnum] is ONE or reading.slopes == (1.0,)


def _products(trace: Trace, node: Node, reading: Reading) -> list[Origin]:
    """Slope times value in each entry read, where the slope does not depend on that operand itself."""
    rule = node.rules[reading.argnum]
    assert node.op is not None
    if not isinstance(rule, Linear):
        return []
    names = set(re.findall(r"\w+", re.sub(r"\b\w+\.shape\b", "", rule.text)))
    if names & {"out", node.op.names(len(node.operands))[reading.argnum]}:
        return []
    values = [_read(trace, node, reading, at) for at in range(len(reading.entries))]
    pairs = zip(values, reading.slopes, strict=True)
    if reading.argnum:  # the slope is what is before it
        pairs = zip(reading.slopes, values, strict=True)
    factors = zip(reading.entries, pairs, strict=True)
    return [Origin(entry, first, second, first * second) for entry, (first, second) in factors]


def _read(trace: Trace, node: Node, reading: Reading, at: int) -> float:
    tensor: Tensor = trace.operand_values[node.operands[reading.argnum]]
    return float(tensor[reading.entries[at]])
