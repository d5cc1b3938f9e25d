"""Whoever looks at a training in every panel keeps no more of its iterations than the run says it keeps."""

from __future__ import annotations

import gc
from pathlib import Path
from runpy import run_path

import pytest

from backprop_engine.debugger import Session
from backprop_engine.trace.training import kept_traces
from backprop_tui.panel_slots import PANEL_SLOTS
from backprop_tui.view import View
from driving import debugger, go, opened

BENCHMARK = run_path(str(Path(__file__).parents[2] / "benchmarks" / "memory.py"))
ITERATIONS = 9


@pytest.mark.thorough
def test_the_traces_alive_are_those_that_the_run_keeps(tmp_path: Path) -> None:
    scenario = BENCHMARK["training"](tmp_path, 60, ITERATIONS + 2)
    found = BENCHMARK["look"](scenario, ITERATIONS, with_peak=False)
    assert found.traces == found.traces_left == kept_traces(scenario.graph) < ITERATIONS


async def test_no_panel_of_the_app_keeps_another_one(tmp_path: Path) -> None:
    """Not one that was in front when the reader stood elsewhere, either."""
    scenario = BENCHMARK["training"](tmp_path, 6, ITERATIONS)
    view = View(scenario, Session(scenario.run()))
    gc.collect()
    before = BENCHMARK["living"]()
    async with opened(view) as pilot:
        for iteration, panel in enumerate(PANEL_SLOTS):
            debugger(pilot).show_panel(panel.name)
            await go(pilot, view.session.run.start(iteration) + 2)
        assert BENCHMARK["living"]() - before <= kept_traces(scenario.graph) < len(PANEL_SLOTS)
