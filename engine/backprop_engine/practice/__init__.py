"""Practice: predict a step, and learn which misconception leads to a wrong answer."""

from __future__ import annotations

from backprop_engine.practice.bugs import Bug, BugGrade, bugs_of, drawn_bug, grade_bug, with_bug
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
    "Bug",
    "BugGrade",
    "ChoiceQuestion",
    "Grade",
    "Mutant",
    "NumbersQuestion",
    "Question",
    "QuestionKind",
    "QuestionPlace",
    "ShapeQuestion",
    "bugs_of",
    "drawn",
    "drawn_bug",
    "grade",
    "grade_bug",
    "places",
    "question_at",
    "questions",
    "with_bug",
]
