"""Expressions inside a scenario: parsing one where it stands, and going through its operands in order."""

from __future__ import annotations

from typing import TypeAlias

from backprop_engine.errors import Code, ScenarioError, code
from backprop_engine.expressions import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Expr,
    ExprError,
    Keyword,
    ListOf,
    Name,
    Number,
    Span,
    Text,
    Unary,
    parse,
)
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.ops import OPS
from backprop_engine.scenario.nodes import Scalar

__all__ = ["Operand", "expression_mistake", "is_operand", "operands_first", "parsed", "syntax_mistake"]

EXPR_SYNTAX = code("expr-syntax", msg("A text that should be an expression is none."))

Operand: TypeAlias = Expr


def parsed(scalar: Scalar) -> Expr:
    """The tree of the expression at `scalar`; `ScenarioError` where it is none."""
    try:
        return parse(scalar.text)
    except ExprError as error:
        raise syntax_mistake(scalar, error) from None


def syntax_mistake(scalar: Scalar, error: ExprError) -> ScenarioError:
    """What the parser says, at its place in the file."""
    return expression_mistake(EXPR_SYNTAX, scalar, error.span, error.message, error.hint)


def expression_mistake(
    kind: Code, scalar: Scalar, span: Span, message: Message, hint: Hint = ""
) -> ScenarioError:
    """A mistake at a stretch of the expression at `scalar`."""
    place = scalar.place_at(span.start, span.end - span.start)
    return ScenarioError([scalar.source.diagnostic(kind, message, place, hint)])


def is_operand(call: Call, keyword: Keyword) -> bool:
    """Whether a keyword of a call names an operand, rather than an attribute."""
    op = OPS.get(call.name)
    if isinstance(keyword.value, Text | Boolean | ListOf):
        return False
    return op is None or op.attribute(keyword.name) is None


def operands_first(tree: Expr) -> list[Expr]:
    """The parts of `tree` in the order of computing: operands left to right, each part behind its operands.

    A path (`one.h`) is one part, like a name; attributes of calls are none. No recursion: chains may be long.
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
                stack += [one.value for one in node.keywords if is_operand(node, one)]  # type: ignore[misc]
        elif isinstance(node, Unary):
            stack.append(node.operand)
        else:
            stack.append(node.value)  # type: ignore[union-attr, arg-type]
    parts.reverse()
    return parts
