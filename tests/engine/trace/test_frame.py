"""Frames of random graphs: from one position to the next only the step's own node changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from backprop_engine.graph.steps import Accumulate, Backward, Forward, Seed
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Frame, Phase, Trace
from graphs import RandomRun, runs


def _state(frame: Frame) -> list[tuple[Any, Any]]:
    """The identity of each node's value and gradient."""
    return [(frame.value(node), frame.gradient(node)) for node in frame.graph.nodes]


def _changes(trace: Trace, position: int) -> list[tuple[int, str, Any]]:
    """What differs between `position` and the one before it: (node, what, new tensor)."""
    before, after = _state(trace.frame(position - 1)), _state(trace.frame(position))
    return [
        (node, what, new)
        for node, pair in enumerate(zip(before, after, strict=True))
        for what, old, new in zip(("value", "gradient"), *pair, strict=True)
        if old is not new
    ]


@given(run=runs(most=12))
def test_a_step_changes_its_own_node_only(run: RandomRun) -> None:
    trace = record(*run)
    for position, step in enumerate(trace.steps, 1):
        changes = _changes(trace, position)
        match step:
            case Forward(node=node):
                assert changes == [(node, "value", trace.values[node])]
            case Seed(node=node):
                assert changes == [(node, "gradient", run.bindings.seed)]
            case Backward(edge=edge) if edge.shared:
                assert changes == []
            case Backward(edge=edge):
                assert changes == [(edge.operand, "gradient", trace.contributions[edge.index])]
            case Accumulate(edge=edge):
                assert changes == [(edge.operand, "gradient", trace.arrived[edge.index])]


@given(run=runs())
def test_at_the_start_only_leaves_are_known(run: RandomRun) -> None:
    frame = record(*run).frame(0)
    assert frame.phase is Phase.START
    assert frame.step is frame.node is frame.edge is None
    for node in run.graph.nodes:
        assert (frame.value(node) is None) == (node.op is not None)
        assert frame.gradient(node) is None
        assert not frame.complete(node)


@given(run=runs())
def test_at_the_end_everything_is_known(run: RandomRun) -> None:
    trace = record(*run)
    frame = trace.frame(len(trace.steps))
    assert frame.phase is Phase.END
    for node in run.graph.nodes:
        assert frame.value(node) is trace.values[node.position]
        assert frame.gradient(node) is trace.gradients[node.position]
        assert frame.complete(node) == (frame.gradient(node) is not None)
        if frame.gradient(node) is not None:
            assert frame.gradient(node) is trace.gradient(node.name)


@given(run=runs())
def test_a_gradient_is_complete_when_it_is_handed_on(run: RandomRun) -> None:
    trace = record(*run)
    for position, step in enumerate(trace.steps, 1):
        frame = trace.frame(position)
        assert frame.step is not None
        assert frame.step.index == position
        if isinstance(step, Backward):
            upstream = run.graph.nodes[step.edge.node]
            assert trace.frame(position - 1).complete(upstream)
            assert frame.gradient(upstream) is trace.gradients[upstream.position]
        if isinstance(step, Accumulate):
            assert frame.complete(run.graph.nodes[step.edge.operand]) == (step.count == step.of)


@given(run=runs())
def test_phases_follow_each_other(run: RandomRun) -> None:
    trace = record(*run)
    computed = len(run.graph.order)
    last = len(trace.steps)
    phases = [trace.frame(position).phase for position in range(last + 1)]
    wanted = [Phase.START] + [Phase.FORWARD] * computed + [Phase.BACKWARD] * (last - computed)
    assert phases == [*wanted[:-1], Phase.END]


@given(run=runs())
def test_the_node_of_a_frame_is_the_one_its_step_is_about(run: RandomRun) -> None:
    trace = record(*run)
    for position, step in enumerate(trace.steps, 1):
        frame = trace.frame(position)
        assert frame.node is not None
        match step:
            case Forward(node=node) | Seed(node=node):
                assert (frame.node.position, frame.edge) == (node, None)
            case Backward(edge=edge):
                assert (frame.node.position, frame.edge) == (edge.node, edge)
            case Accumulate(edge=edge):
                assert (frame.node.position, frame.edge) == (edge.operand, edge)


@given(run=runs(most=4))
def test_positions_outside_the_run_are_refused(run: RandomRun) -> None:
    trace = record(*run)
    for outside in (-1, len(trace.steps) + 1):
        with pytest.raises(IndexError, match="outside 0…"):
            trace.frame(outside)
