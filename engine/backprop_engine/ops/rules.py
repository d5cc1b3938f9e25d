"""Derivative rules: what turns the upstream gradient into the gradient of an operand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape
from backprop_engine.messages.words import Words

Entries: TypeAlias = Callable[..., Any]


class Elementwise(Struct, frozen=True):
    """The derivative of an elementwise operator: ``of(out, *operands, **attributes)``."""

    text: str
    of: Callable[..., Any]


def _one(*_: Any, **__: Any) -> float:
    return 1.0


ONE = Elementwise("1", _one)
"""The derivative that hands the upstream gradient on unchanged."""


def first_operand(out: Any, a: Any, b: Any) -> Any:
    """The derivative with respect to `b` of a product, which a recording looks up instead of calling this."""
    return a


def second_operand(out: Any, a: Any, b: Any) -> Any:
    """The derivative with respect to `a` of a product; see `first_operand`."""
    return b


class Factor(Struct, frozen=True):
    """The tensor that a linear rule multiplies the upstream gradient with, as it is in the equation.

    ``of(out, *operands, **attributes)`` gives it; it is after the upstream gradient unless `before`;
    `sign` joins the two: ``·`` for a matrix product or a scalar, ``⊙`` entry by entry.
    """

    text: str
    of: Callable[..., Any]
    before: bool = False
    sign: Literal["·", "⊙"] = "·"
    upstream_as: Literal["column", "row"] = "column"


class Illustration(Struct, frozen=True):
    """A tensor that stands for a linear map which no matrix product tells: a flipped kernel, a mask.

    ``of(out, *operands, **attributes)`` gives it; `text` is what it is called, over the operands' names. It
    is after the upstream gradient, or `before` it; `sign` says how the two are joined.
    """

    text: str
    of: Callable[..., Any]
    sign: str = "∗"
    before: bool = False

    @property
    def adds_channels(self) -> bool:
        """Whether a channel of the product comes of all channels: that of a convolution does."""
        return self.sign == "∗"


class Intermediate(Struct, frozen=True):
    """A tensor on the way from the upstream gradient to the product: ``dP``, and how it is made.

    ``of(g, out, *operands, **attributes)`` gives it. `text` says so, over the operands' names, ``g``, and the
    names of the parts before it.
    """

    name: str
    text: str
    of: Callable[..., Any]


class Linear(Struct, frozen=True):
    """A rule for any other operator: ``vjp(g, out, *operands, **attributes)``, linear in `g`.

    `factor` is the tensor that it multiplies the upstream gradient with; where there is none, `shown` says
    in its place what the map does. `summed` are the axes of its result that the operand was broadcast along.
    `collected` gives its result with these axes summed already, where both together are a single product.
    A map without a factor may have a `picture`, and `parts` that are worth seeing.
    """

    text: str
    vjp: Callable[..., Any]
    factor: Factor | None = None
    summed: tuple[int, ...] = ()
    shown: Words | None = None
    entries: Entries | None = None
    collected: Callable[..., Any] | None = None
    picture: Illustration | None = None
    parts: tuple[Intermediate, ...] = ()


class Jacobian(Struct, frozen=True):
    """A rule whose Jacobian is small and dense.

    ``matrix(out, *operands, **attributes)`` has the `shape` batch + (out, in).
    """

    text: str
    vjp: Callable[..., Any]
    matrix: Callable[..., Any]
    matrix_text: str
    shape: Shape
    entries: Entries | None = None


Rule: TypeAlias = Elementwise | Linear | Jacobian


Rules: TypeAlias = tuple[Rule | None, ...]


# Entries of a Jacobian

Indices: TypeAlias = tuple[Any, ...]
"""Entries of a tensor: an integer array for each axis."""


def same(i: Sequence[Any], j: Sequence[Any]) -> Any:
    """Whether entries are the same, axis by axis."""
    equal: Any = np.True_
    for left, other in zip(i, j, strict=True):
        equal = equal & (left == other)
    return equal


def broadcast_to_operand(i: Indices, shape: Shape) -> Indices:
    """Where the entries `i` of a broadcast tensor come from in an operand of `shape`."""
    return tuple(index * (size != 1) for index, size in zip(i[len(i) - len(shape) :], shape, strict=True))


def position(entries: Sequence[Any], shape: Shape) -> Any:
    """Where the entries of a tensor of `shape` lie when it is flattened."""
    place: Any = 0
    for entry, size in zip(entries, shape, strict=True):
        place = place * size + entry
    return place


def reads(source: Callable[..., Indices]) -> Entries:
    """The entries of an operator that moves entries.

    ``source(i, *operands, **attributes)`` are the operand's entries that the output's entries `i` are copies
    of; where that is outside the operand, a copy of none.
    """

    def entries(i: Indices, j: Indices, out: Any, *operands: Any, **attributes: Any) -> Any:
        return here(same(source(i, *operands, **attributes), j))

    return entries


def by_unit_upstreams(vjp: Callable[..., Any], summed: tuple[int, ...] = ()) -> Entries:
    """The entries of a map whose output is small: what an upstream gradient of 1 in one of them brings back,
    added up over the `summed` axes.
    """

    def entries(i: Indices, j: Indices, out: Any, *operands: Any, **attributes: Any) -> Any:
        places = np.asarray(position(i, np.shape(out)))
        found = np.zeros(np.broadcast_shapes(places.shape, *(np.shape(index) for index in j)))
        for place in np.unique(places):
            upstream = np.zeros(np.size(out))
            upstream[place] = 1.0
            brought = np.asarray(vjp(upstream.reshape(np.shape(out)), out, *operands, **attributes))
            found = np.where(places == place, brought.sum(axis=summed)[j], found)
        return found

    return entries


def here(condition: Any, value: Any = 1.0) -> Any:
    """`value` where `condition` holds, else 0."""
    return np.where(condition, value, 0.0)
