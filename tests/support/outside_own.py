"""The operators that bundled scenarios define, written once more in HIPS autograd's terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp


def _sigmoid(a: Any) -> Any:
    return 0.5 * (anp.tanh(0.5 * a) + 1)


def _softmax(a: Any) -> Any:
    return anp.exp(a) / anp.sum(anp.exp(a))


def _normalised(a: Any) -> Any:
    centred = a - anp.mean(a)
    return centred / anp.sqrt(anp.mean(centred**2) + 1e-5)


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "binarise": anp.sign,
    "cubed": lambda a: a * a * a,
    "diagonal_softmax": _softmax,
    "forgetful_sigmoid": _sigmoid,
    "frozen_norm": _normalised,
    "hand_matmul": anp.dot,
    "log_cosh": lambda r: anp.mean(anp.log(anp.cosh(r))),
    "own_huber": lambda r: anp.mean(anp.where(anp.abs(r) < 1, r**2 / 2, anp.abs(r) - 0.5)),
    "own_mish": lambda a: a * anp.tanh(anp.log(1 + anp.exp(a))),
    "own_norm": lambda a, weight: weight * a / anp.sqrt(anp.mean(a**2) + 1e-5),
    "reverse": lambda a: 1.0 * a,
    "squared_hinge": lambda s, y: anp.mean(anp.maximum(1 - y * s, 0) ** 2),
    "sum_for_mean": lambda y, t: anp.mean((y - t) ** 2),
    "swish": lambda a, beta: a * _sigmoid(beta * a),
    "transposed_matmul": anp.dot,
}
