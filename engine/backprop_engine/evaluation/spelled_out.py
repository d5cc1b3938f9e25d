"""What expressions may call, or hold, besides operators, spelled in operators.

``[0, 1]`` is a stack of numbers; ``zeros([2, 3])``, ``ones(3)`` and ``eye(3)`` are copies of a number;
``x.mT`` transposes each matrix of a stack; ``expand_dims(x, 0)`` is NumPy's name of ``unsqueeze``. The
formulas of backward passes are written with them.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Final

from backprop_engine.expressions import (
    Attribute,
    Call,
    Expr,
    Keyword,
    ListOf,
    Number,
    QuotedText,
    SourceSpan,
    Value,
)
from backprop_engine.expressions.postfix import SPELLED_CALLS
from backprop_engine.expressions.rewriting import rebuilt
from backprop_engine.ops import OPS

__all__ = ["spelled_out"]

_NO_NAMES: Final[frozenset[str]] = frozenset()


def spelled_out(tree: Expr, own: Container[str] = _NO_NAMES) -> Expr:
    """`tree` in operators alone; calls of what is among `own` names stay as they are."""

    def change(part: Expr) -> Expr:
        match part:
            case ListOf() if part.items:
                return _stack(part)
            case Attribute(name="mT"):
                return _call("einsum", part.value, part.span, subscripts=_text("...ij->...ji", part.span))
            case Call() if part.name not in own:
                return _with_lists(_SPELLINGS[part.name](part) if part.name in SPELLED_CALLS else part)
        return part

    return rebuilt(tree, change)


def _stack(numbers: ListOf) -> Call:
    """A list of numbers as a stack of them; one of lists as that, in rows."""
    shape, items = [len(numbers.items)], numbers.items
    while items and isinstance(items[0], ListOf):
        shape.append(len(items[0].items))
        items = tuple(item for row in items if isinstance(row, ListOf) for item in row.items)
    axis = Keyword("axis", Number(0, numbers.span), numbers.span)
    stack = Call("stack", items, (axis,), numbers.span, numbers.span)  # type: ignore[arg-type]
    if len(shape) == 1:
        return stack
    sizes = ListOf(tuple(Number(size, numbers.span) for size in shape), numbers.span)
    return _call("reshape", stack, numbers.span, shape=sizes)


def _with_lists(call: Expr) -> Expr:
    """A call with lists of numbers for operands that are given by name: ``mse(x, target=[0, 1])``."""
    if not isinstance(call, Call) or not any(isinstance(each.value, ListOf) for each in call.keywords):
        return call
    op = OPS.get(call.name)
    if op is None or op.variadic:
        return call
    keywords = tuple(
        Keyword(each.name, _stack(each.value), each.name_span)
        if isinstance(each.value, ListOf) and each.name in op.operands
        else each
        for each in call.keywords
    )
    return Call(call.name, call.args, keywords, call.name_span, call.span)


def _call(name: str, operand: Expr, span: SourceSpan, **settings: Value) -> Call:
    keywords = tuple(Keyword(key, value, span) for key, value in settings.items())
    return Call(name, (operand,), keywords, span, span)


def _text(text: str, span: SourceSpan) -> QuotedText:
    return QuotedText(text, span)


def _filled(number: int) -> Callable[[Call], Expr]:
    """Copies of a number in a shape: ``zeros([2, 3])``, ``zeros(3)``, ``zeros(shape=[2, 3])``."""

    def spelled(call: Call) -> Expr:
        shape = _sizes(call)
        return call if shape is None else _copies(number, shape, call)

    return spelled


def _copies(number: int, shape: ListOf, call: Call) -> Call:
    return _call("broadcast_to", Number(number, call.span), call.span, shape=shape)


def _sizes(call: Call) -> ListOf | None:
    """The only argument of a call as a list of sizes."""
    given = (*call.args, *(each.value for each in call.keywords if each.name == "shape"))
    match given:
        case (ListOf() as sizes,):
            return sizes
        case (Call(name="stack", args=sizes),) if all(isinstance(size, Number) for size in sizes):
            return ListOf(sizes, call.span)  # type: ignore[arg-type]  # spelled out already
        case (Number(value=int()) as size,):
            return ListOf((size,), size.span)
    return None


def _eye(call: Call) -> Expr:
    sizes = _sizes(call)
    if sizes is None or len(sizes.items) != 1 or call.keywords:
        return call
    return _call("diag", _copies(1, sizes, call), call.span)


def _expand_dims(call: Call) -> Expr:
    match call:
        case Call(args=(operand, Number() as axis), keywords=()):
            return _call("unsqueeze", operand, call.span, axis=axis)
        case Call(args=(operand,), keywords=(Keyword(name="axis", value=given),)):
            return _call("unsqueeze", operand, call.span, axis=given)
    return call


def _one_hot(call: Call) -> Expr:
    match call:
        case Call(args=(indices, Number() as classes), keywords=()):
            return _call("one_hot", indices, call.span, classes=classes)
    return call


_SPELLINGS: Final[dict[str, Callable[[Call], Expr]]] = {
    "zeros": _filled(0),
    "ones": _filled(1),
    "eye": _eye,
    "expand_dims": _expand_dims,
    "one_hot": _one_hot,
}
"""Calls that are spelled in operators, by name; one that is written in another way stays as it is."""
