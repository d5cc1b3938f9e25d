"""The work that a run takes, computed from shapes before anything is computed."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import Final

from backprop_engine.derived import derived
from backprop_engine.errors import code
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.messages.message import msg
from backprop_engine.scenario.read.mistakes import mistake
from backprop_engine.scenario.read.yaml_nodes import YamlNode

__all__ = ["MAX_WORK", "TOO_MUCH_WORK", "check_work", "pass_work", "takes_long", "work_by_node"]

MAX_WORK: Final = 10**10
"""The most products or comparisons of two numbers in an iteration: about ten seconds of them."""
_LONG: Final = 3 * 10**8
"""The work that takes about as long as a user waits without wondering."""
_PER_ENTRY: Final = 10
"""What an entry costs, in multiplications: it is written, often read, and few functions are one product."""
TOO_MUCH_WORK = code("too-much-work", msg("A run would need more work than `--max-work` allows."))


def work_by_node(graph: Graph) -> Counter[str]:
    """What each node takes, forward and backward, where that is more than going through its entries."""
    forward = _forward_work(graph)
    backward = Counter(edge.node for edge in graph.edges) if forward else Counter()
    return Counter(
        {
            graph.nodes[position].name: work
            * (1 + backward[position] * _backward_work(graph.nodes[position]))
            for position, work in forward.items()
        }
    )


def _forward_work(graph: Graph) -> dict[int, int]:
    """What computing each node takes, by position, where that is more than going through its entries."""
    if not any(op.work for op in graph.ops):
        return {}
    known = ((node.position, _multiplications(graph, node)) for node in graph.nodes)
    return {position: work for position, work in known if work}


def _backward_work(node: Node) -> int:
    """How many times as much a contribution takes as computing the node."""
    return 1 if node.op is None else node.op.backward_work


def _multiplications(graph: Graph, node: Node) -> int:
    if node.op is None or node.op.work is None:
        return 0
    shapes = [graph.nodes[operand].shape for operand in node.operands]
    return node.op.work(*shapes, **node.attributes)


@derived()
def pass_work(graph: Graph) -> tuple[int, ...]:
    """About what each node takes each time: when it is computed, and for each of its contributions.

    Where these differ it is their mean, so that all of them together are what an iteration takes.
    """
    contributions = Counter(edge.node for edge in graph.edges)
    return tuple(_each_time(graph, node, contributions[node.position]) for node in graph.nodes)


def _each_time(graph: Graph, node: Node, contributions: int) -> int:
    made = _multiplications(graph, node) * (1 + contributions * _backward_work(node)) // (1 + contributions)
    return made + _PER_ENTRY * prod(node.shape)


@derived()
def takes_long(graph: Graph) -> int:
    """What an iteration takes, in multiplications, if its progress is to be shown; else 0."""
    each = pass_work(graph)
    whole = sum(each[node] for node in graph.order) + sum(each[edge.node] for edge in graph.edges)
    return whole if whole > _LONG else 0


def check_work(node: YamlNode, graph: Graph, max_work: int) -> None:
    """Refuse a graph if one iteration takes too long; `node` is the place to show."""
    nodes, forward = graph.nodes, _forward_work(graph).items()
    most = (work * (1 + len(nodes[at].operands) * _backward_work(nodes[at])) for at, work in forward)
    if sum(most) <= max_work:
        return  # even with a contribution to every operand, so they need not be counted
    counted = work_by_node(graph)
    need = counted.total()
    if need > max_work:
        ((name, largest),) = counted.most_common(1)
        message = msg(
            "a run of this graph takes about {need} multiplications; at most {most} are allowed",
            need=_about(need),
            most=_about(max_work),
        )
        hint = msg(
            "{part} % of them are in {name}; `--max-work` allows more", part=100 * largest // need, name=name
        )
        raise mistake(TOO_MUCH_WORK, node, message, hint)


def _about(count: int) -> str:
    """Two digits of a large number: ``12,000,000,000``."""
    return f"{int(float(f'{count:.1e}')):,}"
