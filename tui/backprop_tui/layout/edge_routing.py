"""Edge routing: the ports at which edges arrive, the columns, and the corners of every wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from math import comb
from operator import eq
from typing import TypeAlias

from msgspec import Struct

from backprop_tui.layout.channel_routing import Channel, route_channel
from backprop_tui.layout.layers import Layers, Link
from backprop_tui.layout.stages import Stages

__all__ = ["Point", "Route", "assign_pins", "place", "port_rows"]

Point: TypeAlias = tuple[int, int]
"""The column and the row of a cell."""
Route: TypeAlias = tuple[Point, ...]
"""The corners of a wire."""

MANY = 64
"""With more choices of rows than this, only the most even one is considered."""


def assign_pins(heights: Sequence[int], edges: Sequence[tuple[int, int]]) -> list[int]:
    """The pin at which each edge arrives at its target, counted in the order of operands.

    A box has a pin for each operand if it has as many rows; otherwise one for each box that its operands come
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
    """The row, from a box's top, of each pin; `arrivals` are the rows on which their wires come.

    Of the choices that keep the order, it is the one with most straight wires, and then the most even one
    (also where two wires come from the same row). Adjacent pins share a row where there are more pins than
    rows.
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
        return sum(abs(row - desired) for row, desired in zip(rows, even, strict=True))

    return tuple(sorted(combinations(range(height), pins), key=unevenness))


def _even(height: int, pins: int) -> tuple[int, ...]:
    """Symmetric, as far apart as possible, and off the first and the last row where there is room."""
    if pins == 1:
        return (height // 2,)
    margin = 1 if height >= pins + 2 else 0
    return tuple(margin + (height - 1 - 2 * margin) * pin // (pins - 1) for pin in range(pins))


Size = tuple[int, int]
TRACK_PITCH = 2
"""Columns from one track to the next: a blank one between them tells parallel wires apart."""
APPROACH = 2
"""Columns from the last track to the target: a stretch of wire and the arrow head."""
MINIMAL_GAP = 3
AT_ONCE = 8
"""The gaps that are routed between two yields."""


class RoutedLayout(Struct, frozen=True):
    """The left column of every box, and the route of every edge."""

    left: list[int]
    routes: list[Route]


def place(
    layers: Layers,
    row: Sequence[int],
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    pins: Sequence[int],
) -> Stages[RoutedLayout]:
    """Route all gaps, which gives their widths, and put everything into its columns."""
    arrival = _arrivals(layers, row, sizes)
    channels: list[Channel] = []
    for nodes in layers.ranks[:-1]:
        links = [link for node in nodes for link in layers.outputs[node]]
        channels.append(route_channel([(row[link.source], arrival[link.target][link.pin]) for link in links]))
        if len(channels) % AT_ONCE == 0:
            yield
    columns = _Columns(layers, channels, [width for width, _ in sizes])
    drawing = _Drawing(layers, row, arrival, columns)
    yield
    known: dict[tuple[int, int, int], Route] = {}
    for (source, target), pin in zip(edges, pins, strict=True):
        if (source, target, pin) not in known:
            known[source, target, pin] = drawing.route(source, target, pin)
    left = [columns.left[layers.rank[box]] for box in range(len(sizes))]
    return RoutedLayout(
        left, [known[source, target, pin] for (source, target), pin in zip(edges, pins, strict=True)]
    )


def _arrivals(layers: Layers, row: Sequence[int], sizes: Sequence[Size]) -> list[tuple[int, ...]]:
    """For each node, the row on which each of its pins is."""
    arrivals: list[tuple[int, ...]] = []
    for box, (_, height) in enumerate(sizes):
        top = row[box] - height // 2
        wires = {link.pin: row[link.source] - top for link in reversed(layers.inputs[box])}
        rows = port_rows(height, [wires[pin] for pin in range(len(wires))]) if wires else ()
        arrivals.append(tuple(top + port for port in rows))
    arrivals.extend((virtual_row,) for virtual_row in row[len(sizes) :])
    return arrivals


class _Columns:
    """The first column of each rank, and the first one after it."""

    def __init__(self, layers: Layers, channels: Sequence[Channel], widths: Sequence[int]) -> None:
        self.channels = channels
        self.left: list[int] = []
        self.gap: list[int] = []
        x = 0
        for index, nodes in enumerate(layers.ranks):
            self.left.append(x)
            x += max((widths[node] for node in nodes if not layers.is_virtual(node)), default=1)
            self.gap.append(x)
            if index < len(channels):
                x += _gap_width(channels[index].tracks)
        self.right = [self.left[layers.rank[box]] + width for box, width in enumerate(widths)]


class _Drawing:
    """Routes edges; what the edges that leave a box share is routed once."""

    def __init__(
        self, layers: Layers, row: Sequence[int], arrival: Sequence[tuple[int, ...]], columns: _Columns
    ) -> None:
        self.layers = layers
        self.row = row
        self.arrival = arrival
        self.columns = columns
        self.trunks: dict[int, tuple[list[Point], list[int]]] = {}
        """For each box, the corners of the wire along its virtual nodes, and how many lead to each."""

    def route(self, source: int, target: int, pin: int) -> Route:
        """The corners of an edge, from the cell after its source to the cell before its target."""
        if source not in self.trunks:
            self.trunks[source] = self._trunk(source)
        trunk, lengths = self.trunks[source]
        ranks = self.layers.rank[target] - self.layers.rank[source]
        corners = trunk[: lengths[ranks - 1]]
        corners += self._bends(Link(self.layers.before(source, target), target, pin))
        corners.append((self.columns.left[self.layers.rank[target]] - 1, self.arrival[target][pin]))
        return tuple(corner for i, corner in enumerate(corners) if not i or corner != corners[i - 1])

    def _trunk(self, box: int) -> tuple[list[Point], list[int]]:
        corners: list[Point] = [(self.columns.right[box], self.row[box])]
        lengths = [1]
        node = box
        for virtual in self.layers.virtual_nodes[box]:
            corners += self._bends(Link(node, virtual, 0))
            lengths.append(len(corners))
            node = virtual
        return corners, lengths

    def _bends(self, link: Link) -> list[Point]:
        rank = self.layers.rank[link.source]
        start, end = self.row[link.source], self.arrival[link.target][link.pin]
        corners: list[Point] = []
        for track, row in self.columns.channels[rank].bends[start, end]:
            column = self.columns.gap[rank] + track * TRACK_PITCH
            corners += ((column, start), (column, row))
            start = row
        return corners


def _gap_width(tracks: int) -> int:
    return max(MINIMAL_GAP, (tracks - 1) * TRACK_PITCH + 1 + APPROACH)
