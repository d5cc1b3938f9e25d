"""Angles and waves: trigonometric and hyperbolic functions, entry by entry."""

from __future__ import annotations

from math import inf, nan, pi
from typing import Any

import numpy as np

from backprop_engine.messages.words import Words
from backprop_engine.ops.definition import Family
from backprop_engine.ops.rules import Elementwise
from backprop_engine.ops.samples import PAIRS, SINGLES, Kink, Sample, beyond

define = Family("arithmetic").define

_WITHIN_ONE = tuple(Sample(sample.operands, low=-0.9, high=0.9) for sample in SINGLES)
_BETWEEN_POLES = tuple(Sample(sample.operands, low=-1.25, high=1.25) for sample in SINGLES)

sin = define(
    "sin",
    operands="a",
    formula="sin(a)",
    forward=np.sin,
    rules=(Elementwise("cos(a)", lambda out, a: np.cos(a)),),
    lesson=Words(
        en="The slope of a sine is the cosine: the gradient is largest where the wave crosses 0.",
        ko="사인의 기울기는 코사인이므로, 그래디언트는 파동이 0을 지나는 곳에서 가장 큽니다.",
    ),
    conventions=Words(
        "The operand is in radians; the sine of infinity is NaN.",
        "입력의 단위는 라디안입니다. 무한대의 사인은 NaN입니다.",
    ),
)

cos = define(
    "cos",
    operands="a",
    formula="cos(a)",
    forward=np.cos,
    rules=(Elementwise("-sin(a)", lambda out, a: -np.sin(a)),),
    lesson=Words(
        en="The slope of a cosine is minus the sine: no gradient passes at its peaks and troughs.",
        ko="코사인의 기울기는 −사인이므로, 꼭대기와 골짜기에서는 그래디언트가 흐르지 않습니다.",
    ),
    conventions=Words(
        "The operand is in radians; the cosine of infinity is NaN.",
        "입력의 단위는 라디안입니다. 무한대의 코사인은 NaN입니다.",
    ),
)

tan = define(
    "tan",
    operands="a",
    formula="tan(a)",
    forward=np.tan,
    rules=(Elementwise("1 + out ** 2", lambda out, a: 1.0 + out * out),),
    inside=(("s", "sin(a)"), ("c", "cos(a)"), ("out", "s / c")),
    lesson=Words(
        en="The slope of a tangent is 1 + output²: never below 1, and steeper the closer to a pole.",
        ko="탄젠트의 기울기는 1 + 출력²으로, 1보다 작아지지 않으며 점근선에 가까울수록 가파릅니다.",
    ),
    conventions=Words(
        "The operand is in radians. No floating-point number is exactly a pole, so the tangent of a "
        "finite number is finite; that of infinity is NaN.",
        "입력의 단위는 라디안입니다. 점근선의 위치와 정확히 같은 부동소수점 수는 없으므로 유한한 "
        "입력에서는 항상 유한하고, 무한대에서는 NaN입니다.",
    ),
    samples=_BETWEEN_POLES,
)


def _half_circle(a: Any) -> Any:
    """sqrt(1 − a²), to its last digit also close to ±1."""
    return np.sqrt((1.0 - a) * (1.0 + a))


asin = define(
    "asin",
    operands="a",
    formula="asin(a)",
    forward=np.arcsin,
    rules=(Elementwise("1 / sqrt(1 - a ** 2)", lambda out, a: 1.0 / _half_circle(a)),),
    lesson=Words(
        en="The arcsine grows ever faster towards ±1: its slope is one over the cosine of the angle.",
        ko="아크사인은 ±1에 가까울수록 빨리 커집니다. 기울기는 그 각의 코사인의 역수입니다.",
    ),
    conventions=Words(
        "An angle from −π/2 to π/2. At ±1 the derivative is +inf; outside −1 … 1 the value is NaN.",
        "−π/2부터 π/2까지의 각입니다. ±1에서의 미분은 +inf이고, 그 밖에서는 NaN입니다.",
    ),
    kinks=(
        Kink(
            ([-1.0, 1.0],), [-pi / 2, pi / 2], ([inf, inf],), Words("the slope is vertical", "기울기가 수직")
        ),
        Kink((2.0,), nan, (nan,), Words("outside the real numbers", "실수의 밖")),
    ),
    samples=_WITHIN_ONE,
)

acos = define(
    "acos",
    operands="a",
    formula="acos(a)",
    forward=np.arccos,
    rules=(Elementwise("-1 / sqrt(1 - a ** 2)", lambda out, a: -1.0 / _half_circle(a)),),
    lesson=Words(
        en="The arccosine falls as its operand grows, ever faster towards ±1: its slope is minus one "
        "over the sine of the angle.",
        ko="아크코사인은 입력이 커질수록 작아지며, ±1에 가까울수록 빨리 변합니다. 기울기는 그 각의 "
        "사인의 역수에 음수 부호를 붙인 것입니다.",
    ),
    conventions=Words(
        "An angle from 0 to π. At ±1 the derivative is −inf, which is what makes the angle between "
        "two parallel vectors hard to learn; outside −1 … 1 the value is NaN.",
        "0부터 π까지의 각입니다. ±1에서의 미분은 −inf이므로 나란한 두 벡터 사이의 각은 학습하기 어렵습니다. "
        "그 밖에서는 NaN입니다.",
    ),
    kinks=(Kink(([-1.0, 1.0],), [pi, 0], ([-inf, -inf],), Words("the slope is vertical", "기울기가 수직")),),
    samples=_WITHIN_ONE,
)

