"""The timeline: every step of the run in one line, with the current position."""

from __future__ import annotations

from msgspec import Struct

from backprop_engine.graph.steps import Schedule
from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Role, Span
from backprop_tui.cells.text import cell_width
from backprop_tui.view import View

__all__ = ["position_at", "timeline"]

_ACTIVE = {Role.VALUE: Role.ACTIVE_VALUE, Role.GRADIENT: Role.ACTIVE_GRADIENT}
_FEWEST = 6
"""With fewer cells for the steps, the names of the phases are left out."""
_HERE, _STEPS, _SCALED = "◉", ("●", "○"), ("━", "─")
"""The current position; steps done and steps ahead, one by one, or where a cell stands for several."""
_HERE_ASCII, _STEPS_ASCII, _SCALED_ASCII = "@", ("*", "."), ("=", "-")


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
    phases = [
        (msg("forward"), Role.VALUE, 1, schedule.seed - 1),
        (msg("seed", "timeline"), Role.GRADIENT, schedule.seed, schedule.seed),
        (msg("backward"), Role.GRADIENT, schedule.seed + 1, schedule.completed),
        (msg("update"), Role.HEADING, schedule.completed + 1, schedule.last),
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
    """A row of signs for each phase: steps done, the current one, and steps ahead."""
    here, steps, scaled = (
        (_HERE_ASCII, _STEPS_ASCII, _SCALED_ASCII) if view.ascii else (_HERE, _STEPS, _SCALED)
    )
    position = view.session.here
    line: list[Span] = [Span(" ")]
    for bar in _phase_bars(view, width):
        current = bar.first <= position <= bar.last
        done, ahead = scaled if bar.is_scaled else steps
        line.append(Span(f"{bar.label} ", Role.HEADING if current else Role.DIM))
        passed = bar.cells if position > bar.last else 0
        if current:
            passed = bar.cell_of(position)
        line.append(Span(done * passed, bar.role))
        if current:
            bold = _ACTIVE.get(bar.role, bar.role)
            line.append(Span(here, bold))
        line.append(Span(ahead * (bar.cells - passed - current), Role.DIM))
        line.append(Span("  "))
    return Lines.of([tuple(line)])


def position_at(view: View, width: int, x: int) -> int | None:
    """The position in the run that column `x` of the timeline stands for."""
    start = view.session.position - view.session.here
    for bar in _phase_bars(view, width):
        if bar.start <= x < bar.start + bar.cells:
            return start + bar.position_of(x - bar.start)
    return start if x < 1 else None
