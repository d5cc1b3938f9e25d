"""What is before the place for an answer, and the right answer in words, for each form of question."""

from __future__ import annotations

import pytest

from backprop_engine import make_graph, record
from backprop_engine.practice import NumbersQuestion, QuestionKind, questions
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_tui.render.practice_words import blank_text, model_answer

ROW = record(
    make_graph({"y": "x * w", "L": "sum(y + b)"}, inputs={"x": [2, 3]}, params={"w": [4, 5], "b": 1})
)


@pytest.mark.parametrize(
    ("kind", "blank", "answer"),
    [
        ("product", "∂L/∂w (2)", "The answer is 2, 3: "),
        ("shape", "shape", "The answer is (): "),
        ("edges", "1-3", "The answer is: x, w."),
    ],
)
def test_each_form_has_its_blank_and_its_answer(kind: QuestionKind, blank: str, answer: str) -> None:
    found = questions(ROW, [kind])
    assert blank in [blank_text(question, (), "en") for question in found]
    assert any(str(model_answer(question)).startswith(answer) for question in found)


def test_a_further_entry_is_asked_for_alone() -> None:
    numbers = [asked for asked in questions(ROW, ["product"]) if isinstance(asked, NumbersQuestion)]
    question = next(asked for asked in numbers if asked.name == "∂L/∂w")
    assert blank_text(question.asking((1,)), [(1,)], "en") == "∂L/∂w[1]"


def test_the_hint_of_an_author_is_a_sentence_of_its_own() -> None:
    text = "inputs: {x: 3}\nnodes: {f: 2 * x}\nask: {f: {question: What is f?, answer: 6, hint: Twice x.}}"
    scenario = load_source(Source.from_bytes("s.yaml", text.encode()))
    (question,) = questions(scenario.record(), ["ask"], asks=scenario.asks)
    assert model_answer(question) == "The answer is 6. Twice x."
