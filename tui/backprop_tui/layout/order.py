"""Who stands above whom: the order inside each rank.

Few crossings come first. Among orders with equally few, operands should read from top to bottom.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 32
EFFORT = 200_000
"""Nodes that may be looked at in all sweeps: a very big graph gets fewer of them."""
PATIENCE = 10
"""Sweeps in a row that may fail to improve before the search ends."""
EXCHANGES = 12
"""Passes over a rank in search of neighbours to swap."""


@dataclass(slots=True)
class Layers:
    """A graph whose every link joins neighbouring ranks.

    The first nodes are the units themselves. The rest are *relays*: a wire that passes a rank by has one
    relay there, shared by all the edges that leave the same unit.
    """

    rank: list[int]
    inputs: list[list[int]]
    outputs: list[list[int]]
    relays: list[list[int]]
    """For each unit, its relays from left to right, one in each rank that its wire passes by."""
    ranks: list[list[int]]
    """The nodes of each rank, from top to bottom."""

    def is_relay(self, node: int) -> bool:
        """Whether a node is a stretch of wire rather than a unit."""
        return node >= len(self.relays)

    def path(self, source: int, target: int) -> list[int]:
        """The nodes that the wire of an edge visits, both ends included."""
        between = self.rank[target] - self.rank[source] - 1
        return [source, *self.relays[source][:between], target]


def build_layers(rank: Sequence[int], edges: Sequence[tuple[int, int]]) -> Layers:
    """Cut long edges by relays and order the ranks."""
    count = len(rank)
    reach = list(rank)
    for source, target in edges:
        reach[source] = max(reach[source], rank[target] - 1)
    ranks: list[list[int]] = [[] for _ in range(max(rank) + 1)]
    layers = Layers(list(rank), [[] for _ in rank], [[] for _ in rank], [[] for _ in rank], ranks)
    for unit in range(count):
        for place in range(rank[unit] + 1, reach[unit] + 1):
            layers.relays[unit].append(len(layers.rank))
            layers.rank.append(place)
            layers.inputs.append([])
            layers.outputs.append([])
    for source, target in edges:
        path = layers.path(source, target)
        for left, right in pairwise(path):
            if right not in layers.outputs[left]:
                layers.outputs[left].append(right)
                layers.inputs[right].append(left)
    _order(layers)
    return layers


def _order(layers: Layers) -> None:
    """Start from a walk along the operands, then sweep; only a better order replaces the best so far."""
    found: list[tuple[tuple[int, int], list[list[int]]]] = []
    sweeps = min(SWEEPS, 1 + EFFORT // len(layers.rank))
    for backward in (True, False):
        layers.ranks = _walk_order(layers, backward=backward)
        best, order = _badness(layers), [list(nodes) for nodes in layers.ranks]
        stale = 0
        for sweep in range(sweeps):
            if best == (0, 0) or stale == PATIENCE:
                break
            _sweep(layers, rightward=(sweep % 2 == 0) == backward, flip_ties=sweep % 4 >= 2)
            _exchange(layers)
            badness = _badness(layers)
            stale += 1
            if badness < best:
                best, order, stale = badness, [list(nodes) for nodes in layers.ranks], 0
        found.append((best, order))
        # Upside down it crosses as little, and operands may read better.
        layers.ranks = [nodes[::-1] for nodes in order]
        found.append((_badness(layers), layers.ranks))
    layers.ranks = min(found, key=lambda candidate: candidate[0])[1]


def _walk_order(layers: Layers, *, backward: bool) -> list[list[int]]:
    """The ranks in the order of a depth-first walk, from the results through operands or from the leaves on.

    A tree comes out free of crossings, and its operands read from top to bottom.
    """
    following, preceding = (layers.inputs, layers.outputs) if backward else (layers.outputs, layers.inputs)
    ranks: list[list[int]] = [[] for _ in layers.ranks]
    seen = [False] * len(layers.rank)
    for start in range(len(layers.rank)):
        stack = [] if preceding[start] else [start]
        while stack:
            node = stack.pop()
            if not seen[node]:
                seen[node] = True
                ranks[layers.rank[node]].append(node)
                stack.extend(reversed(following[node]))
    return ranks


def _positions(layers: Layers) -> list[int]:
    place = [0] * len(layers.rank)
    for nodes in layers.ranks:
        for index, node in enumerate(nodes):
            place[node] = index
    return place


def _badness(layers: Layers) -> tuple[int, int]:
    """How many pairs of links cross, and how many operands stand above the one before them."""
    place = _positions(layers)
    crossings = inverted = 0
    for nodes in layers.ranks:
        ends: list[int] = []
        for node in nodes:
            mine = sorted(place[other] for other in layers.outputs[node])
            crossings += sum(len(ends) - bisect_right(ends, end) for end in mine)
            for end in mine:
                insort(ends, end)
            operands = [place[other] for other in layers.inputs[node]]
            inverted += sum(first > second for first, second in pairwise(operands))
    return crossings, inverted


def _sweep(layers: Layers, *, rightward: bool, flip_ties: bool) -> None:
    """Sort each rank by the mean position of its neighbours in the rank before; the unattached stay put."""
    neighbours = layers.inputs if rightward else layers.outputs
    place = _positions(layers)
    for nodes in layers.ranks if rightward else reversed(layers.ranks):
        means = {
            node: sum(place[other] for other in neighbours[node]) / len(neighbours[node])
            for node in nodes
            if neighbours[node]
        }
        tied = reversed(means) if flip_ties else iter(means)
        moved = iter(sorted(tied, key=means.__getitem__))
        nodes[:] = [next(moved) if node in means else node for node in nodes]
        for index, node in enumerate(nodes):
            place[node] = index


def _exchange(layers: Layers) -> None:
    """Swap vertical neighbours wherever that removes crossings, or else puts operands in order."""
    place = _positions(layers)
    for nodes in layers.ranks:
        sides = [
            [sorted(place[other] for other in side[node]) for side in (layers.inputs, layers.outputs)]
            for node in nodes
        ]
        for _ in range(EXCHANGES):
            improved = False
            for upper in range(len(nodes) - 1):
                lower = upper + 1
                gain = sum(
                    _inversions(above, below) - _inversions(below, above)
                    for above, below in zip(sides[upper], sides[lower], strict=True)
                )
                if gain > 0 or (gain == 0 and _reads_upward(layers, nodes[upper], nodes[lower])):
                    nodes[upper], nodes[lower] = nodes[lower], nodes[upper]
                    sides[upper], sides[lower] = sides[lower], sides[upper]
                    improved = True
            if not improved:
                break
        for index, node in enumerate(nodes):
            place[node] = index


def _reads_upward(layers: Layers, above: int, below: int) -> bool:
    """Whether `below` is the earlier operand in most of what takes both."""
    balance = 0
    for target in layers.outputs[above]:
        operands = layers.inputs[target]
        if below in operands:
            balance += 1 if operands.index(below) < operands.index(above) else -1
    return balance > 0


def _inversions(above: list[int], below: list[int]) -> int:
    """How many pairs (a, b) of two sorted lists have a > b: links that cross if `above` stands above."""
    count = smaller = 0
    for end in above:
        while smaller < len(below) and below[smaller] < end:
            smaller += 1
        count += smaller
    return count
