"""The facts of a step: all that there is to say about the step that led to a frame, in no language or width.

Every way to show a step (columns, formulas, one line, words, NumPy, JSON) renders this one value. Tensors
come with the names they go by, texts come in all languages or as keys, and what takes time is computed when
it is first asked for::

    match step_facts(frame):
        case BackwardFacts(upstream=upstream, local=local, product=product):
            ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, settle
from backprop_engine.evaluation.evaluate import evaluate
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.explain.overrides import OverrideFacts, overrides_gradient, overrides_value
from backprop_engine.explain.step_check import StepCheck, at_kink, step_check
from backprop_engine.explain.symbols import formula, gradient_name, loss_name
from backprop_engine.expressions import Expr, parse
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Edge, Forward, Seed, Update
from backprop_engine.messages.words import Words
from backprop_engine.ops import Elementwise
from backprop_engine.trace.trace import Frame, Trace, arises
from backprop_engine.trace.training import Training

__all__ = [
    "AccumulateFacts",
    "BackwardFacts",
    "ClearFacts",
    "ComputedLine",
    "FactsKind",
    "ForwardFacts",
    "NamedTensor",
    "SeedFacts",
    "StartFacts",
    "StepFacts",
    "Turn",
    "UpdateFacts",
    "Use",
    "gives_row",
    "is_row",
    "step_facts",
]

FactsKind: TypeAlias = Literal["start", "forward", "seed", "backward", "accumulate", "update", "clear"]
_HOLE = "operand_"
_GRADIENT_DESCENT = ("w = w - lr * g",)


class NamedTensor(Struct, frozen=True, eq=False):
    """A tensor of a step, and what it is called; `is_row` says that a vector is written as a row."""

    name: str
    tensor: Tensor
    is_row: bool = False


class Turn(NamedTuple):
    """Which of several contributions to a gradient it is, counted from 1, and how many there are."""

    number: int
    of: int


class Use(NamedTuple):
    """One use of an operand: the node that uses it, and what came back through it, unless it has not yet."""

    node: Node
    contribution: Tensor | None


class ComputedLine(NamedTuple):
    """A line of an optimiser's update: its target, its right side, what is known before it, what it gives."""

    target: str
    right: Expr
    known: dict[str, Tensor]
    value: Tensor


@dataclass(frozen=True, eq=False)
class _Facts:
    """What the facts of every step have."""

    frame: Frame
    kind: ClassVar[FactsKind]

    @property
    def trace(self) -> Trace:
        """The run."""
        return self.frame.trace

    @property
    def graph(self) -> Graph:
        """The graph of the run."""
        return self.frame.trace.graph

    @property
    def subject(self) -> str:
        """What the step is about, in a few signs: ``q = x + y``, ``q → x``, ``∑ a``."""
        return ""

    @property
    def override(self) -> OverrideFacts | None:
        """What stands in place of what the step computed, if anything does."""
        return None

    @property
    def outcome(self) -> Tensor | None:
        """What the run goes on with: what the step computed, or what stands in its place."""
        return None

    @property
    def involved(self) -> tuple[Node, ...]:
        """The nodes whose shapes say what the step works on."""
        return (self.graph.nodes[self.graph.output],)

    @property
    def is_scalar(self) -> bool:
        """Whether only scalars take part in it."""
        return all(node.shape == () for node in self.involved)

    @property
    def instance(self) -> str | None:
        """The instance of a cell that the step belongs to."""
        return None

    @property
    def completes(self) -> Literal["forward", "backward"] | None:
        """The pass that is done with this step, after which nothing but updates follows."""
        schedule = self.trace.schedule
        if self.frame.position != schedule.completed:
            return None
        return "forward" if schedule.forward_only else "backward"

    def _instance_of(self, position: int) -> str | None:
        group = self.graph.group_of(position)
        return None if group is None else group.name


class StartFacts(_Facts):
    """Nothing is computed yet."""

    kind = "start"


class ClearFacts(_Facts):
    """Values and gradients are absent again: the next iteration begins."""

    kind = "clear"


