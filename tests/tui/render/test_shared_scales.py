"""Heatmaps that are to be compared are on one scale: those of an all-reduce, and those of an accumulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_engine.explain.facts import AccumulateFacts, StepFacts, step_facts
from backprop_engine.recordings.scenarios import load_recording
from backprop_engine.scenario.make_graph import make_graph
from backprop_engine.trace.record import record
from backprop_engine.trace.reduction import GradientReduction
from backprop_tui.cells.heatmap import levels
from backprop_tui.cells.shades import Shade
from backprop_tui.export.page import equation as page
from backprop_tui.export.page.pool import Pool
from backprop_tui.render.equation.equation import equation, equation_parts
from backprop_tui.render.equation.terms import Term
from recorded import recorded_ranks

GRADIENT = np.arange(-59.0, 61.0).reshape(12, 10)
RANKS = {0: GRADIENT, 1: 4 * GRADIENT}


def reduced(folder: Path, contributions: Mapping[int, Any], result: Any) -> StepFacts:
    """The step at which ranks make `result` of their gradients of a parameter."""
    recorded_ranks(folder, steps=1)
    trace = load_recording(folder).run().trace(0)
    leaf = trace.graph.position("hidden.weight")
    made = replace(trace, reduced={**trace.reduced, leaf: GradientReduction(contributions, result, 0)})
    return step_facts(made.frame(made.schedule.reduce_positions[leaf]))


def pictured(facts: StepFacts, width: int, height: int) -> list[list[int]]:
    """The levels in each heatmap of a step's equation, from the left, without those of legends."""
    columns: list[list[int]] = []
    for line in equation(facts, "en", width, height).lines:
        if not any(set("⎡⎢⎣[") & set(span.text) for span in line):
            continue
        at = -1
        for span in line:
            if set("⎡⎢⎣[") & set(span.text):
                at += 1
                columns += [[]] * (at == len(columns))
            if isinstance(span.role, Shade):
                columns[at] = columns[at] + [tone.level for tone in span.role]
    return columns


@pytest.mark.parametrize("kind", ["mean", "sum", None])
def test_colours_tell_whose_gradient_is_larger(kind: str | None, tmp_path: Path) -> None:
    result = {"mean": 2.5 * GRADIENT, "sum": 5 * GRADIENT, None: 3 * GRADIENT}[kind]
    facts = reduced(tmp_path, RANKS, result)
    largest = max(240.0, float(np.abs(result).max()))
    scales = {part.scale for part in equation_parts(facts, "en") if isinstance(part, Term)}
    assert scales == {largest}
    found = pictured(facts, 80, 14)
    for tensor, shown in zip((result, *RANKS.values()), found, strict=True):
        assert set(shown) == set(levels(tensor, largest).ravel().tolist())


def test_colours_tell_how_much_a_contribution_changes_a_sum() -> None:
    graph = make_graph(
        {"f": "sum(x * a + x * b)"},
        params={"x": np.ones((12, 10))},
        constants={"a": GRADIENT, "b": 4 * GRADIENT},
    )
    trace = record(graph)
    frames = (trace.frame(position) for position in range(trace.schedule.last + 1))
    *_, last = (facts for facts in map(step_facts, frames) if isinstance(facts, AccumulateFacts))
    assert last.is_last
    assert last.before is not None
    summed, before, added = 5 * GRADIENT, last.before.tensor, last.contribution.tensor
    assert {float(np.max(before)), float(np.max(added))} == {60.0, 240.0}
    found = pictured(last, 80, 14)
    for tensor, shown in zip((summed, before, added), found, strict=True):
        assert set(shown) == set(levels(tensor, 300.0).ravel().tolist())


def test_what_is_not_finite_does_not_end_the_scale(tmp_path: Path) -> None:
    broken = GRADIENT.copy()
    broken[0, 0], broken[1, 1] = np.nan, np.inf
    facts = reduced(tmp_path, {0: GRADIENT, 1: broken}, broken)
    assert {part.scale for part in equation_parts(facts, "en") if isinstance(part, Term)} == {60.0}


def test_ranks_without_gradient_are_zeros_of_any_scale(tmp_path: Path) -> None:
    zeros = np.zeros((12, 10))
    found = pictured(reduced(tmp_path, {0: zeros, 1: zeros}, zeros), 80, 14)
    assert not any(map(any, found))


def test_the_page_draws_the_same_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_MOST_COLUMNS", 9)
    facts, pool = reduced(tmp_path, RANKS, 2.5 * GRADIENT), Pool()
    page.columns(facts, "en", pool)
    for tensor in RANKS.values():
        assert ["".join(map(page._letter, row)) for row in levels(tensor, 240.0).tolist()] in pool.values
