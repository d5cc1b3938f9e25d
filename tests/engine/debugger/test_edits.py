"""Edits of a run: overriding a value keeps the steps, overriding a gradient replaces the completed sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import outside
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.ops import OPS
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import GradientEdit, Trace, ValueEdit
from graphs import RandomRun, applied, assert_close, largest, runs, tensors_of


def _named(graph: Graph, *, computed: bool = False) -> list[Node]:
    return [node for node in graph.nodes if node.name and (node.op is not None or not computed)]


def _noise(node: Node, seed: int) -> Any:
    return np.random.default_rng(seed).uniform(-1.0, 1.0, node.shape)


def _scale(*traces: Trace) -> float:
    return max(largest(trace.bindings.seed, *trace.contributions) for trace in traces)


def _with_detour(graph: Graph, edited: str) -> Graph:
    """`graph` with q + detach(v − q) in place of q, where q is `edited` and v a new constant leaf."""
    builder = GraphBuilder()
    places: dict[int, int] = {}
    ends: dict[int, str] = {}
    for node in graph.nodes:
        ends[node.position] = node.name
        if node.op is not None:
            operands = [places[operand] for operand in node.operands]
            place = builder.apply(node.op, operands, node.name, attributes=node.attributes)
        elif node.position in graph.literals:
            place = builder.literal(float(graph.literals[node.position]))
        else:
            place = builder.leaf(node.name, node.kind, node.shape)
        if node.name == edited:
            v = builder.leaf("v", Kind.CONSTANT, node.shape)
            gap = builder.apply(OPS["sub"], [v, place], "gap")
            held = builder.apply(OPS["detach"], [gap], "held")
            place = builder.apply(OPS["add"], [place, held], "override")
            ends[node.position] = "override"
        places[node.position] = place
    return builder.build(ends[graph.output])


@given(run=runs(), data=st.data())
def test_a_value_edit_is_q_plus_detached_difference(run: RandomRun, data: st.DataObject) -> None:
    node = data.draw(st.sampled_from(_named(run.graph, computed=True)))
    value = _noise(node, 1) > 0 if node.op is not None and node.op.boolean else _noise(node, 1)
    trace = record(*run, [ValueEdit(node.name, value)])
    detour = _with_detour(run.graph, node.name)
    leaves = {leaf.name: run.bindings.leaves[leaf.position] for leaf in run.graph.leaves}
    wanted = record(detour, Bindings.of(detour, leaves | {"v": value}, run.bindings.seed))
    assert_close(trace.value(node.name), np.asarray(value), 0.0)
    for other in _named(run.graph):
        theirs = "override" if other.name == node.name else other.name
        assert_close(
            np.asarray(trace.value(other.name), dtype=np.float64),
            np.asarray(wanted.value(theirs), dtype=np.float64),
            scale=largest(*wanted.values),
        )
        found = trace.gradients[other.position]
        if found is not None and run.graph.differentiable[other.position]:
            assert_close(found, wanted.gradient(other.name), scale=_scale(trace, wanted))
        elif found is not None:
            assert other.position == run.graph.output
            assert_close(found, run.bindings.seed, 0.0)


@given(run=runs(), data=st.data())
def test_a_value_edit_of_a_leaf_is_another_value(run: RandomRun, data: st.DataObject) -> None:
    leaf = data.draw(st.sampled_from(run.graph.leaves))
    value = _noise(leaf, 2)
    edited = record(*run, [ValueEdit(leaf.name, value)])
    other = record(run.graph, run.bindings.with_leaf(run.graph, leaf.name, value))
    for found, wanted in zip(
        (*edited.values, *edited.contributions), (*other.values, *other.contributions), strict=True
    ):
        assert np.array_equal(found, wanted)


@given(run=runs(), data=st.data())
def test_edits_keep_the_steps_the_types_and_the_frost(run: RandomRun, data: st.DataObject) -> None:
    node = data.draw(st.sampled_from(_named(run.graph)))
    boolean = node.op is not None and node.op.boolean
    trace = record(
        *run, [ValueEdit(node.name, np.ones(node.shape)), GradientEdit(node.name, _noise(node, 3))]
    )
    plain = record(*run)
    assert len(trace.steps) == len(plain.steps)
    assert trace.value(node.name).dtype == (np.bool_ if boolean else np.float64)
    assert all(tensor.shape == () or not tensor.flags.writeable for tensor in tensors_of(trace))
    for one, other in zip(trace.values, plain.values, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)


@given(run=runs(), data=st.data())
def test_a_gradient_edit_replaces_the_completed_sum(run: RandomRun, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(_named(run.graph)), min_size=1, max_size=3, unique=True))
    edits = {node.position: _noise(node, node.position) for node in chosen}
    names = {position: run.graph.nodes[position].name for position in edits}
    trace = record(*run, [GradientEdit(names[position], value) for position, value in edits.items()])
    floats = {p: v for p, v in edits.items() if run.graph.active[p]}
    _, wanted = outside.gradients(*run, hooks=floats)
    for node in run.graph.nodes:
        found = trace.gradients[node.position]
        if node.position in floats:
            assert_close(found, floats[node.position], 0.0)
        elif found is not None:
            assert_close(found, wanted[node.position], scale=_scale(trace))
        assert (found is not None) == run.graph.active[node.position]
    assert [value.tobytes() for value in trace.values] == [value.tobytes() for value in record(*run).values]


@given(run=runs(), data=st.data())
def test_contributions_to_an_edited_sum_are_as_they_were(run: RandomRun, data: st.DataObject) -> None:
    node = data.draw(st.sampled_from(_named(run.graph)))
    trace, plain = record(*run, [GradientEdit(node.name, _noise(node, 4))]), record(*run)
    uses = run.graph.schedule.uses_of.get(node.position, [])
    for index in uses:
        assert np.array_equal(trace.contributions[index], plain.contributions[index])
    for index in uses[:-1]:
        assert np.array_equal(trace.arrived[index], plain.arrived[index])
    if uses:
        assert trace.arrived[uses[-1]] is trace.gradients[node.position]


def _shared() -> tuple[Graph, Bindings]:
    """f = q · q + x with q = x + y."""
    builder = GraphBuilder()
    x, y = builder.leaf("x", Kind.INPUT), builder.leaf("y", Kind.INPUT)
    q = builder.apply(OPS["add"], [x, y], "q")
    p = builder.apply(OPS["mul"], [q, q], "p")
    builder.apply(OPS["add"], [p, x], "f")
    graph = builder.build()
    return graph, Bindings.of(graph, {"x": 1.0, "y": 2.0})


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        ("f", {"f": 10.0, "p": 10.0, "q": 60.0, "x": 70.0, "y": 60.0}),
        ("p", {"f": 1.0, "p": 10.0, "q": 60.0, "x": 61.0, "y": 60.0}),
        ("q", {"f": 1.0, "p": 1.0, "q": 10.0, "x": 11.0, "y": 10.0}),
        ("x", {"f": 1.0, "p": 1.0, "q": 6.0, "x": 10.0, "y": 6.0}),
        ("y", {"f": 1.0, "p": 1.0, "q": 6.0, "x": 7.0, "y": 10.0}),
    ],
)
def test_a_gradient_edit_by_hand(node: str, wanted: dict[str, float]) -> None:
    trace = record(*_shared(), [GradientEdit(node, 10.0)])
    assert {name: trace.gradient(name) for name in wanted} == wanted


def test_a_value_edit_by_hand() -> None:
    """The local gradient of q's own edges stays; what uses q sees the new value."""
    trace = record(*_shared(), [ValueEdit("q", 5.0)])
    assert (trace.value("q"), trace.value("p"), trace.value("f")) == (5.0, 25.0, 26.0)
    assert (trace.gradient("q"), trace.gradient("y"), trace.gradient("x")) == (10.0, 10.0, 11.0)


