"""The section `cells`: subgraphs that nodes make instances of, and whether an instance fits its cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from backprop_engine.errors import code
from backprop_engine.expressions import normalised
from backprop_engine.graph.paths import absolute, root
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.ops import Op
from backprop_engine.scenario.format import CELL
from backprop_engine.scenario.nodes.definitions import CellUse, NodeDefinition, ScanUse, read_definition
from backprop_engine.scenario.read.mistakes import (
    Mistakes,
    as_mapping,
    as_sequence,
    as_text,
    is_absent,
    mistake,
    only_keys,
)
from backprop_engine.scenario.read.names import NameTable
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlScalar

__all__ = ["NO_OUTPUT", "TOP", "CellDefinition", "Scope", "check_instance", "read_cells", "refuse_recursion"]

CELL_FORM = code(
    "cell-form", msg("A cell has no `nodes` or `outputs`, or lists an output that it does not have.")
)
CELL_RECURSION = code("cell-recursion", msg("A cell uses itself."))

_EXAMPLE = msg("such as `rnn: {{inputs: [x, h_prev], nodes: {{h: tanh(W @ x + U @ h_prev)}}, outputs: [h]}}`")


class CellDefinition(Struct, frozen=True, eq=False):
    """A subgraph by name: its inputs, what it computes, and the outputs that others may use.

    `broken` are names whose definition has a mistake, which is reported where it is.
    """

    name: str
    key: YamlScalar
    inputs: tuple[str, ...]
    definitions: dict[str, NodeDefinition]
    outputs: tuple[str, ...]
    broken: dict[str, None]

    def has(self, name: str) -> bool:
        """Whether `name` means something of the cell's own, rather than of the top level."""
        return name in self.definitions or name in self.inputs or name in self.broken


def read_cells(node: YamlNode | None, mistakes: Mistakes, own: Mapping[str, Op]) -> dict[str, CellDefinition]:
    """The cells by name; a mistake in one is collected, and the others are still read."""
    if node is None or is_absent(node):
        return {}
    cells: dict[str, CellDefinition] = {}
    names = NameTable()
    for key, value in as_mapping(node, msg("a map from names to cells"), _EXAMPLE):
        with mistakes.collected():
            name = names.declare(key, "cells")
            cell = as_mapping(value, msg("a cell as a map"), _EXAMPLE)
            cells[name] = _cell(name, key, cell, mistakes, own)
    return cells


def _cell(
    name: str, key: YamlScalar, node: YamlMapping, mistakes: Mistakes, own: Mapping[str, Op]
) -> CellDefinition:
    mistakes.attempt(only_keys, node, CELL.names, msg("the cell `{cell}`", cell=name))
    table = NameTable()
    broken: dict[str, None] = {}
    inputs: list[str] = []
    for text in _texts(node.get("inputs"), msg("the cell's inputs as a list of names")):
        with mistakes.collected():
            inputs.append(table.declare(text, "inputs"))
    definitions = _definitions(name, node, table, broken, mistakes, own)
    outputs = []
    for text in _texts(node.get("outputs"), msg("the cell's outputs as a list of names")):
        output = normalised(text.text)
        if isinstance(definitions.get(output), CellUse | ScanUse):
            message = msg("`{name}` is an instance of a cell, not a tensor", name=output)
            hint: Hint = msg("give its output a node of its own: `h: {name}.h`, `outputs: [h]`", name=output)
            mistakes.add(mistake(CELL_FORM, text, message, hint).diagnostics)
            broken[output] = None
        elif output in definitions or output in inputs:
            outputs.append(output)
        elif output not in broken:
            inner = root(output) != output and isinstance(definitions.get(root(output)), CellUse | ScanUse)
            hint = did_you_mean(output, (*definitions, *inputs)) or _own(definitions)
            if inner:
                hint = msg("give it a node of its own: `h: {name}`, `outputs: [h]`", name=output)
            message = msg("the cell `{cell}` has no node `{name}` to output", cell=name, name=output)
            mistakes.add(mistake(CELL_FORM, text, message, hint).diagnostics)
            broken[output] = None
    if is_absent(node.get("outputs")) and definitions:
        last = next(reversed(definitions))
        message = msg("the cell `{cell}` has no outputs", cell=name)
        mistakes.add(
            mistake(
                CELL_FORM,
                key,
                message,
                msg("list the nodes that others may use: `{text}`", text=f"outputs: [{last}]"),
            ).diagnostics
        )
    return CellDefinition(name, key, tuple(inputs), definitions, tuple(outputs), broken)


def _definitions(
    cell: str,
    node: YamlMapping,
    table: NameTable,
    broken: dict[str, None],
    mistakes: Mistakes,
    own: Mapping[str, Op],
) -> dict[str, NodeDefinition]:
    """The nodes of a cell."""
    given = node.get("nodes")
    if given is None or is_absent(given):
        at = node.entries["nodes"].key if "nodes" in node else node
        raise mistake(CELL_FORM, at, msg("the cell `{cell}` has no `nodes`", cell=cell), _EXAMPLE)
    definitions: dict[str, NodeDefinition] = {}
    if not len(as_mapping(given, msg("a map from names to expressions"), _EXAMPLE)):
        raise mistake(
            CELL_FORM,
            node.entries["nodes"].key,
            msg("the cell `{cell}` has no `nodes`", cell=cell),
            _EXAMPLE,
        )
    for key, value in as_mapping(given, msg("a map from names to expressions"), _EXAMPLE):
        with mistakes.collected():
            name = table.declare(key, "nodes")
            broken[name] = None
            definitions[name] = read_definition(name, key, value, own)
            del broken[name]
    return definitions


