"""The line of a numeric check: how it ended, and what it assumes where something is overridden."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Final

from backprop_engine.derivatives.gradient_check import SAMPLE, GradientCheck, Verdict
from backprop_engine.explain.facts import BackwardFacts, StepFacts
from backprop_engine.explain.numbers import number
from backprop_engine.messages.message import Message, joined, msg
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width

__all__ = ["awaited_line", "check_text", "numeric_line", "room_for_check"]

_ASSUMPTIONS: Final[Mapping[str, Callable[[str], Message]]] = {
    "upstream": lambda name: msg("for the overridden value of {name}", name=name),
    "without": lambda name: msg("as if {name} were not overridden", name=name),
    "before": lambda _: msg("before the override"),
}
"""What a numeric check assumes where something is overridden."""


def awaited_line(language: str) -> Line:
    """What stands in the place of numeric checks on their way."""
    return (Span(msg("checking numerically …").in_language(language), Role.DIM),)


def room_for_check(facts: StepFacts, language: str) -> Line:
    """As many cells as the line of a check that takes long may have when it agrees; nothing for other checks.

    A page that leaves this room from the start does not move when the check is made.
    """
    if not isinstance(facts, BackwardFacts) or facts.trace.graph.faults or not facts.takes_long:
        return ()
    entries = prod(facts.operand.shape)
    checked = min(SAMPLE, max(0, entries - 1))
    longest = GradientCheck(facts.operand.name, Verdict.AGREES, "", entries, checked)
    return (Span("x" * cell_width(check_text(longest, language))),)


def numeric_line(facts: StepFacts, language: str) -> Line:
    """The numeric check of a backward step; nothing for other steps, and while a hidden bug is looked for.

    A check on its way says so.
    """
    if not isinstance(facts, BackwardFacts) or facts.trace.graph.faults:
        return ()
    check = facts.check
    if check is None:
        return awaited_line(language)
    if check.not_finite:
        words = msg("{name} is not finite: nothing to compare", name=check.not_finite).in_language(language)
        return (Span(words, Role.TROUBLE if check.is_fault else Role.DIM),)
    good = check.outcome.verdict.good
    found = Span(check_text(check.outcome, language), Role.GOOD if good else Role.TROUBLE)
    if check.assumption is None:
        return (found,)
    kind, name = check.assumption
    assumed = _ASSUMPTIONS[kind](name).in_language(language)
    return (found, Span(f" ({assumed})", Role.WARNING))


def check_text(check: GradientCheck, language: str) -> str:
    """How a numeric check ended."""
    match check.verdict:
        case Verdict.AGREES if check.sampled and not check.checked:
            return msg("numeric check of a random projection ✓").in_language(language)
        case Verdict.AGREES if check.sampled and not check.projected:
            return msg(
                "numeric check of {checked} of {entries} entries ✓",
                checked=check.checked,
                entries=check.entries,
            ).in_language(language)
        case Verdict.AGREES if check.sampled:
            return msg(
                "numeric check of {checked} of {entries} entries and a random projection ✓",
                checked=check.checked,
                entries=check.entries,
            ).in_language(language)
        case Verdict.AGREES if check.entries != 1:
            return msg("numeric check of {entries} entries ✓", entries=check.entries).in_language(language)
        case Verdict.AGREES:
            return msg("numeric {numeric} ✓", numeric=number(check.expected)).in_language(language)
        case Verdict.KINK:
            return msg(
                "numeric: a kink, where the slopes on the two sides differ; this value lies between them ✓"
            ).in_language(language)
        case Verdict.DIFFERS:
            numeric, entry = number(check.expected), list(check.entry)
            words = (
                msg("numeric {numeric} at {entry} differs ✗", numeric=numeric, entry=entry)
                if entry
                else msg("numeric {numeric} differs ✗", numeric=numeric)
            )
            return joined("; ", [words, check.resembles] if check.resembles else [words]).in_language(
                language
            )
        case Verdict.NOT_FINITE | Verdict.NOT_APPLICABLE:
            return msg("numeric check: not applicable").in_language(language)
