"""Channel routing: the wires in the gap between two ranks, as vertical *trunks* on tracks.

A *fork* carries what leaves one node on the left to several rows; a *merge* collects several rows into one
port of a node on the right. The two are never the same trunk when a wire forks and then merges with another,
since a reader could follow a shared one from a source to a target that it does not reach.

Left of all trunks a row belongs to the node on the left that sends its value there, and right of them to the
port on the right. So a link travels on the row of its target, on the row of its source (each can serve one
link that bends), or on a free row, where it takes two bends. Trunks that overlap need different tracks: few
crossings come first, then few tracks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Flag

import numpy as np
from msgspec import Struct

from backprop_tui.layout.crossings import WIDEST, best_moves

__all__ = []

Link = tuple[int, int]
"""The row on which it leaves a node on the left, and the row on which it enters one on the right."""
Bend = tuple[int, int]
"""At this track, go to this row."""


class Channel(Struct, frozen=True):
    """The routed gap: how many tracks it needs, and the bends of each link from left to right."""

    tracks: int
    bends: Mapping[Link, tuple[Bend, ...]]


class Turns(Flag):
    """The trunks that a link uses, which tell on whose row it travels."""

    NONE = 0  # straight: source and target are on the same row
    FORK = 1  # on its target's row
    MERGE = 2  # on its source's row
    BOTH = 3  # on a row of its own


def route_channel(links: Sequence[Link]) -> Channel:
    """Route the links of a gap."""
    plan = _ChannelPlan(links)
    while cyclic_trunks := plan.cyclic_trunks():
        plan.bend_twice(plan.shortest_link(cyclic_trunks))
        plan.build()
    tracks = assign_tracks(plan.trunks, plan.right_of)
    return Channel(tracks, {link: plan.bends(link) for link in links})


class _ChannelPlan:
    """A choice of turns for every link, and the trunks and left-of constraints that follow from it."""

    def __init__(self, links: Sequence[Link]) -> None:
        self.turns = _choose(links)
        self.lane: dict[Link, int] = {}
        """The row on which each link travels from one trunk to the next."""
        self.taken = dict.fromkeys(row for link in links for row in link)
        for link, turns in self.turns.items():
            if turns is Turns.BOTH:
                self.bend_twice(link)
            else:
                self.lane[link] = link[0] if turns is Turns.MERGE else link[1]
        self.build()

    def bend_twice(self, link: Link) -> None:
        """Give a link the free row nearest to its target, preferably on its source's side."""
        source, target = link
        toward = 1 if source > target else -1
        distance, lane = 1, -1
        while lane < 0 or lane in self.taken:
            lane = target + toward * distance
            if lane < 0 or lane in self.taken:
                lane = target - toward * distance
            distance += 1
        self.taken[lane] = None
        self.lane[link] = lane
        self.turns[link] = Turns.BOTH

    def build(self) -> None:
        """Derive forks, merges and constraints from the choices."""
        leaving: dict[int, list[int]] = {}
        arriving: dict[int, list[int]] = {}
        for link, turns in self.turns.items():
            source, target = link
            if Turns.FORK in turns:
                leaving.setdefault(source, []).append(self.lane[link])
            if Turns.MERGE in turns:
                arriving.setdefault(target, []).append(self.lane[link])
        forks = [Trunk([source], sorted(lanes), False) for source, lanes in leaving.items()]
        merges = [Trunk(sorted(lanes), [target], True) for target, lanes in arriving.items()]
        self.trunks = forks + merges
        self.fork = {source: index for index, source in enumerate(leaving)}
        self.merge = {target: index for index, target in enumerate(arriving, len(forks))}
        self.right_of = self._constraints()

    def _constraints(self) -> list[list[int]]:
        """For each trunk, those that must lie to its right."""
        # The trunks at which the left part and the right part of each row end or branch.
        left: dict[int, dict[int, None]] = {}
        right: dict[int, dict[int, None]] = {}
        after: list[dict[int, None]] = [{} for _ in self.trunks]
        for (source, target), turns in self.turns.items():
            fork, merge = self.fork.get(source), self.merge.get(target)
            if fork is not None:
                left.setdefault(source, {})[fork] = None
                if turns is Turns.FORK:
                    right.setdefault(target, {})[fork] = None
            if merge is not None:
                right.setdefault(target, {})[merge] = None
                if turns is Turns.MERGE:
                    left.setdefault(source, {})[merge] = None
            if fork is not None and merge is not None:
                after[fork][merge] = None
        for row, firsts in left.items():
            for first in firsts:
                after[first].update(right.get(row, {}))
        return [[second for second in seconds if second != first] for first, seconds in enumerate(after)]

    def cyclic_trunks(self) -> list[int]:
        """The trunks on cycles of the constraints, or between two cycles; none if they can be satisfied."""
        before: list[list[int]] = [[] for _ in self.trunks]
        for first, seconds in enumerate(self.right_of):
            for second in seconds:
                before[second].append(first)
        alive = [True] * len(self.trunks)
        for incoming, outgoing in ((before, self.right_of), (self.right_of, before)):
            degree = [sum(alive[other] for other in others) for others in incoming]
            loose = [trunk for trunk, count in enumerate(degree) if alive[trunk] and not count]
            for trunk in loose:  # grows while it is read
                alive[trunk] = False
                for other in outgoing[trunk]:
                    degree[other] -= 1
                    if alive[other] and not degree[other]:
                        loose.append(other)
        return [trunk for trunk, is_alive in enumerate(alive) if is_alive]

    def shortest_link(self, cyclic_trunks: Sequence[int]) -> Link:
        """The shortest link that bends once, at a trunk on a cycle; every cycle has one."""
        on_cycle = dict.fromkeys(cyclic_trunks)
        candidates = [
            (source, target)
            for (source, target), turns in self.turns.items()
            if (turns is Turns.FORK and self.fork[source] in on_cycle)
            or (turns is Turns.MERGE and self.merge[target] in on_cycle)
        ]
        return min(candidates, key=lambda link: abs(link[0] - link[1]))

    def bends(self, link: Link) -> tuple[Bend, ...]:
        """The bends of a link, once the trunks have their tracks."""
        source, target = link
        bends: list[Bend] = []
        if Turns.FORK in self.turns[link]:
            bends.append((self.trunks[self.fork[source]].track, self.lane[link]))
        if Turns.MERGE in self.turns[link]:
            bends.append((self.trunks[self.merge[target]].track, target))
        return tuple(bends)


