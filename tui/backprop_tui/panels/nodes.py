"""The table of all nodes: operator, shape, value and gradient, as far as they are known."""

from __future__ import annotations

from backprop_engine.arrays import shape_text
from backprop_engine.explain.lines import Line, Role, Span
from backprop_engine.explain.numbers import ABSENT, progress, summary
from backprop_engine.explain.symbols import formula
from backprop_engine.frame import Frame
from backprop_engine.graph import Kind, Node
from backprop_engine.text import cell_width, pad
from backprop_tui.drawing import Area, Drawing, Lines
from backprop_tui.panels.changes import change, untouched
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["node_at_row", "nodes", "row_of_node"]

_HEADINGS = ("node", "op", "shape", "value", "gradient")
_ROLES = (Role.NAME, Role.TEXT, Role.DIM, Role.VALUE, Role.GRADIENT)
_LIMITS = (18, 24, 10, 24, 24)
_FLOOR = 4
_FIRST_TO_GO = (1, 2, 3, 4)
"""Columns that are left out where even the narrowest do not fit, in this order."""
_GAP = 2


def _listed(view: View) -> list[Node]:
    return [node for node in view.graph.nodes if node.kind is not Kind.LITERAL]


def node_at_row(view: View, row: int) -> Node | None:
    """The node that the table shows in `row`; its heading stands in row 0."""
    listed = _listed(view)
    return listed[row - 1] if 1 <= row <= len(listed) else None


def row_of_node(view: View, position: int) -> int:
    """The row in which the table shows a node."""
    return 1 + next(row for row, node in enumerate(_listed(view)) if node.position == position)


def nodes(view: View, width: int, height: int) -> Drawing:
    """One row a node, the step's own node marked and in view."""
    listed = _listed(view)
    table = [_cells(view, node) for node in listed]
    headings = [text(f"column.{heading}", view.language) for heading in _HEADINGS]
    sizes = _sizes([headings, *table], width - 2)
    lines: list[Line] = [(Span("  "), *_row(headings, sizes, (Role.DIM,) * len(sizes)))]
    current = view.frame.node
    focus = None
    for node, cells in zip(listed, table, strict=True):
        active = current is not None and node.position == current.position
        selected = view.session.selection
        if node.position == selected or (active and selected is None):
            focus = Area(0, len(lines), 1, 1)
        mark = ">" if view.ascii else "▶"
        roles = tuple(Role.DIM if cell == ABSENT else role for cell, role in zip(cells, _ROLES, strict=True))
        if view.session.compared and untouched(view.session.trace, view.session.compared, node):
            roles = (Role.DIM,) * len(roles)
        if node.position == selected:
            roles = (Role.SELECTED, *roles[1:])
        lines.append((Span(f"{mark} " if active else "  ", Role.KEY), *_row(cells, sizes, roles)))
    return Lines.of(lines, focus)


def _cells(view: View, node: Node) -> list[str]:
    frame = view.frame
    what = (
        formula(view.graph, node) if node.op is not None else text(f"kind.{node.kind.value}", view.language)
    )
    gradient = "–"
    if node.takes_gradient and _reachable(view, node):
        found = frame.gradient(node)
        gradient = summary(found, shape=False) + progress(*frame.arrived(node))
        gradient += change(found, _before(view).gradient(node)) if view.session.compared else ""
    shape = shape_text(node.shape) if node.shape else text("scalar", view.language)
    found = frame.value(node)
    value = summary(found, shape=False)
    value += change(found, _before(view).value(node)) if view.session.compared else ""
    return [node.name, what, shape, value, gradient]


def _before(view: View) -> Frame:
    """The same moment without any changes."""
    assert view.session.compared is not None
    return view.session.compared.frame(view.session.here)


def _reachable(view: View, node: Node) -> bool:
    """Whether a gradient will ever arrive at the node."""
    return view.graph.active[node.position] and view.graph.differentiable[node.position]


def _sizes(table: list[list[str]], room: int) -> list[int]:
    """The columns' widths: as wide as their cells, within limits, and narrowed from the widest to fit.

    The width of a column that is left out is 0.
    """
    sizes = [
        min(limit, max(cell_width(row[column]) for row in table)) for column, limit in enumerate(_LIMITS)
    ]
    while _total(sizes) > room and max(sizes) > _FLOOR:
        widest = max(range(len(sizes)), key=lambda column: (sizes[column], column == 1))
        sizes[widest] -= 1
    for column in _FIRST_TO_GO:
        if _total(sizes) > room:
            sizes[column] = 0
    return sizes


def _total(sizes: list[int]) -> int:
    return sum(sizes) + _GAP * (sum(map(bool, sizes)) - 1)


def _row(cells: list[str], sizes: list[int], roles: tuple[Role, ...]) -> Line:
    spans: list[Span] = []
    for cell, size, role in zip(cells, sizes, roles, strict=True):
        if not size:
            continue
        if spans:
            spans.append(Span(" " * _GAP))
        spans.append(Span(pad(cell, size), role))
    return tuple(spans)
