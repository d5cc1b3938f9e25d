"""A path in the plane: two numbers that change together, from where they began to where they are."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_tui.cells.lines import Line, Role, clip_line
from backprop_tui.cells.text import cell_width
from backprop_tui.plots.axis import Axis, axis_of, horizontal_axis, rows_with_axis, vertical_labels
from backprop_tui.plots.canvas import Canvas

__all__ = ["Plane", "plane"]

_START, _HERE = ("○", "o"), ("◉", "@")


class Plane(Struct, frozen=True, eq=False):
    """A drawn path, with the indices of the points that are drawn and their dots on the canvas."""

    lines: tuple[Line, ...]
    left: int
    top: int
    rows: int
    across: int
    down: int
    points: NDArray[np.int64]
    dots: tuple[NDArray[np.int64], NDArray[np.int64]]

    def nearest(self, column: int, row: int) -> int | None:
        """The index of the point nearest to a cell; None outside the canvas, or without points."""
        x, y = column - self.left, self.rows - 1 - (row - self.top)
        xs, ys = self.dots
        if x < 0 or not 0 <= y < self.rows or not len(xs):
            return None
        rise = 2 * (ys / self.down - y)  # a cell is twice as high as wide
        return int(self.points[np.argmin((xs / self.across - x) ** 2 + rise**2)])


def plane(
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
    here: int,
    legend: Line,
    width: int,
    height: int,
    *,
    ascii_only: bool = False,
) -> Plane:
    """The path through the finite points, in at most `width` by `height` cells.

    Signs mark where it begins, and the point `here`. What has no room is left out.
    """
    top = 1 if height >= 4 else 0
    under = 2 if height >= 5 else 0
    rows = max(1, height - top - under)
    drawn = np.isfinite(xs) & np.isfinite(ys)
    per_row = 2 if ascii_only else 4
    up = axis_of(ys[drawn], rows * per_row, log=False)
    beside = vertical_labels(up, rows, per_row) if width >= 20 else {}
    margin = max(map(cell_width, beside.values()), default=-1) + 1
    canvas = Canvas(max(1, width - margin - 1), rows, ascii_only=ascii_only)
    along = axis_of(xs[drawn], canvas.dots[0], log=False)
    dots = (along.dots_of(xs[drawn]), up.dots_of(ys[drawn]))
    canvas.path(*dots, Role.VALUE)
    if len(dots[0]):
        canvas.sign(*canvas.cell(int(dots[0][0]), int(dots[1][0])), _START[ascii_only], Role.NAME)
    place = _place(xs, ys, here, along, up)
    if place is not None:
        canvas.sign(*canvas.cell(*place), _HERE[ascii_only], Role.ACTIVE_VALUE)
    lines = [*([legend] if top else []), *rows_with_axis(canvas, beside, margin)]
    if under:
        lines += horizontal_axis(
            canvas, along, margin, float(xs[here]) if place is not None else None, whole=False
        )
    kept = tuple(clip_line(line, width) for line in lines[:height])
    return Plane(kept, margin + 1, top, rows, canvas.across, canvas.down, np.flatnonzero(drawn), dots)


def _place(
    xs: NDArray[np.float64], ys: NDArray[np.float64], at: int, along: Axis, up: Axis
) -> tuple[int, int] | None:
    """The dot of the point at an index; None if there is none, or it is not finite."""
    if not 0 <= at < len(xs) or not np.isfinite(xs[at]) or not np.isfinite(ys[at]):
        return None
    return along.dot(float(xs[at])), up.dot(float(ys[at]))
