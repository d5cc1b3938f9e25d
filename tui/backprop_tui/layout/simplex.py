"""Ranks of least total length, by the network simplex.

Minimising the weighted sum of `rank[head] - rank[tail]`, with every difference at least the edge's length, is
a linear programme whose basic solutions are spanning trees of tight edges. The algorithm walks from tree to
tree: it drops an edge whose *cut value* is negative and takes in the edge of least slack that joins the two
halves the other way (Gansner, Koutsofios, North and Vo, "A technique for drawing directed graphs", 1993).

The cut value of a tree edge counts the edges that run the same way across the cut, less those that run
against it. So it is the sum of (weight out - weight in) over the half that holds its tail, and one sum per
subtree is all there is to keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from backprop_tui.layout.stages import Stages

__all__ = ["Stretch", "shorten"]

PIVOTS_PER_UNIT = 30
"""A bound on the walk, against cycling among degenerate trees; real graphs need far fewer."""
PIVOTS_PER_STEP = 50
"""How many are made before others get a turn."""
ROUNDS = 4
"""How often all units are moved, each for itself, before the walk begins."""


class Stretch(NamedTuple):
    """An edge: its head stands at least `length` ranks behind its tail."""

    tail: int
    head: int
    length: int
    weight: int


def shorten(ranks: list[int], edges: Sequence[Stretch]) -> Stages[None]:
    """Make feasible ranks of a connected graph optimal, in place; yields now and then."""
    if len(ranks) > 1:
        simplex = _Simplex(ranks, edges)
        simplex.approach()
        yield
        simplex.grow_tree()
        yield
        yield from simplex.walk()


class _Simplex:
    """A spanning tree of tight edges, rooted at unit 0, and the ranks that it fixes."""

    def __init__(self, ranks: list[int], edges: Sequence[Stretch]) -> None:
        count = len(ranks)
        self.ranks = ranks
        self.edges = edges
        self.outgoing: list[list[int]] = [[] for _ in range(count)]
        self.incoming: list[list[int]] = [[] for _ in range(count)]
        self.balance = [0] * count
        for index, edge in enumerate(edges):
            self.outgoing[edge.tail].append(index)
            self.incoming[edge.head].append(index)
            self.balance[edge.tail] += edge.weight
            self.balance[edge.head] -= edge.weight
        self.parent = [-1] * count
        self.link = [-1] * count
        """The tree edge between a unit and its parent."""
        self.children: list[dict[int, None]] = [{} for _ in range(count)]
        self.surplus = list(self.balance)
        """The sum of `balance` over a subtree."""
        self.size = [1] * count
        """How many units a subtree has."""

    def approach(self) -> None:
        """Move each unit toward its heavier side as far as its edges allow: a good start for the walk."""
        ranks, edges = self.ranks, self.edges
        by_rank = sorted(range(len(ranks)), key=ranks.__getitem__)
        for _ in range(ROUNDS):
            moved = False
            for unit in reversed(by_rank):
                if self.balance[unit] > 0:
                    goal = min(ranks[edges[i].head] - edges[i].length for i in self.outgoing[unit])
                    moved = moved or goal != ranks[unit]
                    ranks[unit] = goal
            for unit in by_rank:
                if self.balance[unit] < 0:
                    goal = max(ranks[edges[i].tail] + edges[i].length for i in self.incoming[unit])
                    moved = moved or goal != ranks[unit]
                    ranks[unit] = goal
            if not moved:
                break

    def grow_tree(self) -> None:
        """Take in, from unit 0 on, whatever is tied by the least slack, shifting all so far to make it tight.

        One heap holds the edges that leave the tree, by slack plus `shift`, which is how far to the right the
        tree has been moved; the other holds those that enter it, by slack less `shift`. So a shift moves
        none.
        """
        ranks, edges = self.ranks, self.edges
        joined_at = [0] * len(ranks)  # the tree's shift when the unit joined
        inside = [False] * len(ranks)
        leaving: list[tuple[int, int]] = []
        entering: list[tuple[int, int]] = []
        order: list[int] = []
        shift = 0
        unit, link = 0, -1
        while True:
            inside[unit] = True
            order.append(unit)
            joined_at[unit] = shift
            self.link[unit] = link
            if link >= 0:
                tail, head = edges[link][:2]
                self.parent[unit] = parent = head if tail == unit else tail
                self.children[parent][unit] = None
            for index in self.outgoing[unit]:
                _, head, length, _ = edges[index]
                if not inside[head]:
                    heappush(leaving, (ranks[head] - ranks[unit] - length + shift, index))
            for index in self.incoming[unit]:
                tail, _, length, _ = edges[index]
                if not inside[tail]:
                    heappush(entering, (ranks[unit] - ranks[tail] - length - shift, index))
            while leaving and inside[edges[leaving[0][1]].head]:
                heappop(leaving)
            while entering and inside[edges[entering[0][1]].tail]:
                heappop(entering)
            if not leaving and not entering:
                break
            if not entering or (leaving and leaving[0][0] - shift <= entering[0][0] + shift):
                shift, link = heappop(leaving)
                unit = edges[link].head
            else:
                slack, link = heappop(entering)
                shift = -slack
                unit = edges[link].tail
        for unit in order:
            ranks[unit] += shift - joined_at[unit]
        for unit in reversed(order[1:]):
            self.surplus[self.parent[unit]] += self.surplus[unit]
            self.size[self.parent[unit]] += self.size[unit]

    def walk(self) -> Stages[None]:
        """Pivot until no cut value is negative: then the ranks are optimal."""
        count = len(self.ranks)
        unit, idle, pivots = 0, 0, 0
        while idle < count and pivots < PIVOTS_PER_UNIT * count:
            link = self.link[unit]
            if (
                link >= 0
                and (self.surplus[unit] < 0) == (self.edges[link].tail == unit)
                and self.surplus[unit]
            ):
                self._pivot(unit)
                idle, pivots = 0, pivots + 1
                if pivots % PIVOTS_PER_STEP == 0:
                    yield
            unit, idle = (unit + 1) % count, idle + 1

    def _half(self, unit: int) -> tuple[list[int], bool]:
        """The smaller of the two halves that the edge above `unit` joins; whether it is the subtree."""
        within = 2 * self.size[unit] <= len(self.ranks)
        members = [unit if within else 0]
        for member in members:  # grows while it is read
            members.extend(child for child in self.children[member] if within or child != unit)
        return members, within

    def _pivot(self, unit: int) -> None:
        """Cut the subtree of `unit` off and tie it in by the tightest edge that crosses the cut backwards."""
        ranks, edges = self.ranks, self.edges
        members, within = self._half(unit)
        here = bytearray(len(ranks))
        for member in members:
            here[member] = 1
        # The edge that enters runs the other way than the one that leaves.
        leads_out = edges[self.link[unit]].tail == unit
        outward = leads_out != within
        entering, least = -1, -1
        for member in members:
            for index in self.outgoing[member] if outward else self.incoming[member]:
                tail, head, length, _ = edges[index]
                if not here[head if outward else tail]:
                    slack = ranks[head] - ranks[tail] - length
                    if entering < 0 or slack < least:
                        entering, least = index, slack
                        if not slack:
                            break
        shift = least if outward else -least
        if shift:
            for member in members:
                ranks[member] += shift
        self._hang(unit, entering, here, within=within)

    def _hang(self, unit: int, entering: int, here: bytearray, *, within: bool) -> None:
        """Move the subtree of `unit` under the other end of the entering edge."""
        tail, head = self.edges[entering][:2]
        inner, outer = (tail, head) if here[tail] == within else (head, tail)
        surplus, size = self.surplus[unit], self.size[unit]
        losing, gaining = self._apart(self.parent[unit], outer)
        for above in losing:
            self.surplus[above] -= surplus
            self.size[above] -= size
        for above in gaining:
            self.surplus[above] += surplus
            self.size[above] += size
        del self.children[self.parent[unit]][unit]
        # From the new top of the subtree to the old one, parents become children.
        node, parent, link = inner, outer, entering
        below_surplus = below_size = 0
        while True:
            next_node, next_link = self.parent[node], self.link[node]
            old_surplus, old_size = self.surplus[node], self.size[node]
            self.parent[node], self.link[node] = parent, link
            self.children[parent][node] = None
            self.surplus[node] = surplus - below_surplus
            self.size[node] = size - below_size
            below_surplus, below_size = old_surplus, old_size
            if node == unit:
                break
            del self.children[next_node][node]
            node, parent, link = next_node, node, next_link

    def _apart(self, one: int, other: int) -> tuple[list[int], list[int]]:
        """Two units and the units above them, each up to the first that is above both, which is left out."""
        upward: tuple[list[int], list[int]] = ([], [])
        place: dict[int, tuple[int, int]] = {}
        """Where each unit that was met stands: in which list, and how far up."""
        ends = [one, other]
        while True:  # by turns, so that no way is much longer than the shorter one
            for side in (0, 1):
                unit = ends[side]
                if unit < 0:
                    continue
                if unit in place:
                    met_by, length = place[unit]
                    del upward[met_by][length:]
                    return upward
                place[unit] = side, len(upward[side])
                upward[side].append(unit)
                ends[side] = self.parent[unit]
