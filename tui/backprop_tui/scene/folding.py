"""What is in a picture: nodes, and folded groups as one, each of which shows one of its nodes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph, Kind, Node

__all__ = ["FoldedGraph", "folded_graph"]


class FoldedGraph(Struct, frozen=True, eq=False):
    """What a picture of all of the graph shows: leaves first, then the rest in the order of computation."""

    nodes: tuple[Node, ...]
    """A folded group shows one of its nodes."""
    members: tuple[range, ...]
    """The positions of the nodes that each of them stands for."""
    cells: tuple[str, ...]
    """For each that stands for a folded group, the cell that the group repeats; else empty."""
    index_of: Mapping[int, int]
    """For each node of the graph, by position, the index of the node that it is shown as."""
    leaf_count: int

    @property
    def computed_count(self) -> int:
        """How many of the nodes are computed."""
        return len(self.nodes) - self.leaf_count


@derived(limit=8)
def folded_graph(graph: Graph, folded: tuple[str, ...]) -> FoldedGraph:
    """What is shown where the groups named in `folded` are folded; of nested ones the outermost counts."""
    group_of = _folded_groups(graph, folded)
    shown_by = _nodes_shown(graph, group_of)
    nodes: list[Node] = []
    members: list[range] = []
    cells: list[str] = []
    index_of: dict[int, int] = {}
    for node in graph.nodes:
        if node.kind is Kind.LITERAL or node.position in index_of:
            continue
        index = group_of.get(node.position)
        group = None if index is None else graph.groups[index]
        own = range(node.position, node.position + 1 if group is None else group.stop)
        index_of.update(dict.fromkeys(own, len(nodes)))
        nodes.append(node if index is None else graph.nodes[shown_by[index]])
        members.append(own)
        cells.append("" if group is None else group.cell)
    leaf_count = sum(node.op is None for node in nodes)
    return FoldedGraph(tuple(nodes), tuple(members), tuple(cells), index_of, leaf_count)


def _folded_groups(graph: Graph, folded: Collection[str]) -> dict[int, int]:
    """For each node in a folded group, the outermost such group, by index."""
    found: dict[int, int] = {}
    names = frozenset(folded)
    for index, group in enumerate(graph.groups):
        if group.name in names:
            for position in range(group.start, group.stop):
                found.setdefault(position, index)
    return found


def _nodes_shown(graph: Graph, group_of: Mapping[int, int]) -> dict[int, int]:
    """For each folded group, the node that it shows: the last that is used outside it, else its last."""
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
