"""Role-tagged lines -> strips of styled cells."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from backprop_engine.explain.lines import Line, line_width
from backprop_tui.themes import Palette

__all__ = ["paint"]


def paint(line: Line, palette: Palette, width: int, base: Style) -> Strip:
    """A strip of exactly `width` cells on the background of `base`."""
    segments = [Segment(span.text, base + palette[span.role]) for span in line]
    missing = width - line_width(line)
    if missing > 0:
        segments.append(Segment(" " * missing, base))
    return Strip(segments, width)
