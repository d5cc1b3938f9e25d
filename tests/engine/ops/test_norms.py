"""Norms of any order where their powers would overflow or vanish, and running products with zeros."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_engine.arrays import Figures, Measured, is_stored
from backprop_engine.graph.bindings import Bindings
from backprop_engine.ops import OPS, Sample
from backprop_engine.trace.record import record
from graphs import graph_of

ORDERS = (1.0, 1.5, 2.0, 3.0, 50.0, "inf")


def _trace(name: str, a: Any, dtype: str = "float64", **settings: Any) -> Any:
    graph = graph_of(OPS[name], Sample((a,), settings), dtype)
    return record(graph, Bindings.of(graph, {"a": a}, np.ones(graph["out"].shape)))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e155, 1e300])
def test_a_norm_grows_with_its_operand_at_every_size(order: Any, size: float) -> None:
    unit = np.array([3.0, -4.0, 0.5])
    near, far = (_trace("norm", unit * scale, ord=order) for scale in (1.0, size))
    np.testing.assert_allclose(far.value("out"), near.value("out") * size, rtol=1e-14)
    np.testing.assert_allclose(far.gradient("a"), near.gradient("a"), rtol=1e-13)


def test_the_norm_of_a_tensor_of_which_only_figures_are_known_is_the_one_that_was_measured() -> None:
    known = Measured.without_entries((3, 4), np.dtype(np.float64), Figures(2.5))
    norm = OPS["norm"].forward
    assert norm(known, axis=None, keepdims=False, ord=2) == 2.5
    assert not is_stored(norm(known, axis=None, keepdims=True, ord=2))
    assert not is_stored(norm(known, axis=1, keepdims=False, ord=2))


@pytest.mark.parametrize("order", ORDERS)
def test_each_line_has_a_scale_of_its_own(order: Any) -> None:
    a = np.array([[3e-200, 4e-200], [3.0, 4.0], [3e200, 4e200], [0.0, 0.0]])
    found = _trace("norm", a, axis=1, ord=order)
    unit = float(_trace("norm", a[1], ord=order).value("out"))
    np.testing.assert_allclose(found.value("out"), unit * np.array([1e-200, 1, 1e200, 0]), rtol=1e-14)
    for line in (0, 2):
        np.testing.assert_allclose(found.gradient("a")[line], found.gradient("a")[1], rtol=1e-13)
    assert found.gradient("a")[3].tolist() == [0, 0]


@pytest.mark.parametrize("order", ORDERS[1:])
def test_half_precision_holds_the_norm_of_its_largest_numbers(order: Any) -> None:
    a = np.array([3e4, 4e4], np.float16)
    found = _trace("norm", a, "float16", ord=order)
    wanted = _trace("norm", a.astype(np.float64), ord=order)
    assert found.value("out").dtype == np.float16
    np.testing.assert_allclose(found.value("out"), wanted.value("out"), rtol=1e-3)
    np.testing.assert_allclose(found.gradient("a"), wanted.gradient("a"), rtol=2e-3, atol=6e-8)


def test_a_running_product_is_right_at_every_pattern_of_zeros() -> None:
    """Against the product rule written out, with exact numbers."""
    numbers = np.array([2.0, -3.0, 5.0, 7.0, -1.0])
    for pattern in np.ndindex(*[2] * len(numbers)):
        a = numbers * pattern
        found = _trace("cumprod", a, axis=0).gradient("a")
        wanted = [
            sum(np.prod(np.delete(a[: end + 1], at)) for end in range(at, len(a))) for at in range(len(a))
        ]
        assert found.tolist() == wanted, a
