"""The work that a run takes, computed from shapes before anything is computed."""

from __future__ import annotations

from collections import Counter
from typing import Final

from backprop_engine.errors import code
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_engine.scenario.read.mistakes import mistake
from backprop_engine.scenario.read.yaml_nodes import YamlNode

__all__ = ["MAX_WORK", "TOO_MUCH_WORK", "check_work", "work_by_node"]

MAX_WORK: Final = 10**10
"""Products or comparisons of two numbers in one iteration: about ten seconds of them."""
TOO_MUCH_WORK = code("too-much-work", msg("A run would need more work than `--max-work` allows."))


def work_by_node(graph: Graph) -> Counter[str]:
    """What each node takes, forward and backward, where that is more than going through its entries."""
    backward = Counter(edge.node for edge in graph.edges)
    counted: Counter[str] = Counter()
    for position in graph.order:
        node = graph.nodes[position]
        if node.op is not None and node.op.work is not None:
            shapes = [graph.nodes[operand].shape for operand in node.operands]
            counted[node.name] = node.op.work(*shapes, **node.attributes) * (1 + backward[position])
    return counted


def check_work(node: YamlNode, graph: Graph, max_work: int) -> None:
    """Refuse a graph of which one iteration takes too long; `node` is the place to show."""
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
