"""Exercises that were returned: every figure and answer that a person filled in, graded against the run.

Each is a number, a list of them, or a formula. An answer counts as in practice, to three significant digits,
and a wrong one is named by the misconception that leads to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.derivatives.misconceptions import resemblance, shape_resemblance
from backprop_engine.errors import UsageError
from backprop_engine.evaluation.evaluate import EvaluationError, evaluate_on, gradients_in
from backprop_engine.explain.symbols import gradient_name
from backprop_engine.expressions import ExprError, parse
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import Message, msg
from backprop_engine.practice.asks import authors_question, known_numbers, look_alike
from backprop_engine.practice.comparing import agree_everywhere
from backprop_engine.practice.drawing import previous_of
from backprop_engine.practice.exercise_files import Exercise, FigureKey
from backprop_engine.practice.mutants import Mutant
from backprop_engine.practice.question import NumbersQuestion, QuestionPlace
from backprop_engine.practice.questions import outcomes_of, question_at
from backprop_engine.practice.uses import use_at
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.yaml_nodes import YamlNode, YamlScalar, YamlSequence
from backprop_engine.scenario.sections.asks import Ask
from backprop_engine.scenario.sections.expectations import BlankFigure, Figure, Formula
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace

__all__ = ["GradedAnswer", "asked_of", "grade_exercise", "right_answer"]

AnswerKind: TypeAlias = Literal["value", "gradient", "ask"]


class GradedAnswer(Struct, frozen=True, eq=False):
    """What was asked, and what the answer is worth, 0 or 1; `mutant` is the misconception, if it is known.

    `name` is the value or the gradient, or the text of a question.
    """

    kind: AnswerKind
    name: str | Message | LocalText
    credit: float
    message: Message
    mutant: Mutant | None = None


_Wanted: TypeAlias = tuple[int, Literal["value", "gradient"], str]
"""An iteration, a value or a gradient, and the node's name."""


def grade_exercise(exercise: Exercise, solution: Scenario | None = None) -> list[GradedAnswer]:
    """Grade every figure, in the order of the file, and every question of the `solution`.

    The run of the `solution` is what counts, and its figures are those that have to be there. Without one it
    is the run of the exercise itself, and questions are not graded: only a solution has their answers.
    """
    model = solution or exercise.scenario
    run = model.run()
    given: dict[_Wanted, tuple[Figure | BlankFigure, FigureKey]] = {
        (block.iteration, figure.of, figure.name): (figure, (number, _part(figure), figure.key.text))
        for number, block in enumerate(exercise.scenario.expectations)
        for figure in block.asked
    }
    found = [_graded_figure(run, exercise, key, given.get(key)) for key in asked_of(model)]
    counts: dict[str, int] = {}
    for ask in solution.asks if solution else ():
        number = counts.get(ask.node, 0)
        counts[ask.node] = number + 1
        found.append(_graded_ask(ask, run.trace(0), exercise.asked.get((ask.key.text, number))))
    if not found:
        raise UsageError(
            msg("{path}: this exercise has no blanks to fill in", path=model.path),
            msg("it needs figures under `expect`"),
        )
    return found


def asked_of(model: Scenario) -> Sequence[_Wanted]:
    """What an exercise asks for under `expect`, in the order of the file; each once."""
    wanted: list[_Wanted] = [
        (block.iteration, figure.of, figure.name)
        for block in model.expectations
        for figure in block.asked
        if not block.wrong
    ]
    return tuple(dict.fromkeys(wanted))


def _part(figure: Figure | BlankFigure) -> str:
    return "values" if figure.of == "value" else "grads"


def _graded_figure(
    run: Run,
    exercise: Exercise,
    key: _Wanted,
    given: tuple[Figure | BlankFigure, FigureKey] | None,
) -> GradedAnswer:
    iteration, of, node = key
    trace = run.trace(iteration)
    name: str | Message = node if of == "value" else gradient_name(trace.graph, trace.graph[node])
    if trace.training is not None:
        name = msg("{name} in iteration {iteration}", name=name, iteration=iteration)
    if given is None:
        return GradedAnswer(of, name, 0.0, _UNANSWERED)
    figure, at = given
    if (problem := exercise.unusable.get(at)) is not None:
        return GradedAnswer(of, name, 0.0, _no_answer(problem))
    if not isinstance(figure, Figure):
        return GradedAnswer(of, name, 0.0, _UNANSWERED)
    expected = figure.expected
    if isinstance(expected, Formula) and node in gradients_in(expected.tree, trace.graph.loss_name):
        return GradedAnswer(of, name, 0.0, _ITSELF)
    try:
        answer = np.asarray(_numbers(expected, trace), dtype=np.float64)
    except UsageError as error:
        return GradedAnswer(of, name, 0.0, _no_answer(error.text))
    right = trace.value(node) if of == "value" else trace.gradient(node)
    if agree_everywhere(answer, right):
        return GradedAnswer(of, name, 1.0, _RIGHT)
    found = _wrong(
        trace, node, answer, right, name, previous_of(run, iteration), is_gradient=of == "gradient"
    )
    return GradedAnswer(of, name, 0.0, *found)


_RIGHT: Final = msg("Right.")
_UNANSWERED: Final = msg("Not answered.")


def _no_answer(problem: str) -> Message:
    return msg("Not an answer: {problem}.", problem=problem)


_ITSELF: Final = msg("Not an answer: it only names the gradient asked for.")


