"""The numbers of an equation's column: in full, few among zeros, lying down, or as a heatmap."""

from __future__ import annotations

from math import prod

from backprop_engine.arrays import Tensor
from backprop_engine.derived import derived
from backprop_engine.explain.numbers import number
from backprop_tui.cells.blocks import Block, beside
from backprop_tui.cells.lines import Line, Span, wrap_line
from backprop_tui.cells.pictures import heat_block
from backprop_tui.cells.tensors import mostly_zero_block, tensor_block
from backprop_tui.render.equation.terms import Term

__all__ = ["NARROWEST", "UNLIMITED", "in_full", "lying", "may_be_whole", "may_lie", "numbers_block"]

UNLIMITED = 10_000
_SMALL = 1000
"""So many numbers are written out in full before it is known whether they fit."""
_LONGEST = 100
"""No row or column of more numbers would."""
NARROWEST = 8
_TEXT = 20
"""How many cells wide a text in the place of numbers is at most where there is little room."""


def numbers_block(term: Term, share: int, height: int) -> Block:
    """A tensor in at most `share` × `height` cells."""
    if term.tensor is None:
        written: Line = (Span(term.text, term.role),)
        return Block.of(wrap_line(written, _TEXT) if term.brief else [written])
    if term.tensor.shape == ():
        return _number(term)
    if may_be_whole(term, share, height):
        whole = lying(term) if may_lie(term, height) else in_full(term)
        if whole.width <= share and whole.height <= height:
            return whole
    return _in_part(term, max(NARROWEST, share), height)


def _number(term: Term) -> Block:
    """A scalar; in brackets if it is negative and a factor."""
    assert term.tensor is not None
    written = number(term.tensor)
    return Block.text(f"({written})" if term.factor and written.startswith("-") else written, term.role)


@derived(limit=64)
def _in_part(term: Term, width: int, height: int) -> Block:
    """A tensor in at most `width` × `height` cells, as a heatmap where it takes one."""
    tensor = term.tensor
    assert tensor is not None
    told = mostly_zero_block(tensor, term.role, width, height, row=term.row)
    if told is not None:
        return told
    turned = tensor.ndim == 1 and not term.row and 2 * height < min(tensor.size, width)
    if turned or (tensor.size and not (may_be_whole(term, width, height) and _narrowest(term) <= width)):
        return heat_block(tensor, term.role, width, height, row=term.row, turned=turned)
    return tensor_block(tensor, term.role, width, height, row=term.row, shape=False, written=term.written)


def may_be_whole(term: Term, width: int, height: int) -> bool:
    """Whether all numbers of a tensor may fit, before any of them is written out."""
    tensor = term.tensor
    if tensor is None or not _is_small(tensor):
        return False
    if tensor.ndim > 1:
        rows, columns = map(int, tensor.shape[-2:])
        return rows <= height and 3 * columns <= width
    if tensor.ndim == 0:
        return True
    lies = 3 * tensor.size <= width
    return lies if term.row else tensor.size <= height or (term.brief and lies)


@derived()
def _narrowest(term: Term) -> int:
    """How wide its numbers are with the fewest digits."""
    assert term.tensor is not None
    return tensor_block(
        term.tensor, term.role, UNLIMITED, UNLIMITED, row=term.row, brief=True, written=term.written
    ).width


@derived()  # each way to place the columns asks again
def in_full(term: Term) -> Block:
    """All numbers of a small tensor, with as many digits as differ."""
    assert term.tensor is not None
    if term.tensor.shape == ():
        return _number(term)
    return tensor_block(
        term.tensor,
        term.role,
        UNLIMITED,
        UNLIMITED,
        row=term.row,
        brief=term.brief,
        fine=term.fine,
        written=term.written,
    )


def may_lie(term: Term, height: int) -> bool:
    """Whether it is an upright vector that is too high, and may lie down."""
    upright = term.tensor is not None and term.tensor.ndim == 1 and not term.row
    return term.brief and upright and in_full(term).height > height


@derived()
def lying(term: Term) -> Block:
    """A vector as a row, with a sign that it is turned."""
    assert term.tensor is not None
    row = tensor_block(
        term.tensor,
        term.role,
        UNLIMITED,
        UNLIMITED,
        row=True,
        brief=True,
        fine=term.fine,
        written=term.written,
    )
    return beside(row, Block.text("ᵀ", term.role))


def _is_small(tensor: Tensor) -> bool:
    """Whether the matrix that is shown of a tensor can be written out before it is known whether it fits."""
    return max(tensor.shape[-2:], default=1) <= _LONGEST and prod(tensor.shape[-2:]) <= _SMALL
