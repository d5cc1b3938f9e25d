"""The graph at one position of the run, as a drawing of which any stretch of any row is drawn on demand.

All of the graph is shown, or a part if it is too large to be laid out at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Final, TypeAlias

from msgspec import Struct

from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.graph.steps import Forward, Step
from backprop_engine.messages.message import msg
from backprop_engine.trace.trace import Trace, nodes_of
from backprop_tui.cells.drawing import Area, Drawing
from backprop_tui.cells.lines import Line, Role, Span, Tint
from backprop_tui.cells.text import clip
from backprop_tui.layout.stages import Stages, finish
from backprop_tui.panels.graph.appearance import (
    Appearance,
    NodeStatus,
    brackets,
    dot_mark,
    leaf_mark,
    reversed_arrows,
    styled_lines,
    wires_along,
)
from backprop_tui.panels.graph.cell_row import CellRow, as_line, mark_cuts, put_label, put_marks, put_operator
from backprop_tui.panels.graph.river import River
from backprop_tui.render.differences import faded
from backprop_tui.scene.boxes import DENSITIES, NUMBERLESS, Density, NodeBox, dot_name, short_name
from backprop_tui.scene.folding import folded_graph
from backprop_tui.scene.placing import Room
from backprop_tui.scene.scene import LARGEST, Scene, SceneKey, fits_in, scene_in_stages
from backprop_tui.scene.wires import HighlightedWires, WireCell
from backprop_tui.view import View

__all__ = [
    "GraphPicture",
    "boxes_shown",
    "density_shown",
    "graph_picture",
    "graph_title",
    "is_laid_out",
    "node_at",
    "shown_scene",
    "whole_scene",
    "whole_scene_key",
]

_MOST_BOXES = 20_000
"""The most boxes that are laid out at all."""
_FEW_BOXES = 12
_LEAST_CELLS: Final[Mapping[Density, int]] = {"full": 110, "compact": 30, "names": 20}
"""Where there are fewer cells for each of more than a few nodes, nothing is laid out to see if it fits."""
_PART_STEP = 80
"""A graph that is shown in parts shows the next part after this many boxes."""


def density_shown(view: View) -> Density:
    """What the reader has chosen, else the richest density at which all of the graph fits, or the last."""
    if view.density is not None or view.room is None:
        return view.density or DENSITIES[0]
    if len(folded_graph(view.graph, view.folded).nodes) > LARGEST:
        return DENSITIES[-1]
    kept = _kept_density(view.session.trace, view.session.compared, view.folded, view.room)
    if not kept:
        kept.append(_richest(view.session.trace, view.session.compared, view.folded, view.room))
    return kept[0]


@derived(limit=8)
def _kept_density(trace: Trace, before: Trace | None, folded: tuple[str, ...], room: Room) -> list[Density]:
    """Where the richest density at which all of a graph fits is kept, once that was tried."""
    return []


def _richest(trace: Trace, before: Trace | None, folded: tuple[str, ...], room: Room) -> Density:
    count = len(folded_graph(trace.graph, folded).nodes)
    for density in DENSITIES[:-1]:
        is_hopeless = count > _FEW_BOXES and count * _LEAST_CELLS[density] > room[0] * room[1]
        if not is_hopeless and fits_in(trace, before, folded, density, room):
            return density
    return DENSITIES[-1]


def boxes_shown(view: View) -> int:
    """About how many boxes the picture has of a view, as long as the whole of a large graph is not there."""
    return min(len(folded_graph(view.graph, view.folded).nodes), LARGEST)


def is_laid_out(view: View) -> bool:
    """Whether the scene of a view is there; otherwise `shown_scene` lays it out."""
    session, room = view.session, view.room
    is_small = len(folded_graph(view.graph, view.folded).nodes) <= LARGEST
    if view.density is None and room is not None and is_small:
        decided = _kept_density(session.trace, session.compared, view.folded, room)
        return bool(decided) and bool(_kept(view))
    return _laid_out(view) is not None or bool(_kept(view))


def shown_scene(view: View) -> Scene:
    """The scene at the user's position: of the whole graph, if it is small or laid out, else of a part."""
    session = view.session
    whole = _laid_out(view)
    if whole is not None:
        return whole
    kept = _kept(view)
    if not kept:
        density, part = density_shown(view), _part(view)
        made = finish(
            scene_in_stages(session.trace, session.compared, view.folded, density, *part, view.room)
        )
        assert made is not None  # only the whole of a large graph can be too long
        kept.append(made)
    return kept[0]


