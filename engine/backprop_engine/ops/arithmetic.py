"""Arithmetic and comparisons, entry by entry, with broadcasting."""

from __future__ import annotations

import operator
from math import inf, nan
from typing import Any

import numpy as np
from msgspec import structs

from backprop_engine.arrays import Shape
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.definition import OPS, Family, Lessons
from backprop_engine.ops.notations import Notation
from backprop_engine.ops.rules import ONE, Elementwise, first_operand, second_operand
from backprop_engine.ops.samples import PAIRS, SINGLES, Kink, Sample, at_zero
from backprop_engine.ops.shape_rules import broadcast, broadcasts, named, no_broadcast, product

define = Family("arithmetic").define


def _away_from_zero(sample: Sample) -> Sample:
    return Sample(sample.operands, low=0.5, high=2.0)


def _added(shapes: tuple[Shape, ...]) -> Lessons:
    """What more is to say of operands that are broadcast."""
    out = broadcast(*shapes)
    summed = Words(
        en="Addition passes its upstream gradient on unchanged; an operand that was broadcast gets "
        "the sum over the broadcast axes.",
        ko="덧셈 노드는 흘러들어온 그래디언트를 그대로 흘려보내되, 브로드캐스트된 피연산자에는 반복된 축을 "
        "따라 더한 합을 보냅니다.",
    )
    whole = Words(
        en="Addition passes its upstream gradient on unchanged to an operand of the same shape as the sum.",
        ko="덧셈 노드는 합과 형상이 같은 피연산자에는 흘러들어온 그래디언트를 그대로 흘려보냅니다.",
    )
    if all(shape == out for shape in shapes):
        return (None,) * len(shapes)
    return tuple(whole if shape == out else summed for shape in shapes)


add = define(
    "add",
    sign="+",
    operands="a b",
    formula="a + b",
    written="a + b",
    forward=operator.add,
    rules=(ONE, ONE),
    lesson=Words(
        en="Addition passes its upstream gradient on unchanged to every operand.",
        ko="덧셈 노드는 흘러들어온 그래디언트를 모든 피연산자에 그대로 흘려보냅니다.",
    ),
    lessons=_added,
)

sub = define(
    "sub",
    sign="−",
    operands="a b",
    formula="a - b",
    written="a - b",
    forward=operator.sub,
    rules=(ONE, Elementwise("-1", lambda out, a, b: -1.0)),
    lesson=Words(
        en="Subtraction passes its upstream gradient on, with the sign flipped for the second operand.",
        ko="뺄셈 노드는 그래디언트를 그대로, 둘째 피연산자에는 부호를 바꾸어 흘려보냅니다.",
    ),
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
    sign="×",
    operands="a b",
    formula="a * b",
    written="a * b",
    forward=operator.mul,
    shape=times,
    rules=(Elementwise("b", second_operand), Elementwise("a", first_operand)),
    lesson=Words(
        en="Multiplication gives each operand the upstream gradient times the other operand.",
        ko="곱셈 노드는 흘러들어온 그래디언트에 다른 피연산자의 값을 곱해 흘려보냅니다.",
    ),
    conventions=Words("0 · inf is NaN, as in IEEE arithmetic.", "IEEE 산술대로 0 · inf는 NaN입니다."),
    kinks=(Kink((0.0, inf), nan, (inf, 0), Words("0 · inf is NaN", "0 · inf는 NaN")),),
)


def _by_a_number(a: Shape, b: Shape) -> Shape:
    """The shape rule of ``·``, which other notations have for several products."""
    if a and b:
        raise ShapeError(
            msg("{operands}: `·` multiplies by a number", operands=named(a, b)),
            msg("write `@` for a matrix product, `⊙` or `*` for an elementwise product"),
        )
    return times(a, b)


OPS.also("·", structs.replace(mul, shape=_by_a_number))

div = define(
    "div",
    sign="÷",
    operands="a b",
    formula="a / b",
    written="a / b",
    forward=operator.truediv,
    rules=(
        Elementwise("1 / b", lambda out, a, b: 1.0 / b),
        Elementwise("-out / b", lambda out, a, b: -out / b),
    ),
    lesson=Words(
        en="Division divides the numerator's gradient by the denominator, just as it divides the value.",
        ko="나눗셈 노드는 값을 나누듯이 그래디언트도 분모로 나눕니다.",
    ),
    lessons=(
        Words(
            en="A numerator's gradient is divided by the denominator, as its value is.",
            ko="분자의 그래디언트는 분자의 값과 마찬가지로 분모로 나뉩니다.",
        ),
        Words(
            en="The denominator's local gradient is minus the quotient, divided by the denominator.",
            ko="분모에 대한 로컬 그래디언트는 몫을 분모로 한 번 더 나누고 부호를 바꾼 것입니다.",
        ),
    ),
    conventions=Words(
        "x / 0 is an infinity with the sign of x, and 0 / 0 is NaN, as in IEEE arithmetic.",
        "IEEE 산술대로 x / 0은 x와 부호가 같은 무한대이고, 0 / 0은 NaN입니다.",
    ),
    kinks=(
        Kink(
            (1.0, 0.0),
            inf,
            (inf, -inf),
            Words("an infinity with the numerator's sign", "분자와 부호가 같은 무한대"),
        ),
        Kink((0.0, 0.0), nan, (inf, nan), Words("0 / 0 is NaN", "0 / 0은 NaN")),
    ),
    samples=tuple(map(_away_from_zero, PAIRS)),
)

