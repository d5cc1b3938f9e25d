"""The manual page `backprop-tui(1)`, made from the parsers of the command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import Final

from backprop_engine.messages.message import Message, in_language, msg
from backprop_tui import __version__
from backprop_tui.cli.main import SUBCOMMANDS, command_parser

__all__ = ["ENVIRONMENT", "EXIT_STATUS", "FILES", "called", "manual_page", "usage"]

EXIT_STATUS: Final[tuple[tuple[str, Message], ...]] = (
    ("0", msg("Success.")),
    ("1", msg("A check failed: an expectation, or a gradient.")),
    ("2", msg("The input or the command line is not valid.")),
    ("128+n", msg("Terminated by signal n.")),
)
ENVIRONMENT: Final[tuple[tuple[str, Message], ...]] = (
    ("LANG", msg("The language of the app, unless --lang or the settings say otherwise.")),
    ("EDITOR, VISUAL", msg("The editor in which the app opens files.")),
    ("NO_COLOR", msg("If set, no colours are used.")),
    ("XDG_CONFIG_HOME", msg("The settings folder; ~/.config by default.")),
)
FILES: Final[tuple[tuple[str, Message], ...]] = (
    ("~/.config/backprop-tui/settings.toml", msg("The settings of the app.")),
    ("~/.config/backprop-tui/languages/", msg("Languages you have added.")),
)
_EXAMPLES: Final[tuple[tuple[str, Message], ...]] = (
    ("backprop-tui rnn_cell", msg("Step through a bundled scenario.")),
    ("backprop-tui run model.yaml --lang ko", msg("Print a whole run, explained in Korean.")),
    ("backprop-tui check scenarios/", msg("Check every gradient of a folder's scenarios numerically.")),
    ("backprop-tui export xor --to html -o xor.html", msg("Write a web page for stepping through the run.")),
)


def manual_page(language: str) -> str:
    """The page in the language of `man`, troff; the same bytes on every run."""
    return "".join(f"{line}\n" for line in _lines(language))


def _lines(language: str) -> Iterator[str]:
    app = command_parser("", language)
    yield f'.TH BACKPROP\\-TUI 1 "" "backprop\\-tui {__version__}" ""'
    yield ".nh"
    yield _heading(msg("NAME", "manual"), language)
    yield f"backprop\\-tui \\- {_escaped(in_language(msg('the debugger for backpropagation'), language))}"
    yield _heading(msg("SYNOPSIS", "manual"), language)
    yield _escaped(usage(app))
    for name in SUBCOMMANDS:
        yield ".br"
        yield f".B backprop\\-tui {name}"
        yield "[\\fI…\\fR]"
    yield _heading(msg("DESCRIPTION", "manual"), language)
    yield _escaped(app.description or "")
    yield _heading(msg("OPTIONS", "manual"), language)
    yield from _arguments(app)
    yield _heading(msg("SUBCOMMANDS", "manual"), language)
    for name, what in SUBCOMMANDS.items():
        command = command_parser(name, language)
        yield f".SS {name}"
        yield f"{_escaped(in_language(what, language))}"
        yield ".PP"
        yield _escaped(usage(command))
        yield from _arguments(command)
    for title, rows in (
        (msg("EXIT STATUS", "manual"), EXIT_STATUS),
        (msg("ENVIRONMENT", "manual"), ENVIRONMENT),
        (msg("FILES", "manual"), FILES),
        (msg("EXAMPLES", "manual"), _EXAMPLES),
    ):
        yield _heading(title, language)
        for term, text in rows:
            yield from _entry(term, in_language(text, language))


def _heading(title: Message, language: str) -> str:
    return f'.SH "{_escaped(in_language(title, language))}"'


def usage(parser: argparse.ArgumentParser) -> str:
    """The usage line of a command, without the word `usage`."""
    return " ".join(parser.format_usage().split()[1:])


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from _entry(called(action), action.help or "")


def called(action: argparse.Action) -> str:
    """An argument as it is written on a command line."""
    value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
    if action.choices is not None:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    if not action.option_strings:
        return str(value)
    return ", ".join(f"{option} {value}".strip() for option in action.option_strings)


def _entry(term: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield f".B {_escaped(term)}"
    yield _escaped(text)


def _escaped(text: str) -> str:
    """Text in which troff finds no commands."""
    text = re.sub(r"\s+", " ", text).replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    text = re.sub(r",(?=\S)", ",\\\\:", text)  # a line may break there
    return re.sub(r"^(?=[.'])", r"\\&", text)
