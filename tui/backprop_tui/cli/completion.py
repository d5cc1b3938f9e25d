"""`completion`: a script that lets bash, zsh or fish complete commands, options and names of scenarios."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from typing import Any, Final

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import in_language, msg
from backprop_engine.messages.translations import ENGLISH, languages

__all__ = ["SHELLS", "add_arguments", "run"]

SHELLS: Final = ("bash", "zsh", "fish")

_FIRST: Final = "_backprop_tui_first"
_SCENARIO: Final = "_backprop_tui_scenario"
_FUNCTIONS: Final = {
    "bash": """
{name}() {{
    compgen -W "{words}" -- "$1"
    compgen -d -- "$1"
    compgen -f -X '!*.yaml' -- "$1"
    compgen -f -X '!*.yml' -- "$1"
}}
""",
    "zsh": """
{name}() {{
    compadd -- {words}
    _files -g '*.(yaml|yml)'
}}
""",
    "fish": """
function {name}
    printf '%s\\n' {words}
    __fish_complete_suffix .yaml .yml
end
""",
}
"""The completions of a scenario: names, folders, and YAML files."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The shell, and the language in which it describes each completion."""
    parser.add_argument("shell", choices=SHELLS, help=msg("the shell to write the script for"))
    parser.add_argument("--lang", choices=languages(), default="en", help=msg("the language of explanations"))


def run(arguments: argparse.Namespace) -> int:
    """Print the script of a shell."""
    if find_spec("shtab") is None:
        raise UsageError(
            msg(
                "completion needs an extra package: run `{command}`",
                command="pip install 'backprop-tui[completion]'",
            )
        )
    sys.stdout.write(script(arguments.shell, arguments.lang))
    return 0


def script(shell: str, language: str = ENGLISH) -> str:
    """The script of a shell, made by shtab from the parsers of all commands."""
    import shtab

    from backprop_tui.cli.main import SUBCOMMANDS, command_parser
    from backprop_tui.files.bundled import bundled

    whole = command_parser("", language)
    _complete(whole, _FIRST)
    commands = whole.add_subparsers(parser_class=argparse.ArgumentParser)
    for name, what in SUBCOMMANDS.items():
        command = command_parser(name, language)
        _complete(command, _SCENARIO)
        commands.add_parser(name, parents=[command], add_help=False, help=in_language(what, language))
    scenarios = sorted(bundled())
    words = {_FIRST: [*SUBCOMMANDS, *scenarios], _SCENARIO: scenarios}
    functions = (
        _FUNCTIONS[shell].format(name=name, words=" ".join(offered)) for name, offered in words.items()
    )
    preamble: Any = {shell: "".join(functions)}  # of its several types it declares one
    return str(shtab.complete(whole, shell, preamble=preamble))


def _complete(parser: argparse.ArgumentParser, function: str) -> None:
    """Let a shell's function complete the scenarios that a parser takes."""
    for action in parser._actions:
        if action.dest in ("scenario", "paths") and not action.option_strings:
            action.complete = {"bash": function, "zsh": function, "fish": f"({function})"}  # type: ignore[attr-defined]
