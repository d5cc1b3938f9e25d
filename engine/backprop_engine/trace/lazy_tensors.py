"""Tensors of a trace that are made on demand, with figures that are known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

from msgspec import Struct

from backprop_engine.arrays import Figures, Tensor, figures_of

__all__ = ["LazyTensors", "SuppliedLeaves", "Supply", "figures_at"]


class Supply(Struct, frozen=True):
    """Makes a tensor on demand; has its figures, if they are known beforehand."""

    make: Callable[[], Tensor]
    figures: Figures | None = None


class LazyTensors(Sequence[Any]):
    """Tensors, or None, each made on demand."""

    def __init__(self, supplies: Sequence[Supply | None]) -> None:
        self._supplies = supplies

    def __len__(self) -> int:
        return len(self._supplies)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        supply = self._supplies[index]
        return None if supply is None else supply.make()

    def figures(self, index: int) -> Figures | None:
        """The figures of a tensor, where they are known without it."""
        supply = self._supplies[index]
        return None if supply is None else supply.figures


class SuppliedLeaves(Mapping[int, Tensor]):
    """The tensors of leaves by position, each made on demand."""

    def __init__(self, supplies: Mapping[int, Supply]) -> None:
        self._supplies = supplies

    def __getitem__(self, position: int) -> Tensor:
        return self._supplies[position].make()

    def __iter__(self) -> Iterator[int]:
        return iter(self._supplies)

    def __len__(self) -> int:
        return len(self._supplies)


def figures_at(tensors: Sequence[Tensor | None], index: int) -> Figures | None:
    """The figures of one of several tensors; a lazy tensor is not made for them."""
    if isinstance(tensors, LazyTensors):
        return tensors.figures(index)
    tensor = tensors[index]
    return None if tensor is None else figures_of(tensor)
