"""Who contributed to a gradient, along which paths it came, what a nudge does, where two runs part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.debugger.queries import (
    compare,
    contributions,
    differing_steps,
    first_difference,
    nudge,
    paths,
    search,
)
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.steps import Accumulate, Backward, Forward
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.recompute import recompute
from backprop_engine.trace.record import record
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace
from graphs import SMOOTH, RandomRun, assert_close, runs


def run_of(text: str) -> Run:
    return load_source(Source.from_bytes("case.yaml", text.encode())).run()


DIAMOND = "inputs: {x: 2}\nnodes: {a: x * 3, b: x * x, c: a + b, f: c * a}\n"
"""f = (3x + x²)·3x: ways f-c-a-x, f-c-b-x twice, f-a-x."""


def test_the_sum_over_all_paths_is_the_gradient() -> None:
    trace = run_of(DIAMOND).trace(0)
    found = paths(trace, trace.graph["x"])
    names = [[trace.graph.nodes[node].name for node in path.nodes] for path in found.paths]
    assert names == [["f", "c", "a", "x"], ["f", "c", "b", "x"], ["f", "c", "b", "x"], ["f", "a", "x"]]
    assert [path.product for path in found.paths] == [6 * 3, 6 * 2, 6 * 2, 10 * 3]
    assert found.total == 4
    assert found.sum == trace.gradient("x") == 72


@given(run=runs(ops=SMOOTH, shapes=((),), most=9, ties=False))
def test_the_sum_over_paths_in_random_graphs(run: RandomRun) -> None:
    graph, bindings = run
    trace = record(graph, Bindings(bindings.leaves, np.float64(1.0)))
    for node in graph.nodes:
        if node.takes_gradient and graph.active[node.position]:
            found = paths(trace, node, 500)
            if found.complete:
                assert found.sum is not None
                scale = max(float(np.abs(path.product)) for path in found.paths)
                assert_close(found.sum, trace.gradient(node.name), 1e-11, scale=scale)


def test_paths_are_counted_where_they_are_too_many_to_list() -> None:
    nodes = "".join(f"  d{k}: d{k - 1} + d{k - 1}\n" for k in range(1, 61))
    trace = run_of(f"inputs: {{x: 1}}\nnodes:\n  d0: x * 1\n{nodes}").trace(0)
    found = paths(trace, trace.graph["x"], 7)
    assert (len(found.paths), found.total, found.sum) == (7, 2**60, None)
    assert not found.complete


@pytest.mark.thorough
def test_long_paths_are_not_all_listed() -> None:
    """Each way is longer than the next one; together they would be as long as the graph's size, squared."""
    nodes = "".join(f"  d{k}: d{k - 1} + x\n" for k in range(1, 15_000))
    trace = run_of(f"inputs: {{x: 1}}\nnodes:\n  d0: x * 1\n{nodes}").trace(0)
    found = paths(trace, trace.graph["x"])
    assert (len(found.paths), found.total, found.sum) == (1, 15_000, None)
    assert len(found.paths[0].edges) == 15_000


def test_no_path_leads_anywhere_without_a_backward_pass() -> None:
    run = run_of("params: {w: 2}\nnodes: {f: w * w}\ntrain: {optimizer: sgd, lr: 0.1, steps: 1}\n")
    assert paths(run.trace(0), run.graph["w"]).total == 2
    found = paths(run.trace(1), run.graph["w"])
    assert (found.paths, found.total, found.sum) == ((), 0, None)


def test_paths_through_a_matrix_product() -> None:
    trace = run_of("params: {W: [[1, 2]]}\ninputs: {x: [3, 4]}\nnodes: {y: W @ x, f: sum(y * y)}\n").trace(0)
    found = paths(trace, trace.graph["W"])
    assert found.total == 2
    np.testing.assert_allclose(found.sum, trace.gradient("W"), rtol=1e-15)
    for path in found.paths:
        np.testing.assert_allclose(path.product, trace.gradient("W") / 2, rtol=1e-15)


def test_who_contributed() -> None:
    trace = run_of(DIAMOND).trace(0)
    found = contributions(trace, trace.graph["x"])
    assert sum(one.tensor for one in found) == trace.gradient("x")
    assert [trace.graph.nodes[one.edge.node].name for one in found] == ["b", "b", "a"]
    for one in found:
        frame = trace.frame(one.position)
        assert frame.edge is one.edge
        assert frame.arrived(trace.graph["x"])[0] == found.index(one) + 1
    assert contributions(trace, trace.graph["f"]) == ()


def test_a_nudge_shows_the_slope() -> None:
    run = run_of(
        "params: {W: [[1, 2], [3, 4]]}\ninputs: {x: [1, -1]}\nnodes: {y: tanh(W @ x), f: sum(y * y)}\n"
    )
    found = nudge(run, 0, "W", (1, 0), 1e-6)
    assert found.gradient == run.trace(0).gradient("W")[1, 0]
    assert found.slope == pytest.approx(found.gradient, rel=1e-8)
    assert found.error < 1e-8
    assert found.before == run.trace(0).value("f")
    assert found.plus > found.before > found.minus or found.plus < found.before < found.minus


def test_a_nudge_shows_the_whole_way_forward() -> None:
    text = "params: {{W: [[{0}, 2], [3, 4]]}}\ninputs: {{x: [1, -1]}}\n"
    text += "nodes: {{y: W @ x, r: tanh(x), s: y * 2, f: sum(s * r)}}\n"
    found = nudge(run_of(text.format(1)), 0, "W", (0, 0), 0.5)
    assert [one.node.name for one in found.forward if "#" not in one.node.name] == ["y", "s", "f"]
    for by, side in ((1, "before"), (1.5, "plus"), (0.5, "minus")):
        trace = run_of(text.format(by)).trace(0)
        for one in found.forward:
            np.testing.assert_array_equal(getattr(one, side), trace.value(one.node.name))
    assert [found.plus, found.minus] == [
        float(one) for one in (found.forward[-1].plus, found.forward[-1].minus)
    ]


