"""The steps of a run, against the words of the format and against a naive enumeration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Reduce, Seed, Steps, Update
from backprop_engine.ops import OPS
from backprop_engine.trace.record import record
from graphs import runs


def _words(graph: Graph) -> list[str]:
    """The steps of `graph` as short sentences."""
    name = [node.name or node.text for node in graph.nodes]
    sentences = []
    for step in Steps(graph.schedule):
        match step:
            case Forward(node=node):
                sentences.append(f"forward {name[node]}")
            case Seed(node=node):
                sentences.append(f"seed {name[node]}")
            case Backward(edge=edge):
                sentences.append(f"backward {name[edge.node]} -> {name[edge.operand]}[{edge.argnum}]")
            case Accumulate(edge=edge, count=count, of=of):
                sentences.append(f"accumulate {name[edge.operand]} {count} of {of}")
    return sentences


def _graph(*nodes: tuple[str, str, list[str | int]], leaves: str) -> Graph:
    builder = GraphBuilder()
    places: dict[Any, int] = {leaf: builder.leaf(leaf, Kind.INPUT) for leaf in leaves.split()}
    for name, op, operands in nodes:
        positions = [
            builder.literal(operand) if isinstance(operand, int) else places[operand] for operand in operands
        ]
        places[name] = builder.apply(OPS[op], positions, name)
    return builder.build()


def test_a_times_a_plus_a_has_ten_steps() -> None:
    graph = _graph(("f#1", "mul", ["a", "a"]), ("f", "add", ["f#1", "a"]), leaves="a")
    assert _words(graph) == [
        "forward f#1",
        "forward f",
        "seed f",
        "backward f -> f#1[0]",
        "backward f -> a[1]",
        "accumulate a 1 of 3",
        "backward f#1 -> a[0]",
        "accumulate a 2 of 3",
        "backward f#1 -> a[1]",
        "accumulate a 3 of 3",
    ]


def test_two_x_plus_one_has_five_steps() -> None:
    graph = _graph(("f#1", "mul", [2, "x"]), ("f", "add", ["f#1", 1]), leaves="x")
    assert _words(graph) == [
        "forward f#1",
        "forward f",
        "seed f",
        "backward f -> f#1[0]",
        "backward f#1 -> x[1]",
    ]


def test_add_then_multiply_has_seven_steps() -> None:
    graph = _graph(("q", "add", ["x", "y"]), ("f", "mul", ["q", "z"]), leaves="x y z")
    assert _words(graph) == [
        "forward q",
        "forward f",
        "seed f",
        "backward f -> q[0]",
        "backward f -> z[1]",
        "backward q -> x[0]",
        "backward q -> y[1]",
    ]
    trace = record(graph, Bindings.of(graph, {"x": -2, "y": 5, "z": -4}))
    assert len(trace.steps) == 7
    assert [trace.gradient(name) for name in "xyzq"] == [-4.0, -4.0, 3.0, -4.0]


def _enumerated(graph: Graph) -> list[tuple[Any, ...]]:
    """The steps as the format tells them, by lists and recursion alone."""
    computed = [node for node in graph.nodes if node.op is not None]

    def from_variable(position: int) -> bool:
        """An input, a param, or computed from one through operands that a rule differentiates."""
        node = graph.nodes[position]
        return node.kind in (Kind.INPUT, Kind.PARAM) or any(
            rule is not None and from_variable(operand)
            for operand, rule in zip(node.operands, node.rules, strict=True)
        )

    def flows(position: int) -> list[tuple[int, int]]:
        node = graph.nodes[position]
        return [
            (argnum, operand)
            for argnum, operand in enumerate(node.operands)
            if node.rules[argnum] is not None and from_variable(operand)
        ]

    active: list[int] = []

    def visit(position: int) -> None:
        if position not in active:
            active.append(position)
            for _, operand in flows(position):
                visit(operand)

    visit(graph.output)
    users = [operand for node in computed if node.position in active for _, operand in flows(node.position)]
    steps: list[tuple[Any, ...]] = [("forward", node.position) for node in computed]
    steps.append(("seed", graph.output))
    seen: list[int] = []
    for node in reversed(computed):
        if node.position not in active:
            continue
        for argnum, operand in flows(node.position):
            steps.append(("backward", node.position, argnum, operand))
            seen.append(operand)
            if users.count(operand) > 1:
                steps.append(
                    ("accumulate", node.position, argnum, operand, seen.count(operand), users.count(operand))
                )
    return steps


def _told(step: Any) -> tuple[Any, ...]:
    match step:
        case Forward(node=node):
            return ("forward", node)
        case Seed(node=node):
            return ("seed", node)
        case Backward(edge=edge):
            return ("backward", edge.node, edge.argnum, edge.operand)
        case _:
            edge = step.edge
            return ("accumulate", edge.node, edge.argnum, edge.operand, step.count, step.of)


@given(run=runs(most=16))
def test_arithmetic_gives_the_steps_of_the_naive_enumeration(run: Any) -> None:
    schedule = run.graph.schedule
    wanted = _enumerated(run.graph)
    assert schedule.last == len(wanted)
    assert [_told(schedule.step(position)) for position in range(1, schedule.last + 1)] == wanted


@given(run=runs(most=16))
def test_every_step_knows_its_index(run: Any) -> None:
    schedule = run.graph.schedule
    assert [schedule.step(position).index for position in range(1, schedule.last + 1)] == list(
        range(1, schedule.last + 1)
    )
    assert isinstance(schedule.step(schedule.seed), Seed)
    for position in (0, -1, schedule.last + 1):
        with pytest.raises(IndexError, match=f"no step {position}"):
            schedule.step(position)


@given(run=runs(), data=st.data())
def test_steps_are_a_sequence(run: Any, data: Any) -> None:
    steps = Steps(run.graph.schedule)
    every = list(steps)
    assert len(every) == len(steps)
    assert [_told(step) for step in reversed(steps)] == [_told(step) for step in every[::-1]]
    part = data.draw(st.slices(len(steps)))
    assert [_told(step) for step in steps[part]] == [_told(step) for step in every[part]]
    index = data.draw(st.integers(-len(steps), len(steps) - 1))
    assert _told(steps[index]) == _told(every[index])
    for outside in (len(steps), -len(steps) - 1):
        with pytest.raises(IndexError):
            steps[outside]


@given(run=runs())
def test_arrivals_are_where_a_contribution_counts(run: Any) -> None:
    schedule = run.graph.schedule
    for edge in run.graph.edges:
        step = schedule.step(schedule.arrival(edge.index))
        assert step.edge is edge
        assert isinstance(step, Accumulate if edge.shared else Backward)
    for position in range(schedule.last + 1):
        for node in run.graph.nodes:
            arrived = [
                edge.index
                for edge in run.graph.edges
                if edge.operand == node.position and schedule.arrival(edge.index) <= position
            ]
            assert schedule.latest_arrival(node.position, position) == (arrived[-1] if arrived else None)


# Ranks and updates

TWO_PARAMETERS = _graph(("q", "mul", ["v", "w"]), ("f", "mul", ["q", "w"]), leaves="v w")
"""Nodes v 0, w 1, q 2, f 3; w is used twice."""


def _indices(steps: Steps) -> list[int]:
    return [step.index for step in steps]


def test_what_ranks_put_together_comes_after_the_backward_pass_and_before_the_updates() -> None:
    plan = replace(TWO_PARAMETERS.schedule, updates=(1, 0), reduced=(0, 1))
    steps = Steps(plan)
    alone = 2 + 1 + 4 + 2  # forward, seed, backward, and what is accumulated of w
    assert (plan.seed, plan.completed, plan.last, plan.clear) == (3, alone, alone + 5, alone + 5)
    assert [*steps[plan.completed :]] == [
        Reduce(alone + 1, 0),
        Reduce(alone + 2, 1),
        Update(alone + 3, 1),
        Update(alone + 4, 0),
        Clear(alone + 5),
    ]
    assert plan.reduce_positions == {0: alone + 1, 1: alone + 2}
    assert plan.update_positions == {1: alone + 3, 0: alone + 4}
    assert _indices(steps) == [*range(1, alone + 6)]


def test_where_nothing_is_updated_nothing_is_cleared() -> None:
    plan = replace(TWO_PARAMETERS.schedule, reduced=(1,))
    assert [*Steps(plan)[plan.completed :]] == [Reduce(plan.last, 1)]
    assert (plan.last, plan.clear) == (plan.completed + 1, plan.completed + 2)
    assert plan.update_positions == {}


def test_a_forward_pass_alone_ends_before_the_seed() -> None:
    plan = TWO_PARAMETERS.forward_schedule
    assert [*Steps(plan)] == [Forward(1, 2), Forward(2, 3)]
    assert (plan.completed, plan.last, plan.seed, plan.clear) == (2, 2, 3, 3)
    training = replace(plan, updates=(0,))
    assert training.step(3) == Seed(3, 3)


def test_there_are_no_steps_outside_of_a_run() -> None:
    plan = TWO_PARAMETERS.schedule
    for outside in (0, -1, plan.last + 1):
        with pytest.raises(
            IndexError, match=f"there is no step {outside}: steps count from 1 to {plan.last}"
        ):
            plan.step(outside)
    assert (Steps(plan)[-1].index, Steps(plan)[0]) == (plan.last, Forward(1, 2))
    assert _indices(Steps(plan)[2:5]) == [3, 4, 5]  # type: ignore[arg-type]


def test_the_turn_and_the_arrival_of_each_contribution() -> None:
    plan = TWO_PARAMETERS.schedule
    ways = [(edge.node, edge.operand, edge.shared, plan.turn(edge)) for edge in plan.edges]
    assert ways == [(3, 2, False, (1, 1)), (3, 1, True, (1, 2)), (2, 0, False, (1, 1)), (2, 1, True, (2, 2))]
    assert [plan.arrival(edge.index) for edge in plan.edges] == [4, 6, 7, 9]
    assert plan.uses_of == {2: [0], 1: [1, 3], 0: [2]}
    assert plan.edges_of == {3: range(2), 2: range(2, 4)}
    assert [plan.latest_arrival(1, position) for position in range(10)] == [None] * 6 + [1] * 3 + [3]
    assert plan.latest_arrival(3, 9) is None
