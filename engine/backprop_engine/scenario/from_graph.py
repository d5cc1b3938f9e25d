"""A graph and its numbers -> a scenario without a file: for graphs that a program has built.

Each computed node becomes an expression, in the order of computing. Its numbered parts (`f#1`) go back into
it as brackets and calls, so that loading recreates them under their names. What no expression can express,
such as an infinite number, is in the long form. In the end the text is loaded and compared: a graph that it
does not bring back is refused.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.evaluation.written_calls import UnsayableError, application, settings
from backprop_engine.expressions import Call, Expr, Keyword, Name, Number, SourceSpan, render
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.messages.message import Message, msg
from backprop_engine.ops import OPS, Op
from backprop_engine.scenario.leaves.leaf import LEAF_SECTIONS
from backprop_engine.scenario.loader import MAX_MEMORY, load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.write.emit import (
    Document,
    Open,
    Spelled,
    emitted,
    numbers,
    plain_number,
    spelled,
)
from backprop_engine.scenario.write.writer import checked

__all__ = ["scenario_from"]


def scenario_from(
    graph: Graph, bindings: Bindings, *, name: str = "graph", max_memory: int = MAX_MEMORY
) -> Scenario:
    """The scenario of a graph and its numbers, as if it had been loaded from `name`.yaml.

    Leaves are grouped by kind, and those of one kind keep their order. Raises `UsageError` for a graph that
    no file says: one with instances of cells, with names that a scenario does not allow, or with a numbered
    part that is not used exactly once, by its own node.
    """
    if graph.groups:
        raise UsageError(msg("the graph alone does not tell which cells its instances belong to"))
    text = checked(emitted(_sections(graph, bindings)))
    try:
        scenario = load_source(
            Source.from_bytes(f"{name}.yaml", text.encode()), max_memory=max_memory, max_work=sys.maxsize
        )
    except ScenarioError as error:
        raise UsageError(
            msg("this graph cannot be written as a scenario: {message}", message=error.diagnostics[0].message)
        ) from None
    wanted, found = _facts(graph, bindings), _facts(scenario.graph, scenario.bindings)
    if wanted != found:
        raise UsageError(
            msg(
                "this graph cannot be written as a scenario: {message}",
                message=_first_difference(wanted, found),
            )
        )
    return scenario


def _sections(graph: Graph, bindings: Bindings) -> dict[str, Document]:
    """The sections of the file, in its order."""
    sections: dict[str, Document] = {}
    if graph.dtype.name != "float64":
        sections["dtype"] = graph.dtype.name
    for section, kind in LEAF_SECTIONS.items():
        leaves = {
            leaf.name: numbers(bindings.leaves[leaf.position]) for leaf in graph.leaves if leaf.kind is kind
        }
        if leaves:
            is_short = all(isinstance(leaf, Spelled) for leaf in leaves.values())
            sections[section] = leaves if is_short else Open(leaves)
    if graph.operators:
        used = {node.op.name for node in graph.nodes if node.op is not None}
        sections["operators"] = Open(
            {name: _operator(op) for name, op in graph.operators.items() if name in used}
        )
    sections["nodes"] = Open(Unparser(graph).definitions())
    sections["output"] = graph.nodes[graph.output].name
    if bindings.seed.size == 0:
        sections["seed"] = Spelled("1")  # for no entry at all
    elif bindings.seed.shape or bindings.seed != 1:
        sections["seed"] = numbers(bindings.seed)
    return sections


def _operator(op: Op) -> Document:
    """An operator of the graph's own, as its author wrote it."""
    form: dict[str, Document] = {"inputs": list(op.operands), "forward": op.formula}
    if op.rules_as_written:
        form["backward"] = Open({name: rule or Spelled("null") for name, rule in op.rules_as_written.items()})
    if op.sign != op.name:
        form["sign"] = op.sign
    if op.wrong:
        form["wrong"] = Spelled("true")
    return Open(form)


# What a graph says, wherever its leaves and literals are


def _facts(graph: Graph, bindings: Bindings) -> dict[str, object]:
    """Everything that must be the same, by its subject."""
    facts: dict[str, object] = {
        msg("the dtype"): graph.dtype,
        msg("the output"): graph.nodes[graph.output].name,
        msg("the seed"): _bits(bindings.seed),
        **{
            msg("the order of the {section}", section=section): [
                leaf.name for leaf in graph.leaves if leaf.kind is kind
            ]
            for section, kind in LEAF_SECTIONS.items()
        },
        msg("the order of computation"): [graph.nodes[position].name for position in graph.order],
    }
    for node in graph.nodes:
        if node.is_leaf:
            facts[f"`{node.name}`"] = (node.kind, _bits(bindings.leaves[node.position]))
        elif node.op is not None:
            operands = [_operand(graph, operand) for operand in node.operands]
            facts[f"`{node.name}`"] = (node.op.name, operands, sorted(map(repr, node.attributes.items())))
    return facts


