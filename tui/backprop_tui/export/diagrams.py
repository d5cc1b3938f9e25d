"""A graph for programs that draw graphs: Graphviz and Mermaid; for TikZ see `tikz`.

What every diagram shows is found once: nodes with their values and gradients as far as the run has come, and
edges as strong as the gradient that has crossed them. Names are written as text, never as the drawing
program's own language: each has its escapes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, NamedTuple

from backprop_engine.explain.symbols import mathematical
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.trace.magnitudes import contribution_norm, gradient_magnitudes
from backprop_engine.trace.trace import Frame
from backprop_tui.cells.summaries import summary
from backprop_tui.export.formats import Exported
from backprop_tui.layout.buses import Buses, buses_of
from backprop_tui.scene.boxes import sign

__all__ = ["FORWARD", "GRADIENT", "Box", "Diagram", "Wire", "diagram", "dot", "line_width", "mermaid"]

FORWARD, GRADIENT = "#1f6fb2", "#b3441e"
"""The colours of what flows forward and of gradients, on white paper."""
_FINEST, _STRONGEST = 1.0, 4.0
"""The widths of edges, in points."""


class Box(NamedTuple):
    """A node as it is drawn: the sign of its operator, empty for a leaf, and its texts."""

    position: int
    sign: str
    name: str
    value: str
    gradient: str
    """Empty where none has arrived, or none ever does."""
    is_constant: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """Its texts, one below the other."""
        known = f"{self.name} = {self.value}" if self.value else self.name
        return tuple(line for line in (self.sign, known, self.gradient) if line)


class Wire(NamedTuple):
    """An edge from an operand to a node, and the share of the run's largest gradient that has crossed it."""

    source: int
    target: int
    strength: float | None


class Diagram(NamedTuple):
    """What is drawn."""

    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]

    def buses(self) -> Buses:
        """The wires between boxes by their numbers here; a value that is used very often has a single one."""
        number = {box.position: index for index, box in enumerate(self.boxes)}
        wires = [(number[wire.source], number[wire.target]) for wire in self.wires]
        return buses_of(len(self.boxes), wires, wanted=True)

    def strengths(self, buses: Buses) -> list[float | None]:
        """The strengths of the edges of `buses`; one that wires share has that of the strongest of them."""
        strengths = [wire.strength for wire in self.wires] + [None] * buses.branches
        feeders = range(len(strengths) - 1, len(self.wires) - 1, -1)  # what is farther on first
        for leg in (*range(len(self.wires)), *feeders):
            source, strength = buses.edges[leg][0], strengths[leg]
            if source >= buses.count and strength is not None:
                feeder = buses.feeders[source]
                strengths[feeder] = max(strengths[feeder] or 0.0, strength)
        return strengths


def diagram(frame: Frame) -> Diagram:
    """The nodes of a frame, without the numbers that operators have in their signs, and all wires."""
    graph = frame.graph
    told = {
        operand
        for node in graph.nodes
        if len(node.operands) == 2
        for operand in node.operands
        if graph.nodes[operand].kind is Kind.LITERAL
    }
    boxes = tuple(_box(frame, node) for node in graph.nodes if node.position not in told)
    return Diagram(boxes, tuple(wire for wire in _wires(frame) if wire.source not in told))


def _box(frame: Frame, node: Node) -> Box:
    value = frame.value(node)
    gradient = frame.gradient(node)
    operator = sign(frame.graph, node) if node.op is not None else ""
    output = frame.graph.loss_name
    return Box(
        node.position,
        operator,
        mathematical(node.name or node.text),
        "" if value is None or node.kind is Kind.LITERAL else summary(value),
        ""
        if gradient is None
        else f"∂{mathematical(output)}/∂{mathematical(node.name)} = {summary(gradient)}",
        node.kind in (Kind.CONSTANT, Kind.LITERAL),
    )


def _wires(frame: Frame) -> Iterator[Wire]:
    """The uses of operands, in the order of the graph."""
    trace, schedule = frame.trace, frame.trace.schedule
    is_cleared = frame.position >= schedule.clear
    scale = gradient_magnitudes(trace)
    crossed = {
        (edge.node, edge.argnum): scale.share(contribution_norm(trace, edge.index))
        for edge in trace.graph.edges
        if not is_cleared and schedule.arrival(edge.index) <= frame.position
    }
    for node in trace.graph.nodes:
        for argnum, operand in enumerate(node.operands):
            yield Wire(operand, node.position, crossed.get((node.position, argnum)))


def line_width(strength: float) -> str:
    """How wide an edge is, in points."""
    return f"{_FINEST + strength * (_STRONGEST - _FINEST):.2f}"


def dot(exported: Exported) -> str:
    """The graph in the language of Graphviz, left to right."""
    shown = diagram(exported.frame)
    lines = [
        f"digraph {_quoted(exported.scenario.name)} {{",
        f"  label={_quoted(exported.title)}; labelloc=t; rankdir=LR",
        '  node [fontname="Helvetica", fontsize=11]; edge [color="#8a8f98", arrowsize=0.7]',
    ]
    for box in shown.boxes:
        shape = "box, style=rounded" if box.sign else "plaintext" if box.is_constant else "ellipse"
        label = _quoted("\n".join(box.lines))
        lines.append(f"  n{box.position} [shape={shape}, label={label}]")
    buses = shown.buses()
    names = [f"n{box.position}" for box in shown.boxes] + [f"b{branch}" for branch in range(buses.branches)]
    lines += (f"  {name} [shape=point, width=0.02]" for name in names[buses.count :])
    for (source, target), strength in zip(buses.edges, shown.strengths(buses), strict=True):
        ends = [] if strength is None else [f'color="{GRADIENT}", penwidth={line_width(strength)}']
        ends += ["arrowhead=none"] if target >= buses.count else []
        lines.append(f"  {names[source]} -> {names[target]}" + (f" [{', '.join(ends)}]" if ends else ""))
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    """A string of Graphviz; backslashes of the text are letters, line ends are its own."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def mermaid(exported: Exported) -> str:
    """The graph as a flowchart of Mermaid, left to right."""
    shown = diagram(exported.frame)
    lines = ["---", f"title: {_titled(exported.title)}", "---", "flowchart LR"]
    for box in shown.boxes:
        label = "<br>".join(map(_entities, box.lines))
        left, right = ("[", "]") if box.sign else ("([", "])")
        lines.append(f'  n{box.position}{left}"{label}"{right}')
    lines += [f"  n{wire.source} --> n{wire.target}" for wire in shown.wires]
    for number, wire in enumerate(shown.wires):
        if wire.strength is not None:
            width = line_width(wire.strength)
            lines.append(f"  linkStyle {number} stroke:{GRADIENT},stroke-width:{width}px")
    return "\n".join(lines) + "\n"


def _titled(text: str) -> str:
    """Text of the title, a YAML string. Mermaid takes tags out of it and shows what else means something to
    HTML as an entity, so such characters are written in full width.
    """
    return json.dumps(text.translate(_FULL_WIDTH), ensure_ascii=False)


_FULL_WIDTH: Final = str.maketrans("<>&", "＜＞＆")


def _entities(text: str) -> str:
    """Text of a label: characters that mean something to Mermaid or HTML are written as numeric entities."""
    return "".join(c if c.isalnum() or c in " .,-=∂/‖⟨⟩·()" else f"#{ord(c)};" for c in text)
