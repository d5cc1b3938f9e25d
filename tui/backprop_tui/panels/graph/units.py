"""The units of a picture: a box or a leaf's mark, and beside it the labels above and below its wire."""

from __future__ import annotations

from msgspec import Struct

from backprop_engine.explain.numbers import progress
from backprop_engine.graph import Node
from backprop_engine.text import cell_width
from backprop_engine.trace import Trace
from backprop_tui.panels.graph.labels import short_gradient, short_name, short_value, sign

__all__ = ["HEIGHT", "Unit", "unit"]

HEIGHT = 3
"""The rows of a unit: above its wire, along it, and below."""


class Unit(Struct, frozen=True):
    """A node's picture, or that of a folded group, which shows one of its nodes."""

    node: Node
    sign: str
    box: int
    """Cells that the box takes; 0 for a leaf."""
    width: int


def unit(trace: Trace, node: Node, cell: str = "") -> Unit:
    """As wide as the longest label that the run will put there; `cell` is what a folded group repeats."""
    label = _label(trace, node) + 1
    if node.op is None:
        return Unit(node, "", 0, max(label, 4))
    shown = short_name(cell) if cell else sign(trace.graph, node)
    box = cell_width(shown) + 4
    return Unit(node, shown, box, box + label + 1)


def _label(trace: Trace, node: Node) -> int:
    """The cells that the widest value or gradient of the run takes, the name beside the values."""
    values = [trace.values[node.position]]
    if node.position in trace.updated:
        values.append(trace.updated[node.position])
    value = cell_width(short_name(node.name)) + 1 + max(len(short_value(one)) for one in values)
    uses = trace.schedule.uses_of.get(node.position, [])
    gradients = [
        len(short_gradient(trace.arrived[edge]) + progress(number, len(uses)))
        for number, edge in enumerate(uses, 1)
    ] or [len(short_gradient(trace.gradients[node.position]))]
    return max(value, *gradients)
