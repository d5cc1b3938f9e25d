"""Who listens to a recording hears of each operator before it is computed, and can end it."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_engine import Run, Scenario, make_graph, record
from backprop_engine.graph.bindings import Bindings
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.work import pass_work
from backprop_engine.trace.recompute import recompute
from backprop_engine.trace.record import listening
from backprop_engine.trace.trace import ValueEdit

SCENARIO: Scenario = load_scenario("inputs: {x: [2, 3], y: 4}\nnodes: {q: x * y, s: tanh(q), f: sum(s)}")


def heard_in(run: Run) -> list[str]:
    names: list[str] = []
    with listening(lambda node: names.append(run.graph.nodes[node].name)):
        run.trace(0)
    return names


def test_each_operator_is_told_of_forward_and_for_each_contribution() -> None:
    assert heard_in(SCENARIO.run()) == ["q", "s", "f", "f", "s", "q", "q"]


def test_what_is_heard_of_is_what_is_computed_anyway() -> None:
    with listening(lambda node: None):
        listened = SCENARIO.record()
    plain = SCENARIO.record()
    for name in ("x", "y", "q", "s"):
        assert np.array_equal(listened.gradient(name), plain.gradient(name))


def test_a_listener_ends_the_recording_and_hears_no_more() -> None:
    run, heard = SCENARIO.run(), list[int]()

    def once(node: int) -> None:
        heard.append(node)
        raise InterruptedError

    with pytest.raises(InterruptedError), listening(once):
        run.trace(0)
    assert len(heard) == 1
    assert run.trace(0).value("y") == 4, "the run can be recorded after that"
    assert len(heard) == 1


def test_a_run_after_a_change_is_listened_to_as_well() -> None:
    trace = SCENARIO.record()
    edited: list[int] = []
    with listening(edited.append):
        again = recompute(trace, trace.bindings, (ValueEdit("s", [0, 0]),)).trace
    assert edited
    assert again.value("f") == 0


def test_work_counts_what_an_operator_says_and_its_entries() -> None:
    graph = make_graph({"p": "a @ b", "f": "sum(p)"}, inputs={"a": np.ones((8, 16)), "b": np.ones((16, 4))})
    products = 8 * 16 * 4 // 8
    assert pass_work(graph) == (10 * 8 * 16, 10 * 16 * 4, products + 10 * 8 * 4, 10)
    assert record(graph, Bindings(*graph.given)).value("f") == 8 * 16 * 4
