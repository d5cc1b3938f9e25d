"""The graph as a picture: operators in boxes, values above the wires, gradients below, as in lecture figures.

The layout depends on the run alone, not on the position in it, so that nothing moves while one steps. A graph
too large for one picture is shown in stretches of the order of computing.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from backprop_engine.arrays import Tensor
from backprop_engine.explain.lines import Line, Role, Span
from backprop_engine.explain.numbers import progress, summary
from backprop_engine.frame import Frame
from backprop_engine.graph import Graph, Kind, Node
from backprop_engine.steps import Accumulate, Backward, Forward, Seed
from backprop_engine.text import cell_width, clip
from backprop_engine.trace import Trace
from backprop_tui.drawing import Area
from backprop_tui.layout import Layout, WireCell, glyph, layout
from backprop_tui.panels.nodes import untouched
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["GraphPicture", "graph_picture", "graph_title", "node_at"]

LARGEST = 160
"""The most nodes in one picture."""
_STRETCH = 80
_LABEL_LIMIT = 22
_HEIGHT = 3
_LEAF_MARKS = {Kind.INPUT: "○", Kind.PARAM: "◇", Kind.CONSTANT: "□"}
_ASCII_MARKS = {Kind.INPUT: "o", Kind.PARAM: "*", Kind.CONSTANT: "#"}
_HEAVY = str.maketrans("─│╭╮╰╯├┤┬┴┼", "━┃┏┓┗┛┣┫┳┻╋")
_ASCII = str.maketrans("─│╭╮╰╯├┤┬┴┼━┃┏┓┗┛┣┫┳┻╋▶◀", "-|+++++++++=#+++++++++><")
_BACK = str.maketrans("▶", "◀")


class _Unit(Struct, frozen=True):
    """A node's picture: a box or a leaf's mark, and beside it the label above and below its wire."""

    node: Node
    sign: str
    box: int
    """Cells that the box takes; 0 for a leaf."""
    width: int


class _Scene(Struct, frozen=True, eq=False):
    """Units and wires of the nodes in one picture; `ends` are (operand, node, argnum) of each wire."""

    units: tuple[_Unit, ...]
    ends: tuple[tuple[int, int, int], ...]
    layout: Layout
    units_on_row: tuple[tuple[int, ...], ...]
    """For each row, the units that reach it, from left to right."""
    unit_of: dict[int, int]
    outgoing: dict[int, list[int]]
    """The wires that leave each node."""


class GraphPicture(Struct, frozen=True, eq=False):
    """The graph at one position of the run."""

    scene: _Scene
    frame: Frame
    selection: int | None
    ascii: bool
    untouched: frozenset[int] = frozenset()
    """Nodes that the changes in force leave as they were: they stand back."""

    @property
    def width(self) -> int:
        """How many cells wide it is."""
        return self.scene.layout.width

    @property
    def height(self) -> int:
        """How many rows it has."""
        return self.scene.layout.height

    @property
    def focus(self) -> Area | None:
        """The step's own node and, where it hands its gradient on, the operand as well."""
        nodes = [node for node in (self.frame.node, _partner(self.frame)) if node is not None]
        areas = [
            self._area(self.scene.unit_of[node.position])
            for node in nodes
            if node.position in self.scene.unit_of
        ]
        if not areas:
            return None
        left, top = min(area.x for area in areas), min(area.y for area in areas)
        right = max(area.x + area.width for area in areas)
        bottom = max(area.y + area.height for area in areas)
        return Area(left, top, right - left, bottom - top)

    def _area(self, unit: int) -> Area:
        x, y = self.scene.layout.origins[unit]
        return Area(x, y, self.scene.units[unit].width, _HEIGHT)

    def row(self, y: int, x: int, width: int) -> Line:
        """The cells from `x` up to `x + width` of row `y`."""
        if not 0 <= y < self.height:
            return ()
        cells: dict[int, Span] = {}
        end = x + width
        wires = self.scene.layout.wires().rows[y] if y < len(self.scene.layout.wires().rows) else {}
        for column in range(x, end):
            wire = wires.get(column)
            if wire is not None:
                cells[column] = self._wire(wire)
        for unit in self.scene.units_on_row[y]:
            left, top = self.scene.layout.origins[unit]
            if left < end and left + self.scene.units[unit].width > x:
                self._put_unit(cells, self.scene.units[unit], left, y - top)
        _mark_cuts(cells, x, end)
        return _gathered(cells, x, end)

    def _wire(self, wire: WireCell) -> Span:
        """A cell of a wire: heavy where the step runs along it, dim where nothing has yet."""
        character = glyph(wire)
        active = [edge for edge in wire.over if self._is_active(edge)]
        if active:
            forward = isinstance(self.frame.step, Forward)
            character = character.translate(_HEAVY)
            if not forward:
                character = character.translate(_BACK)
            role = Role.ACTIVE_VALUE if forward else Role.ACTIVE_GRADIENT
        else:
            known = any(self._source_known(edge) for edge in wire.over)
            role = Role.TEXT if known else Role.DIM
        return Span(character.translate(_ASCII) if self.ascii else character, role)

    def _is_active(self, wire: int) -> bool:
        operand, node, argnum = self.scene.ends[wire]
        match self.frame.step:
            case Forward(node=position):
                return node == position
            case Backward(edge=edge) | Accumulate(edge=edge):
                return (operand, node, argnum) == (edge.operand, edge.node, edge.argnum)
            case _:
                return False

    def _source_known(self, wire: int) -> bool:
        return self.frame.value(self.frame.graph.nodes[self.scene.ends[wire][0]]) is not None

    def _is_at(self, unit: _Unit) -> bool:
        """Whether the step is about the unit's node, or about one in the folded group that it stands for."""
        node = self.frame.node
        if node is None:
            return False
        at = self.scene.unit_of.get(node.position)
        return at is not None and self.scene.units[at] is unit

    def _put_unit(self, cells: dict[int, Span], unit: _Unit, left: int, row: int) -> None:
        """One of the three rows of a unit."""
        node = unit.node
        active = self._is_at(unit)
        frame_role = self._frame_role(node, active)
        at = left
        if unit.box:
            text = _box_row(unit, row, active)
            at = _put(cells, at, text, frame_role, ascii=self.ascii)
        label = unit.width - unit.box
        if row == 1:
            self._put_wire_row(cells, unit, at, label, frame_role)
            return
        if row == 0:
            selected = self.selection == node.position
            back = frame_role is Role.DIM or node.position in self.untouched
            name_role = Role.SELECTED if selected else Role.DIM if back else Role.NAME
            at = _put(cells, at + bool(unit.box), clip(node.name, _LABEL_LIMIT), name_role)
            value = self.frame.value(node)
            role = Role.ACTIVE_VALUE if active else Role.VALUE
            role = Role.DIM if value is None or node.position in self.untouched else role
            _put(cells, at + 1, _short(value), role)
        elif _gets_gradient(self.frame, node):
            gradient = self.frame.gradient(node)
            partner = _partner(self.frame)
            hot = partner is node or (isinstance(self.frame.step, Seed) and active)
            role = Role.ACTIVE_GRADIENT if hot else Role.GRADIENT
            role = Role.DIM if gradient is None or node.position in self.untouched else role
            label_text = _short_gradient(gradient) + progress(*self.frame.arrived(node))
            _put(cells, at + bool(unit.box), label_text, role)

    def _put_wire_row(self, cells: dict[int, Span], unit: _Unit, at: int, label: int, role: Role) -> None:
        """The wire that leaves the unit, along its label."""
        at_unit = self.scene.unit_of[unit.node.position]
        active = any(map(self._is_active, self.scene.outgoing.get(at_unit, ())))
        wire_role = Role.TEXT if self.frame.value(unit.node) is not None else Role.DIM
        line = "━" if active else "─"
        if active:
            forward = isinstance(self.frame.step, Forward)
            wire_role = Role.ACTIVE_VALUE if forward else Role.ACTIVE_GRADIENT
        if not unit.box:
            mark = (_ASCII_MARKS if self.ascii else _LEAF_MARKS)[unit.node.kind]
            at = _put(cells, at, mark, Role.NAME)
            label -= 1
        _put(cells, at, line * label, wire_role, ascii=self.ascii)

    def _frame_role(self, node: Node, active: bool) -> Role:
        if active:
            return Role.ACTIVE_VALUE if isinstance(self.frame.step, Forward) else Role.ACTIVE_GRADIENT
        return Role.DIM if self.frame.value(node) is None else Role.OP


