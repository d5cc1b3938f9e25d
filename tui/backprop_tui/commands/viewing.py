"""Commands that choose what is seen: the graph, playing, plots, panels."""

from __future__ import annotations

from typing import Final

from backprop_engine.messages.message import msg
from backprop_tui.commands.row import CommandRow
from backprop_tui.panel_slots import PANEL_SLOTS, PLOTS

__all__ = ["GRAPH", "PANELS", "PLAYING"]


_ALONE: Final = msg("no other panel is visible: press its digit to bring one to the front")
_ALL_SEEN: Final = msg("this panel has nothing more to show that way")

_PANELS: Final = tuple(
    CommandRow(
        f"show_{slot.name}",
        msg("panel {panel}", panel=slot.title),
        msg("show the panel “{panel}”", panel=slot.title),
        (str(number),),
        str(number),
        typed=f"show-{slot.name}",
        panel=slot.name,
        idle=msg("this panel has the focus already"),
        former=tuple(f"show_{name}" for name in slot.former),
    )
    for number, slot in enumerate(PANEL_SLOTS, 1)
)

GRAPH: Final = (
    CommandRow(
        "zoom_in",
        msg("zoom in"),
        msg("zoom in: from dots to one line per node, to boxes with their numbers"),
        ("plus", "equals_sign"),
        "+ =",
        typed="zoom-in",
        idle=msg("the graph is zoomed in as far as it goes"),
        footer_in={"graph": 11},
    ),
    CommandRow(
        "zoom_out",
        msg("zoom out"),
        msg("zoom out: one line per node, then dots"),
        ("minus",),
        "-",
        typed="zoom-out",
        idle=msg("the graph is zoomed out as far as it goes"),
        footer_in={"graph": 12},
    ),
    CommandRow(
        "fit",
        msg("fit"),
        msg("zoom to fit: the graph as large as the panel allows, or the dots around the step"),
        ("f",),
        "f",
        typed="fit",
        idle=msg("it fits already"),
        footer_in={"graph": 12},
    ),
    CommandRow(
        "look",
        msg("look at step"),
        msg("the step in the middle of the graph's panel"),
        ("full_stop",),
        ".",
        typed="look",
        idle=msg("the step is already as close to the middle as the panel scrolls"),
    ),
    CommandRow(
        "minimap",
        msg("minimap"),
        msg("the small overview of a graph larger than its panel, or none; a click there goes there"),
        ("M",),
        "M",
        typed="minimap",
    ),
    CommandRow(
        "hit",
        msg("next hit"),
        msg("choose the next of the nodes that the last search found, which are marked until Esc"),
        ("x",),
        "x",
        typed="next-hit",
    ),
    CommandRow(
        "hit_back", msg("hit before"), msg("choose the one before"), ("X",), "X", typed="previous-hit"
    ),
)
"""How the graph is looked at."""

PLAYING: Final = (
    CommandRow(
        "play",
        msg("play, pause"),
        msg("step on by itself, until the end, a breakpoint, or the same key again"),
        ("space", "a"),
        "Space a",
        typed="play",
        idle=msg("there is nothing left to play: Home goes to the start"),
        footer_in={"playing": 1},
    ),
    CommandRow(
        "faster",
        msg("faster"),
        msg("play more steps a second"),
        ("greater_than_sign",),
        ">",
        typed="faster",
        footer_in={"playing": 2},
    ),
    CommandRow(
        "slower",
        msg("slower"),
        msg("play fewer steps a second"),
        ("less_than_sign",),
        "<",
        typed="slower",
        footer_in={"playing": 2},
    ),
)

PANELS: Final = (
    CommandRow(
        "plot",
        msg("plots"),
        msg("show the plots; once they are there, the next of them, or the one that is named"),
        ("v",),
        "v",
        typed="plot plots",
        arguments=f"[{' | '.join(PLOTS)}]",
        completes="plot",
        idle=msg("this run has no other plot"),
        footer_in={"plots": 4},
    ),
    CommandRow(
        "plot_back",
        msg("plot before"),
        msg("show the plots; once they are there, the one before"),
        ("V",),
        "V",
        typed="reverse-plot",
        idle=msg("this run has no other plot"),
        footer_in={"plots": 4},
    ),
    CommandRow(
        "fill",
        msg("fill screen"),
        msg("fill the screen with the focused panel; again, or Esc, for all panels"),
        ("F",),
        "F",
        typed="fill",
        footer_in={"filled": 1},
    ),
    CommandRow(
        "stage",
        msg("stage"),
        msg("for a projector: the graph and one large equation, nothing else; again, or Esc, for all panels"),
        ("P",),
        "P",
        typed="stage",
    ),
    CommandRow(
        "next_panel",
        msg("panel"),
        msg("to the next visible panel"),
        ("tab",),
        "Tab",
        9,
        typed="next-panel",
        idle=_ALONE,
    ),
    CommandRow(
        "previous_panel",
        msg("previous panel"),
        msg("to the previous visible panel"),
        ("shift+tab",),
        "Shift+Tab",
        typed="previous-panel",
        idle=_ALONE,
    ),
    CommandRow(
        "down",
        msg("down"),
        msg("in a table to the next row, elsewhere scroll down"),
        ("j", "down"),
        "j ↓",
        typed="down",
        idle=_ALL_SEEN,
        yields=True,
        footer_in={"nodes": 9, "outline": 9},
    ),
    CommandRow(
        "up",
        msg("up"),
        msg("in a table to the row before, elsewhere scroll up"),
        ("k", "up"),
        "k ↑",
        typed="up",
        idle=_ALL_SEEN,
        yields=True,
        footer_in={"nodes": 9, "outline": 9},
    ),
    *_PANELS,
)
