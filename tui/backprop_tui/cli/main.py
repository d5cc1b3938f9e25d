"""Picks the subcommand and reports its errors; no mistake of a user ends in a traceback."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from backprop_engine.messages.message import in_language, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.translations import ENGLISH, add_languages, languages, unreadable_files
from backprop_tui import __version__
from backprop_tui.cli.parser import Parser
from backprop_tui.files.user_folder import user_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["SUBCOMMANDS", "command_parser", "run"]

SUBCOMMANDS = {
    "run": msg("the whole run as readable text, or as JSON"),
    "check": msg("compare expectations, and check every gradient numerically"),
    "practice": msg("predict the steps of a run, and learn which mistake led to a wrong answer"),
    "list": msg("the bundled scenarios and the tracks through them"),
    "snapshot": msg("one frame of the screen as SVG or text"),
    "ops": msg("the catalogue of operators"),
    "new": msg("a commented scenario to start from"),
    "export": msg("export a run for other programs, as a graph, a program or a film"),
    "schema": msg("the JSON Schema of scenarios, for editors"),
    "doctor": msg("find what is wrong with a recorded PyTorch or JAX run"),
    "serve": msg("the same app in a browser, for this machine only"),
    "completion": msg("a script that lets bash, zsh or fish complete these commands"),
}
"""Each lives in the module of its name; any other first argument is a scenario to open."""

_SHARED_FLAGS = ("--ascii",)
_SHARED_OPTIONS = ("--at", "--lang", "--max-memory", "--max-work", "--ops", "--set", "--theme", "--threads")
"""What the app and several subcommands take alike, without a value and with one: these may be before the
subcommand too.
"""

_VERSION = msg("show program's version number and exit")

_APPS = ("", "serve")
"""What opens the app, which has settings and follows the locale."""


def run(arguments: Sequence[str]) -> int:
    """Carry out a command line; returns the exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started the program
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open to the end
    add_languages(os.path.join(user_folder(), "languages"))
    language = _language(arguments)
    _warn_of_unreadable_files(language)
    name, rest = _subcommand(arguments)
    parsed: argparse.Namespace | None = None
    try:
        module = _module(name)
        if name:
            gc.enable()  # the app enables it when its first screen is
        parser = command_parser(name, language)
        if name and os.path.isdir(name):
            parser.hint = msg("`backprop-tui {name}/` opens the folder {name}", name=name)
        parsed = parser.parse_args(rest)
        for path in getattr(parsed, "ops", ()):
            from backprop_tui.cli.own_operators import run_definitions

            run_definitions(path)
        code: int = module.run(parsed)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - raised again if no user can cause it
        from backprop_tui.cli.failures import exit_code

        return exit_code(error, lambda: _error_language(name, parsed, language), language)
    else:
        return code


def _subcommand(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The subcommand, "" where none is given, and all other arguments in their order."""
    at = 0
    while at < len(arguments):
        option, equals, _ = arguments[at].partition("=")
        if option not in (*_SHARED_FLAGS, *_SHARED_OPTIONS):
            break
        at += 1 if equals or option in _SHARED_FLAGS else 2
    if at < len(arguments) and arguments[at] in SUBCOMMANDS:
        return arguments[at], [*arguments[:at], *arguments[at + 1 :]]
    return "", arguments


def _language(arguments: Sequence[str]) -> str:
    """The language of error messages: that of --lang, wherever it is; English without it."""
    language = ENGLISH
    for at, argument in enumerate(arguments):
        if argument == "--lang":
            language = "".join(arguments[at + 1 : at + 2])
        elif argument.startswith("--lang="):
            language = argument.partition("=")[2]
    return language if language in languages() else ENGLISH


def _warn_of_unreadable_files(language: str) -> None:
    """Say which language files, perhaps the user's own, could not be read."""
    if language == ENGLISH:
        return
    from backprop_engine.errors import SEVERITIES, reason

    kind = in_language(SEVERITIES["warning"], language)
    for path, error in unreadable_files(language).items():
        warning = msg("{path} is ignored: {reason}", path=clean(str(path)), reason=clean(reason(error)))
        print(f"backprop-tui: {kind}: {warning.in_language(language)}", file=sys.stderr)


def _error_language(name: str, parsed: argparse.Namespace | None, language: str) -> str:
    """The language of errors that stop a command: the app's own for the app, else `language`."""
    if name not in _APPS or parsed is None:
        return language
    from backprop_tui.cli.open import chosen_language
    from backprop_tui.settings import read_settings, settings_path

    return chosen_language(parsed, read_settings(settings_path()))


def _module(name: str) -> ModuleType:
    """The module of a subcommand, or of the app."""
    return import_module(f"backprop_tui.cli.{name or 'open'}")


def command_parser(name: str, language: str) -> Parser:
    """The parser of a subcommand, or of the app where `name` is empty, with all its arguments."""
    parser = _bare_parser(name, language)
    _module(name).add_arguments(parser)
    return parser


def _bare_parser(name: str, language: str) -> Parser:
    if name:
        return Parser(prog=f"backprop-tui {name}", description=SUBCOMMANDS[name], language=language)
    rows = (f"  {command:<10} {in_language(what, language)}" for command, what in SUBCOMMANDS.items())
    parser = Parser(
        prog="backprop-tui",
        description=msg(
            "The debugger for backpropagation: step forward and back through a computational graph."
        ),
        epilog=msg(
            "subcommands:\n{rows}\n\n`backprop-tui SUBCOMMAND --help` says more.", rows="\n".join(rows)
        ),
        language=language,
    )
    parser.add_argument("--version", action="version", version=f"backprop-tui {__version__}", help=_VERSION)
    return parser