neg = define(
    "neg",
    sign="−",
    operands="a",
    formula="-a",
    written="-a",
    forward=operator.neg,
    rules=(Elementwise("-1", lambda out, a: -1.0),),
    lesson=Words(
        en="Negation flips the sign of the gradient.",
        ko="부호 반전 노드는 그래디언트의 부호를 바꿉니다.",
    ),
)


def _pow_base(out: Any, a: Any, b: Any) -> Any:
    return np.where(b == 0, 0.0, b * np.power(a, b - 1))


def _pow_exponent(out: Any, a: Any, b: Any) -> Any:
    return np.where((a == 0) & (b >= 0), 0.0, out * np.log(a))


pow_ = define(
    "pow",
    sign="xʸ",
    operands="a b",
    formula="a ** b",
    written="a ** b",
    notation=Notation("power"),
    forward=np.power,
    rules=(
        Elementwise("b * a ** (b - 1)", _pow_base),
        Elementwise("out * log(a)", _pow_exponent),
    ),
    raises_at_zero=True,
    lesson=Words(
        en="Differentiating a power brings the exponent down in front and lowers it by one.",
        ko="거듭제곱을 미분하면 지수가 앞으로 내려오고 지수는 하나 줄어듭니다.",
    ),
    lessons=(
        None,
        Words(
            en="The derivative of a power with respect to its exponent is the power itself times the "
            "natural logarithm of the base.",
            ko="지수에 대한 로컬 그래디언트는 거듭제곱의 값에 밑의 자연로그를 곱한 것입니다.",
        ),
    ),
    conventions=Words(
        "0 ** 0 is 1; its derivative with respect to the base is 0, and with respect to an exponent "
        "of 0 or more it is 0 too. A negative base with a fractional exponent gives NaN.",
        "0 ** 0은 1입니다. 밑에 대한 미분은 0이고, 지수가 0 이상이면 지수에 대한 미분도 "
        "0입니다. 밑이 음수이고 지수가 정수가 아니면 NaN입니다.",
    ),
    meets=at_zero,
    kinks=(
        Kink((0.0, 0.0), 1, (0, 0), Words("0⁰ is 1", "0⁰은 1")),
        Kink((0.0, 2.0), 0, (0, 0), Words("log 0 is not needed", "log 0을 구하지 않음")),
        Kink((0.0, -1.0), inf, (-inf, -inf), Words("a pole", "극점")),
        Kink((-1.0, 0.5), nan, (nan, nan), Words("outside the real numbers", "실수의 밖")),
    ),
    samples=tuple(map(_away_from_zero, PAIRS)),
)


def _sign_of_difference(a: Any, b: Any) -> Any:
    """1 where a > b, 0 where a < b, one half at a tie (infinities tie too), NaN where either is NaN."""
    return np.heaviside(np.where(a == b, 0.0, a - b), 0.5)


maximum = define(
    "maximum",
    sign="max",
    operands="a b",
    formula="maximum(a, b)",
    notation=Notation("name", "max"),
    forward=np.maximum,
    rules=(
        Elementwise("(a > b) + (a == b) / 2", lambda out, a, b: _sign_of_difference(a, b)),
        Elementwise("(b > a) + (a == b) / 2", lambda out, a, b: _sign_of_difference(b, a)),
    ),
    analytic=False,
    lesson=Words(
        en="Max is a router: the larger operand gets the whole gradient, and the other gets 0.",
        ko="최댓값 노드는 라우터입니다. 큰 쪽이 그래디언트를 모두 받고 다른 쪽은 0을 받습니다.",
    ),
    conventions=Words(
        "If the operands tie, they share the gradient equally. NaN stays NaN, and both gradients are NaN.",
        "두 값이 같으면 그래디언트를 똑같이 나눕니다. NaN은 NaN으로 남고 두 그래디언트도 NaN입니다.",
    ),
    kinks=(
        Kink((1.0, 1.0), 1, (0.5, 0.5), Words("a tie is shared equally", "같으면 똑같이 나눔")),
        Kink((inf, inf), inf, (0.5, 0.5), Words("infinities tie too", "무한대끼리도 같음")),
        Kink((nan, 1.0), nan, (nan, nan), Words("NaN wins and spreads", "NaN이 이기고 퍼짐")),
    ),
)

