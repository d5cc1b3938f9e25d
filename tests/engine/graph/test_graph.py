"""Building graphs: names, shapes, the order of nodes, and where gradient flows."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from backprop_engine.errors import ShapeError, UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Group, Kind
from backprop_engine.ops import OPS
from backprop_engine.trace.record import record
from graphs import Sketch


def _edges(graph: Graph) -> list[tuple[str, str, int]]:
    return [
        (graph.nodes[edge.node].name, graph.nodes[edge.operand].name, edge.argnum) for edge in graph.edges
    ]


def _named(graph: Graph, flags: Any) -> dict[str, Any]:
    return {node.name: flag for node, flag in zip(graph.nodes, flags, strict=True) if node.name}


SHAPE_ERRORS = [
    ("add", {"p": (2, 3), "q": (2,)}, "p is 2×3 and q is 2: these shapes do not broadcast",
     "axis -1 has size 3 in p and 2 in q: the sizes must be equal, or one of them 1; "
     "unsqueeze(q, axis=1) would fit"),
    ("mul", {"p": (4, 3), "q": (2, 3)}, "p is 4×3 and q is 2×3: these shapes do not broadcast",
     "axis -2 has size 4 in p and 2 in q: the sizes must be equal, or one of them 1; "
     "for the matrix product write p @ q.T"),
    ("hadamard", {"p": (3,), "q": ()}, "p is 3 and q is (): both must have the same shape",
     "p has 1 axis, q has no axes"),
    ("mse", {"p": (2, 3), "q": (3, 2)}, "p is 2×3 and q is 3×2: both must have the same shape",
     "axis 0 has size 2 in p and 3 in q; p.T would fit"),
    ("mse", {"p": (4, 1), "q": (4,)}, "p is 4×1 and q is 4: both must have the same shape",
     "p has 2 axes, q has 1 axis; unsqueeze(q, axis=1) would fit"),
    ("matmul", {"W": (3, 2), "x": (3,)},
     "W is 3×2 and x is 3: the last axis of W (2) must equal the only axis of x (3)",
     "did you mean W.T @ x?"),
    ("matmul", {"x": (4,), "W": (3, 4)},
     "x is 4 and W is 3×4: the last axis of x (4) must equal the first axis of W (3)",
     "did you mean x @ W.T?"),
    ("matmul", {"X": (5, 4), "W": (3, 4)},
     "X is 5×4 and W is 3×4: the last axis of X (4) must equal the first axis of W (3)",
     "did you mean X @ W.T?"),
    ("matmul", {"x": (2,), "W": (3, 2)},
     "x is 2 and W is 3×2: the last axis of x (2) must equal the first axis of W (3)",
     "did you mean x @ W.T?"),
    ("matmul", {"x": (5, 3), "W": (4, 5)},
     "x is 5×3 and W is 4×5: the last axis of x (3) must equal the first axis of W (4)",
     "did you mean W @ x?"),
    ("matmul", {"p": (2, 2, 3), "q": (4, 3, 2)},
     "p is 2×2×3 and q is 4×3×2: the batch axes 2 and 4 do not broadcast",
     "axis -3 has size 2 in p and 4 in q: the sizes must be equal, or one of them 1"),
    ("matmul", {"q": (2, 5, 3), "k": (2, 4, 3)},
     "q is 2×5×3 and k is 2×4×3: the last axis of q (3) must equal the second-to-last axis of k (4)",
     "did you mean q @ permute(k, axes=[0, 2, 1])?"),
    ("matmul", {"p": (2, 3), "q": (4, 5)},
     "p is 2×3 and q is 4×5: the last axis of p (3) must equal the first axis of q (4)", ""),
    ("matmul", {"p": (), "q": (3,)}, "p is () and q is 3: @ takes vectors and matrices",
     "for a scalar write p * q"),
    ("outer", {"p": (2, 2), "q": (3,)}, "p is 2×2 and q is 3: outer takes two vectors", ""),
    ("dot", {"W": (3, 4), "x": (3,)}, "W is 3×4 and x is 3: dot takes two vectors of the same length",
     "for matrices write W.T @ x"),
    ("softmax", {"p": ()}, "p is () and has no axis -1", "a scalar has no axes"),
    ("softmax", {"p": (2, 0)}, "p is 2×0: axis -1 is empty", ""),
    ("softmax_with_loss", {"p": (2, 3), "t": (3,)},
     "p is 2×3 and t is 3: a target is class indices of shape 2, or probabilities of shape 2×3",
     "axis 0 has size 3 in t and 2 in p; p.T would fit"),
    ("softmax_with_loss", {"p": (), "t": ()}, "p is (), a scalar: it needs an axis of classes", ""),
]  # fmt: skip


@pytest.mark.parametrize(("op", "shapes", "message", "hint"), SHAPE_ERRORS)
def test_shape_errors_name_the_nodes_and_their_shapes(
    op: str, shapes: dict[str, tuple[int, ...]], message: str, hint: str
) -> None:
    sketch = Sketch().inputs(**shapes)
    with pytest.raises(ShapeError) as raised:
        sketch(bad=f"{op} {' '.join(shapes)}")
    assert (raised.value.message, raised.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("op", "attributes", "message"),
    [
        ("sum", {"axis": 2}, "x is 2×3 and has no axis 2"),
        ("mean", {"axis": -3}, "x is 2×3 and has no axis -3"),
        ("sum", {"axis": (0, -2)}, "x is 2×3: axis [0, -2] lists an axis twice"),
        ("index", {"key": (2,)}, "x is 2×3: the index 2 is out of range for axis 0, which has size 2"),
        ("index", {"key": (0, -4)}, "x is 2×3: the index -4 is out of range for axis 1, which has size 3"),
        ("index", {"key": (0, 0, 0)}, "x has shape 2×3 and cannot take 3 indices"),
    ],
)
def test_attributes_that_do_not_fit_the_shape(op: str, attributes: dict[str, Any], message: str) -> None:
    builder = GraphBuilder()
    x = builder.leaf("x", Kind.INPUT, (2, 3))
    with pytest.raises(ShapeError) as raised:
        builder.apply(OPS[op], [x], "bad", attributes=attributes)
    assert raised.value.message == message


def test_braces_in_names_do_not_break_the_message() -> None:
    builder = GraphBuilder()
    operands = [builder.leaf("{0}", Kind.INPUT, (2, 3)), builder.literal(2)]
    with pytest.raises(ShapeError, match=re.escape("{0} is 2×3 and 2 is ()")):
        builder.apply(OPS["hadamard"], operands, "bad")


def test_a_name_is_given_once() -> None:
    with pytest.raises(UsageError, match="two nodes called x"):
        Sketch().inputs(x=())(x="neg x")


def test_unknown_names_are_usage_errors() -> None:
    graph = Sketch().inputs(x=())(y="neg x").build()
    for ask in (graph.position, graph.__getitem__):
        with pytest.raises(UsageError, match="no node called z"):
            ask("z")
    assert "x" in graph
    assert "z" not in graph
    with pytest.raises(UsageError, match="no node called z"):
        Sketch().inputs(x=())(y="neg x").build("z")


def test_the_only_node_that_feeds_no_other_is_the_output() -> None:
    graph = Sketch().inputs(x=())(y="neg x", z="neg y").build()
    assert graph.nodes[graph.output].name == "z"


def test_two_ends_need_a_named_output() -> None:
    sketch = Sketch().inputs(x=())(y="neg x", z="neg x")
    with pytest.raises(UsageError, match=re.escape("2 nodes feed no other node (y, z)")):
        sketch.build()
    graph = sketch.build("y")
    assert graph.nodes[graph.output].name == "y"


def test_leaves_and_literals_go_first_and_edges_follow_them() -> None:
    builder = GraphBuilder()
    x = builder.leaf("x", Kind.INPUT, ())
    double = builder.apply(OPS["mul"], [x, builder.literal(2)], "double")
    y = builder.leaf("y", Kind.PARAM, ())
    builder.apply(OPS["sub"], [double, y], "f")
    graph = builder.build()
    assert [node.name for node in graph.nodes] == ["x", "", "y", "double", "f"]
    assert [node.position for node in graph.nodes] == [0, 1, 2, 3, 4]
    assert graph.nodes[3].operands == (0, 1)
    assert graph.nodes[4].operands == (3, 2)
    assert (graph.order, graph.output) == (range(3, 5), 4)
    assert dict(graph.literals) == {1: 2.0}
    trace = record(graph, Bindings.of(graph, {"x": 3.0, "y": 1.0}))
    assert (trace.value("f"), trace.gradient("x"), trace.gradient("y")) == (5.0, 2.0, -1.0)


def test_moved_index_leaves_still_hold_whole_numbers() -> None:
    builder = GraphBuilder()
    a = builder.leaf("a", Kind.INPUT, (3,))
    z = builder.apply(OPS["neg"], [a], "z")
    t = builder.leaf("t", Kind.CONSTANT, ())
    builder.apply(OPS["softmax_with_loss"], [z, t], "L")
    graph = builder.build()
    assert graph.index_leaves == {graph.position("t")}
    assert Bindings.of(graph, {"a": [1, 2, 3], "t": 2}).leaves[graph.position("t")].dtype == np.int64


def test_a_leaf_that_the_output_does_not_depend_on_is_not_active() -> None:
    graph = Sketch().inputs(x=(), y=())(f="neg x", side="mul x y").build("f")
    assert _named(graph, graph.active) == {"x": True, "y": False, "f": True, "side": False}
    assert _named(graph, graph.uses) == {"x": 1, "y": 0, "f": 0, "side": 0}
    assert _edges(graph) == [("f", "x", 0)]


def test_gradient_stops_at_detach() -> None:
    graph = Sketch().inputs(x=())(q="square x", d="detach q", f="mul q d").build()
    assert _named(graph, graph.differentiable) == {"x": True, "q": True, "d": False, "f": True}
    assert _named(graph, graph.active) == {"x": True, "q": True, "d": False, "f": True}
    assert _edges(graph) == [("f", "q", 0), ("q", "x", 0)]
    assert graph.uses[graph.position("q")] == 1


def test_no_gradient_flows_to_the_condition_of_where() -> None:
    graph = Sketch().inputs(x=(), y=())(c="greater x y", f="where c x y").build()
    assert _named(graph, graph.active) == {"x": True, "y": True, "c": False, "f": True}
    assert _edges(graph) == [("f", "x", 1), ("f", "y", 2)]
    assert _named(graph, graph.uses) == {"x": 1, "y": 1, "c": 0, "f": 0}


def test_constants_get_no_edge_and_pass_none_on() -> None:
    graph = Sketch().inputs(x=()).constants(k=())(m="mul k k", f="mul m x").build()
    assert _named(graph, graph.differentiable) == {"x": True, "k": False, "m": False, "f": True}
    assert _edges(graph) == [("f", "x", 1)]


def test_an_output_that_feeds_another_node_gets_no_gradient_from_it() -> None:
    graph = Sketch().inputs(x=())(f="square x", later="mul f x").build("f")
    assert _named(graph, graph.active) == {"x": True, "f": True, "later": False}
    assert _named(graph, graph.uses) == {"x": 1, "f": 0, "later": 0}
    assert _edges(graph) == [("f", "x", 0)]


def test_an_operand_used_twice_by_one_node_has_two_edges() -> None:
    graph = Sketch().inputs(a=())(f="mul a a").build()
    assert _edges(graph) == [("f", "a", 0), ("f", "a", 1)]
    assert graph.uses[0] == 2
    assert all(edge.shared for edge in graph.edges)


def test_an_output_without_an_input_behind_it_has_no_edges() -> None:
    graph = Sketch().constants(k=())(f="neg k").build()
    assert graph.edges == ()
    assert graph.schedule.last == 2


@pytest.mark.parametrize(
    ("a", "b", "summed"),
    [
        ((), (), [(), ()]),
        ((2, 3), (2, 3), [(), ()]),
        ((1, 3), (1, 3), [(), ()]),
        ((2, 3), (3,), [(), (0,)]),
        ((2, 1), (1, 3), [(1,), (0,)]),
        ((), (2, 3), [(0, 1), ()]),
        ((4, 1, 3), (2, 1), [(1,), (0, 2)]),
    ],
)
def test_exactly_the_axes_that_were_broadcast_are_summed(
    a: tuple[int, ...], b: tuple[int, ...], summed: list[tuple[int, ...]]
) -> None:
    graph = Sketch().inputs(a=a, b=b)(f="add a b").build()
    assert [edge.summed for edge in graph.edges] == summed


def test_cells_count_values_contributions_and_running_sums() -> None:
    graph = Sketch().inputs(x=(2, 3), b=(3,))(h="add x b", f="hadamard h h").build()
    values, contributions, sums, seed = 6 + 3 + 6 + 6, 6 + 6 + 6 + 3, 6 + 6, 6
    assert graph.numbers() == values + contributions + sums + seed


def test_a_builder_refuses_two_nodes_of_one_name_and_a_graph_that_computes_nothing() -> None:
    builder = GraphBuilder()
    builder.leaf("x", Kind.INPUT)
    with pytest.raises(UsageError, match="the graph has two nodes called x"):
        builder.leaf("x", Kind.PARAM, (2,))
    with pytest.raises(UsageError, match="the graph has no computed node"):
        builder.build()


def test_gradient_flows_through_a_node_that_an_input_leads_to() -> None:
    builder = GraphBuilder()
    x, c = builder.leaf("x", Kind.INPUT, ()), builder.leaf("c", Kind.CONSTANT, ())
    builder.apply("tanh", c, name="fixed")
    builder.apply("mul", x, c, name="free")
    builder.apply("detach", x, name="cut")
    flowing = {name: builder.passes_gradient(name) for name in ("x", "c", "fixed", "free", "cut")}
    assert flowing == {"x": True, "c": False, "fixed": False, "free": True, "cut": False}


def test_nodes_and_groups_say_what_they_are() -> None:
    graph = Sketch().inputs(x=(2, 3)).constants(k=())(f="mul x k").build()
    assert [repr(node) for node in graph.nodes] == ["<input x 2×3>", "<constant k ()>", "<computed f 2×3>"]
    assert [graph.gets_gradient(position) for position in range(3)] == [True, False, True]
    assert (Group("g", "grad(f, x)", 1, 2).is_pass, Group("g", "cell", 1, 2).is_pass) == (True, False)


def test_instances_know_what_is_around_them_and_which_nodes_are_theirs() -> None:
    """A leaf that is added late goes in front of all nodes, and an instance with too few nodes is none."""
    made = GraphBuilder()
    made.open_group("outer", "Block")
    first = made.apply("square", made.leaf("x", Kind.PARAM), name="first")
    made.open_group("inner", "Cell")
    second = made.apply("mul", first, made.leaf("late", Kind.PARAM), name="second")
    made.close_group()
    made.open_group("empty", "Cell")
    made.close_group(1)
    made.open_group("next", "Cell")
    third = made.apply("square", second, name="third")
    made.close_group(1)
    made.close_group()
    made.open_group("after", "Cell")
    made.apply("square", third, name="last")
    made.close_group()
    found = made.build("last")
    assert [node.name for node in found.nodes] == ["x", "late", "first", "second", "third", "last"]
    assert [(one.name, one.start, one.stop, one.parent) for one in found.groups] == [
        ("outer", 2, 5, None),
        ("inner", 3, 4, 0),
        ("next", 4, 5, 0),
        ("after", 5, 6, None),
    ]


def test_an_operand_that_gets_no_gradient_is_no_use() -> None:
    """A mask and what it chooses from may be one node; a constant is an operand without a gradient."""
    made = GraphBuilder()
    x, c = made.leaf("x", Kind.PARAM, (2,)), made.leaf("c", Kind.CONSTANT, (2,))
    made.apply("sum", made.apply("where", x, x, c, name="y"), name="L")
    found = made.build("L")
    assert [(found.nodes[edge.operand].name, edge.shared) for edge in found.edges] == [
        ("y", False),
        ("x", False),
    ]
    assert _named(found, found.uses) == {"x": 1, "c": 0, "y": 1, "L": 0}


def test_five_of_the_nodes_that_could_be_the_output_are_named() -> None:
    made = GraphBuilder()
    x = made.leaf("x", Kind.PARAM)
    for number in range(6):
        made.apply("square", x, name=f"n{number}")
    with pytest.raises(UsageError, match=r"6 nodes feed no other node \(n0, n1, n2, n3, n4\)"):
        made.build()
