"""Rows of cells: writing into them, marking where they are cut, and gathering them into spans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from backprop_tui.cells.lines import Line, Role, Span, Tint
from backprop_tui.cells.text import cell_width

__all__ = ["CellRow", "as_line", "mark_cuts", "put_in_box", "put_label", "put_marks"]

CellRow: TypeAlias = dict[int, Span]
"""What stands in each column of a row; behind a wide character follows an empty one."""

_ELLIPSIS = "…"
_SPACE = Span(" ", Role.TEXT)
_LITERAL = frozenset("-.0123456789")
_NO_DIGITS, _DIGITS = frozenset("[‖-0."), frozenset("[]‖-+0123456789.e")


class _Letter(Span):
    """What stands in a cell of a label, and not in one of a wire or a box."""

    __slots__ = ()


class _Enclosed(Span):
    """What stands in a cell of the row of a box that has its sign."""

    __slots__ = ()


def put_label(cells: CellRow, at: int, text: str, role: Role) -> int:
    """Write a label from column `at`; gives the column behind it."""
    return _write(cells, at, text, role, _Letter)


def put_in_box(cells: CellRow, at: int, text: str, role: Role) -> int:
    """Write a part of a box, in the row of its sign, from column `at`; gives the column behind it."""
    return _write(cells, at, text, role, _Enclosed)


def _write(cells: CellRow, at: int, text: str, role: Role, kind: type[Span]) -> int:
    for character in text:
        cells[at] = kind(character, role)
        size = cell_width(character)
        if size == 2:
            cells[at + 1] = kind("", role)
        at += max(1, size)
    return at


def put_marks(cells: CellRow, at: int, marks: str, role: Role) -> int:
    """Draw lines and marks of one cell each from column `at`; gives the column behind them."""
    for mark in marks:
        cells[at] = Span(mark, role)
        at += 1
    return at


def mark_cuts(cells: CellRow, start: int, end: int) -> None:
    """Where a label or a box runs over an edge of what is in view, an ellipsis says so.

    So no number stands alone without its name, and no name without its number. What is left of a number
    gives way where it would be read as another: all of it without its beginning, and without its end what
    has no digit yet that counts. So does a number in a box without the operator before it.
    """
    if _is_enclosed(cells, start - 1, start):
        stop = _end_of_literal(cells, start)
        _put_ellipsis(cells, start)
        _clear(cells, range(start + 1, stop))
    elif _runs_on(cells, start, -1):
        stop = _end_of(cells, start, 1, end, _DIGITS)
        _put_ellipsis(cells, start)
        _clear(cells, range(start + 1, stop))
    if _is_enclosed(cells, end - 1, end):
        _put_ellipsis(cells, end - 1)
    elif _runs_on(cells, end - 1, 1):
        stop = _end_of(cells, end - 1, -1, start - 1, _NO_DIGITS)
        _put_ellipsis(cells, stop + 1)
        _clear(cells, range(stop + 2, end))


def _runs_on(cells: CellRow, inside: int, outward: int) -> bool:
    """Whether a label has something on both sides of an edge; a space between two of its parts is its own."""
    outside = inside + outward
    if _is_text(cells, inside):
        return _is_text(cells, outside) or (_is_blank(cells, outside) and _is_text(cells, outside + outward))
    return _is_blank(cells, inside) and _is_text(cells, outside) and _is_text(cells, inside - outward)


def _is_enclosed(cells: CellRow, *columns: int) -> bool:
    """Whether in all of some cells stands something of a box."""
    return all(isinstance(cells.get(at), _Enclosed) for at in columns)


def _is_text(cells: CellRow, at: int) -> bool:
    """Whether in a cell stands something of a label."""
    return isinstance(cells.get(at), _Letter) and cells[at].text != " "


def _is_blank(cells: CellRow, at: int) -> bool:
    return at not in cells or cells[at].text == " "


def _end_of(cells: CellRow, start: int, step: int, end: int, among: frozenset[str]) -> int:
    """Where a stretch of certain characters behind its first one ends; right there if others follow."""
    at = start + step
    while at != end and _is_text(cells, at) and cells[at].text in among:
        at += step
    return at if at == end or _is_blank(cells, at) else start + step


def _end_of_literal(cells: CellRow, start: int) -> int:
    """Where the number ends that is left of a sign whose beginning is cut."""
    at = start + 1
    while cells[start].text != " " and _is_enclosed(cells, at) and cells[at].text in _LITERAL:
        at += 1
    return at


def _put_ellipsis(cells: CellRow, at: int) -> None:
    """An ellipsis in a cell; what is left of a wide character that stood there too is a space."""
    cell = cells.get(at, _SPACE)
    if not cell.text:
        cells[at - 1] = Span(" ", cell.role)
    elif cell_width(cell.text) == 2:
        cells[at + 1] = Span(" ", cell.role)
    cells[at] = Span(_ELLIPSIS, cell.role)


def _clear(cells: CellRow, columns: range) -> None:
    for at in columns:
        cells[at] = Span(" ", cells[at].role)


def as_line(cells: Mapping[int, Span], start: int, end: int) -> Line:
    """Cells as spans: neighbours of one role together, spaces between, nothing after the last."""
    spans: list[Span] = []
    last = max((column for column in cells if column < end), default=start - 1)
    text = ""
    role: Tint = Role.TEXT
    for column in range(start, last + 1):
        cell = cells.get(column, _SPACE)
        if column == start and not cell.text:
            cell = _SPACE
        if cell.role is not role and text:
            spans.append(Span(text, role))
            text = ""
        role = cell.role
        text += cell.text if column + cell_width(cell.text) <= end else " "
    if text:
        spans.append(Span(text, role))
    return tuple(spans)
