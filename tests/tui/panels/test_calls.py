"""The call stack panel: what surrounds the step, and how far along each of them is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backprop_engine.debugger import Session, StepInto, update
from backprop_engine.scenario.model import Scenario
from backprop_tui.cells.lines import line_text, line_width
from backprop_tui.panels.calls import calls
from backprop_tui.view import View
from scenes import LANGUAGES, written

TEXT = """
inputs: {x: [1, -2]}
params: {W: [[1, 2], [3, 4]]}
cells:
  inner:
    inputs: [v]
    nodes: {s: silu(v)}
    outputs: [s]
  outer:
    inputs: [v]
    nodes:
      a: W @ v
      b: {cell: inner, inputs: {v: a}}
      h: abs(b.s)
    outputs: [h]
nodes:
  one: {cell: outer, inputs: {v: x}}
  L: sum(one.h)
train: {optimizer: sgd, lr: 0.5, steps: 3}
"""


@pytest.fixture
def read(tmp_path: Path) -> Scenario:
    return written(tmp_path, TEXT)


def shown(view: View, width: int = 80) -> list[str]:
    drawing = calls(view, width, 10)
    return [line_text(drawing.row(y, 0, width)) for y in range(drawing.height)]


def test_every_frame_has_a_row_and_says_how_far_one_is_in_it(read: Scenario) -> None:
    run = read.run()
    session = Session(run, run.length + 2)
    assert shown(View(read, session)) == [
        f"case  step {run.length + 2} of {run.last}",
        f"  iteration 1 of 3  step 2 of {run.trace(1).schedule.last}",
        "    one  outer  step 2 of 3",
        "      one.b  inner  step 1 of 1",
        "        ▶ one.b.s = silu(one.a)",
    ]


def test_what_one_has_stepped_into_is_the_innermost(read: Scenario) -> None:
    session = update(Session(read.run(), 2), StepInto())
    assert len(session.levels) == 1
    rows = shown(View(read, session))
    assert rows[4] == f"        one.b.s  silu  step {session.here} of {session.trace.schedule.last}"


@pytest.mark.thorough
@pytest.mark.parametrize("language", LANGUAGES)
def test_at_every_position_the_rows_are_the_stack_and_fit(read: Scenario, language: str) -> None:
    run = read.run()
    for position in range(run.last + 1):
        view = View(read, Session(run, position), language)
        rows = [row.split("  ")[0] for row in map(str.strip, shown(view))]
        stack = view.session.stack
        assert tuple(rows[2 : 2 + len(stack)]) == stack
        for width in (1, 10, 30):
            drawing = calls(replace(view, ascii=True), width, 5)
            assert all(line_width(drawing.row(y, 0, width)) <= width for y in range(drawing.height))
