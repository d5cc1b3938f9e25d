"""Expressions of the operators' table as NumPy writes them: ``sum(g, axis=[0, 2])`` is
``np.sum(g, axis=(0, 2))``.

A call of an operator is a call of the function that its definition names: one of NumPy's, or a helper. Where
it names none, the operator's form replaces the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, cast

from backprop_engine.arrays import Shape
from backprop_engine.evaluation.attributes import CallError
from backprop_engine.evaluation.calls import bind, named_arguments
from backprop_engine.evaluation.evaluate import EvaluationError, infer_shape
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
    Transpose,
    Value,
    parse,
    render,
)
from backprop_engine.expressions.rewriting import folded, rebuilt
from backprop_engine.ops import OPS, Op
from backprop_engine.ops.notations import NumpyCall
from backprop_engine.program.forms import form_text, parsed
from backprop_engine.program.helpers import function_name

__all__ = ["numpy_code", "numpy_tree"]

_CONSTANTS: Final = ("pi", "inf")
_AS_IT_IS: Final = NumpyCall("")
_ONES: Final = NumpyCall("ones", positional="shape")
_NO_HELPERS: Final[Mapping[str, str]] = {}
_NO_SHAPES: Final[Mapping[str, Shape]] = {}


def numpy_code(op: Op, tree: Expr, names: Mapping[str, str], shapes: Mapping[str, Shape]) -> str:
    """A text of `op` in NumPy's spelling, with `names` for its names, whose values have these `shapes`."""
    numbers = {name: found for name, other in names.items() if (found := _number(other)) is not None}
    tree = _expanded(tree, shapes, (op,))
    return render(_computable(numpy_tree(folded(tree, numbers), shapes, op.helpers)), names)


def _computable(tree: Expr) -> Expr:
    """`tree` with NumPy's numbers where Python's own give no answer: ``np.float64(1) / 0``."""

    def change(part: Expr) -> Expr:
        match part:
            case Binary(op="/" | "**", left=Number(value=left), right=Number(value=right)):
                if not _has_answer(part.op, float(left), float(right)):
                    typed = Name(f"np.float64({left})", part.left.span)
                    return Binary(part.op, typed, part.right, part.op_span, part.span)
        return part

    return rebuilt(tree, change)


def _has_answer(op: str, left: float, right: float) -> bool:
    """Whether Python divides these numbers, or raises one to the other, within the real numbers."""
    try:
        return isinstance(left / right if op == "/" else left**right, float)
    except (ZeroDivisionError, OverflowError):
        return False


def _number(text: str) -> Number | None:
    """The number that a name stands for, if it is a literal's."""
    if text.isidentifier():
        return None
    tree = parse(text)
    return tree if isinstance(tree, Number) else None


class _Function(NamedTuple):
    """What a program calls, and how."""

    name: str
    spelling: NumpyCall = _AS_IT_IS


# Operators that NumPy has no function for


def _expanded(tree: Expr, shapes: Mapping[str, Shape], within: tuple[Op, ...]) -> Expr:
    """`tree` with the forms of operators in place of calls that no function stands for.

    An operator's own name in its form, as in those that it is `within`, is NumPy's function.
    """

    def change(part: Expr) -> Expr:
        if not isinstance(part, Call) or part.name in within[0].helpers:
            return part
        op = OPS.called(part.name)
        if op is None or op in within or _function(op) is not None:
            return part
        try:
            return _form(op, part, shapes, within)
        except (CallError, EvaluationError):
            return part  # not the operator: NumPy's function of that name, which takes something else

    return rebuilt(tree, change)


def _form(op: Op, call: Call, shapes: Mapping[str, Shape], within: tuple[Op, ...]) -> Expr:
    """What `op` computes, over the operands of a call."""
    named = [keyword.value for keyword in call.keywords if op.attribute(keyword.name) is None]
    bound = bind(op, call.name_span, [(arg, arg.span) for arg in call.args], named_arguments(call, named))
    operands = cast(tuple[Expr, ...], bound.operands)
    found = [infer_shape(operand, shapes.get, _NO_SHAPES.get) or () for operand in operands]
    names = op.names(len(operands))
    attributes = {setting.name: setting.default for setting in op.attributes} | bound.attributes
    form = _expanded(
        parsed(form_text(op, found, attributes)), dict(zip(names, found, strict=True)), (*within, op)
    )
    return folded(form, dict(zip(names, operands, strict=True)))


def _function(op: Op) -> _Function | None:
    """The function that a call of `op` is a call of, if there is one."""
    if op.name in op.helpers:
        return _Function(function_name(op.helpers[op.name]))
    if isinstance(op.numpy, NumpyCall):
        return _Function(f"np.{op.numpy.function}", op.numpy)
    return _Function(f"np.{op.name}") if op.is_called and op.numpy is None and op.exact is None else None


# Spelling


def numpy_tree(
    tree: Expr, shapes: Mapping[str, Shape] = _NO_SHAPES, helpers: Mapping[str, str] = _NO_HELPERS
) -> Expr:
    """`tree` as NumPy would be called; `helpers` are the functions that it does not have."""

    def change(part: Expr) -> Expr:
        match part:
            case Name() if part.name in _CONSTANTS:
                return Name(f"np.{part.name}", part.span)
            case Transpose(value=Name() as name) if shapes.get(name.name) == ():
                return name
            case Attribute(name="shape", value=Name() as name) if shapes.get(name.name) == ():
                return Name("()", part.span)
            case Call():
                return _call(part, helpers)
            case _:
                return part

    return rebuilt(tree, change)


def _call(call: Call, helpers: Mapping[str, str]) -> Expr:
    """A call with its operands spelled already: its name, the order of its settings, and their form."""
    name, spelling = _called(call.name, helpers)
    args = list(call.args)
    keywords = {keyword.name: keyword for keyword in call.keywords}
    if spelling.first in keywords:
        args.insert(0, _python(keywords.pop(spelling.first).value))
    if spelling.packed:
        args = [_tuple(args) if len(args) > 1 else _tuple([*args, Name("", call.span)])]
    if spelling.positional in keywords:
        args.append(_python(keywords.pop(spelling.positional).value))
    given = tuple(
        Keyword(spelling.renamed.get(keyword.name, keyword.name), _setting(keyword), keyword.name_span)
        for keyword in keywords.values()
    )
    return Call(name, tuple(args), given, call.name_span, call.span)


def _setting(keyword: Keyword) -> Expr:
    """What is after a keyword; a key is what is in brackets."""
    if keyword.name == "key" and isinstance(keyword.value, QuotedText):
        return Name(f"np.s_[{keyword.value.value}]", keyword.value.span)
    return _python(keyword.value)


def _called(name: str, helpers: Mapping[str, str]) -> _Function:
    """The function that a name in an operator's text stands for."""
    if name in helpers:
        return _Function(function_name(helpers[name]))
    op = OPS.called(name)
    found = _function(op) if op is not None else None
    return found or _Function(f"np.{name}", _ONES if name == _ONES.function else _AS_IT_IS)


def _tuple(items: list[Expr]) -> Expr:
    """Items in round brackets; one item is as good without."""
    return items[0] if len(items) == 1 else Call("", tuple(items), (), SourceSpan(0, 0), SourceSpan(0, 0))


def _python(value: Value) -> Expr:
    """What is after a keyword, as Python writes it."""
    match value:
        case Boolean():
            return Name(str(value.value), value.span)
        case ListOf():
            return _tuple([_python(item) for item in value.items])
        case QuotedText():
            return Name(f'"{value.value}"', value.span)
        case _:
            return value
