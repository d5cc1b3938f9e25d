"""Text in terminal cells: its width, cutting it with a mark, wrapping it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

__all__ = ["cell_width", "clip", "clip_formula", "clip_middle", "clip_name", "in_ascii", "pad", "wrap"]

ELLIPSIS = "…"
_CALL = re.compile(r"([^(]*[\w#]\()(.*)\)")
"""A call up to its first bracket, and its arguments."""
_ASCII = str.maketrans(
    "·×÷−≤≥≠⊙⊗⊣√∂∑∏σπ²³⁻ʸᵀ‖⎡⎢⎣⎤⎥⎦…→←↑↓↵↳⋅▶◀●◉○◇□✓✗»–—“”’─│╭╮╰╯├┤┬┴┼━┃┏┓┗┛┣┫┳┻╋"
    "⎛⎜⎝⎞⎟⎠⎧⎪⎨⎩↦ᵢⱼₖₗ⁰¹⁴⁵⁶⁷⁸⁹⁺₀₁₂₃₄₅₆₇₈₉±▏▎▍▌▋▊▉█╌┆▷◁▸▾Δ▁▂▃▄▅▆▇αβε═║╔╗╚╝╟◆■◈∗◌",
    ".x/-<>!oo|VdSPsp23-y'|[[[]]]~><^v/\\,><*@o*#+x>--\"\"'-|+++++++++=#+++++++++"
    "/|\\\\|/{{{{>ijkl01456789+0123456789~..--==##.:><+-D_.-=+*#abe-|@@@@+%#$*_",
)
"""Our signs of one cell, and the character in place of each."""
_NARROW = frozenset(map(chr, (*_ASCII, *range(0x2500, 0x25A0), *range(0x2800, 0x2900), *range(0x391, 0x3CA))))
"""Our signs, box drawings, Braille and Greek letters take one cell."""
_BINARY = frozenset("·×÷⊙⊗∗−+-*/@=")
"""Signs between two parts of a formula: no line ends with one."""
_WORD = re.compile(r"[^\W\d_]{3,}")
"""A word in a name that is shorter when all but its first letter is cut."""
_LEAST_OWN, _MUCH = 4, 8
"""What a name has after its last dot is cut to no fewer cells than the first while it has the path before it.
It is cut to the second before the path is.
"""
_TWO_CUTS = 12
"""In fewer cells than this, little would be left of a name between two cuts."""
_ASIDE = re.compile(r"(?<!\S)\((?![^)]* - )([^\W\d_]{2,} [^()\[\]=·×÷⊙⊗+*/−]*)\)")
"""Words in brackets that are not part of a formula."""


@lru_cache(maxsize=4096)
def cell_width(text: str) -> int:
    """The width of `text` in terminal cells; Hangul syllables take two."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


@lru_cache(maxsize=4096)
def _character_width(character: str) -> int:
    if " " <= character < "\x7f" or character in _NARROW or character in "≡⋮‹›":
        return 1
    if "가" <= character <= "힣":
        return 2
    from wcwidth import wcwidth  # imported here: its table of all of Unicode takes long to load

    return max(0, wcwidth(character))


def in_ascii(text: str) -> str:
    """`text` with an ASCII character in place of each of our signs, cell by cell; words stay as they are."""
    return text.replace(" · ", " * ").translate(_ASCII)


