"""What a rule sees, right or wrong: one use of an operand, a sum of contributions, an update of a parameter.

A misconception computes from these and from nothing else, so that the same function gives the wrong answer
to a question and the wrong contribution of a graph with a bug in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor, settle, sum_axes
from backprop_engine.derived import derived
from backprop_engine.expressions import Name, parse, walk
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import Elementwise, Linear
from backprop_engine.optim import OptimizerState
from backprop_engine.trace.trace import Trace
from backprop_engine.trace.training import Training

__all__ = ["Change", "OperandUse", "Sum", "Task", "averages", "change_at", "sum_at", "use_at"]


class OperandUse(Struct, frozen=True, eq=False):
    """One use of an operand: what flows in, what the operator gave, and what it was given.

    `g` and `out` have the node's shape. `gradients` and `updated` are, for each operand, its gradient and its
    value after the update, where there are such; `left` is what an earlier pass left in the gradient of the
    operand, in its shape.
    """

    graph: Graph
    edge: Edge
    g: Tensor
    out: Tensor
    operands: tuple[Tensor, ...]
    gradients: tuple[Tensor | None, ...]
    updated: tuple[Tensor | None, ...]
    left: Tensor | None = None

    @property
    def node(self) -> Node:
        """The node whose rule runs."""
        return self.graph.nodes[self.edge.node]

    @property
    def shape(self) -> Shape:
        """The shape of the operand, which is that of the right answer."""
        return self.graph.nodes[self.edge.operand].shape

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the operands in the operator's rules."""
        assert self.node.op is not None
        return self.node.op.names(len(self.node.operands))

    @property
    def own(self) -> str:
        """What the rules call the operand that gradient flows to."""
        return self.names[self.edge.argnum]

    @property
    def mentioned(self) -> frozenset[str]:
        """The names in the text of the rule."""
        return frozenset(part.name for part in walk(parse(self.edge.rule.text)) if isinstance(part, Name))

    @property
    def others(self) -> tuple[int, ...]:
        """The operands that the rule multiplies by, other than the one that gradient flows to, by argnum."""
        mentioned = self.mentioned
        return tuple(at for at, name in enumerate(self.names) if name in mentioned and at != self.edge.argnum)

    @property
    def varies(self) -> bool:
        """Whether the operand is the only one that gradient can flow to: a function of one variable."""
        return sum(rule is not None for rule in self.node.rules) == 1 or all(
            not self.graph.nodes[operand].takes_gradient
            for at, operand in enumerate(self.node.operands)
            if at != self.edge.argnum
        )

    def product(self, g: Any = None, out: Any = None, operands: Sequence[Any] | None = None) -> Tensor:
        """Upstream times local gradient with other numbers in place of some; broadcast axes are not summed.

        Raises `ValueError` and `IndexError` where these do not fit.
        """
        rule, settings = self.edge.rule, dict(self.node.attributes)
        g = self.g if g is None else g
        given = (self.out if out is None else out, *(self.operands if operands is None else operands))
        with np.errstate(all="ignore"):
            if isinstance(rule, Elementwise):
                return self.settled(g * rule.of(*given, **settings))
            return self.settled(rule.vjp(g, *given, **settings))

    def contribution(self, g: Any = None, out: Any = None, operands: Sequence[Any] | None = None) -> Tensor:
        """The same in the operand's shape."""
        return self.summed(self.product(g, out, operands))

    def summed(self, product: Tensor) -> Tensor:
        """A product as a contribution: broadcast axes are summed."""
        axes = self.edge.summed
        return self.settled(sum_axes(product, axes, self.shape)) if axes else product

    def factor(self, operands: Sequence[Any] | None = None) -> Tensor | None:
        """The tensor that the rule multiplies the upstream gradient with; None where it is not one."""
        rule, settings = self.edge.rule, dict(self.node.attributes)
        given = self.operands if operands is None else operands
        with np.errstate(all="ignore"):
            if isinstance(rule, Elementwise):
                return self.settled(rule.of(self.out, *given, **settings))
            if isinstance(rule, Linear) and rule.factor is not None:
                return self.settled(rule.factor.of(self.out, *given, **settings))
            if self.node.shape == () and isinstance(rule, Linear):
                return self.settled(rule.vjp(self.settled(1.0), self.out, *given, **settings))
        return None

    def replaced(self, others: Sequence[Tensor | None]) -> tuple[Tensor, ...] | None:
        """The operands with `others` in place of those that the rule multiplies by; None where none is."""
        given = [
            other if other is not None and at in self.others and other.shape == value.shape else value
            for at, (value, other) in enumerate(zip(self.operands, others, strict=True))
        ]
        changed = any(new is not old for new, old in zip(given, self.operands, strict=True))
        return tuple(given) if changed else None

    def settled(self, value: Any) -> Tensor:
        """A tensor of the graph's dtype."""
        return settle(value, self.graph.dtype)

    def everywhere(self, number: Any) -> Tensor:
        """A number in every entry of the operand."""
        return self.settled(np.full(self.shape, number))


