"""Read-only tensors: NumPy scalars where the shape is ``()``, frozen arrays elsewhere.

NumPy scalars are immutable and several times faster than arrays of no dimension, so a tensor of shape ``()``
is always one; only `settle` has to ensure it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias, cast

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MAX_AXES",
    "Figures",
    "Measured",
    "Shape",
    "Tensor",
    "broadcast_axes",
    "figures_of",
    "freeze",
    "has_norm",
    "is_finite",
    "is_stored",
    "norm",
    "norms",
    "same",
    "settle",
    "shape_text",
    "sum_axes",
]

Tensor: TypeAlias = NDArray[Any]
"""An array, or a NumPy scalar for the shape ``()``; both answer to `shape`, `dtype` and arithmetic."""

Shape: TypeAlias = tuple[int, ...]

_DOUBLE: Final = np.dtype(np.float64)
_ARRAY: Final = np.ndarray
"""A name of its own, for `settle`: it is called for every tensor of a run."""

MAX_AXES: Final = 32
"""How many axes a tensor may have: NumPy takes 64, which leaves room for what is computed on the way."""


class Figures(Struct, frozen=True):
    """What was measured of a tensor where it was recorded: its Euclidean norm, if that is known and finite,
    and how many of its entries are NaN and infinite.
    """

    norm: float | None
    nan: int = 0
    inf: int = 0


class Measured(np.ndarray[Any, np.dtype[Any]]):
    """A tensor whose figures are known without reading it.

    Of one that is not `stored` nothing else is known: its entries take no memory and mean nothing.
    What is computed from it is not stored either, and figures never go with what is computed.
    """

    figures: Figures | None
    stored: bool

    def __array_finalize__(self, made_of: Any) -> None:
        self.figures = None
        self.stored = getattr(made_of, "stored", True)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """What a function of it gives; a number of what is not stored stays what is not known."""
        if self.stored:
            return array[()] if return_scalar else array
        return Measured.without_entries(array.shape, array.dtype, None)

    def __getitem__(self, index: Any) -> Any:
        """A part of it; all of it has its figures."""
        return self if isinstance(index, tuple) and not index else super().__getitem__(index)

    @classmethod
    def of(cls, array: NDArray[Any], figures: Figures | None) -> Measured:
        """A view of an array, with its figures."""
        made = array.view(cls)
        made.figures = figures
        return made

    @classmethod
    def without_entries(cls, shape: Shape, dtype: np.dtype[Any], figures: Figures | None) -> Measured:
        """A tensor of which only the figures are known."""
        nothing = np.full((), np.nan if dtype.kind == "f" else 0, dtype)
        made = np.broadcast_to(nothing, shape).view(cls)
        made.figures, made.stored = figures, False
        return made


def figures_of(tensor: Tensor) -> Figures | None:
    """The figures that were recorded of a tensor; None of any other."""
    return tensor.figures if isinstance(tensor, Measured) else None


def is_stored(tensor: Tensor) -> bool:
    """Whether the entries of a tensor are there; without them, its figures say all that is known."""
    return not isinstance(tensor, Measured) or tensor.stored


def has_norm(tensor: Tensor) -> bool:
    """Whether anything is known of the size of a tensor, from its entries or from figures."""
    figures = figures_of(tensor)
    if figures is None or is_stored(tensor):
        return is_stored(tensor)
    return figures.norm is not None or bool(figures.nan or figures.inf)


def is_finite(tensor: Tensor) -> bool:
    """Whether every entry is a finite number."""
    figures = figures_of(tensor)
    if figures is not None:
        return not (figures.nan or figures.inf)
    return not is_stored(tensor) or bool(np.all(np.isfinite(tensor)))


def settle(value: Any, dtype: np.dtype[Any]) -> Tensor:
    """`value` as a tensor of `dtype`: a NumPy scalar, or a read-only array.

    An array that is a view of writable memory is copied: freezing it would not protect it. What is not
    stored stays so.
    """
    if type(value) is _ARRAY and value.dtype is dtype and value.base is None and value.ndim:
        value.setflags(write=False)  # as most operators give it
        return value
    if isinstance(value, Measured) and not value.stored:
        return Measured.without_entries(value.shape, dtype, value.figures)
    array = np.asarray(value, dtype=dtype)
    if array.ndim == 0:
        return array[()]
    if array.base is not None and _writable(array.base):
        array = array.copy()
    array.setflags(write=False)
    return array


def freeze(value: ArrayLike, dtype: np.dtype[Any]) -> Tensor:
    """A copy as a read-only tensor; a number too large for `dtype` becomes infinity."""
    with np.errstate(over="ignore"):
        return settle(np.array(value, dtype=dtype), dtype)


def same(tensor: Tensor | None, other: Tensor | None) -> bool:
    """Whether two tensors have equal entries, counting NaN as equal to NaN, or are both absent."""
    if tensor is None or other is None:
        return tensor is other
    return tensor is other or np.array_equal(tensor, other, equal_nan=tensor.dtype.kind == "f")


def norm(tensor: Tensor) -> float:
    """The Euclidean norm, in double precision, without overflow or underflow of the squares.

    Infinity if an entry is infinite, and NaN if one is NaN. Of a tensor that was measured, what was found
    then; NaN where neither that is known nor the entries.
    """
    return norms((tensor,))[0]


def norms(tensors: Iterable[Tensor | None]) -> list[float]:
    """The norm of each tensor; NaN in place of one that is absent."""
    with np.errstate(all="ignore"):
        return [math.nan if tensor is None else _norm(tensor) for tensor in tensors]


def _norm(tensor: Tensor) -> float:
    if isinstance(tensor, Measured):
        figures = tensor.figures
        if figures is not None and (figures.nan or figures.inf):
            return math.nan if figures.nan else math.inf
        if figures is not None and figures.norm is not None:
            return figures.norm
        if not tensor.stored:
            return math.nan
    if not tensor.ndim:
        return abs(float(tensor))
    flat = tensor.ravel()
    if flat.dtype is not _DOUBLE:
        flat = flat.astype(np.float64)
    found = math.sqrt(flat.dot(flat))
    if 1e-140 < found < 1e140 or not flat.size:
        return found
    largest = float(np.max(np.abs(flat)))
    if largest == 0 or not math.isfinite(largest):
        return largest
    scaled = flat / largest
    return largest * math.sqrt(np.dot(scaled, scaled))


def _writable(base: Any) -> bool:
    return not isinstance(base, np.ndarray) or base.flags.writeable


def broadcast_axes(wide: Shape, narrow: Shape) -> tuple[int, ...]:
    """The axes of `wide` along which an operand of shape `narrow` was repeated to give it."""
    extra = len(wide) - len(narrow)
    repeated = (axis for axis, size in enumerate(narrow, extra) if size == 1 and wide[axis] != 1)
    return (*range(extra), *repeated)


def sum_axes(tensor: Tensor, axes: tuple[int, ...], shape: Shape) -> Tensor:
    """The sum over `axes` in the `shape` that the operand had before it was broadcast."""
    summed = np.add.reduce(tensor, axis=axes)
    return cast(Tensor, summed if summed.shape == shape else summed.reshape(shape)[()])


def shape_text(shape: Sequence[int]) -> str:
    """``3×4`` for a matrix, ``3`` for a vector, ``()`` for a scalar."""
    return "×".join(map(str, shape)) if shape else "()"
