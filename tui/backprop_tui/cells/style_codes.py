"""The codes between texts that tell a terminal their style, written as briefly as they can be.

Textual resets every style and writes the next one in full: some forty bytes for each piece of text, two
thirds of what a key brings to the terminal. Here only what is another is written: mostly one colour, between
words of one style nothing. Over a connection that is what a reader waits for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = ["brief"]

_STYLE: Final = re.compile(r"\x1b\[([\d;]*)m")
_MOVES: Final = re.compile(r"(?:[\r\n]|\x1b\[\d+;\d+H)+")
"""What paints nothing, so that it does not matter in which style the terminal is."""
_OFF: Final = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "8": "28", "9": "29"}
"""What ends an attribute."""
_ON_SPACES: Final = frozenset(_OFF) - set("1235")
"""The attributes that are seen, or hide something, where there is only a space."""
_RESET: Final = ""


def brief(text: str) -> str:
    """What paints the same cells as `text` in fewer bytes, and leaves the terminal in the same style."""
    before, *rest = _STYLE.split(text)
    if len(rest) < 4:
        return text
    pieces = [before]
    style: str | None = None  # what the terminal is in; nobody knows before the first reset
    wanted: str | None = None
    for codes, shown in zip(rest[::2], rest[1::2], strict=True):
        if codes in ("", "0"):
            wanted = _RESET
        elif wanted is None:
            pieces.append(f"\x1b[{codes}m")
        else:
            wanted = f"{wanted};{codes}" if wanted else codes
        if not shown:
            continue
        if wanted is not None and wanted != style and not _looks_alike(style, wanted, shown):
            pieces.append(_change(style, wanted))
            style = wanted
        pieces.append(shown)
    if wanted is not None and wanted != style:
        pieces.append(_change(style, wanted))
    return "".join(pieces)


class _Style(NamedTuple):
    """The codes of a style by what they set; empty where it is left as the terminal has it."""

    foreground: str
    background: str
    attributes: frozenset[str]


@lru_cache(maxsize=1024)
def _style(codes: str) -> _Style:
    """What `codes` set together: of two colours the later one."""
    foreground = background = ""
    attributes: set[str] = set()
    for code in _whole_codes(codes):
        number = int(code.partition(";")[0] or 0)
        if 30 <= number <= 39 or 90 <= number <= 97:
            foreground = "" if number == 39 else code
        elif 40 <= number <= 49 or 100 <= number <= 107:
            background = "" if number == 49 else code
        else:
            attributes.add(code)
    return _Style(foreground, background, frozenset(attributes))


def _whole_codes(codes: str) -> Iterator[str]:
    """The codes one by one, a colour with its parts: `38;5` takes one number more, `38;2` three."""
    parts = codes.split(";") if codes else []
    at = 0
    while at < len(parts):
        size = 1
        if parts[at] in ("38", "48"):
            size = 3 if parts[at + 1 : at + 2] == ["5"] else 5
        yield ";".join(parts[at : at + size])
        at += size


@lru_cache(maxsize=4096)
def _change(before: str | None, after: str) -> str:
    """What brings a terminal from one style to another; from an unknown one by a reset."""
    whole = f"\x1b[0;{after}m" if after else "\x1b[m"
    if before is None:
        return whole
    old, new = _style(before), _style(after)
    lost = old.attributes - new.attributes
    if not lost <= _OFF.keys():
        return whole
    off = {_OFF[code] for code in lost}
    kept = {code for code in old.attributes & new.attributes if _OFF.get(code) not in off}
    codes = sorted(off) + sorted(new.attributes - kept)
    if new.foreground != old.foreground:
        codes.append(new.foreground or "39")
    if new.background != old.background:
        codes.append(new.background or "49")
    if not codes:
        return ""
    return min(f"\x1b[{';'.join(codes)}m", whole, key=len)


def _looks_alike(before: str | None, after: str, shown: str) -> bool:
    """Whether a text looks the same in both styles: it moves on, or has nothing but spaces."""
    if shown[0] in "\x1b\r\n":
        return _MOVES.fullmatch(shown) is not None
    return shown[0] == " " and not shown.strip(" ") and before is not None and _same_ground(before, after)


@lru_cache(maxsize=4096)
def _same_ground(before: str, after: str) -> bool:
    """Whether a space looks the same in both styles."""
    old, new = _style(before), _style(after)
    return old.background == new.background and not (old.attributes | new.attributes) & _ON_SPACES
