"""The facts of the steps that gradients flow in: seed, backward and accumulate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backprop_engine.arrays import Tensor, is_finite, settle
from backprop_engine.explain.common_facts import (
    CommonFacts,
    NamedTensor,
    Turn,
    completed_gradient,
    is_row,
    meets_convention,
)
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.explain.overrides import OverrideFacts, changed_by_hook, overrides_gradient
from backprop_engine.explain.symbols import gradient_name, loss_name
from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Edge
from backprop_engine.messages.words import Words

if TYPE_CHECKING:
    from backprop_engine.explain.step_check import StepCheck

__all__ = ["AccumulateFacts", "BackwardFacts", "SeedFacts"]


class Use(NamedTuple):
    """One use of an operand: the node that uses it, and what came back through it, unless it has not yet."""

    node: Node
    contribution: Tensor | None


@dataclass(frozen=True, eq=False)
class SeedFacts(CommonFacts):
    """The gradient at the output is set."""

    kind = "seed"
    node: Node

    @property
    def subject(self) -> str:
        """``∂L/∂f``."""
        return gradient_name(self.graph, self.node)

    @property
    def result(self) -> NamedTensor:
        """The seed, also where another gradient takes its place."""
        override = self.override
        return NamedTensor(self.subject, self.outcome if override is None else override.computed)

    @property
    def outcome(self) -> Tensor:
        """The gradient that the run goes on with."""
        return completed_gradient(self.trace, self.node)

    @property
    def override(self) -> OverrideFacts | None:
        """The gradient that replaces the seed."""
        if not overrides_gradient(self.trace, self.node.position):
            return None
        return OverrideFacts(self.subject, self.outcome, self.trace.bindings.seed)

    @property
    def loss(self) -> str:
        """What is differentiated."""
        return loss_name(self.graph)

    @property
    def names_loss(self) -> bool:
        """Whether the output is the loss, by another name of its own: ``L = f``."""
        same = not self.graph.loss and self.node.shape == () and bool(np.all(self.result.tensor == 1))
        return same and self.loss != self.node.name

    @property
    def instance(self) -> str | None:
        """The instance of a cell that the output is in."""
        return self._instance_of(self.node.position)


@dataclass(frozen=True, eq=False)
class _EdgeFacts(CommonFacts):
    """What the steps of an edge have in common."""

    edge: Edge

    @property
    def node(self) -> Node:
        """The node whose rule runs."""
        return self.graph.nodes[self.edge.node]

    @property
    def operand(self) -> Node:
        """The operand that gradient flows to."""
        return self.graph.nodes[self.edge.operand]

    @property
    def involved(self) -> tuple[Node, ...]:
        """The node and the operand."""
        return self.node, self.operand

    @property
    def instance(self) -> str | None:
        """The instance of a cell that the node is in."""
        return self._instance_of(self.edge.node)

    @property
    def outcome(self) -> Tensor:
        """The operand's gradient as far as it has arrived, once this contribution counts."""
        return self.trace.arrived[self.edge.index]

    @property
    def _gradient_name(self) -> str:
        return gradient_name(self.graph, self.operand)

    def _contribution(self, name: str) -> NamedTensor:
        tensor = self.trace.contributions[self.edge.index]
        return NamedTensor(name, tensor, is_row(self.node, self.operand))