def test_a_rule_that_reads_its_output_reads_what_the_operator_gave() -> None:
    graph = applied("exp", ())
    trace = record(graph, Bindings.of(graph, {"a": 0.0}), [ValueEdit("out", 7.0)])
    assert (trace.value("out"), trace.outs[graph.output], trace.gradient("a")) == (7.0, 1.0, 1.0)


@pytest.mark.parametrize("edit", [ValueEdit, GradientEdit])
def test_edits_that_fit_nothing_are_refused(edit: type[ValueEdit] | type[GradientEdit]) -> None:
    graph = applied("exp", (2,))
    bindings = Bindings.of(graph, {"a": [0.0, 1.0]}, 1.0)
    with pytest.raises(UsageError, match="no node called z"):
        record(graph, bindings, [edit("z", 1.0)])
    with pytest.raises(UsageError, match="out has shape 2, but the new value has shape 3"):
        record(graph, bindings, [edit("out", [1.0, 2.0, 3.0])])


def test_later_changes_to_an_edits_array_do_not_show() -> None:
    graph = applied("exp", (2,))
    value, gradient = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    bindings = Bindings.of(graph, {"a": [0.0, 1.0]}, 1.0)
    trace = record(graph, bindings, [ValueEdit("a", value), GradientEdit("out", gradient)])
    value[:] = gradient[:] = 9.0
    assert trace.value("a").tolist() == [1.0, 2.0]
    assert trace.gradient("out").tolist() == [3.0, 4.0]


def test_the_last_edit_of_a_node_is_in_force() -> None:
    trace = record(*_shared(), [ValueEdit("q", 5.0), ValueEdit("q", 2.0), GradientEdit("q", 1.0)])
    assert (trace.value("q"), trace.gradient("q")) == (2.0, 1.0)
