"""What the names in units stand for, and the order that follows from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from backprop_engine.errors import ScenarioError, code
from backprop_engine.expr import Attribute, path
from backprop_engine.ops import OPS
from backprop_engine.scenario.mistakes import Mistakes
from backprop_engine.scenario.names import normalised
from backprop_engine.scenario.nearest import did_you_mean
from backprop_engine.scenario.order import computing_order, cycles
from backprop_engine.scenario.units import At, Expression, Unit, unit_mistake

__all__ = ["UNKNOWN_NAME", "in_order", "undefined"]

UNKNOWN_NAME = code("unknown-name", "A name that no leaf and no node has.")
CYCLE = code("cycle", "Nodes that need each other's values.")


def undefined(name: str, known: Collection[str]) -> tuple[str, str]:
    """The message and the hint for a name that is none of `known`."""
    hint = did_you_mean(name, known)
    if name in OPS:
        return (
            f"`{name}` is an operator, not a node",
            hint or f"call it: `{name}({', '.join(OPS[name].operands)})`",
        )
    return f"`{name}` is not defined", hint


def in_order(
    units: Mapping[str, Unit], leaves: Collection[str], broken: set[str], mistakes: Mistakes
) -> list[Unit]:
    """The units in the order of computing; those that cannot be computed come last and are `broken` then.

    Names that nothing has, and cycles, are taken up in `mistakes`.
    """
    uses: dict[str, list[str]] = {}
    known_leaves = {*leaves, *broken}
    everything = dict.fromkeys((*units, *leaves, *sorted(broken)))
    for name, unit in units.items():
        operands = uses[name] = []
        unknown: dict[str, At] = {}
        for used, at in unit.references:
            if used in units:
                operands.append(used)
            elif used not in known_leaves:
                unknown.setdefault(used, at)
        broken.update((name,) if unknown else ())
        for used, at in unknown.items():
            if mistakes.enough:
                break
            message, hint = undefined(used, everything)
            mistakes.add(unit_mistake(unit, UNKNOWN_NAME, at, message, hint).diagnostics)
        if isinstance(unit, Expression):
            _refuse_paths(unit, everything, broken, mistakes)
    order = computing_order(uses)
    if len(order) < len(units):
        for cycle in cycles(uses, order):
            mistakes.add(_cycle(units, cycle).diagnostics)
        done = set(order)
        stuck = [name for name in units if name not in done]
        broken.update(stuck)
        order += stuck
    return [units[name] for name in order]


def _refuse_paths(unit: Expression, known: Collection[str], broken: set[str], mistakes: Mistakes) -> None:
    """Report what leads into an instance of a cell: there are none."""
    for part in unit.parts:
        if type(part) is Attribute:
            steps = path(part)
            root = normalised(str(steps[0])) if steps else ""
            if root not in known:
                message, hint = undefined(root, known)
            else:
                message, hint = f"`{root}` is no instance of a cell and has no `.{part.name}`", ""
            if root not in broken:
                mistakes.add(unit_mistake(unit, UNKNOWN_NAME, part.span, message, hint).diagnostics)
            broken.add(unit.name)


def _cycle(units: Mapping[str, Unit], cycle: Sequence[str]) -> ScenarioError:
    """The error at the place where the cycle's first unit takes its operand from the next one."""
    first, following = units[cycle[0]], cycle[1] if len(cycle) > 1 else cycle[0]
    at = next(at for used, at in first.references if used == following)
    if len(cycle) == 1:
        message = f"`{cycle[0]}` is computed from itself"
    else:
        shown = cycle if len(cycle) <= 8 else (*cycle[:6], "…", cycle[-1])
        message = f"these nodes need each other: {' → '.join((*shown, cycle[0]))}"
    return unit_mistake(first, CYCLE, at, message, "a graph has no loops")
