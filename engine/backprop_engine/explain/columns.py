"""The columns of an equation side by side: names above, numbers below, each in its column.

Where they are too many for the width, the numbers of the right side and of the product stand one under the
other, or some become heatmaps.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.explain.formulas.box import fenced, fraction, superscript, text
from backprop_engine.explain.lines import Block, Role, Span, above, beside, clip_line
from backprop_engine.explain.shades import Shade
from backprop_engine.explain.tensors import tensor_block

__all__ = ["Part", "Sign", "Term", "laid_out", "shape_detail"]


class Term(Struct, frozen=True, eq=False):
    """One column of an equation: its name, what it is, a detail such as its shape, and its tensor."""

    name: str
    word: str
    detail: str
    tensor: Tensor | None
    role: Role
    row: bool = False
    text: str = ""
    """What stands in place of a tensor."""


class Sign(Struct, frozen=True):
    """What stands between two columns, in the line of names and in the middle of the numbers."""

    text: str
    numbers: str = ""


Part = Term | Sign
_UNLIMITED = 10_000
_SMALL = 1000
"""So many numbers are written out in full before it is known whether they fit."""
_NARROWEST = 8
_OVER = "/∂"
_TALLER = 2
"""How many rows more a name takes as a fraction."""


def shape_detail(tensor: Tensor | None) -> str:
    """A tensor's shape; a scalar's goes without saying. ``[0]`` says that the first matrix stands for all."""
    if tensor is None or tensor.shape == ():
        return ""
    return shape_text(tensor.shape) + f" [{', '.join('0' * (tensor.ndim - 2))}]" * (tensor.ndim > 2)


def laid_out(parts: list[Part], width: int, height: int, *, tall: bool) -> Block:
    """The columns in at most `width` × `height` cells.

    Where it is to be `tall` and there is room, derivatives are fractions of three rows.
    """
    fractions = any(_OVER in part.name for part in parts if isinstance(part, Term))
    if tall and fractions:
        full = _in_full_numbers(parts, width, height, tall=True)
        if full is not None and full.height < height:
            return full
    block = _placed(parts, width, height, tall=False)
    if tall and fractions and block.height + _TALLER < height:
        taller = _placed(parts, width, height, tall=True)
        return taller if taller.height <= height else block
    return block


def _placed(parts: list[Part], width: int, height: int, *, tall: bool) -> Block:
    """Side by side where that fits; else, if the height allows, the product under the rest; else cut."""
    full = _in_full_numbers(parts, width, height, tall=tall)
    if full is not None:
        return full
    room = _room(parts, height, tall=tall)
    if _could_fit(parts, width, height):
        whole = _row(parts, [_UNLIMITED] * len(parts), room, tall=tall)
        if whole.width <= width:
            return whole
    cut = _row(parts, _shares(parts, width, room, tall=tall), room, tall=tall)
    if cut.width <= width:
        return cut
    free = height - 2 * (len(_used_rows(parts)) + _TALLER * tall) - 3
    small = _stacked(parts, width // 3, max(1, free // 2), tall=tall)
    return Block.of([clip_line(line, width) for line in small.lines[:height]])


def _room(parts: list[Part], height: int, *, tall: bool) -> int:
    """The rows that are left for numbers."""
    return max(1, height - len(_used_rows(parts)) - 1 - _TALLER * tall)


def _in_full_numbers(parts: list[Part], width: int, height: int, *, tall: bool) -> Block | None:
    """Every tensor in full, side by side or with the product under the rest; None where neither fits."""
    if not _could_fit(parts, width, height):
        return None
    room = _room(parts, height, tall=tall)
    blocks = [_numbers(part, _UNLIMITED, _UNLIMITED) for part in parts if isinstance(part, Term)]
    if all(block.height <= room for block in blocks):
        whole = _row(parts, [_UNLIMITED] * len(parts), room, tall=tall)
        if whole.width <= width:
            return whole
    stacked = _stacked(parts, _UNLIMITED, _UNLIMITED, tall=tall)
    return stacked if stacked.width <= width and stacked.height <= height else None


def _could_fit(parts: list[Part], width: int, height: int) -> bool:
    """Whether every tensor could be shown whole; nothing large is written out to be thrown away."""
    tensors = (part.tensor for part in parts if isinstance(part, Term) and part.tensor is not None)
    return all(max(tensor.shape[-2:], default=1) <= max(width // 2, height) for tensor in tensors)


def _stacked(parts: list[Part], share: int, height: int, *, tall: bool) -> Block:
    """The right side of the equation, and the left side under it."""
    right = _row([Sign(" "), *parts[2:]], [share] * len(parts), height, tall=tall)
    result = parts[0]
    assert isinstance(result, Term)
    head = [block for block in _head(result, ["name", "word", "detail"], tall=tall) if block.width]
    numbers = _numbers(result, share, height)
    left = beside(Block.text(" = ", Role.TEXT), above(*head), Block.text("  "), numbers)
    return above(right, Block.of([(Span(""),)]), left, align="<")


def _shares(parts: list[Part], width: int, height: int, *, tall: bool) -> list[int]:
    """How wide each tensor may be where not all can be shown whole.

    Each has room for its name and a small picture; then as many as can be, the least demanding first, get
    what their numbers take, and heatmaps share what is left.
    """
    rows = _used_rows(parts)
    shares, more, pictures = [0] * len(parts), [0] * len(parts), []
    for place, part in enumerate(parts):
        if isinstance(part, Sign):
            width -= len(f" {part.text} ")
            continue
        block = _numbers(part, width, height)
        shares[place] = max([_NARROWEST, *(head.width for head in _head(part, rows, tall=tall))])
        more[place] = max(0, block.width - shares[place])
        if any(isinstance(span.role, Shade) for line in block.lines for span in line):
            pictures.append(place)
    left = max(0, width - sum(shares))
    for place in sorted(set(range(len(parts))) - set(pictures), key=lambda place: (more[place], place)):
        if more[place] <= left:
            shares[place] += more[place]
            left -= more[place]
        else:
            pictures.append(place)
    for count, place in enumerate(sorted(pictures, key=lambda place: (more[place], place))):
        given = min(more[place], left // (len(pictures) - count))
        shares[place] += given
        left -= given
    return shares


def _row(parts: list[Part], shares: list[int], height: int, *, tall: bool) -> Block:
    """Names, words, details and numbers in columns; a tensor gets at most its share of cells."""
    rows = _used_rows(parts)
    columns = []
    for part, share in zip(parts, shares, strict=False):
        if isinstance(part, Sign):
            head = [Block.text(f" {part.text} ", Role.TEXT)] + [Block.text("") for _ in rows[1:]]
            head[0] = above(*_blank(1), head[0], *_blank(1)) if tall else head[0]
            columns.append((head, Block.text(f" {part.numbers or part.text} ", Role.TEXT)))
        else:
            columns.append((_head(part, rows, tall=tall), _numbers(part, share, height)))
    high = max(numbers.height for _, numbers in columns)
    return beside(*(_column(head, numbers, high) for head, numbers in columns))


def _used_rows(parts: list[Part]) -> list[str]:
    """Which lines of a column's head any column uses: its name, its word, its detail."""
    terms = [part for part in parts if isinstance(part, Term)]
    return ["name", *(row for row in ("word", "detail") if any(getattr(term, row) for term in terms))]


