"""Rows that a step leaves alone are not drawn again: what is said to be alike must be alike."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import pytest

from backprop_engine import load_scenario
from backprop_engine.debugger import Go, Session, StepBy, update
from backprop_tui.cells.drawing import Diffable, Drawing, Lines
from backprop_tui.cells.lines import Line, Span
from backprop_tui.files.bundled import bundled
from backprop_tui.panels.graph import graph_picture
from backprop_tui.panels.nodes import nodes
from backprop_tui.scene.boxes import DENSITIES
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.view import View
from covering import SHOWN
from driving import debugger, opened, seen

_AROUND = 6
"""So many steps of each run are walked at its start, at its turn and at its end."""


def view_of(stem: str) -> View:
    scenario = load_scenario(bundled()[stem])
    return View(scenario, Session(scenario.run()))


class Drawn(NamedTuple):
    """A drawing, and all its rows."""

    drawing: Drawing
    rows: list[Line]

    @classmethod
    def of(cls, drawing: Drawing) -> Drawn:
        return cls(drawing, [drawing.row(y, 0, drawing.width) for y in range(drawing.height)])


def compare(before: Drawn, after: Drawn) -> int:
    """How many rows are said to be alike, each of which is."""
    assert isinstance(after.drawing, Diffable)
    changed_rows = after.drawing.changed_rows(before.drawing)
    if changed_rows is None:
        return 0
    alike = [
        (y, one, other)
        for y, (one, other) in enumerate(zip(before.rows, after.rows, strict=True))
        if y not in changed_rows
    ]
    for y, one, other in alike:
        assert one == other, y
    return len(alike)


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_what_a_step_is_said_to_leave_alone_looks_as_before(stem: str) -> None:
    view = view_of(stem)
    schedule, spared = view.session.trace.schedule, 0
    for start in (0, max(0, schedule.seed - _AROUND // 2), max(0, schedule.last - _AROUND)):
        positions = range(start, min(start + _AROUND, schedule.last) + 1)
        places = [replace(view, session=update(view.session, Go(position))) for position in positions]
        for draw in (graph_picture, lambda one: nodes(one, 60, 12)):
            drawings = [Drawn.of(draw(place)) for place in places]
            for by in (1, 3):
                for one, other in zip(drawings, drawings[by:], strict=False):
                    spared += compare(one, other) + compare(other, one)
    assert spared


@pytest.mark.thorough
@pytest.mark.parametrize("density", DENSITIES)
def test_at_every_density(density: str) -> None:
    view = replace(view_of("lstm"), density=density)  # type: ignore[arg-type]
    steps = [view]
    for _ in range(12):
        steps.append(replace(view, session=update(steps[-1].session, StepBy())))
    pictures = [Drawn.of(graph_picture(one)) for one in steps]
    assert sum(compare(one, other) for one, other in pairwise(pictures))


def test_a_choice_may_change_any_row() -> None:
    view = view_of("add_multiply")
    chosen = replace(view, session=replace(view.session, selection=3))
    for draw in (graph_picture, lambda one: nodes(one, 60, 12)):
        after = draw(chosen)
        assert isinstance(after, Diffable)
        assert after.changed_rows(draw(view)) is None


@pytest.mark.thorough
async def test_another_height_to_scroll_in_needs_no_layout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    laid_out: list[object] = []
    refresh_layout = DebuggerScreen._refresh_layout

    def counted(screen: DebuggerScreen, *arguments: Any, **options: Any) -> None:
        laid_out.append(arguments)
        refresh_layout(screen, *arguments, **options)

    async with opened("add_multiply") as pilot:
        panel = debugger(pilot).panel("step")
        for rows in (2, 90, 80, 95, 3):
            drawing = Lines.of([(Span(f"{number}"),) for number in range(rows)])
            monkeypatch.setattr(panel, "draw", lambda width, height, drawing=drawing: drawing)
            monkeypatch.setattr(DebuggerScreen, "_refresh_layout", counted)
            laid_out.clear()
            panel.redraw()
            for _ in range(4):
                await pilot.pause()
            assert not laid_out, rows
            panel.scroll_end(animate=False, immediate=True)
            await pilot.pause()
            assert str(rows - 1) in seen(pilot)
