"""A graph and its numbers -> a scenario without a file: for graphs that a program has built.

Each computed node becomes an expression, in the order of computing. The numbered parts of one (`f#1`) go back
into it as brackets and calls, so that loading makes them again under their names. What no expression can
say, such as an infinite number, stands in the long form. In the end the text is loaded and compared: a graph
that it does not bring back is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from backprop_engine.arrays import Tensor
from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.messages.message import Message, msg
from backprop_engine.scenario.emit import Document, Open, Spelled, emitted
from backprop_engine.scenario.leaves import SECTIONS
from backprop_engine.scenario.loader import MAX_MEMORY, load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.number_text import numbers
from backprop_engine.scenario.source import Source
from backprop_engine.scenario.unparse import Unparser
from backprop_engine.scenario.writer import checked

__all__ = ["scenario_from"]


def scenario_from(
    graph: Graph, bindings: Bindings, *, name: str = "graph", max_memory: int = MAX_MEMORY
) -> Scenario:
    """The scenario of a graph and its numbers, as if it had been loaded from `name`.yaml.

    Leaves stand by kind, so those of one kind keep their order. Raises `UsageError` for a graph that no file
    says: one with instances of cells, with names that are none in a scenario, or with a numbered part that
    is not used exactly once, by its own node.
    """
    if graph.groups:
        raise UsageError(msg("the cells of a graph's instances cannot be told from the graph alone"))
    text = checked(emitted(_sections(graph, bindings)))
    try:
        scenario = load_source(Source.from_bytes(f"{name}.yaml", text.encode()), max_memory=max_memory)
    except ScenarioError as error:
        raise UsageError(
            msg("no scenario says this graph: {message}", message=error.diagnostics[0].message)
        ) from None
    wanted, found = _said(graph, bindings), _said(scenario.graph, scenario.bindings)
    if wanted != found:
        raise UsageError(
            msg("no scenario says this graph: {message}", message=_first_difference(wanted, found))
        )
    return scenario


def _sections(graph: Graph, bindings: Bindings) -> dict[str, Document]:
    """The sections of the file, in its order."""
    sections: dict[str, Document] = {}
    if graph.dtype.name != "float64":
        sections["dtype"] = graph.dtype.name
    for section, kind in SECTIONS.items():
        leaves = {
            leaf.name: numbers(bindings.leaves[leaf.position]) for leaf in graph.leaves if leaf.kind is kind
        }
        if leaves:
            is_short = all(isinstance(leaf, Spelled) for leaf in leaves.values())
            sections[section] = leaves if is_short else Open(leaves)
    sections["nodes"] = Open(Unparser(graph).units())
    sections["output"] = graph.nodes[graph.output].name
    if bindings.seed.size == 0:
        sections["seed"] = Spelled("1")  # for no cell at all
    elif bindings.seed.shape or bindings.seed != 1:
        sections["seed"] = numbers(bindings.seed)
    return sections


# What a graph says, wherever its leaves and literals stand


def _said(graph: Graph, bindings: Bindings) -> dict[str, object]:
    """Everything that must be the same, by what it is about."""
    facts: dict[str, object] = {
        msg("the dtype"): graph.dtype,
        msg("the output"): graph.nodes[graph.output].name,
        msg("the seed"): _bits(bindings.seed),
        **{
            msg("the order of the {section}", section=section): [
                leaf.name for leaf in graph.leaves if leaf.kind is kind
            ]
            for section, kind in SECTIONS.items()
        },
        msg("the order of computing"): [graph.nodes[position].name for position in graph.order],
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
    return msg("{what} would be another", what=next(names, msg("the number of nodes")))
