"""What was recorded in half precision is checked as precisely as its type allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_engine.derivatives.gradient_check import Verdict
from backprop_engine.derivatives.numeric_check import check_some_entries, check_trace
from backprop_engine.explain.step_check import step_check
from backprop_engine.recordings.casts import ROUNDINGS
from backprop_engine.recordings.events import (
    FORMAT,
    BackwardCall,
    EngineEnd,
    EngineStart,
    GraphNode,
    Manifest,
    Operand,
    OperatorCall,
    TensorEntry,
)
from backprop_engine.recordings.scenarios import load_recording
from backprop_engine.recordings.writer import RecordingWriter
from backprop_engine.trace.trace import Trace


def rounded(array: Any, dtype: str) -> Any:
    """Numbers as a type holds them, to the nearest, in single precision."""
    if dtype == "F16":
        return np.asarray(array, np.float16).astype(np.float32)
    numbers = np.asarray(array, np.float32)
    if dtype == "F32":
        return numbers
    bits = numbers.view("<u4")
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).view("<f4")


def stored(array: Any, dtype: str) -> bytes:
    if dtype == "F16":
        return np.asarray(array, "<f2").tobytes()
    numbers = np.asarray(array, "<f4")
    return (numbers.view("<u4") >> 16).astype("<u2").tobytes() if dtype == "BF16" else numbers.tobytes()


def recorded(folder: Path, dtype: str, factor: float = 1.0) -> Trace:
    """A sum of tanh in a type, whose contribution to its operand was multiplied by `factor`."""
    writer = RecordingWriter(folder, Manifest(FORMAT, "torch", "2.13.0"))
    writer.start(0)
    numbers = iter(range(100))

    def entry(array: Any) -> TensorEntry:
        array = rounded(array, dtype)
        span = writer.tensor(dtype, array.shape, stored(array, dtype))
        return TensorEntry(next(numbers), array.shape, dtype, float(np.linalg.norm(array)), data=span)

    x = rounded(np.random.default_rng(0).normal(size=(30, 20)), dtype)
    h = rounded(np.tanh(x), dtype)
    ones = np.ones_like(x)
    x_, h_, sum_ = entry(x), entry(h), entry(np.sum(h))
    writer.event(
        OperatorCall("aten.tanh.default", "n0", inputs=(Operand(x_.id, leaf="x", tensor=x_),), outputs=(h_,))
    )
    writer.event(
        OperatorCall("aten.sum.default", "n1", inputs=(Operand(h_.id, "n0", tensor=h_),), outputs=(sum_,))
    )
    writer.event(EngineStart((("n1", 0),)))
    writer.event(GraphNode("n1", "SumBackward0", (("n0", 0),)))
    writer.event(GraphNode("n0", "TanhBackward0", (("a0", 0),)))
    writer.event(GraphNode("a0", "AccumulateGrad", leaf="x", value=x_))
    given, product = entry(ones), entry(factor * (1 - h * h))
    writer.event(BackwardCall("n1", (entry(np.array(1.0)),), (given,)))
    writer.event(BackwardCall("n0", (given,), (product,)))
    writer.event(BackwardCall("a0", (product,)))
    writer.event(EngineEnd())
    writer.close()
    return load_recording(folder).run().trace(0)


@pytest.mark.parametrize("dtype", ROUNDINGS)
def test_a_node_knows_the_type_that_it_was_recorded_in(dtype: str, tmp_path: Path) -> None:
    trace = recorded(tmp_path, dtype)
    assert trace.graph.dtype == np.float32
    rounding = ROUNDINGS[dtype]
    assert trace.roundings == ({} if dtype == "F32" else dict.fromkeys(range(3), rounding))


@pytest.mark.parametrize("dtype", ROUNDINGS)
def test_rounding_is_no_difference(dtype: str, tmp_path: Path) -> None:
    trace = recorded(tmp_path, dtype)
    assert {check.verdict for check in check_trace(trace)} == {Verdict.AGREES}
    checks = [step_check(trace, edge).outcome for edge in trace.graph.edges]
    assert {check.verdict for check in checks} == {Verdict.AGREES}
    some = check_some_entries(trace, trace.graph.edges[-1], 16)
    assert some is not None
    assert (some.verdict, some.checked) == (Verdict.AGREES, 16)


@pytest.mark.parametrize(("dtype", "factor"), [("F32", 1.001), ("F16", 1.05), ("BF16", 1.25), ("BF16", -1.0)])
def test_more_than_rounding_is_a_difference(dtype: str, factor: float, tmp_path: Path) -> None:
    trace = recorded(tmp_path, dtype, factor)
    edge = trace.graph.edges[-1]
    assert step_check(trace, edge).outcome.verdict is Verdict.DIFFERS
    some = check_some_entries(trace, edge, 16)
    assert some is not None
    assert some.verdict is Verdict.DIFFERS


@pytest.mark.parametrize(("dtype", "factor"), [("F16", 1.01), ("BF16", 1.05)])
def test_entries_vouch_for_others_only_within_the_rounding_of_the_type(
    dtype: str, factor: float, tmp_path: Path
) -> None:
    trace = recorded(tmp_path, dtype, factor)
    assert check_some_entries(trace, trace.graph.edges[-1], 16) is None
