"""Choosing entries: by index and slice, along an axis, by row."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, IndexKey, OpAttribute, key_text
from backprop_engine.ops.definition import Family
from backprop_engine.ops.reductions import positive_axis
from backprop_engine.ops.rules import Indices, Linear, reads
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import axes

define = Family("shape").define
_MOST_TRIED = 1000


def whole_key(key: IndexKey, ndim: int) -> IndexKey:
    """`key` with a part for every axis: what `...` stands for, and what is left out at the end."""
    taken = sum(part is not None and part is not ... for part in key)
    rest = (slice(None),) * (ndim - taken)
    for at, part in enumerate(key):
        if part is ...:
            return (*key[:at], *rest, *key[at + 1 :])
    return (*key, *rest)


def _index_shape(a: Shape, key: IndexKey) -> Shape:
    taken = sum(part is not None and part is not ... for part in key)
    if taken > len(a):
        raise ShapeError(
            msg(
                "{0} has shape {shape} and cannot take {indices}",
                shape=shape_text(a),
                indices=_indices(taken),
            ),
            msg("it has {axes}", axes=axes(a)),
        )
    sizes: list[int] = []
    axis, lists = 0, 0
    whole = whole_key(key, len(a))
    for part in whole:
        if part is None:
            sizes.append(1)
            continue
        if isinstance(part, slice):
            sizes.append(len(range(*part.indices(a[axis]))))
        elif isinstance(part, int):
            _refuse_outside(a, axis, (part,))
        else:
            assert isinstance(part, tuple)
            _refuse_outside(a, axis, part)
            sizes += [len(part)] if not lists else []
            lists += 1
        axis += 1
    if lists:
        _refuse_apart(a, whole)
    return tuple(sizes)


def _refuse_outside(a: Shape, axis: int, indices: tuple[int, ...]) -> None:
    """Refuse an index that an axis does not have."""
    for index in indices:
        if not -a[axis] <= index < a[axis]:
            raise ShapeError(
                msg(
                    "{0} is {shape}: the index {index} is out of range for axis {axis}, which has "
                    "size {size}",
                    shape=shape_text(a),
                    index=index,
                    axis=axis,
                    size=a[axis],
                ),
                msg("its indices are {first} to {last}", first=-a[axis], last=a[axis] - 1)
                if a[axis]
                else msg("the axis is empty"),
            )


def _refuse_apart(a: Shape, key: IndexKey) -> None:
    """Refuse lists of several lengths, and a list apart from another one or from a single index.

    NumPy would put the axis of the entries first, PyTorch leaves it where it is.
    """
    lengths = {len(part) for part in key if isinstance(part, tuple)}
    if len(lengths) > 1:
        raise ShapeError(
            msg(
                "{0} is {shape}: lists of indices are paired entry by entry, but these have "
                "{lengths} entries",
                shape=shape_text(a),
                lengths=" / ".join(map(str, sorted(lengths))),
            ),
            msg("for a block, apply the lists one after the other: x[[0, 1]][:, [0, 2, 3]]"),
        )
    chosen = [at for at, part in enumerate(key) if isinstance(part, int | tuple)]
    if chosen[-1] - chosen[0] >= len(chosen):
        raise ShapeError(
            msg(
                "{0} is {shape}: a list of indices must be next to the other indices",
                shape=shape_text(a),
            ),
            msg("apply them one after the other: x[0][:, [0, 2]]"),
        )


def _indices(count: int) -> Message:
    return msg("1 index") if count == 1 else msg("{count} indices", count=count)


def put(g: Any, shape: Shape, key: IndexKey) -> Any:
    """Zeros of `shape` with `g` at `key`; what comes to an entry that is chosen twice adds up."""
    result = np.zeros(shape, dtype=g.dtype)
    if any(isinstance(part, tuple) for part in key):
        np.add.at(result, _numpy_key(key), g)
    else:
        result[key] = g
    return result


def _numpy_key(key: IndexKey) -> tuple[Any, ...]:
    """`key` with its lists as arrays: an empty tuple says nothing of its type."""
    return tuple(np.asarray(part, np.int64) if isinstance(part, tuple) else part for part in key)


def _index_source(i: Indices, a: Any, key: IndexKey) -> Indices:
    """The entries that `a[key]` took its entries `i` from."""
    taken, chosen = iter(i), None
    found: list[Any] = []
    for part in whole_key(key, a.ndim):
        size = a.shape[len(found)] if len(found) < a.ndim else 0
        if part is None:
            next(taken)
        elif isinstance(part, int):
            found.append(part % size)
        elif isinstance(part, slice):
            start, _, step = part.indices(size)
            found.append(start + step * next(taken))
        else:
            assert isinstance(part, tuple)
            chosen = next(taken) if chosen is None else chosen
            found.append(np.asarray(part, np.int64)[chosen] % size)
    return tuple(found)


def _index_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    where = key_text(attributes["key"])
    shown = Words("1 at [{where}], else 0", "[{where}]에 1, 나머지 0", where=where)
    rule = Linear(
        "put(g, a.shape, key)",
        lambda g, out, a, key: put(g, a.shape, key),
        shown=shown,
        entries=reads(_index_source),
    )
    return (rule,)


_PUT: Final = """\
def put(g, shape, key):
    found = np.zeros(shape, dtype=np.asarray(g).dtype)
    np.add.at(found, key, g)
    return found
