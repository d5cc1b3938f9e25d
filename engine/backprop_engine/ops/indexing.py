"""Choosing entries: by index and slice, along an axis, by row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, IndexKey, OpAttribute, key_text
from backprop_engine.ops.definition import Family
from backprop_engine.ops.notations import NumpyCall
from backprop_engine.ops.reductions import positive_axis
from backprop_engine.ops.rules import Indices, Linear, Rules, reads
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import axes, difference, named

define = Family("shape").define
_MOST_TRIED = 1000


def _index_shape(a: Shape, key: IndexKey) -> Shape:
    if len(key) > len(a):
        raise ShapeError(
            msg("{0} is {shape} and cannot take {indices}", shape=shape_text(a), indices=_indices(len(key))),
            msg("it has {axes}", axes=axes(a)),
        )
    for axis, part in enumerate(key):
        if isinstance(part, int) and not -a[axis] <= part < a[axis]:
            raise ShapeError(
                msg(
                    "{0} is {shape}: the index {index} is outside axis {axis}, which has {size}",
                    shape=shape_text(a),
                    index=part,
                    axis=axis,
                    size=a[axis],
                ),
                msg("its indices are {first} to {last}", first=-a[axis], last=a[axis] - 1)
                if a[axis]
                else msg("the axis is empty"),
            )
    sizes = (len(range(*part.indices(a[axis]))) for axis, part in enumerate(key) if isinstance(part, slice))
    return (*sizes, *a[len(key) :])


def _indices(count: int) -> Message:
    return msg("1 index") if count == 1 else msg("{count} indices", count=count)


def put(g: Any, shape: Shape, key: IndexKey) -> Any:
    """Zeros of `shape` with `g` at `key`."""
    result = np.zeros(shape, dtype=g.dtype)
    result[key] = g
    return result


def _index_source(i: Indices, a: Any, key: IndexKey) -> Indices:
    """The entries that `a[key]` took its entries `i` from."""
    taken = iter(i)
    chosen = [_one_source(part, a.shape[axis], taken) for axis, part in enumerate(key)]
    return (*chosen, *taken)


def _one_source(key: int | slice, size: int, taken: Iterator[Any]) -> Any:
    if isinstance(key, int):
        return key % size
    start, _, step = key.indices(size)
    return start + step * next(taken)


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


index = define(
    "index",
    sign="[ ]",
    operands="a",
    formula="a[key]",
    written="a[key]",
    forward=lambda a, key: a[key],
    shape=_index_shape,
    rules=_index_rules,
    attributes=(
        OpAttribute(
            "key",
            tuple,
            ...,
            Words("what stands in the brackets: indices and slices", "대괄호 안의 인덱스와 슬라이스"),
        ),
    ),
    lesson=Words(
        en="Indexing chose some entries: they get the gradient, all others get 0.",
        ko="인덱싱으로 고른 원소만 그래디언트를 받고 나머지는 0을 받습니다.",
    ),
    conventions=Words(
        "The entries not chosen get the gradient 0.", "고르지 않은 원소의 그래디언트는 0입니다."
    ),
    samples=(
        Sample(((3,),), {"key": (0,)}),
        Sample(((3,),), {"key": (-1,)}),
        Sample(((2, 3),), {"key": (1,)}),
        Sample(((2, 3),), {"key": (slice(None), slice(1, None))}),
        Sample(((4, 3),), {"key": (slice(None, None, -2), 1)}),
        Sample(((4,),), {"key": (slice(2, 2),)}),
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
            msg("{divisors} parts would fit", divisors=", ".join(divisors)) if divisors else "",
        )
    if not -parts <= index < parts:
        raise ShapeError(
            msg(
                "{0} is {shape}, split into {parts} parts: there is no part {index}",
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
            Words("into how many equal parts the axis is cut", "축을 똑같이 몇 부분으로 자를지"),
            least=1,
        ),
        OpAttribute(
            "index", int, ..., Words("which of the parts, counted from 0", "그중 몇째 부분인지, 0부터")
        ),
        OpAttribute("axis", int, 0, Words("the axis that is cut", "자를 축")),
    ),
    lesson=Words(
        en="A part was cut out: its entries get the gradient, all others get 0 from this part.",
        ko="잘라 낸 부분의 원소만 그래디언트를 받고, 나머지 원소는 이 부분으로부터 0을 받습니다.",
    ),
    conventions=Words(
        "The parts are equal; `a[:, 2:5]` cuts anywhere. The other parts get the gradient 0.",
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


# By index operands


def _outside(indices: Any, there: Message, size: int) -> Message | None:
    """What is wrong with indices of which `size` are there."""
    values = np.asarray(indices)
    if not np.all(np.isfinite(values)) or np.any(values != np.floor(values)):
        return msg("an index must be a whole number")
    if values.size and (values.min() < 0 or values.max() >= size):
        worst = int(values.min()) if values.min() < 0 else int(values.max())
        return msg("the index {index} is out of range: {there}, counted from 0", index=worst, there=there)
    return None


def _gather_shape(a: Shape, indices: Shape, axis: int) -> Shape:
    axis = positive_axis(a, axis)
    if len(a) != len(indices) or any(
        size != other for at, (size, other) in enumerate(zip(a, indices, strict=True)) if at != axis
    ):
        raise ShapeError(
            msg(
                "{operands}: gather takes as many axes, which may differ only along axis {axis}",
                operands=named(a, indices),
                axis=axis,
            ),
            difference(a, indices, but=axis),
        )
    return indices


def _gather_source(i: Indices, a: Any, indices: Any, axis: int) -> Indices:
    axis = axis % a.ndim
    return (*i[:axis], indices[i], *i[axis + 1 :])


def _gather_vjp(g: Any, out: Any, a: Any, indices: Any, axis: int) -> Any:
    result = np.zeros(a.shape, dtype=g.dtype)
    np.add.at(result, _gather_source(tuple(np.indices(g.shape, sparse=True)), a, indices, axis), g)
    return result


def _gather_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    rule = Linear(
        f"scatter_add(g, indices, a.shape, axis={attributes['axis']})",
        _gather_vjp,
        shown=Words("1 where it was gathered from", "가져온 자리에 1"),
        entries=reads(_gather_source),
    )
    return (rule, None)


INDICES = np.array([[0, 2], [1, 1]])

SCATTER_ADD = """\
def scatter_add(g, indices, shape, axis):
    out = np.zeros(shape)
    cells = list(np.indices(np.shape(g)))
    cells[axis] = indices
    np.add.at(out, tuple(cells), g)
    return out
