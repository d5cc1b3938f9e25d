"""A tensor as a heatmap of so many cells, its scale below. How large it is, is known before it is drawn."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.explain.statistics import facts
from backprop_tui.cells.blocks import Block, above, beside
from backprop_tui.cells.heatmap import heat_lines, legend
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.matrices import MORE, as_matrix, bracketed, slice_text

__all__ = ["heat_block"]

_MORE_BELOW = "⋮"
"""What stands for rows that are left out where there is no row for ``…``."""
_LARGEST_PIXEL = 4
"""How many cells wide, and halves of a cell high, a number of a heatmap is at most."""
_WIDEST_PIXEL = 6
"""How many cells wide a number of an upright vector is at most."""


def heat_block(
    tensor: Tensor,
    role: Role,
    width: int,
    height: int,
    *,
    row: bool = False,
    turned: bool = False,
    shape: bool = False,
) -> Block:
    """A tensor as a heatmap; below it the scale where there is room, and the `shape` if that is asked for.

    A vector that is `turned` lies down, and has a sign that says so.
    """
    matrix, known = as_matrix(tensor, row or turned), facts(tensor)
    index = slice_text((0,) * (tensor.ndim - 2) + (None, None)) if tensor.ndim > 2 else ""
    named: Line = (Span(f"{shape_text(tensor.shape)} {index}".rstrip(), Role.DIM),) if shape else ()
    below = [Block.of([line]) for line in (named, legend(known, width)) if line]
    below = [block for block in below if block.width <= width]
    below = below[max(0, len(below) - (height - 1) // 2) :]
    room = height - len(below)
    apart = bool(below) and not shape
    if (apart or matrix.shape[1] == 1) and len(matrix) <= 2 * (room - 1):
        room -= 1  # all rows fit into one line less: they are smaller, and the legend stands by itself
    picture = _picture(matrix, known.largest, width - 2 - turned, room).block(role)
    if apart and picture.height + len(below) < height:
        below = [Block.blank(1), *below]  # what is right under a heatmap seems to go on with it
    return above(beside(picture, Block.text("ᵀ", role)) if turned else picture, *below)


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

    def block(self, role: Role) -> Block:
        """The heatmap in brackets."""
        rows, columns = self.part.shape
        return Block(
            columns * self.across + len(self.start) + len(self.end) + 2,
            -(-rows * self.down // 2) + self.before + self.after,
            even=True,
            drawn=partial(self._lines, role),
            is_picture=True,
            has_gaps=bool(self.before or self.after or self.start or self.end),
        )

    def _lines(self, role: Role) -> list[Line]:
        lines = heat_lines(self.part, self.largest, self.across, self.down)
        lines = [(*self.start, *line, *self.end) for line in lines]
        across = self.part.shape[1] * self.across + len(self.start) + len(self.end)
        more: Line = (Span(MORE.center(across), Role.DIM),)
        return bracketed([*[more] * self.before, *lines, *[more] * self.after], role)


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
        (Span(MORE, Role.DIM),) * (left > 0),
        (Span(MORE, Role.DIM),) * (left + wide < columns) + (Span(_MORE_BELOW, Role.DIM),) * flat,
    )


def _columns_shown(matrix: Any, width: int, largest: float) -> tuple[int, int]:
    """Where what is shown of a matrix that is too wide begins, and how many columns it is.

    They are the first; of a single row that begins with zeros only, those around the first that is none.
    """
    most = max(1, width - len(MORE))
    if not largest or width < 3 or len(matrix) > 1:
        return 0, most
    return _telling(matrix.T, most, most - len(MORE))


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
