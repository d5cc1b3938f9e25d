"""Practice: predict a step, and be told which misconception leads to a wrong answer."""

from __future__ import annotations

from backprop_engine.practice.drawing import drawn
from backprop_engine.practice.grading import Grade, grade
from backprop_engine.practice.mutants import MUTANTS, Mutant
from backprop_engine.practice.question import (
    KINDS,
    ChoiceQuestion,
    NumbersQuestion,
    Question,
    QuestionKind,
    QuestionPlace,
    ShapeQuestion,
)
from backprop_engine.practice.questions import places, question_at, questions

__all__ = [
    "KINDS",
    "MUTANTS",
    "ChoiceQuestion",
    "Grade",
    "Mutant",
    "NumbersQuestion",
    "Question",
    "QuestionKind",
    "QuestionPlace",
    "ShapeQuestion",
    "drawn",
    "grade",
    "places",
    "question_at",
    "questions",
]
