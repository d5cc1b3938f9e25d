"""The panel about the step: its equation, what the node is, why it is so, and the line of NumPy."""

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
from backprop_tui.panel_slots import PANEL_SLOTS
from backprop_tui.panels.watches import watch_lines
from backprop_tui.render.formulas.page import formula_block
from backprop_tui.render.words import note, numeric_line, words
from backprop_tui.view import View

__all__ = ["chain_rule", "step", "step_title"]

_NARROWEST: Final = 10
_LEAST: Final = 9
"""The rows that the equation is given at least, where the author's note leaves as many."""
_TITLES: Final[dict[FactsKind, Message]] = {
    "forward": msg("Forward"),
    "seed": msg("Seed"),
    "backward": msg("Chain rule"),
    "accumulate": msg("Accumulate"),
    "update": msg("Update"),
}
"""What stands in the panel's border in place of its name."""
_TITLE: Final = next(slot.title for slot in PANEL_SLOTS if slot.name == "step")
_BLANK: Final[list[Line]] = [(Span(""),)]


def step_title(view: View) -> str:
    """What kind of step it is, and what it is about."""
    facts = view.facts
    name = _TITLES.get(facts.kind, _TITLE).in_language(view.language)
    return f"{name} ─ {facts.subject}" if facts.subject else name


def step(view: View, width: int, height: int) -> Drawing:
    """The equation with its check, and below it what the node is, and the words."""
    width = max(_NARROWEST, width)
    facts = view.facts
    told = [*_told(view, width), *watch_lines(view, width)]
    if isinstance(facts, StartFacts | ClearFacts):
        return Lines.of(told)
    noted = _wrapped(note(facts, view.language), width)
    high = max(min(height - len(noted), _LEAST), height - len(told) - 1)
    equation = _with_its_check(facts.trace, facts.frame.position, view.language, width, high)
    margin = _BLANK * (len(equation) + 1 + len(told) < height)
    between = _BLANK * (len(equation) + 1 + len(noted) <= height)
    return Lines.of([*margin, *equation, *between, *told])


def chain_rule(view: View, width: int, height: int) -> Drawing:
    """The equation and its check alone, in the middle."""
    facts = view.facts
    if isinstance(facts, StartFacts | ClearFacts):
        return Lines.of(_wrapped(words(facts, view.language), width))
    lines = _with_its_check(facts.trace, facts.frame.position, view.language, width - 2, height)
    margin = _BLANK * min(2, (max(0, height - len(lines)) + 1) // 2)
    return Lines.of([*margin, *((Span(" "), *line) for line in lines)])


@derived(limit=8)  # a reader steps back to what was just seen as often as on
def _with_its_check(trace: Trace, position: int, language: str, width: int, height: int) -> list[Line]:
    from backprop_tui.render.equation.equation import equation

    facts = step_facts(trace.frame(position))
    line = numeric_line(facts, language)
    check = _wrapped([line] if line else [], max(1, width))
    block = equation(facts, language, width, max(4, height - len(check)), tall=True)
    lines = block.padded(width).lines
    between = _BLANK * bool(check and height > len(lines) + len(check))
    centred = [line for piece in check for line in Block.of([piece]).padded(width).lines]
    return [*lines, *between, *centred]


def _told(view: View, width: int) -> list[Line]:
    """What there is to say about the step, and what the node is and its local gradients, as formulas."""
    facts = view.facts
    block = formula_block(facts, view.language, width, small=not view.ascii, chain=False)
    formulas = [*_BLANK, *block.lines] if block.height else []
    return [*_wrapped(words(facts, view.language), width), *formulas]


def _wrapped(lines: list[Line], width: int) -> list[Line]:
    return [piece for line in lines for piece in wrap_line(line, width)]
