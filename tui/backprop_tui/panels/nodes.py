"""The table of all nodes: operator, shape, value and gradient, as far as they are known.

Decimal points are aligned, and a bar shows how large a gradient is on a logarithmic scale.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import lru_cache, partial
from math import isfinite, isnan, prod
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from backprop_engine.arrays import Tensor
from backprop_engine.debugger.marks import breakpoint_nodes
from backprop_engine.derived import derived
from backprop_engine.explain.statistics import norm
from backprop_engine.explain.symbols import formula, operand_text
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.messages.message import msg
from backprop_engine.trace.magnitudes import gradient_magnitudes
from backprop_engine.trace.trace import Trace, between, nodes_of
from backprop_tui.cells.drawing import Area, Drawing
from backprop_tui.cells.eighths import bar
from backprop_tui.cells.lines import Line, Role, Span, Tint, crop_line
from backprop_tui.cells.shades import flow
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.summaries import ABSENT, progress
from backprop_tui.cells.text import cell_width, clip_formula, clip_middle, clip_name
from backprop_tui.panels.marks import breakpoint_sign
from backprop_tui.panels.step_marks import StepMarks, area_of_rows, changed_spans, step_marks
from backprop_tui.render.differences import faded, in_short, is_unchanged, padded
from backprop_tui.render.words import KIND_NAMES
from backprop_tui.view import View

__all__ = ["node_at_row", "nodes", "row_of_node"]

_HEADINGS = (
    msg("node"),
    msg("is"),
    msg("shape"),
    msg("value"),
    msg("gradient"),
    msg("log size"),
)
_ROLES = (Role.NAME, Role.TEXT, Role.DIM, Role.VALUE, Role.GRADIENT)
"""Of all columns but the bar."""
_LIMITS = (32, 56, 16, 40, 40, 8)
_FLOORS = (4, 9, 4, 8, 8, 4)
"""The narrowest columns; in narrower ones numbers would be cut. A shape is never cut."""
_WHAT, _SHAPE, _VALUE, _GRADIENT, _BAR = 1, 2, 3, 4, 5
_NUMBERS = (_VALUE, _GRADIENT)
_NAMES: Final[Mapping[int, Literal["value", "gradient"]]] = {_VALUE: "value", _GRADIENT: "gradient"}
_GIVES_WAY = {_WHAT: 4, _BAR: 4}
"""How many cells less than other columns these two take: what a node is, and how large its gradient is."""
_MOST_WHOLE = 14
"""A name of up to this many cells is cut only where all other columns are at their narrowest."""
_FIRST_TO_GO = (1, 2, 5, 3, 4)
"""The columns to leave out, in this order, where even the narrowest do not fit."""
_FIRST_TO_GO_OF_SCALARS = (2, 1, 5, 3, 4)
"""The same if the shapes say nothing."""
_NEVER = "–"
"""Stands for a gradient that never arrives."""
_GAPS = 2, 1
"""The cells between columns; a single one only where names are whole for it."""
_MARK = 2
"""The cells of the mark at the node of the step."""
_LEAST_NAME = 4
"""An operand's name is shortened no further: ``s…#1``."""
_USES = 8
"""The contributions to a gradient that are measured, about, where there are more."""
_LARGE = 2**16
"""Partial sums of gradients with more entries are not measured: of a recorded run they are computed."""
_SCALAR = 11
"""The cells of the longest number, ``-0.00123456``; there may be one among nodes that are not measured."""
_FIRST, _MEASURED = 50, 120
"""The nodes that are measured for the widths of columns: the first, and about this many of the others."""
_MOST_UNCUT = 20
"""Where this many cells are enough for every number, other columns go before a number is cut."""
_LEAST_TELLING, _MOST_TELLING = 12, 20
"""Where two names would look alike, neither is cut further than the second while both numbers have room
beside it, and never further than the first.
"""
_FURTHEST = 8
"""No decimal point is further from the left end of a column."""
_OPERANDS: Final = re.compile(r"…(?:, …)+")
"""The arguments of a call where all are left out."""
_BARE: Final = re.compile(r"… \S+ …")
"""Two operands that are left out."""
_WHOLE: Final = re.compile(rf"‖?-?\d+|-?inf|NaN|[{ABSENT}{_NEVER}]")
"""What is before the decimal point of a number, or of a norm."""


