"""What a person may type as an answer, and what a formula in it may name."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_engine import make_graph, record
from backprop_engine.errors import UsageError
from backprop_engine.practice import NumbersQuestion, QuestionKind, grade, questions
from backprop_engine.practice.session import begin, current
from backprop_engine.practice.uses import Change
from backprop_engine.trace.trace import Trace
from scenes import scenario

BIAS = record(make_graph({"L": "sum(k * (x + b))"}, inputs={"b": [1, 2], "x": [[3, 4], [5, 6]], "k": 3}))
"""∂L/∂b = (6, 6), ∂L/∂k = 24."""


def asked_about(trace: Trace, kind: QuestionKind, name: str) -> NumbersQuestion:
    """The question of a kind about the gradient of `name`."""
    for question in questions(trace, [kind]):
        if isinstance(question, NumbersQuestion) and question.name == f"∂L/∂{name}":
            return question
    raise LookupError(name)


@pytest.mark.parametrize("typed", ["6, 6", "2 * 3, 3 + 3", "k + 3; k * 2", "[6, 6]", "sum(g, axis=0)"])
def test_two_numbers_each_may_be_a_formula(typed: str) -> None:
    assert grade(asked_about(BIAS, "product", "b"), typed).right


@pytest.mark.parametrize("typed", ["26 - 2", "26 -2", "48/2", "sum(x + b)"])
def test_a_difference_is_one_number(typed: str) -> None:
    assert grade(asked_about(BIAS, "product", "k"), typed).right


@pytest.mark.parametrize("typed", ["x[0], x[1]", "6", "6, 6, 6", "6 - 6, 6, 6", "grad(nobody)", "nobody, 6"])
def test_two_numbers_are_not_something_else(typed: str) -> None:
    question = asked_about(BIAS, "product", "b")
    with pytest.raises(UsageError):
        grade(question, typed)


def test_a_wrong_count_of_numbers_is_told() -> None:
    question = asked_about(BIAS, "product", "b")
    with pytest.raises(UsageError, match="expected 2 numbers, got 1; you can also type a formula"):
        grade(question, "6")
    with pytest.raises(UsageError, match="expected one number, got 2"):
        grade(asked_about(BIAS, "product", "k"), "6, 6")


def test_all_numbers_of_a_large_tensor_may_be_typed() -> None:
    x = np.arange(1, 4).reshape(1, 3)
    trace = record(make_graph({"L": "sum(x @ W)"}, inputs={"x": x, "W": np.ones((3, 4))}))
    question = asked_about(trace, "product", "W")
    assert len(question.entries) < question.right.size == 12
    assert grade(question, "1 1 1 1 2 2 2 2 3 3 3 3").right
    assert not grade(question, "1 1 1 1 2 2 2 2 3 3 3 4").right


def test_an_update_knows_the_learning_rate_and_the_gradient() -> None:
    question = current(begin(scenario("gradient_descent"), 1, ["update"]))
    assert isinstance(question, NumbersQuestion)
    assert isinstance(question.task, Change)
    name = question.trace.graph.nodes[question.task.node.position].name
    for formula in (f"{name} - lr * g", f"{name} - lr * upstream", f"{name} - lr * d{name}"):
        assert grade(question, formula).right
    with pytest.raises(UsageError, match="`rate` is not defined"):
        grade(question, f"{name} - rate * g")
