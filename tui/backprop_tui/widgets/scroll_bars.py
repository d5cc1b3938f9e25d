"""How far a panel is scrolled, shown in its border: a heavier stretch of line, which takes no cell.

A scroll bar that comes and goes takes a column, so that words wrap elsewhere and all is laid out again.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

__all__ = ["ScrollBars", "ScrollTrack", "with_scroll_bars"]

_BESIDE, _BELOW = "┃", "━"
_SIGNS = "#", "="
_LINES = frozenset("─━- ")
"""What a thumb may replace in the line below: a border, but no text in it."""


class ScrollTrack(NamedTuple):
    """A line of cells in a border: where it begins, counted from the panel's first, and what it stands for.

    Of `total` cells of a drawing, `window` are in view, those from `scrolled` on.
    """

    first: int
    cells: int
    window: int
    total: int
    scrolled: int

    @property
    def thumb(self) -> range:
        """The cells that have the share of the track that is in view; none where all of the drawing is."""
        if self.total <= self.window or self.cells < 1:
            return range(0)
        free, most = self._free, self.total - self.window
        start = round(free * self.scrolled / most)
        if free > 1:  # only what is scrolled to an end looks like that
            start = min(max(start, self.scrolled > 0), free - (self.scrolled < most))
        return range(self.first + start, self.first + start + self.cells - free)

    @property
    def _free(self) -> int:
        """The cells that the thumb leaves."""
        return self.cells - max(1, min(self.cells - 1, round(self.cells * self.window / self.total)))

    def scrolled_to(self, start: int) -> int:
        """The first cell in view where the thumb begins at the cell `start` of the border."""
        free = max(1, self._free)
        return round((self.total - self.window) * min(max(start - self.first, 0), free) / free)


class ScrollBars(NamedTuple):
    """The thumb in the last column, and that in the last row."""

    beside: range
    below: range


def with_scroll_bars(
    strip: Strip, y: int, height: int, bars: ScrollBars, style: Style, *, signs: bool
) -> Strip:
    """Row `y` of a panel of `height` rows, with the part of the thumbs that it shows."""
    if y in bars.beside:
        end = Strip([Segment(_SIGNS[0] if signs else _BESIDE, style)], 1)
        strip = Strip.join([strip.crop(0, strip.cell_length - 1), end])
    if bars.below and y == height - 1:
        strip = _underlined(strip, bars.below.start, bars.below.stop, style, signs=signs)
    return strip


def _underlined(strip: Strip, start: int, end: int, style: Style, *, signs: bool) -> Strip:
    """The lower border with the cells from `start` to `end` heavier, where no text is in it."""
    segments: list[Segment] = []
    for text, old, control in strip.crop(start, end):
        if text and set(text) <= _LINES and not (old and old.meta):
            segments.append(Segment((_SIGNS[1] if signs else _BELOW) * len(text), style))
        else:
            segments.append(Segment(text, old, control))
    return Strip.join([strip.crop(0, start), Strip(segments, end - start), strip.crop(end)])
