"""A formula over named operands, ready to be computed, and its derivatives with respect to them.

A formula is made of the table's operators: it is computed by their forward functions, and differentiated by
their rules, in numbers and as a text that can be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from math import prod
from typing import Any, Final, NamedTuple

import numpy as np

from backprop_engine.arrays import Shape, broadcast_axes, shape_text, sum_axes
from backprop_engine.derived import derived
from backprop_engine.errors import ShapeError
from backprop_engine.evaluation.calls import NAMED_NUMBERS, CallError, in_operators, operands_first
from backprop_engine.evaluation.complete_texts import with_key, with_shapes
from backprop_engine.evaluation.derivative_operators import DERIVATIVE, is_derivative
from backprop_engine.evaluation.execution_plans import plan_of, refusal
from backprop_engine.expressions import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Expr,
    Keyword,
    Name,
    Number,
    SourceSpan,
    Unary,
    fill,
    normalised,
    parse,
    render,
)
from backprop_engine.expressions.rewriting import rebuilt
from backprop_engine.messages.message import msg
from backprop_engine.ops import Elementwise, Linear, Op, Rule
from backprop_engine.ops.attributes import index_key, key_text

__all__ = ["CompiledFormula", "UnknownNameError", "factor_of"]

LARGEST_PART: Final = 2**24
"""The most entries that any part of a formula may have."""
_NOWHERE: Final = SourceSpan(0, 0)
_ONE: Final = Number(1, _NOWHERE)


class UnknownNameError(ValueError):
    """A name in a formula that is not one of its operands; `span` says where it is."""

    def __init__(self, name: str, span: SourceSpan) -> None:
        self.name, self.span = name, span
        super().__init__(name)


class _Part(NamedTuple):
    """An operator in a formula: what it is applied to, by register, and how it is written."""

    op: Op
    operands: tuple[int, ...]
    attributes: Mapping[str, Any]
    tree: Expr


class CompiledFormula:
    """An expression over `operands`, compiled.

    Registers hold the operands, then the formula's numbers, then what each of its parts gives, in the order
    of computing. Raises `ExprError` for a text that is not an expression, `UnknownNameError` for a name that
    is not an operand's, and `CallError` for a call that does not fit its operator.
    """

    def __init__(self, text: str, operands: Sequence[str]) -> None:
        filled = fill(text)
        plan = plan_of(filled.template)
        self.text, self.operands, self.tree = text, tuple(operands), in_operators(parse(text))
        count = len(operands)
        numbers = plan.values(filled)
        place = {name: count + len(numbers) + at for at, name in enumerate(NAMED_NUMBERS)}
        place |= {name: register for register, name in enumerate(self.operands)}
        registers = []
        for part in plan.names:
            name = normalised(filled.name(part)) if isinstance(part, Name) else ""
            if name not in place:
                raise UnknownNameError(name or render(part), filled.span(part.span))
            registers.append(place[name])
        self.numbers = (*numbers, *NAMED_NUMBERS.values())
        registers += range(count, count + len(numbers))
        trees = [
            part for part in operands_first(self.tree) if not isinstance(part, Name | Attribute | Number)
        ]
        self.parts: list[_Part] = []
        for number, step in enumerate(plan.steps):
            attributes = dict(step.attributes) if step.key is None else {"key": filled.key(step.key)}
            attributes = {setting.name: setting.default for setting in step.op.attributes} | attributes
            if is_derivative(step.op):
                message = msg("`{op}` is a node of a graph, and cannot be part of a formula", op=step.op.name)
                raise CallError(
                    DERIVATIVE, message, filled.span(step.at), msg("use it in a node under `nodes`")
                )
            taken = tuple(registers[operand] for operand in step.operands)
            self.parts.append(_Part(step.op, taken, attributes, trees[number]))
            registers.append(count + len(self.numbers) + number)
        if len(plan.steps) < plan.computed:
            raise refusal(text, len(plan.steps), ())
        self.result = registers[-1] if self.parts else registers[0]

    @property
    def analytic(self) -> bool:
        """Whether its derivative can be checked by a complex step."""
        return all(part.op.analytic for part in self.parts)

    @property
    def boolean(self) -> bool:
        """Whether it gives truth values."""
        return bool(self.parts) and self.parts[-1].op.boolean

    def constants(self) -> tuple[str, ...]:
        """The operands that must be constants, because an operator in the formula takes nothing else."""
        found: dict[str, None] = {}
        for part in self.parts:
            for name, register in zip(part.op.names(len(part.operands)), part.operands, strict=True):
                if name in part.op.constants and register < len(self.operands):
                    found[self.operands[register]] = None
        return tuple(found)

    def indices(self, shapes: Sequence[Shape]) -> tuple[int, ...]:
        """Which operands hold whole numbers and keep their integer type."""
        known = self._shapes(shapes)
        found: dict[int, None] = {}
        for part in self.parts:
            if part.op.indices is not None:
                for argnum in part.op.indices(*(known[register] for register in part.operands)):
                    if part.operands[argnum] < len(self.operands):
                        found[part.operands[argnum]] = None
        return tuple(sorted(found))

    # Values

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """The shape of the result for operands of `shapes`; `ShapeError` where they do not fit together."""
        return self._shapes(shapes)[self.result]

    def work(self, shapes: Sequence[Shape]) -> int:
        """What all parts together take, counted as `Op.work` is."""
        known = self._shapes(shapes)
        counted = (
            part.op.work(*(known[register] for register in part.operands), **part.attributes)
            for part in self.parts
            if part.op.work is not None
        )
        return sum(counted)

    def value(self, operands: Sequence[Any]) -> Any:
        """The result for these operands: NumPy scalars or arrays, which may be complex."""
        return self._values(operands)[self.result]

    def _shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The shapes of all registers."""
        known: list[Shape] = [*shapes, *(() for _ in self.numbers)]
        for part in self.parts:
            try:
                shape = part.op.shape_for(
                    tuple(known[register] for register in part.operands), part.attributes
                )
            except ShapeError as error:
                names = [self._written(register) for register in part.operands]
                message = msg(
                    "in `{text}`: {problem}", text=render(part.tree), problem=error.message.format(*names)
                )
                raise ShapeError(message, error.hint and error.hint.format(*names)) from None
            if prod(shape) > LARGEST_PART:
                message = msg(
                    "`{text}` is {shape}: a part of an operator's formula has at most {most:,} entries",
                    text=render(part.tree), shape=shape_text(shape), most=LARGEST_PART,
                )  # fmt: skip
                raise ShapeError(message)
            known.append(shape)
        return known

    def _written(self, register: int) -> str:
        """How a register is in the formula."""
        count = len(self.operands)
        if register < count:
            return self.operands[register]
        if register < count + len(self.numbers):
            return repr(self.numbers[register - count])
        return f"({render(self.parts[register - count - len(self.numbers)].tree)})"

    def _values(self, operands: Sequence[Any]) -> list[Any]:
        """The values of all registers."""
        real = _real_type(operands)
        known: list[Any] = [*operands, *map(real, self.numbers)]
        for part in self.parts:
            out = part.op.forward(*(known[register] for register in part.operands), **part.attributes)
            if part.op.boolean:  # truth values are numbers where they are operands
                out = np.asarray(out).astype(real)[()]
            known.append(out)
        return known

    # Derivatives

    def is_elementwise(self, argnum: int, shapes: Sequence[Shape]) -> bool:
        """Whether each entry of the result depends on one entry of the operand, as far as the rules say."""
        known = self._shapes(shapes)
        return all(
            isinstance(rule, Elementwise)
            for part, rules in self._rules(known)
            for register, rule in zip(part.operands, rules, strict=True)
            if rule is not None and self._reaches(argnum, register)
        )

    def flows(self, argnum: int, shapes: Sequence[Shape]) -> bool:
        """Whether gradient flows to an operand."""
        flowing = {argnum}
        for number, (part, rules) in enumerate(self._rules(self._shapes(shapes))):
            if any(
                rule is not None and register in flowing
                for register, rule in zip(part.operands, rules, strict=True)
            ):
                flowing.add(len(self.operands) + len(self.numbers) + number)
        return self.result in flowing

    def derivative(self, argnum: int, out: Any, operands: Sequence[Any]) -> Any:
        """∂result/∂operand, entry by entry, where that `is_elementwise`."""
        known = self._values(operands)
        slopes: list[Any] = [0.0] * len(known)
        slopes[argnum] = 1.0
        first = len(self.operands) + len(self.numbers)
        for number, (part, rules) in enumerate(self._rules([np.shape(value) for value in known])):
            given = [known[register] for register in part.operands]
            for register, rule in zip(part.operands, rules, strict=True):
                if isinstance(rule, Elementwise) and self._reaches(argnum, register):
                    partial = rule.of(known[first + number], *given, **part.attributes)
                    slopes[first + number] = slopes[first + number] + partial * slopes[register]
        return slopes[self.result]

    def vjp(self, argnum: int, upstream: Any, operands: Sequence[Any]) -> Any:
        """The vector-Jacobian product with respect to an operand, in the operand's shape."""
        known = self._values(operands)
        shapes = [np.shape(value) for value in known]
        adjoints: list[Any] = [None] * len(known)
        adjoints[self.result] = upstream
        first = len(self.operands) + len(self.numbers)
        rules_of = list(self._rules(shapes))
        for number in range(len(self.parts) - 1, -1, -1):
            adjoint, (part, rules) = adjoints[first + number], rules_of[number]
            if adjoint is None:
                continue
            given = [known[register] for register in part.operands]
            for register, rule in zip(part.operands, rules, strict=True):
                if rule is None or not self._reaches(argnum, register):
                    continue
                if isinstance(rule, Elementwise):
                    share = adjoint * rule.of(known[first + number], *given, **part.attributes)
                else:
                    share = rule.vjp(adjoint, known[first + number], *given, **part.attributes)
                if axes := _summed(rule, shapes[first + number], shapes[register]):
                    share = sum_axes(np.asarray(share), axes, shapes[register])
                adjoints[register] = share if adjoints[register] is None else adjoints[register] + share
        found = adjoints[argnum]
        return np.zeros(shapes[argnum]) if found is None else np.broadcast_to(found, shapes[argnum])

    def derivative_text(self, argnum: int, shapes: Sequence[Shape]) -> str:
        """`derivative` as an expression over the operands and ``out``."""
        return render(self._gradient_tree(argnum, shapes, _ONE))

    def vjp_text(self, argnum: int, shapes: Sequence[Shape]) -> str:
        """`vjp` as an expression over the operands, ``out`` and the upstream gradient ``g``."""
        return render(self._gradient_tree(argnum, shapes, Name("g", _NOWHERE)))

    def _gradient_tree(self, argnum: int, shapes: Sequence[Shape], upstream: Expr) -> Expr:
        """The text of what flows to an operand when `upstream` flows into the result."""
        known = self._shapes(shapes)
        trees: list[Expr] = [Name(name, _NOWHERE) for name in self.operands]
        trees += [Number(number, _NOWHERE) for number in self.numbers]
        trees += [part.tree for part in self.parts]
        if self.parts:
            trees[self.result] = Name("out", _NOWHERE)
        adjoints: list[Expr | None] = [None] * len(trees)
        adjoints[self.result] = upstream
        first = len(self.operands) + len(self.numbers)
        rules_of = list(self._rules(known))
        for number in range(len(self.parts) - 1, -1, -1):
            adjoint, (part, rules) = adjoints[first + number], rules_of[number]
            if adjoint is None:
                continue
            names = {"out": trees[first + number]}
            names |= zip(part.op.names(len(part.operands)), (trees[at] for at in part.operands), strict=True)
            for register, rule in zip(part.operands, rules, strict=True):
                if rule is None or not self._reaches(argnum, register):
                    continue
                sizes = dict(
                    zip(names, (known[first + number], *(known[at] for at in part.operands)), strict=True)
                )
                share = _share(rule, adjoint, names, sizes, part.attributes)
                if upstream is not _ONE and (axes := _summed(rule, known[first + number], known[register])):
                    share = _sum_over(share, axes, known[first + number], known[register])
                before = adjoints[register]
                adjoints[register] = share if before is None else _simplified("+", before, share)
        return adjoints[argnum] or Number(0, _NOWHERE)

    def _rules(self, shapes: Sequence[Shape]) -> list[tuple[_Part, tuple[Rule | None, ...]]]:
        """Each part with its rules, for registers of `shapes`."""
        return [
            (part, part.op.rules_for(tuple(shapes[register] for register in part.operands), part.attributes))
            for part in self.parts
        ]

    def _reaches(self, argnum: int, register: int) -> bool:
        """Whether an operand is part of what a register holds."""
        return register in self._reached_by(argnum)

    @derived()
    def _reached_by(self, argnum: int) -> Set[int]:
        """The registers that hold something of an operand."""
        first = len(self.operands) + len(self.numbers)
        reached = {argnum}
        for number, part in enumerate(self.parts):
            if reached.intersection(part.operands):
                reached.add(first + number)
        return reached


