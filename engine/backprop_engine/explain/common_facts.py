"""What the facts of every step have, and what they are made of: tensors with the names they go by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from backprop_engine.arrays import Tensor, is_finite
from backprop_engine.explain.overrides import OverrideFacts
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.ops import Elementwise
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.trace.trace import Frame, Trace

__all__ = [
    "CommonFacts",
    "FactsKind",
    "NamedTensor",
    "Turn",
    "completed_gradient",
    "gives_row",
    "is_row",
    "meets_convention",
]

FactsKind: TypeAlias = Literal[
    "start", "forward", "seed", "backward", "accumulate", "all-reduce", "update", "clear"
]


class NamedTensor(Struct, frozen=True, eq=False):
    """A tensor of a step, and what it is called; `is_row` says that a vector is written as a row."""

    name: str
    tensor: Tensor
    is_row: bool = False


class Turn(NamedTuple):
    """Which of several contributions to a gradient it is, counted from 1, and how many there are."""

    number: int
    of: int


@dataclass(frozen=True, eq=False)
class CommonFacts:
    """What the facts of every step have; `note` is what the scenario's author says about its node."""

    frame: Frame
    note: LocalText | None = field(default=None, kw_only=True)
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
        """What replaces what the step computed, if anything does."""
        return None

    @property
    def outcome(self) -> Tensor | None:
        """What the run goes on with: what the step computed, or what takes its place."""
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


def is_row(node: Node, operand: Node) -> bool:
    """Whether a vector is a row: it meets matrices entry by entry, or is stacked as a row of one."""
    if len(operand.shape) != 1 or len(node.shape) < 2:
        return False
    stacked = node.op is not None and node.op.name == "stack" and node.attributes["axis"] in (0, -2)
    return stacked or any(isinstance(rule, Elementwise) for rule in node.rules)


def gives_row(graph: Graph, node: Node) -> bool:
    """Whether a vector is a row because it is what is left of a matrix along its last axis."""
    if not node.operands:  # as of a recorded call that was given none
        return False
    first = graph.nodes[node.operands[0]]
    return len(first.shape) == 2 and len(node.shape) == 1 and node.attributes.get("axis") in (0, -2)


def completed_gradient(trace: Trace, node: Node) -> Tensor:
    """The completed gradient of a node whose step was taken."""
    gradient = trace.gradients[node.position]
    assert gradient is not None
    return gradient


def meets_convention(trace: Trace, node: Node) -> bool:
    """Whether what an operator computes with, or gives, is such that its conventions matter."""
    operands = [trace.operand_values[operand] for operand in node.operands]
    if not all(map(is_finite, operands)) or not is_finite(trace.values[node.position]):
        return True
    meets = node.op.meets if node.op is not None else None
    return meets is not None and bool(meets(*operands, **node.attributes))