def _texts(node: YamlNode | None, what: Message) -> Iterator[YamlScalar]:
    if node is None or is_absent(node):
        return
    for item in as_sequence(node, what, msg("write `{text}`", text="[x, h_prev]")):
        yield as_text(item, msg("a name"))


def _own(definitions: Iterable[str]) -> Hint:
    names = ", ".join(list(definitions)[:8])
    return msg("its nodes are {names}", names=names) if names else ""


def instances_in(definitions: Iterable[NodeDefinition]) -> Iterator[CellUse | ScanUse]:
    """The definitions that are instances of cells."""
    return (definition for definition in definitions if isinstance(definition, CellUse | ScanUse))


def refuse_recursion(cells: dict[str, CellDefinition], mistakes: Mistakes) -> dict[str, CellDefinition]:
    """The cells in an order in which each uses only those before it; those that use themselves are reported
    and left out, with all that use them.
    """
    ordered: dict[str, CellDefinition] = {}
    bad: dict[str, None] = {}
    for start in cells:
        _visit(start, cells, ordered, bad, mistakes)
    return ordered


def _visit(
    start: str,
    cells: dict[str, CellDefinition],
    ordered: dict[str, CellDefinition],
    bad: dict[str, None],
    mistakes: Mistakes,
) -> None:
    """Put `start` after all that it uses; without recursion, as a file may chain many cells."""
    trail = [(start, instances_in(cells[start].definitions.values()))]
    on_trail = {start: None}
    while trail:
        name, uses = trail[-1]
        use = next(uses, None)
        if use is None:
            trail.pop()
            del on_trail[name]
            if name in bad and trail:
                bad[trail[-1][0]] = None
            elif name not in bad and name not in ordered:
                ordered[name] = cells[name]
        elif use.cell in on_trail:
            if name not in bad:
                message = msg("the cell `{cell}` uses itself", cell=use.cell)
                if name != use.cell:
                    message = msg(
                        "the cell `{cell}` uses itself through `{other}`", cell=use.cell, other=name
                    )
                hint = msg("a `scan` repeats a cell; a graph is finite")
                mistakes.add(mistake(CELL_RECURSION, use.cell_node, message, hint).diagnostics)
            bad[name] = None
        elif use.cell in bad:
            bad[name] = None
        elif use.cell in cells and use.cell not in ordered:
            trail.append((use.cell, instances_in(cells[use.cell].definitions.values())))
            on_trail[use.cell] = None


UNKNOWN_CELL = code("unknown-cell", msg("The cell of an instance does not exist."))
CELL_INPUTS = code(
    "cell-inputs", msg("An instance gives its cell too many inputs, too few, or one of them twice.")
)
NO_OUTPUT = code(
    "no-output", msg("A path leads to something that is not an output of the cell, or not an instance.")
)


def check_instance(definition: CellUse | ScanUse, cells: Mapping[str, CellDefinition]) -> None:
    """Refuse an unknown cell, inputs that do not match it, and a carry from a node that it does not have."""
    cell = cells.get(definition.cell)
    if cell is None:
        hint = did_you_mean(definition.cell, cells)
        if not hint:
            hint = (
                msg("available: {names}", names=", ".join(cells))
                if cells
                else msg("cells are defined under `cells`")
            )
        message = msg("there is no cell `{cell}`", cell=definition.cell)
        raise mistake(UNKNOWN_CELL, definition.cell_node, message, hint)
    given: dict[str, YamlScalar] = {}
    for section in _sections(definition):
        for name, key in section.items():
            _check_input(cell, name, key, given)
            given[name] = key
    missing = [name for name in cell.inputs if name not in given]
    if missing:
        message = msg(
            "the cell `{cell}` needs the input `{name}`, which is missing", cell=cell.name, name=missing[0]
        )
        raise mistake(
            CELL_INPUTS, definition.key, message, msg("its inputs are {names}", names=", ".join(cell.inputs))
        )
    for carry in definition.carry.values() if isinstance(definition, ScanUse) else ():
        if not cell.has(root(carry.next)):
            hint = did_you_mean(carry.next, cell.definitions) or msg(
                "its nodes are {names}", names=", ".join(cell.definitions)
            )
            message = msg("the cell `{cell}` has no `{name}`", cell=cell.name, name=carry.next)
            raise mistake(NO_OUTPUT, carry.next_node, message, hint)


def _check_input(cell: CellDefinition, name: str, key: YamlScalar, given: Mapping[str, YamlScalar]) -> None:
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
            hint or msg("the cell has no inputs"),
        )


def _sections(definition: CellUse | ScanUse) -> Iterator[dict[str, YamlScalar]]:
    """The inputs that an instance is given, section by section, with the places of their names."""
    yield {name: argument.key for name, argument in definition.inputs.items()}
    if isinstance(definition, ScanUse):
        yield {name: argument.key for name, argument in definition.over.items()}
        yield {name: carry.init.key for name, carry in definition.carry.items()}


class Scope(Struct, frozen=True, eq=False):
    """An instance of `cell`, whose nodes are called `prefix` and their names; without both, the top."""

    prefix: str = ""
    cell: CellDefinition | None = None

    def full(self, name: str, lengths: Mapping[str, int]) -> str:
        """The name in the graph of what `name` means here."""
        if self.cell is not None and self.cell.has(root(name)):
            name = self.prefix + name
        return absolute(name, lengths)


TOP = Scope()