minimum = define(
    "minimum",
    sign="min",
    operands="a b",
    formula="minimum(a, b)",
    notation=Notation("name", "min"),
    forward=np.minimum,
    rules=(
        Elementwise("(a < b) + (a == b) / 2", lambda out, a, b: _sign_of_difference(b, a)),
        Elementwise("(b < a) + (a == b) / 2", lambda out, a, b: _sign_of_difference(a, b)),
    ),
    analytic=False,
    lesson=Words(
        en="Min is a router: the smaller operand gets the whole gradient, and the other gets 0.",
        ko="최솟값 노드는 라우터입니다. 작은 쪽이 그래디언트를 모두 받고 다른 쪽은 0을 받습니다.",
    ),
    conventions=Words(
        "If the operands tie, they share the gradient equally. NaN stays NaN, and both gradients are NaN.",
        "두 값이 같으면 그래디언트를 똑같이 나눕니다. NaN은 NaN으로 남고 두 그래디언트도 NaN입니다.",
    ),
    kinks=(Kink((1.0, 1.0), 1, (0.5, 0.5), Words("a tie is shared equally", "같으면 똑같이 나눔")),),
)

where = define(
    "where",
    sign="if",
    operands="condition a b",
    formula="where(condition, a, b)",
    notation=Notation("cases"),
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
    stops=("condition",),
    analytic=False,
    lesson=Words(
        en="The gradient passes only where this operand was chosen.",
        ko="선택 노드는 이 피연산자가 선택된 자리에만 그래디언트를 흘려보냅니다.",
    ),
    conventions=Words(
        "The side not chosen gets a gradient of 0, which is then multiplied by the local gradients "
        "further back: 0 · inf is NaN.",
        "선택하지 않은 쪽의 그래디언트는 0입니다. 이 0에 그 뒤의 로컬 그래디언트가 곱해지므로, "
        "그것이 inf이면 0 · inf는 NaN이 됩니다.",
    ),
    kinks=(
        Kink(
            (0.0, 1.0, inf),
            inf,
            (None, 0, 1),
            Words("0 is false; the side that is not chosen gets 0", "0은 거짓, 선택하지 않은 쪽은 0을 받음"),
        ),
    ),
    samples=(
        Sample((np.array(True), (), ())),
        Sample((np.array([True, False, True]), (3,), ())),
        Sample((np.array([[True], [False]]), (3,), (2, 3))),
    ),
)

identity = define(
    "identity",
    sign="=",
    operands="a",
    formula="a",
    written="a",
    forward=operator.pos,
    rules=(ONE,),
    lesson=Words(
        en="The identity passes the gradient on unchanged.",
        ko="항등 노드는 그래디언트를 그대로 흘려보냅니다.",
    ),
)

detach = define(
    "detach",
    sign="⊣",
    operands="a",
    formula="detach(a)",
    numpy="a",
    forward=operator.pos,
    rules=(None,),
    stops=("a",),
    analytic=False,
    lesson=Words(
        en="The value passes through; the gradient stops here.",
        ko="값은 지나가지만 그래디언트는 여기에서 멈춥니다.",
    ),
    conventions=Words(
        "The value passes through; the gradient does not.", "값은 통과하고 그래디언트는 통과하지 않습니다."
    ),
    samples=SINGLES,
)


# Comparisons, entry by entry: booleans, to which no gradient flows.

_comparisons = Family("comparisons")
_NOT_EVEN_EQUAL = Words("NaN is not even equal to itself", "NaN은 자신과도 같지 않음")
_COMPARISONS = (
    ("less", "<", "<", operator.lt, 1.0, Words("NaN is not less", "NaN은 더 작지 않음")),
    ("less_equal", "<=", "≤", operator.le, nan, _NOT_EVEN_EQUAL),
    ("greater", ">", ">", operator.gt, 1.0, Words("NaN is not greater", "NaN은 더 크지 않음")),
    ("greater_equal", ">=", "≥", operator.ge, nan, _NOT_EVEN_EQUAL),
    ("equal", "==", "=", operator.eq, nan, Words("NaN equals nothing", "NaN은 무엇과도 같지 않음")),
    ("not_equal", "!=", "≠", operator.ne, nan, Words("NaN differs from everything", "NaN은 모든 것과 다름")),
)

for _name, _symbol, _sign, _forward, _other, _note in _COMPARISONS:
    _comparisons.define(
        _name,
        sign=_sign,
        operands="a b",
        formula=f"a {_symbol} b",
        written=f"a {_symbol} b",
        forward=_forward,
        rules=(None, None),
        analytic=False,
        boolean=True,
        lesson=Words(
            en="A comparison is flat almost everywhere: no gradient flows through it.",
            ko="비교 연산은 거의 모든 곳에서 평평하므로 그래디언트가 흐르지 않습니다.",
        ),
        conventions=Words(
            "A comparison with NaN is false, except `!=`, which is true.",
            "NaN과의 비교는 거짓이고, !=만 참입니다.",
        ),
        kinks=(Kink((nan, _other), _symbol == "!=", (None, None), _note),),
        samples=PAIRS,
    )
