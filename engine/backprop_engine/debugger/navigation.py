"""Where stepping over a unit ends: over a node with all its edges, or over a folded group.

The two directions mirror each other: from the end of a unit, stepping back leads to its beginning.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator

from backprop_engine.graph.graph import Graph, Group
from backprop_engine.graph.steps import Edge, Schedule

__all__ = ["groups_at", "interval", "next_boundary", "previous_boundary", "stretch_of"]


def next_boundary(graph: Graph, schedule: Schedule, position: int, folded: Collection[str] = ()) -> int:
    """The next position at which a unit is finished."""
    if position >= schedule.last:
        return schedule.last
    group = _entered(graph, schedule, position + 1, position, folded)
    if group is not None:
        return group.stop - 1
    edge = _edge_at(schedule, position + 1)
    return position + 1 if edge is None else schedule.starts[schedule.edges_of[edge.node].stop] - 1


def previous_boundary(graph: Graph, schedule: Schedule, position: int, folded: Collection[str] = ()) -> int:
    """The mirror of `next_boundary`."""
    if position <= 0:
        return 0
    group = _entered(graph, schedule, position, position + 1, folded)
    if group is not None:
        return group.start - 1
    edge = _edge_at(schedule, position)
    return position - 1 if edge is None else schedule.starts[schedule.edges_of[edge.node].start] - 1


def _edge_at(schedule: Schedule, position: int) -> Edge | None:
    """The gradient edge that the step to `position` is about."""
    if not schedule.seed < position <= schedule.completed:
        return None
    return schedule.edges[bisect_right(schedule.starts, position) - 1]


def groups_at(graph: Graph, schedule: Schedule, position: int) -> tuple[Group, ...]:
    """The groups that the step to `position` belongs to, outermost first."""
    if not graph.groups or not 1 <= position <= schedule.last:
        return ()
    edge = _edge_at(schedule, position)
    if edge is not None:
        group = graph.group_of(edge.node)
    elif position < schedule.seed:
        group = graph.group_of(schedule.order[position - 1])
    else:
        return ()
    return tuple(reversed(list(_outwards(graph, group))))


def _outwards(graph: Graph, group: Group | None) -> Iterator[Group]:
    while group is not None:
        yield group
        group = None if group.parent is None else graph.groups[group.parent]


def _entered(
    graph: Graph, schedule: Schedule, here: int, beside: int, folded: Collection[str]
) -> range | None:
    """The interval of the outermost folded group with the step to `here` but not the step to `beside`."""
    if not folded:
        return None
    outside = (
        {group.name for group in groups_at(graph, schedule, beside)}
        if _same_pass(schedule, here, beside)
        else ()
    )
    for group in groups_at(graph, schedule, here):
        if group.name in folded and group.name not in outside:
            return stretch_of(schedule, group, here)
    return None


def _same_pass(schedule: Schedule, here: int, other: int) -> bool:
    """Whether both steps are in the same pass: in the other one, a group is entered again."""
    return (here < schedule.seed) == (other < schedule.seed)


def stretch_of(schedule: Schedule, group: Group, position: int) -> range:
    """The positions after the steps of `group` in the pass that `position` lies in."""
    return interval(schedule, group, backward=position > schedule.seed)


def interval(schedule: Schedule, group: Group, *, backward: bool) -> range:
    """The positions after the steps of `group` in one of the passes; empty where it has none there."""
    if not backward:
        first = schedule.order.start
        return range(group.start - first + 1, group.stop - first + 1)
    edges = [schedule.edges_of[node] for node in range(group.start, group.stop) if node in schedule.edges_of]
    if not edges:
        return range(0)
    first, stop = min(span.start for span in edges), max(span.stop for span in edges)
    return range(schedule.starts[first], schedule.starts[stop])
