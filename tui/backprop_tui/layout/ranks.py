"""Which column a unit stands in: ranks of least total wire length.

Most units of a computation need no search. One that hangs on a single other unit stands right beside it; one
with a single operand and a single user stands beside one of them, and what is left is a longer edge between
the two. Such units are taken out, one after another, while there are any; the network simplex ranks the rest,
and they return in the opposite order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from backprop_tui.layout.simplex import Stretch, shorten
from backprop_tui.layout.stages import Stages, finish

__all__ = ["assign_ranks", "rank_units"]

Edge = tuple[int, int]
TRIFLE = 6_000
"""What decides between ranks of the same total length; shared by the edges of a unit."""
Ends = dict[int, tuple[int, int]]
"""The length and the weight of the edge to each neighbour on one side."""


class _Hung(NamedTuple):
    """A unit that was taken out: it stands `distance` ranks to the right of another one."""

    unit: int
    other: int
    distance: int


def assign_ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """The rank of each unit of a connected, acyclic graph; the smallest is 0."""
    return finish(rank_units(count, edges))


def rank_units(count: int, edges: Sequence[Edge], *, by_wire: bool = False) -> Stages[list[int]]:
    """As `assign_ranks`, in stages; `by_wire` keeps wires short, which edges share, rather than edges."""
    ranks = _earliest_ranks(count, edges)
    yield
    before, behind = _neighbours(count, edges, by_wire=by_wire)
    hung = _take_out(before, behind)
    yield
    gone = {one.unit for one in hung}
    left = [unit for unit in range(count) if unit not in gone]
    number = {unit: index for index, unit in enumerate(left)}
    kept = [ranks[unit] for unit in left]
    stretches = [
        Stretch(number[unit], number[other], length, weight)
        for unit in left
        for other, (length, weight) in behind[unit].items()
    ]
    yield from shorten(kept, stretches)
    for unit, rank in zip(left, kept, strict=True):
        ranks[unit] = rank
    for unit, other, distance in reversed(hung):
        ranks[unit] = ranks[other] + distance
    first = min(ranks, default=0)
    return [rank - first for rank in ranks]


def _earliest_ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """The feasible start: each unit right after its last operand."""
    successors: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        successors[source].append(target)
        waiting[target] += 1
    ranks = [0] * count
    ready = [unit for unit in range(count) if not waiting[unit]]
    for unit in ready:  # grows while it is read: a topological order
        for target in successors[unit]:
            ranks[target] = max(ranks[target], ranks[unit] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    if len(ready) < count:
        raise ValueError("the graph has a cycle")
    return ranks


def _neighbours(count: int, edges: Sequence[Edge], *, by_wire: bool) -> tuple[list[Ends], list[Ends]]:
    """The neighbours on the left and on the right of each unit; an edge that occurs twice weighs twice.

    Where the sum of lengths leaves a choice, edges that share their source's wire with others should rather
    be long than those that need a wire of their own: they weigh a trifle less. By wire, that is all they
    weigh.
    """
    before: list[Ends] = [{} for _ in range(count)]
    behind: list[Ends] = [{} for _ in range(count)]
    fan_out = Counter(source for source, _ in edges)
    # Outweighs all trifles together.
    weight = 0 if by_wire else TRIFLE * (1 + len(edges)) * (1 + count)
    for source, target in edges:
        _join(before, behind, source, target, 1, weight + max(1, TRIFLE // fan_out[source]))
    return before, behind


def _join(before: list[Ends], behind: list[Ends], source: int, target: int, length: int, weight: int) -> None:
    known_length, known_weight = behind[source].get(target, (0, 0))
    end = max(length, known_length), weight + known_weight
    behind[source][target] = before[target][source] = end


def _take_out(before: list[Ends], behind: list[Ends]) -> list[_Hung]:
    """Take out units whose place follows from others', in this order; what is left is joined anew."""
    hung: list[_Hung] = []
    alive = [True] * len(before)
    todo = list(range(len(before)))
    while todo:
        unit = todo.pop()
        inputs, outputs = before[unit], behind[unit]
        if not alive[unit] or len(inputs) > 1 or len(outputs) > 1 or not (inputs or outputs):
            continue
        alive[unit] = False
        near_operand = [_Hung(unit, other, length) for other, (length, _) in inputs.items()]
        near_user = [_Hung(unit, other, -length) for other, (length, _) in outputs.items()]
        for other in inputs:
            del behind[other][unit]
        for other in outputs:
            del before[other][unit]
        if inputs and outputs:
            (source, (length, weight)), (target, (rest, other_weight)) = *inputs.items(), *outputs.items()
            hung += near_operand if weight > other_weight else near_user
            _join(before, behind, source, target, length + rest, min(weight, other_weight))
        else:
            hung += near_operand or near_user
        todo.extend((*inputs, *outputs))
    return hung
