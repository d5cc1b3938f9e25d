"""Which column a unit stands in: ranks of least total wire length, by network simplex.

Minimising the sum of `rank[target] - rank[source]`, with every difference at least 1, is a linear programme
whose basic solutions are spanning trees of tight edges. The algorithm walks from tree to tree: it drops an
edge whose *cut value* is negative and takes in the edge of least slack that joins the two halves the other
way (Gansner, Koutsofios, North and Vo, "A technique for drawing directed graphs", 1993).

The cut value of a tree edge counts the edges that run the same way across the cut, less those that run
against it. So it is the sum of (out-degree - in-degree) over the half that holds its tail, and one sum per
subtree is all there is to keep.
"""

from collections.abc import Sequence

Edge = tuple[int, int]

PIVOTS_PER_UNIT = 30
"""A bound on the walk, against cycling among degenerate trees; real graphs need far fewer."""


def assign_ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """The rank of each unit of a connected, acyclic graph; the smallest is 0."""
    ranks = _earliest_ranks(count, edges)
    if count > 1:
        _Simplex(ranks, edges).run()
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


class _Simplex:
    """A spanning tree of tight edges, rooted at unit 0, and the ranks that it fixes."""

    def __init__(self, ranks: list[int], edges: Sequence[Edge]) -> None:
        count = len(ranks)
        self.ranks = ranks
        self.edges = edges
        self.incident: list[list[int]] = [[] for _ in range(count)]
        self.balance = [0] * count
        for index, (source, target) in enumerate(edges):
            self.incident[source].append(index)
            self.incident[target].append(index)
            self.balance[source] += 1
            self.balance[target] -= 1
        self.tree: list[list[int]] = [[] for _ in range(count)]
        self.parent_edge = [-1] * count
        # Numbers of a postorder walk: the subtree of a unit is postorder[first[unit] : last[unit] + 1].
        self.postorder = [0] * count
        self.first = [0] * count
        self.last = [0] * count
        self.surplus = [0] * count  # the sum of `balance` over a subtree

    def run(self) -> None:
        """Pivot until no cut value is negative: then the ranks are optimal."""
        self._grow_tight_tree()
        self._index(0)
        unit, idle, count = 0, 0, len(self.ranks)
        budget = PIVOTS_PER_UNIT * count
        while idle < count and budget:
            if self._cut_value(unit) < 0:
                self._pivot(unit)
                idle, budget = 0, budget - 1
            unit, idle = (unit + 1) % count, idle + 1

    def _slack(self, edge: int) -> int:
        source, target = self.edges[edge]
        return self.ranks[target] - self.ranks[source] - 1

    def _other_end(self, edge: int, unit: int) -> int:
        source, target = self.edges[edge]
        return target if unit == source else source

    def _grow_tight_tree(self) -> None:
        """Spread from unit 0 over tight edges; when stuck, shift what is reached until one more is tight."""
        reached = [0]
        inside = [False] * len(self.ranks)
        inside[0] = True
        explored = 0
        while len(reached) < len(self.ranks):
            while explored < len(reached):
                unit = reached[explored]
                explored += 1
                for edge in self.incident[unit]:
                    other = self._other_end(edge, unit)
                    if not inside[other] and self._slack(edge) == 0:
                        inside[other] = True
                        reached.append(other)
                        self.tree[unit].append(edge)
                        self.tree[other].append(edge)
            border = [i for i, (source, target) in enumerate(self.edges) if inside[source] != inside[target]]
            if border:
                nearest = min(border, key=self._slack)
                slack = self._slack(nearest)
                shift = slack if inside[self.edges[nearest][0]] else -slack
                for unit in reached:
                    self.ranks[unit] += shift
                explored = 0

    def _index(self, root: int) -> None:
        """Number the subtree of `root` anew, and sum its surpluses; what is outside keeps its numbers."""
        number = self.first[root]
        stack = [(root, iter(self.tree[root]))]
        self.surplus[root] = self.balance[root]
        while stack:
            unit, branches = stack[-1]
            for edge in branches:
                if edge != self.parent_edge[unit]:
                    child = self._other_end(edge, unit)
                    self.parent_edge[child] = edge
                    self.first[child] = number
                    self.surplus[child] = self.balance[child]
                    stack.append((child, iter(self.tree[child])))
                    break
            else:
                stack.pop()
                self.last[unit] = number
                self.postorder[number] = unit
                number += 1
                if stack:
                    self.surplus[stack[-1][0]] += self.surplus[unit]

    def _leads_to_parent(self, unit: int) -> bool:
        return self.edges[self.parent_edge[unit]][0] == unit

    def _cut_value(self, unit: int) -> int:
        """The cut value of the edge between a unit and its parent (0 for the root, which has none)."""
        return self.surplus[unit] if self._leads_to_parent(unit) else -self.surplus[unit]

    def _within(self, unit: int, root: int) -> bool:
        return self.first[root] <= self.last[unit] <= self.last[root]

    def _pivot(self, unit: int) -> None:
        """Cut the subtree of `unit` off and tie it in by the tightest edge that crosses the cut backwards."""
        leaving = self.parent_edge[unit]
        inbound = self._leads_to_parent(unit)  # the edge that enters runs the other way: into the subtree
        subtree = self.postorder[self.first[unit] : self.last[unit] + 1]
        entering, least = -1, -1
        for member in subtree:
            for edge in self.incident[member]:
                near, far = self.edges[edge][::-1] if inbound else self.edges[edge]
                if near == member and not self._within(far, unit):
                    slack = self._slack(edge)
                    if entering < 0 or slack < least:
                        entering, least = edge, slack
        shift = -least if inbound else least
        for member in subtree:
            self.ranks[member] += shift
        meeting, other = self.edges[entering]
        while not self._within(other, meeting):
            meeting = self._other_end(self.parent_edge[meeting], meeting)
        for end in self.edges[leaving]:
            self.tree[end].remove(leaving)
        for end in self.edges[entering]:
            self.tree[end].append(entering)
        self._index(meeting)
