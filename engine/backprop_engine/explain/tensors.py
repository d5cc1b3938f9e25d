"""A tensor as a block of aligned numbers in brackets, cut with a mark where it is too large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.explain.lines import Block, Role, Span
from backprop_engine.explain.numbers import column, number

__all__ = ["tensor_block"]

MORE = "…"
MOST_TOGETHER = 64
"""Up to so many cells are written with equally many decimals; in a larger tensor each column by itself."""


def tensor_block(tensor: Tensor, role: Role, width: int = 40, height: int = 9, *, row: bool = False) -> Block:
    """`tensor` in at most `width` × `height` cells.

    A vector stands upright unless `row`; of a tensor with more axes than two the first matrix is shown. Where
    columns or rows are left out, ``…`` stands for them.
    """
    if tensor.shape == ():
        return Block.text(number(tensor), role)
    matrix = _as_matrix(tensor, row)
    if matrix.size == 0:
        return Block.text("[ ]", role)
    return _bracketed(_fitting_rows(matrix, width - 2, height), role)


def _as_matrix(tensor: Tensor, row: bool) -> Any:
    array: Any = tensor
    while array.ndim > 2:
        if array.shape[0] == 0:
            return np.empty((0, 0))
        array = array[0]
    if array.ndim == 1:
        return array[np.newaxis, :] if row else array[:, np.newaxis]
    return array


def _fitting_rows(matrix: Any, width: int, height: int) -> list[str]:
    """The rows as text, all of one width, with as many columns and rows as fit."""
    rows, columns = matrix.shape
    shown = rows if rows <= height else max(1, height - 1)
    texts: list[Sequence[str]] = []
    used = 0
    cut = False
    together = column(matrix[:shown].ravel()) if matrix.size <= MOST_TOGETHER else []
    for index in range(columns):
        cells = _trimmed(together[index::columns]) if together else column(matrix[:shown, index])
        size = len(cells[0])
        separator = 2 if texts else 0
        reserve = 0 if index == columns - 1 else 1 + len(MORE)
        if texts and used + separator + size + reserve > width:
            cut = True
            break
        texts.append(cells)
        used += separator + size
    lines = ["  ".join(cells) + (f" {MORE}" if cut else "") for cells in zip(*texts, strict=True)]
    if shown < rows:
        lines.append(MORE.center(len(lines[0])))
    return lines


def _trimmed(cells: list[str]) -> list[str]:
    """Texts of one width without the spaces that all of them begin or end with."""
    before = min(len(cell) - len(cell.lstrip()) for cell in cells)
    after = min(len(cell) - len(cell.rstrip()) for cell in cells)
    return [cell[before : len(cell) - after] for cell in cells]


def _bracketed(rows: list[str], role: Role) -> Block:
    if len(rows) == 1:
        return Block.text(f"[{rows[0]}]", role)
    last = len(rows) - 1
    left = ["⎡", *["⎢"] * (last - 1), "⎣"]
    right = ["⎤", *["⎥"] * (last - 1), "⎦"]
    return Block.of([(Span(f"{left[i]}{row}{right[i]}", role),) for i, row in enumerate(rows)])
