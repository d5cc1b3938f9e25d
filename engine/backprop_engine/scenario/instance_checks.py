"""Whether an instance of a cell fits it: the cell is there, and every input is given once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backprop_engine.errors import code
from backprop_engine.paths import root
from backprop_engine.scenario.cells import Cell
from backprop_engine.scenario.mistakes import mistake
from backprop_engine.scenario.nearest import did_you_mean
from backprop_engine.scenario.nodes import Scalar
from backprop_engine.scenario.units import CellUse, ScanUse

__all__ = ["NO_OUTPUT", "check_instance"]

UNKNOWN_CELL = code("unknown-cell", "An instance of a cell that there is not.")
CELL_INPUTS = code("cell-inputs", "An instance gives its cell an input too many, too few, or twice.")
NO_OUTPUT = code("no-output", "A path to something that a cell does not give out, or that is no instance.")


def check_instance(unit: CellUse | ScanUse, cells: Mapping[str, Cell]) -> None:
    """Refuse an unknown cell, inputs that do not match it, and a carry from a node that it has not."""
    cell = cells.get(unit.cell)
    if cell is None:
        hint = did_you_mean(unit.cell, cells)
        if not hint:
            hint = f"there are {', '.join(cells)}" if cells else "cells are defined under `cells`"
        message = f"there is no cell `{unit.cell}`"
        raise mistake(UNKNOWN_CELL, unit.cell_node, message, hint)
    given: dict[str, Scalar] = {}
    for section in _sections(unit):
        for name, key in section.items():
            _check_input(cell, name, key, given)
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


def _check_input(cell: Cell, name: str, key: Scalar, given: Mapping[str, Scalar]) -> None:
    if name in given:
        raise mistake(CELL_INPUTS, key, f"`{name}` is given twice", "keep one of them")
    if name not in cell.inputs:
        hint = did_you_mean(name, cell.inputs) or f"its inputs are {', '.join(cell.inputs) or 'none'}"
        raise mistake(CELL_INPUTS, key, f"the cell `{cell.name}` has no input `{name}`", hint)


def _sections(unit: CellUse | ScanUse) -> Iterator[dict[str, Scalar]]:
    """The inputs that an instance is given, section by section, with the places of their names."""
    yield {name: argument.key for name, argument in unit.inputs.items()}
    if isinstance(unit, ScanUse):
        yield {name: argument.key for name, argument in unit.over.items()}
        yield {name: carry.init.key for name, carry in unit.carry.items()}
