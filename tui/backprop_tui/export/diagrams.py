"""A graph for programs that draw graphs: Graphviz, Mermaid, and TikZ.

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
from backprop_tui.export.tex import is_hangul, tex_text
from backprop_tui.layout import layout
from backprop_tui.scene.boxes import sign

__all__ = ["dot", "mermaid", "tikz", "tikz_picture"]

FORWARD, GRADIENT = "#1f6fb2", "#b3441e"
"""The colours of what flows forward and of gradients, on white paper."""
_FINEST, _STRONGEST = 1.0, 4.0
"""The widths of edges, in points."""


class _Box(NamedTuple):
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


class _Wire(NamedTuple):
    """An edge from an operand to a node, and the share of the run's largest gradient that has crossed it."""

    source: int
    target: int
    strength: float | None


class _Diagram(NamedTuple):
    boxes: tuple[_Box, ...]
    wires: tuple[_Wire, ...]


def _diagram(frame: Frame) -> _Diagram:
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
    return _Diagram(boxes, tuple(wire for wire in _wires(frame) if wire.source not in told))


def _box(frame: Frame, node: Node) -> _Box:
    value = frame.value(node)
    gradient = frame.gradient(node)
    operator = sign(frame.graph, node) if node.op is not None else ""
    output = frame.graph.loss_name
    return _Box(
        node.position,
        operator,
        mathematical(node.name or node.text),
        "" if value is None or node.kind is Kind.LITERAL else summary(value),
        ""
        if gradient is None
        else f"∂{mathematical(output)}/∂{mathematical(node.name)} = {summary(gradient)}",
        node.kind in (Kind.CONSTANT, Kind.LITERAL),
    )


def _derivative(output: str, name: str) -> str:
    return f"∂{mathematical(output)}/∂{mathematical(name)}"


def _wires(frame: Frame) -> Iterator[_Wire]:
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
            yield _Wire(operand, node.position, crossed.get((node.position, argnum)))


def _width(strength: float) -> str:
    return f"{_FINEST + strength * (_STRONGEST - _FINEST):.2f}"


def dot(exported: Exported) -> str:
    """The graph in the language of Graphviz, left to right."""
    diagram = _diagram(exported.frame)
    lines = [
        f"digraph {_quoted(exported.scenario.name)} {{",
        f"  label={_quoted(exported.title)}; labelloc=t; rankdir=LR",
        '  node [fontname="Helvetica", fontsize=11]; edge [color="#8a8f98", arrowsize=0.7]',
    ]
    for box in diagram.boxes:
        shape = "box, style=rounded" if box.sign else "plaintext" if box.is_constant else "ellipse"
        label = _quoted("\n".join(box.lines))
        lines.append(f"  n{box.position} [shape={shape}, label={label}]")
    for wire in diagram.wires:
        flows = wire.strength is not None
        strength = f' [color="{GRADIENT}", penwidth={_width(wire.strength or 0.0)}]' if flows else ""
        lines.append(f"  n{wire.source} -> n{wire.target}{strength}")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    """A string of Graphviz; backslashes of the text are letters, line ends are its own."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def mermaid(exported: Exported) -> str:
    """The graph as a flowchart of Mermaid, left to right."""
    diagram = _diagram(exported.frame)
    lines = ["---", f"title: {_titled(exported.title)}", "---", "flowchart LR"]
    for box in diagram.boxes:
        label = "<br>".join(map(_entities, box.lines))
        left, right = ("[", "]") if box.sign else ("([", "])")
        lines.append(f'  n{box.position}{left}"{label}"{right}')
    lines += [f"  n{wire.source} --> n{wire.target}" for wire in diagram.wires]
    for number, wire in enumerate(diagram.wires):
        if wire.strength is not None:
            width = _width(wire.strength)
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


def tikz(exported: Exported) -> str:
    """The graph as a picture of TikZ, in a LaTeX document of its own."""
    picture, width, height = _tikz(exported)
    korean = r"\usepackage{kotex}" if any(map(is_hangul, picture)) else "%"
    sides = (f"{side + 2 * _MARGIN:.2f}cm" for side in (width, height))
    paper = "paperwidth={}, paperheight={}, margin={}cm".format(*sides, _MARGIN)
    head = _TIKZ_HEAD.replace("PAPER", paper).replace("KOREAN", korean)
    return "\n".join([head, picture, r"\end{document}"]) + "\n"


def tikz_picture(exported: Exported) -> str:
    """The picture alone, for a document that uses TikZ and has the colours `value` and `gradient`."""
    return _tikz(exported)[0]


def _tikz(exported: Exported) -> tuple[str, float, float]:
    """The picture, and its width and height in centimetres."""
    diagram = _diagram(exported.frame)
    place = {box.position: number for number, box in enumerate(diagram.boxes)}
    sizes = [(max(map(len, box.lines)) + 2, len(box.lines) + 2) for box in diagram.boxes]
    edges = sorted({(place[wire.source], place[wire.target]) for wire in diagram.wires})
    drawn = layout(sizes, edges)
    whole = drawn.width * _COLUMN, drawn.height * _ROW
    lines = [_PICTURE, rf"  \useasboundingbox (0,0) rectangle ({whole[0]:.2f},{-whole[1]:.2f});"]
    for box, (x, y), (width, height) in zip(diagram.boxes, drawn.origins, sizes, strict=True):
        style = "operator" if box.sign else "leaf"
        *known, last = map(tex_text, box.lines)
        text = r" \\ ".join([*known, rf"\textcolor{{gradient}}{{{last}}}" if box.gradient else last])
        at = f"({(x + width / 2) * _COLUMN:.2f},{-(y + height / 2) * _ROW:.2f})"
        lines.append(rf"  \node[{style}] (n{box.position}) at {at} {{{text}}};")
    for wire in diagram.wires:
        flows = wire.strength is not None
        style = f"flow, line width={_width(wire.strength or 0.0)}pt" if flows else "wire"
        lines.append(rf"  \draw[{style}] (n{wire.source}) -- (n{wire.target});")
    return "\n".join([*lines, r"\end{tikzpicture}"]), *whole


_COLUMN, _ROW, _MARGIN = 0.21, 0.42, 0.5
"""The width and the height of a cell of the layout, and the margin around it, in centimetres."""
_TIKZ_HEAD: Final = rf"""\documentclass{{article}}
\usepackage{{amssymb, tikz}}
\usepackage[PAPER]{{geometry}}
KOREAN
\definecolor{{value}}{{HTML}}{{{FORWARD[1:].upper()}}}
\definecolor{{gradient}}{{HTML}}{{{GRADIENT[1:].upper()}}}
\pagestyle{{empty}}
\setlength{{\parindent}}{{0pt}}
\begin{{document}}"""
_PICTURE: Final = r"""\begin{tikzpicture}[
  every node/.style={align=center, font=\small},
  operator/.style={draw=value, rounded corners=2pt},
  leaf/.style={},
  wire/.style={->, draw=gray},
  flow/.style={->, draw=gradient},
]"""
