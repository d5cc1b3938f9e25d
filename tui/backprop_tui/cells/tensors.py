"""A tensor as a block in brackets: its numbers, aligned, or a heatmap where they do not fit.

How large a heatmap is, is known before it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from backprop_engine.arrays import Tensor, is_stored
from backprop_engine.explain.numbers import column, number
from backprop_engine.explain.statistics import facts
from backprop_tui.cells.blocks import Block, above, beside
from backprop_tui.cells.heatmap import downsampled, heat_lines, legend
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.summaries import summary

__all__ = [
    "WrittenColumns",
    "heat_block",
    "in_all_ways",
    "is_multiplied",
    "matrix_of",
    "mostly_zero_block",
    "number_rows",
    "slice_text",
    "tensor_block",
    "trimmed",
]

_MORE = "…"
"""What stands for columns or rows that are left out."""
WrittenColumns: TypeAlias = dict[tuple[int, bool, bool, bool], list[list[str]]]
"""The columns of a matrix as texts, by their digits, whether numbers that differ look so, whether they are
fine, and whether it is a row.
"""

MOST_TOGETHER = 64
"""Up to as many entries are written with equally many decimals; in a larger tensor each column by itself."""
_WAYS = ((4, True), (4, False), (3, False))
"""How many digits are tried, and whether numbers that differ must look different, before a heatmap is."""
_MULTIPLIED = 30
"""The entries of a larger tensor are not multiplied by hand."""
_ZEROS = 3
"""As many zeros in a row are written out."""
_FEW = 8
"""As many numbers of a vector that are not zero are written out among its zeros."""
_MORE_BELOW = "⋮"
"""What stands for rows that are left out where there is no row for ``…``."""
_LARGEST_PIXEL = 4
"""How many cells wide, and halves of a cell high, a number of a heatmap is at most."""
_MOST_OVERSEEN = 250_000
"""The most entries of a matrix that are all read for a heatmap with fewer cells."""
_WIDEST_PIXEL = 6
"""How many cells wide a number of an upright vector is at most."""


def is_multiplied(tensor: Tensor) -> bool:
    """Whether a factor of a product has few enough entries to write its numbers `fine`."""
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
    written: WrittenColumns | None = None,
) -> Block:
    """`tensor` in at most `width` × `height` cells.

    A vector is upright unless `row`; of a tensor with more axes than two the first matrix is shown. Where
    its numbers do not fit it is a heatmap, with its `shape` and its range below, or, without `heat`, as many
    numbers as fit. Where columns or rows are left out, ``…`` stands for them. `brief` numbers have no more
    digits than it takes, and `fine` ones as many as it takes to multiply with them. What was `written` for
    another size is not written again.
    """
    if not is_stored(tensor):
        return Block.text(summary(tensor, shape=False), role)
    if tensor.shape == ():
        return Block.text(number(tensor), role)
    matrix = matrix_of(tensor, row)
    if matrix.size == 0:
        return Block.text("[ ]", role)
    known = {} if written is None else written
    ways = _WAYS[-1:] if brief else _WAYS
    whole = _all_numbers(matrix, width - 2, height, ways, known, fine=fine, row=row)
    if whole is None and heat:
        return heat_block(tensor, role, width, height, row=row, shape=shape)
    rows = whole or _fitting_rows(matrix, width - 2, height)
    lines = _bracketed([(Span(text, role),) for text in rows], role)
    return Block(len(rows[0]) + 2, len(rows), tuple(lines), even=True)


def mostly_zero_block(tensor: Tensor, role: Role, width: int, height: int, *, row: bool) -> Block | None:
    """The few numbers of a vector among its zeros, of which ``0 … 0`` stands for many.

    It lies down, with a sign that it is transposed, where it is too high; None where it is not such a vector,
    or does not fit.
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
        texts += [zero] * zeros if zeros <= _ZEROS else [zero, _MORE.center(len(zero)), zero]
        texts += [text] * bool(text)
    if len(texts) == tensor.size:
        return None
    if not row and len(texts) <= height:
        block = Block.of(_bracketed([(Span(text, role),) for text in texts], role))
    else:
        block = Block.text(f"[{'  '.join(text.strip() for text in texts)}]{'' if row else 'ᵀ'}", role)
    return block if block.width <= width else None


