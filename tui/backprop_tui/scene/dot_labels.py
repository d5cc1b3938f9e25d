"""The names of dots, above them, where nothing else is in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from backprop_tui.cells.text import cell_width
from backprop_tui.layout import Layout
from backprop_tui.scene.boxes import NodeBox, dot_name
from backprop_tui.scene.wires import WireTiles

__all__ = ["dot_labels", "lowered", "widened"]

_MOST = 2000
"""In a picture of more dots no room is looked for."""


def lowered(placed: Layout) -> Layout:
    """A layout with a row for names above its highest dots: one row lower where those are in its first."""
    if all(y for _, y in placed.origins):
        return placed
    return replace(
        placed,
        height=placed.height + 1,
        origins=tuple((x, y + 1) for x, y in placed.origins),
        routes=tuple(tuple((x, y + 1) for x, y in route) for route in placed.routes),
    )


def widened(placed: Layout, boxes: Sequence[NodeBox], labels: Mapping[int, Mapping[int, int]]) -> Layout:
    """A layout that is wide enough for the names above its dots."""
    ends = (x + _width(boxes[box]) for row in labels.values() for x, box in row.items())
    return replace(placed, width=max(placed.width, *ends, 0))


def dot_labels(
    boxes: Sequence[NodeBox], placed: Layout, tiles: WireTiles, room: int | None
) -> Mapping[int, Mapping[int, int]]:
    """In each row, the boxes whose names are there, by the first columns of those, from left to right.

    A name may reach beyond the last dot, up to column `room` if that is known. Names given by an author come
    first, then those of the parts of expressions.
    """
    if len(boxes) > _MOST:
        return {}
    taken = {y: {x for x, _ in tiles.row(y, 0, placed.width)} for y in range(placed.height)}
    for x, y in placed.origins:
        taken[y].add(x)
    labels: dict[int, dict[int, int]] = {}
    dots = enumerate(placed.origins[: len(boxes)])
    for box, (x, y) in sorted(dots, key=lambda dot: ("#" in dot_name(boxes[dot[0]]), dot[1])):
        end = x + _width(boxes[box])
        if (
            y
            and (room is None or end <= max(room, placed.width))
            and taken[y - 1].isdisjoint(range(x - 1, end + 1))
        ):
            taken[y - 1].update(range(x, end))
            labels.setdefault(y - 1, {})[x] = box
    return {y: dict(sorted(row.items())) for y, row in labels.items()}


def _width(box: NodeBox) -> int:
    """The cells of a name."""
    return cell_width(dot_name(box))
