"""The name that was probably meant."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import islice

from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.synonyms import meant

__all__ = ["did_you_mean", "nearest", "one_is_near"]

_MAX_LENGTH = 64
_MOST = 10_000
"""How many names are looked at: a slip in a file of a hundred thousand must not take seconds."""

_LOOK_ALIKES = str.maketrans(
    "аеорсухѵіјѕԁһԛԝАВЕКМНОРСТУХІЈЅοντυςΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aeopcyxvijsdhqwABEKMHOPCTYXIJSovtucABEZHIKMNOPTYX"
)
"""Cyrillic and Greek letters that look like Latin ones."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `name` is a slip of the pen away from; of equals, the first.

    What other programs call it comes first, then another case and letters that look the same; else about
    one letter in three may be missing, added, changed, or swapped with its neighbour.
    """
    if len(name) > _MAX_LENGTH:
        return None
    known = tuple(islice(known, _MOST))
    if synonym := meant(name, known):
        return synonym
    best: str | None = None
    folded = _folded(name)
    least = (len(name) + 2) // 3 + 1
    for candidate in known:
        if abs(len(candidate) - len(name)) >= least:
            continue
        other = _folded(candidate)
        distance = 0 if other == folded else _distance(folded, other, least)
        if distance < min(least, max(len(name), len(candidate))):
            best, least = candidate, distance
            if not distance:
                break
    return best


def did_you_mean(name: str, known: Iterable[str]) -> Hint:
    """A hint that asks for the nearest of `known`, or nothing."""
    found = nearest(name, known)
    if found is None:
        return ""
    return _look_alike(name, found) or msg("did you mean `{text}`?", text=found)


def one_is_near(names: Iterable[str], known: Iterable[str]) -> Hint:
    """A hint for the first of `names` that is nearly one of `known`, or nothing."""
    known = tuple(known)
    for name in names:
        if hint := did_you_mean(name, known):
            return hint
    return ""


def _look_alike(name: str, other: str) -> Hint:
    """The hint that names which letter is from another alphabet, where two names look the same."""
    if len(name) != len(other) or _plain(name) != _plain(other):
        return ""
    for one, meant_letter in zip(name, other, strict=True):
        if one != meant_letter:
            letter = f"U+{ord(one):04X} {unicodedata.name(one, '')}".strip()
            wanted = f"U+{ord(meant_letter):04X} {unicodedata.name(meant_letter, '')}".strip()
            return msg(
                "did you mean `{text}`? Here stands `{one}` ({letter}), there `{other}` ({wanted}).",
                text=other,
                one=clean(one),
                letter=letter,
                other=clean(meant_letter),
                wanted=wanted,
            )
    return ""


def _plain(name: str) -> str:
    """`name` in letters that other letters are mistaken for."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name).translate(_LOOK_ALIKES)


def _folded(name: str) -> str:
    return _plain(name).casefold()


def _distance(one: str, other: str, limit: int) -> int:
    """How many letters must be added, taken away, changed or swapped with a neighbour; at most `limit`."""
    if len(set(one) - set(other)) >= limit:  # each of these letters costs one change or more
        return limit
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, counterpart in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != counterpart))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == counterpart:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) >= limit:
            return limit
    return row[-1]
