"""Recorded runs of random graphs: against autograd, against the chain rule, and what every trace promises."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import outside
from backprop_engine.derivatives.local_gradients import ScalarLocal, local_gradient
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.ops import OPS
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace, ValueEdit
from effort import examples
from graphs import (
    MORE,
    SMOOTH,
    RandomRun,
    Sketch,
    assert_close,
    largest,
    rounding_decides,
    runs,
    tensors_of,
)

DTYPES = ("float64", "float32", "float16")


def _scale(trace: Trace) -> float:
    """The largest number on the way back: sums that cancel are no more exact than their terms."""
    return largest(trace.bindings.seed, *trace.contributions)


@given(run=runs(most=14))
def test_values_and_gradients_are_autograds(run: RandomRun) -> None:
    trace = record(*run)
    values, gradients = outside.gradients(*run)
    for node, found in zip(run.graph.nodes, trace.values, strict=True):
        assert_close(found, values[node.position], scale=largest(*values))
    assume(not rounding_decides(trace, values))
    for node, found in zip(run.graph.nodes, trace.gradients, strict=True):
        if found is not None:
            assert_close(found, gradients[node.position], scale=_scale(trace))
    for leaf in run.graph.leaves:
        if leaf.takes_gradient:
            assert_close(trace.gradient(leaf.name), gradients[leaf.position], scale=_scale(trace))


@given(run=runs())
def test_exactly_the_active_nodes_have_a_gradient(run: RandomRun) -> None:
    trace = record(*run)
    graph = run.graph
    for node in graph.nodes:
        has = trace.gradients[node.position] is not None
        assert has == graph.active[node.position]
        if node.takes_gradient and (has or node.is_leaf):
            assert trace.gradient(node.name).shape == node.shape
        elif node.name:
            with pytest.raises(UsageError, match="has no gradient"):
                trace.gradient(node.name)
    unreached = {
        leaf.name for leaf in graph.leaves if leaf.takes_gradient and not graph.active[leaf.position]
    }
    assert {warning.node for warning in trace.warnings} == unreached
    assert all(np.all(trace.gradient(name) == 0) for name in unreached)


def _paths(trace: Trace, node: int, leaf: int) -> list[list[Any]]:
    """The local gradients along every path of edges from `node` to `leaf`."""
    found: list[list[Any]] = [[]] if node == leaf else []
    for edge in trace.graph.edges:
        if edge.node == node:
            local = local_gradient(trace, edge)
            assert isinstance(local, ScalarLocal)
            found += [[local.value, *rest] for rest in _paths(trace, edge.operand, leaf)]
    return found


@given(run=runs(ops=SMOOTH, shapes=((),), most=8))
def test_gradient_is_the_sum_over_paths_of_products(run: RandomRun) -> None:
    trace = record(*run)
    for leaf in run.graph.leaves:
        if leaf.takes_gradient:
            products = [
                np.prod([run.bindings.seed, *path]) for path in _paths(trace, run.graph.output, leaf.position)
            ]
            scale = largest(*products, _scale(trace))
            assert_close(trace.gradient(leaf.name), np.sum(products), scale=scale)


@given(run=runs())
def test_contributions_sum_to_the_gradient(run: RandomRun) -> None:
    trace = record(*run)
    for operand, indices in run.graph.schedule.uses_of.items():
        total = np.zeros(run.graph.nodes[operand].shape)
        for index in indices:
            total = total + trace.contributions[index]
            assert_close(trace.arrived[index], total, 0.0)
        if operand != run.graph.output:
            assert_close(trace.gradients[operand], total, 0.0)


@settings(max_examples=examples(50))
@given(run=st.sampled_from(DTYPES).flatmap(lambda dtype: runs(dtype=dtype)))
def test_every_tensor_is_frozen_and_of_its_type(run: RandomRun) -> None:
    trace = record(*run)
    for tensor in tensors_of(trace):
        if tensor.shape == ():
            assert isinstance(tensor, np.generic)
            continue
        assert isinstance(tensor, np.ndarray)
        assert not tensor.flags.writeable
        assert tensor.base is None or not tensor.base.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            tensor[...] = 0
    for node, value in zip(run.graph.nodes, trace.values, strict=True):
        boolean = node.op is not None and node.op.boolean
        assert value.dtype == (np.bool_ if boolean else run.graph.dtype)
        assert value.shape == node.shape
    for tensor in (*trace.contributions, *trace.arrived, *trace.operand_values):
        assert tensor.dtype == run.graph.dtype
    for edge, contribution in zip(run.graph.edges, trace.contributions, strict=True):
        assert contribution.shape == run.graph.nodes[edge.operand].shape


def _bytes(trace: Trace) -> bytes:
    return b"".join(np.asarray(tensor).tobytes() for tensor in tensors_of(trace))


@given(run=runs())
def test_recording_twice_gives_the_same_bytes(run: RandomRun) -> None:
    assert _bytes(record(*run)) == _bytes(record(*run))


@pytest.mark.thorough
def test_hash_seed_changes_no_byte() -> None:
    program = """
