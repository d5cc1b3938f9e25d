"""The steps of a run, against the words of the format and against a naive enumeration."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.graph.steps import Accumulate, Backward, Forward, Seed, Steps
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
