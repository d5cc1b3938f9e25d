"""Smooth activation functions: S-curves, and what they gate, entry by entry."""

from __future__ import annotations

import math
from math import inf, nan
from typing import Any, Literal

import numpy as np

from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.error_function import erfc_of
from backprop_engine.ops.notations import Notation
from backprop_engine.ops.rules import Elementwise
from backprop_engine.ops.samples import SINGLES, Kink, at_zero, beyond, sampled_with

define = Family("activations").define


def sigmoid_of(a: Any) -> Any:
    """Stable on both sides: the exponent is never positive. Choosing by the real part keeps it analytic."""
    positive = a.real >= 0
    z = np.exp(np.where(positive, -a, a))
    return np.where(positive, 1.0, z) / (1.0 + z)


SIGMOID = """\
def sigmoid(a):
    return 1 / (1 + np.exp(-a))
"""

sigmoid = define(
    "sigmoid",
    sign="σ",
    operands="a",
    formula="1 / (1 + exp(-a))",
    notation=Notation("name", "σ"),
    numpy="1 / (1 + exp(-a))",
    helpers={"sigmoid": SIGMOID},
    forward=sigmoid_of,
    rules=(Elementwise("out * (1 - out)", lambda out, a: out * (1.0 - out)),),
    tails="saturating",
    inside=(("e", "exp(-a)"), ("s", "1 + e"), ("out", "1 / s")),
    lesson=Words(
        en="Sigmoid: the local gradient, output · (1 − output), is at most 1/4, and almost 0 where "
        "the unit is saturated.",
        ko="시그모이드의 로컬 그래디언트는 출력 · (1 − 출력)이며, 최대 1/4이고 포화되면 거의 0입니다.",
    ),
    conventions=Words(
        "Accurate on both sides: the exponent is never positive, so nothing overflows.",
        "양쪽 모두 정확합니다. 지수가 양수가 되지 않으므로 오버플로가 없습니다.",
    ),
    meets=beyond(20.0),
    kinks=(
        Kink((1e3,), 1, (0,), Words("saturated, without overflow", "포화, 오버플로 없음")),
        Kink((-1e3,), 0, (0,), Words("saturated, without overflow", "포화, 오버플로 없음")),
    ),
)

tanh = define(
    "tanh",
    operands="a",
    formula="tanh(a)",
    forward=np.tanh,
    rules=(Elementwise("1 - out ** 2", lambda out, a: 1.0 - out * out),),
    tails="saturating",
    inside=(("e", "exp(2 * a)"), ("s", "e + 1"), ("out", "1 - 2 / s")),
    lesson=Words(
        en="Tanh: the local gradient, 1 − output², is 1 at zero, and almost 0 where the unit is saturated.",
        ko="하이퍼볼릭탄젠트의 로컬 그래디언트는 1 − 출력²이며, 0에서 1이고 포화되면 거의 0입니다.",
    ),
    conventions=Words(
        "±1 far from 0, where the derivative rounds to 0.",
        "0에서 먼 곳의 값은 ±1이고, 미분은 반올림되어 0입니다.",
    ),
    meets=beyond(20.0),
    kinks=(Kink((1e3,), 1, (0,), Words("saturated", "포화")),),
)


def softplus_of(a: Any) -> Any:
    """Stable on both sides, and analytic, like `sigmoid_of`."""
    positive = a.real >= 0
    return np.where(positive, a, 0.0) + np.log1p(np.exp(np.where(positive, -a, a)))


SOFTPLUS = """\
def softplus(a):
    return np.logaddexp(0, a)
"""

