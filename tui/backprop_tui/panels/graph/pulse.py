"""A pulse: a mark that runs once along the wires of a step just taken, the way that the step goes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from backprop_tui.cells.lines import Span
from backprop_tui.layout import Point, is_jump
from backprop_tui.panels.graph.picture import GraphPicture

__all__ = ["BEATS", "Pulse"]

BEATS: Final = 8
"""The places at which a pulse is seen."""
_MARK: Final = "●"


class Pulse:
    """The cells that the mark is in, beat by beat; it takes equally long on wires of any length."""

    def __init__(self, picture: GraphPicture) -> None:
        look, scene = picture.appearance, picture.scene
        self._span = Span(look.drawn(_MARK), look.active_role)
        routes = [_cells(scene.route(wire)) for wire in look.active_wires(scene)]
        self._routes = routes if look.forward else [route[::-1] for route in routes]
        self._beat = 0

    def __bool__(self) -> bool:
        """Whether it has wires to run along, and has not come to their end."""
        return bool(self._routes) and self._beat < BEATS

    def move(self) -> None:
        """On to the next place."""
        self._beat += 1

    @property
    def cells(self) -> dict[Point, Span]:
        """The cells of the picture that it is in now."""
        if not self:
            return {}
        return {route[(len(route) - 1) * self._beat // (BEATS - 1)]: self._span for route in self._routes}


def _cells(route: Sequence[Point]) -> list[Point]:
    """All cells of a wire, from its source to its target."""
    cells = [route[0]]
    for (x, y), (next_x, next_y) in pairwise(route):
        if is_jump((x, y), (next_x, next_y)):
            cells.append((next_x, next_y))
            continue
        across, down = _sign(next_x - x), _sign(next_y - y)
        steps = max(abs(next_x - x), abs(next_y - y))
        cells += [(x + across * step, y + down * step) for step in range(1, steps + 1)]
    return cells


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
