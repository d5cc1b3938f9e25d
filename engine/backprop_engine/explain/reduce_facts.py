"""The facts of a step in which ranks combine their gradients of a parameter: an all-reduce."""

from __future__ import annotations

from dataclasses import dataclass

from backprop_engine.arrays import Tensor
from backprop_engine.explain.common_facts import CommonFacts, NamedTensor
from backprop_engine.explain.symbols import gradient_name
from backprop_engine.graph.graph import Node
from backprop_engine.trace.reduction import GradientReduction

__all__ = ["ReduceFacts"]


@dataclass(frozen=True, eq=False)
class ReduceFacts(CommonFacts):
    """The gradients of a parameter that the ranks computed, each from its own batch, become one."""

    kind = "all-reduce"
    node: Node

    @property
    def subject(self) -> str:
        """The gradient's name."""
        return gradient_name(self.graph, self.node)

    @property
    def involved(self) -> tuple[Node, ...]:
        """The parameter."""
        return (self.node,)

    @property
    def reduction(self) -> GradientReduction:
        """What each rank contributed, and the result."""
        return self.trace.reduced[self.node.position]

    @property
    def result(self) -> NamedTensor:
        """The gradient that the ranks go on with."""
        return NamedTensor(self.subject, self.outcome)

    @property
    def outcome(self) -> Tensor:
        """The gradient that the ranks go on with."""
        return self.reduction.result
