"""The local gradient beside one cell of a product: the tensor it is seen in, and the cells that made it.

The factor that an equation names has a cell for each term of the sum: of Wᵀ a column, of a diagonal Jacobian
the cell itself. Which, is found from the shapes and then tried. Where a cell does not hold the number that
its term was multiplied with, and where no factor is named, the column of the Jacobian stands in: ∂out by one
cell of the operand, in the output's shape, of which no more is worked out than is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.derivatives.jacobian import Cell, Origin, Origins, window
from backprop_engine.derivatives.local_gradients import (
    DenseLocal,
    ElementwiseLocal,
    LocalGradient,
    MapLocal,
    ScalarLocal,
)
from backprop_engine.graph.steps import Edge
from backprop_engine.trace.trace import Trace

__all__ = ["Part", "column_cells", "local_part", "local_tensor"]

_ROUNDING = 1e-9
_Place: TypeAlias = Callable[[Cell, Cell], Cell | None]
"""The factor's cell for a cell of the output and one of the operand, if it can have one."""


class Part(Struct, frozen=True, eq=False):
    """A tensor, or None for the column of the Jacobian, and its cells in the order of the terms."""

    tensor: Tensor | None
    cells: tuple[Cell, ...]


def local_part(local: LocalGradient, origins: Origins) -> Part:
    """What `local`, the local gradient of an edge, shows of the terms of a cell of its product."""
    tensor = local_tensor(local)
    if tensor is not None:
        for place in _places(local, tensor.shape):
            cells = [place(term.cell, origins.cell) for term in origins.terms]
            found = tuple(cell for cell in cells if cell is not None)
            if len(found) == len(cells) and _hold(tensor, found, origins.terms):
                return Part(tensor, found)
    return Part(None, tuple(term.cell for term in origins.terms))


def local_tensor(local: LocalGradient) -> Tensor | None:
    """The tensor that stands for a local gradient in an equation, a Jacobian transposed."""
    match local:
        case DenseLocal():
            turned: Any = None if local.value is None else np.swapaxes(local.value, -1, -2)
            return turned  # type: ignore[no-any-return]
        case MapLocal():
            return local.factor
        case ElementwiseLocal() | ScalarLocal():
            return local.value


def column_cells(trace: Trace, edge: Edge, cell: Cell, places: tuple[Any, ...]) -> Tensor:
    """∂out/∂operand for one `cell` of the operand, at the output's `places`: an array of indices an axis.

    Raises `UsageError` as `window` does.
    """
    nodes = trace.graph.nodes
    out, operand = nodes[edge.node].shape, nodes[edge.operand].shape
    rows = np.broadcast_arrays(*places) if places else [np.asarray(0)]
    flat = np.ravel_multi_index(tuple(rows), out) if out else rows[0]
    column = int(np.ravel_multi_index(cell, operand)) if operand else 0
    found: Any = window(trace, edge, np.ravel(flat).tolist(), [column])
    return np.reshape(found, np.shape(flat))


def _hold(tensor: Tensor, cells: tuple[Cell, ...], terms: tuple[Origin, ...]) -> bool:
    """Whether each cell is there and holds its term's factor, but for rounding."""
    if any(
        len(cell) != tensor.ndim or any(at >= size for at, size in zip(cell, tensor.shape, strict=True))
        for cell in cells
    ):
        return False
    held = np.asarray([tensor[cell] for cell in cells], dtype=np.float64)
    wanted = np.asarray([term.factor for term in terms], dtype=np.float64)
    scale = float(np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted)))
    return np.allclose(held, wanted, rtol=_ROUNDING, atol=_ROUNDING * scale, equal_nan=True)


def _places(local: LocalGradient, shape: Shape) -> Iterator[_Place]:
    """Where a factor of `shape` may have the cell of a term, likeliest first."""
    if not shape:
        yield lambda out, operand: ()
        return
    match local:
        case DenseLocal():
            for axis in range(len(shape) - 1):
                yield lambda out, operand, axis=axis: _across(out, operand, axis)  # type: ignore[misc]
        case MapLocal(sign="·", before=True):
            yield lambda out, operand: _within((*out[:-2], _row(operand), _row(out)), shape)
        case MapLocal(sign="·"):
            yield lambda out, operand: _within((*out[:-2], *out[-1:], *operand[-1:]), shape)
    yield lambda out, operand: _within(operand, shape)
    yield lambda out, operand: _within(out, shape)


def _row(cell: Cell) -> int:
    """The index of a matrix's row, or of a vector that stands upright; 0 where there is no axis."""
    return cell[-2:][0] if cell else 0


def _across(out: Cell, operand: Cell, axis: int) -> Cell | None:
    """A cell of stacked Jacobians along an axis, transposed: the stack's, the operand's, the output's."""
    if len(out) != len(operand) or axis >= len(out):
        return None
    return (*out[:axis], *out[axis + 1 :], operand[axis], out[axis])


def _within(cell: Cell, shape: Shape) -> Cell | None:
    """A cell that a tensor of `shape` was broadcast to; None where it has more axes."""
    if len(cell) < len(shape):
        return None if prod(shape[: len(shape) - len(cell)]) != 1 else _within((0, *cell), shape)
    last = cell[len(cell) - len(shape) :]
    return tuple(0 if size == 1 else at for at, size in zip(last, shape, strict=True))
