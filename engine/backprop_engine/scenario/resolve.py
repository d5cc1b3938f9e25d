"""What the names in units stand for, and which units each of them needs.

There are two kinds of level: the top of the file, and the inside of a cell, whose unknown names are looked up
at the top. Needs are in the words of `order.Order`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from backprop_engine.errors import ScenarioError, code
from backprop_engine.ops import OPS
from backprop_engine.paths import root, split
from backprop_engine.scenario.cells import Cell
from backprop_engine.scenario.mistakes import Mistakes, mistake
from backprop_engine.scenario.nearest import did_you_mean
from backprop_engine.scenario.order import computing_order, cycles
from backprop_engine.scenario.units import At, CellUse, Expression, ScanUse, Unit, unit_mistake

__all__ = ["UNKNOWN_NAME", "Level", "resolved_cells", "resolved_top", "undefined"]

UNKNOWN_NAME = code("unknown-name", "A name that no leaf and no node has.")
UNKNOWN_CELL = code("unknown-cell", "An instance of a cell that there is not.")
CELL_INPUTS = code("cell-inputs", "An instance gives its cell an input too many, too few, or twice.")
NO_OUTPUT = code("no-output", "A path to something that a cell does not give out, or that is no instance.")
CYCLE = code("cycle", "Nodes that need each other's values.")


class Level(Struct, frozen=True, eq=False):
    """Names that are known together, and what each unit needs.

    `needs` has the units that can be computed, `stuck` the others. `outside` are needs of a cell at the top
    of the file, its own cells' included.
    """

    units: Mapping[str, Unit]
    values: Collection[str]
    """Leaves at the top, inputs inside a cell."""
    broken: dict[str, None]
    needs: dict[str, list[str]]
    outside: dict[str, None]
    stuck: dict[str, None]

    @property
    def scans(self) -> list[str]:
        """The units that are unrolled."""
        return [name for name, unit in self.units.items() if isinstance(unit, ScanUse)]

    @classmethod
    def of(cls, units: Mapping[str, Unit], values: Collection[str], broken: dict[str, None]) -> Level:
        """A level whose needs are not known yet."""
        return cls(units, values, broken, {}, {}, {})

    def __contains__(self, name: str) -> bool:
        return name in self.units or name in self.values or name in self.broken

    def names(self) -> dict[str, None]:
        """Every name, for suggestions."""
        return dict.fromkeys((*self.units, *self.values, *sorted(self.broken)))


def undefined(name: str, known: Collection[str]) -> tuple[str, str]:
    """The message and the hint for a name that is none of `known`."""
    hint = did_you_mean(name, known)
    if name in OPS:
        return (
            f"`{name}` is an operator, not a node",
            hint or f"call it: `{name}({', '.join(OPS[name].operands)})`",
        )
    return f"`{name}` is not defined", hint


def resolved_top(
    top: Level, cells: Mapping[str, Cell], inside: Mapping[str, Level], mistakes: Mistakes
) -> None:
    """Fill in the needs of the units at the top; what is wrong is taken up, and `broken` names it then."""
    _resolve(top, _Resolver(top, top, cells, inside, mistakes))


def resolved_cells(cells: Mapping[str, Cell], top: Level, mistakes: Mistakes) -> dict[str, Level]:
    """The level inside each cell; each cell uses only those before it."""
    levels: dict[str, Level] = {}
    for name, cell in cells.items():
        level = levels[name] = Level.of(cell.units, cell.inputs, cell.broken)
        _resolve(level, _Resolver(level, top, cells, levels, mistakes))
    return levels


def _resolve(level: Level, resolver: _Resolver) -> None:
    uses: dict[str, list[str]] = {}
    needs: dict[str, list[str]] = {}
    for name, unit in level.units.items():
        needs[name] = resolver.needs(unit)
        uses[name] = [one for need in needs[name] if (one := root(need)) in level.units]
    order = computing_order(uses)
    if len(order) < len(uses):
        for cycle in cycles(uses, order):
            resolver.mistakes.add(_cycle(level.units, cycle).diagnostics)
        done = set(order)
        level.stuck.update(dict.fromkeys(name for name in uses if name not in done))
        level.broken.update(level.stuck)
    level.needs.update({name: needs[name] for name in uses if name not in level.stuck})


class _Resolver:
    """Looks up the names in the units of one level."""

    def __init__(
        self,
        level: Level,
        top: Level,
        cells: Mapping[str, Cell],
        inside: Mapping[str, Level],
        mistakes: Mistakes,
    ) -> None:
        self.level, self.top, self.cells, self.inside, self.mistakes = level, top, cells, inside, mistakes

    def needs(self, unit: Unit) -> list[str]:
        """What must be computed before `unit`; mistakes are taken up, each name once."""
        found: list[str] = []
        reported: dict[str, None] = {}
        for part, name, at in _references(unit):
            if name in reported:
                continue
            try:
                found += self.need(part, name, at)
            except ScenarioError as error:
                reported[name] = None
                self.level.broken[unit.name] = None
                self.mistakes.add(error.diagnostics)
        if isinstance(unit, CellUse | ScanUse):
            if self.mistakes.attempt(self.check_instance, unit):
                found += self.cell_needs(unit)
            else:
                self.level.broken[unit.name] = None
        return found

    def need(self, unit: Unit, name: str, at: At) -> Iterator[str]:
        """The need that a name in `unit` is; `ScenarioError` where it means nothing."""
        first = root(name)
        own = first in self.level
        level = self.level if own else self.top
        target = level.units.get(first)
        if target is None:
            if first not in level:
                if self.mistakes.enough:
                    raise ScenarioError(())
                raise unit_mistake(unit, UNKNOWN_NAME, at, *undefined(first, self.known()))
            if first != name and first not in level.broken:
                raise self.no_instance(unit, name, at)
            return
        need = self.part_needed(unit, target, name, at)
        if own:
            yield need
        else:
            self.level.outside[need] = None

    def known(self) -> dict[str, None]:
        """Every name that could be meant."""
        return self.level.names() | self.top.names()

    def part_needed(self, unit: Unit, target: Unit, name: str, at: At) -> str:
        """Which part of `target` the name or path means."""
        if not isinstance(target, CellUse | ScanUse):
            if target.name != name:
                raise self.no_instance(unit, name, at)
            return name
        cell = self.cells.get(target.cell)
        outputs = cell.outputs if cell else ()
        steps = split(name) or ()
        match target, steps[1:]:
            case CellUse(), (str(output),):
                need = target.name
            case ScanUse(), (int(index), str(output)):
                need = f"{target.name}[{index}]"
            case ScanUse(), (str(output),):
                need = name
            case _:
                raise self.not_whole(unit, target, outputs, at)
        if cell is not None and output not in outputs and output not in cell.broken:
            raise self.no_such_output(unit, cell, output, at)
        return need

    # What is wrong

    def no_instance(self, unit: Unit, name: str, at: At) -> ScenarioError:
        first = root(name)
        message = f"`{first}` is no instance of a cell and has no `{name[len(first) :]}`"
        return unit_mistake(unit, UNKNOWN_NAME, at, message)

    def not_whole(
        self, unit: Unit, target: CellUse | ScanUse, outputs: Sequence[str], at: At
    ) -> ScenarioError:
        one = f"{target.name}[-1]" if isinstance(target, ScanUse) else target.name
        what = "instances of a cell" if isinstance(target, ScanUse) else "an instance of a cell"
        hint = (
            f"use what it gives out: {', '.join(f'`{one}.{output}`' for output in outputs)}"
            if outputs
            else ""
        )
        return unit_mistake(unit, NO_OUTPUT, at, f"`{target.name}` is {what}, not a tensor", hint)

    def no_such_output(self, unit: Unit, cell: Cell, output: str, at: At) -> ScenarioError:
        if cell.has(output):
            outputs = ", ".join((*cell.outputs, output))
            hint = f"add it to the cell's outputs: `outputs: [{outputs}]`"
            return unit_mistake(
                unit, NO_OUTPUT, at, f"the cell `{cell.name}` does not give `{output}` out", hint
            )
        hint = did_you_mean(output, cell.outputs) or f"it gives out {', '.join(cell.outputs)}"
        return unit_mistake(unit, NO_OUTPUT, at, f"the cell `{cell.name}` has no `{output}`", hint)

    # Instances

    def check_instance(self, unit: CellUse | ScanUse) -> None:
        """Refuse an unknown cell, inputs that do not match it, and a carry from a node that it has not."""
        cell = self.cells.get(unit.cell)
        if cell is None:
            hint = did_you_mean(unit.cell, self.cells)
            if not hint:
                hint = (
                    f"there are {', '.join(self.cells)}" if self.cells else "cells are defined under `cells`"
                )
            message = f"there is no cell `{unit.cell}`"
            raise mistake(UNKNOWN_CELL, unit.cell_node, message, hint)
        given: dict[str, At] = {}
        for section in _sections(unit):
            for name, key in section.items():
                self.check_input(cell, name, key, given)
                given[name] = key
        missing = [name for name in cell.inputs if name not in given]
        if missing:
            message = f"the cell `{cell.name}` needs `{missing[0]}`, which it is not given"
            raise mistake(CELL_INPUTS, unit.key, message, f"its inputs are {', '.join(cell.inputs)}")
        for carry in unit.carry.values() if isinstance(unit, ScanUse) else ():
            if not cell.has(root(carry.next)):
                hint = did_you_mean(carry.next, cell.units) or f"its nodes are {', '.join(cell.units)}"
                message = f"the cell `{cell.name}` has no `{carry.next}`"
                raise mistake(NO_OUTPUT, carry.next_node, message, hint)

    def check_input(self, cell: Cell, name: str, key: At, given: Mapping[str, At]) -> None:
        assert not isinstance(key, tuple)  # keys of maps have places of their own
        if name in given:
            raise mistake(CELL_INPUTS, key, f"`{name}` is given twice", "keep one of them")
        if name not in cell.inputs:
            hint = did_you_mean(name, cell.inputs) or f"its inputs are {', '.join(cell.inputs) or 'none'}"
            raise mistake(CELL_INPUTS, key, f"the cell `{cell.name}` has no input `{name}`", hint)

    def cell_needs(self, unit: CellUse | ScanUse) -> Iterator[str]:
        """What the inside of the cell needs from the top of the file."""
        inner = self.inside.get(unit.cell)
        if inner is None:  # a cell that uses itself
            self.level.broken[unit.name] = None
            return
        if self.level is self.top:
            yield from inner.outside
        else:
            self.level.outside.update(inner.outside)


def _references(unit: Unit) -> Iterator[tuple[Unit, str, At]]:
    """Each name in a unit, and the unit whose expression it stands in."""
    for name, at in unit.references:
        yield unit, name, at
    if isinstance(unit, CellUse):
        for argument in unit.inputs.values():
            for name, at in argument.unit.references if argument.unit else ():
                assert isinstance(argument.unit, Expression)
                yield argument.unit, name, at


def _sections(unit: CellUse | ScanUse) -> Iterator[dict[str, At]]:
    """The inputs that an instance is given, section by section, with the places of their names."""
    yield {name: argument.key for name, argument in unit.inputs.items()}
    if isinstance(unit, ScanUse):
        yield {name: argument.key for name, argument in unit.over.items()}
        yield {name: carry.init.key for name, carry in unit.carry.items()}


def _cycle(units: Mapping[str, Unit], cycle: Sequence[str]) -> ScenarioError:
    """The error at the place where the cycle's first unit takes its operand from the next one."""
    first, following = units[cycle[0]], cycle[1] if len(cycle) > 1 else cycle[0]
    if len(cycle) == 1:
        message = f"`{cycle[0]}` is computed from itself"
    else:
        shown = cycle if len(cycle) <= 8 else (*cycle[:6], "…", cycle[-1])
        message = f"these nodes need each other: {' → '.join((*shown, cycle[0]))}"
    for unit, used, at in _references(first):
        if root(used) == following:
            return unit_mistake(unit, CYCLE, at, message, "a graph has no loops")
    return mistake(CYCLE, first.key, message, "a graph has no loops")  # the need is inside its cell
