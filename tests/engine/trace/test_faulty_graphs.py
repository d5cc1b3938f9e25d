"""Graphs with a mistake in an edge: a run computes by it, and the rule still says what is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Fault, Graph
from backprop_engine.trace.plans import contribution, product
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import GradientEdit, Trace, ValueEdit
from graphs import Sketch

GRAPH = Sketch().inputs(x=(), y=(), z=()).constants(k=())(p="mul x y")(q="add p x")(f="mul q k").build()
BINDINGS = Bindings.of(GRAPH, {"x": 2.0, "y": 3.0, "z": 1.0, "k": 5.0})


def faulty(fault: Fault, name: str = "p", argnum: int = 0) -> Graph:
    return replace(GRAPH, faults={(GRAPH.position(name), argnum): fault})


def gradients(trace: Trace) -> list[float]:
    return [float(trace.gradient(name)) for name in "xyz"]


def test_without_a_fault_the_rules_hold() -> None:
    assert gradients(record(GRAPH, BINDINGS)) == [5 * 3 + 5, 5 * 2, 0]


def test_a_wrong_contribution_is_added_like_a_right_one() -> None:
    graph = faulty(Fault(lambda g, out, a, b: g * out * 100))
    trace = record(graph, BINDINGS)
    assert gradients(trace) == [5 * 6 * 100 + 5, 5 * 2, 0]
    (edge,) = (edge for edge in graph.edges if edge.node == graph.position("p") and edge.argnum == 0)
    operands = [trace.values[position] for position in graph.nodes[edge.node].operands]
    upstream, out = trace.gradients[edge.node], trace.outs[edge.node]
    assert upstream is not None
    assert product(graph, edge, upstream, out, operands) == 5 * 3  # by the rule
    found = contribution(graph, edge.index, upstream, trace.outs, trace.operand_values)
    assert found == 5 * 6 * 100  # as the run has it


def test_a_contribution_that_overwrites_leaves_nothing_of_what_had_arrived() -> None:
    assert gradients(record(faulty(Fault(overwrites=True)), BINDINGS)) == [5 * 3, 5 * 2, 0]
    both = faulty(Fault(lambda g, out, a, b: np.float64(7.0), overwrites=True))
    assert gradients(record(both, BINDINGS)) == [7, 5 * 2, 0]


@pytest.mark.parametrize(
    ("name", "expected"), [("q", [4, 2, 0]), ("p", [1 * 3 + 5, 2, 0]), ("x", [1, 10, 0])]
)
def test_a_gradient_that_is_changed_is_what_those_before_it_get(name: str, expected: list[float]) -> None:
    trace = record(GRAPH, BINDINGS, [GradientEdit(name, 1.0)])
    assert gradients(trace) == expected
    assert trace.gradient(name) == 1


def test_both_of_two_gradients_that_are_changed_hold() -> None:
    trace = record(GRAPH, BINDINGS, [GradientEdit("p", 2.0), GradientEdit("y", 9.0)])
    assert gradients(trace) == [2 * 3 + 5, 9, 0]


def test_a_change_has_the_shape_of_its_node() -> None:
    for edit in (ValueEdit("p", [1.0, 2.0]), GradientEdit("p", [1.0, 2.0])):
        with pytest.raises(UsageError, match="p has shape \\(\\), but the new value has shape 2"):
            record(GRAPH, BINDINGS, [edit])


def test_why_a_leaf_has_no_gradient_is_told() -> None:
    trace = record(GRAPH, BINDINGS)
    with pytest.raises(UsageError, match="k has no gradient: it is a constant"):
        trace.gradient("k")
    unused = Sketch().inputs(x=(), y=())(p="mul x y")(f="tanh x").build("f")
    with pytest.raises(UsageError, match="p has no gradient: no gradient flows from the output to it"):
        record(unused, Bindings.of(unused, {"x": 1.0, "y": 2.0})).gradient("p")


def test_runs_and_frames_are_tables_in_notebooks() -> None:
    trace = record(GRAPH, BINDINGS)
    last = trace.frame(trace.schedule.last)
    assert [repr(trace.frame(position)) for position in (0, 1)] == [
        f"<Frame 0 of {trace.schedule.last}: start>",
        f"<Frame 1 of {trace.schedule.last}: forward, p>",
    ]
    shown = last._repr_html_()
    assert trace._repr_html_() == trace.frame(trace.schedule.completed)._repr_html_()
    assert repr(last)[1:-1] in shown
    assert repr(last) not in shown
    for text in ("gradient of f", "20", "40"):
        assert text in shown
    table = GRAPH._repr_html_()
    assert [name for name in "xyzkpqf" if f">{name}<" not in table] == []
