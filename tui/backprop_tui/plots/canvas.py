"""A grid of dots, several to a cell: two by four in Braille, one by two in ASCII; and signs over them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from backprop_engine.explain.lines import Line, Role, Span

__all__ = ["Canvas"]

_BRAILLE: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
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
        """How many dots wide and high it is."""
        return self.width * self.across, self.height * self.down

    def cell(self, x: int, y: int) -> tuple[int, int]:
        """The cell of a dot: its column, and its row from the top."""
        return x // self.across, self.height - 1 - y // self.down

    def line(self, xs: NDArray[np.int64], ys: NDArray[np.int64], role: Role) -> None:
        """A line through points whose `xs` never go back. Many points cost no more than few."""
        wide, high = self.dots
        dots = np.zeros((high, wide), bool)
        self._layers.append((dots, role))
        if not len(xs):
            return
        starts = np.flatnonzero(np.diff(xs, prepend=xs[0] - 1))
        low, top = np.minimum.reduceat(ys, starts), np.maximum.reduceat(ys, starts)
        for column, lowest, highest in zip(xs[starts].tolist(), low.tolist(), top.tolist(), strict=True):
            dots[high - 1 - highest : high - lowest, column] = True
        for before, after in zip((starts[1:] - 1).tolist(), starts[1:].tolist(), strict=True):
            columns, rows = _between(int(xs[before]), int(ys[before]), int(xs[after]), int(ys[after]))
            dots[high - 1 - rows, columns] = True

    def path(self, xs: NDArray[np.int64], ys: NDArray[np.int64], role: Role) -> None:
        """A line from point to point, wherever they lie; of very many it passes some by."""
        wide, high = self.dots
        dots = np.zeros((high, wide), bool)
        self._layers.append((dots, role))
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
        return (column, row) not in self._signs and not any(
            self._bits(dots, row)[column] for dots, _ in self._layers
        )

    def _bits(self, dots: NDArray[np.bool_], row: int) -> NDArray[np.int64]:
        """What the dots of a row of cells come to."""
        part = dots[row * self.down : (row + 1) * self.down]
        if self.ascii:
            return np.asarray(part[0] * 1 + part[1] * 2, np.int64)
        cells = part.reshape(4, self.width, 2).transpose(1, 0, 2)
        return np.asarray((cells * _BRAILLE).sum(axis=(1, 2)), np.int64)

    def row(self, row: int) -> Line:
        """A row of cells; dots of several lines in one cell are in the role of the last of them."""
        bits, role_of = np.zeros(self.width, np.int64), [Role.TEXT] * self.width
        for dots, role in self._layers:
            found = self._bits(dots, row)
            bits |= found
            for column in np.flatnonzero(found).tolist():
                role_of[column] = role
        spans: list[Span] = []
        for column, one in enumerate(bits.tolist()):
            text, role = self._signs.get((column, row), (self._character(one), role_of[column]))
            if spans and spans[-1].role is role:
                spans[-1] = Span(spans[-1].text + text, role)
            else:
                spans.append(Span(text, role))
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
