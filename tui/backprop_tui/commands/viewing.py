"""Commands that choose what is shown: the graph, playing, plots, panels."""

from __future__ import annotations

from typing import Final

from backprop_engine.messages.message import msg
from backprop_tui.commands.row import CommandRow
from backprop_tui.panel_slots import PANEL_SLOTS, PLOTS

__all__ = ["GRAPH", "PANELS", "PLAYING"]


_ALONE: Final = msg("no other panel is visible: press a panel's digit to bring it to the front")
_ALL_SEEN: Final = msg("this panel cannot scroll any further that way")

_PANELS: Final = tuple(
    CommandRow(
        f"show_{slot.name}",
        msg("panel {panel}", panel=slot.title),
        msg("show the panel “{panel}”", panel=slot.title),
        (str(number),),
        str(number),
        typed=f"show-{slot.name}",
        panel=slot.name,
        idle=msg("this panel already has the focus"),
        former=tuple(f"show_{name}" for name in slot.former),
    )
    for number, slot in enumerate(PANEL_SLOTS, 1)
)

GRAPH: Final = (
    CommandRow(
        "zoom_in",
        msg("zoom in"),
        msg("zoom in: from dots to one line per node, then to boxes with numbers"),
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
        msg(
            "zoom to fit: the graph as large as the panel allows or, if it is too large, dots centred on "
            "the step"
        ),
        ("f",),
        "f",
        typed="fit",
        idle=msg("it already fits"),
        footer_in={"graph": 12},
    ),
    CommandRow(
        "look",
        msg("look at step"),
        msg("centre the graph on this step"),
        ("full_stop",),
        ".",
        typed="look",
        idle=msg("the step is already as close to the centre as the panel can scroll"),
    ),
    CommandRow(
        "minimap",
        msg("minimap"),
        msg(
            "show or hide the minimap, a small overview of a graph larger than its panel; click in it to "
            "go there"
        ),
        ("M",),
        "M",
        typed="minimap",
    ),
    CommandRow(
        "hit",
        msg("next hit"),
        msg("choose the next node found by the last search; the nodes found stay marked until Esc"),
        ("x",),
        "x",
        typed="next-hit",
    ),
    CommandRow(
        "hit_back",
        msg("previous hit"),
        msg("choose the previous node found by the last search"),
        ("X",),
        "X",
        typed="previous-hit",
    ),
)
"""How the graph is viewed."""

PLAYING: Final = (
    CommandRow(
        "play",
        msg("play, pause"),
        msg("step automatically until the end, a breakpoint, or another press of the key"),
        ("space", "a"),
        "Space a",
        typed="play",
        idle=msg("there is nothing left to play: Home goes to the start"),
        footer_in={"playing": 1},
    ),
    CommandRow(
        "faster",
        msg("faster"),
        msg("play more steps per second"),
        ("greater_than_sign",),
        ">",
        typed="faster",
        footer_in={"playing": 2},
    ),
    CommandRow(
        "slower",
        msg("slower"),
        msg("play fewer steps per second"),
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
        msg("show the plots; if they are already shown, the next plot, or the one you name"),
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
        msg("previous plot"),
        msg("show the plots; if they are already shown, the previous plot"),
        ("V",),
        "V",
        typed="reverse-plot",
        idle=msg("this run has no other plot"),
        footer_in={"plots": 4},
    ),
    CommandRow(
        "fill",
        msg("fill screen"),
        msg("fill the screen with the focused panel; press again, or Esc, for all panels"),
        ("F",),
        "F",
        typed="fill",
        footer_in={"filled": 1},
    ),
    CommandRow(
        "stage",
        msg("stage"),
        msg("for a projector: only the graph and one large equation; press again, or Esc, for all panels"),
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
        msg("go to the next row of a table, or scroll down"),
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
        msg("go to the previous row of a table, or scroll up"),
        ("k", "up"),
        "k ↑",
        typed="up",
        idle=_ALL_SEEN,
        yields=True,
        footer_in={"nodes": 9, "outline": 9},
    ),
    *_PANELS,
)
