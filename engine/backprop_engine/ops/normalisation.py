"""Normalising along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.ops.definition import Attribute, Attributes, Jacobian, Sample, define
from backprop_engine.text import Words

FAMILY = "normalisation"
AXIS = Attribute("axis", int, -1, "the axis along which the numbers sum to 1")


def axis_shape(shape: Shape, axis: int) -> Shape:
    """The shape rule of operators that keep the shape and work along one axis."""
    if not -len(shape) <= axis < len(shape):
        raise ShapeError(f"{{0}} is {shape_text(shape)} and has no axis {axis}")
    if shape[axis] == 0:
        raise ShapeError(f"{{0}} is {shape_text(shape)}: axis {axis} is empty")
    return shape


def shifted(a: Any, axis: int) -> Any:
    """`a` less its largest along `axis`, so that no exponential overflows; analytic, as the shift is real."""
    return a - np.max(a.real, axis=axis, keepdims=True)


def softmax_of(a: Any, axis: int = -1) -> Any:
    """Softmax along `axis`."""
    e = np.exp(shifted(a, axis))
    return e / np.sum(e, axis=axis, keepdims=True)


def _softmax_vjp(g: Any, out: Any, a: Any, axis: int) -> Any:
    return out * (g - np.sum(g * out, axis=axis, keepdims=True))


def _softmax_matrix(out: Any, a: Any, axis: int) -> Any:
    p = np.moveaxis(out, axis, -1)
    return p[..., :, np.newaxis] * (np.eye(p.shape[-1], dtype=p.dtype) - p[..., np.newaxis, :])


def _softmax_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Jacobian]:
    axis = attributes["axis"]
    text = f"out * (g - sum(g * out, axis={axis}, keepdims=true))"
    size, batch = shapes[0][axis], (*shapes[0][:axis], *shapes[0][axis:][1:])
    shape = (*batch, size, size)
    return (Jacobian(text, _softmax_vjp, _softmax_matrix, "diag(out) - out @ out.T", shape),)


softmax = define(
    "softmax",
    family=FAMILY,
    lesson=Words(
        en="Every output of softmax depends on every operand: the Jacobian is diag(p) − p pᵀ.",
        ko="소프트맥스의 모든 출력은 모든 입력에 의존합니다. 야코비안은 diag(p) − p pᵀ입니다.",
    ),
    sign="softmax",
    operands="a",
    formula="exp(a) / sum(exp(a))",
    forward=softmax_of,
    shape=axis_shape,
    rules=_softmax_rules,
    attributes=(AXIS,),
    conventions="The largest operand is subtracted first, so that no exponential overflows.",
    samples=(
        Sample(((3,),)),
        Sample(((1,),)),
        Sample(((2, 3),)),
        Sample(((2, 3),), {"axis": 0}),
        Sample(((2, 3, 4),), {"axis": -2}),
        Sample(((0, 3),)),
    ),
)
