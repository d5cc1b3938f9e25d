"""The table of all nodes: operator, shape, value and gradient, as far as they are known."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from functools import lru_cache, partial
from typing import TypeAlias

from msgspec import Struct

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.derived import derived
from backprop_engine.explain.numbers import ABSENT, progress
from backprop_engine.explain.symbols import formula, operand_text
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.trace.trace import Frame, Trace, between, nodes_of
from backprop_tui.cells.drawing import Area, Drawing
from backprop_tui.cells.lines import Line, Role, Span, crop_line
from backprop_tui.cells.text import cell_width, clip_middle
from backprop_tui.render.differences import faded, in_short, padded, untouched
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["node_at_row", "nodes", "row_of_node"]

_HEADINGS = ("node", "op", "shape", "value", "gradient")
_ROLES = (Role.NAME, Role.TEXT, Role.DIM, Role.VALUE, Role.GRADIENT)
_LIMITS = (32, 56, 16, 40, 40)
_FLOORS = (4, 4, 4, 8, 8)
"""A column is narrowed no further; a number would be cut inside."""
_NUMBERS = (3, 4)
_WHAT = 1
_GIVES_WAY = 4
"""So many cells narrower than others gets the column that says what a node is."""
_FIRST_TO_GO = (1, 2, 3, 4)
"""Columns that are left out where even the narrowest do not fit, in this order."""
_NEVER = "–"
"""What stands in place of a gradient that will never arrive."""
_GAP = 2
_MARK = 2
"""The cells of the mark at the step's own node."""
_LEAST_NAME = 4
"""An operand's name is shortened no further: ``s…#1``."""
_USES = 8
"""Of more contributions to a gradient, about so many decide how wide it gets."""
_SCALAR = 11
"""The cells of the longest number, ``-0.00123456``; there may be one among nodes that are not measured."""
_FIRST, _MEASURED = 50, 120
"""The first of all nodes and about so many of the others decide how wide the columns are."""


@derived()
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
    sizes = _sizes(view.session.trace, view.session.compared, view.language, width - _MARK)
    selected = view.session.selection
    node = view.graph.nodes[selected] if selected is not None else view.frame.node
    row = row_of_node(view, node.position) if node is not None else 0
    focus = Area(0, row, 1, 1) if node is not None and row <= len(listed) else None
    return _Table(view, sizes, _MARK + _total(sizes), len(listed) + 1, focus)


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

    def changed_rows(self, before: Drawing) -> Set[int] | None:
        """The rows that may differ from those of a table drawn before; None where any may."""
        if not isinstance(before, _Table) or before.sizes != self.sizes or before.manner != self.manner:
            return None
        steps = between(before.view.frame, self.view.frame)
        if steps is None:
            return None
        return {row_of_node(self.view, node) for step in steps for node in nodes_of(step)}

    @property
    def manner(self) -> tuple[object, ...]:
        """What the look of every row depends on."""
        view = self.view
        return view.session.selection, view.lit, view.language, view.ascii, id(view.session.compared)

    def _heading(self) -> Line:
        headings = tuple(text(f"column.{heading}", self.view.language) for heading in _HEADINGS)
        return (Span(" " * _MARK), *_row(headings, self.sizes, (Role.DIM,) * len(self.sizes)))

    def _node(self, y: int) -> Line:
        view = self.view
        node = node_at_row(view, y)
        assert node is not None
        active = view.frame.node is node
        cells = _cells(view, node, self.sizes)
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


@derived(limit=4)
def _sizes(trace: Trace, before: Trace | None, language: str, room: int) -> tuple[int, ...]:
    """The widths of the columns, 0 for one that is left out.

    They are as wide as the headings and what the run will bring, within limits, so that no column moves in
    it. Where there is too little room for that, numbers have fewer digits, and what they no longer need is
    there for the others. In a large graph some nodes stand for all.
    """
    headings = [cell_width(text(f"column.{heading}", language)) for heading in _HEADINGS]
    nodes = _examples(trace.graph)
    words = [(node.name, _what(trace.graph, node, language), _shape(node, language)) for node in nodes]
    numbers = {column: _Numbers.of(trace, before, nodes, column) for column in _NUMBERS}
    widths = [max(map(cell_width, column)) for column in zip(*words, strict=True)]
    widths += [numbers[column].needed(_LIMITS[column]) for column in _NUMBERS]
    widths = [min(limit, max(pair)) for limit, *pair in zip(_LIMITS, headings, widths, strict=True)]
    for column in reversed(_NUMBERS):
        size = _narrowed(widths, room)[column]
        if 0 < size < widths[column]:
            widths[column] = min(size, max(headings[column], numbers[column].needed(size)))
    return tuple(_narrowed(widths, room))


