"""`check --exercise`: files that students filled in, graded, and what comes of it for graders."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.practice.exercise_files import read_exercise
from backprop_engine.practice.exercises import GradedAnswer, grade_exercise
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.read.source import read_source
from backprop_engine.scenario.sections.texts import LocalText
from backprop_tui.cells.text import pad
from backprop_tui.cli.arguments import limits, named_path, standard_input_source
from backprop_tui.cli.reports import Scored, csv_report, gradescope_report, write_report

__all__ = ["grade_files"]

_OK, _WRONG = msg("ok"), msg("wrong")


def grade_files(arguments: argparse.Namespace, files: Iterator[tuple[str, Path | None]]) -> int:
    """Grade every file; 0 where all answers are right, 1 where one is not, 2 where a file cannot be used."""
    language = arguments.lang or "en"
    solution = None
    if arguments.solution is not None:
        solution = load_scenario(named_path(arguments.solution), **limits(arguments))
    rows: list[Scored] = []
    code = 0
    for name, path in files:
        try:
            source = standard_input_source() if path is None else read_source(path)
            graded = grade_exercise(read_exercise(source, **limits(arguments)), solution)
        except ScenarioError as error:
            print(error.in_language(language), file=sys.stderr)
            code = 2
            continue
        except UsageError as error:
            problem = clean(error.in_language(language))
            print(f"backprop-tui: {problem}", file=sys.stderr)
            code = 2
            continue
        _tell(clean(name), graded, language)
        rows += _rows(clean(name), graded, language)
        code = max(code, int(any(answer.credit < 1 for answer in graded)))
    if arguments.report is not None:
        write_report(arguments.report, gradescope_report(rows))
    if arguments.csv is not None:
        write_report(arguments.csv, csv_report(rows))
    return code


def _tell(name: str, graded: Sequence[GradedAnswer], language: str) -> None:
    right = sum(answer.credit == 1 for answer in graded)
    told = msg("{name}: {right} of {count} right", name=name, right=right, count=len(graded))
    print(told.in_language(language))
    for answer in graded:
        outcome = _outcome(answer).in_language(language)
        said = "" if answer.credit == 1 else f"  {answer.message.in_language(language)}"
        print(f"  {pad(outcome, 6)}{_name(answer, language)}{said}")


def _name(answer: GradedAnswer, language: str) -> str:
    """What was asked for, in a language where it is words."""
    asked = answer.name
    return clean(asked.in_language(language) if isinstance(asked, Message | LocalText) else asked)


def _outcome(answer: GradedAnswer) -> Message:
    return _OK if answer.credit == 1 else _WRONG


def _rows(name: str, graded: Sequence[GradedAnswer], language: str) -> Iterator[Scored]:
    for answer in graded:
        mistakes = (answer.mutant.name,) if answer.mutant is not None else ()
        text = answer.message.in_language(language)
        yield Scored(
            f"{name} {_name(answer, language)}", answer.kind, answer.credit, 1, False, mistakes, text
        )
