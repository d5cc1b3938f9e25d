"""What is known at one position of a run: a view of its trace."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from backprop_engine.arrays import Tensor
from backprop_engine.graph import Graph, Node
from backprop_engine.steps import Accumulate, Backward, Clear, Edge, Forward, Seed, Step, Update
from backprop_engine.trace import Trace

__all__ = ["Frame", "Phase", "between", "nodes_of"]

_FEW = 8
"""Of frames that are more steps apart, anything may differ."""


class Phase(Enum):
    """Where in a run a position lies."""

    START = "start"
    FORWARD = "forward"
    BACKWARD = "backward"
    UPDATE = "update"
    END = "end"


@dataclass(frozen=True, eq=False)
class Frame:
    """The state of a run after `position` steps; a value or a gradient not reached yet is None.

    Raises `IndexError` for a position outside 0…n.
    """

    trace: Trace
    position: int

    def __post_init__(self) -> None:
        if not 0 <= self.position <= self.trace.schedule.last:
            raise IndexError(f"position {self.position} is outside 0…{self.trace.schedule.last}")

    @property
    def graph(self) -> Graph:
        """The graph of the run."""
        return self.trace.graph

    @cached_property
    def step(self) -> Step | None:
        """The step that led here; None at the start."""
        return self.trace.schedule.step(self.position) if self.position else None

    @property
    def phase(self) -> Phase:
        """Where in the run this is."""
        schedule = self.trace.schedule
        if self.position == 0:
            return Phase.START
        if self.position > schedule.completed:
            return Phase.UPDATE
        if self.position == schedule.last:
            return Phase.END
        return Phase.FORWARD if self.position < schedule.seed else Phase.BACKWARD

    def value(self, node: Node) -> Tensor | None:
        """The value of `node`, or None while it is not computed, and again when it is cleared."""
        if self.position > self.trace.schedule.completed:
            return self._updated(node)
        if node.op is None or node.position < self.graph.order.start + self.position:
            return self.trace.values[node.position]
        return None

    def _updated(self, node: Node) -> Tensor | None:
        """The value of `node` while parameters are updated."""
        schedule = self.trace.schedule
        if node.op is not None and self.position >= schedule.clear:
            return None
        if self.position >= schedule.update_positions.get(node.position, schedule.clear + 1):
            return self.trace.updated[node.position]
        return self.trace.values[node.position]

    def gradient(self, node: Node) -> Tensor | None:
        """The gradient of `node` as far as it has arrived, or None while nothing has."""
        schedule = self.trace.schedule
        if self.position >= schedule.clear:
            return None
        if node.position == self.graph.output:
            return self.trace.gradients[node.position] if self.position >= schedule.seed else None
        edge = schedule.latest_arrival(node.position, self.position)
        return None if edge is None else self.trace.arrived[edge]

    def complete(self, node: Node) -> bool:
        """Whether every contribution to the gradient of `node` has arrived."""
        if self.position >= self.trace.schedule.clear:
            return False
        uses = self.trace.schedule.uses_of.get(node.position)
        if uses is None:
            return node.position == self.graph.output and self.position >= self.trace.schedule.seed
        return self.position >= self.trace.schedule.arrival(uses[-1])

    def arrived(self, node: Node) -> tuple[int, int]:
        """How many contributions to the gradient of `node` have arrived, and how many there are."""
        uses = self.trace.schedule.uses_of.get(node.position, [])
        return bisect_right(uses, self.position, key=self.trace.schedule.arrival), len(uses)

    @property
    def edge(self) -> Edge | None:
        """The gradient edge that the step was about, if it was about one."""
        return self.step.edge if isinstance(self.step, Backward | Accumulate) else None

    @property
    def node(self) -> Node | None:
        """The node that the step was about: computed, seeded, handing its gradient on, or collecting it."""
        match self.step:
            case Forward(node=position) | Seed(node=position) | Update(node=position):
                return self.graph.nodes[position]
            case Backward(edge=edge):
                return self.graph.nodes[edge.node]
            case Accumulate(edge=edge):
                return self.graph.nodes[edge.operand]
            case _:
                return None


def between(one: Frame, other: Frame) -> list[Step] | None:
    """The steps that two frames may look different for: those that led to them, and those between.

    None where anything may differ: in frames of two runs, far apart, or before and after all is complete or
    cleared.
    """
    first, last = sorted((one.position, other.position))
    schedule = one.trace.schedule
    completed = first <= schedule.completed < last
    if one.trace is not other.trace or first == 0 or last - first > _FEW or completed:
        return None
    steps = [schedule.step(position) for position in range(first, last + 1)]
    return None if any(isinstance(step, Clear) for step in steps) else steps


def nodes_of(step: Step) -> tuple[int, ...]:
    """The nodes, by position, that a step is about."""
    match step:
        case Forward(node=node) | Seed(node=node) | Update(node=node):
            return (node,)
        case Backward(edge=edge) | Accumulate(edge=edge):
            return edge.node, edge.operand
        case _:
            return ()
