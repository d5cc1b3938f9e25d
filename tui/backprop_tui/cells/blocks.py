"""Rectangles of role-tagged lines, put together only when somebody asks for their lines.

A layout tries many arrangements and shows one: until then a block is its size and where its parts stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from backprop_tui.cells.lines import Line, Role, Span, line_width
from backprop_tui.cells.text import cell_width

__all__ = ["Block", "above", "beside"]


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

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Block:
        """A block of `lines`, as wide as the widest."""
        if len(lines) == 1:
            return cls(line_width(lines[0]), 1, tuple(lines), even=True)
        return cls(max(map(line_width, lines), default=0), len(lines), tuple(lines))

    @classmethod
    def text(cls, text: str, role: Role = Role.TEXT) -> Block:
        """A block of one line."""
        return cls(cell_width(text), 1, ((Span(text, role),),), even=True)

    @classmethod
    def blank(cls, rows: int) -> Block:
        """So many rows with nothing in them."""
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
        return Block(max(width, self.width), self.height, parts=((_left(self, width, align), 0, self),))


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
