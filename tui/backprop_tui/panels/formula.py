"""The formula panel: the equations of the step as on a blackboard, with their numbers below the symbols."""

from __future__ import annotations

from backprop_engine.explain.facts import step_facts
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Span, wrap_line
from backprop_tui.render.words import code, override_line, story
from backprop_tui.view import View

__all__ = ["formula"]

_NARROWEST = 10


def formula(view: View, width: int, height: int) -> Drawing:
    """What the node is, its local gradients, the chain rule, and NumPy; words where there is no equation.

    A line under the equations says what is overridden. What NumPy does goes, which stands in the why panel
    too, where the rest fits without it.
    """
    from backprop_tui.render.formulas.page import formula_block

    width = max(_NARROWEST, width)
    facts = step_facts(view.frame)
    line = override_line(facts, view.language)
    overridden = [(Span(""),), *_wrapped([line], width)] if line else []
    height -= len(overridden)
    below = [(Span(""),), *_wrapped(code(facts), width)]
    block = formula_block(facts, view.language, width, height, spare=len(below), small=not view.ascii)
    if not block.height:
        return Lines.of(_wrapped(story(facts, view.language), width))
    instead = height - len(below) < block.height <= height
    return Lines.of([*block.lines, *overridden, *([] if instead else below)])


def _wrapped(lines: list[Line], width: int) -> list[Line]:
    return [piece for line in lines for piece in wrap_line(line, width)]
