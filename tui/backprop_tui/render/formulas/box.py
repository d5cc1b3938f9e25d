"""Boxes of text: what stacked formulas are put together from.

A `Box` is a rectangle of role-tagged lines that all take its width, with a baseline, the row that signs
beside it stand in, and a reading: the formula as an expression on one line, put together as the picture is.
So a bracket that is missing in the picture is missing in the reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from backprop_tui.cells.blocks import Block
from backprop_tui.cells.lines import Line, Role, Span, line_width
from backprop_tui.cells.text import cell_width

__all__ = ["Box", "beneath", "cases", "fenced", "fraction", "raised", "root", "row", "superscript", "text"]

_TALL: Final = {
    "(": "⎛⎜⎝",
    ")": "⎞⎟⎠",
    "[": "⎡⎢⎣",
    "]": "⎤⎥⎦",
    "|": "│││",
    "‖": "‖‖‖",
}
"""Fences of several rows: top, middle and bottom."""


class Box(Struct, frozen=True):
    """A rectangle of lines; `baseline` is the row that what stands beside it is aligned with."""

    lines: tuple[Line, ...]
    width: int
    baseline: int = 0
    reading: str = ""

    @property
    def height(self) -> int:
        """How many rows it has."""
        return len(self.lines)

    def read(self, reading: str) -> Box:
        """The same picture with another reading."""
        return Box(self.lines, self.width, self.baseline, reading)

    def painted(self, role: Role, but: Role | None = None) -> Box:
        """The same picture in one role, all of it `but` what has another."""
        lines = tuple(
            tuple(span if span.role is but else Span(span.text, role) for span in line) for line in self.lines
        )
        return Box(lines, self.width, self.baseline, self.reading)

    def block(self) -> Block:
        """The lines without what belongs to formulas."""
        return Block(self.width, len(self.lines), self.lines)

    @classmethod
    def of(cls, block: Block, baseline: int | None = None, reading: str = "") -> Box:
        """Lines as a box: padded to one width, with the baseline in the middle unless given."""
        middle = (block.height - 1) // 2 if baseline is None else baseline
        return cls(tuple(_filled(line, block.width) for line in block.lines), block.width, middle, reading)


def text(written: str, role: Role = Role.TEXT, reading: str | None = None) -> Box:
    """One line."""
    width = cell_width(written)
    return Box(((Span(written, role),),), width, 0, written if reading is None else reading)


def superscript(box: Box, letters: str) -> Box:
    """Small letters at the top right, in the first row; it reads as before."""
    small = text(letters)
    first, *others = box.lines
    rows = ((*first, *small.lines[0]), *((*line, *_space(small.width)) for line in others))
    return Box(rows, box.width + small.width, box.baseline, box.reading)


def row(*boxes: Box) -> Box:
    """Boxes side by side, their baselines in one row."""
    above = max((box.baseline for box in boxes), default=0)
    below = max((box.height - box.baseline for box in boxes), default=1)
    rows: list[list[Span]] = [[] for _ in range(above + below)]
    for box in boxes:
        top = above - box.baseline
        for at, spans in enumerate(rows):
            spans += box.lines[at - top] if top <= at < top + box.height else _space(box.width)
    return Box(
        tuple(map(tuple, rows)), sum(box.width for box in boxes), above, "".join(box.reading for box in boxes)
    )


def fraction(top: Box, bottom: Box, role: Role = Role.TEXT) -> Box:
    """One box over another, and a bar between them; wider than a fraction in it."""
    width = max(top.width, bottom.width) + 2 * (top.height > 1 or bottom.height > 1)
    bar: Line = (Span("─" * width, role),)
    lines = (*_centred(top, width), bar, *_centred(bottom, width))
    return Box(lines, width, top.height, f"(({top.reading}) / ({bottom.reading}))")


def fenced(box: Box, left: str = "(", right: str = ")", role: Role = Role.TEXT) -> Box:
    """A box in brackets or bars as high as it is."""
    lines = []
    for at, line in enumerate(box.lines):
        lines.append(
            (Span(_fence(left, at, box.height), role), *line, Span(_fence(right, at, box.height), role))
        )
    return Box(tuple(lines), box.width + 2, box.baseline, f"({box.reading})")


def _fence(sign: str, at: int, height: int) -> str:
    if height == 1:
        return sign
    return _TALL[sign][0 if at == 0 else 2 if at == height - 1 else 1]


def raised(base: Box, exponent: Box) -> Box:
    """A box with another at its top right: one row above it, or in its first where it is high."""
    over = exponent.height - (base.height > 1)
    rows: list[Line] = []
    for at in range(base.height + over):
        left = base.lines[at - over] if at >= over else _space(base.width)
        right = exponent.lines[at] if at < exponent.height else _space(exponent.width)
        rows.append((*left, *right))
    reading = f"(({base.reading}) ** ({exponent.reading}))"
    return Box(tuple(rows), base.width + exponent.width, base.baseline + over, reading)


def root(box: Box) -> Box:
    """A square root with its bar over the whole of `box`."""
    bar: Line = (Span(f" ╭{'─' * box.width}"),)
    rows = [(Span("√│" if at == box.height - 1 else " │"), *line) for at, line in enumerate(box.lines)]
    return Box((bar, *rows), box.width + 2, box.baseline + 1, f"sqrt({box.reading})")


def cases(*rows: tuple[Box, Box]) -> Box:
    """What holds in which case: values and their conditions in columns, behind a brace."""
    value, condition = (max(one[side].width for one in rows) for side in (0, 1))
    lines: list[Line] = []
    for number, (left, right) in enumerate(rows):
        both = row(_widened(left, value), text("  "), _widened(right, condition))
        lines += [_space(both.width)] * (number > 0)
        lines += both.lines
    middle = len(lines) // 2
    braced = [
        (
            Span("⎧" if at == 0 else "⎩" if at == len(lines) - 1 else "⎨" if at == middle else "⎪"),
            Span(" "),
            *line,
        )
        for at, line in enumerate(lines)
    ]
    return Box(tuple(braced), value + condition + 4, middle)


def beneath(*boxes: Box, align: str = "^") -> Box:
    """Boxes one under the other; the baseline is that of the first."""
    width = max(box.width for box in boxes)
    lines = [line for box in boxes for line in box.block().padded(width, align).lines]
    return Box(tuple(lines), width, boxes[0].baseline, boxes[0].reading)


def _widened(box: Box, width: int) -> Box:
    return Box(tuple(_filled(line, width) for line in box.lines), width, box.baseline, box.reading)


def _centred(box: Box, width: int) -> Sequence[Line]:
    return box.block().padded(width).lines


def _filled(line: Line, width: int) -> Line:
    return (*line, *_space(width - line_width(line)))


def _space(width: int) -> Line:
    return (Span(" " * width),) if width > 0 else ()
