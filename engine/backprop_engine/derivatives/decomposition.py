"""The inside of a composite node: its decomposition into elementary ones, as a run of its own.

The operands' values are the leaves, called as the operator calls them; the gradient that flows into the node
is the seed; positions count from 0. The parts of a node ``L`` are called ``L.p``, the last of them ``L.out``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from msgspec import structs

from backprop_engine.derived import derived
from backprop_engine.errors import UsageError
from backprop_engine.evaluation.execution_plans import ExecutionPlan, plan_of
from backprop_engine.evaluation.graph_nodes import Position, add_expression
from backprop_engine.expressions import FilledTemplate, Name, fill
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.graph.steps import Backward, Forward, Step
from backprop_engine.messages.message import msg
from backprop_engine.ops.definition import Decomposition
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace

__all__ = ["decomposition", "inner_run", "stepped_into"]


@dataclass(frozen=True, eq=False)
class CompositeRun:
    """The run inside `node`; `operands` are the nodes of the outer graph that its leaves stand for."""

    node: Node
    trace: Trace
    operands: dict[str, Node]


def decomposition(graph: Graph, node: Node) -> Decomposition | None:
    """The decomposition of `node` as names and expressions; None where it is a leaf or elementary."""
    if node.op is None:
        return None
    shapes = tuple(graph.nodes[operand].shape for operand in node.operands)
    return node.op.inside_for(shapes, node.attributes)


def inner_run(trace: Trace, node: Node) -> CompositeRun:
    """The run inside a composite node; `UsageError` for any other.

    Where no gradient flows into the node, the seed is ones.
    """
    graph = trace.graph
    inner = inner_graph(graph, node.position)
    operands = dict(zip(_leaf_names(node), (graph.nodes[operand] for operand in node.operands), strict=True))
    values = {name: trace.operand_values[operand.position] for name, operand in operands.items()}
    seed: Any = trace.gradients[node.position]
    seed = np.ones(node.shape) if seed is None else seed
    return CompositeRun(node, record(inner, Bindings.of(inner, values, seed)), operands)


def stepped_into(trace: Trace, step: Step) -> tuple[Trace, range] | None:
    """What happens inside a step of a composite node: the run inside it, and the positions it goes through.

    In the forward step these are those of the inner forward pass, in the node's first backward step all the
    others; None for every other step.
    """
    graph, schedule = trace.graph, trace.schedule
    match step:
        case Forward(node=position):
            pass
        case Backward(edge=edge) if edge.index == schedule.edges_of[edge.node].start:
            position = edge.node
        case _:
            return None
    node = graph.nodes[position]
    if decomposition(graph, node) is None:
        return None
    run = inner_run(trace, node).trace
    before = run.schedule.seed
    return run, range(1, before) if isinstance(step, Forward) else range(before, run.schedule.last + 1)


@derived(limit=64)
def inner_graph(graph: Graph, position: int) -> Graph:
    """The graph inside the node at `position`; `UsageError` where it is not composite."""
    node = graph.nodes[position]
    parts = decomposition(graph, node)
    if parts is None:
        what = node.op.name if node.op else msg("a leaf")
        raise UsageError(
            msg("{name} cannot be stepped into: {what} is elementary", name=node.name, what=what)
        )
    builder = GraphBuilder(graph.dtype.name)
    positions: dict[str, Position] = {
        name: builder.leaf(name, _kind(graph, node, argnum), graph.nodes[operand].shape)
        for argnum, (name, operand) in enumerate(zip(_leaf_names(node), node.operands, strict=True))
    }
    _add_parts(builder, positions, parts)
    return replace(_with_prefix(builder.build("out"), node.name), loss=graph.loss_name)


def _leaf_names(node: Node) -> tuple[str, ...]:
    assert node.op is not None
    return node.op.names(len(node.operands))


def _kind(graph: Graph, node: Node, argnum: int) -> Kind:
    """An operand that gradient flows to is an input, any other a constant."""
    flows = node.rules[argnum] is not None and graph.differentiable[node.operands[argnum]]
    return Kind.INPUT if flows else Kind.CONSTANT


def _add_parts(builder: GraphBuilder, positions: dict[str, Position], parts: Decomposition) -> None:
    """Add the parts of a decomposition in their order; their numbers come before all of them."""
    lowered: list[tuple[str, FilledTemplate, ExecutionPlan, list[Position]]] = []
    for name, expression in parts:
        filled = fill(expression)
        plan = plan_of(filled.template)
        # A setting beyond the floating type is an infinity inside too.
        lowered.append((name, filled, plan, [*map(builder.literal, plan.values(filled))]))
    for name, filled, plan, numbers in lowered:
        operands = [positions[filled.name(part)] for part in plan.names if isinstance(part, Name)]
        positions[name] = add_expression(builder, filled, plan, operands + numbers, name)


def _with_prefix(graph: Graph, name: str) -> Graph:
    """The graph with computed nodes that say whose parts they are, and no places in a file."""
    nodes = tuple(
        structs.replace(node, name=f"{name}.{node.name}", placed=None) if node.op is not None else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)
