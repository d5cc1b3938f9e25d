"""Role-tagged lines -> strips of styled cells."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from backprop_engine.explain.lines import Line, Span, line_width
from backprop_engine.explain.shades import Emphasis, Shade
from backprop_tui.themes import Palette

__all__ = ["paint"]

_HALF = "▀"


def paint(line: Line, palette: Palette, width: int, base: Style, *, colours: bool = True) -> Strip:
    """A strip of exactly `width` cells on the background of `base`.

    Without `colours` a heatmap shows its characters, which mean the same.
    """
    if colours:
        styles = palette.on(base)
        segments = [Segment(_shown(span), styles[span.role]) for span in line]
    else:
        segments = [Segment(span.text, base + _plain(span, palette)) for span in line]
    missing = width - line_width(line)
    if missing > 0:
        segments.append(Segment(" " * missing, base))
    return Strip(segments, width)


def _shown(span: Span) -> str:
    """The text of a span, with upper halves of cells in place of a heatmap's characters."""
    shade = span.role
    return _HALF * len(span.text) if isinstance(shade, Shade) and not shade.is_mark else span.text


def _plain(span: Span, palette: Palette) -> Style:
    """The style of a span where a heatmap's cells have none."""
    if not isinstance(span.role, Shade):
        return palette[span.role]
    emphasis = {tone.emphasis for tone in span.role}
    lit = Emphasis.LIT in emphasis
    return Style(reverse=Emphasis.CURSOR in emphasis, bold=lit, underline=lit)
