"""Reductions over axes."""

from __future__ import annotations

from math import prod
from typing import Any, TypeAlias

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.ops.definition import Attribute, Attributes, Factor, Linear, Sample, define
from backprop_engine.text import Words

FAMILY = "reductions"
Axes: TypeAlias = int | tuple[int, ...] | None
AXIS = Attribute(
    "axis", int | tuple[int, ...] | None, None, "the axis or axes that are reduced; all where it is left out"
)
KEEPDIMS = Attribute("keepdims", bool, False, "whether a reduced axis stays, with the size 1")
SAMPLES = (
    Sample(((),)),
    Sample(((3,),)),
    Sample(((2, 3),)),
    Sample(((2, 3),), {"axis": 0}),
    Sample(((2, 3),), {"axis": -1, "keepdims": True}),
    Sample(((2, 3, 4),), {"axis": (0, 2)}),
    Sample(((1, 3),), {"axis": 0}),
)


def reduced_axes(shape: Shape, axis: Axes) -> tuple[int, ...]:
    """The axes that `axis` names, counted from 0."""
    if axis is None:
        return tuple(range(len(shape)))
    axes = (axis,) if isinstance(axis, int) else axis
    for one in axes:
        if not -len(shape) <= one < len(shape):
            raise ShapeError(f"{{0}} is {shape_text(shape)} and has no axis {one}")
    positive = tuple(one % len(shape) for one in axes)
    if len(set(positive)) < len(positive):
        raise ShapeError(f"axis {list(axes)} names an axis twice")
    return positive


def reduced_shape(shape: Shape, axis: Axes = None, keepdims: bool = False) -> Shape:
    """The shape rule of reductions."""
    axes = reduced_axes(shape, axis)
    kept = (
        1 if keepdims and i in axes else size for i, size in enumerate(shape) if keepdims or i not in axes
    )
    return tuple(kept)


def average(a: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """The mean; of nothing it is NaN, without NumPy's warning."""
    if a.size == 0:
        return np.sum(a, axis=axis, keepdims=keepdims) * np.nan
    return np.mean(a, axis=axis, keepdims=keepdims)


def restored(g: Any, shape: Shape, axis: Axes, keepdims: bool) -> Any:
    """A gradient in a reduction's output shape, repeated over the axes that were reduced."""
    if not keepdims:
        g = np.expand_dims(g, reduced_axes(shape, axis))
    return np.broadcast_to(g, shape)


def _restored_text(shape: Shape, attributes: Attributes) -> str:
    axes = reduced_axes(shape, attributes["axis"])
    if not shape:
        return "g"
    if attributes["keepdims"] or len(axes) == len(shape):
        return "broadcast_to(g, a.shape)"
    where = axes[0] if len(axes) == 1 else list(axes)
    return f"broadcast_to(expand_dims(g, axis={where}), a.shape)"


def _sum_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    return (
        Linear(
            _restored_text(shapes[0], attributes),
            lambda g, out, a, axis, keepdims: restored(g, a.shape, axis, keepdims),
            shown=Words("1 for each cell", "원소마다 1"),
        ),
    )


sum_ = define(
    "sum",
    family=FAMILY,
    lesson=Words(
        en="A sum hands its gradient to every cell that was summed.",
        ko="합 노드는 더해진 모든 원소에 같은 그래디언트를 흘려보냅니다.",
    ),
    sign="∑",
    operands="a",
    formula="sum(a)",
    forward=lambda a, axis, keepdims: np.sum(a, axis=axis, keepdims=keepdims),
    shape=reduced_shape,
    rules=_sum_rules,
    attributes=(AXIS, KEEPDIMS),
    conventions="The sum of nothing is 0.",
    samples=(*SAMPLES, Sample(((0, 3),), {"axis": 0})),
)


def _mean_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    shape = shapes[0]
    count = prod(shape[axis] for axis in reduced_axes(shape, attributes["axis"]))
    if count == 1:
        return _sum_rules(shapes, attributes)
    return (
        Linear(
            f"{_restored_text(shape, attributes)} / {count}",
            lambda g, out, a, axis, keepdims: restored(g, a.shape, axis, keepdims) / count,
            Factor(f"1 / {count}", lambda out, a, axis, keepdims: np.float64(1.0) / count),
        ),
    )


mean = define(
    "mean",
    family=FAMILY,
    lesson=Words(
        en="A mean hands every cell an equal share of its gradient.",
        ko="평균 노드는 그래디언트를 원소 수로 나누어 고르게 흘려보냅니다.",
    ),
    sign="mean",
    operands="a",
    formula="mean(a)",
    forward=average,
    shape=reduced_shape,
    rules=_mean_rules,
    attributes=(AXIS, KEEPDIMS),
    conventions="The mean of nothing is NaN.",
    samples=SAMPLES,
)
