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
    Value,
)

__all__ = ["folded", "rebuilt"]


def rebuilt(tree: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """`tree` with every operand replaced by what `change` makes of it, from the leaves up."""
    match tree:
        case Unary():
            tree = Unary(tree.op, rebuilt(tree.operand, change), tree.span)
        case Binary():
            left, right = rebuilt(tree.left, change), rebuilt(tree.right, change)
            tree = Binary(tree.op, left, right, tree.op_span, tree.span)
        case Transpose():
            tree = Transpose(rebuilt(tree.value, change), tree.span)
        case Subscript():
            tree = Subscript(rebuilt(tree.value, change), tree.key, tree.span)
        case Attribute():
            tree = Attribute(rebuilt(tree.value, change), tree.name, tree.name_span, tree.span)
        case Call():
            args = tuple(rebuilt(arg, change) for arg in tree.args)
            keywords = tuple(
                Keyword(keyword.name, _rebuilt_value(keyword.value, change), keyword.name_span)
                for keyword in tree.keywords
            )
            tree = Call(tree.name, args, keywords, tree.name_span, tree.span)
    return change(tree)


def _rebuilt_value(value: Value, change: Callable[[Expr], Expr]) -> Value:
    return value if isinstance(value, QuotedText | Boolean | ListOf) else rebuilt(value, change)


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
