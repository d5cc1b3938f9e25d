"""Reductions over axes: sums, means, and what all reductions share."""

from __future__ import annotations

from collections.abc import Callable
from math import nan, prod
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.notations import Notation
from backprop_engine.ops.rules import Entries, Factor, Indices, Linear, here, same
from backprop_engine.ops.samples import Kink, Sample, of_nothing
from backprop_engine.ops.shape_rules import no_axis

define = Family("reductions").define
AxisArg: TypeAlias = int | tuple[int, ...] | None
AXIS = OpAttribute(
    "axis",
    int | tuple[int, ...] | None,
    None,
    Words("the axis or axes to reduce; by default all of them", "줄일 축 하나 또는 여럿, 생략하면 모두"),
)
KEEPDIMS = OpAttribute(
    "keepdims",
    bool,
    False,
    Words("whether a reduced axis is kept with size 1", "줄인 축을 크기 1로 남길지"),
)
SAMPLES = (
    Sample(((),)),
    Sample(((3,),)),
    Sample(((3,),), {"axis": 0, "keepdims": True}),
    Sample(((2, 3),)),
    Sample(((2, 3),), {"axis": 0}),
    Sample(((2, 3),), {"axis": -1, "keepdims": True}),
    Sample(((2, 3),), {"keepdims": True}),
    Sample(((2, 3, 4),), {"axis": (0, 2)}),
    Sample(((2, 3, 4),), {"axis": -2}),
    Sample(((3, 2, 4),), {"axis": (-1, 0), "keepdims": True}),
    Sample(((0, 3),), {"axis": 1}),
)
SIZE_ONE = Sample(((1, 3),), {"axis": 0})
EMPTY = Sample(((0, 3),), {"axis": 0})


def positive_axis(shape: Shape, axis: int) -> int:
    """`axis` counted from 0; refuses one that the operand does not have."""
    if not -len(shape) <= axis < len(shape):
        raise no_axis(shape, axis)
    return axis % len(shape)


def reduced_axes(shape: Shape, axis: AxisArg) -> tuple[int, ...]:
    """The axes that `axis` names, counted from 0."""
    if axis is None:
        return tuple(range(len(shape)))
    axes = (axis,) if isinstance(axis, int) else axis
    positive = tuple(positive_axis(shape, given) for given in axes)
    if len(set(positive)) < len(positive):
        raise ShapeError(
            msg("{0} is {shape}: axis {axes} lists an axis twice", shape=shape_text(shape), axes=list(axes))
        )
    return positive


def reduced_shape(shape: Shape, axis: AxisArg = None, keepdims: bool = False, **_: Any) -> Shape:
    """The shape rule of reductions."""
    axes = reduced_axes(shape, axis)
    kept = (
        1 if keepdims and i in axes else size for i, size in enumerate(shape) if keepdims or i not in axes
    )
    return tuple(kept)


def count_of(shape: Shape, attributes: Attributes) -> int:
    """How many entries are reduced to one."""
    return prod(shape[axis] for axis in reduced_axes(shape, attributes["axis"]))


def average(a: Any, axis: AxisArg = None, keepdims: bool = False) -> Any:
    """The mean; of nothing it is NaN, without NumPy's warning."""
    if a.size == 0:
        return np.sum(a, axis=axis, keepdims=keepdims) * np.nan
    if axis is None and not keepdims and a.dtype == np.float64:
        return np.add.reduce(a, axis=None) / a.size  # as `mean` computes it, which takes three times as long
    return np.mean(a, axis=axis, keepdims=keepdims)


def with_room(a: Any) -> Any:
    """An operand in a type that holds its squares: those of half precision end at 65,504."""
    return a.astype(np.float32) if a.dtype == np.float16 else a


def or_infinity(divisor: Any) -> Any:
    """A divisor under which 0 / 0 is 0."""
    return np.where(divisor == 0, np.inf, divisor)


def restored(g: Any, shape: Shape, axis: AxisArg, keepdims: bool) -> Any:
    """A gradient in a reduction's output shape, repeated over the axes that were reduced."""
    if not keepdims:
        g = np.expand_dims(g, reduced_axes(shape, axis))
    return np.broadcast_to(g, shape)


# The texts of rules and decompositions


def axis_text(axis: AxisArg, keepdims: bool = False) -> str:
    """``, axis=0, keepdims=true`` as it is in a call, after its operand."""
    where = "" if axis is None else f", axis={list(axis) if isinstance(axis, tuple) else axis}"
    return where + (", keepdims=true" if keepdims else "")


def wide_text(name: str, shape: Shape, attributes: Attributes) -> str:
    """A tensor in a reduction's output shape, with its reduced axes put back."""
    axes = reduced_axes(shape, attributes["axis"])
    if attributes["keepdims"] or len(axes) == len(shape):
        return name
    return f"expand_dims({name}, axis={axes[0] if len(axes) == 1 else list(axes)})"


def _restored_text(shape: Shape, attributes: Attributes) -> str:
    return f"broadcast_to({wide_text('g', shape, attributes)}, a.shape)" if shape else "g"


# Rules


class Weight(NamedTuple):
    """∂out/∂a of a reduction: ``of(entry, out, about)`` for an entry and the output that it goes into.

    ``about(line, axes, keepdims)`` is what else must be known of the entries that are reduced together: a
    number of each line, like its mean.
    """

    of: Callable[[Any, Any, Any], Any]
    about: Callable[[Any, tuple[int, ...], bool], Any] = lambda line, axes, keepdims: None