def clip(text: str, width: int) -> str:
    """`text` in at most `width` cells; an ellipsis stands for what is cut."""
    if cell_width(text) <= width:
        return text
    if width <= 0:
        return ""
    kept, used = [], 0
    for character in text:
        used += _character_width(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + ELLIPSIS


def clip_middle(text: str, width: int) -> str:
    """`text` in at most `width` cells, cut in its middle, since names differ at both ends."""
    if cell_width(text) <= width:
        return text
    head = clip(text, max(1, width // 3 + 1))
    tail, room = "", width - cell_width(head)
    for character in reversed(text):
        if cell_width(character + tail) > room:
            break
        tail = character + tail
    return head + tail if width > 0 else ""


@lru_cache(maxsize=4096)
def clip_name(name: str, width: int) -> str:
    """A node's name in at most `width` cells: `b…[0].seco….weight`.

    The words of its path are cut from the left, each only as far as needed; numbers stay, since they are what
    the names of equal modules differ by. Where that is not enough, what is after the last dot is cut in its
    middle, if possible without the path, and where not even that fits, the whole name.
    """
    path, dot, own = name.rpartition(".")
    over = cell_width(name) - width
    kept, start = "", 0
    for word in _WORD.finditer(path) if over > 0 else ():
        most = max(cell_width(word[0][0]) + 1, cell_width(word[0]) - over)
        cut = clip(word[0], most) if over > 0 else word[0]
        kept, start = kept + path[start : word.start()] + cut, word.end()
        over -= cell_width(word[0]) - cell_width(cut)
    path = kept + path[start:] + dot
    if over <= 0:
        return path + own
    alone = width - cell_width(name) + cell_width(own)
    if alone >= _MUCH:
        return name[: len(name) - len(own)] + clip_middle(own, alone)
    room = cell_width(own) - over
    if room < _LEAST_OWN or width < _TWO_CUTS:
        return clip_middle(name, width)
    return path + clip_middle(own, room)


def clip_formula(text: str, width: int) -> str:
    """A formula in at most `width` cells.

    A call loses its last arguments, or all but the last, and keeps its name. A sum loses its last terms
    whole, and anything else its last words. Only a single word is cut inside.
    """
    if cell_width(text) <= width:
        return text
    call = _CALL.fullmatch(text)
    arguments = _arguments(call[2]) if call else []
    words = text.split(" ")
    most = max(width, 0) + 2  # a part takes a cell at least, so that more of them do not fit
    if call and arguments:
        ways = [
            f"{call[1]}{', '.join([*arguments[:kept], ELLIPSIS])})"
            for kept in range(min(len(arguments), most))
        ]
        ways[1:1] = [f"{call[1]}{ELLIPSIS}, {arguments[-1]})"]
    else:
        kept = range(1 + (words[0] == "="), min(len(words), most))
        sums = [end for end in kept if words[end - 1] in _SIGNS_OF_A_SUM and _is_closed(words[:end])]
        ways = [" ".join([*words[:end], ELLIPSIS]) for end in (*kept, *sums)]
    return next((way for way in reversed(ways) if cell_width(way) <= width), clip(text, width))


_SIGNS_OF_A_SUM = ("+", "-", "−")


def _is_closed(words: Sequence[str]) -> bool:
    """Whether every bracket in them is closed."""
    text = "".join(words)
    return all(text.count(left) == text.count(right) for left, right in ("()", "[]", "{}"))


def _arguments(text: str) -> list[str]:
    """The arguments of a call; empty where the text goes on after its end."""
    found, depth = [""], 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if depth < 0:
            return []
        if sign == "," and not depth:
            found.append("")
        else:
            found[-1] += sign
    return [one.strip() for one in found]


def pad(text: str, width: int, align: str = "<") -> str:
    """`text` clipped and filled with spaces to exactly `width` cells; `align` is one of ``< > ^``."""
    text = clip(text, width)
    room = width - cell_width(text)
    if align == ">":
        return " " * room + text
    if align == "^":
        return " " * (room // 2) + text + " " * (room - room // 2)
    return text + " " * room


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces, and inside words that are longer.

    What belongs together in a formula stays on one line if it fits: a formula is broken before an equals
    sign, else before a term, else before a factor, and only then inside its outermost brackets. A short name
    is not alone before the equals sign, unless something as short would be alone after it.
    """
    return [line for paragraph in text.split("\n") for line in _lines(_pieces(paragraph, width), width)]


class _Piece(NamedTuple):
    """A word, or a part of a word longer than a line, with how undesirable it is to begin a line with it."""

    text: str
    size: int
    reluctance: int


_MUST, _TERM, _FACTOR, _INSIDE, _NEVER = -1, 1, 2, 3, 99
"""For a line that begins inside a word, with a term, with a factor, inside brackets, after a sign."""
_RELUCTANCE = {sign: _TERM if sign in "+-−" else _FACTOR for sign in _BINARY if sign != "="}
_SHORT = 6
"""What takes less than this fraction of a line is short: one of six."""


def _pieces(paragraph: str, width: int) -> list[_Piece]:
    pieces: list[_Piece] = []
    depth, before = 0, ""
    bare = _ASIDE.sub(r"x\1x", paragraph) if "(" in paragraph else paragraph
    for word, counted in zip(paragraph.split(), bare.split(), strict=True):
        reluctance = depth * _INSIDE + _RELUCTANCE.get(word, 0)
        reluctance = _NEVER if before in _BINARY else reluctance
        rest, before = word, word
        while cell_width(rest) > width > 1:
            head = _head(rest, width)
            pieces.append(_Piece(head, cell_width(head), reluctance))
            rest, reluctance = rest[len(head) :], _MUST
        pieces.append(_Piece(rest, cell_width(rest), reluctance))
        if not counted.isalnum():
            depth = max(0, depth + sum(map(counted.count, "([")) - sum(map(counted.count, ")]")))
    return pieces


def _lines(pieces: Sequence[_Piece], width: int) -> Iterator[str]:
    start = 0
    while start < len(pieces):
        end, used = start + 1, pieces[start].size
        while end < len(pieces) and pieces[end].reluctance > _MUST:
            used += 1 + pieces[end].size
            if used > width:
                end = _break(pieces, start, end, width)
                break
            end += 1
        yield " ".join(piece.text for piece in pieces[start:end])
        start = end
    if not pieces:
        yield ""


def _break(pieces: Sequence[_Piece], start: int, end: int, width: int) -> int:
    """Where the next line begins, at `end` at the latest."""
    found = _least_reluctant(pieces, start + 1, end, width)
    if found == start + 1 and pieces[found].text == "=" and pieces[start].size * _SHORT < width:
        other = _least_reluctant(pieces, found + 1, end, width)
        if _whole(pieces, other, _MUST) * _SHORT >= width:
            return other
    return found


def _least_reluctant(pieces: Sequence[_Piece], first: int, end: int, width: int) -> int:
    """The least reluctant break from `first` on after which the line fits, the last of those; else `end`."""
    for most in range(pieces[end].reluctance):
        begins = [at for at in range(first, end) if pieces[at].reluctance <= most]
        if begins and _whole(pieces, begins[-1], most) <= width:
            return begins[-1]
    return end


def _whole(pieces: Sequence[_Piece], begin: int, most: int) -> int:
    """The cells from the beginning of a line to where another may begin."""
    used = -1
    for at in range(begin, len(pieces)):
        if at > begin and pieces[at].reluctance <= most:
            break
        used += 1 + pieces[at].size
    return used


def _head(word: str, width: int) -> str:
    """As much of `word` as fits, at least one character."""
    used = 0
    for count, character in enumerate(word):
        used += _character_width(character)
        if used > width and count:
            return word[:count]
    return word
