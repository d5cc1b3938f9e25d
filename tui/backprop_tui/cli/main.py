"""Which subcommand, and what becomes of its errors: never a traceback for what a user can cause."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.text import LANGUAGES, clean
from backprop_tui import __version__

__all__ = ["SUBCOMMANDS", "run"]

SUBCOMMANDS = {
    "run": "the whole run as readable text, or as JSON",
    "check": "compare expectations, and check every gradient numerically",
    "snapshot": "one frame of the screen as SVG or text",
    "ops": "the catalogue of operators",
    "new": "a commented scenario to start from",
    "schema": "the JSON Schema of scenarios, for editors",
    "serve": "the same app in a browser, for this machine alone",
}
"""Each lives in the module of its name; any other first argument is a scenario to open."""

PLANNED = ("export",)
"""What these words will mean; a file called so goes by a path, `./export`."""

FINE, FAILED, BAD_INPUT = 0, 1, 2


def run(arguments: Sequence[str]) -> int:
    """Carry out a command line; gives the exit code."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it stays open to the end
    language = _language(arguments)
    try:
        if arguments and arguments[0] in PLANNED:
            raise UsageError(f"the subcommand {arguments[0]} is not built yet")
        name = arguments[0] if arguments and arguments[0] in SUBCOMMANDS else ""
        module = import_module(f"backprop_tui.cli.{name or 'open'}")
        if name:
            gc.enable()  # the app enables it when its first screen stands
        parser = _parser(name)
        module.add_arguments(parser)
        parsed = parser.parse_args(arguments[1:] if name else arguments)
        code: int = module.run(parsed)
        sys.stdout.flush()
    except ScenarioError as error:
        print(error.in_language(language), file=sys.stderr)
        return BAD_INPUT
    except UsageError as error:
        print(f"backprop-tui: {clean(error.in_language(language))}", file=sys.stderr)
        return BAD_INPUT
    except MemoryError:
        print("backprop-tui: there is not enough memory for this", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        _say_no_more()
        return 128 + signal.SIGPIPE
    except OSError as error:
        with suppress(OSError):
            print(f"backprop-tui: standard output: {error.strerror}", file=sys.stderr)
        _say_no_more()
        return BAD_INPUT
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    else:
        return code


def _language(arguments: Sequence[str]) -> str:
    """The language that errors are told in: that of --lang, wherever it stands; English without it."""
    language = LANGUAGES[0]
    for at, argument in enumerate(arguments):
        if argument == "--lang":
            language = "".join(arguments[at + 1 : at + 2])
        elif argument.startswith("--lang="):
            language = argument.partition("=")[2]
    return language if language in LANGUAGES else LANGUAGES[0]


def _say_no_more() -> None:
    """Nobody reads on, or nothing can be written: Python must not try again when it flushes at its end."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """A parser that quotes arguments harmlessly."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end with exit code 2."""
        super().error(clean(message))


def _parser(name: str) -> argparse.ArgumentParser:
    if name:
        return _Parser(prog=f"backprop-tui {name}", description=SUBCOMMANDS[name])
    lines = "\n".join(f"  {command:<10} {what}" for command, what in SUBCOMMANDS.items())
    parser = _Parser(
        prog="backprop-tui",
        description="The debugger for backpropagation: step forward and back through a computational graph.",
        epilog=f"subcommands:\n{lines}\n\n`backprop-tui SUBCOMMAND --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"backprop-tui {__version__}")
    return parser
