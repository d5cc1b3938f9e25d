"""How many axes what an expression gives has, as far as its words tell: enough to choose between · and ⊙."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from backprop_engine.errors import ShapeError
from backprop_engine.expressions import (
    Attribute,
    Binary,
    Boolean,
    Call,
    IndexList,
    IntegerIndex,
    KeyPart,
    ListOf,
    Name,
    NewAxis,
    Number,
    QuotedText,
    Subscript,
    Transpose,
    Unary,
    Value,
)
from backprop_engine.ops import OPS

__all__ = ["axes_of", "letters"]

_LETTERS: Final = "ᵢⱼₖₗₘₙ"


def letters(axes: Iterable[int]) -> str:
    """Small letters for axes, counted from 0: ``ᵢ`` is the first."""
    return "".join(_LETTERS[axis] if axis < len(_LETTERS) else f"[{axis}]" for axis in axes)


def axes_of(tree: Value, known: Mapping[str, int]) -> int:
    """The number of axes of `tree`; a name that is not `known` has none."""
    match tree:
        case Name():
            return known.get(tree.name, 0)
        case Unary():
            return axes_of(tree.operand, known)
        case Transpose() | Attribute():
            return axes_of(tree.value, known)
        case Subscript():
            return max(0, axes_of(tree.value, known) + sum(map(_axes_added, tree.key)) + _lists(tree.key))
        case Binary(op="@"):
            left, right = axes_of(tree.left, known), axes_of(tree.right, known)
            return max(left, right) if min(left, right) > 1 else max(0, left + right - 2)
        case Binary():
            return max(axes_of(tree.left, known), axes_of(tree.right, known))
        case Call():
            return _axes_of_call(tree, known)
        case _:
            return 0


def _axes_added(part: KeyPart) -> int:
    """How many axes a part of a subscript adds; all lists together leave one of those they take."""
    match part:
        case NewAxis():
            return 1
        case IntegerIndex() | IndexList():
            return -1
        case _:
            return 0


def _lists(key: Iterable[KeyPart]) -> int:
    return int(any(isinstance(part, IndexList) for part in key))


def _axes_of_call(call: Call, known: Mapping[str, int]) -> int:
    """The number of axes of a call: as the operator's shape rule says, for operands of any sizes."""
    within = [axes_of(arg, known) for arg in call.args]
    op = OPS.called(call.name)
    most = max(within, default=0)
    if op is None or call.name == "one_hot":
        return {"one_hot": within[0] + 1 if within else 0, "eye": 2, "ones": 1}.get(call.name, most)
    settings = {setting.name: setting.default for setting in op.attributes}
    settings |= {keyword.name: _plain(keyword.value) for keyword in call.keywords}
    try:
        return len(op.shape(*((_ANY_SIZE,) * axes for axes in within), **settings))
    except (ShapeError, TypeError):
        return most


_ANY_SIZE: Final = 2


def _plain(value: Value) -> Any:
    """The value of a setting; None for what is not a constant."""
    match value:
        case Number() | Boolean() | QuotedText():
            return value.value
        case Unary(operand=Number(value=number)):
            return -number
        case ListOf():
            return tuple(map(_plain, value.items))
        case _:
            return None