def _examples(graph: Graph) -> list[Node]:
    """Nodes that decide how wide the columns are: all, or the first and some of the others."""
    listed = _listed(graph)
    some = *listed[:_FIRST], *listed[_FIRST :: 1 + len(listed) // _MEASURED]
    return [graph.nodes[position] for position in some]


_Shown: TypeAlias = tuple[Tensor | None, Tensor | None, str]
"""A tensor, what it was without the changes, and how many of its contributions have arrived."""


class _Numbers(Struct, frozen=True, eq=False):
    """What will stand in a column of numbers, and how wide it is where there is all the room for it."""

    shown: list[_Shown]
    sizes: list[int]
    all: bool
    """Whether nodes that are not among them can be no wider."""

    @classmethod
    def of(cls, trace: Trace, before: Trace | None, nodes: Sequence[Node], column: int) -> _Numbers:
        """Those of some nodes in the course of a run."""
        all_of = _values if column == _NUMBERS[0] else _gradients
        shown = [one for node in nodes for one in all_of(trace, before, node)]
        sizes = [_width(one, _LIMITS[column]) for one in shown]
        return cls(shown, sizes, len(nodes) == len(_listed(trace.graph)))

    def needed(self, room: int) -> int:
        """The cells of the widest, where each has so much room."""
        sizes = (
            size if size <= room else _width(one, room)
            for one, size in zip(self.shown, self.sizes, strict=True)
        )
        return max(0 if self.all else min(room, _SCALAR), *sizes)


def _width(shown: _Shown, room: int) -> int:
    now, before, part = shown
    return cell_width(in_short(now, before, room, part))


def _values(trace: Trace, before: Trace | None, node: Node) -> Iterator[_Shown]:
    """What will stand under the value of a node, before and after it is updated."""
    at = node.position
    yield trace.values[at], before.values[at] if before else None, ""
    if at in trace.updated:
        yield trace.updated[at], before.updated.get(at) if before else None, ""


def _gradients(trace: Trace, before: Trace | None, node: Node) -> Iterator[_Shown]:
    """What will stand under the gradient of a node, with some of the sums that it is on the way."""
    at = node.position
    yield trace.gradients[at], before.gradients[at] if before else None, ""
    uses = trace.schedule.uses_of.get(at, [])
    for number in range(len(uses) - 1, 0, -1 - len(uses) // _USES):
        edge = uses[number - 1]
        earlier = before.arrived[edge] if before else None
        yield trace.arrived[edge], earlier, progress(number, len(uses))


def _cells(view: View, node: Node, sizes: Sequence[int]) -> list[str]:
    frame, before = view.frame, _before(view)
    gradient = _NEVER
    if node.takes_gradient and _reachable(view, node):
        earlier = before.gradient(node) if before else None
        gradient = in_short(frame.gradient(node), earlier, sizes[4], progress(*frame.arrived(node)))
    value = in_short(frame.value(node), before.value(node) if before else None, sizes[3])
    name, what = clip_middle(node.name, sizes[0]), _what_in(view.graph, sizes[_WHAT], node, view.language)
    return [name, what, _shape(node, view.language), value, gradient]


@derived(limit=1024)
def _what(graph: Graph, node: Node, language: str) -> str:
    return formula(graph, node) if node.op is not None else text(f"kind.{node.kind.value}", language)


@derived(limit=1024)
def _what_in(graph: Graph, room: int, node: Node, language: str) -> str:
    """What a node is in so many cells: its operands' names are cut in their middle, as far as they stay
    apart, and at last all of it.
    """
    shorter = _what(graph, node, language)
    if node.op is None or cell_width(shorter) <= room:
        return shorter
    names = {operand_text(graph.nodes[operand]) for operand in node.operands}
    for most in range(max(map(cell_width, names)) - 1, _LEAST_NAME - 1, -1):
        if len({clip_middle(name, most) for name in names}) < len(names):
            break
        shorter = formula(graph, node, partial(_shortened, most))
        if cell_width(shorter) <= room:
            return shorter
    return clip_middle(shorter, room)


def _shortened(most: int, operand: Node) -> str:
    return clip_middle(operand_text(operand), most)


def _shape(node: Node, language: str) -> str:
    return shape_text(node.shape) if node.shape else text("scalar", language)


def _before(view: View) -> Frame | None:
    """The same moment without any changes, if there are any."""
    return view.session.compared.frame(view.session.here) if view.session.compared else None


def _reachable(view: View, node: Node) -> bool:
    """Whether a gradient will ever arrive at the node."""
    return view.graph.active[node.position] and view.graph.differentiable[node.position]


def _narrowed(widths: Sequence[int], room: int) -> list[int]:
    """The columns' widths, narrowed from the widest to fit; that of a column that is left out is 0."""
    sizes = list(widths)
    while _total(sizes) > room:
        wide = [column for column, size in enumerate(sizes) if size > _FLOORS[column]]
        if not wide:
            break
        sizes[max(wide, key=lambda column: sizes[column] + _GIVES_WAY * (column == _WHAT))] -= 1
    for column in _FIRST_TO_GO:
        if _total(sizes) > room:
            sizes[column] = 0
    return sizes


def _total(sizes: Sequence[int]) -> int:
    return sum(sizes) + _GAP * (sum(map(bool, sizes)) - 1)


@lru_cache(maxsize=512)  # most rows are as they were at the step before
def _row(cells: tuple[str, ...], sizes: tuple[int, ...], roles: tuple[Role, ...]) -> Line:
    spans: list[Span] = []
    for cell, size, role in zip(cells, sizes, roles, strict=True):
        if not size:
            continue
        if spans:
            spans.append(Span(" " * _GAP))
        spans += (Span(part, look) for part, look in faded(padded(cell, size), role))
    return tuple(spans)
