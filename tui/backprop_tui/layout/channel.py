"""The wires of one gap between two ranks: vertical *trunks*, and the rows on which links travel between them.

A *fork* carries what leaves one node on the left to several rows; a *merge* collects several rows into one
port of a node on the right. The two are never the same trunk when a wire forks and then merges with another,
since a reader could follow a shared one from a source to a target that it does not reach.

Left of all trunks a row belongs to the node on the left that sends its value there, and right of them to the
port on the right. So a link travels on its target's row, on its source's row (each can serve one link that
bends), or on a free row, where it takes two bends.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Flag

from msgspec import Struct

from backprop_tui.layout.tracks import Trunk, assign_tracks

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
    plan = _Plan(links)
    while knot := plan.knot():
        plan.bend_twice(plan.shortest_link(knot))
        plan.build()
    tracks = assign_tracks(plan.trunks, plan.right_of)
    return Channel(tracks, {link: plan.bends(link) for link in links})


class _Plan:
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

    def knot(self) -> list[int]:
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

    def shortest_link(self, knot: Sequence[int]) -> Link:
        """The shortest link that bends once, at a trunk of a knot (without one there would be no cycle)."""
        tied = dict.fromkeys(knot)
        candidates = [
            (source, target)
            for (source, target), turns in self.turns.items()
            if (turns is Turns.FORK and self.fork[source] in tied)
            or (turns is Turns.MERGE and self.merge[target] in tied)
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
    """The turns of each link, before constraints are looked at: as few as the rows' owners can serve."""
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
