"""What a scenario's author asks: the answer is right, also as the author wrote it, and mistakes are named."""

from __future__ import annotations

import pytest

from backprop_engine.practice import ChoiceQuestion, NumbersQuestion, Question, grade, places, questions
from backprop_engine.practice.session import answered, begin, current
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.sections.expectations import Formula
from practising import typed
from scenes import STEMS, scenario

FILE = """
inputs: {x: 3, y: 5}
nodes:
  q: x * y
  f: q * q
ask:
  q:
    - {question: What is q?, answer: x * y, hint: a product}
    - {question: {en: And its gradient?, ko: 그래디언트는?}, answer: 2 * q * grad(f)}
  x:
    - {question: Which way?, answer: up, choices: [down, up], when: backward}
    - {question: By how much?, answer: 150, when: backward}
"""


def load(text: str = FILE) -> Scenario:
    return load_source(Source.from_bytes("s.yaml", text.encode()))


def asked(scenario: Scenario) -> tuple[Question, ...]:
    return questions(scenario.record(), ["ask"], asks=scenario.asks)


def mistake(question: Question, typed: str) -> str | None:
    found = grade(question, typed).mutant
    return None if found is None else found.name


def test_where_they_are_asked() -> None:
    trace = load().record()
    assert [(place.position, place.turn) for place in places(trace, ["ask"], load().asks)] == [
        (1, 0),
        (trace.schedule.arrival(trace.schedule.uses_of[trace.graph.position("q")][-1]), 1),
        (trace.schedule.last - 1, 2),
        (trace.schedule.last - 1, 3),
    ]
    assert places(trace, ["ask"]) == ()


def test_what_is_right() -> None:
    value, gradient, choice, number = asked(load())
    assert value.text == "What is q?"
    assert gradient.text.in_language("ko") == "그래디언트는?"
    assert grade(value, "15").right
    assert grade(value, "q = x * y").right
    assert grade(gradient, "30").right
    assert grade(gradient, "2 * q * grad(f)").right
    assert isinstance(choice, ChoiceQuestion)
    assert grade(choice, "2").right
    assert grade(choice, "up").right
    assert not grade(choice, "1").right
    assert grade(number, "150").right


def test_a_mistake_is_named_where_the_answer_is_a_gradient() -> None:
    _, gradient, _, number = asked(load())
    assert mistake(gradient, "15") == "overwritten"
    assert mistake(number, "30") == "local_forgotten"


def test_what_holds_for_the_authors_numbers_has_one_try_and_a_formula_more() -> None:
    practice = begin(load(), 1, ["ask"])
    assert len(practice.places) == 4
    first = current(practice)
    practice, _ = answered(practice, "1")
    assert practice.number == 0
    assert isinstance(first, NumbersQuestion)
    again = current(practice)
    assert isinstance(again, NumbersQuestion)
    assert again.right != first.right
    practice, _ = answered(practice, typed(again.right, [()]))
    assert practice.number == 1
    for _ in range(3):
        practice, _ = answered(practice, "1")
    assert practice.number == 2
    practice, _ = answered(practice, "1")
    practice, _ = answered(practice, "1")
    assert practice.over


@pytest.mark.parametrize("stem", [stem for stem in STEMS if scenario(stem).asks])
def test_those_of_the_library_can_be_answered(stem: str) -> None:
    asking = scenario(stem)
    found = asked(asking)
    assert len(found) == len(asking.asks)
    for question in found:
        ask = asking.asks[question.place.turn]
        if isinstance(question, ChoiceQuestion):
            assert grade(question, str(question.right + 1)).right
            continue
        assert isinstance(question, NumbersQuestion)
        assert grade(question, typed(question.right, question.entries)).right
        if isinstance(ask.answer, Formula):
            assert grade(question, ask.answer.scalar.text).right


def test_a_choice_may_be_typed_as_it_reads_in_any_language() -> None:
    text = FILE.replace("choices: [down, up]", "choices: [down, {en: up, ko: 위로}]")
    (choice,) = (question for question in asked(load(text)) if isinstance(question, ChoiceQuestion))
    assert [grade(choice, typed).right for typed in ("up", "위로", "2", "down")] == [True, True, True, False]
