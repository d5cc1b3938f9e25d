"""Functions of one operand, entry by entry."""

from __future__ import annotations

import math
from math import inf, nan
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Family
from backprop_engine.ops.error_function import erf_of
from backprop_engine.ops.notations import Notation, NumpyCall
from backprop_engine.ops.rules import Elementwise
from backprop_engine.ops.samples import POSITIVE, SINGLES, Kink, Sample, beyond, near_zero

define = Family("arithmetic").define


def gate(passes: Any, a: Any) -> Any:
    """1 where the gradient passes, 0 elsewhere, NaN where `a` is NaN."""
    slope = np.multiply(passes, 1.0)
    unknown = np.isnan(a)
    return np.where(unknown, np.nan, slope) if np.any(unknown) else slope


square = define(
    "square",
    sign="x²",
    operands="a",
    formula="a ** 2",
    forward=np.square,
    rules=(Elementwise("2 * a", lambda out, a: 2.0 * a),),
    lesson=Words(
        en="A square: the local gradient is twice the operand.",
        ko="제곱의 로컬 그래디언트는 입력의 두 배입니다.",
    ),
)

sqrt = define(
    "sqrt",
    sign="√",
    operands="a",
    formula="sqrt(a)",
    notation=Notation("radical", "√"),
    forward=np.sqrt,
    rules=(Elementwise("1 / (2 * out)", lambda out, a: 0.5 / out),),
    lesson=Words(
        en="A square root is steep near 0 and flat far from it: its local gradient is one over twice "
        "the root.",
        ko="제곱근의 로컬 그래디언트는 출력의 두 배의 역수로, 0 근처에서 가파르고 멀어지면 완만합니다.",
    ),
    conventions=Words(
        "The derivative at 0 is +inf; the square root of a negative number is NaN.",
        "0에서의 미분은 +inf입니다. 음수의 제곱근은 NaN입니다.",
    ),
    kinks=(
        Kink((0.0,), 0, (inf,), Words("the slope is vertical", "기울기가 수직")),
        Kink((-1.0,), nan, (nan,), Words("outside the real numbers", "실수의 밖")),
    ),
    samples=POSITIVE,
)

exp = define(
    "exp",
    operands="a",
    formula="exp(a)",
    notation=Notation("exponential", "e"),
    forward=np.exp,
    rules=(Elementwise("out", lambda out, a: out),),
    lesson=Words(
        en="The exponential is its own derivative: the local gradient is the output.",
        ko="지수함수는 미분해도 자기 자신이므로 출력값이 곧 로컬 그래디언트입니다.",
    ),
    conventions=Words(
        "Above 709 (in float64) it is +inf, and so is its derivative.",
        "float64에서 709를 넘으면 값도 미분도 +inf입니다.",
    ),
    meets=beyond(700.0),
    kinks=(
        Kink((1e4,), inf, (inf,), Words("overflow is infinity", "오버플로는 무한대")),
        Kink((-1e4,), 0, (0,), Words("underflow is 0", "언더플로는 0")),
    ),
)

log = define(
    "log",
    operands="a",
    formula="log(a)",
    forward=np.log,
    rules=(Elementwise("1 / a", lambda out, a: 1.0 / a),),
    lesson=Words(
        en="The logarithm divides the gradient by its operand: small operands get large gradients.",
        ko="로그 노드는 그래디언트를 입력값으로 나눕니다. 입력이 작을수록 그래디언트가 커집니다.",
    ),
    conventions=Words(
        "log 0 is −inf, with a derivative of +inf; the logarithm of a negative number is NaN.",
        "log 0은 −inf이고 미분은 +inf입니다. 음수의 로그는 NaN입니다.",
    ),
    kinks=(
        Kink((0.0,), -inf, (inf,), Words("often the first infinity of a run", "흔히 처음 나타나는 무한대")),
        Kink(
            (-1.0,),
            nan,
            (-1,),
            Words("the value is NaN, but 1/a is finite", "값은 NaN, 식 1/a은 그대로"),
        ),
    ),
    samples=POSITIVE,
)


