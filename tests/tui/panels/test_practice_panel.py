"""What practice shows: the question in any room, and at the end what came of each."""

from __future__ import annotations

import pytest

from backprop_engine.practice import ChoiceQuestion, NumbersQuestion
from backprop_engine.practice.session import begin
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_tui.cells.summaries import ABSENT
from backprop_tui.panels.practice import PracticeState, answer, begun, blank, on, question, skip
from driving import text_of
from practising import typed
from scenes import scenario, view, view_of

ROOM = (100, 40)


def state_of(stem: str, *kinds: str, count: int = 3) -> PracticeState:
    return begun(begin(scenario(stem), 1, list(kinds), count), view(stem))  # type: ignore[arg-type]


def wrong(state: PracticeState, name: str) -> str:
    """What somebody types who makes a mistake."""
    asked = state.asked
    assert isinstance(asked, NumbersQuestion)
    return next(typed(one.answer, asked.entries) for one in asked.outcomes if one.mutant.name == name)


@pytest.mark.thorough
def test_nothing_typed_is_no_answer() -> None:
    state = answer(state_of("add_multiply", "product"), "  ")
    assert state.grade is None
    assert state.practice.tries == ()
    assert text_of(question(state, *ROOM)).rstrip().endswith("type an answer, or ? for a hint")


@pytest.mark.thorough
def test_the_summary_says_what_was_right_what_was_skipped_and_which_mistake_came_up() -> None:
    state = answer(state_of("add_multiply", "product"), "sign")
    assert state.problem
    for _ in range(3):
        state = answer(state, wrong(state, "sign"))
        assert "Not right" in text_of(question(state, *ROOM))
        state = on(state)
    state = skip(state)
    assert isinstance(state.asked, NumbersQuestion)
    state = answer(state, typed(state.asked.right, state.asked.entries))
    assert blank(state) == ""
    state = on(state)
    assert state.asked is None
    heading, _, *rows = text_of(question(state, *ROOM)).splitlines()
    assert heading.startswith("1 of 2 answered questions right, credit 1 of 3")
    assert [row[0] for row in rows if not row.startswith("    ")] == ["✗", ABSENT, "✓"]
    (mistake,) = [row.strip() for row in rows if row.startswith("    ")]
    assert "sign" in mistake


def test_in_a_column_too_narrow_for_the_equation_the_given_numbers_are_shown() -> None:
    ask = "ask: {q: {question: Which?, answer: x * x}}"
    text = f"inputs: {{x: 3}}\nnodes: {{q: x * x, f: 2 * q}}\n{ask}"
    read = load_source(Source.from_bytes("s.yaml", text.encode()))
    state = begun(begin(read, 1, ["ask"]), view_of(read))
    assert text_of(question(state, 8, 8)).splitlines() == ["x = 3", "", "Which?"]
    assert text_of(question(state, 8, 2)).splitlines() == ["Which?"]
    assert "x = 3" not in text_of(question(state, 40, 8))


@pytest.mark.thorough
def test_a_choice_has_no_equation() -> None:
    state = state_of("xor", "order", "edges")
    assert isinstance(state.asked, ChoiceQuestion)
    rows = text_of(question(state, *ROOM)).splitlines()
    assert rows[0] == state.asked.text
    assert blank(state) == f"1-{len(state.asked.choices)}: "