import hashlib
from graphs import CASES, tensors_of, trace_of
import numpy as np
digest = hashlib.sha256()
for op, sample in CASES:
    trace = trace_of(op, sample)
    digest.update(repr(list(map(type, trace.steps))).encode())
    for tensor in tensors_of(trace):
        digest.update(np.asarray(tensor).tobytes())
print(digest.hexdigest())
"""
    path = os.pathsep.join(filter(None, sys.path))
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(digests) == 1


def _scalar_graph(*nodes: tuple[str, str, str]) -> Graph:
    builder = GraphBuilder()
    places = {name: builder.leaf(name, Kind.INPUT) for name in ("x", "y")}
    for name, op, operands in nodes:
        places[name] = builder.apply(OPS[op], [places[one] for one in operands.split()], name)
    return builder.build()


def test_booleans_count_as_numbers() -> None:
    builder = GraphBuilder()
    x, y, zero = builder.leaf("x", Kind.INPUT), builder.leaf("y", Kind.INPUT), builder.literal(0)
    p = builder.apply(OPS["greater"], [x, zero], "p")
    q = builder.apply(OPS["greater"], [y, zero], "q")
    builder.apply(OPS["add"], [p, q], "f")
    graph = builder.build()
    trace = record(graph, Bindings.of(graph, {"x": 1.0, "y": 3.0}))
    assert trace.value("p") is np.True_
    assert trace.value("f") == 2.0
    assert trace.value("f").dtype == np.float64
    assert graph.edges == ()


@given(run=runs(ops=("greater", "less_equal", "add", "mul", "sub", "neg", "matmul", "sum", "where")))
def test_booleans_count_as_numbers_everywhere(run: RandomRun) -> None:
    trace = record(*run)
    for found, wanted in zip(trace.values, outside.run(*run), strict=True):
        assert_close(np.asarray(found, dtype=np.float64), wanted, scale=largest(*trace.values))


@given(
    run=runs(ops=SMOOTH + MORE + ("div", "log", "sqrt", "exp", "pow")),
    special=st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e308]),
)
def test_infinities_and_nan_pass_without_a_warning(run: RandomRun, special: float) -> None:
    graph, bindings = run
    for leaf in graph.leaves:
        bindings = bindings.with_leaf(graph, leaf.name, np.full(leaf.shape, special))
    trace = record(graph, bindings)
    assert [value.shape for value in trace.values] == [node.shape for node in graph.nodes]
    for edge in graph.edges:
        local_gradient(trace, edge)


def test_a_class_index_that_is_edited_stays_whole() -> None:
    graph = Sketch().inputs(a=(2, 3)).constants(t=(2,))(f="nll a t").build()
    bindings = Bindings.of(graph, {"a": np.log(np.eye(2, 3) + 1), "t": np.array([0, 1])})
    trace = record(graph, bindings, (ValueEdit("t", np.array([2.0, 1.0])),))
    assert trace.value("t").dtype == np.int64
    assert trace.value("f") == pytest.approx(-(np.log(1) + np.log(2)) / 2)


@pytest.mark.parametrize(
    ("x", "told"),
    [
        (0.0, ["the gradient of x is not finite: it arises in the backward step of r"]),
        (
            -1.0,
            [
                "r is not finite: sqrt produced it from finite operands",
                "the gradient of d is not finite: it arises in the backward step of L",
            ],
        ),
        (1.0, []),
    ],
)
def test_what_is_not_finite_is_told_where_it_arises(x: float, told: list[str]) -> None:
    """The backward steps of `L` and `d` come first, and are finite."""
    builder = GraphBuilder()
    root = builder.apply("sqrt", builder.leaf("x", Kind.INPUT), name="r")
    builder.apply("square", builder.apply("add", root, root, name="d"), name="L")
    graph = builder.build()
    trace = record(graph, Bindings.of(graph, {"x": x}))
    assert [str(warning.message) for warning in trace.warnings] == told
