"""A layered graph: long edges become chains of virtual nodes, so that every link joins adjacent ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Layers", "Link", "TooLargeError", "build_layers"]

MOST_VIRTUAL_NODES = 200_000
"""More would take minutes, for a picture that cannot be followed."""


class TooLargeError(ValueError):
    """The wires of a graph pass too many ranks in total for all of it to be drawn."""


class Link(NamedTuple):
    """A stretch of wire from a node to one in the next rank; `pin` is its index among the inputs there."""

    source: int
    target: int
    pin: int


@dataclass(slots=True)
class Layers:
    """A graph in which every link joins adjacent ranks.

    The first nodes are the boxes themselves. The rest are *virtual nodes*: a wire that passes a rank has one
    there, shared by all the edges that leave the same box.
    """

    rank: list[int]
    inputs: list[list[Link]]
    outputs: list[list[Link]]
    virtual_nodes: list[list[int]]
    """For each box, its virtual nodes from left to right, one in each rank that its wire passes."""
    ranks: list[list[int]]
    """The nodes of each rank, from top to bottom."""

    def is_virtual(self, node: int) -> bool:
        """Whether a node is a stretch of wire rather than a box."""
        return node >= len(self.virtual_nodes)

    def before(self, source: int, target: int) -> int:
        """The node from which the wire of an edge reaches its target: the source, or a virtual node of it."""
        between = self.rank[target] - self.rank[source] - 1
        return self.virtual_nodes[source][between - 1] if between else source


def build_layers(rank: Sequence[int], edges: Sequence[tuple[int, int]], pins: Sequence[int]) -> Layers:
    """Cut long edges by virtual nodes; each edge arrives at its pin. The ranks are not ordered yet.

    Raises `TooLargeError` where that takes too many virtual nodes.
    """
    reach = list(rank)
    for source, target in edges:
        reach[source] = max(reach[source], rank[target] - 1)
    virtual_count = sum(reach) - sum(rank)
    if virtual_count > MOST_VIRTUAL_NODES:
        raise TooLargeError(
            f"the wires pass {virtual_count} ranks, and {MOST_VIRTUAL_NODES} are the most that is drawn"
        )
    ranks: list[list[int]] = [[] for _ in range(max(rank) + 1)]
    layers = Layers(list(rank), [[] for _ in rank], [[] for _ in rank], [[] for _ in rank], ranks)
    for box, first in enumerate(rank):
        ranks[first].append(box)
        node = box
        for place in range(first + 1, reach[box] + 1):
            virtual = len(layers.rank)
            layers.rank.append(place)
            layers.inputs.append([])
            layers.outputs.append([])
            layers.virtual_nodes[box].append(virtual)
            ranks[place].append(virtual)
            _tie(layers, Link(node, virtual, 0))
            node = virtual
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
