"""The outline: the structure of the graph as a tree, with what is known of each node in short.

Leaves come first, by their kind, then what is computed, by scans and groups. A row is a few numbers; its
words are made when somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from backprop_engine.derived import derived
from backprop_engine.explain.numbers import ABSENT, progress
from backprop_engine.graph.graph import Graph, Group, Kind, Node
from backprop_tui.cells.drawing import Area, Drawing
from backprop_tui.cells.lines import Line, Role, Span, crop_line
from backprop_tui.cells.text import cell_width, clip
from backprop_tui.render.differences import faded, in_short, padded, untouched
from backprop_tui.scene.folding import folded_graph
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["Row", "Tree", "group_at_row", "node_in_row", "outline", "row_in_outline", "tree_of"]

_SECTIONS: Final = (Kind.INPUT, Kind.PARAM, Kind.CONSTANT)


class Row(NamedTuple):
    """A heading over leaves of a kind, a scan, a group, or a node; `folded` hides what is inside.

    `at` is a position among the nodes, for a group its index, for a scan that of its first instance, for a
    heading the number of its kind. `size` is how many a heading or a scan stands for.
    """

    what: Literal["leaves", "scan", "group", "node"]
    at: int
    depth: int
    size: int = 0
    folded: bool = False


class Tree(Struct, frozen=True, eq=False):
    """The rows that are to be seen, and for each node by position the row in which it, or its group, is."""

    rows: tuple[Row, ...]
    row_of: Mapping[int, int]


@derived(limit=8)
def tree_of(graph: Graph, folded: tuple[str, ...]) -> Tree:
    """The rows of a graph some of whose groups are folded."""
    rows: list[Row] = []
    row_of: dict[int, int] = {}
    for number, kind in enumerate(_SECTIONS):
        own = [node.position for node in graph.leaves if node.kind is kind]
        if own:
            rows.append(Row("leaves", number, 0, len(own)))
            row_of.update(zip(own, range(len(rows), len(rows) + len(own)), strict=True))
            rows += [Row("node", position, 1) for position in own]
    for row, hidden in _computed(graph, frozenset(folded)):
        row_of.update(dict.fromkeys(hidden, len(rows)))
        rows.append(row)
    return Tree(tuple(rows), row_of)


def _computed(graph: Graph, folded: frozenset[str]) -> Iterator[tuple[Row, range]]:
    """A row for each computed node, scan and group, and the nodes that it shows or hides."""
    groups, at, index = graph.groups, graph.order.start, 0
    open_until: list[int] = []
    scan_until = -1
    while at < graph.order.stop:
        while open_until and at >= open_until[-1]:
            open_until.pop()
        depth = len(open_until)
        if index == len(groups) or groups[index].start > at:
            yield Row("node", at, depth), range(at, at + 1)
            at += 1
            continue
        group = groups[index]
        if group.name.endswith("]") and at >= scan_until:
            count, scan_until = _instances(groups, index)
            hidden = all(one.name in folded for one in _siblings(groups, index, count))
            yield Row("scan", index, depth, count, hidden), range(at, scan_until if hidden else at)
            if hidden:
                at, index = scan_until, _behind(groups, index, scan_until)
                continue
            open_until.append(scan_until)
            depth += 1
        closed = group.name in folded
        yield Row("group", index, depth, 0, closed), range(at, group.stop if closed else at)
        if closed:
            at, index = group.stop, _behind(groups, index, group.stop)
        else:
            open_until.append(group.stop)
            index += 1


def _siblings(groups: tuple[Group, ...], index: int, count: int) -> Iterator[Group]:
    """The instances of a scan from that at `index` on."""
    parent = groups[index].parent
    for one in islice(groups, index, None):
        if one.parent == parent and count:
            yield one
            count -= 1
        if not count:
            return


def _instances(groups: tuple[Group, ...], index: int) -> tuple[int, int]:
    """How many instances of one scan follow each other from that at `index` on, and where the last ends."""
    first = groups[index]
    scan, count, stop = first.name[: first.name.rindex("[")], 0, first.start
    for one in islice(groups, index, None):
        if one.parent != first.parent:
            continue
        if one.start != stop or one.name[: one.name.rfind("[")] != scan:
            break
        count, stop = count + 1, one.stop
    return count, stop


def _behind(groups: tuple[Group, ...], index: int, stop: int) -> int:
    """The first group from `index` on that begins at `stop` or later."""
    while index < len(groups) and groups[index].start < stop:
        index += 1
    return index


_NUMBER = 18
"""The cells of a value, and of a gradient."""
_NAME = 16
"""A name gets at least so many; numbers give way."""
_SIGNS = {Kind.INPUT: "○", Kind.PARAM: "◇", Kind.CONSTANT: "□"}
_SIGNS_ASCII = {Kind.INPUT: "o", Kind.PARAM: "*", Kind.CONSTANT: "#"}
_KINDS = tuple(_SIGNS)


def _tree(view: View) -> Tree:
    return tree_of(view.graph, view.folded)


def node_in_row(view: View, row: int) -> Node | None:
    """The node that a row shows: its own, or that which a folded group shows."""
    rows = _tree(view).rows
    if not 0 <= row < len(rows):
        return None
    shown = rows[row]
    if shown.what == "node":
        return view.graph.nodes[shown.at]
    return _face(view, shown) if shown.folded else None


def _face(view: View, row: Row) -> Node:
    """The node that stands for a folded group, or for the last instance of a folded scan."""
    plan = folded_graph(view.graph, view.folded)
    place = plan.index_of[view.graph.groups[row.at].start]
    return plan.nodes[place + (row.size - 1 if row.what == "scan" else 0)]


def row_in_outline(view: View, position: int) -> int:
    """The row in which a node is shown, or what it is folded into; 0 where there is none."""
    return _tree(view).row_of.get(position, 0)


def group_at_row(view: View, row: int) -> str:
    """The group, or the scan, that a row is the heading of; empty where it is of none."""
    rows = _tree(view).rows
    if not 0 <= row < len(rows) or rows[row].what not in ("group", "scan"):
        return ""
    name = view.graph.groups[rows[row].at].name
    return name[: name.rindex("[")] if rows[row].what == "scan" else name


def outline(view: View, width: int, height: int) -> Drawing:
    """One row a group and a node, the step's own marked, and the chosen one in view, else the step's own."""
    tree = _tree(view)
    selected = view.session.selection
    node = view.frame.node if selected is None else view.graph.nodes[selected]
    focus = None if node is None else Area(0, tree.row_of.get(node.position, 0), 1, 1)
    numbers = max(0, min(2, (width - _NAME) // (_NUMBER + 1)))
    return _Outline(view, tree, max(1, width), numbers, focus)


class _Outline(Struct, frozen=True, eq=False):
    """The tree as a drawing, of which only the rows in view are made, with so many columns of `numbers`."""

    view: View
    tree: Tree
    room: int
    numbers: int
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
        step = view.frame.node
        here = step is not None and self.tree.row_of.get(step.position) == y
        mark = (">" if view.ascii else "▶") if here else " "
        start = (Span(f"{mark} ", Role.KEY), Span("  " * row.depth))
        node = node_in_row(view, y)
        used = cell_width("".join(span.text for span in start))
        room = max(0, self.room - used - self.numbers * (_NUMBER + 1))
        line = (*start, *_label(view, row, node, room))
        if node is None or not self.numbers:
            return line
        behind = sum(cell_width(span.text) for span in line)
        gap = Span(" " * max(0, used + room - behind))
        return (*line, gap, *(part for one in self._numbers(node) for part in (Span(" "), *one)))

    def _numbers(self, node: Node) -> list[list[Span]]:
        """The value and the gradient, as far as there is room for them."""
        view, frame, compared = self.view, self.view.frame, self.view.session.compared
        before = compared.frame(view.session.here) if compared else None
        value, gradient = frame.value(node), frame.gradient(node)
        words = [in_short(value, before.value(node) if before else None, _NUMBER)]
        if node.takes_gradient and view.graph.active[node.position]:
            earlier = before.gradient(node) if before else None
            words.append(in_short(gradient, earlier, _NUMBER, progress(*frame.arrived(node))))
        dim = compared is not None and untouched(view.session.trace, compared, node)
        roles = [Role.DIM if dim or one == ABSENT else role for one, role in zip(words, _ROLES, strict=False)]
        columns = [faded(padded(one, _NUMBER), role) for one, role in zip(words, roles, strict=True)]
        return [[Span(*part) for part in column] for column in columns[: self.numbers]]


_ROLES = (Role.VALUE, Role.GRADIENT)


def _label(view: View, row: Row, node: Node | None, room: int) -> Line:
    """What a row is called, in `room` cells."""
    if row.what == "leaves":
        heading = text(f"outline.{_KINDS[row.at].value}", view.language)
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
    """A node's name inside of its group."""
    group = view.graph.group_of(node.position)
    return node.name if group is None else node.name.removeprefix(f"{group.name}.")


def _name_role(view: View, node: Node) -> Role:
    if node.position == view.session.selection:
        return Role.SELECTED
    if node.position in view.lit:
        return Role.LIT
    return Role.DIM if view.frame.value(node) is None else Role.NAME
