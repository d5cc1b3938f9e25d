"""The panels about the step: its chain rule in columns, as formulas on a blackboard, and why it is so."""

from __future__ import annotations

from typing import Final

from backprop_engine.derived import derived
from backprop_engine.explain.common_facts import FactsKind
from backprop_engine.explain.facts import ClearFacts, StartFacts, step_facts
from backprop_engine.messages.message import Message, msg
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Span, wrap_line
from backprop_tui.panels.watches import watch_lines
from backprop_tui.render.words import code, numeric_line, override_line, story
from backprop_tui.view import View

__all__ = ["chain_rule", "chain_rule_title", "formula", "why"]

_NARROWEST: Final = 10
_TITLES: Final[dict[FactsKind, Message]] = {
    "forward": msg("Forward"),
    "seed": msg("Seed"),
    "accumulate": msg("Accumulate"),
    "update": msg("Update"),
}
"""The panel's name at a step that is not the chain rule."""


def chain_rule_title(view: View) -> str:
    """The panel's name and what the step is about."""
    facts = view.facts
    name = _TITLES.get(facts.kind, msg("Chain rule")).in_language(view.language)
    return f"{name} ─ {facts.subject}" if facts.subject else name


def chain_rule(view: View, width: int, height: int) -> Drawing:
    """The equation in the middle, the check under it."""
    facts = view.facts
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


def formula(view: View, width: int, height: int) -> Drawing:
    """What the node is, its local gradients, the chain rule, and NumPy; words where there is no equation.

    A line under the equations says what is overridden. What NumPy does goes, which stands in the why panel
    too, where the rest fits without it.
    """
    from backprop_tui.render.formulas.page import formula_block

    width = max(_NARROWEST, width)
    facts = view.facts
    line = override_line(facts, view.language)
    overridden = [(Span(""),), *_wrapped([line], width)] if line else []
    height -= len(overridden)
    below = [(Span(""),), *_wrapped(code(facts), width)]
    block = formula_block(facts, view.language, width, height, spare=len(below), small=not view.ascii)
    if not block.height:
        return Lines.of(_wrapped(story(facts, view.language), width))
    instead = height - len(below) < block.height <= height
    return Lines.of([*block.lines, *overridden, *([] if instead else below)])


def why(view: View, width: int, height: int) -> Drawing:
    """The story of the step, wrapped to the panel."""
    width = max(_NARROWEST, width)
    text = story(view.facts, view.language)
    return Lines.of([*_wrapped(text, width), *watch_lines(view, width)])


def _wrapped(lines: list[Line], width: int) -> list[Line]:
    return [piece for line in lines for piece in wrap_line(line, width)]
