"""The facts of a step that updates a parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backprop_engine.arrays import Tensor, settle
from backprop_engine.evaluation.evaluate import evaluate
from backprop_engine.explain.common_facts import CommonFacts, NamedTensor, completed_gradient
from backprop_engine.explain.symbols import gradient_name
from backprop_engine.expressions import Expr, parse
from backprop_engine.graph.graph import Node
from backprop_engine.trace.training import Training

if TYPE_CHECKING:
    from backprop_engine.optim import ClippedGradients, Symbol

__all__ = ["ComputedLine", "UpdateFacts"]

_GRADIENT_DESCENT = ("w = w - lr * g",)


class ComputedLine(NamedTuple):
    """A line of an optimiser's update: its target, its right side, what is known before it, what it gives."""

    target: str
    right: Expr
    known: dict[str, Tensor]
    value: Tensor


@dataclass(frozen=True, eq=False)
class UpdateFacts(CommonFacts):
    """A parameter gets its next value from its gradient."""

    kind = "update"
    node: Node

    @property
    def subject(self) -> str:
        """The parameter's name."""
        return self.node.name

    @property
    def involved(self) -> tuple[Node, ...]:
        """The parameter."""
        return (self.node,)

    @property
    def before(self) -> NamedTensor:
        """The parameter before its update."""
        return NamedTensor(self.node.name, self.trace.values[self.node.position])

    @property
    def after(self) -> NamedTensor:
        """The parameter after its update."""
        return NamedTensor(self.node.name, self.trace.updated[self.node.position])

    @property
    def outcome(self) -> Tensor:
        """The value that the next iteration begins with."""
        return self.after.tensor

    @property
    def gradient(self) -> NamedTensor:
        """Its gradient."""
        return NamedTensor(gradient_name(self.graph, self.node), completed_gradient(self.trace, self.node))

    @property
    def training(self) -> Training:
        """The optimiser and its settings."""
        assert self.trace.training is not None
        return self.trace.training

    @property
    def settings(self) -> Mapping[str, Any]:
        """The optimiser's settings at this update."""
        return self.training.settings_at(self.trace.iteration)

    @property
    def clipped(self) -> ClippedGradients | None:
        """The gradients of all parameters after clipping, in a training that clips."""
        return self.trace.clipped

    @property
    def is_clipped(self) -> bool:
        """Whether clipping makes the gradient of this parameter another one."""
        clipping, clipped = self.training.clipping, self.clipped
        if clipping is None or clipped is None:
            return False
        return clipping.changes(self.gradient.tensor, clipped)

    @property
    def formulas(self) -> tuple[str, ...]:
        """The lines of the update, in the optimiser's names."""
        lines = tuple(self.training.optimizer.formulas(self.settings))
        clipping = self.training.clipping
        return (clipping.formula, *lines) if clipping and self.is_clipped else lines

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """What the names in the lines mean, with their numbers at this update."""
        symbols = self.training.optimizer.symbols(self.settings)
        clipping, clipped = self.training.clipping, self.clipped
        if clipping is None or clipped is None or not self.is_clipped:
            return symbols
        return (clipping.symbol(clipped.factor), *symbols)

    @property
    def learning_rate(self) -> Tensor | None:
        """The learning rate where the update is plain gradient descent, w − lr · g; else None."""
        if self.formulas != _GRADIENT_DESCENT:
            return None
        return _number(self.settings["lr"])

    @property
    def lines(self) -> Iterator[ComputedLine]:
        """The lines of the update, each computed from what is known before it."""
        trace = self.trace
        state, _ = trace.remembered[self.node.position]
        known: dict[str, Tensor] = {
            "w": self.before.tensor,
            "g": self.gradient.tensor,
            "t": _number(trace.iteration + 1),
            **state.memory,
        }
        for symbol in self.symbols:
            if symbol.value is not None:
                known[symbol.name] = _number(symbol.value)
        for line in self.formulas:
            target, _, right = line.partition(" = ")
            tree = parse(right)
            with np.errstate(all="ignore"):
                value = evaluate(tree, known.get, known.get, trace.graph.dtype)
            assert value is not None
            yield ComputedLine(target, tree, dict(known), value)
            known[target] = value


def _number(value: float) -> Tensor:
    return settle(value, np.dtype(np.float64))
