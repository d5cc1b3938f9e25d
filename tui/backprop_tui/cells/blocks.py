"""Rectangles of role-tagged lines, assembled only when their lines are needed.

A layout tries many arrangements and shows one: until then a block is its size and where its parts are.

What is set as a formula also has a baseline, the row that signs beside it are in, and a reading: the
formula as an expression on one line, put together as the picture is. So a bracket that is missing in the
picture is missing in the reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, TypeAlias

from msgspec import Struct, structs

from backprop_tui.cells.lines import Line, Role, Span, line_width
from backprop_tui.cells.text import cell_width

__all__ = [
    "Arrangement",
    "Block",
    "above",
    "beside",
    "cases",
    "fenced",
    "fraction",
    "raised",
    "root",
    "row",
    "superscript",
    "text",
]

_FENCES: Final = {
    "(": ("⎛", "⎜", "⎝"),
    ")": ("⎞", "⎟", "⎠"),
    "[": ("⎡", "⎢", "⎣"),
    "]": ("⎤", "⎥", "⎦"),
    "|": ("│", "│", "│"),
    "‖": ("‖", "‖", "‖"),
    "⌊": ("⎢", "⎢", "⎣"),
    "⌋": ("⎥", "⎥", "⎦"),
    "⌈": ("⎡", "⎢", "⎢"),
    "⌉": ("⎤", "⎥", "⎥"),
}
"""Fences of several rows: top, middle and bottom."""


Arrangement: TypeAlias = Literal["", "row", "fraction", "root", "power", "fenced", "cases"]
"""A row and a power hold what they are made of; of the others the parts are: a fraction's top, bar and
bottom; a root's bar, sign and inside; what is fenced between its fences; a brace and the rows of its cases.
"""


class Block(Struct, frozen=True, eq=False):
    """A rectangle of lines, or of other blocks that do not overlap."""

    width: int
    height: int
    own: tuple[Line, ...] = ()
    """Its lines, where it is not made of blocks; none where it is blank."""
    even: bool = False
    """Whether each of its lines is certainly as wide as it is."""
    parts: tuple[tuple[int, int, Block], ...] = ()
    """The column and the row that each part begins in; of those in one row, the left before the right."""
    drawn: Callable[[], Sequence[Line]] | None = None
    """What gives its lines, all of its width, where they are not there yet."""
    is_picture: bool = False
    """Whether it is a heatmap."""
    has_gaps: bool = False
    """Whether it leaves out a part of what it shows."""
    baseline: int = 0
    """The row that what is beside it in a formula is aligned with."""
    reading: str = ""
    """What it is as an expression."""
    form: Arrangement = ""
    """How its parts are put together, where that says more than where they are."""

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Block:
        """A block of `lines`, as wide as the widest."""
        if len(lines) == 1:
            return cls(line_width(lines[0]), 1, tuple(lines), even=True)
        return cls(max(map(line_width, lines), default=0), len(lines), tuple(lines))

    @classmethod
    def text(cls, text: str, role: Role = Role.TEXT, reading: str | None = None) -> Block:
        """A block of one line, which reads as it is written unless it has another `reading`."""
        line: Line = (Span(text, role),)
        return cls(cell_width(text), 1, (line,), even=True, reading=text if reading is None else reading)

    @classmethod
    def blank(cls, rows: int) -> Block:
        """Empty rows."""
        return cls(0, rows)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its lines; all of its width where it is made of blocks."""
        if not self.parts:
            return self._written or ((Span(""),),) * self.height
        rows: list[list[Span]] = [[] for _ in range(self.height)]
        ends = [0] * self.height
        self._write(rows, ends, 0, 0)
        for spans, end in zip(rows, ends, strict=True):
            if end < self.width:
                spans.append(Span(" " * (self.width - end)))
        return tuple(map(tuple, rows))

    @property
    def _written(self) -> tuple[Line, ...]:
        return self.own if self.drawn is None else tuple(self.drawn())

    def _write(self, rows: list[list[Span]], ends: list[int], x: int, y: int) -> None:
        """Write its lines from column `x` and row `y` on; `ends` says how far each row is written."""
        for row, line in enumerate(self._written, y):
            if ends[row] < x:
                rows[row].append(Span(" " * (x - ends[row])))
            rows[row] += line
            ends[row] = x + (self.width if self.even else line_width(line))
        for left, top, part in self.parts:
            part._write(rows, ends, x + left, y + top)

    def leaves(self) -> Iterator[Block]:
        """Those that are not made of blocks."""
        if not self.parts:
            yield self
        for _, _, part in self.parts:
            yield from part.leaves()

    def padded(self, width: int, align: str = "^") -> Block:
        """The block as a whole moved in a wider one: ``<``, ``>`` or ``^``."""
        parts = ((_left(self, width, align), 0, self),)
        wide = max(width, self.width)
        return Block(wide, self.height, parts=parts, baseline=self.baseline, reading=self.reading)

    def read(self, reading: str) -> Block:
        """The same picture with another reading."""
        return structs.replace(self, reading=reading)

    def painted(self, role: Role, but: Role | None = None) -> Block:
        """The same picture in one role, all of it `but` what has another."""
        if self.parts:
            parts = tuple((left, top, part.painted(role, but)) for left, top, part in self.parts)
            return structs.replace(self, parts=parts)
        lines = tuple(
            tuple(span if span.role is but else Span(span.text, role) for span in line)
            for line in self._written
        )
        return structs.replace(self, own=lines, drawn=None)


