"""Moving about the graph: zooming, scrolling, going through the hits of a search and the rows of a table."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from backprop_engine.debugger import Fold, Select
from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import Message, msg
from backprop_tui.cells.drawing import Area
from backprop_tui.panels.graph import GraphPicture, density_shown, node_at
from backprop_tui.panels.registry import PANELS, PanelDrawing
from backprop_tui.scene.boxes import DENSITIES, Density
from backprop_tui.screens.handle import Handle
from backprop_tui.view import View
from backprop_tui.widgets.graph_panel import GraphPanel
from backprop_tui.widgets.panel import Panel

__all__ = ["GraphNavigation"]


class GraphNavigation:
    """Chooses which part of the graph is shown, and which of its nodes is chosen."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    @property
    def panel(self) -> GraphPanel:
        """The panel with the picture."""
        panel = self._handle.panel("graph")
        assert isinstance(panel, GraphPanel)
        return panel

    # From how near, and at which part

    def zoom(self, by: int) -> None:
        """Zoom in, or out."""
        view = self._handle.current
        at = DENSITIES.index(view.density or self._density_drawn(view)) - by
        if 0 <= at < len(DENSITIES):
            self._handle.show_view(replace(view, density=DENSITIES[at]))

    def _density_drawn(self, view: View) -> Density:
        """The density of the picture on the screen, from which to go on while another is laid out."""
        if self._handle.is_lacking(view):
            picture = self.panel.drawing
            if isinstance(picture, GraphPicture):
                return picture.scene.density
        return density_shown(view)

    def fit(self) -> None:
        """Zoom in as far as all of it is in view; if that is impossible, centre the step."""
        self._handle.show_view(replace(self._handle.current, density=None))
        self.centre()

    def centre(self) -> None:
        """Centre the step, or what is chosen, or the middle of the graph."""
        self._handle.after_picture(self._centre)

    def _centre(self) -> None:
        picture = self.panel.drawing
        if isinstance(picture, GraphPicture):
            area = picture.node_area or picture.area_of(self._handle.current.session.selection)
            self.panel.centre(area or Area(0, 0, picture.width, picture.height))

    def look_at(self, name: str) -> None:
        """Bring a node into view."""
        picture, node = self.panel.drawing, self._handle.current.graph[name]
        area = picture.area_of(node.position) if isinstance(picture, GraphPicture) else None
        if area is not None:
            self.panel.bring_into_view(area)

    def toggle_minimap(self) -> Message:
        """Show or hide the minimap, if it would show anything; returns whether it is shown."""
        view = self._handle.current
        self._handle.show_view(replace(view, minimap=not view.minimap))
        if not self.panel.allow_horizontal_scroll and not self.panel.allow_vertical_scroll:
            return msg("the whole graph is in view, so there is no minimap")
        return msg("minimap off") if view.minimap else msg("minimap on, for large graphs")

    # Choosing nodes

    def click(self, panel: str, clicked: Panel.Clicked) -> bool:
        """Fold the group whose heading was clicked in a panel, or choose the node; returns whether one was
        chosen.
        """
        view, drawn, node = self._handle.current, PANELS.get(panel), None
        group = drawn.group_at(view, clicked.y) if drawn is not None and drawn.group_at else ""
        if group and clicked.times == 1:
            self._handle.do(Fold(group))
            return False
        if panel == "graph":
            picture = self.panel.drawing
            node = node_at(picture, clicked.x, clicked.y) if isinstance(picture, GraphPicture) else None
        elif drawn is not None and drawn.node_at is not None:
            node = drawn.node_at(view, clicked.y)
        if node is not None:
            self._handle.do(Select(node.position))
        return node is not None

    def choose_hit(self, by: int) -> None:
        """Choose the next node that a search has found, or the previous one."""
        found, node = self._handle.current.found_here, self._handle.chosen_node
        if not found:
            self._handle.open_prompt("find ", once=True)
            return
        at = -1 if node is None else node.position
        after = [position for position in found if position > at] or list(found)
        before = [position for position in found if position < at] or list(found)
        self._handle.do(Select(after[0] if by > 0 else before[-1]))

    @property
    def table(self) -> PanelDrawing | None:
        """How the panel with the focus is drawn, if it is one of the screen's own."""
        focused = self._handle.focused_widget
        return None if focused is None else PANELS.get(focused.id or "")

    def choose_row(self, by: int) -> None:
        """In the table with the focus, choose the node `by` rows away; past an end, the last one there."""
        view, node, drawn = self._handle.current, self._handle.chosen_node, self.table
        if drawn is None or drawn.node_at is None or drawn.row_of is None:
            return
        last = drawn.row_of(view, len(view.graph.nodes) - 1)
        here = drawn.row_of(view, node.position) if node is not None else -1
        wanted = min(max(here + by, 0), last)
        onward, back = range(wanted, last + 1), range(wanted, -1, -1)
        rows = chain(onward, back) if by > 0 else chain(back, onward)  # past headings
        chosen = next(filter(None, (drawn.node_at(view, row) for row in rows)), None)
        if chosen is not None:
            self._handle.do(Select(chosen.position))

    def group_of_row(self) -> str:
        """In a table whose rows fold, the group to fold for the chosen one; empty anywhere else."""
        view, node, drawn = self._handle.current, self._handle.chosen_node, self.table
        if drawn is None or drawn.group_at is None or node is None or view.session.levels:
            return ""
        return _group_to_fold(view, node)


def _group_to_fold(view: View, node: Node) -> str:
    """The group that a node is folded into, else the innermost that it is in; empty where there is none."""
    group, names = view.graph.group_of(node.position), list[str]()
    while group is not None:
        names.append(group.name)
        group = None if group.parent is None else view.graph.groups[group.parent]
    folded = [name for name in names if name in view.session.folded]
    return [*folded[-1:], *names, ""][0]
