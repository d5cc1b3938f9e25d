"""Definitions -> nodes of a graph: the parts of an expression become nodes of their own, operands first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ScenarioError, ShapeError, code
from backprop_engine.evaluation.calls import NAMED_NUMBERS, CallError, NamedArgument, bind
from backprop_engine.evaluation.graph_nodes import Position, add_expression, apply_operator, kind_of
from backprop_engine.expressions import SourceSpan, normalised
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.messages.message import msg
from backprop_engine.ops import OPS, Op
from backprop_engine.scenario.leaves.numbers import NUMBER_RANGE
from backprop_engine.scenario.memory import HINT, TOO_LARGE, size_message
from backprop_engine.scenario.nodes.cells import TOP, Scope
from backprop_engine.scenario.nodes.definitions import (
    CellUse,
    Expression,
    Location,
    LongForm,
    NodeDefinition,
    definition_mistake,
    operands_beside,
)
from backprop_engine.scenario.read.mistakes import Mistakes
from backprop_engine.scenario.read.yaml_nodes import YamlNode, YamlScalar, plain

__all__ = ["Lowering"]

NOT_CONSTANT = code(
    "not-constant", msg("An operand that must be a constant is an input, a parameter or a node.")
)


class Refusable(NamedTuple):
    """A node whose operator may refuse its constants' values, and where the first of them is."""

    definition: NodeDefinition
    name: str
    at: Location


class _Applied(NamedTuple):
    """An operator with its operands and attributes; `at` is where to point if they do not fit."""

    op: Op
    operands: tuple[Position, ...]
    attributes: Mapping[str, Any]
    at: Location


