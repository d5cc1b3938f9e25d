"""A matrix of a tensor; a window of it is shown as numbers or as a heatmap, with a cursor and highlighted
entries.

Only the entries in the window are read, so that moving about costs the same in a tensor of any size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.derivatives.jacobian import EntryIndex
from backprop_engine.explain.numbers import column
from backprop_tui.cells.heatmap import downsampled, heat_lines
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.shades import Emphasis
from backprop_tui.cells.tensors import trimmed

__all__ = [
    "TOP_LEFT",
    "Axes",
    "Grid",
    "Picture",
    "Read",
    "Scroll",
    "as_heatmap",
    "as_numbers",
    "fits",
    "heatmap_width",
    "last_axes",
    "overview",
    "overview_factor",
    "pixel_size",
]

Axes: TypeAlias = tuple[int | None, int | None]
"""The axis that goes down and the one that goes across; None for an axis that is missing."""
Read: TypeAlias = Callable[[tuple[Any, ...]], Tensor]
"""Gives the numbers at places, from an array of indices for each axis."""
_NARROWEST = 3
"""The cells that a column takes at least, with the spaces before it; the first has one less."""
_TOGETHER = 64
"""In a matrix of at most this many numbers, all are written with the same number of decimals."""
_WrittenTexts: TypeAlias = dict[int, list[str]]
_EMPHASES = tuple(Emphasis)
_LARGEST = 4
"""How many cells wide, and halves of a cell high, a number is at most."""
_MOST_OVERSEEN = 4_000_000
"""The most entries that are read for an overview."""
_WIDEST = 8
"""How many cells wide a number of a vector is at most."""


class Scroll(NamedTuple):
    """The first row and the first column in view."""

    top: int = 0
    left: int = 0


TOP_LEFT = Scroll()


class PlacedColumn(NamedTuple):
    """A column of a picture: where it begins and ends, and which one of the matrix it is."""

    start: int
    end: int
    number: int


class Picture(Struct, frozen=True):
    """A grid as drawn: its lines, where it was scrolled to, and which rows and columns are where.

    `rows` has the rows that each line shows, which are none for a heading.
    """

    lines: tuple[Line, ...]
    scroll: Scroll
    rows: tuple[range, ...]
    columns: tuple[PlacedColumn, ...]
    factor: int = 1
    """How many rows and columns each cell stands for; with more than one, all of the matrix is in view."""
    whole: tuple[int, int] = (0, 0)
    """The rows and the columns of the matrix, where all of it is in view."""

    @property
    def shown(self) -> tuple[range, range]:
        """The rows and the columns in view."""
        if self.factor > 1:
            return range(self.whole[0]), range(self.whole[1])
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
    """The matrix through the entry `at` along two `axes` of a tensor that `read` gives the numbers of.

    `largest` ends the scale of a heatmap. With `lit` entries, those stand out; with a `cursor`, the
    entry `at` does. Where it is to `follow`, what is in view moves with that entry.
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
        """The row and the column of the entry `at`."""
        return self.place_of(self.at)

    def place_of(self, entry: EntryIndex) -> tuple[int, int]:
        """The row and the column of any entry, were it in the matrix."""
        row, column = (0 if axis is None else entry[axis] for axis in self.axes)
        return row, column

    @property
    def gutter(self) -> int:
        """How wide the indices of its rows are; 0 for a single row."""
        rows = self.size[0]
        return len(str(rows - 1)) if rows > 1 else 0

    def entry(self, row: int, column: int) -> EntryIndex:
        """The entry of the tensor in a row and a column of the matrix."""
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
    """The last two axes; a vector is upright."""
    count = len(shape)
    if count < 2:
        return (0 if count else None), None
    return count - 2, count - 1


def _rows_in_view(grid: Grid, top: int, height: int) -> range:
    """The rows in view, from `top` on where the entry to follow allows."""
    return _in_view(grid.size[0], top, height, grid.place[0] if grid.follow else None)


def _columns_in_view(grid: Grid, left: int, width: int) -> range:
    """As `_rows_in_view`, for columns that are all of one width."""
    return _in_view(grid.size[1], left, width, grid.place[1] if grid.follow else None)