@dataclass(frozen=True, eq=False)
class ForwardFacts(_Facts):
    """The value of a node is computed."""

    kind = "forward"
    node: Node

    @property
    def subject(self) -> str:
        """``q = x + y``."""
        return f"{self.node.name} = {self.symbols}"

    @property
    def symbols(self) -> str:
        """What the node is, with its operands' names: ``x + y``."""
        return formula(self.graph, self.node)

    def spelled(self, spell: Callable[[Node], str]) -> str:
        """What the node is, with each operand written as `spell` says."""
        return formula(self.graph, self.node, spell)

    @property
    def pieces(self) -> Iterator[str | NamedTensor]:
        """What the node is as a row of signs and tensors, each once and in order."""
        holes = self.spelled(lambda operand: operand.text if operand.kind is Kind.LITERAL else _HOLE)
        *signs, last = (sign.strip() for sign in holes.split(_HOLE))
        tensors = (operand for operand in self.operands if operand.kind is not Kind.LITERAL)
        for sign, operand in zip(signs, tensors, strict=False):
            if sign:
                yield sign
            yield NamedTensor(operand.name, self.trace.values[operand.position], is_row(self.node, operand))
        if last:
            yield last

    @property
    def operands(self) -> tuple[Node, ...]:
        """The operands, in order."""
        return tuple(self.graph.nodes[operand] for operand in self.node.operands)

    @property
    def involved(self) -> tuple[Node, ...]:
        """The node and its operands."""
        return self.node, *self.operands

    @property
    def result(self) -> NamedTensor:
        """What the operator gave, in its node's shape, also where another value stands in its place."""
        position = self.node.position
        overridden = overrides_value(self.trace, position)
        tensor = self.trace.outs[position] if overridden else self.trace.values[position]
        return NamedTensor(self.node.name, tensor, gives_row(self.graph, self.node))

    @property
    def override(self) -> OverrideFacts | None:
        """The value that stands in place of the computed one."""
        position = self.node.position
        if not overrides_value(self.trace, position):
            return None
        return OverrideFacts(self.node.name, self.outcome, self.trace.outs[position])

    @property
    def outcome(self) -> Tensor:
        """The value that the run goes on with."""
        return self.trace.values[self.node.position]

    @property
    def locals(self) -> tuple[LocalFacts, ...]:
        """The local gradients that the backward pass will multiply with."""
        indices = self.trace.schedule.edges_of.get(self.node.position, range(0))
        return tuple(LocalFacts(self.trace, self.graph.edges[index]) for index in indices)

    @property
    def arises_here(self) -> bool:
        """Whether the value is the first that is not finite: none of the operands is so."""
        return arises(self.trace, self.node)

    @property
    def conventions(self) -> Words | None:
        """What the operator chose for points like this one, where that matters."""
        op = self.node.op
        return op.conventions if op and op.conventions and _is_special(self.trace, self.node) else None

    @property
    def instance(self) -> str | None:
        """The instance of a cell that the node is in."""
        return self._instance_of(self.node.position)


@dataclass(frozen=True, eq=False)
class SeedFacts(_Facts):
    """The gradient at the output is set."""

    kind = "seed"
    node: Node

    @property
    def subject(self) -> str:
        """``∂f/∂f``."""
        return gradient_name(self.graph, self.node)

    @property
    def result(self) -> NamedTensor:
        """The seed, also where another gradient stands in its place."""
        override = self.override
        return NamedTensor(self.subject, self.outcome if override is None else override.computed)

    @property
    def outcome(self) -> Tensor:
        """The gradient that the run goes on with."""
        return _known(self.trace, self.node)

    @property
    def override(self) -> OverrideFacts | None:
        """The gradient that stands in place of the seed."""
        if not overrides_gradient(self.trace, self.node.position):
            return None
        return OverrideFacts(self.subject, self.outcome, self.trace.bindings.seed)

    @property
    def loss(self) -> str:
        """What is differentiated."""
        return loss_name(self.graph)

    @property
    def instance(self) -> str | None:
        """The instance of a cell that the output is in."""
        return self._instance_of(self.node.position)


@dataclass(frozen=True, eq=False)
class _EdgeFacts(_Facts):
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
    """The gradient of a node is handed on to one of its operands: product = upstream · local."""

    kind = "backward"

    @property
    def subject(self) -> str:
        """``q → x``."""
        return f"{self.node.name} → {self.operand.name}"

    @property
    def product(self) -> NamedTensor:
        """The contribution to the operand's gradient, in the operand's shape."""
        return self._contribution(self._gradient_name)

    @property
    def upstream(self) -> NamedTensor:
        """The gradient of the node; whether it is a row, the factor of the local gradient says."""
        return NamedTensor(gradient_name(self.graph, self.node), _known(self.trace, self.node))

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
        """The gradient that stands in place of the product, where that is the whole gradient."""
        if self.edge.shared or not overrides_gradient(self.trace, self.edge.operand):
            return None
        return OverrideFacts(self._gradient_name, self.outcome, self.trace.contributions[self.edge.index])

    @property
    def lesson(self) -> Words:
        """What the operator does to gradients."""
        assert self.node.op is not None
        shapes = tuple(self.graph.nodes[position].shape for position in self.node.operands)
        return self.node.op.lesson_of(self.edge.argnum, shapes)

    @property
    def arises_here(self) -> bool:
        """Whether the product is not finite though the upstream gradient is."""
        return _is_finite(self.upstream.tensor) and not _is_finite(self.product.tensor)

    @property
    def conventions(self) -> Words | None:
        """What the operator chose for points like this one, where the run meets one."""
        op = self.node.op
        if op is None or not op.conventions:
            return None
        if not _is_finite(self.upstream.tensor) or not _is_finite(self.product.tensor):
            return op.conventions
        met = _is_special(self.trace, self.node) or at_kink(self.trace, self.edge)
        return op.conventions if met else None

    @property
    def check(self) -> StepCheck:
        """The product against what small changes of the operand do."""
        return step_check(self.trace, self.edge)


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
        """The sum with this contribution, also where another gradient stands in its place."""
        override = self.override
        total = self.outcome if override is None else override.computed
        return NamedTensor(self._gradient_name, total, is_row(self.node, self.operand))

    @property
    def override(self) -> OverrideFacts | None:
        """The gradient that stands in place of the completed sum."""
        if not self.is_last or not overrides_gradient(self.trace, self.edge.operand):
            return None
        trace, before = self.trace, self.before
        assert before is not None
        computed = settle(before.tensor + trace.contributions[self.edge.index], trace.graph.dtype)
        return OverrideFacts(self._gradient_name, self.outcome, computed)


