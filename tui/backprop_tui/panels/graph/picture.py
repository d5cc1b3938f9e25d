"""The graph at one position of the run, as a drawing of which any stretch of any row is drawn on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from msgspec import Struct

from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Forward, Step
from backprop_engine.trace.trace import nodes_of
from backprop_tui.cells.drawing import Area, Drawing
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.panels.graph.boxes import DRAW
from backprop_tui.panels.graph.cells import Cells, gathered, mark_cuts
from backprop_tui.panels.graph.choosing import part_shown, scene_of
from backprop_tui.panels.graph.marks import State, backward, lines
from backprop_tui.panels.graph.moment import Moment, wires_along
from backprop_tui.panels.graph.scene import Scene
from backprop_tui.panels.graph.wires import LitWires, WireMark
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["GraphPicture", "graph_picture", "graph_title", "node_at"]


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
