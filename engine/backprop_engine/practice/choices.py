"""Questions about the graph, not about numbers: in which order gradients flow, and along which edges.

Each has the right answer and some to choose from beside it, most of which a misconception leads to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.messages.message import Message, msg
from backprop_engine.practice.mutants import MUTANTS, Mutant
from backprop_engine.trace.trace import Trace

__all__ = ["Choice", "Choices", "next_edges", "orders"]

_BY_NAME = {mutant.name: mutant for mutant in MUTANTS}


class Choice(Struct, frozen=True):
    """An answer to choose, and the misconception behind it; None for the right one, and for a mere slip."""

    text: str
    mutant: Mutant | None = None


class Choices(Struct, frozen=True):
    """A question and its choices, the right one first; `node` and `operand` are the nodes it is about."""

    text: Message
    hint: Message
    choices: tuple[Choice, ...]
    node: int
    operand: int


@derived()
def orders(graph: Graph) -> tuple[Choices, ...]:
    """Questions about the order of the backward pass: along a path, and where two paths meet."""
    return tuple(found for found in (_along_a_path(graph), _where_paths_meet(graph)) if found is not None)


def _along_a_path(graph: Graph) -> Choices | None:
    """The order of three nodes, each of which depends on the next."""
    path = [graph.output]
    while len(path) < _LONGEST_PATH:
        operands = [edge.operand for edge in graph.edges if edge.node == path[-1]]
        computed = [at for at in operands if graph.nodes[at].op is not None]
        if not computed:
            break
        path.append(computed[0])
    if len(path) < _IN_ORDER:
        return None
    asked = [path[0], path[len(path) // 2], path[-1]]
    first, middle, last = (graph.nodes[at].name for at in asked)
    return Choices(
        msg(
            "In which order do {names} pass their gradients on in the backward pass?",
            names=", ".join(sorted((first, middle, last))),
        ),
        msg("A node passes its gradient on once it is complete: after the nodes that use it."),
        (
            Choice(_order(first, middle, last)),
            Choice(_order(last, middle, first), _BY_NAME["forward_order"]),
            Choice(_order(middle, first, last)),
        ),
        graph.output,
        asked[-1],
    )


_IN_ORDER = 3
_LONGEST_PATH = 7


def _where_paths_meet(graph: Graph) -> Choices | None:
    """The order of a node that is used twice, and of the nodes that use it."""
    for node in reversed(graph.nodes):
        users = list(dict.fromkeys(edge.node for edge in graph.edges if edge.operand == node.position))
        if node.op is None or len(users) < _PATHS or len(graph.edges) > _MOST_EDGES:
            continue
        early, late = graph.nodes[users[0]].name, graph.nodes[users[-1]].name
        return Choices(
            msg(
                "{node} is used by {first} and {second}. When does {node} pass its gradient on?",
                node=node.name,
                first=early,
                second=late,
            ),
            msg("Its gradient is the sum of the contributions from all of its uses."),
            (
                Choice(msg("after both {first} and {second}", first=early, second=late)),
                Choice(
                    msg("as soon as {first} has passed on its gradient", first=early),
                    _BY_NAME["passed_on_early"],
                ),
                Choice(
                    msg("before {first} and {second}", first=early, second=late), _BY_NAME["forward_order"]
                ),
            ),
            graph.output,
            node.position,
        )
    return None


_PATHS = 2
_MOST_EDGES = 5000


def _order(*names: str) -> str:
    return " → ".join(names)


def next_edges(trace: Trace, node: Node) -> Choices | None:
    """Which nodes a node passes its gradient on to; None where no wrong answer suggests itself."""
    graph = trace.graph
    edges = [graph.edges[index] for index in trace.schedule.edges_of[node.position]]
    right = _named(graph, [edge.operand for edge in edges])
    wrong = dict(_wrong_edges(graph, node, [edge.operand for edge in edges]))
    wrong.pop(right, None)
    wrong.pop("", None)
    if not wrong or not right:
        return None
    return Choices(
        msg("The gradient of {node} is complete. To which nodes does it flow next?", node=node.name),
        msg(
            "It flows to those operands of {node} that are not constants and depend on something that is "
            "not constant.",
            node=node.name,
        ),
        (Choice(right), *(Choice(text, mutant) for text, mutant in wrong.items())),
        node.position,
        edges[0].operand,
    )


def _wrong_edges(graph: Graph, node: Node, operands: Sequence[int]) -> Iterator[tuple[str, Mutant]]:
    every = _named(graph, list(node.operands))
    yield every, _BY_NAME["to_a_constant"]
    users = [edge.node for edge in graph.edges if edge.operand == node.position]
    yield _named(graph, users), _BY_NAME["forward_order"]
    if len(set(operands)) > 1:
        yield _named(graph, operands[:1]), _BY_NAME["operand_left_out"]


def _named(graph: Graph, positions: Sequence[int]) -> str:
    nodes = [graph.nodes[at] for at in dict.fromkeys(positions)]
    return ", ".join(node.name or node.text for node in nodes)
