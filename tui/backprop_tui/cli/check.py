"""`check`: expectations, and every gradient numerically; a line for each file."""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import sleep
from typing import TypeAlias

from backprop_engine.derivatives.gradient_check import GradientCheck, Verdict
from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.explain.gradient_problems import METHODS, problem_text
from backprop_engine.messages.message import Message, in_language, joined, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.verify import CheckInterrupted, Verification, verify
from backprop_tui.cells.text import pad
from backprop_tui.cli.arguments import (
    add_shared,
    limits,
    refuse_texts,
    scenario_files,
    standard_input_source,
)
from backprop_tui.cli.output import ProgressMeter
from backprop_tui.files.opening import load
from backprop_tui.files.watching import INTERVAL, Watcher, data_files, stamp

__all__ = ["add_arguments", "run", "summary", "watch"]

_MOST_SHOWN = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `check`."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help=msg("files, folders, or names of bundled scenarios; - for standard input"),
    )
    parser.add_argument(
        "--watch", action="store_true", help=msg("check again whenever a file is saved; Ctrl+C stops")
    )
    parser.add_argument(
        "--exercise",
        action="store_true",
        help=msg(
            "grade the answers filled in for each ? of an exercise; exit code 0 if all are right, 1 if one "
            "is wrong, 2 if a file cannot be used"
        ),
    )
    parser.add_argument(
        "--solution",
        action="append",
        default=[],
        metavar="PATH",
        help=msg(
            "with --exercise: the scenario it was made from; if several or a folder are given, they "
            "are matched by name"
        ),
    )
    parser.add_argument(
        "--report",
        metavar="FILE.json",
        help=msg("write the scores in the format of Gradescope's results.json"),
    )
    parser.add_argument(
        "--csv", metavar="FILE.csv", help=msg("write the scores as CSV, one line per question")
    )
    add_shared(parser, scenario=False)


def run(arguments: argparse.Namespace) -> int:
    """Check every file; 0 if all passed, 1 if one failed, 2 if one could not be used.

    An interrupt ends it with what was found so far.
    """
    language = arguments.lang or "en"
    if arguments.exercise:
        if arguments.watch:
            raise UsageError(msg("--watch cannot grade: leave it out with --exercise"))
        from backprop_tui.cli.exercises import grade_files

        return grade_files(arguments, scenario_files(arguments.paths))
    for option in ("solution", "report", "csv"):
        if getattr(arguments, option) not in (None, []):
            raise UsageError(msg("{option} needs --exercise", option=f"--{option}"))

    def check(name: str, path: Path | None) -> int:
        return _checked(clean(name), path, limits(arguments), language)

    if arguments.watch:
        if "-" in arguments.paths:
            raise UsageError(msg("standard input cannot be watched: give files or folders"))
        list(scenario_files(arguments.paths))
        return watch(lambda: _named(arguments.paths), check, summary, language)
    codes: list[int] = []
    try:
        codes.extend(check(name, path) for name, path in scenario_files(arguments.paths))
    except CheckInterrupted:
        outcomes = summary(codes) if codes else msg("no file was checked")
        print(msg("stopped: {outcomes}", outcomes=outcomes).in_language(language), flush=True)
        return 128 + signal.SIGINT
    print(summary(codes).in_language(language))
    return max(codes)


def summary(codes: Sequence[int]) -> Message:
    """How many files there were, and their outcomes."""
    words = [msg("{count} passed", count=codes.count(0))]
    words += [msg("{count} failed", count=codes.count(1))] if 1 in codes else []
    words += [msg("{count} could not be used", count=codes.count(2))] if 2 in codes else []
    outcomes = joined(", ", words)
    if len(codes) == 1:
        return msg("1 file: {outcomes}", outcomes=outcomes)
    return msg("{count} files: {outcomes}", count=len(codes), outcomes=outcomes)


def _named(arguments: list[str]) -> dict[str, Path]:
    """The files that exist now, by name; a folder may have become empty."""
    return {name: path for name, path in scenario_files(arguments, empty_too=True) if path is not None}


def _checked(name: str, path: Path | None, allowed: dict[str, int], language: str) -> int:
    try:
        scenario = _load(path, allowed)
    except ScenarioError as error:
        print(error.in_language(language), file=sys.stderr)
        _tell(_BAD, name, _mistakes(error.count), language)
        return 2
    meter = ProgressMeter(language)
    try:
        verification = verify(scenario, meter.gradients, meter.reach)
    except CheckInterrupted as stopped:
        meter.wipe()
        done = msg("{done} of {count} gradients", done=len(stopped.found.checks), count=stopped.count)
        _tell(_STOPPED, name, done, language)
        _tell_gradients(stopped.found, language)
        raise
    blanks = sum(len(block.blanks) for block in scenario.expectations)
    if verification.passed:
        _tell(_OK, name, _counts(verification, blanks), language)
        return 0
    _tell(_FAIL, name, _counts(verification, blanks), language)
    for failure in verification.failures:
        print(failure.diagnostic.in_language(language))
    _tell_gradients(verification, language)
    return 1


def _tell_gradients(verification: Verification, language: str) -> None:
    """What is wrong with gradients, one line each."""
    for check in verification.bad[:_MOST_SHOWN]:
        print(f"      {problem_text(check).in_language(language)}")
    left = len(verification.bad) - _MOST_SHOWN
    if left > 0:
        print(f"      {msg('… and {count} more gradients', count=left).in_language(language)}")


