"""Which entries of the upstream gradient and of the local one an entry of a product was made of."""

from __future__ import annotations

from math import fsum
from typing import Any
from weakref import ref

import numpy as np
import pytest

from backprop_engine.derivatives.jacobian import edge_origins, origins_cost
from backprop_engine.derivatives.local_gradients import ElementwiseLocal, local_gradient
from backprop_engine.explain.entries import column_entries, factor_entries
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace
from graphs import applied, each_sample, largest, some_edge, trace_of


def column(trace: Trace, edge: Edge, entry: tuple[int, ...]) -> Any:
    """∂out/∂operand for one entry of the operand, whole."""
    shape = trace.graph.nodes[edge.node].shape
    return column_entries(trace, edge, entry, tuple(np.indices(shape)))


@each_sample(some_edge(filled=True))
def test_the_entries_lit_make_the_product(op: Op, sample: Sample) -> None:
    """Entry by entry the upstream gradient times the local one, as both are seen, sums to the product."""
    trace = trace_of(op, sample)
    upstream = trace.bindings.seed
    for edge in trace.graph.edges:
        factor = LocalFacts(trace, edge).factor
        for entry in np.ndindex(trace.contributions[edge.index].shape):
            origins = edge_origins(trace, edge, entry, most=10_000)
            part = factor_entries(factor, origins)
            seen = column(trace, edge, entry) if part.tensor is None else part.tensor
            products = [
                float(upstream[term.entry] * seen[there])
                for term, there in zip(origins.terms, part.entries, strict=True)
            ]
            scale = max(fsum(map(abs, products)), largest(trace.contributions[edge.index]))
            assert fsum(products) == pytest.approx(origins.value, rel=1e-12, abs=1e-12 * scale)


@each_sample(some_edge(filled=True))
def test_the_column_of_the_jacobian_makes_the_product_too(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    upstream = trace.bindings.seed
    for edge in trace.graph.edges:
        contribution = trace.contributions[edge.index]
        for entry in list(np.ndindex(contribution.shape))[-2:]:
            terms = (upstream * column(trace, edge, entry)).ravel().tolist()
            scale = max(fsum(map(abs, terms)), largest(contribution))
            assert fsum(terms) == pytest.approx(float(contribution[entry]), rel=1e-12, abs=1e-12 * scale)


@pytest.mark.parametrize(
    ("op", "shapes", "argnum", "entry", "upstream", "local"),
    [
        ("matmul", ((2, 3), (3, 4)), 0, (1, 2), [(1, k) for k in range(4)], [(k, 2) for k in range(4)]),
        ("matmul", ((2, 3), (3, 4)), 1, (2, 0), [(0, 0), (1, 0)], [(2, 0), (2, 1)]),
        ("matmul", ((2, 3), (3,)), 0, (1, 2), [(1,)], [(0, 2)]),
        ("matmul", ((2, 3), (3,)), 1, (2,), [(0,), (1,)], [(2, 0), (2, 1)]),
        ("matmul", ((5, 2, 3), (5, 3, 2)), 0, (4, 1, 2), [(4, 1, 0), (4, 1, 1)], [(4, 0, 2), (4, 1, 2)]),
        ("tanh", ((2, 3),), 0, (1, 2), [(1, 2)], [(1, 2)]),
        ("add", ((2, 3), (3,)), 1, (2,), [(0, 2), (1, 2)], [(0, 2), (1, 2)]),
        ("softmax", ((3,),), 0, (1,), [(0,), (1,), (2,)], [(1, 0), (1, 1), (1, 2)]),
        ("dot", ((3,), (3,)), 0, (1,), [()], [(1,)]),
    ],
)  # fmt: skip
def test_which_entries(
    op: str, shapes: Any, argnum: int, entry: tuple[int, ...], upstream: list[Any], local: list[Any]
) -> None:
    trace = trace_of(OPS[op], Sample(shapes))
    edge = trace.graph.edges[argnum]
    origins = edge_origins(trace, edge, entry)
    assert [term.entry for term in origins.terms] == upstream
    part = factor_entries(LocalFacts(trace, edge).factor, origins)
    assert part.tensor is not None
    assert list(part.entries) == local


def test_a_convolution_is_seen_as_the_column_of_its_jacobian() -> None:
    """Each output pixel that a pixel went into, beside the weight of the kernel that it met there."""
    graph = applied("conv2d", (1, 4, 4), (1, 1, 2, 2))
    kernel = np.asarray([[[[1.0, 2.0], [3.0, 4.0]]]])
    image, seed = np.ones((1, 4, 4)), np.arange(9.0).reshape(1, 3, 3)
    trace = record(graph, Bindings.of(graph, {"x": image, "weight": kernel}, seed))
    edge = trace.graph.edges[0]
    origins = edge_origins(trace, edge, (0, 1, 1))
    part = factor_entries(LocalFacts(trace, edge).factor, origins)
    assert part.tensor is None
    assert list(part.entries) == [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)]
    assert column(trace, edge, (0, 1, 1)).tolist() == [[[4.0, 3.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 0.0]]]


