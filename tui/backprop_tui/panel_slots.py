"""Which panels there are, and where each stands; Tab and the digits go through them in this order."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from backprop_engine.messages.message import Message, msg

__all__ = ["FIRST_IN_FRONT", "PANEL_SLOTS", "PLOTS", "PanelSlot", "slot_named"]


class PanelSlot(Struct, frozen=True):
    """A panel's name and the region that it shares with others, of which one is in front.

    On a `roomy` screen it may stand in another region. `help` says what it shows.
    """

    name: str
    region: str
    roomy: str
    title: Message
    help: Message
    former: tuple[str, ...] = ()
    """Names of panels that this one has taken the place of, which are still understood."""


def _slot(
    name: str,
    title: Message,
    help: Message,
    region: str,
    roomy: str = "",
    former: tuple[str, ...] = (),
) -> PanelSlot:
    return PanelSlot(name, region, roomy or region, title, help, former)


PANEL_SLOTS: Final = (
    _slot(
        "graph",
        msg("Graph"),
        msg(
            "Values go right, in green above the wires; gradients come back, in red "
            "below them. A wire that a gradient has crossed is the stronger the larger its "
            "norm, on the logarithmic scale of the run, and dotted where it is zero. The "
            "step's own node and wires are heavy, what is still ahead is dashed. + and - "
            "zoom, f fits, . looks at the step; ↑ ↓, Shift with ← →, H J K L or the mouse "
            "scroll; ← → alone step. A click chooses a node, two clicks open it."
        ),
        "graph",
    ),
    _slot(
        "step",
        msg("Step"),
        msg(
            "The step as an equation: the upstream gradient, which has arrived at the node, times the "
            "local gradient of the node with respect to this operand is the gradient that is passed on. "
            "Below it are a numeric check, what the node computes, the reason, the author's note, the "
            "line of NumPy, and the watches."
        ),
        "equation",
        former=("chain", "formula", "why"),
    ),
    _slot(
        "nodes",
        msg("Nodes"),
        msg(
            "Every node with its operation, its shape, its value and its gradient as far as they are known "
            "here. The arrows choose a node; after Δ comes how much a change has moved it, for a tensor the "
            "norm of the difference."
        ),
        "lists",
    ),
    _slot(
        "outline",
        msg("Outline"),
        msg(
            "The structure of the graph: leaves, scans, groups, and the nodes inside. "
            "The arrows choose a node; z or a click on ▾ folds a group to one box, in "
            "the picture too, and ▸ unfolds it."
        ),
        "lists",
        roomy="structure",
    ),
    _slot(
        "plots",
        msg("Plots"),
        msg(
            "The run at a glance: the loss, the sizes of gradients along time, depth and iterations, "
            "and the parameters. v goes to the next plot; a click goes to an iteration, or chooses a "
            "node. Missing iterations are computed while you look."
        ),
        "lists",
        roomy="structure",
    ),
    _slot(
        "calls",
        msg("Calls"),
        msg(
            "What you are inside of: the run, the iteration, groups, and composite operators that "
            "you have stepped into, the innermost last."
        ),
        "lists",
        roomy="structure",
    ),
)
"""A region's panels follow each other, and regions stand as the screen's grid fills: by rows."""

PLOTS: Final = ("loss", "time", "gradients", "norms", "parameters", "plane", "rate")
"""The kinds of plots that the panel of that name goes through, by their names at the prompt."""


FIRST_IN_FRONT: Final = ("step", "nodes", "plots")
"""The panels in front at the start."""


def slot_named(name: str) -> PanelSlot | None:
    """The panel called `name`, or of that number, if there is one."""
    for number, slot in enumerate(PANEL_SLOTS, 1):
        if name in (slot.name, str(number), *slot.former):
            return slot
    return None
