"""The box of a node in a picture: what is written there, and how much room it takes at each density."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct, structs

from backprop_engine.arrays import Tensor
from backprop_engine.explain.numbers import GRAPH_DIGITS, progress, summary
from backprop_engine.explain.symbols import mathematical
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.text import cell_width, clip_middle
from backprop_tui.render.differences import change

__all__ = [
    "DENSITIES",
    "HEIGHTS",
    "Density",
    "NodeBox",
    "measured_box",
    "short_gradient",
    "short_name",
    "short_value",
    "sign",
]

Density: TypeAlias = Literal["full", "compact", "dots"]
"""How much of each node a picture of the graph shows: numbers around a box, one line, or one cell."""
DENSITIES: Final[tuple[Density, ...]] = ("full", "compact", "dots")
"""From near to far."""
_HIGHEST = 15
"""A node with more operands than these has them share rows."""
HEIGHTS: Final[Mapping[Density, int]] = {"full": 3, "compact": 1, "dots": 1}
"""The rows of a box, or, of a box, the fewest."""
_MEASURED = 64
"""Of more contributions than these, about so many decide how wide a gradient gets."""


class NodeBox(Struct, frozen=True):
    """A node's picture, or that of a folded `group`, which shows one of its nodes."""

    node: Node
    sign: str
    operator_width: int
    """The cells of the box around the operator; 0 for a leaf."""
    width: int
    group: bool = False
    height: int = 1

    @property
    def middle(self) -> int:
        """The row of its wire, counted from its first."""
        return self.height // 2

    @property
    def label_start(self) -> int:
        """The cells before its name and its gradient: a box, and the gap behind that."""
        return self.operator_width + bool(self.operator_width)

    def with_operands(self, operands: int, density: Density) -> NodeBox:
        """The box with a row for each of so many operands, so that no two of them arrive as one."""
        height = HEIGHTS[density]
        if self.operator_width and height < operands <= _HIGHEST:
            height = operands if density == "compact" else operands | 1  # the wire leaves a box in its middle
        return structs.replace(self, height=height)


def measured_box(
    trace: Trace, before: Trace | None, node: Node, cell: str, density: Density, room: int = 0
) -> NodeBox:
    """As wide as the longest label that the run will put there; `cell` is what a folded group repeats.

    A number gets `room` at least. `before` is the run without the changes that are in force: differences
    stand beside the numbers.
    """
    if density == "dots":
        return NodeBox(node, "", 0, 1, bool(cell))
    brief = density == "compact"
    name = cell_width(short_name(node.name)) + 1
    value = max(room, *map(len, _values(trace, before, node, brief)))
    gradient = max(room, *map(len, _gradients(trace, before, node, brief)))
    shown = "" if node.op is None else short_name(cell) if cell else sign(trace.graph, node)
    operator_width = cell_width(shown)
    if brief:
        operator_width += 2 if operator_width else 0
        return NodeBox(
            node,
            shown,
            operator_width,
            max(operator_width, 1) + 1 + name + max(value, gradient + 1) + 2,
            bool(cell),
        )
    label = max(name + value, gradient) + 1
    if not operator_width:
        return NodeBox(node, "", 0, max(label, 4))
    return NodeBox(node, shown, operator_width + 4, operator_width + 4 + label + 1, bool(cell))


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


_LIMIT = 22
_ROOM = 21
"""The cells of a short vector."""


def short_name(name: str) -> str:
    """A name in as many cells as a picture has for one."""
    return clip_middle(name, _LIMIT)


def short_value(value: Tensor | None, before: Tensor | None = None, *, brief: bool = False) -> str:
    """A value, and by how much it differs from what it was `before`; where it is `brief`, without a shape."""
    return _short(value, shape=not brief, brief=brief) + change(value, before)


def short_gradient(
    gradient: Tensor | None, part: tuple[int, int], before: Tensor | None = None, *, brief: bool = False
) -> str:
    """A gradient, of which a part of all contributions has arrived; its shape is that of the value."""
    return _short(gradient, shape=False, brief=brief) + progress(*part) + change(gradient, before)


def _short(tensor: Tensor | None, *, shape: bool, brief: bool) -> str:
    """A number, a short vector, or a norm; where it is `brief`, a norm for every vector."""
    return summary(tensor, 0 if brief else _ROOM, GRAPH_DIGITS, shape=shape)


def sign(graph: Graph, node: Node) -> str:
    """The operator's sign, with literal operands where they stand: ``×2``, ``1÷``, ``x²``."""
    assert node.op is not None
    nodes = [graph.nodes[operand] for operand in node.operands]
    if len(nodes) == 2 and nodes[1].kind is Kind.LITERAL:
        literal = nodes[1].text
        return mathematical(f"x ** {literal}") if node.op.name == "pow" else f"{node.op.sign}{literal}"
    if len(nodes) == 2 and nodes[0].kind is Kind.LITERAL:
        return f"{nodes[0].text}{node.op.sign}"
    return node.op.sign