def _left(block: Block, width: int, align: str) -> int:
    """The column that a block begins in where it is moved in `width` cells."""
    room = max(0, width - block.width)
    return {"<": 0, ">": room, "^": room // 2}[align]


def beside(*blocks: Block, gap: int = 0) -> Block:
    """Blocks side by side, each in the middle of the height of the highest."""
    height = max((block.height for block in blocks), default=0)
    parts = []
    at = 0
    for block in blocks:
        parts.append((at, (height - block.height) // 2, block))
        at += block.width + gap
    return Block(max(0, at - gap) if blocks else 0, height, parts=tuple(parts))


def above(*blocks: Block, align: str = "^") -> Block:
    """Blocks one under the other."""
    width = max((block.width for block in blocks if block.height), default=0)
    parts = []
    at = 0
    for block in blocks:
        parts.append((_left(block, width, align), at, block))
        at += block.height
    return Block(width, at, parts=tuple(parts))


# Formulas

text: Final = Block.text


def row(*blocks: Block) -> Block:
    """Blocks side by side, their baselines in one row."""
    over = max((block.baseline for block in blocks), default=0)
    under = max((block.height - block.baseline for block in blocks), default=1)
    parts = []
    at = 0
    for block in blocks:
        parts.append((at, over - block.baseline, block))
        at += block.width
    reading = "".join(block.reading for block in blocks)
    return Block(at, over + under, parts=tuple(parts), baseline=over, reading=reading, form="row")


def superscript(block: Block, letters: str) -> Block:
    """Small letters at the top right, in the first row; it reads as before."""
    small = text(letters)
    parts = ((0, 0, block), (block.width, 0, small))
    width = block.width + small.width
    return Block(
        width, block.height, parts=parts, baseline=block.baseline, reading=block.reading, form="power"
    )


def raised(base: Block, exponent: Block) -> Block:
    """A block with another at its top right: one row above it, or in its first where it is high."""
    over = exponent.height - (base.height > 1)
    parts = ((0, over, base), (base.width, 0, exponent))
    width, height = base.width + exponent.width, max(base.height + over, exponent.height)
    reading = f"(({base.reading}) ** ({exponent.reading}))"
    return Block(width, height, parts=parts, baseline=base.baseline + over, reading=reading, form="power")


def fraction(top: Block, bottom: Block, role: Role = Role.TEXT) -> Block:
    """One block over another, and a bar between them; wider than a fraction in it."""
    width = max(top.width, bottom.width) + 2 * (top.height > 1 or bottom.height > 1)
    stack = above(top, text("─" * width, role), bottom)
    reading = f"(({top.reading}) / ({bottom.reading}))"
    return structs.replace(stack, baseline=top.height, reading=reading, form="fraction")


def fenced(block: Block, left: str = "(", right: str = ")", role: Role = Role.TEXT) -> Block:
    """A block in brackets or bars as high as it is."""
    before, after = (_fence(sign, block.height, role) for sign in (left, right))
    parts = ((0, 0, before), (1, 0, block), (1 + block.width, 0, after))
    reading = f"({block.reading})"
    return Block(
        block.width + 2, block.height, parts=parts, baseline=block.baseline, reading=reading, form="fenced"
    )


def _fence(sign: str, height: int, role: Role) -> Block:
    if height == 1:
        return text(sign, role)
    first, middle, last = _FENCES[sign]
    pieces = (first, *[middle] * (height - 2), last)
    return _drawn(tuple((Span(piece, role),) for piece in pieces), 1, reading=sign)


def root(block: Block) -> Block:
    """A square root with its bar over the whole of `block`."""
    bar = text(f" ╭{'─' * block.width}")
    side = _drawn(tuple((Span(piece),) for piece in (*[" │"] * (block.height - 1), "√│")), 2)
    parts = ((0, 0, bar), (0, 1, side), (2, 1, block))
    reading = f"sqrt({block.reading})"
    width, height = block.width + 2, block.height + 1
    return Block(width, height, parts=parts, baseline=block.baseline + 1, reading=reading, form="root")


def cases(*rows: tuple[Block, Block]) -> Block:
    """What holds in which case: values and their conditions in columns, after a brace."""
    value, condition = (max(both[side].width for both in rows) for side in (0, 1))
    stacked: list[Block] = []
    for left, right in rows:
        stacked += [Block.blank(1)] * bool(stacked)
        stacked.append(row(left.padded(value, "<"), text("  "), right.padded(condition, "<")))
    inside = above(*stacked, align="<")
    middle = inside.height // 2
    pieces = ["⎪"] * inside.height
    pieces[middle], pieces[0], pieces[-1] = "⎨", "⎧", "⎩"
    brace = _drawn(tuple((Span(piece), Span(" ")) for piece in pieces), 2)
    return structs.replace(beside(brace, inside), baseline=middle, form="cases")


def _drawn(lines: tuple[Line, ...], width: int, baseline: int = 0, reading: str = "") -> Block:
    """A block of lines that all take its width."""
    return Block(width, len(lines), lines, even=True, baseline=baseline, reading=reading)
