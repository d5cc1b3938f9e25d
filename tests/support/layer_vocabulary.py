"""The words of layers' rule texts that NumPy has not, or takes in another form; see `rule_vocabulary`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
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


LAYERS: dict[str, Any] = {
    "split": lambda a, parts, index, axis: np.split(a, parts, axis)[index],
    "concat": lambda *operands, axis: np.concatenate(operands, axis),
    "max_pool1d_input": partial(_max_pool_input, 1),
    "max_pool2d_input": partial(_max_pool_input, 2),
    "avg_pool1d_input": partial(_avg_pool_input, 1),
    "avg_pool2d_input": partial(_avg_pool_input, 2),
}
