"""Which rows of a picture a step can change: those of units, and those that wires run through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from backprop_tui.layout import Route

__all__ = ["Reach"]


class Reach:
    """Rows of a picture, worked out where somebody steps.

    `sources` are the units that wires leave, `route` gives the corners of a wire, and `taken` are the rows
    that units stand in.
    """

    def __init__(self, sources: Iterable[int], route: Callable[[int], Route], taken: Sequence[range]) -> None:
        self._route, self._taken = route, taken
        self._leaving: dict[int, list[int]] = {}
        for wire, unit in enumerate(sources):
            self._leaving.setdefault(unit, []).append(wire)
        self._onward: dict[int, frozenset[int]] = {}

    def own(self, unit: int) -> range:
        """The rows that a unit takes."""
        return self._taken[unit]

    def along(self, wire: int) -> set[int]:
        """The rows that a wire runs through."""
        rows: set[int] = set()
        for (_, y), (_, next_y) in pairwise(self._route(wire)):
            rows.update(range(min(y, next_y), max(y, next_y) + 1))
        return rows

    def onward(self, unit: int) -> frozenset[int]:
        """The rows that the wires leaving a unit run through."""
        known = self._onward.get(unit)
        if known is None:
            rows = (self.along(wire) for wire in self._leaving.get(unit, ()))
            known = self._onward[unit] = frozenset[int]().union(*rows)
        return known
