"""Recording again after a change gives what recording from the start gives, and computes only dependants."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.ops import OPS
from backprop_engine.trace.recompute import recompute
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Edit, GradientEdit, Trace, ValueEdit
from graphs import RandomRun, runs, tensors_of


def same(one: Trace, other: Trace) -> None:
    for found, wanted in zip(tensors_of(one), tensors_of(other), strict=True):
        assert found.dtype == wanted.dtype
        assert found.shape == wanted.shape
        assert found.tobytes() == wanted.tobytes()
    assert [one is None for one in one.gradients] == [one is None for one in other.gradients]


def drawn_edits(data: st.DataObject, graph: Graph) -> list[Edit]:
    edits: dict[tuple[str, str], Edit] = {}
    for _ in range(data.draw(st.integers(0, 3))):
        nodes = [node for node in graph.nodes if node.op is not None and not node.op.boolean]
        node = data.draw(st.sampled_from(nodes))
        number = np.full(node.shape, data.draw(st.sampled_from([0.0, 0.5, -2.0])))
        if data.draw(st.booleans()) and graph.active[node.position]:
            edits["g", node.name] = GradientEdit(node.name, number)
        else:
            edits["v", node.name] = ValueEdit(node.name, number)
    return list(edits.values())


@given(run=runs(most=12), data=st.data())
def test_the_same_to_the_bit(run: RandomRun, data: st.DataObject) -> None:
    graph, bindings = run
    trace = record(graph, bindings, drawn_edits(data, graph))
    for _ in range(2):
        leaf = data.draw(st.sampled_from(graph.leaves))
        value = bindings.leaves[leaf.position]
        changed = np.asarray(value) if data.draw(st.booleans()) else np.asarray(value) * 0.5 + 0.25
        bindings = bindings.with_leaf(graph, leaf.name, changed)
        edits = drawn_edits(data, graph)
        found = recompute(trace, bindings, edits)
        same(found.trace, record(graph, bindings, edits))
        trace = found.trace


@given(run=runs(most=12, dtype="float32"))
def test_in_single_precision(run: RandomRun) -> None:
    graph, bindings = run
    trace = record(graph, bindings)
    other = Bindings(
        {key: value * value.dtype.type(0.5) for key, value in bindings.leaves.items()}, bindings.seed
    )
    same(recompute(trace, other).trace, record(graph, other))


@given(run=runs(most=12))
def test_nothing_is_computed_where_nothing_changes(run: RandomRun) -> None:
    trace = record(*run)
    found = recompute(trace, run.bindings)
    assert (found.values, found.contributions) == (0, 0)
    for one, other in zip(tensors_of(found.trace), tensors_of(trace), strict=True):
        assert one is other


def chains(count: int, length: int) -> tuple[Graph, dict[str, Any]]:
    """`count` chains of tanh over leaves of their own, and their sum."""
    builder = GraphBuilder()
    ends = []
    leaves = [builder.leaf(f"x{number}", Kind.INPUT) for number in range(count)]
    for number, at in enumerate(leaves):
        for step in range(length):
            at = builder.apply(OPS["tanh"], [at], f"c{number}_{step}")
        ends.append(at)
    total = ends[0]
    for number, end in enumerate(ends[1:]):
        total = builder.apply(OPS["add"], [total, end], f"s{number}")
    return builder.build(), {f"x{number}": 0.5 + number for number in range(count)}


def test_only_dependants_are_computed() -> None:
    graph, values = chains(10, 20)
    bindings = Bindings.of(graph, values)
    trace = record(graph, bindings)
    found = recompute(trace, bindings.with_leaf(graph, "x7", 3.0))
    # Its own chain, and the sums from there on; back, the rules of the chain: a sum hands on whatever came.
    assert found.values == 20 + 3
    assert found.contributions == 20 + 2 * 3
    for number in range(10):
        shared = found.trace.value(f"c{number}_5") is trace.value(f"c{number}_5")
        assert shared == (number != 7)
        assert (found.trace.gradient(f"x{number}") is trace.gradient(f"x{number}")) == (number != 7)


def test_an_override_computes_what_is_behind_it() -> None:
    graph, values = chains(4, 10)
    trace = record(graph, Bindings.of(graph, values))
    found = recompute(trace, trace.bindings, [ValueEdit("c2_4", 0.25)])
    assert found.values == 5 + 2
    gradient = recompute(trace, trace.bindings, [GradientEdit("c2_4", 7.0)])
    assert (gradient.values, gradient.contributions) == (0, 5)
