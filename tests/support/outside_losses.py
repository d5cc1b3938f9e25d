"""An outside opinion on functions, activations, normalisation, losses and attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(80)


def _erf(a: Any) -> Any:
    """By Gauss-Legendre quadrature of the bell curve from 0 to `a`; flat from 6 on."""
    a = anp.where(anp.abs(getval(a)) < 6.0, a, np.clip(getval(a), -6.0, 6.0))
    points = anp.expand_dims(a, -1) * (_NODES + 1.0) / 2.0
    return 2.0 / np.sqrt(np.pi) * (a / 2.0) * anp.sum(_WEIGHTS * anp.exp(-(points**2)), axis=-1)


def _sigmoid(a: Any) -> Any:
    return 0.5 * (1.0 + anp.tanh(0.5 * a))


def _softplus(a: Any) -> Any:
    return anp.logaddexp(0.0 * a, a)


def _gelu(a: Any, approximate: str) -> Any:
    if approximate == "tanh":
        return 0.5 * a * (1.0 + anp.tanh(np.sqrt(2.0 / np.pi) * (a + 0.044715 * a**3)))
    return a * 0.5 * (1.0 + _erf(a / np.sqrt(2.0)))


def _between(a: Any, low: float, high: float) -> Any:
    """`a` strictly between the bounds; constant from them on."""
    return anp.where((a > low) & (a < high), a, getval(anp.where(a <= low, low, high)))


def _clip(a: Any, min: float | None, max: float | None) -> Any:
    low = -np.inf if min is None else min
    high = np.inf if max is None else max
    return anp.where((a >= low) & (a <= high), a, np.clip(getval(a), low, high))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "rsqrt": lambda a: a**-0.5,
    "reciprocal": lambda a: a**-1.0,
    "log1p": lambda a: anp.log(1.0 + a),
    "expm1": lambda a: anp.exp(a) - 1.0,
    "sign": lambda a: 0.0 * a + anp.where(getval(a) > 0, 1.0, 0.0) - anp.where(getval(a) < 0, 1.0, 0.0),
    "sin": anp.sin,
    "cos": anp.cos,
    "tan": lambda a: anp.sin(a) / anp.cos(a),
    "asin": anp.arcsin,
    "acos": lambda a: np.pi / 2 - anp.arcsin(a),
    "atan": anp.arctan,
    "atan2": anp.arctan2,
    "sinh": lambda a: (anp.exp(a) - anp.exp(-a)) / 2,
    "cosh": lambda a: (anp.exp(a) + anp.exp(-a)) / 2,
    "floor": lambda a: 0.0 * a + np.floor(getval(a)),
    "ceil": lambda a: 0.0 * a + np.ceil(getval(a)),
    "round": lambda a: 0.0 * a + np.round(getval(a)),
    "mod": lambda a, b: a - b * np.floor(getval(a) / getval(b)),
    "erf": _erf,
    "clip": _clip,
    "leaky_relu": lambda a, negative_slope: anp.where(a > 0, a, negative_slope * a),
    "elu": lambda a, alpha: anp.where(a > 0, a, alpha * (anp.exp(anp.where(a > 0, 0.0, a)) - 1.0)),
    "selu": lambda a: (
        1.0507009873554804934193349852946
        * anp.where(a > 0, a, 1.6732632423543772848170429916717 * (anp.exp(anp.where(a > 0, 0.0, a)) - 1.0))
    ),
    "softplus": _softplus,
    "log_sigmoid": lambda a: -_softplus(-a),
    "silu": lambda a: a * _sigmoid(a),
    "mish": lambda a: a * anp.tanh(_softplus(a)),
    "gelu": _gelu,
    "hard_tanh": lambda a: _between(a, -1.0, 1.0),
    "relu6": lambda a: _between(a, 0.0, 6.0),
}


def _standardised(a: Any, axes: tuple[int, ...], eps: float) -> Any:
    d = a - anp.mean(a, axis=axes, keepdims=True)
    return d * (anp.var(a, axis=axes, keepdims=True) + eps) ** -0.5


def _layer_norm(a: Any, weight: Any = 1.0, bias: Any = 0.0, *, axis: int, eps: float) -> Any:
    return _standardised(a, tuple(range(axis % a.ndim, a.ndim)), eps) * weight + bias


def _rms_norm(a: Any, weight: Any = 1.0, *, axis: int, eps: float) -> Any:
    axes = tuple(range(axis % a.ndim, a.ndim))
    return a * (anp.mean(a * a, axis=axes, keepdims=True) + eps) ** -0.5 * weight


def _batch_norm(a: Any, weight: Any = None, bias: Any = None, *, eps: float) -> Any:
    """Channel by channel."""
    channels = []
    for channel in range(a.shape[1]):
        x = a[:, channel]
        n = (x - anp.mean(x)) / anp.sqrt(anp.mean((x - anp.mean(x)) ** 2) + eps)
        n = n if weight is None else n * weight[channel]
        channels.append(n if bias is None else n + bias[channel])
    return anp.stack(channels, axis=1) if channels else 1.0 * a * weight


NORMALISATION: dict[str, Callable[..., Any]] = {
    "log_softmax": lambda a, axis: a - anp.log(anp.sum(anp.exp(a), axis=axis, keepdims=True)),
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "batch_norm": _batch_norm,
    "dropout": lambda a, mask, p: anp.where(mask == 1, a / (1.0 - p), 0.0 * a),
}


def _reduce(losses: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses
    total = anp.sum(losses)
    if reduction == "sum":
        return total
    return total / (losses.size if reduction == "mean" else max(1, len(anp.atleast_1d(losses))))


def _entry_by_entry(loss: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, target, reduction, **more: _reduce(loss(a, target, **more), reduction)


def _huber(a: Any, target: Any, delta: float) -> Any:
    d = a - target
    inner = _clip(d, -delta, delta)
    return 0.5 * inner**2 + delta * (anp.abs(d) - anp.abs(inner))


def _log_probabilities(a: Any) -> Any:
    z = a - np.max(getval(a), axis=-1, keepdims=True, initial=-np.inf)
    return z - anp.log(anp.sum(anp.exp(z), axis=-1, keepdims=True))


def _nll(log_p: Any, target: Any, weight: Any = None, *, reduction: str, ignore_index: int | None) -> Any:
    """By a sum over rows, one at a time."""
    weight = np.ones(log_p.shape[-1]) if weight is None else weight
    return _by_rows(
        log_p, target, weight, reduction, ignore_index, lambda row, index: -weight[index] * row[index]
    )


def _cross_entropy(
    a: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: str,
    ignore_index: int | None,
    label_smoothing: float,
) -> Any:
    classes = a.shape[-1]
    weight = np.ones(classes) if weight is None else weight
    if np.ndim(target) == len(a.shape):
        t = target * (1.0 - label_smoothing) + label_smoothing / classes
        return _reduce(-anp.sum(weight * t * _log_probabilities(a), axis=-1), reduction)

    def loss(row: Any, index: Any) -> Any:
        t = np.full(classes, label_smoothing / classes)
        t[index] += 1.0 - label_smoothing
        return -anp.sum(weight * t * row)

    return _by_rows(_log_probabilities(a), target, weight, reduction, ignore_index, loss)


def _by_rows(rows: Any, target: Any, weight: Any, reduction: str, ignore_index: int | None, loss: Any) -> Any:
    losses, counted = [], 0.0
    for entry in np.ndindex(np.shape(target)):
        index = int(np.asarray(target)[entry])
        counts = index != ignore_index
        counted += weight[index] if counts else 0.0
        losses.append(loss(rows[entry], index) if counts else 0.0 * rows[(*entry, 0)])
    if reduction == "none":
        return anp.reshape(anp.stack(losses), np.shape(target)) if np.shape(target) else losses[0]
    total = sum(losses[1:], losses[0]) if losses else 0.0 * anp.sum(rows)
    return total / np.float64(counted) if reduction == "mean" else total


def _bce_with_logits(a: Any, target: Any, pos_weight: Any = 1.0, *, reduction: str) -> Any:
    return _reduce(_softplus(a) * (1.0 - target) + pos_weight * target * _softplus(-a), reduction)


LOSSES: dict[str, Callable[..., Any]] = {
    "mse": _entry_by_entry(lambda a, target: (a - target) ** 2),
    "mae": _entry_by_entry(lambda a, target: anp.abs(a - target)),
    "huber": _entry_by_entry(_huber),
    "smooth_l1": _entry_by_entry(lambda a, target, beta: _huber(a, target, beta) / beta),
    "bce": _entry_by_entry(lambda p, target: -target * anp.log(p) - (1.0 - target) * anp.log(1.0 - p)),
    "bce_with_logits": _bce_with_logits,
    "hinge": _entry_by_entry(
        lambda a, target, margin: anp.where(target * a < margin, margin - target * a, 0.0 * a)
    ),
    "kl_div": lambda log_p, target, reduction: _reduce(target * (anp.log(target) - log_p), reduction),
    "nll": _nll,
    "softmax_with_loss": _cross_entropy,
}


def _attention(
    q: Any,
    k: Any,
    v: Any,
    mask: Any = None,
    *,
    causal: bool,
    scale: float | None,
    additive: bool,
    heads: int,
) -> Any:
    """Query by query, over the keys that it sees; each head by itself, side by side."""
    if heads > 1:
        settings = {"causal": causal, "scale": scale, "additive": additive, "heads": 1}
        batch = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
        masks = [mask] * heads
        if mask is not None:
            wide = mask + np.zeros((*batch, heads, q.shape[-2], k.shape[-2]))
            masks = [wide[..., head, :, :] for head in range(heads)]
        stretches = [
            [
                each[..., head * each.shape[-1] // heads : (head + 1) * each.shape[-1] // heads]
                for each in (q, k, v)
            ]
            for head in range(heads)
        ]
        return anp.concatenate(
            [_attention(*one, mask, **settings) for one, mask in zip(stretches, masks, strict=True)], axis=-1
        )
    batch = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    scores = (q.shape[-2], k.shape[-2])
    mask = (0.0 if additive else 1.0) if mask is None else mask
    if batch:
        wide = [one + np.zeros((*batch, *one.shape[-2:])) for one in (q, k, v)]
        masks = mask + np.zeros((*batch, *scores))
        settings = {"causal": causal, "scale": scale, "additive": additive, "heads": 1}
        return anp.stack([_attention(*one, **settings) for one in zip(*wide, masks, strict=True)])
    mask = mask + np.zeros(scores)
    scale = 1.0 / np.sqrt(q.shape[1]) if scale is None else scale
    rows = []
    for position in range(q.shape[0]):
        hidden = np.zeros(k.shape[0], dtype=bool) if additive else getval(mask)[position] == 0
        seen = [key for key in np.flatnonzero(~hidden) if not causal or key <= position]
        if not seen:
            rows.append(0.0 * (anp.dot(q[position], k[0]) + v[0]))
            continue
        added = mask[position][seen] if additive else 0.0
        scores = anp.dot(k[seen], q[position]) * scale + added
        weights = anp.exp(scores - np.max(getval(scores), initial=-np.inf))
        rows.append(anp.dot(weights / anp.sum(weights), v[seen]))
    return anp.stack(rows) if rows else anp.dot(anp.dot(q, k.T), v)


ATTENTION: dict[str, Callable[..., Any]] = {"scaled_dot_product_attention": _attention}

DEFINITIONS: dict[str, Callable[..., Any]] = FUNCTIONS | NORMALISATION | LOSSES | ATTENTION
