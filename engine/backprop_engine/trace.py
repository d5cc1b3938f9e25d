"""A recorded run: every value and every contribution to a gradient, computed once.

A trace holds a value for each node and a contribution for each gradient edge, and running sums where an
operand has more than one use. Tensors are shared and never written to again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, norm, settle
from backprop_engine.bindings import Bindings
from backprop_engine.errors import UsageError
from backprop_engine.graph import Graph, Kind, Node
from backprop_engine.said import Said, said
from backprop_engine.steps import Schedule, Steps

if TYPE_CHECKING:
    from backprop_engine.frame import Frame
    from backprop_engine.optim import State
    from backprop_engine.run import Training

__all__ = ["Edit", "GradientEdit", "RunWarning", "Trace", "ValueEdit", "arises"]


class ValueEdit(Struct, frozen=True, eq=False):
    """Overrides the value of a node, as ``q + (v - q).detach()`` does: the steps stay the same."""

    node: str
    value: Any


class GradientEdit(Struct, frozen=True, eq=False):
    """Overrides the completed gradient of a node, as a hook on its tensor does."""

    node: str
    gradient: Any


Edit: TypeAlias = ValueEdit | GradientEdit


class RunWarning(Struct, frozen=True):
    """Something about a run that its reader should know."""

    code: str
    message: str
    node: str


@dataclass(frozen=True, eq=False)
class Trace:
    """A recorded run.

    `values` has a tensor for each node by position. `contributions` has, for each edge of the graph, the
    upstream gradient times the local one in the operand's shape; `arrived` has what the operand's gradient
    is once that contribution counts. `gradients` has the completed gradient of each node that got one.
    """

    graph: Graph
    bindings: Bindings
    edits: tuple[Edit, ...]
    values: Sequence[Tensor]
    operand_values: Sequence[Tensor]
    """As `values`, with booleans cast to the graph's dtype: what operators compute with."""
    outs: Sequence[Tensor]
    """As `values`, with what the operator gave where the value is overridden: what its own rule uses."""
    contributions: Sequence[Tensor]
    arrived: Sequence[Tensor]
    gradients: Sequence[Tensor | None]
    plan: Schedule | None = None
    """Where the run is an iteration of training: its schedule, which has more or fewer steps."""
    updated: Mapping[int, Tensor] = field(default_factory=dict)
    """What each parameter is after the update, by position."""
    remembered: Mapping[int, tuple[State, State]] = field(default_factory=dict)
    """What the optimiser remembers of each parameter before and after the update, by position."""
    iteration: int = 0
    training: Training | None = None
    """Where the run is an iteration of training: which one."""

    @property
    def schedule(self) -> Schedule:
        """Which step leads to which position."""
        return self.plan or self.graph.schedule

    @property
    def first_position(self) -> int:
        """The position in the whole run that this trace's position 0 is."""
        return self.iteration * self.graph.training_schedule.last if self.iteration else 0

    @cached_property
    def steps(self) -> Steps:
        """The steps of the run; ``steps[k]`` leads from position k to k + 1."""
        return Steps(self.schedule)

    def value(self, name: str) -> Tensor:
        """The value of the node called `name`; `UsageError` where there is none."""
        return self.values[self.graph.position(name)]

    def gradient(self, name: str) -> Tensor:
        """The completed gradient of the output by the node called `name`, in the shape of its value.

        Zeros for an input or a parameter that the output does not depend on; `UsageError` for constants and
        for computed nodes that do not lead to the output, which have none.
        """
        node = self.graph[name]
        gradient = self.gradients[node.position]
        if gradient is not None:
            return gradient
        if self.schedule.forward_only:
            raise UsageError(
                said(
                    "{name} has no gradient: iteration {iteration} is a forward pass alone",
                    name=name,
                    iteration=self.iteration,
                )
            )
        if not (node.is_leaf and node.takes_gradient):
            raise UsageError(said("{name} has no gradient: {reason}", name=name, reason=_why_none(node)))
        return settle(np.zeros(node.shape), self.graph.dtype)

    @cached_property
    def gradient_norms(self) -> Sequence[float]:
        """The norm of each node's completed gradient, by position; NaN where it has none."""
        return [math.nan if one is None else norm(one) for one in self.gradients]

    def frame(self, position: int) -> Frame:
        """What is known at `position`, 0…len(steps); a view, nothing is copied."""
        from backprop_engine.frame import Frame

        return Frame(self, position)

    @cached_property
    def warnings(self) -> tuple[RunWarning, ...]:
        """What a reader of the run should know: leaves that the output does not depend on, and where the
        first value and the first gradient arise that are not finite.
        """
        unreached = tuple(
            RunWarning(
                "unreached",
                said("the output does not depend on {name}: its gradient is zero", name=leaf.name),
                leaf.name,
            )
            for leaf in self.graph.leaves
            if leaf.takes_gradient and not self.graph.active[leaf.position]
        )
        return (*unreached, *self._not_finite())

    def _not_finite(self) -> Iterator[RunWarning]:
        """Where the first value, and the first gradient, arise that are not finite."""
        nodes = (self.graph.nodes[position] for position in self.graph.order)
        node = next((node for node in nodes if arises(self, node)), None)
        if node is not None and node.op is not None:
            message = said(
                "{name} is not finite: {op} gave it from finite operands", name=node.name, op=node.op.name
            )
            yield RunWarning("not-finite", message, node.name)
        for edge in self.schedule.edges:
            upstream = self.gradients[edge.node]
            if _finite(self.contributions[edge.index]) or upstream is None or not _finite(upstream):
                continue
            name, behind = (self.graph.nodes[one].name for one in (edge.operand, edge.node))
            message = said(
                "the gradient of {name} is not finite: it arises behind {behind}", name=name, behind=behind
            )
            yield RunWarning("not-finite", message, name)
            return


def arises(trace: Trace, node: Node) -> bool:
    """Whether the value of `node` has an infinity or a NaN, and none of its operands has."""
    if _finite(trace.values[node.position]):
        return False
    return all(_finite(trace.operand_values[operand]) for operand in node.operands)


def _finite(tensor: Tensor) -> bool:
    return bool(np.all(np.isfinite(tensor)))


def _why_none(node: Node) -> Said:
    if node.kind is Kind.CONSTANT:
        return said("it is a constant")
    return said("no gradient flows from the output to it")
