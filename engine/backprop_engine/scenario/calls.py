"""Fitting what is given to an operator: operands by position and by name, and attributes.

Used for expressions, for the long form of nodes, and for formulas evaluated later; `at` is whatever says
where a part stands, and comes back in the error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from backprop_engine.errors import Code, code
from backprop_engine.expr import Index, Slice, Subscript
from backprop_engine.ops import OPS, Attribute, Op
from backprop_engine.scenario.nearest import did_you_mean
from backprop_engine.text import clean, clip

__all__ = [
    "SYMBOLS",
    "Bound",
    "CallError",
    "Given",
    "attribute_value",
    "bind",
    "find_op",
    "key_of",
    "signature",
]

UNKNOWN_OP = code("unknown-op", "A call of something that is no operator.")
OPERANDS = code(
    "operands", "An operator is given too many operands, too few, or one by a name that it has not."
)
ATTRIBUTE = code("attribute", "An operator's attribute is missing, unknown, or of another type.")

SYMBOLS: Final = {
    symbol: OPS[name]
    for symbol, name in {
        "+": "add", "-": "sub", "*": "mul", "/": "div", "@": "matmul", "**": "pow",
        "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal",
        "==": "equal", "!=": "not_equal",
    }.items()
}  # fmt: skip
"""The operator that each symbol between two operands stands for."""

_ELSEWHERE: Final = {
    "dot": "`a @ b`",
    "mm": "`a @ b`",
    "bmm": "`a @ b`",
    "multiply": "`a * b`, or `hadamard(a, b)`",
    "cross_entropy": "`softmax_with_loss(a, target=t)`",
    "nll_loss": "`softmax_with_loss(a, target=t)`",
    "mse_loss": "`mse(a, target)`",
    "relu_": "`relu(a)`",
    "power": "`a ** b`",
    "add_n": "`a + b`",
    "stop_gradient": "`detach(a)`",
    "no_grad": "`detach(a)`",
    "grad": "`grad` is for expectations and watches",
}
"""What other libraries call it."""

T = TypeVar("T")
W = TypeVar("W")


class CallError(Exception):
    """Something given to an operator that does not fit it; `at` says which, `None` the operator's name."""

    def __init__(self, kind: Code, message: str, at: Any, hint: str = "") -> None:
        self.kind, self.message, self.at, self.hint = kind, message, at, hint
        super().__init__(message)


class Given(NamedTuple, Generic[T, W]):
    """Something given by name: an operand, or a plain value for an attribute."""

    name: str
    operand: T | None
    value: object
    at: W


class Bound(NamedTuple, Generic[T]):
    """The operands in the operator's order, and its attributes by name."""

    operands: tuple[T, ...]
    attributes: dict[str, Any]


def find_op(name: str, at: object, nodes: Iterable[str] = ()) -> Op:
    """The operator called `name`; `CallError` with the nearest one, where there is none."""
    op = OPS.get(name)
    if op is not None:
        return op
    shown = clip(clean(name), 40)
    if name in _ELSEWHERE:
        elsewhere = _ELSEWHERE[name]
        raise CallError(
            UNKNOWN_OP,
            f"there is no operator `{shown}`",
            at,
            elsewhere if " is " in elsewhere else f"write {elsewhere}",
        )
    hint = did_you_mean(name, OPS)
    if name in nodes:
        raise CallError(
            UNKNOWN_OP, f"`{shown}` is a node, not an operator", at, hint or f"multiply with `{shown} * (…)`"
        )
    raise CallError(UNKNOWN_OP, f"there is no operator `{shown}`", at, hint)


def signature(op: Op) -> str:
    """How an operator is called: `softmax(a, axis=-1)`."""
    attributes = (
        one.name if one.default is ... else f"{one.name}={_shown(one.default)}" for one in op.attributes
    )
    return f"{op.name}({', '.join((*op.operands, *attributes))})"


