"""The graph at one position of the run, as a drawing of which any stretch of any row is drawn on demand.

All of the graph is shown, or a part of one that is too large to be laid out while one waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from typing import Final, TypeAlias

from msgspec import Struct

from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Forward, Step
from backprop_engine.trace.trace import Trace, nodes_of
from backprop_tui.cells.drawing import Area, Drawing
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import clip
from backprop_tui.layout.stages import Stages, finish
from backprop_tui.panels.graph.appearance import (
    Moment,
    State,
    backward,
    brackets,
    dot,
    leaf_mark,
    lines,
    wires_along,
)
from backprop_tui.panels.graph.cell_row import Cells, draw, enclose, gathered, mark_cuts, put
from backprop_tui.render.differences import faded
from backprop_tui.scene.boxes import Density, Unit, short_name
from backprop_tui.scene.folding import plan_of
from backprop_tui.scene.scene import LARGEST, Scene, Whole, scene_in_stages
from backprop_tui.scene.wires import LitWires, WireMark
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = [
    "DRAW",
    "GraphPicture",
    "graph_picture",
    "graph_title",
    "node_at",
    "part_shown",
    "scene_of",
    "whole_scene",
    "whole_wanted",
]

_MOST = 20_000
"""The most units that are laid out at all."""
_STRETCH = 80
"""Of a graph that is shown in parts, the part changes after so many units."""


def scene_of(view: View) -> Scene:
    """The scene that the reader stands in: of the whole graph, if it is small or laid out, else of a part."""
    session, wanted = view.session, whole_wanted(view)
    whole = None if wanted is None else _laid_out(view, wanted)
    if whole is not None:
        return whole
    return _scene(session.trace, session.compared, _folded(view), view.density, *_stretch(view))


def part_shown(view: View) -> str:
    """Which of the computed units are shown; empty where it is all of them."""
    wanted = whole_wanted(view)
    if wanted is not None and _laid_out(view, wanted) is not None:
        return ""
    start, stop = _stretch(view)
    count = plan_of(view.graph, _folded(view)).computed
    return "" if stop - start == count else f"{start + 1}–{stop} / {count}"


def whole_wanted(view: View) -> Whole | None:
    """The picture of all of a graph that is too large to be laid out while one waits; None for any other."""
    folded = _folded(view)
    if not LARGEST < len(plan_of(view.graph, folded).standing) <= _MOST:
        return None
    return Whole(view.graph, folded, view.density, view.session.compared is not None)


def whole_scene(view: View) -> Stages[Scene | None]:
    """The picture of all of a graph, in steps; it fits every run of it, where longer numbers are clipped.

    None where it would be nearly all long wires, which nobody could follow.
    """
    folded, session = _folded(view), view.session
    computed = plan_of(view.graph, folded).computed
    wanted = whole_wanted(view)
    return scene_in_stages(session.trace, session.compared, folded, view.density, 0, computed, wanted)


def _laid_out(view: View, wanted: Whole) -> Scene | None:
    return next((scene for scene in view.whole if scene.whole == wanted), None)


def _folded(view: View) -> tuple[str, ...]:
    return () if view.session.levels else view.session.folded


def _stretch(view: View) -> tuple[int, int]:
    """The computed units to show, as numbers in the order of computing."""
    plan = plan_of(view.graph, _folded(view))
    if len(plan.standing) <= LARGEST:
        return 0, plan.computed
    at = plan.place_of.get(view.frame.node.position, 0) if view.frame.node else 0
    start = max(0, (at - plan.leaves) // _STRETCH * _STRETCH - _STRETCH // 4)
    return start, min(plan.computed, start + _STRETCH * 3 // 2)


@lru_cache(maxsize=12)
def _scene(
    trace: Trace, before: Trace | None, folded: tuple[str, ...], density: Density, start: int, stop: int
) -> Scene:
    scene = finish(scene_in_stages(trace, before, folded, density, start, stop))
    assert scene is not None  # only the whole of a large graph can be too long
    return scene


Draw: TypeAlias = Callable[[Cells, Unit, int, int, Moment, State, bool], None]
"""Writes a row of a unit from a column on; the last says whether the step runs along its wire."""


def _box(cells: Cells, unit: Unit, left: int, row: int, moment: Moment, state: State, lit: bool) -> None:
    """A box, the name and the value above its wire, and the gradient below."""
    node, at = unit.node, left
    if unit.box:
        outline = lines(_outline(unit, row), state)
        write = enclose if row == unit.middle else draw
        at = write(cells, at, moment.drawn(outline), _outline_role(moment, state))
    if row == unit.middle:
        enclose(cells, left + 2, unit.sign, _outline_role(moment, state))
        if not unit.box:
            at = draw(cells, at, moment.drawn(leaf_mark(node.kind)), Role.NAME)
        _wire(cells, unit, at, left + unit.width, moment, lit)
    elif row == unit.middle - 1:
        at = put(cells, at + bool(unit.box), short_name(node.name), moment.name_role(node, state))
        text, role = moment.value(node, active=state is State.ACTIVE)
        put(cells, at + 1, clip(text, left + unit.width - at - 1), role)
    elif row == unit.middle + 1 and moment.gets_gradient(node):
        text, role = moment.gradient(node, active=state is State.ACTIVE)
        at += bool(unit.box)
        for part, look in faded(clip(text, left + unit.width - at), role):
            at = put(cells, at, part, look)


def _outline(unit: Unit, row: int) -> str:
    """A row of a box; that of a folded group has a double border."""
    corners, across, upright, port = ("╔╗╚╝", "═", "║", "╟") if unit.group else ("╭╮╰╯", "─", "│", "├")
    if 0 < row < unit.height - 1:
        return f"{upright}{' ' * (unit.box - 2)}{port if row == unit.middle else upright}"
    ends = corners[:2] if row == 0 else corners[2:]
    return f"{ends[0]}{across * (unit.box - 2)}{ends[1]}"


def _outline_role(moment: Moment, state: State) -> Role:
    return {State.ACTIVE: moment.hot, State.AHEAD: Role.DIM, State.KNOWN: Role.OP}[state]


def _wire(cells: Cells, unit: Unit, start: int, end: int, moment: Moment, lit: bool) -> None:
    """The wire that leaves the unit, along its label."""
    known = moment.frame.value(unit.node) is not None
    state = State.ACTIVE if lit else State.KNOWN if known else State.AHEAD
    draw(cells, start, moment.drawn(lines("─" * (end - start), state)), moment.wire_role(state))


def _line(cells: Cells, unit: Unit, left: int, row: int, moment: Moment, state: State, lit: bool) -> None:
    """A small box, the name, and the value, which gives way to the gradient, in the row of the wire.

    Each operand arrives in a row of its own, the first at the top, on a line that leads to the box.
    """
    node, end, active = unit.node, left + unit.width, state is State.ACTIVE
    if row != unit.middle:
        joint = "╮" if row == 0 else "╯" if row == unit.height - 1 else "┤"
        draw(cells, left, moment.drawn(lines(joint, state)), _outline_role(moment, state))
        return
    if unit.box:
        ends = brackets(state, group=unit.group, ascii=moment.ascii)
        role = _outline_role(moment, state)
        at = enclose(cells, left, f"{ends[:1]}{unit.sign}{ends[1:]}", role)
    else:
        at = draw(cells, left, moment.drawn(leaf_mark(node.kind)), Role.NAME)
    at = put(cells, at + 1, short_name(node.name), moment.name_role(node, state)) + 1
    if moment.shows_gradient(node):
        text, role = moment.gradient(node, active=active, brief=True)
        at = draw(cells, at, moment.drawn("◀"), role)
    else:
        text, role = moment.value(node, active=active, brief=True)
    _wire(cells, unit, put(cells, at, clip(text, end - at), role) + 1, end, moment, lit)


def _dot(cells: Cells, unit: Unit, left: int, row: int, moment: Moment, state: State, lit: bool) -> None:
    """One cell."""
    node = unit.node
    gradient = moment.shows_gradient(node)
    mark = dot(state, gradient=gradient, group=unit.group)
    draw(cells, left, moment.drawn(mark), moment.dot_role(node, state, gradient=gradient))


DRAW: Final[Mapping[Density, Draw]] = {"full": _box, "compact": _line, "dots": _dot}


class GraphPicture(Struct, frozen=True, eq=False):
    """A scene at one moment."""

    scene: Scene
    moment: Moment
    active: int | None
    """The unit that the step is about: the node's own, or that of the folded group it lies in."""
    lit: LitWires
    lit_units: frozenset[int]
    """The units that lit wires leave."""
    mapped: bool = True
    """Whether its reader wants a minimap of it."""

    @classmethod
    def of(cls, scene: Scene, moment: Moment, *, mapped: bool = True) -> GraphPicture:
        """A scene at a moment."""
        node = moment.frame.node
        active = None if node is None else scene.unit_of.get(node.position)
        wires = list(moment.lit_wires(scene))
        lit = LitWires(map(scene.route, wires))
        lit_units = frozenset(scene.unit_of[scene.ends[wire][0]] for wire in wires)
        return cls(scene, moment, active, lit, lit_units, mapped)

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
        return self._around(self.moment.nodes)

    @property
    def home(self) -> Area | None:
        """The node whose rule the step runs, alone."""
        return self._around(self.moment.nodes[:1])

    def area_of(self, node: int | None) -> Area | None:
        """The cells that the node at a position takes, if it is shown."""
        unit = None if node is None else self.scene.unit_of.get(node)
        return None if unit is None else self.area(unit)

    def area(self, unit: int) -> Area:
        """The cells that a unit takes."""
        x, y = self.scene.layout.origins[unit]
        one = self.scene.units[unit]
        return Area(x, y, min(one.width, self.width - x), min(one.height, self.height - y))

    def _around(self, nodes: Sequence[Node]) -> Area | None:
        """The smallest area around the pictures of nodes."""
        areas = [area for node in nodes if (area := self.area_of(node.position)) is not None]
        if not areas:
            return None
        left, top = min(area.x for area in areas), min(area.y for area in areas)
        right = max(area.x + area.width for area in areas)
        bottom = max(area.y + area.height for area in areas)
        return Area(left, top, right - left, bottom - top)

    def nearest(self, x: int, y: int, window: Area) -> int | None:
        """The unit in a window that is nearest to a cell."""
        inside = {
            unit: self.area(unit)
            for row in range(window.y, window.y + window.height)
            for unit in self.scene.units_in(row, window.x, window.x + window.width)
        }
        return min(
            inside, key=lambda unit: abs(inside[unit].x - x) + 2 * abs(inside[unit].y - y), default=None
        )

    def row(self, y: int, x: int, width: int) -> Line:
        """The cells from `x` up to `x + width` of row `y`."""
        end = min(x + width, self.width)
        if not 0 <= y < self.height or end <= x:
            return ()
        cells: Cells = {}
        across, upright = self.lit.row(y, x, end)
        for column, mark in self.scene.wires.row(y, x, end):
            lit = column in upright or column in across
            cells[column] = self._wire(mark, lit=lit, over=mark.crossing and column not in upright)
        for index in self.scene.units_in(y, x, end):
            self._put_unit(cells, index, y)
        mark_cuts(cells, x, end)
        return gathered(cells, x, end)

    def unlike(self, before: Drawing) -> Set[int] | None:
        """The rows that may differ from those of a picture drawn before; None where any may."""
        if not isinstance(before, GraphPicture) or before.scene is not self.scene:
            return None
        steps = self.moment.unlike(before.moment)
        return None if steps is None else {row for step in steps for row in self._rows_of(step)}

    def _rows_of(self, step: Step) -> Iterator[int]:
        """The rows that a step, its beginning or its end, may change."""
        scene = self.scene
        for node in nodes_of(step):
            if node in scene.unit_of:
                yield from scene.reach.own(scene.unit_of[node])
        for wire in wires_along(step, scene):
            yield from scene.reach.along(wire)
        if isinstance(step, Forward) and step.node in scene.unit_of:
            yield from scene.reach.onward(scene.unit_of[step.node])

    def _wire(self, mark: WireMark, *, lit: bool, over: bool) -> Span:
        """A cell of a wire: heavy where the step runs along it, dashed where nothing has yet.

        An arrow points back where the gradient is handed on. `over`: a wire that the step runs along from
        left to right lies over the upright one that it crosses.
        """
        known = lit or any(map(self._known, mark.nets))
        state = State.ACTIVE if lit else State.KNOWN if known else State.AHEAD
        role = self.moment.wire_role(state)
        drawn = "─" if lit and over else mark.glyph
        if lit and not self.moment.forward:
            drawn = backward(drawn)
        elif mark.ends and all(self.moment.handed_on(self.scene.ends[wire]) for wire in mark.ends):
            drawn, role = backward(drawn), Role.GRADIENT
        return Span(self.moment.drawn(lines(drawn, state)), role)

    def _known(self, unit: int) -> bool:
        return self.moment.frame.value(self.scene.units[unit].node) is not None

    def _put_unit(self, cells: Cells, index: int, y: int) -> None:
        unit = self.scene.units[index]
        left, top = self.scene.layout.origins[index]
        state = self.moment.state(unit.node, active=index == self.active)
        DRAW[self.scene.density](cells, unit, left, y - top, self.moment, state, index in self.lit_units)


def graph_picture(view: View) -> GraphPicture:
    """The graph where the reader stands."""
    return GraphPicture.of(scene_of(view), Moment.of(view), mapped=view.minimap)


def graph_title(view: View) -> str:
    """The panel's name, and which of the computed nodes are shown where it is not all of them."""
    title, part = text("panel.graph", view.language), part_shown(view)
    if view.density != "full":
        title += f" ─ {text(f'graph.{view.density}', view.language)}"
    return f"{title} ─ {text('graph.part', view.language, part=part)}" if part else title


def node_at(picture: GraphPicture, x: int, y: int) -> Node | None:
    """The node whose picture covers a cell."""
    found = picture.scene.units_in(y, x, x + 1)
    return picture.scene.units[found[0]].node if found else None
