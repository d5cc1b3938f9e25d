"""How many axes what an expression gives has, as far as its words tell: enough to choose between · and ⊙."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from backprop_engine.expressions import (
    Attribute,
    Binary,
    Boolean,
    Call,
    IntegerIndex,
    ListOf,
    Name,
    Subscript,
    Transpose,
    Unary,
    Value,
)

__all__ = ["axes_of", "letters"]

_REDUCING: Final = frozenset(("sum", "mean", "max", "min", "prod", "var", "std", "norm", "logsumexp", "dot"))


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
            return max(
                0, axes_of(tree.value, known) - sum(isinstance(part, IntegerIndex) for part in tree.key)
            )
        case Binary(op="@"):
            left, right = axes_of(tree.left, known), axes_of(tree.right, known)
            return max(left, right) if min(left, right) > 1 else max(0, left + right - 2)
        case Binary():
            return max(axes_of(tree.left, known), axes_of(tree.right, known))
        case Call():
            return _axes_of_call(tree, known)
        case _:
            return 0


def _axes_of_call(call: Call, known: Mapping[str, int]) -> int:
    within = [axes_of(arg, known) for arg in call.args]
    most = max(within, default=0)
    settings = {keyword.name: keyword.value for keyword in call.keywords}
    match call.name:
        case "outer":
            return sum(within)
        case "one_hot":
            return within[0] + 1
        case "eye":
            return 2
        case "ones":
            return 1
        case name if name in _REDUCING:
            keeps = settings.get("keepdims")
            if isinstance(keeps, Boolean) and keeps.value:
                return most
            axis = settings.get("axis")
            gone = len(axis.items) if isinstance(axis, ListOf) else most if axis is None else 1
            return max(0, most - gone)
        case _:
            return most
