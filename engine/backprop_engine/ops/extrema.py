"""Largest and smallest entries, and the smooth maximum."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.notations import Notation
from backprop_engine.ops.reductions import (
    AXIS,
    KEEPDIMS,
    SAMPLES,
    SIZE_ONE,
    AxisArg,
    Weight,
    axis_text,
    reduced_axes,
    reduced_shape,
    weighted,
    wide_text,
)
from backprop_engine.ops.rules import Linear
from backprop_engine.ops.samples import Kink, beyond

define = Family("reductions").define


def _extreme_shape(problem: Message) -> Callable[..., Shape]:
    def shape(a: Shape, axis: AxisArg, keepdims: bool) -> Shape:
        if 0 in (a[reduced] for reduced in reduced_axes(a, axis)):
            raise ShapeError(msg("{0} is {shape}: {problem}", shape=shape_text(a), problem=problem))
        return reduced_shape(a, axis, keepdims)

    return shape


largest_shape = _extreme_shape(msg("a tensor without entries has no largest entry"))

_EXTREMES = {"largest": Words("largest", "최댓값"), "smallest": Words("smallest", "최솟값")}


def _extreme_rules(word: str, extreme: Callable[..., Any]) -> Callable[..., tuple[Linear]]:
    def ties(line: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
        return np.sum(line == extreme(line, axis=axes, keepdims=True), axis=axes, keepdims=keepdims)

    weight = Weight(lambda entry, out, ties: (entry == out) / ties, ties)
    shown = Words("1 at the {extreme}", "{extreme}에 1", extreme=_EXTREMES[word])

    def rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
        text = f"at_{word}(a{axis_text(attributes['axis'])})"
        return (weighted(shapes[0], attributes, text, weight, shown),)

    return rules


def _conventions(extreme: Words) -> Words:
    """What to know of ties, and of a NaN, which is the `extreme`."""
    return Words(
        "Tied entries share the gradient equally, where PyTorch's reduction over an axis picks one "
        "of them. A NaN counts as the {extreme}, and makes the gradients of all the entries it was "
        "compared with NaN.",
        "{extreme}{이/가} 여럿이면 그래디언트를 똑같이 나눕니다. PyTorch는 축을 따라 구할 때 그중 하나를 "
        "고릅니다. NaN이 있으면 {extreme}{은/는} NaN이고, 함께 비교한 모든 원소의 그래디언트도 NaN입니다.",
        extreme=extreme,
    )


AT_LARGEST = """\
def at_largest(a, axis=None):
    best = 1.0 * (a == np.max(a, axis=axis, keepdims=True))
    return best / np.sum(best, axis=axis, keepdims=True)
"""

max_ = define(
    "max",
    operands="a",
    formula="max(a)",
    notation=Notation("indexed name", "max"),
    helpers={"at_largest": AT_LARGEST},
    forward=lambda a, axis, keepdims: np.max(a, axis=axis, keepdims=keepdims),
    shape=largest_shape,
    rules=_extreme_rules("largest", np.max),
    attributes=(AXIS, KEEPDIMS),
    analytic=False,
    lesson=Words(
        en="Max is a router: the largest entry gets the whole gradient, and all others get 0.",
        ko="최댓값 노드는 라우터입니다. 가장 큰 원소가 그래디언트를 모두 받고 나머지는 0을 받습니다.",
    ),
    conventions=_conventions(Words("maximum", "최댓값")),
    kinks=(
        Kink(
            ([2.0, 5.0, 5.0],),
            5,
            ([0, 0.5, 0.5],),
            Words("the largest entries share equally", "최댓값끼리 똑같이 나눔"),
        ),
    ),
    samples=(*SAMPLES, SIZE_ONE),
)

AT_SMALLEST = """\
def at_smallest(a, axis=None):
    return at_largest(-a, axis)