def _choose(links: Sequence[Link]) -> dict[Link, Turns]:
    """The turns of each link before constraints are considered: as few as the owners of rows can serve."""
    fan_out = Counter(source for source, _ in links)
    fan_in = Counter(target for _, target in links)
    turns = {link: Turns.NONE if link[0] == link[1] else Turns.BOTH for link in links}
    busy_sources = {source: None for (source, _), chosen in turns.items() if chosen is Turns.NONE}
    busy_targets = {target: None for (_, target), chosen in turns.items() if chosen is Turns.NONE}

    def difficulty(link: Link) -> tuple[bool, int]:
        source, target = link
        return fan_in[target] > 1 and fan_out[source] > 1, abs(source - target)

    for link in sorted((link for link, chosen in turns.items() if chosen is Turns.BOTH), key=difficulty):
        source, target = link
        only_merges = fan_out[source] == 1 and fan_in[target] > 1
        if target not in busy_targets and not only_merges:
            turns[link] = Turns.FORK
            busy_targets[target] = None
        elif source not in busy_sources:
            turns[link] = Turns.MERGE
            busy_sources[source] = None
    return turns


FORBIDDEN = 100_000
"""The cost of standing on the wrong side: more than any crossings can save."""


@dataclass(slots=True, eq=False)
class Trunk:
    """A vertical wire, with the sorted rows that enter it from the left and leave it to the right."""

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
    Forks go as far left as they can and merges as far right: near the boxes that they belong to.
    """
    gains: list[dict[int, int]] = [{} for _ in trunks]
    """For each trunk that overlaps, what it saves to be at its left."""
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
    """Move single trunks where that saves crossings, if there are not too many of them."""
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


def _saved(trunk: Trunk, other: Trunk) -> int:
    """How many crossings of two trunks and their horizontal wires are saved with `trunk` at the left.

    A wire that enters a trunk from the left crosses the trunks at its left whose rows include its own.
    """
    top, bottom, other_top, other_bottom = trunk.top, trunk.bottom, other.top, other.bottom
    return (
        bisect_right(trunk.left, other_bottom)
        - bisect_left(trunk.left, other_top)
        + bisect_right(other.right, bottom)
        - bisect_left(other.right, top)
        - bisect_right(other.left, bottom)
        + bisect_left(other.left, top)
        - bisect_right(trunk.right, other_bottom)
        + bisect_left(trunk.right, other_top)
    )


def _sequence(right_of: Sequence[Sequence[int]], gains: Sequence[dict[int, int]]) -> list[int]:
    """All trunks from left to right: of those that may come next, the one that saves most does."""
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
