"""Definitions -> nodes of a graph, in the order of computing; instances of cells are unrolled as they come.

What an instance has is known to the graph under its path (`states[2].h`), and what it is given under the path
of the cell's own name for it, which is only another name for a node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

from backprop_engine.arrays import shape_text
from backprop_engine.errors import code
from backprop_engine.evaluation.graph_nodes import Position
from backprop_engine.messages.message import msg
from backprop_engine.scenario.lower.lowering import Lowering
from backprop_engine.scenario.lower.resolve import UNKNOWN_NAME, Namespace, references
from backprop_engine.scenario.lower.topological_order import TopologicalOrder
from backprop_engine.scenario.nodes.cells import TOP, CellDefinition, Scope
from backprop_engine.scenario.nodes.definitions import (
    Argument,
    CellUse,
    Expression,
    LongForm,
    NodeDefinition,
    ScanUse,
    definition_mistake,
)
from backprop_engine.scenario.read.mistakes import Mistakes, mistake
from backprop_engine.scenario.read.yaml_nodes import YamlScalar

__all__ = ["TOO_MANY_NODES", "unroll"]

SCAN_SHAPES = code(
    "scan-shapes",
    msg("The tensor that a scan goes over has no time axis, or a carried value changes its shape."),
)
TOO_MANY_NODES = code(
    "too-many-nodes", msg("A graph has too many nodes, or instances of cells are nested too deeply.")
)

MAX_NESTED: Final = 64
"""How deep instances of cells may be nested."""
MAX_UNROLLED: Final = 100_000
"""The most nodes that instances of cells may have in total."""


def unroll(
    top: Namespace,
    cells: Mapping[str, CellDefinition],
    inside: Mapping[str, Namespace],
    lowering: Lowering,
    mistakes: Mistakes,
) -> None:
    """Add the nodes of the file and of all instances to the graph; mistakes are collected."""
    definitions = list(top.definitions.values())
    for cell in cells.values():
        definitions += cell.definitions.values()
    for definition in definitions:
        if isinstance(definition, Expression) and not definition.plan.numbers_written:
            continue
        if not mistakes.attempt(lowering.add_literals, definition):
            # Of two levels that have this name only one is broken; the other just stays unchecked.
            top.broken[definition.name] = None
    _Unroller(cells, inside, lowering, mistakes).run(top, TOP)


class _Unroller:
    def __init__(
        self,
        cells: Mapping[str, CellDefinition],
        inside: Mapping[str, Namespace],
        lowering: Lowering,
        mistakes: Mistakes,
    ) -> None:
        self.cells, self.inside, self.lowering, self.mistakes = cells, inside, lowering, mistakes
        self.sizes: dict[str, int] = {}
        for name in inside:  # each uses only cells before it
            size = sum(map(self._size, cells[name].definitions.values()))
            self.sizes[name] = min(size, MAX_UNROLLED + 1)  # it may grow by powers from cell to cell
        self.unrolled = self.depth = 0
        self.entered: dict[str, None] = {}
        """Cells that an instance was made of; the others are only checked."""

    def _size(self, definition: NodeDefinition) -> int:
        """The least number of nodes that a definition expands to."""
        if isinstance(definition, Expression):
            return max(1, definition.plan.parts // 2)
        if isinstance(definition, LongForm):
            return 1
        slices = len(definition.over) if isinstance(definition, ScanUse) else 0
        return self.sizes.get(definition.cell, 0) + slices

    def run(self, level: Namespace, scope: Scope) -> None:
        """Add the definitions of a level."""
        if level.order is None:
            self.run_scans(level, scope)
        else:
            definitions, broken = level.definitions, level.broken
            add_expression, mistakes = self.lowering.add, self.mistakes
            for name in chain(level.order, level.stuck):
                definition = definitions[name]
                if type(definition) is Expression:  # as `add` does it, for nearly all of a long file
                    add_expression(definition, mistakes, broken=name in broken, scope=scope)
                else:
                    self.add(definition, scope, broken=name in broken)
        if level.definitions and scope is TOP:
            self.check_unused()

    def run_scans(self, level: Namespace, scope: Scope) -> None:
        """Add the definitions of a level with scans, whose lengths are known only on the way."""
        done: dict[str, None] = {}
        order = TopologicalOrder(level.needs, level.scans)
        for name in order:
            definition = level.definitions.get(name)
            done[name] = None
            if definition is None:
                self.part_of_scan(level, scope, name)
            elif isinstance(definition, ScanUse):
                self.begin_scan(level, scope, definition, order)
            else:
                self.add(definition, scope, broken=name in level.broken)
        for name, definition in level.definitions.items():
            if name not in done:
                self.add(definition, scope, broken=True)

    def add(self, definition: NodeDefinition, scope: Scope, *, broken: bool) -> None:
        """Add one definition; of a broken one only what needs no shapes is checked."""
        if isinstance(definition, (Expression, LongForm)):  # a union would be made again for each definition
            self.lowering.add(definition, self.mistakes, broken=broken, scope=scope)
        elif not broken:
            given = {
                name: position
                for name, argument in definition.inputs.items()
                if not argument.definition and (position := self.position(argument, scope)) is not None
            }
            expressions = [
                argument.definition for argument in definition.inputs.values() if argument.definition
            ]
            if len(given) + len(expressions) == len(definition.inputs):
                self.instance(definition, definition.name, scope, given, expressions)

    def check_unused(self) -> None:
        """Check what can be checked of cells without instances; none of their nodes are kept."""
        if len(self.entered) == len(self.cells):
            return
        self.lowering = self.lowering.scratch()
        for name, cell in self.cells.items():
            if name not in self.entered:
                scope = Scope(f"{name}.", cell)
                for definition in cell.definitions.values():
                    self.add(definition, scope, broken=True)

    # Instances

    def position(self, argument: Argument, scope: Scope) -> Position:
        """What a name or a number that is given to an instance stands for."""
        if argument.name:
            return self.lowering.named(argument.name, scope)
        return self.lowering.literals.get(id(argument.scalar))

    def instance(
        self,
        definition: CellUse | ScanUse,
        name: str,
        scope: Scope,
        given: Mapping[str, int],
        expressions: Iterable[Expression] = (),
        slices: Mapping[str, tuple[YamlScalar, int, str]] | None = None,
        index: int = 0,
    ) -> None:
        """Add the nodes of one instance called `name` in `scope`.

        Some of its inputs are `given`; others are nodes of its own: `expressions`, and `slices` at `index`
        of (place, tensor, what it is called).
        """
        cell, level = self.cells.get(definition.cell), self.inside.get(definition.cell)
        if cell is None or level is None or not self.room_for(definition, 1):
            return
        if self.depth >= MAX_NESTED:
            message = msg(
                "instances of cells are nested more than {depth} levels deep here", depth=MAX_NESTED
            )
            self.mistakes.add(mistake(TOO_MANY_NODES, definition.cell_node, message).diagnostics)
            return
        full = scope.prefix + name
        builder, lowering = self.lowering.builder, self.lowering
        self.entered[cell.name] = None
        builder.open_group(full, cell.name)
        inner = Scope(f"{full}.", cell)
        for parameter, position in given.items():
            lowering.alias(inner.prefix + parameter, position)
        for expression in expressions:
            lowering.add(
                expression, self.mistakes, broken=False, scope=scope, name=inner.prefix + expression.name
            )
        for parameter, (place, tensor, text) in (slices or {}).items():
            lowering.add_slice(inner.prefix + parameter, tensor, index, f"{text}[{index}]", place)
        self.depth += 1
        self.run(level, inner)
        self.depth -= 1
        builder.close_group()

    def room_for(self, definition: CellUse | ScanUse, count: int) -> bool:
        """Whether there is room for `count` more instances; if not, that is reported."""
        size = self._size(definition)
        self.unrolled += size if count == 1 else 0
        need = self.unrolled + (size * count if count > 1 else 0)
        if need <= MAX_UNROLLED:
            return True
        message = msg(
            "with `{name}`, the instances of cells have more than {most:,} nodes in total",
            name=definition.name,
            most=MAX_UNROLLED,
        )
        hint = msg("use a shorter sequence, or smaller cells")
        self.mistakes.add(mistake(TOO_MANY_NODES, definition.cell_node, message, hint).diagnostics)
        return False

    # Scans

    def begin_scan(
        self, level: Namespace, scope: Scope, definition: ScanUse, order: TopologicalOrder
    ) -> None:
        """Find out how many instances a scan has."""
        with self.mistakes.collected():
            if definition.name in level.broken or self.cells.get(definition.cell) is None:
                return
            length = self.scan_length(definition, scope)
            if length is None or not self.room_for(definition, length):
                return
            self.lowering.lengths[scope.prefix + definition.name] = length
            order.unroll(definition.name, length)
            for user, need in order.out_of_range(definition.name):
                self.refuse_index(level.definitions[user], definition, need, length)

    def scan_length(self, definition: ScanUse, scope: Scope) -> int | None:
        """The length of the leading axes, which must agree; None where one is broken."""
        known: tuple[str, int] | None = None
        for argument in definition.over.values():
            position = self.position(argument, scope)
            if position is None:
                return None
            shape = self.lowering.builder.shape(position)
            if not shape:
                message = msg(
                    "`{name}` is a single number, but a scan goes along the first axis", name=argument.name
                )
                raise mistake(
                    SCAN_SHAPES, argument.scalar, message, msg("give it one entry for every time step")
                )
            if not shape[0]:
                message = msg(
                    "`{name}` has shape {shape}, which has no time steps",
                    name=argument.name,
                    shape=shape_text(shape),
                )
                raise mistake(SCAN_SHAPES, argument.scalar, message)
            if known and known[1] != shape[0]:
                message = msg(
                    "`{name}` has {count} time steps, but `{other}` has {wanted}",
                    name=argument.name,
                    count=shape[0],
                    other=known[0],
                    wanted=known[1],
                )
                raise mistake(
                    SCAN_SHAPES, argument.scalar, message, msg("their first axes must have the same length")
                )
            known = known or (argument.name, shape[0])
        return known[1] if known else None

    def refuse_index(self, user: NodeDefinition, scan: ScanUse, need: str, length: int) -> None:
        """Report a path to an instance that a scan does not have."""
        message = msg(
            "`{name}` is out of range: `{scan}` has {count} instances",
            name=need,
            scan=scan.name,
            count=length,
        )
        hint = msg(
            "`{name}[0]` to `{name}[{last}]`, or `{name}[-1]` for the last",
            name=scan.name,
            last=length - 1,
        )
        for definition, name, at in references(user):
            if name == need or name.startswith(f"{need}."):
                self.mistakes.add(definition_mistake(definition, UNKNOWN_NAME, at, message, hint).diagnostics)
                return
        self.mistakes.add(mistake(UNKNOWN_NAME, user.key, message, hint).diagnostics)  # it is inside its cell

    def part_of_scan(self, level: Namespace, scope: Scope, name: str) -> None:
        """Add one instance of a scan, or the stack of the outputs of all."""
        scan, bracket, index = name.rstrip("]").partition("[")
        if not bracket:
            scan, _, output = name.partition(".")
            length = self.lowering.lengths[scope.prefix + scan]
            parts = [self.lowering.named(f"{scan}[{k}].{output}", scope) for k in range(length)]
            definition = level.definitions[scan]
            with self.mistakes.collected():
                self.lowering.add_stack(definition, scope.prefix + name, parts)
            return
        definition = level.definitions[scan]
        assert isinstance(definition, ScanUse)
        self.scan_instance(definition, scope, int(index))

    def scan_instance(self, definition: ScanUse, scope: Scope, index: int) -> None:
        """Add the instance at `index`."""
        given: dict[str, Position] = {
            name: self.position(argument, scope) for name, argument in definition.inputs.items()
        }
        for name, carry in definition.carry.items():
            before = f"{definition.name}[{index - 1}]." if index else ""
            given[name] = (
                self.lowering.named(before + carry.next, scope) if index else self.position(carry.init, scope)
            )
        whole = (
            (name, argument, self.position(argument, scope)) for name, argument in definition.over.items()
        )
        slices = {
            name: (argument.scalar, position, argument.name)
            for name, argument, position in whole
            if position is not None
        }
        known = {name: position for name, position in given.items() if position is not None}
        if len(known) == len(given) and len(slices) == len(definition.over):
            if index == 1:
                self.check_carry(definition, scope, known)
            self.instance(definition, f"{definition.name}[{index}]", scope, known, slices=slices, index=index)

    def check_carry(self, definition: ScanUse, scope: Scope, given: dict[str, int]) -> None:
        """Report a carried input whose shape changes from the first instance to the second."""
        for name, carry in definition.carry.items():
            first = self.position(carry.init, scope)
            assert first is not None  # an instance is made only with all that it is given
            shapes = [self.lowering.builder.shape(position) for position in (first, given[name])]
            if shapes[0] != shapes[1]:
                first_shape, next_shape = map(shape_text, shapes)
                message = msg(
                    "`{name}` starts with shape {shape}, but `{next}` has shape {next_shape}",
                    name=name,
                    shape=first_shape,
                    next=carry.next,
                    next_shape=next_shape,
                )
                hint = msg("a carried value must keep its shape")
                self.mistakes.add(mistake(SCAN_SHAPES, carry.init.scalar, message, hint).diagnostics)
