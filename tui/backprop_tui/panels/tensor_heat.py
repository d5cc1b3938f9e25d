"""A window of a matrix as a heatmap, with the indices of the row and the column that the cursor is in."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_tui.cells.heatmap import heat_lines
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.shades import Emphasis
from backprop_tui.panels.tensor_grid import (
    Column,
    Grid,
    Picture,
    Scroll,
    columns_in_view,
    label,
    rows_in_view,
)

__all__ = ["heat", "heat_width"]

_EMPHASES = tuple(Emphasis)
_LARGEST = 4
"""How many cells wide, and halves of a cell high, a number is at most."""
_WIDEST = 8
"""How many cells wide a number of a vector is at most."""


def heat(grid: Grid, width: int, height: int, scroll: Scroll, *, signs: bool = False) -> Picture:
    """As many rows and columns as fit, as large as they can be.

    Where it is to be made of `signs`, a line has one row, so that each number has its own.
    """
    heading = int(grid.size[1] > 1)
    indent = grid.gutter + 1
    width, height = max(1, width - indent), max(1, height - heading)
    across, halves = _pixel(grid.size, width, height, signs=signs)
    rows = rows_in_view(grid, scroll.top, max(1, 2 * height // halves))
    columns = columns_in_view(grid, scroll.left, width // across)
    body = heat_lines(
        grid.window(rows, columns), grid.largest, across, halves, emphasis=_emphasis(grid, rows, columns)
    )
    parts = [_rows_of_line(line, rows, halves) for line in range(len(body))]
    places = tuple(
        Column(indent + index * across, indent + (index + 1) * across, at) for index, at in enumerate(columns)
    )
    lines: list[Line] = [_heading(grid, places)] if heading else []
    lines += [(name, Span(" "), *line) for name, line in zip(_labels(grid, parts), body, strict=True)]
    shown = (*([range(0)] * heading), *parts)
    return Picture(tuple(lines), Scroll(rows.start, columns.start), shown, places)


def heat_width(grid: Grid, width: int, height: int, *, signs: bool = False) -> int:
    """How wide the heatmap is where it has so much room."""
    across, _ = _pixel(grid.size, max(1, width - grid.gutter - 1), max(1, height - 1), signs=signs)
    return min(width, grid.gutter + 1 + across * grid.size[1])


def _pixel(size: tuple[int, int], width: int, height: int, *, signs: bool) -> tuple[int, int]:
    """How many cells wide a number is, and how many halves of a cell high."""
    rows, columns = size
    if signs:
        return (2 if 2 * columns <= width else 1), 2
    both = max(1, min(_LARGEST, width // columns, 2 * height // rows))
    return (min(_WIDEST, width) if columns == 1 else both), both


def _rows_of_line(line: int, rows: range, halves: int) -> range:
    """The rows that a line shows, each of which takes so many halves of a cell."""
    last = len(rows) - 1
    first, second = (min(half // halves, last) for half in (2 * line, 2 * line + 1))
    return range(rows[first], rows[second] + 1)


def _labels(grid: Grid, parts: list[range]) -> list[Span]:
    """For each line the index of its first row, or of the cursor's; once where a row takes several lines."""
    labels = []
    before: int | None = None
    for part in parts:
        row = grid.place[0] if grid.cursor and grid.place[0] in part else part[0]
        labels.append(label(grid, None if row == before else row))
        before = row
    return labels


def _heading(grid: Grid, places: tuple[Column, ...]) -> Line:
    """The index of the first column, and that of the cursor's where it stands."""
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
    for cell, how in (*((cell, Emphasis.LIT) for cell in grid.lit or ()), *marked):
        row, column = grid.place_of(cell)
        if row in rows and column in columns and grid.cell(row, column) == cell:
            found[row - rows.start, column - columns.start] = _EMPHASES.index(how)
    return found