def bind(op: Op, at: W, args: Sequence[tuple[T, W]], named: Sequence[Given[T, W]] = ()) -> Bound[T]:
    """Fit operands and attributes to `op`; `CallError` where they don't.

    `at` is where the operator's own name stands.
    """
    if len(args) > len(op.operands):
        raise CallError(
            OPERANDS, _wrong_count(op, len(args)), args[len(op.operands)][1], _extra_hint(op, len(args))
        )
    operands: dict[str, T] = {name: operand for name, (operand, _) in zip(op.operands, args, strict=False)}
    attributes: dict[str, Any] = {}
    for given in named:
        if given.name in op.operands:
            if given.name in operands:
                raise CallError(
                    OPERANDS, f"`{given.name}` is given twice", given.at, f"the operator is {signature(op)}"
                )
            if given.operand is None:
                message = (
                    f"`{given.name}` is an operand of `{op.name}` and takes a node, not {_shown(given.value)}"
                )
                raise CallError(OPERANDS, message, given.at)
            operands[given.name] = given.operand
            continue
        attribute = op.attribute(given.name)
        if attribute is None:
            raise _unknown_keyword(op, given.name, given.at)
        attributes[given.name] = attribute_value(op, attribute, given.value, given.at)
    missing = [name for name in op.operands if name not in operands]
    if missing:
        raise CallError(
            OPERANDS, _wrong_count(op, len(operands)), at, f"`{missing[0]}` is missing: {signature(op)}"
        )
    for attribute in op.attributes:
        if attribute.default is ... and attribute.name not in attributes:
            message = f"`{op.name}` needs `{attribute.name}`: {attribute.meaning}"
            raise CallError(ATTRIBUTE, message, at, f"the operator is {signature(op)}")
    return Bound(tuple(operands[name] for name in op.operands), attributes)


def _wrong_count(op: Op, found: int) -> str:
    count = len(op.operands)
    given = f"{found} {'is' if found == 1 else 'are'} given"
    return f"`{op.name}` takes {count} operand{'' if count == 1 else 's'}, {given}"


def _extra_hint(op: Op, found: int) -> str:
    """For a number too many: perhaps an attribute was meant by it."""
    free = [one.name for one in op.attributes]
    if free and found == len(op.operands) + 1:
        return f"an attribute has its name before it: `{free[0]}=…`; the operator is {signature(op)}"
    return f"the operator is {signature(op)}"


def _unknown_keyword(op: Op, name: str, at: object) -> CallError:
    names = (*(one.name for one in op.attributes), *op.operands)
    hint = did_you_mean(name, names) or {"dim": "did you mean `axis`?"}.get(name, "")
    if "axis" not in names and name == "dim":
        hint = ""
    shown = clip(clean(name), 40)
    return CallError(
        ATTRIBUTE, f"`{op.name}` has no `{shown}`", at, hint or f"the operator is {signature(op)}"
    )


# Attributes


def attribute_value(op: Op, attribute: Attribute, value: object, at: object) -> Any:
    """`value` in the attribute's Python type; `CallError` where it is of another."""
    import msgspec  # here, so that importing the library does not cost it

    expected = attribute.type
    if expected is tuple:  # the key of `index`, whose slices only brackets can write
        expected = int | tuple[int, ...]
    try:
        converted = msgspec.convert(value, expected, strict=True)
    except msgspec.ValidationError:
        hint = attribute.meaning
        if isinstance(value, str):
            choices = [one for one in _choices(expected) if isinstance(one, str)]
            hint = did_you_mean(value, choices) or hint
        if attribute.type is tuple:
            hint = "slices are written in brackets: `x[:, 1:]`"
        message = f"`{attribute.name}` of `{op.name}` is {_type_words(expected)}, not {_shown(value)}"
        raise CallError(ATTRIBUTE, message, at, hint) from None
    if attribute.type is tuple and not isinstance(converted, tuple):
        return (converted,)
    return converted


def _choices(kind: Any) -> tuple[Any, ...]:
    """The values that a `Literal` allows, inside a union too."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(choice for part in get_args(kind) for choice in _choices(part)) if _is_union(kind) else ()


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)


@lru_cache(maxsize=256)
def _type_words(kind: Any) -> str:
    """A type in words: "a whole number or a list of whole numbers"."""
    if _is_union(kind):
        parts = [_type_words(part) for part in get_args(kind) if part is not NoneType]
        return " or ".join(parts)
    if get_origin(kind) is Literal:
        return " or ".join(
            f'"{choice}"' if isinstance(choice, str) else str(choice) for choice in get_args(kind)
        )
    if get_origin(kind) in (tuple, list):
        return f"a list of {_type_words(get_args(kind)[0]).removeprefix('a ')}s"
    words = {int: "a whole number", float: "a number", bool: "`true` or `false`", str: "quoted text"}
    return words.get(kind, getattr(kind, "__name__", str(kind)))


def _shown(value: object) -> str:
    """A plain value as it is written in an expression."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{clip(clean(value), 40)}"'
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return clip("[" + ", ".join(map(_shown, value)) + "]", 60)
    if isinstance(value, Mapping):
        return "a map"
    return clip(str(value), 40)


# Expressions


def key_of(subscript: Subscript) -> tuple[int | slice, ...]:
    """What stands in the brackets of a subscript, as NumPy takes it."""
    return tuple(_key_part(part) for part in subscript.key)


def _key_part(part: Index | Slice) -> int | slice:
    return part.value if isinstance(part, Index) else slice(part.start, part.stop, part.step)
