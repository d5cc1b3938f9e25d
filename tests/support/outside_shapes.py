"""The outside opinion on products, reductions, shapes and convolutions; see `outside`."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import product
from operator import mul
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval


def _var(a: Any, axis: Any, keepdims: bool, ddof: int) -> Any:
    ones = anp.ones(a.shape)
    count = np.sum(ones, axis=axis, keepdims=True)
    centred = a - anp.sum(a, axis=axis, keepdims=True) / count
    return anp.sum(centred**2, axis=axis, keepdims=keepdims) / (np.max(count, initial=0) - ddof)


def _root(x: Any) -> Any:
    zero = 1.0 * (x == 0)
    return (1 - zero) * (x + zero) ** 0.5


def _logsumexp(a: Any, axis: Any, keepdims: bool) -> Any:
    shift = np.max(getval(a), initial=-np.inf) if np.size(getval(a)) else 0.0
    return anp.log(anp.sum(anp.exp(a - shift), axis=axis, keepdims=keepdims)) + shift


def _prod(a: Any, axis: Any, keepdims: bool) -> Any:
    axes = range(a.ndim) if axis is None else np.atleast_1d(axis) % a.ndim
    for each in sorted(axes, reverse=True):
        slices = [a[(slice(None),) * each + (k,)] for k in range(a.shape[each])]
        a = reduce(mul, slices, 1.0 + 0.0 * anp.sum(a, axis=each))
        a = anp.expand_dims(a, each) if keepdims else a
    return a


def _padded(a: Any, width: Any, value: float) -> Any:
    for axis, (before, after) in enumerate(width):
        rest = a.shape[:axis], a.shape[axis + 1 :]
        sides = [np.full((*rest[0], count, *rest[1]), value) for count in (before, after)]
        a = anp.concatenate([sides[0], a, sides[1]], axis=axis)
    return a


def _tiled(a: Any, reps: Any) -> Any:
    a = anp.reshape(a, (1,) * (len(reps) - anp.ndim(a)) + a.shape)
    for axis, count in enumerate(reversed(reps), 1):
        indices = np.tile(np.arange(a.shape[-axis]), count)
        a = a[(..., indices, *[slice(None)] * (axis - 1))]
    return a


def _joined(*operands: Any, axis: int) -> Any:
    """By placing each operand with a matrix of zeros and ones."""
    total = sum(a.shape[axis] for a in operands)
    result, start = 0.0, 0
    for a in operands:
        place = np.eye(total)[:, start : start + a.shape[axis]]
        result = result + anp.swapaxes(anp.tensordot(place, anp.swapaxes(a, 0, axis), axes=1), 0, axis)
        start += a.shape[axis]
    return result


def _stacked(*operands: Any, axis: int) -> Any:
    return _joined(*(anp.expand_dims(a, axis) for a in operands), axis=axis)


def _gathered(a: Any, indices: Any, axis: int) -> Any:
    chosen = np.eye(a.shape[axis])[np.moveaxis(indices, axis, -1)]
    return anp.moveaxis(anp.sum(chosen * anp.expand_dims(anp.moveaxis(a, axis, -1), -2), axis=-1), -1, axis)


def _squeezed(a: Any, axis: Any) -> Any:
    axes = range(a.ndim) if axis is None else np.atleast_1d(axis) % a.ndim
    return a[tuple(0 if k in axes and a.shape[k] == 1 else slice(None) for k in range(a.ndim))]


def _unsqueezed(a: Any, axis: Any) -> Any:
    axes = np.atleast_1d(axis) % (anp.ndim(a) + np.size(axis))
    return a[tuple(None if k in axes else slice(None) for k in range(anp.ndim(a) + len(axes)))]


def _einsum(a: Any, b: Any, subscripts: str) -> Any:
    """Every letter an axis of both operands, then a product and a sum."""
    operands, out = subscripts.replace(" ", "").split("->")
    first, second = operands.split(",")
    letters = sorted(set(first + second))

    def spread(tensor: Any, own: str) -> Any:
        order = sorted(range(len(own)), key=lambda axis: own[axis])
        turned = anp.transpose(tensor, order) if own else tensor
        return turned[tuple(slice(None) if letter in own else None for letter in letters)]

    product = spread(a, first) * spread(b, second)
    summed = tuple(axis for axis, letter in enumerate(letters) if letter not in out)
    kept = [letter for letter in letters if letter in out]
    return anp.transpose(anp.sum(product, axis=summed), [kept.index(letter) for letter in out])


def _windowed(
    one: Callable[[Any], Any], x: Any, value: float, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> Any:
    """`one` of every window of `x`, which gives the axes before those that the windows slide along."""
    axes = len(kernel)
    stride, padding, dilation = (np.broadcast_to(each, axes) for each in (stride, padding, dilation))
    x = _padded(x, [(0, 0)] * (x.ndim - axes) + [(each, each) for each in padding], value)
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    starts = [
        range(0, size - each + 1, step)
        for size, each, step in zip(x.shape[-axes:], reach, stride, strict=True)
    ]
    found = []
    for corner in product(*starts):
        key = (slice(at, at + r, d) for at, r, d in zip(corner, reach, dilation, strict=True))
        found.append(anp.expand_dims(one(x[(..., *key)]), -1))
    flat = anp.concatenate(found, axis=-1)
    return anp.reshape(flat, (*flat.shape[:-1], *map(len, starts)))


def _convolved(
    axes: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    batch, kernel = x.shape[: -axes - 1], weight.shape[2:]
    outs, ins = weight.shape[0] // groups, weight.shape[1]
    taps = anp.reshape(weight, (groups, outs, ins, *kernel))

    def one(window: Any) -> Any:
        products = anp.reshape(window, (*batch, groups, 1, ins, *kernel)) * taps
        summed = anp.sum(products, axis=tuple(range(-axes - 1, 0)))
        return anp.reshape(summed, (*batch, groups * outs))

    out = _windowed(one, x, 0.0, kernel, stride, padding, dilation)
    return out if bias is None else out + anp.reshape(bias, (-1, *[1] * axes))


def _pooled(over: Any, x: Any, value: float, kernel_size: Any, stride: Any, padding: Any) -> Any:
    kernel = tuple(np.broadcast_to(kernel_size, 2))
    steps = kernel if stride is None else stride

    def one(window: Any) -> Any:
        return over(anp.reshape(window, (*x.shape[:-2], kernel[0] * kernel[1])), axis=-1)

    return _windowed(one, x, value, kernel, steps, padding, 1)


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "cumsum": lambda a, axis: anp.swapaxes(
        anp.tensordot(np.tri(a.shape[axis]), anp.swapaxes(a, 0, axis), axes=1), 0, axis
    ),
    "max": lambda a, axis, keepdims: anp.max(1.0 * a, axis=axis, keepdims=keepdims),
    "min": lambda a, axis, keepdims: anp.min(1.0 * a, axis=axis, keepdims=keepdims),
    "logsumexp": _logsumexp,
    "var": _var,
    "std": lambda a, axis, keepdims, ddof: _root(_var(a, axis, keepdims, ddof)),
    "norm": lambda a, axis, keepdims: _root(anp.sum(a**2, axis=axis, keepdims=keepdims)),
    "prod": _prod,
    "permute": lambda a, axes: anp.moveaxis(a, axes, range(a.ndim)),
    "reshape": lambda a, shape: anp.reshape(1.0 * a, shape),
    "flatten": lambda a, start: (
        anp.reshape(a, (*a.shape[: start % max(a.ndim, 1)], -1)) if a.size else a.ravel()
    ),
    "squeeze": _squeezed,
    "unsqueeze": _unsqueezed,
    "broadcast_to": lambda a, shape: a + np.zeros(shape),
    "flip": lambda a, axis: a[
        tuple(
            slice(None, None, -1) if axis is None or k in np.atleast_1d(axis) % a.ndim else slice(None)
            for k in range(a.ndim)
        )
    ],
    "concat": _joined,
    "stack": _stacked,
    "pad": _padded,
    "tile": _tiled,
    "split": lambda a, parts, index, axis: anp.swapaxes(
        anp.reshape(
            anp.swapaxes(a, 0, axis), (parts, a.shape[axis] // parts, *anp.swapaxes(a, 0, axis).shape[1:])
        )[index],
        0,
        axis,
    ),
    "gather": _gathered,
    "embedding": lambda weight, indices: anp.tensordot(np.eye(weight.shape[0])[indices], weight, axes=1),
    "dot": lambda a, b: anp.sum(a * b),
    "linear": lambda x, weight, bias=0.0: anp.sum(anp.expand_dims(x, -2) * weight, axis=-1) + bias,
    "einsum": _einsum,
    "conv1d": lambda x, weight, bias=None, **settings: _convolved(1, x, weight, bias, **settings),
    "conv2d": lambda x, weight, bias=None, **settings: _convolved(2, x, weight, bias, **settings),
    "max_pool2d": lambda x, kernel_size, stride, padding: _pooled(
        anp.max, x, -np.inf, kernel_size, stride, padding
    ),
    "avg_pool2d": lambda x, kernel_size, stride, padding: _pooled(
        anp.mean, x, 0.0, kernel_size, stride, padding
    ),
}
