"""Fitting what is given to an operator: operands by position and by name, and attributes.

Used for expressions, for the long form of nodes, and for formulas evaluated later; `at` is whatever says
where a part is, and comes back in the error.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Generic, NamedTuple, TypeVar

from backprop_engine.errors import code
from backprop_engine.evaluation.attributes import ATTRIBUTE, CallError, attribute_value, shown_value
from backprop_engine.expressions import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Expr,
    Keyword,
    ListOf,
    Name,
    Number,
    QuotedText,
    SourceSpan,
    Unary,
    literal,
    walk,
)
from backprop_engine.expressions.templates import needs_spelling
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.ops import OPS, Op
from backprop_engine.ops.attributes import OpAttribute
from backprop_engine.ops.definition import backward_word

__all__ = [
    "NAMED_NUMBERS",
    "NO_OWN_OPERATORS",
    "BoundCall",
    "CallError",
    "NamedArgument",
    "bind",
    "find_op",
    "in_operators",
    "is_operand",
    "meant",
    "named_arguments",
    "operands_first",
    "signature",
]

UNKNOWN_OP = code("unknown-op", msg("The file calls something that is not an operator."))
OPERANDS = code(
    "operands", msg("An operator gets too many operands, too few, or one under a name that it does not have.")
)

NO_OWN_OPERATORS: Final[Mapping[str, Op]] = MappingProxyType({})
"""Of a graph that uses the table's operators only."""

T = TypeVar("T")
W = TypeVar("W")


class NamedArgument(NamedTuple, Generic[T, W]):
    """Something given by name: an operand, or a plain value for an attribute."""

    name: str
    operand: T | None
    value: object
    at: W


class BoundCall(NamedTuple, Generic[T]):
    """The operands in the operator's order, and its attributes by name."""

    operands: tuple[T, ...]
    attributes: dict[str, Any]


def find_op(name: str, at: object, nodes: Iterable[str] = (), own: Mapping[str, Op] = NO_OWN_OPERATORS) -> Op:
    """The operator called `name`, of the table or of a graph's `own`; `CallError` with the nearest one, where
    there is none.
    """
    op = own.get(name) or OPS.get(name) or backward_word(name)
    if op is not None:
        return op
    shown = shortened(clean(name), 40)
    is_node = name in nodes
    message = (
        msg("`{name}` is a node, not an operator", name=shown)
        if is_node
        else msg("there is no operator `{name}`", name=shown)
    )
    otherwise: Hint = msg("multiply with `{name} * (…)`", name=shown) if is_node else ""
    raise CallError(UNKNOWN_OP, message, at, lambda: meant(name, own) or otherwise)


def meant(name: str, own: Iterable[str] = ()) -> Hint:
    """A hint with the operator that is called `name` elsewhere, or nearly so; or nothing."""
    from backprop_engine.evaluation.other_libraries import instead_of  # needed by mistakes alone

    return instead_of(name) or did_you_mean(name, (*own, *OPS), in_short=1)


def signature(op: Op) -> str:
    """How an operator is called: `softmax(a, axis=-1)`."""
    attributes = (
        attribute.name if attribute.default is ... else f"{attribute.name}={shown_value(attribute.default)}"
        for attribute in op.attributes
    )
    operands = [*op.operands, "…"] if op.variadic else op.operands
    return f"{op.name}({', '.join((*operands, *attributes))})"