@derived()
def _listed(graph: Graph) -> tuple[int, ...]:
    """The positions of the nodes that have a row."""
    return tuple(node.position for node in graph.nodes if node.kind is not Kind.LITERAL)


def node_at_row(view: View, row: int) -> Node | None:
    """The node that the table shows in `row`; row 0 holds the headings."""
    listed = _listed(view.graph)
    return view.graph.nodes[listed[row - 1]] if 1 <= row <= len(listed) else None


def row_of_node(view: View, position: int) -> int:
    """The row in which the table shows a node."""
    return 1 + bisect_left(_listed(view.graph), position)


def nodes(view: View, width: int, height: int) -> Drawing:
    """A row for each node; those that the step touched are marked, and they or the selection are in view."""
    listed = _listed(view.graph)
    marked = breakpoint_nodes(view.session)
    start = _MARK + bool(marked)
    columns = _columns(view.session.trace, view.session.compared, view.language, width - start)
    selected = view.session.selection
    touched = step_marks(view.frame)
    wanted = touched.focus if selected is None else (selected,)
    rows = [row for row in (row_of_node(view, node) for node in wanted) if row <= len(listed)]
    focus = area_of_rows(rows, height - 1)
    return _Table(view, columns, marked, touched, start + columns.width, len(listed) + 1, focus)


class _Columns(Struct, frozen=True):
    """The widths of the columns, 0 for one that is left out, the place of the decimal point in each, and the
    cells between them.
    """

    sizes: tuple[int, ...]
    points: tuple[int, ...]
    gap: int

    @property
    def width(self) -> int:
        """The cells of all columns."""
        return _total(self.sizes, self.gap)

    @property
    def numbers(self) -> int:
        """How many of the columns are numbers."""
        return sum(self.sizes[column] > 0 for column in _NUMBERS)


class _Table(Struct, frozen=True, eq=False):
    """The table as a drawing; only the rows in view are made."""

    view: View
    columns: _Columns
    marked: Mapping[int, bool]
    """The nodes with breakpoints, and whether those are enabled."""
    touched: StepMarks
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
        if not isinstance(before, _Table) or before.columns != self.columns or before.style != self.style:
            return None
        steps = between(before.view.frame, self.view.frame)
        if steps is None:
            return None
        touched = {node for step in steps for node in nodes_of(step)}
        return {row_of_node(self.view, node) for node in touched | before.touched.nodes | self.touched.nodes}

    @property
    def style(self) -> tuple[object, ...]:
        """What the look of every row depends on."""
        view = self.view
        session = view.session
        return (
            session.selection,
            view.found_here,
            view.language,
            view.ascii,
            id(session.compared),
            self.marked,
        )

    def _heading(self) -> Line:
        *others, size = (heading.in_language(self.view.language) for heading in _HEADINGS)
        sizes = self.columns.sizes
        if cell_width(size) > sizes[_BAR]:
            size = msg("size").in_language(self.view.language)
        headings = (*others, size)
        return (
            Span(" " * (_MARK + bool(self.marked))),
            *_row(headings, sizes, (Role.DIM,) * len(sizes), self.columns.gap),
        )

    def _node(self, y: int) -> Line:
        view = self.view
        node = node_at_row(view, y)
        assert node is not None
        size = _size(view, node, self.columns.sizes[_BAR])
        cells = (*_cells(view, node, self.columns), size.text)
        nothing = (ABSENT, _NEVER)
        shown = zip(cells, _ROLES, strict=False)
        roles: tuple[Tint, ...] = tuple(Role.DIM if cell.strip() in nothing else role for cell, role in shown)
        roles = (*roles, size.role)
        if view.session.compared and is_unchanged(view.session.trace, view.session.compared, node):
            roles = (Role.DIM,) * len(roles)
        if node.position == view.session.selection:
            roles = (Role.SELECTED, *roles[1:])
        elif node.position in view.found_here:
            roles = (Role.LIT, *roles[1:])
        mark = self.touched.sign({node.position}, ascii=view.ascii)
        changed = next((at for at in _NUMBERS if self.touched.is_changed(node.position, _NAMES[at])), -1)
        return (
            *self._breakpoint(node),
            mark,
            *_row(cells, self.columns.sizes, roles, self.columns.gap, changed),
        )

    def _breakpoint(self, node: Node) -> Line:
        """The sign of a breakpoint, or the room for one where there are any."""
        if not self.marked:
            return ()
        return (breakpoint_sign(self.marked.get(node.position), ascii=self.view.ascii),)


