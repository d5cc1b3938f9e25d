"""An operator with its operands as an expression."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from backprop_engine.expressions import (
    Binary,
    Boolean,
    Call,
    Expr,
    IndexList,
    IntegerIndex,
    KeyPart,
    Keyword,
    ListOf,
    NewAxis,
    Number,
    QuotedText,
    Rest,
    Slice,
    SourceSpan,
    Subscript,
    Transpose,
    Unary,
)
from backprop_engine.expressions.tree import Constant
from backprop_engine.ops import Op
from backprop_engine.ops.attributes import IndexKey

__all__ = ["UnsayableError", "application", "settings"]

_NOWHERE: Final = SourceSpan(0, 0)
_BETWEEN: Final = re.compile(r"a (\S+) b")


class UnsayableError(Exception):
    """Something that has no place in an expression."""


def application(op: Op, operands: Sequence[Expr], attributes: Mapping[str, Any]) -> Expr:
    """What applies `op` to `operands`, with a symbol where it has one; `UnsayableError` if nothing does."""
    keywords, first = settings(op, attributes), operands[0]
    symbol = _BETWEEN.fullmatch(op.written)
    match op.name:
        case "index" if not isinstance(first, Number):
            return Subscript(first, _key(attributes["key"]), _NOWHERE)
        case "transpose" if not isinstance(first, Number):
            return Transpose(first, _NOWHERE)
        case "neg" if not isinstance(first, Number):
            return Unary("-", first, _NOWHERE)
    if symbol:
        return Binary(symbol[1], first, operands[1], _NOWHERE, _NOWHERE)
    return Call(op.name, tuple(operands), keywords, _NOWHERE, _NOWHERE)


def settings(op: Op, attributes: Mapping[str, Any]) -> tuple[Keyword, ...]:
    """The attributes that are not what they are by default; the key of an index is elsewhere."""
    return tuple(
        Keyword(attribute.name, _constant(attributes[attribute.name]), _NOWHERE)
        for attribute in op.attributes
        if attribute.type is not tuple and attributes[attribute.name] != attribute.default
    )


def _key(key: IndexKey) -> tuple[KeyPart, ...]:
    """What is in the brackets of an index."""
    if not key:
        raise UnsayableError
    return tuple(map(_key_part, key))


def _key_part(part: Any) -> KeyPart:
    if isinstance(part, slice):
        return Slice(_bound(part.start), _bound(part.stop), _bound(part.step), _NOWHERE)
    if isinstance(part, tuple):
        return IndexList(tuple(map(int, part)), _NOWHERE)
    if part is None:
        return NewAxis(_NOWHERE)
    return Rest(_NOWHERE) if part is ... else IntegerIndex(int(part), _NOWHERE)


def _bound(bound: Any) -> int | None:
    return None if bound is None else int(bound)


def _constant(value: Any) -> Constant:
    """The value of an attribute in an expression."""
    if isinstance(value, bool | np.bool_):
        return Boolean(bool(value), _NOWHERE)
    if isinstance(value, str):
        if "\\" in value or "\n" in value or ('"' in value and "'" in value):
            raise UnsayableError
        return QuotedText(value, _NOWHERE)
    if isinstance(value, list | tuple):
        return ListOf(tuple(map(_constant, value)), _NOWHERE)
    if value is None or not math.isfinite(value):
        raise UnsayableError
    return Number(value if isinstance(value, int | float) else value.item(), _NOWHERE)
