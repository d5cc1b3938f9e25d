"""Frames of random graphs: from one position to the next only the step's own node changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Kind
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Reduce, Seed, Update
from backprop_engine.trace.record import record
from backprop_engine.trace.reduction import GradientReduction
from backprop_engine.trace.trace import Frame, Phase, Trace, between, nodes_of
from graphs import RandomRun, Sketch, runs


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


# What may look different


def _trained() -> Trace:
    """The iteration of a training on two ranks: a reduction, an update, and the end after five steps."""
    graph = Sketch().leaves(Kind.PARAM, w=()).constants(x=())(f="mul w x")(g="tanh f").build()
    trace = record(graph, Bindings.of(graph, {"w": 0.5, "x": 2.0}))
    plan = replace(graph.training_schedule, reduced=(0,))
    reduced = GradientReduction({0: trace.gradients[0], 1: np.float64(5.0)}, np.float64(2.5), 0)
    return replace(trace, plan=plan, reduced={0: reduced}, updated={0: np.float64(7.0)})


def test_the_frames_of_an_iteration_on_two_ranks() -> None:
    trace = _trained()
    last = trace.schedule.last
    frames = [trace.frame(position) for position in range(last + 1)]
    assert [type(frame.step) for frame in frames[1:]] == [
        Forward, Forward, Seed, Backward, Backward, Reduce, Update, Clear,
    ]  # fmt: skip
    own = trace.gradients[0]
    assert [frame.gradient("w") for frame in frames] == [None] * 5 + [own, 2.5, 2.5, None]
    assert [frame.value("w") for frame in frames] == [0.5] * 7 + [7.0, 7.0]
    assert [frame.value("f") is None for frame in frames] == [True] + [False] * 7 + [True]
    assert [frame.complete("w") for frame in frames] == [False] * 5 + [True] * 3 + [False]
    assert [frame.phase for frame in frames[5:]] == [Phase.BACKWARD] + [Phase.UPDATE] * 3
    assert [frame.node.name if frame.node else "" for frame in frames] == ["", *"fggg", "f", "w", "w", ""]


def test_without_updates_what_ranks_put_together_is_a_phase_of_its_own() -> None:
    trace = _trained()
    trace = replace(trace, plan=replace(trace.graph.schedule, reduced=(0, 0)))
    assert [trace.frame(position).phase for position in (5, 6, 7)] == [
        Phase.BACKWARD,
        Phase.REDUCE,
        Phase.END,
    ]


def test_between_two_frames_are_the_steps_to_each_and_those_between() -> None:
    trace = _trained()
    frames = [trace.frame(position) for position in range(trace.schedule.last + 1)]
    steps = [frame.step for frame in frames]
    assert between(frames[2], frames[4]) == between(frames[4], frames[2]) == steps[2:5]
    assert between(frames[1], frames[5]) == steps[1:6]
    assert between(frames[3], frames[3]) == [steps[3]]
    assert between(frames[6], frames[7]) == steps[6:8]
    assert between(frames[0], frames[1]) is None
    assert between(frames[4], frames[6]) is between(frames[5], frames[6]) is None  # across the completion
    assert between(frames[6], frames[8]) is between(frames[8], frames[8]) is None  # everything is cleared
    assert between(frames[2], _trained().frame(3)) is None


def test_between_frames_far_apart_anything_may_differ() -> None:
    sketch = Sketch().inputs(x=())
    for number in range(12):
        sketch = sketch(**{f"n{number}": f"tanh {f'n{number - 1}' if number else 'x'}"})
    graph = sketch.build()
    trace = record(graph, Bindings.of(graph, {"x": 0.5}))
    assert [step.index for step in between(trace.frame(1), trace.frame(9)) or ()] == [*range(1, 10)]
    assert between(trace.frame(1), trace.frame(10)) is None


def test_the_nodes_that_a_step_is_about() -> None:
    trace = _trained()
    steps = [trace.schedule.step(index) for index in range(1, 9)]
    assert [nodes_of(step) for step in steps] == [(2,), (3,), (3,), (3, 2), (2, 0), (0,), (0,), ()]
    edge = trace.graph.edges[1]
    assert nodes_of(Accumulate(6, edge, 1, 2)) == (2, 0)
