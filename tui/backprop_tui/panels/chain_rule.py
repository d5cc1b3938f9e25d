"""The chain rule panel: the equation of the step, with its numbers, and its numeric check."""

from __future__ import annotations

from typing import Final

from backprop_engine.derived import derived
from backprop_engine.explain.facts import ClearFacts, FactsKind, StartFacts, step_facts
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Span, wrap_line
from backprop_tui.render.words import numeric_line, story
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["chain_rule", "chain_rule_title"]

_TITLES: Final[dict[FactsKind, str]] = {
    "forward": "panel.forward",
    "seed": "panel.seed",
    "accumulate": "panel.accumulate",
    "update": "panel.update",
}
"""The panel's name at a step that is not the chain rule."""


def chain_rule_title(view: View) -> str:
    """The panel's name and what the step is about."""
    facts = step_facts(view.frame)
    name = text(_TITLES.get(facts.kind, "panel.chain_rule"), view.language)
    return f"{name} ─ {facts.subject}" if facts.subject else name


def chain_rule(view: View, width: int, height: int) -> Drawing:
    """The equation in the middle, the check under it."""
    facts = step_facts(view.frame)
    if isinstance(facts, StartFacts | ClearFacts):
        return Lines.of(_wrapped(story(facts, view.language), width))
    return _with_its_check(facts.trace, facts.frame.position, view.language, width, height)


@derived(limit=8)  # a reader steps back to what was just seen as often as on
def _with_its_check(trace: Trace, position: int, language: str, width: int, height: int) -> Drawing:
    from backprop_tui.render.equation.equation import equation

    facts = step_facts(trace.frame(position))
    line = numeric_line(facts, language)
    check = _wrapped([line] if line else [], max(1, width - 2))
    block = equation(facts, language, width - 2, max(4, height - len(check)), tall=True)
    lines = [(Span(" "), *line) for line in block.padded(width - 2).lines]
    free = height - len(lines) - len(check)
    blank: list[Line] = [(Span(""),)]
    between = blank * bool(check and free > 0)
    above = blank * min(2, (max(0, free) - len(between) + 1) // 2)
    centred = [line for piece in check for line in Block.of([piece]).padded(width).lines]
    return Lines.of([*above, *lines, *between, *centred])


def _wrapped(lines: list[Line], width: int) -> list[Line]:
    return [piece for line in lines for piece in wrap_line(line, width)]
