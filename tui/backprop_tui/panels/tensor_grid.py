"""A matrix of a tensor, of which a window is seen: a cursor in it, and cells that are lit.

Only the cells in the window are read, so that moving about costs the same in a tensor of any size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.derivatives.jacobian import EntryIndex
from backprop_tui.cells.lines import Line, Role, Span

__all__ = ["TOP_LEFT", "Axes", "Grid", "Picture", "Read", "Scroll", "label", "last_axes", "rows_in_view"]

Axes: TypeAlias = tuple[int | None, int | None]
"""The axis that goes down and the one that goes across; None for one that there is not."""
Read: TypeAlias = Callable[[tuple[Any, ...]], Tensor]
"""What gives the numbers at places: an array of indices for each axis."""


class Scroll(NamedTuple):
    """The first row and the first column in view."""

    top: int = 0
    left: int = 0


TOP_LEFT = Scroll()


class Column(NamedTuple):
    """A column of a picture: where it begins and ends, and which one of the matrix it is."""

    start: int
    end: int
    number: int


class Picture(Struct, frozen=True):
    """A grid as drawn: its lines, where it was scrolled to, and which rows and columns stand where.

    `rows` has the rows that each line shows, which are none for a heading.
    """

    lines: tuple[Line, ...]
    scroll: Scroll
    rows: tuple[range, ...]
    columns: tuple[Column, ...]

    @property
    def shown(self) -> tuple[range, range]:
        """The rows and the columns in view."""
        rows = [row for part in self.rows for row in part]
        columns = [column.number for column in self.columns]
        return range(min(rows), max(rows) + 1), range(min(columns), max(columns) + 1)

    def at(self, x: int, y: int) -> tuple[int, int] | None:
        """The row and the column at a place of the picture."""
        if not 0 <= y < len(self.rows) or not self.rows[y]:
            return None
        found = next((column.number for column in self.columns if column.start <= x < column.end), None)
        return None if found is None else (self.rows[y][0], found)


class Grid(Struct, frozen=True, eq=False):
    """The matrix through the cell `at` along two `axes` of a tensor that `read` gives the numbers of.

    `largest` ends the scale of a heatmap. With `lit` cells, those stand out; with a `cursor`, the cell `at`
    does. Where it is to `follow`, what is in view moves with that cell.
    """

    shape: Shape
    read: Read
    at: EntryIndex
    axes: Axes
    role: Role
    largest: float = 0.0
    lit: frozenset[EntryIndex] | None = None
    cursor: bool = False
    follow: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """How many rows and columns the matrix has."""
        rows, columns = (1 if axis is None else self.shape[axis] for axis in self.axes)
        return rows, columns

    @property
    def place(self) -> tuple[int, int]:
        """The row and the column of the cell `at`."""
        return self.place_of(self.at)

    def place_of(self, cell: EntryIndex) -> tuple[int, int]:
        """The row and the column of any cell, were it in the matrix."""
        row, column = (0 if axis is None else cell[axis] for axis in self.axes)
        return row, column

    @property
    def gutter(self) -> int:
        """How wide the indices of its rows are; 0 for a single row."""
        rows = self.size[0]
        return len(str(rows - 1)) if rows > 1 else 0

    def cell(self, row: int, column: int) -> EntryIndex:
        """The cell of the tensor in a row and a column of the matrix."""
        found = list(self.at)
        for axis, index in zip(self.axes, (row, column), strict=True):
            if axis is not None:
                found[axis] = index
        return tuple(found)

    def window(self, rows: range, columns: range) -> Any:
        """The numbers of some rows and columns, as a matrix."""
        places: list[Any] = [np.asarray(index) for index in self.at]
        down, across = self.axes
        if down is not None:
            places[down] = np.arange(rows.start, rows.stop)[:, np.newaxis]
        if across is not None:
            places[across] = np.arange(columns.start, columns.stop)[np.newaxis, :]
        return np.broadcast_to(self.read(tuple(places)), (len(rows), len(columns)))


def last_axes(shape: Shape) -> Axes:
    """The last two axes; a vector stands upright."""
    count = len(shape)
    if count < 2:
        return (0 if count else None), None
    return count - 2, count - 1


def rows_in_view(grid: Grid, top: int, height: int) -> range:
    """The rows in view, from `top` on where the cell to follow allows."""
    return _in_view(grid.size[0], top, height, grid.place[0] if grid.follow else None)


def columns_in_view(grid: Grid, left: int, width: int) -> range:
    """As `rows_in_view`, for columns that are all of one width."""
    return _in_view(grid.size[1], left, width, grid.place[1] if grid.follow else None)


def _in_view(count: int, first: int, most: int, followed: int | None) -> range:
    if followed is not None:
        first = min(max(first, followed - most + 1), followed)
    first = max(0, min(first, count - most))
    return range(first, min(count, first + most))


def label(grid: Grid, row: int | None) -> Span:
    """The index of a row, in the gutter."""
    text = "" if row is None else str(row)
    current = grid.cursor and row == grid.place[0]
    return Span(text.rjust(grid.gutter) if grid.gutter else "", Role.KEY if current else Role.DIM)
