"""Rank assignment: which column a box is in, for the least total length of edges.

Most boxes of a computation need no search. One that hangs on a single other box is right beside it; one
with a single operand and a single user is beside one of them, and what is left is a longer edge between
the two. Such boxes are taken out, one after another, while there are any; the network simplex ranks the rest,
and they return in the opposite order.

Minimising the weighted sum of `rank[head] - rank[tail]`, with every difference at least the length of the
edge, is a linear program whose basic solutions are spanning trees of tight edges. The network simplex walks
from tree to tree: it drops an edge whose *cut value* is negative and takes in the edge of least slack that
joins the two halves the other way (Gansner, Koutsofios, North and Vo, "A technique for drawing directed
graphs", 1993). The cut value of a tree edge counts the edges that run the same way across the cut, less those
that run against it: it is the sum of (weight out - weight in) over the half that holds its tail, so that one
sum for each subtree is all there is to keep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from backprop_tui.layout.stages import Stages, finish

__all__ = ["assign_ranks", "assign_ranks_in_stages"]

Edge = tuple[int, int]
TIE_BREAK = 6_000
"""Decides between ranks of the same total length; it is shared by the edges that leave a box."""
Ends = dict[int, tuple[int, int]]
"""The length and the weight of the edge to each neighbour on one side."""


class _Attached(NamedTuple):
    """A box that was taken out: it is `distance` ranks to the right of the `other` one."""

    box: int
    other: int
    distance: int


def assign_ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """The rank of each box of a connected, acyclic graph; the smallest is 0."""
    return finish(assign_ranks_in_stages(count, edges))


def assign_ranks_in_stages(count: int, edges: Sequence[Edge], *, by_wire: bool = False) -> Stages[list[int]]:
    """As `assign_ranks`, in stages; `by_wire` keeps wires short, which edges share, rather than edges."""
    ranks = _earliest_ranks(count, edges)
    yield
    before, after = _neighbours(count, edges, by_wire=by_wire)
    attached = _remove_attached(before, after)
    yield
    removed = {leaf.box for leaf in attached}
    left = [box for box in range(count) if box not in removed]
    number = {box: index for index, box in enumerate(left)}
    kept = [ranks[box] for box in left]
    rank_edges = [
        RankEdge(number[box], number[other], length, weight)
        for box in left
        for other, (length, weight) in after[box].items()
    ]
    yield from network_simplex(kept, rank_edges)
    for box, rank in zip(left, kept, strict=True):
        ranks[box] = rank
    for box, other, distance in reversed(attached):
        ranks[box] = ranks[other] + distance
    first = min(ranks, default=0)
    return [rank - first for rank in ranks]


def _earliest_ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """The feasible start: each box right after its last operand."""
    successors: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        successors[source].append(target)
        waiting[target] += 1
    ranks = [0] * count
    ready = [box for box in range(count) if not waiting[box]]
    for box in ready:  # grows while it is read: a topological order
        for target in successors[box]:
            ranks[target] = max(ranks[target], ranks[box] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    if len(ready) < count:
        raise ValueError("the graph has a cycle")
    return ranks


def _neighbours(count: int, edges: Sequence[Edge], *, by_wire: bool) -> tuple[list[Ends], list[Ends]]:
    """The neighbours on the left and on the right of each box; an edge that occurs twice weighs twice.

    Where the total length leaves a choice, edges that share the wire of their source with others may be long
    rather than those that need a wire of their own: they weigh slightly less. `by_wire`, nothing else counts.
    """
    before: list[Ends] = [{} for _ in range(count)]
    after: list[Ends] = [{} for _ in range(count)]
    fan_out = Counter(source for source, _ in edges)
    # Outweighs all tie breaks together.
    weight = 0 if by_wire else TIE_BREAK * (1 + len(edges)) * (1 + count)
    for source, target in edges:
        _join(before, after, source, target, 1, weight + max(1, TIE_BREAK // fan_out[source]))
    return before, after


def _join(before: list[Ends], after: list[Ends], source: int, target: int, length: int, weight: int) -> None:
    known_length, known_weight = after[source].get(target, (0, 0))
    end = max(length, known_length), weight + known_weight
    after[source][target] = before[target][source] = end


def _remove_attached(before: list[Ends], after: list[Ends]) -> list[_Attached]:
    """Take out boxes whose ranks follow from those of others, in this order, and join what is left."""
    attached: list[_Attached] = []
    alive = [True] * len(before)
    todo = list(range(len(before)))
    while todo:
        box = todo.pop()
        inputs, outputs = before[box], after[box]
        if not alive[box] or len(inputs) > 1 or len(outputs) > 1 or not (inputs or outputs):
            continue
        alive[box] = False
        beside_operand = [_Attached(box, other, length) for other, (length, _) in inputs.items()]
        beside_user = [_Attached(box, other, -length) for other, (length, _) in outputs.items()]
        for other in inputs:
            del after[other][box]
        for other in outputs:
            del before[other][box]
        if inputs and outputs:
            (source, (length, weight)), (target, (rest, other_weight)) = *inputs.items(), *outputs.items()
            attached += beside_operand if weight > other_weight else beside_user
            _join(before, after, source, target, length + rest, min(weight, other_weight))
        else:
            attached += beside_operand or beside_user
        todo.extend((*inputs, *outputs))
    return attached


PIVOTS_PER_UNIT = 30
"""A bound on the walk, against cycling among degenerate trees; real graphs need far fewer."""
PIVOTS_PER_STEP = 50
"""The pivots between two yields."""
ROUNDS = 4
"""How often all boxes are moved, each by itself, before the walk begins."""


class RankEdge(NamedTuple):
    """An edge whose head is at least `length` ranks after its tail."""

    tail: int
    head: int
    length: int
    weight: int


def network_simplex(ranks: list[int], edges: Sequence[RankEdge]) -> Stages[None]:
    """Make feasible ranks of a connected graph optimal, in place, in stages."""
    if len(ranks) > 1:
        simplex = _Simplex(ranks, edges)
        simplex.approach()
        yield
        simplex.grow_tree()
        yield
        yield from simplex.walk()


class _Simplex:
    """A spanning tree of tight edges, rooted at box 0, and the ranks that it fixes."""

    def __init__(self, ranks: list[int], edges: Sequence[RankEdge]) -> None:
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
        """The tree edge between a box and its parent."""
        self.children: list[dict[int, None]] = [{} for _ in range(count)]
        self.surplus = list(self.balance)
        """The sum of `balance` over a subtree."""
        self.size = [1] * count
        """The number of boxes in a subtree."""

    def approach(self) -> None:
        """Move each box toward its heavier side as far as its edges allow: a good start for the walk."""
        ranks, edges = self.ranks, self.edges
        by_rank = sorted(range(len(ranks)), key=ranks.__getitem__)
        for _ in range(ROUNDS):
            moved = False
            for box in reversed(by_rank):
                if self.balance[box] > 0:
                    goal = min(ranks[edges[i].head] - edges[i].length for i in self.outgoing[box])
                    moved = moved or goal != ranks[box]
                    ranks[box] = goal
            for box in by_rank:
                if self.balance[box] < 0:
                    goal = max(ranks[edges[i].tail] + edges[i].length for i in self.incoming[box])
                    moved = moved or goal != ranks[box]
                    ranks[box] = goal
            if not moved:
                break

    def grow_tree(self) -> None:
        """Grow the tree from box 0 by the edge of least slack, shifting the tree to make that edge tight.

        One heap holds the edges that leave the tree, by slack plus `shift`, which is how far to the right the
        tree has been moved; the other holds those that enter it, by slack less `shift`. So a shift moves
        none.
        """
        ranks, edges = self.ranks, self.edges
        joined_at = [0] * len(ranks)  # the tree's shift when the box joined
        inside = [False] * len(ranks)
        leaving: list[tuple[int, int]] = []
        entering: list[tuple[int, int]] = []
        order: list[int] = []
        shift = 0
        box, link = 0, -1
        while True:
            inside[box] = True
            order.append(box)
            joined_at[box] = shift
            self.link[box] = link
            if link >= 0:
                tail, head = edges[link][:2]
                self.parent[box] = parent = head if tail == box else tail
                self.children[parent][box] = None
            for index in self.outgoing[box]:
                _, head, length, _ = edges[index]
                if not inside[head]:
                    heappush(leaving, (ranks[head] - ranks[box] - length + shift, index))
            for index in self.incoming[box]:
                tail, _, length, _ = edges[index]
                if not inside[tail]:
                    heappush(entering, (ranks[box] - ranks[tail] - length - shift, index))
            while leaving and inside[edges[leaving[0][1]].head]:
                heappop(leaving)
            while entering and inside[edges[entering[0][1]].tail]:
                heappop(entering)
            if not leaving and not entering:
                break
            if not entering or (leaving and leaving[0][0] - shift <= entering[0][0] + shift):
                shift, link = heappop(leaving)
                box = edges[link].head
            else:
                slack, link = heappop(entering)
                shift = -slack
                box = edges[link].tail
        for box in order:
            ranks[box] += shift - joined_at[box]
        for box in reversed(order[1:]):
            self.surplus[self.parent[box]] += self.surplus[box]
            self.size[self.parent[box]] += self.size[box]

    def walk(self) -> Stages[None]:
        """Pivot until no cut value is negative: then the ranks are optimal."""
        count = len(self.ranks)
        box, idle, pivots = 0, 0, 0
        while idle < count and pivots < PIVOTS_PER_UNIT * count:
            link = self.link[box]
            if link >= 0 and (self.surplus[box] < 0) == (self.edges[link].tail == box) and self.surplus[box]:
                self._pivot(box)
                idle, pivots = 0, pivots + 1
                if pivots % PIVOTS_PER_STEP == 0:
                    yield
            box, idle = (box + 1) % count, idle + 1

    def _half(self, box: int) -> tuple[list[int], bool]:
        """The smaller of the two halves that the edge above `box` joins; whether it is the subtree."""
        within = 2 * self.size[box] <= len(self.ranks)
        members = [box if within else 0]
        for member in members:  # grows while it is read
            members.extend(child for child in self.children[member] if within or child != box)
        return members, within

    def _pivot(self, box: int) -> None:
        """Cut off the subtree of `box`, and reattach it by the tightest edge that crosses back."""
        ranks, edges = self.ranks, self.edges
        members, within = self._half(box)
        here = bytearray(len(ranks))
        for member in members:
            here[member] = 1
        # The edge that enters runs the other way than the one that leaves.
        leads_out = edges[self.link[box]].tail == box
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
        self._reattach(box, entering, here, within=within)

    def _reattach(self, box: int, entering: int, here: bytearray, *, within: bool) -> None:
        """Move the subtree of `box` under the other end of the entering edge."""
        tail, head = self.edges[entering][:2]
        inner, outer = (tail, head) if here[tail] == within else (head, tail)
        surplus, size = self.surplus[box], self.size[box]
        losing, gaining = self._up_to_common_ancestor(self.parent[box], outer)
        for above in losing:
            self.surplus[above] -= surplus
            self.size[above] -= size
        for above in gaining:
            self.surplus[above] += surplus
            self.size[above] += size
        del self.children[self.parent[box]][box]
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
            if node == box:
                break
            del self.children[next_node][node]
            node, parent, link = next_node, node, next_link

    def _up_to_common_ancestor(self, first: int, second: int) -> tuple[list[int], list[int]]:
        """Two boxes with their ancestors, each up to their lowest common ancestor, which is left out."""
        upward: tuple[list[int], list[int]] = ([], [])
        place: dict[int, tuple[int, int]] = {}
        """For each box met so far, its list and its index there."""
        ends = [first, second]
        while True:  # by turns, so that neither walk goes much further than the shorter one
            for side in (0, 1):
                box = ends[side]
                if box < 0:
                    continue
                if box in place:
                    met_by, length = place[box]
                    del upward[met_by][length:]
                    return upward
                place[box] = side, len(upward[side])
                upward[side].append(box)
                ends[side] = self.parent[box]
