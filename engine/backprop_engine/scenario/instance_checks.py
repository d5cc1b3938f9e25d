"""Whether an instance of a cell fits it: the cell is there, and every input is given once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backprop_engine.errors import code
from backprop_engine.graph.paths import root
from backprop_engine.messages.message import msg
from backprop_engine.scenario.cells import Cell
from backprop_engine.scenario.mistakes import mistake
from backprop_engine.scenario.nearest import did_you_mean
from backprop_engine.scenario.nodes import Scalar
from backprop_engine.scenario.units import CellUse, ScanUse

__all__ = ["NO_OUTPUT", "check_instance"]

UNKNOWN_CELL = code("unknown-cell", msg("An instance of a cell that there is not."))
CELL_INPUTS = code("cell-inputs", msg("An instance gives its cell an input too many, too few, or twice."))
NO_OUTPUT = code(
    "no-output", msg("A path to something that a cell does not give out, or that is no instance.")
)


def check_instance(unit: CellUse | ScanUse, cells: Mapping[str, Cell]) -> None:
    """Refuse an unknown cell, inputs that do not match it, and a carry from a node that it has not."""
    cell = cells.get(unit.cell)
    if cell is None:
        hint = did_you_mean(unit.cell, cells)
        if not hint:
            hint = (
                msg("there are {names}", names=", ".join(cells))
                if cells
                else msg("cells are defined under `cells`")
            )
        message = msg("there is no cell `{cell}`", cell=unit.cell)
        raise mistake(UNKNOWN_CELL, unit.cell_node, message, hint)
    given: dict[str, Scalar] = {}
    for section in _sections(unit):
        for name, key in section.items():
            _check_input(cell, name, key, given)
            given[name] = key
    missing = [name for name in cell.inputs if name not in given]
    if missing:
        message = msg(
            "the cell `{cell}` needs `{name}`, which it is not given", cell=cell.name, name=missing[0]
        )
        raise mistake(
            CELL_INPUTS, unit.key, message, msg("its inputs are {names}", names=", ".join(cell.inputs))
        )
    for carry in unit.carry.values() if isinstance(unit, ScanUse) else ():
        if not cell.has(root(carry.next)):
            hint = did_you_mean(carry.next, cell.units) or msg(
                "its nodes are {names}", names=", ".join(cell.units)
            )
            message = msg("the cell `{cell}` has no `{name}`", cell=cell.name, name=carry.next)
            raise mistake(NO_OUTPUT, carry.next_node, message, hint)


def _check_input(cell: Cell, name: str, key: Scalar, given: Mapping[str, Scalar]) -> None:
    if name in given:
        raise mistake(CELL_INPUTS, key, msg("`{name}` is given twice", name=name), msg("keep one of them"))
    if name not in cell.inputs:
        hint = did_you_mean(name, cell.inputs)
        if not hint and cell.inputs:
            hint = msg("its inputs are {names}", names=", ".join(cell.inputs))
        raise mistake(
            CELL_INPUTS,
            key,
            msg("the cell `{cell}` has no input `{name}`", cell=cell.name, name=name),
            hint or msg("its inputs are none"),
        )


def _sections(unit: CellUse | ScanUse) -> Iterator[dict[str, Scalar]]:
    """The inputs that an instance is given, section by section, with the places of their names."""
    yield {name: argument.key for name, argument in unit.inputs.items()}
    if isinstance(unit, ScanUse):
        yield {name: argument.key for name, argument in unit.over.items()}
        yield {name: carry.init.key for name, carry in unit.carry.items()}
