"""The norm of every gradient, in the order of computation: where gradients vanish or explode."""

from __future__ import annotations

from math import ceil, floor, isfinite, isnan, log10

from msgspec import Struct

from backprop_engine.derived import derived
from backprop_engine.explain.numbers import number
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Area, Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, clip_line, crop_line, wrap_line
from backprop_tui.cells.text import cell_width, clip
from backprop_tui.view import View

__all__ = ["gradients_by_depth", "node_of_row", "without_gradients"]

_BARS, _BARS_ASCII = "▇░", "#."
"""The character of a bar, and that of one whose gradient is not complete."""
_NAMES, _NUMBERS = 16, 9
"""The most cells for a name, and for a number."""


def gradients_by_depth(view: View, width: int, height: int) -> Drawing:
    """A bar as long as the norm for each node that a gradient reaches; lighter until it is complete."""
    trace = view.session.trace
    nodes = _in_order(trace.graph)
    if trace.schedule.forward_only or not nodes:
        return without_gradients(view, width, height)
    sizes = [trace.gradient_norms[node.position] for node in nodes]
    positive = [size for size in sizes if size > 0 and isfinite(size)]
    low = floor(log10(min(positive))) if positive else -1
    high = max(low + 1, ceil(log10(max(positive)))) if positive else 0
    names = max(cell_width(node.name) for node in nodes[:200])
    return _Bars(view, nodes, low, high, width, min(names, _NAMES, width // 3))


def without_gradients(view: View, width: int, height: int) -> Lines:
    """The text if no gradient is computed: the reason or, if rows are few, only that fact."""
    ways = (
        msg("No gradients here: this iteration is only a forward pass."),
        msg("There are no gradients."),
    )
    said = [wrap_line((Span(way.in_language(view.language), Role.DIM),), width) for way in ways]
    return Lines.of(next((lines for lines in said if len(lines) <= height), said[-1][:height]))


def node_of_row(view: View, row: int) -> Node | None:
    """The node that a row is about."""
    nodes = _in_order(view.session.trace.graph)
    return nodes[row - 1] if 0 < row <= len(nodes) else None


@derived()
def _in_order(graph: Graph) -> tuple[Node, ...]:
    """Every node that a gradient reaches; a leaf is before the first node that is computed from it."""
    first_use: dict[int, int] = {}
    for node in graph.nodes:
        for operand in node.operands:
            first_use.setdefault(operand, node.position)

    def place(node: Node) -> tuple[int, int, int]:
        if node.is_leaf:
            return first_use.get(node.position, node.position), 0, node.position
        return node.position, 1, 0

    reached = (node for node in graph.nodes if graph.active[node.position] and node.takes_gradient)
    return tuple(sorted(reached, key=place))


class _Bars(Struct, frozen=True, eq=False):
    """The bars on a scale from 10 to the power of `low` to 10 to the power of `high`, each made on demand."""

    view: View
    nodes: tuple[Node, ...]
    low: int
    high: int
    width: int
    names: int

    @property
    def height(self) -> int:
        """A row for each node, below the scale."""
        return len(self.nodes) + 1

    @property
    def focus(self) -> Area | None:
        """The node of this step."""
        node = self.view.frame.node
        if node is None or node not in self.nodes:
            return None
        return Area(0, self.nodes.index(node) + 1, 1, 1)

    def row(self, y: int, x: int, width: int) -> Line:
        """The scale, or a node's bar."""
        if not 0 <= y < self.height:
            return ()
        line = clip_line(self._bar(self.nodes[y - 1]) if y else self._scale(), self.width)
        return crop_line(line, x, width)

    @property
    def _cells(self) -> int:
        return max(1, self.width - self.names - _NUMBERS - 5)

    def _scale(self) -> Line:
        """The powers of ten at both ends, and some between."""
        cells = [" "] * (self._cells + 1)
        end = 0
        step = max(1, -(-(self.high - self.low) // max(1, self._cells // 9)))
        for power in range(self.low, self.high + 1, step):
            label = number(float(f"1e{power}"), 4)
            at = (power - self.low) * self._cells // (self.high - self.low)
            start = min(max(0, at - len(label) // 2), max(0, len(cells) - len(label)))
            if start >= end:
                cells[start : start + len(label)] = label
                end = start + len(label) + 1
        return (Span(" " * (self.names + 3)), Span("".join(cells), Role.DIM))

    def _bar(self, node: Node) -> Line:
        view, frame = self.view, self.view.frame
        size = frame.trace.gradient_norms[node.position]
        known = frame.complete(node)
        active = frame.node is not None and frame.node.position == node.position
        selected = view.session.selection == node.position
        mark = (">" if view.ascii else "▶") if active else " "
        name = clip(node.name, self.names)
        role = Role.SELECTED if selected else Role.NAME if active else Role.TEXT if known else Role.DIM
        bar, bar_role = self._length(size, known=known)
        label = number(size, 3).rjust(_NUMBERS)
        label_role = Role.WARNING if not isfinite(size) or size == 0 else Role.GRADIENT if known else Role.DIM
        return (
            Span(f"{mark} ", Role.KEY),
            Span(name, role),
            Span(" " * (self.names - cell_width(name) + 1)),
            Span(bar + " " * (self._cells - cell_width(bar)), bar_role),
            Span(" "),
            Span(label, label_role),
        )

    def _length(self, size: float, *, known: bool) -> tuple[str, Role]:
        """The bar of a number."""
        if not isfinite(size):
            return ("!" * (1 if isnan(size) else self._cells), Role.TROUBLE)
        part = (log10(size) - self.low) / (self.high - self.low) if size > 0 else 0.0
        cells = min(max(round(part * self._cells), 1 if size > 0 else 0), self._cells)
        signs = _BARS_ASCII if self.view.ascii else _BARS
        return signs[not known] * cells, Role.GRADIENT if known else Role.DIM
