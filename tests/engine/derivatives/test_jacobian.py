"""Windows of a Jacobian, and the terms that sum to a gradient's entry."""

from __future__ import annotations

import tracemalloc
from math import prod
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from backprop_engine.arrays import sum_axes
from backprop_engine.derivatives.jacobian import edge_origins, window
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import OPS, Elementwise, Op, Sample
from backprop_engine.trace.plans import product
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace, ValueEdit
from graphs import (
    Sketch,
    applied,
    assert_close,
    each_sample,
    graph_of,
    has_edges,
    largest,
    some_edge,
    trace_of,
)


def _size(trace: Trace, edge: Edge) -> tuple[int, int]:
    """The rows and columns of the Jacobian of `edge`."""
    nodes = trace.graph.nodes
    return prod(nodes[edge.node].shape), prod(nodes[edge.operand].shape)


def _dense(trace: Trace, edge: Edge) -> Any:
    """The whole Jacobian, a row at a time, from what the rule makes of unit upstream gradients."""
    node, operand = trace.graph.nodes[edge.node], trace.graph.nodes[edge.operand]
    operands = [trace.operand_values[one] for one in node.operands]
    rows = [
        np.ravel(sum_axes(np.asarray(made), edge.summed, operand.shape) if edge.summed else made)
        for unit in np.eye(prod(node.shape))
        for made in [
            product(trace.graph, edge, unit.reshape(node.shape)[()], trace.outs[edge.node], operands)
        ]
    ]
    return np.array(rows).reshape(_size(trace, edge))


