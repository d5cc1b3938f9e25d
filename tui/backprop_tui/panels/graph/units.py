"""The units of a picture, and how much room each takes at each density."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, structs

from backprop_engine.graph.graph import Node
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.text import cell_width
from backprop_tui.panels.graph.labels import short_gradient, short_name, short_value, sign
from backprop_tui.view import Density

__all__ = ["HEIGHTS", "Unit", "unit"]

_HIGHEST = 15
"""A node with more operands than these has them share rows."""
HEIGHTS: Final[Mapping[Density, int]] = {"full": 3, "compact": 1, "dots": 1}
"""The rows of a unit, or, of a box, the fewest."""
_MEASURED = 64
"""Of more contributions than these, about so many decide how wide a gradient gets."""


class Unit(Struct, frozen=True):
    """A node's picture, or that of a folded `group`, which shows one of its nodes."""

    node: Node
    sign: str
    box: int
    """Cells that the operator's box takes; 0 for a leaf."""
    width: int
    group: bool = False
    height: int = 1

    @property
    def middle(self) -> int:
        """The row of its wire, counted from its first."""
        return self.height // 2

    @property
    def before_label(self) -> int:
        """The cells before its name and its gradient: a box, and the gap behind that."""
        return self.box + bool(self.box)

    def fed_by(self, operands: int, density: Density) -> Unit:
        """The unit with a row for each of so many operands, so that no two of them arrive as one."""
        height = HEIGHTS[density]
        if self.box and height < operands <= _HIGHEST:
            height = operands if density == "compact" else operands | 1  # the wire leaves a box in its middle
        return structs.replace(self, height=height)


def unit(trace: Trace, before: Trace | None, node: Node, cell: str, density: Density, room: int = 0) -> Unit:
    """As wide as the longest label that the run will put there; `cell` is what a folded group repeats.

    A number gets `room` at least. `before` is the run without the changes that are in force: differences
    stand beside the numbers.
    """
    if density == "dots":
        return Unit(node, "", 0, 1, bool(cell))
    brief = density == "compact"
    name = cell_width(short_name(node.name)) + 1
    value = max(room, *map(len, _values(trace, before, node, brief)))
    gradient = max(room, *map(len, _gradients(trace, before, node, brief)))
    shown = "" if node.op is None else short_name(cell) if cell else sign(trace.graph, node)
    box = cell_width(shown)
    if brief:
        box += 2 if box else 0
        return Unit(node, shown, box, max(box, 1) + 1 + name + max(value, gradient + 1) + 2, bool(cell))
    label = max(name + value, gradient) + 1
    if not box:
        return Unit(node, "", 0, max(label, 4))
    return Unit(node, shown, box + 4, box + 4 + label + 1, bool(cell))


def _values(trace: Trace, before: Trace | None, node: Node, brief: bool) -> Iterator[str]:
    """All that is shown of a node's value in the course of the run."""
    at = node.position
    yield short_value(trace.values[at], before.values[at] if before else None, brief=brief)
    if at in trace.updated:
        yield short_value(trace.updated[at], before.updated.get(at) if before else None, brief=brief)


def _gradients(trace: Trace, before: Trace | None, node: Node, brief: bool) -> Iterator[str]:
    """All that is shown of a node's gradient in the course of the run."""
    at = node.position
    uses = trace.schedule.uses_of.get(at, [])
    for number, edge in list(enumerate(uses, 1))[:: 1 + len(uses) // _MEASURED]:
        earlier = before.arrived[edge] if before else None
        count = number if len(uses) < _MEASURED else len(uses) - 1
        yield short_gradient(trace.arrived[edge], (count, len(uses)), earlier, brief=brief)
    earlier = before.gradients[at] if before else None
    yield short_gradient(trace.gradients[at], (0, 0), earlier, brief=brief)