def bind(
    op: Op,
    at: W,
    args: Sequence[tuple[T, W]],
    named: Sequence[NamedArgument[T, W]] = (),
    *,
    other_keys: Sequence[str] = (),
    written: Sequence[object] = (),
) -> BoundCall[T]:
    """Fit operands and attributes to `op`; `CallError` where they don't.

    `at` is where the operator's own name is; `other_keys` may be given beside operands and attributes;
    `written` are the operands as they are in an expression, where `args` are not.
    """
    if len(args) > len(op.operands) and not op.variadic:
        raise CallError(
            OPERANDS,
            _wrong_count(op, len(args)),
            args[len(op.operands)][1],
            _extra_hint(op, (written or [arg for arg, _ in args])[len(op.operands) :]),
        )
    names = op.names(max(len(args), len(op.operands)))
    operands: dict[str, T] = {name: operand for name, (operand, _) in zip(names, args, strict=False)}
    attributes: dict[str, Any] = {}
    for given in named:
        if given.name in op.operands and not op.variadic:
            if given.name in operands:
                raise CallError(
                    OPERANDS,
                    msg("`{name}` is given twice", name=given.name),
                    given.at,
                    msg("the operator is {op}", op=signature(op)),
                )
            if given.operand is None:
                message = msg(
                    "`{name}` is an operand of `{op}` and takes a node, not {value}",
                    name=given.name,
                    op=op.name,
                    value=shown_value(given.value),
                )
                hint: Hint = ""
                if not isinstance(given.value, str):
                    hint = msg(
                        "put it under `constants`, for example as `t`, and write `{name}=t`", name=given.name
                    )
                raise CallError(OPERANDS, message, given.at, hint)
            operands[given.name] = given.operand
            continue
        attribute = op.attribute(given.name)
        if attribute is None:
            raise _unknown_keyword(op, given.name, given.at, other_keys)
        attributes[given.name] = attribute_value(op, attribute, given.value, given.at)
    last = max((number for number, name in enumerate(names) if name in operands), default=-1)
    needed = names[: max(len(names) - op.optional, last + 1)]
    missing = [name for name in needed if name not in operands]
    if missing:
        raise CallError(
            OPERANDS,
            _wrong_count(op, len(operands)),
            at,
            msg("`{name}` is missing: {op}", name=missing[0], op=signature(op)),
        )
    for attribute in op.attributes:
        if attribute.default is ... and attribute.name not in attributes:
            message = msg(
                "`{op}` needs `{name}`: {meaning}",
                op=op.name,
                name=attribute.name,
                meaning=attribute.meaning,
            )
            raise CallError(ATTRIBUTE, message, at, msg("the operator is {op}", op=signature(op)))
    if op.conflict and (
        reason := op.conflict(**{known.name: known.default for known in op.attributes} | attributes)
    ):
        raise CallError(
            ATTRIBUTE,
            msg("the settings of `{op}` do not fit together: {reason}", op=op.name, reason=reason),
            at,
        )
    return BoundCall(tuple(operands[name] for name in needed), attributes)


def _wrong_count(op: Op, found: int) -> Message:
    count = len(op.operands)
    given = msg("1 was given") if found == 1 else msg("{count} were given", count=found)
    if op.optional:
        wanted = msg("{least} to {most}", least=count - op.optional, most=count)
    elif op.variadic:
        wanted = msg("{count} or more", count=count)
    elif count == 1:
        return msg("`{op}` takes 1 operand, but {given}", op=op.name, given=given)
    else:
        return msg("`{op}` takes {wanted} operands, but {given}", op=op.name, wanted=count, given=given)
    return msg("`{op}` takes {wanted} operands, but {given}", op=op.name, wanted=wanted, given=given)


def _extra_hint(op: Op, extra: Sequence[object]) -> Hint:
    """A hint for operands that are too many: the first of them may have been meant as an attribute."""
    numbers = [given.value for given in extra if isinstance(given, Number)]
    if len(numbers) == len(extra):
        if op.name == "transpose":
            return msg("name all axes in their new order: `{text}`", text="permute(a, axes=[1, 0, 2])")
        if settings := _as_settings(op, numbers):
            return msg("write `{text}`", text=f"{op.name}({', '.join((*op.operands, *settings))})")
    free = [attribute.name for attribute in op.attributes]
    if free and len(extra) == 1:
        return msg(
            "write an attribute with its name: `{name}=…`; the operator is {op}",
            name=free[0],
            op=signature(op),
        )
    return msg("the operator is {op}", op=signature(op))


