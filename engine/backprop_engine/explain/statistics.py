"""Statistics of a tensor as a whole: its range, mean and norm, non-finite entries, and a histogram.

Each is computed once for a tensor, when it is first asked for. Tensors never change, so that the memory
they are in is what an answer is kept under, and is dropped with: a view made again is the same tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import sqrt
from typing import Any, TypeVar
from weakref import ref

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Figures, Shape, Tensor, figures_of, is_stored
from backprop_engine.arrays import norm as norm_of

__all__ = ["Facts", "Histogram", "facts", "histogram", "norm"]

SLICE_SIZE = 2**20
"""How many entries are processed together."""
_SMALL = 1024
"""To remember the norm of fewer entries would take longer than to compute it."""
_LONG = 1e307
"""Distances up to this can be multiplied with without growing too large for a number."""
_T = TypeVar("_T")


class Facts(Struct, frozen=True):
    """A tensor in numbers; `least` and `greatest` are of its finite entries, and None where there are none.

    `mean` and `norm` are what arithmetic makes of all entries, so that a single NaN makes them NaN.
    """

    shape: Shape
    dtype: str
    least: float | None
    greatest: float | None
    mean: float
    norm: float
    zeros: int
    nans: int
    infinities: int
    whole: bool
    """Whether every finite entry is a whole number."""

    @property
    def largest(self) -> float:
        """The largest size of a finite entry; 0 where there is none."""
        return max(abs(self.least or 0.0), abs(self.greatest or 0.0))


class Histogram(Struct, frozen=True):
    """How many finite entries lie from `edges[k]` up to `edges[k + 1]`; the last interval has both ends."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


_kept: dict[tuple[object, ...], tuple[ref[Any], Any]] = {}
"""What is known of the numbers in some memory, and what was asked, beside a reference that ends with it."""


def _once(tensor: Tensor, asked: object, work: Callable[[], _T]) -> _T:
    """What `work` gives, kept as long as the tensor's memory lives; what can be written to is asked again."""
    if tensor.shape == () or tensor.flags.writeable:
        return work()
    owner = tensor.base if isinstance(tensor.base, np.ndarray) else tensor
    if owner.flags.writeable:
        return work()
    where = tensor.__array_interface__["data"][0]
    key = (id(owner), asked, where, tensor.shape, tensor.strides, tensor.dtype.str)
    known = _kept.get(key)
    if known is not None and known[0]() is owner:
        answer: _T = known[1]
        return answer
    answer = work()
    _kept[key] = (ref(owner, lambda _: _kept.pop(key, None)), answer)
    return answer


def facts(tensor: Tensor) -> Facts:
    """The facts of `tensor`; where it is not stored, those that were recorded."""
    if not is_stored(tensor):
        figures = figures_of(tensor) or Figures(None)
        shape, dtype, size = np.shape(tensor), str(tensor.dtype), norm_of(tensor)
        return Facts(shape, dtype, None, None, np.nan, size, 0, figures.nan, figures.inf, False)
    return _once(tensor, "facts", lambda: _facts(tensor))


def norm(tensor: Tensor) -> float:
    """The root of the sum of squares alone."""
    if figures_of(tensor) is not None or not is_stored(tensor):
        return norm_of(tensor)
    return _once(tensor, "norm", lambda: _plain_norm(tensor)) if tensor.size > _SMALL else _plain_norm(tensor)


def _plain_norm(tensor: Tensor) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(np.ravel(tensor).astype(np.float64)))


def _slices(tensor: Tensor) -> Iterator[Any]:
    """All entries in double precision, some at a time."""
    flat = np.asarray(tensor).ravel()
    for start in range(0, flat.size, SLICE_SIZE):
        yield flat[start : start + SLICE_SIZE].astype(np.float64)


def _facts(tensor: Tensor) -> Facts:
    least, greatest = np.inf, -np.inf
    total = 0.0
    zeros = nans = infinities = 0
    whole = True
    with np.errstate(all="ignore"):
        for entries in _slices(tensor):
            zeros += entries.size - int(np.count_nonzero(entries))
            total += float(np.sum(entries))
            finite = entries[np.isfinite(entries)]
            if finite.size < entries.size:
                not_numbers = int(np.count_nonzero(np.isnan(entries)))
                nans += not_numbers
                infinities += entries.size - finite.size - not_numbers
            if finite.size:
                least, greatest = min(least, float(finite.min())), max(greatest, float(finite.max()))
                whole = whole and bool(np.all(finite == np.trunc(finite)))
        any_finite = least <= greatest
        norm = _norm(tensor, max(abs(least), abs(greatest)) if any_finite else 0.0, nans, infinities)
    return Facts(
        shape=np.shape(tensor),
        dtype=str(tensor.dtype),
        least=least if any_finite else None,
        greatest=greatest if any_finite else None,
        mean=total / tensor.size if tensor.size else np.nan,
        norm=norm,
        zeros=zeros,
        nans=nans,
        infinities=infinities,
        whole=whole,
    )


def _norm(tensor: Tensor, largest: float, nans: int, infinities: int) -> float:
    """The root of the sum of squares; scaled, so that the squares of the largest numbers do not overflow."""
    if nans or infinities:
        return np.nan if nans else np.inf
    if not largest:
        return 0.0
    return largest * sqrt(sum(float(np.sum(np.square(entries / largest))) for entries in _slices(tensor)))


def histogram(tensor: Tensor, most: int) -> Histogram | None:
    """The finite entries of `tensor` in at most `most` intervals of one length; None where there are none.

    Whole numbers that are few have an interval each.
    """
    return _once(tensor, ("histogram", most), lambda: _histogram(tensor, most))


def _histogram(tensor: Tensor, most: int) -> Histogram | None:
    known = facts(tensor)
    least, greatest = known.least, known.greatest
    if least is None or greatest is None:
        return None
    if least == greatest:
        edges = np.asarray([least, greatest])
    elif known.whole and greatest - least < most:
        edges = np.arange(least - 0.5, greatest + 1.0)
    elif greatest - least < _LONG:
        edges = np.linspace(least, greatest, most + 1)
    else:
        edges = np.linspace(least / 2, greatest / 2, most + 1) * 2
    counts = np.zeros(len(edges) - 1, dtype=np.int64)
    for entries in _slices(tensor):
        counts += _counted(entries[np.isfinite(entries)], edges)
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()))


def _counted(entries: Any, edges: Any) -> Any:
    """How many entries lie in each interval."""
    places = np.searchsorted(edges, entries, side="right") - 1
    return np.bincount(np.clip(places, 0, len(edges) - 2), minlength=len(edges) - 1)
