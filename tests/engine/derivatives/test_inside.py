"""The law of composite operators: fused and decomposed, the same values and the same gradients."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

from backprop_engine.derivatives.decomposition import decomposition, inner_run
from backprop_engine.errors import UsageError
from backprop_engine.explain.symbols import gradient_name
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Kind
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.trace.record import record
from graphs import Sketch, applied, assert_close, attributes_of, each_sample, graph_of, largest, trace_of


def _composite(op: Op, sample: Sample) -> bool:
    return op.inside_for(tuple(map(np.shape, sample.draw())), attributes_of(op, sample)) is not None


PROMISED = (
    "softmax_with_loss", "sigmoid", "log_softmax", "layer_norm", "batch_norm", "gelu",
    "scaled_dot_product_attention", "mse", "bce_with_logits",
)  # fmt: skip


@pytest.mark.parametrize("name", PROMISED)
def test_operators_that_are_taught_by_their_parts_have_an_inside(name: str) -> None:
    assert OPS[name].inside is not None


@each_sample(_composite)
def test_fused_and_decomposed_agree(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    run = inner_run(trace, trace.graph["out"]).trace
    seed = trace.bindings.seed
    rtol = 1e-12 if prod(np.shape(seed)) < 1000 else 1e-10
    assert_close(run.value("out.out"), trace.value("out"), rtol, scale=largest(*sample.draw()))
    for name in op.names(len(sample.operands)):
        leaf = trace.graph[name]
        if leaf.takes_gradient and trace.graph.uses[leaf.position]:
            outer = trace.gradient(name)
            assert_close(run.gradient(name), outer, rtol, scale=largest(seed, *run.contributions))


def test_parts_are_called_after_the_node_and_leaves_after_the_operands() -> None:
    graph = Sketch().inputs(z=(2,))(a="sigmoid z", f="square a").build()
    trace = record(graph, Bindings.of(graph, {"z": [0.0, 1.0]}, 1.0))
    found = inner_run(trace, graph["a"])
    inner = found.trace.graph
    assert [leaf.name for leaf in inner.leaves] == ["a"]
    assert {node.name for node in inner.nodes if node.op} == {"a.e#1", "a.e", "a.s", "a.out"}
    assert inner.nodes[inner.output].name == "a.out"
    assert found.operands["a"] is graph["z"]


def test_the_seed_is_the_gradient_that_flows_in() -> None:
    graph = Sketch().inputs(z=(2,))(a="sigmoid z", f="square a").build()
    trace = record(graph, Bindings.of(graph, {"z": [0.0, 1.0]}, [1.0, -3.0]))
    run = inner_run(trace, graph["a"]).trace
    assert_close(run.bindings.seed, trace.gradient("a"))
    assert_close(run.gradient("a"), trace.gradient("z"))


def test_inside_too_a_gradient_is_of_the_loss_of_the_whole_run() -> None:
    graph = Sketch().inputs(z=())(a="sigmoid z", L="square a").build()
    trace = record(graph, Bindings.of(graph, {"z": 1.0}))
    run = inner_run(trace, graph["a"]).trace
    assert gradient_name(run.graph, run.graph["a.out"]) == "∂L/∂a.out"
    assert_close(run.bindings.seed, 2 * trace.value("a"))


def test_inside_where_no_loss_is_given_one_is_assumed_to_follow() -> None:
    graph = Sketch().inputs(z=(2,))(a="sum z", b="sigmoid a", f="mul z b").build()
    trace = record(graph, Bindings.of(graph, {"z": [0.0, 1.0]}, [1.0, -3.0]))
    run = inner_run(trace, graph["b"]).trace
    assert gradient_name(run.graph, run.graph["b.out"]) == "∂L/∂b.out"


def test_a_loss_with_the_name_of_an_operand_has_another_one_inside() -> None:
    graph = Sketch().inputs(z=())(b="sigmoid z", a="square b").build()
    run = inner_run(record(graph, Bindings.of(graph, {"z": 1.0})), graph["b"]).trace
    assert gradient_name(run.graph, run.graph["a"]) == "∂L/∂a"


def test_where_no_gradient_flows_in_the_seed_is_ones() -> None:
    graph = Sketch().inputs(x=(2,))(unused="sigmoid x", f="sum x").build("f")
    trace = record(graph, Bindings.of(graph, {"x": [0.0, 1.0]}))
    assert inner_run(trace, graph["unused"]).trace.bindings.seed.tolist() == [1.0, 1.0]


def test_an_operand_without_gradient_is_a_constant_inside() -> None:
    graph = Sketch().inputs(x=(2,)).constants(t=(2,))(f="mse x t").build()
    trace = record(graph, Bindings.of(graph, {"x": [0.0, 1.0], "t": [1.0, 1.0]}))
    run = inner_run(trace, graph["f"]).trace
    assert run.graph["a"].kind is Kind.INPUT
    assert run.graph["target"].kind is Kind.CONSTANT


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_inside_is_computed_in_the_type_of_the_whole(dtype: str) -> None:
    trace = trace_of(OPS["layer_norm"], Sample(((2, 3),)), dtype)
    run = inner_run(trace, trace.graph["out"]).trace
    assert all(value.dtype == dtype for value in run.values)


def test_inside_of_an_inside() -> None:
    graph = applied("silu", ())
    trace = record(graph, Bindings.of(graph, {"a": 0.5}))
    first = inner_run(trace, graph["out"]).trace
    second = inner_run(first, first.graph["out.p"]).trace
    assert second.graph.nodes[second.graph.output].name == "out.p.out"
    assert_close(second.value("out.p.out"), first.value("out.p"))


@pytest.mark.parametrize("name", ["f", "x"])
def test_an_elementary_node_has_no_inside(name: str) -> None:
    graph = Sketch().inputs(x=())(f="square x").build()
    trace = record(graph, Bindings.of(graph, {"x": 3.0}))
    assert decomposition(graph, graph[name]) is None
    with pytest.raises(UsageError, match=r"cannot be stepped into: .* is elementary"):
        inner_run(trace, graph[name])


def test_the_same_graph_is_lowered_once() -> None:
    graph = graph_of(OPS["gelu"], Sample(((),)))
    values: dict[str, Any] = {"a": 1.0}
    one, other = (inner_run(record(graph, Bindings.of(graph, values)), graph["out"]) for _ in range(2))
    assert one.trace.graph is other.trace.graph
