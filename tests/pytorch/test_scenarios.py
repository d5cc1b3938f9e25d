"""Every bundled scenario's values and gradients against PyTorch. With `train`, it is the first iteration."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import opinion
import pytest

from backprop_engine import Trace, load_scenario
from backprop_engine.graph.graph import Kind
from graphs import assert_close, behind_wrong_rules

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").rglob("*.yaml"))
each_scenario = pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)

CLOSE = {"float64": 1e-12, "float32": 1e-5, "float16": 1e-2}
"""What an entry may differ by, as a part of the largest number in its tensor or of those that flowed in."""


@cache
def both(path: Path) -> tuple[Trace, opinion.Opinion]:
    """Our run of a scenario and PyTorch's, which computes in float64 whatever the scenario's type."""
    trace = load_scenario(path).record()
    return trace, opinion.run(trace.graph, trace.bindings, opinion.OUR_CONVENTIONS)


def largest_finite(tensors: list[Any]) -> float:
    """The largest magnitude of a finite entry."""
    entries = [np.abs(tensor)[np.isfinite(tensor)] for tensor in tensors]
    return max((float(np.max(each, initial=0.0)) for each in entries), default=0.0)


def assert_agree(ours: Any, theirs: Any, trace: Trace, flowed: list[Any]) -> None:
    """The same entries NaN or infinite, and all others close."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    finite = np.isfinite(theirs)
    np.testing.assert_array_equal(ours[~finite], theirs[~finite])
    ours, theirs = (np.where(finite, tensor, 0.0) for tensor in (ours, theirs))
    assert_close(ours, theirs, CLOSE[trace.graph.dtype.name], scale=largest_finite(flowed))


def test_scenarios_are_found() -> None:
    assert len(SCENARIOS) >= 40


@each_scenario
def test_values(path: Path) -> None:
    trace, theirs = both(path)
    for position in trace.graph.order:
        operands = [theirs.values[operand] for operand in trace.graph.nodes[position].operands]
        assert_agree(trace.values[position], theirs.values[position], trace, operands)


@each_scenario
def test_gradients(path: Path) -> None:
    trace, theirs = both(path)
    flowed: dict[int, list[Any]] = {}
    for edge, contribution in zip(trace.graph.edges, trace.contributions, strict=True):
        flowed.setdefault(edge.operand, []).extend((contribution, trace.gradients[edge.node]))
    compared = 0
    wrong = behind_wrong_rules(trace.graph)
    for node in trace.graph.nodes:
        if node.position in wrong:
            continue
        ours, wanted = trace.gradients[node.position], theirs.gradients[node.position]
        if not node.takes_gradient or not trace.graph.differentiable[node.position]:
            assert wanted is None
            continue
        ours, wanted = (np.zeros(node.shape) if one is None else one for one in (ours, wanted))
        assert_agree(ours, wanted, trace, flowed.get(node.position, []))
        compared += node.kind in (Kind.INPUT, Kind.PARAM)
    assert compared or wrong
