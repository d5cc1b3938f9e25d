"""The table of all nodes: operator, shape, value and gradient, as far as they are known."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.explain.lines import Line, Role, Span, Tint, crop_line
from backprop_engine.explain.numbers import ABSENT, progress, summary
from backprop_engine.explain.symbols import formula
from backprop_engine.frame import Frame
from backprop_engine.graph import Graph, Kind, Node
from backprop_engine.text import cell_width
from backprop_engine.trace import Trace
from backprop_tui.drawing import Area, Drawing
from backprop_tui.panels.changes import change, padded, untouched
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["node_at_row", "nodes", "row_of_node"]

_HEADINGS = ("node", "op", "shape", "value", "gradient")
_ROLES = (Role.NAME, Role.TEXT, Role.DIM, Role.VALUE, Role.GRADIENT)
_LIMITS = (18, 56, 10, 24, 24)
_FLOOR = 4
_FIRST_TO_GO = (1, 2, 3, 4)
"""Columns that are left out where even the narrowest do not fit, in this order."""
_NEVER = "–"
"""What stands in place of a gradient that will never arrive."""
_GAP = 2
_MEASURED = 200
"""About so many nodes decide how wide the columns are."""


@lru_cache(maxsize=8)
def _listed(graph: Graph) -> tuple[int, ...]:
    """The positions of the nodes that have a row."""
    return tuple(node.position for node in graph.nodes if node.kind is not Kind.LITERAL)


def node_at_row(view: View, row: int) -> Node | None:
    """The node that the table shows in `row`; its heading stands in row 0."""
    listed = _listed(view.graph)
    return view.graph.nodes[listed[row - 1]] if 1 <= row <= len(listed) else None


def row_of_node(view: View, position: int) -> int:
    """The row in which the table shows a node."""
    return 1 + bisect_left(_listed(view.graph), position)


def nodes(view: View, width: int, height: int) -> Drawing:
    """One row a node, the step's own node marked, and the chosen one in view, else the step's own."""
    listed = _listed(view.graph)
    sizes = _sizes(_widths(view.session.trace, view.session.compared, view.language), width - 2)
    selected = view.session.selection
    node = view.graph.nodes[selected] if selected is not None else view.frame.node
    row = row_of_node(view, node.position) if node is not None else 0
    focus = Area(0, row, 1, 1) if node is not None and row <= len(listed) else None
    return _Table(view, tuple(sizes), 2 + _total(sizes), len(listed) + 1, focus)


class _Table(Struct, frozen=True, eq=False):
    """The table as a drawing, of which only the rows in view are made."""

    view: View
    sizes: tuple[int, ...]
    width: int
    height: int
    focus: Area | None

    def row(self, y: int, x: int, width: int) -> Line:
        """The cells from `x` up to `x + width` of row `y`."""
        if not 0 <= y < self.height:
            return ()
        return crop_line(self._node(y) if y else self._heading(), x, width)

    def _heading(self) -> Line:
        headings = tuple(text(f"column.{heading}", self.view.language) for heading in _HEADINGS)
        return (Span("  "), *_row(headings, self.sizes, (Role.DIM,) * len(self.sizes)))

    def _node(self, y: int) -> Line:
        view = self.view
        node = node_at_row(view, y)
        assert node is not None
        active = view.frame.node is node
        cells = _cells(view, node)
        nothing = (ABSENT, _NEVER)
        roles = tuple(Role.DIM if cell in nothing else role for cell, role in zip(cells, _ROLES, strict=True))
        if view.session.compared and untouched(view.session.trace, view.session.compared, node):
            roles = (Role.DIM,) * len(roles)
        if node.position == view.session.selection:
            roles = (Role.SELECTED, *roles[1:])
        elif node.position in view.lit:
            roles = (Role.LIT, *roles[1:])
        mark = ("> " if view.ascii else "▶ ") if active else "  "
        return (Span(mark, Role.KEY), *_row(tuple(cells), self.sizes, roles))


@lru_cache(maxsize=8)
def _widths(trace: Trace, before: Trace | None, language: str) -> tuple[int, ...]:
    """As wide as the headings and what the run will bring, within limits, so that no column moves in it.

    In a large graph some nodes stand for all, and numbers get all the room that they may have.
    """
    listed = _listed(trace.graph)
    rows = [[text(f"column.{heading}", language) for heading in _HEADINGS]]
    for position in listed[:: 1 + len(listed) // _MEASURED]:
        node = trace.graph.nodes[position]
        value = max(_values(trace, before, node), key=cell_width)
        gradient = max(_gradients(trace, before, node), key=cell_width)
        rows.append([node.name, _what(trace.graph, node, language), _shape(node, language), value, gradient])
    widths = [min(limit, max(cell_width(row[at]) for row in rows)) for at, limit in enumerate(_LIMITS)]
    if len(listed) >= _MEASURED:
        widths[-2:] = _LIMITS[-2:]
    return tuple(widths)


def _values(trace: Trace, before: Trace | None, node: Node) -> Iterator[str]:
    """What will stand under the value of a node, before and after it is updated."""
    at = node.position
    yield _with_change(trace.values[at], before.values[at] if before else None)
    if at in trace.updated:
        yield _with_change(trace.updated[at], before.updated.get(at) if before else None)


def _gradients(trace: Trace, before: Trace | None, node: Node) -> Iterator[str]:
    """What will stand under the gradient of a node, one contribution after the other."""
    yield _with_change(trace.gradients[node.position], before.gradients[node.position] if before else None)
    uses = trace.schedule.uses_of.get(node.position, [])
    for number, edge in enumerate(uses[:_MEASURED], 1):
        part = progress(number, len(uses))
        yield _with_change(trace.arrived[edge], before.arrived[edge] if before else None) + part


def _with_change(now: Tensor | None, before: Tensor | None) -> str:
    return summary(now, shape=False) + change(now, before)


def _cells(view: View, node: Node) -> list[str]:
    frame = view.frame
    what = _what(view.graph, node, view.language)
    gradient = _NEVER
    if node.takes_gradient and _reachable(view, node):
        found = frame.gradient(node)
        gradient = summary(found, shape=False) + progress(*frame.arrived(node))
        gradient += change(found, _before(view).gradient(node)) if view.session.compared else ""
    found = frame.value(node)
    value = summary(found, shape=False)
    value += change(found, _before(view).value(node)) if view.session.compared else ""
    return [node.name, what, _shape(node, view.language), value, gradient]


@lru_cache(maxsize=1024)
def _what(graph: Graph, node: Node, language: str) -> str:
    return formula(graph, node) if node.op is not None else text(f"kind.{node.kind.value}", language)


def _shape(node: Node, language: str) -> str:
    return shape_text(node.shape) if node.shape else text("scalar", language)


def _before(view: View) -> Frame:
    """The same moment without any changes."""
    assert view.session.compared is not None
    return view.session.compared.frame(view.session.here)


def _reachable(view: View, node: Node) -> bool:
    """Whether a gradient will ever arrive at the node."""
    return view.graph.active[node.position] and view.graph.differentiable[node.position]


def _sizes(widths: Sequence[int], room: int) -> list[int]:
    """The columns' widths, narrowed from the widest to fit; that of a column that is left out is 0."""
    sizes = list(widths)
    while _total(sizes) > room and max(sizes) > _FLOOR:
        widest = max(range(len(sizes)), key=lambda column: (sizes[column], column == 1))
        sizes[widest] -= 1
    for column in _FIRST_TO_GO:
        if _total(sizes) > room:
            sizes[column] = 0
    return sizes


def _total(sizes: Sequence[int]) -> int:
    return sum(sizes) + _GAP * (sum(map(bool, sizes)) - 1)


@lru_cache(maxsize=512)  # most rows are as they were at the step before
def _row(cells: tuple[str, ...], sizes: tuple[int, ...], roles: tuple[Tint, ...]) -> Line:
    spans: list[Span] = []
    for cell, size, role in zip(cells, sizes, roles, strict=True):
        if not size:
            continue
        if spans:
            spans.append(Span(" " * _GAP))
        spans.append(Span(padded(cell, size), role))
    return tuple(spans)
