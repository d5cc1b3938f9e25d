"""Equations with their numbers: columns of symbols, and under each what it is at this step.

An equation is tried in several forms, from the most telling to the plainest; the first that fits is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.explain.blocks import Block, above
from backprop_engine.explain.formulas.box import Box, row, text
from backprop_engine.explain.lines import Line, Role, Span, wrap_line
from backprop_engine.explain.numbers import number
from backprop_engine.explain.tensors import tensor_block

__all__ = ["Column", "Equation", "Style", "flow", "tensor_box"]

_MOST_ROWS: Final = 6
_MOST_COLUMNS: Final = 6
_GAP: Final = 5


class Style(Struct, frozen=True):
    """How an equation is set: on one row or stacked; with cells, with shapes, or without numbers.

    An operator may be `named` before it is written in full.
    """

    named: bool = True
    flat: bool = False
    cells: bool = True
    numbers: bool = True
    small: bool = True


class Column(Struct, frozen=True):
    """Symbols, and the numbers under them; a sign is repeated between the numbers."""

    symbols: Box
    numbers: Box | None = None
    sign: bool = False


class Equation(Struct, frozen=True):
    """What stands above an equation, and its columns in any style."""

    title: str
    columns: Callable[[Style], Sequence[Column]]

    def fitted(self, width: int, *, small: bool = True) -> Block:
        """The most telling form of at most `width` cells; the last resort is one row, wrapped."""
        box = None
        for style in _styles(small):
            box = _set(self.columns(style))
            if box.width <= width:
                return box.block()
        assert box is not None
        return Block.of([piece for line in box.lines for piece in _wrapped(line, width)])


def _styles(small: bool) -> Iterator[Style]:
    yield Style(small=small)
    yield Style(named=False, small=small)
    yield Style(cells=False, small=small)
    yield Style(numbers=False, small=small)
    yield Style(named=False, flat=True, cells=False, small=small)
    yield Style(named=False, flat=True, numbers=False, small=small)


def _set(columns: Sequence[Column]) -> Box:
    """Columns of one width each, symbols over numbers, which a sign before them goes with."""
    numbered = [at for at, column in enumerate(columns) if column.numbers is not None]
    first, last = (numbered[0], numbered[-1]) if numbered else (-1, -1)
    above_, below = [], []
    for at, column in enumerate(columns):
        under = column.numbers or (column.symbols if column.sign and first - 1 <= at < last else text(""))
        width = max(column.symbols.width, under.width)
        above_.append(_middle(column.symbols, width))
        below.append(_middle(under, width))
    symbols, numbers = row(*above_), row(*below)
    if last < 0:
        return symbols
    blank: Line = (Span(" " * symbols.width),)
    apart = (blank,) if symbols.height > 1 or numbers.height > 1 else ()
    lines = (*symbols.lines, *apart, *numbers.lines)
    return Box(lines, symbols.width, symbols.baseline, symbols.reading)


def _middle(box: Box, width: int) -> Box:
    padded = box.block().padded(width)
    return Box(padded.lines, padded.width, box.baseline, box.reading)


def _wrapped(line: Line, width: int) -> list[Line]:
    """A row in pieces of at most `width` cells, without spaces at the ends."""
    written = tuple(line)
    while written and not written[-1].text.strip():
        written = written[:-1]
    return wrap_line(written, width)


def tensor_box(tensor: Tensor | None, role: Role, style: Style, *, upright: bool = True) -> Box | None:
    """A number, a tensor of few cells in brackets, or the shape of a larger one; a vector's as it stands."""
    if tensor is None or not style.numbers:
        return None
    if tensor.shape == ():
        return text(number(tensor, 5), role)
    rows, columns = (tensor.shape if tensor.ndim == 2 else (tensor.shape[0], 1))[:2]
    small = tensor.ndim <= 2 and 0 < rows <= _MOST_ROWS and 0 < columns <= _MOST_COLUMNS
    if style.cells and small and not style.flat:
        return Box.of(tensor_block(tensor, role, 60, _MOST_ROWS, row=not upright))
    shape = tensor.shape if tensor.ndim > 1 else (tensor.shape[0], 1) if upright else (1, tensor.shape[0])
    return text(f"[{shape_text(shape)}]", role)


def flow(blocks: Sequence[Block], width: int) -> Block:
    """Blocks beside each other as far as they fit, else below, with a blank row between."""
    rows: list[list[Block]] = []
    used = 0
    for block in blocks:
        if rows and used + _GAP + block.width <= width:
            rows[-1].append(block)
            used += _GAP + block.width
        else:
            rows.append([block])
            used = block.width
    parts: list[Block] = []
    for together in rows:
        parts += [Block.blank(1)] * bool(parts)
        parts.append(_beside(together))
    return above(*parts, align="<")


def _beside(blocks: Sequence[Block]) -> Block:
    """Blocks side by side, their first rows in one row."""
    height = max(block.height for block in blocks)
    lines: list[Line] = []
    for at in range(height):
        line: list[Span] = []
        for number_, block in enumerate(blocks):
            line += [Span(" " * _GAP)] * (number_ > 0)
            line += (
                block.padded(block.width, "<").lines[at] if at < block.height else (Span(" " * block.width),)
            )
        lines.append(tuple(line))
    return Block.of(lines)
