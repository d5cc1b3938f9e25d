"""Casts between floating types, such as those of mixed precision; they pass the gradient on.

What was computed in a narrow type is rounded more coarsely than the numbers here: `ROUNDINGS` says how much.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from backprop_engine.messages.words import Words
from backprop_engine.ops.definition import RECORDED, Op
from backprop_engine.ops.rules import ONE

__all__ = ["CAST_NAMES", "ROUNDINGS", "cast_op"]

CAST_NAMES: Final = {"F64": "to_float64", "F32": "to_float32", "F16": "to_float16", "BF16": "to_bfloat16"}
"""The name of the cast to a floating type, by the type's name in a recording."""
ROUNDINGS: Final = {"F32": 2.0**-23, "F16": 2.0**-10, "BF16": 2.0**-7}
"""The distance of 1 from the next larger number, by type."""
_CAST_LESSON: Final = Words(
    "A cast only changes the precision of the numbers, so it passes the gradient on, in its operand's type.",
    "형 변환은 수를 얼마나 세밀하게 반올림하는지만 바꾸므로, 그래디언트를 입력의 타입으로 되돌려 넘겨줍니다.",
)


def cast_op(dtype: str) -> Op:
    """The cast to a floating type; numbers in single precision are rounded to those of the type.

    In any other precision, such as that of numeric checks, they stay as they are: rounding has no slope.
    """

    def forward(a: Any) -> Any:
        return _rounded(a, dtype) if np.asarray(a).dtype == np.float32 else a

    name = CAST_NAMES[dtype]
    return Op(
        name=name,
        family=RECORDED,
        sign=name,
        operands=("a",),
        formula=f"{name}(a)",
        forward=forward,
        shape=lambda a: a,
        rules=(ONE,),
        lesson=_CAST_LESSON,
        samples=(),
    )


def _rounded(a: Any, dtype: str) -> Any:
    """Numbers in single precision, rounded to the nearest of a type, ties to even."""
    single = np.asarray(a, dtype=np.float32)
    if dtype == "F16":
        with np.errstate(over="ignore"):
            return single.astype(np.float16).astype(np.float32)
    if dtype != "BF16":
        return a
    bits = single.view(np.uint32)
    near = ((bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)
    return np.where(np.isnan(single), single, near)