def part_shown(view: View) -> str:
    """Which of the computed boxes are shown; empty where it is all of them."""
    if _laid_out(view) is not None:
        return ""
    start, stop = _part(view)
    count = folded_graph(view.graph, view.folded).computed_count
    return "" if stop - start == count else f"{start + 1}–{stop} / {count}"


def whole_scene_key(view: View) -> SceneKey | None:
    """The picture of all of a graph that is too large to be laid out at once; None for any other."""
    if not LARGEST < len(folded_graph(view.graph, view.folded).nodes) <= _MOST_BOXES:
        return None
    compared = view.session.compared is not None
    return SceneKey(view.graph, view.folded, density_shown(view), compared, view.room)


def whole_scene(view: View) -> Stages[Scene | None]:
    """The picture of all of a graph, in steps; it fits every run of it, where longer numbers are clipped.

    None if it would be nearly all long wires, which could not be followed.
    """
    session = view.session
    count = folded_graph(view.graph, view.folded).computed_count
    density, key = density_shown(view), whole_scene_key(view)
    return scene_in_stages(session.trace, session.compared, view.folded, density, 0, count, view.room, key)


def _laid_out(view: View) -> Scene | None:
    """The picture of all of a large graph, if it is laid out."""
    key = whole_scene_key(view)
    if key is None:
        return None
    return next((scene for scene in view.whole_scenes if scene.key == key), None)


