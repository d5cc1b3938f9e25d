"""Which entries of a tensor are asked for: few, and such that misconceptions are distinguished by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final, TypeAlias

import numpy as np

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.practice.comparing import apart, scale_of

__all__ = ["MOST_ENTRIES_ASKED", "Entry", "every_entry", "telling_apart", "telling_entries"]

MOST_ENTRIES_ASKED: Final = 6
_CANDIDATES: Final = 256
"""EntryNumbers of a large tensor among which those that are asked for are chosen."""

Entry: TypeAlias = tuple[int, ...]


def every_entry(shape: Shape) -> Iterator[Entry]:
    """All entries, row by row; of a scalar one, ``()``."""
    return iter(np.ndindex(*shape))


def telling_entries(right: Tensor, wrong: Sequence[Tensor]) -> tuple[Entry, ...]:
    """All entries of a small tensor; of a larger one, few that tell `wrong` from `right` and from each other.

    `wrong` have the shape of `right`.
    """
    if right.size <= MOST_ENTRIES_ASKED:
        return tuple(every_entry(right.shape))
    places = _spread(right.size)
    scale = scale_of(right)
    rows = [np.ravel(tensor)[places].astype(np.float64).tolist() for tensor in (right, *wrong)]
    open_pairs = set(combinations(range(len(rows)), 2))
    chosen: list[int] = []
    while len(chosen) < MOST_ENTRIES_ASKED:
        told = {
            at: {pair for pair in open_pairs if apart(rows[pair[0]][at], rows[pair[1]][at], scale)}
            for at in range(len(places))
            if at not in chosen
        }
        best = max(told, key=lambda at: (len(told[at]), rows[0][at] != 0, -at), default=None)
        if best is None or (chosen and len(chosen) >= _FEWEST and not told[best]):
            break
        chosen.append(best)
        open_pairs -= told[best]
    found = sorted(int(places[at]) for at in chosen)
    return tuple(tuple(map(int, np.unravel_index(place, right.shape))) for place in found)


_FEWEST: Final = 3


def _spread(size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """EntryNumbers spread over a tensor, all of one that is not large."""
    if size <= _CANDIDATES:
        return np.arange(size)
    return np.unique(np.linspace(0, size - 1, _CANDIDATES).astype(np.int64))


def telling_apart(left: Tensor, right: Tensor, but: Sequence[Entry]) -> Entry | None:
    """An entry in which two tensors of one shape differ, other than those in `but`; None if there is none."""
    scale = max(scale_of(left), scale_of(right))
    for entry in every_entry(left.shape):
        if entry not in but and apart(float(left[entry]), float(right[entry]), scale):
            return entry
    return None