class Lowering:
    """Adds definitions to a graph, in the order of computing.

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
        """The definitions that something is wrong with, by identity."""
        self.literals: dict[int, int] = {}
        """The position of each number that is an operand outside expressions, by the identity of its node."""
        self.numbers: dict[int, list[Position]] = {}
        """The positions of the numbers in an expression, by the identity of its definition."""

    def scratch(self) -> Lowering:
        """A lowering that knows the same names, to check definitions whose nodes are not kept."""
        other = Lowering(self.builder.scratch(), dict(self.positions), self.max_memory)
        other.literals, other.numbers = self.literals, self.numbers
        other.lengths, other.failed = dict(self.lengths), self.failed
        return other

    def add_literals(self, definition: NodeDefinition) -> None:
        """Add the numbers that are operands in `definition`; `ScenarioError` where the dtype cannot hold one.

        All of them come before the first computed node, so that the graph need not be sorted.
        """
        if isinstance(definition, Expression):
            self._add_numbers(definition)
            return
        for node in operands_beside(definition):
            if isinstance(node, YamlScalar) and isinstance(node.value, int | float):
                self.literals[id(node)] = self._literal(definition, node.value, node)
        for argument in definition.inputs.values() if isinstance(definition, CellUse) else ():
            if argument.definition is not None:
                self.add_literals(argument.definition)

    def add(
        self,
        definition: Expression | LongForm,
        mistakes: Mistakes,
        *,
        broken: bool,
        scope: Scope = TOP,
        name: str = "",
    ) -> None:
        """Add the nodes of `definition`; of a `broken` one only what needs no shapes is checked.

        Its names mean what they mean in `scope`, and its own is `name`, unless it is the scope's own for it.
        Mistakes in a definition are reported for the first of its instances.
        """
        name = name or scope.prefix + definition.name
        if mistakes.gives_up():  # the graph will not be used
            self.positions[name] = None
            return
        try:
            if isinstance(definition, Expression):
                self._expression(definition, name, scope)
            else:
                self._long_form(definition, name, scope)
        except ScenarioError as error:
            broken = True
            if id(definition) not in self.failed:
                self.failed[id(definition)] = None
                mistakes.add(error.diagnostics)
        if broken:
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

    def add_slice(self, name: str, tensor: int, index: int, text: str, place: YamlScalar) -> None:
        """Add what a scan takes from the leading axis of a tensor at `index`."""
        self.positions[name] = self.builder.add(
            OPS["index"], (tensor,), name, attributes={"key": (index,)}, text=text, place=place
        )

    def add_stack(self, definition: NodeDefinition, name: str, parts: Sequence[Position]) -> None:
        """Add the stack of the outputs of a scan's instances."""
        applied = _Applied(OPS["stack"], tuple(parts), {"axis": 0}, definition.key)
        self.positions[name] = self._apply(definition, applied, name, f"stack of {name}", definition.key)

    # Expressions

    def _add_numbers(self, definition: Expression) -> None:
        """Add the numbers that are operands in an expression."""
        plan, filled = definition.plan, definition.filled
        for name, number in NAMED_NUMBERS.items():
            if name in definition.names and name not in self.positions:
                self.positions[name] = self.builder.literal(number)
        values = plan.values(filled)
        if values:
            positions = self.numbers[id(definition)] = [None] * len(values)
            for index, value in enumerate(values):
                if self.largest_number < abs(value) < math.inf:
                    raise self._out_of_range(definition, value, filled.span(plan.numbers[index].span))
                positions[index] = self.builder.literal(value)

    def _expression(self, definition: Expression, name: str, scope: Scope) -> None:
        """Add the parts of an expression, each after its operands; the last is the definition itself."""
        plan, filled, place = definition.plan, definition.filled, definition.key
        row: list[Position]
        if scope.cell is None and plan.names_written is not None:  # all are plain names
            row = list(map(self.positions.get, definition.names))
        else:
            row = [self.named(operand, scope) for operand in definition.names]
        if numbers := plan.numbers_written:
            row += self.numbers.get(id(definition)) or [None] * len(numbers)
        if not plan.computed:
            applied = _Applied(OPS["identity"], tuple(row), _NONE, filled.span(plan.names[0].span))
            self.positions[name] = self._apply(definition, applied, name, definition.names[0], place)
            return
        try:
            self.positions[name] = add_expression(
                self.builder,
                filled,
                plan,
                row,
                name,
                place,
                self.positions,
                self.builder.operators,
                (self, definition),
            )
        except CallError as error:
            raise definition_mistake(definition, error.kind, error.at, error.message, error.hint) from None

    # The long form

    def _long_form(self, definition: LongForm, name: str, scope: Scope) -> None:
        """Add a node written as an operator with its operands and attributes beside it."""
        args = [((self._operand(operand, scope), operand), operand) for operand in definition.inputs]
        named = [
            NamedArgument(
                normalised(entry.key.text), (self._operand(entry.value, scope), entry.value), None, entry.key
            )
            if named_operand
            else NamedArgument(entry.key.text, None, plain(entry.value), entry.key)
            for entry, named_operand in definition.named
        ]
        try:
            bound = bind(definition.op, definition.op_node, args, named, other_keys=("inputs", "note"))
        except CallError as error:
            raise definition_mistake(definition, error.kind, error.at, error.message, error.hint) from None
        self.check_constants(definition, definition.op, bound.operands, name)
        operands = tuple(position for position, _ in bound.operands)
        applied = _Applied(definition.op, operands, bound.attributes, definition.op_node)
        self.positions[name] = self._apply(definition, applied, name, definition.text, definition.key)

    def _operand(self, node: YamlNode, scope: Scope) -> Position:
        """The operand that a name or a number of the long form is."""
        assert isinstance(node, YamlScalar)
        if isinstance(node.value, int | float):
            return self.literals.get(id(node))
        return self.named(normalised("".join(node.text.split())), scope)

    # Both

    def _literal(self, definition: NodeDefinition, value: float, at: Location) -> int:
        """Add a number; `ScenarioError` where the graph's dtype would make an infinity of it."""
        if self.largest_number < abs(value) < math.inf:
            raise self._out_of_range(definition, value, at)
        return self.builder.literal(value)

    def _out_of_range(self, definition: NodeDefinition, value: float, at: Location) -> ScenarioError:
        """The mistake that a number at `at` is too large for the graph's dtype."""
        dtype, largest = self.builder.dtype.name, self.largest_number
        message = msg(
            "{dtype} cannot hold {number}: its largest number is {largest:.4g}",
            dtype=dtype,
            number=f"{value:g}",
            largest=largest,
        )
        return definition_mistake(
            definition, NUMBER_RANGE, at, message, msg("`dtype: float64` can hold larger numbers")
        )

    def _apply(
        self, definition: NodeDefinition, applied: _Applied, name: str, text: str, place: YamlScalar
    ) -> Position:
        """Add a node; `None` if an operand is broken, `ScenarioError` if the shapes do not fit."""
        op, operands, attributes, at = applied
        if None in operands:
            return None
        known = cast("tuple[int, ...]", operands)
        try:
            position = apply_operator(self.builder, op, known, name, attributes, text, place)
        except ShapeError as error:
            raise definition_mistake(definition, kind_of(error), at, error.message, error.hint) from None
        self._check_size(definition, name, self.builder.shape(position), at)
        return position

    def _check_size(self, definition: NodeDefinition, name: str, shape: Shape, at: Location) -> None:
        """Refuse a node of a `shape` that no run has the memory for."""
        if self.is_too_large(shape):
            raise self._too_large(definition, name, shape, at)

    def check_part_size(self, definition: Expression, name: str, shape: Shape, at: SourceSpan) -> None:
        """Refuse a part of an expression that is too large; `at` is a span of the expression's template."""
        if self.is_too_large(shape):
            raise self._too_large(definition, name, shape, definition.filled.span(at))

    def is_too_large(self, shape: Shape) -> bool:
        """Whether no run has the memory for a node of this shape."""
        return bool(shape) and _entries(shape) > self.largest_size

    def _too_large(self, definition: NodeDefinition, name: str, shape: Shape, at: Location) -> ScenarioError:
        need = _entries(shape) * self.builder.dtype.itemsize
        message = size_message(f"`{name}` ({shape_text(shape)})", need, self.max_memory)
        return definition_mistake(definition, TOO_LARGE, at, message, HINT)

    def check_constants(
        self, definition: NodeDefinition, op: Op, operands: Sequence[tuple[Position, Location]], own: str
    ) -> None:
        """Refuse an input, a param or a node where `op` needs a constant; remember where constants are."""
        for operand, (position, at) in zip(op.names(len(operands)), operands, strict=True):
            if operand not in op.constants or position is None:
                continue
            node = self.builder.node(position)
            if node.kind in (Kind.CONSTANT, Kind.LITERAL):
                self.refusable.append(Refusable(definition, own, at))
                continue
            if node.kind is Kind.COMPUTED:
                message = msg(
                    "`{operand}` of `{op}` must be a constant, but `{name}` is computed",
                    operand=operand,
                    op=op.name,
                    name=node.name,
                )
                hint = msg("write its numbers under `constants`")
                if node.op is not None and node.op.counts:
                    hint = msg(
                        "for positions that are computed, multiply by a one-hot mask: `{text}`",
                        text="sum(x * one_hot(argmax(a, axis=1), classes=3), axis=1)",
                    )
                raise definition_mistake(definition, NOT_CONSTANT, at, message, hint)
            section = f"{node.kind.value}s"
            hint = msg("move `{name}` from `{section}` to `constants`", name=node.name, section=section)
            message = msg(
                "`{operand}` of `{op}` must be a constant, but `{name}` is under `{section}`",
                operand=operand,
                op=op.name,
                name=node.name,
                section=section,
            )
            raise definition_mistake(definition, NOT_CONSTANT, at, message, hint)


_NONE: Mapping[str, Any] = {}


def _entries(shape: Shape) -> int:
    """How many entries NumPy counts: an axis of size 0 does not make the others harmless."""
    return math.prod(max(1, size) for size in shape)