@pytest.mark.parametrize(
    ("name", "entry", "size"),
    [("y", (0,), 1), ("W", (0,), 1), ("W", (2, 0), 1), ("x", (0,), 0), ("x", (0,), -1)],
)
def test_nudges_that_cannot_be(name: str, entry: tuple[int, ...], size: float) -> None:
    run = run_of("params: {W: [[1, 2], [3, 4]]}\ninputs: {x: [1, -1]}\nnodes: {y: W @ x, f: sum(y)}\n")
    with pytest.raises(UsageError):
        nudge(run, 0, name, entry, size)


def parted_by_hand(one: Trace, other: Trace) -> list[int]:
    """The positions at which a frame shows another number than the frame before it leads one to expect.

    A step differs where what it brings is not the same: a value, a contribution, a gradient, or at the start
    a leaf.
    """
    schedule = one.schedule
    parted = []
    for position in range(schedule.last + 1):
        step = schedule.step(position) if position else None
        frames = one.frame(position), other.frame(position)
        brought: list[tuple[object, object]]
        match step:
            case None:
                leaves = [node for node in one.graph.nodes if node.op is None]
                brought = [(frames[0].value(leaf), frames[1].value(leaf)) for leaf in leaves]
            case Forward():
                brought = [(frames[0].value(frames[0].node), frames[1].value(frames[1].node))]
            case Backward(edge=edge) if edge.shared:
                brought = [(one.contributions[edge.index], other.contributions[edge.index])]
            case Backward(edge=edge):
                operand = one.graph.nodes[edge.operand]
                brought = [(frames[0].gradient(operand), frames[1].gradient(operand))]
                brought.append((one.contributions[edge.index], other.contributions[edge.index]))
            case Accumulate(edge=edge):
                operand = one.graph.nodes[edge.operand]
                brought = [(frames[0].gradient(operand), frames[1].gradient(operand))]
            case _:
                output = one.graph.nodes[schedule.output]
                brought = [(frames[0].gradient(output), frames[1].gradient(output))]
        if not all(np.array_equal(*pair, equal_nan=True) for pair in brought):  # type: ignore[arg-type]
            parted.append(position)
    return parted


@given(run=runs(most=8), data=st.data())
def test_where_two_runs_part(run: RandomRun, data: st.DataObject) -> None:
    graph, bindings = run
    one = record(graph, bindings)
    leaf = data.draw(st.sampled_from(graph.leaves))
    changed = np.asarray(bindings.leaves[leaf.position]) * data.draw(st.sampled_from([1.0, 0.5]))
    seed = bindings.seed * graph.dtype.type(data.draw(st.sampled_from([1.0, 2.0])))
    leaves = bindings.with_leaf(graph, leaf.name, changed).leaves
    other = recompute(one, Bindings(leaves, seed)).trace
    parted = parted_by_hand(one, other)
    assert list(differing_steps(one, other)) == parted
    assert first_difference(one, other) == (parted[0] if parted else None)
    names = {difference.node.name for difference in compare(one, other)}
    for node in graph.nodes:
        if node.name:
            same = np.array_equal(one.values[node.position], other.values[node.position], equal_nan=True)
            gradients = one.gradients[node.position], other.gradients[node.position]
            same = same and (gradients[0] is None or np.array_equal(*gradients, equal_nan=True))  # type: ignore[arg-type]
            assert (node.name in names) == (not same)


def test_searching() -> None:
    trace = run_of("inputs: {alpha: -2, beta: 3}\nnodes: {r: relu(alpha), f: r * beta + alpha}\n").trace(0)
    graph = trace.graph
    assert [graph.nodes[node].name for node in search(graph, trace, "a").nodes] == ["alpha", "beta"]
    assert [graph.nodes[node].name for node in search(graph, trace, "F").nodes] == ["f#1", "f"]
    assert search(graph, trace, "op relu").positions == tuple(
        position for position in range(1, trace.schedule.last + 1) if "relu" in _about(trace, position)
    )
    assert search(graph, trace, "if value < 0").positions
    with pytest.raises(UsageError):
        search(graph, trace, "gamma")
    with pytest.raises(UsageError):
        search(graph, trace, " ")


def _about(trace: Trace, position: int) -> list[str]:
    """The operators of the nodes that a step computes, runs the rule of, or sets the gradient of."""
    frame = trace.frame(position)
    nodes = [frame.node]
    edge = frame.edge
    if edge is not None:
        operand = trace.graph.nodes[edge.operand]
        sets = not edge.shared or frame.node is operand
        nodes = [operand] if sets and frame.node is operand else [frame.node, *([operand] if sets else [])]
    return [node.op.name for node in nodes if node is not None and node.op is not None]


def test_the_last_iteration_of_a_training_differs_forward_alone() -> None:
    run = run_of("params: {w: 2}\nnodes: {f: w * w}\ntrain: {optimizer: sgd, lr: 0.25, steps: 1}\n")
    first, last = run.trace(0), run.trace(1)
    other = run_of("params: {w: 3}\nnodes: {f: w * w}\ntrain: {optimizer: sgd, lr: 0.25, steps: 1}\n")
    assert list(differing_steps(last, other.trace(1))) == [0, 1]
    assert len(list(differing_steps(first, other.trace(0)))) > 2