def _part(view: View) -> tuple[int, int]:
    """The computed boxes to show, as an interval of the order of computation."""
    shown = folded_graph(view.graph, view.folded)
    if len(shown.nodes) <= LARGEST:
        return 0, shown.computed_count
    at = shown.index_of.get(view.frame.node.position, 0) if view.frame.node else 0
    start = max(0, (at - shown.leaf_count) // _PART_STEP * _PART_STEP - _PART_STEP // 4)
    return start, min(shown.computed_count, start + _PART_STEP * 3 // 2)


def _kept(view: View) -> list[Scene]:
    """Where the scene of a part of a graph is kept; one without numbers serves every run of it."""
    density, part, session = density_shown(view), _part(view), view.session
    if density in NUMBERLESS:
        return _kept_scene(view.graph, view.folded, density, *part, view.room)
    return _kept_scene_of_run(session.trace, session.compared, view.folded, density, *part, view.room)


@derived(limit=16)
def _kept_scene(
    graph: Graph, folded: tuple[str, ...], density: Density, start: int, stop: int, room: Room | None
) -> list[Scene]:
    """Where a scene that serves all runs is kept, once it is laid out."""
    return []


@derived(limit=16)
def _kept_scene_of_run(
    trace: Trace,
    before: Trace | None,
    folded: tuple[str, ...],
    density: Density,
    start: int,
    stop: int,
    room: Room | None,
) -> list[Scene]:
    """The same for a scene with the numbers of a run."""
    return []


_DrawBox: TypeAlias = Callable[[CellRow, NodeBox, int, int, Appearance, NodeStatus, Span], None]
"""Writes a row of a box from a column on; the last argument is a cell of the wire that leaves it."""


def _draw_full(
    cells: CellRow, box: NodeBox, left: int, row: int, look: Appearance, status: NodeStatus, wire: Span
) -> None:
    """The operator in a border, the name and the value above its wire, and the gradient below."""
    node, at = box.node, left
    if box.operator_width:
        outline = styled_lines(_outline(box, row), status)
        write = put_operator if row == box.middle else put_marks
        at = write(cells, at, look.drawn(outline), _outline_role(look, status))
        if row == 0:
            _put_breakpoint(cells, left, node, look)
    if row == box.middle:
        put_operator(cells, left + 2, box.sign, _sign_role(look, status))
        if not box.operator_width:
            at = _put_leaf(cells, at, node, look)
        _put_wire(cells, at, left + box.width, wire)
    elif row == box.middle - 1:
        at = put_label(
            cells, at + bool(box.operator_width), short_name(node.name), look.name_role(node, status)
        )
        text, role = look.value(node, active=status is NodeStatus.ACTIVE)
        put_label(cells, at + 1, clip(text, left + box.width - at - 1), role)
    elif row == box.middle + 1 and look.gets_gradient(node):
        text, role = look.gradient(node, active=status is NodeStatus.ACTIVE)
        at += bool(box.operator_width)
        for part, part_role in faded(clip(text, left + box.width - at), role):
            at = put_label(cells, at, part, part_role)


def _outline(box: NodeBox, row: int) -> str:
    """A row of the border of an operator; that of a folded group is double."""
    corners, across, upright, port = ("╔╗╚╝", "═", "║", "╟") if box.group else ("╭╮╰╯", "─", "│", "├")
    if 0 < row < box.height - 1:
        return f"{upright}{' ' * (box.operator_width - 2)}{port if row == box.middle else upright}"
    ends = corners[:2] if row == 0 else corners[2:]
    return f"{ends[0]}{across * (box.operator_width - 2)}{ends[1]}"


def _outline_role(look: Appearance, status: NodeStatus) -> Role:
    return look.active_role if status is NodeStatus.ACTIVE else Role.DIM


def _sign_role(look: Appearance, status: NodeStatus) -> Role:
    return Role.OP if status is NodeStatus.KNOWN else _outline_role(look, status)


def _put_leaf(cells: CellRow, at: int, node: Node, look: Appearance) -> int:
    """The mark of a leaf, and of a breakpoint on it."""
    after = put_marks(cells, at, look.drawn(leaf_mark(node.kind)), Role.NAME)
    return after + _put_breakpoint(cells, after, node, look)


def _put_breakpoint(cells: CellRow, at: int, node: Node, look: Appearance) -> bool:
    """The mark of a breakpoint, where there is one."""
    mark = look.breakpoint_mark(node)
    put_marks(cells, at, mark, Role.WARNING if look.breakpoints.get(node.position) else Role.DIM)
    return bool(mark)


def _put_wire(cells: CellRow, start: int, end: int, wire: Span) -> None:
    """The wire that leaves a box, along its label."""
    for column in range(start, end):
        cells[column] = wire


def _draw_compact(
    cells: CellRow, box: NodeBox, left: int, row: int, look: Appearance, status: NodeStatus, wire: Span
) -> None:
    """A small border, the name, and the value or else the gradient, in the row of the wire.

    Each operand arrives in a row of its own, the first at the top, on a line that leads to the border.
    """
    node, end, active = box.node, left + box.width, status is NodeStatus.ACTIVE
    if row != box.middle:
        _draw_joint(cells, box, left, row, look, status)
        return
    if box.operator_width:
        ends = brackets(status, group=box.group, ascii=look.ascii)
        at = put_operator(cells, left, ends[:1], _outline_role(look, status))
        at = put_operator(cells, at, box.sign, _sign_role(look, status))
        at = put_operator(cells, at, ends[1:], _outline_role(look, status))
        _put_breakpoint(cells, left, node, look)
    else:
        at = _put_leaf(cells, left, node, look)
    at = put_label(cells, at + 1, short_name(node.name), look.name_role(node, status)) + 1
    if look.shows_gradient(node):
        text, role = look.gradient(node, active=active, brief=True)
        at = put_marks(cells, at, look.drawn("◀"), role)
    else:
        text, role = look.value(node, active=active, brief=True)
    _put_wire(cells, put_label(cells, at, clip(text, end - at), role) + 1, end, wire)


def _draw_name(
    cells: CellRow, box: NodeBox, left: int, row: int, look: Appearance, status: NodeStatus, wire: Span
) -> None:
    """The name in a small border, that of a leaf after its mark."""
    if row != box.middle:
        _draw_joint(cells, box, left, row, look, status)
        return
    name, role = box.sign, look.name_role(box.node, status)
    if not box.operator_width:
        _put_leaf(cells, left, box.node, look)
        at = put_label(cells, left + 2, name, role)
    else:
        ends = brackets(status, group=box.group, ascii=look.ascii)
        at = put_operator(cells, left, ends[:1], _outline_role(look, status))
        at = put_label(cells, at, name, role)
        at = put_operator(cells, at, ends[1:], _outline_role(look, status))
        _put_breakpoint(cells, left, box.node, look)
    _put_wire(cells, at, left + box.width, wire)


def _draw_joint(
    cells: CellRow, box: NodeBox, left: int, row: int, look: Appearance, status: NodeStatus
) -> None:
    """Where an operand arrives above or below the border of an operator that is one row high."""
    joint = "╮" if row == 0 else "╯" if row == box.height - 1 else "┤"
    put_marks(cells, left, look.drawn(styled_lines(joint, status)), _outline_role(look, status))


def _draw_dot(
    cells: CellRow, box: NodeBox, left: int, row: int, look: Appearance, status: NodeStatus, wire: Span
) -> None:
    """One cell, in the colour of what has come back to it."""
    node = box.node
    gradient = look.shows_gradient(node)
    mark = dot_mark(status, gradient=gradient, group=box.group)
    role: Tint = look.dot_role(node, status, gradient=gradient)
    if role is Role.GRADIENT:
        role = wire.role
    put_marks(cells, left, look.drawn("!" if look.breakpoint_mark(node) else mark), role)


_DRAW: Final[Mapping[Density, _DrawBox]] = {
    "full": _draw_full,
    "compact": _draw_compact,
    "names": _draw_name,
    "dots": _draw_dot,
}


class GraphPicture(Struct, frozen=True, eq=False):
    """A scene at one position of the run."""

    scene: Scene
    appearance: Appearance
    active: int | None
    """The box of the step: that of its node, or of the folded group that the node is in."""
    river: River
    highlighted: HighlightedWires
    highlighted_boxes: frozenset[int]
    """The boxes that highlighted wires leave."""
    mapped: bool = True
    """Whether the user wants a minimap of it."""

    @classmethod
    def of(cls, scene: Scene, appearance: Appearance, *, mapped: bool = True) -> GraphPicture:
        """A scene in an appearance."""
        node = appearance.frame.node
        active = None if node is None else scene.box_of.get(node.position)
        wires = list(appearance.active_wires(scene))
        highlighted = HighlightedWires(map(scene.route, wires))
        highlighted_boxes = frozenset(scene.box_of[scene.ends[wire][0]] for wire in wires)
        river = River(appearance.frame, scene)
        return cls(scene, appearance, active, river, highlighted, highlighted_boxes, mapped)

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
        """The node of the step and, where it passes a gradient back, the operand as well."""
        return self._around(self.appearance.nodes)

    @property
    def node_area(self) -> Area | None:
        """The node whose rule the step applies, alone."""
        return self._around(self.appearance.nodes[:1])

    def area_of(self, node: int | None) -> Area | None:
        """The cells that the node at a position takes, if it is shown."""
        box = None if node is None else self.scene.box_of.get(node)
        return None if box is None else self.area(box)

    def area(self, box: int) -> Area:
        """The cells that a box takes."""
        (x, y), size = self.scene.layout.origins[box], self.scene.boxes[box]
        return Area(x, y, min(size.width, self.width - x), min(size.height, self.height - y))

    def _around(self, nodes: Sequence[Node]) -> Area | None:
        """The smallest area around the boxes of nodes."""
        areas = [area for node in nodes if (area := self.area_of(node.position)) is not None]
        if not areas:
            return None
        left, top = min(area.x for area in areas), min(area.y for area in areas)
        right = max(area.x + area.width for area in areas)
        bottom = max(area.y + area.height for area in areas)
        return Area(left, top, right - left, bottom - top)

    def nearest(self, x: int, y: int, window: Area) -> int | None:
        """The box in a window that is nearest to a cell."""
        inside = {
            box: self.area(box)
            for row in range(window.y, window.y + window.height)
            for box in self.scene.boxes_in(row, window.x, window.x + window.width)
        }
        return min(inside, key=lambda box: abs(inside[box].x - x) + 2 * abs(inside[box].y - y), default=None)

    def row(self, y: int, x: int, width: int) -> Line:
        """The cells from `x` up to `x + width` of row `y`."""
        end = min(x + width, self.width)
        if not 0 <= y < self.height or end <= x:
            return ()
        cells: CellRow = {}
        horizontal, vertical = self.highlighted.row(y, x, end)
        before, span = None, Span("")
        for column, mark in self.scene.wires.row(y, x, end):
            lit, over = column in vertical or column in horizontal, mark.crossing and column not in vertical
            if (mark, lit, over) != before:  # along a wire most cells look as the one before
                before, span = (mark, lit, over), self._wire(mark, lit=lit, over=over)
            cells[column] = span
        for index in self.scene.boxes_in(y, x, end):
            self._put_box(cells, index, y)
        for column, index in self.scene.labels_in(y, x, end):
            self._put_name(cells, column, index)
        mark_cuts(cells, x, end)
        return as_line(cells, x, end)

    def changed_rows(self, before: Drawing) -> Set[int] | None:
        """The rows that may differ from those of a picture drawn before; None if any may."""
        if not isinstance(before, GraphPicture) or before.scene is not self.scene:
            return None
        steps = self.appearance.steps_between(before.appearance)
        return None if steps is None else {row for step in steps for row in self._rows_of(step)}

    def _rows_of(self, step: Step) -> Iterator[int]:
        """The rows that a step may change."""
        scene = self.scene
        for node in nodes_of(step):
            if node in scene.box_of:
                yield from scene.rows_of_box(scene.box_of[node])
        for wire in wires_along(step, scene):
            yield from scene.rows_of_wire(wire)
        if isinstance(step, Forward) and step.node in scene.box_of:
            yield from scene.rows_of_wires_from(scene.box_of[step.node])

    def _wire(self, mark: WireCell, *, lit: bool, over: bool) -> Span:
        """A cell of a wire: heavy where the step runs along it, dashed where nothing has yet.

        Where a gradient has been passed back, it is as strong as that, and an arrow points back. With `over`,
        a horizontal wire that the step runs along lies over the vertical one that it crosses.
        """
        look = self.appearance
        drawn = "─" if lit and over else mark.glyph
        if lit:
            if not look.forward:
                drawn = reversed_arrows(drawn)
            return Span(look.drawn(styled_lines(drawn, NodeStatus.ACTIVE)), look.active_role)
        stream = self.river.along(mark.wires)
        if stream is not None:
            if mark.ends and all(map(self._is_crossed, mark.ends)):
                drawn = reversed_arrows(drawn)
            return Span(look.drawn(stream.lines(drawn)), stream.tint)
        known = any(map(self._known, mark.nets))
        status = NodeStatus.KNOWN if known else NodeStatus.AHEAD
        return Span(look.drawn(styled_lines(drawn, status)), look.wire_role(status))

    def _is_crossed(self, wire: int) -> bool:
        """Whether the gradient has been passed back along a wire, if any ever is."""
        operand = self.scene.ends[wire][0]
        graph = self.appearance.frame.graph
        return not graph.gets_gradient(operand) or self.river.along((wire,)) is not None

    def _known(self, box: int) -> bool:
        return self.appearance.frame.value(self.scene.boxes[box].node) is not None

    def _leaving(self, index: int) -> Span:
        """A cell of the wire that leaves a box."""
        look, node = self.appearance, self.scene.boxes[index].node
        if index in self.highlighted_boxes:
            return Span(look.drawn(styled_lines("─", NodeStatus.ACTIVE)), look.active_role)
        stream = self.river.beside(node)
        if stream is not None:
            return Span(look.drawn(stream.lines("─")), stream.tint)
        status = NodeStatus.KNOWN if self._known(index) else NodeStatus.AHEAD
        return Span(look.drawn(styled_lines("─", status)), look.wire_role(status))

    def _put_box(self, cells: CellRow, index: int, y: int) -> None:
        box = self.scene.boxes[index]
        left, top = self.scene.layout.origins[index]
        status = self.appearance.status(box.node, active=index == self.active)
        draw = _DRAW[self.scene.density]
        draw(cells, box, left, y - top, self.appearance, status, self._leaving(index))

    def _put_name(self, cells: CellRow, column: int, index: int) -> None:
        """The name above a dot."""
        box = self.scene.boxes[index]
        status = self.appearance.status(box.node, active=index == self.active)
        put_label(cells, column, dot_name(box), self.appearance.name_role(box.node, status))


def graph_picture(view: View) -> GraphPicture:
    """The graph at the user's position."""
    return GraphPicture.of(shown_scene(view), Appearance.of(view), mapped=view.minimap)


_DENSITIES: Final = {"compact": msg("compact"), "names": msg("names only"), "dots": msg("dots")}
"""What a graph is drawn as where it is not drawn in full."""


def graph_title(view: View) -> str:
    """The name of the panel, and which of the computed nodes are shown, if not all."""
    title, part = msg("Graph").in_language(view.language), part_shown(view)
    density = density_shown(view)
    if density != "full":
        title += f" ─ {_DENSITIES[density].in_language(view.language)}"
    return f"{title} ─ {msg('nodes {part}', part=part).in_language(view.language)}" if part else title


def node_at(picture: GraphPicture, x: int, y: int) -> Node | None:
    """The node whose box covers a cell."""
    found = picture.scene.boxes_in(y, x, x + 1)
    return picture.scene.boxes[found[0]].node if found else None
