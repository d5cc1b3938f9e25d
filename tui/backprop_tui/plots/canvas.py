"""A grid of dots, several to a cell: two by four in Braille, one by two in ASCII; and signs over them."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backprop_tui.cells.lines import Line, Role, Span

__all__ = ["Canvas"]

_WEIGHTS: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_WEIGHTS_ASCII: Final = np.array([[1], [2]])
"""What each dot of a cell adds to the code of its character."""
_ASCII: Final = " '.:"
_MOST_TURNS: Final = 2000


class Canvas:
    """A picture of `width` by `height` cells. Dots are counted from the left and from the bottom."""

    def __init__(self, width: int, height: int, *, ascii_only: bool = False) -> None:
        self.width, self.height, self.ascii = width, height, ascii_only
        self.across, self.down = (1, 2) if ascii_only else (2, 4)
        self._layers: list[tuple[NDArray[np.bool_], Role]] = []
        self._signs: dict[tuple[int, int], tuple[str, Role]] = {}

    @property
    def dots(self) -> tuple[int, int]:
        """The width and the height in dots."""
        return self.width * self.across, self.height * self.down

    def cell(self, x: int, y: int) -> tuple[int, int]:
        """The cell of a dot: its column, and its row from the top."""
        return x // self.across, self.height - 1 - y // self.down

    def line(self, xs: NDArray[np.int64], ys: NDArray[np.int64], role: Role) -> None:
        """A line through points whose `xs` never decrease. Many points cost little more than few."""
        wide, high = self.dots
        dots = np.zeros((high, wide), bool)
        self._add(dots, role)
        if not len(xs):
            return
        starts = np.flatnonzero(np.diff(xs, prepend=xs[0] - 1))
        columns = np.arange(xs[0], xs[-1] + 1)
        left = np.searchsorted(xs[starts], columns, side="right") - 1
        # Where a line comes into each column and leaves it: at points there, or on the way between two.
        first, last = ys[starts], ys[np.append(starts[1:], len(xs)) - 1]
        right = np.minimum(left + 1, len(starts) - 1)
        gone = (columns - xs[starts][left]) / np.maximum(1, xs[starts][right] - xs[starts][left])
        between = np.rint(last[left] + gone * (first[right] - last[left])).astype(np.int64)
        at_point = columns == xs[starts][left]
        comes, leaves = np.where(at_point, first[left], between), np.where(at_point, last[left], between)
        low, top = np.minimum(comes, leaves), np.maximum(comes, leaves)
        low[at_point] = np.minimum.reduceat(ys, starts)
        top[at_point] = np.maximum.reduceat(ys, starts)
        # Halfway up or down to the next column, so that no gap is left.
        middle = (leaves[:-1] + comes[1:]) // 2
        low[:-1], top[:-1] = np.minimum(low[:-1], middle), np.maximum(top[:-1], middle)
        low[1:], top[1:] = np.minimum(low[1:], middle), np.maximum(top[1:], middle)
        rows = np.arange(high)[::-1, None]
        dots[:, columns] = (low <= rows) & (rows <= top)

    def path(self, xs: NDArray[np.int64], ys: NDArray[np.int64], role: Role) -> None:
        """A line from point to point, in any order; some of very many are skipped."""
        wide, high = self.dots
        dots = np.zeros((high, wide), bool)
        self._add(dots, role)
        dots[high - 1 - ys, xs] = True
        turns = np.flatnonzero((np.diff(xs) != 0) | (np.diff(ys) != 0))
        for at in turns[:: 1 + len(turns) // _MOST_TURNS].tolist():
            columns, rows = _between(int(xs[at]), int(ys[at]), int(xs[at + 1]), int(ys[at + 1]))
            dots[high - 1 - rows, columns] = True

    def sign(self, column: int, row: int, sign: str, role: Role = Role.TEXT) -> None:
        """A character over a cell."""
        self._signs[column, row] = (sign, role)

    def is_empty(self, column: int, row: int) -> bool:
        """Whether a cell has neither a dot nor a sign."""
        return (column, row) not in self._signs and not self._cells[row, column]

    def _add(self, dots: NDArray[np.bool_], role: Role) -> None:
        """Add a layer, to be filled before anything is read."""
        self._layers.append((dots, role))
        self.__dict__.pop("_merged", None)

    @cached_property
    def _merged(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The bits of each cell, and the last layer that has dots there."""
        cells = np.zeros((self.height, self.width), np.int64)
        owners = np.zeros_like(cells)
        weights = _WEIGHTS_ASCII if self.ascii else _WEIGHTS
        for number, (dots, _) in enumerate(self._layers):
            split = dots.reshape(self.height, self.down, self.width, self.across)
            found = np.einsum("rdca,da->rc", split, weights)
            cells |= found
            owners[found > 0] = number
        return cells, owners

    @property
    def _cells(self) -> NDArray[np.int64]:
        return self._merged[0]

    def row(self, row: int) -> Line:
        """A row of cells; dots of several lines in one cell are in the role of the last of them."""
        cells, owners = self._merged
        texts = [self._character(bits) for bits in cells[row].tolist()]
        roles = [self._layers[owner][1] if self._layers else Role.TEXT for owner in owners[row].tolist()]
        for (column, at), (sign, role) in self._signs.items():
            if at == row:
                texts[column], roles[column] = sign, role
        spans = []
        begin = 0
        for end in range(1, self.width + 1):
            if end == self.width or roles[end] is not roles[begin]:
                spans.append(Span("".join(texts[begin:end]), roles[begin]))
                begin = end
        return tuple(spans)

    def _character(self, bits: int) -> str:
        if self.ascii:
            return _ASCII[bits]
        return chr(0x2800 + bits) if bits else " "


def _between(x: int, y: int, to_x: int, to_y: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The dots between two points that are not the same, nearest to the straight line."""
    steps = max(abs(to_x - x), abs(to_y - y))
    parts = np.arange(1, steps) / steps
    columns = np.rint(x + parts * (to_x - x)).astype(np.int64)
    return columns, np.rint(y + parts * (to_y - y)).astype(np.int64)
