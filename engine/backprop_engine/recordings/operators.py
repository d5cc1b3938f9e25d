"""Operators that were recorded and are not in the table: their results are known, their formulas are not.

They have neither a forward function nor rules that compute: calling either raises `UsageError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import structs

from backprop_engine.arrays import Shape
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.definition import RECORDED, Op
from backprop_engine.ops.rules import Linear, Rules

__all__ = ["part_op", "recorded_op", "recorded_rule"]

PART: Final = "part"
_SHOWN: Final = Words("recorded", "기록된 값")
_LESSON: Final = Words(
    "The gradient that this operator passed on was recorded, but not how it was computed.",
    "이 연산이 넘겨준 그래디언트는 기록된 값입니다. 어떻게 계산했는지는 여기서 알 수 없습니다.",
)
_WHOLE_LAYER: Final = Words(
    "This kernel computes a layer over all positions at once and keeps its gates to itself. `lstm_cell` "
    "and `gru_cell` compute one position: the gradient that it passed on was recorded.",
    "이 커널은 한 계층을 모든 위치에 걸쳐 한꺼번에 계산하고 게이트 값을 남기지 않습니다. `lstm_cell`과 "
    "`gru_cell`은 한 위치만 계산하므로, 여기서 넘겨준 그래디언트는 기록된 값입니다.",
)
_RNN_LAYERS: Final[tuple[str, ...]] = ("mkldnn_rnn_layer", "_cudnn_rnn", "lstm", "gru")
_LESSONS: Final[Mapping[str, Words]] = dict.fromkeys(_RNN_LAYERS, _WHOLE_LAYER)
"""Why some operators are only recorded, although there are similar ones here."""
_PART_LESSON: Final = Words(
    "One of several outputs of an operator passes its gradient back to its own place among them.",
    "여러 출력 가운데 하나가 자기 자리로 그래디언트를 돌려줍니다.",
)


def _refusing(name: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise UsageError(
            msg("{op} was recorded, and cannot be computed here: there is no such operator here", op=name)
        )

    return refuse


def recorded_rule(name: str) -> Linear:
    """The rule of an operator whose backward is PyTorch's node `name`; its text is that name alone."""
    return Linear(f"{name}(g)", _refusing(name), shown=_SHOWN)


def recorded_op(name: str, shape: Shape, rules: Rules) -> Op:
    """A recorded operator with a result of `shape`, and a rule, or None, for each operand."""
    names = tuple(f"x{number}" for number in range(1, len(rules) + 1))
    return Op(
        name=name,
        family=RECORDED,
        sign=name,
        operands=names,
        formula=f"{name}({', '.join(names)})",
        forward=_refusing(name),
        shape=lambda *_, **__: shape,
        rules=rules,
        recorded=True,
        lesson=_LESSONS.get(name, _LESSON),
        samples=(),
    )


def part_op(shape: Shape, rules: Rules) -> Op:
    """An operator that selects one output, of `shape`, of an operator that has several."""
    return structs.replace(recorded_op(PART, shape, rules), lesson=_PART_LESSON)
