"""What was recorded of tensors, as tensors: mapped when they are asked for, with their figures.

A sequence of suppliers is where a trace has a list of tensors, so that opening a recording reads none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any, Final, TypeAlias, overload

import numpy as np

from backprop_engine.arrays import Figures, Measured, Shape, Tensor, is_stored, settle
from backprop_engine.recordings.events import TensorEntry
from backprop_engine.recordings.recording import Recording

__all__ = ["LazyTensors", "SuppliedLeaves", "Supplier", "added", "constant", "joined", "reader"]

Supplier: TypeAlias = Callable[[], Tensor]
_MOST_JOINED: Final = 2**22
"""Outputs of one operator with more entries than this are not joined: their figures have to do."""
_KINDS: Final = {"I64": "i", "I32": "i", "I16": "i", "I8": "i", "U8": "i", "BOOL": "b"}


class LazyTensors(Sequence[Any]):
    """Tensors, or None, each made when it is asked for."""

    def __init__(self, suppliers: Sequence[Supplier | None]) -> None:
        self._suppliers = suppliers

    def __len__(self) -> int:
        return len(self._suppliers)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        supplier = self._suppliers[index]
        return None if supplier is None else supplier()


class SuppliedLeaves(Mapping[int, Tensor]):
    """The tensors of leaves by position, each made when it is asked for."""

    def __init__(self, suppliers: Mapping[int, Supplier]) -> None:
        self._suppliers = suppliers

    def __getitem__(self, position: int) -> Tensor:
        return self._suppliers[position]()

    def __iter__(self) -> Iterator[int]:
        return iter(self._suppliers)

    def __len__(self) -> int:
        return len(self._suppliers)


def reader(recording: Recording, entry: TensorEntry | None, shape: Shape, dtype: np.dtype[Any]) -> Supplier:
    """What reads a recorded tensor as one of `shape`, with the entries of `dtype`.

    Where nothing was recorded of it, or it has another shape that does not hold as many entries, it is a
    tensor that is not stored.
    """
    if entry is None:
        return lambda: Measured.without_entries(shape, dtype, None)
    figures = Figures(entry.norm, entry.nan, entry.inf) if entry.dtype not in _KINDS else None

    def supply() -> Tensor:
        array = recording.entries(entry)
        if array is None or prod(entry.shape) != prod(shape):
            return Measured.without_entries(shape, dtype, figures)
        if shape == ():
            return settle(array.reshape(()), dtype)
        if array.dtype != dtype:
            array = array.astype(dtype)
            array.flags.writeable = False
        return Measured.of(array.reshape(shape), figures)

    return supply


def added(first: Supplier, second: Supplier) -> Supplier:
    """What adds two tensors, as accumulating a contribution does."""

    def supply() -> Tensor:
        left, right = first(), second()
        if not (is_stored(left) and is_stored(right)):
            return Measured.without_entries(left.shape, left.dtype, None)
        with np.errstate(all="ignore"):
            return settle(np.asarray(left) + np.asarray(right), left.dtype)

    return supply


def joined(parts: Sequence[tuple[Supplier | None, Shape]], dtype: np.dtype[Any]) -> Supplier:
    """The outputs of one operator as a vector, one after another; zeros where there is no supplier."""
    sizes = [prod(shape) for _, shape in parts]

    def supply() -> Tensor:
        if sum(sizes) > _MOST_JOINED:
            return Measured.without_entries((sum(sizes),), dtype, None)
        tensors = [
            np.zeros(size, dtype) if part is None else part()
            for (part, _), size in zip(parts, sizes, strict=True)
        ]
        if not all(map(is_stored, tensors)):
            return Measured.without_entries((sum(sizes),), dtype, None)
        return settle(np.concatenate([np.ravel(np.asarray(tensor)) for tensor in tensors]), dtype)

    return supply


def constant(value: Any, dtype: np.dtype[Any]) -> Supplier:
    """What gives the same tensor always."""
    tensor = settle(value, dtype)
    return lambda: tensor
