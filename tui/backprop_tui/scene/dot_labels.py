"""The names of dots, above them, where nothing else is in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from backprop_tui.cells.text import cell_width
from backprop_tui.layout import Layout
from backprop_tui.scene.boxes import NodeBox, dot_name
from backprop_tui.scene.wires import WireTiles

__all__ = ["dot_labels", "lowered"]

_MOST = 2000
"""In a picture of more dots no room is looked for."""


def lowered(placed: Layout) -> Layout:
    """A layout one row lower, so that names can stand above the dots of its first row."""
    return replace(
        placed,
        height=placed.height + 1,
        origins=tuple((x, y + 1) for x, y in placed.origins),
        routes=tuple(tuple((x, y + 1) for x, y in route) for route in placed.routes),
    )


def dot_labels(boxes: Sequence[NodeBox], placed: Layout, tiles: WireTiles) -> Mapping[int, Mapping[int, int]]:
    """In each row, the boxes whose names stand there, by the first columns of those."""
    if len(boxes) > _MOST:
        return {}
    taken = {y: {x for x, _ in tiles.row(y, 0, placed.width)} for y in range(placed.height)}
    for x, y in placed.origins:
        taken[y].add(x)
    labels: dict[int, dict[int, int]] = {}
    for box, (x, y) in sorted(enumerate(placed.origins[: len(boxes)]), key=lambda one: one[1]):
        end = x + cell_width(dot_name(boxes[box]))
        if y and end <= placed.width and taken[y - 1].isdisjoint(range(x - 1, end + 1)):
            taken[y - 1].update(range(x, end))
            labels.setdefault(y - 1, {})[x] = box
    return labels
