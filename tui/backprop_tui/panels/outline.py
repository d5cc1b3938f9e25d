"""The outline: the structure of the graph as a tree, with the value and the gradient of each node in short.

Leaves come first, by kind, then what is computed, by scans and groups. A row is a few numbers; its text is
made when it comes into view.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from backprop_engine.debugger.marks import breakpoint_nodes
from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph, Group, Kind, Node
from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Area, Drawing
from backprop_tui.cells.lines import Line, Role, Span, crop_line, line_width
from backprop_tui.cells.summaries import ABSENT, progress
from backprop_tui.cells.text import cell_width, clip
from backprop_tui.panels.marks import breakpoint_sign
from backprop_tui.panels.step_marks import StepMarks, area_of_rows, changed_spans, step_marks
from backprop_tui.render.differences import faded, in_short, is_unchanged, padded
from backprop_tui.scene.folding import folded_graph
from backprop_tui.view import View

__all__ = ["group_at_row", "node_in_row", "outline", "row_in_outline"]

_SECTIONS: Final = (Kind.INPUT, Kind.PARAM, Kind.CONSTANT)


class _Row(NamedTuple):
    """A heading over leaves of a kind, a scan, a group, or a node; `folded` hides what is inside.

    `at` is a position among the nodes, for a group its index, for a scan that of its first instance, for a
    heading the number of its kind. `size` is how many a heading or a scan stands for.
    """

    what: Literal["leaves", "scan", "group", "node"]
    at: int
    depth: int
    size: int = 0
    folded: bool = False


class _Tree(Struct, frozen=True, eq=False):
    """The rows of an outline."""

    rows: tuple[_Row, ...]
    row_of: Mapping[int, int]
    """For each node, by position, the row of the node itself or of what it is folded into."""


@derived(limit=8)
def _tree_of(graph: Graph, folded: tuple[str, ...]) -> _Tree:
    """The rows of a graph in which the groups named in `folded` are folded."""
    rows: list[_Row] = []
    row_of: dict[int, int] = {}
    for number, kind in enumerate(_SECTIONS):
        leaves = [node.position for node in graph.leaves if node.kind is kind]
        if leaves:
            rows.append(_Row("leaves", number, 0, len(leaves)))
            row_of.update(zip(leaves, range(len(rows), len(rows) + len(leaves)), strict=True))
            rows += [_Row("node", position, 1) for position in leaves]
    for row, hidden in _computed(graph, frozenset(folded)):
        row_of.update(dict.fromkeys(hidden, len(rows)))
        rows.append(row)
    return _Tree(tuple(rows), row_of)


def _computed(graph: Graph, folded: frozenset[str]) -> Iterator[tuple[_Row, range]]:
    """A row for each computed node, scan and group, with the positions of the nodes it shows or hides."""
    groups, at, index = graph.groups, graph.order.start, 0
    open_until: list[int] = []
    scan_until = -1
    while at < graph.order.stop:
        while open_until and at >= open_until[-1]:
            open_until.pop()
        depth = len(open_until)
        if index == len(groups) or groups[index].start > at:
            yield _Row("node", at, depth), range(at, at + 1)
            at += 1
            continue
        group = groups[index]
        if group.name.endswith("]") and at >= scan_until:
            count, scan_until = _instances(groups, index)
            hidden = all(instance.name in folded for instance in _siblings(groups, index, count))
            yield _Row("scan", index, depth, count, hidden), range(at, scan_until if hidden else at)
            if hidden:
                at, index = scan_until, _first_group_from(groups, index, scan_until)
                continue
            open_until.append(scan_until)
            depth += 1
        closed = group.name in folded
        yield _Row("group", index, depth, 0, closed), range(at, group.stop if closed else at)
        if closed:
            at, index = group.stop, _first_group_from(groups, index, group.stop)
        else:
            open_until.append(group.stop)
            index += 1


def _siblings(groups: tuple[Group, ...], index: int, count: int) -> Iterator[Group]:
    """The `count` instances of a scan, from the group at `index` on."""
    parent = groups[index].parent
    return islice((group for group in islice(groups, index, None) if group.parent == parent), count)


def _instances(groups: tuple[Group, ...], index: int) -> tuple[int, int]:
    """How many instances of a scan there are from the group at `index` on, and where the last ends."""
    first = groups[index]
    scan, count, stop = first.name[: first.name.rindex("[")], 0, first.start
    for group in islice(groups, index, None):
        if group.parent != first.parent:
            continue
        if group.start != stop or group.name[: group.name.rfind("[")] != scan:
            break
        count, stop = count + 1, group.stop
    return count, stop


def _first_group_from(groups: tuple[Group, ...], index: int, stop: int) -> int:
    """The first group, from `index` on, that begins at `stop` or later."""
    while index < len(groups) and groups[index].start < stop:
        index += 1
    return index


_NUMBER = 18
"""The cells of a value, and of a gradient."""
_NAME = 16
"""The fewest cells for a name; numbers give way."""
_SIGNS = {Kind.INPUT: "○", Kind.PARAM: "◇", Kind.CONSTANT: "□"}
_SIGNS_ASCII = {Kind.INPUT: "o", Kind.PARAM: "*", Kind.CONSTANT: "#"}
_HEADINGS = {
    Kind.INPUT: msg("inputs"),
    Kind.PARAM: msg("parameters"),
    Kind.CONSTANT: msg("constants"),
}
_KINDS = tuple(_SIGNS)
_ROLES = (Role.VALUE, Role.GRADIENT)
_NUMBERS: Final[tuple[Literal["value", "gradient"], ...]] = ("value", "gradient")


def _tree(view: View) -> _Tree:
    return _tree_of(view.graph, view.folded)


def node_in_row(view: View, row: int) -> Node | None:
    """The node that a row shows: its own, or the one that a folded group shows; None for any other row."""
    rows = _tree(view).rows
    if not 0 <= row < len(rows):
        return None
    shown = rows[row]
    if shown.what == "node":
        return view.graph.nodes[shown.at]
    return _node_of_group(view, shown) if shown.folded else None


def _node_of_group(view: View, row: _Row) -> Node:
    """The node that stands for a folded group, or for the last instance of a folded scan."""
    shown = folded_graph(view.graph, view.folded)
    index = shown.index_of[view.graph.groups[row.at].start]
    return shown.nodes[index + (row.size - 1 if row.what == "scan" else 0)]


def row_in_outline(view: View, position: int) -> int:
    """The row of the node at a position, or of what it is folded into; 0 where there is none."""
    return _tree(view).row_of.get(position, 0)


def group_at_row(view: View, row: int) -> str:
    """The name of the group or the scan that a row is the heading of; empty for any other row."""
    rows = _tree(view).rows
    if not 0 <= row < len(rows) or rows[row].what not in ("group", "scan"):
        return ""
    name = view.graph.groups[rows[row].at].name
    return name[: name.rindex("[")] if rows[row].what == "scan" else name


def outline(view: View, width: int, height: int) -> Drawing:
    """A row for each group and node; those that the step touched are marked, and they or the selection are in
    view.
    """
    tree = _tree(view)
    selected = view.session.selection
    touched = step_marks(view.frame)
    wanted = touched.focus if selected is None else (selected,)
    focus = area_of_rows([tree.row_of.get(node, 0) for node in wanted], height)
    numbers = max(0, min(2, (width - _NAME) // (_NUMBER + 1)))
    return _Outline(view, tree, max(1, width), numbers, breakpoint_nodes(view.session), touched, focus)


def _breakpoint(graph: Graph, row: _Row, marked: Mapping[int, bool]) -> bool | None:
    """Whether the breakpoint of a row, or one of what is folded into it, is enabled; None without any."""
    if row.what == "node":
        return marked.get(row.at)
    if row.what == "leaves" or not row.folded:
        return None
    *_, last = _siblings(graph.groups, row.at, max(1, row.size))
    inside = (marked.get(node) for node in range(graph.groups[row.at].start, last.stop))
    return max((enabled for enabled in inside if enabled is not None), default=None)


class _Outline(Struct, frozen=True, eq=False):
    """The tree as a drawing with up to two columns of `numbers`; only the rows in view are made."""

    view: View
    tree: _Tree
    room: int
    numbers: int
    marked: Mapping[int, bool]
    """The nodes with breakpoints, and whether those are enabled."""
    touched: StepMarks
    focus: Area | None

    @property
    def width(self) -> int:
        """How many cells wide it is."""
        return self.room

    @property
    def height(self) -> int:
        """How many rows it has."""
        return len(self.tree.rows)

    def row(self, y: int, x: int, width: int) -> Line:
        """The cells from `x` up to `x + width` of row `y`."""
        if not 0 <= y < self.height:
            return ()
        return crop_line(self._line(y), x, width)

    def _line(self, y: int) -> Line:
        view, row = self.view, self.tree.rows[y]
        here = {node for node in self.touched.nodes if self.tree.row_of.get(node) == y}
        start: Line = (self.touched.sign(here, ascii=view.ascii), Span("  " * row.depth))
        if self.marked:
            start = (breakpoint_sign(_breakpoint(view.graph, row, self.marked), ascii=view.ascii), *start)
        node = node_in_row(view, y)
        used = line_width(start)
        room = max(0, self.room - used - self.numbers * (_NUMBER + 1))
        line = (*start, *_label(view, row, node, room))
        if node is None or not self.numbers:
            return line
        gap = Span(" " * max(0, used + room - line_width(line)))
        return (*line, gap, *(span for number in self._numbers(node) for span in (Span(" "), *number)))

    def _numbers(self, node: Node) -> list[list[Span]]:
        """The value and the gradient, as far as there is room for them."""
        view, frame, before = self.view, self.view.frame, self.view.frame_before_changes
        texts = [in_short(frame.value(node), before.value(node) if before else None, _NUMBER)]
        if node.takes_gradient and view.graph.active[node.position]:
            earlier = before.gradient(node) if before else None
            texts.append(in_short(frame.gradient(node), earlier, _NUMBER, progress(*frame.arrived(node))))
        dim = before is not None and is_unchanged(frame.trace, before.trace, node)
        columns = []
        for number, role, what in zip(texts[: self.numbers], _ROLES, _NUMBERS, strict=False):
            shown_role = Role.DIM if dim or number == ABSENT else role
            first, *others = (Span(*part) for part in faded(padded(number, _NUMBER), shown_role))
            changed = self.touched.is_changed(node.position, what)
            columns.append([*(changed_spans(*first) if changed else (first,)), *others])
        return columns


def _label(view: View, row: _Row, node: Node | None, room: int) -> Line:
    """The sign and the name of a row, in `room` cells."""
    if row.what == "leaves":
        heading = _HEADINGS[_KINDS[row.at]].in_language(view.language)
        return (Span(clip(f"{heading} ({row.size})", room), Role.DIM),)
    if row.what == "node":
        assert node is not None
        signs = _SIGNS_ASCII if view.ascii else _SIGNS
        return (
            Span(f"{signs.get(node.kind, ' ')} ", Role.DIM),
            Span(clip(_own_name(view, node), room - 2), _name_role(view, node)),
        )
    group = view.graph.groups[row.at]
    signs_of = ("+", "-") if view.ascii else ("▸", "▾")
    sign = signs_of[0] if row.folded else signs_of[1]
    within = "" if group.parent is None else f"{view.graph.groups[group.parent].name}."
    name, what = group.name.removeprefix(within), group.cell
    if row.what == "scan":
        name, what = name[: name.rindex("[")], f"{row.size} × {group.cell}"
    elif name.endswith("]"):
        name = name[name.rindex("[") :]
    role = Role.HEADING if node is None else _name_role(view, node)
    name = clip(name, room - 2)
    rest = clip(f"  {what}", room - 2 - cell_width(name))
    return (Span(f"{sign} ", Role.OP), Span(name, role), Span(rest, Role.DIM))


def _own_name(view: View, node: Node) -> str:
    """The name of a node within its group."""
    group = view.graph.group_of(node.position)
    return node.name if group is None else node.name.removeprefix(f"{group.name}.")


def _name_role(view: View, node: Node) -> Role:
    if node.position == view.session.selection:
        return Role.SELECTED
    if node.position in view.found_here:
        return Role.LIT
    return Role.DIM if view.frame.value(node) is None else Role.NAME