@each_sample(has_edges)
def test_a_window_of_everything_is_the_jacobian(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    for edge in trace.graph.edges:
        rows, columns = _size(trace, edge)
        wanted = _dense(trace, edge)
        found = window(trace, edge, range(rows), range(columns))
        assert_close(found, wanted, scale=largest(wanted, 1.0))
        if rows and columns:
            some = window(trace, edge, [rows - 1, 0], [columns - 1])
            assert_close(some, found[[rows - 1, 0], columns - 1 :], scale=largest(wanted, 1.0))


@each_sample(some_edge(filled=True))
def test_origins_sum_to_the_entry(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    for edge in trace.graph.edges:
        contribution = trace.contributions[edge.index]
        upstream = trace.bindings.seed
        for entry in np.ndindex(contribution.shape):
            origins = edge_origins(trace, edge, entry, most=5)
            terms = sum(term.product for term in origins.terms) + origins.rest_sum
            scale = largest(contribution, upstream, 1.0)
            assert_close(np.float64(terms), np.float64(contribution[entry]), scale=scale)
            assert origins.value == contribution[entry]
            assert len(origins.terms) <= 5
            assert origins.rest == 0 or len(origins.terms) == 5
            for term in origins.terms:
                assert term.upstream == upstream[term.entry]
                assert term.product == term.upstream * term.factor


def _has_entries(edge: Edge) -> bool:
    return not isinstance(edge.rule, Elementwise) and edge.rule.entries is not None


@each_sample(some_edge(_has_entries))
def test_a_rule_without_entries_is_asked_for_rows(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    for edge in filter(_has_entries, trace.graph.edges):
        bare = structs.replace(edge, rule=structs.replace(edge.rule, entries=None))
        rows, columns = _size(trace, edge)
        rows, columns = min(rows, 3), min(columns, 3)
        wanted = window(trace, edge, range(rows), range(columns))
        assert_close(window(trace, bare, range(rows), range(columns)), wanted, scale=largest(wanted, 1.0))


def _square_product(size: int) -> Trace:
    graph = applied("matmul", (size, size), (size, size))
    random = np.random.default_rng(0)
    a, b, seed = (random.standard_normal((size, size)) for _ in range(3))
    return record(graph, Bindings.of(graph, {"a": a, "b": b}, seed))


def _peak(work: Any) -> int:
    """The most memory that `work` held at once, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def large() -> Trace:
    return _square_product(1000)


def test_a_corner_of_a_trillion_entries_takes_kilobytes(large: Trace) -> None:
    left, right = large.graph.edges
    assert _size(large, left) == (10**6, 10**6)
    for edge in (left, right):
        assert _peak(lambda edge=edge: window(large, edge, range(40), range(40))) < 2**20
        last = range(10**6 - 40, 10**6)
        assert _peak(lambda edge=edge, last=last: window(large, edge, last, last)) < 2**20
    b = large.value("b")
    assert_close(window(large, left, range(5), range(3)), b[:3, :5].T)


def test_an_entry_of_a_large_product_names_its_thousand_terms(large: Trace) -> None:
    right = large.graph.edges[1]
    origins = edge_origins(large, right, (1, 2), most=3)
    a, upstream = large.value("a"), large.bindings.seed
    assert [term.entry for term in origins.terms] == [(0, 2), (1, 2), (2, 2)]
    assert [term.factor for term in origins.terms] == a[:3, 1].tolist()
    assert [term.upstream for term in origins.terms] == upstream[:3, 2].tolist()
    assert origins.rest == 997
    assert origins.count == 1000


def test_a_scalar_broadcast_far_counts_every_entry() -> None:
    graph = applied("mul", (), (300, 1000))
    random = np.random.default_rng(1)
    b, seed = random.standard_normal((2, 300, 1000))
    trace = record(graph, Bindings.of(graph, {"a": 2.0, "b": b}, seed))
    origins = edge_origins(trace, graph.edges[0], (), most=2)
    assert [term.entry for term in origins.terms] == [(0, 0), (0, 1)]
    assert origins.rest == 300_000 - 2
    total = origins.rest_sum + sum(term.product for term in origins.terms)
    assert total == pytest.approx(origins.value, rel=1e-10)


class TestWhatIsListed:
    def test_zero_factors_are_left_out(self) -> None:
        graph = applied("relu", (3,))
        trace = record(graph, Bindings.of(graph, {"a": [1.0, -1.0, 2.0]}, 1.0))
        assert edge_origins(trace, graph.edges[0], (0,)).terms[0].product == 1.0

    def test_where_all_are_zero_one_stands_for_them(self) -> None:
        graph = applied("relu", (3,))
        trace = record(graph, Bindings.of(graph, {"a": [1.0, -1.0, 2.0]}, 1.0))
        origins = edge_origins(trace, graph.edges[0], (1,))
        assert [(term.entry, term.factor) for term in origins.terms] == [((1,), 0.0)]
        assert (origins.rest, origins.value) == (0, 0.0)

    def test_nothing_comes_from_an_empty_output(self) -> None:
        graph = applied("mul", (1,), (0,))
        trace = record(graph, Bindings.of(graph, {"a": [1.0], "b": np.zeros(0)}, 1.0))
        origins = edge_origins(trace, graph.edges[0], (0,))
        assert (origins.terms, origins.rest, origins.value) == ((), 0, 0.0)

    def test_zero_times_infinity_is_listed(self) -> None:
        graph = applied("relu", ())
        trace = record(graph, Bindings.of(graph, {"a": -1.0}, np.inf))
        (term,) = edge_origins(trace, graph.edges[0], ()).terms
        assert np.isnan(term.product)

    def test_a_node_used_twice_has_two_lists(self) -> None:
        graph = Sketch().inputs(x=(2,))(y="mul x x", z="sum y").build("z")
        trace = record(graph, Bindings.of(graph, {"x": [3.0, 5.0]}))
        first, second = (
            edge_origins(trace, graph.edges[use], (1,)) for use in trace.schedule.uses_of[graph.position("x")]
        )
        assert first.value == second.value == 5.0
        assert (first.edge.argnum, second.edge.argnum) == (0, 1)


class TestRefusals:
    @pytest.mark.parametrize(
        ("rows", "columns", "problem"),
        [
            ([4], [0], "there is no row 4: the Jacobian has 4 rows"),
            ([-1], [0], "there is no row -1: the Jacobian has 4 rows"),
            ([0], [3], "there is no column 3: the Jacobian has 3 columns"),
        ],
    )
    def test_entries_outside_the_jacobian(self, rows: list[int], columns: list[int], problem: str) -> None:
        trace = trace_of(OPS["matmul"], Sample(((4, 3), (3,))))
        with pytest.raises(UsageError, match=problem):
            window(trace, trace.graph.edges[1], rows, columns)

    @pytest.mark.parametrize("entry", [(), (0,), (2, 0), (0, -1), (0, 0, 0)])
    def test_entries_outside_the_gradient(self, entry: tuple[int, ...]) -> None:
        trace = trace_of(OPS["square"], Sample(((2, 3),)))
        with pytest.raises(UsageError, match="has no entry"):
            edge_origins(trace, trace.graph.edges[0], entry)

    def test_a_large_output_of_a_rule_without_entries(self) -> None:
        trace = trace_of(OPS["matmul"], Sample(((70, 1), (1, 70))))
        edge = trace.graph.edges[0]
        bare = structs.replace(edge, rule=structs.replace(edge.rule, entries=None))
        with pytest.raises(UsageError, match="70×70"):
            window(trace, bare, [0], [0])


def test_edits_of_values_are_what_the_rule_multiplied_with() -> None:
    graph = graph_of(OPS["tanh"], Sample(((2,),)))
    bindings = Bindings.of(graph, {"a": [0.5, 1.0]}, 1.0)
    trace = record(graph, bindings, [ValueEdit("out", [0.0, 0.0])])
    assert_close(window(trace, graph.edges[0], [0], [0])[0, 0], trace.contributions[0][0])
