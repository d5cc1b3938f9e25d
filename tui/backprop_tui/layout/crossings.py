"""The crossings of a layered drawing as arrays, a set for each rank: counted, and reduced a rank at a time.

A node's number inside its rank never changes; only its *place*, from the top, does. A link arrives at a
*pin*, and the pins of a rank are numbered from top to bottom: each node's come together, in the order of its
operands. So operands that arrive out of order count as a crossing, which is what one sees.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.intp]
Reals: TypeAlias = NDArray[np.float64]
Costs: TypeAlias = NDArray[np.float32]

WIDEST = 200
"""Ranks of more nodes than this have only vertical neighbours exchanged, not nodes moved further."""


class Gap:
    """The links between two ranks: where each starts and ends, by numbers inside ranks, and at which pin."""

    __slots__ = ("argument", "count", "source", "target")

    def __init__(self, links: Sequence[tuple[int, int, int]]) -> None:
        ends = np.array(links, np.intp).reshape(-1, 3)
        self.source: Numbers = ends[:, 0].copy()
        self.target: Numbers = ends[:, 1].copy()
        self.argument: Numbers = ends[:, 2].copy()
        self.count = len(ends)


class Board:
    """The places of all nodes, and how many links cross in each gap.

    `gaps[rank]` lies between a rank and the next one, so there is one gap less than there are ranks.
    """

    def __init__(self, sizes: Sequence[int], gaps: Sequence[Gap]) -> None:
        self.sizes = list(sizes)
        self.gaps = list(gaps)
        self.ranks = range(len(self.sizes))
        self.place: list[Numbers] = [np.arange(size) for size in sizes]
        self.crossings = [0] * len(gaps)
        self._fan_in: list[Numbers] = [np.zeros(size, np.intp) for size in sizes]
        self._pin: list[Numbers] = [np.zeros(size, np.intp) for size in sizes]
        self._degrees: list[tuple[Numbers, Numbers]] = []
        for rank, gap in enumerate(gaps, 1):
            self._fan_in[rank] = np.bincount(gap.target, minlength=sizes[rank])
        for rank in self.ranks:
            out = np.zeros(sizes[rank], np.intp)
            if rank < len(gaps):
                out = np.bincount(gaps[rank].source, minlength=sizes[rank])
            self._degrees.append((self._fan_in[rank], out))

    def arrange(self, rank: int, order: Numbers) -> None:
        """Put the nodes of a rank in this order, from top to bottom."""
        self.place[rank] = place = np.empty_like(order)
        place[order] = np.arange(len(order))
        fan_in = self._fan_in[rank][order]
        self._pin[rank] = pin = np.empty_like(order)
        pin[order] = np.cumsum(fan_in) - fan_in

    def order(self, rank: int) -> Numbers:
        """The nodes of a rank from top to bottom."""
        order = np.empty_like(self.place[rank])
        order[self.place[rank]] = np.arange(len(order))
        return order

    def snapshot(self, ranks: range | None = None) -> list[Numbers]:
        """The order of every rank, or of some."""
        return [self.order(rank) for rank in (self.ranks if ranks is None else ranks)]

    def restore(self, orders: Sequence[Numbers], ranks: range | None = None) -> None:
        """Return to a snapshot."""
        for rank, order in zip(self.ranks if ranks is None else ranks, orders, strict=True):
            self.arrange(rank, order)

    def count(self, gaps: range | None = None) -> int:
        """Count anew the crossings of all gaps, or of some; gives the sum over these."""
        total = 0
        for index in range(len(self.gaps)) if gaps is None else gaps:
            gap = self.gaps[index]
            pins = self._pins(index)
            by_source = np.argsort(self.place[index][gap.source] * (gap.count + 1) + pins)
            above: list[int] = []
            crossings = 0
            for number, pin in enumerate(pins[by_source].tolist()):
                crossings += number - bisect_right(above, pin)
                insort(above, pin)
            self.crossings[index] = crossings
            total += crossings
        return total

    def _pins(self, gap: int) -> Numbers:
        """The pin at which each link of a gap arrives."""
        pins: Numbers = self._pin[gap + 1][self.gaps[gap].target] + self.gaps[gap].argument
        return pins

    def sort(
        self, rank: int, *, rightward: bool, flip_ties: bool = False, noise: Reals | None = None
    ) -> None:
        """Sort a rank by the mean place of its neighbours in the one before (behind it, if not rightward).

        Nodes without such neighbours stay put. Noise is added to the means.
        """
        if rightward:
            gap = self.gaps[rank - 1]
            ends, others = gap.target, self.place[rank - 1][gap.source]
        else:
            gap = self.gaps[rank]
            ends, others = gap.source, self._pins(rank)
        degree = self._degrees[rank][not rightward]
        mean = np.bincount(ends, others, self.sizes[rank]) / np.maximum(degree, 1)
        if noise is not None:
            mean += noise
        order = self.order(rank)
        attached = degree[order] > 0
        moving = order[attached]
        if flip_ties:
            moving = moving[::-1]
        order[attached] = moving[np.argsort(mean[moving], kind="stable")]
        self.arrange(rank, order)

    def _excess(self, rank: int) -> Costs:
        """How many more links cross if one node of a rank stands above another than if below."""
        size = self.sizes[rank]
        costs = np.zeros((size, size), np.float32)
        if rank < len(self.gaps):
            gap = self.gaps[rank]
            costs += _pairs(gap.source, self._pins(rank), size, gap.count)
        if rank:
            gap = self.gaps[rank - 1]
            costs += _pairs(gap.target, self.place[rank - 1][gap.source], size, self.sizes[rank - 1])
        excess: Costs = costs - costs.T
        return excess

    def improve(self, rank: int) -> int:
        """Move nodes of one rank until no single move saves a crossing; gives how many were saved."""
        if self.sizes[rank] < 2:
            return 0
        order = self.order(rank)
        excess = self._excess(rank)[np.ix_(order, order)]
        chosen, saved = (_inserted if len(order) <= WIDEST else _exchanged)(excess)
        if saved:
            self.arrange(rank, order[chosen])
        return saved


def _pairs(nodes: Numbers, ends: Numbers, size: int, width: int) -> Costs:
    """For each pair of nodes, how many links cross if the first stands above the second."""
    links = np.zeros((size, width), np.float32)
    links[nodes, ends] = 1
    below = np.cumsum(links, 1)
    below -= links
    crossings: Costs = links @ below.T
    return crossings


def _inserted(excess: Costs) -> tuple[Numbers, int]:
    """Move the node that saves most to where it does, again and again; the order, and what it saves."""
    size = len(excess)
    order = np.arange(size)
    upper = np.triu(np.ones((size, size), np.float32), 1)
    saved = 0
    while True:
        # Moving a node down passes those between it and its goal, and so does moving it up.
        down = np.cumsum(excess * upper, 1)
        up = np.cumsum((excess * upper.T)[:, ::-1], 1)[:, ::-1]
        gains = down - up
        best = int(gains.argmax())
        start, goal = divmod(best, size)
        gain = int(gains[start, goal])
        if gain <= 0:
            return order, saved
        saved += gain
        moved = np.arange(size)
        if goal > start:
            moved[start:goal] = np.arange(start + 1, goal + 1)
        else:
            moved[goal + 1 : start + 1] = np.arange(goal, start)
        moved[goal] = start
        order = order[moved]
        excess = excess[moved][:, moved]


def _exchanged(excess: Costs) -> tuple[Numbers, int]:
    """Exchange vertical neighbours while that saves crossings: even pairs and odd pairs by turns."""
    order = np.arange(len(excess))
    saved = idle = first = 0
    while idle < 2:
        upper, lower = order[first:-1:2], order[first + 1 :: 2]
        gains = excess[upper, lower]
        swap = np.flatnonzero(gains > 0)
        idle = 0 if len(swap) else idle + 1
        saved += int(gains[swap].sum())
        order[first + 2 * swap], order[first + 2 * swap + 1] = lower[swap], upper[swap]
        first = 1 - first
    return order, saved