def _head(term: Term, rows: list[str], *, tall: bool) -> list[Block]:
    roles = {"name": term.role, "word": Role.DIM, "detail": Role.DIM}
    head = [Block.text(getattr(term, row), roles[row]) for row in rows]
    return [_tall_name(term), *head[1:]] if tall else head


def _tall_name(term: Term) -> Block:
    """The name in three rows: a derivative as a fraction, anything else in the middle."""
    written = term.name.removesuffix("ᵀ").strip("()") if term.name.endswith(")ᵀ") else term.name
    top, sign, bottom = written.partition(_OVER)
    if not sign:
        return above(*_blank(1), Block.text(term.name, term.role), *_blank(1))
    box = fraction(text(top, term.role), text(f"∂{bottom}", term.role), term.role)
    if written != term.name:
        box = superscript(fenced(box, role=term.role), "ᵀ")
    return box.block()


def _blank(count: int) -> list[Block]:
    return [Block.of([(Span(""),)])] * count


def _numbers(term: Term, share: int, height: int) -> Block:
    """A tensor in at most `share` × `height` cells."""
    if term.tensor is None:
        return Block.text(term.text or "", term.role)
    if term.tensor.size <= _SMALL:
        whole = _in_full(term)
        if whole.width <= share and whole.height <= height:
            return whole
    unsaid = term.detail != shape_detail(term.tensor)
    return tensor_block(term.tensor, term.role, max(8, share), height, row=term.row, shape=unsaid)


@lru_cache(maxsize=16)  # each way to place the columns asks again
def _in_full(term: Term) -> Block:
    """All numbers of a small tensor, with as many digits as differ."""
    assert term.tensor is not None
    return tensor_block(term.tensor, term.role, _UNLIMITED, _UNLIMITED, row=term.row)


def _column(head: list[Block], numbers: Block, height: int) -> Block:
    """A column: its head, an empty line, and its numbers in the middle of `height`."""
    top = (height - numbers.height) // 2
    return above(*head, *_blank(1 + top), numbers, *_blank(height - numbers.height - top))
