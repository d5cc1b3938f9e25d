"""The wires as cells, drawn in tiles on demand, so that the cost of a row does not grow with the graph.

All that leaves one box is a *net*: its wires share a value. Each cell knows its wires, since a gradient comes
back along each by itself. The few wires that the step runs along lie over the nets, as `HighlightedWires`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from backprop_tui.layout import Point, Route, is_jump, stretches

__all__ = [
    "CARRIED",
    "CONTINUED",
    "DOWN",
    "LEFT",
    "RIGHT",
    "UP",
    "HighlightedWires",
    "WireCell",
    "WireTiles",
    "glyph",
]

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8

_GLYPHS = {
    LEFT: "─",
    RIGHT: "─",
    UP: "│",
    DOWN: "│",
    LEFT | RIGHT: "─",
    UP | DOWN: "│",
    LEFT | DOWN: "╮",
    LEFT | UP: "╯",
    RIGHT | DOWN: "╭",
    RIGHT | UP: "╰",
    LEFT | RIGHT | DOWN: "┬",
    LEFT | RIGHT | UP: "┴",
    RIGHT | UP | DOWN: "├",
    LEFT | UP | DOWN: "┤",
    LEFT | RIGHT | UP | DOWN: "┼",
}


CARRIED, CONTINUED = "↵", "↳"
"""Where a wire goes on in the next row, and where it comes from the row before."""


def glyph(arms: int, *, crossing: bool = False, head: bool = False) -> str:
    """The character of a cell whose wires reach these sides, a sum of LEFT, RIGHT, UP and DOWN.

    A `┼` is always a junction. At a crossing the vertical wire is unbroken and the horizontal one passes
    under it (`─│─`), so that wires never look joined that are not. `head` is the arrow before a target.
    """
    return "▶" if head else "│" if crossing else _GLYPHS[arms]


WIDTH, HEIGHT = 64, 16
"""The size of a tile in cells."""
_MOST_TILES = 512
"""The most drawn tiles that are kept."""

_Segment = tuple[int, int, int, int]
"""A bundle, the row or column of a straight segment, and where that begins and ends, inclusive."""


class WireCell(Struct, frozen=True):
    """What is drawn in one cell, and the nets and the wires that are visible there."""

    glyph: str
    nets: tuple[int, ...]
    crossing: bool
    """Whether a vertical wire passes over a horizontal one without joining it."""
    ends: tuple[int, ...] = ()
    """The routes that end here, before their target: an arrow is there."""
    wires: tuple[int, ...] = ()
    """The routes that run through it; not those that pass under another one."""


class WireTiles:
    """All the wires of a scene; `sources[i]` is the box whose value `routes[i]` carries.

    The first `arrows` routes, or all, end in an arrow. Wires of one net along the same route are a bundle,
    drawn once: a folded group may take a value hundreds of times.
    """

    def __init__(self, routes: Sequence[Route], sources: Sequence[int], arrows: int | None = None) -> None:
        bundles: dict[tuple[int, Route], list[int]] = {}
        for wire, source_and_route in enumerate(zip(sources, routes, strict=True)):
            bundles.setdefault(source_and_route, []).append(wire)
        self._bundles = [tuple(wires) for wires in bundles.values()]
        self._wires: dict[tuple[int, ...], tuple[int, ...]] = {}
        """The wires of bundles that run together, once for all their cells."""
        self._sources = [source for source, _ in bundles]
        horizontal, vertical = _segments([route for _, route in bundles])
        self._horizontal: dict[tuple[int, int], list[_Segment]] = {}
        self._vertical: dict[tuple[int, int], list[_Segment]] = {}
        self._ends: dict[tuple[int, int], list[int]] = {}
        for span in horizontal:
            _, y, first, last = span
            for column in range(first // WIDTH, last // WIDTH + 1):
                self._horizontal.setdefault((column, y // HEIGHT), []).append(span)
        for span in vertical:
            _, x, first, last = span
            for band in range(first // HEIGHT, last // HEIGHT + 1):
                self._vertical.setdefault((x // WIDTH, band), []).append(span)
        for number, route in enumerate(routes[:arrows]):
            self._ends.setdefault(route[-1], []).append(number)
        distinct = dict.fromkeys(route for _, route in bundles)
        self._bends = frozenset(bend for route in distinct for bend in _bends(route))
        jumps = [pair for route in distinct for pair in pairwise(route) if is_jump(*pair)]
        self._carried = {out: CARRIED for out, _ in jumps} | {back: CONTINUED for _, back in jumps}
        self._drawn: dict[tuple[int, int], dict[int, dict[int, WireCell]]] = {}

    def row(self, y: int, start: int, end: int) -> Iterator[tuple[int, WireCell]]:
        """What is drawn from column `start` up to `end` of row `y`."""
        for column in range(start // WIDTH, (end - 1) // WIDTH + 1):
            for x, mark in self._tile(column, y // HEIGHT).get(y, _NOTHING).items():
                if start <= x < end:
                    yield x, mark

    def _tile(self, column: int, band: int) -> dict[int, dict[int, WireCell]]:
        """The marks of a tile by row and column."""
        tile = self._drawn.get((column, band))
        if tile is None:
            if len(self._drawn) >= _MOST_TILES:
                self._drawn.clear()
            tile = self._drawn[column, band] = self._draw((column, band))
        return tile

    def _draw(self, place: tuple[int, int]) -> dict[int, dict[int, WireCell]]:
        left, top = place[0] * WIDTH, place[1] * HEIGHT
        arms: dict[tuple[int, int], dict[int, int]] = {}
        for bundle, y, first, last in self._horizontal.get(place, ()):
            for x in range(max(first, left), min(last + 1, left + WIDTH)):
                bundles = arms.setdefault((y, x), {})
                bundles[bundle] = bundles.get(bundle, 0) | LEFT * (x > first) | RIGHT * (x < last)
        for bundle, x, first, last in self._vertical.get(place, ()):
            for y in range(max(first, top), min(last + 1, top + HEIGHT)):
                bundles = arms.setdefault((y, x), {})
                bundles[bundle] = bundles.get(bundle, 0) | UP * (y > first) | DOWN * (y < last)
        rows: dict[int, dict[int, WireCell]] = {}
        for (y, x), bundles in arms.items():
            rows.setdefault(y, {})[x] = self._cell((x, y), bundles)
        return rows

    def _cell(self, at: tuple[int, int], arms: dict[int, int]) -> WireCell:
        """One cell, from the sides that each bundle reaches.

        If no wire bends there, wires that reach all sides cross: two nets, or two wires of one net.
        """
        reached, nets = 0, dict[int, int]()
        for bundle, sides in arms.items():
            reached |= sides
            nets[self._sources[bundle]] = nets.get(self._sources[bundle], 0) | sides
        crossing = reached == LEFT | RIGHT | UP | DOWN and at not in self._bends
        ends = tuple(self._ends.get(at, ()))
        mark = self._carried.get(at) or glyph(reached, crossing=crossing, head=bool(ends))
        over = UP if crossing else LEFT | RIGHT | UP | DOWN
        return WireCell(
            mark,
            tuple(net for net, sides in nets.items() if sides & over),
            crossing,
            ends,
            self._wires_of(tuple(bundle for bundle, sides in arms.items() if sides & over)),
        )

    def _wires_of(self, bundles: tuple[int, ...]) -> tuple[int, ...]:
        wires = self._wires.get(bundles)
        if wires is None:
            wires = tuple(wire for bundle in bundles for wire in self._bundles[bundle])
            self._wires[bundles] = wires
        return wires


_NOTHING: dict[int, WireCell] = {}


def _bends(route: Route) -> Iterator[tuple[int, int]]:
    """The cells in which a route turns; it comes from the left, and leaves to the right, row by row."""
    for (before, here), (there, after) in pairwise(_stretches(route)):
        if here == there and (before[1] == here[1]) != (here[1] == after[1]):
            yield here


def _stretches(route: Route) -> Iterator[tuple[Point, Point]]:
    """The straight stretches of a route that is one cell longer at both ends.

    Those cells are inside its source and its target, which hide that.
    """
    (first_x, first_y), (last_x, last_y) = route[0], route[-1]
    return stretches(((first_x - 1, first_y), *route, (last_x + 1, last_y)))


def _segments(routes: Sequence[Route]) -> tuple[list[_Segment], list[_Segment]]:
    """The straight segments of each bundle, joined where they overlap: horizontal and vertical ones."""
    horizontal: dict[tuple[int, int], list[tuple[int, int]]] = {}
    vertical: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for bundle, route in enumerate(routes):
        for (x, y), (next_x, next_y) in _stretches(route):
            if y == next_y:
                horizontal.setdefault((bundle, y), []).append((min(x, next_x), max(x, next_x)))
            else:
                vertical.setdefault((bundle, x), []).append((min(y, next_y), max(y, next_y)))
    return _joined(horizontal), _joined(vertical)


def _joined(found: dict[tuple[int, int], list[tuple[int, int]]]) -> list[_Segment]:
    spans: list[_Segment] = []
    for (bundle, line), reaches in found.items():
        reaches.sort()
        first, last = reaches[0]
        for start, stop in reaches[1:]:
            if start > last:
                spans.append((bundle, line, first, last))
                first = start
            last = max(last, stop)
        spans.append((bundle, line, first, last))
    return spans


class HighlightedWires:
    """The wires that the step runs along."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._horizontal: dict[int, list[tuple[int, int]]] = {}
        self._vertical: dict[int, list[tuple[int, int, int]]] = {}
        for route in dict.fromkeys(routes):
            self._horizontal.setdefault(route[0][1], []).append((route[0][0], route[0][0]))
            for (x, y), (next_x, next_y) in stretches(route):
                if y == next_y:
                    self._horizontal.setdefault(y, []).append((x, next_x))
                    continue
                first, last = min(y, next_y), max(y, next_y)
                for band in range(first // HEIGHT, last // HEIGHT + 1):
                    self._vertical.setdefault(band, []).append((x, first, last))

    def row(self, y: int, start: int, end: int) -> tuple[frozenset[int], frozenset[int]]:
        """The columns from `start` up to `end` of row `y` with a horizontal wire, and with a vertical one."""
        horizontal = frozenset(
            x
            for first, last in self._horizontal.get(y, ())
            for x in range(max(first, start), min(last + 1, end))
        )
        vertical = frozenset(
            x
            for x, first, last in self._vertical.get(y // HEIGHT, ())
            if first <= y <= last and start <= x < end
        )
        return horizontal, vertical