@derived(limit=4)
def _columns(trace: Trace, before: Trace | None, language: str, room: int) -> _Columns:
    """The columns: as wide as the headings and all that the run will show, within limits, so that none moves
    during the run.

    Where there is too little room, numbers have fewer digits, and the cells that they give up go to the other
    columns. In a large graph only some nodes are measured.
    """
    headings = [cell_width(heading.in_language(language)) for heading in _HEADINGS]
    nodes = _examples(trace.graph)
    words = [(node.name, _what(trace.graph, node, language), shape_label(node.shape)) for node in nodes]
    numbers = {column: _NumberColumn.of(trace, before, nodes, column) for column in _NUMBERS}
    widths = [max(map(cell_width, column)) for column in zip(*words, strict=True)]
    widths += [numbers[column].needed(_LIMITS[column]) for column in _NUMBERS]
    widths.append(0 if trace.schedule.forward_only else _LIMITS[_BAR])
    widths = [min(limit, max(pair)) for limit, *pair in zip(_LIMITS, headings, widths, strict=True)]
    floors = [_telling(tuple(node.name for node in nodes)), *_FLOORS[1:]]
    least = min(widths[_WHAT], max(headings[_WHAT], *(_least_what(node, language) for node in nodes)))
    floors[_WHAT] = min(floors[_WHAT], least)
    floors[_SHAPE] = widths[_SHAPE]
    first_to_go = _FIRST_TO_GO if any(node.shape for node in nodes) else _FIRST_TO_GO_OF_SCALARS
    for column in _NUMBERS:
        floors[column] = max(floors[column], headings[column])
        floors[column] = min(
            widths[column], _MOST_UNCUT, max(floors[column], numbers[column].needed(floors[column]))
        )
    beside = sum(floors[column] + _GAPS[1] for column in _NUMBERS)
    floors[0] = min(floors[0], max(_LEAST_TELLING, room - beside))
    points = tuple(numbers[column].point if column in numbers else 0 for column in range(len(widths)))

    named = [least if column == _WHAT else floor for column, floor in enumerate(floors)]
    if _fits(widths, named, room, _GAPS[0]):
        floors = named

    def among(gap: int) -> _Columns:
        wanted = list(widths)
        for column in reversed(_NUMBERS):
            size = _narrowed(wanted, floors, room, first_to_go, gap)[column]
            if 0 < size < wanted[column]:
                wanted[column] = min(size, max(headings[column], numbers[column].needed(size)))
        return _Columns(tuple(_narrowed(wanted, floors, room, first_to_go, gap)), points, gap)

    apart, close = map(among, _GAPS)
    name = min(widths[0], max(_MOST_WHOLE, floors[0]))
    better = apart.sizes[0] < name <= close.sizes[0] or apart.numbers < close.numbers
    return close if better else apart


