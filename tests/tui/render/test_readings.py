"""What an entry of a computed value reads, and the line that says how it was made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from backprop_engine.derivatives.jacobian import EntryIndex
from backprop_engine.explain.entries import readings
from backprop_engine.graph.bindings import Bindings
from backprop_engine.ops import OPS, Elementwise, Op, Sample
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace, ValueEdit
from backprop_tui.cells.lines import line_width, plain
from backprop_tui.render.entry_lines import reading_lines
from graphs import applied, each_sample, graph_of, has_entries, trace_of


def said(trace: Trace, entry: EntryIndex, width: int = 100) -> list[str]:
    node = trace.graph["out"]
    return plain(reading_lines(trace, node, entry, readings(trace, node, entry), width, "en")).splitlines()


_TOLD_BY_MORE = {"hinge", "max", "min", "scaled_dot_product_attention"} | {
    name for name in OPS if "max_pool" in name
}
"""What has no slope may get one: another number becomes the largest, or passes a margin."""


def _other_numbers(op: Op, sample: Sample) -> Iterator[tuple[EntryIndex, list[Any]]]:
    """The last entry, and operands of which one has other numbers in every entry that it does not read."""
    trace = trace_of(op, sample)
    node = trace.graph["out"]
    for entry in list(np.ndindex(node.shape))[-1:]:
        for reading in readings(trace, node, entry):
            operand = trace.graph.nodes[node.operands[reading.argnum]]
            if op.name in _TOLD_BY_MORE or not operand.shape or operand.kind.value != "input":
                continue
            other = np.array(trace.values[operand.position], dtype=np.float64)
            kept = [other[one] for one in reading.entries]
            other *= 0.9
            for one, number in zip(reading.entries, kept, strict=True):
                other[one] = number
            changed = [trace.operand_values[one] for one in node.operands]
            changed[reading.argnum] = other
            yield entry, changed


@each_sample(lambda op, sample: any(True for _ in _other_numbers(op, sample)))
def test_an_entry_depends_on_what_it_reads_alone(op: Op, sample: Sample) -> None:
    """Other numbers in every entry that is not read, in one operand after the other, change nothing."""
    trace = trace_of(op, sample)
    node = trace.graph["out"]
    for entry, changed in _other_numbers(op, sample):
        found = np.asarray(op.forward(*changed, **node.attributes))[entry]
        assert found == pytest.approx(trace.values[node.position][entry], rel=1e-12, abs=1e-12)


def _is_elementwise(op: Op, sample: Sample) -> bool:
    rules = graph_of(op, sample)["out"].rules
    return has_entries(op, sample) and all(isinstance(rule, Elementwise) for rule in rules)


@each_sample(_is_elementwise)
def test_what_an_elementwise_operator_reads_is_one_entry_of_each(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    node = trace.graph["out"]
    entry = tuple(size - 1 for size in node.shape)
    found = readings(trace, node, entry)
    assert [len(reading.entries) for reading in found] == [1] * len(node.operands)
    assert len(said(trace, entry)) in (1, 2)


@each_sample(has_entries)
def test_what_is_written_fits_and_ends_in_the_value(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    node = trace.graph["out"]
    for entry in list(np.ndindex(node.shape))[:2]:
        for language in ("en", "ko"):
            lines = reading_lines(trace, node, entry, readings(trace, node, entry), 110, language)
            assert all(line_width(line) <= 110 for line in lines)
        if lines:
            value = float(trace.outs[node.position][entry])
            shown = re.findall(r"= (\S+)$", plain(lines))[-1]
            assert float(shown) == pytest.approx(value, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize(
    ("op", "operands", "entry", "line"),
    [
        ("matmul", ([[1.0, 2.0]], [[3.0, 0.5], [-1.0, 4.0]]), (0, 1), "out[0,1] = 1 · 0.5 + 2 · 4 = 8.5"),
        ("add", ([1.0, 2.0], [0.5, -0.5]), (1,), "out[1] = a[1] + b[1] = 2 + (-0.5) = 1.5"),
        ("tanh", ([0.0],), (0,), "out[0] = tanh(a[0]) = tanh(0) = 0"),
        ("where", ([True, False], [1.0, 2.0], [3.0, -4.0]), (1,),
         "out[1] = where(condition[1], a[1], b[1]) = where(0, 2, -4) = -4"),
        ("sum", ([1.0, -2.0, 4.0],), (), "out = 1 · 1 + (-2) · 1 + 4 · 1 = 3"),
        ("linear", ([1.0, 2.0], [[3.0, 4.0]], [0.5]), (0,), "out[0] = 1 · 3 + 2 · 4 + 0.5 · 1 = 11.5"),
        ("conv1d", ([[1.0, 2.0]], [[[3.0, 4.0]]], [0.5]), (0, 0),
         "out[0,0] = 1 · 3 + 2 · 4 + 0.5 · 1 = 11.5"),
    ],
)  # fmt: skip
def test_how_it_is_said(op: str, operands: Any, entry: EntryIndex, line: str) -> None:
    tensors = tuple(np.asarray(one) for one in operands)
    assert said(trace_of(OPS[op], Sample(tensors)), entry) == [line]


def test_a_maximum_reads_the_largest() -> None:
    (reading,) = readings(*_at_out(trace_of(OPS["max"], Sample((np.asarray([1.0, 5.0, 2.0]),)))), ())
    assert reading.entries == ((1,),)


def test_a_norm_is_no_sum_of_products() -> None:
    assert said(trace_of(OPS["norm"], Sample((np.asarray([3.0, 4.0]),))), ()) == []


def test_another_value_was_not_made_of_anything() -> None:
    graph = applied("tanh", (2,))
    bindings = Bindings.of(graph, {"a": [0.5, 1.0]}, 1.0)
    trace = record(graph, bindings, [ValueEdit("out", [0.0, 0.0])])
    assert readings(*_at_out(trace), (0,)) == ()


def test_nothing_is_looked_for_in_a_large_operand() -> None:
    graph = applied("sum", (300, 300))
    trace = record(graph, Bindings.of(graph, {"a": np.ones((300, 300))}, 1.0))
    assert readings(*_at_out(trace), ()) == ()


def _at_out(trace: Trace) -> tuple[Trace, Any]:
    return trace, trace.graph["out"]