def _in_view(count: int, first: int, most: int, followed: int | None) -> range:
    if followed is not None:
        first = min(max(first, followed - most + 1), followed)
    first = max(0, min(first, count - most))
    return range(first, min(count, first + most))


def _label(grid: Grid, row: int | None) -> Span:
    """The index of a row, in the gutter."""
    text = "" if row is None else str(row)
    current = grid.cursor and row == grid.place[0]
    return Span(text.rjust(grid.gutter) if grid.gutter else "", Role.KEY if current else Role.DIM)


# As numbers


def fits(grid: Grid, width: int, height: int) -> bool:
    """Whether all of a matrix can be shown as numbers."""
    rows, columns = grid.size
    if rows + (columns > 1) > height or _NARROWEST * columns - 1 > width:
        return False
    return len(_columns_as_fit(grid, range(rows), 0, width - grid.gutter)) == columns


def as_numbers(grid: Grid, width: int, height: int, scroll: Scroll) -> Picture:
    """As many rows and columns as fit, from those of `scroll` on where the entry to follow allows."""
    heading = int(grid.size[1] > 1)
    rows = _rows_in_view(grid, scroll.top, max(1, height - heading))
    columns = _columns_as_fit(grid, rows, scroll.left, width - grid.gutter)
    places = _places(columns, grid.gutter)
    lines = [_numbers_heading(grid, places)] if heading else []
    for index, row in enumerate(rows):
        spans = [_label(grid, row)]
        for place in places:
            text = columns[place.number][index]
            spans += [
                Span(" " * (place.end - place.start - len(text))),
                _number(grid, text, row, place.number),
            ]
        lines.append(tuple(spans))
    return Picture(
        tuple(lines),
        Scroll(rows.start, places[0].number),
        (*([range(0)] * heading), *(range(row, row + 1) for row in rows)),
        tuple(places),
    )


def _number(grid: Grid, text: str, row: int, at: int) -> Span:
    if grid.cursor and (row, at) == grid.place:
        return Span(text, Role.SELECTED)
    if grid.lit is not None and grid.entry(row, at) in grid.lit:
        return Span(text, Role.LIT)
    return Span(text, grid.role)


def _columns_as_fit(grid: Grid, rows: range, left: int, width: int) -> _WrittenTexts:
    """The columns in view, from `left` on where the entry to follow allows; at least one."""
    count, followed = grid.size[1], grid.place[1]
    most = max(0, width) // _NARROWEST + 1
    left = max(0, min(left, count - 1))
    if grid.follow and followed < left:
        left = followed
    found = _as_fit(grid, rows, range(left, min(count, left + most)), width)
    if grid.follow and followed not in found:
        before = _as_fit(grid, rows, range(followed, max(-1, followed - most), -1), width)
        left = min(before)  # and after the one that is followed there may be room
        found = _as_fit(grid, rows, range(left, min(count, left + most)), width)
    if min(found) and len(found) == count - min(found):  # beside the last column there may be room
        found = _as_fit(grid, rows, range(count - 1, max(-1, count - 1 - most), -1), width)
    return dict(sorted(found.items()))


def _as_fit(grid: Grid, rows: range, order: range, width: int) -> _WrittenTexts:
    """Columns in an order, as many as have room; how one is written does not depend on the others in view."""
    count = grid.size[1]
    all_alike = len(rows) * count <= _TOGETHER
    first = 0 if all_alike else min(order)
    matrix = grid.window(rows, range(first, count if all_alike else max(order) + 1))
    together = column(matrix.ravel()) if all_alike else []
    found: _WrittenTexts = {}
    used = -1
    for at in order:
        here = slice(at - first, None, matrix.shape[1])
        texts = trimmed(together[here]) if together else column(matrix[:, at - first])
        size = max(len(texts[0]), len(str(at)))
        if found and used + size + 2 > width:
            break
        used += size + 2
        found[at] = [text.rjust(size) for text in texts]
    return found


