"""Joining tensors, and surrounding or repeating one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, IndexKey, OpAttribute, key_text
from backprop_engine.ops.definition import Family
from backprop_engine.ops.notations import NumpyCall
from backprop_engine.ops.rules import Indices, Linear, Rules, here, reads, same
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import difference, joined, no_axis, two_named, would_fit

define = Family("shape").define


def _join_axis(shapes: tuple[Shape, ...], axis: int, *, new: bool) -> int:
    """The axis that tensors are joined along, counted from 0, where their shapes allow it."""
    ranks = len(shapes[0]) + new
    if not -ranks <= axis < ranks:
        if not new:
            raise no_axis(shapes[0], axis)
        raise ShapeError(
            msg(
                "{0} is {shape}: the result would have no axis {axis}", shape=shape_text(shapes[0]), axis=axis
            ),
            msg("its axes would be {first} to {last}", first=-ranks, last=ranks - 1),
        )
    axis %= ranks
    for number, shape in enumerate(shapes[1:], 1):
        if differs := difference(shapes[0], shape, (0, number), None if new else axis):
            problem = (
                msg("stack takes tensors of the same shape")
                if new
                else msg("only their sizes along axis {axis} may differ", axis=axis)
            )
            raise ShapeError(
                two_named((0, shapes[0]), (number, shape), problem),
                joined(differs, "" if new else _along_another(shapes)),
            )
    return axis


def _along_another(shapes: tuple[Shape, ...]) -> Hint:
    """Another axis along which all could be concatenated."""
    for axis in range(len(shapes[0])):
        if not any(difference(shapes[0], shape, but=axis) for shape in shapes):
            return would_fit(f"axis={axis}")
    return ""


def _part_rule(key: IndexKey, source: Callable[[Indices], Indices], at: Callable[[Indices], Any]) -> Linear:
    """The rule of an operand that is the part `key` of the result."""
    where = key_text(key)
    return Linear(
        f"g[{where}]",
        lambda g, out, *operands, **_: g[key],
        shown=Words("1 at [{where}]", "[{where}]에 1", where=where),
        entries=lambda i, j, *_, **__: here(same(source(i), j) & at(i)),
    )


def _concat_shape(*shapes: Shape, axis: int) -> Shape:
    axis = _join_axis(shapes, axis, new=False)
    total = sum(shape[axis] for shape in shapes)
    return (*shapes[0][:axis], total, *shapes[0][axis + 1 :])


def _concat_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    axis = _join_axis(shapes, attributes["axis"], new=False)
    ends = list(accumulate(shape[axis] for shape in shapes))

    def rule(start: int, stop: int) -> Linear:
        key = (slice(None),) * axis + (slice(start, stop),)
        return _part_rule(key, lambda i: (*i[:axis], i[axis] - start, *i[axis + 1 :]), lambda i: np.True_)

    return tuple(rule(start, stop) for start, stop in zip([0, *ends], ends, strict=False))


concat = define(
    "concat",
    operands="a",
    formula="concat(a1, a2)",
    numpy=NumpyCall("concatenate", packed=True),
    forward=lambda *operands, axis: np.concatenate(operands, axis=axis),
    shape=_concat_shape,
    rules=_concat_rules,
    attributes=(
        OpAttribute(
            "axis",
            int,
            0,
            Words("the axis along which the operands are joined", "피연산자를 이어 붙일 축"),
        ),
    ),
    variadic=True,
    lesson=Words(
        en="A concatenation gives each operand the part of the gradient where its entries ended up.",
        ko="각 피연산자는 concat 노드의 그래디언트에서 자기 원소가 놓인 부분을 받습니다.",
    ),
    samples=(
        Sample(((3,),)),
        Sample(((3,), (2,))),
        Sample(((2, 3), (1, 3), (2, 3))),
        Sample(((2, 3), (2, 1)), {"axis": -1}),
        Sample(((2, 3, 1), (2, 2, 1)), {"axis": 1}),
        Sample(((0,), (2,))),
    ),
)


def _stack_shape(*shapes: Shape, axis: int) -> Shape:
    axis = _join_axis(shapes, axis, new=True)
    return (*shapes[0][:axis], len(shapes), *shapes[0][axis:])


def _stack_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    axis = _join_axis(shapes, attributes["axis"], new=True)

    def rule(number: int) -> Linear:
        key = (slice(None),) * axis + (number,)
        return _part_rule(key, lambda i: (*i[:axis], *i[axis + 1 :]), lambda i: i[axis] == number)

    return tuple(rule(number) for number in range(len(shapes)))


stack = define(
    "stack",
    operands="a",
    formula="stack(a1, a2)",
    numpy=NumpyCall("stack", packed=True),
    forward=lambda *operands, axis: np.stack(operands, axis=axis),
    shape=_stack_shape,
    rules=_stack_rules,
    attributes=(
        OpAttribute(
            "axis", int, 0, Words("the position of the new axis in the result", "결과에서 새 축의 자리")
        ),
    ),
    variadic=True,
    lesson=Words(
        en="A stack gives each operand its own slice of the gradient.",
        ko="각 피연산자는 stack 노드의 그래디언트에서 자기 몫의 조각을 받습니다.",
    ),
    samples=(
        Sample(((), ())),
        Sample(((3,),)),
        Sample(((3,), (3,), (3,))),
        Sample(((2, 3), (2, 3)), {"axis": 1}),
        Sample(((2, 3), (2, 3)), {"axis": -1}),
        Sample(((0, 2), (0, 2))),
    ),
)


Widths = tuple[tuple[int, int], ...]


def _pad_shape(a: Shape, width: Widths, value: float) -> Shape:
    if len(width) != len(a):
        raise ShapeError(
            msg(
                "{0} is {shape}: width takes a pair for each of its {count} axes, not {width}",
                shape=shape_text(a),
                count=len(a),
                width=[list(pair) for pair in width],
            ),
            msg("[before, after] for each axis: width=[[1, 1], [0, 2]]"),
        )
    return tuple(before + size + after for size, (before, after) in zip(a, width, strict=True))


def _pad_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    width: Widths = attributes["width"]
    key = tuple(slice(before, before + size) for size, (before, _) in zip(shapes[0], width, strict=True))
    where = key_text(key)
    rule = Linear(
        f"g[{where}]" if key else "g",
        lambda g, out, a, **_: g[key],
        shown=Words("1 at [{where}]", "[{where}]에 1", where=where),
        entries=reads(
            lambda i, a, **_: tuple(entry - before for entry, (before, _) in zip(i, width, strict=True))
        ),
    )
    return (rule,)


pad = define(
    "pad",
    operands="a",
    formula="pad(a, width)",
    numpy=NumpyCall("pad", positional="width", renamed={"value": "constant_values"}),
    forward=lambda a, width, value: np.pad(a, width, constant_values=value) if width else a,
    shape=_pad_shape,
    rules=_pad_rules,
    attributes=(
        OpAttribute(
            "width",
            Widths,
            ...,
            Words(
                "how many entries are added before and after, for each axis",
                "축마다 앞과 뒤에 덧붙일 원소 수",
            ),
            least=0,
        ),
        OpAttribute("value", float, 0.0, Words("the value of the added entries", "덧붙일 값"), infinite=True),
    ),
    lesson=Words(
        en="Padding surrounds the operand with constants: their gradient is dropped, and the rest passes.",
        ko="가장자리에 채운 상수의 그래디언트는 버리고 나머지는 그대로 흘려보냅니다.",
    ),
    samples=(
        Sample(((3,),), {"width": ((1, 2),)}),
        Sample(((2, 3),), {"width": ((1, 1), (0, 2)), "value": -1.5}),
        Sample(((2, 1, 2),), {"width": ((0, 0), (2, 0), (0, 1))}),
        Sample(((0,),), {"width": ((1, 1),)}),
    ),
)


def _tile_layout(shape: Shape, reps: tuple[int, ...]) -> list[tuple[int, int]]:
    """For each axis of the result how often it repeats, and the size that it repeats."""
    rank = max(len(shape), len(reps))
    all_reps = (1,) * (rank - len(reps)) + reps
    return list(zip(all_reps, (1,) * (rank - len(shape)) + shape, strict=True))


def _tile_shape(a: Shape, reps: tuple[int, ...]) -> Shape:
    return tuple(count * size for count, size in _tile_layout(a, reps))


def _tile_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    layout = _tile_layout(shapes[0], attributes["reps"])
    apart = [size for pair in layout for size in pair]
    counts = tuple(range(0, len(apart), 2))

    def vjp(g: Any, out: Any, a: Any, reps: tuple[int, ...]) -> Any:
        if not a.size:  # NumPy counts the repetitions of nothing too
            return np.zeros(a.shape, dtype=g.dtype)
        return np.reshape(np.sum(np.reshape(g, apart), axis=counts), a.shape)

    def source(i: Indices, a: Any, reps: tuple[int, ...]) -> Indices:
        return tuple(entry % max(size, 1) for entry, (_, size) in zip(i, layout, strict=True))[
            len(i) - a.ndim :
        ]

    rule = Linear(
        f"reshape(sum(reshape(g, shape={apart}), axis={list(counts)}), a.shape)" if layout else "g",
        vjp,
        shown=Words("1 at each copy", "사본마다 1"),
        entries=reads(source),
    )
    return (rule,)


tile = define(
    "tile",
    operands="a",
    formula="tile(a, reps)",
    numpy=NumpyCall("tile", positional="reps"),
    forward=np.tile,
    shape=_tile_shape,
    rules=_tile_rules,
    attributes=(
        OpAttribute(
            "reps",
            tuple[int, ...],
            ...,
            Words("how many times each axis is repeated", "축마다 되풀이할 횟수"),
            least=0,
        ),
    ),
    lesson=Words(
        en="A repeated entry gets the sum of the gradients of its copies.",
        ko="반복된 원소는 모든 사본의 그래디언트를 더해 받습니다.",
    ),
    conventions=Words(
        "As in NumPy, axes are aligned from the last if reps or the operand has fewer.",
        "NumPy처럼 reps나 피연산자의 축이 모자라면 마지막 축부터 맞춥니다.",
    ),
    samples=(
        Sample(((),), {"reps": (3,)}),
        Sample(((3,),), {"reps": (2,)}),
        Sample(((3,),), {"reps": (2, 2)}),
        Sample(((2, 3),), {"reps": (2,)}),
        Sample(((2, 1, 2),), {"reps": (1, 3, 2)}),
        Sample(((2,),), {"reps": (0,)}),
        Sample(((0, 2),), {"reps": (2, 1)}),
    ),
)