softplus = define(
    "softplus",
    sign="soft+",
    operands="a",
    formula="log(1 + exp(a))",
    numpy="logaddexp(0, a)",
    helpers={"softplus": SOFTPLUS},
    forward=softplus_of,
    rules=(Elementwise("sigmoid(a)", lambda out, a: sigmoid_of(a)),),
    tails="saturating",
    inside=(("e", "exp(a)"), ("s", "1 + e"), ("out", "log(s)")),
    lesson=Words(
        en="Softplus is a rounded ReLU, and its slope is the sigmoid, a rounded step.",
        ko="소프트플러스는 모서리를 둥글린 ReLU이고, 그 기울기는 둥글린 계단인 시그모이드입니다.",
    ),
    conventions=Words(
        "Accurate everywhere: PyTorch returns the operand itself above a threshold of 20, which is "
        "not needed here.",
        "어디에서나 정확합니다. PyTorch는 20을 넘으면 입력을 그대로 돌려주지만, 여기에는 그런 "
        "경계가 없습니다.",
    ),
    meets=beyond(20.0),
    kinks=(
        Kink(
            (21.0,),
            21.000000000758256,
            (0.9999999992417439,),
            Words(
                "accurate: PyTorch returns the operand itself above 20",
                "정확함, PyTorch는 20을 넘으면 입력을 그대로 돌려줌",
            ),
        ),
        Kink((1e4,), 1e4, (1,), Words("without overflow", "오버플로 없음")),
    ),
)

log_sigmoid = define(
    "log_sigmoid",
    sign="log σ",
    operands="a",
    formula="log(sigmoid(a))",
    numpy="-softplus(-a)",
    forward=lambda a: -softplus_of(-a),
    rules=(Elementwise("sigmoid(-a)", lambda out, a: sigmoid_of(-a)),),
    tails="saturating",
    inside=(("s", "sigmoid(a)"), ("out", "log(s)")),
    lesson=Words(
        en="The log of a sigmoid: its local gradient is 1 minus the sigmoid, so a confident unit gets "
        "almost none.",
        ko="시그모이드의 로그입니다. 로컬 그래디언트는 1에서 시그모이드를 뺀 값이므로 확신하는 유닛은 "
        "그래디언트를 거의 받지 않습니다.",
    ),
    conventions=Words(
        "Accurate on both sides: far below 0 it is the operand itself.",
        "양쪽 모두 정확합니다. 0보다 훨씬 작은 곳에서는 입력과 같습니다.",
    ),
    meets=beyond(20.0),
    kinks=(Kink((-1e4,), -1e4, (1,), Words("without log 0", "log 0을 거치지 않음")),),
)


def _silu_slope(out: Any, a: Any) -> Any:
    return sigmoid_of(a) * (1.0 + a * sigmoid_of(-a))  # 1 − sigmoid(a), to its last digit


silu = define(
    "silu",
    operands="a",
    formula="a * sigmoid(a)",
    forward=lambda a: a * sigmoid_of(a),
    rules=(Elementwise("sigmoid(a) * (1 + a * (1 - sigmoid(a)))", _silu_slope),),
    tails="saturating",
    inside=(("p", "sigmoid(a)"), ("out", "a * p")),
    lesson=Words(
        en="SiLU multiplies its operand by its own gate, so the gradient comes through both factors.",
        ko="SiLU는 입력에 자기 자신의 게이트를 곱하므로 그래디언트가 두 인수를 모두 거쳐 옵니다.",
    ),
    conventions=Words(
        "At −inf it is −inf · 0 = NaN, as in IEEE arithmetic.",
        "−inf에서는 IEEE 산술대로 −inf · 0, 곧 NaN입니다.",
    ),
    kinks=(Kink((-inf,), nan, (nan,), Words("−inf · 0 is NaN", "−inf · 0은 NaN")),),
)


def _mish_slope(out: Any, a: Any) -> Any:
    t = np.tanh(softplus_of(a))
    return t + a * sigmoid_of(a) * (1.0 - t * t)


mish = define(
    "mish",
    operands="a",
    formula="a * tanh(softplus(a))",
    forward=lambda a: a * np.tanh(softplus_of(a)),
    rules=(Elementwise("tanh(softplus(a)) + a * sigmoid(a) * (1 - tanh(softplus(a)) ** 2)", _mish_slope),),
    tails="saturating",
    inside=(("s", "softplus(a)"), ("t", "tanh(s)"), ("out", "a * t")),
    lesson=Words(
        en="Mish gates its operand with the tanh of its softplus: smooth everywhere, and slightly "
        "negative below 0.",
        ko="Mish는 입력에 softplus의 tanh를 게이트로 곱합니다. 어디서나 매끄럽고 0 아래에서 조금 음수입니다.",
    ),
    conventions=Words(
        "At −inf it is −inf · 0 = NaN, as in IEEE arithmetic.",
        "−inf에서는 IEEE 산술대로 −inf · 0, 곧 NaN입니다.",
    ),
)

