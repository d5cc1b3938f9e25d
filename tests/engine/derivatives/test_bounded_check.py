"""A check that would take too long: directions of all gradients first, then entries within a budget."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backprop_engine import load_scenario
from backprop_engine.derivatives import numeric_check
from backprop_engine.derivatives.gradient_check import Verdict
from backprop_engine.derivatives.numeric_check import check_leaf, check_trace, directions_cost, latest
from backprop_engine.scenario.verify import CheckInterrupted, verify
from backprop_engine.trace.trace import Trace

STEM = "transformer_block"


@pytest.fixture
def trace() -> Trace:
    return load_scenario(STEM).record()


def gradients(trace: Trace) -> int:
    return len(trace.graph.edges) + sum(leaf.takes_gradient for leaf in trace.graph.leaves)


def allow(monkeypatch: pytest.MonkeyPatch, numbers: int) -> None:
    monkeypatch.setattr(numeric_check, "MOST_IN_ALL", numbers)


def test_within_the_budget_every_entry_is_checked_once(trace: Trace) -> None:
    checks = list(check_trace(trace))
    assert len(checks) == gradients(trace)
    assert all(check.checked == check.entries for check in checks)


def test_directions_are_checked_before_entries(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, 40_000)
    checks = list(check_trace(trace))
    first, then = checks[: gradients(trace)], checks[gradients(trace) :]
    assert {check.checked for check in first} == {0}
    assert {check.verdict for check in first} == {Verdict.AGREES}
    assert then
    assert all(check.checked > 0 for check in then)
    found = latest(checks)
    assert [check.name for check in found] == [check.name for check in first]
    assert {check.name: check.checked for check in found if check.checked} == {
        check.name: check.checked for check in then
    }
    assert sum(check.checked for check in found) < sum(check.entries for check in found)


def test_more_is_checked_where_there_is_time_for_more(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []
    for numbers in (1, 20_000, 80_000):
        allow(monkeypatch, numbers)
        checked.append(sum(check.checked for check in latest(list(check_trace(trace)))))
    assert checked == sorted(set(checked))
    assert checked[0] == 0


def test_a_wrong_gradient_is_found_by_its_direction(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, 1)
    edge = next(edge for edge in trace.graph.edges if trace.contributions[edge.index].size > 4)
    wrong = list(trace.contributions)
    wrong[edge.index] = 1.01 * wrong[edge.index]
    checks = list(check_trace(replace(trace, contributions=wrong)))
    differ = [check.name for check in checks if check.verdict is Verdict.DIFFERS]
    assert differ == [trace.graph.edge_name(edge)]


def test_a_file_counts_each_gradient_once(monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, 40_000)
    scenario = load_scenario(STEM)
    heard: list[tuple[int, int]] = []
    verification = verify(scenario, lambda done, count: heard.append((done, count)))
    count = gradients(scenario.record())
    assert len(verification.checks) == count
    assert verification.passed
    assert heard[:count] == [(done, count) for done in range(1, count + 1)]
    assert all(1 <= done <= of == count for done, of in heard[count:])

    def stop(done: int, of: int) -> None:
        heard.append((done, of))
        if len(heard) > count + 3:
            raise KeyboardInterrupt

    heard.clear()
    with pytest.raises(CheckInterrupted) as stopped:
        verify(scenario, stop)
    assert len(stopped.value.found.checks) == stopped.value.count == count


def test_the_cost_of_directions_is_what_depends_on_each_leaf() -> None:
    graph = load_scenario("add_multiply").graph
    assert directions_cost(graph) == 6 + 6 + 3  # x and y reach both nodes of three numbers, z one
    trace = load_scenario("add_multiply").record()
    leaf = trace.graph["z"]
    np.testing.assert_allclose(check_leaf(trace, leaf, most=0, sample=0).error, 0.0, atol=1e-12)


def test_two_uses_of_an_operand_in_one_node_are_two_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    square = load_scenario("inputs: {a: 3}\nnodes:\n  f: a * a + a\n").record()
    assert len(latest(list(check_trace(square)))) == gradients(square) == 5
    allow(monkeypatch, 1)
    assert len(latest(list(check_trace(square)))) == 5
