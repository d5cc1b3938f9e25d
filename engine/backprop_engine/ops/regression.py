"""Losses of regression: how far numbers are from their targets, entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.reduced_losses import (
    REDUCTION,
    by_entry,
    entry_shape,
    inside_of,
    reduced,
    reduced_formula,
    reduced_inside,
    sampled,
)
from backprop_engine.ops.rules import Elementwise, Rules
from backprop_engine.ops.samples import Kink

define = Family("losses").define

_TURNED = Words(
    en="The target gets the same gradient as the prediction, with the opposite sign.",
    ko="목표값은 예측값이 받는 그래디언트를 부호만 바꾸어 받습니다.",
)

mse = define(
    "mse",
    operands="a target",
    formula="mean((a - target) ** 2)",
    exact=reduced_formula("(a - target) ** 2"),
    forward=lambda a, target, reduction: reduced((a - target) ** 2, reduction),
    shape=entry_shape,
    rules=by_entry(
        Elementwise("2 * (a - target)", lambda out, a, target, **_: 2.0 * (a - target)),
        Elementwise("-2 * (a - target)", lambda out, a, target, **_: -2.0 * (a - target)),
    ),
    attributes=(REDUCTION,),
    inside=inside_of(("d", "a - target"), ("l", "d ** 2")),
    lesson=Words(
        en="Squared error: twice the difference; a mean divides the 2 by the number of entries.",
        ko="제곱 오차의 그래디언트는 차이의 두 배이며, 평균일 때는 2를 원소 수로 나눕니다.",
    ),
    lessons=(None, _TURNED),
    conventions=Words(
        "Both operands must have the same shape, and gradient flows to both.",
        "두 피연산자의 형상이 같아야 하고, 그래디언트는 양쪽으로 흐릅니다.",
    ),
    samples=sampled(),
)

mae = define(
    "mae",
    operands="a target",
    formula="mean(abs(a - target))",
    exact=reduced_formula("abs(a - target)"),
    forward=lambda a, target, reduction: reduced(np.abs(a - target), reduction),
    shape=entry_shape,
    rules=by_entry(
        Elementwise("sign(a - target)", lambda out, a, target, **_: np.sign(a - target)),
        Elementwise("-sign(a - target)", lambda out, a, target, **_: -np.sign(a - target)),
    ),
    attributes=(REDUCTION,),
    analytic=False,
    inside=inside_of(("d", "a - target"), ("l", "abs(d)")),
    lesson=Words(
        en="Absolute error: the gradient is the sign of the error, and says nothing about its size.",
        ko="절대 오차의 그래디언트는 오차가 어느 쪽인지만 알려 주고 크기는 알려 주지 않습니다.",
    ),
    lessons=(None, _TURNED),
    conventions=Words(
        "Where the two operands are equal the derivative is 0.", "두 값이 같은 곳에서 미분은 0입니다."
    ),
    kinks=(Kink((1.0, 1.0), 0, (0, 0), Words("0 at the corner, like abs", "abs처럼 꺾인 점에서 0")),),
    samples=sampled(),
)


def _huber(a: Any, target: Any, reduction: str, delta: float) -> Any:
    d = np.abs(a - target)
    return reduced(np.where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta)), reduction)


def _huber_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    delta = attributes["delta"]
    text = f"clip(a - target, min={-delta}, max={delta})"
    return by_entry(
        Elementwise(text, lambda out, a, target, **_: np.clip(a - target, -delta, delta)),
        Elementwise(f"-{text}", lambda out, a, target, **_: -np.clip(a - target, -delta, delta)),
    )(shapes, attributes)


def _huber_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    delta = attributes["delta"]
    steps = (
        ("d", "a - target"),
        ("e", "abs(d)"),
        ("near", "0.5 * d ** 2"),
        ("far", f"{delta} * (e - {0.5 * delta})"),
        ("l", f"where(e <= {delta}, near, far)"),
    )
    return reduced_inside(steps, shapes[0], attributes["reduction"])


huber = define(
    "huber",
    operands="a target",
    formula="mean(where(abs(d) <= delta, d ** 2 / 2, delta * (abs(d) - delta / 2))), d = a - target",
    exact=reduced_formula(
        "where(abs(a - target) <= {delta}, (a - target) ** 2 / 2, {delta} * (abs(a - target) - {delta} / 2))"
    ),
    forward=_huber,
    shape=entry_shape,
    rules=_huber_rules,
    attributes=(
        REDUCTION,
        OpAttribute(
            "delta",
            float,
            1.0,
            Words("the error beyond which the loss grows linearly", "손실이 직선으로 커지기 시작하는 오차"),
            above=0,
        ),
    ),
    analytic=False,
    inside=_huber_inside,
    lesson=Words(
        en="The Huber loss is quadratic for small errors and linear for large ones: its gradient is "
        "the clipped error.",
        ko="Huber 손실은 작은 오차에서는 이차식, 큰 오차에서는 일차식입니다. 그래디언트는 오차를 "
        "±delta에서 자른 것입니다.",
    ),
    lessons=(None, _TURNED),
    conventions=Words(
        "At an error of ±delta both sides have the same slope. NaN stays NaN.",
        "오차가 ±delta인 곳에서 양쪽의 기울기가 같습니다. NaN은 NaN으로 남습니다.",
    ),
    meets=lambda a, target, delta, reduction: bool(np.any(np.abs(np.abs(a - target) - delta) == 0)),
    kinks=(
        Kink(
            (1.0, 0.0),
            0.5,
            (1, -1),
            Words("the two pieces agree where they meet", "두 조각이 만나는 곳에서 일치함"),
        ),
    ),
    samples=(*sampled(), *sampled(delta=0.5)[1:5]),
)


def _smooth_l1(a: Any, target: Any, reduction: str, beta: float) -> Any:
    d = np.abs(a - target)
    return reduced(np.where(d < beta, 0.5 * d * (d / beta), d - 0.5 * beta), reduction)


def _smooth_l1_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    beta = attributes["beta"]
    text = f"clip((a - target) / {beta}, min=-1, max=1)"
    return by_entry(
        Elementwise(text, lambda out, a, target, **_: np.clip((a - target) / beta, -1.0, 1.0)),
        Elementwise(f"-{text}", lambda out, a, target, **_: -np.clip((a - target) / beta, -1.0, 1.0)),
    )(shapes, attributes)


def _smooth_l1_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    beta = attributes["beta"]
    steps = (
        ("d", "a - target"),
        ("e", "abs(d)"),
        ("near", f"{0.5 / beta} * d ** 2"),
        ("far", f"e - {0.5 * beta}"),
        ("l", f"where(e < {beta}, near, far)"),
    )
    return reduced_inside(steps, shapes[0], attributes["reduction"])


smooth_l1 = define(
    "smooth_l1",
    operands="a target",
    formula="mean(where(abs(d) < beta, d ** 2 / (2 * beta), abs(d) - beta / 2)), d = a - target",
    exact=reduced_formula(
        "where(abs(a - target) < {beta}, (a - target) ** 2 / (2 * {beta}), abs(a - target) - {beta} / 2)"
    ),
    forward=_smooth_l1,
    shape=entry_shape,
    rules=_smooth_l1_rules,
    attributes=(
        REDUCTION,
        OpAttribute(
            "beta",
            float,
            1.0,
            Words(
                "the error beyond which the loss grows with slope 1",
                "손실이 기울기 1로 커지기 시작하는 오차",
            ),
            above=0,
        ),
    ),
    analytic=False,
    inside=_smooth_l1_inside,
    lesson=Words(
        en="This is the absolute error with its corner rounded off: the gradient is the error over beta, "
        "held between −1 and 1.",
        ko="꺾인 점을 둥글린 절대 오차입니다. 그래디언트는 오차를 beta로 나누어 −1과 1 사이로 자른 것입니다.",
    ),
    lessons=(None, _TURNED),
    conventions=Words(
        "The Huber loss with delta = beta, divided by beta: the two are equal where beta is 1. "
        "At an error of ±beta both sides have the same slope. NaN stays NaN.",
        "delta = beta인 Huber 손실을 beta로 나눈 것이므로 beta가 1이면 둘은 같습니다. 오차가 "
        "±beta인 곳에서 양쪽의 기울기가 같습니다. NaN은 NaN으로 남습니다.",
    ),
    meets=lambda a, target, beta, reduction: bool(np.any(np.abs(a - target) == beta)),
    kinks=(
        Kink(
            (0.5, 0.0),
            0.25,
            (1, -1),
            Words("the two pieces agree where they meet", "두 조각이 만나는 곳에서 일치함"),
            {"beta": 0.5},
        ),
    ),
    samples=(*sampled(), *sampled(beta=0.5)[1:5]),
)
