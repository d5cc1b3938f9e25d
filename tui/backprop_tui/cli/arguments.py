"""Arguments that several subcommands share, and what they mean."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence

from backprop_engine.messages.message import msg
from backprop_engine.messages.translations import languages
from backprop_tui.cli.parser import ArgumentMistake

TYPE_CHECKING = False
if TYPE_CHECKING:  # help needs neither paths nor the engine
    from pathlib import Path

    from backprop_engine.errors import ScenarioError
    from backprop_engine.scenario.model import Scenario
    from backprop_engine.scenario.read.source import Source

__all__ = [
    "add_own_operators",
    "add_shared",
    "limits",
    "memory",
    "named_path",
    "opened",
    "position",
    "question_count",
    "refuse_texts",
    "scenario_files",
    "seed",
    "size",
    "standard_input_source",
    "threads",
    "work",
]

_ENDINGS = (".yaml", ".yml")
_MOST_SEEDS = 2**31
_MOST_QUESTIONS = 1000
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def add_shared(parser: argparse.ArgumentParser, *, scenario: bool = True) -> None:
    """SCENARIO, --set, --max-memory, --max-work, --threads and --lang."""
    if scenario:
        parser.add_argument(
            "scenario",
            metavar="SCENARIO",
            help=msg("a file, or the name of a bundled scenario; - for standard input"),
        )
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help=msg("another value for a leaf")
        )
    parser.add_argument(
        "--max-memory",
        type=memory,
        default=2**30,
        metavar="SIZE",
        help=msg("the memory limit for all tensors together (1GiB)"),
    )
    parser.add_argument(
        "--max-work",
        type=work,
        default=10**10,
        metavar="COUNT",
        help=msg("the limit on multiplications per iteration (1e10)"),
    )
    parser.add_argument(
        "--threads",
        type=threads,
        default=1,
        metavar="N",
        help=msg("threads for products of large matrices (1)"),
    )
    add_own_operators(parser)
    parser.add_argument("--lang", choices=languages(), default=None, help=msg("the language of explanations"))


def add_own_operators(parser: argparse.ArgumentParser) -> None:
    """--ops: Python files that define operators, which are run as they are."""
    parser.add_argument(
        "--ops",
        action="append",
        default=[],
        metavar="FILE.py",
        help=msg("a Python file that defines your own operators; it will be executed"),
    )


def memory(text: str) -> int:
    """A size in bytes: ``4GiB``, ``512M``, ``1000000``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", text.strip().lower())
    if match is None:
        raise ArgumentMistake(
            msg("{text} is not a size: write 4GiB, 512MiB or a number of bytes", text=repr(text))
        )
    return _whole(float(match[1]) * _UNITS[match[2]])


def work(text: str) -> int:
    """A number of products: ``1e12``, ``20000000000``."""
    if not re.fullmatch(r"\d+(\.\d+)?(e\d{1,2})?", text.strip().lower()):
        raise ArgumentMistake(
            msg("{text} is not a number of multiplications: write 1e12, or 20000000000", text=repr(text))
        )
    return _whole(float(text))


def _whole(limit: float) -> int:
    """A limit as a whole number; one past all that a float can be is as good as none."""
    return int(min(limit, sys.float_info.max))


def size(text: str) -> tuple[int, int]:
    """A screen's size in cells: ``120x40``."""
    match = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text.strip().lower())
    if match is None or not (10 <= int(match[1]) <= 1000 and 5 <= int(match[2]) <= 500):
        raise ArgumentMistake(
            msg("{text} is not a size: write 120x40, from 10x5 to 1000x500", text=repr(text))
        )
    return int(match[1]), int(match[2])


def limits(arguments: argparse.Namespace) -> dict[str, int]:
    """The limits of a run, by the names of the loader's arguments."""
    return {"max_memory": arguments.max_memory, "max_work": arguments.max_work}


def opened(arguments: argparse.Namespace, *, standard_input: bool = True) -> Scenario:
    """The scenario that is named, with its settings applied."""
    from backprop_engine.errors import ScenarioError, UsageError
    from backprop_engine.scenario.leaves.assignment import parse_setting
    from backprop_engine.scenario.loader import load_source
    from backprop_tui.files.opening import load

    if arguments.scenario == "-":
        if not standard_input:
            raise UsageError(
                msg("the debugger needs the keyboard: standard input can be read by run, check and snapshot")
            )
        scenario = load_source(standard_input_source(), **limits(arguments))
    else:
        path = named_path(arguments.scenario)
        try:
            scenario = load(path, **limits(arguments))
        except ScenarioError as error:
            raise _perhaps_bundled(arguments.scenario, error) from None
    refuse_texts(scenario)
    settings: Sequence[str] = arguments.set
    for setting in settings:
        name, value = parse_setting(setting)
        scenario = scenario.with_leaf(name, value)
    return scenario


