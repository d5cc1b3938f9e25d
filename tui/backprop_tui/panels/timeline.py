"""The timeline: every step of the run in one line, and where one stands."""

from __future__ import annotations

from msgspec import Struct

from backprop_engine.graph.steps import Schedule
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Role, Span
from backprop_tui.cells.text import cell_width
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["position_at", "timeline"]

_ACTIVE = {Role.VALUE: Role.ACTIVE_VALUE, Role.GRADIENT: Role.ACTIVE_GRADIENT}
_FEWEST = 6
"""With fewer cells than these for the steps, the phases go without their names."""
_HERE, _STEPS, _SCALED = "◉", ("●", "○"), ("━", "─")
"""Where one stands; what is done and what is ahead, step by step, or where a cell stands for several."""
_HERE_ASCII, _STEPS_ASCII, _SCALED_ASCII = "@", ("*", "."), ("=", "-")


class _Stretch(Struct, frozen=True):
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


def _stretches(view: View, width: int) -> list[_Stretch]:
    """The phases side by side; where the steps are more than the cells, a cell stands for several."""
    schedule: Schedule = view.session.trace.schedule
    phases = [
        ("forward", Role.VALUE, 1, schedule.seed - 1),
        ("seed", Role.GRADIENT, schedule.seed, schedule.seed),
        ("backward", Role.GRADIENT, schedule.seed + 1, schedule.completed),
        ("update", Role.HEADING, schedule.completed + 1, schedule.last),
    ]
    phases = [phase for phase in phases if phase[2] <= phase[3] <= schedule.last]
    labels = [text(f"timeline.{name}", view.language) for name, *_ in phases]
    free = width - 1 - sum(cell_width(label) + 3 for label in labels)
    if free < _FEWEST:
        labels, free = [""] * len(labels), max(len(labels), width - 1 - 3 * len(labels))
    steps = schedule.last
    stretches = []
    at = 1
    for label, (_, role, first, last) in zip(labels, phases, strict=True):
        count = last - first + 1
        cells = count if steps <= free else max(1, count * (free - 2) // steps)
        at += cell_width(label) + 1
        stretches.append(_Stretch(label, role, first, last, at, cells))
        at += cells + 2
    return stretches


def timeline(view: View, width: int, height: int) -> Drawing:
    """Done, here, and ahead; a row of signs for each phase."""
    here, steps, scaled = (
        (_HERE_ASCII, _STEPS_ASCII, _SCALED_ASCII) if view.ascii else (_HERE, _STEPS, _SCALED)
    )
    position = view.session.here
    line: list[Span] = [Span(" ")]
    for stretch in _stretches(view, width):
        current = stretch.first <= position <= stretch.last
        done, ahead = scaled if stretch.is_scaled else steps
        line.append(Span(f"{stretch.label} ", Role.HEADING if current else Role.DIM))
        passed = stretch.cells if position > stretch.last else 0
        if current:
            passed = stretch.cell_of(position)
        line.append(Span(done * passed, stretch.role))
        if current:
            bold = _ACTIVE.get(stretch.role, stretch.role)
            line.append(Span(here, bold))
        line.append(Span(ahead * (stretch.cells - passed - current), Role.DIM))
        line.append(Span("  "))
    return Lines.of([tuple(line)])


def position_at(view: View, width: int, x: int) -> int | None:
    """The position in the run that column `x` of the timeline stands for."""
    start = view.session.position - view.session.here
    for stretch in _stretches(view, width):
        if stretch.start <= x < stretch.start + stretch.cells:
            return start + stretch.position_of(x - stretch.start)
    return start if x < 1 else None
