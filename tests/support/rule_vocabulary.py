"""The words of rule texts that NumPy has not, or takes in another form: written once more, plainly."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np


def _with_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction whose axes may be a list, as they are in expressions."""

    def reduced(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(a, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)

    return reduced


def _share_of(best: Callable[..., Any]) -> Callable[..., Any]:
    def shared(a: Any, axis: Any = None) -> Any:
        found = np.asarray(a == _with_lists(best)(a, axis, True), dtype=float)
        return found / _with_lists(np.sum)(found, axis, True)

    return shared


def _product_of_others(a: Any, axis: Any = None) -> Any:
    result = np.ones(np.shape(a))
    for entry in np.ndindex(np.shape(a)):
        others = np.array(a)
        others[entry] = 1.0
        lines = np.broadcast_to(_with_lists(np.prod)(others, axis, True), np.shape(a))
        result[entry] = lines[entry]
    return result


def _product_before(a: Any, axis: int) -> Any:
    result = np.ones(np.shape(a))
    for step in range(1, np.shape(a)[axis]):
        before = np.prod(np.take(a, range(step), axis=axis), axis=axis)
        np.moveaxis(result, axis, 0)[step] = before
    return result


def _carried_back(g: Any, a: Any, axis: int) -> Any:
    """By what each gradient is worth to each entry: the product of the entries between."""
    result = np.zeros(np.shape(a))
    lines, upstream, found = (np.moveaxis(one, axis, 0) for one in (a, g, result))
    for to in range(len(lines)):
        for at in range(to, len(lines)):
            found[to] += upstream[at] * np.prod(lines[to + 1 : at + 1], axis=0)
    return result


def _reshape(a: Any, shape: Any) -> Any:
    return np.reshape(a, shape)


def _pad(a: Any, width: Any) -> Any:
    return np.pad(a, width)


def _written(a: Any, indices: Any, src: Any, axis: int, *, adds: bool) -> Any:
    result = np.array(a)
    for entry in np.ndindex(np.shape(indices)):
        to = list(entry)
        to[axis] = indices[entry]
        new = src[entry] if np.ndim(src) else src
        result[tuple(to)] = result[tuple(to)] + new if adds else new
    return result


def _gather(a: Any, indices: Any, axis: int) -> Any:
    result = np.zeros(np.shape(indices))
    for entry in np.ndindex(np.shape(indices)):
        source = list(entry)
        source[axis] = indices[entry]
        result[entry] = a[tuple(source)]
    return result


def _argsort(a: Any, axis: int = -1, descending: bool = False) -> Any:
    def order(line: Any) -> Any:
        return sorted(range(len(line)), key=lambda place: line[place], reverse=descending)

    return np.apply_along_axis(order, axis, a).astype(int) if np.size(a) else np.zeros(np.shape(a), int)


def _triangle(a: Any, diagonal: int, *, upper: bool) -> Any:
    result = np.array(a)
    for entry in np.ndindex(np.shape(a)):
        above = entry[-1] - entry[-2] - diagonal
        if above < 0 if upper else above > 0:
            result[entry] = 0.0
    return result


def _on_diagonal(g: Any, shape: Any, diagonal: int = 0) -> Any:
    result = np.zeros(shape)
    for place, entry in enumerate(g):
        result[place + max(-diagonal, 0), place + max(diagonal, 0)] = entry
    return result


def _add_selected(g: Any, indices: Any, shape: Any, axis: int) -> Any:
    result = np.zeros(shape)
    for entry in np.ndindex(np.shape(indices)):
        before = (slice(None),) * axis
        result[(*before, indices[entry])] += g[(*before, *entry)]
    return result


def _add_at_rows(g: Any, indices: Any, shape: Any) -> Any:
    result = np.zeros(shape)
    for entry in np.ndindex(np.shape(indices)):
        result[indices[entry]] += g[entry]
    return result


def _corners(shape: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Each window by its number along each axis, with the entries of a padded operand that it sees."""
    axes = len(kernel)
    stride, padding, dilation = (np.broadcast_to(one, axes) for one in (stride, padding, dilation))
    sizes = np.array(shape[-axes:]) + 2 * padding
    counts = (sizes - dilation * (np.array(kernel) - 1) - 1) // stride + 1
    for window in np.ndindex(*counts):
        starts = np.array(window) * stride
        yield (
            window,
            tuple(slice(s, s + d * (k - 1) + 1, d) for s, d, k in zip(starts, dilation, kernel, strict=True)),
        )


def _around(x: Any, padding: Any, axes: int, value: float = 0.0) -> Any:
    width = [(0, 0)] * (x.ndim - axes) + [(p, p) for p in np.broadcast_to(padding, axes)]
    return np.pad(x, width, constant_values=value)


def _within(padded: Any, padding: Any, shape: Any, axes: int) -> Any:
    inner = zip(np.broadcast_to(padding, axes), shape[-axes:], strict=True)
    return padded[(..., *(slice(p, p + size) for p, size in inner))]


def _conv_input(
    shape: Any, weight: Any, g: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Every window puts its upstream number times its weights where it looked."""
    kernel, ins = weight.shape[2:], weight.shape[1]
    result = _around(np.zeros(shape), padding, len(kernel))
    for window, key in _corners(shape, kernel, stride, padding, dilation):
        for o in range(weight.shape[0]):
            first = o // (weight.shape[0] // groups) * ins
            channels = (..., slice(first, first + ins), *key)
            upstream = g[(..., o, *window)]
            result[channels] += np.multiply.outer(upstream, weight[o])
    return _within(result, padding, shape, len(kernel))


def _conv_weight(
    x: Any, shape: Any, g: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Every weight sums what it saw, times the upstream numbers."""
    kernel, ins = shape[2:], shape[1]
    around, result = _around(x, padding, len(kernel)), np.zeros(shape)
    for window, key in _corners(x.shape, kernel, stride, padding, dilation):
        for o in range(shape[0]):
            first = o // (shape[0] // groups) * ins
            seen = around[(..., slice(first, first + ins), *key)]
            result[o] += np.tensordot(g[(..., o, *window)], seen, g.ndim - len(kernel) - 1)
    return result


SHAPES: dict[str, Any] = {
    "sum": _with_lists(np.sum),
    "mean": _with_lists(np.mean),
    "var": _with_lists(np.var),
    "at_largest": _share_of(np.max),
    "at_smallest": _share_of(np.min),
    "product_before": _product_before,
    "carried_back": _carried_back,
    "product_of_others": _product_of_others,
    "reshape": _reshape,
    "permute": np.transpose,
    "pad": _pad,
    "scatter_add": partial(_written, adds=True),
    "scatter": partial(_written, adds=False),
    "gather": _gather,
    "argsort": _argsort,
    "tril": partial(_triangle, upper=False),
    "triu": partial(_triangle, upper=True),
    "diag": lambda a, diagonal=0: np.diag(a, diagonal),
    "on_diagonal": _on_diagonal,
    "add_selected": _add_selected,
    "add_at_rows": _add_at_rows,
    "einsum": lambda *operands, subscripts: np.einsum(subscripts, *operands),
    "ones": np.ones,
    "conv1d_input": _conv_input,
    "conv2d_input": _conv_input,
    "conv1d_weight": _conv_weight,
    "conv2d_weight": _conv_weight,
}


def one_hot(target: Any, classes: int) -> Any:
    """Rows with a single 1; none where the index is no class."""
    rows = np.zeros((*np.shape(target), classes))
    for entry in np.ndindex(np.shape(target)):
        if 0 <= (index := int(np.asarray(target)[entry])) < classes:
            rows[(*entry, index)] = 1.0
    return rows


def _attention_weights(
    q: Any, k: Any, mask: Any = 1.0, causal: bool = False, scale: float | None = None, additive: bool = False
) -> Any:
    """Rows of exponentials over their sum, 0 where a key is not seen; a row that sees none is 0."""
    scale = 1.0 / np.sqrt(q.shape[-1]) if scale is None else scale
    e = np.exp(scale * np.einsum("...le,...se->...ls", q, k)) * (np.exp(mask) if additive else mask)
    e = np.tril(e) if causal else e
    return e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)


def _reshape(a: Any, shape: Any) -> Any:
    return np.reshape(a, tuple(shape))


LOSSES: dict[str, Any] = {
    "one_hot": one_hot,
    "attention_weights": _attention_weights,
    "reshape": _reshape,
    "pi": np.pi,
}