def _perhaps_bundled(argument: str, error: ScenarioError) -> ScenarioError:
    """A hint if there is no such file: the bundled scenario that was probably meant, or where all of them are
    listed.
    """
    from pathlib import Path

    from backprop_engine.errors import ScenarioError
    from backprop_engine.messages.suggestions import did_you_mean
    from backprop_tui.files.bundled import bundled

    first = error.diagnostics[0]
    if first.code.name != "file-not-found":
        return error
    hint = did_you_mean(argument, bundled()) or first.hint
    if not hint and argument == Path(argument).stem:
        part = max((stem for stem in bundled() if stem in argument), key=len, default="")
        hint = (
            msg("did you mean `{text}`?", text=part)
            if part
            else msg("`backprop-tui` without arguments lists the bundled scenarios")
        )
    return ScenarioError([first._replace(hint=hint)])


def refuse_texts(scenario: Scenario) -> None:
    """Refuse breakpoints and watches that are not valid in the scenario; `ScenarioError` with all of them."""
    if scenario.breakpoints or scenario.watches:
        from backprop_engine.debugger.scenario_checks import mistakes_in
        from backprop_engine.errors import ScenarioError

        found = mistakes_in(scenario)
        if found:
            raise ScenarioError(found)


def named_path(argument: str) -> Path:
    """The path that an argument means; an empty one means none, though Python takes it for the folder."""
    from backprop_engine.errors import UsageError
    from backprop_tui.files.bundled import resolve

    if not argument:
        raise UsageError(msg("an empty argument is not the name of a scenario"))
    return resolve(argument)


def scenario_files(arguments: Sequence[str], *, empty_too: bool = False) -> Iterator[tuple[str, Path | None]]:
    """Every file that the arguments mean; folders recursively, sorted."""
    from pathlib import Path

    from backprop_engine.errors import UsageError
    from backprop_tui.files.opening import is_folder

    if arguments.count("-") > 1:
        raise UsageError(msg("- is given twice: standard input can be read only once"))
    paths = [None if argument == "-" else named_path(argument) for argument in arguments]
    for argument, path in zip(arguments, paths, strict=True):
        if path is None:
            yield "<stdin>", None
            continue
        if not is_folder(path):
            yield (argument if path == Path(argument) else path.stem), path
            continue
        inside = sorted(file for file in path.rglob("*") if file.suffix in _ENDINGS and not file.is_dir())
        if not inside and not empty_too:
            raise UsageError(
                msg("{folder}: there is no scenario in this folder (no .yaml or .yml file)", folder=argument)
            )
        yield from ((str(file), file) for file in inside)


def standard_input_source() -> Source:
    """The content of standard input, up to the size that a scenario may have."""
    from backprop_engine.errors import UsageError
    from backprop_engine.scenario.read.source import MAX_BYTES, Source

    if sys.stdin is None:
        raise UsageError(msg("standard input is closed"))
    return Source.from_bytes("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 1))


def threads(text: str) -> int:
    """A number of threads: 1 or more."""
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise ArgumentMistake(msg("{text} is not a number of threads: write 1 to 1024", text=repr(text)))
    return int(text)


def position(at: int | None, last: int) -> int | None:
    """A position given with --at, if it is one."""
    from backprop_engine.errors import UsageError

    if at is not None and not 0 <= at <= last:
        raise UsageError(
            msg("there is no position {position}: the run has positions 0 to {last}", position=at, last=last)
        )
    return at


def seed(text: str) -> int:
    """A seed of drawn numbers, from 0 on."""
    if not text.isdecimal() or int(text[:12]) >= _MOST_SEEDS:
        raise ArgumentMistake(msg("{text} is not a seed: write a whole number, 0 or larger", text=repr(text)))
    return int(text)


def question_count(text: str) -> int:
    """How many questions, 1 or more."""
    if not text.isdecimal() or not 1 <= int(text[:6]) <= _MOST_QUESTIONS:
        raise ArgumentMistake(
            msg(
                "{text} is not a number of questions: write 1 to {most}",
                text=repr(text),
                most=_MOST_QUESTIONS,
            )
        )
    return int(text)
