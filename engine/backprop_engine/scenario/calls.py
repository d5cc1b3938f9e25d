"""Fitting what is given to an operator: operands by position and by name, and attributes.

Used for expressions, for the long form of nodes, and for formulas evaluated later; `at` is whatever says
where a part stands, and comes back in the error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from backprop_engine.errors import code
from backprop_engine.expr import (
    Boolean,
    Call,
    Index,
    Keyword,
    ListOf,
    Name,
    Number,
    Slice,
    Span,
    Subscript,
    Text,
    literal,
)
from backprop_engine.ops import OPS, Op
from backprop_engine.scenario.attributes import ATTRIBUTE, CallError, attribute_value, shown_value
from backprop_engine.scenario.expressions import is_operand
from backprop_engine.scenario.nearest import did_you_mean
from backprop_engine.scenario.nodes import Scalar
from backprop_engine.text import clean, clip

__all__ = [
    "Bound",
    "CallError",
    "Given",
    "bind",
    "find_op",
    "given_by_name",
    "key_of",
    "signature",
]

UNKNOWN_OP = code("unknown-op", "A call of something that is no operator.")
OPERANDS = code(
    "operands", "An operator is given too many operands, too few, or one by a name that it has not."
)

_ELSEWHERE: Final = {
    "mm": "write `a @ b`",
    "bmm": "write `a @ b`",
    "multiply": "write `a * b`, or `hadamard(a, b)`",
    "divide": "write `a / b`",
    "subtract": "write `a - b`",
    "addn": "write `a + b`",
    "power": "write `a ** b`",
    "negative": "write `-a`",
    "crossentropy": "write `softmax_with_loss(a, target=t)`",
    "softmaxcrossentropy": "write `softmax_with_loss(a, target=t)`",
    "nll": "write `nll(a, target=t)`, or `softmax_with_loss(a, target=t)` for logits",
    "bcewithlogits": "write `bce_with_logits(a, target)`",
    "stopgradient": "write `detach(a)`",
    "nograd": "write `detach(a)`",
    "grad": "`grad` is for expectations and watches",
    "zeros": "a tensor of zeros goes under `constants`: `{shape: [2, 3], init: zeros}`",
    "ones": "a tensor of ones goes under `constants`: `{shape: [2, 3], init: ones}`",
    "array": "a list of numbers goes under `constants`",
    "tensor": "a list of numbers goes under `constants`",
    "float": "numbers need no `float`",
}
"""What other libraries call it, without case, underscores and a `loss` at its end."""

T = TypeVar("T")
W = TypeVar("W")


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
    is_node = name in nodes
    message = f"`{shown}` is a node, not an operator" if is_node else f"there is no operator `{shown}`"
    otherwise = f"multiply with `{shown} * (…)`" if is_node else ""
    raise CallError(UNKNOWN_OP, message, at, lambda: _meant(name) or otherwise)


def _meant(name: str) -> str:
    """A hint with the operator that is called `name` elsewhere, or nearly so; or nothing."""
    called = name.casefold().replace("_", "").removesuffix("loss")
    return _ELSEWHERE.get(called) or did_you_mean(name, OPS)


def signature(op: Op) -> str:
    """How an operator is called: `softmax(a, axis=-1)`."""
    attributes = (
        one.name if one.default is ... else f"{one.name}={shown_value(one.default)}" for one in op.attributes
    )
    operands = [*op.operands, "…"] if op.variadic else op.operands
    return f"{op.name}({', '.join((*operands, *attributes))})"


def bind(op: Op, at: W, args: Sequence[tuple[T, W]], named: Sequence[Given[T, W]] = ()) -> Bound[T]:
    """Fit operands and attributes to `op`; `CallError` where they don't.

    `at` is where the operator's own name stands.
    """
    if len(args) > len(op.operands) and not op.variadic:
        raise CallError(
            OPERANDS, _wrong_count(op, len(args)), args[len(op.operands)][1], _extra_hint(op, len(args))
        )
    names = op.names(max(len(args), len(op.operands)))
    operands: dict[str, T] = {name: operand for name, (operand, _) in zip(names, args, strict=False)}
    attributes: dict[str, Any] = {}
    for given in named:
        if given.name in op.operands and not op.variadic:
            if given.name in operands:
                raise CallError(
                    OPERANDS, f"`{given.name}` is given twice", given.at, f"the operator is {signature(op)}"
                )
            if given.operand is None:
                message = f"`{given.name}` is an operand of `{op.name}` and takes a node"
                raise CallError(OPERANDS, f"{message}, not {shown_value(given.value)}", given.at)
            operands[given.name] = given.operand
            continue
        attribute = op.attribute(given.name)
        if attribute is None:
            raise _unknown_keyword(op, given.name, given.at)
        attributes[given.name] = attribute_value(op, attribute, given.value, given.at)
    last = max((number for number, name in enumerate(names) if name in operands), default=-1)
    needed = names[: max(len(names) - op.optional, last + 1)]
    missing = [name for name in needed if name not in operands]
    if missing:
        raise CallError(
            OPERANDS, _wrong_count(op, len(operands)), at, f"`{missing[0]}` is missing: {signature(op)}"
        )
    for attribute in op.attributes:
        if attribute.default is ... and attribute.name not in attributes:
            message = f"`{op.name}` needs `{attribute.name}`: {attribute.meaning.en}"
            raise CallError(ATTRIBUTE, message, at, f"the operator is {signature(op)}")
    if op.conflict and (
        reason := op.conflict(**{one.name: one.default for one in op.attributes} | attributes)
    ):
        raise CallError(ATTRIBUTE, f"the settings of `{op.name}` do not go together: {reason}", at)
    return Bound(tuple(operands[name] for name in needed), attributes)


def _wrong_count(op: Op, found: int) -> str:
    count = len(op.operands)
    given = f"{found} {'is' if found == 1 else 'are'} given"
    wanted = (
        f"{count - op.optional} to {count}" if op.optional else f"{count} or more" if op.variadic else count
    )
    return f"`{op.name}` takes {wanted} operand{'' if wanted == 1 else 's'}, {given}"


def _extra_hint(op: Op, found: int) -> str:
    """For a number too many: perhaps an attribute was meant by it."""
    free = [one.name for one in op.attributes]
    if free and found == len(op.operands) + 1:
        return f"an attribute has its name before it: `{free[0]}=…`; the operator is {signature(op)}"
    return f"the operator is {signature(op)}"


def _unknown_keyword(op: Op, name: str, at: object) -> CallError:
    beside = ("inputs", "note") if isinstance(at, Scalar) else ()  # in the long form
    hint = did_you_mean(name, (*(one.name for one in op.attributes), *op.operands, *beside))
    shown = clip(clean(name), 40)
    return CallError(
        ATTRIBUTE, f"`{op.name}` has no `{shown}`", at, hint or f"the operator is {signature(op)}"
    )


# Expressions


def key_of(subscript: Subscript) -> tuple[int | slice, ...]:
    """What stands in the brackets of a subscript, as NumPy takes it."""
    return tuple(_key_part(part) for part in subscript.key)


def _key_part(part: Index | Slice) -> int | slice:
    return part.value if isinstance(part, Index) else slice(part.start, part.stop, part.step)


def given_by_name(call: Call, operands: Iterable[T]) -> list[Given[T, Span]]:
    """The keywords of `call`; `operands` are what those that name operands stand for, in their order."""
    positions = iter(operands)
    return [
        Given(one.name, next(positions), None, one.name_span)
        if is_operand(call, one)
        else Given(one.name, None, _constant(one), one.name_span)
        for one in call.keywords
    ]


def _constant(keyword: Keyword) -> object:
    """The plain value that an attribute is set to."""
    value = keyword.value
    if isinstance(value, Number | Text | Boolean | ListOf):
        return literal(value)
    message = f"`{keyword.name}` is a setting: it takes a number, quoted text, `true`, `false` or a list"
    hint = f'did you mean `{keyword.name}="{value.name}"`?' if isinstance(value, Name) else ""
    raise CallError(ATTRIBUTE, message, value.span, hint)
