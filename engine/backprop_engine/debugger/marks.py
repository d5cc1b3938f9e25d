"""Where a session's breakpoints are shown: the nodes they are on, and the positions they stop at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from backprop_engine.debugger.breakpoints import Breakpoint, Target, hits
from backprop_engine.debugger.session import Session
from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph

__all__ = ["breakpoint_nodes", "breakpoint_positions"]

_LONG = 20_000
"""In an iteration of more steps, conditions and troubles are not looked for at every step: it would take too
long.
"""

_NONE = np.zeros(0, dtype=np.int64)


def breakpoint_nodes(session: Session) -> Mapping[int, bool]:
    """The nodes, by position, that breakpoints are on, and whether one of those is enabled.

    A breakpoint on an operator or a group is on all its nodes; one on a phase or a trouble is on none. Inside
    a composite there are none.
    """
    if session.levels or not session.breakpoints:
        return {}
    return _nodes(session.run.graph, tuple((known.target, known.enabled) for known in session.breakpoints))


@derived(limit=8)
def _nodes(graph: Graph, targets: tuple[tuple[Target, bool], ...]) -> Mapping[int, bool]:
    marked: dict[int, bool] = {}
    for target, enabled in targets:
        for node in _nodes_of(graph, target):
            marked[node] = enabled or marked.get(node, False)
    return marked


def _nodes_of(graph: Graph, target: Target) -> list[int]:
    match target.kind:
        case "node":
            return [graph.position(target.name)]
        case "op":
            return [node.position for node in graph.nodes if node.op and node.op.name == target.name]
        case "group":
            return [
                node
                for group in graph.groups
                if group.name == target.name
                for node in range(group.start, group.stop)
            ]
        case _:
            return []


def breakpoint_positions(session: Session) -> NDArray[np.int64]:
    """The positions of this iteration, in order, at which breakpoints stop; none inside a composite."""
    seen = () if session.levels else session.breakpoints
    if session.schedule.last > _LONG:
        seen = tuple(known for known in seen if _is_found_at_once(known))
    if not seen:
        return _NONE  # nearly always; `unique` loads NumPy's masked arrays
    return np.unique(np.concatenate([_hits(session, known) for known in seen]))


def _hits(session: Session, known: Breakpoint) -> NDArray[np.int64]:
    """Where a breakpoint stops; only troubles need the iteration before."""
    iteration, of_trouble = session.iteration, known.target.kind == "trouble"
    before = session.run.trace(iteration - 1) if iteration and of_trouble else None
    return hits(known, session.outer_trace, before)


def _is_found_at_once(known: Breakpoint) -> bool:
    """Whether structure alone says where it stops."""
    return known.condition is None and known.target.kind != "trouble"
