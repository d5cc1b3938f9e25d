"""The parser of a command line, whose help and whose complaints are in the language asked for."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

from backprop_engine.errors import SEVERITIES
from backprop_engine.messages.message import Message, in_language, msg
from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.text import cell_width, wrap

__all__ = ["Parser"]


class Parser(argparse.ArgumentParser):
    """A parser that speaks `language`, and quotes arguments harmlessly."""

    def __init__(
        self, *, prog: str, description: Message, epilog: Message | None = None, language: str
    ) -> None:
        super().__init__(
            prog=prog,
            description=in_language(description, language),
            epilog=None if epilog is None else in_language(epilog, language),
            formatter_class=_KoreanHelp if language == "ko" else _RAW if epilog else argparse.HelpFormatter,
            add_help=False,
        )
        self.language = language
        self._positionals.title = in_language(msg("positional arguments"), language)
        self._optionals.title = in_language(msg("options"), language)
        self.add_argument("-h", "--help", action="help", help=msg("show this help message and exit"))

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """As ever; `help` is told in the language of the parser."""
        if "help" in options:
            options["help"] = in_language(options["help"], self.language)
        return super().add_argument(*names, **options)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end with exit code 2."""
        self.print_usage(sys.stderr)
        kind = in_language(SEVERITIES["error"], self.language)
        self.exit(2, f"{self.prog}: {kind}: {clean(in_language(_recognised(message), self.language))}\n")


_RAW: Final = argparse.RawDescriptionHelpFormatter
"""Where an epilog has lines of its own."""


class _KoreanHelp(argparse.HelpFormatter):
    """Help in Korean, whose syllables take two cells each; what has lines of its own keeps them."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Before the usage stands what it is."""
        super().add_usage(usage, actions, groups, f"{msg('usage').in_language('ko')}: ")

    def _split_lines(self, text: str, width: int) -> list[str]:
        return super()._split_lines(text, width) if cell_width(text) == len(text) else wrap(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else "\n".join(indent + line for line in wrap(text, width))


_COMPLAINTS: Final[tuple[tuple[str, Callable[..., Message]], ...]] = (
    (
        "the following arguments are required: (?P<names>.*)",
        lambda names: msg("the following arguments are required: {names}", names=names),
    ),
    (
        "unrecognized arguments: (?P<names>.*)",
        lambda names: msg("unrecognized arguments: {names}", names=names),
    ),
    (
        "argument (?P<name>[^:]*): (?P<problem>.*)",
        lambda name, problem: msg("argument {name}: {problem}", name=name, problem=_recognised(problem)),
    ),
    ("expected one argument", lambda: msg("expected one argument")),
    ("expected at least one argument", lambda: msg("expected at least one argument")),
    (
        r"invalid choice: (?P<value>.*) \(choose from (?P<choices>.*)\)",
        lambda value, choices: msg(
            "invalid choice: {value} (choose from {choices})", value=value, choices=choices
        ),
    ),
    ("invalid int value: (?P<value>.*)", lambda value: msg("invalid int value: {value}", value=value)),
    (
        "ignored explicit argument (?P<value>.*)",
        lambda value: msg("ignored explicit argument {value}", value=value),
    ),
    (
        "ambiguous option: (?P<option>.*) could match (?P<matches>.*)",
        lambda option, matches: msg(
            "ambiguous option: {option} could match {matches}", option=option, matches=matches
        ),
    ),
    (
        "(?P<text>.*) is no size: write 4GiB, 512MiB or a number of bytes",
        lambda text: msg("{text} is no size: write 4GiB, 512MiB or a number of bytes", text=text),
    ),
    (
        "(?P<text>.*) is no size: write 120x40, from 10x5 to 1000x500",
        lambda text: msg("{text} is no size: write 120x40, from 10x5 to 1000x500", text=text),
    ),
    (
        "(?P<text>.*) is no number of threads: write 1 to 1024",
        lambda text: msg("{text} is no number of threads: write 1 to 1024", text=text),
    ),
    (
        "(?P<text>.*) is no port: write 0 to 65535",
        lambda text: msg("{text} is no port: write 0 to 65535", text=text),
    ),
    (
        "(?P<text>.*) is no number of sessions: write 1 to 999",
        lambda text: msg("{text} is no number of sessions: write 1 to 999", text=text),
    ),
)
"""What argparse finds wrong, which it says in English alone, and how we say it."""


def _recognised(message: str) -> str:
    """`message` as a sentence of ours, where it is one that we know."""
    for pattern, say in _COMPLAINTS:
        if match := re.fullmatch(pattern, message, re.DOTALL):
            return say(**match.groupdict())
    return message