def _examples(graph: Graph) -> list[Node]:
    """The nodes that are measured for the widths of columns: all, or the first and some of the others."""
    listed = _listed(graph)
    some = *listed[:_FIRST], *listed[_FIRST :: 1 + len(listed) // _MEASURED]
    return [graph.nodes[position] for position in some]


_Shown: TypeAlias = tuple[Tensor | None, Tensor | None, str]
"""A tensor, what it was without the changes, and how many of its contributions have arrived."""


def _telling(names: tuple[str, ...]) -> int:
    """The fewest cells in which no two names that are cut look alike, within limits; fewer than the least are
    enough only where a cut in the middle is too.
    """
    for cells in range(_FLOORS[0], _MOST_TELLING):
        ways = (clip_middle, clip_name) if cells < _LEAST_TELLING else (clip_name,)
        if all(len({way(name, cells) for name in names}) == len(names) for way in ways):
            return cells
    return _MOST_TELLING


class _NumberColumn(Struct, frozen=True, eq=False):
    """What a column of numbers will show, with aligned decimal points."""

    shown: list[_Shown]
    sizes: list[int]
    """The width of each number without a limit."""
    point: int
    """The cells before the decimal points."""
    all: bool
    """Whether all nodes were measured."""

    @classmethod
    def of(cls, trace: Trace, before: Trace | None, nodes: Sequence[Node], column: int) -> _NumberColumn:
        """The numbers of some nodes in the course of a run."""
        all_of = _values if column == _VALUE else _gradients
        shown = [number for node in nodes for number in all_of(trace, before, node)]
        limit = _LIMITS[column]
        texts = [in_short(now, earlier, limit, part) for now, earlier, part in shown]
        point = min(_FURTHEST, max(map(_point, texts), default=0))
        sizes = [cell_width(_moved(*pair, limit, point)) for pair in zip(shown, texts, strict=True)]
        return cls(shown, sizes, point, len(nodes) == len(_listed(trace.graph)))

    def needed(self, room: int) -> int:
        """The cells of the widest number where each has `room` cells."""
        sizes = (
            size if size <= room else cell_width(_aligned(number, room, self.point))
            for number, size in zip(self.shown, self.sizes, strict=True)
        )
        return max(0 if self.all else min(room, _SCALAR), *sizes)


def _point(shown: str) -> int:
    """The cells before the decimal point of a number or a norm; 0 for the entries of a vector."""
    found = _WHOLE.match(shown)
    return found.end() if found else 0


def _aligned(shown: _Shown, room: int, point: int) -> str:
    """A number in short, moved until `point` cells are before its decimal point, as far as there is room.

    A number that would be cut has fewer digits instead.
    """
    now, before, part = shown
    return _moved(shown, in_short(now, before, room, part), room, point)


def _moved(shown: _Shown, text: str, room: int, point: int) -> str:
    """What is `shown`, of which `text` is written in `room` cells, with its decimal point in its place."""
    indent = point - _point(text) if _point(text) else 0
    if indent > 0 and indent + cell_width(text) > room:
        now, before, part = shown
        text = in_short(now, before, room - indent, part)
        indent = min(point - _point(text), room - cell_width(text))
    return " " * indent + text


def _values(trace: Trace, before: Trace | None, node: Node) -> Iterator[_Shown]:
    """What is shown of the value of a node, before and after it is updated."""
    at = node.position
    yield trace.values[at], before.values[at] if before else None, ""
    if at in trace.updated:
        yield trace.updated[at], before.updated.get(at) if before else None, ""


def _gradients(trace: Trace, before: Trace | None, node: Node) -> Iterator[_Shown]:
    """What is shown of the gradient of a node, and partial sums; the sum itself stands for large ones."""
    at = node.position
    sum_before = before.gradients[at] if before else None
    yield trace.gradients[at], sum_before, ""
    uses = trace.schedule.uses_of.get(at, [])
    if prod(node.shape) > _LARGE:
        yield trace.gradients[at], sum_before, progress(max(0, len(uses) - 1), len(uses))
        return
    for number in range(len(uses) - 1, 0, -1 - len(uses) // _USES):
        edge = uses[number - 1]
        earlier = before.arrived[edge] if before else None
        yield trace.arrived[edge], earlier, progress(number, len(uses))


def _cells(view: View, node: Node, columns: _Columns) -> tuple[str, ...]:
    frame, before = view.frame, view.frame_before_changes
    sizes, points = columns.sizes, columns.points
    gradient = " " * max(0, points[_GRADIENT] - 1) + _NEVER
    if view.graph.gets_gradient(node.position):
        earlier = before.gradient(node) if before else None
        shown = frame.gradient(node), earlier, progress(*frame.arrived(node))
        gradient = _aligned(shown, sizes[_GRADIENT], points[_GRADIENT])
    earlier = before.value(node) if before else None
    value = _aligned((frame.value(node), earlier, ""), sizes[_VALUE], points[_VALUE])
    name, what = clip_name(node.name, sizes[0]), _what_in(view.graph, node, sizes[_WHAT], view.language)
    return name, what, shape_label(node.shape), value, gradient


def _size(view: View, node: Node, cells: int) -> Span:
    """The norm of a gradient as a bar on the run's logarithmic scale; nothing for what is not there.

    Zero has no logarithm: a gradient of zeros, of whatever shape, has a ``0`` that is back, in place of a
    bar. Its numbers do not, for they have arrived.
    """
    gradient = view.frame.gradient(node) if cells else None
    if gradient is None:
        return Span("", Role.DIM)
    size = norm(gradient)
    if not isfinite(size):
        return Span("NaN" if isnan(size) else "inf", Role.TROUBLE)
    if not size:
        return Span("0", Role.DIM)
    share = gradient_magnitudes(view.frame.trace).share(size)
    return Span(bar(share, cells, ascii=view.ascii), flow(share))


@derived(limit=1024)
def _what(graph: Graph, node: Node, language: str) -> str:
    return formula(graph, node) if node.op is not None else KIND_NAMES[node.kind].in_language(language)


def _least_what(node: Node, language: str) -> int:
    """The cells of the shortest description of a node: its operator's name, or its kind."""
    return cell_width(node.op.name if node.op is not None else KIND_NAMES[node.kind].in_language(language))


@derived(limit=1024)
def _what_in(graph: Graph, node: Node, room: int, language: str) -> str:
    """What a node is, in `room` cells: the names of its operands are cut in their middle, as long as they
    remain distinct, and then left out; the operator keeps its name, which is there in place of a sign.
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
    without = _OPERANDS.sub("…", formula(graph, node, lambda operand: "…"))
    if _BARE.fullmatch(without) or cell_width(without) > room >= cell_width(node.op.name):
        without = node.op.name
    return without if cell_width(without) <= room else clip_formula(_what(graph, node, language), room)


def _shortened(most: int, operand: Node) -> str:
    return clip_middle(operand_text(operand), most)


def _narrowed(
    widths: Sequence[int], floors: Sequence[int], room: int, first_to_go: Sequence[int], gap: int
) -> list[int]:
    """The widths of the columns, the widest narrowed first until they fit; 0 for one that is left out."""
    sizes, gone = list(widths), list[int]()
    whole = [max(floors[0], min(widths[0], _MOST_WHOLE)), *floors[1:]]
    for column in first_to_go:
        if _fits(sizes, floors if gone else whole, room, gap):
            break
        sizes[column] = 0
        gone.append(column)
    for column in reversed(gone):  # what went before a wider one may have room again
        sizes[column] = widths[column]
        if not _fits(sizes, whole if column == first_to_go[0] else floors, room, gap):
            sizes[column] = 0
    while _total(sizes, gap) > room:
        wide = [column for column, size in enumerate(sizes) if size > floors[column]]
        if not wide:
            break
        others = [column for column in wide if column]
        last = others if others and sizes[0] <= _MOST_WHOLE else wide
        sizes[max(last, key=lambda column: sizes[column] + _GIVES_WAY.get(column, 0))] -= 1
    return sizes


def _fits(sizes: Sequence[int], floors: Sequence[int], room: int, gap: int) -> bool:
    """Whether there is room for columns that are as narrow as may be."""
    return _total([min(pair) for pair in zip(sizes, floors, strict=True)], gap) <= room


def _total(sizes: Sequence[int], gap: int) -> int:
    return sum(sizes) + gap * (sum(map(bool, sizes)) - 1)


@lru_cache(maxsize=512)  # most rows are as they were at the step before
def _row(
    cells: tuple[str, ...], sizes: tuple[int, ...], roles: tuple[Tint, ...], gap: int, changed: int = -1
) -> Line:
    """Cells in their columns; the number in the column `changed` is in reverse."""
    spans: list[Span] = []
    for column, (cell, size, role) in enumerate(zip(cells, sizes, roles, strict=True)):
        if not size:
            continue
        if spans:
            spans.append(Span(" " * gap))
        if isinstance(role, Role):
            parts = [Span(part, look) for part, look in faded(padded(cell, size), role)]
            spans += [*changed_spans(*parts[0]), *parts[1:]] if column == changed else parts
        else:
            spans.append(Span(cell, role))
    return tuple(spans)
