"""The cells of a heatmap: two numbers one above the other, each as a share of the largest.

A shade is not a colour: what shows it has a scale of colours around zero, or shows its character, which says
as much as one character can: ``1`` to ``9`` above zero, ``a`` to ``i`` below, ``0`` for zero itself.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

__all__ = [
    "BLANK",
    "FLOWS",
    "INFINITE",
    "LEVELS",
    "NAN",
    "Emphasis",
    "Flow",
    "Shade",
    "Tone",
    "character",
    "flow",
]

LEVELS = 18
"""The number of levels on either side of zero, whose level is 0."""
NAN, INFINITE, NOTHING = 100, 101, 102
"""Levels of what is not on the scale: NaN, infinity (and its negative), and no number at all."""
_POSITIVE, _NEGATIVE, _ZERO = "123456789", "abcdefghi", "0"
_MARKS = {NAN: "?", INFINITE: ">", -INFINITE: "<", NOTHING: " "}


class Emphasis(Enum):
    """How a number stands out among the others."""

    NONE = "none"
    LIT = "lit"
    FADED = "faded"
    CURSOR = "cursor"

    __hash__ = object.__hash__  # a key of every cell of a heatmap; the hash of Enum is slow


class Tone(NamedTuple):
    """One number: its level, -`LEVELS` to `LEVELS`, and how it stands out."""

    level: int
    emphasis: Emphasis = Emphasis.NONE


BLANK = Tone(NOTHING)
"""Half a cell with no number in it."""


class Shade(NamedTuple):
    """The numbers in the upper and the lower half of a cell."""

    upper: Tone
    lower: Tone

    @property
    def is_mark(self) -> bool:
        """Whether one of the two is not on the scale, so that the cell shows a sign instead of colours."""
        upper, lower = self  # not by `any`: each cell of a heatmap is asked at every key
        return LEVELS < abs(upper.level) < NOTHING or LEVELS < abs(lower.level) < NOTHING


FLOWS = 8
"""The number of sizes of a gradient that can be distinguished on a wire."""


class Flow(NamedTuple):
    """How much of a gradient runs along a wire: 0, quiet, to `FLOWS` - 1, loud."""

    level: int


_FLOWS = tuple(map(Flow, range(FLOWS)))


def flow(share: float) -> Flow:
    """The flow of a share, 0 to 1, of the largest."""
    return _FLOWS[round(min(1.0, max(0.0, share)) * (FLOWS - 1))]


def character(shade: Shade) -> str:
    """The character that says most about a cell: for a number that is not finite, else the larger one."""
    level = max((tone.level for tone in shade if tone != BLANK), key=abs, default=NOTHING)
    if level in _MARKS:
        return _MARKS[level]
    if level == 0:
        return _ZERO
    rank = -(-abs(level) * len(_POSITIVE) // LEVELS) - 1
    return (_POSITIVE if level > 0 else _NEGATIVE)[rank]
