"""A step on one line: its kind, its symbols, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backprop_engine.arrays import Tensor
from backprop_engine.explain.common_facts import FactsKind
from backprop_engine.explain.facts import (
    AccumulateFacts,
    BackwardFacts,
    ClearFacts,
    ForwardFacts,
    ReduceFacts,
    SeedFacts,
    StartFacts,
    StepFacts,
    UpdateFacts,
)
from backprop_engine.messages.message import Message, msg
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.summaries import SUMMED, progress, summary
from backprop_tui.render.words import formulas, sentences, turn_text

__all__ = ["kind_text", "scalar_line", "step_lines"]

_ROOM = 40
"""The cells for a tensor in short."""
_MOST_TERMS = 3
"""Contributions that are written out of a sum."""


_KINDS: Final[Mapping[FactsKind, Message]] = {
    "start": msg("start"),
    "forward": msg("forward"),
    "seed": msg("seed"),
    "backward": msg("backward"),
    "accumulate": msg("accumulate"),
    "all-reduce": msg("all-reduce"),
    "update": msg("update"),
    "clear": msg("clear"),
}


def kind_text(facts: StepFacts, language: str) -> str:
    """What kind of step it is, in a word."""
    return _KINDS[facts.kind].in_language(language)


def scalar_line(facts: StepFacts, language: str) -> Line:
    """The symbols of a step between scalars, and its numbers."""
    match facts:
        case ForwardFacts():
            symbols, numbers = _formula(facts, language)
            return (*symbols, *numbers)
        case BackwardFacts():
            return formulas(facts, language)[1]
        case AccumulateFacts():
            return _sum(facts, language)
        case ReduceFacts():
            return _reduced(facts, language)
        case UpdateFacts():
            return _update(facts)
        case SeedFacts() | ClearFacts() | StartFacts():
            return sentences(facts, language)[0]


def step_lines(facts: StepFacts, language: str) -> tuple[Line, Line]:
    """The kind of a step, its subject, and its result in short."""
    kind = Span(kind_text(facts, language), Role.HEADING)
    match facts:
        case ForwardFacts():
            symbols, numbers = _formula(facts, language)
            shown = () if numbers or len(symbols) > 2 else _came_to(facts.outcome, Role.VALUE)
            return (kind,), (*symbols, *numbers, *shown)
        case BackwardFacts(product=product):
            came = () if facts.is_scalar else _came_to(product.tensor, Role.PRODUCT)
            chain = formulas(facts, language)[1]
            return (kind, Span("  "), Span(facts.subject, Role.NAME)), (*chain, *came)
        case AccumulateFacts(result=result, turn=turn):
            total = _came_to(facts.outcome, Role.GRADIENT)
            which = progress(turn.number, turn.of) or f"{SUMMED}{turn.of}/{turn.of}"
            return (kind,), (Span(result.name, Role.GRADIENT), *total, Span(which, Role.DIM))
        case ReduceFacts():
            return (kind,), _reduced(facts, language)
        case UpdateFacts(before=before, after=after):
            old = Span(f" {summary(before.tensor, _ROOM)} → ")
            new = Span(summary(after.tensor, _ROOM), Role.VALUE)
            return (kind,), (Span(facts.node.name, Role.NAME), old, new)
        case SeedFacts() | ClearFacts() | StartFacts():
            return (kind,), sentences(facts, language)[0]


def _formula(facts: ForwardFacts, language: str) -> tuple[Line, Line]:
    """A computed node in symbols, and with its numbers put in if they have a line of their own."""
    first, *others = formulas(facts, language)
    return first, others[0][1:] if others else ()


def _came_to(tensor: Tensor, role: Role) -> Line:
    return (Span(" = "), Span(summary(tensor, _ROOM), role))


def _sum(facts: AccumulateFacts, language: str) -> Line:
    """The running sum of an accumulate step, as a row of numbers."""
    count = facts.turn.number
    contributions = facts.trace.contributions
    terms = [summary(contributions[use]) for use in facts.uses[max(0, count - _MOST_TERMS) : count]]
    dots = "… + " if count > _MOST_TERMS else ""
    total = summary(facts.result.tensor)
    name = facts.result.name
    if not facts.is_last:
        name = msg("{gradient} so far", gradient=name).in_language(language)
    sums = "" if len(terms) == 1 and not dots else f" {dots}{' + '.join(terms)} ="
    return (
        Span(name, Role.GRADIENT),
        Span(f" ={sums} " if facts.is_last else f":{sums} "),
        Span(total, Role.GRADIENT),
        Span(f"  ({turn_text(facts, language)})", Role.DIM),
    )


def _reduced(facts: ReduceFacts, language: str) -> Line:
    """A gradient that ranks put together, and what each of the first few of them brought."""
    given = facts.reduction.contributions
    ranks = [*given][:_MOST_TERMS]
    name = msg("mean over {count} ranks", count=len(given))
    if facts.reduction.kind != "mean":
        name = msg("sum over {count} ranks", count=len(given))
    if facts.reduction.kind is None:
        name = msg("combined by {count} ranks", count=len(given))
    brought = ", ".join(
        f"{msg('rank {rank}', rank=rank).in_language(language)}: {summary(given[rank], _ROOM // 2)}"
        for rank in ranks
    )
    dots = ", …" if len(ranks) < len(given) else ""
    return (
        Span(facts.result.name, Role.GRADIENT),
        Span(" = "),
        Span(summary(facts.outcome, _ROOM), Role.GRADIENT),
        Span(f"  {name.in_language(language)}  ({brought}{dots})", Role.DIM),
    )


def _update(facts: UpdateFacts) -> Line:
    """A scalar parameter before and after its update, with its gradient."""
    gradient = facts.gradient
    return (
        Span(facts.node.name, Role.NAME),
        Span(f" = {summary(facts.before.tensor)} → "),
        Span(summary(facts.after.tensor), Role.VALUE),
        Span("  "),
        Span(f"{gradient.name} = {summary(gradient.tensor)}", Role.GRADIENT),
    )
