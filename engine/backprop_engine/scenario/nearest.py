"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean", "nearest"]

_MAX_LENGTH = 64


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `name` is a slip of the pen away from; of equals, the first.

    Another case is the smallest slip; else about one letter in three may be missing, added, changed, or
    swapped with its neighbour.
    """
    if len(name) > _MAX_LENGTH:
        return None
    best: str | None = None
    folded = name.casefold()
    least = (len(name) + 2) // 3 + 1
    for candidate in known:
        if abs(len(candidate) - len(name)) >= least:
            continue
        other = candidate.casefold()
        distance = 0 if other == folded else _distance(folded, other, least)
        if distance < min(least, max(len(name), len(candidate))):
            best, least = candidate, distance
            if not distance:
                break
    return best


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that asks for the nearest of `known`, or nothing."""
    found = nearest(name, known)
    return f"did you mean `{found}`?" if found is not None else ""


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
