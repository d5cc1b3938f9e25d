"""Which row a node's wire runs on: straight wires first, short ones next, and no taller than need be.

Ranks are swept left to right and back. In each, every node asks for the median row of its neighbours, and the
least total displacement that keeps the order and the spacing is found exactly, by pooling neighbours that ask
for overlapping places (isotonic regression in the L1 norm, whose block values are medians).
"""

from collections.abc import Sequence

from msgspec import Struct

from backprop_tui.layout.layers import Layers
from backprop_tui.layout.stages import Stages

SPACING = 1
"""Blank rows around a unit, lest its value or gradient be read as a neighbour's or as a passing wire's.
Wires may pass by on neighbouring rows."""
LEEWAY = 2, 4
"""By how much a drawing may outgrow its tallest rank: so many rows, and one more for every so many."""

ROUNDS = 8
RELAY_PULL, UNIT_PULL, LOOSE_PULL = 8, 2, 1
"""How much a passing wire insists on its row, a unit, and a node without neighbours on the side looked at."""
RELAY_BENDS = 4
"""For how many bends one in a passing wire counts."""

# What makes one drawing better than another, in rows off a perfect place.
HEIGHT_COST = 1
"""Each row of the whole drawing."""
OPERAND_COST = 2
"""Each row by which a node misses the middle of its inputs."""
CONSUMER_COST = 1
"""Each row by which a node misses the middle of its outputs."""
BEND_COST = 2
"""Each bend that no fork or merge calls for."""


class _Column(Struct, frozen=True):
    """The nodes of one rank, from top to bottom."""

    nodes: list[int]
    stacked: list[int]
    """Their port rows when they stand as close together as they may, from row 0 down."""
    room: int
    """How far down from there the last of them may be moved."""


def assign_rows(layers: Layers, heights: Sequence[int]) -> Stages[list[int]]:
    """The middle row of every node; the top cell of the drawing is row 0."""
    columns = _columns(layers, heights)
    inputs = [[link.source for link in links] for links in layers.inputs]
    outputs = [[link.target for link in links] for links in layers.outputs]
    row = [0] * len(heights)
    for column in columns:
        for node, stacked in zip(column.nodes, column.stacked, strict=True):
            row[node] = stacked + column.room // 2
    everyone = [left + right for left, right in zip(inputs, outputs, strict=True)]
    sweeps = ((outputs, columns[::-1]), (inputs, columns), (everyone, columns[::-1]))
    best, least = list(row), _cost(layers, inputs, outputs, row, heights)
    for _ in range(ROUNDS):
        before = list(row)
        for neighbours, order in sweeps:
            for column in order:
                _settle(layers, column, neighbours, row)
            _straighten(layers, columns, row)
            yield
            cost = _cost(layers, inputs, outputs, row, heights)
            if cost < least:
                best, least = list(row), cost
        if row == before:
            break
    top = min(port - height // 2 for port, height in zip(best, heights, strict=True))
    return [port - top for port in best]


def _columns(layers: Layers, heights: Sequence[int]) -> list[_Column]:
    stacks: list[tuple[list[int], int]] = []
    for nodes in layers.ranks:
        ports: list[int] = []
        free = 0
        for index, node in enumerate(nodes):
            if index and not (layers.is_relay(node) and layers.is_relay(nodes[index - 1])):
                free += SPACING
            ports.append(free + heights[node] // 2)
            free += heights[node]
        stacks.append((ports, free))
    tallest = max(height for _, height in stacks)
    limit = tallest + LEEWAY[0] + tallest // LEEWAY[1]
    return [
        _Column(nodes, ports, limit - height)
        for nodes, (ports, height) in zip(layers.ranks, stacks, strict=True)
    ]


def _settle(layers: Layers, column: _Column, neighbours: list[list[int]], row: list[int]) -> None:
    """Move one rank as near as the spacing allows to where its nodes' neighbours are."""
    # A place less its stacked place must not decrease from node to node: blocks of nodes share one shift.
    blocks: list[tuple[int, list[int], int]] = []  # the shift, the sorted wishes behind it, how many nodes
    for node, stacked in zip(column.nodes, column.stacked, strict=True):
        wish, pull = row[node], LOOSE_PULL
        if neighbours[node]:
            wish = _middle(sorted(row[other] for other in neighbours[node]))
            pull = RELAY_PULL if layers.is_relay(node) else UNIT_PULL
        wishes = [wish - stacked] * pull
        shift, size = wishes[0], 1
        while blocks and blocks[-1][0] >= shift:
            _, earlier, members = blocks.pop()
            wishes = sorted(earlier + wishes)
            shift, size = _middle(wishes), size + members
        blocks.append((shift, wishes, size))
    shifts = (min(max(shift, 0), column.room) for shift, _, size in blocks for _ in range(size))
    for node, stacked, shift in zip(column.nodes, column.stacked, shifts, strict=True):
        row[node] = stacked + shift


def _straighten(layers: Layers, columns: Sequence[_Column], row: list[int]) -> None:
    """Put the relays of each wire on one row, or on as few rows as what stands around them allows."""
    index = {node: place for column in columns for place, node in enumerate(column.nodes)}

    def free_rows(relay: int) -> tuple[int, int]:
        column, place = columns[layers.rank[relay]], index[relay]
        top = column.stacked[place]
        bottom = top + column.room
        if place:
            upper = place - 1
            top = row[column.nodes[upper]] + column.stacked[place] - column.stacked[upper]
        if place + 1 < len(column.nodes):
            lower = place + 1
            bottom = row[column.nodes[lower]] - column.stacked[lower] + column.stacked[place]
        return top, bottom

    for relays in layers.relays:
        rest = relays
        while rest:
            top, bottom = free_rows(rest[0])
            length = 1
            for relay in rest[1:]:
                next_top, next_bottom = free_rows(relay)
                if max(top, next_top) > min(bottom, next_bottom):
                    break
                top, bottom = max(top, next_top), min(bottom, next_bottom)
                length += 1
            wish = _middle(sorted(row[relay] for relay in rest[:length]))
            for relay in rest[:length]:
                row[relay] = min(max(wish, top), bottom)
            rest = rest[length:]


def _middle(ascending: list[int]) -> int:
    """The median; of an even number, the whole number halfway between the middle two (or just above)."""
    half = len(ascending) // 2
    return (ascending[half] + ascending[-half - 1]) // 2


def _cost(
    layers: Layers, inputs: list[list[int]], outputs: list[list[int]], row: list[int], heights: Sequence[int]
) -> int:
    """How far a drawing is from a low and balanced one with straight wires."""
    top = min(port - height // 2 for port, height in zip(row, heights, strict=True))
    bottom = max(port - height // 2 + height for port, height in zip(row, heights, strict=True))
    total = HEIGHT_COST * (bottom - top)
    for neighbours, cost in ((inputs, OPERAND_COST), (outputs, CONSUMER_COST)):
        for node, others in enumerate(neighbours):
            if others:
                total += cost * abs(row[node] - _middle(sorted(row[other] for other in others)))
    for node, users in enumerate(outputs):
        for other in users:
            if row[node] != row[other]:
                alone = len(users) == len(inputs[other]) == 1
                relay = layers.is_relay(node) or layers.is_relay(other)
                total += BEND_COST * (RELAY_BENDS if relay else alone)
    return total
