"""What the texts of rules call besides operators, spelled in operators.

They are NumPy's functions and adjoints of operators. Those that are missing here have no spelling: a rule
that uses one is not written out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from backprop_engine.evaluation.sketches import Sketch
from backprop_engine.evaluation.window_words import WINDOW_WORDS
from backprop_engine.evaluation.word_calls import UnknownWordError, WordCall, placed

__all__ = ["WORDS"]


def _expand_dims(word: WordCall) -> int:
    axis, a = word.setting("axis"), word.operand(0)
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
    sketch, target = word.sketch, word.operand(0)
    classes = word.number(1)
    indices = sketch.apply("sub", _counting(sketch, classes), sketch.number(1))
    column = sketch.apply("reshape", target, shape=(*sketch.shape(target), 1))
    return sketch.apply("equal", column, indices)


def _shares_of(name: str) -> Callable[[WordCall], int]:
    """Where an operand has its extreme, which equal entries share."""

    def shares(word: WordCall) -> int:
        sketch, a = word.sketch, word.operand(0)
        given = {} if (axis := word.setting("axis")) is None else {"axis": axis}
        best = sketch.apply("equal", a, sketch.apply(name, a, keepdims=True, **given))
        return sketch.apply("div", best, sketch.apply("sum", best, keepdims=True, **given))

    return shares


def _product_of_others(word: WordCall) -> int:
    """Along the axes, each entry's product of all others: a diagonal of ones is laid over copies."""
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
    """Zeros of the operand's shape, with the gradient at what a key of integers and slices chose."""
    g, shape = word.operand(0), word.shape(1)
    key = word.node.attributes["key"]
    if not all(type(part) is int or isinstance(part, slice) for part in key):
        raise UnknownWordError
    return placed(word.sketch, g, shape, key)


def _add_at_rows(word: WordCall) -> int:
    """Rows added where their indices say: a product with ones where row and index meet."""
    sketch, g, indices, shape = word.sketch, word.operand(0), word.operand(1), word.shape(2)
    rows, width = shape
    flat = sketch.apply("reshape", indices, shape=(1, math.prod(sketch.shape(indices))))
    count = sketch.apply("sub", _counting(sketch, rows), sketch.number(1))
    meets = sketch.apply("equal", sketch.apply("reshape", count, shape=(rows, 1)), flat)
    return sketch.apply("matmul", meets, sketch.apply("reshape", g, shape=(sketch.shape(flat)[1], width)))


def _scatter_add(word: WordCall) -> int:
    """What was gathered goes back along an axis: a sum over what is there where an index and a place meet."""
    word.knows("shape", "axis")
    sketch, g, indices, shape = word.sketch, word.operand(0), word.operand(1), word.shape(2)
    rank = len(shape)
    axis = word.setting("axis") % rank
    last = (*(one for one in range(rank) if one != axis), axis)
    g, indices = (sketch.apply("permute", one, axes=last) if rank > 1 else one for one in (g, indices))
    sizes = sketch.shape(indices)
    places = sketch.apply("sub", _counting(sketch, shape[axis]), sketch.number(1))
    meets = sketch.apply("equal", sketch.apply("reshape", indices, shape=(*sizes, 1)), places)
    each = sketch.apply("mul", sketch.apply("reshape", g, shape=(*sizes, 1)), meets)
    found = sketch.sum(each, (rank - 1,))
    wanted = tuple(shape[one] for one in last)
    if sketch.shape(found) != wanted:
        found = placed(sketch, found, wanted, tuple(slice(0, size) for size in sketch.shape(found)))
    return (
        sketch.apply("permute", found, axes=tuple(last.index(one) for one in range(rank)))
        if rank > 1
        else found
    )


def _swapaxes(word: WordCall) -> int:
    if (word.number(1), word.number(2)) != (-1, -2):
        raise UnknownWordError
    return word.sketch.swapped(word.operand(0))


def _tensordot(word: WordCall) -> int:
    """A sum of products over all leading axes: one matrix product of what is flattened."""
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
    word.knows()
    sketch, q, k = word.sketch, word.operand(0), word.operand(1)
    products = sketch.apply("matmul", q, sketch.swapped(k))
    root = sketch.number(math.sqrt(sketch.shape(q)[-1]))
    return sketch.apply("softmax", sketch.apply("div", products, root))


WORDS: Final[Mapping[str, Callable[[WordCall], int]]] = {
    "pi": lambda word: word.sketch.number(math.pi),
    "ones": lambda word: word.sketch.spread(word.sketch.number(1), word.shape(0)),
    "expand_dims": _expand_dims,
    "one_hot": _one_hot,
    "at_largest": _shares_of("max"),
    "at_smallest": _shares_of("min"),
    "product_of_others": _product_of_others,
    "put": _put,
    "add_at_rows": _add_at_rows,
    "scatter_add": _scatter_add,
    "swapaxes": _swapaxes,
    "tensordot": _tensordot,
    "attention_weights": _attention_weights,
    **WINDOW_WORDS,
}
"""By name."""
