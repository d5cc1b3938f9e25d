"""The debugger's state as one value, and the commands that change it: `update(session, command)`, pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct

from backprop_engine.frame import Frame
from backprop_engine.run import Run
from backprop_engine.steps import Schedule
from backprop_engine.trace import Trace

__all__ = [
    "Command",
    "Go",
    "Iterate",
    "Over",
    "Select",
    "Session",
    "Step",
    "ToBackward",
    "ToEnd",
    "ToStart",
    "update",
]


class Step(Struct, frozen=True):
    """Move by `count` positions, back where it is negative."""

    count: int = 1


class Over(Struct, frozen=True):
    """Move over `count` nodes, each with all its edges; back where it is negative."""

    count: int = 1


class Iterate(Struct, frozen=True):
    """Move by `count` iterations, to the same place in another; back where it is negative."""

    count: int = 1


class Go(Struct, frozen=True):
    """Move to a position; one outside the run means its nearer end."""

    position: int


class ToStart(Struct, frozen=True):
    """Move to position 0, where nothing is computed."""


class ToBackward(Struct, frozen=True):
    """Move to where the backward pass of this iteration begins: only the output has a gradient."""


class ToEnd(Struct, frozen=True):
    """Move to the last position."""


class Select(Struct, frozen=True):
    """Choose a node by position, or none."""

    node: int | None


Command: TypeAlias = Step | Over | Iterate | Go | ToStart | ToBackward | ToEnd | Select


@dataclass(frozen=True, eq=False)
class Session:
    """A run, the position one looks at, counted through all iterations, and the node one has chosen."""

    run: Run
    position: int = 0
    selection: int | None = None

    @cached_property
    def frame(self) -> Frame:
        """What is known at the position."""
        return self.trace.frame(self.here)

    @cached_property
    def _located(self) -> tuple[int, int]:
        return self.run.locate(self.position)

    @property
    def iteration(self) -> int:
        """The iteration that one is in."""
        return self._located[0]

    @property
    def here(self) -> int:
        """The position in the trace of this iteration."""
        return self._located[1]

    @cached_property
    def trace(self) -> Trace:
        """The trace of this iteration."""
        return self.run.trace(self.iteration)

    @property
    def last(self) -> int:
        """The last position of the run."""
        return self.run.last


def update(session: Session, command: Command) -> Session:
    """The session after `command`."""
    match command:
        case Step(count=count):
            return _at(session, session.position + count)
        case Over(count=count):
            return _over(session, count)
        case Iterate(count=count):
            return _at(session, session.position + count * session.run.length)
        case Go(position=position):
            return _at(session, position)
        case ToStart():
            return _at(session, 0)
        case ToBackward():
            seed = session.trace.schedule.seed
            return _at(session, session.run.start(session.iteration) + seed)
        case ToEnd():
            return _at(session, session.last)
        case Select(node=node):
            return replace(session, selection=node)


def _at(session: Session, position: int) -> Session:
    position = min(max(position, 0), session.last)
    return session if position == session.position else replace(session, position=position)


def _over(session: Session, count: int) -> Session:
    for _ in range(abs(count)):
        schedule, here = session.trace.schedule, session.here
        start = session.position - here
        if count < 0:
            session = _at(session, start + previous_boundary(schedule, here))
        elif here < schedule.last:
            session = _at(session, start + next_boundary(schedule, here))
        else:  # cleared: the next iteration's first node
            session = _at(session, session.position + 1)
    return session


def _node_ends(schedule: Schedule) -> list[int]:
    """The positions after all edges of an active node, in order."""
    return [schedule.starts[edges.stop] - 1 for edges in schedule.edges_of.values()]


def next_boundary(schedule: Schedule, position: int) -> int:
    """The next position at which a node is finished: computed, seeded, handed on from, or updated."""
    if position < schedule.seed or position >= schedule.completed:
        return min(position + 1, schedule.last)
    ends = _node_ends(schedule)
    index = bisect_right(ends, position)
    return ends[index] if index < len(ends) else schedule.completed


def previous_boundary(schedule: Schedule, position: int) -> int:
    """The mirror of `next_boundary`."""
    if position <= schedule.seed or position > schedule.completed:
        return max(0, position - 1)
    ends = _node_ends(schedule)
    index = bisect_left(ends, position)
    return ends[index - 1] if index else schedule.seed
