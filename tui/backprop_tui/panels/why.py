"""The why panel: the step in words and formulas, the author's note, and what is watched."""

from __future__ import annotations

from backprop_engine.explain.lines import Line, Role, Span, wrap_line
from backprop_engine.explain.story import story
from backprop_tui.drawing import Drawing, Lines
from backprop_tui.panels.watches import watch_lines
from backprop_tui.view import View

__all__ = ["why"]

_INDENT = "    "


def why(view: View, width: int, height: int) -> Drawing:
    """The story of the step, wrapped to the panel."""
    width = max(10, width)
    lines = [piece for line in story(view.frame, view.language, view.note) for piece in _wrapped(line, width)]
    return Lines.of([*lines, *watch_lines(view, width)])


def _wrapped(line: Line, width: int) -> list[Line]:
    """A line in as many as it takes; what goes on of a line of code is indented, as it is no other."""
    pieces = wrap_line(line, width)
    if len(pieces) == 1 or line[0].role is not Role.CODE:
        return pieces
    first, *others = wrap_line(line, max(1, width - len(_INDENT)))
    return [first, *((Span(_INDENT, Role.CODE), *piece) for piece in others)]
