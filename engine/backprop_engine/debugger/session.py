"""The debugger's state as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from msgspec import Struct

from backprop_engine.debugger.branches import BASELINE, Branches
from backprop_engine.debugger.breakpoints import Breakpoint
from backprop_engine.debugger.navigation import groups_at
from backprop_engine.graph.graph import Graph
from backprop_engine.graph.steps import Schedule
from backprop_engine.messages.message import Message
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Frame, Trace

__all__ = ["InnerRun", "Notice", "PendingMove", "PendingSearch", "Session"]


class InnerRun(Struct, frozen=True, eq=False):
    """A run stepped into, inside the composite node called `name`, and the position in it."""

    name: str
    trace: Trace
    position: int


class PendingSearch(Struct, frozen=True):
    """A search for a breakpoint that goes on in another iteration: the next to look through."""

    iteration: int
    back: bool


class PendingMove(Struct, frozen=True, eq=False):
    """A long move: the session that it leads to, and how many iterations it took to begin with."""

    goal: Session
    work: int


class Notice(Struct, frozen=True):
    """What to tell the user about the last command."""

    message: Message
    good: bool = True

    def in_language(self, language: str) -> str:
        """The message."""
        return self.message.in_language(language)


@dataclass(frozen=True, eq=False)
class Session:
    """The state of the debugger: a run, a position in it, and all that the user has set up.

    `position` counts through all iterations. `run` is that of the current branch, `runs` those of other
    branches that were viewed. `hit` are the numbers of the breakpoints that the last `Continue` stopped at.
    While a search or a long move is `pending`, `advance` carries it on, an iteration at a time.
    """

    run: Run
    position: int = 0
    selection: int | None = None
    levels: tuple[InnerRun, ...] = ()
    folded: tuple[str, ...] = ()
    breakpoints: tuple[Breakpoint, ...] = ()
    numbered: int = 0
    """How many breakpoints there have been: numbers are not reused."""
    watches: tuple[str, ...] = ()
    past: tuple[int, ...] = ()
    future: tuple[int, ...] = ()
    branches: Branches = field(default_factory=Branches.start)
    runs: Mapping[str, Run] = field(default_factory=dict)
    hit: tuple[int, ...] = ()
    pending: PendingSearch | PendingMove | None = None
    notice: Notice | None = None

    @property
    def frame(self) -> Frame:
        """The frame at the position, in the innermost run stepped into."""
        kept: Frame | None = vars(self).get("_frame")  # a `cached_property` would hold a lock of all sessions
        if kept is None:
            kept = vars(self)["_frame"] = self.trace.frame(self.here)
        return kept

    @cached_property
    def _located(self) -> tuple[int, int]:
        return self.run.locate(self.position)

    @property
    def iteration(self) -> int:
        """The current iteration."""
        return self._located[0]

    @property
    def outer_trace(self) -> Trace:
        """The trace of this iteration."""
        kept: Trace | None = vars(self).get("_outer_trace")
        if kept is None:
            kept = vars(self)["_outer_trace"] = self.run.trace(self.iteration)
        return kept

    @property
    def outer_here(self) -> int:
        """The position in the trace of this iteration."""
        return self._located[1]

    @property
    def trace(self) -> Trace:
        """The current trace: of the innermost run stepped into, else of this iteration."""
        return self.levels[-1].trace if self.levels else self.outer_trace

    @property
    def here(self) -> int:
        """The position in the current trace."""
        return self.levels[-1].position if self.levels else self.outer_here

    @property
    def graph(self) -> Graph:
        """The current graph."""
        return self.levels[-1].trace.graph if self.levels else self.run.graph

    @property
    def schedule(self) -> Schedule:
        """The schedule of the current trace; nothing is computed for it."""
        return self.levels[-1].trace.schedule if self.levels else self.run.schedule(self.iteration)

    @property
    def last(self) -> int:
        """The last position of the run."""
        return self.run.last

    @property
    def baseline(self) -> Run:
        """The run without any changes."""
        return self.runs.get(BASELINE, self.run)

    @property
    def compared(self) -> Trace | None:
        """The trace of this iteration without any changes; None on the baseline."""
        if self.branches.current == BASELINE or self.levels:
            return None
        return self.baseline.trace(self.iteration)

    @property
    def stack(self) -> tuple[str, ...]:
        """The call stack, outermost first: groups, and composite nodes stepped into."""
        outer = self.run.schedule(self.iteration)
        groups = tuple(group.name for group in groups_at(self.run.graph, outer, self.outer_here))
        return groups + tuple(level.name for level in self.levels)

    def waiting(self, pending: PendingSearch | PendingMove | None) -> Session:
        """The session with something pending, or nothing any more; what was computed for it stays."""
        after = replace(self, pending=pending)
        kept = {name: value for name, value in vars(self).items() if name not in self.__dataclass_fields__}
        vars(after).update(kept)
        return after
