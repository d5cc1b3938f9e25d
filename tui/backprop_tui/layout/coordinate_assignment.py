"""Coordinate assignment: the row on which the wire of each node runs.

Straight wires come first, short ones next, and then a drawing that is no taller than it must be.

Ranks are swept left to right and back. In each, every node desires the median row of its neighbours, and the
least total displacement that keeps the order and the spacing is found exactly, by pooling nodes whose desired
rows are in conflict (isotonic regression in the L1 norm, whose block values are medians). Last, nodes desire
the row of each neighbour by itself, which makes wires as short as moving one rank at a time can.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from msgspec import Struct

from backprop_tui.layout.layers import Layers
from backprop_tui.layout.stages import Stages

__all__ = ["SPACING", "assign_rows"]

SPACING = 1
"""Blank rows around a box, lest its value or gradient be taken for that of a neighbour or a passing wire.
Wires may pass on adjacent rows."""
LEEWAY = 2, 4
"""A drawing may exceed its tallest rank by the first number of rows, and one more for every second."""

ROUNDS, LAST_ROUNDS = 8, 4
VIRTUAL_PULL, BOX_PULL, LOOSE_PULL = 8, 2, 1
"""The weight of the desired row of a passing wire, a box, and a node without neighbours on that side."""
WIRE_PULL, END_PULL, LINK_PULL = 8, 2, 1
"""The weight of a link that is the middle of a long wire, its first or last stretch, or all of it."""

# What makes a drawing better than another, in rows off a perfect position.
HEIGHT_COST = 1
"""Each row of the whole drawing."""
CLIMB_COST = 2
"""Each row that a link climbs or falls."""
BALANCE_COST = 2
"""Each row by which a box misses the middle of its operands."""
BEND_COST, VIRTUAL_BEND_COST = 2, 8
"""Each bend that no fork or operand requires, and each in a passing wire."""


class _Column(Struct, frozen=True):
    """The nodes of one rank, from top to bottom."""

    nodes: list[int]
    stacked: list[int]
    """Their rows when they are as close together as the spacing allows, from row 0 down."""
    room: int
    """How far down from there the last of them may be moved."""
    settled: dict[tuple[int, ...], list[int]]
    """How far down each node is moved, by the desired rows that this was computed for."""


def assign_rows(layers: Layers, heights: Sequence[int], *, tight: bool = False) -> Stages[list[int]]:
    """The middle row of every node; the top cell of the drawing is row 0. Blank rows are only left by chance
    where it is to be `tight`.
    """
    rows = _Rows(layers, heights, 0 if tight else SPACING)
    yield from rows.improve()
    top = min(row - height // 2 for row, height in zip(rows.best, heights, strict=True))
    return [row - top for row in rows.best]


class _Rows:
    """The rows as they are, and the best so far."""

    def __init__(self, layers: Layers, heights: Sequence[int], spacing: int) -> None:
        self.layers = layers
        self._costs = _Costs(layers, heights)
        self.columns = _columns(layers, heights, spacing)
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
        """Each neighbour, with the weight of the link to it."""
        pulls = (END_PULL, WIRE_PULL) if self.layers.is_virtual(node) else (LINK_PULL, END_PULL)
        for other in self.everyone[node]:
            yield other, pulls[self.layers.is_virtual(other)]

    def improve(self) -> Stages[None]:
        """Sweep until that no longer helps."""
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
                self._move(column, _shifts(column, map(self._neighbour_rows, column.nodes)))
            self._straighten()
            yield
            if self.row == before:
                break

    def _desired_row(self, node: int, neighbours: Sequence[int]) -> int:
        """The median row of its neighbours, or its own."""
        if len(neighbours) > 2:
            return _middle(sorted([self.row[other] for other in neighbours]))
        return (self.row[neighbours[0]] + self.row[neighbours[-1]]) // 2 if neighbours else self.row[node]

    def _pull(self, node: int, neighbours: Sequence[int]) -> int:
        """The weight of the desired row of a node."""
        if not neighbours:
            return LOOSE_PULL
        return VIRTUAL_PULL if self.layers.is_virtual(node) else BOX_PULL

    def _neighbour_rows(self, node: int) -> list[int]:
        """The row of each neighbour, repeated by the weight of the link to it; sorted."""
        desired_rows: list[int] = []
        for other, pull in self.pulls[node]:
            desired_rows.extend([self.row[other]] * pull)
        return sorted(desired_rows) or [self.row[node]]

    def _settle_once(self, column: _Column, neighbours: Sequence[Sequence[int]]) -> None:
        """Settle a rank by the median rows of some neighbours; the same desired rows give the same result."""
        desired_rows = [self._desired_row(node, neighbours[node]) for node in column.nodes]
        key = (id(neighbours), *desired_rows)
        shifts = column.settled.get(key)
        if shifts is None:
            pulls = (self._pull(node, neighbours[node]) for node in column.nodes)
            shifts = _shifts(
                column, ([desired] * pull for desired, pull in zip(desired_rows, pulls, strict=True))
            )
            column.settled[key] = shifts
        self._move(column, shifts)

    def _move(self, column: _Column, shifts: Sequence[int]) -> None:
        """Move each node of a rank down from its stacked row by its shift."""
        for node, stacked, shift in zip(column.nodes, column.stacked, shifts, strict=True):
            self.row[node] = stacked + shift

    def _free_rows(self, virtual: int) -> tuple[int, int]:
        """The first and the last row for a virtual node while its neighbours in the rank stay put."""
        column, place = self.columns[self.layers.rank[virtual]], self.place[virtual]
        nodes, stacked = column.nodes, column.stacked
        top, bottom = stacked[place], stacked[place] + column.room
        if place:
            top = self.row[nodes[place - 1]] + stacked[place] - stacked[place - 1]
        if place + 1 < len(nodes):
            bottom = self.row[nodes[place + 1]] - stacked[place + 1] + stacked[place]
        return top, bottom

    def _straighten(self) -> None:
        """Put the virtual nodes of each wire on one row, or on as few as their surroundings allow.

        Each is the median row of what its virtual nodes lead from and to. The best drawing so far is kept.
        """
        for virtual_nodes in self.layers.virtual_nodes:
            start = 0
            while start < len(virtual_nodes):
                top, bottom = self._free_rows(virtual_nodes[start])
                stop = start + 1
                while stop < len(virtual_nodes):
                    next_top, next_bottom = self._free_rows(virtual_nodes[stop])
                    if max(top, next_top) > min(bottom, next_bottom):
                        break
                    top, bottom = max(top, next_top), min(bottom, next_bottom)
                    stop += 1
                run = virtual_nodes[start:stop]
                ends = [self.row[self.inputs[run[0]][0]]]
                for virtual, following in zip(run, [*run[1:], -1], strict=True):
                    ends += [self.row[other] for other in self.outputs[virtual] if other != following]
                straight = min(max(_middle(sorted(ends)), top), bottom)
                for virtual in run:
                    self.row[virtual] = straight
                start = stop
        cost = self.cost()
        if cost < self.least:
            self.best, self.least = list(self.row), cost

    def cost(self) -> int:
        """How far the drawing is from a low one with short, straight wires."""
        return self._costs.of(self.row)


class _Costs:
    """The cost of an assignment of rows; what does not depend on the rows is prepared once."""

    def __init__(self, layers: Layers, heights: Sequence[int]) -> None:
        self.above = np.array(heights) // 2
        self.below = np.array(heights) - self.above
        links = [link for links in layers.outputs for link in links]
        self.source = np.array([link.source for link in links], np.intp)
        self.target = np.array([link.target for link in links], np.intp)
        fan_out = np.array([len(links) for links in layers.outputs])[self.source]
        fan_in = np.array([len(links) for links in layers.inputs])[self.target]
        passing = np.maximum(self.source, self.target) >= len(layers.virtual_nodes)
        self.bend = np.where(passing, VIRTUAL_BEND_COST, BEND_COST * ((fan_out == 1) & (fan_in == 1)))
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
        for target, operands in self.more:
            missed += abs(rows[target] - _middle(sorted([rows[other] for other in operands])))
        return total + BALANCE_COST * missed


def _shifts(column: _Column, desired_rows: Iterable[list[int]]) -> list[int]:
    """How far below its stacked row each node of a rank is: as near as the spacing allows to the median
    of its desired rows.
    """
    # A row less the stacked row must not decrease from node to node: blocks of nodes share one shift.
    blocks: list[tuple[int, list[int], int]] = []  # the shift, the sorted desired shifts, the number of nodes
    for rows, stacked in zip(desired_rows, column.stacked, strict=True):
        desired = [row - stacked for row in rows]
        shift, size = _middle(desired), 1
        while blocks and blocks[-1][0] >= shift:
            _, earlier, members = blocks.pop()
            desired = sorted(earlier + desired)
            shift, size = _middle(desired), size + members
        blocks.append((shift, desired, size))
    shifts: list[int] = []
    for shift, _, size in blocks:
        shifts += [min(max(shift, 0), column.room)] * size
    return shifts


def _columns(layers: Layers, heights: Sequence[int], spacing: int) -> list[_Column]:
    stacks: list[tuple[list[int], int]] = []
    for nodes in layers.ranks:
        rows: list[int] = []
        free = 0
        for index, node in enumerate(nodes):
            if index and not (layers.is_virtual(node) and layers.is_virtual(nodes[index - 1])):
                free += spacing
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
