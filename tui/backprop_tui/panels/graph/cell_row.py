"""Rows of cells: writing into them, marking where they are cut, and joining them into spans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from backprop_tui.cells.lines import Line, Role, Span, Tint
from backprop_tui.cells.text import cell_width

__all__ = ["CellRow", "as_line", "mark_cuts", "put_label", "put_marks", "put_operator"]

CellRow: TypeAlias = dict[int, Span]
"""The character of each column of a row; a wide one is followed by an empty one."""

_ELLIPSIS = "…"
_SPACE = Span(" ", Role.TEXT)
_LITERAL = frozenset(" -.0123456789")
_NO_DIGITS, _DIGITS = frozenset("[‖-0."), frozenset("[]‖-+0123456789.e")


class _LabelCell(Span):
    """A cell of a label, as opposed to one of a wire or a border."""

    __slots__ = ()


class _OperatorCell(Span):
    """A cell of an operator's border, in the row of its sign."""

    __slots__ = ()


def put_label(cells: CellRow, at: int, text: str, role: Tint) -> int:
    """Write a label from column `at`; returns the column after it."""
    return _write(cells, at, text, role, _LabelCell)


def put_operator(cells: CellRow, at: int, text: str, role: Role) -> int:
    """Write a part of an operator, in the row of its sign, from column `at`; returns the column after it."""
    return _write(cells, at, text, role, _OperatorCell)


def _write(cells: CellRow, at: int, text: str, role: Tint, kind: type[Span]) -> int:
    for character in text:
        cells[at] = kind(character, role)
        size = cell_width(character)
        if size == 2:
            cells[at + 1] = kind("", role)
        at += max(1, size)
    return at


def put_marks(cells: CellRow, at: int, marks: str, role: Tint) -> int:
    """Write lines and marks of one cell each from column `at`; returns the column after them."""
    for mark in marks:
        cells[at] = Span(mark, role)
        at += 1
    return at


def mark_cuts(cells: CellRow, start: int, end: int) -> None:
    """Put an ellipsis where a label or an operator is cut off by an edge of the view.

    So no number appears without its name, and no name without its number. What is left of a number is
    removed where it would be read as another one: all of it if its beginning is cut, and, if its end is cut,
    a rest without a significant digit. So is a literal whose operator is cut.
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
    """Whether a label is on both sides of an edge; a space between two of its parts belongs to it."""
    outside = inside + outward
    if _is_text(cells, inside):
        return _is_text(cells, outside) or (_is_blank(cells, outside) and _is_text(cells, outside + outward))
    return _is_blank(cells, inside) and _is_text(cells, outside) and _is_text(cells, inside - outward)


def _is_enclosed(cells: CellRow, *columns: int) -> bool:
    """Whether all of some cells belong to an operator."""
    return all(isinstance(cells.get(at), _OperatorCell) for at in columns)


def _is_text(cells: CellRow, at: int) -> bool:
    """Whether a cell has a character of a label."""
    return isinstance(cells.get(at), _LabelCell) and cells[at].text != " "


def _is_blank(cells: CellRow, at: int) -> bool:
    return at not in cells or cells[at].text == " "


def _end_of(cells: CellRow, start: int, step: int, end: int, among: frozenset[str]) -> int:
    """Where a run of certain characters after `start` ends; right after `start` if others follow."""
    at = start + step
    while at != end and _is_text(cells, at) and cells[at].text in among:
        at += step
    return at if at == end or _is_blank(cells, at) else start + step


def _end_of_literal(cells: CellRow, start: int) -> int:
    """Where the literal ends that is left of a sign whose beginning is cut."""
    at = start + 1
    is_before_the_sign = cells[start].text == " " and not cells[start - 1].text.isalpha()
    while not is_before_the_sign and _is_enclosed(cells, at) and cells[at].text in _LITERAL:
        at += 1
    return at


def _put_ellipsis(cells: CellRow, at: int) -> None:
    """Put an ellipsis into a cell; the other half of a wide character becomes a space."""
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
    """Cells as spans: those of one role joined, gaps filled with spaces, nothing after the last."""
    spans: list[Span] = []
    last = max(filter(end.__gt__, cells), default=start - 1)
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
