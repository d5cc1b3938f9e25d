"""Columns and corners: from ranks and rows to where everything is drawn."""

from collections.abc import Sequence
from itertools import pairwise

from backprop_tui.layout.channel import Channel, route_channel
from backprop_tui.layout.order import Layers
from backprop_tui.layout.wires import Point, Route

TRACK_PITCH = 2
"""Columns from one track to the next: a blank one between them tells parallel wires apart."""
APPROACH = 2
"""Columns from the last track to the target: a stretch of wire and the arrow head."""
MINIMAL_GAP = 3


def place(
    layers: Layers, row: Sequence[int], widths: Sequence[int], edges: Sequence[tuple[int, int]]
) -> tuple[list[int], list[Route]]:
    """The left column of every unit, and the route of every edge."""
    channels = [_channel(layers, nodes, row) for nodes in layers.ranks[:-1]]
    left: list[int] = []  # the first column of each rank
    gap: list[int] = []  # the first column behind it
    x = 0
    for index, nodes in enumerate(layers.ranks):
        left.append(x)
        x += max((widths[node] for node in nodes if not layers.is_relay(node)), default=1)
        gap.append(x)
        if index < len(channels):
            x += _gap_width(channels[index].tracks)

    def route(source: int, target: int) -> Route:
        corners: list[Point] = [(left[layers.rank[source]] + widths[source], row[source])]
        path = layers.path(source, target)
        for near, far in pairwise(path):
            rank = layers.rank[near]
            for track, next_row in channels[rank].bends[near, far]:
                column = gap[rank] + track * TRACK_PITCH
                corners += [(column, corners[-1][1]), (column, next_row)]
        corners.append((left[layers.rank[target]] - 1, row[target]))
        return tuple(corner for i, corner in enumerate(corners) if not i or corner != corners[i - 1])

    routes = {edge: route(*edge) for edge in dict.fromkeys(edges)}
    origins = [left[layers.rank[unit]] for unit in range(len(layers.relays))]
    return origins, [routes[edge] for edge in edges]


def _channel(layers: Layers, nodes: Sequence[int], row: Sequence[int]) -> Channel:
    return route_channel([(node, other) for node in nodes for other in layers.outputs[node]], row)


def _gap_width(tracks: int) -> int:
    return max(MINIMAL_GAP, (tracks - 1) * TRACK_PITCH + 1 + APPROACH)
