"""Activation functions, cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.ops.arithmetic import SINGLES
from backprop_engine.ops.definition import Partial, define
from backprop_engine.text import Words

FAMILY = "activations"

relu = define(
    "relu",
    family=FAMILY,
    lesson=Words(
        en="ReLU is a gate: the gradient passes where the operand is positive, and is 0 elsewhere.",
        ko="ReLU는 입력이 0보다 큰 곳에서만 그래디언트를 흘려보내고, 나머지는 0으로 막습니다.",
    ),
    sign="relu",
    operands="a",
    formula="maximum(a, 0)",
    forward=lambda a: np.maximum(a, 0.0),
    rules=(Partial("where(a > 0, 1, 0)", lambda out, a: np.heaviside(a, 0.0)),),
    conventions="The derivative at 0 is 0. NaN stays NaN, and a gradient of infinity into a dead unit gives "
    "0 · inf = NaN, where PyTorch masks it to 0.",
    analytic=False,
    samples=SINGLES,
)


def _sigmoid(a: Any) -> Any:
    """Stable on both sides: the exponent is never positive. Choosing by the real part keeps it analytic."""
    positive = a.real >= 0
    z = np.exp(np.where(positive, -a, a))
    return np.where(positive, 1.0, z) / (1.0 + z)


sigmoid = define(
    "sigmoid",
    family=FAMILY,
    lesson=Words(
        en="Sigmoid: y(1 − y) is at most 1/4, and almost 0 where the unit is saturated.",
        ko="시그모이드의 로컬 그래디언트 y(1 − y)는 최대 1/4이고, 포화된 곳에서는 거의 0입니다.",
    ),
    sign="σ",
    operands="a",
    formula="1 / (1 + exp(-a))",
    forward=_sigmoid,
    rules=(Partial("out * (1 - out)", lambda out, a: out * (1.0 - out)),),
    samples=SINGLES,
)

tanh = define(
    "tanh",
    family=FAMILY,
    lesson=Words(
        en="Tanh: 1 − y² is 1 at zero and almost 0 where the unit is saturated.",
        ko="하이퍼볼릭탄젠트의 로컬 그래디언트 1 − y²는 0에서 1이고, 포화된 곳에서는 거의 0입니다.",
    ),
    sign="tanh",
    operands="a",
    formula="tanh(a)",
    forward=np.tanh,
    rules=(Partial("1 - out ** 2", lambda out, a: 1.0 - out * out),),
    samples=SINGLES,
)
