"""Numbers at the edge: narrow types, infinities, NaN, kinks, empty axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.trace.record import record
from graphs import applied, assert_close, bindings_of, each_sample, graph_of, has_edges, largest, trace_of

SPECIAL = (np.nan, np.inf, -np.inf, 0.0, 1e308, -1e-320)


@each_sample(lambda op, sample: not op.boolean or has_edges(op, sample))
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_narrow_types_stay_narrow_and_near(op: Op, sample: Sample, dtype: str) -> None:
    wide = trace_of(op, sample)
    narrow = trace_of(op, sample, dtype)
    tolerance = 50 * float(np.finfo(dtype).eps)
    if not op.boolean:
        assert narrow.value("out").dtype == dtype
        assert_close(narrow.value("out"), wide.value("out"), tolerance, scale=largest(*wide.operand_values))
    for found, wanted in zip(narrow.contributions, wide.contributions, strict=True):
        assert found.dtype == dtype
        assert_close(found, wanted, tolerance, scale=largest(wide.bindings.seed))


@each_sample()
@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_special_numbers_pass_without_a_warning(op: Op, sample: Sample, dtype: str) -> None:
    graph = graph_of(op, sample, dtype)
    given = bindings_of(graph, op, sample)
    for special in SPECIAL:
        bindings = given
        for leaf in graph.leaves:
            if leaf.takes_gradient:
                bindings = bindings.with_leaf(graph, leaf.name, np.full(leaf.shape, special))
        trace = record(graph, bindings)
        assert trace.value("out").shape == graph["out"].shape, special
        for edge in graph.edges:
            assert trace.contributions[edge.index].shape == graph.nodes[edge.operand].shape, special


@pytest.mark.parametrize(
    ("name", "shapes", "attributes"),
    [
        ("mean", [(0,)], {}),
        ("mean", [(0, 3)], {"axis": 0}),
        ("mean", [(3, 0)], {"axis": -1, "keepdims": True}),
        ("mse", [(0, 3), (0, 3)], {}),
        ("softmax_with_loss", [(0, 3), np.zeros(0, dtype=np.int64)], {}),
    ],
)
def test_mean_of_nothing_is_nan(name: str, shapes: list[Any], attributes: dict[str, Any]) -> None:
    trace = trace_of(OPS[name], Sample(tuple(shapes), attributes))
    assert np.all(np.isnan(trace.value("out")))
    assert trace.contributions[0].shape == trace.value("a").shape


def test_mean_over_a_filled_axis_of_nothing_is_empty() -> None:
    assert trace_of(OPS["mean"], Sample(((0, 3),), {"axis": 1})).value("out").shape == (0,)


def test_first_infinity_and_first_nan_are_kept_apart() -> None:
    """where(x > 0, log(x), 0) at 0: −inf inside, NaN behind."""
    builder = GraphBuilder()
    x, zero = builder.leaf("x", Kind.INPUT), builder.literal(0)
    condition = builder.apply(OPS["greater"], [x, zero], "c")
    inside = builder.apply(OPS["log"], [x], "inside")
    builder.apply(OPS["where"], [condition, inside, zero], "f")
    graph = builder.build()
    trace = record(graph, Bindings.of(graph, {"x": 0.0}))
    assert (trace.value("inside"), trace.value("f")) == (-np.inf, 0.0)
    assert trace.gradient("inside") == 0.0
    assert np.isnan(trace.gradient("x"))


@pytest.mark.parametrize(
    ("op", "at", "slope"),
    [
        ("relu", 0.0, 0.0),
        ("abs", 0.0, 0.0),
        ("sqrt", 0.0, np.inf),
        ("log", 0.0, np.inf),
        ("relu", np.nan, np.nan),
        ("abs", np.nan, np.nan),
        ("sigmoid", 1e4, 0.0),
        ("sigmoid", -1e4, 0.0),
        ("tanh", -1e4, 0.0),
    ],
)
def test_conventions_at_special_points(op: str, at: float, slope: float) -> None:
    graph = applied(op, ())
    assert_close_or_nan(record(graph, Bindings.of(graph, {"a": at})).gradient("a"), slope)


@pytest.mark.parametrize(
    ("op", "at", "value"),
    [
        ("relu6", 5.5, 5.5),
        ("relu6", 7.0, 6.0),
        ("relu6", np.inf, 6.0),
        ("hard_tanh", 0.75, 0.75),
        ("hard_tanh", 1.5, 1.0),
    ],
)
def test_pieces_end_where_they_should(op: str, at: float, value: float) -> None:
    graph = applied(op, ())
    found = record(graph, Bindings.of(graph, {"a": at})).value("out")
    assert found == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("op", "a", "b", "slopes"),
    [
        ("maximum", 1.0, 1.0, (0.5, 0.5)),
        ("minimum", 1.0, 1.0, (0.5, 0.5)),
        ("maximum", np.inf, np.inf, (0.5, 0.5)),
        ("maximum", np.nan, 1.0, (np.nan, np.nan)),
        ("pow", 0.0, 0.0, (0.0, 0.0)),
        ("pow", 0.0, 2.0, (0.0, 0.0)),
        ("pow", 0.0, 1.0, (1.0, 0.0)),
        ("mul", 0.0, np.inf, (np.inf, 0.0)),
    ],
)
def test_conventions_of_pairs(op: str, a: float, b: float, slopes: tuple[float, float]) -> None:
    graph = applied(op, (), ())
    trace = record(graph, Bindings.of(graph, {"a": a, "b": b}))
    for name, slope in zip("ab", slopes, strict=True):
        assert_close_or_nan(trace.gradient(name), slope)


def assert_close_or_nan(found: Any, wanted: float) -> None:
    assert found == wanted or (np.isnan(found) and np.isnan(wanted)), found


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_softmax_and_its_loss_are_stable(size: float) -> None:
    for op in ("softmax", "softmax_with_loss"):
        graph = applied("softmax", (2,)) if op == "softmax" else _loss_graph()
        values = {"a": [size, 0.0]} | ({"target": 0} if op == "softmax_with_loss" else {})
        trace = record(graph, Bindings.of(graph, values, 1.0))
        if op == "softmax":
            assert trace.value("out").tolist() == ([1.0, 0.0] if size > 0 else [0.0, 1.0])
        else:
            assert trace.value("L") == max(0.0, -size)
            assert trace.gradient("a").tolist() == ([0.0, 0.0] if size > 0 else [-1.0, 1.0])


def _loss_graph() -> Graph:
    builder = GraphBuilder()
    operands = [builder.leaf("a", Kind.INPUT, (2,)), builder.leaf("target", Kind.CONSTANT)]
    builder.apply(OPS["softmax_with_loss"], operands, "L")
    return builder.build()