atan = define(
    "atan",
    operands="a",
    formula="atan(a)",
    forward=np.arctan,
    rules=(Elementwise("1 / (1 + a ** 2)", lambda out, a: 1.0 / (1.0 + a * a)),),
    tails="saturating",
    lesson=Words(
        en="An arctangent saturates like tanh, but slowly: its slope falls with the square of the operand.",
        ko="아크탄젠트도 하이퍼볼릭탄젠트처럼 포화되지만 기울기가 입력의 제곱에 반비례해 천천히 줄어듭니다.",
    ),
    conventions=Words(
        "An angle from −π/2 to π/2; at ±inf it is ±π/2.",
        "−π/2부터 π/2까지의 각이며, ±inf에서는 ±π/2입니다.",
    ),
    meets=beyond(20.0),
    kinks=(
        Kink(([-inf, inf],), [-pi / 2, pi / 2], ([0, 0],), Words("flat at infinity", "무한대에서 평평함")),
    ),
)


def _over_radius_squared(part: Any, y: Any, x: Any) -> Any:
    """`part` over x² + y², without the squares, which may overflow; 0 at the origin."""
    radius = np.hypot(y, x)
    radius = np.where(radius == 0, np.inf, radius)
    return part / radius / radius


atan2 = define(
    "atan2",
    operands="y x",
    formula="atan2(y, x)",
    forward=np.arctan2,
    rules=(
        Elementwise("x / (x ** 2 + y ** 2)", lambda out, y, x: _over_radius_squared(x, y, x)),
        Elementwise("-y / (x ** 2 + y ** 2)", lambda out, y, x: _over_radius_squared(-y, y, x)),
    ),
    analytic=False,
    lesson=Words(
        en="The angle of a point changes faster the closer the point is to the origin, and only when "
        "it moves at right angles to its direction.",
        ko="점의 각도는 점이 원점에 가까울수록 빨리 바뀌며, 점의 방향과 수직으로 움직일 때만 바뀝니다.",
    ),
    conventions=Words(
        "First y, then x, as in NumPy and PyTorch; an angle from −π to π. At the origin it is ±0 or "
        "±π, depending on the signs of the zeros, and both derivatives are 0, as in PyTorch.",
        "NumPy, PyTorch와 같이 y가 먼저, x가 나중입니다. −π부터 π까지의 각입니다. 원점에서의 값은 "
        "0의 부호에 따라 ±0 또는 ±π이고, 두 미분은 PyTorch처럼 0입니다.",
    ),
    meets=lambda y, x: bool(np.any(np.equal(y, 0) & np.less_equal(x, 0))),
    kinks=(
        Kink(
            (0.0, 0.0),
            0,
            (0, 0),
            Words("no direction at the origin, as in PyTorch", "원점에는 방향이 없음, PyTorch와 같음"),
        ),
        Kink((0.0, -1.0), pi, (-1, 0), Words("the angle jumps here from π to −π", "각이 π에서 −π로 뛰는 곳")),
    ),
    samples=PAIRS,
)

sinh = define(
    "sinh",
    operands="a",
    formula="sinh(a)",
    forward=np.sinh,
    rules=(Elementwise("cosh(a)", lambda out, a: np.cosh(a)),),
    inside=(("e", "exp(a)"), ("n", "exp(-a)"), ("d", "e - n"), ("out", "d / 2")),
    lesson=Words(
        en="The slope of a hyperbolic sine is the hyperbolic cosine: never below 1, exponential far from 0.",
        ko="하이퍼볼릭사인의 기울기는 하이퍼볼릭코사인으로, 1 이상이며 0에서 멀어지면 지수적으로 커집니다.",
    ),
    conventions=Words(
        "Beyond about ±710 (in float64) it is ±inf, and its derivative +inf.",
        "float64에서 약 ±710을 넘으면 값은 ±inf, 미분은 +inf입니다.",
    ),
    meets=beyond(700.0),
    kinks=(Kink((-1e4,), -inf, (inf,), Words("overflow is infinity", "오버플로는 무한대")),),
)

cosh = define(
    "cosh",
    operands="a",
    formula="cosh(a)",
    forward=np.cosh,
    rules=(Elementwise("sinh(a)", lambda out, a: np.sinh(a)),),
    inside=(("e", "exp(a)"), ("n", "exp(-a)"), ("t", "e + n"), ("out", "t / 2")),
    lesson=Words(
        en="The slope of a hyperbolic cosine is the hyperbolic sine: 0 at the bottom, exponential far "
        "from it.",
        ko="하이퍼볼릭코사인의 기울기는 하이퍼볼릭사인으로, 바닥에서 0이고 멀어지면 지수적으로 커집니다.",
    ),
    conventions=Words(
        "Beyond about ±710 (in float64) it is +inf, and its derivative is infinite with the operand's sign.",
        "float64에서 약 ±710을 넘으면 값은 +inf, 미분은 입력과 부호가 같은 무한대입니다.",
    ),
    meets=beyond(700.0),
    kinks=(Kink((-1e4,), inf, (-inf,), Words("overflow is infinity", "오버플로는 무한대")),),
)