_OK, _FAIL, _BAD, _STOPPED = msg("ok"), msg("FAIL"), msg("BAD"), msg("STOP")


def _tell(outcome: Message, name: str, what: Message, language: str) -> None:
    """The line of a file."""
    print(f"{pad(outcome.in_language(language), 6)}{name}  {what.in_language(language)}")


def _mistakes(count: int) -> Message:
    return msg("1 mistake") if count == 1 else msg("{count} mistakes", count=count)


def _load(path: Path | None, allowed: dict[str, int]) -> Scenario:
    scenario = load_source(standard_input_source(), **allowed) if path is None else load(path, **allowed)
    refuse_texts(scenario)
    return scenario


def _counts(verification: Verification, blanks: int) -> Message:
    """How much was compared, and by which methods; and how many figures are still to be filled in."""
    checks = [check for check in verification.checks if check.verdict is not Verdict.NOT_APPLICABLE]
    left = len(verification.checks) - len(checks)
    methods = Counter(check.method for check in checks)
    how = joined(
        ", ",
        (
            msg("{count} by {method}", count=count, method=METHODS[method])
            for method, count in sorted(methods.items())
        ),
    )
    words = [
        msg("{count} figures", count=verification.figures) if verification.figures != 1 else msg("1 figure"),
    ]
    if checks or not left:
        words.append(msg("{count} gradients ({how})", count=len(checks), how=how))
    if left:
        words.append(msg("{count} gradients that cannot be computed here", count=left))
    if blanks:
        words.append(msg("1 blank") if blanks == 1 else msg("{count} blanks", count=blanks))
    kinks = sum(check.verdict is Verdict.KINK for check in checks)
    words += [msg("{count} at a kink", count=kinks)] if kinks else []
    words += _sampled(checks)
    return joined(", ", words)


def _sampled(checks: Sequence[GradientCheck]) -> list[Message]:
    """Which gradients were not checked in every entry; of many, how many entries were in all."""
    sampled = [check for check in checks if check.sampled]
    if len(sampled) > _MOST_SHOWN:
        return [
            msg(
                "checked {checked} of {entries} entries and a random projection of each gradient",
                checked=sum(check.checked for check in checks),
                entries=sum(check.entries for check in checks),
            )
        ]
    return [
        msg(
            "{name}: {checked} of {entries} entries and a random projection",
            name=check.name,
            checked=check.checked,
            entries=check.entries,
        )
        for check in sampled
    ]


# Watching


Check: TypeAlias = Callable[[str, Path], int]


def watch(
    find: Callable[[], Mapping[str, Path]],
    check: Check,
    summary: Callable[[Sequence[int]], str],
    language: str = "en",
    wait: Callable[[], object] = lambda: sleep(INTERVAL),
) -> int:
    """Check what `find` gives, and again whatever changes, until an interrupt; returns the exit code.

    A scenario changes with the data files that it reads. There is a `wait` between two checks of the files.
    """
    rounds = _Rounds(check, summary, language)
    try:
        rounds.first(find())
        print(msg("watching; Ctrl+C stops").in_language(language), file=sys.stderr, flush=True)
        while True:
            wait()
            rounds.look(find())
    except KeyboardInterrupt:
        print(f"\n{rounds.summary}", flush=True)
        return 128 + signal.SIGINT


class _Rounds:
    """The outcome of every file, as of the last round that it was in."""

    def __init__(self, check: Check, summary: Callable[[Sequence[int]], str], language: str) -> None:
        self.codes: dict[str, int] = {}
        self._check, self._summary, self._language = check, summary, language
        self._watchers: dict[str, Watcher] = {}
        self._count = 1

    @property
    def summary(self) -> str:
        """The outcomes of all files so far."""
        return in_language(self._summary(list(self.codes.values())), self._language)

    def first(self, files: Mapping[str, Path]) -> None:
        """Check all files."""
        for name, path in files.items():
            self._watchers[name] = Watcher(())
            self._checked(name, path)
        print(self.summary, flush=True)

    def look(self, files: Mapping[str, Path]) -> None:
        """Check what has changed or is new; a round in which nothing has does not count."""
        for name, path in files.items():
            if name not in self._watchers:  # as if it had changed, so that it is waited for to be whole
                self._watchers[name] = Watcher((str(path),), {str(path): None})
        changed = [name for name in files if self._watchers[name].poll()]
        gone = [name for name in self.codes if name not in files]
        self._watchers = {name: self._watchers[name] for name in files}
        if not changed and not gone:
            return
        self._count += 1
        print(f"\n{msg('round {count}', count=self._count).in_language(self._language)}")
        for name in gone:
            del self.codes[name]
            print(f"{pad(msg('gone').in_language(self._language), 6)}{clean(name)}")
        for name in changed:
            self._checked(name, files[name])
        print(self.summary, flush=True)

    def _checked(self, name: str, path: Path) -> None:
        watcher, data = self._watchers[name], data_files(str(path))
        paths = (str(path), *(watcher.paths[1:] if data is None else data))
        watcher.watch(paths, {file: stamp(file) for file in paths})
        self.codes[name] = self._check(name, path)