def weighted(shape: Shape, attributes: Attributes, text: str, weight: Weight, shown: Words) -> Linear:
    """The rule of a reduction that hands each entry the upstream gradient times a weight, called `text`."""
    axes = reduced_axes(shape, attributes["axis"])

    def weights(out: Any, a: Any, *, keepdims: bool, **_: Any) -> Any:
        wide = out if keepdims else np.expand_dims(out, axes)
        return weight.of(a, wide, weight.about(a, axes, True))

    def entries(i: Indices, j: Indices, out: Any, a: Any, *, keepdims: bool, **_: Any) -> Any:
        lines, apart = lines_of(i, j, a, axes, keepdims)
        about = weight.about(lines, tuple(range(-len(axes), 0)), False)
        return here(apart, weight.of(a[j], out[i], about))

    return with_weights(shape, attributes, text, weights, entries, shown)


def with_weights(
    shape: Shape,
    attributes: Attributes,
    text: str,
    weights: Callable[..., Any],
    entries: Entries,
    shown: Words,
) -> Linear:
    """A reduction's rule: the upstream gradient, repeated, times ``weights(out, a, **attributes)``."""

    def vjp(g: Any, out: Any, a: Any, *, axis: AxisArg, keepdims: bool, **others: Any) -> Any:
        return restored(g, a.shape, axis, keepdims) * weights(out, a, axis=axis, keepdims=keepdims, **others)

    axes = reduced_axes(shape, attributes["axis"])
    whole = len(axes) == len(shape)
    as_column: Literal["column", "row"] | None = (
        "column" if axes == (len(shape) - 1,) else "row" if axes == (len(shape) - 2,) else None
    )
    factor = None
    if whole or attributes["keepdims"] or as_column:
        sign: Literal["·", "⊙"] = "·" if whole and not attributes["keepdims"] else "⊙"
        factor = Factor(text, weights, sign=sign, upstream_as=as_column or "column")
    wide = wide_text("g", shape, attributes)
    return Linear(f"{wide} * {text}", vjp, factor, shown=None if factor else shown, entries=entries)


def lines_of(i: Indices, j: Indices, a: Any, axes: tuple[int, ...], keepdims: bool) -> tuple[Any, Any]:
    """The lines of `a` that the output's entries `i` are made of, with the axes that are reduced last, and
    whether the operand's entries `j` lie in them.
    """
    kept = tuple(index for axis, index in enumerate(i) if axis not in axes) if keepdims else i
    lines = np.moveaxis(a, axes, tuple(range(-len(axes), 0)))[kept]
    return lines, same(kept, [index for axis, index in enumerate(j) if axis not in axes])


def _evenly(share: float, shape: Shape, attributes: Attributes) -> Entries:
    """The Jacobian's entries where every entry that is reduced counts the same."""
    axes = reduced_axes(shape, attributes["axis"])

    def entries(i: Indices, j: Indices, out: Any, a: Any, *, keepdims: bool, **_: Any) -> Any:
        return here(lines_of(i, j, a, axes, keepdims)[1], share)

    return entries


def _sum_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    return (
        Linear(
            _restored_text(shapes[0], attributes),
            lambda g, out, a, axis, keepdims: restored(g, a.shape, axis, keepdims),
            shown=Words("1 for each entry", "원소마다 1"),
            entries=_evenly(1.0, shapes[0], attributes),
        ),
    )


sum_ = define(
    "sum",
    sign="∑",
    operands="a",
    formula="sum(a)",
    notation=Notation("big operator", "∑"),
    forward=lambda a, axis, keepdims: np.sum(a, axis=axis, keepdims=keepdims),
    shape=reduced_shape,
    rules=_sum_rules,
    attributes=(AXIS, KEEPDIMS),
    lesson=Words(
        en="A sum passes its gradient on to every entry that was summed.",
        ko="합 노드는 더해진 모든 원소에 같은 그래디언트를 흘려보냅니다.",
    ),
    conventions=Words("The sum of no entries is 0.", "원소가 없으면 합은 0입니다."),
    meets=of_nothing,
    kinks=(Kink(([],), 0, ([],), Words("the sum of no entries is 0", "원소가 없으면 합은 0")),),
    samples=(*SAMPLES, SIZE_ONE, EMPTY),
)


def _mean_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    shape = shapes[0]
    count = count_of(shape, attributes)
    if count == 1:
        return _sum_rules(shapes, attributes)
    return (
        Linear(
            f"{_restored_text(shape, attributes)} / {count}",
            lambda g, out, a, axis, keepdims: restored(g, a.shape, axis, keepdims) / count,
            shown=Words("1/{count} for each entry", "원소마다 1/{count}", count=count),
            entries=_evenly(1.0 / count if count else np.nan, shape, attributes),
        ),
    )


def _mean_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    return (
        ("total", f"sum(a{axis_text(attributes['axis'], attributes['keepdims'])})"),
        ("out", f"total / {count_of(shapes[0], attributes)}"),
    )


mean = define(
    "mean",
    operands="a",
    formula="mean(a)",
    notation=Notation("indexed name", "mean"),
    forward=average,
    shape=reduced_shape,
    rules=_mean_rules,
    attributes=(AXIS, KEEPDIMS),
    inside=_mean_inside,
    lesson=Words(
        en="A mean divides its gradient equally among the entries.",
        ko="평균 노드는 그래디언트를 원소 수로 나누어 고르게 흘려보냅니다.",
    ),
    conventions=Words("The mean of no entries is NaN.", "원소가 없으면 평균은 NaN입니다."),
    kinks=(Kink(([],), nan, ([],), Words("the mean of no entries is 0 / 0", "원소가 없으면 평균은 0 / 0")),),
    samples=(*SAMPLES, SIZE_ONE),
)
