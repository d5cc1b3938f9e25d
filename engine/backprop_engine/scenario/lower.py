"""Units -> nodes of a graph: the parts of an expression become nodes of their own, operands first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from backprop_engine.arrays import shape_text
from backprop_engine.errors import Place, ShapeError, code
from backprop_engine.expr import (
    Attribute,
    Binary,
    Call,
    Name,
    Number,
    Span,
    Subscript,
    Transpose,
    Unary,
)
from backprop_engine.graph import GraphBuilder, Kind
from backprop_engine.ops import OPS, Op
from backprop_engine.scenario.calls import CallError, Given, bind, find_op, given_by_name, key_of
from backprop_engine.scenario.expressions import is_operand
from backprop_engine.scenario.memory import HINT, TOO_LARGE, size_message
from backprop_engine.scenario.mistakes import Mistakes
from backprop_engine.scenario.names import normalised
from backprop_engine.scenario.nodes import Node, Scalar, plain
from backprop_engine.scenario.numbers import NUMBER_RANGE
from backprop_engine.scenario.scopes import TOP, Scope
from backprop_engine.scenario.units import (
    Argument,
    At,
    CellUse,
    Expression,
    LongForm,
    ScanUse,
    Unit,
    path_text,
    unit_mistake,
)
from backprop_engine.text import clean

__all__ = ["Lowering", "Position", "Refusable"]

SHAPES = code("shapes", "The shapes of an operator's operands do not fit together.")
NOT_CONSTANT = code("not-constant", "An operand that must be a constant is an input, a param or a node.")

Position: TypeAlias = int | None
"""Where an operand is in the graph; `None` where it is broken, which is reported elsewhere."""


class Refusable(NamedTuple):
    """A node whose operator may refuse its constants' values, and where the first of them stands."""

    unit: Unit
    name: str
    at: At


class _Applied(NamedTuple):
    """An operator with its operands and attributes; `at` is where to point if they do not fit."""

    op: Op
    operands: tuple[Position, ...]
    attributes: Mapping[str, Any]
    at: At


_Computed: TypeAlias = Binary | Call | Unary | Transpose | Subscript


