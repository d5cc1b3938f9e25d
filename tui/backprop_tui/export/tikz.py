"""A graph as a picture of TikZ, as a course would print it.

It is arranged as in the terminal, on cells of the same kind: layered, with wires at right angles, and in rows
where one would be too long. A wire that goes on in the next row has the name of its node at both ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, pairwise
from math import sqrt
from typing import Final, NamedTuple

from backprop_engine.explain.symbols import mathematical
from backprop_tui.cells.text import cell_width, clip_middle
from backprop_tui.export.diagrams import FORWARD, GRADIENT, Box, Diagram, diagram, line_width
from backprop_tui.export.formats import Exported
from backprop_tui.export.limits import within_limits
from backprop_tui.export.tex import is_hangul, tex_text
from backprop_tui.layout import Layout, Point, corners, in_rows, layout, unbroken
from backprop_tui.layout.buses import Buses

__all__ = ["tikz", "tikz_picture"]

_COLUMN, _ROW, _MARGIN = 0.17, 0.45, 0.5
"""The width and the height of a cell of the layout, and the margin around it, in centimetres."""
_LABEL: Final = 10
"""The columns on either side of rows for the names of wires that go on."""
_APART: Final = 2
"""The blank lines between rows."""
_A4, _A0 = (29.7, 21.0), 4
"""The smallest paper, in centimetres, and how often it is doubled for the largest: what is too large even for
that is made smaller."""
_MOST_OPERANDS: Final = 15
"""A box with more operands has them share rows."""


def tikz(exported: Exported) -> str:
    """The graph as a picture of TikZ, in a LaTeX document of its own."""
    picture, *size = _picture(exported)
    korean = r"\usepackage{kotex}" if any(map(is_hangul, picture)) else "%"
    sides = (f"{side + 2 * _MARGIN:.2f}cm" for side in size)
    paper = "paperwidth={}, paperheight={}, margin={}cm".format(*sides, _MARGIN)
    head = _HEAD.replace("PAPER", paper).replace("KOREAN", korean)
    return "\n".join([head, picture, r"\end{document}"]) + "\n"


def tikz_picture(exported: Exported) -> str:
    """The picture alone, for a document that uses TikZ and has the colours `value` and `gradient`."""
    return _picture(exported)[0]


class _Placed(NamedTuple):
    """Where everything is, the columns on either side of it, and how much smaller than usual it is."""

    layout: Layout
    side: int = 0
    scale: float = 1.0


def _picture(exported: Exported) -> tuple[str, float, float]:
    """The picture, and its width and height in centimetres; `UsageError` for a graph that is too large."""
    shown = diagram(exported.frame)
    buses = shown.buses()
    sizes = _sizes(shown, buses)
    with within_limits(exported.frame.graph):
        placed = _placed(sizes, buses)
    column, row = _COLUMN * placed.scale, _ROW * placed.scale
    left, right = -placed.side, placed.layout.width + placed.side
    head = _PICTURE.replace("COLUMN", f"{column:.4g}").replace("ROW", f"{row:.4g}")
    lines = [
        head.replace("SCALE", "" if placed.scale == 1.0 else f", scale={placed.scale:.4g}"),
        rf"  \useasboundingbox ({left},0) rectangle ({right},{placed.layout.height});",
        *(
            _node(box, origin, size)
            for box, origin, size in zip(shown.boxes, placed.layout.origins, sizes, strict=False)
        ),
        *_wires(shown, buses, placed.layout),
        r"\end{tikzpicture}",
    ]
    return "\n".join(lines), (right - left) * column, placed.layout.height * row


def _sizes(shown: Diagram, buses: Buses) -> list[tuple[int, int]]:
    """The columns and rows of each box, with a row for each operand, and of each branch of a bus."""
    operands = [0] * buses.count
    for _, target in buses.edges[: len(shown.wires)]:
        operands[target] += 1
    sizes = [(1, 1)] * (buses.count + buses.branches)
    for number, (box, uses) in enumerate(zip(shown.boxes, operands, strict=True)):
        rows = 1 if len(box.lines) == 1 and not box.sign else 3
        if rows < uses <= _MOST_OPERANDS:
            rows = uses | 1  # odd: its wire leaves it in its middle
        sizes[number] = max(map(cell_width, box.lines)) + 1, rows
    return sizes


def _placed(sizes: Sequence[tuple[int, int]], buses: Buses) -> _Placed:
    """A layout that fits on the smallest paper, in rows if need be."""
    whole = layout(sizes, buses.edges)
    for doubled in count():
        scale = min(1.0, sqrt(2) ** (_A0 - doubled))
        paper = [(side * sqrt(2) ** min(doubled, _A0) - 2 * _MARGIN) / scale for side in _A4]
        sheets = [(int(width / _COLUMN), int(height / _ROW)) for width, height in (paper, paper[::-1])]
        if any(whole.width <= columns and whole.height <= rows for columns, rows in sheets):
            return _Placed(whole, 0, scale)
        for columns, rows in sheets:
            broken = in_rows(whole, sizes, columns - 2 * _LABEL, _APART)
            if broken is not None and broken.height <= rows:
                return _Placed(broken, _LABEL, scale)
    raise AssertionError("no paper is large enough")


def _node(box: Box, origin: Point, size: tuple[int, int]) -> str:
    (x, y), (width, height) = origin, size
    *known, last = map(tex_text, box.lines)
    text = r" \\ ".join([*known, rf"\textcolor{{gradient}}{{{last}}}" if box.gradient else last])
    style = "leaf"
    if box.sign:
        sides = (width - 1) * _COLUMN, height * _ROW - 0.1
        style = "operator, minimum width={:.2f}cm, minimum height={:.2f}cm".format(*sides)
    return rf"  \node[{style}] (n{box.position}) at ({x + width / 2:g},{y + height / 2:g}) {{{text}}};"


def _wires(shown: Diagram, buses: Buses, placed: Layout) -> Iterator[str]:
    """Each wire from its source to its target, and the names of those that go on, once.

    Where wires share a part, one that a gradient has crossed is drawn over those that none has.
    """
    names: dict[tuple[str, str], str] = {}
    named = {box.position: mathematical(box.name) for box in shown.boxes}
    for number, wire in sorted(enumerate(shown.wires), key=lambda found: found[1].strength is not None):
        flows = wire.strength is not None
        style = f"flow, line width={line_width(wire.strength or 0.0)}pt" if flows else "wire"
        pieces = [list(corners(piece)) for piece in unbroken(buses.route(number, placed.routes))]
        name = tex_text(clip_middle(named[wire.source], _LABEL))
        for piece, following in pairwise(pieces):
            names[_at(piece[-1]), "right"] = names[_at(following[0]), "left"] = name
        drawn = " ".join(" -- ".join(map(_at, piece)) for piece in pieces)
        first, last = (_middle(piece[end][1]) for piece, end in ((pieces[0], 0), (pieces[-1], -1)))
        ends = f"(n{wire.source}.east |- 0,{first})", f"(n{wire.target}.west |- 0,{last})"
        yield rf"  \draw[{style}] {ends[0]} -- {drawn} -- {ends[1]};"
    yield from (rf"  \node[carried, {side}] at {at} {{{name}}};" for (at, side), name in names.items())


def _middle(cell: int) -> str:
    return f"{cell + 0.5:g}"


def _at(cell: Point) -> str:
    return f"({_middle(cell[0])},{_middle(cell[1])})"


_HEAD: Final = rf"""\documentclass{{article}}
\usepackage{{amssymb, tikz}}
\usepackage[PAPER]{{geometry}}
KOREAN
\definecolor{{value}}{{HTML}}{{{FORWARD[1:].upper()}}}
\definecolor{{gradient}}{{HTML}}{{{GRADIENT[1:].upper()}}}
\pagestyle{{empty}}
\setlength{{\parindent}}{{0pt}}
\begin{{document}}"""
_PICTURE: Final = r"""\begin{tikzpicture}[
  x=COLUMNcm, y=-ROWcm, rounded corners=2pt,
  every node/.style={align=center, font=\smallSCALE},
  operator/.style={draw=value, inner sep=1.5pt},
  leaf/.style={inner sep=1.5pt},
  wire/.style={->, draw=gray},
  flow/.style={->, draw=gradient},
  carried/.style={inner sep=1.5pt, font=\scriptsize, text=gray},
]"""
