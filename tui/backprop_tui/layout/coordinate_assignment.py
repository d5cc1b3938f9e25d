"""Which row a node's wire runs on: straight wires first, short ones next, and no taller than need be.

Ranks are swept left to right and back. In each, every node asks for the median row of its neighbours, and the
least total displacement that keeps the order and the spacing is found exactly, by pooling neighbours that ask
for overlapping places (isotonic regression in the L1 norm, whose block values are medians). In the end nodes
ask for the row of each neighbour by itself, which makes wires as short as moving one rank at a time can.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from msgspec import Struct

from backprop_tui.layout.layers import Layers
from backprop_tui.layout.stages import Stages

__all__ = ["SPACING", "assign_rows"]

SPACING = 1
"""Blank rows around a box, lest its value or gradient be read as a neighbour's or as a passing wire's.
Wires may pass by on neighbouring rows."""
LEEWAY = 2, 4
"""By how much a drawing may outgrow its tallest rank: so many rows, and one more for every so many."""

ROUNDS, LAST_ROUNDS = 8, 4
RELAY_PULL, BOX_PULL, LOOSE_PULL = 8, 2, 1
"""How much a passing wire insists on its row, a box, and a node without neighbours on the side looked at."""
WIRE_PULL, END_PULL, LINK_PULL = 8, 2, 1
"""How strongly a link pulls that is the middle of a long wire, its first or last stretch, or all of it."""

# What makes one drawing better than another, in rows off a perfect place.
HEIGHT_COST = 1
"""Each row of the whole drawing."""
CLIMB_COST = 2
"""Each row that a link climbs or falls."""
BALANCE_COST = 2
"""Each row by which a box misses the middle of its operands."""
BEND_COST, RELAY_BEND_COST = 2, 8
"""Each bend that no fork or operand calls for, and each in a passing wire."""


class _Column(Struct, frozen=True):
    """The nodes of one rank, from top to bottom."""

    nodes: list[int]
    stacked: list[int]
    """Their rows when they stand as close together as they may, from row 0 down."""
    room: int
    """How far down from there the last of them may be moved."""
    settled: dict[tuple[int, ...], list[int]]
    """How far down each of them is moved for wishes that there were."""


def assign_rows(layers: Layers, heights: Sequence[int]) -> Stages[list[int]]:
    """The middle row of every node; the top cell of the drawing is row 0."""
    rows = _Rows(layers, heights)
    yield from rows.improve()
    top = min(row - height // 2 for row, height in zip(rows.best, heights, strict=True))
    return [row - top for row in rows.best]


class _Rows:
    """The rows as they are, and the best so far."""

    def __init__(self, layers: Layers, heights: Sequence[int]) -> None:
        self.layers = layers
        self._costs = _Costs(layers, heights)
        self.columns = _columns(layers, heights)
        self.place = {node: place for column in self.columns for place, node in enumerate(column.nodes)}
        self.inputs = [[link.source for link in links] for links in layers.inputs]
        self.outputs = [[link.target for link in links] for links in layers.outputs]
        self.everyone = [left + right for left, right in zip(self.inputs, self.outputs, strict=True)]
        self.pulls = [list(self._pulls(node)) for node in range(len(heights))]
        self.row = [0] * len(heights)
        for column in self.columns:
            for node, stacked in zip(column.nodes, column.stacked, strict=True):
                self.row[node] = stacked + column.room // 2
        self.best = list(self.row)
        self.least = self.cost()

    def _pulls(self, node: int) -> Iterator[tuple[int, int]]:
        """Each neighbour, and how strongly the link to it pulls."""
        pulls = (END_PULL, WIRE_PULL) if self.layers.is_relay(node) else (LINK_PULL, END_PULL)
        for other in self.everyone[node]:
            yield other, pulls[self.layers.is_relay(other)]

    def improve(self) -> Stages[None]:
        """Sweep until that is of no use any more."""
        leftward, rightward = self.columns[::-1], self.columns
        sweeps = ((self.outputs, leftward), (self.inputs, rightward), (self.everyone, leftward))
        for _ in range(ROUNDS):
            least = self.least
            for neighbours, columns in sweeps:
                for column in columns:
                    self._settle_once(column, neighbours)
                self._straighten()
                yield
            if self.least == least:
                break
        self.row = list(self.best)
        for turn in range(LAST_ROUNDS):
            before = list(self.row)
            for column in rightward if turn % 2 else leftward:
                self._move(column, _shifts(column, map(self._wishes, column.nodes)))
            self._straighten()
            yield
            if self.row == before:
                break

    def _wish(self, node: int, neighbours: Sequence[int]) -> int:
        """The row a node asks for."""
        if len(neighbours) > 2:
            return _middle(sorted([self.row[other] for other in neighbours]))
        return (self.row[neighbours[0]] + self.row[neighbours[-1]]) // 2 if neighbours else self.row[node]

    def _pull(self, node: int, neighbours: Sequence[int]) -> int:
        """How strongly a node insists on the row that it asks for."""
        if not neighbours:
            return LOOSE_PULL
        return RELAY_PULL if self.layers.is_relay(node) else BOX_PULL

    def _wishes(self, node: int) -> list[int]:
        """The row of each neighbour, as often as the link to it pulls."""
        wishes: list[int] = []
        for other, pull in self.pulls[node]:
            wishes.extend([self.row[other]] * pull)
        return sorted(wishes) or [self.row[node]]

    def _settle_once(self, column: _Column, neighbours: Sequence[Sequence[int]]) -> None:
        """Settle a rank by the median rows of some neighbours; the same wishes come out as before."""
        wishes = [self._wish(node, neighbours[node]) for node in column.nodes]
        asked = (id(neighbours), *wishes)
        shifts = column.settled.get(asked)
        if shifts is None:
            pulls = (self._pull(node, neighbours[node]) for node in column.nodes)
            shifts = _shifts(column, ([wish] * pull for wish, pull in zip(wishes, pulls, strict=True)))
            column.settled[asked] = shifts
        self._move(column, shifts)

    def _move(self, column: _Column, shifts: Sequence[int]) -> None:
        """Let each node of a rank stand so far below the row where it would be stacked."""
        for node, stacked, shift in zip(column.nodes, column.stacked, shifts, strict=True):
            self.row[node] = stacked + shift

    def _free_rows(self, relay: int) -> tuple[int, int]:
        """The first and the last row that a relay can have while its neighbours in the rank stay put."""
        column, place = self.columns[self.layers.rank[relay]], self.place[relay]
        nodes, stacked = column.nodes, column.stacked
        top, bottom = stacked[place], stacked[place] + column.room
        if place:
            top = self.row[nodes[place - 1]] + stacked[place] - stacked[place - 1]
        if place + 1 < len(nodes):
            bottom = self.row[nodes[place + 1]] - stacked[place + 1] + stacked[place]
        return top, bottom

    def _straighten(self) -> None:
        """Put the relays of each wire on one row, or on as few as what stands around them allows.

        It is the median row of what the relays of a row lead from and to. A drawing that is better than the
        best so far takes its place.
        """
        for relays in self.layers.relays:
            start = 0
            while start < len(relays):
                top, bottom = self._free_rows(relays[start])
                stop = start + 1
                while stop < len(relays):
                    next_top, next_bottom = self._free_rows(relays[stop])
                    if max(top, next_top) > min(bottom, next_bottom):
                        break
                    top, bottom = max(top, next_top), min(bottom, next_bottom)
                    stop += 1
                run = relays[start:stop]
                ends = [self.row[self.inputs[run[0]][0]]]
                for relay, following in zip(run, [*run[1:], -1], strict=True):
                    ends += [self.row[other] for other in self.outputs[relay] if other != following]
                straight = min(max(_middle(sorted(ends)), top), bottom)
                for relay in run:
                    self.row[relay] = straight
                start = stop
        cost = self.cost()
        if cost < self.least:
            self.best, self.least = list(self.row), cost

    def cost(self) -> int:
        """How far the drawing is from a low one with short, straight wires."""
        return self._costs.of(self.row)


class _Costs:
    """What rows cost, with all that does not depend on them looked up beforehand."""

    def __init__(self, layers: Layers, heights: Sequence[int]) -> None:
        self.above = np.array(heights) // 2
        self.below = np.array(heights) - self.above
        links = [link for links in layers.outputs for link in links]
        self.source = np.array([link.source for link in links], np.intp)
        self.target = np.array([link.target for link in links], np.intp)
        fan_out = np.array([len(links) for links in layers.outputs])[self.source]
        fan_in = np.array([len(links) for links in layers.inputs])[self.target]
        passing = np.maximum(self.source, self.target) >= len(layers.relays)
        self.bend = np.where(passing, RELAY_BEND_COST, BEND_COST * ((fan_out == 1) & (fan_in == 1)))
        operands = [[link.source for link in links] for links in layers.inputs]
        pairs = [(box, *both) for box, both in enumerate(operands) if len(both) == 2]
        self.pairs = np.array(pairs, np.intp).reshape(-1, 3)
        self.more = [(box, several) for box, several in enumerate(operands) if len(several) > 2]

    def of(self, rows: list[int]) -> int:
        """The sum of all costs."""
        row = np.array(rows)
        climb = np.abs(row[self.source] - row[self.target])
        total = HEIGHT_COST * int((row + self.below).max() - (row - self.above).min())
        total += CLIMB_COST * int(climb.sum()) + int(self.bend[climb > 0].sum())
        box, first, second = self.pairs.T
        missed = int(np.abs(row[box] - (row[first] + row[second]) // 2).sum())
        for one, operands in self.more:
            missed += abs(rows[one] - _middle(sorted([rows[other] for other in operands])))
        return total + BALANCE_COST * missed


def _shifts(column: _Column, wishes: Iterable[list[int]]) -> list[int]:
    """How far below its stacked row each node of a rank stands, as near as the spacing allows to where it
    wishes to be: the middle of the rows that it asks for.
    """
    # A row less the stacked row must not decrease from node to node: blocks of nodes share one shift.
    blocks: list[tuple[int, list[int], int]] = []  # the shift, the sorted wishes behind it, how many nodes
    for rows, stacked in zip(wishes, column.stacked, strict=True):
        asked = [row - stacked for row in rows]
        shift, size = _middle(asked), 1
        while blocks and blocks[-1][0] >= shift:
            _, earlier, members = blocks.pop()
            asked = sorted(earlier + asked)
            shift, size = _middle(asked), size + members
        blocks.append((shift, asked, size))
    shifts: list[int] = []
    for shift, _, size in blocks:
        shifts += [min(max(shift, 0), column.room)] * size
    return shifts


def _columns(layers: Layers, heights: Sequence[int]) -> list[_Column]:
    stacks: list[tuple[list[int], int]] = []
    for nodes in layers.ranks:
        rows: list[int] = []
        free = 0
        for index, node in enumerate(nodes):
            if index and not (layers.is_relay(node) and layers.is_relay(nodes[index - 1])):
                free += SPACING
            rows.append(free + heights[node] // 2)
            free += heights[node]
        stacks.append((rows, free))
    tallest = max(height for _, height in stacks)
    limit = tallest + LEEWAY[0] + tallest // LEEWAY[1]
    return [
        _Column(nodes, rows, limit - height, {})
        for nodes, (rows, height) in zip(layers.ranks, stacks, strict=True)
    ]


def _middle(ascending: list[int]) -> int:
    """The median; of an even number, the whole number halfway between the middle two (or just above)."""
    half = len(ascending) // 2
    return (ascending[half] + ascending[-half - 1]) // 2
