"""The length of a vector, in the sense of any order."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from backprop_engine.arrays import Shape, is_stored
from backprop_engine.arrays import norm as recorded_norm
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.extrema import AT_LARGEST, largest_shape
from backprop_engine.ops.notations import Notation
from backprop_engine.ops.reductions import (
    AXIS,
    EMPTY,
    KEEPDIMS,
    SAMPLES,
    SIZE_ONE,
    AxisArg,
    Weight,
    axis_text,
    or_infinity,
    reduced_shape,
    weighted,
    wide_text,
    with_room,
)
from backprop_engine.ops.rules import Linear
from backprop_engine.ops.samples import Kink, Sample

define = Family("reductions").define

_SAFE = 1e150, 1e-140
"""Between these, squares neither overflow nor lose digits."""


def _norm_shape(a: Shape, axis: AxisArg, keepdims: bool, ord: float | str) -> Shape:
    return (largest_shape if ord == "inf" else reduced_shape)(a, axis, keepdims)


def _norm(a: Any, axis: AxisArg, keepdims: bool, ord: float | str) -> Any:
    """Scaled by the largest entry of its line where powers might overflow, or vanish."""
    if not is_stored(a) and ord == 2 and axis is None and not keepdims:
        return np.float64(recorded_norm(a))
    a = with_room(a)
    sizes = np.abs(a)
    if ord == 1:
        return np.sum(sizes, axis=axis, keepdims=keepdims)
    largest = np.max(sizes, axis=axis, keepdims=True, initial=0.0)
    if ord == "inf":
        return largest if keepdims else np.squeeze(largest, axis=axis)
    if a.dtype == np.float32:
        sizes, largest = sizes.astype(np.float64), largest.astype(np.float64)
    if ord == 2 and np.all((largest <= _SAFE[0]) & (largest >= _SAFE[1]) | (largest == 0)):
        return np.sqrt(np.sum(np.square(sizes), axis=axis, keepdims=keepdims))
    scale = np.where((largest == 0) | ~np.isfinite(largest), 1.0, largest)
    total = np.sum((sizes / scale) ** ord, axis=axis, keepdims=True) ** (1.0 / float(ord)) * scale
    return total if keepdims else np.squeeze(total, axis=axis)


def _times_largest(line: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """How many entries of a line tie for the largest."""
    sizes = np.abs(line)
    return np.sum(sizes == np.max(sizes, axis=axes, keepdims=True, initial=0.0), axis=axes, keepdims=keepdims)


def _at_largest(entry: Any, out: Any, times: Any) -> Any:
    share = np.where(np.abs(entry) == out, np.sign(entry), 0.0) / or_infinity(times)
    return np.where(np.isnan(out), np.nan, share)


def _norm_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    order, out = attributes["ord"], wide_text("out", shapes[0], attributes)
    if order == 1:
        text, weight = "sign(a)", Weight(lambda entry, out, about: np.sign(entry))
        shown = Words("the sign of each entry", "각 원소의 부호")
    elif order == "inf":
        text = f"(sign(a) * at_largest(abs(a){axis_text(attributes['axis'])}))"
        weight = Weight(_at_largest, _times_largest)
        shown = Words("the sign of the entry with the largest absolute value", "절댓값이 가장 큰 원소의 부호")
    elif order == 2:
        text, weight = f"(a / {out})", Weight(lambda entry, out, about: entry / or_infinity(out))
        shown = Words("each entry divided by the norm", "각 원소를 노름으로 나눔")
    else:
        text = f"(sign(a) * (abs(a) / {out}) ** {order - 1:.17g})"
        weight = Weight(
            lambda entry, out, about: np.sign(entry) * (np.abs(entry) / or_infinity(out)) ** (order - 1.0)
        )
        shown = Words("a power of each entry divided by the norm", "각 원소를 노름으로 나눈 값의 거듭제곱")
    return (weighted(shapes[0], attributes, text, weight, shown),)


def _exact(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
    order, along = attributes["ord"], axis_text(attributes["axis"], attributes["keepdims"])
    if order == 1:
        return f"sum(abs(a){along})"
    if order == "inf":
        return f"max(abs(a){along})"
    if order == 2:
        return f"sqrt(sum(a ** 2{along}))"
    return f"sum(abs(a) ** {order:g}{along}) ** (1 / {order:g})"


def _norm_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    order, along = attributes["ord"], axis_text(attributes["axis"], attributes["keepdims"])
    if order == 2:
        return (("squares", "square(a)"), ("total", f"sum(squares{along})"), ("out", "sqrt(total)"))
    if order == 1:
        return (("sizes", "abs(a)"), ("out", f"sum(sizes{along})"))
    if order == "inf":
        return (("sizes", "abs(a)"), ("out", f"max(sizes{along})"))
    return (
        ("sizes", "abs(a)"),
        ("powers", f"sizes ** {order:g}"),
        ("total", f"sum(powers{along})"),
        ("out", f"total ** {1 / order}"),
    )


norm = define(
    "norm",
    sign="‖·‖",
    operands="a",
    formula="sqrt(sum(a ** 2))",
    exact=_exact,
    notation=Notation("bars", "‖"),
    helpers={"at_largest": AT_LARGEST},
    forward=_norm,
    shape=_norm_shape,
    rules=_norm_rules,
    attributes=(
        AXIS,
        KEEPDIMS,
        OpAttribute(
            "ord",
            float | Literal["inf"],
            2.0,
            Words(
                'the order: 2 is the Euclidean norm, 1 the sum of absolute values, "inf" the largest '
                "absolute value",
                '차수: 2는 유클리드 노름, 1은 절댓값의 합, "inf"는 가장 큰 절댓값',
            ),
            least=1,
        ),
    ),
    analytic=False,
    inside=_norm_inside,
    lesson=Words(
        en="The Euclidean norm grows fastest in the operand's own direction: its local gradient "
        "is the unit vector in that direction.",
        ko="유클리드 노름은 벡터 자신의 방향으로 가장 빨리 커지므로, 로컬 그래디언트는 그 방향의 "
        "길이 1인 벡터입니다.",
    ),
    conventions=Words(
        "A matrix has the norm of its entries, not an operator norm. The derivative at 0 is 0; the "
        "decomposition through a root gives NaN. Orders below 1 are not norms and are refused. For "
        "order inf, tied entries share the gradient equally, as in PyTorch.",
        "행렬이어도 작용소 노름이 아니라 원소들의 노름입니다. 0에서의 미분은 0이며, 거듭제곱근을 "
        "거치는 분해로는 NaN이 됩니다. 1보다 작은 차수는 노름이 아니므로 받지 않습니다. 차수가 "
        "inf일 때 절댓값이 가장 큰 원소가 여럿이면 PyTorch처럼 그래디언트를 똑같이 나눕니다.",
    ),
    kinks=(
        Kink(
            ([0.0, 0.0],),
            0,
            ([0, 0],),
            Words(
                "0 at the origin; through sqrt(sum(a²)) it would be NaN",
                "원점에서 0, sqrt(sum(a²))를 거치면 NaN",
            ),
        ),
        Kink(
            ([0.0, -2.0],),
            2,
            ([0, -1],),
            Words("0 at the corner, like abs", "abs처럼 꺾인 점에서 0"),
            {"ord": 1.0},
        ),
        Kink(
            ([2.0, -2.0],),
            2,
            ([0.5, -0.5],),
            Words("the largest share equally", "가장 큰 것끼리 똑같이 나눔"),
            {"ord": "inf"},
        ),
    ),
    samples=(
        *SAMPLES,
        SIZE_ONE,
        EMPTY,
        Sample(((3,),), {"ord": 1.0}),
        Sample(((2, 3),), {"ord": 1.0, "axis": 0, "keepdims": True}),
        Sample(((3,),), {"ord": "inf"}),
        Sample(((2, 3, 4),), {"ord": "inf", "axis": (0, 2)}),
        Sample(((0, 3),), {"ord": "inf", "axis": 1}),
        Sample(((2, 3),), {"ord": 3.0}),
        Sample(((2, 3),), {"ord": 1.5, "axis": -1}),
        Sample(((0, 3),), {"ord": 4.0, "axis": 0}),
    ),
)
