"""Crossing reduction: the order of the nodes within each rank.

A search from several starts: sort every rank by the means of its neighbours, to the right and back; move
single nodes of a rank while that helps; then, from the best order so far, shake a few neighbouring ranks at a
time, settle them again, and keep what is no worse. So more tries never cross more. Chance is seeded.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from backprop_tui.layout.crossings import Gap, IntArray, NodeArrangement, Snapshot
from backprop_tui.layout.layers import Layers

__all__ = ["order_ranks"]

SETTLING = 8
"""The most passes over all ranks in search of nodes to move."""
TRIES = 400
"""How often some ranks are perturbed."""
PATIENCE, HASTE = 150, 50
"""After this many perturbations in a row without success the search ends; and in a big graph."""
BIG, HUGE = 1_000, 6_000
"""A graph with more nodes is big; one with more boxes is huge, and is tried from fewer starts."""
MOST_NOISE = 2
"""The most places by which noise displaces a node."""
WINDOW = range(2, 5)
"""How many ranks are perturbed together."""
MARGIN = 2
"""How many more ranks on either side are settled again."""
TIDY = 2
"""The passes of tidying at the end."""
SEED = 1


def order_ranks(layers: Layers, tries: int = TRIES) -> Iterator[None]:
    """Order `layers.ranks`; yields between the steps of the search. `tries` is the most perturbations."""
    search = _Search(layers)
    yield from search.run(tries)
    for rank, nodes in enumerate(layers.ranks):
        layers.ranks[rank] = [nodes[index] for index in search.arrangement.orders[rank].tolist()]


class _Start(NamedTuple):
    """A way to begin: the direction of the walk, that of the first sweep, and the number of sweeps."""

    backward: bool
    rightward: bool
    rough: int
    fine: int


STARTS = (
    _Start(backward=False, rightward=True, rough=0, fine=2),
    _Start(backward=False, rightward=True, rough=3, fine=3),
    _Start(backward=True, rightward=True, rough=3, fine=3),
)


@dataclass(slots=True)
class _Found:
    """An arrangement, and the cost of its crossings."""

    cost: int
    arrangement: Snapshot


class _Search:
    """The state of a search for an arrangement with few crossings."""

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self.number = [0] * len(layers.rank)
        """The index of each node within its rank."""
        for nodes in layers.ranks:
            for index, node in enumerate(nodes):
                self.number[node] = index
        gaps = [self._gap(rank) for rank in range(len(layers.ranks) - 1)]
        self.arrangement = NodeArrangement([len(nodes) for nodes in layers.ranks], gaps)
        self.rng = random.Random(SEED)

    def _gap(self, rank: int) -> Gap:
        links = [
            (self.number[link.source], self.number[link.target])
            for node in self.layers.ranks[rank]
            for link in self.layers.outputs[node]
        ]
        operands = [
            [self.number[link.source] for link in sorted(self.layers.inputs[node], key=lambda link: link.pin)]
            for node in self.layers.ranks[rank + 1]
        ]
        return Gap(links, operands)

    def run(self, tries: int) -> Iterator[None]:
        """Search; the arrangement is left in the best order found."""
        arrangement = self.arrangement
        found: list[_Found] = []
        for start in STARTS[: self._starts()]:
            for rank, order in enumerate(self._walk(backward=start.backward)):
                arrangement.set_order(rank, order)
            for sweep in range(start.rough + start.fine):
                self._sweep(rightward=start.rightward == (sweep % 2 == 0), fine=sweep >= start.rough)
                yield
            found.append(self._now())
            # Upside down, as many wires cross, but operands may arrive in a better order.
            for rank, order in enumerate(arrangement.orders):
                arrangement.set_order(rank, order[::-1])
            found.append(self._now())
            if not found[-1].cost:
                break
        arrangement.restore(min(found, key=lambda candidate: candidate.cost).arrangement)
        yield from self._settle()
        arrangement.count()
        idle, patience = 0, HASTE if len(self.layers.rank) > BIG else PATIENCE
        for _ in range(tries if len(arrangement.gaps) > 1 else 0):
            if idle == patience or not any(arrangement.costs):
                break
            idle = 0 if self._perturb() else idle + 1
            yield
        for turn in range(TIDY):
            for rank in arrangement.ranks[:: -1 if turn % 2 else 1]:
                arrangement.tidy(rank)
            yield

    def _starts(self) -> int:
        """How many starts to try: where most wires of a huge graph are short, the first is as good as any."""
        boxes = len(self.layers.virtual_nodes)
        if boxes <= HUGE:
            return len(STARTS)
        return 1 if len(self.layers.rank) < 2 * boxes else 2

    def _now(self) -> _Found:
        return _Found(self.arrangement.count(), self.arrangement.snapshot())

    def _sweep(self, *, rightward: bool, fine: bool) -> None:
        """Sort each rank by the one before; a fine sweep also improves it before going on."""
        arrangement = self.arrangement
        for rank in arrangement.ranks[1:] if rightward else arrangement.ranks[-2::-1]:
            arrangement.sort(rank, rightward=rightward)
            if fine:
                arrangement.improve(rank)

    def _settle(self) -> Iterator[None]:
        """Move single nodes as long as that helps."""
        for turn in range(SETTLING):
            saved = 0.0
            for rank in self.arrangement.ranks[:: -1 if turn % 2 else 1]:
                saved += self.arrangement.improve(rank)
            yield
            if not saved:
                break

    def _perturb(self) -> bool:
        """Sort some adjacent ranks by noisy means, settle what is near, and undo that if it is worse.

        Returns whether it is better.
        """
        arrangement, rng = self.arrangement, self.rng
        width = rng.choice(WINDOW)
        start = rng.randrange(max(1, len(arrangement.ranks) - width + 1))
        stop = min(len(arrangement.ranks), start + width)
        near = range(max(0, start - MARGIN), min(len(arrangement.ranks), stop + MARGIN))
        gaps = range(max(0, near.start - 1), min(len(arrangement.gaps), near.stop))
        kept, before = arrangement.snapshot(near), arrangement.count(gaps)
        rightward = rng.random() < 0.5
        amplitude = MOST_NOISE * rng.random()
        if rightward:
            perturbed = range(max(start, 1), stop)
        else:
            perturbed = range(min(stop, len(arrangement.gaps)) - 1, start - 1, -1)
        for rank in perturbed:
            noise = np.array([amplitude * (rng.random() - 0.5) for _ in range(arrangement.sizes[rank])])
            arrangement.sort(rank, rightward=rightward, noise=noise)
        for _ in range(SETTLING):
            if not sum([arrangement.improve(rank) for rank in near]):
                break
        cost = arrangement.count(gaps)
        if cost > before:
            arrangement.restore(kept)
        return cost < before

    def _walk(self, *, backward: bool) -> list[IntArray]:
        """All nodes by a depth-first walk, from the results through operands or from the leaves on.

        A tree comes out free of crossings, and its operands read from top to bottom.
        """
        layers = self.layers
        if backward:
            following = [[link.source for link in links] for links in layers.inputs]
            ends = layers.outputs
        else:
            following = [[link.target for link in links] for links in layers.outputs]
            ends = layers.inputs
        orders: list[list[int]] = [[] for _ in layers.ranks]
        seen = [False] * len(layers.rank)
        for start in range(len(layers.rank)):
            stack = [] if ends[start] else [start]
            while stack:
                node = stack.pop()
                if not seen[node]:
                    seen[node] = True
                    orders[layers.rank[node]].append(self.number[node])
                    stack.extend(reversed(following[node]))
        return [np.array(order, np.intp) for order in orders]