def _box_row(unit: _Unit, row: int, active: bool) -> str:
    inner = unit.box - 2
    if row == 0:
        text = f"╭{'─' * inner}╮"
    elif row == 1:
        text = f"│ {unit.sign} ├"
    else:
        text = f"╰{'─' * inner}╯"
    return text.translate(_HEAVY) if active else text


def _put(cells: dict[int, Span], at: int, text: str, role: Role, *, ascii: bool = False) -> int:
    """Write `text` into `cells` from column `at`; gives the column behind it."""
    for character in text.translate(_ASCII) if ascii else text:
        cells[at] = Span(character, role)
        size = cell_width(character)
        if size == 2:
            cells[at + 1] = Span("", role)
        at += max(1, size)
    return at


_ELLIPSIS = "…"


def _mark_cuts(cells: dict[int, Span], start: int, end: int) -> None:
    """Where a name or a number runs over an edge of what is in view, an ellipsis says so."""
    for inside, outside in ((start, start - 1), (end - 1, end)):
        if _is_text(cells.get(inside)) and _is_text(cells.get(outside)):
            cells[inside] = Span(_ELLIPSIS, cells[inside].role)


def _is_text(cell: Span | None) -> bool:
    """Whether a cell belongs to a label: it is neither empty nor a part of a wire or a box."""
    return cell is not None and bool(cell.text.strip()) and not "\u2500" <= cell.text <= "\u25ff"


