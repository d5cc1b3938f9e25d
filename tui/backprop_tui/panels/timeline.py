"""The timeline: every step of the run in one line, with the current position and where breakpoints stop."""

from __future__ import annotations

from collections.abc import Set
from itertools import groupby

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.debugger.marks import breakpoint_positions
from backprop_engine.debugger.troubles import troubles
from backprop_engine.graph.steps import Schedule
from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width
from backprop_tui.view import View

__all__ = ["position_at", "timeline", "timeline_with"]

_ACTIVE = {Role.VALUE: Role.ACTIVE_VALUE, Role.GRADIENT: Role.ACTIVE_GRADIENT}
_FEWEST = 6
"""With fewer cells for the steps, the names of the phases are omitted."""


class _Signs(Struct, frozen=True):
    """The current position, alone and at a breakpoint; what is done and what is ahead, step by step, where a
    cell stands for several, and at a breakpoint.
    """

    here: tuple[str, str]
    steps: tuple[str, str]
    scaled: tuple[str, str]
    breakpoints: tuple[str, str]


_SIGNS = _Signs(("◉", "◈"), ("●", "○"), ("━", "─"), ("◆", "◇"))
_SIGNS_ASCII = _Signs(("@", "&"), ("*", "."), ("=", "-"), ("B", "b"))


class _PhaseBar(Struct, frozen=True):
    """The positions of one phase, drawn in `cells` cells from column `start`."""

    label: str
    role: Role
    first: int
    last: int
    start: int
    cells: int

    @property
    def is_scaled(self) -> bool:
        """Whether a cell stands for several steps."""
        return self.cells < self.last - self.first + 1

    def cell_of(self, position: int) -> int:
        """The cell that a position of this phase falls into."""
        return (position - self.first) * self.cells // (self.last - self.first + 1)

    def position_of(self, cell: int) -> int:
        """The last position that falls into a cell."""
        count = self.last - self.first + 1
        return self.first + min(count - 1, ((cell + 1) * count - 1) // self.cells)


def _phase_bars(view: View, width: int) -> list[_PhaseBar]:
    """The phases side by side; where there are more steps than cells, a cell stands for several steps."""
    schedule: Schedule = view.session.trace.schedule
    reduced = schedule.completed + len(schedule.reduced)
    phases = [
        (msg("forward"), Role.VALUE, 1, schedule.seed - 1),
        (msg("seed", "timeline"), Role.GRADIENT, schedule.seed, schedule.seed),
        (msg("backward"), Role.GRADIENT, schedule.seed + 1, schedule.completed),
        (msg("all-reduce"), Role.HEADING, schedule.completed + 1, reduced),
        (msg("update"), Role.HEADING, reduced + 1, schedule.last),
    ]
    phases = [phase for phase in phases if phase[2] <= phase[3] <= schedule.last]
    labels = [label.in_language(view.language) for label, *_ in phases]
    free = width - 1 - sum(cell_width(label) + 3 for label in labels)
    if free < _FEWEST:
        labels, free = [""] * len(labels), max(len(labels), width - 1 - 3 * len(labels))
    steps = schedule.last
    bars = []
    at = 1
    for label, (_, role, first, last) in zip(labels, phases, strict=True):
        count = last - first + 1
        cells = count if steps <= free else max(1, count * (free - 2) // steps)
        at += cell_width(label) + 1
        bars.append(_PhaseBar(label, role, first, last, at, cells))
        at += cells + 2
    return bars


def timeline(view: View, width: int, height: int) -> Drawing:
    """A row of signs for each phase: steps done, the current one, and steps ahead; breakpoints among them."""
    return timeline_with(view, width, breakpoint_positions(view.session))


def timeline_with(view: View, width: int, stops: NDArray[np.int64]) -> Drawing:
    """The timeline with signs at any positions of this iteration."""
    position = view.session.here
    bad = {trouble.position for trouble in troubles(view.session.trace) if trouble.position <= position}
    line: list[Span] = [Span(" ")]
    for bar in _phase_bars(view, width):
        current = bar.first <= position <= bar.last
        line.append(Span(f"{bar.label} ", Role.HEADING if current else Role.DIM))
        own = stops[(stops >= bar.first) & (stops <= bar.last)].tolist()
        wrong = {bar.cell_of(at) for at in bad if bar.first <= at <= bar.last}
        line += _bar(view, bar, position, {bar.cell_of(stop) for stop in own}, wrong)
        line.append(Span("  "))
    return Lines.of([tuple(line)])


def _bar(view: View, bar: _PhaseBar, position: int, stops: Set[int], wrong: Set[int]) -> Line:
    """The cells of a phase; `stops` are those with a breakpoint, and at the `wrong` ones trouble arose."""
    signs = _SIGNS_ASCII if view.ascii else _SIGNS
    plain = signs.scaled if bar.is_scaled else signs.steps
    here = bar.cell_of(position) if bar.first <= position <= bar.last else -1
    passed = bar.cells if position > bar.last else here

    def look(cell: int) -> Span:
        stops_here, ahead = cell in stops, cell >= passed
        if cell == here:
            sign, role = signs.here[stops_here], _ACTIVE.get(bar.role, bar.role)
        elif stops_here:
            sign, role = signs.breakpoints[ahead], Role.WARNING
        else:
            sign, role = plain[ahead], Role.DIM if ahead else bar.role
        return Span(sign, Role.TROUBLE if cell in wrong else role)

    return tuple(
        Span(sign * len(list(run)), role) for (sign, role), run in groupby(map(look, range(bar.cells)))
    )


def position_at(view: View, width: int, x: int) -> int | None:
    """The position in the run that column `x` of the timeline stands for."""
    start = view.session.position - view.session.here
    for bar in _phase_bars(view, width):
        if bar.start <= x < bar.start + bar.cells:
            return start + bar.position_of(x - bar.start)
    return start if x < 1 else None