class Lowering:
    """Adds units to a graph, in the order of computing.

    `positions` are those of leaves, and later of nodes too; `refusable` collects what to check once values
    are known.
    """

    def __init__(self, builder: GraphBuilder, positions: dict[str, Position], max_memory: int) -> None:
        self.builder = builder
        self.positions = positions
        self.max_memory = max_memory
        self.largest_size = max_memory // builder.dtype.itemsize
        self.largest_number = float(np.finfo(builder.dtype).max)
        self.refusable: list[Refusable] = []
        self.lengths: dict[str, int] = {}
        """How many instances each scan has, by its name in the graph."""
        self.failed: dict[int, None] = {}
        """The units that something is wrong with, by identity."""
        self.literals: dict[int, int] = {}
        """The position of each number that is an operand, by the identity of the part that it is."""

    def scratch(self) -> Lowering:
        """A lowering that knows the same names, to check units whose nodes are not kept."""
        other = Lowering(self.builder.scratch(), dict(self.positions), self.max_memory)
        other.literals, other.lengths, other.failed = self.literals, dict(self.lengths), self.failed
        return other

    def add_literals(self, unit: Unit) -> None:
        """Add the numbers that are operands in `unit`; `ScenarioError` where the dtype cannot hold one.

        All of them come before the first computed node, so that the graph need not be sorted.
        """
        if isinstance(unit, Expression):
            for part in unit.parts:
                if type(part) is Number:
                    self.literals[id(part)] = self._literal(unit, part.value, part.span)
            return
        for node in _numbers_of(unit):
            if isinstance(node, Scalar) and isinstance(node.value, int | float):
                self.literals[id(node)] = self._literal(unit, node.value, node)
        for argument in unit.inputs.values() if isinstance(unit, CellUse) else ():
            if argument.unit is not None:
                self.add_literals(argument.unit)

    def add(
        self,
        unit: Expression | LongForm,
        mistakes: Mistakes,
        *,
        broken: bool,
        scope: Scope = TOP,
        name: str = "",
    ) -> None:
        """Add the nodes of `unit`; of a `broken` one only what needs no shapes is checked.

        Its names mean what they mean in `scope`, and its own is `name`, unless it is the scope's own for it.
        What is wrong with a unit is reported for the first of its instances.
        """
        name = name or scope.prefix + unit.name
        found = Mistakes()
        room = self._expression if isinstance(unit, Expression) else self._long_form
        good = found.attempt(room, unit, name, scope)
        if not good and id(unit) not in self.failed:
            self.failed[id(unit)] = None
            mistakes.add(found.found())
        if broken or not good:
            self.positions[name] = None

    def named(self, name: str, scope: Scope = TOP) -> Position:
        """The position of what a name or path means in `scope`."""
        if scope.cell is None and "[-" not in name:
            return self.positions.get(name)
        return self.positions.get(scope.full(name, self.lengths))

    # Instances of cells

    def alias(self, name: str, position: int) -> None:
        """Let `name` be another name for the node at `position`."""
        self.positions[name] = position
        self.builder.alias(name, position)

    def add_slice(self, name: str, tensor: int, index: int, text: str, place: Scalar) -> None:
        """Add what a scan takes from the leading axis of a tensor at `index`."""
        self.positions[name] = self.builder.apply(
            OPS["index"], (tensor,), name, attributes={"key": (index,)}, text=text, place=place.place
        )

    def add_stack(self, unit: Unit, name: str, parts: Sequence[Position]) -> None:
        """Add the stack of what the instances of a scan give out."""
        applied = _Applied(OPS["stack"], tuple(parts), {"axis": 0}, unit.key)
        self.positions[name] = self._apply(unit, applied, name, f"stack of {name}", unit.key.place)

    # Expressions

    def _expression(self, unit: Expression, name: str, scope: Scope) -> None:
        """Add the parts of an expression, each behind its operands; the last is the unit itself."""
        tree, place = unit.tree, unit.key.place
        if isinstance(tree, Name | Attribute):
            operand = self.named(path_text(tree), scope)
            applied = _Applied(OPS["identity"], (operand,), _NONE, tree.span)
            self.positions[name] = self._apply(unit, applied, name, path_text(tree), place)
            return
        stack: list[Position] = []
        push = stack.append
        positions, literals = self.positions, self.literals
        text = unit.scalar.text
        plain_text = text.isascii() and text.isprintable()
        at_top = scope.cell is None
        count = 0
        for part in unit.parts:
            if isinstance(part, Name):
                written = part.name if part.name.isascii() else normalised(part.name)
                push(positions.get(written) if at_top else self.named(written, scope))
            elif isinstance(part, Number):
                push(literals.get(id(part)))
            elif isinstance(part, Attribute):
                push(self.named(path_text(part), scope))
            else:
                count += 1
                own = name if part is tree else f"{name}#{count}"
                start, end = part.span
                end = min(end, start + LONGEST_TEXT)
                shown = text[start:end] if plain_text else _on_one_line(text[start:end])
                push(self._apply(unit, self._applied(unit, part, stack, own), own, shown, place))
        self.positions[name] = stack.pop()

    def _applied(self, unit: Expression, part: _Computed, stack: list[Position], own: str) -> _Applied:
        """The operator that `part` applies to the last positions on `stack`, which it takes."""
        if isinstance(part, Binary):
            right, left = stack.pop(), stack.pop()
            return _Applied(OPS.by_symbol(part.op), (left, right), _NONE, part.op_span)
        if isinstance(part, Call):
            return self._called(unit, part, stack, own)
        operand = (stack.pop(),)
        if isinstance(part, Unary):
            return _Applied(OPS["neg"], operand, _NONE, part.span)
        if isinstance(part, Transpose):
            return _Applied(OPS["transpose"], operand, _NONE, part.span)
        brackets = Span(part.value.span.end, part.span.end)
        return _Applied(OPS["index"], operand, {"key": key_of(part)}, brackets)

    def _called(self, unit: Expression, call: Call, stack: list[Position], own: str) -> _Applied:
        """The operator that `call` names, with its operands and attributes."""
        first = len(stack) - len(call.args)
        if call.keywords:
            first -= sum(is_operand(call, one) for one in call.keywords)
        positions = stack[first:]
        del stack[first:]
        op = OPS.get(call.name)
        if op and not (call.keywords or op.attributes or op.constants) and len(positions) == len(op.operands):
            return _Applied(op, tuple(positions), _NONE, call.name_span)  # by far the most frequent
        args = [((position, one.span), one.span) for position, one in zip(positions, call.args, strict=False)]
        spans = (one.value.span for one in call.keywords if is_operand(call, one))
        by_name = zip(positions[len(call.args) :], spans, strict=True)
        try:
            op = find_op(call.name, call.name_span, self.positions)
            bound = bind(op, call.name_span, args, given_by_name(call, by_name))
        except CallError as error:
            raise unit_mistake(unit, error.kind, error.at, error.message, error.hint) from None
        self._check_constants(unit, op, bound.operands, own)
        operands = tuple(position for position, _ in bound.operands)
        return _Applied(op, operands, bound.attributes, call.name_span)

    # The long form

    def _long_form(self, unit: LongForm, name: str, scope: Scope) -> None:
        """Add a node written as an operator with its operands and attributes beside it."""
        args = [((self._operand(one, scope), one), one) for one in unit.inputs]
        named = [
            Given(entry.key.text, (self._operand(entry.value, scope), entry.value), None, entry.key)
            if named_operand
            else Given(entry.key.text, None, plain(entry.value), entry.key)
            for entry, named_operand in unit.named
        ]
        try:
            bound = bind(unit.op, unit.op_node, args, named)
        except CallError as error:
            raise unit_mistake(unit, error.kind, error.at, error.message, error.hint) from None
        self._check_constants(unit, unit.op, bound.operands, name)
        operands = tuple(position for position, _ in bound.operands)
        applied = _Applied(unit.op, operands, bound.attributes, unit.op_node)
        text = f"{unit.op.name}({', '.join(_long_text(unit))})"
        self.positions[name] = self._apply(unit, applied, name, text, unit.key.place)

    def _operand(self, node: Node, scope: Scope) -> Position:
        """The operand that a name or a number of the long form is."""
        assert isinstance(node, Scalar)
        if isinstance(node.value, int | float):
            return self.literals.get(id(node))
        return self.named(normalised("".join(node.text.split())), scope)

    # Both

    def _literal(self, unit: Unit, value: float, at: At) -> int:
        """Add a number; `ScenarioError` where the graph's dtype would make an infinity of it."""
        if self.largest_number < abs(value) < math.inf:
            dtype, largest = self.builder.dtype.name, self.largest_number
            message = f"{dtype} cannot hold {value:g}: its largest number is {largest:.4g}"
            raise unit_mistake(unit, NUMBER_RANGE, at, message, "`dtype: float64` holds more")
        return self.builder.literal(value)

    def _apply(self, unit: Unit, applied: _Applied, name: str, text: str, place: Place) -> Position:
        """Add a node; `None` where an operand is broken, `ScenarioError` where the shapes do not fit."""
        op, operands, attributes, at = applied
        if None in operands:
            return None
        known = cast("tuple[int, ...]", operands)
        try:
            position = self.builder.apply(op, known, name, attributes=attributes, text=text, place=place)
        except ShapeError as error:
            raise unit_mistake(unit, SHAPES, at, error.message, error.hint) from None
        shape = self.builder.shape(position)
        if shape and math.prod(shape) > self.largest_size:
            need = math.prod(shape) * self.builder.dtype.itemsize
            message = size_message(f"`{name}` ({shape_text(shape)})", need, self.max_memory)
            raise unit_mistake(unit, TOO_LARGE, at, message, HINT)
        return position

    def _check_constants(self, unit: Unit, op: Op, operands: Sequence[tuple[Position, At]], own: str) -> None:
        """Refuse an input, a param or a node where `op` needs a constant; remember where constants stand."""
        for operand, (position, at) in zip(op.names(len(operands)), operands, strict=True):
            if operand not in op.constants or position is None:
                continue
            node = self.builder.node(position)
            if node.kind in (Kind.CONSTANT, Kind.LITERAL):
                self.refusable.append(Refusable(unit, own, at))
                continue
            message = f"`{operand}` of `{op.name}` must be a constant"
            if node.kind is Kind.COMPUTED:
                hint = "write its numbers under `constants`"
                raise unit_mistake(unit, NOT_CONSTANT, at, f"{message}, `{node.name}` is computed", hint)
            section = f"{node.kind.value}s"
            hint = f"move `{node.name}` from `{section}` to `constants`"
            raise unit_mistake(unit, NOT_CONSTANT, at, f"{message}, `{node.name}` is under `{section}`", hint)


_NONE: Mapping[str, Any] = {}
LONGEST_TEXT = 200
"""How much of an expression each of its parts keeps: all of it would be quadratic in a long one."""


def _on_one_line(text: str) -> str:
    """A part of an expression as it is written, harmless, without line breaks."""
    return " ".join(clean(text).split())


def _numbers_of(unit: LongForm | CellUse | ScanUse) -> Iterator[Node]:
    """What may be a number beside the names of a unit."""
    if isinstance(unit, LongForm):
        yield from unit.inputs
        yield from (entry.value for entry, named_operand in unit.named if named_operand)
        return
    arguments: list[Argument] = [*unit.inputs.values()]
    if isinstance(unit, ScanUse):
        arguments += (carry.init for carry in unit.carry.values())
    yield from (argument.scalar for argument in arguments)


def _long_text(unit: LongForm) -> Iterator[str]:
    """The operands and attributes of the long form, as a call has them."""
    yield from (clean(one.text) for one in unit.inputs)
    for entry, _ in unit.named:
        yield f"{entry.key.text}={clean(str(plain(entry.value)))}"
