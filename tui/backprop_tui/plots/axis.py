"""An axis: which dot of a row or column a number falls on, and the numbers that are beside a canvas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil, floor, isfinite, log10
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.explain.numbers import number
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width
from backprop_tui.plots.canvas import Canvas

__all__ = ["Axis", "axis_of", "horizontal_axis", "rows_with_axis", "vertical_labels"]

_LOG_FROM: Final = 50
"""Positive numbers are on a log axis if the largest is this many times the smallest, or more."""
_SMALLEST, _LARGEST = 5e-324, 1.7e308


class Tick(NamedTuple):
    """A number beside an axis, and how it is written."""

    value: float
    label: str


class Axis(Struct, frozen=True):
    """The numbers from `low` to `high` on `dots` dots; the first and the last dot are the ends themselves.

    On a `log` axis equal steps are equal factors.
    """

    low: float
    high: float
    dots: int
    log: bool = False

    def place(self, value: float) -> float:
        """Where a number lies, in dots from the first."""
        low, high, value = self._scaled(self.low), self._scaled(self.high), self._scaled(value)
        half = high / 2 - low / 2  # the whole range may overflow
        return (value / 2 - low / 2) / half * (self.dots - 1) if half > 0 else (self.dots - 1) / 2

    def dot(self, value: float) -> int:
        """The dot that a finite number falls on; the nearer end for one outside."""
        return min(max(round(self.place(value)), 0), self.dots - 1)

    def dots_of(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """The dots that finite numbers fall on."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        half = high / 2 - low / 2
        if half <= 0:
            return np.full(len(values), round((self.dots - 1) / 2), np.int64)
        with np.errstate(all="ignore"):
            scaled = np.log10(np.maximum(values, _SMALLEST)) if self.log else values
            places = (scaled / 2 - low / 2) / half * (self.dots - 1)
        return np.clip(np.rint(places), 0, self.dots - 1).astype(np.int64)

    def value(self, dot: float) -> float:
        """The number at a dot, or between two."""
        part = dot / max(1, self.dots - 1)
        low, high = self._scaled(self.low), self._scaled(self.high)
        found = low * (1 - part) + high * part
        return float(10.0**found) if self.log else found

    def _scaled(self, value: float) -> float:
        return log10(max(value, _SMALLEST)) if self.log else value

    def ticks(self, most: int) -> list[Tick]:
        """Up to `most` evenly spaced round numbers within the axis, ascending."""
        if most < 1 or not self.low < self.high:
            return [Tick(self.low, number(self.low, 4))] if most > 0 else []
        decades = self._decades(most) if self.log else []
        return decades if len(decades) > 1 or (decades and most == 1) else self._round(most)

    def _decades(self, most: int) -> list[Tick]:
        first, last = ceil(log10(max(self.low, _SMALLEST)) - 1e-9), floor(log10(self.high) + 1e-9)
        step = max(1, ceil((last - first + 1) / most))
        powers = range(ceil(first / step) * step, last + 1, step) or range(max(first, last), last + 1)
        return [Tick(value, number(value, 4)) for power in powers if (value := float(f"1e{power}")) > 0]

    def _round(self, most: int) -> list[Tick]:
        """Multiples of one, two or five times a power of ten."""
        span = min(self.high / most - self.low / most, _LARGEST)
        if span < 1e-300:
            return [Tick(self.low, number(self.low, 4))]
        power = floor(log10(span))
        for factor in (1, 2, 5, 10, 20):
            step = factor * 10.0**power
            first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
            if last - first + 1 <= most:
                break
        return [
            Tick(value, number(value, 6))
            for count in range(first, last + 1)
            if isfinite(value := count * step)
        ]


def axis_of(values: NDArray[np.float64], dots: int, *, log: bool | None = None) -> Axis:
    """An axis for finite numbers; unless `log` is given, a log axis if they span orders of magnitude."""
    if not len(values):
        return Axis(0, 1, dots)
    low, high = float(values.min()), float(values.max())
    if log is None:
        log = low > 0 and high / low >= _LOG_FROM
    if low == high:
        if log:
            low, high = max(low / 10, _SMALLEST), min(high * 10, 1e308)
        else:
            room = abs(low) / 10 or 1.0
            low, high = min(low, max(low - room, -_LARGEST)), max(high, min(high + room, _LARGEST))
    return Axis(low, high, dots, log)


def vertical_labels(up: Axis, rows: int, per_row: int) -> dict[int, str]:
    """The numbers beside the vertical axis, by row."""
    found: dict[int, str] = {}
    for tick in up.ticks(max(1, (rows + 1) // 2)):
        found.setdefault(rows - 1 - up.dot(tick.value) // per_row, tick.label)
    return found


def rows_with_axis(canvas: Canvas, beside: Mapping[int, str], margin: int) -> Iterator[Line]:
    """The rows of a canvas with the vertical axis before them, and the numbers `beside` that in a margin."""
    edge, joint = ("|", "+") if canvas.ascii else ("│", "┤")
    for row in range(canvas.height):
        label = beside.get(row, "")
        indent = " " * (margin - 1 - cell_width(label)) + label + " " if margin > 0 else ""
        yield (Span(f"{indent}{joint if label else edge}", Role.DIM), *canvas.row(row))


def horizontal_axis(
    canvas: Canvas, along: Axis, margin: int, here: float | None, *, whole: bool
) -> list[Line]:
    """The horizontal axis, marked at `here`, and the numbers below it; with `whole`, only whole ones."""
    corner, rule, joint, pointer = "+-+^" if canvas.ascii else "└─┬▲"
    axis, labels = [rule] * canvas.width, [" "] * canvas.width
    end = 0
    for tick in along.ticks(max(1, canvas.width // 8)):
        column = along.dot(tick.value) // canvas.across
        start = min(column - len(tick.label) // 2, canvas.width - len(tick.label))
        start = max(start, 0)
        fits = end <= start <= canvas.width - len(tick.label)
        if fits and (not whole or tick.value == round(tick.value)):
            axis[column] = joint
            labels[start : start + len(tick.label)] = tick.label
            end = start + len(tick.label) + 1
    indent = " " * margin
    below: Line = (Span(f"{indent} {''.join(labels).rstrip()}", Role.DIM),)
    if here is None:
        return [(Span(f"{indent}{corner}{''.join(axis)}", Role.DIM),), below]
    column = along.dot(here) // canvas.across
    before, after = "".join(axis[:column]), "".join(axis[column + 1 :])
    marked = (Span(f"{indent}{corner}{before}", Role.DIM), Span(pointer, Role.KEY), Span(after, Role.DIM))
    return [marked, below]
