"""A chart: curves over a common axis, with numbers beside both axes and a legend above."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_tui.cells.lines import Line, Role, Span, clip_line, line_width
from backprop_tui.cells.text import cell_width
from backprop_tui.plots.axis import Axis, axis_of, horizontal_axis, rows_with_axis, vertical_labels
from backprop_tui.plots.canvas import Canvas

__all__ = ["NOT_FINITE", "SIGNS", "SIGNS_ASCII", "ZERO", "Chart", "Curve", "chart"]

SIGNS: Final = "●▲■◆○△□◇"
SIGNS_ASCII: Final = "abcdefgh"
"""Distinguish curves of the same colour, or without colours."""
NOT_FINITE, ZERO = "!", "0"
"""Signs at the upper edge for infinities and NaN, and at the lower edge for a zero on a log axis."""
_APART: Final = 9
"""The cells between two signs of a curve; the signs of the curves are shifted against each other."""
_SHARE: Final = 6
"""The legend takes at most this fraction of the rows, one of six, or two rows."""
_HERE, _HERE_ASCII = "┊", "|"
_BOLD: Final = {Role.VALUE: Role.ACTIVE_VALUE, Role.GRADIENT: Role.ACTIVE_GRADIENT}


class Curve(Struct, frozen=True, eq=False):
    """Numbers at places along the axis, and how they are shown; `label` includes the current number."""

    places: NDArray[np.float64]
    values: NDArray[np.float64]
    label: Line
    role: Role
    sign: str = ""


class Chart(Struct, frozen=True, eq=False):
    """A drawn chart; its curves begin at column `left` and row `top`."""

    lines: tuple[Line, ...]
    left: int
    top: int
    along: Axis
    across: int
    up: Axis

    def place_at(self, column: int) -> float | None:
        """The place on the axis that a column of cells stands for; None outside the curves."""
        dot = (column - self.left) * self.across + (self.across - 1) / 2
        return self.along.value(min(max(dot, 0.0), self.along.dots - 1.0)) if self._inside(column) else None

    def _inside(self, column: int) -> bool:
        return 0 <= column - self.left < -(-self.along.dots // self.across)


def chart(
    curves: Sequence[Curve],
    ends: tuple[float, float],
    width: int,
    height: int,
    *,
    here: float | None = None,
    log: bool | None = None,
    ascii_only: bool = False,
    whole: bool = True,
) -> Chart:
    """Curves between the two `ends` of the axis, in at most `width` by `height` cells.

    The column at `here` is marked. With `whole`, only whole numbers are below the axis. What has no room is
    left out.
    """
    legend = _legend(curves, width, max(2, height // _SHARE)) if height >= 4 else []
    under = 2 if height >= 5 else 0
    rows = max(1, height - len(legend) - under)
    numbers = np.concatenate([curve.values for curve in curves]) if curves else np.zeros(0)
    per_row = 2 if ascii_only else 4
    shown = numbers[np.isfinite(numbers)]
    if log is None:
        log = bool((shown >= 0).all()) and axis_of(shown[shown > 0], 1).log
    shown = shown[shown > 0] if log else shown
    up = axis_of(shown, rows * per_row, log=log)
    beside = vertical_labels(up, rows, per_row) if width >= 20 else {}
    margin = max(map(cell_width, beside.values()), default=-1) + 1
    columns = max(1, width - margin - 1)
    canvas = Canvas(columns, rows, ascii_only=ascii_only)
    along = Axis(*ends, canvas.dots[0])
    _draw(canvas, curves, along, up)
    if here is not None:
        _mark(canvas, curves, along, up, here)
    lines = [*legend, *rows_with_axis(canvas, beside, margin)]
    if under:
        lines += horizontal_axis(canvas, along, margin, here, whole=whole)
    kept = tuple(clip_line(line, width) for line in lines[:height])
    return Chart(kept, margin + 1, len(legend), along, canvas.across, up)


def _draw(canvas: Canvas, curves: Sequence[Curve], along: Axis, up: Axis) -> None:
    for number, curve in reversed(list(enumerate(curves))):  # the first lies above the others
        xs = along.dots_of(curve.places)
        drawn = np.isfinite(curve.values)
        for x in np.unique(xs[~drawn] // canvas.across).tolist():
            canvas.sign(x, 0, NOT_FINITE, Role.TROUBLE)
        if up.log:
            zero = drawn & (curve.values <= 0)
            for x in np.unique(xs[zero] // canvas.across).tolist():
                canvas.sign(x, canvas.height - 1, ZERO, Role.WARNING)
            drawn &= ~zero
        for part in _parts(drawn):
            canvas.line(xs[part], up.dots_of(curve.values[part]), curve.role)
        if curve.sign:
            _sign(canvas, curve, xs[drawn], up.dots_of(curve.values[drawn]), number * _APART // len(curves))


def _parts(known: NDArray[np.bool_]) -> list[slice]:
    """The slices without a gap."""
    edges = np.flatnonzero(np.diff(known, prepend=False, append=False))
    return [slice(start, stop) for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]


def _sign(canvas: Canvas, curve: Curve, xs: NDArray[np.int64], ys: NDArray[np.int64], shift: int) -> None:
    """Put the sign of a curve on its points: on all of them if they are few."""
    if len(xs) * 4 <= canvas.width:
        chosen = np.arange(len(xs))
    else:
        wanted = np.arange(shift, canvas.width, _APART)
        chosen = np.unique(np.searchsorted(xs // canvas.across, wanted))
    for at in chosen[chosen < len(xs)].tolist():
        canvas.sign(*canvas.cell(int(xs[at]), int(ys[at])), curve.sign, curve.role)


def _mark(canvas: Canvas, curves: Sequence[Curve], along: Axis, up: Axis, here: float) -> None:
    """Mark the current column, and the curves in it."""
    column = along.dot(here) // canvas.across
    for row in range(canvas.height):
        if canvas.is_empty(column, row):
            canvas.sign(column, row, _HERE_ASCII if canvas.ascii else _HERE, Role.DIM)
    for curve in reversed(curves):
        at = np.flatnonzero(curve.places == here)
        if not len(at):
            continue
        value = float(curve.values[at[0]])
        if np.isfinite(value) and (value > 0 or not up.log):
            sign = curve.sign or ("@" if canvas.ascii else "◉")
            canvas.sign(column, canvas.cell(0, up.dot(value))[1], sign, _BOLD.get(curve.role, curve.role))


def _legend(curves: Sequence[Curve], width: int, rows: int) -> list[Line]:
    """The sign and label of each curve, as many as fit into `rows`, and how many more there are."""
    entries = [
        ((Span(f"{curve.sign} ", curve.role),) if curve.sign else ()) + curve.label
        for curve in curves
        if curve.label
    ]
    lines: list[Line] = []
    line: Line = ()
    for number, entry in enumerate(entries):
        more: Line = (Span(f"  +{len(entries) - number}", Role.DIM),)
        longer = (*line, Span("  "), *entry) if line else entry
        last = len(lines) == rows - 1
        room = width - (line_width(more) if last and number < len(entries) - 1 else 0)
        if not line or line_width(longer) <= room:
            line = longer
        elif last:
            return [*lines, (*line, *more)]
        else:
            lines, line = [*lines, line], entry
    return [*lines, line] if line else lines
