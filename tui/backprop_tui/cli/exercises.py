"""`check --exercise`: grades files that students filled in, and reports to graders."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.practice.exercise_files import read_exercise
from backprop_engine.practice.exercises import GradedAnswer, asked_of, grade_exercise
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import read_source
from backprop_engine.scenario.sections.texts import LocalText
from backprop_tui.cells.text import pad
from backprop_tui.cli.arguments import limits, scenario_files, standard_input_source
from backprop_tui.cli.reports import Scored, csv_report, gradescope_report, write_report

__all__ = ["grade_files"]

_OK, _WRONG = msg("ok"), msg("wrong")


def grade_files(arguments: argparse.Namespace, files: Iterator[tuple[str, Path | None]]) -> int:
    """Grade every file; 0 if all answers are right, 1 if one is not, 2 if a file cannot be used."""
    language = arguments.lang or "en"
    solutions = _solutions(arguments)
    rows: list[Scored] = []
    code = 0
    for name, path in files:
        try:
            source = standard_input_source() if path is None else read_source(path)
            exercise = read_exercise(source, **limits(arguments))
            graded = grade_exercise(exercise, _solution_of(name, exercise.scenario, solutions))
        except ScenarioError as error:
            told = error.in_language(language)
            print(told, file=sys.stderr)
            code = 2
            mistakes = tuple(dict.fromkeys(one.code.name for one in error.diagnostics))
        except UsageError as error:
            told = clean(error.in_language(language))
            print(f"backprop-tui: {told}", file=sys.stderr)
            code = 2
            mistakes = ()
        else:
            _tell(clean(name), graded, language)
            rows += _rows(clean(name), graded, language)
            code = max(code, int(any(answer.credit < 1 for answer in graded)))
            continue
        print(msg("{name}: cannot be graded", name=clean(name)).in_language(language))
        most = _most(name, solutions)
        rows.append(Scored(clean(name), "file", 0.0, mistakes=mistakes, text=told, most=most))
    if arguments.report is not None:
        write_report(arguments.report, gradescope_report(rows))
    if arguments.csv is not None:
        write_report(arguments.csv, csv_report(rows))
    return code


def _solutions(arguments: argparse.Namespace) -> Mapping[str, Scenario]:
    """The solutions by the names of their files; those in folders as well."""
    found: dict[str, Scenario] = {}
    for _, path in scenario_files(arguments.solution):
        if path is None:
            raise UsageError(msg("a solution is a file, not standard input"))
        scenario = load_scenario(path, **limits(arguments))
        if scenario.name in found:
            raise UsageError(
                msg("two solutions are called {name}: {paths}", name=clean(scenario.name),
                    paths=f"{clean(found[scenario.name].path)}, {clean(scenario.path)}")
            )  # fmt: skip
        found[scenario.name] = scenario
    return found


def _solution_of(name: str, returned: Scenario, solutions: Mapping[str, Scenario]) -> Scenario | None:
    """The solution of a returned file: the only one, the one that its path names, or the one of its title."""
    if not solutions:
        return None
    named = _named_in(name, solutions)
    if named is None:
        titled = [one for one in solutions.values() if one.title == returned.title]
        named = titled[0].name if len(titled) == 1 and str(returned.title) else None
    if named is None:
        raise UsageError(
            msg(
                "{path}: none of the solutions ({names}) is named in this path",
                path=clean(name),
                names=clean(", ".join(solutions)),
            ),
            msg(
                "name the file after its solution, as in `{example}`",
                example=f"kim_{next(iter(solutions))}.yaml",
            ),
        )
    return solutions[named]


def _named_in(path: str, solutions: Mapping[str, Scenario]) -> str | None:
    """The longest name of a solution in the file's name, or else in that of the nearest folder."""
    if len(solutions) == 1:
        return next(iter(solutions))
    for part in reversed(Path(path).with_suffix("").parts):
        named = [name for name in solutions if re.search(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", part)]
        if named:
            return max(named, key=len)
    return None


def _most(path: str, solutions: Mapping[str, Scenario]) -> float:
    """How much all answers of a file are worth that cannot be graded; 1 if its solution is unknown."""
    named = _named_in(path, solutions) if solutions else None
    return 1.0 if named is None else float(len(asked_of(solutions[named])) + len(solutions[named].asks))


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
