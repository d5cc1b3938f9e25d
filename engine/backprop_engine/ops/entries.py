"""Cells of a Jacobian, from where an output's cell reads its operand.

`i` and `j` are tuples of integer arrays, one an axis, as in the contract of `entries`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.ops.definition import Entries

__all__ = ["Cells", "broadcast_to_operand", "here", "position", "reads", "same"]

Cells: TypeAlias = tuple[Any, ...]
"""Cells of a tensor: an integer array for each axis."""


def same(i: Sequence[Any], j: Sequence[Any]) -> Any:
    """Whether cells are the same, axis by axis."""
    equal: Any = np.True_
    for one, other in zip(i, j, strict=True):
        equal = equal & (one == other)
    return equal


def broadcast_to_operand(i: Cells, shape: Shape) -> Cells:
    """The cells of an operand of `shape` that the cells `i` of what it is broadcast to are copies of."""
    return tuple(one * (size != 1) for one, size in zip(i[len(i) - len(shape) :], shape, strict=True))


def position(cells: Sequence[Any], shape: Shape) -> Any:
    """Where the cells of a tensor of `shape` lie when it is flattened."""
    place: Any = 0
    for cell, size in zip(cells, shape, strict=True):
        place = place * size + cell
    return place


def reads(source: Callable[..., Cells]) -> Entries:
    """For an operator that moves cells: ``source(i, *operands, **attributes)`` are the operand's cells that
    the output's cells `i` are copies of; where that is outside the operand, a copy of none.
    """

    def entries(i: Cells, j: Cells, out: Any, *operands: Any, **attributes: Any) -> Any:
        return here(same(source(i, *operands, **attributes), j))

    return entries


def here(condition: Any, value: Any = 1.0) -> Any:
    """`value` where `condition` holds, else 0."""
    return np.where(condition, value, 0.0)
