"""Operators that give cells another place or another shape, and compute nothing."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.ops.definition import ONE, Attribute, Attributes, Linear, Sample, define
from backprop_engine.ops.entries import Cells, here, position, reads
from backprop_engine.ops.reductions import Axes, axis_text, positive_axis, reduced_axes
from backprop_engine.text import Words

FAMILY = "shape"
Sizes = tuple[int, ...]

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
    conventions="All axes are reversed, so a vector stays as it is.",
    samples=(Sample(((),)), Sample(((3,),)), Sample(((2, 3),)), Sample(((2, 3, 4),)), Sample(((0, 2),))),
)


def _permute_shape(a: Shape, axes: Sizes) -> Shape:
    if len(axes) != len(a) or len(reduced_axes(a, axes)) != len(a):
        raise ShapeError(
            f"{{0}} is {shape_text(a)}: permute takes its {len(a)} axes in another order, not {list(axes)}"
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
    forward=lambda a, axes: np.transpose(a, axes),
    shape=_permute_shape,
    rules=_permute_rules,
    attributes=(Attribute("axes", Sizes, ..., "every axis of the operand, in the order wanted"),),
    samples=(
        Sample(((2, 3),), {"axes": (1, 0)}),
        Sample(((2, 3, 4),), {"axes": (2, 0, 1)}),
        Sample(((2, 1, 3),), {"axes": (-1, 0, -2)}),
        Sample(((0, 2),), {"axes": (1, 0)}),
    ),
)


# The same cells in the same order


def _same_position(i: Cells, j: Cells, out: Any, a: Any, **_: Any) -> Any:
    return here(position(i, out.shape) == position(j, a.shape))


def _reshaped_back(text: str) -> Linear:
    shown = Words("the operand's shape again", "원래 모양으로 되돌림")
    return Linear(text, lambda g, out, a, **_: np.reshape(g, a.shape), shown=shown, entries=_same_position)


_RESHAPED, _UNCHANGED = _reshaped_back("reshape(g, a.shape)"), _reshaped_back("g")


def _reshaping(name: str, sign: str, shape: Callable[..., Shape], **parts: Any) -> None:
    """Define an operator that keeps every cell and their order, and changes the shape alone."""

    def rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
        return (_UNCHANGED if shapes[0] == () == shape(*shapes, **attributes) else _RESHAPED,)

    define(
        name,
        family=FAMILY,
        sign=sign,
        operands="a",
        forward=lambda a, **attributes: np.reshape(a, shape(a.shape, **attributes)),
        shape=shape,
        rules=rules,
        **parts,
    )


def _reshape_shape(a: Shape, shape: Sizes) -> Shape:
    known = prod(size for size in shape if size != -1)
    free = shape.count(-1)
    if free > 1 or any(size < -1 for size in shape):
        raise ShapeError(f"shape {list(shape)}: sizes are not negative, and one may be -1")
    if free == 1 and known and prod(a) % known == 0:
        return tuple(prod(a) // known if size == -1 else size for size in shape)
    if free or known != prod(a):
        wanted = f"a multiple of {known}" if free else str(known)
        raise ShapeError(
            f"{{0}} is {shape_text(a)} and has {prod(a)} cells: shape {list(shape)} needs {wanted}",
            "one size may be -1: what is left",
        )
    return shape


_reshaping(
    "reshape",
    "shape",
    _reshape_shape,
    lesson=Words(
        en="A reshape moves nothing: the gradient gets the operand's shape again.",
        ko="모양만 바꾸는 노드이므로 그래디언트도 원래 모양으로 되돌려 흘려보냅니다.",
    ),
    formula="reshape(a, shape)",
    attributes=(Attribute("shape", Sizes, ..., "the new sizes; one may be -1: what is left"),),
    conventions="Cells keep their order, the last axis fastest.",
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


_reshaping(
    "flatten",
    "flat",
    _flatten_shape,
    lesson=Words(
        en="Flattening moves nothing: the gradient gets the operand's shape again.",
        ko="한 줄로 펴기만 하는 노드이므로 그래디언트도 원래 모양으로 되돌려 흘려보냅니다.",
    ),
    formula="flatten(a)",
    attributes=(Attribute("start", int, 0, "the first axis that is flattened; 1 keeps a batch apart"),),
    conventions="Cells keep their order, the last axis fastest. A scalar becomes a vector of one.",
    samples=(
        Sample(((),)),
        Sample(((3,),)),
        Sample(((2, 3, 4),)),
        Sample(((2, 3, 4),), {"start": 1}),
        Sample(((2, 3, 1),), {"start": -2}),
        Sample(((0, 3),)),
    ),
)


def _squeeze_shape(a: Shape, axis: Axes) -> Shape:
    if axis is None:
        return tuple(size for size in a if size != 1)
    axes = reduced_axes(a, axis)
    for one in axes:
        if a[one] != 1:
            raise ShapeError(
                f"{{0}} is {shape_text(a)}: axis {one} has the size {a[one]}, and only 1 can be squeezed out"
            )
    return tuple(size for at, size in enumerate(a) if at not in axes)


_reshaping(
    "squeeze",
    "squeeze",
    _squeeze_shape,
    lesson=Words(
        en="Axes of size 1 were taken out: the gradient gets them back.",
        ko="크기가 1인 축을 없앤 노드이므로 그래디언트에 그 축을 되살려 흘려보냅니다.",
    ),
    formula="squeeze(a)",
    attributes=(
        Attribute("axis", int | tuple[int, ...] | None, None, "the axis or axes of size 1; all if left out"),
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
    if any(not -count <= one < count for one in axes) or len({one % count for one in axes}) < len(axes):
        raise ShapeError(
            f"{{0}} is {shape_text(a)}: its new axes are among {-count} to {count - 1}, each once, "
            f"not {list(axes)}"
        )
    new, sizes = {one % count for one in axes}, iter(a)
    return tuple(1 if at in new else next(sizes) for at in range(count))


_reshaping(
    "unsqueeze",
    "unsqz",
    _unsqueeze_shape,
    lesson=Words(
        en="Axes of size 1 were put in: the gradient drops them again.",
        ko="크기가 1인 축을 끼워 넣은 노드이므로 그래디언트에서는 그 축을 다시 없앱니다.",
    ),
    formula="unsqueeze(a, axis)",
    attributes=(Attribute("axis", int | tuple[int, ...], ..., "where the new axes are in the result"),),
    samples=(
        Sample(((),), {"axis": 0}),
        Sample(((3,),), {"axis": -1}),
        Sample(((2, 3),), {"axis": 1}),
        Sample(((2, 3),), {"axis": (0, -1)}),
        Sample(((0,),), {"axis": 0}),
    ),
)


# Cells in other places, or more of them


def _broadcast_to_shape(a: Shape, shape: Sizes) -> Shape:
    fits = len(shape) >= len(a) and all(
        size in (1, wanted) for size, wanted in zip(a[::-1], shape[::-1], strict=False)
    )
    if not fits or any(size < 0 for size in shape):
        raise ShapeError(
            f"{{0}} is {shape_text(a)} and does not broadcast to {list(shape)}",
            "counted from the last axis, each size is the same or 1",
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
    forward=lambda a, shape: np.broadcast_to(a, shape),
    shape=_broadcast_to_shape,
    rules=(ONE,),
    attributes=(Attribute("shape", Sizes, ..., "the shape wanted"),),
    conventions="Axes are counted from the last, as in every broadcast.",
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
    forward=lambda a, axis: np.flip(a, axis),
    shape=_flip_shape,
    rules=_flip_rules,
    attributes=(
        Attribute("axis", int | tuple[int, ...] | None, None, "the axis or axes turned round; all if left out"),
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