def _as_settings(op: Op, numbers: Sequence[int | float]) -> list[str]:
    """Numbers as settings of `op` with their names: one each, or all as a list; or nothing that fits."""
    one_each: list[tuple[OpAttribute, object]] = list(zip(op.attributes, numbers, strict=False))
    as_list: list[tuple[OpAttribute, object]] = [
        (attribute, list(numbers)) for attribute in op.attributes[:1]
    ]
    for way in (one_each, as_list) if len(numbers) <= len(op.attributes) else (as_list,):
        try:
            for attribute, value in way:
                attribute_value(op, attribute, value, None)
        except CallError:
            continue
        return [f"{attribute.name}={shown_value(value)}" for attribute, value in way]
    return []


def _unknown_keyword(op: Op, name: str, at: object, other_keys: Sequence[str]) -> CallError:
    hint = did_you_mean(name, (*(attribute.name for attribute in op.attributes), *op.operands, *other_keys))
    shown = shortened(clean(name), 40)
    return CallError(
        ATTRIBUTE,
        msg("`{op}` has no `{name}`", op=op.name, name=shown),
        at,
        hint or msg("the operator is {op}", op=signature(op)),
    )


# Expressions


NAMED_NUMBERS: Final = {"pi": math.pi, "inf": math.inf}
"""Numbers that have a name, where nothing else is called so."""


def in_operators(tree: Expr, own: Container[str] = ()) -> Expr:
    """`tree` in operators alone; calls of what is among `own` names stay as they are."""
    if not any(needs_spelling(part) for part in walk(tree) if not isinstance(part, (Name, Number))):
        return tree
    from backprop_engine.evaluation.spelled_out import spelled_out  # which few expressions need

    return spelled_out(tree, own)


def is_operand(call: Call, keyword: Keyword) -> bool:
    """Whether a keyword of a call names an operand, rather than an attribute."""
    op = OPS.get(call.name) or backward_word(call.name)
    if isinstance(keyword.value, QuotedText | Boolean | ListOf):
        return False
    return op is None or op.attribute(keyword.name) is None


def operands_first(tree: Expr) -> list[Expr]:
    """The parts of `tree` in the order of computing: operands left to right, each part after its operands.

    A path (`one.h`) is one part, like a name; attributes of calls are none of them. Nothing recurses.
    """
    parts: list[Expr] = []
    stack: list[Expr] = [tree]
    while stack:
        node = stack.pop()
        parts.append(node)
        kind = type(node)
        if kind is Name or kind is Number or kind is Attribute:
            continue
        if isinstance(node, Binary):
            stack.append(node.left)
            stack.append(node.right)
        elif isinstance(node, Call):
            stack += node.args
            if node.keywords:
                stack += [keyword.value for keyword in node.keywords if is_operand(node, keyword)]  # type: ignore[misc]
        elif isinstance(node, Unary):
            stack.append(node.operand)
        else:
            stack.append(node.value)  # type: ignore[union-attr, arg-type]
    parts.reverse()
    return parts


def named_arguments(call: Call, operands: Iterable[T]) -> list[NamedArgument[T, SourceSpan]]:
    """The keywords of `call`; `operands` are what those that name operands stand for, in their order."""
    positions = iter(operands)
    return [
        NamedArgument(keyword.name, next(positions), None, keyword.name_span)
        if is_operand(call, keyword)
        else NamedArgument(keyword.name, None, _constant(keyword), keyword.name_span)
        for keyword in call.keywords
    ]


def _constant(keyword: Keyword) -> object:
    """The plain value that an attribute is set to."""
    value = keyword.value
    if isinstance(value, Number | QuotedText | Boolean | ListOf):
        return literal(value)
    message = msg(
        "`{name}` is a setting: it takes a number, quoted text, `true`, `false` or a list", name=keyword.name
    )
    hint: Hint = (
        msg("did you mean `{text}`?", text=f'{keyword.name}="{value.name}"')
        if isinstance(value, Name)
        else ""
    )
    raise CallError(ATTRIBUTE, message, value.span, hint)
