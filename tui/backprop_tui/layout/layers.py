"""A graph cut at every rank: long edges become chains of relays, and every link joins neighbouring ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Layers", "Link", "TooLargeError", "build_layers"]

MOST_RELAYS = 200_000
"""More would take minutes, and a picture that nobody can follow."""


class TooLargeError(ValueError):
    """The wires of a graph pass so many ranks, all together, that only parts of it can be drawn."""


class Link(NamedTuple):
    """A stretch of wire from a node to one in the next rank; `pin` counts the target's inputs."""

    source: int
    target: int
    pin: int


@dataclass(slots=True)
class Layers:
    """A graph whose every link joins neighbouring ranks.

    The first nodes are the boxes themselves. The rest are *relays*: a wire that passes a rank by has one
    relay there, shared by all the edges that leave the same box.
    """

    rank: list[int]
    inputs: list[list[Link]]
    outputs: list[list[Link]]
    relays: list[list[int]]
    """For each box, its relays from left to right, one in each rank that its wire passes by."""
    ranks: list[list[int]]
    """The nodes of each rank, from top to bottom."""

    def is_relay(self, node: int) -> bool:
        """Whether a node is a stretch of wire rather than a box."""
        return node >= len(self.relays)

    def before(self, source: int, target: int) -> int:
        """The node from which the wire of an edge reaches its target: the source, or a relay of it."""
        between = self.rank[target] - self.rank[source] - 1
        return self.relays[source][between - 1] if between else source


def build_layers(rank: Sequence[int], edges: Sequence[tuple[int, int]], pins: Sequence[int]) -> Layers:
    """Cut long edges by relays; each edge arrives at its pin. The ranks are in no order yet."""
    reach = list(rank)
    for source, target in edges:
        reach[source] = max(reach[source], rank[target] - 1)
    relays = sum(reach) - sum(rank)
    if relays > MOST_RELAYS:
        raise TooLargeError(f"the wires pass {relays} ranks, and {MOST_RELAYS} are the most that is drawn")
    ranks: list[list[int]] = [[] for _ in range(max(rank) + 1)]
    layers = Layers(list(rank), [[] for _ in rank], [[] for _ in rank], [[] for _ in rank], ranks)
    for box, first in enumerate(rank):
        ranks[first].append(box)
        node = box
        for place in range(first + 1, reach[box] + 1):
            relay = len(layers.rank)
            layers.rank.append(place)
            layers.inputs.append([])
            layers.outputs.append([])
            layers.relays[box].append(relay)
            ranks[place].append(relay)
            _tie(layers, Link(node, relay, 0))
            node = relay
    known = dict.fromkeys(
        Link(layers.before(source, target), target, pin)
        for (source, target), pin in zip(edges, pins, strict=True)
    )
    for link in known:
        _tie(layers, link)
    return layers


def _tie(layers: Layers, link: Link) -> None:
    layers.outputs[link.source].append(link)
    layers.inputs[link.target].append(link)
