"""The crossings of a layered drawing: counted, and reduced one rank at a time. Each rank has its own arrays.

A node's number inside its rank never changes; only its *place*, from the top, does. Wires cross between two
ranks where links do, and right before a box where its operands come out of order. The latter is a smaller
evil: it stays close to the box that it is about.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["WIDEST", "Gap", "IntArray", "NodeArrangement", "Snapshot", "best_moves"]

IntArray: TypeAlias = NDArray[np.intp]
FloatArray: TypeAlias = NDArray[np.float64]
CostArray: TypeAlias = NDArray[np.float32]

CROSSING, DISORDER = 3, 1
"""The cost of two links that cross, and of two operands that arrive out of order."""
LEAST = 1e-4
"""The least gain that is worth a move."""
WIDEST = 200
"""In wider ranks only adjacent nodes are exchanged, and none is moved further."""
LARGEST = 2_000
"""Larger ranks are only sorted: the cost of each pair of nodes would not fit into memory."""


class Gap:
    """The links between two ranks, by indices within the ranks, and the operands of each box."""

    __slots__ = ("first", "second", "source", "target")

    def __init__(self, links: Sequence[tuple[int, int]], operands: Sequence[Sequence[int]]) -> None:
        ends = np.array(links, np.intp).reshape(-1, 2)
        self.source: IntArray = ends[:, 0].copy()
        self.target: IntArray = ends[:, 1].copy()
        pairs = [pair for sources in operands for pair in pairwise(sources)]
        ordered = np.array(pairs, np.intp).reshape(-1, 2)
        self.first: IntArray = ordered[:, 0].copy()
        self.second: IntArray = ordered[:, 1].copy()


class Snapshot(NamedTuple):
    """How the nodes of some ranks are arranged."""

    ranks: slice
    orders: list[IntArray]
    place: list[IntArray]
    version: list[int]


class NodeArrangement:
    """The places of all nodes, and what crossings cost in each gap.

    `gaps[rank]` lies between a rank and the next one, so there is one gap less than there are ranks.
    """

    def __init__(self, sizes: Sequence[int], gaps: Sequence[Gap]) -> None:
        self.sizes = list(sizes)
        self.gaps = list(gaps)
        self.ranks = range(len(self.sizes))
        self.orders: list[IntArray] = [np.arange(size) for size in sizes]
        """The nodes of each rank from top to bottom."""
        self.place: list[IntArray] = [np.arange(size) for size in sizes]
        self.costs = [0] * len(gaps)
        # Each order that a rank has had gets a version number, so that nothing is counted twice.
        self.version = [0] * len(sizes)
        self._versions = 0
        self._counted = [(-1, -1)] * len(gaps)
        self._improved: list[list[int]] = [[] for _ in sizes]
        self._range = np.arange(max(sizes))
        # The number of links into each node from the left, and out of it to the right.
        self._degrees = [(np.zeros(size, np.intp), np.zeros(size, np.intp)) for size in sizes]
        self._disorder: list[CostArray | None] = [None] * len(sizes)
        for rank, gap in enumerate(gaps):
            self._degrees[rank][1][:] = np.bincount(gap.source, minlength=sizes[rank])
            self._degrees[rank + 1][0][:] = np.bincount(gap.target, minlength=sizes[rank + 1])

    def set_order(self, rank: int, order: IntArray) -> None:
        """Put the nodes of a rank in this order, from top to bottom."""
        self._versions += 1
        self.version[rank] = self._versions
        self.orders[rank] = order
        self.place[rank] = place = np.empty_like(order)
        place[order] = self._range[: len(order)]

    def snapshot(self, ranks: range | None = None) -> Snapshot:
        """How the nodes of all ranks, or of some, are arranged."""
        part = slice(None) if ranks is None else slice(ranks.start, ranks.stop)
        return Snapshot(part, self.orders[part], self.place[part], self.version[part])

    def restore(self, known: Snapshot) -> None:
        """Return to an earlier arrangement."""
        self.orders[known.ranks] = known.orders
        self.place[known.ranks] = known.place
        self.version[known.ranks] = known.version

    def count(self, gaps: range | None = None) -> int:
        """Update the cost of crossings in all gaps, or in some, and return its sum over them."""
        total = 0
        for index in range(len(self.gaps)) if gaps is None else gaps:
            versions = self.version[index], self.version[index + 1]
            if versions == self._counted[index]:
                total += self.costs[index]
                continue
            self._counted[index] = versions
            gap, place = self.gaps[index], self.place[index]
            starts, ends = place[gap.source], self.place[index + 1][gap.target]
            above: list[int] = []
            crossings = 0
            for number, end in enumerate(ends[np.lexsort((ends, starts))].tolist()):
                crossings += number - bisect_right(above, end)
                insort(above, end)
            disorder = int(np.count_nonzero(place[gap.first] > place[gap.second]))
            self.costs[index] = CROSSING * crossings + DISORDER * disorder
            total += self.costs[index]
        return total

    def sort(self, rank: int, *, rightward: bool, noise: FloatArray | None = None) -> None:
        """Sort a rank by the mean place of its neighbours in the rank before, or after if not `rightward`.

        Nodes without such neighbours stay put. Noise is added to the means.
        """
        if rightward:
            gap = self.gaps[rank - 1]
            ends, others = gap.target, self.place[rank - 1][gap.source]
        else:
            gap = self.gaps[rank]
            ends, others = gap.source, self.place[rank + 1][gap.target]
        degree = self._degrees[rank][not rightward]
        mean = np.bincount(ends, others, self.sizes[rank]) / np.maximum(degree, 1)
        if noise is not None:
            mean += noise
        order = self.orders[rank].copy()
        attached = degree[order] > 0
        moving = order[attached]
        order[attached] = moving[np.argsort(mean[moving], kind="stable")]
        if not np.array_equal(order, self.orders[rank]):
            self.set_order(rank, order)

    def improve(self, rank: int) -> float:
        """Move nodes of a rank until no single move saves anything; return what was saved."""
        neighbours = slice(max(0, rank - 1), rank + 2)
        if not 2 <= self.sizes[rank] <= LARGEST or self._improved[rank] == self.version[neighbours]:
            return 0
        saved = self._rearrange(rank, self._excess(rank))
        self._improved[rank] = self.version[neighbours]
        return saved

    def tidy(self, rank: int) -> None:
        """Order nodes by the mean heights of their neighbours wherever that costs nothing."""
        size = self.sizes[rank]
        if not 2 <= size <= LARGEST:
            return
        desired, weight = np.zeros(size), np.zeros(size)
        for side, other in ((0, rank - 1), (1, rank + 1)):
            if 0 <= other < len(self.sizes):
                gap = self.gaps[min(rank, other)]
                mine, theirs = (gap.source, gap.target) if side else (gap.target, gap.source)
                height = self.place[other] - (self.sizes[other] - 1) / 2
                desired += np.bincount(mine, height[theirs], size)
                weight += self._degrees[rank][side]
        desired /= np.maximum(weight, 1)
        nudge = np.sign(np.subtract.outer(desired, desired)) / (2 * size)  # less than a crossing in total
        self._rearrange(rank, self._excess(rank) + nudge.astype(np.float32))

    def _rearrange(self, rank: int, excess: CostArray) -> float:
        order = self.orders[rank]
        chosen, saved = (best_moves if len(order) <= WIDEST else _exchanged)(excess[np.ix_(order, order)])
        if saved:
            self.set_order(rank, order[chosen])
        return saved

    def _excess(self, rank: int) -> CostArray:
        """For each pair of nodes of a rank, how much more it costs if the first is above the second."""
        size = self.sizes[rank]
        costs = np.zeros((size, size), np.float32)
        if rank < len(self.gaps):
            gap = self.gaps[rank]
            costs += _pairs(gap.source, self.place[rank + 1][gap.target], size, self.sizes[rank + 1])
            costs += self._out_of_order(rank)
        if rank:
            gap = self.gaps[rank - 1]
            costs += _pairs(gap.target, self.place[rank - 1][gap.source], size, self.sizes[rank - 1])
        excess: CostArray = costs - costs.T
        return excess

    def _out_of_order(self, rank: int) -> CostArray:
        """For each pair of nodes, the cost of operands out of order if the first is above the second."""
        costs = self._disorder[rank]
        if costs is None:
            costs = np.zeros((self.sizes[rank], self.sizes[rank]), np.float32)
            np.add.at(costs, (self.gaps[rank].second, self.gaps[rank].first), DISORDER)
            self._disorder[rank] = costs
        return costs


def _pairs(nodes: IntArray, ends: IntArray, size: int, width: int) -> CostArray:
    """For each pair of nodes, the cost of crossings of their links if the first is above the second."""
    links = np.zeros((size, width), np.float32)
    links[nodes, ends] = 1
    below = np.cumsum(links, 1)
    below -= links
    below *= CROSSING
    costs: CostArray = links @ below.T
    return costs


def best_moves(excess: CostArray) -> tuple[IntArray, float]:
    """Repeat the single move that saves most until none does; returns the order, and what it saves."""
    size = len(excess)
    order = np.arange(size)
    lower = np.tri(size, k=-1, dtype=np.float32)
    saved = 0.0
    while True:
        # Moving a node down passes those between it and its goal, and so does moving it up: what either saves
        # is the difference of two sums over the nodes before, of which the goal itself is passed both ways.
        before = excess.cumsum(1)
        gains = before - excess * lower
        gains -= before.diagonal()[:, np.newaxis]
        best = int(gains.argmax())
        start, goal = divmod(best, size)
        gain = float(gains[start, goal])
        if gain <= LEAST:
            return order, saved
        saved += gain
        permutation = np.arange(size)
        if goal > start:
            permutation[start:goal] = np.arange(start + 1, goal + 1)
        else:
            permutation[goal + 1 : start + 1] = np.arange(goal, start)
        permutation[goal] = start
        order = order[permutation]
        excess = excess[permutation][:, permutation]


def _exchanged(excess: CostArray) -> tuple[IntArray, float]:
    """Exchange adjacent nodes while that saves something, even and odd pairs by turns."""
    order = np.arange(len(excess))
    saved = 0.0
    idle = first = 0
    while idle < 2:
        upper, lower = order[first:-1:2], order[first + 1 :: 2]
        gains = excess[upper, lower]
        swap = np.flatnonzero(gains > LEAST)
        idle = 0 if len(swap) else idle + 1
        saved += float(gains[swap].sum())
        order[first + 2 * swap], order[first + 2 * swap + 1] = lower[swap], upper[swap]
        first = 1 - first
    return order, saved
