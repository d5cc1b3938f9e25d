"""The why panel: the step in words and formulas, and the author's note."""

from __future__ import annotations

from backprop_engine.explain.lines import wrap_line
from backprop_engine.explain.story import story
from backprop_tui.drawing import Drawing, Lines
from backprop_tui.view import View

__all__ = ["why"]


def why(view: View, width: int, height: int) -> Drawing:
    """The story of the step, wrapped to the panel."""
    lines = story(view.frame, view.language, view.note)
    return Lines.of(piece for line in lines for piece in wrap_line(line, max(10, width)))
