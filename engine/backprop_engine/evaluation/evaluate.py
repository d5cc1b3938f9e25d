"""The value of an expression over nodes that are computed already: formulas, watches, conditions.

Operators are the graph's own, with their shape rules before their arithmetic; nothing is evaluated as Python.
One walk serves for values and for shapes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from backprop_engine.arrays import Shape, Tensor, settle, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.evaluation.calls import (
    NAMED_NUMBERS,
    NO_OWN_OPERATORS,
    CallError,
    bind,
    find_op,
    in_operators,
    is_operand,
    named_arguments,
    operands_first,
)
from backprop_engine.expressions import (
    Attribute,
    Binary,
    Call,
    Expr,
    Name,
    Number,
    SourceSpan,
    Subscript,
    Transpose,
    Unary,
    derivative_parts,
    key_of,
    normalised,
    render,
    walk,
)
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import shortened
from backprop_engine.ops import OPS, Op

__all__ = [
    "EvaluationError",
    "evaluate",
    "evaluate_on",
    "gradients_in",
    "infer_shape",
    "is_gradient",
    "with_gradients",
]

if TYPE_CHECKING:
    from backprop_engine.trace.trace import Trace


GRADIENT = "grad"

T = TypeVar("T")


class _RefusedError(ValueError):
    """Constants that an operator refuses; `reason` says what is wrong with them."""

    def __init__(self, reason: Message) -> None:
        self.reason = reason
        super().__init__(reason)


class EvaluationError(ValueError):
    """An expression without a value; `span` says which part of it is to blame."""

    message: Message
    hint: Hint

    def __init__(self, message: Message, span: SourceSpan, hint: Hint = "") -> None:
        self.message, self.span, self.hint = message, span, hint
        super().__init__(message)


def evaluate(
    tree: Expr,
    value_of: Callable[[str], Tensor | None],
    gradient_of: Callable[[str], Tensor | None],
    dtype: np.dtype[Any],
    own: Mapping[str, Op] = NO_OWN_OPERATORS,
    functions: Mapping[str, Callable[..., Tensor]] = {},
    loss: str = "",
) -> Tensor | None:
    """The value of `tree` in `dtype`, where `grad(NAME)` is a gradient; None where a part of it is absent.

    With a `loss`, ``∂loss/∂NAME`` is that gradient too; other derivatives are names like any.
    `value_of` and `gradient_of` give None for what is absent and raise `LookupError` for unknown names; `own`
    are operators that are not in the table. `functions` are called with tensors, beside the operators; they
    raise `LookupError` for what they refuse.
    Raises `EvaluationError` for unknown names and operators and for operands that do not fit.
    """

    def apply(op: Op, operands: Sequence[Tensor], attributes: Mapping[str, Any]) -> Tensor:
        shapes = tuple(np.shape(operand) for operand in operands)
        _bounded(op.shape_for(shapes, attributes))
        if reason := _refused(op, operands, attributes):
            raise _RefusedError(reason)
        whole = op.indices(*shapes) if op.indices is not None else ()
        numbers = [
            settle(operand, np.dtype(np.int64) if argnum in whole else dtype)
            for argnum, operand in enumerate(operands)
        ]
        with np.errstate(all="ignore"):
            return settle(op.forward(*numbers, **attributes), np.dtype(np.bool_) if op.boolean else dtype)

    called = {name: partial(_called, function, dtype) for name, function in functions.items()}
    walk = _Walk(value_of, gradient_of, lambda number: settle(number, dtype), apply, own, called, loss)
    return walk.run(tree)


def evaluate_on(tree: Expr, trace: Trace) -> Tensor:
    """The value of `tree` over a whole run, where ``grad(x)`` and ``∂L/∂x`` are the gradient of x.

    Raises `EvaluationError` as `evaluate` does.
    """
    graph = trace.graph
    value = evaluate(tree, trace.value, trace.gradient, graph.dtype, graph.operators, loss=graph.loss_name)
    assert value is not None  # nothing is absent from a whole run
    return value


def _called(function: Callable[..., Tensor], dtype: np.dtype[Any], *operands: Tensor) -> Tensor:
    return settle(function(*operands), dtype)


def _refused(op: Op, operands: Sequence[Tensor], attributes: Mapping[str, Any]) -> Message | None:
    """What is wrong with the numbers of operands that must be constants, such as class indices."""
    if op.refuse is None:
        return None
    names = op.names(len(operands))
    given = [
        operand if name in op.constants else np.shape(operand)
        for name, operand in zip(names, operands, strict=True)
    ]
    return op.refuse(*given, **attributes)


LARGEST_TENSOR = 2**24
"""The most numbers that any part of a formula may have."""


def infer_shape(
    tree: Expr,
    shape_of: Callable[[str], Shape | None],
    gradient_shape: Callable[[str], Shape | None],
    own: Mapping[str, Op] = NO_OWN_OPERATORS,
    functions: Iterable[str] = (),
    loss: str = "",
) -> Shape | None:
    """The shape that `tree` will have; what is given gives shapes, and errors are those of `evaluate`.

    None where that depends on the step, or on numbers that `functions` take.
    """

    def apply(op: Op, operands: Sequence[Shape], attributes: Mapping[str, Any]) -> Shape:
        return _bounded(op.shape_for(tuple(operands), attributes))

    unknown = dict.fromkeys(functions, lambda *_: None)
    return _Walk(shape_of, gradient_shape, lambda _: (), apply, own, unknown, loss).run(tree)


def _bounded(shape: Shape) -> Shape:
    """The shape of a part of a formula, which must not be too large; before anything is computed."""
    shape = tuple(shape)
    if prod(shape) > LARGEST_TENSOR:
        raise ShapeError(
            msg("the result has shape {shape}, which is too large for a formula", shape=shape_text(shape))
        )
    return shape


def is_gradient(part: Expr) -> bool:
    """Whether `part` is `grad(…)`."""
    return isinstance(part, Call) and part.name == GRADIENT


def with_gradients(tree: Expr, loss: str) -> Expr:
    """`tree` with ``grad(x)`` for every ``∂loss/∂x``; other derivatives are names still."""

    def change(part: Expr) -> Expr:
        derivative = derivative_parts(part.name) if isinstance(part, Name) else None
        if derivative is None or normalised(derivative[0]) != loss:
            return part
        return Call(GRADIENT, (Name(derivative[1], part.span),), (), part.span, part.span)

    from backprop_engine.expressions.rewriting import rebuilt  # no first screen asks for a gradient

    return rebuilt(tree, change)


def gradients_in(tree: Expr, loss: str) -> frozenset[str]:
    """The names of the nodes whose gradients `tree` takes, as ``grad(x)`` or ``∂loss/∂x``."""
    calls = (part for part in walk(with_gradients(tree, loss)) if isinstance(part, Call))
    return frozenset(normalised(render(call.args[0])) for call in calls if is_gradient(call) and call.args)


@dataclass(frozen=True, slots=True)
class _Walk(Generic[T]):
    """Goes through a tree, operands first, with what a name, a number and an operator mean."""

    value_of: Callable[[str], T | None]
    gradient_of: Callable[[str], T | None]
    number: Callable[[float], T]
    apply: Callable[[Op, Sequence[T], Mapping[str, Any]], T]
    own: Mapping[str, Op]
    functions: Mapping[str, Callable[..., T | None]]
    loss: str = ""

    def run(self, tree: Expr) -> T | None:
        """What `tree` comes to."""
        results: list[T | None] = []
        for part in operands_first(in_operators(tree, {**self.own, **self.functions})):
            match part:
                case Name():
                    results.append(self.named(part))
                case Number():
                    results.append(self.number(part.value))
                case Attribute():
                    results.append(self.looked_up(render(part), part.span, self.value_of))
                case Call() if part.name == GRADIENT:
                    self.taken(part, results)
                    results.append(self.gradient(part))
                case Call():
                    results.append(self.call(part, results))
                case Binary():
                    right, left = results.pop(), results.pop()
                    operands = (part.left, part.right)
                    results.append(
                        self.applied(OPS.by_symbol(part.op), (left, right), operands, {}, part.op_span)
                    )
                case Unary():
                    results.append(self.applied(OPS["neg"], (results.pop(),), (part.operand,), {}, part.span))
                case Transpose():
                    results.append(
                        self.applied(OPS["transpose"], (results.pop(),), (part.value,), {}, part.span)
                    )
                case Subscript():
                    key = {"key": key_of(part)}
                    results.append(
                        self.applied(OPS["index"], (results.pop(),), (part.value,), key, part.span)
                    )
        return results.pop()

    def taken(self, call: Call, results: list[T | None]) -> list[T | None]:
        """The operands of `call`, taken from the end of `results`."""
        first = len(results) - len(call.args) - sum(is_operand(call, keyword) for keyword in call.keywords)
        operands = results[first:]
        del results[first:]
        return operands

    def named(self, part: Name) -> T | None:
        """The value of a name, or the gradient that it is."""
        of, to = (self.loss and derivative_parts(part.name)) or ("", "")
        if of and normalised(of) == self.loss:
            return self.looked_up(to, part.span, self.gradient_of)
        return self.looked_up(part.name, part.span, self.value_of)

    def looked_up(self, name: str, span: SourceSpan, where: Callable[[str], T | None]) -> T | None:
        """The value or gradient of a name."""
        try:
            return where(normalised(name))
        except LookupError as error:
            if name in NAMED_NUMBERS and where == self.value_of:
                return self.number(NAMED_NUMBERS[name])
            message = error.args[0] if error.args else msg("`{name}` is not defined", name=name)
            raise EvaluationError(message, span) from None

    def gradient(self, call: Call) -> T | None:
        """What `grad(NAME)` comes to."""
        argument = call.args[0] if len(call.args) == 1 and not call.keywords else None
        if not isinstance(argument, Name | Attribute):
            raise EvaluationError(
                msg("`grad` takes the name of one node"), call.span, msg("write `{text}`", text="grad(x)")
            )
        return self.looked_up(render(argument), argument.span, self.gradient_of)

    def call(self, call: Call, results: list[T | None]) -> T | None:
        """What a call comes to; its operands are the last of `results`."""
        operands = self.taken(call, results)
        if call.name in self.functions and not call.keywords:
            return self.given(call, operands)
        trees = (*call.args, *(keyword.value for keyword in call.keywords if is_operand(call, keyword)))
        paired = [((operand, tree), tree.span) for operand, tree in zip(operands, trees, strict=True)]
        try:
            op = find_op(call.name, call.name_span, (), self.own)
            by_name = named_arguments(call, (pair for pair, _ in paired[len(call.args) :]))
            bound = bind(op, call.name_span, paired[: len(call.args)], by_name)
        except CallError as error:
            raise EvaluationError(error.message, error.at, error.hint) from None
        values = tuple(operand for operand, _ in bound.operands)
        written = tuple(tree for _, tree in bound.operands)
        return self.applied(op, values, written, bound.attributes, call.name_span)  # type: ignore[arg-type]

    def given(self, call: Call, operands: Sequence[T | None]) -> T | None:
        """The value of a function that is not an operator; None if an operand is absent."""
        if any(operand is None for operand in operands):
            return None
        try:
            return self.functions[call.name](*operands)
        except TypeError:
            raise EvaluationError(
                msg("`{name}` does not take these operands", name=call.name), call.span
            ) from None
        except LookupError as error:
            raise EvaluationError(error.args[0], call.span) from None

    def applied(
        self,
        op: Op,
        operands: Sequence[T | None],
        written: Sequence[Expr],
        given: Mapping[str, Any],
        at: SourceSpan,
    ) -> T | None:
        """The result of `op` for `operands`; None if one is absent."""
        present = [operand for operand in operands if operand is not None]
        if len(present) < len(operands):
            return None
        attributes = {attribute.name: attribute.default for attribute in op.attributes} | dict(given)
        try:
            return self.apply(op, present, attributes)
        except _RefusedError as error:
            raise EvaluationError(error.reason, at) from None
        except ShapeError as error:
            names = [shortened(render(tree), 40) for tree in written]
            raise EvaluationError(
                error.message.format(*names), at, error.hint and error.hint.format(*names)
            ) from None
