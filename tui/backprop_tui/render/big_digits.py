"""Numbers and signs that are several rows tall, for those who sit at the back."""

from __future__ import annotations

from typing import Final

from backprop_tui.cells.blocks import Block
from backprop_tui.cells.lines import Line, Role, Span

__all__ = ["SCALES", "big_text", "is_written"]

SCALES: Final = (3, 2, 1)
"""How large signs can be, the largest first: 10, 5 and 3 rows tall."""

_ROWS: Final = 5
_GLYPHS: Final = {
    "0": "### #.# #.# #.# ###",
    "1": ".#. ##. .#. .#. ###",
    "2": "### ..# ### #.. ###",
    "3": "### ..# .## ..# ###",
    "4": "#.# #.# ### ..# ..#",
    "5": "### #.. ### ..# ###",
    "6": "### #.. ### #.# ###",
    "7": "### ..# ..# .#. .#.",
    "8": "### #.# ### #.# ###",
    "9": "### #.# ### ..# ###",
    "-": "... ... ### ... ...",
    "−": "... ... ### ... ...",
    ".": ". . . . #",
    ",": ".. .. .. .# #.",
    "+": "... .#. ### .#. ...",
    "=": "... ### ... ### ...",
    "·": "... ... .#. ... ...",
    "×": "... #.# .#. #.# ...",
    "/": "..# ..# .#. #.. #..",
    "⊙": ".###. #...# #.#.# #...# .###.",
    "@": ".###. #.### #.### #.... .###.",
    "←": "..#.. .#... ##### .#... ..#..",
    "∑": "### #.. .#. #.. ###",
    "(": ".# #. #. #. .#",
    ")": "#. .# .# .# #.",
    "e": "### #.# ### #.. ###",
    "N": "#..# ##.# #.## #..# #..#",
    "a": "### ..# ### #.# ###",
    "i": "# . # # #",
    "n": "... ##. #.# #.# #.#",
    "f": ".## #.. ### #.. #..",
    "l": "#. #. #. #. ##",
    "r": "... #.# ##. #.. #..",
    "s": "### #.. ### ..# ###",
    "t": ".#. ### .#. .#. .##",
    "u": "... #.# #.# #.# ###",
    "?": "### ..# .## ... .#.",
    " ": ". . . . .",
}
"""The pixels of each sign, a row after another."""
_HALVES: Final = {"..": " ", "#.": "▀", ".#": "▄", "##": "█"}


def is_written(text: str) -> bool:
    """Whether there is a large form of every sign of `text`."""
    return all(sign in _GLYPHS for sign in text)


def big_text(text: str, scale: int, role: Role, *, ascii: bool = False) -> Block:
    """`text` in large signs; where half a cell cannot be drawn, the smallest scale is that of the next."""
    glyphs = [_GLYPHS[sign].split() for sign in text]
    rows = [".".join(glyph[row] for glyph in glyphs) for row in range(_ROWS)]
    if scale == 1 and not ascii:
        rows.append("." * len(rows[0]))
        pairs = zip(rows[::2], rows[1::2], strict=True)
        lines = [
            "".join(_HALVES[upper + lower] for upper, lower in zip(*pair, strict=True)) for pair in pairs
        ]
    else:
        across, down = (4, 2) if scale == SCALES[0] else (2, 1)
        full = "#" if ascii else "█"
        lines = [
            "".join((full if pixel == "#" else " ") * across for pixel in row)
            for row in rows
            for _ in range(down)
        ]
    drawn: list[Line] = [(Span(line, role),) for line in lines]
    return Block.of(drawn)
