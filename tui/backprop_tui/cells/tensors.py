"""A tensor as a block in brackets: its numbers, aligned, or a heatmap where they do not fit."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.explain.numbers import column, number
from backprop_engine.explain.statistics import facts
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.lines import Role, Span
from backprop_tui.cells.matrices import MORE, as_matrix, bracketed
from backprop_tui.cells.pictures import heat_block

__all__ = ["Written", "is_multiplied", "mostly_zero_block", "tensor_block", "trimmed"]

Written: TypeAlias = dict[tuple[int, bool, bool, bool], list[list[str]]]
"""The columns of a matrix as texts, by their digits, whether numbers that differ look so, whether they are
fine, and whether it is a row.
"""

MOST_TOGETHER = 64
"""Up to so many cells are written with equally many decimals; in a larger tensor each column by itself."""
_WAYS = ((4, True), (4, False), (3, False))
"""How many digits are tried, and whether numbers that differ must look different, before a heatmap is."""
_MULTIPLIED = 30
"""In so many cells at most somebody multiplies with each."""
_ZEROS = 3
"""So many zeros in a row are written out."""
_FEW = 8
"""So many numbers of a vector that are not zero are written out among its zeros."""


def is_multiplied(tensor: Tensor) -> bool:
    """Whether a factor of a product has so few cells that its numbers are to be `fine`."""
    return 1 < tensor.size <= _MULTIPLIED


def tensor_block(
    tensor: Tensor,
    role: Role,
    width: int = 40,
    height: int = 9,
    *,
    row: bool = False,
    heat: bool = True,
    shape: bool = True,
    brief: bool = False,
    fine: bool = False,
    written: Written | None = None,
) -> Block:
    """`tensor` in at most `width` × `height` cells.

    A vector stands upright unless `row`; of a tensor with more axes than two the first matrix is shown. Where
    its numbers do not fit it is a heatmap, with its `shape` and its range below, or, without `heat`, as many
    numbers as fit. Where columns or rows are left out, ``…`` stands for them. `brief` numbers have no more
    digits than it takes, and `fine` ones as many as it takes to multiply with them. What was `written` for
    another size is not written again.
    """
    if tensor.shape == ():
        return Block.text(number(tensor), role)
    matrix = as_matrix(tensor, row)
    if matrix.size == 0:
        return Block.text("[ ]", role)
    known = {} if written is None else written
    ways = _WAYS[-1:] if brief else _WAYS
    whole = _all_numbers(matrix, width - 2, height, ways, known, fine=fine, row=row)
    if whole is None and heat:
        return heat_block(tensor, role, width, height, row=row, shape=shape)
    rows = whole or _fitting_rows(matrix, width - 2, height)
    lines = bracketed([(Span(text, role),) for text in rows], role)
    return Block(len(rows[0]) + 2, len(rows), tuple(lines), even=True)


def mostly_zero_block(tensor: Tensor, role: Role, width: int, height: int, *, row: bool) -> Block | None:
    """The few numbers of a vector among its zeros, of which ``0 … 0`` stands for many.

    It lies down, with a sign that it is turned, where it is too high; None where it is not such a vector, or
    does not fit.
    """
    if tensor.ndim != 1 or tensor.size - facts(tensor).zeros > _FEW:
        return None
    places = np.flatnonzero(tensor).tolist()
    zero, *others = column(np.concatenate([np.zeros(1, tensor.dtype), tensor[places]]))
    texts: list[str] = []
    for start, end, text in zip(
        [0, *(at + 1 for at in places)], [*places, tensor.size], [*others, ""], strict=True
    ):
        zeros = end - start
        texts += [zero] * zeros if zeros <= _ZEROS else [zero, MORE.center(len(zero)), zero]
        texts += [text] * bool(text)
    if len(texts) == tensor.size:
        return None
    if not row and len(texts) <= height:
        block = Block.of(bracketed([(Span(text, role),) for text in texts], role))
    else:
        block = Block.text(f"[{'  '.join(text.strip() for text in texts)}]{'' if row else 'ᵀ'}", role)
    return block if block.width <= width else None


def _all_numbers(
    matrix: Any,
    width: int,
    height: int,
    ways: tuple[tuple[int, bool], ...],
    written: Written,
    *,
    fine: bool,
    row: bool,
) -> list[str] | None:
    """Every number, with as many digits as there is room for; None where there is none."""
    rows, columns = matrix.shape
    if rows > height or 3 * columns - 2 > width:
        return None
    for digits, apart in ways:
        key = (digits, apart, fine, row)
        if key not in written:
            written[key] = _columns(matrix, digits, apart=apart, fine=fine)
        texts = written[key]
        if sum(len(cells[0]) + 2 for cells in texts) - 2 <= width:
            return ["  ".join(cells) for cells in zip(*texts, strict=True)]
    return None


def _columns(matrix: Any, digits: int = 4, *, apart: bool = True, fine: bool = False) -> list[list[str]]:
    """The columns of a matrix as texts, each of one width."""
    count = matrix.shape[1]
    if matrix.size > MOST_TOGETHER:
        return [column(matrix[:, index], digits, apart=apart, fine=fine) for index in range(count)]
    together = column(matrix.ravel(), digits, apart=apart, fine=fine)
    return [trimmed(together[index::count]) for index in range(count)]


def trimmed(cells: list[str]) -> list[str]:
    """Texts of one width without the spaces that all of them begin or end with."""
    before = min(len(cell) - len(cell.lstrip()) for cell in cells)
    after = min(len(cell) - len(cell.rstrip()) for cell in cells)
    return [cell[before : len(cell) - after] for cell in cells]


def _fitting_rows(matrix: Any, width: int, height: int) -> list[str]:
    """The rows as text, all of one width, with as many columns and rows as fit."""
    rows, columns = matrix.shape
    shown = rows if rows <= height else max(1, height - 1)
    texts: list[list[str]] = []
    used = 0
    candidates = _columns(matrix[:shown, : max(1, width // 3 + 1)])
    for index, cells in enumerate(candidates):
        separator = 2 if texts else 0
        reserve = 0 if index == columns - 1 else 1 + len(MORE)
        if texts and used + separator + len(cells[0]) + reserve > width:
            break
        texts.append(cells)
        used += separator + len(cells[0])
    cut = len(texts) < columns
    lines = ["  ".join(cells) + (f" {MORE}" if cut else "") for cells in zip(*texts, strict=True)]
    if shown < rows:
        lines.append(MORE.center(len(lines[0])))
    return lines