def test_a_window_of_the_column_is_the_column_cropped() -> None:
    trace = trace_of(OPS["matmul"], Sample(((6, 5), (5, 7))))
    edge = trace.graph.edges[1]
    whole = column(trace, edge, (3, 4))
    part = column_entries(trace, edge, (3, 4), tuple(np.ix_(range(2, 5), range(3, 6))))
    assert part.tolist() == whole[2:5, 3:6].tolist()


def test_a_jacobian_is_shown_turned() -> None:
    trace = trace_of(OPS["softmax"], Sample(((2, 3),)))
    local = local_gradient(trace, trace.graph.edges[0])
    tensor = LocalFacts(trace, trace.graph.edges[0]).factor.tensor
    assert tensor is not None
    assert np.array_equal(tensor, np.swapaxes(local.value, -1, -2))  # type: ignore[union-attr]


def test_one_entry_of_a_large_product_looks_at_one_column(monkeypatch: pytest.MonkeyPatch) -> None:
    from backprop_engine.derivatives import jacobian

    graph = applied("matmul", (300, 2), (2, 300))
    numbers = {"a": np.ones((300, 2)), "b": np.ones((2, 300))}
    trace = record(graph, Bindings.of(graph, numbers, np.ones((300, 300))))
    seen: list[int] = []
    real = jacobian.side_by_side

    def counted(upstream: Any, factor: Any) -> Any:
        seen.append(np.size(upstream))
        return real(upstream, factor)

    monkeypatch.setattr(jacobian, "side_by_side", counted)
    for edge, count in zip(graph.edges, (300, 300), strict=True):
        seen.clear()
        assert edge_origins(trace, edge, (1, 1)).count == count
        assert sum(seen) == count


def _has_diagonal(op: Op, sample: Sample) -> bool:
    trace = trace_of(op, sample)
    filled = (edge for edge in trace.graph.edges if trace.contributions[edge.index].size)
    return any(isinstance(local_gradient(trace, edge), ElementwiseLocal) for edge in filled)


@each_sample(_has_diagonal)
def test_who_has_the_diagonal_need_not_work_it_out_again(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    for edge in trace.graph.edges:
        local = local_gradient(trace, edge)
        if not isinstance(local, ElementwiseLocal):
            continue
        for entry in list(np.ndindex(trace.contributions[edge.index].shape))[:3]:
            plain, told = (
                edge_origins(trace, edge, entry),
                edge_origins(trace, edge, entry, diagonal=local.value),
            )
            assert told.terms == plain.terms
            assert (told.value, told.rest, told.varying) == (plain.value, plain.rest, plain.varying)


def test_what_origins_cost_is_what_may_have_read_the_entry() -> None:
    trace = trace_of(OPS["matmul"], Sample(((4, 3), (3, 5))))
    left, right = trace.graph.edges
    assert origins_cost(trace, left, (0, 0)) == 5
    assert origins_cost(trace, right, (0, 0)) == 4
    bias = trace_of(OPS["add"], Sample(((4, 3), (3,))))
    assert [origins_cost(bias, edge, (0,) * (2 - edge.argnum)) for edge in bias.graph.edges] == [1, 4]


def test_the_local_gradients_asked_for_last_are_remembered_as_long_as_the_run() -> None:
    trace = trace_of(OPS["matmul"], Sample(((2, 3), (3, 2))))
    first, second = trace.graph.edges
    known = [local_gradient(trace, edge) for edge in (first, second)]
    for _ in range(3):
        assert [local_gradient(trace, edge) for edge in (first, second)] == known
    assert known[0] is not known[1]
    gone = ref(trace)
    del trace
    assert gone() is None


def test_a_jacobian_that_is_too_large_gives_a_column() -> None:
    graph = applied("softmax", (80,))
    trace = record(graph, Bindings.of(graph, {"a": np.arange(80.0) / 80}, np.ones(80)))
    factor = LocalFacts(trace, graph.edges[0]).factor
    assert (factor.written, factor.tensor, factor.shape) == ("transpose", None, (80, 80))
    part = factor_entries(factor, edge_origins(trace, graph.edges[0], (3,)))
    assert part.tensor is None
    assert part.entries[:3] == ((0,), (1,), (2,))


def test_an_entry_of_a_large_output_is_found_slice_by_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    from backprop_engine.derivatives import jacobian

    graph = applied("matmul", (9, 2), (2, 9))
    a = np.array([[0.0, row] for row in range(9)])
    trace = record(graph, Bindings.of(graph, {"a": a, "b": np.ones((2, 9))}, np.ones((9, 9))))
    entries = [(edge, index) for edge in graph.edges for index in ((0, 0), (1, 1))]
    whole = [edge_origins(trace, edge, index) for edge, index in entries]
    monkeypatch.setattr(jacobian, "SLICE_SIZE", 2)
    sliced = [edge_origins(trace, edge, index) for edge, index in entries]
    for one, other in zip(whole, sliced, strict=True):
        assert (one.terms, one.rest, one.varying) == (other.terms, other.rest, other.varying)