class Sum(Struct, frozen=True, eq=False):
    """A sum of contributions, in the operand's shape, the last of which is added now."""

    graph: Graph
    edge: Edge
    contributions: tuple[Tensor, ...]
    left: Tensor | None = None

    @property
    def right(self) -> Tensor:
        """The sum."""
        return self.settled(sum(self.contributions))

    def settled(self, value: Any) -> Tensor:
        """A tensor of the graph's dtype."""
        return settle(value, self.graph.dtype)


class Change(Struct, frozen=True, eq=False):
    """An update of a parameter from its gradient, both in its shape."""

    graph: Graph
    node: Node
    value: Tensor
    gradient: Tensor
    state: OptimizerState
    training: Training
    iteration: int
    left: Tensor | None = None

    def updated(self, gradient: Any = None, rate: float | None = None) -> Tensor:
        """The parameter after an update with another gradient, or another learning rate."""
        settings = dict(self.training.settings_at(self.iteration))
        if rate is not None:
            settings["lr"] = rate
        given = self.gradient if gradient is None else settle(gradient, self.graph.dtype)
        after, _ = self.training.optimizer.update(self.value, given, self.state, settings)
        return after


Task: TypeAlias = OperandUse | Sum | Change


def use_at(trace: Trace, edge: Edge, previous: Trace | None = None) -> OperandUse:
    """The use that `edge` is; `previous` is the iteration before, whose gradients may not be cleared."""
    graph, operands = trace.graph, trace.graph.nodes[edge.node].operands
    upstream = trace.gradients[edge.node]
    assert upstream is not None
    return OperandUse(
        graph,
        edge,
        upstream,
        trace.outs[edge.node],
        tuple(trace.operand_values[operand] for operand in operands),
        tuple(trace.gradients[operand] for operand in operands),
        tuple(trace.updated.get(operand) for operand in operands),
        None if edge.shared else _left(previous, edge.operand),
    )


def sum_at(trace: Trace, edge: Edge, previous: Trace | None = None) -> Sum:
    """The sum that the contribution of `edge` is added to."""
    uses = trace.schedule.uses_of[edge.operand]
    count = trace.schedule.turn(edge)[0]
    contributions = tuple(trace.contributions[index] for index in uses[:count])
    return Sum(trace.graph, edge, contributions, _left(previous, edge.operand))


def change_at(trace: Trace, node: Node, previous: Trace | None = None) -> Change:
    """The update of a parameter."""
    gradient = trace.gradients[node.position]
    assert gradient is not None
    assert trace.training is not None
    if trace.clipped is not None:
        gradient = trace.clipped.gradients[node.position]
    return Change(
        trace.graph,
        node,
        trace.values[node.position],
        gradient,
        trace.remembered[node.position][0],
        trace.training,
        trace.iteration,
        _left(previous, node.position),
    )


@derived()
def averages(graph: Graph) -> bool:
    """Whether a mean is taken on the way to the output."""
    return any(
        node.op is not None
        and graph.active[node.position]
        and (node.op.name == "mean" or node.attributes.get("reduction") == "mean")
        for node in graph.nodes
    )


def _left(previous: Trace | None, position: int) -> Tensor | None:
    """What the pass before left in a gradient that is not cleared."""
    return None if previous is None else previous.gradients[position]
