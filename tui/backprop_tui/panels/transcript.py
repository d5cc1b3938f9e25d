"""The run so far as text to read from top to bottom, without columns or boxes: for screen readers."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.explain.lines import Line, Role, Span, wrap_line
from backprop_engine.explain.transcript import leaf_lines, step_lines
from backprop_tui.drawing import Area, Drawing, Lines
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["transcript"]

MOST_STEPS = 200
"""How many steps before this one can still be read."""


def transcript(view: View, width: int, height: int) -> Drawing:
    """The last steps of this iteration, of which the one that the reader stands behind comes last."""
    width = max(10, width)
    lines = [piece for line in _lines(view, width) for piece in wrap_line(line, width)]
    return Lines.of(lines, Area(0, len(lines) - 1, 1, 1))


def _lines(view: View, width: int) -> Iterator[Line]:
    trace, here = view.session.trace, view.session.here
    first = max(1, here - MOST_STEPS + 1)
    if first == 1:
        yield from leaf_lines(trace, view.language)
    else:
        yield (Span(text("transcript.before", view.language, count=first - 1), Role.DIM),)
    yield from step_lines(trace, range(first, here + 1), view.language, width)
    if view.note:
        yield (Span(f"» {view.note}", Role.NAME),)
