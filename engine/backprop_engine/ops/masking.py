"""Conditions that are combined, and entries that a mask replaces."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.definition import Family
from backprop_engine.ops.notations import Notation
from backprop_engine.ops.rules import Elementwise
from backprop_engine.ops.samples import PAIRS, SINGLES, Kink, Sample
from backprop_engine.ops.shape_rules import broadcasts, broadcasts_to, clash, named

define = Family("comparisons").define

_FLAT = Words(
    en="A small change does not alter a truth value, so no gradient flows through it.",
    ko="입력이 조금 바뀌어도 참과 거짓은 그대로이므로 그래디언트가 흐르지 않습니다.",
)
_TRUTH = Words(
    "0 is false; every other number is true, and so is NaN.",
    "0은 거짓이고, NaN을 비롯한 다른 수는 모두 참입니다.",
)
_NAN_IS_TRUE = Words("NaN is not 0, so it is true", "NaN은 0이 아니므로 참")
_JOINING: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("logical_and", "∧", np.logical_and),
    ("logical_or", "∨", np.logical_or),
)

for _name, _sign, _joins in _JOINING:
    define(
        _name,
        sign=_sign,
        operands="a b",
        formula=f"{_name}(a, b)",
        notation=Notation("product", _sign),
        forward=_joins,
        rules=(None, None),
        analytic=False,
        boolean=True,
        lesson=_FLAT,
        conventions=_TRUTH,
        kinks=(Kink((nan, nan), 1, (None, None), _NAN_IS_TRUE),),
        samples=(
            *PAIRS,
            Sample((np.array([True, True, False, False]), np.array([True, False, True, False]))),
        ),
    )

logical_not = define(
    "logical_not",
    sign="¬",
    operands="a",
    formula="logical_not(a)",
    notation=Notation("name", "¬"),
    forward=np.logical_not,
    rules=(None,),
    analytic=False,
    boolean=True,
    lesson=_FLAT,
    conventions=_TRUTH,
    kinks=(Kink((nan,), 0, (None,), _NAN_IS_TRUE),),
    samples=(*SINGLES, Sample((np.array([True, False]),))),
)


def _masked_shape(a: Shape, mask: Shape, value: Shape) -> Shape:
    if not broadcasts_to(a, mask):
        raise ShapeError(
            msg(
                "{operands}: the mask must broadcast to the shape of the tensor it masks",
                operands=named(a, mask),
            ),
            msg("`where({1}, {2}, {0})` broadcasts both") if broadcasts(a, mask) else clash(a, mask),
        )
    if value:
        raise ShapeError(
            msg("{2} is {shape}: masked_fill writes a single number", shape=shape_text(value)),
            msg("`where({1}, {2}, {0})` takes a tensor"),
        )
    return a


masked_fill = Family("arithmetic").define(
    "masked_fill",
    sign="mask",
    operands="a mask value",
    formula="where(mask, value, a)",
    forward=lambda a, mask, value: np.where(mask != 0, value, a),
    shape=_masked_shape,
    rules=(
        Elementwise("where(mask, 0, 1)", lambda out, a, mask, value: np.where(mask != 0, 0.0, 1.0)),
        None,
        Elementwise("where(mask, 1, 0)", lambda out, a, mask, value: np.where(mask != 0, 1.0, 0.0)),
    ),
    stops=("mask",),
    lesson=Words(
        en="Where the mask is true the gradient stops, since those entries no longer depend on the operand.",
        ko="마스크가 참인 자리의 값은 입력과 무관하므로 그래디언트가 거기에서 멈춥니다.",
    ),
    lessons=(
        None,
        None,
        Words(
            en="The fill value gets the sum of the gradients of all the entries it was written to.",
            ko="채워 넣은 수는 채워진 모든 자리의 그래디언트를 더해 받습니다.",
        ),
    ),
    conventions=Words(
        "The mask is true where the value is filled in, as in PyTorch. A masked entry gets a "
        "gradient of 0, which is then multiplied by the local gradients further back: 0 · inf is NaN.",
        "PyTorch처럼 마스크가 참인 자리를 채웁니다. 가려진 원소의 그래디언트는 0이며, 입력 "
        "쪽으로 더 가면 로컬 그래디언트가 곱해지므로 그것이 inf이면 0 · inf는 NaN이 됩니다.",
    ),
    kinks=(
        Kink(
            ([1.0, 2.0], [1.0, 0.0], -inf),
            [-inf, 2],
            ([0, 1], None, 1),
            Words("masked with −inf, as before a softmax", "소프트맥스 앞에서처럼 −inf로 가림"),
            seed=[1.0, 1.0],
        ),
    ),
    samples=(
        Sample(((), np.array(True), ())),
        Sample(((3,), np.array([True, False, True]), ())),
        Sample(((2, 3), np.array([[True], [False]]), ())),
        Sample(((2, 2, 3), np.array([[0.0, 1.0, 0.0]]), ())),
        Sample(((0, 2), np.array([True, False]), ())),
    ),
)