def _gathered(cells: dict[int, Span], start: int, end: int) -> Line:
    """Cells as spans: neighbours of one role together, spaces between, nothing after the last."""
    spans: list[Span] = []
    last = max((column for column in cells if column < end), default=start - 1)
    text, role = "", Role.TEXT
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


_SPACE = Span(" ", Role.TEXT)


def _partner(frame: Frame) -> Node | None:
    """The operand that the step brings gradient to."""
    return frame.graph.nodes[frame.edge.operand] if frame.edge is not None else None


def _gets_gradient(frame: Frame, node: Node) -> bool:
    return frame.graph.active[node.position] and frame.graph.differentiable[node.position]


def graph_picture(view: View) -> GraphPicture:
    """The graph where the reader stands."""
    start, stop = _stretch(view)
    folded = () if view.session.levels else view.session.folded
    scene = _scene(view.session.trace, start, stop, folded)
    back = frozenset(unit.node.position for unit in scene.units if untouched(view, unit.node))
    return GraphPicture(scene, view.frame, view.session.selection, view.ascii, back)


def graph_title(view: View) -> str:
    """The panel's name, and which of the computed nodes are shown where it is not all of them."""
    title = text("panel.graph", view.language)
    start, stop = _stretch(view)
    count = len(view.graph.order)
    if stop - start == count:
        return title
    return f"{title} ─ {text('graph.part', view.language, part=f'{start + 1}–{stop} / {count}')}"


