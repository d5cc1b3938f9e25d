"""Who stands above whom: the order inside each rank, for few crossings.

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

from backprop_tui.layout.crossings import Arrangement, Gap, IntArray, Snapshot
from backprop_tui.layout.layers import Layers

__all__ = ["order_ranks"]

SETTLING = 8
"""How often, at most, all ranks are looked through for nodes to move."""
TRIES = 400
"""How often some ranks are shaken."""
PATIENCE, HASTE = 150, 50
"""How often in a row that may be in vain; and in a big graph."""
BIG, HUGE = 1_000, 6_000
"""So many nodes and relays make a graph big; so many boxes make it huge: it is tried from fewer starts."""
LOUDEST = 2
"""How far, in places, nodes are thrown at most."""
WINDOW = range(2, 5)
"""How many ranks are shaken together."""
MARGIN = 2
"""How many more on either side may be moved to make up for it."""
TIDY = 2
"""How often all ranks are tidied in the end."""
SEED = 1


def order_ranks(layers: Layers, tries: int = TRIES) -> Iterator[None]:
    """Order `layers.ranks`; yields between the steps of the search. `tries` bounds the shakings."""
    search = _Search(layers)
    yield from search.run(tries)
    for rank, nodes in enumerate(layers.ranks):
        layers.ranks[rank] = [nodes[index] for index in search.board.orders[rank].tolist()]


class _Start(NamedTuple):
    """One way to begin: a walk, and so many sweeps, of which the first goes rightward or not."""

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
    """An order, and what crossings cost in it."""

    cost: int
    arrangement: Snapshot


class _Search:
    """The state of a search: the board as it is, and the best order so far."""

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self.number = [0] * len(layers.rank)
        """Each node's number inside its rank."""
        for nodes in layers.ranks:
            for index, node in enumerate(nodes):
                self.number[node] = index
        gaps = [self._gap(rank) for rank in range(len(layers.ranks) - 1)]
        self.board = Arrangement([len(nodes) for nodes in layers.ranks], gaps)
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
        """Search; the board is left in the best order found."""
        board = self.board
        found: list[_Found] = []
        for start in STARTS[: self._starts()]:
            for rank, order in enumerate(self._walk(backward=start.backward)):
                board.arrange(rank, order)
            for sweep in range(start.rough + start.fine):
                self._sweep(rightward=start.rightward == (sweep % 2 == 0), fine=sweep >= start.rough)
                yield
            found.append(self._now())
            # Upside down wires cross as little, and operands may arrive in a better order.
            for rank, order in enumerate(board.orders):
                board.arrange(rank, order[::-1])
            found.append(self._now())
            if not found[-1].cost:
                break
        board.restore(min(found, key=lambda one: one.cost).arrangement)
        yield from self._settle()
        board.count()
        idle, patience = 0, HASTE if len(self.layers.rank) > BIG else PATIENCE
        for _ in range(tries if len(board.gaps) > 1 else 0):
            if idle == patience or not any(board.costs):
                break
            idle = 0 if self._shake() else idle + 1
            yield
        for turn in range(TIDY):
            for rank in board.ranks[:: -1 if turn % 2 else 1]:
                board.tidy(rank)
            yield

    def _starts(self) -> int:
        """From how many starts to try: where most wires of a huge graph are short, the first is as good."""
        boxes = len(self.layers.relays)
        if boxes <= HUGE:
            return len(STARTS)
        return 1 if len(self.layers.rank) < 2 * boxes else 2

    def _now(self) -> _Found:
        return _Found(self.board.count(), self.board.snapshot())

    def _sweep(self, *, rightward: bool, fine: bool) -> None:
        """Sort each rank by the one before; a fine sweep also improves it before going on."""
        board = self.board
        for rank in board.ranks[1:] if rightward else board.ranks[-2::-1]:
            board.sort(rank, rightward=rightward)
            if fine:
                board.improve(rank)

    def _settle(self) -> Iterator[None]:
        """Move single nodes while that helps."""
        for turn in range(SETTLING):
            saved = 0.0
            for rank in self.board.ranks[:: -1 if turn % 2 else 1]:
                saved += self.board.improve(rank)
            yield
            if not saved:
                break

    def _shake(self) -> bool:
        """Sort some neighbouring ranks by noisy means, settle what is near, and return if that is worse.

        Whether it is better.
        """
        board, rng = self.board, self.rng
        width = rng.choice(WINDOW)
        start = rng.randrange(max(1, len(board.ranks) - width + 1))
        stop = min(len(board.ranks), start + width)
        near = range(max(0, start - MARGIN), min(len(board.ranks), stop + MARGIN))
        gaps = range(max(0, near.start - 1), min(len(board.gaps), near.stop))
        kept, before = board.snapshot(near), board.count(gaps)
        rightward = rng.random() < 0.5
        loudness = LOUDEST * rng.random()
        if rightward:
            shaken = range(max(start, 1), stop)
        else:
            shaken = range(min(stop, len(board.gaps)) - 1, start - 1, -1)
        for rank in shaken:
            noise = np.array([loudness * (rng.random() - 0.5) for _ in range(board.sizes[rank])])
            board.sort(rank, rightward=rightward, noise=noise)
        for _ in range(SETTLING):
            if not sum([board.improve(rank) for rank in near]):
                break
        cost = board.count(gaps)
        if cost > before:
            board.restore(kept)
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