def factor_of(tree: Expr, upstream: str) -> Expr | None:
    """What `tree` multiplies the upstream gradient by; None where it is not a product with it.

    ``g * a * (1 - out)`` gives ``a * (1 - out)``, ``-g`` gives ``-1``.
    """
    match tree:
        case Name() if tree.name == upstream:
            return _ONE
        case Unary():
            factor = factor_of(tree.operand, upstream)
            return None if factor is None else _negative(factor)
        case Binary(op="*"):
            in_left, in_right = _mentions(tree.left, upstream), _mentions(tree.right, upstream)
            if in_left and not in_right and (factor := factor_of(tree.left, upstream)) is not None:
                return _simplified("*", factor, tree.right)
            if in_right and not in_left and (factor := factor_of(tree.right, upstream)) is not None:
                return _simplified("*", tree.left, factor)
        case Binary(op="/") if not _mentions(tree.right, upstream):
            factor = factor_of(tree.left, upstream)
            return None if factor is None else Binary("/", factor, tree.right, _NOWHERE, _NOWHERE)
    return None


def _mentions(tree: Expr, name: str) -> bool:
    return any(isinstance(part, Name) and part.name == name for part in operands_first(tree))


def _negative(tree: Expr) -> Expr:
    return Number(-tree.value, _NOWHERE) if isinstance(tree, Number) else Unary("-", tree, _NOWHERE)


