"""The structure of a graph as rows: leaves by their kind, then what is computed, by scans and groups.

A row is a few numbers; its words are made when somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from backprop_engine.graph.graph import Graph, Group, Kind

__all__ = ["Row", "Tree", "tree_of"]

_SECTIONS: Final = (Kind.INPUT, Kind.PARAM, Kind.CONSTANT)


class Row(NamedTuple):
    """A heading over leaves of a kind, a scan, a group, or a node; `folded` hides what is inside.

    `at` is a position among the nodes, for a group its index, for a scan that of its first instance, for a
    heading the number of its kind. `size` is how many a heading or a scan stands for.
    """

    what: Literal["leaves", "scan", "group", "node"]
    at: int
    depth: int
    size: int = 0
    folded: bool = False


class Tree(Struct, frozen=True, eq=False):
    """The rows that are to be seen, and for each node by position the row in which it, or its group, is."""

    rows: tuple[Row, ...]
    row_of: Mapping[int, int]


@lru_cache(maxsize=8)
def tree_of(graph: Graph, folded: tuple[str, ...]) -> Tree:
    """The rows of a graph some of whose groups are folded."""
    rows: list[Row] = []
    row_of: dict[int, int] = {}
    for number, kind in enumerate(_SECTIONS):
        own = [node.position for node in graph.leaves if node.kind is kind]
        if own:
            rows.append(Row("leaves", number, 0, len(own)))
            row_of.update(zip(own, range(len(rows), len(rows) + len(own)), strict=True))
            rows += [Row("node", position, 1) for position in own]
    for row, hidden in _computed(graph, frozenset(folded)):
        row_of.update(dict.fromkeys(hidden, len(rows)))
        rows.append(row)
    return Tree(tuple(rows), row_of)


def _computed(graph: Graph, folded: frozenset[str]) -> Iterator[tuple[Row, range]]:
    """A row for each computed node, scan and group, and the nodes that it shows or hides."""
    groups, at, index = graph.groups, graph.order.start, 0
    open_until: list[int] = []
    scan_until = -1
    while at < graph.order.stop:
        while open_until and at >= open_until[-1]:
            open_until.pop()
        depth = len(open_until)
        if index == len(groups) or groups[index].start > at:
            yield Row("node", at, depth), range(at, at + 1)
            at += 1
            continue
        group = groups[index]
        if group.name.endswith("]") and at >= scan_until:
            count, scan_until = _instances(groups, index)
            hidden = all(one.name in folded for one in _siblings(groups, index, count))
            yield Row("scan", index, depth, count, hidden), range(at, scan_until if hidden else at)
            if hidden:
                at, index = scan_until, _behind(groups, index, scan_until)
                continue
            open_until.append(scan_until)
            depth += 1
        closed = group.name in folded
        yield Row("group", index, depth, 0, closed), range(at, group.stop if closed else at)
        if closed:
            at, index = group.stop, _behind(groups, index, group.stop)
        else:
            open_until.append(group.stop)
            index += 1


def _siblings(groups: tuple[Group, ...], index: int, count: int) -> Iterator[Group]:
    """The instances of a scan from that at `index` on."""
    parent = groups[index].parent
    for one in islice(groups, index, None):
        if one.parent == parent and count:
            yield one
            count -= 1
        if not count:
            return


def _instances(groups: tuple[Group, ...], index: int) -> tuple[int, int]:
    """How many instances of one scan follow each other from that at `index` on, and where the last ends."""
    first = groups[index]
    scan, count, stop = first.name[: first.name.rindex("[")], 0, first.start
    for one in islice(groups, index, None):
        if one.parent != first.parent:
            continue
        if one.start != stop or one.name[: one.name.rfind("[")] != scan:
            break
        count, stop = count + 1, one.stop
    return count, stop


def _behind(groups: tuple[Group, ...], index: int, stop: int) -> int:
    """The first group from `index` on that begins at `stop` or later."""
    while index < len(groups) and groups[index].start < stop:
        index += 1
    return index
