"""`check`: expectations, and every gradient numerically; a line for each file."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from os.path import isdir
from pathlib import Path

from backprop_engine.arrays import shape_text
from backprop_engine.check import GradientCheck, Verdict
from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.explain.numbers import number
from backprop_engine.scenario.loader import load_scenario, load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.verify import Verification, verify
from backprop_engine.text import clean
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
        help="files, folders, or names of bundled scenarios; - for standard input",
    )
    parser.add_argument("--watch", action="store_true", help="check again at every save; Ctrl+C ends")
    add_shared(parser, scenario=False)


def run(arguments: argparse.Namespace) -> int:
    """Check every file; 0 where all passed, 1 where one failed, 2 where one could not be used."""

    def check(name: str, path: Path | None) -> int:
        return _checked(clean(name), path, arguments.max_memory, arguments.lang or "en")

    if arguments.watch:
        from backprop_tui.cli.rounds import watch

        if "-" in arguments.paths:
            raise UsageError("standard input cannot be watched: give files or folders")
        list(_files(arguments.paths))
        return watch(lambda: _named(arguments.paths), check, summary)
    codes = [check(name, path) for name, path in _files(arguments.paths)]
    print(summary(codes))
    return max(codes)


def summary(codes: Sequence[int]) -> str:
    """How many files there were, and what came of them."""
    words = [f"{codes.count(0)} passed"]
    words += [f"{codes.count(1)} failed"] if 1 in codes else []
    words += [f"{codes.count(2)} could not be used"] if 2 in codes else []
    return f"{len(codes)} {'file' if len(codes) == 1 else 'files'}: {', '.join(words)}"


def _named(arguments: list[str]) -> dict[str, Path]:
    """The files that there are now, by what they are called; a folder may have become empty."""
    return {name: path for name, path in _files(arguments, empty_too=True) if path is not None}


def _files(arguments: list[str], *, empty_too: bool = False) -> Iterator[tuple[str, Path | None]]:
    """Every file that the arguments mean; folders recursively, sorted."""
    if arguments.count("-") > 1:
        raise UsageError("- is given twice: standard input can be read once")
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
            raise UsageError(f"{argument}: there is no scenario in this folder (no .yaml or .yml file)")
        yield from ((str(one), one) for one in inside)


def _checked(name: str, path: Path | None, max_memory: int, language: str) -> int:
    try:
        scenario = _load(path, max_memory)
    except ScenarioError as error:
        print(error.in_language(language), file=sys.stderr)
        count = len(error.diagnostics)
        print(f"BAD   {name}  {count} {'mistake' if count == 1 else 'mistakes'}")
        return 2
    verification = verify(scenario)
    if verification.passed:
        print(f"ok    {name}  {_counts(verification)}")
        return 0
    print(f"FAIL  {name}  {_counts(verification)}")
    for failure in verification.failures:
        print(failure.diagnostic.in_language(language))
    for check in verification.bad[:_MOST_SHOWN]:
        print(f"      {_said(check)}")
    if len(verification.bad) > _MOST_SHOWN:
        print(f"      … and {len(verification.bad) - _MOST_SHOWN} more gradients")
    return 1


def _load(path: Path | None, max_memory: int) -> Scenario:
    if path is None:
        scenario = load_source(standard_input_source(), max_memory=max_memory)
    else:
        scenario = load_scenario(path, max_memory=max_memory)
    refuse_texts(scenario)
    return scenario


def _counts(verification: Verification) -> str:
    """How much was compared, and by which methods."""
    checks = verification.checks
    methods = Counter(check.method for check in checks)
    how = ", ".join(f"{count} by {method}" for method, count in sorted(methods.items()))
    words = [f"{verification.figures} figures", f"{len(checks)} gradients ({how})"]
    kinks = sum(check.verdict is Verdict.KINK for check in checks)
    words += [f"{kinks} at a kink"] if kinks else []
    sampled = [check for check in checks if check.sampled and check.checked]
    words += [
        f"{check.name}: {check.checked} of {check.cells} cells and a random projection" for check in sampled
    ]
    return ", ".join(words)


def _said(check: GradientCheck) -> str:
    if check.shapes:
        found, expected = map(shape_text, check.shapes)
        return f"{check.name}: the gradient is {found}, what it belongs to is {expected}"
    cell = f"[{', '.join(map(str, check.cell))}]" if check.cell else ""
    if check.method == "output":
        return (
            f"{check.name}: the output is not finite, nothing can be compared, and `expect` does not say so"
        )
    if check.verdict is Verdict.NOT_FINITE:
        return f"{check.name}{cell}: the gradient is {number(check.found)}, and `expect` does not name it"
    return (
        f"{check.name}{cell}: the gradient is {number(check.found, 12)}, by {check.method} it is "
        f"{number(check.expected, 12)} (off by {number(check.error, 2)} of the largest)"
    )