def _wrong(
    trace: Trace,
    node: str,
    answer: Tensor,
    right: Tensor,
    name: str | Message,
    previous: Trace | None = None,
    *,
    is_gradient: bool,
    backward: bool = True,
) -> tuple[Message, Mutant | None]:
    """What to say of a wrong answer, and the misconception that leads to it.

    `is_gradient` says that the right one is the gradient of `node`, and `backward` that it is asked for when
    that is complete.
    """
    right = np.asarray(right, dtype=np.float64)
    if is_gradient:
        for mutant, why, wrong in _mistakes(trace, node, previous):
            if agree_everywhere(answer, wrong):
                return msg("Not right: {title}. {why}.", title=mutant.title, why=why), mutant
    known = [*known_numbers(trace, trace.graph[node], backward=backward)]
    if seen := look_alike(right, known, lambda other: agree_everywhere(answer, other)):
        return msg("Not right: {looks}.", looks=seen[0]), seen[1]
    if answer.shape != right.shape:
        if looks := shape_resemblance(answer.shape, right.shape) if is_gradient else "":
            return msg("Not right: {looks}.", looks=looks), None
        told = msg(
            "Not right: your answer has shape {found}, but {name} has shape {shape}.",
            found=shape_text(answer.shape),
            name=name,
            shape=shape_text(right.shape),
        )
        return told, None
    looks = resemblance(answer, right) if is_gradient else ""
    return msg("Not right: {looks}.", looks=looks) if looks else msg("Not right."), None


def _mistakes(trace: Trace, node: str, previous: Trace | None) -> Iterator[tuple[Mutant, Message, Tensor]]:
    """The misconceptions about the last step of a gradient and each path of a sum, with their numbers."""
    schedule, position = trace.schedule, trace.graph.position(node)
    uses = schedule.uses_of.get(position, [])
    if not uses:
        return
    kind: Literal["product", "accumulate"] = "accumulate" if len(uses) > 1 else "product"
    place = QuestionPlace(kind, schedule.arrival(uses[-1]), iteration=trace.iteration)
    question = question_at(trace, place, previous)
    if isinstance(question, NumbersQuestion) and question.task is not None:
        for outcome in question.outcomes:
            yield outcome.mutant, outcome.mutant.message(question.task), outcome.answer
    total = trace.gradients[position]
    if kind == "product" or total is None:
        return
    for use in uses:
        task, contribution = use_at(trace, trace.graph.edges[use], previous), trace.contributions[use]
        for outcome in outcomes_of(task, contribution):
            if outcome.answer.shape == contribution.shape:
                yield outcome.mutant, outcome.mutant.message(task), total - contribution + outcome.answer


# Questions of the author's own


def right_answer(ask: Ask, trace: Trace) -> Tensor:
    """The numbers that answer a question without choices."""
    assert not isinstance(ask.answer, int)
    return _numbers(ask.answer, trace)


def _numbers(given: Formula | Tensor, trace: Trace) -> Tensor:
    return given if not isinstance(given, Formula) else evaluate_on(given.tree, trace)


def _graded_ask(ask: Ask, trace: Trace, answer: YamlNode | None) -> GradedAnswer:
    name = ask.question
    if answer is None:
        return GradedAnswer("ask", name, 0.0, _UNANSWERED)
    if isinstance(ask.answer, int):
        is_right = _is_chosen(ask, ask.answer, answer)
        return GradedAnswer("ask", name, float(is_right), _RIGHT if is_right else msg("Not right."))
    backward = ask.when == "backward"
    try:
        if backward and _takes_gradient_of(answer, trace.graph, ask.node):
            return GradedAnswer("ask", name, 0.0, _ITSELF)
        given = _typed(answer, trace)
    except (ExprError, EvaluationError, UsageError, ValueError, LookupError):
        return GradedAnswer("ask", name, 0.0, msg("Not an answer: it could not be parsed."))
    asked = authors_question(trace, ask)
    assert asked.numbers is not None  # it has no choices
    if agree_everywhere(given, asked.numbers):
        return GradedAnswer("ask", name, 1.0, _RIGHT)
    is_gradient = asked.task is not None
    found = _wrong(
        trace, ask.node, given, asked.numbers, asked.name, is_gradient=is_gradient, backward=backward
    )
    return GradedAnswer("ask", name, 0.0, *found)


def _is_chosen(ask: Ask, right: int, answer: YamlNode) -> bool:
    """Whether an answer is the right choice, as it is written or by its number from 1."""
    text = answer.text.strip() if isinstance(answer, YamlScalar) else ""
    meant = [at for at, choice in enumerate(ask.choices) if text in choice.by_language.values()]
    return right in meant or (not meant and text == str(right + 1))


def _typed(answer: YamlNode, trace: Trace) -> Tensor:
    """The numbers of an answer, or what a formula gives."""
    if isinstance(answer, YamlScalar) and isinstance(answer.value, str):
        if _NOT_FINITE.fullmatch(answer.text):
            return np.asarray(float(answer.text.replace(".", "")))
        return np.asarray(evaluate_on(parse(answer.text), trace), dtype=np.float64)
    return np.asarray(_plain(answer), dtype=np.float64)


_NOT_FINITE: Final = re.compile(r"[-+]?\.?(?:nan|inf)", re.IGNORECASE)


def _takes_gradient_of(answer: YamlNode, graph: Graph, node: str) -> bool:
    """Whether an answer is a formula with the gradient that has not arrived where it is asked for."""
    if not (isinstance(answer, YamlScalar) and isinstance(answer.value, str)):
        return False
    return node in gradients_in(parse(answer.text), graph.loss_name)


def _plain(node: YamlNode) -> object:
    if isinstance(node, YamlSequence):
        return [_plain(item) for item in node.items]
    if isinstance(node, YamlScalar) and isinstance(node.value, int | float):
        return float(node.value)
    raise ValueError
