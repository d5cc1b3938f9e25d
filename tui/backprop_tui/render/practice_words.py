"""What is said around a question of practice: the blanks, and the model answer."""

from __future__ import annotations

from collections.abc import Sequence

from backprop_engine.arrays import shape_text
from backprop_engine.explain.numbers import number
from backprop_engine.messages.message import Message, in_language, msg
from backprop_engine.practice import ChoiceQuestion, NumbersQuestion, Question, ShapeQuestion
from backprop_engine.practice.entries import Entry

__all__ = ["blank_text", "model_answer"]

_DIGITS = 4


def blank_text(question: Question, more: Sequence[Entry], language: str) -> str:
    """What stands before the place for the answer; `more` are entries asked for after a first answer."""
    match question:
        case NumbersQuestion():
            name = in_language(question.name, language)
            if not more and len(question.entries) == question.right.size > 1:
                return f"{name} ({shape_text(question.right.shape)})"
            blanks = question.blanks[-len(more) :] if more else question.blanks
            return ", ".join(blank.replace(question.name, name, 1) for blank in blanks)
        case ShapeQuestion():
            return msg("shape").in_language(language)
        case ChoiceQuestion():
            return f"1-{len(question.choices)}"


def model_answer(question: Question) -> Message:
    """The right answer, and how to get there."""
    match question:
        case NumbersQuestion():
            shown = ", ".join(number(question.right[entry], _DIGITS) for entry in question.entries)
            return _answer(shown, question)
        case ShapeQuestion():
            return _answer(shape_text(question.right), question)
        case ChoiceQuestion():
            return msg("The answer is: {answer}.", answer=question.choices[question.right].text)


def _answer(shown: str, question: NumbersQuestion | ShapeQuestion) -> Message:
    """The answer, and the hint; an author's hint is a sentence, or a question, of its own."""
    if question.kind == "ask":
        return msg("The answer is {answer}. {hint}", answer=shown, hint=question.hint)
    return msg("The answer is {answer}: {hint}.", answer=shown, hint=question.hint)
