"""Plain values -> YAML as a careful author lays it out; reading it gives back the same values, bit for bit.

What is short is on one line, in `{}` or `[]`; a matrix too wide for that is written row by row, and a row too
long goes on below its first number. What is `Open` always has a line for each entry. A text is plain where a
reader cannot take it for something else, else quoted; one that does not fit its line becomes a block of
folded lines (``>-``), and one with lines of its own keeps them (``|``). Invisible characters are escaped.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor
from backprop_engine.messages.plain_text import monospaced_width
from backprop_engine.scenario.read.yaml_scalars import OutOfRangeError, resolve

__all__ = [
    "WIDTH",
    "Document",
    "Open",
    "Spelled",
    "emitted",
    "flow_text",
    "numbers",
    "plain_number",
    "spelled",
]

MAX_KEY: Final = 1000
"""A longer key is on a line of its own, after a question mark: readers look 1,024 characters ahead."""

_INDICATORS: Final = frozenset("-?:,[]{}#&*!|>'\"%@`")
_FLOW_INDICATORS: Final = re.compile(r"[,?:\[\]{}]")
_NUMBERLIKE: Final = re.compile(r"[-+.0-9][-+.0-9_:eE]*")
"""What older readers of YAML take for a number, a date or a time of day."""
_BREAK: Final = re.compile(r"(?<=\S) (?=\S)")
"""A space that may become the end of a line, because reading makes a space of it again."""
_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\x1b": "\\e",
    "\0": "\\0",
}


def fits(line: str, width: int) -> bool:
    """Whether `line` takes at most `width` cells."""
    return len(line) <= width and monospaced_width(line) <= width


def key_text(key: str) -> str:
    """A key as it is before its colon."""
    return key if _is_plain(key) else _quoted(key)


def flow_text(text: str, *, in_flow: bool) -> str:
    """`text` on one line, inside of `{}` or `[]` if `in_flow`."""
    if _is_plain(text) and not _is_misread(text) and not (in_flow and _is_cut(text)):
        return text
    return _quoted(text)


def text_after(head: str, text: str, width: int) -> list[str]:
    """The lines of `text` after `head` (`key:`), at most `width` columns wide where that is possible."""
    line = f"{head} {flow_text(text, in_flow=False)}"
    if "\n" not in text and fits(line, width):
        return [line]
    if _fits_block(text):
        body = text.removesuffix("\n")
        chomping = "" if body != text else "-"
        lines = body.split("\n")
        keeps_lines = "\n" in text and all(fits(line, width - 2) for line in lines)
        folded = [] if keeps_lines else _folded(lines, width - 2)
        if len(folded) > 1 or (folded and fits(folded[0], width - 2)):
            return [f"{head} >{chomping}", *_indented(folded)]
        if "\n" in text:
            return [f"{head} |{chomping}", *_indented(lines)]
    quoted = line[len(head) + 1 :]
    if not quoted.startswith('"'):
        return [line]  # one long word
    first, *others = _wrapped(quoted, width - 2, monospaced_width(head) - 1)
    return [f"{head} {first}", *_indented(others)]


def _is_plain(text: str) -> bool:
    """Whether `text` without quotes is one scalar with this text."""
    if not text or text == "<<" or text != text.strip() or not _is_visible(text):
        return False
    if text.startswith(("---", "...")):
        return False
    first, second = text[0], text[1:2]
    if first in _INDICATORS and not (first in "-?:" and second.strip()):
        return False
    return ": " not in text and " #" not in text and not text.endswith(":")


def _is_misread(text: str) -> bool:
    """Whether `text` without quotes means a number, a truth value or nothing, or nearly does."""
    try:
        return not isinstance(resolve(text), str) or _NUMBERLIKE.fullmatch(text) is not None
    except OutOfRangeError:
        return True


def _is_cut(text: str) -> bool:
    """Whether `text` without quotes would end early inside of brackets, or look as if it did."""
    return _FLOW_INDICATORS.search(text) is not None or text.count("(") > text.count(")")


def _is_visible(text: str) -> bool:
    """Whether `text` may be in a file as it is: on one line, nothing invisible in it but spaces."""
    return text.isprintable() or all(map(_shown, text))


def _shown(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _quoted(text: str) -> str:
    """`text` in double quotes, or in single ones where that needs no escapes."""
    if ('"' in text or "\\" in text) and "'" not in text and _is_visible(text):
        return f"'{text}'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES or _shown(character):
        return _ESCAPES.get(character, character)
    number = ord(character)
    return (
        f"\\x{number:02x}"
        if number < 0x100
        else f"\\u{number:04x}"
        if number < 0x10000
        else f"\\U{number:08x}"
    )


# Blocks


def _fits_block(text: str) -> bool:
    """Whether the lines of `text` can be below each other as they are."""
    body = text.removesuffix("\n")
    lines = body.split("\n")
    edges = bool(lines[0] and lines[-1]) and not lines[0].startswith(" ")
    return edges and all(_is_visible(line) and line == line.rstrip() for line in lines)


def _folded(lines: list[str], width: int) -> list[str]:
    """The lines of a folded block, with an empty one for each line break; none where a line is indented."""
    if any(line.startswith(" ") for line in lines):
        return []
    folded = _wrapped(lines[0], width)
    for line in lines[1:]:
        folded += ["", *(_wrapped(line, width) if line else ())]
    return folded


def _wrapped(line: str, width: int, before: int = 0) -> list[str]:
    """`line` in pieces of at most `width` cells, broken at single spaces; `before` are taken of the first."""
    words = _BREAK.split(line)
    pieces = [words[0]]
    used = before + monospaced_width(words[0])
    for word in words[1:]:
        size = monospaced_width(word)
        if used + 1 + size <= width:
            pieces[-1] += f" {word}"
            used += 1 + size
        else:
            pieces.append(word)
            used = size
    return pieces


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" if line else "" for line in lines]


WIDTH: Final = 100
_DEEPEST_ALIGNED: Final = 40
"""A row whose first number is further right goes on at the left instead."""


class Spelled(Struct, frozen=True):
    """What is written exactly like this: a number, `true`, `null`."""

    text: str


class Open(Struct, frozen=True):
    """A map or a list with a line for each entry, however short."""

    entries: Mapping[str, Document] | Sequence[Document]


Document: TypeAlias = "str | Spelled | Open | Sequence[Document] | Mapping[str, Document]"
"""A text, a number as it is spelled, a list or a map."""


def emitted(entries: Mapping[str, Document]) -> str:
    """The text of a file."""
    return "".join(f"{line}\n" for line in _entries(entries, WIDTH))


# Lines


def _entries(entries: Mapping[str, Document], width: int) -> Iterator[str]:
    """The lines of a map, a line or more for each key."""
    for key, value in entries.items():
        shown = key_text(key)
        if len(shown) > MAX_KEY:
            yield f"? {shown}"
            shown = ""
        yield from _after(f"{shown}:", value, width)


def _after(head: str, value: Document, width: int) -> Iterator[str]:
    """The lines of `value` after `head`: on its line, or indented below."""
    if isinstance(value, str):
        yield from text_after(head, value, width)
        return
    short = _on_one_line(value, width)
    if short is not None and (fits(f"{head} {short}", width) or _is_whole(value)):
        yield f"{head} {short}"
    elif isinstance(value, Sequence) and None not in (row := [_in_a_row(item) for item in value]):
        yield from _row(head, row, width)
    else:
        yield head
        yield from (f"  {line}" if line else "" for line in _below(value, width - 2))


def _is_whole(value: Document) -> bool:
    """Whether `value` has no parts that could be below each other."""
    parts = value.entries if isinstance(value, Open) else value
    return isinstance(parts, Spelled) or not parts


def _below(value: Document, width: int) -> Iterator[str]:
    """The lines of a map, or of a list with dashes."""
    entries = value.entries if isinstance(value, Open) else value
    if isinstance(entries, Mapping):
        yield from _entries(entries, width)
        return
    assert isinstance(entries, Sequence)
    for item in entries:
        yield from _item(item, width)


def _item(item: Document, width: int) -> Iterator[str]:
    """The lines of one entry of a list; a map or list in it begins beside its dash."""
    lines = list(_after("-", item, width))
    if lines[0] == "-":
        lines = [f"- {lines[1].removeprefix('  ')}", *lines[2:]]
    yield from lines


def _row(head: str, items: Sequence[str | None], width: int) -> Iterator[str]:
    """A long list in brackets, continued below its first entry."""
    aligned = monospaced_width(head) + 2
    indent = " " * (aligned if aligned <= _DEEPEST_ALIGNED else 4)
    line = f"{head} [{items[0]}"
    for item in items[1:]:
        if fits(f"{line}, {item},", width):
            line += f", {item}"
        else:
            yield f"{line},"
            line = f"{indent}{item}"
    yield f"{line}]"


# On one line


def _in_a_row(item: Document) -> str | None:
    """An entry of a list as it is between commas; None where it is neither a number nor a short text."""
    return _on_one_line(item, WIDTH) if isinstance(item, str | Spelled) else None


def _on_one_line(value: Document, room: int) -> str | None:
    """`value` in brackets, or None if it needs lines of its own or surely more than `room`."""
    if isinstance(value, Spelled):
        return value.text
    if isinstance(value, str):
        return None if "\n" in value else flow_text(value, in_flow=True)
    if isinstance(value, Open):
        return None if value.entries else _on_one_line(value.entries, room)
    is_map = isinstance(value, Mapping)
    parts: list[str] = []
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        part = _on_one_line(item, room)
        if part is None or (is_map and flow_text(str(key), in_flow=True) != key):
            return None
        room -= len(part) + 2
        if room < -2:
            return None
        parts.append(f"{key}: {part}" if is_map else part)
    text = ", ".join(parts)
    return f"{{{text}}}" if is_map else f"[{text}]"


_LONGEST_WHOLE: Final = 1e15
_SPECIAL: Final = {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}


def numbers(tensor: Tensor) -> Document:
    """A tensor as nested lists; one without entries, whose lists could not tell its shape, by its shape."""
    if tensor.size == 0:
        return {"shape": [Spelled(str(size)) for size in tensor.shape], "init": "zeros"}
    return _nested(tensor)


def _nested(tensor: Tensor) -> Document:
    return [_nested(row) for row in tensor] if tensor.ndim else spelled(plain_number(tensor[()]))


def spelled(number: int | float) -> Spelled:
    """A number as YAML reads it."""
    text = repr(number)
    return Spelled(_SPECIAL.get(text, text))


def plain_number(number: Any) -> int | float:
    """A NumPy number as the shortest decimal that is rounded to it, whole where it can be."""
    if isinstance(number, np.bool_ | np.integer):
        return int(number)
    value = float(number)
    if not isinstance(number, np.float64) and math.isfinite(value):
        shortest = float(str(number))
        if type(number)(shortest) == number:
            value = shortest
    is_minus_zero = value == 0 and math.copysign(1, value) < 0
    return int(value) if value.is_integer() and abs(value) < _LONGEST_WHOLE and not is_minus_zero else value