_ROOT = math.sqrt(2.0 / math.pi)


def _gelu_gate(a: Any, approximate: str) -> Any:
    """How much of the operand passes; computed with erfc, which keeps its digits far below 0."""
    if approximate == "tanh":
        return sigmoid_of(2.0 * _ROOT * (a + 0.044715 * a * a * a))
    return 0.5 * erfc_of(-a / math.sqrt(2.0))


_CLOSED = 30.0
"""Where the gate of GELU has long been open or closed, and the square of its operand does not overflow."""


def _gelu_slope(out: Any, a: Any, approximate: str) -> Any:
    if approximate == "tanh":
        p = _gelu_gate(a, approximate)
        a = np.where(np.isfinite(a), np.clip(a, -_CLOSED, _CLOSED), a)[()]
        return p + 2.0 * _ROOT * a * p * (1.0 - p) * (1.0 + 3.0 * 0.044715 * a * a)
    slope = a * a
    slope *= -0.5
    slope = np.exp(slope)
    slope *= a
    slope *= 1.0 / math.sqrt(2.0 * math.pi)
    return slope + _gate_of(out, a)


def _gate_of(out: Any, a: Any) -> Any:
    """The gate that gave `out`, at hand without another error function; near 0 the tangent of it."""
    small = np.abs(a) < math.sqrt(np.finfo(a.dtype).tiny)
    if not np.any(small):
        return out / a
    return np.where(small, 0.5 + a / math.sqrt(2.0 * math.pi), out / np.where(small, 1.0, a))


_GELU_SLOPES = {
    "none": "(1 + erf(a / sqrt(2))) / 2 + a * exp(-a ** 2 / 2) / sqrt(2 * pi)",
    "tanh": "(1 + tanh(sqrt(2 / pi) * (a + 0.044715 * a ** 3))) / 2 + a * (1 - tanh(sqrt(2 / pi) * "
    "(a + 0.044715 * a ** 3)) ** 2) / 2 * sqrt(2 / pi) * (1 + 0.134145 * a ** 2)",
}
_GELU_INSIDE: dict[str, Decomposition] = {
    "none": (("z", f"a / {math.sqrt(2.0)}"), ("p", "0.5 * (1 + erf(z))"), ("out", "a * p")),
    "tanh": (
        ("z", f"{_ROOT} * (a + 0.044715 * a ** 3)"),
        ("p", "0.5 * (1 + tanh(z))"),
        ("out", "a * p"),
    ),
}

_GELU = {
    "none": "a * (1 + erf(a / sqrt(2))) / 2",
    "tanh": "a * (1 + tanh(sqrt(2 / pi) * (a + 0.044715 * a ** 3))) / 2",
}

gelu = define(
    "gelu",
    operands="a",
    formula="a * (1 + erf(a / sqrt(2))) / 2",
    exact=lambda shapes, attributes: _GELU[attributes["approximate"]],
    forward=lambda a, approximate: a * _gelu_gate(a, approximate),
    rules=lambda shapes, attributes: (Elementwise(_GELU_SLOPES[attributes["approximate"]], _gelu_slope),),
    attributes=(
        OpAttribute(
            "approximate",
            Literal["none", "tanh"],
            "none",
            Words(
                '"none" for the exact gate, the normal distribution function, or "tanh" for its '
                "approximation",
                '"none"이면 정확한 게이트(정규분포의 분포 함수), "tanh"이면 그 근사',
            ),
        ),
    ),
    analytic=False,
    tails="saturating",
    inside=lambda shapes, attributes: _GELU_INSIDE[attributes["approximate"]],
    lesson=Words(
        en="GELU weights its operand by the probability that a standard normal number is smaller: a "
        "soft gate.",
        ko="GELU는 표준정규분포에서 입력보다 작은 수가 나올 확률을 입력에 곱하는 부드러운 게이트입니다.",
    ),
    conventions=Words(
        "At −inf it is −inf · 0 = NaN, as in IEEE arithmetic.",
        "−inf에서는 IEEE 산술대로 −inf · 0, 곧 NaN입니다.",
    ),
    meets=at_zero,
    kinks=(Kink((0.0,), 0, (0.5,), Words("half open", "반쯤 열림")),),
    samples=(*SINGLES, *sampled_with(SINGLES[:3], approximate="tanh")),
)