def _real_type(operands: Sequence[Any]) -> Any:
    """The floating type that the operands are computed in."""
    kinds = [np.real(np.asarray(operand)).dtype for operand in operands]
    floating = [kind for kind in kinds if np.issubdtype(kind, np.floating)]
    return (np.result_type(*floating) if floating else np.dtype(np.float64)).type


def _summed(rule: Rule, wide: Shape, narrow: Shape) -> tuple[int, ...]:
    """The axes that a rule's result is summed over, since the operand was broadcast along them."""
    if isinstance(rule, Elementwise):
        return broadcast_axes(wide, narrow)
    return rule.summed if isinstance(rule, Linear) else ()


def _share(
    rule: Rule,
    adjoint: Expr,
    names: Mapping[str, Expr],
    shapes: Mapping[str, Shape],
    attributes: Mapping[str, Any],
) -> Expr:
    """What a rule makes of the gradient `adjoint`, with `names` for what its text calls its operands, which
    have these `shapes`.
    """
    given = dict(names)
    if not isinstance(rule, Elementwise):
        given["g"] = adjoint
    settings = {name: setting for name, value in attributes.items() if (setting := _setting(value))}
    given = settings | given

    def change(part: Expr) -> Expr:
        if isinstance(part, Name) and part.name in given:
            return given[part.name]
        return _simplified(part.op, part.left, part.right) if isinstance(part, Binary) else part

    tree = parse(rule.text)
    if (key := index_key(attributes)) is not None:
        tree = with_key(tree, key_text(key))
    tree = rebuilt(with_shapes(tree, shapes), change)
    return _simplified("*", adjoint, tree) if isinstance(rule, Elementwise) else tree


