"""What the names in units stand for, and which units each of them needs.

There are two kinds of level: the top of the file, and the inside of a cell, whose unknown names are looked up
at the top. Needs are in the words of `order.Order`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from backprop_engine.errors import ScenarioError, code
from backprop_engine.graph.paths import root, split
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.ops import OPS
from backprop_engine.scenario.lower.order import computing_order, cycles
from backprop_engine.scenario.nodes.cells import NO_OUTPUT, Cell, check_instance
from backprop_engine.scenario.nodes.units import (
    At,
    CellUse,
    Expression,
    LongForm,
    ScanUse,
    Unit,
    unit_mistake,
)
from backprop_engine.scenario.read.mistakes import Mistakes, mistake

__all__ = ["UNKNOWN_NAME", "Level", "resolved_cells", "resolved_top", "undefined"]

UNKNOWN_NAME = code("unknown-name", msg("A name that no leaf and no node has."))
CYCLE = code("cycle", msg("Nodes that need each other's values."))


class Level(Struct, eq=False):
    """Names that are known together, and what each unit needs.

    `needs` has the units that can be computed, `stuck` the others. `outside` are needs of a cell at the top
    of the file, its own cells' included. All of them are filled in once names are resolved.
    """

    units: Mapping[str, Unit]
    values: Collection[str]
    """Leaves at the top, inputs inside a cell."""
    broken: dict[str, None]
    needs: dict[str, list[str]]
    outside: dict[str, None]
    stuck: dict[str, None]
    in_order: bool = False
    """Whether the units stand in the file as they can be computed, and no scan is among them."""

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


def undefined(name: str, known: Collection[str]) -> tuple[Message, Hint]:
    """The message and the hint for a name that is none of `known`."""
    hint = did_you_mean(name, known)
    if name in OPS:
        return (
            msg("`{name}` is an operator, not a node", name=name),
            hint or msg("call it: `{text}`", text=f"{name}({', '.join(OPS[name].operands)})"),
        )
    return msg("`{name}` is not defined", name=name), hint


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
    behind = False
    for name, unit in level.units.items():
        plain = resolver.plain_needs(unit)
        if plain is None:
            found = resolver.needs(unit)
            uses[name] = [one for need in found if (one := root(need)) in level.units]
        else:
            found = uses[name] = plain
        for one in uses[name]:
            if one not in needs:
                behind = True
        needs[name] = found
    level.in_order = not behind and not level.scans
    if behind:
        _refuse_cycles(level, uses, resolver.mistakes)
    level.needs.update({name: needs[name] for name in uses if name not in level.stuck})


def _refuse_cycles(level: Level, uses: Mapping[str, list[str]], mistakes: Mistakes) -> None:
    """Report the cycles in a level; the units on one, and behind one, are stuck."""
    order = computing_order(uses)
    if len(order) < len(uses):
        for cycle in cycles(uses, order):
            mistakes.add(_cycle(level.units, cycle).diagnostics)
        done = set(order)
        level.stuck.update(dict.fromkeys(name for name in uses if name not in done))
        level.broken.update(level.stuck)


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
        self.plain = dict.fromkeys(level.values, False)
        """The names that need no path, and whether they are computed."""
        for name, unit in level.units.items():
            if isinstance(unit, (Expression, LongForm)):  # a union would be made anew for each unit
                self.plain[name] = True

    def plain_needs(self, unit: Unit) -> list[str] | None:
        """The needs of an expression whose names are plain ones of its own level; None for any other unit.

        It finds what `needs` finds, for by far the most units in a long file.
        """
        if not isinstance(unit, Expression):
            return None
        try:
            return [name for name in unit.names if self.plain[name]]
        except KeyError:
            return None

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
            if self.mistakes.attempt(check_instance, unit, self.cells):
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
        message = msg(
            "`{name}` is no instance of a cell and has no `{part}`", name=first, part=name[len(first) :]
        )
        return unit_mistake(unit, UNKNOWN_NAME, at, message)

    def not_whole(
        self, unit: Unit, target: CellUse | ScanUse, outputs: Sequence[str], at: At
    ) -> ScenarioError:
        one = f"{target.name}[-1]" if isinstance(target, ScanUse) else target.name
        what = msg("instances of a cell") if isinstance(target, ScanUse) else msg("an instance of a cell")
        hint: Hint = (
            msg("use what it gives out: {names}", names=", ".join(f"`{one}.{output}`" for output in outputs))
            if outputs
            else ""
        )
        return unit_mistake(
            unit, NO_OUTPUT, at, msg("`{name}` is {what}, not a tensor", name=target.name, what=what), hint
        )

    def no_such_output(self, unit: Unit, cell: Cell, output: str, at: At) -> ScenarioError:
        if cell.has(output):
            outputs = ", ".join((*cell.outputs, output))
            hint = msg("add it to the cell's outputs: `{text}`", text=f"outputs: [{outputs}]")
            return unit_mistake(
                unit,
                NO_OUTPUT,
                at,
                msg("the cell `{cell}` does not give `{name}` out", cell=cell.name, name=output),
                hint,
            )
        hint = did_you_mean(output, cell.outputs) or msg(
            "it gives out {names}", names=", ".join(cell.outputs)
        )
        return unit_mistake(
            unit,
            NO_OUTPUT,
            at,
            msg("the cell `{cell}` has no `{name}`", cell=cell.name, name=output),
            hint,
        )

    # Instances

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


def _cycle(units: Mapping[str, Unit], cycle: Sequence[str]) -> ScenarioError:
    """The error at the place where the cycle's first unit takes its operand from the next one."""
    first, following = units[cycle[0]], cycle[1] if len(cycle) > 1 else cycle[0]
    if len(cycle) == 1:
        message = msg("`{name}` is computed from itself", name=cycle[0])
    else:
        shown = cycle if len(cycle) <= 8 else (*cycle[:6], "…", cycle[-1])
        message = msg("these nodes need each other: {names}", names=" → ".join((*shown, cycle[0])))
    for unit, used, at in _references(first):
        if root(used) == following:
            return unit_mistake(unit, CYCLE, at, message, msg("a graph has no loops"))
    return mistake(CYCLE, first.key, message, msg("a graph has no loops"))  # the need is inside its cell
