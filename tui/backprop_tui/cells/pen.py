"""What a terminal is sent for texts in styles at places: as little as paints the same cells.

Textual resets every style and writes the next one in full: some forty bytes for each piece of text, two
thirds of what a key brings to the terminal. Here only what is another is written: mostly one colour, between
words of one style nothing. Over a connection that is what a reader waits for.

Heatmaps come last. Between their cells every other text would change both colours, and back again.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = ["Pen"]

_UPPER, _LOWER, _WHOLE = "▀", "▄", "█"
"""A cell whose upper half, lower half, or whole has the colour of text; the rest has that of the ground."""
_OFF: Final = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "8": "28", "9": "29"}
"""What ends an attribute."""
_ON_SPACES: Final = frozenset(_OFF) - set("1235")
"""The attributes that are seen, or hide something, where there is only a space."""


class _Halves(NamedTuple):
    """The colours of the halves of a heatmap's cell, without the code that says what has them."""

    upper: str
    lower: str


class Pen:
    """Gathers what is to be written. Its styles are codes such as ``1;38;2;255;0;0``; none is the terminal's
    own style.
    """

    def __init__(self) -> None:
        self._written: list[str] = []
        self._at: tuple[int, int] | None = None
        self._style: str | None = None  # what was written before is unknown
        self._heat: list[tuple[int, int, str, _Halves]] = []

    def write(self, x: int, y: int, text: str, size: int, style: str) -> None:
        """Write a text of `size` cells, which begins in column `x` of row `y`."""
        if text[:1] == _UPPER and (halves := _halves(style)) and text.strip(_UPPER) == "":
            self._heat.append((x, y, text, halves))
            return
        self._move(x, y)
        if style != self._style and not (text.isspace() and _same_ground(self._style, style)):
            self._written.append(_change(self._style, style))
            self._style = style
        self._written.append(text)
        self._at = x + size, y

    def text(self) -> str:
        """All that was written, after which the terminal is in its own style."""
        colours = _Halves("", "")
        for x, y, text, halves in self._heat:
            self._move(x, y)
            colours = self._write_halves(text, halves, colours)
            self._at = x + len(text), y
        self._heat.clear()
        if self._style:
            self._written.append("\x1b[m")
            self._style = ""
        return "".join(self._written)

    def _move(self, x: int, y: int) -> None:
        if self._at is None or self._at[1] != y:
            self._written.append(f"\x1b[{y + 1};{x + 1}H")
        elif self._at[0] != x:
            self._written.append(f"\x1b[{x + 1}G")

    def _write_halves(self, text: str, wanted: _Halves, before: _Halves) -> _Halves:
        """Write cells with these halves; what has which colour then, the text first, where it was `before`.

        It is left to the colours there are which half is the text and which is the ground; cells of one
        colour are spaces, or all text.
        """
        upper, lower = wanted
        text_colour, ground = before
        if upper == lower:
            if text_colour == upper != ground:
                sign = _WHOLE
            else:
                sign, ground = " ", upper
        elif (lower == text_colour) + (upper == ground) > (upper == text_colour) + (lower == ground):
            sign, text_colour, ground = _LOWER, lower, upper
        else:
            sign, text_colour, ground = _UPPER, upper, lower
        codes = [] if before.upper or before.lower else ["0"]
        if text_colour != before.upper:
            codes.append(f"38;{text_colour}")
        if ground != before.lower:
            codes.append(f"48;{ground}")
        if codes:
            self._written.append(f"\x1b[{';'.join(codes)}m")
            self._style = "heat"
        self._written.append(sign * len(text))
        return _Halves(text_colour, ground)


@lru_cache(maxsize=2048)
def _halves(codes: str) -> _Halves | None:
    """The colours of the two halves of a cell in a style that has nothing else; None of any other style."""
    style = _style(codes)
    both = style.foreground[:3] == "38;" and style.background[:3] == "48;"
    return _Halves(style.foreground[3:], style.background[3:]) if both and not style.attributes else None


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


@lru_cache(maxsize=4096)
def _same_ground(before: str | None, after: str) -> bool:
    """Whether a space looks the same in both styles."""
    if before is None:
        return False
    old, new = _style(before), _style(after)
    return old.background == new.background and not (old.attributes | new.attributes) & _ON_SPACES
