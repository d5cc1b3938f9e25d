"""What a run is, before its first step: what it computes from what, and which gradients will be sums."""

from __future__ import annotations

from msgspec import Struct

from backprop_engine.derived import derived
from backprop_engine.explain.symbols import whole_formula
from backprop_engine.graph.graph import Graph

__all__ = ["RunOverview", "run_overview"]


class RunOverview(Struct, frozen=True):
    """A graph in numbers and names.

    `output` is computed by `formula`, and `loss` is what is differentiated; `receivers` are the leaves that
    gradient flows to, and `shared` the nodes that it comes to along more than one edge.
    """

    output: str
    loss: str
    formula: str
    receivers: tuple[str, ...]
    shared: tuple[str, ...]


@derived()
def run_overview(graph: Graph) -> RunOverview:
    """The overview of one iteration of a graph's run."""
    output = graph.nodes[graph.output]
    receivers = (leaf for leaf in graph.leaves if leaf.takes_gradient and graph.active[leaf.position])
    shared = {edge.operand for edge in graph.edges if edge.shared}
    return RunOverview(
        output.name,
        graph.loss_name,
        whole_formula(graph, output),
        tuple(leaf.name for leaf in receivers),
        tuple(graph.nodes[position].name for position in sorted(shared)),
    )
