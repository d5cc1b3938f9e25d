"""Columns and corners: from ranks and rows to where everything is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from backprop_tui.layout.channel import Channel, route_channel
from backprop_tui.layout.layers import Layers, Link
from backprop_tui.layout.ports import port_rows
from backprop_tui.layout.stages import Stages
from backprop_tui.layout.wires import Point, Route

__all__ = ["Placed", "place"]

Size = tuple[int, int]
TRACK_PITCH = 2
"""Columns from one track to the next: a blank one between them tells parallel wires apart."""
APPROACH = 2
"""Columns from the last track to the target: a stretch of wire and the arrow head."""
MINIMAL_GAP = 3
AT_ONCE = 8
"""Gaps that are routed before others get a turn."""


class Placed(Struct, frozen=True):
    """The left column of every unit, and the route of every edge."""

    left: list[int]
    routes: list[Route]


def place(
    layers: Layers,
    row: Sequence[int],
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    pins: Sequence[int],
) -> Stages[Placed]:
    """Route all gaps, which tells how wide they are, and put everything into its columns."""
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
    left = [columns.left[layers.rank[unit]] for unit in range(len(sizes))]
    return Placed(
        left, [known[source, target, pin] for (source, target), pin in zip(edges, pins, strict=True)]
    )


def _arrivals(layers: Layers, row: Sequence[int], sizes: Sequence[Size]) -> list[tuple[int, ...]]:
    """For each node, the row on which each of its pins is."""
    arrivals: list[tuple[int, ...]] = []
    for unit, (_, height) in enumerate(sizes):
        top = row[unit] - height // 2
        wires = {link.pin: row[link.source] - top for link in reversed(layers.inputs[unit])}
        rows = port_rows(height, [wires[pin] for pin in range(len(wires))]) if wires else ()
        arrivals.append(tuple(top + port for port in rows))
    arrivals.extend((relay_row,) for relay_row in row[len(sizes) :])
    return arrivals


class _Columns:
    """The first column of each rank, and the first one behind it."""

    def __init__(self, layers: Layers, channels: Sequence[Channel], widths: Sequence[int]) -> None:
        self.channels = channels
        self.left: list[int] = []
        self.gap: list[int] = []
        x = 0
        for index, nodes in enumerate(layers.ranks):
            self.left.append(x)
            x += max((widths[node] for node in nodes if not layers.is_relay(node)), default=1)
            self.gap.append(x)
            if index < len(channels):
                x += _gap_width(channels[index].tracks)
        self.right = [self.left[layers.rank[unit]] + width for unit, width in enumerate(widths)]


class _Drawing:
    """Routes edges; what the edges of a unit share is routed once."""

    def __init__(
        self, layers: Layers, row: Sequence[int], arrival: Sequence[tuple[int, ...]], columns: _Columns
    ) -> None:
        self.layers = layers
        self.row = row
        self.arrival = arrival
        self.columns = columns
        self.trunks: dict[int, tuple[list[Point], list[int]]] = {}
        """For each unit, the corners of the wire along its relays, and how many lead up to each of them."""

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

    def _trunk(self, unit: int) -> tuple[list[Point], list[int]]:
        corners: list[Point] = [(self.columns.right[unit], self.row[unit])]
        lengths = [1]
        node = unit
        for relay in self.layers.relays[unit]:
            corners += self._bends(Link(node, relay, 0))
            lengths.append(len(corners))
            node = relay
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
