"""A matrix as a heatmap: two rows a line, on a scale around zero, with a legend below.

The scale is that of the whole tensor, whatever part of it is shown, or one that it shares with others. Only
the entries that are shown are looked at: what a window costs does not depend on the tensor's size.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.explain.numbers import number
from backprop_engine.explain.statistics import Facts
from backprop_tui.cells.lines import Line, Role, Span, line_width
from backprop_tui.cells.shades import (
    BLANK,
    INFINITE,
    LEVELS,
    NAN,
    Emphasis,
    Shade,
    Tone,
    character,
)

__all__ = ["downsampled", "heat_lines", "legend", "levels"]

_EMPHASES = tuple(Emphasis)
_OFFSET = BLANK.level
"""No level is as far below zero as this."""
_TONES = (2 * _OFFSET + 1) * len(_EMPHASES)
_LEGEND_CELLS = 6
"""How many cells of the legend are above zero, and below, where there is room."""


def levels(entries: Tensor, largest: float) -> Any:
    """The level of each entry on a scale that ends at `largest`; only zero itself is at 0."""
    with np.errstate(all="ignore"):  # a signalling NaN of a narrower type is one of any other kind
        numbers = np.asarray(entries, dtype=np.float64)
        shares = np.clip(numbers / largest, -1.0, 1.0) if largest else np.zeros_like(numbers)
        found = np.rint(shares * LEVELS)
        found = np.where((found == 0) & (numbers != 0), np.sign(numbers), found)
        found = np.where(np.isnan(numbers), NAN, found)
        return np.where(np.isinf(numbers), np.copysign(INFINITE, numbers), found).astype(np.int64)


def downsampled(matrix: Any, down: int, across: int) -> Any:
    """The entry of the largest magnitude of each block of `down` × `across` of a matrix, NaN before all."""
    rows, columns = -(-matrix.shape[0] // down), -(-matrix.shape[1] // across)
    padding = (0, rows * down - matrix.shape[0]), (0, columns * across - matrix.shape[1])
    with np.errstate(all="ignore"):
        padded = np.pad(np.asarray(matrix, dtype=np.float64), padding)
    blocks = padded.reshape(rows, down, columns, across).swapaxes(1, 2).reshape(rows, columns, -1)
    sizes = np.where(np.isnan(blocks), np.inf, np.abs(blocks))
    return np.take_along_axis(blocks, sizes.argmax(axis=2)[..., np.newaxis], axis=2)[..., 0]


def heat_lines(
    entries: Tensor, largest: float, across: int = 1, down: int = 1, *, emphasis: Any = None
) -> list[Line]:
    """The lines of a heatmap of all `entries` of a matrix, each `across` cells wide and `down` halves high.

    `emphasis` is an array of the same shape: the position of the `Emphasis` of each entry.
    """
    tones = (levels(entries, largest) + _OFFSET) * len(_EMPHASES)
    if emphasis is not None:
        tones += emphasis
    halves = np.repeat(tones, down, axis=0)
    if len(halves) % 2:
        halves = np.concatenate([halves, np.full_like(halves[:1], _tone_number(BLANK))])
    pairs = halves[::2] * _TONES + halves[1::2]
    return [_line(row, across) for row in pairs]


def _line(pairs: Any, across: int) -> Line:
    """A line from its cells as numbers; neighbours that are alike are one span."""
    starts = [0, *(np.flatnonzero(np.diff(pairs)) + 1).tolist(), len(pairs)]
    spans = []
    for pair, (start, end) in zip(pairs[starts[:-1]].tolist(), pairwise(starts), strict=True):
        shade, sign = _shade(pair)
        spans.append(Span(sign * (across * (end - start)), shade))
    return tuple(spans)


def _tone_number(tone: Tone) -> int:
    return (tone.level + _OFFSET) * len(_EMPHASES) + _EMPHASES.index(tone.emphasis)


@lru_cache(maxsize=2**14)
def _shade(number: int) -> tuple[Shade, str]:
    """The shade that a pair of tones stands for, and its character."""
    tones = (divmod(tone, len(_EMPHASES)) for tone in divmod(number, _TONES))
    shade = Shade(*(Tone(level - _OFFSET, _EMPHASES[emphasis]) for level, emphasis in tones))
    return shade, character(shade)


@lru_cache(maxsize=256)
def legend(facts: Facts, width: int, largest: float | None = None) -> Line:
    """The legend in at most `width` cells: the least number, zero and the greatest with the shades between.

    The shades are those of a scale that ends at `largest`, by default the tensor's own. Where there is no
    room for them it is the range alone, and nothing where there is not even that.
    """
    largest = facts.largest if largest is None else largest
    return next((line for line in _legends(facts, width, largest) if line_width(line) <= width), ())


def _legends(facts: Facts, width: int, largest: float) -> Iterator[Line]:
    """What a legend can be, the fullest first, without those with shades that are certainly too wide."""
    marks = _marks(facts)
    if facts.least is None or facts.greatest is None:
        yield marks
        return
    bare, sides = _bare_width(facts), (facts.least < 0) + (facts.greatest > 0)
    for size in (_LEGEND_CELLS, 4, 2):
        if bare + sides * size + line_width(marks) <= width:
            yield (*_scale(facts, size, largest), *marks)
    for size in (_LEGEND_CELLS, 4, 2, 1) if marks else (1,):
        if bare + sides * size <= width:
            yield _scale(facts, size, largest)
    for digits in (3, 2):
        least, greatest = number(facts.least, digits), number(facts.greatest, digits)
        yield (Span(least if least == greatest else f"{least}…{greatest}", Role.DIM),)
    yield (Span(f"±{number(facts.largest, 2)}", Role.DIM),)


@lru_cache(maxsize=64)
def _bare_width(facts: Facts) -> int:
    """How wide the scale is without shades."""
    return line_width(_scale(facts, 0, facts.largest))


@lru_cache(maxsize=64)
def _scale(facts: Facts, size: int, largest: float) -> Line:
    """``-0.3 ▀▀▀ 0 ▀▀▀ 0.8``, with `size` shades on a side."""
    least, greatest = facts.least or 0.0, facts.greatest or 0.0
    below, above = min(least, 0.0), max(greatest, 0.0)
    spans: list[Span] = []
    if below:
        spans += [Span(f"{number(below, 3)} ", Role.DIM), *_bar(below, largest, size)[::-1], Span(" ")]
    spans.append(Span("0", Role.DIM))
    if above:
        spans += [Span(" "), *_bar(above, largest, size), Span(f" {number(above, 3)}", Role.DIM)]
    return tuple(spans)


def _bar(end: float, largest: float, size: int) -> list[Span]:
    """Shades from zero to `end`."""
    if not size:
        return []
    parts = levels(end / largest * np.arange(1, size + 1) / size, 1.0)
    shades = [Shade(Tone(level), Tone(level)) for level in parts.tolist()]
    return [Span(character(shade), shade) for shade in shades]


def _marks(facts: Facts) -> Line:
    """The signs of what is not on the scale, where there is any."""
    spans: list[Span] = []
    for count, name, level in ((facts.nans, "NaN", NAN), (facts.infinities, "inf", INFINITE)):
        if count:
            shade = Shade(Tone(level), Tone(level))
            spans += [Span("  "), Span(character(shade), shade), Span(f" {name} {count}", Role.DIM)]
    return tuple(spans)
