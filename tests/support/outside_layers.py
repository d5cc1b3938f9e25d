"""The outside opinion on layers of networks: normalised channels, gates; see `outside`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import numpy as np


def _sigmoid(a: Any) -> Any:
    return 0.5 * (1.0 + anp.tanh(0.5 * a))


def _by_channel(parameter: Any, ndim: int) -> Any:
    return anp.reshape(parameter, (-1, *(1,) * (ndim - 2))) if np.ndim(parameter) else parameter


def _group_norm(a: Any, weight: Any = 1.0, bias: Any = 0.0, *, num_groups: int, eps: float) -> Any:
    """Sample by sample, and group by group."""
    size = a.shape[1] // num_groups
    samples = []
    for sample in a:
        groups = []
        for first in range(0, a.shape[1], size):
            x = sample[first : first + size]
            d = x - anp.mean(x)
            groups.append(d * (anp.mean(d * d) + eps) ** -0.5)
        samples.append(anp.concatenate(groups))
    n = anp.stack(samples) if samples else 1.0 * a
    return n * _by_channel(weight, a.ndim) + _by_channel(bias, a.ndim)


def _instance_norm(a: Any, weight: Any = 1.0, bias: Any = 0.0, *, eps: float) -> Any:
    return _group_norm(a, weight, bias, num_groups=a.shape[1], eps=eps)


def _batch_norm_inference(
    a: Any, mean: Any, var: Any, weight: Any = 1.0, bias: Any = 0.0, *, eps: float
) -> Any:
    scale = weight * (var + eps) ** -0.5
    return a * _by_channel(scale, a.ndim) + _by_channel(bias - mean * scale, a.ndim)


def _glu(a: Any, axis: int) -> Any:
    half = a.shape[axis] // 2
    turned = anp.swapaxes(a, 0, axis)
    return anp.swapaxes(turned[:half] * _sigmoid(turned[half:]), 0, axis)


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "batch_norm_inference": _batch_norm_inference,
    "glu": _glu,
    "swiglu": lambda a, b: a * _sigmoid(a) * b,
}
