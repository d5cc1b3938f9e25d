"""Where an entry of a gradient came from, as people read it."""

from __future__ import annotations

import numpy as np

from backprop_engine.derivatives.jacobian import EntryIndex, edge_origins
from backprop_engine.graph.bindings import Bindings
from backprop_engine.messages.translations import languages
from backprop_engine.ops import Op, Sample
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.lines import line_width, plain
from backprop_tui.render.entry_lines import origin_lines
from graphs import applied, each_sample, some_edge, trace_of


def said(trace: Trace, name: str, entry: EntryIndex, width: int = 80, language: str = "en") -> list[str]:
    """The lines on an entry of the gradient of a node that is used once."""
    (use,) = trace.schedule.uses_of[trace.graph.position(name)]
    origins = edge_origins(trace, trace.graph.edges[use], entry)
    return plain(origin_lines(trace, origins, width, language)).splitlines()


def test_an_entry_of_a_matrix_product() -> None:
    graph = applied("matmul", (2, 2), (2, 3))
    a, seed = [[0.5, 1.0], [2.0, 0.25]], [[0.0, 0.0, -1.5], [0.0, 0.0, 0.5]]
    trace = record(graph, Bindings.of(graph, {"a": a, "b": np.ones((2, 3))}, seed))
    assert said(trace, "b", (1, 2)) == [
        "∂L/∂b[1,2] = ∑ i  ∂L/∂out[i,2] · ∂out[i,2]/∂b[1,2]",
        "           = (-1.5) · 1 + 0.5 · 0.25 = -1.375",
    ]


def test_a_bias_that_was_broadcast_far_counts_what_is_not_listed() -> None:
    graph = applied("add", (4, 5), ())
    trace = record(graph, Bindings.of(graph, {"a": np.ones((4, 5)), "b": 1.0}, 0.5))
    assert said(trace, "b", (), width=50) == [
        "∂L/∂b = ∑ i j  ∂L/∂out[i,j] · ∂out[i,j]/∂b",
        "      = 0.5 · 1 + 0.5 · 1 + … (18 more: 9) = 10",
        "b was broadcast over axis 0, 1: the 20 terms along axis 0, 1 are added up.",
    ]
    assert said(trace, "b", (), width=40)[1] == "      = 0.5 · 1 + … (19 more: 9.5) = 10"
    assert said(trace, "b", (), width=36)[1] == "      = … (20 more: 10) = 10"
    assert said(trace, "b", (), width=300)[1].count("0.5 · 1") == 16
    assert said(trace, "b", (), width=56, language="ko")[1].endswith("… (그 밖에 18개: 9) = 10")


def test_a_single_term_has_no_sum() -> None:
    graph = applied("square", (2,))
    trace = record(graph, Bindings.of(graph, {"a": [3.0, 4.0]}, 1.0))
    first, second = said(trace, "a", (1,))
    assert first == "∂L/∂a[1] = ∂L/∂out[1] · ∂out[1]/∂a[1]"
    assert second.strip() == "= 1 · 8 = 8"


def test_a_sum_of_nothing_is_zero() -> None:
    graph = applied("mul", (1,), (0,))
    trace = record(graph, Bindings.of(graph, {"a": [1.0], "b": np.zeros(0)}, 1.0))
    assert said(trace, "a", (0,))[1].strip() == "= 0"


@each_sample(some_edge(filled=True))
def test_every_operator_can_be_asked(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    for edge in trace.graph.edges:
        operand = trace.graph.nodes[edge.operand]
        if 0 not in operand.shape:
            entry = tuple(size - 1 for size in operand.shape)
            for language in languages():
                lines = origin_lines(trace, edge_origins(trace, edge, entry), 90, language)
                assert len(lines) == 2 + bool(edge.summed)
                assert line_width(lines[1]) <= 90


def test_more_axes_than_letters() -> None:
    graph = applied("add", (2,) * 9, ())
    trace = record(graph, Bindings.of(graph, {"a": np.ones((2,) * 9), "b": 1.0}, 0.5))
    assert said(trace, "b", ())[0].startswith("∂L/∂b = ∑ i j k l m n p q i1  ∂L/∂out[i,j,k,l,m,n,p,q,i1]")
