"""Where in a window of a scene nothing is drawn, whatever step it shows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, reduce
from operator import or_

from backprop_tui.cells.drawing import Area
from backprop_tui.panels.graph.scene import Scene

__all__ = ["free_place"]


@lru_cache(maxsize=64)
def free_place(scene: Scene, window: Area, size: tuple[int, int]) -> tuple[int, int] | None:
    """The first place at an edge of a window, from the bottom right, that has so many blank columns and rows.

    It is looked for with a blank cell around first; None where there is none without that either.
    """
    rows = [_drawn(scene, y, window) for y in range(window.y, window.y + window.height)]
    for around in (1, 0):
        for x, y in _edges(window, size):
            left, right = max(0, x - around), min(window.width, x + size[0] + around)
            mask = ((1 << (right - left)) - 1) << left
            near = rows[max(0, y - around) : y + size[1] + around]
            if not reduce(or_, near, 0) & mask:
                return x, y
    return None


def _edges(window: Area, size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Places along the lower edge and the upper, from the right, then along the right edge and the left."""
    last, lowest = window.width - size[0], window.height - size[1]
    for y in (lowest, 0):
        yield from ((x, y) for x in range(last, -1, -1))
    for x in (last, 0):
        yield from ((x, y) for y in range(lowest, -1, -1))


def _drawn(scene: Scene, y: int, window: Area) -> int:
    """The columns of a window in which something may be drawn in row `y`, as bits from the lowest on."""
    if not 0 <= y < scene.layout.height:
        return 0
    start, end = window.x, window.x + window.width
    columns = 0
    for column, _ in scene.wires.row(y, start, end):
        columns |= 1 << (column - start)
    for unit in scene.units_in(y, start, end):
        x = scene.layout.origins[unit][0]
        left, right = max(x, start) - start, min(x + scene.units[unit].width, end) - start
        columns |= ((1 << max(0, right - left)) - 1) << left
    return columns
