"""Which track each trunk of a gap runs on: few crossings first, then few tracks."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from backprop_tui.layout.crossings import WIDEST, best_moves

FORBIDDEN = 100_000
"""What it costs to stand on the wrong side: more than any crossings can save."""


@dataclass(slots=True, eq=False)
class Trunk:
    """A vertical wire, and the sorted rows that come into it from the left and leave it to the right."""

    left: list[int]
    right: list[int]
    is_merge: bool
    track: int = 0
    top: int = field(init=False)
    """Its first row."""
    bottom: int = field(init=False)
    """Its last row."""

    def __post_init__(self) -> None:
        self.top = min(self.left[0], self.right[0])
        self.bottom = max(self.left[-1], self.right[-1])


def assign_tracks(trunks: Sequence[Trunk], right_of: Sequence[Sequence[int]]) -> int:
    """Set the track of every trunk and return how many there are.

    `right_of[i]` lists the trunks that must lie to the right of trunk i; it has no cycles.
    Forks go as far left as they can and merges as far right: near the units that they belong to.
    """
    gains: list[dict[int, int]] = [
        {} for _ in trunks
    ]  # for each overlapping trunk: what being left of it saves
    by_top = sorted(range(len(trunks)), key=lambda index: trunks[index].top)
    for place, first in enumerate(by_top):
        upper = trunks[first]
        for second in by_top[place + 1 :]:
            lower = trunks[second]
            if lower.top > upper.bottom:
                break
            gain = _saved(upper, lower)
            gains[first][second], gains[second][first] = gain, -gain
    order = _improved(_sequence(right_of, gains), right_of, gains)
    position = [0] * len(trunks)
    for place, index in enumerate(order):
        position[index] = place
    # Trunks that overlap keep their order on different tracks. So do constrained ones, which share a row.
    lefts: list[list[int]] = [[] for _ in trunks]
    rights: list[list[int]] = [[] for _ in trunks]
    for index in order:
        for other in gains[index]:
            if position[other] > position[index]:
                rights[index].append(other)
                lefts[other].append(index)
    for index in order:
        trunks[index].track = max((trunks[other].track + 1 for other in lefts[index]), default=0)
    count = max((trunk.track + 1 for trunk in trunks), default=0)
    for index in reversed(order):
        if trunks[index].is_merge:
            trunks[index].track = min((trunks[other].track for other in rights[index]), default=count) - 1
    return count


def _improved(
    order: list[int], right_of: Sequence[Sequence[int]], gains: Sequence[dict[int, int]]
) -> list[int]:
    """Move single trunks to where that saves crossings, if there are not too many of them."""
    if not 2 <= len(order) <= WIDEST:
        return order
    excess = np.zeros((len(order), len(order)), np.float32)
    for first, others in enumerate(gains):
        for second, gain in others.items():
            excess[first, second] = -gain
    for first, seconds in enumerate(right_of):
        for second in seconds:
            excess[first, second], excess[second, first] = -FORBIDDEN, FORBIDDEN
    chosen, saved = best_moves(excess[np.ix_(order, order)])
    return [order[place] for place in chosen.tolist()] if saved else order


def _saved(one: Trunk, other: Trunk) -> int:
    """How many crossings fewer there are of two trunks and their horizontal wires with `one` at the left.

    What comes into a trunk from the left crosses those at its left whose rows it lies within, and so on.
    """
    top, bottom, other_top, other_bottom = one.top, one.bottom, other.top, other.bottom
    return (
        bisect_right(one.left, other_bottom)
        - bisect_left(one.left, other_top)
        + bisect_right(other.right, bottom)
        - bisect_left(other.right, top)
        - bisect_right(other.left, bottom)
        + bisect_left(other.left, top)
        - bisect_right(one.right, other_bottom)
        + bisect_left(one.right, other_top)
    )


def _sequence(right_of: Sequence[Sequence[int]], gains: Sequence[dict[int, int]]) -> list[int]:
    """All trunks from left to right: of those that nothing holds back, the one that saves most goes first."""
    waiting = [0] * len(gains)
    for others in right_of:
        for other in others:
            waiting[other] += 1
    worth = [sum(gain.values()) for gain in gains]
    ready = [index for index, count in enumerate(waiting) if not count]
    order: list[int] = []
    while ready:
        chosen = max(ready, key=lambda index: (worth[index], -index))
        ready.remove(chosen)
        order.append(chosen)
        for other, gain in gains[chosen].items():
            worth[other] += gain  # `other` no longer has the chosen trunk to be left of
        for other in right_of[chosen]:
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return order
