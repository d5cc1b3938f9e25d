"""A scripted session: commands of the prompt, each with its output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from backprop_engine.debugger import Session, finished, start_move
from backprop_engine.errors import SEVERITIES, UsageError
from backprop_engine.messages.message import in_language, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source, read_source
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cli.arguments import standard_input_source
from backprop_tui.cli.output import ProgressMeter, print_lines
from backprop_tui.prompt.debug_file import session_of
from backprop_tui.prompt.execute import execute
from backprop_tui.prompt.outcome import fitted

__all__ = ["given", "run_script", "scripted"]

FINE, FAILED, BAD_INPUT = 0, 1, 2

_CLOSES = {"(": ")", "[": "]", "{": "}"}


def given(file: str | None, typed: Iterable[str]) -> list[Scripted]:
    """The commands of a file, `-` for standard input, and those typed after it."""
    commands: list[Scripted] = []
    if file is not None:
        source: Source = standard_input_source() if file == "-" else read_source(file)
        commands += scripted(source.text)
    for text in typed:
        commands += scripted(text)
    return commands


def run_script(scenario: Scenario, commands: Iterable[Scripted], position: int, language: str) -> int:
    """Print a scripted session; returns the exit code: 1 if something was not as expected, 2 if a command
    could not be carried out.
    """
    kind = in_language(SEVERITIES["warning"], language)

    def warn(problem: str) -> None:
        print(f"{scenario.path}: {kind}: {clean(in_language(problem, language))}", file=sys.stderr)

    meter = ProgressMeter(language)
    start = session_of(scenario, warn=warn)
    session = meter.finish(start_move(start, replace(start, position=position)))
    code, wrong = FINE, 0
    for lines, outcome in play(session, commands, scenario, language, meter.finish):
        print_lines(lines)
        code = max(code, outcome)
        wrong += outcome == BAD_INPUT
    if wrong:
        message = msg("a command could not be carried out")
        if wrong > 1:
            message = msg("{count} commands could not be carried out", count=wrong)
        print(f"backprop-tui: {message.in_language(language)}", file=sys.stderr)
    return code


def play(
    session: Session,
    commands: Iterable[Scripted],
    scenario: Scenario,
    language: str,
    finish: Callable[[Session], Session] = finished,
) -> Iterator[tuple[list[Line], int]]:
    """Each command with its output, and its outcome as an exit code."""
    for command in commands:
        lines: list[Line] = [(Span("> ", Role.DIM), Span(clean(command.text), Role.KEY))]
        try:
            outcome = execute(session, command.text, scenario, language, finish=finish)
        except UsageError as error:
            problem: Line = (Span(f"! {clean(error.in_language(language))}", Role.WARNING),)
            yield [*lines, *fitted([problem])], BAD_INPUT
            continue
        session = outcome.session
        yield [*lines, *fitted(outcome.lines)], FAILED if outcome.failed else FINE
        if outcome.ends:
            return


# Reading a script: commands one a line, or several with `;` between them, and `#` comments


class Scripted(NamedTuple):
    """A command of a script, and the line that it is on, from 1."""

    line: int
    text: str


def scripted(text: str) -> Iterator[Scripted]:
    """The commands of a script, in order.

    A `;` inside quotes or brackets does not separate commands; a `#` begins a comment where a line begins or
    after a space, so that `f#1` is a name. A line always ends a command.
    """
    for number, line in enumerate(text.splitlines(), 1):
        for piece in _pieces(line):
            if piece.strip():
                yield Scripted(number, piece.strip())


def _pieces(line: str) -> Iterator[str]:
    """The parts of a line between its semicolons, without its comment."""
    begin, quote, open_ = 0, "", ""
    for at, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "#" and (at == 0 or line[at - 1].isspace()):
            yield line[begin:at]
            return
        elif character in _CLOSES and line[begin:at].strip():  # as a command, a bracket closes nowhere
            open_ += _CLOSES[character]
        elif open_ and character == open_[-1]:
            open_ = open_[:-1]
        elif character == ";" and not open_:
            yield line[begin:at]
            begin = at + 1
    yield line[begin:]
