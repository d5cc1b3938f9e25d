"""Which panels there are, and where each is; Tab and the digits go through them in this order."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from backprop_engine.messages.message import Message, msg

__all__ = ["FIRST_IN_FRONT", "PANEL_SLOTS", "PLOTS", "PanelSlot", "slot_named"]


class PanelSlot(Struct, frozen=True):
    """A panel's name and the region that it shares with others, one of which is in front.

    On a `roomy` screen it may be in another region. `help` says what it shows.
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
            "Values go right, in green above the wires; gradients come back, in red below them. The "
            "larger the norm of the gradient on a wire (on the run's logarithmic scale), the bolder the "
            "wire; where the gradient is zero, the wire is dotted. This step's node and wires are heavy; "
            "steps still to come are dashed. + and - zoom, f fits, . centres the step; ↑ ↓, Shift+← →, H "
            "J K L or the mouse scroll (← → alone step through the run). Click a node to choose it; "
            "double-click to open it."
        ),
        "graph",
    ),
    _slot(
        "step",
        msg("Step"),
        msg(
            "The step as an equation: the upstream gradient, which has arrived at the node, times the "
            "node's local gradient with respect to this operand gives the gradient to pass on. Below it "
            "are a numeric check, what the node computes, the reason, the author's note, the line of "
            "NumPy, and the watches."
        ),
        "equation",
        former=("chain", "formula", "why"),
    ),
    _slot(
        "nodes",
        msg("Nodes"),
        msg(
            "Every node with its operation, its shape, and its value and gradient as far as they are "
            "known here. The arrows choose a node; Δ shows how much your change moved it (for a tensor, "
            "the norm of the difference)."
        ),
        "lists",
    ),
    _slot(
        "outline",
        msg("Outline"),
        msg(
            "The structure of the graph: leaves, scans, groups, and the nodes inside. The arrows choose "
            "a node; z or a click on ▾ folds a group into one box, in the graph too, and ▸ unfolds it."
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
            "Where you are: the run, the iteration, groups, and the composite operators you have stepped "
            "into, innermost last."
        ),
        "lists",
        roomy="structure",
    ),
)
"""A region's panels follow each other, and regions are as the screen's grid fills: by rows."""

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
