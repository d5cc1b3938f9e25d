"""What may be a name."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from backprop_engine.errors import Place, code
from backprop_engine.expressions import normalised
from backprop_engine.expressions.cursor import RESERVED
from backprop_engine.expressions.tokens import TRANSPOSED
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.scenario.read.mistakes import mistake
from backprop_engine.scenario.read.source import INVISIBLE
from backprop_engine.scenario.read.yaml_nodes import YamlScalar

__all__ = ["MAX_LENGTH", "NameTable"]

MAX_LENGTH: Final = 64

BAD_NAME = code(
    "bad-name",
    msg("A name is not an identifier, is a reserved Python keyword, or is longer than 64 characters."),
)
DUPLICATE_NAME = code("duplicate-name", msg("Two leaves or nodes have the same name."))

_SPELT = str.maketrans(
    {"∂": "d", "∇": "grad_", "Δ": "D", "′": "_prime", "'": "_prime", "*": "_star", TRANSPOSED: "_T"}
)


class NameTable:
    """The names of a scenario, and where each was given first."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[str, YamlScalar]] = {}

    def declare(self, key: YamlScalar, section: str) -> str:
        """The name that `key` gives to a leaf or node of `section`; `ScenarioError` if it can't be one."""
        name = key.text
        if not name.isascii():
            name = normalised(name)
            if invisible := re.search(INVISIBLE, name):
                raise mistake(BAD_NAME, key, *_why_invisible(name, invisible[0]))
        if not name.isidentifier() or TRANSPOSED in name or name in RESERVED or len(name) > MAX_LENGTH:
            raise mistake(BAD_NAME, key, *_why_not(name))
        where, first = self._first.setdefault(name, (section, key))
        if first is not key:
            raise mistake(
                DUPLICATE_NAME,
                key,
                msg("`{name}` is already a name under `{section}`", name=name, section=where),
                _seen(first.place),
            )
        return name


def _why_invisible(name: str, character: str) -> tuple[Message, Hint]:
    """Which character is invisible, and the name without it."""
    known_as = unicodedata.name(character, msg("a character"))
    rest = re.sub(INVISIBLE, "", name)
    useful = rest.isidentifier() and rest not in RESERVED
    return msg(
        "a name cannot contain invisible characters: found U+{number:04X}, {called}",
        number=ord(character),
        called=known_as,
    ), (
        msg("`{name}` would be a valid name", name=shortened(clean(rest), 40))
        if useful
        else msg("letters, digits and `_`")
    )


def _why_not(name: str) -> tuple[Message, Hint]:
    """What is wrong with a name, and a hint."""
    shown = shortened(clean(name), 40)
    if not name:
        return msg("a name is empty"), msg("letters, digits and `_`")
    if name in RESERVED:
        return msg("`{name}` is a reserved Python keyword, so it cannot be a name", name=name), msg(
            "`{name}` would be a valid name", name=f"{name}_"
        )
    if name.isidentifier() and TRANSPOSED not in name:
        return msg(
            "a name has at most {most} characters, but this one has {count}",
            most=MAX_LENGTH,
            count=len(name),
        ), ""
    if "," in name:
        return msg("`{name}` is not a name", name=shown), msg(
            "every node needs a name and a value of its own"
        )
    spelt = name.translate(_SPELT)
    suggestion = "".join(
        character if ("a" + character).isidentifier() else "_" for character in spelt[:MAX_LENGTH]
    ).rstrip("_")
    if suggestion and not suggestion.isidentifier():
        suggestion = "_" + suggestion[: MAX_LENGTH - 1]
    useful = suggestion.strip("_") and suggestion not in RESERVED
    return (
        msg("`{name}` is not a name", name=shown),
        msg("`{name}` would be a valid name", name=clean(suggestion))
        if useful
        else msg("letters, digits and `_`"),
    )


def _seen(place: Place) -> Message:
    return msg("the first is in line {line}, column {column}", line=place.line, column=place.column)
