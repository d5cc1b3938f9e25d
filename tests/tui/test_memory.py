"""Whoever looks at a training in every panel keeps no more of its iterations than the run says it keeps."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

from backprop_engine.trace.training import kept_traces

BENCHMARK = run_path(str(Path(__file__).parents[2] / "benchmarks" / "memory.py"))
ITERATIONS = 12


def test_the_traces_alive_are_those_that_the_run_keeps(tmp_path: Path) -> None:
    scenario = BENCHMARK["training"](tmp_path, 60, ITERATIONS + 2)
    found = BENCHMARK["look"](scenario, ITERATIONS)
    assert found.traces == found.traces_left == kept_traces(scenario.graph) < ITERATIONS
