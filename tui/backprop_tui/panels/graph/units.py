"""The units of a picture: a box or a leaf's mark, and beside it the labels above and below its wire."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

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


def unit(trace: Trace, before: Trace | None, node: Node, cell: str = "") -> Unit:
    """As wide as the longest label that the run will put there; `cell` is what a folded group repeats.

    `before` is the run without the changes that are in force: differences stand beside the numbers.
    """
    label = _label(trace, before, node) + 1
    if node.op is None:
        return Unit(node, "", 0, max(label, 4))
    shown = short_name(cell) if cell else sign(trace.graph, node)
    box = cell_width(shown) + 4
    return Unit(node, shown, box, box + label + 1)


def _label(trace: Trace, before: Trace | None, node: Node) -> int:
    """The cells that the widest value or gradient of the run takes, the name beside the values."""
    name = cell_width(short_name(node.name)) + 1
    return max(name + max(map(len, _values(trace, before, node))), *map(len, _gradients(trace, before, node)))


def _values(trace: Trace, before: Trace | None, node: Node) -> Iterator[str]:
    """All that is shown of a node's value in the course of the run."""
    at = node.position
    yield short_value(trace.values[at], before.values[at] if before else None)
    if at in trace.updated:
        yield short_value(trace.updated[at], before.updated.get(at) if before else None)


def _gradients(trace: Trace, before: Trace | None, node: Node) -> Iterator[str]:
    """All that is shown of a node's gradient in the course of the run."""
    at = node.position
    uses = trace.schedule.uses_of.get(at, [])
    for number, edge in enumerate(uses, 1):
        yield short_gradient(
            trace.arrived[edge], (number, len(uses)), before.arrived[edge] if before else None
        )
    if not uses:
        yield short_gradient(trace.gradients[at], (0, 0), before.gradients[at] if before else None)
