"""Functions that NumPy has not: what a program defines before it calls them, as text to read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

__all__ = ["HELPERS", "definitions"]

HELPERS: Final[dict[str, str]] = {
    "erf": """\
import math

erf = np.vectorize(math.erf, otypes=[float])
""",
    "sigmoid": """\
def sigmoid(a):
    return 1 / (1 + np.exp(-a))
""",
    "softplus": """\
def softplus(a):
    return np.logaddexp(0, a)
""",
    "softmax": """\
def softmax(a, axis=-1):
    e = np.exp(a - np.max(a, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)
""",
    "log_softmax": """\
def log_softmax(a, axis=-1):
    a = a - np.max(a, axis=axis, keepdims=True)
    return a - np.log(np.sum(np.exp(a), axis=axis, keepdims=True))
""",
    "logsumexp": """\
def logsumexp(a, axis=None, keepdims=False):
    m = np.max(a, axis=axis, keepdims=True)
    out = m + np.log(np.sum(np.exp(a - m), axis=axis, keepdims=True))
    return out if keepdims else np.squeeze(out, axis=axis)
""",
    "norm": """\
def norm(a, axis=None, keepdims=False):
    return np.sqrt(np.sum(a ** 2, axis=axis, keepdims=keepdims))
""",
    "one_hot": """\
def one_hot(target, classes):
    return 1.0 * (np.expand_dims(target, -1) == np.arange(classes))
""",
    "standardised": """\
def standardised(a, axes, eps):
    return (a - np.mean(a, axes, keepdims=True)) / np.sqrt(np.var(a, axes, keepdims=True) + eps)
""",
    "layer_norm": """\
def layer_norm(a, weight=1.0, bias=0.0, axis=-1, eps=1e-05):
    return standardised(a, tuple(range(axis % a.ndim, a.ndim)), eps) * weight + bias
""",
    "rms_norm": """\
def rms_norm(a, weight=1.0, axis=-1, eps=1e-05):
    axes = tuple(range(axis % a.ndim, a.ndim))
    return a / np.sqrt(np.mean(a ** 2, axes, keepdims=True) + eps) * weight
""",
    "batch_norm": """\
def batch_norm(a, weight=1.0, bias=0.0, eps=1e-05):
    weight, bias = (np.reshape(one, (-1,) + (1,) * (a.ndim - 2)) for one in (weight, bias))
    return standardised(a, (0, *range(2, a.ndim)), eps) * weight + bias
""",
    "attention_weights": """\
def attention_weights(q, k, causal=False):
    scores = q @ k.mT / np.sqrt(q.shape[-1])
    return softmax(np.where(np.tri(*scores.shape[-2:]) == 1, scores, -np.inf) if causal else scores)
""",
    "at_largest": """\
def at_largest(a, axis=None):
    best = 1.0 * (a == np.max(a, axis=axis, keepdims=True))
    return best / np.sum(best, axis=axis, keepdims=True)
""",
    "at_smallest": """\
def at_smallest(a, axis=None):
    return at_largest(-a, axis)
""",
    "product_of_others": """\
def product_of_others(a, axis=None):
    out = np.ones(np.shape(a))
    for cell in np.ndindex(np.shape(a)):
        others = np.array(a)
        others[cell] = 1.0
        out[cell] = np.broadcast_to(np.prod(others, axis=axis, keepdims=True), np.shape(a))[cell]
    return out
""",
    "scatter_add": """\
def scatter_add(g, indices, shape, axis):
    out = np.zeros(shape)
    cells = list(np.indices(np.shape(g)))
    cells[axis] = indices
    np.add.at(out, tuple(cells), g)
    return out
""",
    "add_at_rows": """\
def add_at_rows(g, indices, shape):
    out = np.zeros(shape)
    np.add.at(out, indices, g)
    return out
""",
    "windows": """\
def windows(x, kernel, stride=1, padding=0, dilation=1, fill=0.0):
    axes = len(kernel)
    stride, padding, dilation = (np.broadcast_to(one, axes) for one in (stride, padding, dilation))
    x = np.pad(x, [(0, 0)] * (x.ndim - axes) + [(p, p) for p in padding], constant_values=fill)
    counts = (x.shape[-axes:] - dilation * (np.array(kernel) - 1) - 1) // stride + 1
    keys = {
        cell: (..., *map(slice, cell * dilation, cell * dilation + (counts - 1) * stride + 1, stride))
        for cell in np.ndindex(*kernel)
    }
    inner = (..., *map(slice, padding, x.shape[-axes:] - padding))
    return x, keys, inner
""",
    "conv": """\
def conv(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    x, keys, _ = windows(x, weight.shape[2:], stride, padding, dilation)
    outs, ins = weight.shape[0] // groups, weight.shape[1]
    channel, axes = 1 - weight.ndim, weight.ndim - 2
    parts = []
    for n in range(groups):
        w = weight[n * outs : (n + 1) * outs]
        seen = lambda key: np.moveaxis(x[key], channel, -1)[..., n * ins : (n + 1) * ins]
        parts.append(sum(seen(key) @ w[(..., *cell)].T for cell, key in keys.items()))
    out = np.moveaxis(np.concatenate(parts, axis=-1), -1, channel)
    return out if bias is None else out + np.reshape(bias, (-1,) + (1,) * axes)
""",
    "conv_input": """\
def conv_input(shape, weight, g, stride=1, padding=0, dilation=1, groups=1):
    out, keys, inner = windows(np.zeros(shape), weight.shape[2:], stride, padding, dilation)
    outs, ins = weight.shape[0] // groups, weight.shape[1]
    out, g = (np.moveaxis(one, 1 - weight.ndim, 0) for one in (out, g))
    for n in range(groups):
        w, part = weight[n * outs : (n + 1) * outs], g[n * outs : (n + 1) * outs]
        for cell, key in keys.items():
            out[n * ins : (n + 1) * ins][key] += np.tensordot(w[(..., *cell)].T, part, 1)
    return np.moveaxis(out, 0, 1 - weight.ndim)[inner]
""",
    "conv_weight": """\
def conv_weight(x, shape, g, stride=1, padding=0, dilation=1, groups=1):
    x, keys, _ = windows(x, shape[2:], stride, padding, dilation)
    outs, ins, out = shape[0] // groups, shape[1], np.zeros(shape)
    x, g = (np.moveaxis(one, 1 - len(shape), 0) for one in (x, g))
    for n in range(groups):
        part, seen = g[n * outs : (n + 1) * outs], x[n * ins : (n + 1) * ins]
        for cell, key in keys.items():
            product = part.reshape(outs, -1) @ seen[key].reshape(ins, -1).T
            out[(slice(n * outs, (n + 1) * outs), slice(None), *cell)] = product
    return out
""",
    "max_pool2d": """\
def max_pool2d(x, kernel_size, stride=None, padding=0):
    kernel = tuple(np.broadcast_to(kernel_size, 2))
    x, keys, _ = windows(x, kernel, kernel if stride is None else stride, padding, fill=-np.inf)
    return np.max([x[key] for key in keys.values()], axis=0)
""",
    "max_pool2d_input": """\
def max_pool2d_input(g, x, kernel_size, stride=None, padding=0):
    kernel = tuple(np.broadcast_to(kernel_size, 2))
    x, keys, inner = windows(x, kernel, kernel if stride is None else stride, padding, fill=-np.inf)
    seen, out = np.stack([x[key] for key in keys.values()]), np.zeros(x.shape)
    best = 1.0 * (seen == np.max(seen, axis=0))
    for share, key in zip(best / np.sum(best, axis=0), keys.values()):
        out[key] += g * share
    return out[inner]
""",
    "avg_pool2d": """\
def avg_pool2d(x, kernel_size, stride=None, padding=0):
    kernel = tuple(np.broadcast_to(kernel_size, 2))
    x, keys, _ = windows(x, kernel, kernel if stride is None else stride, padding)
    return np.mean([x[key] for key in keys.values()], axis=0)
""",
    "avg_pool2d_input": """\
def avg_pool2d_input(g, shape, kernel_size, stride=None, padding=0):
    kernel = tuple(np.broadcast_to(kernel_size, 2))
    stride = kernel if stride is None else stride
    out, keys, inner = windows(np.zeros(shape), kernel, stride, padding)
    for key in keys.values():
        out[key] += g / len(keys)
    return out[inner]
""",
}
"""The source of each function by its name."""

_WORD: Final = re.compile(r"(?<![\w.])[^\W\d]\w*(?=\()|(?<![\w.])erf\b")


def definitions(lines: Iterable[str]) -> list[str]:
    """The sources of the functions that `lines` call, each behind those that it calls itself."""
    wanted: dict[str, str] = {}
    for line in lines:
        for name in _called(line):
            wanted.update((one, HELPERS[one]) for one in _needs(name) if one not in wanted)
    return list(wanted.values())


@lru_cache(maxsize=128)
def _needs(name: str) -> tuple[str, ...]:
    """A function's name, behind the names of those that it calls."""
    before = dict.fromkeys(
        one for called in _called(HELPERS[name]) if called != name for one in _needs(called)
    )
    return (*before, name)


def _called(text: str) -> list[str]:
    return [name for name in _WORD.findall(text) if name in HELPERS]
