"""Building a graph with names: operators, operands, settings, and nodes wherever one is asked for."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import Any

import numpy as np
import pytest

from backprop_engine import (
    OPS,
    Bindings,
    GraphBuilder,
    Kind,
    ShapeError,
    UsageError,
    ValueEdit,
    load_scenario,
    record,
)
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source

HANGUL = re.compile("[가-힣]")


def builder() -> GraphBuilder:
    made = GraphBuilder()
    made.leaf("W", Kind.PARAM, (2, 3))
    made.leaf("x", Kind.INPUT, (3,))
    return made


def test_names_positions_and_operators_give_one_graph() -> None:
    by_name, by_position = builder(), builder()
    by_name.apply("matmul", "W", "x", name="y")
    by_name.apply("sum", "y", axis=0, name="L")
    y = by_position.apply(OPS["matmul"], (0, 1), "y")
    by_position.apply(OPS["sum"], [y], "L", attributes={"axis": 0})
    first, second = by_name.build(), by_position.build()
    assert [(node.name, node.op, node.operands, node.attributes) for node in first.nodes] == [
        (node.name, node.op, node.operands, node.attributes) for node in second.nodes
    ]
    numbers = {"W": np.ones((2, 3)), "x": [1, 2, 3]}
    assert record(first, numbers).gradient("x").tolist() == [2, 2, 2]


def test_a_builder_and_a_step_are_shown_in_a_line() -> None:
    made = builder()
    made.apply("matmul", "W", "x", name="L")
    assert repr(made) == "<GraphBuilder: 3 nodes>"
    trace = record(
        made.build("L"), Bindings.of(made.build("L"), {"W": np.ones((2, 3)), "x": [1, 2, 3]}, [1, 1])
    )
    assert repr(trace.frame(3).step) == "Backward(index=3, edge=<Edge 0: node 2 → operand 0, node 0>)"


def test_a_node_without_a_name_is_called_as_its_operator() -> None:
    made = builder()
    made.apply("square", made.apply("square", made.apply("mul", "x", 2.0)))
    assert [node.name for node in made.build().nodes if node.op] == ["mul", "square", "square_2"]


@pytest.mark.parametrize(
    ("call", "settings", "message"),
    [
        (("matmull", "W", "x"), {}, r"there is no operator matmull; did you mean `matmul`\?"),
        (("matmul", "W", "y"), {}, "the graph has no node called y"),
        (("matmul", "W"), {}, "matmul takes a, b, but 1 were given"),
        (("add", "x", np.ones(3)), {}, "ndarray is not an operand: .*; make the array a leaf"),
        (("tanh", "W", "x"), {}, "tanh takes a, but 2 were given"),
        (("sum", "x"), {"axes": 0}, r"sum has no setting axes; did you mean `axis`\?"),
        (("tanh", "x"), {"slope": 0}, "tanh has no setting slope; it has none"),
        (("cumsum", "x"), {}, "cumsum needs a setting axis; "),
        (("norm", "x"), {"ord": 0.0}, "norm does not accept 0.0 for ord; "),
        (("sum", "x"), {"axis": "0"}, "sum does not accept '0' for axis; "),
        (
            ("repeat_interleave", "x"),
            {"repeats": (1, 2)},
            r"repeat_interleave does not accept \(1, 2\) for repeats; ",
        ),
        (("softmax", "x"), {"axis": 0.5}, "softmax does not accept 0.5 for axis; "),
        (
            ("mul", "x", 7),
            {},
            "there is no node at position 7; a number used as an operand must be a float",
        ),
        (("mul", "x", 2), {}, "there is no node at position 2; a number used as an operand must be a float"),
        (
            ("mul", "x", -1),
            {},
            "there is no node at position -1; a number used as an operand must be a float",
        ),
        (("mul", "x", "W"), {"name": "x"}, "the graph has two nodes called x"),
    ],
)
def test_a_call_that_does_not_fit_is_refused(call: tuple[Any, ...], settings: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        builder().apply(*call, **settings)
    assert HANGUL.search(caught.value.in_language("ko"))


def test_settings_may_be_numbers_of_numpy() -> None:
    made = builder()
    made.apply("sum", "W", axis=np.int64(0), name="s")
    made.apply("sum", "W", axis=[0, 1], name="all")
    assert (made.build("s")["s"].shape, made.build("all")["all"].shape) == ((3,), ())


def test_shapes_are_checked_when_a_node_is_added() -> None:
    with pytest.raises(ShapeError, match="the last axis of x"):
        builder().apply("matmul", "x", "W")


def test_a_node_goes_by_its_name_or_as_it_is() -> None:
    trace = load_scenario("add_multiply").record()
    graph, frame = trace.graph, trace.frame(6)
    for name in ("x", "q", "f"):
        node = graph[name]
        assert graph[node] is node
        assert trace.value(name) == trace.value(node) == frame.value(name) == frame.value(node)
        assert trace.gradient(name) == trace.gradient(node)
        assert frame.gradient(name) == frame.gradient(node)
        assert frame.complete(name) == frame.complete(node)
        assert frame.arrived(name) == frame.arrived(node)
    for edit in (ValueEdit("q", 10), ValueEdit(graph["q"], 10)):
        assert record(graph, trace.bindings, [edit]).value("f") == -40
    other = load_scenario("xor").graph
    with pytest.raises(UsageError, match="is a node of another graph"):
        trace.value(other.nodes[0])
    with pytest.raises(UsageError, match=r"the graph has no node called p"):
        frame.value("p")


def test_what_is_printed_is_one_short_line() -> None:
    scenario = load_scenario("iris_mlp")
    run = scenario.run()
    trace = run.trace(0)
    shown = [
        scenario,
        scenario.graph,
        scenario.bindings,
        run,
        trace,
        *map(trace.frame, range(len(trace.steps))),
    ]
    for text in map(repr, shown):
        assert text.startswith("<")
        assert text.endswith(">")
        assert "\n" not in text
        assert len(text) < 100
    assert repr(run) == "<Run: output L, 100 updates by sgd, 2308 steps>"
    assert repr(
        Bindings.of(scenario.graph, {leaf.name: trace.value(leaf) for leaf in scenario.graph.leaves})
    ) == ("<Bindings of 6 leaves>")


@pytest.mark.parametrize("operand", [-1, 2, 7])
def test_an_operand_is_a_node_that_there_is(operand: int) -> None:
    with pytest.raises(UsageError, match=f"there is no node at position {operand}"):
        builder().apply("square", operand)


def test_nodes_that_join_in_a_row_have_names_of_their_own_and_their_indices_stay_whole() -> None:
    made = builder()
    at = made.leaf("at", Kind.CONSTANT, (2,))
    row, text = [0, at], "square(embedding(W, at))"
    looked_up = ("#1", OPS["embedding"], itemgetter(0, 1), (7, 0, 23, 0))
    squared = ("", OPS["square"], lambda row: (row[2],), (0, 0, 24, 0))
    made.add_bare([looked_up, squared], row, "f", text, [0], None)
    graph = made.build("f")
    assert [graph.nodes[position].name for position in row] == ["W", "at", "f#1", "f"]
    assert [graph.nodes[position].shape for position in row] == [(2, 3), (2,), (2, 3), (2, 3)]
    assert [graph.nodes[position].text for position in row[2:]] == ["embedding(W, at)", text]
    trace = record(
        graph, Bindings.of(graph, {"W": np.eye(2, 3), "x": [1, 2, 3], "at": [1, 0]}, np.ones((2, 3)))
    )
    assert trace.bindings.leaves[at].dtype.kind == "i"
    assert trace.value("f").tolist() == [[0, 1, 0], [1, 0, 0]]
    with pytest.raises(UsageError, match="the graph has two nodes called f#1"):
        made.add_bare([looked_up], [0, at], "f", text, [0], None)


def test_a_setting_makes_a_tensor_of_the_single_numbers_before_it() -> None:
    """What operators give for numbers is remembered, and not for what is a tensor since."""
    nodes = "{y: x * x * x, v: 'unsqueeze(x, axis=0)', z: v * v * v}"
    text = f"params: {{x: 3}}\nnodes: {nodes}\noutput: z\nseed: [1]\n"
    graph = load_source(Source("case.yaml", text)).graph
    assert [graph[name].shape for name in ("y#1", "y", "v", "z#1", "z")] == [(), (), (1,), (1,), (1,)]


@pytest.mark.parametrize("operand", [True, False, np.True_])
def test_a_truth_value_is_no_operand(operand: bool) -> None:
    with pytest.raises(UsageError, match=r"bool_? is not an operand"):
        builder().apply("square", operand)


def test_a_position_may_be_a_number_of_numpy() -> None:
    made = builder()
    square = made.apply("square", np.int64(0))
    assert type(made.build().nodes[square].operands[0]) is int
