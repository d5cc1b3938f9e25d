"""The box of a node in a picture: what is written there, and how much room it takes at each density."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from msgspec import Struct, structs

from backprop_engine.arrays import Figures, Measured, Tensor
from backprop_engine.explain.numbers import GRAPH_DIGITS
from backprop_engine.explain.symbols import mathematical
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.trace.lazy_tensors import LazyTensors, figures_at
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.summaries import progress, summary
from backprop_tui.cells.text import cell_width, clip_middle
from backprop_tui.render.differences import change

__all__ = [
    "DENSITIES",
    "HEIGHTS",
    "LONGEST_NAME",
    "MOST_OPERANDS",
    "NUMBERLESS",
    "Density",
    "NodeBox",
    "dot_name",
    "measured_box",
    "short_gradient",
    "short_name",
    "short_value",
    "sign",
]

Density: TypeAlias = Literal["full", "compact", "names", "dots"]
"""How much of each node a picture of the graph shows: numbers around a box, a line, a name, or one cell."""
DENSITIES: Final[tuple[Density, ...]] = ("full", "compact", "names", "dots")
"""From near to far."""
MOST_OPERANDS = 15
"""A node with more operands than these has them share rows."""
NUMBERLESS: Final[tuple[Density, ...]] = ("names", "dots")
"""Those that show no numbers, so that a picture is the same in every run of a graph."""
HEIGHTS: Final[Mapping[Density, int]] = {"full": 3, "compact": 1, "names": 1, "dots": 1}
"""The rows of a box; the fewest of one with an operator."""
LONGEST_NAME = 22
"""The most cells of a name."""
_VECTOR_WIDTH = 21
"""The most cells of a short vector."""
_LONGEST_NORM = 1.23e-10
"""A norm whose text is as long as any."""
_MEASURED = 64
"""The contributions to a gradient that are measured, about, where there are more."""


class NodeBox(Struct, frozen=True):
    """An operator or a leaf with its labels; a folded `group` shows one of its nodes."""

    node: Node
    sign: str
    operator_width: int
    """The cells of the border around the operator, inclusive; 0 for a leaf."""
    width: int
    group: bool = False
    height: int = 1

    @property
    def middle(self) -> int:
        """The row of its wire, counted from its first row."""
        return self.height // 2

    @property
    def label_start(self) -> int:
        """The cells before its name and its gradient: the operator, and the gap after it."""
        return self.operator_width + bool(self.operator_width)

    def with_operands(self, operands: int, density: Density) -> NodeBox:
        """The box with a row for each operand, so that no two of them arrive as one."""
        height = HEIGHTS[density]
        if self.operator_width and height < operands <= MOST_OPERANDS:
            height = operands | 1 if density == "full" else operands  # odd: its wire leaves it in its middle
        return structs.replace(self, height=height)


def measured_box(
    trace: Trace, before: Trace | None, node: Node, cell: str, density: Density, room: int = 0
) -> NodeBox:
    """The box of a node, as wide as its longest label in the course of the run, in cells.

    `cell` is what a folded group repeats. A number gets at least `room` cells. `before` is the run without
    the changes that are in force: differences are beside the numbers.
    """
    if density == "dots":
        return NodeBox(node, cell, 0, 1, bool(cell))
    if density == "names":
        shown = short_name(cell or node.name)
        return NodeBox(
            node, shown, 0 if node.op is None else cell_width(shown) + 2, cell_width(shown) + 3, bool(cell)
        )
    brief = density == "compact"
    name = cell_width(short_name(node.name)) + 1
    value = max(room, *map(len, _values(trace, before, node, brief)))
    gradient = max(room, *map(len, _gradients(trace, before, node, brief)))
    shown = "" if node.op is None else short_name(cell) if cell else sign(trace.graph, node)
    operator_width = cell_width(shown)
    if brief:
        operator_width += 2 if operator_width else 0
        width = max(operator_width, 1) + 1 + name + max(value, gradient + 1) + 2
        return NodeBox(node, shown, operator_width, width, bool(cell))
    label = max(name + value, gradient) + 1
    if not operator_width:
        return NodeBox(node, "", 0, max(label, 4))
    return NodeBox(node, shown, operator_width + 4, operator_width + 4 + label + 1, bool(cell))


def _values(trace: Trace, before: Trace | None, node: Node, brief: bool) -> Iterator[str]:
    """All that is shown of the value of a node in the course of the run."""
    at = node.position
    yield short_value(trace.values[at], before.values[at] if before else None, brief=brief)
    if at in trace.updated:
        yield short_value(trace.updated[at], before.updated.get(at) if before else None, brief=brief)


def _gradients(trace: Trace, before: Trace | None, node: Node, brief: bool) -> Iterator[str]:
    """All that is shown of the gradient of a node in the course of the run."""
    at = node.position
    uses = trace.schedule.uses_of.get(at, [])
    for number, edge in list(enumerate(uses, 1))[:: 1 + len(uses) // _MEASURED]:
        earlier = before.arrived[edge] if before else None
        count = number if len(uses) < _MEASURED else len(uses) - 1
        arrived = _to_measure(trace.arrived, edge, node, trace, earlier)
        yield short_gradient(arrived, (count, len(uses)), earlier, brief=brief)
    earlier = before.gradients[at] if before else None
    gradient = _to_measure(trace.gradients, at, node, trace, earlier)
    yield short_gradient(gradient, (0, 0), earlier, brief=brief)


def _to_measure(
    gradients: Sequence[Tensor | None], index: int, node: Node, trace: Trace, earlier: Tensor | None
) -> Tensor | None:
    """A gradient of a node, without its entries where it would have to be made, and only its norm is shown.

    The norm of a sum is not known before, so there is room for any.
    """
    known = figures_at(gradients, index) if isinstance(gradients, LazyTensors) else None
    if known is None or earlier is not None or len(node.shape) < 2:
        return gradients[index]
    figures = known if known.norm is not None else Figures(_LONGEST_NORM)
    return Measured.without_entries(node.shape, trace.graph.dtype, figures)


def short_name(name: str) -> str:
    """A name, cut in its middle if it is long."""
    return clip_middle(name, LONGEST_NAME)


def dot_name(box: NodeBox) -> str:
    """What is above a dot: its name without those of the groups around it; of a folded group the cell."""
    return short_name(box.sign or box.node.name.rpartition(".")[2])


def short_value(value: Tensor | None, before: Tensor | None = None, *, brief: bool = False) -> str:
    """A value and its change from what it was `before`; without its shape if `brief`."""
    return _short(value, shape=not brief, brief=brief) + change(value, before)


def short_gradient(
    gradient: Tensor | None, part: tuple[int, int], before: Tensor | None = None, *, brief: bool = False
) -> str:
    """A gradient, the part of its contributions that has arrived, and its change; never its shape."""
    return _short(gradient, shape=False, brief=brief) + progress(*part) + change(gradient, before)


def _short(tensor: Tensor | None, *, shape: bool, brief: bool) -> str:
    """A number, a short vector, or a norm; if `brief`, the norm of every vector."""
    return summary(tensor, 0 if brief else _VECTOR_WIDTH, GRAPH_DIGITS, shape=shape)


def sign(graph: Graph, node: Node) -> str:
    """The sign of an operator, with literal operands in their places: ``×2``, ``1÷``, ``x²``, ``max 0``."""
    assert node.op is not None
    nodes = [graph.nodes[operand] for operand in node.operands]
    power = node.op.notation is not None and node.op.notation.kind == "power"
    apart = " " * (not power and any(map(str.isalpha, node.op.sign)))
    if len(nodes) == 2 and nodes[1].kind is Kind.LITERAL:
        literal = nodes[1].text
        return mathematical(f"x ** {literal}") if power else f"{node.op.sign}{apart}{literal}"
    if len(nodes) == 2 and nodes[0].kind is Kind.LITERAL:
        return f"{nodes[0].text}{apart}{node.op.sign}"
    return node.op.sign
