"""Plain text: made harmless where it comes from outside, shortened, measured."""

from __future__ import annotations

import unicodedata

__all__ = ["clean", "monospaced_width", "shortened"]

_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
"""Letters and marks that a screen shows nothing for."""
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str, *, newlines: bool = False) -> str:
    """`text` with nothing in it that a terminal would obey.

    C0 controls become their pictures (an escape is shown as ␛); other controls, bidirectional controls,
    lone surrogates and invisible formatting become their numbers in hexadecimal; a tab becomes a space.
    With `newlines` line feeds stay.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = {ord(character): _harmless(character, newlines) for character in set(text)}
    return text.translate(shown)


def _harmless(character: str, newlines: bool) -> str:
    number = ord(character)
    if character == "\n":
        return "\n" if newlines else " "
    if character == "\t":
        return " "
    if number < 0x20:
        return chr(0x2400 + number)
    if number == 0x7F:
        return "␡"
    unseen = character in _UNSEEN or character in _BIDIRECTIONAL
    if unseen or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Co"}:
        return f"\\u{number:04x}"
    return character


def shortened(text: str, most: int) -> str:
    """`text` in at most `most` characters; where something is cut, an ellipsis stands for it."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def monospaced_width(text: str) -> int:
    """How many columns `text` takes in a fixed-width font: wide East Asian characters take two."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
