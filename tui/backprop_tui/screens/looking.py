"""Looking at the graph: from how near, at which part, at what a search has found, row by row of a table."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from textual.widget import Widget

from backprop_engine.debugger import Select
from backprop_engine.graph.graph import Node
from backprop_tui.cells.drawing import Area
from backprop_tui.panels.graph import GraphPicture, graph_picture, whole_scene_key
from backprop_tui.panels.table import DRAWN, Drawn
from backprop_tui.scene.boxes import DENSITIES, Density
from backprop_tui.screens.laying_out import LayingOutScreen
from backprop_tui.view import View
from backprop_tui.widgets.graph_panel import GraphPanel

__all__ = ["LookingScreen"]


class LookingScreen(LayingOutScreen):
    """A screen with a picture of the graph, in a panel called `graph`."""

    @property
    def graph_panel(self) -> GraphPanel:
        """The panel with the picture."""
        return self.query_one("#graph", GraphPanel)

    def chosen_node(self) -> Node | None:
        """The node that is chosen, or the step's own."""
        session = self.current.session
        return session.frame.node if session.selection is None else session.graph.nodes[session.selection]

    def action_command_zoom_in(self) -> None:
        """Nearer."""
        self._zoom(1)

    def action_command_zoom_out(self) -> None:
        """Farther away."""
        self._zoom(-1)

    def on_graph_panel_zoomed(self, message: GraphPanel.Zoomed) -> None:
        """What the wheel does with Ctrl."""
        self._zoom(message.by)

    def _zoom(self, by: int) -> None:
        at = DENSITIES.index(self.current.density) - by
        if 0 <= at < len(DENSITIES):
            self.view = replace(self.current, density=DENSITIES[at])

    def action_command_fit(self) -> None:
        """From as near as all of it is seen; the step in the middle where that is not to be had."""
        room = self.graph_panel.size
        density = _fitting(self.current, room.width, room.height)
        if density != self.current.density:
            self.view = replace(self.current, density=density)
        self.action_command_look()

    def action_command_look(self) -> None:
        """The step in the middle, or what is chosen, or the middle itself."""
        self.call_after_refresh(self._look)

    def _look(self) -> None:
        picture = self.graph_panel.drawing
        if isinstance(picture, GraphPicture):
            area = picture.node_area or picture.area_of(self.current.session.selection)
            self.graph_panel.centre(area or Area(0, 0, picture.width, picture.height))

    def action_command_minimap(self) -> None:
        """A minimap, or none."""
        self.view = replace(self.current, minimap=not self.current.minimap)

    # What was found

    def action_command_hit(self) -> None:
        """Choose the next node that was found."""
        self._choose_hit(1)

    def action_command_hit_back(self) -> None:
        """Choose the node before that was found."""
        self._choose_hit(-1)

    def _choose_hit(self, by: int) -> None:
        found, node = self.current.lit, self.chosen_node()
        if not found:
            self.open_prompt("find ")
            return
        at = -1 if node is None else node.position
        ahead = [one for one in found if one > at] or list(found)
        behind = [one for one in found if one < at] or list(found)
        self.do(Select(ahead[0] if by > 0 else behind[-1]))

    # The cursor of a table

    def drawn(self, panel: Widget | None) -> Drawn | None:
        """How a panel is drawn, if it is one of the table."""
        return None if panel is None else DRAWN.get(panel.id or "")

    def action_choose(self, by: int) -> None:
        """In the table with the focus, choose the node `by` rows away; past an end, the last one there."""
        view, node, drawn = self.current, self.chosen_node(), self.drawn(self.focused)
        if drawn is None or drawn.node_at is None or drawn.row_of is None:
            return
        last = drawn.row_of(view, len(view.graph.nodes) - 1)
        here = drawn.row_of(view, node.position) if node is not None else -1
        wanted = min(max(here + by, 0), last)
        onward, back = range(wanted, last + 1), range(wanted, -1, -1)
        rows = chain(onward, back) if by > 0 else chain(back, onward)  # past headings
        chosen = next(filter(None, (drawn.node_at(view, row) for row in rows)), None)
        if chosen is not None:
            self.do(Select(chosen.position))

    def action_typed(self, name: str) -> None:
        """As everywhere; in a panel whose rows fold, the key that folds does so with the chosen row."""
        drawn, view, node = self.drawn(self.focused), self.current, self.chosen_node()
        if name == "fold" and drawn and drawn.group_at and node is not None and not view.session.levels:
            self.type(f"fold {_group_to_fold(view, node)}".strip())
        else:
            super().action_typed(name)


def _fitting(view: View, width: int, height: int) -> Density:
    """The nearest density at which the picture fits; from farthest away where it never does."""
    for density in DENSITIES:
        picture = graph_picture(replace(view, density=density))
        part = whole_scene_key(view) is not None and picture.scene.key is None
        if not part and picture.width <= width and picture.height <= height:
            return density
    return DENSITIES[-1]


def _group_to_fold(view: View, node: Node) -> str:
    """The group that a node is folded into, else the innermost that it is in; empty where there is none."""
    group, names = view.graph.group_of(node.position), list[str]()
    while group is not None:
        names.append(group.name)
        group = None if group.parent is None else view.graph.groups[group.parent]
    folded = [name for name in names if name in view.session.folded]
    return [*folded[-1:], *names, ""][0]
