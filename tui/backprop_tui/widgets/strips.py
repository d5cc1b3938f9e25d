"""Role-tagged lines -> strips of styled cells."""

from __future__ import annotations

from collections.abc import Mapping

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from backprop_tui.cells.lines import Line, Role, Span, Tint, line_width
from backprop_tui.cells.shades import BLANK, Emphasis, Shade
from backprop_tui.themes import Palette

__all__ = ["paint"]

_HALF = "▀"
_PATCHES = frozenset((Role.SELECTED, Role.LIT, Role.TROUBLE, Role.CHANGED_VALUE, Role.CHANGED_GRADIENT))
"""The roles that have a background of their own."""
_NONE: Tint = Shade(BLANK, BLANK)
"""Stands for no role, before there is any text."""


def paint(line: Line, palette: Palette, width: int, base: Style, *, colours: bool = True) -> Strip:
    """A strip of exactly `width` cells on the background of `base`.

    Without `colours` a heatmap shows its characters, which mean the same.
    """
    if colours:
        segments = _coloured(line, palette.on(base))
    else:
        segments = [Segment(span.text, base + _plain(span, palette)) for span in line]
    missing = width - line_width(line)
    if missing > 0:
        segments.append(Segment(" " * missing, base))
    return Strip(segments, width)


def _coloured(line: Line, styles: Mapping[Tint, Style]) -> list[Segment]:
    """As few segments as possible: a space looks the same in the style of the text before it."""
    segments: list[Segment] = []
    text, tint = "", _NONE
    for shown, role in line:
        if isinstance(role, Shade) and not role.is_mark and role.upper != BLANK:
            shown = _HALF * len(shown)  # upper halves of cells in place of a heatmap's characters
        if role is tint or (shown.isspace() and _is_plain(tint) and _is_plain(role)):
            text += shown
            continue
        if text:
            segments.append(Segment(text, styles[tint]))
        text, tint = shown, role
    if text:
        segments.append(Segment(text, styles[tint]))
    return segments


def _is_plain(tint: Tint) -> bool:
    """Whether a space in this role shows only the background of the panel."""
    return not isinstance(tint, Shade) and tint not in _PATCHES


def _plain(span: Span, palette: Palette) -> Style:
    """The style of a span where heatmaps are shown by characters."""
    if not isinstance(span.role, Shade):
        return palette[span.role]
    emphasis = {tone.emphasis for tone in span.role}
    lit = Emphasis.LIT in emphasis
    return Style(reverse=Emphasis.CURSOR in emphasis, bold=lit, underline=lit)
