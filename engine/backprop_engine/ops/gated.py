"""Gated linear units: one half of the numbers decides how much of the other half passes."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.rules import Elementwise, Indices, Linear, here, same
from backprop_engine.ops.samples import PAIRS, Sample
from backprop_engine.ops.shape_rules import no_axis, would_fit
from backprop_engine.ops.smooth_activations import sigmoid_of

define = Family("activations").define


def _glu_shape(a: Shape, axis: int) -> Shape:
    if not -len(a) <= axis < len(a):
        raise no_axis(a, axis)
    if a[axis] % 2:
        even = [str(each) for each, size in enumerate(a) if size % 2 == 0]
        raise ShapeError(
            msg(
                "{0} is {shape}: axis {axis} ({size}) cannot be split into two halves",
                shape=shape_text(a),
                axis=axis,
                size=a[axis],
            ),
            would_fit(f"axis={even[0]}") if even else "",
        )
    axis %= len(a)
    return (*a[:axis], a[axis] // 2, *a[axis + 1 :])


def _halves(a: Any, axis: int) -> tuple[Any, Any]:
    """What passes, and what gates it."""
    passing, gate = np.split(a, 2, axis=axis)
    return passing, gate


def _glu(a: Any, axis: int) -> Any:
    passing, gate = _halves(a, axis)
    return passing * sigmoid_of(gate)


def _glu_vjp(g: Any, out: Any, a: Any, axis: int) -> Any:
    _, gate = _halves(a, axis)
    s = sigmoid_of(gate)
    return np.concatenate([g * s, g * out * (1.0 - s)], axis=axis)


def _glu_entries(i: Indices, j: Indices, out: Any, a: Any, axis: int) -> Any:
    axis %= a.ndim
    half = a.shape[axis] // 2
    is_gate = j[axis] >= half
    own = (*j[:axis], j[axis] - half * is_gate, *j[axis + 1 :])
    s = sigmoid_of(_halves(a, axis)[1])[i]
    return here(same(i, own), np.where(is_gate, out[i] * (1.0 - s), s))


def _half(number: int, axis: int) -> str:
    return f"split(a, parts=2, index={number}, axis={axis})"


def _glu_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    axis = attributes["axis"]
    s = f"sigmoid({_half(1, axis)})"
    return (
        Linear(
            f"concat(g * {s}, g * out * (1 - {s}), axis={axis})",
            _glu_vjp,
            shown=Words(
                "the gate, and the gate's slope times the values that passed",
                "게이트, 그리고 게이트의 기울기 × 통과한 값",
            ),
            entries=_glu_entries,
        ),
    )


def _glu_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    axis = attributes["axis"]
    return (("p", _half(0, axis)), ("q", _half(1, axis)), ("s", "sigmoid(q)"), ("out", "p * s"))


glu = define(
    "glu",
    operands="a",
    formula="split(a, parts=2, index=0, axis=axis) * sigmoid(split(a, parts=2, index=1, axis=axis))",
    forward=_glu,
    shape=_glu_shape,
    rules=_glu_rules,
    attributes=(
        OpAttribute("axis", int, -1, Words("the axis that is split into two halves", "둘로 나눌 축")),
    ),
    inside=_glu_inside,
    lesson=Words(
        en="The half that passes gets the gradient times the gate; the gating half gets it times the "
        "values that passed and the slope of the gate.",
        ko="통과하는 절반은 그래디언트에 게이트를 곱해 받고, 게이트 쪽 절반은 통과한 값과 "
        "게이트의 기울기를 곱해 받습니다.",
    ),
    conventions=Words(
        "The first half passes and the second half is the gate, as in PyTorch.",
        "PyTorch처럼 앞의 절반이 통과하고 뒤의 절반이 게이트입니다.",
    ),
    samples=(
        Sample(((4,),)),
        Sample(((2, 6),)),
        Sample(((2, 3),), {"axis": 0}),
        Sample(((3, 4, 2),), {"axis": -2}),
        Sample(((0, 2),)),
    ),
)


def _swiglu_slope(out: Any, a: Any, b: Any) -> Any:
    return sigmoid_of(a) * (1.0 + a * sigmoid_of(-a)) * b


swiglu = define(
    "swiglu",
    operands="a b",
    formula="a * sigmoid(a) * b",
    forward=lambda a, b: a * sigmoid_of(a) * b,
    rules=(
        Elementwise("sigmoid(a) * (1 + a * (1 - sigmoid(a))) * b", _swiglu_slope),
        Elementwise("a * sigmoid(a)", lambda out, a, b: a * sigmoid_of(a)),
    ),
    inside=(("p", "silu(a)"), ("out", "p * b")),
    lesson=Words(
        en="SwiGLU multiplies one projection by the SiLU of another: each factor scales the "
        "other's gradient.",
        ko="SwiGLU는 한 투영에 다른 투영의 SiLU를 곱하므로, 두 인수는 서로 상대의 그래디언트에 곱해집니다.",
    ),
    conventions=Words(
        "The first operand is the gate: silu(gate) · up, as in the feed-forward layer of Llama. The "
        "two projections are not part of the operator.",
        "첫째 피연산자가 게이트입니다. Llama의 피드포워드 계층처럼 silu(gate) · up이며, 두 "
        "투영은 바깥에서 계산합니다.",
    ),
    samples=PAIRS,
)