"""

gather = define(
    "gather",
    operands="a indices",
    formula="gather(a, indices)",
    numpy=NumpyCall("take_along_axis"),
    helpers={"scatter_add": SCATTER_ADD},
    forward=lambda a, indices, axis: np.take_along_axis(a, indices, axis=axis),
    shape=_gather_shape,
    rules=_gather_rules,
    attributes=(
        OpAttribute("axis", int, ..., Words("the axis that the indices count along", "인덱스가 세는 축")),
    ),
    constants=("indices",),
    indices=lambda a, indices: (1,),
    refuse=lambda a, indices, axis: _outside(
        indices,
        msg("there are {size} places along axis {axis}", size=a[axis], axis=axis),
        a[axis],
    ),
    lesson=Words(
        en="Gathering picks entries: one picked twice gets both gradients, one never picked gets 0.",
        ko="골라 온 원소에 그래디언트가 돌아가며, 두 번 골라진 원소는 두 그래디언트를 더해 받습니다.",
    ),
    conventions=Words(
        "As `take_along_axis` and `torch.gather`; indices count from 0 and are never negative. Gradients of "
        "an entry that is chosen more than once add up.",
        "`take_along_axis`, `torch.gather`와 같습니다. 인덱스는 0부터 세고 음수일 수 없습니다. "
        "여러 번 고른 원소의 그래디언트는 더해집니다.",
    ),
    samples=(
        Sample(((3,), np.array([2, 0, 2, 1])), {"axis": 0}),
        Sample(((2, 3), INDICES), {"axis": 1}),
        Sample(((3, 2), INDICES), {"axis": -2}),
        Sample(((2, 3, 1), np.array([[[1], [1]], [[0], [2]]])), {"axis": 1}),
        Sample(((2, 3), np.zeros((2, 0), dtype=np.int64)), {"axis": 1}),
    ),
)


def _embedding_shape(weight: Shape, indices: Shape) -> Shape:
    if len(weight) != 2:
        raise ShapeError(
            msg("{0} is {shape}: embedding takes a matrix, a row for each index", shape=shape_text(weight)),
            msg("the indices are the second operand")
            if len(indices) == 2
            else msg("{0} has {axes}", axes=axes(weight)),
        )
    return (*indices, weight[1])


def _embedding_vjp(g: Any, out: Any, weight: Any, indices: Any) -> Any:
    result = np.zeros(weight.shape, dtype=g.dtype)
    np.add.at(result, indices, g)
    return result


ADD_AT_ROWS = """\
def add_at_rows(g, indices, shape):
    out = np.zeros(shape)
    np.add.at(out, indices, g)
    return out
"""

embedding = define(
    "embedding",
    sign="embed",
    operands="weight indices",
    formula="weight[indices]",
    numpy="take(weight, indices, axis=0)",
    helpers={"add_at_rows": ADD_AT_ROWS},
    forward=lambda weight, indices: weight[indices],
    shape=_embedding_shape,
    rules=(
        Linear(
            "add_at_rows(g, indices, weight.shape)",
            _embedding_vjp,
            shown=Words("1 in the rows looked up", "찾아온 행에 1"),
            entries=reads(lambda i, weight, indices: (indices[i[:-1]], i[-1])),
        ),
        None,
    ),
    constants=("indices",),
    indices=lambda weight, indices: (1,),
    refuse=lambda weight, indices: _outside(indices, msg("there are {size} rows", size=weight[0]), weight[0]),
    lesson=Words(
        en="An embedding looks rows up: a row gets the sum of the gradients of its uses.",
        ko="임베딩은 행을 찾아오는 연산이므로, 각 행은 쓰인 자리들의 그래디언트를 모두 더해 받습니다.",
    ),
    conventions=Words(
        "Indices count from 0 and are never negative. Gradients of a row that is used more than once "
        "add up; a row never used gets 0.",
        "인덱스는 0부터 세고 음수일 수 없습니다. 여러 번 쓰인 행의 그래디언트는 더해지고, "
        "쓰이지 않은 행은 0을 받습니다.",
    ),
    samples=(
        Sample(((4, 3), np.array(2))),
        Sample(((4, 3), np.array([1, 3, 1]))),
        Sample(((3, 1), INDICES)),
        Sample(((4, 3), np.zeros(0, dtype=np.int64))),
    ),
)
