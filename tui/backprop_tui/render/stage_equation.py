"""The equation of a step for a projector: as large as fits, few digits, laid out as the numbers travel.

Forward that is from left to right. Backward the gradient comes from the right, as in the graph above: the
upstream gradient is last, the local gradient before it, and the product, to which it leads, first.
"""

from __future__ import annotations

from math import floor, isfinite, log10
from typing import Final

import numpy as np
from msgspec import structs

from backprop_engine.arrays import Tensor
from backprop_engine.explain.facts import BackwardFacts, ForwardFacts, StepFacts
from backprop_engine.explain.numbers import number
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.lines import Role
from backprop_tui.cells.tensors import MOST_TOGETHER, in_all_ways
from backprop_tui.render.big_digits import SCALES, big_text, is_written
from backprop_tui.render.equation.equation import equation_parts
from backprop_tui.render.equation.layout import laid_out
from backprop_tui.render.equation.terms import Part, Sign, Term

__all__ = ["stage_equation"]

_TRIES: Final = (*((scale, 3) for scale in SCALES), (SCALES[-1], 2))
"""The scales to try, each with the digits of a number."""
_PLAIN: Final = 1e-3, 1e4
"""Numbers of which the largest is outside of this are written with an exponent, each by itself."""
_MOST: Final = 4
"""A tensor of more rows or columns is not written in large digits."""
_ELEMENTWISE: Final = "⊙"
_HIDDEN: Final = "?"
_OPENING: Final = "("
_SPACES: Final = 2
"""How many large spaces are as wide as a large digit; one is as wide as a large point."""


def stage_equation(
    facts: StepFacts, language: str, width: int, height: int, *, hidden: bool = False, ascii: bool = False
) -> Block:
    """The equation of a step in at most `width` × `height` cells; empty where it has none.

    If it is `hidden`, the result of the step is a question mark: here, and nowhere else.
    """
    parts = list(equation_parts(facts, language))
    if not parts:
        return Block.of([])
    answer = parts[0]
    travelling = _in_direction_of_travel(facts, parts)
    for scale, digits in _TRIES:
        block = _large(travelling, answer if hidden else None, scale, digits, ascii=ascii)
        if block is not None and block.width <= width and block.height <= height:
            return block
    small = parts if isinstance(facts, ForwardFacts) else travelling  # a small one begins with its result
    shown = [_question(part) if hidden and part is answer else _rounded(part) for part in small]
    return laid_out(shown, width, height, tall=True)


def _in_direction_of_travel(facts: StepFacts, parts: list[Part]) -> list[Part]:
    match facts:
        case ForwardFacts():
            result, equals, *operands = parts
            return [*operands, equals, result]
        case BackwardFacts():
            return _upstream_last(facts, parts)
        case _:
            return parts


def _upstream_last(facts: BackwardFacts, parts: list[Part]) -> list[Part]:
    """The gradient on the right; where the two factors may not change places, arrows say how it travels."""
    product, equals, *summed, left, sign, right = parts
    if isinstance(right, Term) and right.name == facts.upstream.name:
        return parts
    assert isinstance(sign, Sign)
    if sign.text == _ELEMENTWISE or _is_number(left) or _is_number(right):
        return [product, equals, *summed, right, sign, left]
    return [product, Sign("←"), *summed, right, Sign("←"), left]


def _is_number(part: Part) -> bool:
    return isinstance(part, Term) and part.tensor is not None and part.tensor.shape == ()


def _question(part: Part) -> Part:
    assert isinstance(part, Term)
    return structs.replace(part, tensor=None, rule=_HIDDEN)


def _rounded(part: Part) -> Part:
    """A part whose tensor, where all of it can be read, has no more digits than a large one would have."""
    if not isinstance(part, Term) or part.tensor is None or part.tensor.ndim not in (1, 2):
        return part
    if not 0 < part.tensor.size <= MOST_TOGETHER:
        return part
    columns = {}
    for row in (part.row, True):
        texts = zip(*_aligned(_written(_grid(part.tensor, row=row), _TRIES[0][1]), 1), strict=True)
        columns[row] = [[text.rjust(max(map(len, column))) for text in column] for column in texts]
    return structs.replace(part, written=in_all_ways(columns))


# Large signs


