"""Buses: a value that is used very often runs along the picture as one wire from which each use branches off.

A layout counts each wire by itself, and so pulls the users of a value towards it, with long wires of their
own to where they are needed. On a bus a use costs what its branch costs: each is where it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from backprop_engine.derived import derived
from backprop_tui.layout.edge_routing import Route

__all__ = ["Buses", "buses_of"]

_MANY = 12
"""As many wires that leave a box, or more, become a bus."""

_NAMED = 7
"""As many of the wires that a leg is a part of are named, and one more."""

Edge = tuple[int, int]


class Buses(Struct, frozen=True, eq=False, dict=True, weakref=True):
    """The edges to lay out: the last leg of each wire, then the edges that feed the branches of buses.

    Branches are boxes of one cell, numbered from `count` on.
    """

    count: int
    branches: int
    edges: tuple[Edge, ...]
    feeders: Mapping[int, int]
    """For each branch, the edge that feeds it."""
    sources: tuple[int, ...]
    """For each edge, the box whose value it carries."""

    def served(self, edge: int) -> tuple[int, ...]:
        """The wires that an edge is a leg of; of many the nearest, and the one that goes farthest."""
        wires = len(self.edges) - self.branches
        return (edge,) if edge < wires else self._served_by_feeders().get(edge, ())

    @derived()
    def _served_by_feeders(self) -> Mapping[int, tuple[int, ...]]:
        leaving: dict[int, list[int]] = {}
        for edge, (source, _) in enumerate(self.edges):
            leaving.setdefault(source, []).append(edge)
        served: dict[int, tuple[int, ...]] = {}
        for branch in range(self.count + self.branches - 1, self.count - 1, -1):  # what is farther on first
            wires = [wire for edge in leaving.get(branch, ()) for wire in served.get(edge, (edge,))]
            served[self.feeders[branch]] = (*wires[:_NAMED], *wires[_NAMED:][-1:])
        return served

    def average_length(self) -> float:
        """The columns that the longest wire of a box passes, on average, with boxes as late as possible."""
        ranks = _latest_ranks(self.count + self.branches, self.edges)
        farthest = list(ranks)
        for source, target in self.edges:
            farthest[source] = max(farthest[source], ranks[target])
        return (sum(farthest) - sum(ranks)) / max(1, len(ranks))

    def legs(self, wire: int) -> list[int]:
        """The edges that a wire is made of, from its source on."""
        legs = [wire]
        while (box := self.edges[legs[0]][0]) >= self.count:
            legs.insert(0, self.feeders[box])
        return legs

    def route(self, wire: int, routes: Sequence[Route]) -> Route:
        """All of a wire, from the legs it is made of."""
        return tuple(corner for leg in self.legs(wire) for corner in routes[leg])


def buses_of(count: int, wires: Sequence[Edge], *, wanted: bool) -> Buses:
    """The buses of the (source, target) wires between `count` boxes; none unless they are `wanted`."""
    users: dict[int, list[int]] = {}
    for wire, (source, _) in enumerate(wires):
        users.setdefault(source, []).append(wire)
    edges, feeds, feeders = list(wires), list[Edge](), dict[int, int]()
    sources = [source for source, _ in wires]
    latest = _latest_ranks(count, wires) if wanted else []
    for source, own in users.items():
        if not wanted or len(own) < _MANY:
            continue
        at, here = source, min(latest[wires[wire][1]] for wire in own)
        for wire in sorted(own, key=lambda wire: latest[wires[wire][1]]):
            target = wires[wire][1]
            if latest[target] > here:  # uses at one depth share a branch
                here, branch = latest[target], count + len(feeds)
                feeders[branch] = len(wires) + len(feeds)
                feeds.append((at, branch))
                sources.append(source)
                at = branch
            edges[wire] = (at, target)
    return Buses(count, len(feeds), (*edges, *feeds), feeders, tuple(sources))


def _latest_ranks(count: int, wires: Sequence[Edge]) -> list[int]:
    """How far to the right each box may be before what uses it, the last of all at 0."""
    waiting = [0] * count
    operands: list[list[int]] = [[] for _ in range(count)]
    for source, target in wires:
        waiting[source] += 1
        operands[target].append(source)
    latest = [0] * count
    ready = [box for box in range(count) if not waiting[box]]
    for box in ready:  # grows while it is read: users before what they use
        for source in operands[box]:
            latest[source] = min(latest[source], latest[box] - 1)
            waiting[source] -= 1
            if not waiting[source]:
                ready.append(source)
    return latest
