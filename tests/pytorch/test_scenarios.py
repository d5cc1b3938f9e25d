"""Every bundled scenario's values and gradients against PyTorch."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import opinion
import pytest
from graphs import assert_close

from backprop_engine import Trace, load_scenario
from backprop_engine.graph import Kind

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").rglob("*.yaml"))
each_scenario = pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)


@cache
def both(path: Path) -> tuple[Trace, opinion.Opinion]:
    """Our run of a scenario and PyTorch's."""
    trace = load_scenario(path).record()
    return trace, opinion.run(trace.graph, trace.bindings)


def test_scenarios_are_found() -> None:
    assert len(SCENARIOS) >= 12


@each_scenario
def test_values(path: Path) -> None:
    trace, theirs = both(path)
    assert trace.graph.dtype == np.float64
    for position in trace.graph.order:
        assert_close(1.0 * trace.values[position], theirs.values[position])


@each_scenario
def test_gradients(path: Path) -> None:
    trace, theirs = both(path)
    compared = 0
    for node in trace.graph.nodes:
        ours, wanted = trace.gradients[node.position], theirs.gradients[node.position]
        if not node.takes_gradient or not trace.graph.differentiable[node.position]:
            assert wanted is None
            continue
        wanted = np.zeros(node.shape) if wanted is None else wanted
        assert_close(np.zeros(node.shape) if ours is None else ours, wanted)
        compared += node.kind in (Kind.INPUT, Kind.PARAM)
    assert compared
