"""The words of layers' rule texts that NumPy has not, or takes in another form; see `rule_vocabulary`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import product
from math import ceil, floor
from typing import Any

import numpy as np


def _windows(
    sizes: Any, kernel: Any, stride: Any, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Iterator[tuple[tuple[int, ...], list[list[int]], list[list[int]]]]:
    """Each window by its number along each axis; what it sees along each, and what of that is no padding."""
    settings = (np.broadcast_to(one, len(sizes)) for one in (kernel, stride, padding, dilation))
    along = []
    for size, k, s, p, d in zip(sizes, *settings, strict=True):
        starts = [n for n in range(0, size + p, s) if ceil_mode or n + d * (k - 1) < size + 2 * p]
        if ceil_mode:  # one window at most that does not fit
            fit = sum(n + d * (k - 1) < size + 2 * p for n in starts)
            full = fit and starts[fit - 1] + d * (k - 1) + 1 == size + 2 * p
            starts = starts[: fit + (not full)]
        seen = [[n + d * each - p for each in range(k)] for n in starts]
        along.append(
            [
                (number, [e for e in one if e < size + p], [e for e in one if 0 <= e < size])
                for number, one in enumerate(seen)
            ]
        )
    for corner in product(*along):
        numbers, every, real = zip(*corner, strict=True)
        yield tuple(numbers), list(every), list(real)


def _max_pool_input(axes: int, g: Any, x: Any, kernel_size: Any, stride: Any = None, **settings: Any) -> Any:
    result = np.zeros(x.shape)
    steps = kernel_size if stride is None else stride
    for window, _, entries in _windows(x.shape[-axes:], kernel_size, steps, **settings):
        key = (..., *np.ix_(*entries))
        last = tuple(range(-axes, 0))
        best = np.asarray(x[key] == x[key].max(axis=last, keepdims=True), dtype=float)
        upstream = g[(..., *window)][(..., *[np.newaxis] * axes)]
        result[key] += upstream * best / best.sum(axis=last, keepdims=True)
    return result


def _avg_pool_input(
    axes: int,
    g: Any,
    shape: Any,
    kernel_size: Any,
    stride: Any = None,
    count_include_pad: bool = True,
    **settings: Any,
) -> Any:
    result = np.zeros(shape)
    steps = kernel_size if stride is None else stride
    for window, every, entries in _windows(shape[-axes:], kernel_size, steps, **settings):
        count = np.prod([len(one) for one in (every if count_include_pad else entries)])
        result[(..., *np.ix_(*entries))] += g[(..., *window)][(..., *[np.newaxis] * axes)] / count
    return result


def _spans(sizes: Any, output_size: Any) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Each window with the entries that it sees, by fractions of the whole."""
    counts = np.broadcast_to(output_size, len(sizes)).tolist()
    for cell in np.ndindex(*counts):
        ends = [
            (Fraction(i * n, m), Fraction((i + 1) * n, m))
            for i, n, m in zip(cell, sizes, counts, strict=True)
        ]
        yield cell, tuple(slice(floor(start), ceil(end)) for start, end in ends)


def _adaptive_avg_input(axes: int, g: Any, shape: Any, output_size: Any) -> Any:
    result = np.zeros(shape)
    for cell, key in _spans(shape[-axes:], output_size):
        count = np.prod([one.stop - one.start for one in key])
        result[(..., *key)] += g[(..., *cell)][(..., *[np.newaxis] * axes)] / count
    return result


def _adaptive_max_input(axes: int, g: Any, x: Any, output_size: Any) -> Any:
    result, last = np.zeros(x.shape), tuple(range(-axes, 0))
    for cell, key in _spans(x.shape[-axes:], output_size):
        window = x[(..., *key)]
        best = np.asarray(window == window.max(axis=last, keepdims=True), dtype=float)
        upstream = g[(..., *cell)][(..., *[np.newaxis] * axes)]
        result[(..., *key)] += upstream * best / best.sum(axis=last, keepdims=True)
    return result


def _neighbours(n: int, at: float) -> list[tuple[int, float]]:
    """The two entries on either side of a place, with their weights; one where it lies on it or outside."""
    at = min(max(at, 0.0), n - 1.0)
    low = floor(at)
    return [(low, 1.0 - (at - low)), (min(low + 1, n - 1), at - low)]


