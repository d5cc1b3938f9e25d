"""Comparisons, cell by cell: booleans, to which no gradient flows."""

from __future__ import annotations

import operator

from backprop_engine.messages.words import Words
from backprop_engine.ops.arithmetic import PAIRS
from backprop_engine.ops.definition import define

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
