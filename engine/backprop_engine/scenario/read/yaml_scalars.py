"""YAML scalars: what they mean in the core schema of YAML 1.2, and where their characters came from.

A scalar's text is not what is in the file: lines are folded, escapes resolved, indentation taken away. To
point *into* a text, `origins` goes through the scalar as written and notes the offset of each character.
"""

from __future__ import annotations

import re
from math import inf, isinf, nan
from typing import Final, TypeAlias

__all__ = ["BEGINS_NUMBER", "SAFE_DIGITS", "WORDS", "OutOfRangeError", "ScalarValue", "origins", "resolve"]

ScalarValue: TypeAlias = str | int | float | bool | None


class OutOfRangeError(ValueError):
    """A number that 64-bit floating point cannot hold."""


WORDS: Final[dict[str, ScalarValue]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), nan),
}
"""Plain scalars that are not numbers, but mean something other than their text."""
BEGINS_NUMBER: Final = frozenset("0123456789+-.")
"""What a number may begin with, and no other scalar that is in `WORDS` but for infinities and NaN."""
_ENDS_NUMBER = frozenset("0123456789.")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
SAFE_DIGITS: Final = 300
"""Every integer of fewer digits is in the range of 64-bit floating point."""


def resolve(text: str) -> ScalarValue:
    """The value of a plain scalar: `null`, a boolean, a number, or else the text itself."""
    if text[:1] not in BEGINS_NUMBER:
        return WORDS.get(text, text)
    # What `float` takes beyond YAML: blanks, `inf`, `nan`, underscores, and digits of other scripts.
    if text[-1] not in _ENDS_NUMBER or "_" in text or not text.isascii():
        return _based_or_word(text)
    try:
        value = float(text)
    except ValueError:
        return _based_or_word(text)
    if text.lstrip("+-").isdigit():
        return int(text) if len(text) < SAFE_DIGITS else _long_int(text)
    if isinf(value):
        raise OutOfRangeError
    return value


def _based_or_word(text: str) -> ScalarValue:
    """The value of what begins like a decimal number but is not one."""
    if not _BASED.fullmatch(text):
        return WORDS.get(text, text)
    if len(text) > SAFE_DIGITS:
        raise OutOfRangeError
    value = int(text, 0)
    try:
        float(value)  # a digit in base 16 counts for more than a decimal one
    except OverflowError:
        raise OutOfRangeError from None
    return value


def _long_int(text: str) -> int:
    """An integer of many digits, which are zeros at its beginning or too many."""
    digits = text.lstrip("+-").lstrip("0") or "0"
    if len(digits) > SAFE_DIGITS:
        raise OutOfRangeError
    return -int(digits) if text.startswith("-") else int(digits)


# Where the characters of a text came from

_SPACE = re.compile(r"[ \t\r\n]+")
_BREAK = re.compile(r"\r\n|\r|\n")
_ESCAPED_BREAK = re.compile(r"\\[ \t]*(?:\r\n|\r|\n)[ \t\r\n]*")
_ESCAPE = re.compile(r"\\(?:x.{2}|u.{4}|U.{8}|.)", re.DOTALL)


def origins(raw: str, style: str, text: str, most: int) -> list[int]:
    """For each character of `text`, up to the one at `most`, its offset in `raw`, which is how it is written.

    The end of `text` has one, too, where it comes before `most`.
    """
    is_block = style in ("|", ">")
    found = _block_origins(raw, text, folded=style == ">") if is_block else _flow_origins(raw, style, most)
    is_quoted = style in ('"', "'")
    end = len(raw) - is_quoted
    if found and not is_quoted:  # what follows in a block is a break, which the text may be without
        end = min(end, *found[len(text) :], found[-1] + 1)
    # Whatever was misjudged, an offset never leaves the scalar.
    found = found[: len(text)]
    return found + [end] * (min(len(text), most) + 1 - len(found))


def _flow_origins(raw: str, style: str, most: int) -> list[int]:
    """The first origins in a plain or quoted scalar, whose line breaks fold into spaces."""
    found: list[int] = []
    at, end = len(style), len(raw) - len(style)
    escapes = {'"': _double_escape, "'": _single_escape}.get(style)
    while at < end and len(found) <= most:
        if space := _SPACE.match(raw, at, end):
            found += _folded_space(raw, space.start(), space.end())
            at = space.end()
        elif escapes:
            at = escapes(raw, at, found)
        else:
            found.append(at)
            at += 1
    return found


def _folded_space(raw: str, start: int, end: int) -> list[int]:
    """The origins of white space: one break is a space; of several, all but the first stay."""
    breaks = [found.start() for found in _BREAK.finditer(raw, start, end)]
    if not breaks:
        return list(range(start, end))
    return breaks[1:] or breaks


def _single_escape(raw: str, at: int, found: list[int]) -> int:
    """Note a character of a single-quoted scalar, where a quote is written twice; returns what follows it."""
    found.append(at)
    return at + (2 if raw[at] == "'" else 1)


def _double_escape(raw: str, at: int, found: list[int]) -> int:
    """Note a character of a double-quoted scalar; returns what follows it."""
    if joined := _ESCAPED_BREAK.match(raw, at):
        # The escaped break is nothing; each empty line after it is a line feed.
        found += [line.start() for line in _BREAK.finditer(raw, at, joined.end())][1:]
        return joined.end()
    found.append(at)
    escape = _ESCAPE.match(raw, at)
    return escape.end() if escape else at + 1


def _block_origins(raw: str, text: str, *, folded: bool) -> list[int]:
    """The origins in a block scalar: the lines below its header, without their indentation."""
    header = _BREAK.search(raw)
    if header is None:
        return []
    lines = _lines(raw, header.end())
    indent = _indentation(raw, lines, text)
    found: list[int] = []
    pending: list[int] = []  # breaks since the last line with content
    was_content = was_deeper = False
    for start, end in lines:
        if end - start <= indent:
            pending.append(end)
            continue
        deeper = raw[start + indent] in " \t"
        if folded and was_content and not deeper and not was_deeper:
            pending = pending[1:] or pending
        found += pending
        found += range(start + indent, end)
        pending = [end]
        was_content, was_deeper = True, deeper
    return found + pending


def _lines(raw: str, start: int) -> list[tuple[int, int]]:
    """The stretches of the lines of `raw` from `start` on."""
    lines = []
    for found in _BREAK.finditer(raw, start):
        lines.append((start, found.start()))
        start = found.end()
    return [*lines, (start, len(raw))]


def _indentation(raw: str, lines: list[tuple[int, int]], text: str) -> int:
    """How far a block scalar is indented: its first line with content in the file, against the text's."""
    kept = text.lstrip("\n")
    for start, end in lines:
        if raw[start:end].strip(" "):
            in_file = len(raw[start:end]) - len(raw[start:end].lstrip(" "))
            return in_file - (len(kept) - len(kept.lstrip(" ")))
    return len(raw)
