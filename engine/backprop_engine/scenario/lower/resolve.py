"""What the names in definitions stand for, and which definitions each of them needs.

There are two kinds of level: the top of the file, and the inside of a cell, whose unknown names are looked up
at the top. Needs are in the words of `order.Order`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct

from backprop_engine.errors import ScenarioError, code
from backprop_engine.evaluation.calls import NAMED_NUMBERS
from backprop_engine.expressions import derivative_parts
from backprop_engine.expressions.hints import FORWARD_ALONE
from backprop_engine.graph.paths import root, split
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.ops import OPS
from backprop_engine.scenario.lower.topological_order import cycles, topological_order
from backprop_engine.scenario.nodes.cells import NO_OUTPUT, CellDefinition, check_instance
from backprop_engine.scenario.nodes.definitions import (
    CellUse,
    Expression,
    Location,
    LongForm,
    NodeDefinition,
    ScanUse,
    definition_mistake,
)
from backprop_engine.scenario.read.mistakes import HOPELESS, Mistakes, mistake

__all__ = ["UNKNOWN_NAME", "Namespace", "references", "resolved_cells", "resolved_top", "undefined"]

UNKNOWN_NAME = code("unknown-name", msg("No leaf and no node has this name."))
CYCLE = code("cycle", msg("Nodes depend on each other's values."))


class Namespace(Struct, eq=False):
    """Names that are known together, and what each definition needs.

    `needs` has the definitions that can be computed, `stuck` the others. `outside` has what a cell, or a cell
    inside it, needs from the top of the file. All of them are filled in once names are resolved.
    """

    definitions: Mapping[str, NodeDefinition]
    values: Collection[str]
    """Leaves at the top, inputs inside a cell."""
    broken: dict[str, None]
    needs: dict[str, list[str]]
    outside: dict[str, None]
    stuck: dict[str, None]
    order: Iterable[str] | None = None
    """What can be computed, in the order of computing; None where a scan is among it."""

    @property
    def scans(self) -> list[str]:
        """The definitions that are unrolled."""
        return [name for name, definition in self.definitions.items() if isinstance(definition, ScanUse)]

    @classmethod
    def of(
        cls, definitions: Mapping[str, NodeDefinition], values: Collection[str], broken: dict[str, None]
    ) -> Namespace:
        """A level whose needs are not known yet."""
        return cls(definitions, values, broken, {}, {}, {})

    def __contains__(self, name: str) -> bool:
        return name in self.definitions or name in self.values or name in self.broken

    def names(self) -> dict[str, None]:
        """Every name, for suggestions."""
        return dict.fromkeys((*self.definitions, *self.values, *sorted(self.broken)))


def undefined(name: str, known: Collection[str]) -> tuple[Message, Hint]:
    """The message and the hint for a name that is none of `known`."""
    if derivative_parts(name):
        return msg("`{name}` is not defined", name=name), FORWARD_ALONE
    hint = did_you_mean(name, known)
    if name in OPS:
        return (
            msg("`{name}` is an operator, not a node", name=name),
            hint or msg("call it: `{text}`", text=f"{name}({', '.join(OPS[name].operands)})"),
        )
    if name in _INFINITIES:
        hint = msg("write `{text}`", text="inf")
    return msg("`{name}` is not defined", name=name), hint


_INFINITIES: Final = ("Inf", "infinity", "Infinity")


def resolved_top(
    top: Namespace, cells: Mapping[str, CellDefinition], inside: Mapping[str, Namespace], mistakes: Mistakes
) -> None:
    """Fill in the needs of the definitions at the top; mistakes are collected, and `broken` names them."""
    _resolve(top, _Resolver(top, top, cells, inside, mistakes))


def resolved_cells(
    cells: Mapping[str, CellDefinition], top: Namespace, mistakes: Mistakes
) -> dict[str, Namespace]:
    """The level inside each cell; each cell uses only those before it."""
    levels: dict[str, Namespace] = {}
    for name, cell in cells.items():
        level = levels[name] = Namespace.of(cell.definitions, cell.inputs, cell.broken)
        _resolve(level, _Resolver(level, top, cells, levels, mistakes))
    return levels


def _resolve(level: Namespace, resolver: _Resolver) -> None:
    if _is_in_order(level):
        level.order = level.definitions
    else:
        _find_needs(level, resolver)


def _is_in_order(level: Namespace) -> bool:
    """Whether every definition is an expression of names before it, as nearly all of a long file are."""
    before = set(level.values)
    for name, definition in level.definitions.items():
        if type(definition) is not Expression or not before.issuperset(definition.names):
            return False
        before.add(name)
    return True


def _find_needs(level: Namespace, resolver: _Resolver) -> None:
    uses: dict[str, list[str]] = {}
    needs: dict[str, list[str]] = {}
    forward = False
    for name, definition in level.definitions.items():
        plain = resolver.plain_needs(definition)
        if plain is None:
            found = resolver.needs(definition)
            resolver.mistakes.refuse_more()
            uses[name] = [used for need in found if (used := root(need)) in level.definitions]
        else:
            found = uses[name] = plain
        for used in uses[name]:
            if used not in needs:
                forward = True
        needs[name] = found
    order = _order(level, uses, resolver.mistakes) if forward else [*uses]
    if not level.scans:
        level.order = order
    level.needs.update({name: needs[name] for name in uses if name not in level.stuck})


def _order(level: Namespace, uses: Mapping[str, list[str]], mistakes: Mistakes) -> list[str]:
    """The order of computing a level. Cycles are reported: the definitions on one, and those that depend on
    one, are stuck.
    """
    order = topological_order(uses)
    if len(order) < len(uses):
        for cycle in cycles(uses, order):
            mistakes.add(_cycle(level.definitions, cycle).diagnostics)
        done = set(order)
        level.stuck.update(dict.fromkeys(name for name in uses if name not in done))
        level.broken.update(level.stuck)
        if len(level.stuck) >= HOPELESS:
            mistakes.stop()
            mistakes.raise_if_any()
    return order


class _Resolver:
    """Looks up the names in the definitions of one level."""

    def __init__(
        self,
        level: Namespace,
        top: Namespace,
        cells: Mapping[str, CellDefinition],
        inside: Mapping[str, Namespace],
        mistakes: Mistakes,
    ) -> None:
        self.level, self.top, self.cells, self.inside, self.mistakes = level, top, cells, inside, mistakes
        self.plain = dict.fromkeys(level.values, False)
        """The names that need no path, and whether they are computed."""
        for name, definition in level.definitions.items():
            if isinstance(definition, (Expression, LongForm)):  # a union would be made again each time
                self.plain[name] = True

    def plain_needs(self, definition: NodeDefinition) -> list[str] | None:
        """The needs of an expression whose names are plain and of its own level; None for any other.

        It finds what `needs` finds, for by far the most definitions in a long file.
        """
        if not isinstance(definition, Expression):
            return None
        try:
            return [name for name in definition.names if self.plain[name]]
        except KeyError:
            return None

    def needs(self, definition: NodeDefinition) -> list[str]:
        """What must be computed before `definition`; mistakes are collected, each name once."""
        found: list[str] = []
        reported: dict[str, None] = {}
        for part, name, at in references(definition):
            if name in reported:
                continue
            try:
                found += self.need(part, name, at)
            except ScenarioError as error:
                reported[name] = None
                self.level.broken[definition.name] = None
                self.mistakes.add(error.diagnostics)
        if isinstance(definition, CellUse | ScanUse):
            if self.mistakes.attempt(check_instance, definition, self.cells):
                found += self.cell_needs(definition)
            else:
                self.level.broken[definition.name] = None
        return found

    def need(self, definition: NodeDefinition, name: str, at: Location) -> Iterator[str]:
        """The need that a name in `definition` is; `ScenarioError` if it means nothing."""
        first = root(name)
        own = first in self.level
        level = self.level if own else self.top
        target = level.definitions.get(first)
        if target is None:
            if first not in level:
                if name in NAMED_NUMBERS:
                    return
                if self.mistakes.enough:
                    self.mistakes.pass_over()
                    raise ScenarioError(())
                raise definition_mistake(definition, UNKNOWN_NAME, at, *undefined(first, self.known))
            if first != name and first not in level.broken:
                raise self.no_instance(definition, name, at)
            return
        need = self.part_needed(definition, target, name, at)
        if own:
            yield need
        else:
            self.level.outside[need] = None

    @cached_property
    def known(self) -> dict[str, None]:
        """Every name that could be meant."""
        return self.level.names() | self.top.names()

    def part_needed(self, definition: NodeDefinition, target: NodeDefinition, name: str, at: Location) -> str:
        """Which part of `target` the name or path means."""
        if not isinstance(target, CellUse | ScanUse):
            if target.name != name:
                raise self.no_instance(definition, name, at)
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
                raise self.not_whole(definition, target, outputs, at)
        if cell is not None and outputs and output not in outputs and output not in cell.broken:
            raise self.no_such_output(definition, cell, output, at)
        return need

    # What is wrong

    def no_instance(self, definition: NodeDefinition, name: str, at: Location) -> ScenarioError:
        first = root(name)
        message = msg(
            "`{name}` is not an instance of a cell and has no `{part}`", name=first, part=name[len(first) :]
        )
        return definition_mistake(definition, UNKNOWN_NAME, at, message)

    def not_whole(
        self, definition: NodeDefinition, target: CellUse | ScanUse, outputs: Sequence[str], at: Location
    ) -> ScenarioError:
        instance = f"{target.name}[-1]" if isinstance(target, ScanUse) else target.name
        what = msg("instances of a cell") if isinstance(target, ScanUse) else msg("an instance of a cell")
        hint: Hint = (
            msg(
                "use one of its outputs: {names}",
                names=", ".join(f"`{instance}.{output}`" for output in outputs),
            )
            if outputs
            else ""
        )
        return definition_mistake(
            definition,
            NO_OUTPUT,
            at,
            msg("`{name}` is {what}, not a tensor", name=target.name, what=what),
            hint,
        )

    def no_such_output(
        self, definition: NodeDefinition, cell: CellDefinition, output: str, at: Location
    ) -> ScenarioError:
        if cell.has(output):
            outputs = ", ".join((*cell.outputs, output))
            hint = msg("add it to the cell's outputs: `{text}`", text=f"outputs: [{outputs}]")
            return definition_mistake(
                definition,
                NO_OUTPUT,
                at,
                msg("`{name}` is not an output of the cell `{cell}`", cell=cell.name, name=output),
                hint,
            )
        hint = did_you_mean(output, cell.outputs) or msg(
            "its outputs are {names}", names=", ".join(cell.outputs)
        )
        return definition_mistake(
            definition,
            NO_OUTPUT,
            at,
            msg("the cell `{cell}` has no `{name}`", cell=cell.name, name=output),
            hint,
        )

    # Instances

    def cell_needs(self, definition: CellUse | ScanUse) -> Iterator[str]:
        """What the inside of the cell needs from the top of the file."""
        inner = self.inside.get(definition.cell)
        if inner is None:  # a cell that uses itself
            self.level.broken[definition.name] = None
            return
        if self.level is self.top:
            yield from inner.outside
        else:
            self.level.outside.update(inner.outside)


def references(definition: NodeDefinition) -> Iterator[tuple[NodeDefinition, str, Location]]:
    """Each name in a definition, and the definition whose expression it is in."""
    for name, at in definition.references:
        yield definition, name, at
    if isinstance(definition, CellUse):
        for argument in definition.inputs.values():
            for name, at in argument.definition.references if argument.definition else ():
                assert isinstance(argument.definition, Expression)
                yield argument.definition, name, at


def _cycle(definitions: Mapping[str, NodeDefinition], cycle: Sequence[str]) -> ScenarioError:
    """The error at the place where the cycle's first definition takes its operand from the next one."""
    first, following = definitions[cycle[0]], cycle[1] if len(cycle) > 1 else cycle[0]
    if len(cycle) == 1:
        message = msg("`{name}` is computed from itself", name=cycle[0])
    else:
        shown = cycle if len(cycle) <= 8 else (*cycle[:6], "…", cycle[-1])
        message = msg("these nodes depend on each other: {names}", names=" → ".join((*shown, cycle[0])))
    for definition, used, at in references(first):
        if root(used) == following:
            return definition_mistake(definition, CYCLE, at, message, msg("a graph has no loops"))
    return mistake(CYCLE, first.key, message, msg("a graph has no loops"))  # the need is inside its cell
