"""Rows of cells: writing into them, marking where they are cut, and gathering them into spans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from backprop_engine.explain.lines import Line, Role, Span, Tint
from backprop_engine.text import cell_width

__all__ = ["Cells", "gathered", "mark_cuts", "put"]

Cells: TypeAlias = dict[int, Span]
"""What stands in each column of a row; behind a wide character follows an empty one."""

_ELLIPSIS = "…"
_SPACE = Span(" ", Role.TEXT)


def put(cells: Cells, at: int, text: str, role: Role) -> int:
    """Write `text` from column `at`; gives the column behind it."""
    for character in text:
        cells[at] = Span(character, role)
        size = cell_width(character)
        if size == 2:
            cells[at + 1] = Span("", role)
        at += max(1, size)
    return at


def mark_cuts(cells: Cells, start: int, end: int) -> None:
    """Where a name or a number runs over an edge of what is in view, an ellipsis says so."""
    for inside, outward in ((start, -1), (end - 1, 1)):
        if _runs_on(cells, inside, outward):
            _end_in_ellipsis(cells, inside)


def _end_in_ellipsis(cells: Cells, at: int) -> None:
    """An ellipsis in a cell; what is left of a wide character that stood there too is a space."""
    role = cells[at].role
    if not cells[at].text:
        cells[at - 1] = Span(" ", role)
    elif cell_width(cells[at].text) == 2:
        cells[at + 1] = Span(" ", role)
    cells[at] = Span(_ELLIPSIS, role)


def _runs_on(cells: Cells, inside: int, outward: int) -> bool:
    """Whether a label has something in a cell and behind it; a space between two numbers is a part of it."""
    cell, outside = cells.get(inside), cells.get(inside + outward)
    if cell is None or outside is None:
        return False
    if outward > 0 and cell_width(cell.text) == 2:  # half of it is behind the edge
        return True
    near = cell if cell.text.strip() else cells.get(inside - outward)
    far = outside if outside.text.strip() else cells.get(inside + 2 * outward)
    spaced = near is not cell or far is not outside
    if near is None or far is None or not (_is_text(near) and _is_text(far)):
        return False
    return near.role is far.role or not spaced


def _is_text(cell: Span) -> bool:
    """Whether a cell belongs to a label: it is neither empty nor a part of a wire or a box."""
    return bool(cell.text.strip()) and not "\u2500" <= cell.text <= "\u25ff"


def gathered(cells: Mapping[int, Span], start: int, end: int) -> Line:
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
