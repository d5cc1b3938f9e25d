"""What stands in a picture: nodes, and folded groups as one, each of which shows one of its nodes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from msgspec import Struct

from backprop_engine.graph.graph import Graph, Kind, Node

__all__ = ["Plan", "plan_of"]


class Plan(Struct, frozen=True, eq=False):
    """The nodes that stand in the whole picture, leaves first, then in the order of computing."""

    standing: tuple[Node, ...]
    members: tuple[range, ...]
    """The positions of the nodes that each stands for."""
    cells: tuple[str, ...]
    """The cell that a folded group repeats, for those that stand for one; else empty."""
    place_of: Mapping[int, int]
    """For each node by position, which of those standing it is shown as."""
    leaves: int
    """How many of them are leaves."""

    @property
    def computed(self) -> int:
        """How many of them are computed."""
        return len(self.standing) - self.leaves


@lru_cache(maxsize=8)
def plan_of(graph: Graph, folded: tuple[str, ...]) -> Plan:
    """What stands where the groups in `folded` are folded: the outermost of them count."""
    group_of = _folded_groups(graph, folded)
    shown_by = _faces(graph, group_of)
    standing: list[Node] = []
    members: list[range] = []
    cells: list[str] = []
    place_of: dict[int, int] = {}
    for node in graph.nodes:
        if node.kind is Kind.LITERAL or node.position in place_of:
            continue
        index = group_of.get(node.position)
        group = None if index is None else graph.groups[index]
        own = range(node.position, node.position + 1 if group is None else group.stop)
        place_of.update(dict.fromkeys(own, len(standing)))
        standing.append(node if index is None else graph.nodes[shown_by[index]])
        members.append(own)
        cells.append("" if group is None else group.cell)
    leaves = sum(node.op is None for node in standing)
    return Plan(tuple(standing), tuple(members), tuple(cells), place_of, leaves)


def _folded_groups(graph: Graph, folded: Collection[str]) -> dict[int, int]:
    """For each node in a folded group, the outermost such group, by index."""
    found: dict[int, int] = {}
    names = frozenset(folded)
    for index, group in enumerate(graph.groups):
        if group.name in names:
            for position in range(group.start, group.stop):
                found.setdefault(position, index)
    return found


def _faces(graph: Graph, group_of: Mapping[int, int]) -> dict[int, int]:
    """For each folded group, the node that it shows: the last that is used outside, else its last."""
    if not group_of:
        return {}
    last: dict[int, int] = {}
    for position, index in group_of.items():
        last[index] = max(position, last.get(index, position))
    used: dict[int, int] = {}
    for node in graph.nodes:
        own = group_of.get(node.position)
        for operand in node.operands:
            if operand in group_of and group_of[operand] != own:
                used[group_of[operand]] = max(operand, used.get(group_of[operand], operand))
    return {**last, **used}
