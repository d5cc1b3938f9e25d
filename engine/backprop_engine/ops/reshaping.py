"""Operators that move, repeat or drop axes, and those that change the shape alone."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Family
from backprop_engine.ops.notations import NumpyCall
from backprop_engine.ops.reductions import AxisArg, axis_text, positive_axis, reduced_axes
from backprop_engine.ops.rules import ONE, Indices, Linear, Rules, here, position, reads
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import joined, repair

define = Family("shape").define
Sizes = tuple[int, ...]
"""The type of an attribute that holds a number for each axis."""

transpose = define(
    "transpose",
    sign="ᵀ",
    operands="a",
    formula="a.T",
    written="a.T",
    forward=lambda a: a.T,
    shape=lambda a: a[::-1],
    rules=(
        Linear(
            "g.T",
            lambda g, out, a: g.T,
            shown=Words("transposed back", "다시 전치"),
            entries=reads(lambda i, a: i[::-1]),
        ),
    ),
    lesson=Words(
        en="A transpose moves entries, so the gradient is transposed back.",
        ko="전치는 원소의 자리만 바꾸므로 그래디언트도 다시 전치해 돌려보냅니다.",
    ),
    conventions=Words(
        "All axes are reversed, so a vector stays as it is.", "모든 축을 거꾸로 놓으므로 벡터는 그대로입니다."
    ),
    samples=(Sample(((),)), Sample(((3,),)), Sample(((2, 3),)), Sample(((2, 3, 4),)), Sample(((0, 2),))),
)


def _permute_shape(a: Shape, axes: Sizes) -> Shape:
    if len(axes) != len(a) or len(reduced_axes(a, axes)) != len(a):
        raise ShapeError(
            msg(
                "{0} is {shape}: permute takes all its {count} axes in a new order, not {axes}",
                shape=shape_text(a),
                count=len(a),
                axes=list(axes),
            )
        )
    return tuple(a[axis] for axis in axes)


def _permute_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    axes = reduced_axes(shapes[0], attributes["axes"])
    back = tuple(map(int, np.argsort(axes)))
    rule = Linear(
        f"permute(g, axes={list(back)})" if back else "g",
        lambda g, out, a, **_: np.transpose(g, back),
        shown=Words("the axes back in order", "축을 원래 순서로"),
        entries=reads(lambda i, a, **_: tuple(i[axis] for axis in back)),
    )
    return (rule,)


permute = define(
    "permute",
    sign="perm",
    operands="a",
    formula="permute(a, axes)",
    numpy=NumpyCall("transpose", positional="axes"),
    forward=np.transpose,
    shape=_permute_shape,
    rules=_permute_rules,
    attributes=(
        OpAttribute(
            "axes",
            Sizes,
            ...,
            Words("every axis of the operand, in the new order", "피연산자의 모든 축을 바라는 순서로"),
        ),
    ),
    lesson=Words(
        en="A permutation of axes moves entries, so the gradient's axes are put back in order.",
        ko="축의 순서만 바꾸는 노드이므로 그래디언트의 축도 원래 순서로 되돌립니다.",
    ),
    samples=(
        Sample(((2, 3),), {"axes": (1, 0)}),
        Sample(((2, 3, 4),), {"axes": (2, 0, 1)}),
        Sample(((2, 1, 3),), {"axes": (-1, 0, -2)}),
        Sample(((0, 2),), {"axes": (1, 0)}),
    ),
)


def _broadcasts_to(a: Shape, shape: Sizes) -> bool:
    return len(shape) >= len(a) and all(
        size in (1, wanted) for size, wanted in zip(a[::-1], shape[::-1], strict=False)
    )


def _broadcast_to_shape(a: Shape, shape: Sizes) -> Shape:
    if not _broadcasts_to(a, shape):
        raise ShapeError(
            msg("{0} is {shape} and does not broadcast to {sizes}", shape=shape_text(a), sizes=list(shape)),
            joined(
                msg("aligned from the last axis, each size must be the same or 1"),
                repair((a,), lambda a: _broadcasts_to(a, shape)),
            ),
        )
    return shape


broadcast_to = define(
    "broadcast_to",
    sign="copies",
    operands="a",
    formula="broadcast_to(a, shape)",
    numpy=NumpyCall("broadcast_to", positional="shape"),
    forward=np.broadcast_to,
    shape=_broadcast_to_shape,
    rules=(ONE,),
    attributes=(OpAttribute("shape", Sizes, ..., Words("the new shape", "바라는 형상"), least=0),),
    lesson=Words(
        en="An entry that was copied gets the sum of the gradients of its copies.",
        ko="복사된 원소는 모든 사본의 그래디언트를 더해 받습니다.",
    ),
    conventions=Words(
        "Axes are aligned from the last, as in every broadcast.",
        "모든 브로드캐스트에서처럼 마지막 축부터 맞춥니다.",
    ),
    samples=(
        Sample(((),), {"shape": (2,)}),
        Sample(((3,),), {"shape": (2, 3)}),
        Sample(((2, 1),), {"shape": (4, 2, 3)}),
        Sample(((2, 3),), {"shape": (2, 3)}),
        Sample(((1, 3),), {"shape": (0, 3)}),
    ),
)


def _flip_shape(a: Shape, axis: AxisArg) -> Shape:
    reduced_axes(a, axis)
    return a


def _flip_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    shape, axes = shapes[0], reduced_axes(shapes[0], attributes["axis"])
    rule = Linear(
        f"flip(g{axis_text(attributes['axis'])})" if shape else "g",
        lambda g, out, a, axis: np.flip(g, axis),
        shown=Words("flipped back", "다시 뒤집음"),
        entries=reads(
            lambda i, a, axis: tuple(
                shape[at] - 1 - entry if at in axes else entry for at, entry in enumerate(i)
            )
        ),
    )
    return (rule,)


flip = define(
    "flip",
    operands="a",
    formula="flip(a)",
    forward=np.flip,
    shape=_flip_shape,
    rules=_flip_rules,
    attributes=(
        OpAttribute(
            "axis",
            int | tuple[int, ...] | None,
            None,
            Words(
                "the axis or axes to flip; by default all of them", "뒤집을 축 하나 또는 여럿, 생략하면 모두"
            ),
        ),
    ),
    lesson=Words(
        en="A flip reverses the order, so the gradient is flipped back.",
        ko="순서를 뒤집는 노드이므로 그래디언트도 다시 뒤집어 흘려보냅니다.",
    ),
    samples=(
        Sample(((),)),
        Sample(((3,),)),
        Sample(((2, 3),)),
        Sample(((2, 3),), {"axis": -1}),
        Sample(((2, 3, 4),), {"axis": (0, 2)}),
        Sample(((0, 3),), {"axis": 0}),
    ),
)


# Operators that change the shape alone: every entry stays, and so does their order.


def _same_position(i: Indices, j: Indices, out: Any, a: Any, **_: Any) -> Any:
    return here(position(i, out.shape) == position(j, a.shape))


def _reshaped_back(text: str) -> Linear:
    shown = Words("reshaped to the operand's shape", "원래 모양으로 되돌림")
    return Linear(text, lambda g, out, a, **_: np.reshape(g, a.shape), shown=shown, entries=_same_position)


_RESHAPED, _UNCHANGED = _reshaped_back("reshape(g, a.shape)"), _reshaped_back("g")


def _reshaped(shape: Callable[..., Shape]) -> Callable[..., Any]:
    """The forward function of an operator that changes the shape alone."""
    return lambda a, **attributes: np.reshape(a, shape(a.shape, **attributes))


def _rules_of(shape: Callable[..., Shape]) -> Callable[[tuple[Shape, ...], Attributes], Rules]:
    """Its rule: the gradient gets reshaped to the operand's shape."""

    def rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
        return (_UNCHANGED if shapes[0] == () == shape(*shapes, **attributes) else _RESHAPED,)

    return rules