rsqrt = define(
    "rsqrt",
    sign="1/√",
    operands="a",
    formula="1 / sqrt(a)",
    forward=lambda a: 1.0 / np.sqrt(a),
    rules=(Elementwise("-out ** 3 / 2", lambda out, a: -0.5 * out * out * out),),
    inside=(("r", "sqrt(a)"), ("out", "1 / r")),
    lesson=Words(
        en="One over the square root falls steeply near 0: its local gradient is minus half the cube "
        "of the output.",
        ko="제곱근의 역수는 0 근처에서 가파르게 작아지며, 로컬 그래디언트는 출력의 세제곱의 절반에 "
        "음수 부호를 붙인 것입니다.",
    ),
    conventions=Words(
        "At 0 it is +inf, with a derivative of −inf; for negative operands it is NaN.",
        "0에서 +inf이고 미분은 −inf입니다. 음수에서는 NaN입니다.",
    ),
    kinks=(Kink((0.0,), inf, (-inf,), Words("a pole", "극점")),),
    samples=POSITIVE,
)

reciprocal = define(
    "reciprocal",
    sign="1/x",
    operands="a",
    formula="1 / a",
    forward=lambda a: 1.0 / a,
    rules=(Elementwise("-out ** 2", lambda out, a: -out * out),),
    lesson=Words(
        en="A reciprocal flips the gradient's sign and scales it by the square of its own output.",
        ko="역수 노드는 그래디언트의 부호를 바꾸고 출력값의 제곱을 곱합니다.",
    ),
    conventions=Words(
        "1 / 0 is an infinity with the sign of the zero; the derivative is −inf.",
        "1 / 0은 그 0과 부호가 같은 무한대이고 미분은 −inf입니다.",
    ),
    kinks=(
        Kink(
            (-0.0,), -inf, (-inf,), Words("negative zero has a negative reciprocal", "음의 0의 역수는 음수")
        ),
    ),
    samples=POSITIVE,
)

log1p = define(
    "log1p",
    operands="a",
    formula="log(1 + a)",
    numpy=NumpyCall("log1p"),
    forward=np.log1p,
    rules=(Elementwise("1 / (1 + a)", lambda out, a: 1.0 / (1.0 + a)),),
    inside=(("s", "1 + a"), ("out", "log(s)")),
    lesson=Words(
        en="The logarithm of one plus the operand, accurate near 0: the gradient is divided by that sum.",
        ko="입력에 1을 더한 값의 로그이며 0 근처에서도 정확합니다. 그래디언트는 그 합으로 나뉩니다.",
    ),
    conventions=Words(
        "At −1 it is −inf, with a derivative of +inf; below −1 it is NaN.",
        "−1에서 −inf이고 미분은 +inf입니다. −1보다 작으면 NaN입니다.",
    ),
    meets=near_zero,
    kinks=(
        Kink(
            (1e-20,),
            1e-20,
            (1,),
            Words("accurate where log(1 + a) would be 0", "log(1 + a)라면 0이 될 곳에서도 정확함"),
        ),
    ),
    samples=POSITIVE,
)

expm1 = define(
    "expm1",
    operands="a",
    formula="exp(a) - 1",
    numpy=NumpyCall("expm1"),
    forward=np.expm1,
    rules=(Elementwise("exp(a)", lambda out, a: np.exp(a)),),
    inside=(("e", "exp(a)"), ("out", "e - 1")),
    lesson=Words(
        en="The exponential minus 1, accurate near 0: the 1 is a constant, so the local gradient is "
        "that of exp.",
        ko="지수함수에서 1을 뺀 것이며 0 근처에서도 정확합니다. 1은 상수이므로 로컬 그래디언트는 "
        "지수함수와 같습니다.",
    ),
    conventions=Words(
        "Accurate for tiny a, where exp(a) − 1 would lose its digits; above 709 it is +inf.",
        "exp(a) − 1을 그대로 계산하면 유효 숫자를 잃는 아주 작은 a에서도 정확합니다. 709를 넘으면 "
        "+inf입니다.",
    ),
    meets=near_zero,
    kinks=(
        Kink(
            (1e-20,),
            1e-20,
            (1,),
            Words("accurate where exp(a) − 1 would be 0", "exp(a) − 1이라면 0이 될 곳에서도 정확함"),
        ),
    ),
)

