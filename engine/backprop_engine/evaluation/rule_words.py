"""What the texts of rules call besides operators, spelled in operators.

They are NumPy's functions and adjoints of operators. Those that are missing here have no spelling: a rule
that uses one is not written out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.evaluation.sketches import Sketch
from backprop_engine.evaluation.window_words import WINDOW_WORDS
from backprop_engine.evaluation.word_calls import UnknownWordError, WordCall, placed
from backprop_engine.ops.indexing import whole_key

__all__ = ["WORDS", "with_computed_indices"]


def _expand_dims(word: WordCall) -> int:
    axis, a = word.setting("axis"), word.operand(0)
    word.takes(2 if axis is None else 1, "axis")
    axis = word.number(1) if axis is None else axis
    axes = (axis,) if isinstance(axis, int) else axis
    shape = word.sketch.shape(a)
    rank = len(shape) + len(axes)
    new = {one % rank for one in axes}
    sizes = iter(shape)
    return word.sketch.apply(
        "reshape", a, shape=tuple(1 if one in new else next(sizes) for one in range(rank))
    )


def _counting(sketch: Sketch, count: int) -> int:
    """The numbers from 1 to `count`."""
    ones = sketch.spread(sketch.number(1), (count,))
    return sketch.apply("cumsum", ones, axis=0)


def _one_hot(word: WordCall) -> int:
    word.takes(2)
    sketch, target = word.sketch, word.operand(0)
    classes = word.number(1)
    indices = _places(sketch, classes)
    column = sketch.apply("reshape", target, shape=(*sketch.shape(target), 1))
    return sketch.apply("equal", column, indices)


def _shares_of(name: str) -> Callable[[WordCall], int]:
    """Where an operand has its extreme, which equal entries share."""

    def shares(word: WordCall) -> int:
        word.takes(1, "axis")
        sketch, a = word.sketch, word.operand(0)
        given = {} if (axis := word.setting("axis")) is None else {"axis": axis}
        best = sketch.apply("equal", a, sketch.apply(name, a, keepdims=True, **given))
        return sketch.apply("div", best, sketch.apply("sum", best, keepdims=True, **given))

    return shares


def _product_of_others(word: WordCall) -> int:
    """Along the axes, each entry's product of all others: a diagonal of ones is laid over copies."""
    word.takes(1, "axis")
    sketch, a = word.sketch, word.operand(0)
    shape, axis = sketch.shape(a), word.setting("axis")
    rank = len(shape)
    axes = tuple(range(rank)) if axis is None else (axis,) if isinstance(axis, int) else axis
    inside = sorted(one % rank for one in axes)
    order = (*(one for one in range(rank) if one not in inside), *inside)
    moved = sketch.apply("permute", a, axes=order) if rank > 1 else a
    sizes = tuple(shape[one] for one in order)
    outer, count = sizes[: rank - len(inside)], math.prod(sizes[rank - len(inside) :])
    flat = sketch.apply("reshape", moved, shape=(*outer, 1, count))
    numbers = _counting(sketch, count)
    diagonal = sketch.apply("equal", sketch.apply("reshape", numbers, shape=(count, 1)), numbers)
    others = sketch.apply("where", diagonal, sketch.number(1), flat)
    found = sketch.apply("reshape", sketch.apply("prod", others, axis=-1), shape=sizes)
    back = tuple(order.index(one) for one in range(rank))
    return sketch.apply("permute", found, axes=back) if rank > 1 else found


def _put(word: WordCall) -> int:
    """Zeros of the operand's shape, with the gradient at what the key of an index chose."""
    word.takes(3)
    sketch, g, shape = word.sketch, word.operand(0), word.shape(1)
    key = [part for part in whole_key(word.node.attributes["key"], len(shape)) if part is not None]
    single = [part for part in key if isinstance(part, int | slice)]
    if len(single) == len(key):
        return placed(sketch, g, shape, single)
    return _put_at_lists(sketch, g, shape, key)


def _put_at_lists(sketch: Sketch, g: int, shape: Shape, key: Sequence[Any]) -> int:
    """Lists and the indices among them are together: they choose along one axis, in place of theirs."""
    chosen = [axis for axis, part in enumerate(key) if not isinstance(part, slice)]
    first, after = chosen[0], chosen[-1] + 1
    sizes = tuple(
        len(range(*part.indices(size))) if isinstance(part, slice) else size
        for part, size in zip(key, shape, strict=True)
    )
    if 0 in shape or 0 in sketch.shape(g):
        return sketch.spread(sketch.number(0), shape)
    before, block, behind = sizes[:first], sizes[first:after], sizes[after:]
    entries = np.broadcast_arrays(*(key[axis] for axis in chosen))
    flat = np.ravel_multi_index(tuple(entries), block, mode="wrap").tolist()
    indices = sketch.apply("stack", *map(sketch.number, flat), axis=0)
    found = _added(sketch, g, indices, (*before, math.prod(block), *behind), first)
    found = sketch.apply("reshape", found, shape=sizes)
    return placed(sketch, found, shape, [part if isinstance(part, slice) else slice(None) for part in key])


def _on_diagonal(word: WordCall) -> int:
    """A vector on a diagonal of zeros."""
    word.takes(2, "diagonal")
    sketch, g, shape, diagonal = word.sketch, word.operand(0), word.shape(1), word.setting("diagonal", 0)
    rows, columns = shape
    down = diagonal >= 0
    count = sketch.shape(g)[0]
    if count == 0:
        return sketch.spread(sketch.number(0), shape)
    line = placed(sketch, g, (rows if down else columns,), (slice(0, count),))
    line = sketch.apply("reshape", line, shape=(rows, 1) if down else (1, columns))
    at_row = sketch.apply("reshape", _counting(sketch, rows), shape=(rows, 1))
    place = sketch.apply("sub", _counting(sketch, columns), at_row)
    return sketch.apply("mul", line, sketch.apply("equal", place, sketch.number(diagonal)))


