"""Smooth gates: activation functions that multiply or soften a ReLU."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from backprop_engine.messages.words import Words
from backprop_engine.ops.activations import FAMILY, sampled_with, sigmoid_of
from backprop_engine.ops.arithmetic import SINGLES
from backprop_engine.ops.definition import Attribute, Inside, Partial, define
from backprop_engine.ops.extremes import at_zero, beyond


def softplus_of(a: Any) -> Any:
    """Stable on both sides, and analytic, like `sigmoid_of`."""
    positive = a.real >= 0
    return np.where(positive, a, 0.0) + np.log1p(np.exp(np.where(positive, -a, a)))


softplus = define(
    "softplus",
    meets=beyond(20.0),
    family=FAMILY,
    lesson=Words(
        en="Softplus is a rounded ReLU, and its slope is the sigmoid, a rounded step.",
        ko="소프트플러스는 모서리를 둥글린 ReLU이고, 그 기울기는 둥글린 계단인 시그모이드입니다.",
    ),
    sign="soft+",
    operands="a",
    formula="log(1 + exp(a))",
    forward=softplus_of,
    rules=(Partial("sigmoid(a)", lambda out, a: sigmoid_of(a)),),
    conventions=Words(
        "Exact everywhere, without the threshold of 20 above which PyTorch returns the operand.",
        "어디에서나 정확합니다. PyTorch는 20을 넘으면 입력을 그대로 돌려주지만, 여기에는 그런 "
        "경계가 없습니다.",
    ),
    inside=(("e", "exp(a)"), ("s", "1 + e"), ("out", "log(s)")),
    samples=SINGLES,
)

log_sigmoid = define(
    "log_sigmoid",
    meets=beyond(20.0),
    family=FAMILY,
    lesson=Words(
        en="The log of a sigmoid: the gradient is what is missing to 1, so a sure unit gets none.",
        ko="시그모이드의 로그입니다. 그래디언트는 1에서 모자란 만큼이라 확신하는 유닛은 거의 받지 않습니다.",
    ),
    sign="log σ",
    operands="a",
    formula="log(sigmoid(a))",
    forward=lambda a: -softplus_of(-a),
    rules=(Partial("sigmoid(-a)", lambda out, a: sigmoid_of(-a)),),
    conventions=Words(
        "Exact on both sides: far below 0 it is the operand itself.",
        "양쪽 모두 정확합니다. 0보다 훨씬 작은 곳에서는 입력과 같습니다.",
    ),
    inside=(("s", "sigmoid(a)"), ("out", "log(s)")),
    samples=SINGLES,
)

silu = define(
    "silu",
    family=FAMILY,
    lesson=Words(
        en="SiLU multiplies its operand by its own gate, so the gradient comes through both factors.",
        ko="SiLU는 입력에 자기 자신의 게이트를 곱하므로 그래디언트가 두 인수를 모두 거쳐 옵니다.",
    ),
    sign="silu",
    operands="a",
    formula="a * sigmoid(a)",
    forward=lambda a: a * sigmoid_of(a),
    rules=(Partial("out + sigmoid(a) * (1 - out)", lambda out, a: out + sigmoid_of(a) * (1.0 - out)),),
    conventions=Words(
        "At −inf it is NaN, −inf · 0, as in IEEE arithmetic.",
        "−inf에서는 IEEE 산술대로 −inf · 0, 곧 NaN입니다.",
    ),
    inside=(("p", "sigmoid(a)"), ("out", "a * p")),
    samples=SINGLES,
)


def _mish_slope(out: Any, a: Any) -> Any:
    t = np.tanh(softplus_of(a))
    return t + a * sigmoid_of(a) * (1.0 - t * t)


mish = define(
    "mish",
    family=FAMILY,
    lesson=Words(
        en="Mish gates its operand with tanh of softplus: smooth everywhere, and a little negative below 0.",
        ko="Mish는 입력에 softplus의 tanh를 게이트로 곱합니다. 어디서나 매끄럽고 0 아래에서 조금 음수입니다.",
    ),
    sign="mish",
    operands="a",
    formula="a * tanh(softplus(a))",
    forward=lambda a: a * np.tanh(softplus_of(a)),
    rules=(Partial("tanh(softplus(a)) + a * sigmoid(a) * (1 - tanh(softplus(a)) ** 2)", _mish_slope),),
    conventions=Words(
        "At −inf it is NaN, −inf · 0, as in IEEE arithmetic.",
        "−inf에서는 IEEE 산술대로 −inf · 0, 곧 NaN입니다.",
    ),
    inside=(("s", "softplus(a)"), ("t", "tanh(s)"), ("out", "a * t")),
    samples=SINGLES,
)

_ROOT = math.sqrt(2.0 / math.pi)
_erfc_cells = np.frompyfunc(math.erfc, 1, 1)


def _gelu_gate(a: Any, approximate: str) -> Any:
    """How much of the operand passes; by the complement of erf, which keeps its digits far below 0."""
    if approximate == "tanh":
        return sigmoid_of(2.0 * _ROOT * (a + 0.044715 * a * a * a))
    return 0.5 * np.asarray(_erfc_cells(-a / math.sqrt(2.0)), dtype=np.float64)[()]


def _gelu_slope(out: Any, a: Any, approximate: str) -> Any:
    p = _gelu_gate(a, approximate)
    if approximate == "tanh":
        return p + 2.0 * _ROOT * a * p * (1.0 - p) * (1.0 + 3.0 * 0.044715 * a * a)
    return p + a * np.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)


_GELU_SLOPES = {
    "none": "(1 + erf(a / sqrt(2))) / 2 + a * exp(-a ** 2 / 2) / sqrt(2 * pi)",
    "tanh": "(1 + tanh(sqrt(2 / pi) * (a + 0.044715 * a ** 3))) / 2 + a * (1 - tanh(sqrt(2 / pi) * "
    "(a + 0.044715 * a ** 3)) ** 2) / 2 * sqrt(2 / pi) * (1 + 0.134145 * a ** 2)",
}
_GELU_INSIDE: dict[str, Inside] = {
    "none": (("z", f"a / {math.sqrt(2.0)}"), ("p", "0.5 * (1 + erf(z))"), ("out", "a * p")),
    "tanh": (
        ("z", f"{_ROOT} * (a + 0.044715 * a ** 3)"),
        ("p", "0.5 * (1 + tanh(z))"),
        ("out", "a * p"),
    ),
}

gelu = define(
    "gelu",
    meets=at_zero,
    family=FAMILY,
    lesson=Words(
        en="GELU weighs its operand by how probable a smaller normal number is: a soft gate.",
        ko="GELU는 정규분포에서 입력보다 작은 수가 나올 확률을 입력에 곱하는 부드러운 게이트입니다.",
    ),
    sign="gelu",
    operands="a",
    formula="a * (1 + erf(a / sqrt(2))) / 2",
    forward=lambda a, approximate: a * _gelu_gate(a, approximate),
    rules=lambda shapes, attributes: (Partial(_GELU_SLOPES[attributes["approximate"]], _gelu_slope),),
    attributes=(
        Attribute(
            "approximate",
            Literal["none", "tanh"],
            "none",
            Words(
                'the exact gate of the normal distribution, or "tanh" for its approximation',
                '정규분포의 정확한 게이트, "tanh"이면 그 근사',
            ),
        ),
    ),
    conventions=Words(
        "At −inf it is NaN, −inf · 0, as in IEEE arithmetic.",
        "−inf에서는 IEEE 산술대로 −inf · 0, 곧 NaN입니다.",
    ),
    analytic=False,
    inside=lambda shapes, attributes: _GELU_INSIDE[attributes["approximate"]],
    samples=(*SINGLES, *sampled_with(SINGLES[:3], approximate="tanh")),
)