def _stretch(view: View) -> tuple[int, int]:
    """The computed nodes to show, as numbers in the order of computing."""
    graph = view.graph
    if len(graph.nodes) <= LARGEST:
        return 0, len(graph.order)
    position = view.frame.node.position if view.frame.node else 0
    start = max(0, (position - graph.order.start) // _STRETCH * _STRETCH - _STRETCH // 4)
    return start, min(len(graph.order), start + _STRETCH * 3 // 2)


@lru_cache(maxsize=8)
def _scene(trace: Trace, start: int, stop: int, folded: tuple[str, ...]) -> _Scene:
    """The picture's fixed part: computed nodes from `start` up to `stop`, and what they are computed from.

    A group in `folded` is one box, which shows the last of its nodes that others use.
    """
    graph = trace.graph
    group_of = _folded_groups(graph, folded)
    computed = graph.order[start:stop]
    used = {operand for position in computed for operand in graph.nodes[position].operands}
    whole = len(computed) == len(graph.order)
    shown = [
        node
        for node in graph.nodes
        if node.kind is not Kind.LITERAL and (whole or node.position in computed or node.position in used)
    ]
    faces = _faces(graph, group_of)
    standing = [node for node in shown if faces.get(group_of.get(node.position, -1), node) is node]
    unit_of = {node.position: unit for unit, node in enumerate(standing)}
    for node in shown:
        if node.position in group_of:
            unit_of[node.position] = unit_of[faces[group_of[node.position]].position]
    units = tuple(
        _unit(trace, node, graph.groups[group_of[node.position]].cell if node.position in group_of else "")
        for node in standing
    )
    ends = tuple(
        (operand, node.position, argnum)
        for node in shown
        if node.position in computed
        for argnum, operand in enumerate(node.operands)
        if operand in unit_of and unit_of[operand] != unit_of[node.position]
    )
    placed = layout(
        [(unit.width, _HEIGHT) for unit in units],
        [(unit_of[operand], unit_of[node]) for operand, node, _ in ends],
    )
    rows: list[list[int]] = [[] for _ in range(placed.height)]
    for unit in sorted(range(len(units)), key=lambda one: placed.origins[one][0]):
        for row in range(_HEIGHT):
            rows[placed.origins[unit][1] + row].append(unit)
    outgoing: dict[int, list[int]] = {}
    for wire, (operand, _, _) in enumerate(ends):
        outgoing.setdefault(unit_of[operand], []).append(wire)
    return _Scene(units, ends, placed, tuple(map(tuple, rows)), unit_of, outgoing)


def _folded_groups(graph: Graph, folded: tuple[str, ...]) -> dict[int, int]:
    """For each node in a folded group, the outermost such group, by index."""
    found: dict[int, int] = {}
    for index, group in enumerate(graph.groups):
        if group.name in folded:
            for position in range(group.start, group.stop):
                found.setdefault(position, index)
    return found


def _faces(graph: Graph, group_of: dict[int, int]) -> dict[int, Node]:
    """For each folded group, the node that it shows: the last that is used outside, else its last."""
    faces: dict[int, Node] = {}
    for position, index in group_of.items():
        faces[index] = graph.nodes[position]
    outside = [
        operand
        for node in graph.nodes
        for operand in node.operands
        if operand in group_of and group_of.get(node.position) != group_of[operand]
    ]
    for index in faces:
        used = [operand for operand in outside if group_of[operand] == index]
        if used:
            faces[index] = graph.nodes[max(used)]
    return faces


def _unit(trace: Trace, node: Node, cell: str = "") -> _Unit:
    """As wide as the longest label that the run will put there; `cell` is what a folded group repeats."""
    values = [trace.values[node.position]]
    if node.position in trace.updated:
        values.append(trace.updated[node.position])
    value = cell_width(clip(node.name, _LABEL_LIMIT)) + 1 + max(len(_short(one)) for one in values)
    uses = trace.schedule.uses_of.get(node.position, [])
    gradients = [
        len(_short_gradient(trace.arrived[edge]) + progress(number, len(uses)))
        for number, edge in enumerate(uses, 1)
    ] or [len(_short_gradient(trace.gradients[node.position]))]
    label = max(value, *gradients) + 1
    if node.op is None:
        return _Unit(node, "", 0, max(label, 4))
    sign = clip(cell, _LABEL_LIMIT) if cell else _sign(trace, node)
    box = cell_width(sign) + 4
    return _Unit(node, sign, box, box + label + 1)


def _short(value: Tensor | None) -> str:
    """A value above its wire."""
    return summary(value, room=14, digits=2)


def _short_gradient(gradient: Tensor | None) -> str:
    """A gradient below its wire; its shape is that of the value above."""
    return summary(gradient, room=14, digits=2, shape=False)


def _sign(trace: Trace, node: Node) -> str:
    """The operator's sign, with literal operands where they stand: ``×2``, ``1÷``."""
    assert node.op is not None
    nodes = [trace.graph.nodes[operand] for operand in node.operands]
    if len(nodes) == 2 and nodes[1].kind is Kind.LITERAL:
        return f"^{nodes[1].text}" if node.op.name == "pow" else f"{node.op.sign}{nodes[1].text}"
    if len(nodes) == 2 and nodes[0].kind is Kind.LITERAL:
        return f"{nodes[0].text}{node.op.sign}"
    return node.op.sign


def node_at(picture: GraphPicture, x: int, y: int) -> Node | None:
    """The node whose picture covers a cell."""
    if not 0 <= y < picture.height:
        return None
    for unit in picture.scene.units_on_row[y]:
        left, _ = picture.scene.layout.origins[unit]
        if left <= x < left + picture.scene.units[unit].width:
            return picture.scene.units[unit].node
    return None
