"""A script: commands one a line, or several with `;` between them, and `#` comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Scripted", "scripted"]

_CLOSES = {"(": ")", "[": "]", "{": "}"}


class Scripted(NamedTuple):
    """A command of a script, and the line that it stands on, from 1."""

    line: int
    text: str


def scripted(text: str) -> Iterator[Scripted]:
    """The commands of a script, in order.

    A `;` inside quotes or brackets separates nothing; a `#` begins a comment where a line begins or behind a
    space, so that `f#1` is a name. A line always ends a command.
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
