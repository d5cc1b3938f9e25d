"""Kinks and extremes of functions, activations, normalisation, losses and attention.

The figures are IEEE arithmetic, the conventions of the operators, and PyTorch's, where they are the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_engine.graph.bindings import Bindings
from backprop_engine.ops import OPS, Sample
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace
from graphs import bindings_of, graph_of

INF, NAN = np.inf, np.nan
SELU = 1.0507009873554805


def run(op: str, *operands: Any, **attributes: Any) -> Trace:
    """One operator on these operands."""
    tensors = tuple(np.asarray(each)[()] for each in operands)
    sample = Sample(tensors, attributes)
    graph = graph_of(OPS[op], sample)
    if graph["out"].shape == ():
        return record(graph, Bindings.of(graph, dict(zip(OPS[op].names(len(tensors)), tensors, strict=True))))
    return record(graph, bindings_of(graph, OPS[op], sample))


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-15, atol=0.0, strict=False)


@pytest.mark.parametrize(
    ("op", "at", "value", "slope"),
    [
        ("rsqrt", 0.0, INF, -INF),
        ("rsqrt", INF, 0.0, 0.0),
        ("rsqrt", -1.0, NAN, NAN),
        ("reciprocal", 0.0, INF, -INF),
        ("reciprocal", -0.0, -INF, -INF),
        ("reciprocal", -INF, 0.0, 0.0),
        ("log1p", 0.0, 0.0, 1.0),
        ("log1p", 1e-20, 1e-20, 1.0),
        ("log1p", -1.0, -INF, INF),
        ("log1p", -2.0, NAN, -1.0),
        ("expm1", 1e-20, 1e-20, 1.0),
        ("expm1", -1e4, -1.0, 0.0),
        ("expm1", 1e4, INF, INF),
        ("sign", 0.0, 0.0, 0.0),
        ("sign", -INF, -1.0, 0.0),
        ("sign", NAN, NAN, NAN),
        ("sin", INF, NAN, NAN),
        ("cos", 0.0, 1.0, 0.0),
        ("erf", INF, 1.0, 0.0),
        ("erf", -INF, -1.0, 0.0),
        ("erf", NAN, NAN, NAN),
        ("relu", INF, INF, 1.0),
        ("leaky_relu", 0.0, 0.0, 0.01),
        ("leaky_relu", -1.0, -0.01, 0.01),
        ("leaky_relu", -INF, -INF, 0.01),
        ("leaky_relu", NAN, NAN, NAN),
        ("elu", 0.0, 0.0, 1.0),
        ("elu", 1e4, 1e4, 1.0),
        ("elu", -INF, -1.0, 0.0),
        ("elu", NAN, NAN, NAN),
        ("selu", 0.0, 0.0, 1.7580993408473766),
        ("selu", 1e4, SELU * 1e4, SELU),
        ("selu", -INF, -1.7580993408473766, 0.0),
        ("selu", NAN, NAN, NAN),
        ("sigmoid", 1e3, 1.0, 0.0),
        ("sigmoid", -1e3, 0.0, 0.0),
        ("sigmoid", NAN, NAN, NAN),
        ("softplus", 0.0, np.log(2.0), 0.5),
        ("softplus", 21.0, 21.000000000758256, 0.9999999992417439),
        ("softplus", 1e4, 1e4, 1.0),
        ("softplus", -1e4, 0.0, 0.0),
        ("softplus", INF, INF, 1.0),
        ("softplus", -INF, 0.0, 0.0),
        ("softplus", NAN, NAN, NAN),
        ("log_sigmoid", 0.0, -np.log(2.0), 0.5),
        ("log_sigmoid", -1e4, -1e4, 1.0),
        ("log_sigmoid", 1e4, 0.0, 0.0),
        ("log_sigmoid", -INF, -INF, 1.0),
        ("silu", 0.0, 0.0, 0.5),
        ("silu", 1e4, 1e4, 1.0),
        ("silu", -1e4, 0.0, 0.0),
        ("silu", -INF, NAN, NAN),
        ("mish", 0.0, 0.0, 0.6),
        ("mish", 1e4, 1e4, 1.0),
        ("mish", -1e4, 0.0, 0.0),
        ("mish", NAN, NAN, NAN),
        ("gelu", 0.0, 0.0, 0.5),
        ("gelu", 1e4, 1e4, 1.0),
        ("gelu", -1e4, 0.0, 0.0),
        ("gelu", -10.0, -7.619853024160527e-23, -7.618400096464815e-22),
        ("gelu", NAN, NAN, NAN),
        ("hard_tanh", 1.0, 1.0, 0.0),
        ("hard_tanh", -1.0, -1.0, 0.0),
        ("hard_tanh", 0.0, 0.0, 1.0),
        ("hard_tanh", INF, 1.0, 0.0),
        ("hard_tanh", NAN, NAN, NAN),
        ("relu6", 0.0, 0.0, 0.0),
        ("relu6", 6.0, 6.0, 0.0),
        ("relu6", 1e-320, 1e-320, 1.0),
        ("relu6", -INF, 0.0, 0.0),
        ("relu6", NAN, NAN, NAN),
    ],
)
def test_functions_of_one_number(op: str, at: float, value: float, slope: float) -> None:
    trace = run(op, at)
    np.testing.assert_allclose(trace.value("out"), value, rtol=1e-14, atol=0.0)
    np.testing.assert_allclose(trace.gradient("a"), slope, rtol=1e-13, atol=0.0)


@pytest.mark.parametrize(
    ("at", "bounds", "value", "slope"),
    [
        (-1.0, {"min": -1.0, "max": 1.0}, -1.0, 1.0),
        (1.0, {"min": -1.0, "max": 1.0}, 1.0, 1.0),
        (1.5, {"min": -1.0, "max": 1.0}, 1.0, 0.0),
        (-INF, {"min": -1.0}, -1.0, 0.0),
        (INF, {"min": -1.0}, INF, 1.0),
        (5.0, {"max": 2.0}, 2.0, 0.0),
        (5.0, {"min": 3.0, "max": 2.0}, 2.0, 0.0),
        (5.0, {}, 5.0, 1.0),
        (NAN, {"min": -1.0, "max": 1.0}, NAN, NAN),
    ],
)
def test_clip_passes_gradient_at_its_bounds(at: float, bounds: Any, value: float, slope: float) -> None:
    trace = run("clip", at, **bounds)
    same(trace.value("out"), value)
    same(trace.gradient("a"), slope)


@pytest.mark.parametrize(
    ("op", "operands", "value", "slope"),
    [
        ("mse", (1e200, -1e200), INF, 4e200),
        ("mse", (INF, INF), NAN, NAN),
        ("mae", (1.0, 1.0), 0.0, 0.0),
        ("mae", (INF, 1.0), INF, 1.0),
        ("mae", (NAN, 1.0), NAN, NAN),
        ("huber", (1.0, 0.0), 0.5, 1.0),
        ("huber", (-1.0, 0.0), 0.5, -1.0),
        ("huber", (0.0, 0.0), 0.0, 0.0),
        ("huber", (INF, 0.0), INF, 1.0),
        ("huber", (1e200, 0.0), 1e200, 1.0),
        ("huber", (NAN, 0.0), NAN, NAN),
        ("hinge", (1.0, 1.0), 0.0, 0.0),
        ("hinge", (-1.0, -1.0), 0.0, 0.0),
        ("hinge", (0.0, -1.0), 1.0, 1.0),
        ("hinge", (-INF, 1.0), INF, -1.0),
        ("hinge", (NAN, 1.0), NAN, NAN),
        ("bce", (0.0, 0.0), 0.0, 1.0),
        ("bce", (1.0, 1.0), 0.0, -1.0),
        ("bce", (0.0, 1.0), INF, -INF),
        ("bce", (1.0, 0.0), INF, INF),
        ("bce", (1e-300, 1.0), 690.7755278982137, -1e300),
        ("bce", (-0.5, 1.0), NAN, 2.0),
        ("bce", (NAN, 1.0), NAN, NAN),
        ("bce_with_logits", (1e4, 1.0), 0.0, 0.0),
        ("bce_with_logits", (1e4, 0.0), 1e4, 1.0),
        ("bce_with_logits", (-1e4, 1.0), 1e4, -1.0),
        ("bce_with_logits", (-1e4, 0.0), 0.0, 0.0),
        ("bce_with_logits", (40.0, 1.0), 4.248354255291589e-18, 0.0),
        ("bce_with_logits", (0.0, 0.5), np.log(2.0), 0.0),
        ("bce_with_logits", (INF, 1.0), 0.0, 0.0),
        ("bce_with_logits", (NAN, 1.0), NAN, NAN),
        ("kl_div", (-1.0, 0.0), 0.0, 0.0),
        ("kl_div", (-INF, 0.0), 0.0, 0.0),
        ("kl_div", (-INF, 0.5), INF, -0.5),
        ("kl_div", (0.0, -0.5), NAN, 0.5),
    ],
)
def test_losses_of_one_number(op: str, operands: tuple[float, float], value: float, slope: float) -> None:
    trace = run(op, *operands)
    same(trace.value("out"), value)
    same(trace.gradient(OPS[op].operands[0]), slope)


@pytest.mark.parametrize("large", [1e4, 1e300])
def test_softmax_family_is_stable(large: float) -> None:
    a = [large, 0.0, -large]
    same(run("softmax", a).value("out"), [1.0, 0.0, 0.0])
    same(run("log_softmax", a).value("out"), [0.0, -large, -2 * large])
    for target, loss in enumerate((0.0, large, 2 * large)):
        trace = run("softmax_with_loss", a, target)
        same(trace.value("out"), loss)
        same(trace.gradient("a"), np.array([1.0, 0.0, 0.0]) - np.eye(3)[target])


def test_a_masked_logit_gets_no_gradient() -> None:
    trace = run("softmax_with_loss", [-INF, 0.0, 0.0], 1)
    same(trace.value("out"), np.log(2.0))
    same(trace.gradient("a"), [0.0, -0.5, 0.5])


def test_nan_and_infinity_spread_along_a_softmax() -> None:
    for row in ([NAN, 0.0], [INF, 0.0]):
        assert np.all(np.isnan(run("softmax", row).value("out")))
        assert np.isnan(run("softmax_with_loss", row, 0).value("out"))


@pytest.mark.parametrize("op", ["nll", "softmax_with_loss"])
def test_where_no_target_counts_the_mean_is_nan_and_the_gradient_zero(op: str) -> None:
    rows = np.log([[0.25, 0.75], [0.5, 0.5]])
    trace = run(op, rows, np.array([-100, -100]), ignore_index=-100)
    assert np.isnan(trace.value("out"))
    same(trace.gradient(OPS[op].operands[0]), np.zeros((2, 2)))
    same(run(op, rows, np.array([-100, -100]), ignore_index=-100, reduction="sum").value("out"), 0.0)


def test_mean_is_over_the_targets_that_count() -> None:
    rows = np.log([[0.25, 0.75], [0.5, 0.5], [0.125, 0.875]])
    trace = run("nll", rows, np.array([0, -1, 0]), ignore_index=-1)
    same(trace.value("out"), np.log(4.0 * 8.0) / 2)
    same(trace.gradient("log_p"), [[-0.5, 0.0], [0.0, 0.0], [-0.5, 0.0]])


def test_smoothing_of_one_spreads_the_target_evenly() -> None:
    trace = run("softmax_with_loss", [0.0, 0.0], 0, label_smoothing=1.0)
    same(trace.value("out"), np.log(2.0))
    same(trace.gradient("a"), [0.0, 0.0])


@pytest.mark.parametrize("op", ["layer_norm", "batch_norm"])
def test_equal_numbers_normalise_to_zero(op: str) -> None:
    trace = run(op, np.full((2, 2), 3.0))
    same(trace.value("out"), np.zeros((2, 2)))
    assert np.all(np.isfinite(trace.gradient("a")))


def test_rms_norm_of_zeros_is_zero() -> None:
    trace = run("rms_norm", np.zeros(2))
    same(trace.value("out"), [0.0, 0.0])
    np.testing.assert_allclose(trace.gradient("a"), trace.bindings.seed / np.sqrt(1e-5))


def test_batch_norm_of_a_single_row_is_its_bias() -> None:
    trace = run("batch_norm", np.array([[5.0, -1e4]]), np.array([2.0, 3.0]), np.array([0.25, 0.5]))
    same(trace.value("out"), [[0.25, 0.5]])
    same(trace.gradient("a"), [[0.0, 0.0]])


def test_dropout_turns_an_infinity_that_is_dropped_into_nan() -> None:
    assert np.isnan(run("dropout", INF, 0.0).value("out"))
    same(run("dropout", 3.0, 0.0).gradient("a"), 0.0)
    same(run("dropout", 3.0, 1.0, p=0.75).gradient("a"), 4.0)


def test_a_query_that_sees_nothing_gets_nothing() -> None:
    q, k, v = np.array([[1.0], [2.0]]), np.array([[1.0], [3.0]]), np.array([[2.0], [5.0]])
    hidden = run("scaled_dot_product_attention", q, k, v, np.array([[0.0, 0.0], [0.0, 1.0]]))
    added = np.array([[-np.inf, -np.inf], [-np.inf, 0.0]])
    for trace in (hidden, run("scaled_dot_product_attention", q, k, v, added, additive=True)):
        assert trace.value("out").tolist() == [[0.0], [5.0]]
        assert trace.gradient("v").tolist() == [[0.0], [trace.bindings.seed[1, 0]]]
        assert trace.gradient("q").tolist() == trace.gradient("k").tolist() == [[0.0], [0.0]]


def test_an_additive_mask_is_not_mistaken_for_truth_values() -> None:
    q, k, v = np.array([[1.0]]), np.array([[1.0], [3.0]]), np.array([[2.0], [5.0]])
    mask = np.array([[0.0, -np.inf]])
    assert np.all(np.isnan(run("scaled_dot_product_attention", q, k, v, mask).value("out")))


def test_attention_is_stable_and_sees_nothing_later() -> None:
    q, k, v = np.array([[1e4], [1e4]]), np.array([[1.0], [-1.0]]), np.array([[2.0], [NAN]])
    trace = run("scaled_dot_product_attention", q, k, np.array([[2.0], [5.0]]))
    same(trace.value("out"), [[2.0], [2.0]])
    causal = run("scaled_dot_product_attention", q, k, np.array([[2.0], [5.0]]), causal=True)
    same(causal.value("out"), [[2.0], [2.0]])
    assert np.all(np.isnan(run("scaled_dot_product_attention", q, k, v).value("out")))
