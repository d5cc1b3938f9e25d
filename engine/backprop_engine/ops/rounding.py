"""Steps: functions that are flat between their jumps, and the remainder, which jumps where they do."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np

from backprop_engine.messages.words import Words
from backprop_engine.ops.definition import Family
from backprop_engine.ops.functions import gate
from backprop_engine.ops.notations import Notation
from backprop_engine.ops.rules import ONE, Elementwise
from backprop_engine.ops.samples import PAIRS, Kink, Sample, at_zero

define = Family("arithmetic").define

_FLAT = Elementwise("0", lambda out, a: gate(False, a))


def _whole(a: Any, *_: Any, **__: Any) -> bool:
    """Whether an entry is a whole number, where a step jumps."""
    return bool(np.any(np.equal(a, np.floor(a))))


def _halfway(a: Any, *_: Any, **__: Any) -> bool:
    """Whether an entry is halfway between two whole numbers."""
    return bool(np.any(np.equal(a - np.floor(a), 0.5)))


_JUMPS = Words("flat everywhere, even where it jumps", "뛰는 곳까지 어디나 평평함")

sign = define(
    "sign",
    operands="a",
    formula="sign(a)",
    forward=np.sign,
    rules=(_FLAT,),
    analytic=False,
    lesson=Words(
        en="The sign function is flat on both sides of 0: its local gradient is 0, and nothing "
        "before it learns.",
        ko="부호 함수는 0의 양쪽에서 평평하므로 로컬 그래디언트가 0이고, 그보다 입력 쪽은 학습되지 않습니다.",
    ),
    conventions=Words(
        "The sign of 0 is 0, and the derivative there is 0, as everywhere. NaN stays NaN, in the "
        "value (where PyTorch gives 0) and in the gradient.",
        "0의 부호는 0이고, 다른 곳과 마찬가지로 미분도 0입니다. 입력이 NaN이면 값도 "
        "그래디언트도 NaN이지만, PyTorch의 값은 0입니다.",
    ),
    meets=at_zero,
    kinks=(
        Kink((0.0,), 0, (0,), _JUMPS),
        Kink(
            (nan,), nan, (nan,), Words("NaN has no sign; PyTorch gives 0", "NaN에는 부호가 없음, PyTorch는 0")
        ),
    ),
)

floor = define(
    "floor",
    sign="⌊x⌋",
    operands="a",
    formula="floor(a)",
    notation=Notation("bars", "⌊⌋"),
    forward=np.floor,
    rules=(_FLAT,),
    analytic=False,
    lesson=Words(
        en="Rounding down is a staircase, flat between its steps: its local gradient is 0, and nothing "
        "before it learns.",
        ko="내림은 계단 함수이며 층마다 평평합니다. 로컬 그래디언트가 0이므로 그보다 입력 쪽은 "
        "학습되지 않습니다.",
    ),
    conventions=Words(
        "The derivative is 0, even at the steps, as in PyTorch. NaN stays NaN, in the gradient too.",
        "미분은 PyTorch처럼 계단이 뛰는 곳에서도 0입니다. 입력이 NaN이면 값도 그래디언트도 NaN입니다.",
    ),
    meets=_whole,
    kinks=(Kink(([1.0, -0.5],), [1, -1], ([0, 0],), _JUMPS),),
)

ceil = define(
    "ceil",
    sign="⌈x⌉",
    operands="a",
    formula="ceil(a)",
    notation=Notation("bars", "⌈⌉"),
    forward=np.ceil,
    rules=(_FLAT,),
    analytic=False,
    lesson=Words(
        en="Rounding up is a staircase, flat between its steps: its local gradient is 0, and nothing "
        "before it learns.",
        ko="올림은 계단 함수이며 층마다 평평합니다. 로컬 그래디언트가 0이므로 그보다 입력 쪽은 "
        "학습되지 않습니다.",
    ),
    conventions=Words(
        "The derivative is 0, even at the steps, as in PyTorch. NaN stays NaN, in the gradient too.",
        "미분은 PyTorch처럼 계단이 뛰는 곳에서도 0입니다. 입력이 NaN이면 값도 그래디언트도 NaN입니다.",
    ),
    meets=_whole,
    kinks=(Kink(([1.0, -0.5],), [1, 0], ([0, 0],), _JUMPS),),
)

round_ = define(
    "round",
    operands="a",
    formula="round(a)",
    forward=np.round,
    rules=(_FLAT,),
    analytic=False,
    lesson=Words(
        en="Rounding is a staircase: its local gradient is 0. Quantised networks train by passing "
        "the gradient on as if nothing had been rounded.",
        ko="반올림은 계단 함수이므로 로컬 그래디언트가 0입니다. 양자화한 신경망은 반올림하지 "
        "않은 것처럼 그래디언트를 그대로 흘려보내며 학습합니다.",
    ),
    conventions=Words(
        "A half goes to the even neighbour, as in NumPy and PyTorch: 0.5 to 0, 1.5 to 2. The "
        "derivative is 0, even at the steps. NaN stays NaN, in the gradient too.",
        "두 정수의 한가운데는 NumPy, PyTorch처럼 짝수로 갑니다. 0.5는 0, 1.5는 2가 됩니다. "
        "미분은 계단이 뛰는 곳에서도 0입니다. 입력이 NaN이면 값도 그래디언트도 NaN입니다.",
    ),
    meets=_halfway,
    kinks=(
        Kink(
            ([0.5, 1.5, 2.5],),
            [0, 2, 2],
            ([0, 0, 0],),
            Words("a half goes to the even neighbour", "한가운데는 짝수로"),
        ),
    ),
)

mod = define(
    "mod",
    operands="a b",
    formula="mod(a, b)",
    forward=np.mod,
    rules=(
        ONE,
        Elementwise("-floor(a / b)", lambda out, a, b: -np.floor_divide(a, b)),
    ),
    analytic=False,
    inside=(("q", "a / b"), ("n", "floor(q)"), ("out", "a - n * b")),
    lesson=Words(
        en="The slope of a remainder is 1 with respect to the dividend, and minus the integer "
        "quotient with respect to the divisor.",
        ko="나머지의 기울기는 나누어지는 수에 대해서는 1이고, 나누는 수에 대해서는 정수 몫의 "
        "부호를 바꾼 것입니다.",
    ),
    lessons=(
        Words(
            en="Between its jumps a remainder rises with the dividend, so the gradient is passed on "
            "unchanged.",
            ko="나머지는 뛰는 곳 사이에서 나누어지는 수와 똑같이 커지므로 그래디언트를 그대로 흘려보냅니다.",
        ),
        Words(
            en="The divisor is subtracted as many times as it fits, so its local gradient is minus "
            "that count.",
            ko="나누는 수는 몫만큼 빼지므로, 그 로컬 그래디언트는 몫의 부호를 바꾼 것입니다.",
        ),
    ),
    conventions=Words(
        "The remainder has the divisor's sign, as in Python, NumPy and `torch.remainder`. Dividing "
        "by 0 gives NaN; at the jumps the derivatives are those of the piece that starts there.",
        "나머지의 부호는 Python, NumPy, `torch.remainder`처럼 나누는 수와 같습니다. 0으로 나누면 "
        "NaN이고, 뛰는 곳에서의 미분은 거기에서 시작하는 구간의 것입니다.",
    ),
    meets=lambda a, b: bool(np.any(np.equal(np.mod(a, b), 0) | (np.less(a, 0) != np.less(b, 0)))),
    kinks=(
        Kink((-1.0, 3.0), 2, (1, 1), Words("the divisor's sign", "부호는 나누는 수를 따름")),
        Kink((6.0, 3.0), 0, (1, -2), Words("the side that starts at the jump", "뛰는 곳에서 시작하는 쪽")),
        Kink((1.0, 0.0), nan, (1, -inf), Words("a division by 0", "0으로 나눔")),
    ),
    samples=tuple(Sample(sample.operands, low=0.7, high=3.0) for sample in PAIRS),
)
