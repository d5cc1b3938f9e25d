"""The formula panel: the equations of the step as on a blackboard, with their numbers below the symbols."""

from __future__ import annotations

from backprop_engine.explain.lines import wrap_line
from backprop_engine.explain.story import story
from backprop_tui.drawing import Drawing, Lines
from backprop_tui.view import View

__all__ = ["formula"]

_NARROWEST = 10


def formula(view: View, width: int, height: int) -> Drawing:
    """What the node is, its local gradients, and the chain rule; in words where the step has no equation."""
    from backprop_engine.explain.formulas.steps import formula_block

    width = max(_NARROWEST, width)
    block = formula_block(view.frame, view.language, width, small=not view.ascii)
    if block.lines:
        return Lines.of(block.lines)
    return Lines.of(piece for line in story(view.frame, view.language) for piece in wrap_line(line, width))