def _large(parts: list[Part], hidden: Part | None, scale: int, digits: int, *, ascii: bool) -> Block | None:
    """Names above, numbers in large digits, and what each is below; None where some cannot be so written."""
    columns: list[tuple[str, Block, str, Role]] = []
    for part in parts:
        if isinstance(part, Sign):
            text = part.text if part.below is None else part.below
            columns.append(("", _sign(text, scale, ascii=ascii), "", Role.TEXT))
            continue
        role = part.role
        if part is hidden:
            columns.append((part.name, big_text(_HIDDEN, scale, role, ascii=ascii), part.word, role))
            continue
        if part.tensor is None or part.tensor.ndim > 2 or max(part.tensor.shape, default=1) > _MOST:
            return None
        columns.append((part.name, _numbers(part, scale, digits, ascii=ascii), part.word, role))
    tall = max(block.height for _, block, _, _ in columns)
    space, blank = 2 * scale, scale > SCALES[-1]
    blocks: list[tuple[int, int, Block]] = []
    at = 0
    for name, block, word, role in columns:
        name_block, word_block = Block.text(name, role), Block.text(word, Role.DIM)
        across = max(name_block.width, block.width, word_block.width)
        middle = 1 + blank + (tall - block.height) // 2
        pieces = ((0, name_block), (middle, block), (tall + 1 + 2 * blank, word_block))
        for row, piece in pieces:
            if piece.width:
                blocks.append((at + (across - piece.width) // 2, row, piece))
        at += across + space
    return Block(at - space, tall + 2 + 2 * blank, parts=tuple(blocks))


def _sign(text: str, scale: int, *, ascii: bool) -> Block:
    """A sign; the name of a function is as small as all names, its bracket as large as the closing one."""
    if is_written(text) and not any(sign.isalpha() for sign in text):
        return big_text(text, scale, Role.TEXT, ascii=ascii)
    name, bracket = text.removesuffix(_OPENING), text.endswith(_OPENING)
    word = Block.text(name, Role.HEADING)
    if not bracket:
        return word
    large = big_text(_OPENING, scale, Role.TEXT, ascii=ascii)
    placed = ((0, large.height // 2, word), (word.width + 1, 0, large))
    return Block(word.width + 1 + large.width, large.height, parts=placed)


def _numbers(term: Term, scale: int, digits: int, *, ascii: bool) -> Block:
    """The numbers of a term, in brackets unless it is one."""
    assert term.tensor is not None
    grid = _grid(term.tensor, row=term.row)
    written = _aligned(_written(grid, digits), _SPACES)
    cells = [[big_text(text, scale, term.role, ascii=ascii) for text in row] for row in written]
    if term.tensor.shape == ():
        return cells[0][0]
    gap, edge = 3 * scale, scale - 1
    widths = [max(row[column].width for row in cells) for column in range(len(cells[0]))]
    high = cells[0][0].height + (scale > 1)
    rows = len(cells) * high - (scale > 1)
    parts: list[tuple[int, int, Block]] = []
    left, right = (_bracket(sign, rows, term.role, ascii=ascii) for sign in "[]")
    inner = sum(widths) + gap * (len(widths) - 1)
    parts.append((0, 0, left))
    for y, row in enumerate(cells):
        at = edge + 1
        for across, cell in zip(widths, row, strict=True):
            parts.append((at + across - cell.width, y * high, cell))
            at += across + gap
    parts.append((inner + 2 * edge + 1, 0, right))
    return Block(inner + 2 * edge + 2, rows, parts=tuple(parts))


def _written(grid: Tensor, digits: int) -> list[list[str]]:
    """The numbers of a grid: the largest with `digits` digits, all with as many decimals, zero as ``0``."""
    largest = float(np.max(np.abs(grid), initial=0.0))
    if grid.dtype == bool or grid.size == 1 or not _PLAIN[0] <= largest < _PLAIN[1]:
        return [[_alone(entry, digits) for entry in row] for row in grid]
    decimals = max(0, digits - 1 - floor(log10(largest)))
    texts = [_unsigned_zero(f"{float(entry):.{decimals}f}") for entry in grid.flat]
    while decimals and all(text.endswith("0") for text in texts):
        decimals -= 1
        texts = [text[:-1] if decimals else text[:-2] for text in texts]
    texts = [text if float(entry) else "0" for text, entry in zip(texts, grid.flat, strict=True)]
    across = grid.shape[1]
    return [texts[start : start + across] for start in range(0, len(texts), across)]


def _aligned(written: list[list[str]], spaces: int) -> list[list[str]]:
    """Numbers with what is exactly zero in the column of units; `spaces` are as wide as a digit."""
    columns = [list(column) for column in zip(*written, strict=True)]
    for column in columns:
        decimals = max(len(text.partition(".")[2]) for text in column)
        if decimals and not any("e" in text for text in column):
            after = " " * (1 + decimals * spaces)
            column[:] = [text + after if text == "0" else text for text in column]
    return [list(row) for row in zip(*columns, strict=True)]


def _alone(entry: Tensor, digits: int) -> str:
    """One number; where it is rounded, zeros at its end say so: ``-1.00`` for -1.0045, ``-1`` for -1."""
    text = number(entry, digits)
    if entry.dtype == bool or "e" in text or not isfinite(entry) or float(text) in (0.0, float(entry)):
        return text
    return f"{float(text):.{max(0, digits - 1 - floor(log10(abs(float(text)))))}f}"


def _unsigned_zero(text: str) -> str:
    """A number that is rounded to zero, or is a negative zero, without its sign."""
    return text if float(text) else text.removeprefix("-")


def _grid(tensor: Tensor, *, row: bool) -> Tensor:
    """The rows of a tensor; a vector is a column unless it is a row."""
    if tensor.ndim == 2:
        return tensor
    flat = np.ravel(tensor)
    return flat.reshape(1, -1) if row else flat.reshape(-1, 1)


def _bracket(sign: str, rows: int, role: Role, *, ascii: bool) -> Block:
    if ascii:
        return Block.of([Block.text(sign, role).lines[0]] * rows)
    top, middle, bottom = ("┏", "┃", "┗") if sign == "[" else ("┓", "┃", "┛")
    signs = [middle] * rows if rows < 2 else [top, *[middle] * (rows - 2), bottom]
    return Block.of([Block.text(each, role).lines[0] for each in signs])
