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
"""Products or comparisons of two numbers in one iteration: about ten seconds of them."""
_LONG: Final = 3 * 10**8
"""What takes about as long as a reader waits without asking what it is."""
_PER_ENTRY: Final = 10
"""What an entry costs, in multiplications: it is written, often read, and few functions are one product."""
TOO_MUCH_WORK = code("too-much-work", msg("A run would need more work than `--max-work` allows."))


def work_by_node(graph: Graph) -> Counter[str]:
    """What each node takes, forward and backward, where that is more than going through its entries."""
    forward = _forward_work(graph)
    backward = Counter(edge.node for edge in graph.edges) if forward else Counter()
    return Counter(
        {graph.nodes[position].name: work * (1 + backward[position]) for position, work in forward.items()}
    )


def _forward_work(graph: Graph) -> dict[int, int]:
    """What computing each node takes, by position, where that is more than going through its entries."""
    if not any(op.work for op in graph.ops):
        return {}
    known = ((node.position, _multiplications(graph, node)) for node in graph.nodes)
    return {position: work for position, work in known if work}


def _multiplications(graph: Graph, node: Node) -> int:
    if node.op is None or node.op.work is None:
        return 0
    shapes = [graph.nodes[operand].shape for operand in node.operands]
    return node.op.work(*shapes, **node.attributes)


@derived()
def pass_work(graph: Graph) -> tuple[int, ...]:
    """About what each node takes when it is computed, and again for each of its contributions."""
    return tuple(_multiplications(graph, node) + _PER_ENTRY * prod(node.shape) for node in graph.nodes)


@derived()
def takes_long(graph: Graph) -> int:
    """What an iteration takes, in multiplications, if its reader is to be told how far it is; else 0."""
    each = pass_work(graph)
    whole = sum(each[node] for node in graph.order) + sum(each[edge.node] for edge in graph.edges)
    return whole if whole > _LONG else 0


def check_work(node: YamlNode, graph: Graph, max_work: int) -> None:
    """Refuse a graph of which one iteration takes too long; `node` is the place to show."""
    forward = _forward_work(graph).items()
    if sum(work * (1 + len(graph.nodes[position].operands)) for position, work in forward) <= max_work:
        return  # even with a contribution to every operand, so that nobody has to ask which there are
    counted = work_by_node(graph)
    need = counted.total()
    if need > max_work:
        ((name, most),) = counted.most_common(1)
        message = msg(
            "a run of this graph takes about {need} multiplications; at most {most} are allowed",
            need=_about(need),
            most=_about(max_work),
        )
        hint = msg(
            "{part} % of them are in {name}; `--max-work` allows more", part=100 * most // need, name=name
        )
        raise mistake(TOO_MUCH_WORK, node, message, hint)


def _about(count: int) -> str:
    """Two digits of a large number: ``12,000,000,000``."""
    return f"{int(float(f'{count:.1e}')):,}"
