"""Changing expression trees: other parts in place of names, and numbers worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from backprop_engine.expressions.tree import (
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
    Subscript,
    Transpose,
    Unary,
    walk,
)

__all__ = ["folded", "rebuilt"]


def rebuilt(tree: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """`tree` with every operand replaced by what `change` makes of it, from the leaves up.

    Nothing recurses.
    """
    done: dict[int, Expr] = {}
    for part in walk(tree):
        if not isinstance(part, QuotedText | Boolean):
            done[id(part)] = change(_over(part, done))
    return done[id(tree)]


def _over(part: Expr, done: Mapping[int, Expr]) -> Expr:
    """`part` over what its operands have become; lists, and settings that are constants, stay as they are."""
    match part:
        case Unary():
            return Unary(part.op, done[id(part.operand)], part.span)
        case Binary():
            return Binary(part.op, done[id(part.left)], done[id(part.right)], part.op_span, part.span)
        case Transpose():
            return Transpose(done[id(part.value)], part.span)
        case Subscript():
            return Subscript(done[id(part.value)], part.key, part.span)
        case Attribute():
            return Attribute(done[id(part.value)], part.name, part.name_span, part.span)
        case Call():
            args = tuple(done[id(arg)] for arg in part.args)
            keywords = tuple(
                keyword
                if isinstance(keyword.value, QuotedText | Boolean | ListOf)
                else Keyword(keyword.name, done[id(keyword.value)], keyword.name_span)
                for keyword in part.keywords
            )
            return Call(part.name, args, keywords, part.name_span, part.span)
    return part


def folded(tree: Expr, values: Mapping[str, Expr]) -> Expr:
    """`tree` with `values` in place of names; ``x ** (2 - 1)`` becomes ``x``."""

    def change(part: Expr) -> Expr:
        match part:
            case Name() if part.name in values:
                return values[part.name]
            case Binary(op="-", left=Number(value=int() as a), right=Number(value=int() as b)):
                return Number(a - b, part.span)
            case Binary(op="**", right=Number(value=1)):
                return part.left
            case _:
                return part

    return rebuilt(tree, change)
