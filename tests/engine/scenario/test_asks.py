"""What a scenario says about its place on a path, and what it asks."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_engine.evaluation.evaluate import evaluate
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.sections.asks import Ask
from backprop_engine.scenario.sections.expectations import Formula

GRAPH = "inputs: {x: [3, -1]}\nconstants: {t: 2}\nnodes:\n  s: x * x\n  L: sum(s) - t\n"


def load(text: str) -> Scenario:
    return load_source(Source.from_bytes("s.yaml", (GRAPH + text).encode()))


def asked(about: str) -> Ask:
    (ask,) = load(f"ask: {{{about}}}\n").asks
    return ask


def test_without_the_keys_there_is_no_path_and_no_question() -> None:
    scenario = load("requires:\nnext: []\nask:\n")
    assert not scenario.objective
    assert (scenario.requires, scenario.next, scenario.asks) == ((), (), ())


def test_names_stand_alone_or_in_a_list() -> None:
    scenario = load("objective: {en: Squares., ko: 제곱.}\nrequires: [a, ' b c ']\nnext: 이웃\n")
    assert scenario.objective.in_language("ko") == "제곱."
    assert (scenario.requires, scenario.next) == (("a", "b c"), ("이웃",))


def test_an_answer_is_a_formula_over_the_run() -> None:
    ask = asked("x: {question: So?, answer: 2 * x * grad(s)}")
    trace = load("").record()
    assert isinstance(ask.answer, Formula)
    found = evaluate(ask.answer.tree, trace.value, trace.gradient, trace.graph.dtype)
    assert found is not None
    assert found.tolist() == [6, -2] == trace.gradient("x").tolist()


def test_an_answer_is_numbers() -> None:
    answer = asked("s: {question: So?, answer: [9, 1]}").answer
    assert isinstance(answer, np.ndarray)
    assert (answer.dtype, answer.tolist()) == (np.float64, [9.0, 1.0])


@pytest.mark.parametrize(
    ("choices", "answer", "right"),
    [
        ("[it grows, it shrinks]", "it shrinks", 1),
        ("[{en: yes, ko: 네}, {en: no, ko: 아니요}]", "아니요", 1),
        ("[{en: yes, ko: 네}, {en: no, ko: 아니요}]", "{ko: 네, en: yes}", 0),
        ("[0, 1, 2]", "2", 2),
        ("['x + 1', x]", "x", 1),
    ],
)
def test_an_answer_is_one_of_the_choices(choices: str, answer: str, right: int) -> None:
    ask = asked(f"s: {{question: So?, choices: {choices}, answer: {answer}}}")
    assert ask.answer == right
    assert len(ask.choices) >= 2


@pytest.mark.parametrize(
    ("about", "when"),
    [
        ("x: {question: So?, answer: 2}", "backward"),
        ("s: {question: So?, answer: x * x}", "forward"),
        ("s: {question: So?, answer: grad(L)}", "backward"),
        ("s: {question: So?, answer: grad(L), when: forward}", "forward"),
        ("s: {question: So?, answer: a, choices: [a, b]}", "forward"),
        ("s: {question: So?, answer: a, choices: [a, b], when: backward}", "backward"),
        ("L#1: {question: So?, answer: 10}", "forward"),
    ],
)
def test_a_question_is_asked_before_the_step_it_is_about(about: str, when: str) -> None:
    ask = asked(about)
    assert (ask.node, ask.when) == (about.partition(":")[0], when)


def test_questions_keep_their_order_texts_and_places() -> None:
    one, two = load(
        "ask:\n  s:\n    - {question: {en: One?, ko: 하나?}, answer: 1, hint: Count.}\n"
        "    - {question: Two?, answer: 2}\n"
    ).asks
    assert [ask.question.in_language("ko") for ask in (one, two)] == ["하나?", "Two?"]
    assert (str(one.hint), bool(two.hint)) == ("Count.", False)
    assert [ask.place.line for ask in (one, two)] == [8, 9]