def _setting(value: Any) -> Expr | None:
    """A setting as a part of an expression, if it can be one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Number(value, _NOWHERE)
    return None


def _sum_over(tree: Expr, axes: Sequence[int], wide: Shape, narrow: Shape) -> Expr:
    """The sum of `tree`, of the shape `wide`, over `axes`, in the shape `narrow`."""
    extra = len(wide) - len(narrow)
    added = [axis for axis in axes if axis < extra]
    kept = [axis for axis in axes if axis >= extra]
    true = Boolean(True, _NOWHERE)
    for axis in reversed(kept):
        tree = _call("sum", tree, ("axis", Number(axis, _NOWHERE)), ("keepdims", true))
    for axis in reversed(added):
        tree = _call("sum", tree, ("axis", Number(axis, _NOWHERE)))
    return tree


def _call(name: str, tree: Expr, *settings: tuple[str, Number | Boolean]) -> Expr:
    keywords = tuple(Keyword(key, value, _NOWHERE) for key, value in settings)
    return Call(name, (tree,), keywords, _NOWHERE, _NOWHERE)


def _simplified(op: str, left: Expr, right: Expr) -> Expr:
    """Two operands with an operator between them, without factors of 1, terms of 0 and powers of 1."""
    first, second = _value(left), _value(right)
    match op:
        case "*" if first == 0 or second == 0:
            return Number(0, _NOWHERE)
        case "*" if first == 1:
            return right
        case "*" | "/" | "**" if second == 1:
            return left
        case "*" if first == -1:
            return _negative(right)
        case "*" if second == -1:
            return _negative(left)
        case "+" if first == 0:
            return right
        case "+" | "-" if second == 0:
            return left
        case "*" | "+" | "-" if isinstance(first, int) and isinstance(second, int):
            return Number({"*": first * second, "+": first + second, "-": first - second}[op], _NOWHERE)
        case "+" if isinstance(right, Unary):
            return Binary("-", left, right.operand, _NOWHERE, _NOWHERE)
    return Binary(op, left, right, _NOWHERE, _NOWHERE)


def _value(tree: Expr) -> int | float | None:
    return tree.value if isinstance(tree, Number) else None
