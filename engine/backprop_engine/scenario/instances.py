"""Nodes that are instances of cells: `{cell: rnn, inputs: …}` and `{scan: rnn, over: …, carry: …}`."""

from __future__ import annotations

from backprop_engine.errors import code
from backprop_engine.expressions import Attribute, Name, Number
from backprop_engine.messages.message import Hint, msg
from backprop_engine.scenario.expressions import parsed
from backprop_engine.scenario.format import CARRIED, INSTANCE, SCAN
from backprop_engine.scenario.mistakes import (
    WRONG_TYPE,
    as_mapping,
    as_text,
    described,
    is_absent,
    mistake,
    only_keys,
)
from backprop_engine.scenario.names import normalised
from backprop_engine.scenario.nodes import Entry, Mapping, Node, Scalar
from backprop_engine.scenario.units import (
    Argument,
    At,
    Carry,
    CellUse,
    ScanUse,
    expression_unit,
    path_text,
)

__all__ = ["read_cell_use", "read_scan_use"]

SCAN_FORM = code("scan-form", msg("A scan without `over`, or a carried input without `init` and `next`."))

_INPUTS = msg("such as `inputs: {{x: x0, h_prev: h0}}`")
_OVER = msg("such as `over: {{x: xs}}`, where `xs` has the time steps along its first axis")
_CARRY = msg("such as `carry: {{h_prev: {{init: h0, next: h}}}}`")


def read_cell_use(name: str, key: Scalar, node: Mapping) -> CellUse:
    """One instance of a cell."""
    only_keys(node, INSTANCE.names, msg("a node with `cell`"))
    cell_node = as_text(node.entries["cell"].value, msg("the name of a cell"))
    inputs = _arguments(node.get("inputs"), "inputs", _INPUTS, expressions=True)
    cell = normalised(cell_node.text)
    return CellUse(name, key, cell, cell_node, inputs, _references(inputs), node.get("note"))


def read_scan_use(name: str, key: Scalar, node: Mapping) -> ScanUse:
    """Instances of a cell along an axis."""
    only_keys(node, SCAN.names, msg("a node with `scan`"))
    cell_node = as_text(node.entries["scan"].value, msg("the name of a cell"))
    over = _arguments(node.get("over"), "over", _OVER)
    if not over:
        at = node.entries["over"].key if "over" in node else node
        raise mistake(SCAN_FORM, at, msg("`{name}` scans over nothing", name=name), _OVER)
    inputs = _arguments(node.get("inputs"), "inputs", _INPUTS)
    carry = _carried(node.get("carry"))
    initial = {parameter: one.init for parameter, one in carry.items()}
    references = _references(over) + _references(initial) + _references(inputs)
    cell = normalised(cell_node.text)
    return ScanUse(name, key, cell, cell_node, inputs, over, carry, references, node.get("note"))


def _arguments(node: Node | None, what: str, hint: Hint, *, expressions: bool = False) -> dict[str, Argument]:
    """What the inputs of a cell are given, by their names."""
    if node is None or is_absent(node):
        return {}
    entries = as_mapping(
        node, msg("`{section}` as a map from the cell's inputs to names", section=what), hint
    )
    return {
        normalised(entry.key.text): _argument(entry, hint, expressions=expressions, number=what != "over")
        for entry in entries
    }


def _argument(entry: Entry, hint: Hint, *, expressions: bool = False, number: bool = True) -> Argument:
    key, value = entry
    if isinstance(value, Scalar) and type(value.value) in (int, float):
        if number:
            return Argument(key, value)
        raise mistake(
            WRONG_TYPE,
            value,
            msg("expected the name of a tensor, found {found}", found=described(value)),
            hint,
        )
    scalar = as_text(value, msg("the name of a leaf or node"), hint)
    tree = parsed(scalar)
    if isinstance(tree, Name | Attribute):
        return Argument(key, scalar, path_text(tree))
    if isinstance(tree, Number) or not expressions:
        message = msg("expected the name of a leaf or node, found {found}", found=described(scalar))
        raise mistake(WRONG_TYPE, scalar, message, msg("give the expression a node of its own"))
    parameter = normalised(key.text)
    return Argument(key, scalar, unit=expression_unit(parameter, key, scalar, tree))


def _carried(node: Node | None) -> dict[str, Carry]:
    if node is None or is_absent(node):
        return {}
    carried = {}
    for entry in as_mapping(
        node, msg("`carry` as a map from the cell's inputs to `{{init: …, next: …}}`"), _CARRY
    ):
        settings = as_mapping(entry.value, msg("a map with `init` and `next`"), _CARRY)
        only_keys(settings, CARRIED.names, msg("the carried input `{name}`", name=entry.key.text))
        missing = [part for part in CARRIED.names if is_absent(settings.get(part))]
        if missing:
            message = msg("the carried input `{name}` has no `{key}`", name=entry.key.text, key=missing[0])
            raise mistake(SCAN_FORM, settings, message, _CARRY)
        init = _argument(Entry(entry.key, settings.entries["init"].value), _CARRY)
        next_node = as_text(settings.entries["next"].value, msg("the name of a node of the cell"), _CARRY)
        tree = parsed(next_node)
        if not isinstance(tree, Name | Attribute):
            raise mistake(WRONG_TYPE, next_node, msg("`next` is the name of a node of the cell"), _CARRY)
        carried[normalised(entry.key.text)] = Carry(init, path_text(tree), next_node)
    return carried


def _references(arguments: dict[str, Argument]) -> list[tuple[str, At]]:
    """The names that arguments are; those in their expressions belong to the expressions' own units."""
    return [(one.name, one.scalar) for one in arguments.values() if one.name]