def _operand(graph: Graph, position: int) -> object:
    node = graph.nodes[position]
    return _bits(graph.literals[position]) if node.kind is Kind.LITERAL else node.name


def _bits(tensor: Tensor) -> tuple[object, ...]:
    return tensor.dtype, tensor.shape, tensor.tobytes()


def _first_difference(wanted: Mapping[str, object], found: Mapping[str, object]) -> Message:
    names = (name for name in wanted if name not in found or wanted[name] != found[name])
    return msg("{what} would change", what=next(names, msg("the number of nodes")))


_NOWHERE: Final = SourceSpan(0, 0)


class Unparser:
    """Writes the nodes of one graph; its numbered parts are kept as trees until their user comes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.parts: dict[int, Expr] = {}
        uses = Counter(operand for node in graph.nodes for operand in node.operands)
        for position in graph.order:
            if "#" in graph.nodes[position].name and uses[position] != 1:
                raise UsageError(
                    msg(
                        "{name} is part of an expression, so it can be used only once",
                        name=graph.nodes[position].name,
                    )
                )

    def definitions(self) -> dict[str, Document]:
        """What is under `nodes`, in the order of computing."""
        definitions: dict[str, Document] = {}
        for position in self.graph.order:
            node = self.graph.nodes[position]
            if "#" in node.name:
                self.parts[position] = self.part(node)
            else:
                definitions[node.name] = self.definition(node)
        return definitions

    def definition(self, node: Node) -> Document:
        """A node as an expression, or in the long form."""
        try:
            operands = self.operands(node)
            is_other_name = node.op is OPS["identity"] and isinstance(operands[0], Name)
            return render(operands[0] if is_other_name else self.tree(node, operands))
        except UnsayableError:
            return self.long_form(node)

    def part(self, node: Node) -> Expr:
        """A numbered part, which has no other form than that of an expression."""
        try:
            return self.tree(node, self.operands(node))
        except UnsayableError:
            raise UsageError(
                msg("{name} is part of an expression, but cannot be written as one", name=node.name)
            ) from None

    # Expressions

    def operands(self, node: Node) -> list[Expr]:
        """The operands of a node as trees."""
        return [self.operand(self.graph.nodes[position]) for position in node.operands]

    def operand(self, node: Node) -> Expr:
        """One operand: a name, a number, or the tree of a numbered part."""
        if node.kind is not Kind.LITERAL:
            return self.parts.get(node.position) or Name(node.name, _NOWHERE)
        number = plain_number(self.graph.literals[node.position])
        if not math.isfinite(number):
            raise UnsayableError
        return Number(number, _NOWHERE)

    def tree(self, node: Node, operands: Sequence[Expr]) -> Expr:
        """What applies the operator of `node` to `operands`, with a symbol where it has one."""
        assert node.op is not None
        parts = [position for position in node.operands if position in self.parts]
        if parts != sorted(parts):  # they are numbered as they are, so a later operand is first
            return self.turned_round(node, operands)
        return application(node.op, operands, node.attributes)

    def turned_round(self, node: Node, operands: Sequence[Expr]) -> Expr:
        """A call with its operands by name, in the order in which their parts are numbered."""
        assert node.op is not None
        if node.op.variadic:
            raise UnsayableError
        given = zip(node.operands, node.op.names(len(operands)), operands, strict=True)
        in_order = sorted(given, key=lambda pair: pair[0])
        named = tuple(Keyword(name, operand, _NOWHERE) for _, name, operand in in_order)
        return Call(node.op.name, (), named + settings(node.op, node.attributes), _NOWHERE, _NOWHERE)

    # The long form

    def long_form(self, node: Node) -> Document:
        """A node as an operator with its operands and attributes beside it."""
        assert node.op is not None
        form: dict[str, Document] = {
            "op": node.op.name,
            "inputs": [self.named(operand) for operand in node.operands],
        }
        for attribute in node.op.attributes:
            if node.attributes[attribute.name] != attribute.default:
                try:
                    form[attribute.name] = _plain(node.attributes[attribute.name])
                except UnsayableError:
                    message = msg(
                        "`{setting}` of {name} has no long form", setting=attribute.name, name=node.name
                    )
                    raise UsageError(
                        msg("this graph cannot be written as a scenario: {message}", message=message)
                    ) from None
        return form

    def named(self, position: int) -> Document:
        """An operand by name, or as a number."""
        node = self.graph.nodes[position]
        if node.kind is Kind.LITERAL:
            return spelled(plain_number(self.graph.literals[position]))
        return node.name


def _plain(value: Any) -> Document:
    """The value of an attribute in the long form, which has none for a slice, or a place for a new axis."""
    if isinstance(value, bool | np.bool_):
        return Spelled("true" if value else "false")
    if isinstance(value, str):
        return value
    if value is None or value is ... or isinstance(value, slice):
        raise UnsayableError
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else spelled(_number(value))


def _number(value: Any) -> int | float:
    return value if isinstance(value, int | float) else plain_number(value)