"""


index = define(
    "index",
    sign="[ ]",
    operands="a",
    formula="a[key]",
    written="a[key]",
    helpers={"put": _PUT},
    forward=lambda a, key: a[_numpy_key(key)],
    shape=_index_shape,
    rules=_index_rules,
    attributes=(
        OpAttribute(
            "key",
            tuple,
            ...,
            Words(
                "what is in the brackets: indices, lists of indices, slices, `...` and `None`",
                "대괄호 안의 인덱스, 인덱스의 목록, 슬라이스, `...`과 `None`",
            ),
        ),
    ),
    lesson=Words(
        en="The entries that the index chose get the gradient, and all others get 0.",
        ko="인덱싱으로 선택한 원소만 그래디언트를 받고 나머지는 0을 받습니다.",
    ),
    conventions=Words(
        "Entries not chosen get a gradient of 0; an entry that a list chooses twice gets the sum of "
        "both gradients. Lists are paired entry by entry, as in NumPy and PyTorch: `x[[0, 1], [2, "
        "0]]` has two entries.",
        "선택하지 않은 원소의 그래디언트는 0이고, 목록이 두 번 선택한 원소는 두 그래디언트를 더해 "
        "받습니다. 목록이 여럿이면 NumPy, PyTorch처럼 같은 순번끼리 짝을 이룹니다. `x[[0, 1], [2, "
        "0]]`의 원소는 둘입니다.",
    ),
    samples=(
        Sample(((3,),), {"key": (0,)}),
        Sample(((3,),), {"key": (-1,)}),
        Sample(((2, 3),), {"key": (1,)}),
        Sample(((2, 3),), {"key": (slice(None), slice(1, None))}),
        Sample(((4, 3),), {"key": (slice(None, None, -2), 1)}),
        Sample(((4,),), {"key": (slice(2, 2),)}),
        Sample(((2, 3, 2),), {"key": (..., 1)}),
        Sample(((2, 3),), {"key": (None, ..., None, slice(1, None))}),
        Sample(((3, 2),), {"key": ((2, 0, 2),)}),
        Sample(((2, 3, 4),), {"key": (slice(None), (0, -1), (3, 1))}),
        Sample(((2, 3),), {"key": (..., (1, 1), None)}),
    ),
)


def _part(shape: Shape, parts: int, index: int, axis: int) -> IndexKey:
    """The slice that is one of equal parts along `axis`."""
    axis = positive_axis(shape, axis)
    if shape[axis] % parts:
        candidates = range(2, min(shape[axis], _MOST_TRIED) + 1)
        divisors = list(islice((str(divisor) for divisor in candidates if shape[axis] % divisor == 0), 8))
        raise ShapeError(
            msg(
                "{0} is {shape}: axis {axis} ({size}) cannot be split into {parts} equal parts",
                shape=shape_text(shape),
                axis=axis,
                size=shape[axis],
                parts=parts,
            ),
            msg("it can be split into {divisors} parts", divisors=", ".join(divisors)) if divisors else "",
        )
    if not -parts <= index < parts:
        raise ShapeError(
            msg(
                "{0} is {shape}, split into {parts} parts, and has no part {index}",
                shape=shape_text(shape),
                parts=parts,
                index=index,
            ),
            msg("the parts are 0 to {last}", last=parts - 1),
        )
    size = shape[axis] // parts
    start = index % parts * size
    return (slice(None),) * axis + (slice(start, start + size),)


def _split_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    shape = shapes[0]
    key = _part(shape, **attributes)
    part = key[-1]
    assert isinstance(part, slice)
    rest = [
        [0, 0] if chosen == slice(None) else [part.start, shape[len(key) - 1] - part.stop] for chosen in key
    ]
    width = [*rest, *([0, 0] for _ in shape[len(key) :])]
    where = key_text(key)
    rule = Linear(
        f"pad(g, width={width})",
        lambda g, out, a, **_: put(g, a.shape, key),
        shown=Words("1 at [{where}], else 0", "[{where}]에 1, 나머지 0", where=where),
        entries=reads(lambda i, a, **_: _index_source(i, a, key)),
    )
    return (rule,)


split = define(
    "split",
    operands="a",
    formula="split(a, parts, index)",
    numpy="split(a, {parts}, axis={axis})[{index}]",
    forward=lambda a, parts, index, axis: a[_part(a.shape, parts, index, axis)],
    shape=lambda a, parts, index, axis: _index_shape(a, _part(a, parts, index, axis)),
    rules=_split_rules,
    attributes=(
        OpAttribute(
            "parts",
            int,
            ...,
            Words("the number of equal parts that the axis is cut into", "축을 똑같이 몇 부분으로 자를지"),
            least=1,
        ),
        OpAttribute(
            "index", int, ..., Words("which of the parts, counted from 0", "그중 몇째 부분인지, 0부터")
        ),
        OpAttribute("axis", int, 0, Words("the axis that is cut", "자를 축")),
    ),
    lesson=Words(
        en="The entries of this part get its gradient, and all others get 0 from it.",
        ko="잘라 낸 부분의 원소만 그래디언트를 받고, 나머지 원소는 이 부분으로부터 0을 받습니다.",
    ),
    conventions=Words(
        "The parts are equal; to cut elsewhere, write `a[:, 2:5]`. The other parts get a gradient of 0.",
        "똑같은 크기로 나눕니다. 아무 데서나 자르려면 `a[:, 2:5]`처럼 씁니다. 다른 부분의 "
        "그래디언트는 0입니다.",
    ),
    samples=(
        Sample(((4,),), {"parts": 2, "index": 1}),
        Sample(((2, 6),), {"parts": 3, "index": 0, "axis": -1}),
        Sample(((2, 6, 2),), {"parts": 3, "index": -2, "axis": 1}),
        Sample(((3, 1),), {"parts": 1, "index": 0, "axis": 1}),
        Sample(((0, 2),), {"parts": 2, "index": 0}),
    ),
)
