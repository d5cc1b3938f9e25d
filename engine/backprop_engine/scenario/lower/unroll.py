"""Units -> nodes of a graph, in the order of computing; instances of cells are unrolled as they come.

What an instance has is known to the graph under its path (`states[2].h`), and what it is given under the path
of the cell's own name for it, which is only another name for a node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from backprop_engine.arrays import shape_text
from backprop_engine.errors import code
from backprop_engine.evaluation.lowering import Position
from backprop_engine.graph.paths import absolute
from backprop_engine.messages.message import msg
from backprop_engine.scenario.lower.lowering import Lowering
from backprop_engine.scenario.lower.order import Order
from backprop_engine.scenario.lower.resolve import UNKNOWN_NAME, Level
from backprop_engine.scenario.lower.scopes import TOP, Scope
from backprop_engine.scenario.nodes.cells import Cell
from backprop_engine.scenario.nodes.units import (
    Argument,
    CellUse,
    Expression,
    LongForm,
    ScanUse,
    Unit,
    unit_mistake,
)
from backprop_engine.scenario.read.mistakes import Mistakes, mistake
from backprop_engine.scenario.read.yaml_nodes import YamlScalar

__all__ = ["MAX_UNROLLED", "TOO_MANY_NODES", "unroll"]

SCAN_SHAPES = code(
    "scan-shapes", msg("What a scan goes over or carries has no leading axis, or another shape.")
)
TOO_MANY_NODES = code(
    "too-many-nodes", msg("A graph has more nodes than it may have, or instances of cells nest too deep.")
)

MAX_NESTED: Final = 64
"""How deep instances of cells lie in each other."""
MAX_UNROLLED: Final = 100_000
"""The most nodes that instances of cells may come to."""


def unroll(
    top: Level, cells: Mapping[str, Cell], inside: Mapping[str, Level], lowering: Lowering, mistakes: Mistakes
) -> None:
    """Add the nodes of the file and of all instances to the graph; what is wrong is taken up."""
    units = list(top.units.values())
    for cell in cells.values():
        units += cell.units.values()
    for unit in units:
        if isinstance(unit, Expression) and not unit.plan.numbers:
            continue
        if not mistakes.attempt(lowering.add_literals, unit):
            # Of two levels that have this name only one is broken; the other just stays unchecked.
            top.broken[unit.name] = None
    _Unroller(cells, inside, lowering, mistakes).run(top, TOP)


class _Unroller:
    def __init__(
        self,
        cells: Mapping[str, Cell],
        inside: Mapping[str, Level],
        lowering: Lowering,
        mistakes: Mistakes,
    ) -> None:
        self.cells, self.inside, self.lowering, self.mistakes = cells, inside, lowering, mistakes
        self.sizes: dict[str, int] = {}
        for name in inside:  # each uses only cells before it
            size = sum(map(self._size, cells[name].units.values()))
            self.sizes[name] = min(size, MAX_UNROLLED + 1)  # it may grow by powers from cell to cell
        self.unrolled = self.depth = 0
        self.entered: dict[str, None] = {}
        """Cells that an instance was made of; the others are only checked."""

    def _size(self, unit: Unit) -> int:
        """How many nodes a unit comes to, at least."""
        if isinstance(unit, Expression):
            return max(1, unit.plan.parts // 2)
        if isinstance(unit, LongForm):
            return 1
        slices = len(unit.over) if isinstance(unit, ScanUse) else 0
        return self.sizes.get(unit.cell, 0) + slices

    def run(self, level: Level, scope: Scope) -> None:
        """Add the units of a level."""
        if level.in_order:
            for name, unit in level.units.items():
                self.add(unit, scope, broken=name in level.broken)
        else:
            self.run_sorted(level, scope)
        if level.units and scope is TOP:
            self.check_unused()

    def run_sorted(self, level: Level, scope: Scope) -> None:
        """Add the units of a level that does not stand in the order of computing."""
        order = Order(level.needs, level.scans)
        done: dict[str, None] = {}
        for name in order:
            unit = level.units.get(name)
            done[name] = None
            if unit is None:
                self.part_of_scan(level, scope, name)
            elif isinstance(unit, ScanUse):
                self.begin_scan(level, scope, unit, order)
            else:
                self.add(unit, scope, broken=name in level.broken)
        for name, unit in level.units.items():
            if name not in done:
                self.add(unit, scope, broken=True)

    def add(self, unit: Unit, scope: Scope, *, broken: bool) -> None:
        """Add one unit; of a broken one only what needs no shapes is checked."""
        if isinstance(unit, (Expression, LongForm)):  # a union would be made anew for each unit
            self.lowering.add(unit, self.mistakes, broken=broken, scope=scope)
        elif not broken:
            given = {
                name: position
                for name, argument in unit.inputs.items()
                if not argument.unit and (position := self.position(argument, scope)) is not None
            }
            expressions = [one.unit for one in unit.inputs.values() if one.unit]
            if len(given) + len(expressions) == len(unit.inputs):
                self.instance(unit, unit.name, scope, given, expressions)

    def check_unused(self) -> None:
        """Check what can be checked of cells that nothing could be made of; no node of theirs is kept."""
        if len(self.entered) == len(self.cells):
            return
        self.lowering = self.lowering.scratch()
        for name, cell in self.cells.items():
            if name not in self.entered:
                scope = Scope(f"{name}.", cell)
                for unit in cell.units.values():
                    self.add(unit, scope, broken=True)

    # Instances

    def position(self, argument: Argument, scope: Scope) -> Position:
        """What a name or a number that is given to an instance stands for."""
        if argument.name:
            return self.lowering.named(argument.name, scope)
        return self.lowering.literals.get(id(argument.scalar))

    def instance(
        self,
        unit: CellUse | ScanUse,
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
        cell, level = self.cells.get(unit.cell), self.inside.get(unit.cell)
        if cell is None or level is None or not self.room_for(unit, 1):
            return
        if self.depth >= MAX_NESTED:
            message = msg("here instances of cells nest more than {depth} deep", depth=MAX_NESTED)
            self.mistakes.add(mistake(TOO_MANY_NODES, unit.cell_node, message).diagnostics)
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

    def room_for(self, unit: CellUse | ScanUse, count: int) -> bool:
        """Whether `count` instances more are not too many; else that is reported."""
        size = self._size(unit)
        self.unrolled += size if count == 1 else 0
        need = self.unrolled + (size * count if count > 1 else 0)
        if need <= MAX_UNROLLED:
            return True
        message = msg(
            "with `{name}` the instances of cells come to more than {most:,} nodes",
            name=unit.name,
            most=MAX_UNROLLED,
        )
        hint = msg("a shorter sequence, or smaller cells")
        self.mistakes.add(mistake(TOO_MANY_NODES, unit.cell_node, message, hint).diagnostics)
        return False

    # Scans

    def begin_scan(self, level: Level, scope: Scope, unit: ScanUse, order: Order) -> None:
        """Find out how many instances a scan has."""
        with self.mistakes.collected():
            if unit.name in level.broken or self.cells.get(unit.cell) is None:
                return
            length = self.scan_length(unit, scope)
            if length is None or not self.room_for(unit, length):
                return
            self.lowering.lengths[scope.prefix + unit.name] = length
            order.unroll(unit.name, length)
            for user, need in order.out_of_range(unit.name):
                self.refuse_index(level.units[user], unit, need, length)

    def scan_length(self, unit: ScanUse, scope: Scope) -> int | None:
        """The length of the leading axes, which must agree; None where one is broken."""
        known: tuple[str, int] | None = None
        for argument in unit.over.values():
            position = self.position(argument, scope)
            if position is None:
                return None
            shape = self.lowering.builder.shape(position)
            if not shape:
                message = msg(
                    "`{name}` is a single number: a scan goes along the first axis", name=argument.name
                )
                raise mistake(
                    SCAN_SHAPES, argument.scalar, message, msg("give it one entry for every time step")
                )
            if not shape[0]:
                message = msg(
                    "`{name}` is {shape}: there is no time step in it",
                    name=argument.name,
                    shape=shape_text(shape),
                )
                raise mistake(SCAN_SHAPES, argument.scalar, message)
            if known and known[1] != shape[0]:
                message = msg(
                    "`{name}` has {count} time steps, `{other}` has {wanted}",
                    name=argument.name,
                    count=shape[0],
                    other=known[0],
                    wanted=known[1],
                )
                raise mistake(SCAN_SHAPES, argument.scalar, message, msg("their first axes must be as long"))
            known = known or (argument.name, shape[0])
        return known[1] if known else None

    def refuse_index(self, user: Unit, scan: ScanUse, need: str, length: int) -> None:
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
        for name, at in user.references:
            if name == need or name.startswith(f"{need}."):
                self.mistakes.add(unit_mistake(user, UNKNOWN_NAME, at, message, hint).diagnostics)
                return
        self.mistakes.add(mistake(UNKNOWN_NAME, user.key, message, hint).diagnostics)

    def part_of_scan(self, level: Level, scope: Scope, name: str) -> None:
        """Add one instance of a scan, or the stack of what all of them give out."""
        scan, bracket, index = name.rstrip("]").partition("[")
        if not bracket:
            scan, _, output = name.partition(".")
            length = self.lowering.lengths[scope.prefix + scan]
            parts = [self.lowering.named(f"{scan}[{k}].{output}", scope) for k in range(length)]
            unit = level.units[scan]
            with self.mistakes.collected():
                self.lowering.add_stack(unit, scope.prefix + name, parts)
            return
        unit = level.units[scan]
        assert isinstance(unit, ScanUse)
        self.scan_instance(unit, scope, int(index))

    def scan_instance(self, unit: ScanUse, scope: Scope, index: int) -> None:
        """Add the instance at `index`."""
        given: dict[str, Position] = {
            name: self.position(argument, scope) for name, argument in unit.inputs.items()
        }
        for name, carry in unit.carry.items():
            before = f"{unit.name}[{index - 1}]." if index else ""
            given[name] = (
                self.lowering.named(before + carry.next, scope) if index else self.position(carry.init, scope)
            )
        slices = {}
        for name, argument in unit.over.items():
            position = self.position(argument, scope)
            if position is not None:
                slices[name] = (argument.scalar, position, argument.name)
        known = {name: position for name, position in given.items() if position is not None}
        if len(known) == len(given) and len(slices) == len(unit.over):
            if index == 1:
                self.check_carry(unit, scope, known)
            self.instance(unit, f"{unit.name}[{index}]", scope, known, slices=slices, index=index)

    def check_carry(self, unit: ScanUse, scope: Scope, given: dict[str, int]) -> None:
        """Report a carried input whose shape changes from the first instance to the second."""
        for name, carry in unit.carry.items():
            first = self.position(carry.init, scope)
            if first is None:
                continue
            shapes = [self.lowering.builder.shape(position) for position in (first, given[name])]
            if shapes[0] != shapes[1]:
                first_shape, next_shape = map(shape_text, shapes)
                message = msg(
                    "`{name}` begins as {shape}, and `{next}` is {next_shape}",
                    name=name,
                    shape=first_shape,
                    next=carry.next,
                    next_shape=next_shape,
                )
                hint = msg("what is carried keeps its shape")
                self.mistakes.add(mistake(SCAN_SHAPES, carry.init.scalar, message, hint).diagnostics)


def canonical(name: str, lowering: Lowering) -> str:
    """A name as the graph has it: indices of scans count from the start."""
    return absolute(name, lowering.lengths)