@dataclass(frozen=True, eq=False)
class UpdateFacts(_Facts):
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
        return NamedTensor(gradient_name(self.graph, self.node), _known(self.trace, self.node))

    @property
    def training(self) -> Training:
        """The optimiser and its settings."""
        assert self.trace.training is not None
        return self.trace.training

    @property
    def formulas(self) -> tuple[str, ...]:
        """The lines of the update, in the optimiser's names."""
        return tuple(self.training.optimizer.formulas(self.training.settings))

    @property
    def learning_rate(self) -> Tensor | None:
        """The learning rate where the update is plain gradient descent, w − lr · g; else None."""
        if self.formulas != _GRADIENT_DESCENT:
            return None
        return _number(self.training.settings["lr"])

    @property
    def lines(self) -> Iterator[ComputedLine]:
        """The lines of the update, worked out one after the other."""
        trace, training = self.trace, self.training
        state, _ = trace.remembered[self.node.position]
        known: dict[str, Tensor] = {
            "w": self.before.tensor,
            "g": self.gradient.tensor,
            "t": _number(trace.iteration + 1),
            **state.memory,
        }
        for symbol in training.optimizer.symbols(training.settings):
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


StepFacts: TypeAlias = (
    StartFacts | ForwardFacts | SeedFacts | BackwardFacts | AccumulateFacts | UpdateFacts | ClearFacts
)


def step_facts(frame: Frame) -> StepFacts:
    """The facts of the step that led to `frame`."""
    nodes = frame.graph.nodes
    match frame.step:
        case None:
            return StartFacts(frame)
        case Forward(node=position):
            return ForwardFacts(frame, nodes[position])
        case Seed(node=position):
            return SeedFacts(frame, nodes[position])
        case Backward(edge=edge):
            return BackwardFacts(frame, edge)
        case Accumulate(edge=edge, count=count, of=of):
            return AccumulateFacts(frame, edge, Turn(count, of))
        case Update(node=position):
            return UpdateFacts(frame, nodes[position])
        case Clear():
            return ClearFacts(frame)


def is_row(node: Node, operand: Node) -> bool:
    """Whether a vector is a row: it meets matrices entry by entry, or is stacked as a row of one."""
    if len(operand.shape) != 1 or len(node.shape) < 2:
        return False
    stacked = node.op is not None and node.op.name == "stack" and node.attributes["axis"] in (0, -2)
    return stacked or any(isinstance(rule, Elementwise) for rule in node.rules)


def gives_row(graph: Graph, node: Node) -> bool:
    """Whether a vector is a row because it is what is left of a matrix along its last axis."""
    first = graph.nodes[node.operands[0]]
    return len(first.shape) == 2 and len(node.shape) == 1 and node.attributes.get("axis") in (0, -2)


def _known(trace: Trace, node: Node) -> Tensor:
    """The completed gradient of a node whose step was taken."""
    gradient = trace.gradients[node.position]
    assert gradient is not None
    return gradient


def _number(value: float) -> Tensor:
    return settle(value, np.dtype(np.float64))


def _is_special(trace: Trace, node: Node) -> bool:
    """Whether what an operator computes with, or gives, is such that its conventions matter."""
    operands = [trace.operand_values[operand] for operand in node.operands]
    if not all(map(_is_finite, operands)) or not _is_finite(trace.values[node.position]):
        return True
    meets = node.op.meets if node.op is not None else None
    return meets is not None and bool(meets(*operands, **node.attributes))


def _is_finite(tensor: Tensor) -> bool:
    return bool(np.all(np.isfinite(tensor)))
