"""What every panel shows: the function that draws it, and the one that says what stands above it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from backprop_tui.drawing import Drawing
from backprop_tui.panels.calls import calls
from backprop_tui.panels.chain_rule import chain_rule, chain_rule_title
from backprop_tui.panels.formula import formula
from backprop_tui.panels.graph import graph_picture, graph_title
from backprop_tui.panels.nodes import nodes
from backprop_tui.panels.plots import plots, plots_title
from backprop_tui.panels.why import why
from backprop_tui.view import View

__all__ = ["DRAWN", "Drawn"]


class Drawn(Struct, frozen=True):
    """How a panel is drawn for a width and a height, and its title where that is more than its name.

    `centred` is for pictures, and `rows` for tables that a cursor goes through.
    """

    draw: Callable[[View, int, int], Drawing]
    title: Callable[[View], str] | None = None
    centred: bool = False
    rows: bool = False


DRAWN: Final[Mapping[str, Drawn]] = {
    "graph": Drawn(lambda view, width, height: graph_picture(view), graph_title, centred=True),
    "chain": Drawn(chain_rule, chain_rule_title),
    "nodes": Drawn(nodes, rows=True),
    "plots": Drawn(plots, plots_title),
    "calls": Drawn(calls),
    "why": Drawn(why),
    "formula": Drawn(formula),
}
"""By the names in `regions.PLACES`."""
