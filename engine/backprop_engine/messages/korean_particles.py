"""Korean particles, whose form follows from the sound that a word ends in: 값을, but 노드를."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["with_particle"]

_CLOSING: Final = " `'\"’”)]}»…_.,:;!?"
"""What is not read aloud at the end of a word."""
_NONE, _FINAL, _LIQUID, _UNSURE = range(4)
"""How a word ends: in a vowel, in a consonant, in ㄹ, or so that Korean readers do not agree."""
_DIGITS: Final = dict(zip("0123456789", (1, 2, 0, 1, 0, 0, 1, 2, 2, 0), strict=True))
_LETTERS: Final = {"l": _LIQUID, "m": _FINAL, "n": _FINAL, "r": _LIQUID, "ε": _FINAL, "%": _NONE}
"""The names of letters that end in a consonant; those of all others end in a vowel."""
_FIRST_SYLLABLE, _LAST_SYLLABLE, _FINALS, _RIEUL = 0xAC00, 0xD7A3, 28, 8


_ORDINAL: Final = "첫/번째"
_SMALL_COUNT: Final = re.compile("(?<![0-9])(10|[1-9])$")
_COUNTED: Final = ("첫", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열")


def with_particle(text: str, pair: str) -> str:
    """`text` with the particle that fits its end; `pair` is the form after a consonant, and after a vowel.

    The pair 첫/번째 makes an ordinal of a number: small ones are counted in words, 첫 번째, but 11번째.
    """
    if pair == _ORDINAL:
        return _SMALL_COUNT.sub(lambda count: f"{_COUNTED[int(count[1]) - 1]} ", text) + "번째"
    after_consonant, after_vowel = pair.split("/")
    ending = _NONE if text.endswith("()") else _ending(text.rstrip(_CLOSING))  # 빈 괄호
    if ending == _UNSURE:
        shared = after_consonant.endswith(after_vowel)
        optional = after_consonant.removesuffix(after_vowel) if shared else ""
        return text + (f"({optional}){after_vowel}" if shared else f"{after_consonant}({after_vowel})")
    soft = ending == _NONE or (ending == _LIQUID and pair.startswith("으"))
    return text + (after_vowel if soft else after_consonant)


_WORD: Final = re.compile("[A-Za-z]{2,}$")
_RAISED: Final = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹ⁿᵏˣʸ")
"""A power is read 제곱, whatever the exponent."""
_FRACTION: Final = re.compile(r"(?<![\w./)])([0-9]+)/[√\w]+$")
"""A fraction is read from below, 4분의 1; a derivative, ∂L/∂f, from above."""
_VOWELS: Final = frozenset("aeiouy")


def _ending(text: str) -> int:
    """How the last word of `text` ends, as Korean readers say it: 3 is 삼, W 더블유, scan 스캔."""
    if fraction := _FRACTION.search(text):
        return _DIGITS[fraction[1][-1]]
    last = text[-1:].lower()
    if last in _RAISED:
        return _FINAL
    if _FIRST_SYLLABLE <= ord(last or " ") <= _LAST_SYLLABLE:
        final = (ord(last) - _FIRST_SYLLABLE) % _FINALS
        return _LIQUID if final == _RIEUL else _FINAL if final else _NONE
    last = unicodedata.normalize("NFKC", last)  # full-width ones are read like the others
    if last in _DIGITS:
        return _DIGITS[last]
    if not last.isalpha():
        return _LETTERS.get(last, _UNSURE)
    word = _WORD.search(text)
    if word is None or text[-1].isupper() or _VOWELS.isdisjoint(word[0].lower()):
        return _LETTERS.get(last, _NONE)  # letter by letter: W, lr, GiB
    before = text[-2:-1].lower()
    if last == "e" and before in "lmn":  # a silent e: time, line, scale
        last = before
    if last == "g" and before == "n":
        return _FINAL
    if last in "lmn":
        return _LETTERS[last]
    if last in "kpt" and before not in _VOWELS and before != "c":
        return _NONE  # weight, mask, help: 웨이트, 마스크, 헬프
    return _UNSURE if last in "bckpt" else _NONE
