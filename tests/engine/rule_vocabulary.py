"""The words of rule texts that NumPy has not, or takes in another form: written once more, plainly."""

from __future__ import annotations

from collections.abc import Callable
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
    for cell in np.ndindex(np.shape(a)):
        others = np.array(a)
        others[cell] = 1.0
        lines = np.broadcast_to(_with_lists(np.prod)(others, axis, True), np.shape(a))
        result[cell] = lines[cell]
    return result


def _scatter_add(g: Any, indices: Any, shape: Any, axis: int) -> Any:
    result = np.zeros(shape)
    for cell in np.ndindex(np.shape(g)):
        to = list(cell)
        to[axis] = indices[cell]
        result[tuple(to)] += g[cell]
    return result


def _add_at_rows(g: Any, indices: Any, shape: Any) -> Any:
    result = np.zeros(shape)
    for cell in np.ndindex(np.shape(indices)):
        result[indices[cell]] += g[cell]
    return result


SHAPES: dict[str, Any] = {
    "sum": _with_lists(np.sum),
    "mean": _with_lists(np.mean),
    "at_largest": _share_of(np.max),
    "at_smallest": _share_of(np.min),
    "product_of_others": _product_of_others,
    "reshape": lambda a, shape: np.reshape(a, shape),
    "permute": lambda a, axes: np.transpose(a, axes),
    "pad": lambda a, width: np.pad(a, width),
    "scatter_add": _scatter_add,
    "add_at_rows": _add_at_rows,
}
