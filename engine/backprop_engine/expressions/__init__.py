"""Expression text -> a tree with spans, and back. The grammar is our own; nothing is evaluated as Python."""

from __future__ import annotations

from backprop_engine.expressions.cursor import MAX_DEPTH
from backprop_engine.expressions.parse import parse
from backprop_engine.expressions.render import render
from backprop_engine.expressions.templates import FilledTemplate, Template, fill
from backprop_engine.expressions.tokens import MAX_LENGTH, ExprError
from backprop_engine.expressions.tree import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Constant,
    Expr,
    IndexList,
    IntegerIndex,
    KeyPart,
    Keyword,
    ListOf,
    Name,
    NewAxis,
    Number,
    QuotedText,
    Rest,
    Slice,
    SourceSpan,
    Subscript,
    Transpose,
    Unary,
    Value,
    literal,
    normalised,
    path,
    walk,
)

__all__ = [
    "MAX_DEPTH",
    "MAX_LENGTH",
    "Attribute",
    "Binary",
    "Boolean",
    "Call",
    "Constant",
    "Expr",
    "ExprError",
    "FilledTemplate",
    "IndexList",
    "IntegerIndex",
    "KeyPart",
    "Keyword",
    "ListOf",
    "Name",
    "NewAxis",
    "Number",
    "QuotedText",
    "Rest",
    "Slice",
    "SourceSpan",
    "Subscript",
    "Template",
    "Transpose",
    "Unary",
    "Value",
    "fill",
    "literal",
    "normalised",
    "parse",
    "path",
    "render",
    "walk",
]
