"""On which row of a unit each operand arrives: in the order of operands, and straight where that can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from math import comb
from operator import eq

__all__ = ["assign_pins", "port_rows"]

MANY = 64
"""Choices of rows beyond which only the even one is looked at."""


def assign_pins(heights: Sequence[int], edges: Sequence[tuple[int, int]]) -> list[int]:
    """The pin at which each edge arrives at its target, counted in the order of operands.

    A unit has a pin for each operand if it has as many rows; if not, one for each unit that operands come
    from.
    """
    operands = Counter(target for _, target in edges)
    taken = Counter[int]()
    sources: dict[int, dict[int, int]] = {}
    pins: list[int] = []
    for source, target in edges:
        if operands[target] <= heights[target]:
            pins.append(taken[target])
            taken[target] += 1
        else:
            known = sources.setdefault(target, {})
            pins.append(known.setdefault(source, len(known)))
    return pins


def port_rows(height: int, arrivals: Sequence[int]) -> tuple[int, ...]:
    """The row, from a unit's top, of each pin; `arrivals` are the rows on which their wires come.

    Of the choices that keep the order, the one with most straight wires, and then the most even one (which
    two wires of one unit get in any case). Pins that follow each other share a row where there are more of
    them than rows.
    """
    count = len(arrivals)
    if count > height:
        return tuple(height * pin // count for pin in range(count))
    choices = _choices(height, count)
    if len(choices) == 1 or len(dict.fromkeys(arrivals)) < count:
        return choices[0]
    return max(choices, key=lambda rows: sum(map(eq, rows, arrivals)))


@cache
def _choices(height: int, pins: int) -> tuple[tuple[int, ...], ...]:
    """The rows that pins can be on, the most even choice first."""
    even = _even(height, pins)
    if comb(height, pins) > MANY:
        return (even,)

    def unevenness(rows: tuple[int, ...]) -> int:
        return sum(abs(row - wish) for row, wish in zip(rows, even, strict=True))

    return tuple(sorted(combinations(range(height), pins), key=unevenness))


def _even(height: int, pins: int) -> tuple[int, ...]:
    """Symmetric and as far apart as they can be, off the first and the last row where there is room."""
    if pins == 1:
        return (height // 2,)
    margin = 1 if height >= pins + 2 else 0
    return tuple(margin + (height - 1 - 2 * margin) * pin // (pins - 1) for pin in range(pins))
