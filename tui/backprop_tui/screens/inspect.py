"""Everything about one node, as far as it is known at this position."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.explain.lines import Line, Role, Span
from backprop_engine.explain.numbers import ABSENT
from backprop_engine.explain.symbols import formula, gradient_name
from backprop_engine.explain.tensors import tensor_block
from backprop_engine.graph import Node
from backprop_tui.screens.sheet import Sheet
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["InspectScreen", "node_lines"]

_MOST_ROWS = 40


def node_lines(view: View, node: Node, width: int) -> list[Line]:
    """A node's definition, its value, its gradient and what contributed to it."""
    language, frame, graph = view.language, view.frame, view.graph
    what = formula(graph, node) if node.op is not None else text(f"kind.{node.kind.value}", language)
    lines: list[Line] = [
        (Span(node.name, Role.NAME), Span(f" = {what}" if node.op is not None else f"  {what}")),
        (
            Span(f"{text('inspect.shape', language)} ", Role.DIM),
            Span(f"{shape_text(node.shape)} {view.scenario.dtype}"),
        ),
    ]
    if node.place is not None:
        lines.append(
            (
                Span(f"{text('inspect.at', language)} ", Role.DIM),
                Span(f"{PurePath(node.place.path).name}:{node.place.line}:{node.place.column}"),
            )
        )
    note = view.scenario.notes.get(node.position)
    if note:
        lines.append((Span(f"» {note.in_language(language)}", Role.NAME),))
    if node.op is not None and node.op.conventions:
        lines.append(
            (
                Span(f"{text('inspect.conventions', language)} ", Role.DIM),
                Span(node.op.conventions.in_language(view.language)),
            )
        )
    lines += _tensor(text("inspect.value", language), frame.value(node), Role.VALUE, width)
    if not (graph.active[node.position] and graph.differentiable[node.position]):
        return [*lines, (Span(""),), (Span(text("inspect.none", language), Role.DIM),)]
    name = f"{text('inspect.gradient', language)} {gradient_name(graph, node)}"
    lines += _tensor(name, frame.gradient(node), Role.GRADIENT, width)
    return lines + _contributions(view, node)


def _tensor(name: str, tensor: Tensor | None, role: Role, width: int) -> list[Line]:
    heading: Line = (Span(name, Role.HEADING),)
    if tensor is None:
        return [(Span(""),), heading, (Span(f"  {ABSENT}", Role.DIM),)]
    block = tensor_block(tensor, role, width - 2, _MOST_ROWS)
    return [(Span(""),), heading, *((Span("  "), *line) for line in block.lines)]


def _contributions(view: View, node: Node) -> list[Line]:
    """How many of a shared node's contributions have arrived, and through which nodes."""
    schedule = view.session.trace.schedule
    uses = schedule.uses_of.get(node.position, [])
    if len(uses) < 2:
        return []
    arrived = [edge for edge in uses if schedule.arrival(edge) <= view.session.here]
    through = ", ".join(view.graph.nodes[schedule.edges[edge].node].name for edge in uses[:20])
    said = text("inspect.partial", view.language, count=len(arrived), of=len(uses))
    return [(Span(f"{said}: {through}", Role.DIM),)]


class InspectScreen(Sheet):
    """A node as a sheet."""

    def __init__(self, view: View, node: Node) -> None:
        super().__init__(node.name, view.language)
        self.view, self.node = view, node

    def lines(self, width: int) -> Sequence[Line]:
        """The node."""
        return node_lines(self.view, self.node, width)
