"""A graph much longer than wide in several rows, one below the other, as a text is.

A layout is cut between two columns, where every wire that goes on runs straight. Such a wire ends at the
right of a row and begins again at the left of the next one: its route *jumps* there, from a corner to one in
another column and another row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from msgspec import Struct

from backprop_tui.layout.coordinate_assignment import SPACING
from backprop_tui.layout.edge_routing import APPROACH, Point, Route

__all__ = ["Broken", "Component", "broken_into_rows", "corners", "is_jump", "stretches", "unbroken"]

Place = TypeVar("Place", bound=tuple[float, float])

_MOST_CARRIED = 7
"""If more wires continue, a layout is not cut: they could not all be followed."""
_MARK = 2
"""The cells that a row has at its right for wires that go on: a stretch of wire, and the mark."""


class Component(Struct, frozen=True):
    """What is connected in a layout: its boxes and edges, and the first column of each rank."""

    boxes: tuple[int, ...]
    edges: tuple[int, ...]
    columns: tuple[int, ...]


class Broken(Struct, frozen=True):
    """A layout in rows: its size, where its boxes are, and its routes, which jump from row to row."""

    width: int
    height: int
    origins: tuple[Point, ...]
    routes: tuple[Route, ...]


def is_jump(corner: Point, following: Point) -> bool:
    """Whether a wire goes on in the next row between two corners of its route."""
    return corner[0] != following[0] and corner[1] != following[1]


def stretches(route: Route) -> Iterator[tuple[Point, Point]]:
    """The straight stretches of a route, from corner to corner."""
    return ((first, second) for first, second in pairwise(route) if not is_jump(first, second))


def unbroken(route: Route) -> list[list[Point]]:
    """What of a route is in each row."""
    pieces: list[list[Point]] = [[]]
    for corner, following in pairwise((*route, route[-1])):
        pieces[-1].append(corner)
        if is_jump(corner, following):
            pieces.append([])
    return pieces


def corners(places: Sequence[Place]) -> list[Place]:
    """The ends of a line at right angles, and the places at which it turns."""
    found = list(places[:1])
    for place, following in pairwise((*places[1:], places[-1])):
        before = found[-1]
        turns = (before[0] == place[0]) != (place[0] == following[0])
        if place != before and (turns or following == place):
            found.append(place)
    return found


def broken_into_rows(
    sizes: Sequence[tuple[int, int]],
    origins: Sequence[Point],
    routes: Sequence[Route],
    parts: Sequence[Component],
    room: int,
    apart: int = SPACING,
) -> Broken | None:
    """A layout in as few rows as have room in `room` columns; None where it cannot be cut so.

    There are `apart` blank lines between rows. Of all ways to do so it is the one that carries fewest wires
    over, and then the most even one.
    """
    new_origins, new_routes = list(origins), list(routes)
    width = top = 0
    for part in parts:
        cutter = _Cutter(part, sizes, origins, routes)
        cuts = cutter.best_cuts(room)
        if cuts is None:
            return None
        top += SPACING if top else 0
        size = cutter.cut(cuts, top, new_origins, new_routes, apart)
        width, top = max(width, size[0]), top + size[1]
    return Broken(width, top, tuple(new_origins), tuple(new_routes))


class _Cutter:
    """Cuts one part of a layout into rows."""

    def __init__(
        self,
        part: Component,
        sizes: Sequence[tuple[int, int]],
        origins: Sequence[Point],
        routes: Sequence[Route],
    ) -> None:
        self.part, self.sizes, self.origins = part, sizes, origins
        self.routes = {edge: routes[edge] for edge in part.edges}
        self.places = [0, *(column - APPROACH for column in part.columns[1:])]
        """Where each rank begins, with the last cells of the wires that lead to it."""
        self.end = max(origins[box][0] + sizes[box][0] for box in part.boxes)
        self.carried = self._carried()

    def _carried(self) -> list[int]:
        """How many wires go on at each place."""
        crossing: list[set[tuple[Point, int]]] = [set() for _ in self.places]
        for route in self.routes.values():
            for (x, y), (next_x, _) in pairwise(route):
                for place in range(bisect_right(self.places, x), bisect_right(self.places, next_x)):
                    crossing[place].add((route[0], y))
        return list(map(len, crossing))

    def best_cuts(self, room: int) -> list[int] | None:
        """The ranks at which rows begin, that of the first row included."""
        count = len(self.places)
        ends = [*self.places[1:], self.end]
        best: list[tuple[int, int, int] | None] = [(0, 0, 0), *[None] * count]
        begins = [0] * (count + 1)
        for stop in range(1, count + 1):
            mark = _MARK if stop < count else 0
            for start in range(stop - 1, -1, -1):
                width = ends[stop - 1] - self.places[start] + mark + bool(start)
                if width > room:
                    break
                before = best[start]
                if before is None or (start and self.carried[start] > _MOST_CARRIED):
                    continue
                rows, carried, uneven = before
                cost = (
                    rows + 1,
                    carried + (self.carried[start] if start else 0),
                    uneven + (room - width) ** 2,
                )
                if best[stop] is None or cost < best[stop]:  # type: ignore[operator]
                    best[stop], begins[stop] = cost, start
        if best[count] is None:
            return None
        cuts, at = list[int](), count
        while at:
            at = begins[at]
            cuts.append(at)
        return cuts[::-1]

    def cut(
        self, cuts: Sequence[int], top: int, origins: list[Point], routes: list[Route], apart: int
    ) -> tuple[int, int]:
        """Put the part into rows from `top` on; returns its width and its height."""
        starts = [self.places[rank] for rank in cuts]
        taken: list[set[int]] = [set() for _ in starts]
        for box in self.part.boxes:
            x, y = self.origins[box]
            taken[bisect_right(starts, x) - 1].update(range(y, y + self.sizes[box][1]))
        pieces = {edge: _pieces(route, starts) for edge, route in self.routes.items()}
        for edge_pieces in pieces.values():
            for row, piece in edge_pieces:
                taken[row].update(y for _, y in piece)
        maps: list[dict[int, int]] = []
        height = 0
        for rows in taken:
            maps.append({})
            before = None
            for line in sorted(rows):
                if before is not None:
                    height += min(line - before - 1, SPACING) + 1
                maps[-1][line], before = top + height, line
            height += 1 + apart
        shifts = [start - bool(row) for row, start in enumerate(starts)]
        for box in self.part.boxes:
            x, y = self.origins[box]
            row = bisect_right(starts, x) - 1
            origins[box] = (x - shifts[row], maps[row][y])
        for edge, edge_pieces in pieces.items():
            routes[edge] = tuple(
                (x - shifts[row], maps[row][y]) for row, piece in edge_pieces for x, y in piece
            )
        last = self.end - shifts[-1]
        widths = [end + _MARK - shift for end, shift in zip(starts[1:], shifts, strict=False)]
        return max([last, *widths]), height - apart


def _pieces(route: Route, starts: Sequence[int]) -> list[tuple[int, list[Point]]]:
    """What of a route is in each row, as corners in the layout that is cut."""
    row = bisect_right(starts, route[0][0]) - 1
    pieces: list[tuple[int, list[Point]]] = [(row, [route[0]])]
    for x, y in route[1:]:
        while row + 1 < len(starts) and x >= starts[row + 1]:
            pieces[-1][1].append((starts[row + 1] + _MARK - 1, y))
            row += 1
            pieces.append((row, [(starts[row] - 1, y)]))
        pieces[-1][1].append((x, y))
    return pieces
