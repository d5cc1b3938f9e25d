"""The run so far as text to read from top to bottom, without columns or boxes: for screen readers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Area, Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, crop_line, line_text, line_width, wrap_line
from backprop_tui.render.transcript import leaf_lines, step_lines
from backprop_tui.render.words import remarks
from backprop_tui.view import View

__all__ = ["transcript"]

MOST_STEPS = 200
"""How many steps before this one can still be read."""
_INDENT: Final = " " * 6
_MARGIN: Final = re.compile(r" *(?:(?:\d+|») +)?")
"""What is before the words of a line: spaces, and the number of a step or the sign of a note."""


def transcript(view: View, width: int, height: int) -> Drawing:
    """The last steps of this iteration; the one just taken comes last."""
    width = max(10, width)
    lines = [piece for line in _lines(view, width) for piece in _hanging(line, width)]
    return Lines.of(lines, Area(0, len(lines) - 1, 1, 1))


def _hanging(line: Line, width: int) -> Iterator[Line]:
    """A line in as many as it takes, of which the others are indented as far as its words."""
    margin = _MARGIN.match(line_text(line))
    indent = margin.end() if margin else 0
    if line_width(line) <= width or indent > width // 2:
        yield from wrap_line(line, width)
        return
    words = wrap_line(crop_line(line, indent, line_width(line)), width - indent)
    yield (*crop_line(line, 0, indent), *words[0])
    yield from ((Span(" " * indent), *piece) for piece in words[1:])


def _lines(view: View, width: int) -> Iterator[Line]:
    trace, here = view.session.trace, view.session.here
    first = max(1, here - MOST_STEPS + 1)
    if first == 1:
        yield from leaf_lines(trace, view.language)
    else:
        yield (Span(msg("… {count} earlier steps", count=first - 1).in_language(view.language), Role.DIM),)
    yield from step_lines(trace, range(first, here + 1), view.language, width)
    yield from ((Span(_INDENT), *line) for line in remarks(view.facts, view.language))
