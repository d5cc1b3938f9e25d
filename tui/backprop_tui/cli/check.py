"""`check`: expectations, and every gradient numerically; a line for each file."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from os.path import isdir
from pathlib import Path
from typing import Final

from backprop_engine.arrays import shape_text
from backprop_engine.derivatives.numeric_check import GradientCheck, Verdict
from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.explain.numbers import number
from backprop_engine.messages.message import Message, joined, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.loader import load_scenario, load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.verify import Verification, verify
from backprop_tui.cells.text import pad
from backprop_tui.cli.arguments import add_shared, named_path, refuse_texts, standard_input_source

__all__ = ["add_arguments", "run", "summary"]

_ENDINGS = (".yaml", ".yml")
_MOST_SHOWN = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `check`."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help=msg("files, folders, or names of bundled scenarios; - for standard input"),
    )
    parser.add_argument("--watch", action="store_true", help=msg("check again at every save; Ctrl+C ends"))
    add_shared(parser, scenario=False)


def run(arguments: argparse.Namespace) -> int:
    """Check every file; 0 where all passed, 1 where one failed, 2 where one could not be used."""
    language = arguments.lang or "en"

    def check(name: str, path: Path | None) -> int:
        return _checked(clean(name), path, arguments.max_memory, language)

    if arguments.watch:
        from backprop_tui.cli.rounds import watch

        if "-" in arguments.paths:
            raise UsageError(msg("standard input cannot be watched: give files or folders"))
        list(_files(arguments.paths))
        return watch(lambda: _named(arguments.paths), check, summary, language)
    codes = [check(name, path) for name, path in _files(arguments.paths)]
    print(summary(codes).in_language(language))
    return max(codes)


def summary(codes: Sequence[int]) -> Message:
    """How many files there were, and what came of them."""
    words = [msg("{count} passed", count=codes.count(0))]
    words += [msg("{count} failed", count=codes.count(1))] if 1 in codes else []
    words += [msg("{count} could not be used", count=codes.count(2))] if 2 in codes else []
    outcomes = joined(", ", words)
    if len(codes) == 1:
        return msg("1 file: {outcomes}", outcomes=outcomes)
    return msg("{count} files: {outcomes}", count=len(codes), outcomes=outcomes)


def _named(arguments: list[str]) -> dict[str, Path]:
    """The files that there are now, by what they are called; a folder may have become empty."""
    return {name: path for name, path in _files(arguments, empty_too=True) if path is not None}


def _files(arguments: list[str], *, empty_too: bool = False) -> Iterator[tuple[str, Path | None]]:
    """Every file that the arguments mean; folders recursively, sorted."""
    if arguments.count("-") > 1:
        raise UsageError(msg("- is given twice: standard input can be read once"))
    paths = [None if argument == "-" else named_path(argument) for argument in arguments]
    for argument, path in zip(arguments, paths, strict=True):
        if path is None:
            yield "<stdin>", None
            continue
        if not isdir(path):
            yield (argument if path == Path(argument) else path.stem), path
            continue
        inside = sorted(one for one in path.rglob("*") if one.suffix in _ENDINGS and not one.is_dir())
        if not inside and not empty_too:
            raise UsageError(
                msg("{folder}: there is no scenario in this folder (no .yaml or .yml file)", folder=argument)
            )
        yield from ((str(one), one) for one in inside)


def _checked(name: str, path: Path | None, max_memory: int, language: str) -> int:
    try:
        scenario = _load(path, max_memory)
    except ScenarioError as error:
        print(error.in_language(language), file=sys.stderr)
        _tell(_BAD, name, _mistakes(len(error.diagnostics)), language)
        return 2
    verification = verify(scenario)
    if verification.passed:
        _tell(_OK, name, _counts(verification), language)
        return 0
    _tell(_FAIL, name, _counts(verification), language)
    for failure in verification.failures:
        print(failure.diagnostic.in_language(language))
    for check in verification.bad[:_MOST_SHOWN]:
        print(f"      {_told(check).in_language(language)}")
    left = len(verification.bad) - _MOST_SHOWN
    if left > 0:
        print(f"      {msg('… and {count} more gradients', count=left).in_language(language)}")
    return 1


_OK, _FAIL, _BAD = msg("ok"), msg("FAIL"), msg("BAD")


def _tell(outcome: Message, name: str, what: Message, language: str) -> None:
    """The line of a file."""
    print(f"{pad(outcome.in_language(language), 6)}{name}  {what.in_language(language)}")


def _mistakes(count: int) -> Message:
    return msg("1 mistake") if count == 1 else msg("{count} mistakes", count=count)


def _load(path: Path | None, max_memory: int) -> Scenario:
    if path is None:
        scenario = load_source(standard_input_source(), max_memory=max_memory)
    else:
        scenario = load_scenario(path, max_memory=max_memory)
    refuse_texts(scenario)
    return scenario


_METHODS: Final[dict[str, Message]] = {
    "complex step": msg("complex step"),
    "differences": msg("differences"),
    "output": msg("output"),
}
"""How gradients are checked, as it is told."""


def _counts(verification: Verification) -> Message:
    """How much was compared, and by which methods."""
    checks = verification.checks
    methods = Counter(check.method for check in checks)
    how = joined(
        ", ",
        (
            msg("{count} by {method}", count=count, method=_METHODS[method])
            for method, count in sorted(methods.items())
        ),
    )
    words = [
        msg("{count} figures", count=verification.figures) if verification.figures != 1 else msg("1 figure"),
        msg("{count} gradients ({how})", count=len(checks), how=how),
    ]
    kinks = sum(check.verdict is Verdict.KINK for check in checks)
    words += [msg("{count} at a kink", count=kinks)] if kinks else []
    words += [
        msg(
            "{name}: {checked} of {cells} cells and a random projection",
            name=check.name,
            checked=check.checked,
            cells=check.cells,
        )
        for check in checks
        if check.sampled and check.checked
    ]
    return joined(", ", words)


def _told(check: GradientCheck) -> Message:
    """What is wrong with a gradient."""
    name = f"{check.name}[{', '.join(map(str, check.cell))}]" if check.cell else check.name
    if check.shapes:
        found, expected = map(shape_text, check.shapes)
        return msg(
            "{name}: the gradient is {found}, what it belongs to is {expected}",
            name=check.name,
            found=found,
            expected=expected,
        )
    if check.method == "output":
        return msg(
            "{name}: the output is not finite, nothing can be compared, and `expect` does not say so",
            name=check.name,
        )
    if check.verdict is Verdict.NOT_FINITE:
        return msg(
            "{name}: the gradient is {found}, and `expect` does not name it",
            name=name,
            found=number(check.found),
        )
    return msg(
        "{name}: the gradient is {found}, by {method} it is {expected} (off by {error} of the largest)",
        name=name,
        found=number(check.found, 12),
        method=_METHODS[check.method],
        expected=number(check.expected, 12),
        error=number(check.error, 2),
    )