def _reshape_shape(a: Shape, shape: Sizes) -> Shape:
    known = prod(size for size in shape if size != -1)
    free = shape.count(-1)
    if free > 1:
        raise ShapeError(
            msg(
                "{0} is {shape}: only one size of shape {sizes} may be -1, which stands for whatever remains",
                shape=shape_text(a),
                sizes=list(shape),
            )
        )
    if free == 1 and known and prod(a) % known == 0:
        return tuple(prod(a) // known if size == -1 else size for size in shape)
    if free or known != prod(a):
        raise ShapeError(
            msg(
                "{0} is {shape} and has {entries} entries: shape {sizes} needs {wanted}",
                shape=shape_text(a),
                entries=prod(a),
                sizes=list(shape),
                wanted=msg("a multiple of {entries}", entries=known) if free else known,
            ),
            msg("one size may be -1, for whatever remains"),
        )
    return shape


define(
    "reshape",
    sign="shape",
    operands="a",
    formula="reshape(a, shape)",
    numpy=NumpyCall("reshape", positional="shape"),
    forward=_reshaped(_reshape_shape),
    shape=_reshape_shape,
    rules=_rules_of(_reshape_shape),
    attributes=(
        OpAttribute(
            "shape",
            Sizes,
            ...,
            Words(
                "the new sizes; one may be -1, for whatever remains",
                "새 크기, 하나는 나머지를 뜻하는 -1일 수 있음",
            ),
            least=-1,
        ),
    ),
    lesson=Words(
        en="A reshape changes no entry: the gradient is reshaped back to the operand's shape.",
        ko="모양만 바꾸는 노드이므로 그래디언트도 원래 모양으로 되돌려 흘려보냅니다.",
    ),
    conventions=Words(
        "Entries keep their order, with the last axis varying fastest.",
        "마지막 축부터 세는 원소의 순서는 그대로입니다.",
    ),
    samples=(
        Sample(((),), {"shape": (1, 1)}),
        Sample(((6,),), {"shape": (2, 3)}),
        Sample(((2, 3),), {"shape": (-1,)}),
        Sample(((2, 3, 4),), {"shape": (4, -1, 2)}),
        Sample(((1,),), {"shape": ()}),
        Sample(((0, 3),), {"shape": (3, -1)}),
    ),
)


def _flatten_shape(a: Shape, start: int) -> Shape:
    if not a and start in (0, -1):
        return (1,)
    start = positive_axis(a, start)
    return (*a[:start], prod(a[start:]))


define(
    "flatten",
    sign="flat",
    operands="a",
    formula="flatten(a)",
    numpy=lambda shapes, attributes: f"reshape(a, shape={list(_flatten_shape(shapes[0], **attributes))})",
    forward=_reshaped(_flatten_shape),
    shape=_flatten_shape,
    rules=_rules_of(_flatten_shape),
    attributes=(
        OpAttribute(
            "start",
            int,
            0,
            Words(
                "the first axis to flatten; 1 keeps the batch axis",
                "펼칠 첫 축, 1이면 배치를 그대로 둠",
            ),
        ),
    ),
    lesson=Words(
        en="Flattening changes no entry: the gradient is reshaped back to the operand's shape.",
        ko="한 줄로 펴기만 하는 노드이므로 그래디언트도 원래 모양으로 되돌려 흘려보냅니다.",
    ),
    conventions=Words(
        "Entries keep their order, with the last axis varying fastest. A scalar becomes a vector "
        "with one entry.",
        "마지막 축부터 세는 원소의 순서는 그대로입니다. 스칼라는 원소가 하나인 벡터가 됩니다.",
    ),
    samples=(
        Sample(((),)),
        Sample(((3,),)),
        Sample(((2, 3, 4),)),
        Sample(((2, 3, 4),), {"start": 1}),
        Sample(((2, 3, 1),), {"start": -2}),
        Sample(((0, 3),)),
    ),
)


def _squeeze_shape(a: Shape, axis: AxisArg) -> Shape:
    if axis is None:
        return tuple(size for size in a if size != 1)
    axes = reduced_axes(a, axis)
    for squeezed in axes:
        if a[squeezed] != 1:
            raise ShapeError(
                msg(
                    "{0} is {shape}: axis {axis} has size {size}, and only axes of size 1 can be "
                    "squeezed out",
                    shape=shape_text(a),
                    axis=squeezed,
                    size=a[squeezed],
                ),
                msg("axis {axis} has size 1", axis=a.index(1))
                if 1 in a
                else msg("none of its axes has size 1"),
            )
    return tuple(size for at, size in enumerate(a) if at not in axes)


define(
    "squeeze",
    operands="a",
    formula="squeeze(a)",
    forward=_reshaped(_squeeze_shape),
    shape=_squeeze_shape,
    rules=_rules_of(_squeeze_shape),
    attributes=(
        OpAttribute(
            "axis",
            int | tuple[int, ...] | None,
            None,
            Words(
                "the axis or axes of size 1; by default all of them",
                "크기가 1인 축 하나 또는 여럿, 생략하면 모두",
            ),
        ),
    ),
    lesson=Words(
        en="Axes of size 1 were removed, so the gradient gets them back.",
        ko="크기가 1인 축을 없앤 노드이므로 그래디언트에 그 축을 되살려 흘려보냅니다.",
    ),
    samples=(
        Sample(((1,),)),
        Sample(((1, 3, 1),)),
        Sample(((1, 3, 1),), {"axis": -1}),
        Sample(((1, 3, 1),), {"axis": (0, 2)}),
        Sample(((1, 0),), {"axis": 0}),
    ),
)


def _unsqueeze_shape(a: Shape, axis: int | Sizes) -> Shape:
    axes = (axis,) if isinstance(axis, int) else axis
    count = len(a) + len(axes)
    if any(not -count <= axis < count for axis in axes) or len({axis % count for axis in axes}) < len(axes):
        raise ShapeError(
            msg(
                "{0} is {shape}: its new axes are from {first} to {last}, each at most once, not {axes}",
                shape=shape_text(a),
                first=-count,
                last=count - 1,
                axes=list(axes),
            )
        )
    new, sizes = {axis % count for axis in axes}, iter(a)
    return tuple(1 if at in new else next(sizes) for at in range(count))


define(
    "unsqueeze",
    sign="unsqz",
    operands="a",
    formula="unsqueeze(a, axis)",
    numpy=NumpyCall("expand_dims"),
    forward=_reshaped(_unsqueeze_shape),
    shape=_unsqueeze_shape,
    rules=_rules_of(_unsqueeze_shape),
    attributes=(
        OpAttribute(
            "axis",
            int | tuple[int, ...],
            ...,
            Words("the positions of the new axes in the result", "결과에서 새 축들의 자리"),
        ),
    ),
    lesson=Words(
        en="Axes of size 1 were added, so the gradient drops them again.",
        ko="크기가 1인 축을 끼워 넣은 노드이므로 그래디언트에서는 그 축을 다시 없앱니다.",
    ),
    samples=(
        Sample(((),), {"axis": 0}),
        Sample(((3,),), {"axis": -1}),
        Sample(((2, 3),), {"axis": 1}),
        Sample(((2, 3),), {"axis": (0, -1)}),
        Sample(((0,),), {"axis": 0}),
    ),
)
