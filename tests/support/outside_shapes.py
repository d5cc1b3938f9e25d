"""The outside opinion on products, reductions, shapes and convolutions; see `outside`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
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


def _norm(a: Any, axis: Any, keepdims: bool, ord: Any) -> Any:
    if ord == "inf":
        largest = np.max(np.abs(getval(a)), axis=axis, keepdims=True, initial=0.0)
        at = np.abs(getval(a)) == largest
        a = a * at / np.sum(at, axis=axis, keepdims=True)
    return _power(anp.sum(anp.abs(a) ** _order(ord), axis=axis, keepdims=keepdims), 1.0 / _order(ord))


def _order(ord: Any) -> float:
    """Of the largest, each by its share, the sum is the norm of order inf."""
    return 1.0 if ord == "inf" else ord


def _power(x: Any, exponent: float) -> Any:
    zero = 1.0 * (x == 0)
    return (1 - zero) * (x + zero) ** exponent


def _products_up_to(a: Any, axis: int) -> Any:
    """Entry by entry, each a product of its own."""
    lines = anp.swapaxes(a, 0, axis)
    found = [anp.expand_dims(reduce(mul, [lines[k] for k in range(end + 1)]), 0) for end in range(len(lines))]
    return anp.swapaxes(anp.concatenate(found), 0, axis) if found else 1.0 * a


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


def gathered(a: Any, indices: Any, axis: int) -> Any:
    """Entries along an axis, by rows with a single 1."""
    chosen = np.eye(a.shape[axis])[np.moveaxis(indices, axis, -1)]
    return anp.moveaxis(anp.sum(chosen * anp.expand_dims(anp.moveaxis(a, axis, -1), -2), axis=-1), -1, axis)


def _squeezed(a: Any, axis: Any) -> Any:
    axes = range(a.ndim) if axis is None else np.atleast_1d(axis) % a.ndim
    return a[tuple(0 if k in axes and a.shape[k] == 1 else slice(None) for k in range(a.ndim))]


def _unsqueezed(a: Any, axis: Any) -> Any:
    axes = np.atleast_1d(axis) % (anp.ndim(a) + np.size(axis))
    return a[tuple(None if k in axes else slice(None) for k in range(anp.ndim(a) + len(axes)))]


def _einsum(*operands: Any, subscripts: str) -> Any:
    """Every letter an axis of all operands, then a product and a sum; a diagonal by a mask of ones."""
    before, arrow, out = subscripts.replace(" ", "").partition("->")
    parts = before.split(",")
    beyond = [
        np.ndim(getval(a)) - len(part.replace("...", "")) for a, part in zip(operands, parts, strict=True)
    ]
    dots = "XYZ"[: max(more if "..." in part else 0 for more, part in zip(beyond, parts, strict=True))]
    if not arrow:
        letters = before.replace("...", "").replace(",", "")
        out = "..." * ("..." in before) + "".join(sorted(one for one in letters if letters.count(one) == 1))
    parts = [
        part.replace("...", dots[len(dots) - more :] if more else "")
        for part, more in zip(parts, beyond, strict=True)
    ]
    out = out.replace("...", dots)
    letters = sorted(set("".join(parts)))

    def spread(tensor: Any, own: str) -> Any:
        for first in range(len(own)):
            for second in range(first + 1, len(own)):
                if own[first] == own[second]:
                    at = np.arange(tensor.shape[first])
                    key = [slice(None)] * first + [at] + [slice(None)] * (second - first - 1) + [at]
                    return spread(
                        anp.moveaxis(tensor[tuple(key)], 0 if second > first + 1 else first, first),
                        own[:second] + own[second + 1 :],
                    )
        order = sorted(range(len(own)), key=lambda axis: own[axis])
        turned = anp.transpose(tensor, order) if own else tensor
        return turned[tuple(slice(None) if letter in own else None for letter in letters)]

    product = reduce(mul, map(spread, operands, parts))
    summed = tuple(axis for axis, letter in enumerate(letters) if letter not in out)
    kept = [letter for letter in letters if letter in out]
    return anp.transpose(anp.sum(product, axis=summed), [kept.index(letter) for letter in out])


def _windowed(
    one: Callable[[Any], Any],
    x: Any,
    value: float,
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil: bool = False,
) -> Any:
    """`one` of every window of `x`, which gives the axes before those that the windows slide along.

    With `ceil` windows begin wherever there is something of `x` or of the padding before it.
    """
    axes = len(kernel)
    stride, padding, dilation = (np.broadcast_to(each, axes) for each in (stride, padding, dilation))
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    around, starts = [], []
    for size, r, step, p in zip(x.shape[-axes:], reach, stride, padding, strict=True):
        fitting = list(range(0, size + 2 * p - r + 1, step))
        if ceil and (not fitting or fitting[-1] + r < size + 2 * p):
            another = fitting[-1] + step if fitting else 0
            fitting += [another] if another < size + p else []
        starts.append(fitting)
        around.append((p, max(p, fitting[-1] + r - size - p)))
    x = _padded(x, [(0, 0)] * (x.ndim - axes) + around, value)
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


def _largest(
    axes: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Any:
    kernel = tuple(np.broadcast_to(kernel_size, axes))
    steps = kernel if stride is None else stride

    def one(window: Any) -> Any:
        return anp.max(anp.reshape(window, (*x.shape[:-axes], np.prod(kernel))), axis=-1)

    return _windowed(one, x, -np.inf, kernel, steps, padding, dilation, ceil_mode)


def _mean(
    axes: int, x: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool
) -> Any:
    """The sums of windows, over those of a tensor of ones where an entry counts."""
    kernel = tuple(np.broadcast_to(kernel_size, axes))
    steps = kernel if stride is None else stride
    pads = [(p, p) for p in np.broadcast_to(padding, axes)]
    inner = [(0, 0)] * (x.ndim - axes)

    def one(window: Any) -> Any:
        return anp.sum(window, axis=tuple(range(-axes, 0)))

    def sums(of: Any) -> Any:
        return _windowed(one, of, 0.0, kernel, steps, padding, 1, ceil_mode)

    if not count_include_pad:
        return sums(x) / sums(np.ones(x.shape))
    total = sums(x)
    counted = np.pad(np.ones(x.shape), inner + pads, constant_values=1.0)
    missing = [
        (0, max(0, (count - 1) * step + k - size))
        for count, step, k, size in zip(
            getval(total).shape[-axes:],
            np.broadcast_to(steps, axes),
            kernel,
            counted.shape[-axes:],
            strict=True,
        )
    ]
    return total / _windowed(one, np.pad(counted, inner + missing), 0.0, kernel, steps, 0, 1)


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "cumsum": lambda a, axis: anp.swapaxes(
        anp.tensordot(np.tri(a.shape[axis]), anp.swapaxes(a, 0, axis), axes=1), 0, axis
    ),
    "cumprod": _products_up_to,
    "max": lambda a, axis, keepdims: anp.max(1.0 * a, axis=axis, keepdims=keepdims),
    "min": lambda a, axis, keepdims: anp.min(1.0 * a, axis=axis, keepdims=keepdims),
    "logsumexp": _logsumexp,
    "var": _var,
    "std": lambda a, axis, keepdims, ddof: _root(_var(a, axis, keepdims, ddof)),
    "norm": _norm,
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
    "gather": gathered,
    "embedding": lambda weight, indices: anp.tensordot(np.eye(weight.shape[0])[indices], weight, axes=1),
    "dot": lambda a, b: anp.sum(a * b),
    "linear": lambda x, weight, bias=0.0: anp.sum(anp.expand_dims(x, -2) * weight, axis=-1) + bias,
    "einsum": _einsum,
    "conv1d": lambda x, weight, bias=None, **settings: _convolved(1, x, weight, bias, **settings),
    "conv2d": lambda x, weight, bias=None, **settings: _convolved(2, x, weight, bias, **settings),
    "max_pool1d": partial(_largest, 1),
    "max_pool2d": partial(_largest, 2),
    "avg_pool1d": partial(_mean, 1),
    "avg_pool2d": partial(_mean, 2),
}
