"""Every panel: the function that draws it, and the one that gives its title."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from msgspec import Struct

from backprop_engine.graph.graph import Node
from backprop_tui.cells.drawing import Drawing
from backprop_tui.panels.graph import graph_picture, graph_title
from backprop_tui.panels.nodes import node_at_row, nodes, row_of_node
from backprop_tui.panels.outline import group_at_row, node_in_row, outline, row_in_outline
from backprop_tui.panels.step import step, step_title
from backprop_tui.view import View

__all__ = ["PANELS", "PanelDrawing"]


class PanelDrawing(Struct, frozen=True):
    """How a panel is drawn for a width and a height, and its title where that is more than its name.

    Pictures are `centred`. In a panel that `scrubs`, dragging the mouse counts as clicks along its way. A
    table with a cursor maps rows to nodes and back; one whose rows fold says which group a row is the
    heading of.
    """

    draw: Callable[[View, int, int], Drawing]
    title: Callable[[View], str] | None = None
    centred: bool = False
    scrubs: bool = False
    pinned: int = 0
    """The rows at the top that are not scrolled."""
    node_at: Callable[[View, int], Node | None] | None = None
    row_of: Callable[[View, int], int] | None = None
    group_at: Callable[[View, int], str] | None = None


def _graph(view: View, width: int, height: int) -> Drawing:
    return graph_picture(replace(view, room=(width, height)))


def _plots(view: View, width: int, height: int) -> Drawing:
    # imported here, since no first screen shows plots
    from backprop_tui.panels.plots.panel import plots

    return plots(view, width, height)


def _plots_title(view: View) -> str:
    from backprop_tui.panels.plots.panel import plots_title

    return plots_title(view)


def _calls(view: View, width: int, height: int) -> Drawing:
    from backprop_tui.panels.calls import calls  # nor does it show what was stepped into

    return calls(view, width, height)


PANELS: Final[Mapping[str, PanelDrawing]] = {
    "graph": PanelDrawing(_graph, graph_title, centred=True),
    "step": PanelDrawing(step, step_title),
    "nodes": PanelDrawing(nodes, pinned=1, node_at=node_at_row, row_of=row_of_node),
    "outline": PanelDrawing(outline, node_at=node_in_row, row_of=row_in_outline, group_at=group_at_row),
    "plots": PanelDrawing(_plots, _plots_title, scrubs=True),
    "calls": PanelDrawing(_calls),
}
"""By the names in `panel_slots.PANEL_SLOTS`."""
