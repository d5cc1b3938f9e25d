"""Activation functions in pieces: rectifiers, and what else bends at a point, entry by entry."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Family
from backprop_engine.ops.functions import gate
from backprop_engine.ops.rules import Elementwise, Rules
from backprop_engine.ops.samples import SINGLES, Kink, Sample, at_zero, sampled_with

define = Family("activations").define

relu = define(
    "relu",
    operands="a",
    formula="maximum(a, 0)",
    forward=lambda a: np.maximum(a, 0.0),
    rules=(Elementwise("where(a > 0, 1, 0)", lambda out, a: np.sign(out)),),  # which keeps NaN
    analytic=False,
    tails="dead",
    lesson=Words(
        en="ReLU is a gate: the gradient passes where the operand is positive, and is 0 elsewhere.",
        ko="ReLU는 입력이 0보다 큰 곳에서만 그래디언트를 흘려보내고, 나머지는 0으로 막습니다.",
    ),
    conventions=Words(
        "The derivative at 0 is 0. NaN stays NaN, in the gradient too, where PyTorch passes the "
        "upstream gradient on; an infinite gradient into a dead unit gives 0 · inf = NaN, where "
        "PyTorch masks it to 0.",
        "0에서의 미분은 0입니다. 입력이 NaN이면 값도 그래디언트도 NaN이지만, PyTorch는 이때 "
        "흘러들어온 그래디언트를 그대로 흘려보냅니다. 죽은 유닛에 무한대의 그래디언트가 들어오면 0 · inf = "
        "NaN이며, PyTorch는 이를 0으로 만듭니다.",
    ),
    kinks=(
        Kink(
            (0.0,),
            0,
            (0,),
            Words(
                "the corner belongs to the flat side, as in PyTorch", "꺾인 점은 평평한 쪽, PyTorch와 같음"
            ),
        ),
        Kink(
            (-1.0,),
            0,
            (nan,),
            Words(
                "0 · inf is NaN, as in IEEE; PyTorch masks it to 0",
                "IEEE대로 0 · inf는 NaN, PyTorch는 0으로 가림",
            ),
            seed=inf,
        ),
        Kink((nan,), nan, (nan,), Words("NaN stays NaN", "NaN은 NaN으로 남음")),
    ),
)


def _leaky_relu_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    slope = attributes["negative_slope"]

    def of(out: Any, a: Any, negative_slope: float) -> Any:
        return np.where(np.isnan(a), a, np.where(a > 0, 1.0, negative_slope))

    return (Elementwise(f"where(a > 0, 1, {slope})", of),)


leaky_relu = define(
    "leaky_relu",
    sign="leaky",
    operands="a",
    formula="where(a > 0, a, negative_slope * a)",
    forward=lambda a, negative_slope: np.where(a > 0, a, negative_slope * a),
    rules=_leaky_relu_rules,
    attributes=(
        OpAttribute(
            "negative_slope",
            float,
            0.01,
            Words("the slope where the operand is not positive", "입력이 양수가 아닌 곳의 기울기"),
        ),
    ),
    analytic=False,
    lesson=Words(
        en="A leaky gate: where ReLU would stop the gradient, a small fraction of it still passes.",
        ko="새는 게이트입니다. ReLU가 그래디언트를 막는 곳에서도 작은 비율만큼은 흘려보냅니다.",
    ),
    conventions=Words(
        "The derivative at 0 is the negative slope, as in PyTorch. NaN stays NaN, in the gradient "
        "too, where PyTorch passes on the upstream gradient times the negative slope.",
        "0에서의 미분은 PyTorch처럼 음수 쪽 기울기입니다. 입력이 NaN이면 값도 그래디언트도 NaN이지만, "
        "PyTorch는 이때 흘러들어온 그래디언트에 음수 쪽 기울기를 곱해 흘려보냅니다.",
    ),
    kinks=(
        Kink((0.0,), 0, (0.01,), Words("the corner belongs to the negative side", "꺾인 점은 음수 쪽")),
        Kink(
            (nan,),
            nan,
            (nan,),
            Words(
                "NaN stays NaN; PyTorch passes on a finite gradient",
                "NaN은 NaN으로 남음, PyTorch는 유한한 그래디언트",
            ),
        ),
    ),
    samples=(*SINGLES, *sampled_with(SINGLES[1:3], negative_slope=0.2)),
)


def _exponential_unit(a: Any, scale: float, alpha: float) -> Any:
    return np.where(a > 0, scale * a, scale * alpha * np.expm1(np.minimum(a, 0.0)))


def _exponential_slope(a: Any, scale: float, alpha: float) -> Any:
    return np.where(a > 0, scale, scale * alpha * np.exp(np.minimum(a, 0.0)))


def _elu_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    alpha = attributes["alpha"]
    text = "exp(minimum(a, 0))" if alpha == 1 else f"where(a > 0, 1, {alpha} * exp(a))"
    return (Elementwise(text, lambda out, a, alpha: _exponential_slope(a, 1.0, alpha)),)


elu = define(
    "elu",
    operands="a",
    formula="where(a > 0, a, alpha * (exp(a) - 1))",
    numpy="where(a > 0, a, {alpha} * expm1(a))",
    forward=lambda a, alpha: _exponential_unit(a, 1.0, alpha),
    rules=_elu_rules,
    attributes=(
        OpAttribute(
            "alpha",
            float,
            1.0,
            Words("how far below 0 the output can go", "출력이 0 아래로 얼마나 내려갈 수 있는지"),
        ),
    ),
    analytic=False,
    tails="saturating",
    lesson=Words(
        en="ELU bends where ReLU has a corner: below 0 the gradient decays exponentially.",
        ko="ELU는 꺾이지 않고 휘어집니다. 0 아래에서 그래디언트는 지수함수를 따라 점점 줄어듭니다.",
    ),
    conventions=Words(
        "The derivative at 0 is alpha, as in PyTorch. NaN stays NaN, in the gradient too, where "
        "PyTorch passes the upstream gradient on.",
        "0에서의 미분은 PyTorch처럼 alpha입니다. 입력이 NaN이면 값도 그래디언트도 NaN이지만, PyTorch는 "
        "이때 흘러들어온 그래디언트를 그대로 흘려보냅니다.",
    ),
    meets=at_zero,
    kinks=(
        Kink(
            (0.0,),
            0,
            (1,),
            Words("both sides have slope 1 where alpha is 1", "alpha가 1이면 양쪽의 기울기가 1"),
        ),
        Kink(
            (nan,),
            nan,
            (nan,),
            Words("NaN stays NaN; PyTorch passes on 1", "NaN은 NaN으로 남음, PyTorch는 그대로 흘려보냄"),
        ),
    ),
    samples=(*SINGLES, *sampled_with(SINGLES[1:3], alpha=0.5)),
)

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934, 1.6732632423543772848

selu = define(
    "selu",
    operands="a",
    formula=f"{_SELU_SCALE} * where(a > 0, a, {_SELU_ALPHA} * (exp(a) - 1))",
    numpy=f"{_SELU_SCALE} * where(a > 0, a, {_SELU_ALPHA} * expm1(a))",
    forward=lambda a: _exponential_unit(a, _SELU_SCALE, _SELU_ALPHA),
    rules=(
        Elementwise(
            f"{_SELU_SCALE} * where(a > 0, 1, {_SELU_ALPHA} * exp(a))",
            lambda out, a: _exponential_slope(a, _SELU_SCALE, _SELU_ALPHA),
        ),
    ),
    analytic=False,
    tails="saturating",
    lesson=Words(
        en="SELU is ELU with two fixed constants, chosen so that mean 0 and variance 1 persist from "
        "layer to layer if the weights start LeCun-normal.",
        ko="SELU는 가중치를 LeCun 정규분포로 초기화하면 계층을 지나도 평균 0과 분산 1이 유지되도록 "
        "두 상수를 정한 ELU입니다.",
    ),
    conventions=Words(
        "The derivative at 0 is that of the left side, 1.7581, as in PyTorch. NaN stays NaN, in the "
        "gradient too, where PyTorch passes on the upstream gradient times 1.0507.",
        "0에서의 미분은 PyTorch처럼 왼쪽의 값 1.7581입니다. 입력이 NaN이면 값도 그래디언트도 NaN이지만, "
        "PyTorch는 이때 흘러들어온 그래디언트의 1.0507배를 흘려보냅니다.",
    ),
    kinks=(
        Kink(
            (0.0,),
            0,
            (1.7580993408473766,),
            Words("the corner belongs to the left side, as in PyTorch", "꺾인 점은 왼쪽, PyTorch와 같음"),
        ),
        Kink(
            (nan,),
            nan,
            (nan,),
            Words(
                "NaN stays NaN; PyTorch passes on a finite gradient",
                "NaN은 NaN으로 남음, PyTorch는 유한한 그래디언트",
            ),
        ),
    ),
)


hard_tanh = define(
    "hard_tanh",
    sign="h-tanh",
    operands="a",
    formula="clip(a, min=-1, max=1)",
    numpy="clip(a, -1, 1)",
    forward=lambda a: np.minimum(np.maximum(a, -1.0), 1.0),
    rules=(Elementwise("where(abs(a) < 1, 1, 0)", lambda out, a: gate(np.abs(a) < 1, a)),),
    analytic=False,
    tails="saturating",
    lesson=Words(
        en="A tanh made of straight lines: the gradient passes unchanged strictly between −1 and 1, "
        "and not at all elsewhere.",
        ko="직선으로 된 tanh입니다. −1과 1 사이에서만 그래디언트가 그대로 흐르고 나머지는 막힙니다.",
    ),
    conventions=Words(
        "The gradient does not pass at −1 and 1 themselves, as in PyTorch; `clip` lets it pass. NaN "
        "stays NaN, in the gradient too, where PyTorch passes the upstream gradient on.",
        "PyTorch처럼 −1과 1에서는 그래디언트가 통과하지 않으며, `clip`은 통과시킵니다. 입력이 NaN이면 값도 "
        "그래디언트도 NaN이지만, PyTorch는 이때 흘러들어온 그래디언트를 그대로 흘려보냅니다.",
    ),
    kinks=(
        Kink(
            ([-1.0, 1.0],),
            [-1, 1],
            ([0, 0],),
            Words("closed at its corners, as in PyTorch", "꺾인 점에서 닫힘, PyTorch와 같음"),
        ),
        Kink(
            (nan,),
            nan,
            (nan,),
            Words("NaN stays NaN; PyTorch passes on 1", "NaN은 NaN으로 남음, PyTorch는 그대로 흘려보냄"),
        ),
    ),
)

relu6 = define(
    "relu6",
    operands="a",
    formula="clip(a, min=0, max=6)",
    numpy="clip(a, 0, 6)",
    forward=lambda a: np.minimum(np.maximum(a, 0.0), 6.0),
    rules=(Elementwise("(a > 0) * (a < 6)", lambda out, a: gate((a > 0) & (a < 6), a)),),
    analytic=False,
    tails="saturating",
    lesson=Words(
        en="A ReLU that stops at 6: the gradient passes strictly between 0 and 6, and nowhere else.",
        ko="6에서 멈추는 ReLU입니다. 그래디언트는 0과 6 사이에서만 흐르고 나머지에서는 막힙니다.",
    ),
    conventions=Words(
        "The gradient does not pass at 0 and 6 themselves, as in PyTorch. NaN stays NaN, in the "
        "gradient too, where PyTorch passes the upstream gradient on.",
        "PyTorch처럼 0과 6에서는 그래디언트가 통과하지 않습니다. 입력이 NaN이면 값도 "
        "그래디언트도 NaN이지만, PyTorch는 이때 흘러들어온 그래디언트를 그대로 흘려보냅니다.",
    ),
    kinks=(
        Kink(
            ([0.0, 6.0],),
            [0, 6],
            ([0, 0],),
            Words("closed at its corners, as in PyTorch", "꺾인 점에서 닫힘, PyTorch와 같음"),
        ),
        Kink(
            (nan,),
            nan,
            (nan,),
            Words("NaN stays NaN; PyTorch passes on 1", "NaN은 NaN으로 남음, PyTorch는 그대로 흘려보냄"),
        ),
    ),
    samples=(*SINGLES, Sample(((5,),), low=-2.0, high=8.0)),
)
