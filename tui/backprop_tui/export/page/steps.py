"""Everything that is said about each step, in any language, as places in a pool."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.explain.facts import StepFacts, step_facts
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.lines import Line, Role, Span, line_text
from backprop_tui.export.page.equation import columns, formulas
from backprop_tui.export.page.pool import Pool
from backprop_tui.render.check_line import numeric_line
from backprop_tui.render.one_line import kind_text, step_lines
from backprop_tui.render.words import code, note, remarks, remarks_to_the_note, summed_over_axes

__all__ = ["MOST_EXPLAINED", "said_of_steps", "the_same_of_steps", "told"]


def said_of_steps(scenario: Scenario, trace: Trace, language: str, pool: Pool) -> list[list[int]]:
    """For each position: the kind of its step; the step in a line; the columns of its equation and the words
    above them; the titles of its formulas, and the formulas; its check, trouble, note and remarks.
    """
    return [_said(facts, language, pool) for facts in _facts(scenario, trace)]


def the_same_of_steps(scenario: Scenario, trace: Trace, pool: Pool) -> list[list[int]]:
    """For each position what is the same in every language: what its step is about, and the step in NumPy."""
    return [
        [pool.span(Span(facts.subject, Role.NAME)), pool.place("\n".join(map(line_text, code(facts))))]
        for facts in _facts(scenario, trace)
    ]


def _facts(scenario: Scenario, trace: Trace) -> Iterator[StepFacts]:
    frames = (trace.frame(position) for position in range(trace.schedule.last + 1))
    return (step_facts(frame, scenario.notes) for frame in frames)


def _said(facts: StepFacts, language: str, pool: Pool) -> list[int]:
    (_, *about), second = step_lines(facts, language)
    between = [Span("  ")] * bool(about)
    return [
        pool.place(kind_text(facts, language)),
        pool.line((*about, *between, *second)),
        *columns(facts, language, pool),
        *formulas(facts, language, pool),
        pool.place([[pool.line(line) for line in lines] for lines in told(facts, language)]),
    ]


MOST_EXPLAINED = 150
"""In a larger graph a page does not say at every step what it means in numbers, and which axes are summed
over: the equation shows it, and the sentences alone would take 100 KB.
"""


def told(facts: StepFacts, language: str) -> list[list[Line]]:
    """The check of a step, what is wrong with it, the author's note, and whatever else there is to say."""
    small = len(facts.trace.graph.nodes) <= MOST_EXPLAINED
    check, noted = numeric_line(facts, language), note(facts, language)
    trouble = [line for line in remarks_to_the_note(facts, language) if line not in noted]
    said = [*trouble, *noted] if small else [*trouble, *noted, summed_over_axes(facts, language)]
    others = [line for line in remarks(facts, language, in_numbers=small) if line not in said]
    return [[check] * bool(check), trouble, noted, others]
