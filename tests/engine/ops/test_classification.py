"""Losses of many rows and few classes, which are computed in ways of their own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from backprop_engine import make_graph, record
from backprop_engine.errors import ShapeError
from backprop_engine.ops.classification import softmax_with_loss
from backprop_engine.ops.normalisation import largest
from backprop_engine.ops.rules import Linear

SETTINGS = {"reduction": "mean", "label_smoothing": 0.0}


@pytest.mark.parametrize("shape", [(2, 3), (40, 3), (40, 16), (40, 17), (5, 8, 4), (3,), (64, 1)])
@pytest.mark.parametrize("axis", [-1, 0])
def test_the_largest_of_rows_is_numpys(shape: tuple[int, ...], axis: int) -> None:
    draw = np.random.default_rng(7)
    a = draw.normal(size=shape)
    a[tuple(draw.integers(size) for size in shape)] = np.nan
    a.flat[-1] = -np.inf
    np.testing.assert_array_equal(largest(a, axis), np.max(a, axis=axis, keepdims=True))


@pytest.mark.parametrize("ignored", [None, 1])
def test_the_gradient_is_the_probabilities_less_one_at_each_target(ignored: int | None) -> None:
    draw = np.random.default_rng(3)
    logits, target = draw.normal(size=(50, 4)), draw.integers(0, 4, 50)
    call = f"softmax_with_loss(a, t{'' if ignored is None else f', ignore_index={ignored}'})"
    trace = record(make_graph({"L": call}, inputs={"a": logits}, constants={"t": target}))
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    expected[np.arange(50), target] -= 1
    counted = np.ones(50, dtype=bool) if ignored is None else target != ignored
    expected[~counted] = 0
    np.testing.assert_allclose(trace.gradient("a"), expected / counted.sum(), rtol=1e-14, atol=1e-17)


@pytest.mark.parametrize("ignore_index", [None, 2])
def test_the_order_in_memory_makes_no_difference(ignore_index: int | None) -> None:
    draw = np.random.default_rng(5)
    logits, target = draw.normal(size=(6, 5)), draw.integers(0, 5, 6)
    settings = SETTINGS | {"ignore_index": ignore_index}
    (rule, _) = softmax_with_loss.rules_for((logits.shape, target.shape), settings)
    assert isinstance(rule, Linear)

    def gradient(a: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(rule.vjp(1.0, None, a, target, **settings))

    np.testing.assert_array_equal(gradient(np.asfortranarray(logits)), gradient(logits))


def test_probabilities_and_an_index_that_does_not_count_are_refused_together() -> None:
    settings = SETTINGS | {"ignore_index": 1}
    with pytest.raises(ShapeError, match=r"ignore_index works with class indices.*shape 2×3"):
        softmax_with_loss.shape_for(((2, 3), (2, 3)), settings)
    assert softmax_with_loss.shape_for(((2, 3), (2, 3)), settings | {"ignore_index": None}) == ()
