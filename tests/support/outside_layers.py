"""The outside opinion on layers of networks: normalised channels, gates; see `outside`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
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


def _spans(n: int, m: int) -> list[range]:
    """The entries that each of `m` windows over `n` sees: those that a part of it lies on."""
    return [range((i * n) // m, ((i + 1) * n + m - 1) // m) for i in range(m)]


def _adaptive(axes: int, over: Callable[..., Any], x: Any, output_size: Any) -> Any:
    """Window by window."""
    counts = np.broadcast_to(output_size, axes).tolist()
    spans = [_spans(n, m) for n, m in zip(x.shape[-axes:], counts, strict=True)]
    batch, found = x.shape[:-axes], []
    for corner in product(*spans):
        window = x[(..., *(slice(one.start, one.stop) for one in corner))]
        flat = anp.reshape(window, (*batch, int(np.prod([len(one) for one in corner]))))
        found.append(anp.expand_dims(over(flat, axis=-1), -1))
    return anp.reshape(anp.concatenate(found, axis=-1), (*batch, *counts))


def _interpolated(x: Any, size: Any, scale_factor: Any, mode: str, align_corners: bool) -> Any:
    """Axis by axis, each new slice from two old ones."""
    axes = x.ndim - 2
    for axis in range(2, x.ndim):
        n = x.shape[axis]
        if size is None:
            scale = np.broadcast_to(scale_factor, axes)[axis - 2]
            count = int(np.floor(n * scale))
            step = 1.0 if count == n else 1.0 / scale
        else:
            count = int(np.broadcast_to(size, axes)[axis - 2])
            step = n / count
        slices = []
        for number in range(count):
            if mode == "nearest":
                low, share = min(int(number * step + 1e-12), n - 1), 0.0
            else:
                at = number * (n - 1) / max(count - 1, 1) if align_corners else (number + 0.5) * step - 0.5
                low = min(max(int(np.floor(at)), 0), n - 1)
                share = min(max(at - low, 0.0), 1.0)
            before, after = (x[(slice(None),) * axis + (min(low + k, n - 1),)] for k in (0, 1))
            slices.append((1.0 - share) * before + share * after)
        x = anp.stack(slices, axis=axis)
    return x


def _transposed(
    axes: int,
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Any:
    """A sum over the entries of `x`: each puts its kernel into a result of zeros, by a matrix of places."""
    stride, padding, more, dilation = (
        np.broadcast_to(one, axes).tolist() for one in (stride, padding, output_padding, dilation)
    )
    ins, outs, kernel = weight.shape[0] // groups, weight.shape[1], weight.shape[2:]
    batch = x.shape[: -axes - 1]
    places = []  # for each axis: entries of x × of the kernel × of the result
    for axis, (n, k) in enumerate(zip(x.shape[-axes:], kernel, strict=True)):
        size = (n - 1) * stride[axis] - 2 * padding[axis] + dilation[axis] * (k - 1) + more[axis] + 1
        place = np.zeros((n, k, size))
        for entry, tap in np.ndindex(n, k):
            to = entry * stride[axis] + tap * dilation[axis] - padding[axis]
            if 0 <= to < size:
                place[entry, tap, to] = 1.0
        places.append(place)
    apart = anp.reshape(x, (*batch, groups, ins, *x.shape[-axes:]))
    taps = anp.reshape(weight, (groups, ins, outs, *kernel))
    if axes == 1:
        out = anp.einsum("...gia,gioc,acx->...gox", apart, taps, *places)
    else:
        out = anp.einsum("...giab,giocd,acx,bdy->...goxy", apart, taps, *places)
    out = anp.reshape(out, (*batch, groups * outs, *out.shape[-axes:]))
    return out if bias is None else out + anp.reshape(bias, (-1, *[1] * axes))


def _rotary(x: Any, base: float, interleaved: bool, offset: int) -> Any:
    """By a matrix for each position, with a block of two by two for each pair."""
    size, rows = x.shape[-1], []
    for position in range(x.shape[-2]):
        matrix = np.zeros((size, size))
        for pair in range(size // 2):
            first, second = (2 * pair, 2 * pair + 1) if interleaved else (pair, pair + size // 2)
            angle = (offset + position) / base ** (2 * pair / size)
            matrix[first, first] = matrix[second, second] = np.cos(angle)
            matrix[second, first] = np.sin(angle)
            matrix[first, second] = -np.sin(angle)
        rows.append(anp.dot(x[..., position, :], matrix.T))
    return anp.stack(rows, axis=-2)


def _gates(state: Any, weight: Any, bias: Any, count: int) -> list[Any]:
    """What a state, or the input, brings to each gate."""
    rows = weight.shape[0] // count
    bias = bias + np.zeros(weight.shape[0])
    return [
        anp.dot(state, weight[k * rows : (k + 1) * rows].T) + bias[k * rows : (k + 1) * rows]
        for k in range(count)
    ]


def _lstm_cell(x: Any, h: Any, c: Any, w_x: Any, w_h: Any, b_x: Any = 0.0, b_h: Any = 0.0) -> Any:
    i, f, g, o = (a + b for a, b in zip(_gates(x, w_x, b_x, 4), _gates(h, w_h, b_h, 4), strict=True))
    cell = _sigmoid(f) * c + _sigmoid(i) * anp.tanh(g)
    return anp.stack([_sigmoid(o) * anp.tanh(cell), cell])


def _gru_cell(x: Any, h: Any, w_x: Any, w_h: Any, b_x: Any = 0.0, b_h: Any = 0.0) -> Any:
    of_x, of_h = _gates(x, w_x, b_x, 3), _gates(h, w_h, b_h, 3)
    r, z = (_sigmoid(a + b) for a, b in zip(of_x[:2], of_h[:2], strict=True))
    n = anp.tanh(of_x[2] + r * of_h[2])
    return n + z * (h - n)


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "batch_norm_inference": _batch_norm_inference,
    "adaptive_avg_pool1d": partial(_adaptive, 1, anp.mean),
    "adaptive_avg_pool2d": partial(_adaptive, 2, anp.mean),
    "adaptive_max_pool1d": partial(_adaptive, 1, anp.max),
    "adaptive_max_pool2d": partial(_adaptive, 2, anp.max),
    "interpolate": _interpolated,
    "lstm_cell": _lstm_cell,
    "gru_cell": _gru_cell,
    "rotary_embedding": _rotary,
    "conv_transpose1d": partial(_transposed, 1),
    "conv_transpose2d": partial(_transposed, 2),
    "glu": _glu,
    "swiglu": lambda a, b: a * _sigmoid(a) * b,
}
