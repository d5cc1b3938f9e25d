"""What a scenario's author asks: the answer is right, also as the author wrote it, and mistakes are named."""

from __future__ import annotations

import pytest

from backprop_engine.practice import ChoiceQuestion, NumbersQuestion, Question, grade, places, questions
from backprop_engine.practice.asks import known_numbers
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


KNOWN = """
inputs: {x: 3, y: 5}
nodes:
  q: x * y
  f: q * x
ask:
  q: {question: What is q?, answer: x * y}
  y: {question: What is twice its gradient?, answer: 2 * grad(y)}
  x: {question: And here?, answer: 'grad(q) * y + q + 7'}
"""


@pytest.mark.parametrize(
    ("number", "typed", "said"),
    [
        (0, "-15", "Not right: the sign is wrong."),
        (0, "3", "Not right: that is ∂L/∂q."),
        (0, "5", "Not right: that is y."),
        (0, "45", "Not right."),
        (0, "1000", "Not right."),
        (1, "3", "Not right: that is ∂L/∂q."),
        (1, "9", "Not right: that is ∂L/∂y."),
        (1, "-18", "Not right: the sign is wrong."),
        (2, "15", "Not right: that is ∂f/∂x."),
        (2, "30", "Not right: that is ∂L/∂x."),
        (2, "1", "Not right: that is ∂L/∂f."),
    ],
)
def test_a_wrong_answer_is_told_where_it_is_another_number_of_the_step(
    number: int, typed: str, said: str
) -> None:
    scenario = load(KNOWN)
    by_node = {question.place.turn: question for question in asked(scenario)}
    found = grade(by_node[number], typed)
    assert not found.right
    assert str(found.message) == said


def test_one_of_several_contributions_is_told() -> None:
    trace = load(KNOWN).record()
    told = {str(one.name): float(one.tensor) for one in known_numbers(trace, trace.graph["x"], backward=True)}
    assert told["the contribution through f alone"] == 15
    assert told["the contribution through q alone"] == 15
    assert [one.name for one in known_numbers(trace, trace.graph["q"], backward=False)] == [
        "∂L/∂q",
        "q",
        "x",
        "y",
    ]


def test_a_matrix_that_is_transposed_is_told() -> None:
    text = "inputs: {x: [[1, 2], [3, 4]]}\nnodes: {y: 2 * x, f: sum(y)}\n"
    scenario = load(f"{text}ask: {{y: {{question: What is y?, answer: 2 * x}}}}\n")
    (question,) = asked(scenario)
    assert grade(question, "2, 4, 6, 8").right
    assert grade(question, "[2, 4, 6, 8]").right
    assert mistake(question, "2, 6, 4, 8") == "transposed"
    assert mistake(question, "-2, -4, -6, -8") == "sign"
    assert str(grade(question, "1, 2, 3, 4").message) == "Not right: that is x."


@pytest.mark.parametrize("answer", [".nan", "0 * log(x)"])
def test_where_nan_is_the_answer_it_is_asked_and_right(answer: str) -> None:
    text = "inputs: {x: 0}\nnodes: {y: log(x), f: 0 * y}\n"
    scenario = load(f"{text}ask: {{f: {{question: What is f?, answer: {answer}}}}}\n")
    practice = begin(scenario, 1, ["ask"])
    question = current(practice)
    assert [grade(question, typed).right for typed in ("nan", "NaN", ".nan", "0", "inf")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    practice, found = answered(practice, "0")
    assert not found.right


def test_infinity_is_an_answer() -> None:
    text = "inputs: {x: 0}\nnodes: {f: log(x)}\nask: {f: {question: What is f?, answer: log(x)}}\n"
    (question,) = asked(load(text))
    assert grade(question, "-inf").right
    assert mistake(question, "inf") == "sign"
    assert not grade(question, "nan").right


def test_the_gradient_of_the_output_may_be_asked_for() -> None:
    ask = "ask: {f: {question: Where does it start?, answer: 1, when: backward}}"
    (question,) = asked(load(f"inputs: {{x: 3}}\nnodes: {{f: 2 * x}}\n{ask}"))
    assert isinstance(question, NumbersQuestion)
    assert (question.name, question.task) == ("∂L/∂f", None)
    assert grade(question, "1").right
    assert mistake(question, "-1") == "sign"
    found = grade(question, "6")
    assert (found.right, found.message) == (False, "Not right: that is f.")
    assert grade(question, "7").message == "Not right."
