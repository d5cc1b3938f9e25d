"""Arithmetic, cell by cell, with broadcasting."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.definition import Lessons, define
from backprop_engine.ops.rules import ONE, Elementwise
from backprop_engine.ops.samples import Sample, at_zero
from backprop_engine.ops.shape_rules import broadcast, broadcasts, no_broadcast, product

FAMILY = "arithmetic"
PAIRS = (
    Sample(((), ())),
    Sample(((3,), (3,))),
    Sample(((2, 3), (3,))),
    Sample(((2, 1), (1, 3))),
    Sample(((0, 2), (2,))),
)
SINGLES = (Sample(((),)), Sample(((3,),)), Sample(((2, 3),)), Sample(((0,),)))
POSITIVE = tuple(Sample(sample.operands, low=0.25, high=3.0) for sample in SINGLES)


def _away_from_zero(sample: Sample) -> Sample:
    return Sample(sample.operands, low=0.5, high=2.0)


def _added(shapes: tuple[Shape, ...]) -> Lessons:
    """What more is to say of operands that are broadcast."""
    out = broadcast(*shapes)
    summed = Words(
        en="Addition hands its upstream gradient on unchanged; an operand that was broadcast gets the sum "
        "over the axes that it was repeated along.",
        ko="덧셈 노드는 흘러들어온 그래디언트를 그대로 흘려보내되, 브로드캐스트된 피연산자에는 반복된 축을 "
        "따라 더한 합을 보냅니다.",
    )
    whole = Words(
        en="Addition hands its upstream gradient on unchanged to an operand of the sum's own shape.",
        ko="덧셈 노드는 합과 형상이 같은 피연산자에는 흘러들어온 그래디언트를 그대로 흘려보냅니다.",
    )
    if all(shape == out for shape in shapes):
        return (None,) * len(shapes)
    return tuple(whole if shape == out else summed for shape in shapes)


add = define(
    "add",
    family=FAMILY,
    lesson=Words(
        en="Addition hands its upstream gradient on unchanged to every operand.",
        ko="덧셈 노드는 흘러들어온 그래디언트를 모든 피연산자에 그대로 흘려보냅니다.",
    ),
    lessons=_added,
    sign="+",
    operands="a b",
    formula="a + b",
    written="a + b",
    forward=operator.add,
    rules=(ONE, ONE),
    samples=PAIRS,
)

sub = define(
    "sub",
    family=FAMILY,
    lesson=Words(
        en="Subtraction hands its upstream gradient on, with the sign turned for the second operand.",
        ko="뺄셈 노드는 그래디언트를 그대로, 둘째 피연산자에는 부호를 바꾸어 흘려보냅니다.",
    ),
    sign="−",
    operands="a b",
    formula="a - b",
    written="a - b",
    forward=operator.sub,
    rules=(ONE, Elementwise("-1", lambda out, a, b: -1.0)),
    samples=PAIRS,
)


def times(a: Shape, b: Shape) -> Shape:
    """The shape rule of `broadcast`; where that fails, perhaps a matrix product was meant."""
    if a == b:
        return a
    if broadcasts(a, b):
        return np.broadcast_shapes(a, b)
    better = product(a, b)
    raise no_broadcast(
        (a, b), better=msg("for the matrix product write {product}", product=better) if better else ""
    )


mul = define(
    "mul",
    family=FAMILY,
    lesson=Words(
        en="Multiplication hands each operand the upstream gradient times the other operand.",
        ko="곱셈 노드는 흘러들어온 그래디언트에 다른 피연산자의 값을 곱해 흘려보냅니다.",
    ),
    sign="×",
    operands="a b",
    formula="a * b",
    written="a * b",
    forward=operator.mul,
    shape=times,
    rules=(Elementwise("b", lambda out, a, b: b), Elementwise("a", lambda out, a, b: a)),
    conventions=Words("0 · inf is NaN, as in IEEE arithmetic.", "IEEE 산술대로 0 · inf는 NaN입니다."),
    samples=PAIRS,
)

div = define(
    "div",
    family=FAMILY,
    lesson=Words(
        en="Division divides the gradient by the denominator, as it does the value.",
        ko="나눗셈 노드는 값을 나누듯이 그래디언트도 분모로 나눕니다.",
    ),
    lessons=(
        Words(
            en="A numerator's gradient is divided by the denominator, as its value is.",
            ko="분자의 그래디언트는 분자의 값과 마찬가지로 분모로 나뉩니다.",
        ),
        Words(
            en="The denominator's local gradient is minus the quotient over the denominator.",
            ko="분모에 대한 로컬 그래디언트는 몫을 분모로 한 번 더 나누고 부호를 바꾼 것입니다.",
        ),
    ),
    sign="÷",
    operands="a b",
    formula="a / b",
    written="a / b",
    forward=operator.truediv,
    rules=(
        Elementwise("1 / b", lambda out, a, b: 1.0 / b),
        Elementwise("-out / b", lambda out, a, b: -out / b),
    ),
    conventions=Words(
        "x / 0 is an infinity of x's sign, 0 / 0 is NaN, as in IEEE arithmetic.",
        "IEEE 산술대로 x / 0은 x와 부호가 같은 무한대이고, 0 / 0은 NaN입니다.",
    ),
    samples=tuple(map(_away_from_zero, PAIRS)),
)

neg = define(
    "neg",
    family=FAMILY,
    lesson=Words(
        en="Negation turns the sign of the gradient.",
        ko="부호 반전 노드는 그래디언트의 부호를 바꿉니다.",
    ),
    sign="−",
    operands="a",
    formula="-a",
    written="-a",
    forward=operator.neg,
    rules=(Elementwise("-1", lambda out, a: -1.0),),
    samples=SINGLES,
)


def _pow_base(out: Any, a: Any, b: Any) -> Any:
    return np.where(b == 0, 0.0, b * np.power(a, b - 1))


def _pow_exponent(out: Any, a: Any, b: Any) -> Any:
    return np.where((a == 0) & (b >= 0), 0.0, out * np.log(a))


pow_ = define(
    "pow",
    meets=at_zero,
    family=FAMILY,
    lesson=Words(
        en="A power brings its exponent down in front, and leaves a power that is lower by one.",
        ko="거듭제곱을 미분하면 지수가 앞으로 내려오고 지수는 하나 줄어듭니다.",
    ),
    lessons=(
        None,
        Words(
            en="By its exponent a power grows in proportion to itself: times the logarithm of the base.",
            ko="지수에 대한 로컬 그래디언트는 거듭제곱의 값에 밑의 로그를 곱한 것입니다.",
        ),
    ),
    sign="xʸ",
    operands="a b",
    formula="a ** b",
    written="a ** b",
    forward=np.power,
    rules=(
        Elementwise("b * a ** (b - 1)", _pow_base),
        Elementwise("out * log(a)", _pow_exponent),
    ),
    conventions=Words(
        "0 ** 0 is 1; its derivative by the base is 0, and by an exponent of 0 or more it is 0 too. "
        "A negative base with a fractional exponent is NaN.",
        "0 ** 0은 1입니다. 밑에 대한 미분은 0이고, 지수가 0 이상이면 지수에 대한 미분도 "
        "0입니다. 밑이 음수이고 지수가 정수가 아니면 NaN입니다.",
    ),
    samples=tuple(map(_away_from_zero, PAIRS)),
)


def _sign_of_difference(a: Any, b: Any) -> Any:
    """1 where a > b, 0 where a < b, one half at a tie (infinities tie too), NaN where either is NaN."""
    return np.heaviside(np.where(a == b, 0.0, a - b), 0.5)


maximum = define(
    "maximum",
    family=FAMILY,
    lesson=Words(
        en="Max is a router: the larger operand gets the whole gradient, the other gets 0.",
        ko="최댓값 노드는 라우터입니다. 큰 쪽이 그래디언트를 모두 받고 다른 쪽은 0을 받습니다.",
    ),
    sign="max",
    operands="a b",
    formula="maximum(a, b)",
    forward=np.maximum,
    rules=(
        Elementwise("(a > b) + (a == b) / 2", lambda out, a, b: _sign_of_difference(a, b)),
        Elementwise("(b > a) + (a == b) / 2", lambda out, a, b: _sign_of_difference(b, a)),
    ),
    conventions=Words(
        "At a tie the two operands share the gradient equally. NaN stays NaN.",
        "두 값이 같으면 그래디언트를 똑같이 나눕니다. NaN은 NaN으로 남습니다.",
    ),
    analytic=False,
    samples=PAIRS,
)

minimum = define(
    "minimum",
    family=FAMILY,
    lesson=Words(
        en="Min is a router: the smaller operand gets the whole gradient, the other gets 0.",
        ko="최솟값 노드는 라우터입니다. 작은 쪽이 그래디언트를 모두 받고 다른 쪽은 0을 받습니다.",
    ),
    sign="min",
    operands="a b",
    formula="minimum(a, b)",
    forward=np.minimum,
    rules=(
        Elementwise("(a < b) + (a == b) / 2", lambda out, a, b: _sign_of_difference(b, a)),
        Elementwise("(b < a) + (a == b) / 2", lambda out, a, b: _sign_of_difference(a, b)),
    ),
    conventions=Words(
        "At a tie the two operands share the gradient equally. NaN stays NaN.",
        "두 값이 같으면 그래디언트를 똑같이 나눕니다. NaN은 NaN으로 남습니다.",
    ),
    analytic=False,
    samples=PAIRS,
)

where = define(
    "where",
    family=FAMILY,
    lesson=Words(
        en="A choice lets the gradient through only where this operand was chosen.",
        ko="선택 노드는 이 피연산자가 선택된 자리에만 그래디언트를 흘려보냅니다.",
    ),
    sign="if",
    operands="condition a b",
    formula="where(condition, a, b)",
    forward=lambda condition, a, b: np.where(condition != 0, a, b),
    rules=(
        None,
        Elementwise(
            "where(condition, 1, 0)", lambda out, condition, a, b: np.where(condition != 0, 1.0, 0.0)
        ),
        Elementwise(
            "where(condition, 0, 1)", lambda out, condition, a, b: np.where(condition != 0, 0.0, 1.0)
        ),
    ),
    conventions=Words(
        "The side not chosen gets the gradient 0, times whatever lies behind it: 0 · inf is NaN.",
        "고르지 않은 쪽의 그래디언트는 0입니다. 이 0에 그 뒤의 로컬 그래디언트가 곱해지므로, 그것이 "
        "inf이면 0 · inf는 NaN이 됩니다.",
    ),
    analytic=False,
    samples=(
        Sample((np.array(True), (), ())),
        Sample((np.array([True, False, True]), (3,), ())),
        Sample((np.array([[True], [False]]), (3,), (2, 3))),
    ),
)

identity = define(
    "identity",
    family=FAMILY,
    lesson=Words(
        en="The identity passes the gradient as it is.",
        ko="항등 노드는 그래디언트를 그대로 흘려보냅니다.",
    ),
    sign="=",
    operands="a",
    formula="a",
    written="a",
    forward=operator.pos,
    rules=(ONE,),
    samples=SINGLES,
)

detach = define(
    "detach",
    family=FAMILY,
    lesson=Words(
        en="The value passes, the gradient stops here.",
        ko="값은 지나가지만 그래디언트는 여기에서 멈춥니다.",
    ),
    sign="⊣",
    operands="a",
    formula="detach(a)",
    forward=operator.pos,
    rules=(None,),
    conventions=Words(
        "The value passes, the gradient does not.", "값은 통과하고 그래디언트는 통과하지 않습니다."
    ),
    analytic=False,
    samples=SINGLES,
)


# Comparisons, cell by cell: booleans, to which no gradient flows.

_COMPARISONS = (
    ("less", "<", "<", operator.lt),
    ("less_equal", "<=", "≤", operator.le),
    ("greater", ">", ">", operator.gt),
    ("greater_equal", ">=", "≥", operator.ge),
    ("equal", "==", "=", operator.eq),
    ("not_equal", "!=", "≠", operator.ne),
)

for _name, _symbol, _sign, _forward in _COMPARISONS:
    define(
        _name,
        family="comparisons",
        sign=_sign,
        operands="a b",
        formula=f"a {_symbol} b",
        written=f"a {_symbol} b",
        forward=_forward,
        rules=(None, None),
        lesson=Words(
            en="A comparison is flat almost everywhere: no gradient flows through it.",
            ko="비교 연산은 거의 모든 곳에서 평평하므로 그래디언트가 흐르지 않습니다.",
        ),
        conventions=Words(
            "A comparison with NaN is false, except != which is true.",
            "NaN과의 비교는 거짓이고, !=만 참입니다.",
        ),
        analytic=False,
        boolean=True,
        samples=PAIRS,
    )