"""

min_ = define(
    "min",
    operands="a",
    formula="min(a)",
    notation=Notation("indexed name", "min"),
    helpers={"at_smallest": AT_SMALLEST, "at_largest": AT_LARGEST},
    forward=lambda a, axis, keepdims: np.min(a, axis=axis, keepdims=keepdims),
    shape=_extreme_shape(msg("a tensor without entries has no smallest entry")),
    rules=_extreme_rules("smallest", np.min),
    attributes=(AXIS, KEEPDIMS),
    analytic=False,
    lesson=Words(
        en="Min is a router: the smallest entry gets the whole gradient, and all others get 0.",
        ko="최솟값 노드는 라우터입니다. 가장 작은 원소가 그래디언트를 모두 받고 나머지는 0을 받습니다.",
    ),
    conventions=_conventions(Words("minimum", "최솟값")),
    kinks=(
        Kink(
            ([2.0, 2.0, 5.0],),
            2,
            ([0.5, 0.5, 0],),
            Words("the smallest entries share equally", "최솟값끼리 똑같이 나눔"),
        ),
    ),
    samples=(*SAMPLES, SIZE_ONE),
)


def _exponentials(a: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Exp a and the shift that makes its largest 1: the real part, so that it stays analytic; an infinite one
    would leave nothing to compare with.
    """
    top = np.max(a.real, axis=axes, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0)
    return np.exp(a - top), top


def logsumexp_of(a: Any, axis: AxisArg = None, keepdims: bool = False) -> Any:
    """Log ∑ exp a, without overflow."""
    axes = reduced_axes(a.shape, axis)
    e, top = _exponentials(a, axes)
    total = np.log(np.sum(e, axis=axes, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axes)


def _shift_and_sum(line: Any, axes: tuple[int, ...], keepdims: bool) -> tuple[Any, Any]:
    e, top = _exponentials(line, axes)
    return top if keepdims else np.squeeze(top, axes), np.sum(e, axis=axes, keepdims=keepdims)


_SOFTMAX = Weight(lambda entry, out, about: np.exp(entry - about[0]) / about[1], _shift_and_sum)


def _logsumexp_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    text = f"exp(a - {wide_text('out', shapes[0], attributes)})"
    return (weighted(shapes[0], attributes, text, _SOFTMAX, Words("softmax", "소프트맥스")),)


def _logsumexp_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    axis, keepdims = attributes["axis"], attributes["keepdims"]
    axes = list(reduced_axes(shapes[0], axis))
    if 0 in (shapes[0][axis] for axis in axes):  # nothing has no largest entry
        return (("e", "exp(a)"), ("total", f"sum(e{axis_text(axis, keepdims)})"), ("out", "log(total)"))
    back = "top" if keepdims else f"squeeze(top, axis={axes})"
    return (
        ("top", f"detach(max(a{axis_text(axis, True)}))"),
        ("e", "exp(a - top)"),
        ("total", f"sum(e{axis_text(axis, keepdims)})"),
        ("out", f"log(total) + {back}"),
    )


LOGSUMEXP = """\
def logsumexp(a, axis=None, keepdims=False):
    m = np.max(a, axis=axis, keepdims=True)
    out = m + np.log(np.sum(np.exp(a - m), axis=axis, keepdims=True))
    return out if keepdims else np.squeeze(out, axis=axis)
"""

logsumexp = define(
    "logsumexp",
    sign="lse",
    operands="a",
    formula="log(sum(exp(a), axis=axis, keepdims=keepdims))",
    helpers={"logsumexp": LOGSUMEXP},
    forward=logsumexp_of,
    shape=reduced_shape,
    rules=_logsumexp_rules,
    attributes=(AXIS, KEEPDIMS),
    inside=_logsumexp_inside,
    lesson=Words(
        en="Log-sum-exp is a smooth maximum: softmax decides how its gradient is shared out.",
        ko="logsumexp는 부드러운 최댓값이며, 그래디언트를 소프트맥스의 비율대로 나누어 줍니다.",
    ),
    conventions=Words(
        "The largest operand is subtracted first, so that no exponential overflows. With no entries, "
        "or only −inf, the result is −inf and the gradient NaN, as in PyTorch.",
        "가장 큰 입력을 먼저 빼므로 지수함수가 오버플로하지 않습니다. 원소가 없거나 모두 "
        "−inf이면 −inf이고, 그래디언트는 PyTorch처럼 NaN입니다.",
    ),
    meets=beyond(20.0),
    kinks=(
        Kink(([1e4, 1e4],), 1e4 + math.log(2), ([0.5, 0.5],), Words("without overflow", "오버플로 없음")),
        Kink(
            ([-inf, -inf],),
            -inf,
            ([nan, nan],),
            Words("the shares are 0 / 0: NaN, as in PyTorch", "나눌 비율이 없어 NaN, PyTorch와 같음"),
        ),
    ),
    samples=(*SAMPLES, SIZE_ONE),
)