@dataclass(frozen=True, eq=False)
class BackwardFacts(_EdgeFacts):
    """The gradient of a node is handed on to one of its operands: product = upstream · local.

    Where the numeric check `is_awaited`, nothing is said that depends on it.
    """

    kind = "backward"
    is_awaited: bool = field(default=False, kw_only=True)

    @property
    def subject(self) -> str:
        """``q → x``."""
        return self.graph.edge_name(self.edge)

    @property
    def product(self) -> NamedTensor:
        """The contribution to the operand's gradient, in the operand's shape."""
        return self._contribution(self._gradient_name)

    @property
    def upstream(self) -> NamedTensor:
        """The gradient of the node; whether it is a row, the factor of the local gradient says."""
        return NamedTensor(gradient_name(self.graph, self.node), completed_gradient(self.trace, self.node))

    @cached_property
    def local(self) -> LocalFacts:
        """The local gradient."""
        return LocalFacts(self.trace, self.edge)

    @property
    def summed_axes(self) -> tuple[int, ...]:
        """The axes that the operand was broadcast along, over which the product is summed."""
        return self.edge.summed

    @property
    def turn(self) -> Turn | None:
        """Which of several contributions it is; None where it is the whole gradient."""
        return Turn(*self.trace.schedule.turn(self.edge)) if self.edge.shared else None

    @property
    def which_operand(self) -> int | None:
        """Which operand it is, counted from 1, where the node has this one more than once."""
        repeated = self.node.operands.count(self.edge.operand) > 1
        return self.edge.argnum + 1 if repeated else None

    @property
    def override(self) -> OverrideFacts | None:
        """The gradient that replaces the product, where that is the whole gradient."""
        if self.edge.shared or not overrides_gradient(self.trace, self.edge.operand):
            return None
        computed = self.trace.contributions[self.edge.index]
        hook = changed_by_hook(self.trace, self.edge.operand)
        return OverrideFacts(self._gradient_name, self.outcome, computed, hook)

    @property
    def lesson(self) -> Words:
        """What the operator does to gradients."""
        assert self.node.op is not None
        shapes = tuple(self.graph.nodes[position].shape for position in self.node.operands)
        return self.node.op.lesson_of(self.edge.argnum, shapes)

    @property
    def arises_here(self) -> bool:
        """Whether the product is not finite though the upstream gradient is."""
        return is_finite(self.upstream.tensor) and not is_finite(self.product.tensor)

    @property
    def conventions(self) -> Words | None:
        """What the operator chose for points like this one, where the run meets one."""
        op = self.node.op
        if op is None or not op.conventions:
            return None
        if not is_finite(self.upstream.tensor) or not is_finite(self.product.tensor):
            return op.conventions
        from backprop_engine.explain.step_check import at_kink  # no first screen checks a gradient

        met = meets_convention(self.trace, self.node)
        met = met or (not self.is_awaited and at_kink(self.trace, self.edge))
        return op.conventions if met else None

    @property
    def check(self) -> StepCheck | None:
        """The numeric check of the contribution, or None while it is being computed."""
        from backprop_engine.explain.step_check import step_check

        return None if self.is_awaited else step_check(self.trace, self.edge)

    @property
    def is_expensive(self) -> bool:
        """Whether the check has still to be made, and may take long."""
        from backprop_engine.explain.step_check import is_expensive

        return is_expensive(self.trace, self.edge)

    @property
    def takes_long(self) -> bool:
        """Whether the check may take long, or did."""
        from backprop_engine.explain.step_check import takes_long

        return takes_long(self.trace, self.edge)


@dataclass(frozen=True, eq=False)
class AccumulateFacts(_EdgeFacts):
    """A contribution is added to the gradient of an operand that is used several times."""

    kind = "accumulate"
    turn: Turn

    @property
    def subject(self) -> str:
        """``∑ a``."""
        return f"∑ {self.operand.name}"

    @property
    def is_last(self) -> bool:
        """Whether the gradient is complete with it."""
        return self.turn.number == self.turn.of

    @property
    def uses(self) -> Sequence[int]:
        """The edges, by index, that bring the operand gradient, in order."""
        return self.trace.schedule.uses_of[self.edge.operand]

    def use(self, at: int) -> Use:
        """The use at an index of `uses`."""
        edge = self.graph.edges[self.uses[at]]
        arrived = at < self.turn.number
        return Use(self.graph.nodes[edge.node], self.trace.contributions[edge.index] if arrived else None)

    @property
    def contribution(self) -> NamedTensor:
        """What is added; it is called by the node that it came through."""
        return self._contribution(self.node.name)

    @property
    def before(self) -> NamedTensor | None:
        """The sum so far; None before the first contribution."""
        if self.turn.number == 1:
            return None
        tensor = self.trace.arrived[self.uses[self.turn.number - 2]]
        return NamedTensor(self._gradient_name, tensor, is_row(self.node, self.operand))

    @property
    def result(self) -> NamedTensor:
        """The sum with this contribution, also where another gradient takes its place."""
        override = self.override
        total = self.outcome if override is None else override.computed
        return NamedTensor(self._gradient_name, total, is_row(self.node, self.operand))

    @property
    def override(self) -> OverrideFacts | None:
        """The gradient that replaces the completed sum."""
        if not self.is_last or not overrides_gradient(self.trace, self.edge.operand):
            return None
        trace, before = self.trace, self.before
        assert before is not None
        computed = settle(before.tensor + trace.contributions[self.edge.index], trace.graph.dtype)
        hook = changed_by_hook(trace, self.edge.operand)
        return OverrideFacts(self._gradient_name, self.outcome, computed, hook)
