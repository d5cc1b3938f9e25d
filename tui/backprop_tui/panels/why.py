"""The why panel: the step in words and formulas, the author's note, and what is watched."""

from __future__ import annotations

from backprop_engine.explain.facts import step_facts
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import wrap_line
from backprop_tui.panels.watches import watch_lines
from backprop_tui.render.words import story
from backprop_tui.view import View

__all__ = ["why"]


def why(view: View, width: int, height: int) -> Drawing:
    """The story of the step, wrapped to the panel."""
    width = max(10, width)
    told = story(step_facts(view.frame), view.language, view.note)
    lines = [piece for line in told for piece in wrap_line(line, width)]
    return Lines.of([*lines, *watch_lines(view, width)])