def _interpolate_input(
    g: Any,
    shape: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool = False,
) -> Any:
    """Every new entry gives its number back to the entries it was made of."""
    result, axes = np.zeros(shape), len(shape) - 2
    along = []
    for axis, (n, m) in enumerate(zip(shape[2:], g.shape[2:], strict=True)):
        step = n / m if scale_factor is None or n == m else 1.0 / np.broadcast_to(scale_factor, axes)[axis]
        if align_corners:
            places = [0.0 if m == 1 else number * (n - 1) / (m - 1) for number in range(m)]
        elif mode == "nearest":
            places = [float(floor(number * step + 1e-12)) for number in range(m)]
        else:
            places = [(number + 0.5) * step - 0.5 for number in range(m)]
        along.append([_neighbours(n, at) for at in places])
    for cell in np.ndindex(g.shape[2:]):
        for corner in product(*(one[number] for one, number in zip(along, cell, strict=True))):
            key = tuple(entry for entry, _ in corner)
            result[(..., *key)] += g[(..., *cell)] * np.prod([weight for _, weight in corner])
    return result


def _turned_back(g: Any, base: float = 10000.0, interleaved: bool = False, offset: int = 0) -> Any:
    """Each pair as a complex number, times the conjugate of its turn."""
    size = g.shape[-1]
    result = np.zeros(g.shape)
    for position, pair in np.ndindex(g.shape[-2], size // 2):
        first, second = (2 * pair, 2 * pair + 1) if interleaved else (pair, pair + size // 2)
        turn = np.exp(-1j * (offset + position) / base ** (2 * pair / size))
        turned = (g[..., position, first] + 1j * g[..., position, second]) * turn
        result[..., position, first], result[..., position, second] = turned.real, turned.imag
    return result


def _sigmoid(a: Any) -> Any:
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(a))


def _lstm(c: Any, x: Any, h: Any, weight_ih: Any, weight_hh: Any, *biases: Any) -> tuple[Any, ...]:
    sums = np.einsum("...a,ba->...b", x, weight_ih) + np.einsum("...a,ba->...b", h, weight_hh) + sum(biases)
    size = h.shape[-1]
    i, f, g, o = (sums[..., k * size : (k + 1) * size] for k in range(4))
    i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
    return i, f, g, o, f * c + i * g


def _lstm_gates(upstream: Any, x: Any, h: Any, c: Any, *parameters: Any) -> Any:
    i, f, g, o, cell = _lstm(c, x, h, *parameters)
    to_cell = upstream[1] + upstream[0] * o / np.cosh(cell) ** 2
    slopes = (i - i * i, f - f * f, 1.0 - g * g, o - o * o)
    factors = (to_cell * g, to_cell * c, to_cell * i, upstream[0] * np.tanh(cell))
    return np.concatenate([factor * slope for factor, slope in zip(factors, slopes, strict=True)], axis=-1)


def _lstm_carry(upstream: Any, x: Any, h: Any, c: Any, *parameters: Any) -> Any:
    _, f, _, o, cell = _lstm(c, x, h, *parameters)
    return f * (upstream[1] + upstream[0] * o / np.cosh(cell) ** 2)


def _gru(x: Any, h: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any = 0.0, bias_hh: Any = 0.0) -> Any:
    p = np.einsum("...a,ba->...b", x, weight_ih) + bias_ih
    q = np.einsum("...a,ba->...b", h, weight_hh) + bias_hh
    size = h.shape[-1]
    r, z = (_sigmoid((p + q)[..., k * size : (k + 1) * size]) for k in range(2))
    return r, z, np.tanh(p[..., 2 * size :] + r * q[..., 2 * size :]), q[..., 2 * size :]


def _gru_gates(upstream: Any, x: Any, h: Any, *parameters: Any, state: bool = False) -> Any:
    r, z, n, last = _gru(x, h, *parameters)
    to_n = upstream * (1.0 - z) * (1.0 - n * n)
    gates = [to_n * last * (r - r * r), upstream * (h - n) * (z - z * z), to_n * r if state else to_n]
    return np.concatenate(gates, axis=-1)


LAYERS: dict[str, Any] = {
    "split": lambda a, parts, index, axis: np.split(a, parts, axis)[index],
    "concat": lambda *operands, axis: np.concatenate(operands, axis),
    "max_pool1d_input": partial(_max_pool_input, 1),
    "max_pool2d_input": partial(_max_pool_input, 2),
    "avg_pool1d_input": partial(_avg_pool_input, 1),
    "avg_pool2d_input": partial(_avg_pool_input, 2),
    "adaptive_avg_pool1d_input": partial(_adaptive_avg_input, 1),
    "adaptive_avg_pool2d_input": partial(_adaptive_avg_input, 2),
    "adaptive_max_pool1d_input": partial(_adaptive_max_input, 1),
    "adaptive_max_pool2d_input": partial(_adaptive_max_input, 2),
    "interpolate_input": _interpolate_input,
    "lstm_cell_gates": _lstm_gates,
    "lstm_cell_carry": _lstm_carry,
    "gru_cell_gates": _gru_gates,
    "gru_cell_carry": lambda upstream, *operands: upstream * _gru(*operands)[1],
    "rotary_embedding_input": _turned_back,
}
