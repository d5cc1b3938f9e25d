"""Grading an answer: whether it is right, and otherwise which misconception leads to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor, shape_text
from backprop_engine.derivatives.misconceptions import UPSTREAM, resemblance, shape_resemblance
from backprop_engine.errors import UsageError
from backprop_engine.explain.symbols import gradient_name
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.practice.answers import EntryNumbers, Given, Whole, read_choice, read_numbers, read_shape
from backprop_engine.practice.asks import look_alike
from backprop_engine.practice.comparing import DIGITS, agree_everywhere, agrees, scale_of
from backprop_engine.practice.entries import Entry, telling_apart
from backprop_engine.practice.mutants import Mutant
from backprop_engine.practice.question import (
    ChoiceQuestion,
    NumbersQuestion,
    Question,
    ShapeQuestion,
    WrongAnswer,
)
from backprop_engine.practice.uses import OperandUse

__all__ = ["Grade", "grade"]

WITH_HINT: Final = 0.5
"""What is left of the credit for an answer that was given with a hint."""


class Grade(Struct, frozen=True, eq=False):
    """What an answer is worth, 0 to 1, and what to say about it.

    `mutant` is the misconception that leads to a wrong answer, if one is recognised. Where two do,
    `another_entry` is one that tells them apart: ask for it, with `NumbersQuestion.asking`, and grade the
    answers together.
    """

    right: bool
    credit: float
    message: Message
    mutant: Mutant | None = None
    another_entry: Entry | None = None


def grade(question: Question, typed: str, *, hinted: bool = False) -> Grade:
    """Grade what was typed; `hinted` says that the hint was shown.

    Raises `UsageError` for what is not an answer: text that cannot be read, another number of numbers, or
    fewer digits of the right ones. It costs nothing.

    >>> from backprop_engine import make_graph, record
    >>> from backprop_engine.practice import grade, questions
    >>> trace = record(make_graph({"f": "3 * x * x"}, inputs={"x": 2}))
    >>> question = questions(trace, ["accumulate"])[0]
    >>> print(question.text)
    Contribution 2 of 2 to ∂L/∂x has arrived, through f#1. What is ∂L/∂x now?
    >>> grade(question, "12").right, grade(question, "6").mutant
    (True, <Mutant overwritten>)
    """
    match question:
        case NumbersQuestion():
            found = _graded_numbers(question, read_numbers(question, typed))
            if found.right and not hinted and _leaves_out_one(question, typed):
                return _right(
                    msg(
                        "Right, because {gradient} is 1 here; otherwise it would be a factor.",
                        gradient=_flowing(question),
                    )
                )
        case ShapeQuestion():
            found = _graded_shape(question, read_shape(typed))
        case ChoiceQuestion():
            found = _graded_choice(question, read_choice(question, typed))
    if found.right and hinted:
        return Grade(True, WITH_HINT, msg("Right, with a hint: half the credit."))
    return found


_RIGHT: Final = msg("Right.")


def _right(message: Message = _RIGHT) -> Grade:
    return Grade(True, 1.0, message)


def _leaves_out_one(question: NumbersQuestion, typed: str) -> bool:
    """Whether a formula leaves out an upstream gradient, and is right since that is 1."""
    task = question.task
    if not isinstance(task, OperandUse) or question.kind != "product" or not np.all(task.g == 1):
        return False
    words = set(re.findall(r"[^\W\d][\w.]*", typed.rpartition("=")[2]))
    known = {UPSTREAM, "upstream", "grad", f"d{task.node.name}"}
    return bool(words) and not words & known and "∂" not in typed and typed.rpartition("=")[2].strip() != "1"


def _flowing(question: NumbersQuestion) -> str:
    assert isinstance(question.task, OperandUse)
    return gradient_name(question.trace.graph, question.task.node)


def _wrong(message: Message, mutant: Mutant | None = None, another: Entry | None = None) -> Grade:
    return Grade(False, 0.0, message, mutant, another)


def _named(mutant: Mutant, why: Message) -> Grade:
    return _wrong(msg("Not right: {title}. {why}.", title=mutant.title, why=why), mutant)


def _graded_choice(question: ChoiceQuestion, chosen: int) -> Grade:
    if chosen == question.right:
        return _right()
    mutant = question.choices[chosen].mutant
    if mutant is None:
        return _wrong(msg("Not right. {hint}", hint=question.hint))
    return _named(mutant, question.why(mutant))


def _graded_shape(question: ShapeQuestion, shape: Shape) -> Grade:
    if shape == question.right:
        return _right()
    for mutant, wrong in question.wrong:
        if wrong == shape:
            return _named(mutant, mutant.message(question.task))
    return _unrecognised(shape_resemblance(shape, question.right))


def _graded_numbers(question: NumbersQuestion, given: Given) -> Grade:
    if _fits(question, given, question.right):
        return _right()
    widened = _widened(question, given)
    suspects = [outcome for outcome in question.outcomes if _fits(question, widened, outcome.answer)]
    if not suspects:
        return _of_no_mutant(question, given)
    if isinstance(given, EntryNumbers):
        another = _another(suspects, question.entries)
        if another is not None:
            name = f"{question.name}[{', '.join(map(str, another))}]"
            return _wrong(
                msg(
                    "Not right, and two different mistakes give these numbers. One more question: what "
                    "is {entry}?",
                    entry=name,
                ),
                None,
                another,
            )
    mutant = suspects[0].mutant
    assert question.task is not None  # it has outcomes
    return _named(mutant, mutant.message(question.task))


def _widened(question: NumbersQuestion, given: Given) -> Given:
    """A formula that gives a number as that number in every entry, as NumPy would store it."""
    if isinstance(given, Whole) and given.tensor.shape == ():
        return Whole(np.full(question.right.shape, given.tensor))
    return given


def _fits(question: NumbersQuestion, given: Given, answer: Tensor) -> bool:
    """Whether what was given is `answer`, as far as it was asked for."""
    if not isinstance(given, EntryNumbers):
        return agree_everywhere(given.tensor, answer)
    if answer.shape != question.right.shape:
        return False
    scale = scale_of(answer)
    pairs = zip(given.numbers, question.entries, strict=True)
    return all(agrees(number, float(answer[entry]), scale) for number, entry in pairs)


def _another(suspects: Sequence[WrongAnswer], asked: Sequence[Entry]) -> Entry | None:
    """An entry that tells the first suspect from another misconception."""
    first = suspects[0]
    for other in suspects[1:]:
        if other.mutant is first.mutant:
            continue
        entry = telling_apart(first.answer, other.answer, asked)
        if entry is not None:
            return entry
    return None


def _of_no_mutant(question: NumbersQuestion, given: Given) -> Grade:
    """What can be said of an answer that no misconception leads to."""
    if isinstance(given, EntryNumbers) and _rounded(question, given):
        raise UsageError(msg("almost: give your answer to three significant digits"))
    if question.kind == "ask" and (
        seen := look_alike(question.right, question.known, lambda known: _fits(question, given, known))
    ):
        return _wrong(msg("Not right: {looks}.", looks=seen[0]), seen[1])
    if isinstance(given, EntryNumbers):
        if len(given.numbers) < question.right.size:
            return _unrecognised("")
        found = np.array(given.numbers).reshape(question.right.shape)
    else:
        found = given.tensor.astype(np.float64)
    if found.shape != question.right.shape:
        return _wrong(
            msg(
                "Not right: your answer has shape {found}, but {name} has shape {shape}.",
                found=shape_text(found.shape),
                name=question.name,
                shape=shape_text(question.right.shape),
            )
        )
    return _unrecognised(_resembles(question, found) if found.size > 1 else "")


def _resembles(question: NumbersQuestion, found: Tensor) -> Hint:
    factors = {}
    if isinstance(question.task, OperandUse):
        factors = {UPSTREAM: question.task.g} | dict(
            zip(question.task.names, question.task.operands, strict=True)
        )
    return resemblance(found, question.right.astype(np.float64), factors=factors)


def _unrecognised(looks: Hint) -> Grade:
    return _wrong(msg("Not right: {looks}.", looks=looks) if looks else msg("Not right."))


def _rounded(question: NumbersQuestion, given: EntryNumbers) -> bool:
    """Whether the numbers are the right ones in fewer digits."""
    for number, entry in zip(given.numbers, question.entries, strict=True):
        right = float(question.right[entry])
        if number not in {float(f"{right:.{digits}g}") for digits in range(1, DIGITS + 1)}:
            return False
    return True
