"""The gradient norm of every parameter in all iterations computed so far, as a heatmap."""

from __future__ import annotations

from math import ceil, floor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backprop_engine.explain.numbers import number
from backprop_tui.cells.drawing import Area, Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, clip_line
from backprop_tui.cells.shades import INFINITE, LEVELS, NAN, Shade, Tone, character
from backprop_tui.cells.text import cell_width, clip
from backprop_tui.render.run_names import iteration_text
from backprop_tui.view import View

__all__ = ["gradient_norms", "iteration_of_column"]

_NAMES, _NUMBERS = 14, 9
_NEVER: Final = "–"
"""Stands for the gradients of the last iteration, which has none."""
_LEGEND: Final = 8
_TALLEST: Final = 3
"""The most rows for one parameter."""


def gradient_norms(view: View, width: int, height: int) -> Drawing:
    """A row for each parameter; a column shows the largest norm of one iteration or of several."""
    run = view.session.run
    history, graph = run.history, run.graph
    names = _names(view, width)
    cells = _cells(view, width)
    table = history.gradients
    last = run.schedule(run.iterations - 1)
    none_left = history.count == history.iterations and (history.count - 1) % history.every == 0
    none_left = none_left and last.forward_only
    table = table[:-1] if none_left else table  # the last iteration of a training has none
    row = view.session.iteration // history.every
    low, high = _ends(table)
    marked = _column(view, cells, view.session.iteration)
    lines: list[Line] = []
    firsts = _firsts(view, cells)
    tall = min(_TALLEST, max(1, (height - 2) // len(history.parameters)))
    for at, parameter in enumerate(history.parameters):
        name = clip(graph.nodes[parameter].name, names)
        label = number(float(table[row, at]), 3) if row < len(table) else _NEVER if none_left else ""
        heat = _heat(table[:, at], firsts, low, high, _NEVER if none_left else " ")
        lines.append(
            (
                Span(" "),
                Span(name, Role.SELECTED if view.session.selection == parameter else Role.NAME),
                Span(" " * (names - cell_width(name) + 1)),
                *heat,
                Span(f" {label:>{_NUMBERS}}", Role.DIM if label == _NEVER else Role.GRADIENT),
            )
        )
        lines += [(Span(" " * (names + 2)), *heat)] * (tall - 1)
    lines += [_pointer(view, names + 2 + marked, width), _legend(low, high, names)]
    return Lines.of((clip_line(line, width) for line in lines), Area(0, 0, 1, 1))


def _pointer(view: View, column: int, width: int) -> Line:
    """A sign below a column, and the iteration beside it where there is room."""
    sign = Span("^" if view.ascii else "▲", Role.KEY)
    session = view.session
    label = iteration_text(session.run, session.iteration).in_language(view.language)
    size = cell_width(label) + 1
    if column + 1 + size <= width:
        return (Span(" " * column), sign, Span(f" {label}", Role.DIM))
    if size <= column:
        return (Span(" " * (column - size)), Span(f"{label} ", Role.DIM), sign)
    return (Span(" " * column), sign)


def iteration_of_column(view: View, width: int, x: int) -> int | None:
    """The first iteration that a column stands for."""
    column, cells = x - _names(view, width) - 2, _cells(view, width)
    return column * view.session.run.iterations // cells if 0 <= column < cells else None


def _names(view: View, width: int) -> int:
    run = view.session.run
    longest = max(cell_width(run.graph.nodes[parameter].name) for parameter in run.history.parameters)
    return min(longest, _NAMES, max(1, width // 3))


def _cells(view: View, width: int) -> int:
    """How many cells the iterations share."""
    return max(1, width - _names(view, width) - 3 - _NUMBERS)


def _column(view: View, cells: int, iteration: int) -> int:
    return iteration * cells // view.session.run.iterations


def _firsts(view: View, cells: int) -> NDArray[np.int64]:
    """The first row of the table that each column shows."""
    run = view.session.run
    return np.arange(cells) * run.iterations // cells // run.history.every


def _ends(table: NDArray[np.float64]) -> tuple[int, int]:
    """The powers of ten between which all norms lie."""
    positive = table[np.isfinite(table) & (table > 0)]
    if not len(positive):
        return -1, 0
    low = floor(np.log10(positive.min()))
    return low, max(low + 1, ceil(np.log10(positive.max())))


def _heat(sizes: NDArray[np.float64], firsts: NDArray[np.int64], low: int, high: int, beyond: str) -> Line:
    """A cell for each of `firsts`, for the largest norm in it, and `beyond` for each where none is known."""
    known = firsts[firsts < len(sizes)]
    levels = np.maximum.reduceat(_levels(sizes, low, high), known).tolist() if len(known) else []
    shades = [Shade(tone, tone) for tone in map(Tone, levels)]
    rest = Span(beyond * (len(firsts) - len(known)), Role.DIM)
    return (*(Span(character(shade), shade) for shade in shades), rest)


def _levels(sizes: NDArray[np.float64], low: int, high: int) -> NDArray[np.int64]:
    """Levels by magnitude: 0 for zero alone; infinities and NaN above all finite numbers."""
    finite = np.isfinite(sizes) & (sizes > 0)
    magnitudes = np.log10(sizes, out=np.full(len(sizes), float(low)), where=finite)
    levels = 1 + np.rint((magnitudes - low) / (high - low) * (LEVELS - 1)).astype(np.int64)
    levels[sizes == 0] = 0
    levels[np.isinf(sizes)] = INFINITE
    levels[np.isnan(sizes)] = NAN
    return levels


def _legend(low: int, high: int, names: int) -> Line:
    """The scale, from the smallest power of ten to the largest."""
    spans = [Span(" " * (names + 2)), Span(f"{number(float(f'1e{low}'), 4)} ", Role.DIM)]
    for at in range(_LEGEND):
        tone = Tone(1 + round(at / (_LEGEND - 1) * (LEVELS - 1)))
        spans.append(Span(character(Shade(tone, tone)), Shade(tone, tone)))
    return (*spans, Span(f" {number(float(f'1e{high}'), 4)}", Role.DIM))
