"""Where the boxes of a picture are, so that it fits into the room that there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from backprop_engine.graph.graph import Graph
from backprop_tui.layout import SPACING, Layout, Order, in_rows, place_in_stages
from backprop_tui.layout.stages import Stages
from backprop_tui.scene.boxes import Density, NodeBox

__all__ = ["Draft", "Room", "fits"]

Room: TypeAlias = tuple[int, int]
"""The columns and rows that there are for a picture."""


def fits(placed: Layout, room: Room) -> bool:
    """Whether all of a layout is in view in a room."""
    return placed.width <= room[0] and placed.height <= room[1]


class Draft:
    """The boxes of a picture in their order; where they are is worked out once for rooms of all sizes."""

    def __init__(
        self, graph: Graph, order: Order, boxes: Sequence[NodeBox], branches: int, density: Density
    ) -> None:
        self.boxes = tuple(boxes)
        self._graph, self._order, self._density = graph, order, density
        self._sizes = [(box.width, box.height) for box in boxes] + [(1, 1)] * branches
        self._placed: dict[bool, Layout] = {}
        seen = [self._seen(box) for box in boxes]
        self._cells = sum(width * height for width, height in seen)
        self._rows = (1 + SPACING) * len(order.parts) - SPACING
        """The cells and the rows that no layout can do without."""

    def can_fit(self, room: Room) -> bool:
        """Whether a layout in a room is not out of the question, as far as that is known without one."""
        return self._cells <= room[0] * room[1] and self._rows <= room[1]

    def fitted(self, room: Room | None) -> Stages[Layout]:
        """A layout that fits if that can be had: as it is, in rows, without blank rows, or both.

        What does not fit is in rows nevertheless if two of them at least are seen at a time.
        """
        placed = yield from self._place(tight=False)
        if room is None or fits(placed, room):
            return placed
        ways = (False, True) if self._density != "full" else (False,)
        for tight in ways if self.can_fit(room) else ():
            denser = yield from self._place(tight=tight)
            for found in (denser, self._in_rows(denser, room)):
                if found is not None and fits(found, room):
                    return found
        broken = self._in_rows(placed, room) if 2 * placed.height < room[1] else None
        return broken or placed

    def _place(self, *, tight: bool) -> Stages[Layout]:
        """The layout in one row, with blank rows around boxes or `tight`."""
        if tight not in self._placed:
            placed = yield from place_in_stages(self._order, self._sizes, tight=tight)
            self._placed[tight] = self._trimmed(placed)
        return self._placed[tight]

    def _in_rows(self, placed: Layout, room: Room) -> Layout | None:
        """A layout that is too wide in several rows, if it can be cut so."""
        broken = in_rows(placed, self._sizes, room[0]) if placed.width > room[0] else None
        return None if broken is None else self._trimmed(broken)

    def _seen(self, box: NodeBox) -> tuple[int, int]:
        """The columns and rows of a box in which something may be written.

        A leaf that gets no gradient has nothing below its wire, and what is written at a box ends before its
        last cell, which keeps it apart from the next box.
        """
        gets_gradient = self._graph.gets_gradient(box.node.position)
        is_bare = self._density == "full" and not box.operator_width and not gets_gradient
        return box.width - (self._density != "dots"), box.height - is_bare

    def _trimmed(self, placed: Layout) -> Layout:
        """A layout without the rows at its bottom and the column at its right that stay blank."""
        width = height = 0
        for box, (left, top) in zip(self.boxes, placed.origins, strict=False):
            across, down = self._seen(box)
            width, height = max(width, left + across), max(height, top + down)
        corners = [corner for route in placed.routes for corner in route]
        width = max(width, max((x + 1 for x, _ in corners), default=0))
        return replace(placed, width=width, height=max(height, max((y + 1 for _, y in corners), default=0)))
