"""The outside opinion on order, places, masks and writing by indices; see `outside`.

Operators that move entries are products with zeros and ones, whose places are found entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

from outside_shapes import gathered


def _lines(shape: tuple[int, ...], axis: int) -> Iterator[tuple[Any, ...]]:
    """The key of each line along an axis."""
    axis %= len(shape)
    for rest in np.ndindex(*shape[:axis], *shape[axis + 1 :]):
        yield (*rest[:axis], slice(None), *rest[axis:])


def _places(a: Any, axis: int, descending: bool) -> Any:
    """By Python's own sorting, which is stable both ways."""
    values = getval(a)
    found = np.zeros(np.shape(values), dtype=np.int64)
    for key in _lines(values.shape, axis):
        line = list(values[key])
        found[key] = sorted(range(len(line)), key=line.__getitem__, reverse=descending)
    return found


def _sorted(a: Any, axis: int, descending: bool) -> Any:
    return gathered(a, _places(a, axis, descending), axis)


def _topk(a: Any, k: int, axis: int, largest: bool) -> Any:
    places = _places(a, axis, largest)
    return gathered(a, np.take(places, range(k), axis=axis), axis)


def _place_of(best: Callable[[Any], Any]) -> Callable[..., Any]:
    def searched(a: Any, axis: Any, keepdims: bool) -> Any:
        values = np.asarray(getval(a))
        rows = values.reshape(-1) if axis is None else values
        along = 0 if axis is None else axis
        found = np.zeros([size for at, size in enumerate(rows.shape) if at != along % rows.ndim])
        for key in _lines(rows.shape, along):
            line = list(rows[key])
            found[tuple(one for one in key if not isinstance(one, slice))] = line.index(best(line))
        if keepdims:
            return found.reshape((1,) * values.ndim) if axis is None else np.expand_dims(found, axis)
        return found

    return searched


def _moved(a: Any, table: Any) -> Any:
    """The entries at the places in `table`, counted in the flattened operand."""
    return anp.tensordot(np.eye(np.size(getval(a)))[table], anp.reshape(a, (-1,)), axes=1)


def _numbered(a: Any) -> Any:
    return np.arange(np.size(getval(a)), dtype=np.int64).reshape(np.shape(getval(a)))


def _rolled(a: Any, shift: Any, axis: Any) -> Any:
    table = _numbered(a)
    if axis is None:
        size = table.size
        flat = [(place - shift) % size for place in range(size)]
        return _moved(a, np.asarray(flat, dtype=np.int64).reshape(table.shape))
    for one, along in zip(np.atleast_1d(shift), np.atleast_1d(axis), strict=True):
        size = table.shape[along]
        table = np.take(table, [(place - one) % size for place in range(size)], axis=along)
    return _moved(a, table)


def _repeated(a: Any, repeats: int, axis: Any) -> Any:
    table = _numbered(a)
    table, along = (table.reshape(-1), 0) if axis is None else (table, axis)
    each = [place for place in range(table.shape[along]) for _ in range(repeats)]
    return _moved(a, np.take(table, np.asarray(each, dtype=np.int64), axis=along))


def _triangle(keeps: Callable[[int, int], bool]) -> Callable[..., Any]:
    def kept(a: Any, diagonal: int) -> Any:
        rows, columns = a.shape[-2:]
        mask = [[float(keeps(j - i, diagonal)) for j in range(columns)] for i in range(rows)]
        return a * np.asarray(mask).reshape(rows, columns)

    return kept


def _diagonal(a: Any, diagonal: int) -> Any:
    down, right = max(-diagonal, 0), max(diagonal, 0)
    if a.ndim == 1:
        size = len(a) + abs(diagonal)
        place = np.zeros((size, size, len(a)))
        for k in range(len(a)):
            place[k + down, k + right, k] = 1.0
        return anp.tensordot(place, a, axes=1)
    rows, columns = a.shape
    numbered = [i * columns + j for i in range(rows) for j in range(columns) if i - down == j - right >= 0]
    return _moved(a, np.asarray(numbered, dtype=np.int64))


def _selected(a: Any, indices: Any, axis: int) -> Any:
    axis %= a.ndim
    chosen = anp.tensordot(np.eye(a.shape[axis])[indices], a, axes=([-1], [axis]))
    count = np.ndim(indices)
    return anp.moveaxis(chosen, range(count), range(axis, axis + count))


def _written(a: Any, indices: Any, src: Any, axis: int, *, over: bool) -> Any:
    """Each entry that is written, as a tensor of zeros with a 1."""
    result, hit = 1.0 * a, np.zeros(a.shape)
    added = 0.0 * (a + anp.sum(src))
    for entry in np.ndindex(*indices.shape):
        to = list(entry)
        to[axis] = indices[entry]
        one = np.zeros(a.shape)
        one[tuple(to)] = 1.0
        hit = np.maximum(hit, one)
        added = added + one * (src[entry] if np.ndim(getval(src)) else src)
    return result * (1.0 - hit) + added if over else result + added


def _one_hot(indices: Any, classes: int) -> Any:
    rows = np.zeros((*np.shape(indices), classes))
    for entry in np.ndindex(*np.shape(indices)):
        rows[(*entry, int(np.asarray(indices)[entry]))] = 1.0
    return rows


def _truth(joined: Callable[..., bool]) -> Callable[..., Any]:
    by_entry = np.vectorize(lambda *entries: float(joined(*entries)), otypes=[np.float64])
    return lambda *operands: by_entry(*map(getval, operands))


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "argmax": _place_of(max),
    "argmin": _place_of(min),
    "sort": _sorted,
    "argsort": lambda a, axis, descending: 1.0 * _places(a, axis, descending),
    "topk": _topk,
    "roll": _rolled,
    "repeat_interleave": _repeated,
    "tril": _triangle(lambda right, diagonal: right <= diagonal),
    "triu": _triangle(lambda right, diagonal: right >= diagonal),
    "diag": _diagonal,
    "index_select": _selected,
    "scatter": lambda a, indices, src, axis: _written(a, indices, src, axis, over=True),
    "scatter_add": lambda a, indices, src, axis: _written(a, indices, src, axis, over=False),
    "one_hot": _one_hot,
    "masked_fill": lambda a, mask, value: (mask == 0) * a + (mask != 0) * value,
    "logical_and": _truth(lambda a, b: bool(a) and bool(b)),
    "logical_or": _truth(lambda a, b: bool(a) or bool(b)),
    "logical_not": _truth(lambda a: not a),
}
