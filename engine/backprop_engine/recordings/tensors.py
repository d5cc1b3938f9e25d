"""Recorded tensors as supplies: they are read on demand, and their figures are known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, prod
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Figures, Measured, Shape, Tensor, is_stored, settle
from backprop_engine.errors import UsageError
from backprop_engine.recordings.events import TensorEntry
from backprop_engine.recordings.recording import Recording
from backprop_engine.trace.lazy_tensors import Supply

__all__ = ["added", "constant", "joined", "placed", "reader", "zeros"]

_MOST_JOINED: Final = 2**22
"""The most entries of an operator's outputs that are joined; of larger outputs, only figures are known."""
_TERMS: Final = 64
"""In a sum of many terms, the running sum is kept after every this many."""
_LARGEST: Final = float(np.finfo(np.float32).max)
_NONE_FOUND: Final = Figures(None)
"""Of a tensor whose entries are finite numbers; how large they are, only they tell."""


def reader(recording: Recording, entry: TensorEntry | None, shape: Shape, dtype: np.dtype[Any]) -> Supply:
    """A supply that reads a recorded tensor, in `shape` and `dtype`.

    If nothing was recorded of it, if `shape` has another number of entries, or if its file is no longer what
    it was, the tensor is not stored.
    """
    if entry is None:
        return Supply(lambda: Measured.without_entries(shape, dtype, None))
    figures = Figures(entry.norm, entry.nan, entry.inf)

    def read() -> Tensor:
        try:
            array = recording.entries(entry)
        except UsageError:  # its figures are known all the same
            array = None
        if array is None or prod(entry.shape) != prod(shape):
            return Measured.without_entries(shape, dtype, figures)
        if shape == ():
            return settle(array.reshape(()), dtype)
        if array.dtype != dtype:
            array = array.astype(dtype)
            array.flags.writeable = False
        return Measured.of(array.reshape(shape), figures)

    return Supply(read, figures)


def added(first: Supply, second: Supply) -> Supply:
    """A supply of the sum of two tensors."""
    return Supply(_Sum(first, second), _figures_of_sum(first.figures, second.figures))


class _Sum:
    """Makes a sum whose first term may itself be a sum. The gradient of a parameter that is used at every
    time step has thousands of terms, so a running sum is kept every now and then.
    """

    def __init__(self, first: Supply, second: Supply) -> None:
        self.first, self.second = first, second
        self.terms: int = 1 + (first.make.terms if isinstance(first.make, _Sum) else 1)
        self.kept: Tensor | None = None

    def __call__(self) -> Tensor:
        sums: list[_Sum] = [self]
        start = self.first
        while isinstance(start.make, _Sum) and start.make.kept is None:
            sums.append(start.make)
            start = start.make.first
        made = start.make.kept if isinstance(start.make, _Sum) else start.make()
        assert made is not None
        for each in reversed(sums):
            made = _sum_of(made, each.second.make())
            if each.terms % _TERMS == 0:
                each.kept = made
        return made


def _sum_of(left: Tensor, right: Tensor) -> Tensor:
    if not (is_stored(left) and is_stored(right)):
        return Measured.without_entries(left.shape, left.dtype, None)
    with np.errstate(all="ignore"):
        return settle(np.asarray(left) + np.asarray(right), left.dtype)


def _figures_of_sum(first: Figures | None, second: Figures | None) -> Figures | None:
    """The figures of a sum: that it is finite, if both terms are and no entry can overflow."""
    if first is None or second is None or first.norm is None or second.norm is None:
        return None
    return _NONE_FOUND if first.norm + second.norm < _LARGEST else None


def placed(supply: Supply, place: tuple[slice, ...], shape: Shape, dtype: np.dtype[Any]) -> Supply:
    """A supply of zeros of a shape, with a tensor in its place."""

    def put() -> Tensor:
        tensor = supply.make()
        if not is_stored(tensor):
            return Measured.without_entries(shape, dtype, supply.figures)
        whole = np.zeros(shape, dtype)
        whole[place] = tensor
        whole.flags.writeable = False
        return Measured.of(whole, supply.figures)

    return Supply(put, supply.figures)


def joined(parts: Sequence[tuple[Supply | None, Shape]], dtype: np.dtype[Any]) -> Supply:
    """A supply of several tensors, flattened and concatenated; zeros for those that are None."""
    sizes = [prod(shape) for _, shape in parts]
    figures = _figures_of_all([part.figures for part, _ in parts if part is not None])

    def join() -> Tensor:
        if sum(sizes) > _MOST_JOINED:
            return Measured.without_entries((sum(sizes),), dtype, figures)
        tensors = [
            np.zeros(size, dtype) if part is None else part.make()
            for (part, _), size in zip(parts, sizes, strict=True)
        ]
        if not all(map(is_stored, tensors)):
            return Measured.without_entries((sum(sizes),), dtype, figures)
        whole = np.concatenate([np.ravel(np.asarray(tensor)) for tensor in tensors]).astype(dtype, copy=False)
        whole.flags.writeable = False
        return Measured.of(whole, figures)

    return Supply(join, figures)


def _figures_of_all(parts: Sequence[Figures | None]) -> Figures | None:
    """The figures of several tensors taken together; None if those of any are unknown."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    norms = [part.norm for part in known if part.norm is not None]
    norm = hypot(*norms) if len(norms) == len(known) else None
    return Figures(norm, sum(part.nan for part in known), sum(part.inf for part in known))


def constant(value: Any, dtype: np.dtype[Any]) -> Supply:
    """A supply of a constant."""
    tensor = settle(value, dtype)
    return Supply(lambda: tensor)


def zeros(shape: Shape, dtype: np.dtype[Any]) -> Supply:
    """A supply of zeros."""
    return Supply(lambda: settle(np.zeros(shape), dtype), Figures(0.0))