def _add_selected(word: WordCall) -> int:
    """What was selected goes back along an axis: a product with ones where an index meets its place."""
    word.takes(3, "axis")
    sketch, g, indices, shape = word.sketch, word.operand(0), word.operand(1), word.shape(2)
    return _added(sketch, g, indices, shape, word.setting("axis"))


def _add_at_rows(word: WordCall) -> int:
    word.takes(3)
    return _added(word.sketch, word.operand(0), word.operand(1), word.shape(2), 0)


def _added(sketch: Sketch, g: int, indices: int, shape: Shape, axis: int) -> int:
    """Zeros of `shape`, to which the slices of `g` are added at `indices` along an axis."""
    axis = axis % len(shape)
    count = math.prod(sketch.shape(indices))
    before, after = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
    g = sketch.apply("reshape", g, shape=(before, count, after))
    places = sketch.apply("reshape", _places(sketch, shape[axis]), shape=(shape[axis], 1))
    from_start = sketch.apply("mod", indices, sketch.number(shape[axis]))  # -1 is the last
    meets = sketch.apply("equal", places, sketch.apply("reshape", from_start, shape=(1, count)))
    return sketch.apply("reshape", sketch.apply("matmul", meets, g), shape=shape)


def _places(sketch: Sketch, count: int) -> int:
    """The numbers from 0 up to, but not including, `count`."""
    return sketch.apply("sub", _counting(sketch, count), sketch.number(1))


def with_computed_indices(
    sketch: Sketch, name: str, operands: Sequence[int], attributes: Mapping[str, Any]
) -> int:
    """`gather` and `scatter_add` along indices that are computed, which the operators do not take.

    They become products with ones where an index meets a place, summed over what is not asked for.
    """
    a, indices = operands[:2]
    rank, axis = len(sketch.shape(a)), attributes.get("axis")
    shape = sketch.shape(operands[-1] if name == "scatter_add" else a)
    others = [size for at, size in enumerate(shape) if axis is not None and at != axis % rank]
    if name not in ("gather", "scatter_add") or others != [
        size for at, size in enumerate(sketch.shape(indices)) if axis is not None and at != axis % rank
    ]:
        raise UnknownWordError
    assert axis is not None
    last = (*(one for one in range(rank) if one != axis % rank), axis % rank)
    back = tuple(last.index(one) for one in range(rank))

    def turned(position: int, order: Shape) -> int:
        return sketch.apply("permute", position, axes=order) if rank > 1 else position

    moved = turned(indices, last)
    sizes = sketch.shape(moved)
    meets = sketch.apply(
        "equal",
        sketch.apply("reshape", moved, shape=(*sizes, 1)),
        _places(sketch, sketch.shape(a)[axis % rank]),
    )
    if name == "gather":
        entries = turned(a, last)
        row = sketch.apply("reshape", entries, shape=(*sizes[:-1], 1, sketch.shape(entries)[-1]))
        return turned(sketch.sum(sketch.apply("mul", row, meets), (rank,)), back)
    source = turned(operands[2], last)
    column = sketch.apply("reshape", source, shape=(*sizes, 1))
    added = turned(sketch.sum(sketch.apply("mul", column, meets), (rank - 1,)), back)
    return sketch.apply("add", a, added)


def _swapaxes(word: WordCall) -> int:
    word.takes(3)
    if (word.number(1), word.number(2)) != (-1, -2):
        raise UnknownWordError
    return word.sketch.swapped(word.operand(0))


def _tensordot(word: WordCall) -> int:
    """A sum of products over all leading axes: one matrix product of what is flattened."""
    word.takes(2, "axes")
    sketch, a, b = word.sketch, word.operand(0), word.operand(1)
    first, second = word.setting("axes")
    count = len(first)
    if list(first) != list(range(count)) or list(second) != list(first):
        raise UnknownWordError
    left, right = sketch.shape(a), sketch.shape(b)
    rows = math.prod(left[:count])
    a = sketch.apply("reshape", a, shape=(rows, math.prod(left[count:])))
    b = sketch.apply("reshape", b, shape=(rows, math.prod(right[count:])))
    found = sketch.apply("matmul", sketch.apply("transpose", a), b)
    return sketch.apply("reshape", found, shape=(*left[count:], *right[count:]))


def _attention_weights(word: WordCall) -> int:
    word.takes(2)
    sketch, q, k = word.sketch, word.operand(0), word.operand(1)
    products = sketch.apply("matmul", q, sketch.swapped(k))
    root = sketch.number(math.sqrt(sketch.shape(q)[-1]))
    return sketch.apply("softmax", sketch.apply("div", products, root))


WORDS: Final[Mapping[str, Callable[[WordCall], int]]] = {
    "pi": lambda word: word.sketch.number(math.pi),
    "ones": lambda word: word.sketch.spread(word.sketch.number(1), word.shape(0)),
    "zeros": lambda word: word.sketch.spread(word.sketch.number(0), word.shape(0)),
    "expand_dims": _expand_dims,
    "one_hot": _one_hot,
    "at_largest": _shares_of("max"),
    "at_smallest": _shares_of("min"),
    "product_of_others": _product_of_others,
    "put": _put,
    "add_at_rows": _add_at_rows,
    "add_selected": _add_selected,
    "on_diagonal": _on_diagonal,
    "swapaxes": _swapaxes,
    "tensordot": _tensordot,
    "attention_weights": _attention_weights,
    **WINDOW_WORDS,
}
"""By name."""
