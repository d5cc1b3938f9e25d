"""The chain rule panel: the equation of the step, with its numbers, and its numeric check."""

from __future__ import annotations

from backprop_engine.derived import derived
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Seed, Update
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Span, wrap_line
from backprop_tui.render.words import step_title, story
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["chain_rule", "chain_rule_title"]


def chain_rule_title(view: View) -> str:
    """The panel's name and what the step is about."""
    match view.frame.step:
        case Backward():
            name = text("panel.chain_rule", view.language)
        case Accumulate():
            name = text("panel.accumulate", view.language)
        case Forward():
            name = text("panel.forward", view.language)
        case Seed():
            name = text("panel.seed", view.language)
        case Update():
            name = text("panel.update", view.language)
        case _:
            return text("panel.chain_rule", view.language)
    return f"{name} ─ {step_title(view.frame)}"


def chain_rule(view: View, width: int, height: int) -> Drawing:
    """The equation in the middle, the check under it."""
    frame = view.frame
    if frame.step is None or isinstance(frame.step, Clear):
        return Lines.of(_wrapped(story(frame, view.language), width))
    return _with_its_check(frame.trace, frame.position, view.language, width, height)


@derived(limit=8)  # one steps back to what one has just seen as often as on
def _with_its_check(trace: Trace, position: int, language: str, width: int, height: int) -> Drawing:
    from backprop_tui.render.equation.equation import equation
    from backprop_tui.render.numeric import numeric_line

    frame = trace.frame(position)
    line = numeric_line(frame, language)
    check = _wrapped([line] if line else [], max(1, width - 2))
    block = equation(frame, language, width - 2, max(4, height - len(check)), tall=True)
    lines = [(Span(" "), *line) for line in block.padded(width - 2).lines]
    free = height - len(lines) - len(check)
    blank: list[Line] = [(Span(""),)]
    between = blank * bool(check and free > 0)
    above = blank * min(2, (max(0, free) - len(between) + 1) // 2)
    centred = [line for one in check for line in Block.of([one]).padded(width).lines]
    return Lines.of([*above, *lines, *between, *centred])


def _wrapped(lines: list[Line], width: int) -> list[Line]:
    return [piece for line in lines for piece in wrap_line(line, width)]