abs_ = define(
    "abs",
    sign="|x|",
    operands="a",
    formula="abs(a)",
    notation=Notation("bars", "|"),
    forward=np.abs,
    rules=(Elementwise("sign(a)", lambda out, a: np.sign(a)),),
    analytic=False,
    lesson=Words(
        en="The absolute value multiplies the gradient by the sign of the operand.",
        ko="절댓값 노드는 그래디언트에 입력값의 부호를 곱해 흘려보냅니다.",
    ),
    conventions=Words(
        "The derivative at 0 is 0. NaN stays NaN, in the gradient too, where PyTorch sets it to 0.",
        "0에서의 미분은 0입니다. 입력이 NaN이면 값도 그래디언트도 NaN이지만, PyTorch는 이때 "
        "그래디언트를 0으로 만듭니다.",
    ),
    kinks=(
        Kink((0.0,), 0, (0,), Words("lies between the slopes −1 and 1", "기울기 −1과 1 사이")),
        Kink(
            (nan,),
            nan,
            (nan,),
            Words(
                "NaN stays NaN; PyTorch sets the gradient to 0",
                "NaN은 NaN으로 남음, PyTorch는 그래디언트를 0으로 만듦",
            ),
        ),
    ),
)

ERF = """\
import math

erf = np.vectorize(math.erf, otypes=[float])
"""

erf = define(
    "erf",
    operands="a",
    formula="erf(a)",
    helpers={"erf": ERF},
    forward=erf_of,
    rules=(
        Elementwise("2 / sqrt(pi) * exp(-a ** 2)", lambda out, a: 2.0 / math.sqrt(math.pi) * np.exp(-a * a)),
    ),
    analytic=False,
    lesson=Words(
        en="The error function is the area under a bell curve, so its slope is the bell itself.",
        ko="오차 함수는 종 모양 곡선 아래의 넓이이므로, 그 기울기는 종 모양 곡선 자체입니다.",
    ),
    conventions=Words("±1 at ±inf.", "±inf에서 ±1입니다."),
)


def _clip(a: Any, min: float | None, max: float | None) -> Any:
    a = a if min is None else np.maximum(a, min)
    return a if max is None else np.minimum(a, max)


def _crossed(min: float | None, max: float | None) -> Hint:
    if min is None or max is None or min <= max:
        return ""
    return msg("min is {min:g}, more than max, {max:g}", min=min, max=max)


def _exact_clip(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
    """A bound that is left out does not bound."""
    least, most = attributes["min"], attributes["max"]
    if least is not None and most is not None:
        return f"minimum(maximum(a, {least}), {most})"
    if least is not None:
        return f"maximum(a, {least})"
    return "a" if most is None else f"minimum(a, {most})"


clip = define(
    "clip",
    operands="a",
    formula="minimum(maximum(a, min), max)",
    exact=_exact_clip,
    numpy=NumpyCall("clip"),
    forward=_clip,
    rules=(Elementwise("where(out == a, 1, 0)", lambda out, a, **_: gate(out == a, a)),),
    attributes=(
        OpAttribute(
            "min",
            float | None,
            None,
            Words(
                "the lower bound, at most max; no bound if omitted",
                "아래쪽 경계 (max 이하), 생략하면 없음",
            ),
            infinite=True,
        ),
        OpAttribute(
            "max",
            float | None,
            None,
            Words("the upper bound; no bound if omitted", "위쪽 경계, 생략하면 없음"),
            infinite=True,
        ),
    ),
    conflict=_crossed,
    analytic=False,
    lesson=Words(
        en="Clipping passes the gradient where it left the value alone, and stops it where it cut.",
        ko="클리핑은 값이 그대로인 곳에서는 그래디언트를 흘려보내고, 잘린 곳에서는 막습니다.",
    ),
    conventions=Words(
        "The gradient passes at the bounds themselves, as in PyTorch before 2.14; later versions stop it "
        "there. NaN stays NaN, in the gradient too, where PyTorch sets it to 0.",
        "경계에서도 그래디언트가 통과합니다. PyTorch도 2.14 전까지는 그랬으나, 그 뒤로는 경계에서 막습니다. "
        "입력이 NaN이면 값도 그래디언트도 NaN이지만, PyTorch는 이때 그래디언트를 0으로 만듭니다.",
    ),
    kinks=(
        Kink(
            ([-1.0, 1.0],),
            [-1, 1],
            ([1, 1],),
            Words("open at its bounds", "경계에서 열림"),
            {"min": -1.0, "max": 1.0},
        ),
    ),
    samples=(
        *(Sample(sample.operands, {"min": -1.0, "max": 0.5}) for sample in SINGLES),
        Sample(((3,),), {"min": 0.25}),
        Sample(((3,),), {"max": 0.25}),
    ),
)
