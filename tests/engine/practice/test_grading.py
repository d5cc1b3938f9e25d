"""Answers are graded to three digits, and a wrong one is named by the misconception that leads to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backprop_engine import make_graph, record
from backprop_engine.errors import UsageError
from backprop_engine.practice import (
    KINDS,
    ChoiceQuestion,
    NumbersQuestion,
    Question,
    QuestionKind,
    ShapeQuestion,
    grade,
    questions,
)
from backprop_engine.practice.question import WrongAnswer

GATE = record(make_graph({"q": "x * y", "f": "q * z"}, inputs={"x": 2, "y": 5, "z": -4}))
"""∂L/∂q = −4, ∂L/∂z = 10, ∂L/∂x = −20, ∂L/∂y = −8."""
LAYER = record(
    make_graph(
        {"y": "x @ W + b", "L": "mse(y, target=t)"},
        inputs={"x": [[1, 2, 3], [4, 5, 7]]},
        params={"W": [[1, 2], [-1, 3], [2, 5]], "b": [0.5, -0.5]},
        constants={"t": [[1, 0], [0, 2]]},
    )
)


def about(trace: object, kind: QuestionKind, operand: str, node: str | None = None) -> Question:
    """The question of a kind at the step that leads to `operand`."""
    for question in questions(trace, [kind]):  # type: ignore[arg-type]
        edge = question.trace.frame(question.position).edge
        if edge is None:
            continue
        graph = question.trace.graph
        if graph.nodes[edge.operand].name == operand and node in (None, graph.nodes[edge.node].name):
            return question
    raise LookupError(operand)


def mistake(question: Question, typed: str) -> str | None:
    """The name of the misconception that an answer shows."""
    found = grade(question, typed).mutant
    return None if found is None else found.name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("-20", None),
        ("-4 * 5", None),
        ("dx = upstream * y", None),
        ("g * y", None),
        ("grad(q) * y", None),
        ("−20.0", None),
        ("-40/2", None),
        ("5", "upstream_forgotten"),
        ("-4", "local_forgotten"),
        ("-8", "own_operand"),
        ("upstream * x", "own_operand"),
        ("1", "added_for_multiplied"),
        ("20", "sign"),
        ("32", "gradient_for_weight"),
    ],
)
def test_a_gate(typed: str, name: str | None) -> None:
    found = grade(about(GATE, "product", "x"), typed)
    assert found.right is (name is None)
    assert (found.mutant.name if found.mutant else None) == name
    assert found.credit == (1.0 if name is None else 0.0)


def test_three_digits_are_needed() -> None:
    trace = record(make_graph({"f": "sigmoid(x)"}, inputs={"x": 0.7}))
    question = about(trace, "product", "x")  # 0.22171…
    assert grade(question, "0.222").right
    assert grade(question, "0.2217").right
    with pytest.raises(UsageError, match="three significant digits"):
        grade(question, "0.22")
    assert not grade(question, "0.5").right


def test_an_upstream_gradient_of_one_may_be_left_out_but_not_in_silence() -> None:
    question = about(GATE, "product", "q")
    for formula in ("z", "df = z", "z * 1"):
        assert grade(question, formula).right
        assert "because ∂L/∂f is 1" in grade(question, formula).message
    for formula in ("-4", "upstream * z", "g * z", "grad(f) * z", "df * z", "1 * -4"):
        assert grade(question, formula).right
        assert grade(question, formula).message == "Right."


def test_a_hint_costs_half() -> None:
    question = about(GATE, "product", "x")
    assert (grade(question, "-20", hinted=True).right, grade(question, "-20", hinted=True).credit) == (
        True,
        0.5,
    )
    assert grade(question, "5", hinted=True).credit == 0


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("dW = x.T @ g", None),
        ("x.T @ upstream", None),
        ("g.T @ x", "transposed"),
        ("x.T @ W", "?"),
    ],
)
def test_a_formula_for_a_weight(typed: str, name: str | None) -> None:
    question = about(LAYER, "product", "W")
    if name == "?":
        with pytest.raises(UsageError):
            grade(question, typed)
        return
    found = grade(question, typed)
    assert found.right is (name is None)
    assert (found.mutant.name if found.mutant else None) == name


def test_a_bias_is_summed() -> None:
    question = about(LAYER, "product", "b")
    assert isinstance(question, NumbersQuestion)
    assert grade(question, "sum(g, axis=0)").right
    for formula, name in (
        ("g", "sum_forgotten"),
        ("sum(g)", "wrong_axes"),
        ("mean(g, axis=0)", "mean_for_sum"),
        ("g[0]", "sum_forgotten"),
    ):
        assert formula
        assert mistake(question, formula) == name


def test_the_answer_itself_is_not_known_yet() -> None:
    question = about(GATE, "product", "x")
    for formula in ("grad(x)", "dx", "product"):
        with pytest.raises(UsageError):
            grade(question, formula)


@pytest.mark.parametrize(
    "typed", ["", "  ", "1 2", "1, 2, 3", "x +", "nobody", "import os", "x" * 3000, "[[1], 2"]
)
def test_what_is_no_answer_is_not_graded(typed: str) -> None:
    with pytest.raises(UsageError):
        grade(about(GATE, "product", "x"), typed)


@pytest.mark.parametrize(("typed", "right"), [("(2,)", True), ("2", True), ("2x2", False), ("()", False)])
def test_a_shape(typed: str, right: bool) -> None:
    question = about(LAYER, "shape", "b")
    assert isinstance(question, ShapeQuestion)
    found = grade(question, typed)
    assert found.right is right
    assert (found.mutant.name if found.mutant else "") == {"2x2": "sum_forgotten", "()": "wrong_axes"}.get(
        typed, ""
    )


@pytest.mark.parametrize("typed", ["", "x", "2 by 3", "(1, -2)", "1" * 400, "9 " * 50])
def test_what_is_no_shape(typed: str) -> None:
    with pytest.raises(UsageError):
        grade(about(LAYER, "shape", "b"), typed)


def test_a_shape_that_no_mistake_leads_to_is_compared_with_the_right_one() -> None:
    found = grade(about(LAYER, "shape", "W"), "(7, 9)")
    assert (found.right, found.mutant, found.message) == (False, None, "Not right.")
    found = grade(about(LAYER, "shape", "W"), "(3, 1)")
    assert (found.right, found.mutant) == (False, None)


def test_choices() -> None:
    trace = record(make_graph({"q": "2 * x", "r": "q + 1", "f": "q * r"}, inputs={"x": 3}))
    found = list(questions(trace, ["order", "edges"]))
    assert {question.kind for question in found} == {"order", "edges"}
    for question in found:
        assert isinstance(question, ChoiceQuestion)
        for at, choice in enumerate(question.choices):
            graded = grade(question, str(at + 1))
            assert graded.right is (at == question.right)
            assert graded.mutant is choice.mutant
            assert grade(question, str(choice.text)).right is graded.right
        with pytest.raises(UsageError):
            grade(question, str(len(question.choices) + 1))


def test_a_sum_and_what_it_is_not() -> None:
    trace = record(make_graph({"f": "x * x * x"}, inputs={"x": 3}))
    question = next(iter(questions(trace, ["accumulate"])))
    assert grade(question, "18").right
    third = questions(trace, ["accumulate"])[-1]
    assert grade(third, "27").right
    assert mistake(third, "9") == "overwritten"
    assert mistake(third, "162") == "multiplied_for_added"


def test_two_mistakes_with_the_same_numbers_are_told_apart_by_one_more_entry() -> None:
    question = about(LAYER, "product", "W")
    assert isinstance(question, NumbersQuestion)
    first, second = question.outcomes[:2]
    almost = first.answer.copy()
    almost[2, 1] += 100
    narrow = replace(
        question,
        entries=((0, 0),),
        outcomes=(first, WrongAnswer(second.mutant, almost)),
    )
    typed = f"{first.answer[0, 0]:.6g}"
    found = grade(narrow, typed)
    assert (found.right, found.credit, found.mutant, found.another_entry) == (False, 0, None, (2, 1))
    more = narrow.asking((2, 1))
    assert more.blanks[-1].endswith("[2, 1]")
    for outcome in narrow.outcomes:
        assert grade(more, f"{typed}, {outcome.answer[2, 1]:.6g}").mutant is outcome.mutant
    third = grade(more, f"{typed}, 12345")
    assert (third.mutant, third.another_entry) == (None, None)


def test_mistakes_that_nothing_tells_apart_are_called_by_the_first() -> None:
    question = about(LAYER, "product", "W")
    assert isinstance(question, NumbersQuestion)
    first, second = question.outcomes[:2]
    outcomes = (first, first, WrongAnswer(second.mutant, first.answer))
    alike = replace(question, entries=((0, 0),), outcomes=outcomes)
    found = grade(alike, f"{first.answer[0, 0]:.6g}")
    assert (found.right, found.mutant, found.another_entry) == (False, first.mutant, None)


def test_a_formula_of_a_sum_that_no_mistake_leads_to_is_only_wrong() -> None:
    trace = record(make_graph({"f": "sum(x * x)"}, inputs={"x": [3, 5]}))
    question = questions(trace, ["accumulate"])[-1]
    assert grade(question, "2 * x").right
    found = grade(question, "x * 7 + 1")
    assert (found.right, found.mutant) == (False, None)


def test_every_kind_can_be_asked() -> None:
    asked = {question.kind for trace in (GATE, LAYER) for question in questions(trace)}
    assert asked == set(KINDS) - {"ask", "update", "accumulate"}
