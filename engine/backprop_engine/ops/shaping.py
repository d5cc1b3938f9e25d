"""Operators that give cells another place, or repeat them, and compute nothing."""

from __future__ import annotations

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.definition import ONE, Attribute, Attributes, Linear, Sample, define
from backprop_engine.ops.entries import reads
from backprop_engine.ops.fitting import joined, repair
from backprop_engine.ops.reductions import Axes, axis_text, reduced_axes

FAMILY = "shape"
Sizes = tuple[int, ...]
"""The type of an attribute that holds a number for each axis."""

transpose = define(
    "transpose",
    family=FAMILY,
    lesson=Words(
        en="A transpose moves cells, so the gradient is transposed back.",
        ko="전치는 원소의 자리만 바꾸므로 그래디언트도 다시 전치해 돌려보냅니다.",
    ),
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
    conventions=Words(
        "All axes are reversed, so a vector stays as it is.", "모든 축을 거꾸로 놓으므로 벡터는 그대로입니다."
    ),
    samples=(Sample(((),)), Sample(((3,),)), Sample(((2, 3),)), Sample(((2, 3, 4),)), Sample(((0, 2),))),
)


def _permute_shape(a: Shape, axes: Sizes) -> Shape:
    if len(axes) != len(a) or len(reduced_axes(a, axes)) != len(a):
        raise ShapeError(
            msg(
                "{0} is {shape}: permute takes its {count} axes in another order, not {axes}",
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
    family=FAMILY,
    lesson=Words(
        en="A permutation of axes moves cells, so the gradient's axes are put back in order.",
        ko="축의 순서만 바꾸는 노드이므로 그래디언트의 축도 원래 순서로 되돌립니다.",
    ),
    sign="perm",
    operands="a",
    formula="permute(a, axes)",
    forward=np.transpose,
    shape=_permute_shape,
    rules=_permute_rules,
    attributes=(
        Attribute(
            "axes",
            Sizes,
            ...,
            Words("every axis of the operand, in the order wanted", "피연산자의 모든 축을 바라는 순서로"),
        ),
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
                msg("counted from the last axis, each size is the same or 1"),
                repair((a,), lambda a: _broadcasts_to(a, shape)),
            ),
        )
    return shape


broadcast_to = define(
    "broadcast_to",
    family=FAMILY,
    lesson=Words(
        en="A cell that was copied gets the sum of the gradients of its copies.",
        ko="복사된 원소는 모든 사본의 그래디언트를 더해 받습니다.",
    ),
    sign="copies",
    operands="a",
    formula="broadcast_to(a, shape)",
    forward=np.broadcast_to,
    shape=_broadcast_to_shape,
    rules=(ONE,),
    attributes=(Attribute("shape", Sizes, ..., Words("the shape wanted", "바라는 형상"), least=0),),
    conventions=Words(
        "Axes are counted from the last, as in every broadcast.",
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


def _flip_shape(a: Shape, axis: Axes) -> Shape:
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
                shape[at] - 1 - cell if at in axes else cell for at, cell in enumerate(i)
            )
        ),
    )
    return (rule,)


flip = define(
    "flip",
    family=FAMILY,
    lesson=Words(
        en="A flip turns the order round, so the gradient is flipped back.",
        ko="순서를 뒤집는 노드이므로 그래디언트도 다시 뒤집어 흘려보냅니다.",
    ),
    sign="flip",
    operands="a",
    formula="flip(a)",
    forward=np.flip,
    shape=_flip_shape,
    rules=_flip_rules,
    attributes=(
        Attribute(
            "axis",
            int | tuple[int, ...] | None,
            None,
            Words(
                "the axis or axes turned round; all if left out", "뒤집을 축 하나 또는 여럿, 생략하면 모두"
            ),
        ),
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