def _all_numbers(
    matrix: Any,
    width: int,
    height: int,
    ways: tuple[tuple[int, bool], ...],
    written: WrittenColumns,
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
        if sum(len(numbers[0]) + 2 for numbers in texts) - 2 <= width:
            return ["  ".join(numbers) for numbers in zip(*texts, strict=True)]
    return None


def in_all_ways(columns: Mapping[bool, list[list[str]]]) -> WrittenColumns:
    """Columns to be written as they are, however many digits there is room for, by whether they are a row."""
    return {
        (digits, apart, fine, row): texts
        for row, texts in columns.items()
        for digits, apart in _WAYS
        for fine in (False, True)
    }


def number_rows(tensor: Tensor, *, row: bool = False, fine: bool = False) -> list[list[str]]:
    """The numbers of a tensor as texts, row by row, each column of one width."""
    columns = _columns(matrix_of(tensor, row), fine=fine)
    return [list(numbers) for numbers in zip(*columns, strict=True)]


def _columns(matrix: Any, digits: int = 4, *, apart: bool = True, fine: bool = False) -> list[list[str]]:
    """The columns of a matrix as texts, each of one width."""
    count = matrix.shape[1]
    if matrix.size > MOST_TOGETHER:
        return [column(matrix[:, index], digits, apart=apart, fine=fine) for index in range(count)]
    together = column(matrix.ravel(), digits, apart=apart, fine=fine)
    return [trimmed(together[index::count]) for index in range(count)]


def trimmed(numbers: list[str]) -> list[str]:
    """Texts of one width without the spaces that all of them begin or end with."""
    before = min((len(number) - len(number.lstrip()) for number in numbers), default=0)
    after = min((len(number) - len(number.rstrip()) for number in numbers), default=0)
    return [number[before : len(number) - after] for number in numbers]


def _fitting_rows(matrix: Any, width: int, height: int) -> list[str]:
    """The rows as text, all of one width, with as many columns and rows as fit."""
    rows, columns = matrix.shape
    shown = rows if rows <= height else max(1, height - 1)
    texts: list[list[str]] = []
    used = 0
    candidates = _columns(matrix[:shown, : max(1, width // 3 + 1)])
    for index, numbers in enumerate(candidates):
        separator = 2 if texts else 0
        reserve = 0 if index == columns - 1 else 1 + len(_MORE)
        if texts and used + separator + len(numbers[0]) + reserve > width:
            break
        texts.append(numbers)
        used += separator + len(numbers[0])
    cut = len(texts) < columns
    lines = ["  ".join(numbers) + (f" {_MORE}" if cut else "") for numbers in zip(*texts, strict=True)]
    if shown < rows:
        lines.append(_MORE.center(len(lines[0])))
    return lines


# As a heatmap


def heat_block(
    tensor: Tensor,
    role: Role,
    width: int,
    height: int,
    *,
    row: bool = False,
    lying: bool = False,
    shape: bool = False,
    scale: float | None = None,
) -> Block:
    """A tensor as a heatmap; below it the legend where there is room, and the `shape` if that is asked for.

    The colours are those of a `scale` that ends at this magnitude, by default the tensor's largest. A vector
    that is to be `lying` has a sign that says so.
    """
    matrix, known = matrix_of(tensor, row or lying), facts(tensor)
    largest = known.largest if scale is None else scale
    index = slice_text((0,) * (tensor.ndim - 2) + (None, None)) if tensor.ndim > 2 else ""
    named: Line = (Span(f"{shape_label(tensor.shape)} {index}".rstrip(), Role.DIM),) if shape else ()
    below = [Block.of([line]) for line in (named, legend(known, width, largest)) if line]
    below = [block for block in below if block.width <= width]
    below = below[max(0, len(below) - (height - 1) // 2) :]
    if _is_too_large(matrix, width - 2, height - len(below)):
        return _heat_from_afar(matrix, largest, role, width, height, below)
    room = height - len(below)
    apart = bool(below) and not shape
    if (apart or matrix.shape[1] == 1) and len(matrix) <= 2 * (room - 1):
        room -= 1  # all rows fit into one line less: they are smaller, and the legend is independent
    picture = _picture(matrix, largest, width - 2 - lying, room).block(role)
    if apart and picture.height + len(below) < height:
        below = [Block.blank(1), *below]  # what is right under a heatmap seems to go on with it
    return above(beside(picture, Block.text("ᵀ", role)) if lying else picture, *below)


def _is_too_large(matrix: Any, width: int, height: int) -> bool:
    """Whether a matrix has more entries than cells, and not so many that it takes long to look at all."""
    rows, columns = matrix.shape
    large = rows > 2 * height or columns > width
    return large and rows > 1 < columns and height > 1 <= width and matrix.size <= _MOST_OVERSEEN


def _heat_from_afar(
    matrix: Any, largest: float, role: Role, width: int, height: int, below: Sequence[Block]
) -> Block:
    """All of a matrix, each cell the largest of a block of entries; below it is of how many."""
    rows, columns = matrix.shape
    room = height - len(below) - (height > len(below) + 1)
    block = -(-rows // (2 * room)), -(-columns // (width - 2))
    told = Block.of([(Span(f"{block[0]}×{block[1]} → max |·|", Role.DIM),)])
    named = [told] if height > len(below) + 1 and told.width <= width else []
    picture = _Picture(matrix, largest, 1, 1, 0, 0, (), (), block)
    return above(picture.block(role), *named, *below)


class _Picture(NamedTuple):
    """A heatmap before it is drawn: which part of a matrix, how large a number is, and what is left out."""

    part: Any
    largest: float
    across: int
    down: int
    """How many cells wide a number is, and how many halves of a cell high."""
    before: int
    after: int
    """Whether there is a row above that stands for others, and one below."""
    start: Line
    end: Line
    """What stands for columns that are left out, in each row."""
    of: tuple[int, int] = (1, 1)
    """How many rows and columns each number stands for."""

    def block(self, role: Role) -> Block:
        """The heatmap in brackets."""
        rows, columns = (-(-size // by) for size, by in zip(self.part.shape, self.of, strict=True))
        return Block(
            columns * self.across + len(self.start) + len(self.end) + 2,
            -(-rows * self.down // 2) + self.before + self.after,
            even=True,
            drawn=cache(partial(self._lines, role)),
            is_picture=True,
            has_gaps=bool(self.before or self.after or self.start or self.end or self.of != (1, 1)),
        )

    def _lines(self, role: Role) -> list[Line]:
        part = self.part if self.of == (1, 1) else downsampled(self.part, *self.of)
        lines = heat_lines(part, self.largest, self.across, self.down)
        lines = [(*self.start, *line, *self.end) for line in lines]
        across = part.shape[1] * self.across + len(self.start) + len(self.end)
        more: Line = (Span(_MORE.center(across), Role.DIM),)
        return _bracketed([*[more] * self.before, *lines, *[more] * self.after], role)


def _picture(matrix: Any, largest: float, width: int, height: int) -> _Picture:
    """As many columns and rows as fit, each as large as it can be."""
    rows, columns = matrix.shape
    flat = height == 1 and rows > 2
    width -= flat
    fits = min(_LARGEST_PIXEL, width // columns, 2 * height // rows)
    across, down = max(1, fits), max(1, fits)
    if columns == 1:
        across = max(1, min(_WIDEST_PIXEL, width))
    if rows == 1:
        down = 2
    left, wide = (0, columns) if columns * across <= width else _columns_shown(matrix, width, largest)
    top, high = 0, rows
    if rows * down > 2 * height:
        top, high = _rows_shown(matrix[:, left : left + wide], height, largest)
    before = int(top > 0)
    return _Picture(
        matrix[top : top + high, left : left + wide],
        largest,
        across,
        down,
        before,
        int(top + high < rows and height > 1 + before),
        (Span(_MORE, Role.DIM),) * (left > 0),
        (Span(_MORE, Role.DIM),) * (left + wide < columns) + (Span(_MORE_BELOW, Role.DIM),) * flat,
    )


def _columns_shown(matrix: Any, width: int, largest: float) -> tuple[int, int]:
    """Where what is shown of a matrix that is too wide begins, and how many columns it is.

    They are the first; of a single row that begins with zeros only, those around the first that is none.
    """
    most = max(1, width - len(_MORE))
    if not largest or width < 3 or len(matrix) > 1:
        return 0, most
    return _telling(matrix.T, most, most - len(_MORE))


def _rows_shown(matrix: Any, height: int, largest: float) -> tuple[int, int]:
    """Where what is shown of a matrix that is too high begins, and how many rows it is."""
    most = 2 * max(1, height - 1)
    return (0, most) if not largest or height < 3 else _telling(matrix, most, most - 2)


def _telling(matrix: Any, most: int, fewer: int) -> tuple[int, int]:
    """Which rows are shown: the first, `most` of them.

    Where those are all zero, the first row that is not is in the middle of `fewer`, or among the last.
    """
    rows = len(matrix)
    telling = 0 if matrix[:most].any() else int(matrix.any(axis=1).argmax())
    if telling < most:
        return 0, most
    return (rows - most, most) if telling >= rows - most else (telling - fewer // 2, fewer)


# Both


def matrix_of(tensor: Tensor, row: bool) -> Any:
    """The matrix that is shown of a tensor, a view of it: of more axes than two the first; a vector is
    upright unless it is a `row`.
    """
    array: Any = tensor
    while array.ndim > 2:
        if array.shape[0] == 0:
            return np.empty((0, 0))
        array = array[0]
    if array.ndim == 1:
        return array[np.newaxis, :] if row else array[:, np.newaxis]
    return array


def slice_text(index: Sequence[int | str | None]) -> str:
    """A matrix of a larger tensor as NumPy would name it: ``[3, :, :, 0]``."""
    return f"[{', '.join(':' if at is None else str(at) for at in index)}]"


def _bracketed(rows: Sequence[Line], role: Role) -> list[Line]:
    """Rows of one width between brackets as high as they are."""
    if len(rows) == 1:
        return [_merged(("[", rows[0], "]"), role)]
    last = len(rows) - 1
    left = ["⎡", *["⎢"] * (last - 1), "⎣"]
    right = ["⎤", *["⎥"] * (last - 1), "⎦"]
    return [_merged((left[i], row, right[i]), role) for i, row in enumerate(rows)]


def _merged(parts: tuple[str, Line, str], role: Role) -> Line:
    """A row between its brackets; one span where all of it plays one role."""
    left, row, right = parts
    if len(row) == 1 and row[0].role is role:
        return (Span(f"{left}{row[0].text}{right}", role),)
    return (Span(left, role), *row, Span(right, role))