def _places(columns: _WrittenTexts, gutter: int) -> list[PlacedColumn]:
    """Where the columns are, with the space before them."""
    places: list[PlacedColumn] = []
    x = gutter
    for at, texts in columns.items():
        end = x + len(texts[0]) + (2 if places else 1)
        places.append(PlacedColumn(x, end, at))
        x = end
    return places


def _numbers_heading(grid: Grid, places: list[PlacedColumn]) -> Line:
    """The indices of the columns above them."""
    spans = [Span(" " * grid.gutter)]
    for start, end, at in places:
        current = grid.cursor and at == grid.place[1]
        spans.append(Span(str(at).rjust(end - start), Role.KEY if current else Role.DIM))
    return tuple(spans)


# As a heatmap


def as_heatmap(
    grid: Grid, width: int, height: int, scroll: Scroll, *, signs: bool = False, most: int = _LARGEST
) -> Picture:
    """As many rows and columns as fit, as large as they can be, but not larger than `most`.

    Where it is to be made of `signs`, a line has one row, so that each number has its own.
    """
    heading = int(grid.size[1] > 1)
    indent = grid.gutter + 1
    width, height = max(1, width - indent), max(1, height - heading)
    across, halves = _pixel(grid.size, width, height, signs=signs, most=most)
    rows = _rows_in_view(grid, scroll.top, max(1, 2 * height // halves))
    columns = _columns_in_view(grid, scroll.left, width // across)
    body = heat_lines(
        grid.window(rows, columns), grid.largest, across, halves, emphasis=_emphasis(grid, rows, columns)
    )
    parts = [_rows_of_line(line, rows, halves) for line in range(len(body))]
    places = tuple(
        PlacedColumn(indent + index * across, indent + (index + 1) * across, at)
        for index, at in enumerate(columns)
    )
    lines: list[Line] = [_heatmap_heading(grid, places)] if heading else []
    lines += [(name, Span(" "), *line) for name, line in zip(_labels(grid, parts), body, strict=True)]
    shown = (*([range(0)] * heading), *parts)
    return Picture(tuple(lines), Scroll(rows.start, columns.start), shown, places)


def overview_factor(grid: Grid, width: int, height: int, *, signs: bool = False) -> int:
    """How many rows and columns a cell has to stand for, so that all of a matrix is seen; 1 where it is seen
    entry by entry, and where there is too much to look at.
    """
    rows, columns = grid.size
    if rows * columns > _MOST_OVERSEEN:
        return 1
    width, lines = max(1, width - grid.gutter - 1), max(1, height - (columns > 1))
    return max(-(-columns // width), -(-rows // (lines if signs else 2 * lines)))


def overview(grid: Grid, factor: int, *, signs: bool = False) -> Picture:
    """All of a matrix, each cell the largest of a block of `factor` × `factor` entries."""
    rows, columns = grid.size
    indent, heading = grid.gutter + 1, int(columns > 1)
    a_line = 1 if signs else 2
    small = downsampled(grid.window(range(rows), range(columns)), factor, factor)
    body = heat_lines(
        small, grid.largest, 1, 3 - a_line, emphasis=_emphasis_of_blocks(grid, small.shape, factor)
    )
    step = factor * a_line
    parts = [range(line * step, min(rows, (line + 1) * step)) for line in range(len(body))]
    places = tuple(PlacedColumn(indent + at, indent + at + 1, at * factor) for at in range(small.shape[1]))
    head: list[Line] = [_overview_heading(grid, places)] if heading else []
    named = [(label, Span(" "), *line) for label, line in zip(_labels(grid, parts), body, strict=True)]
    shown = (*([range(0)] * heading), *parts)
    return Picture((*head, *named), TOP_LEFT, shown, places, factor, grid.size)


def _overview_heading(grid: Grid, places: tuple[PlacedColumn, ...]) -> Line:
    """As `_heatmap_heading`, where a cell stands for several columns."""
    indent, column = places[0].start, grid.place[1]
    if not grid.cursor:
        return (Span(" " * indent), Span("0", Role.DIM))
    at = [place for place in places if place.number <= column][-1].start
    text = str(column)
    start = max(indent, min(at, places[-1].end - len(text)))
    if start < indent + 2:
        return (Span(" " * start), Span(text, Role.KEY))
    return (Span(" " * indent), Span("0", Role.DIM), Span(" " * (start - indent - 1)), Span(text, Role.KEY))


def _emphasis_of_blocks(grid: Grid, shape: tuple[int, int], factor: int) -> Any:
    """How each block stands out: by the entries in it that do."""
    if not grid.cursor and grid.lit is None:
        return None
    usual = Emphasis.NONE if grid.lit is None else Emphasis.FADED
    found = np.full(shape, _EMPHASES.index(usual))
    marked = [(grid.at, Emphasis.CURSOR)] if grid.cursor else []
    for entry, how in (*((entry, Emphasis.LIT) for entry in grid.lit or ()), *marked):
        row, column = grid.place_of(entry)
        if grid.entry(row, column) == entry:
            found[row // factor, column // factor] = _EMPHASES.index(how)
    return found


def heatmap_width(grid: Grid, width: int, height: int, *, signs: bool = False, most: int = _LARGEST) -> int:
    """How wide the heatmap is in `width` × `height` cells."""
    across, _ = _pixel(grid.size, max(1, width - grid.gutter - 1), max(1, height - 1), signs=signs, most=most)
    return min(width, grid.gutter + 1 + across * grid.size[1])


def pixel_size(grid: Grid, width: int, height: int, *, signs: bool = False) -> int:
    """How many cells wide a number of a heatmap can be; one of a vector may always be as wide as any."""
    if grid.size[1] == 1:
        return _LARGEST
    across, halves = _pixel(grid.size, max(1, width - grid.gutter - 1), max(1, height - 1), signs=signs)
    return across if signs else halves


def _pixel(
    size: tuple[int, int], width: int, height: int, *, signs: bool, most: int = _LARGEST
) -> tuple[int, int]:
    """How many cells wide a number is, and how many halves of a cell high."""
    rows, columns = size
    if signs:
        return (2 if 2 * columns <= width and most > 1 else 1), 2
    both = max(1, min(most, width // columns, 2 * height // rows))
    return (min(_WIDEST, width) if columns == 1 else both), both


def _rows_of_line(line: int, rows: range, halves: int) -> range:
    """The rows that a line shows, each of which takes `halves` of a cell."""
    last = len(rows) - 1
    first, second = (min(half // halves, last) for half in (2 * line, 2 * line + 1))
    return range(rows[first], rows[second] + 1)


def _labels(grid: Grid, parts: list[range]) -> list[Span]:
    """For each line the index of its first row, or of the cursor's; once where a row takes several lines."""
    labels = []
    before: int | None = None
    for part in parts:
        row = grid.place[0] if grid.cursor and grid.place[0] in part else part[0]
        labels.append(_label(grid, None if row == before else row))
        before = row
    return labels


def _heatmap_heading(grid: Grid, places: tuple[PlacedColumn, ...]) -> Line:
    """The index of the first column, and that of the cursor's where it is."""
    first, indent = str(places[0].number), places[0].start
    current = next((place for place in places if grid.cursor and place.number == grid.place[1]), None)
    if current is None:
        return (Span(" " * indent), Span(first, Role.DIM))
    key = Span(str(current.number), Role.KEY)
    start = max(indent, min(current.start, places[-1].end - len(key.text)))
    between = start - indent - len(first)
    if between < 1:
        return (Span(" " * start), key)
    return (Span(" " * indent), Span(first, Role.DIM), Span(" " * between), key)


def _emphasis(grid: Grid, rows: range, columns: range) -> Any:
    """How each number in view stands out; None where all are alike."""
    if not grid.cursor and grid.lit is None:
        return None
    usual = Emphasis.NONE if grid.lit is None else Emphasis.FADED
    found = np.full((len(rows), len(columns)), _EMPHASES.index(usual))
    marked = [(grid.at, Emphasis.CURSOR)] if grid.cursor else []
    for entry, how in (*((entry, Emphasis.LIT) for entry in grid.lit or ()), *marked):
        row, column = grid.place_of(entry)
        if row in rows and column in columns and grid.entry(row, column) == entry:
            found[row - rows.start, column - columns.start] = _EMPHASES.index(how)
    return found
