"""Texts as YAML: plain where a reader cannot take them for something else, quoted or as a block elsewhere.

Reading gives back every text as it was; how it looks in the file is what this room is about. A text that does
not fit its line becomes a block of folded lines (``>-``); one with lines of its own keeps them (``|``).
Characters that nobody sees are written as escapes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from backprop_engine.messages.plain_text import monospaced_width
from backprop_engine.scenario.scalars import OutOfRangeError, resolve

__all__ = ["MAX_KEY", "fits", "flow_text", "key_text", "text_behind"]

MAX_KEY: Final = 1000
"""A longer key stands on a line of its own, behind a question mark: readers look 1,024 characters ahead."""

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
    """A key as it stands before its colon."""
    return key if _is_plain(key) else _quoted(key)


def flow_text(text: str, *, in_flow: bool) -> str:
    """`text` on one line, inside of `{}` or `[]` if `in_flow`."""
    if _is_plain(text) and not _is_misread(text) and not (in_flow and _is_cut(text)):
        return text
    return _quoted(text)


def text_behind(head: str, text: str, width: int) -> list[str]:
    """The lines of `text` behind `head` (`key:`), of at most `width` cells where that is possible."""
    line = f"{head} {flow_text(text, in_flow=False)}"
    if "\n" not in text and fits(line, width):
        return [line]
    if _fits_block(text):
        body = text.removesuffix("\n")
        chomping = "" if body != text else "-"
        lines = body.split("\n")
        keeps_lines = "\n" in text and all(fits(one, width - 2) for one in lines)
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
    """Whether `text` may stand in a file as it is: on one line, nothing invisible in it but spaces."""
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
    """Whether the lines of `text` can stand below each other as they are."""
    body = text.removesuffix("\n")
    lines = body.split("\n")
    edges = bool(lines[0] and lines[-1]) and not lines[0].startswith(" ")
    return edges and all(_is_visible(one) and one == one.rstrip() for one in lines)


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
