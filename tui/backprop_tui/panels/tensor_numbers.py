"""A window of a matrix as numbers, with the indices of its rows and columns."""

from __future__ import annotations

from backprop_engine.explain.numbers import column
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.tensors import trimmed
from backprop_tui.panels.tensor_grid import Column, Grid, Picture, Scroll, label, rows_in_view

__all__ = ["fits", "numbers"]

_NARROWEST = 3
"""The cells that a column takes at least, with the spaces before it; the first has one less."""
_TOGETHER = 64
"""In a matrix of up to so many numbers all of them are written with equally many decimals."""
_Columns = dict[int, list[str]]


def fits(grid: Grid, width: int, height: int) -> bool:
    """Whether all of a matrix can be seen as numbers."""
    rows, columns = grid.size
    if rows + (columns > 1) > height or _NARROWEST * columns - 1 > width:
        return False
    return len(_columns(grid, range(rows), 0, width - grid.gutter)) == columns


def numbers(grid: Grid, width: int, height: int, scroll: Scroll) -> Picture:
    """As many rows and columns as fit, from those of `scroll` on where the cell to follow allows."""
    heading = int(grid.size[1] > 1)
    rows = rows_in_view(grid, scroll.top, max(1, height - heading))
    columns = _columns(grid, rows, scroll.left, width - grid.gutter)
    places = _places(columns, grid.gutter)
    lines = [_heading(grid, places)] if heading else []
    for index, row in enumerate(rows):
        spans = [label(grid, row)]
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
    if grid.lit is not None and grid.cell(row, at) in grid.lit:
        return Span(text, Role.LIT)
    return Span(text, grid.role)


def _columns(grid: Grid, rows: range, left: int, width: int) -> _Columns:
    """The columns in view, from `left` on where the cell to follow allows; at least one."""
    count, followed = grid.size[1], grid.place[1]
    most = max(0, width) // _NARROWEST + 1
    left = max(0, min(left, count - 1))
    if grid.follow and followed < left:
        left = followed
    found = _as_fit(grid, rows, range(left, min(count, left + most)), width)
    if grid.follow and followed not in found:
        found = _as_fit(grid, rows, range(followed, max(-1, followed - most), -1), width)
    if min(found) and len(found) == count - min(found):  # beside the last column there may be room
        found = _as_fit(grid, rows, range(count - 1, max(-1, count - 1 - most), -1), width)
    return dict(sorted(found.items()))


def _as_fit(grid: Grid, rows: range, order: range, width: int) -> _Columns:
    """Columns in an order, as many as have room."""
    first = min(order)
    matrix = grid.window(rows, range(first, max(order) + 1))
    together = column(matrix.ravel()) if matrix.size <= _TOGETHER else []
    found: _Columns = {}
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


def _places(columns: _Columns, gutter: int) -> list[Column]:
    """Where the columns stand, with the space before them."""
    places: list[Column] = []
    x = gutter
    for at, texts in columns.items():
        end = x + len(texts[0]) + (2 if places else 1)
        places.append(Column(x, end, at))
        x = end
    return places


def _heading(grid: Grid, places: list[Column]) -> Line:
    """The indices of the columns above them."""
    spans = [Span(" " * grid.gutter)]
    for start, end, at in places:
        current = grid.cursor and at == grid.place[1]
        spans.append(Span(str(at).rjust(end - start), Role.KEY if current else Role.DIM))
    return tuple(spans)
