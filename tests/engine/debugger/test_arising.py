"""Where numbers arise that are not finite."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_engine.debugger.troubles import Trouble, next_trouble, troubles
from backprop_engine.graph.bindings import Bindings
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace
from graphs import Sketch
from scenes import run


def trace_of(stem: str) -> Trace:
    return run(stem).trace(0)


@pytest.mark.parametrize(
    ("stem", "infinity", "nan"),
    [("nan_from_log_zero", 2, 8), ("nan_from_sqrt_zero", 6, 8), ("softmax_overflow", 1, 3)],
)
def test_an_infinity_and_a_nan_are_told_apart(stem: str, infinity: int, nan: int) -> None:
    assert troubles(trace_of(stem)) == (Trouble(infinity, False), Trouble(nan, True))


@pytest.mark.parametrize("stem", ["add_multiply", "rnn_cell", "double_where"])
def test_a_run_of_finite_numbers_has_none(stem: str) -> None:
    assert troubles(trace_of(stem)) == ()
    assert next_trouble(trace_of(stem), 0) is None


def test_they_follow_each_other_around() -> None:
    trace = trace_of("nan_from_log_zero")
    found = [next_trouble(trace, position) for position in (0, 2, 7, 8)]
    assert [trouble.position for trouble in found if trouble] == [2, 8, 8, 2]


def test_what_was_given_is_trouble_from_the_start_but_a_mask_is_none() -> None:
    graph = Sketch().inputs(x=(2,)).constants(mask=(2,))(y="add x mask", L="sum y").build()
    masked = record(graph, Bindings.of(graph, {"x": np.array([1.0, 2.0]), "mask": np.array([0.0, -np.inf])}))
    given = record(graph, Bindings.of(graph, {"x": np.array([1.0, np.nan]), "mask": np.zeros(2)}))
    spoilt = record(graph, Bindings.of(graph, {"x": np.zeros(2), "mask": np.array([0.0, np.nan])}))
    assert troubles(masked) == ()
    assert troubles(given) == (Trouble(0, True),)
    assert troubles(spoilt) == (Trouble(0, True),)
