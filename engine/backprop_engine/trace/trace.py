"""A recorded run: every value and every contribution to a gradient, computed once.

A trace holds a value for each node and a contribution for each gradient edge, and running sums where an
operand has more than one use. Tensors are shared and never written to again.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, is_finite, norm, settle, shape_text
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.graph.steps import (
    Accumulate,
    Backward,
    Clear,
    Edge,
    Forward,
    Reduce,
    Schedule,
    Seed,
    Step,
    Steps,
    Update,
)
from backprop_engine.messages.message import Message, msg
from backprop_engine.trace.reduction import GradientReduction
from backprop_engine.trace.training import Training

if TYPE_CHECKING:
    from backprop_engine.optim import ClippedGradients, OptimizerState

__all__ = [
    "Edit",
    "Frame",
    "GradientEdit",
    "Phase",
    "Trace",
    "ValueEdit",
    "arises",
    "between",
    "nodes_of",
]

_FEW = 8
"""Between frames that are more steps apart, anything may differ."""


class ValueEdit(Struct, frozen=True, eq=False):
    """Overrides the value of a node, as ``q + (v - q).detach()`` does: the steps stay the same.

    `value` has the node's shape.

    >>> from backprop_engine import ValueEdit, make_graph, record
    >>> graph = make_graph({"q": "x + y", "f": "q * z"}, inputs={"x": -2, "y": 5, "z": -4})
    >>> record(graph, edits=[ValueEdit("q", 10)]).gradient("z")
    np.float64(10.0)
    """

    node: str | Node
    value: Any


class GradientEdit(Struct, frozen=True, eq=False):
    """Overrides the completed gradient of a node, as a hook on its tensor does.

    `gradient` has the node's shape; `by_hook` says that a hook did it, where the run was recorded.

    >>> from backprop_engine import GradientEdit, make_graph, record
    >>> graph = make_graph({"q": "x + y", "f": "q * z"}, inputs={"x": -2, "y": 5, "z": -4})
    >>> record(graph, edits=[GradientEdit("q", 0)]).gradient("x")
    np.float64(0.0)
    """

    node: str | Node
    gradient: Any
    by_hook: bool = False


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
    upstream gradient times the local one in the operand's shape; `arrived` has the operand's gradient after
    that contribution was added. `gradients` has the completed gradient of each node that got one.

    >>> from backprop_engine import load_scenario
    >>> trace = load_scenario("add_multiply").record()
    >>> trace, trace.frame(1)
    (<Trace: f = -12, 7 steps>, <Frame 1 of 7: forward, q>)
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
    """The schedule of an iteration of training, or of one of several ranks, which has more or fewer steps;
    None for any other run.
    """
    updated: Mapping[int, Tensor] = field(default_factory=dict)
    """What each parameter is after the update, and each running value when all is cleared, by position."""
    remembered: Mapping[int, tuple[OptimizerState, OptimizerState]] = field(default_factory=dict)
    """The optimizer's state of each parameter before and after the update, by position."""
    reduced: Mapping[int, GradientReduction] = field(default_factory=dict)
    """How the ranks combined their gradients of each parameter, by position, if there are several ranks."""
    iteration: int = 0
    clipped: ClippedGradients | None = None
    """The clipped gradients that the optimizer got, if the training clips them."""
    training: Training | None = None
    """The training that the run is an iteration of, if it is one."""
    roundings: Mapping[int, float] = field(default_factory=dict)
    """The distance of 1 from the next larger number in the type in which a node was computed, by position,
    where that type is narrower than the graph's: the run was recorded."""

    def __repr__(self) -> str:
        output, value = self.graph.nodes[self.graph.output], self.values[self.graph.output]
        shown = (
            f"{output.name} = {value:.6g}"
            if output.shape == ()
            else f"{output.name} {shape_text(output.shape)}"
        )
        return f"<Trace: {shown}, {len(self.steps)} steps>"

    def _repr_html_(self) -> str:
        """Values and gradients of all nodes as a table, for notebooks."""
        return self.frame(self.schedule.completed)._repr_html_()

    def show(self, position: int = 0) -> Any:
        """A display for notebooks that steps through the run, starting at a position.

        Raises `UsageError` where nothing that draws is installed: the engine itself does not.
        """
        from backprop_engine.notebook import player

        self.frame(position)  # there is such a position
        return player(self, position)

    @property
    def schedule(self) -> Schedule:
        """The schedule: which step leads to which position."""
        return self.plan or self.graph.schedule

    @property
    def first_position(self) -> int:
        """The position in the whole run of this trace's position 0."""
        if not self.iteration:
            return 0
        return self.iteration * (self.graph.training_schedule if self.training else self.schedule).last

    @cached_property
    def steps(self) -> Steps:
        """The steps of the run; ``steps[k]`` leads from position k to k + 1."""
        return Steps(self.schedule)

    def value(self, name: str | Node) -> Tensor:
        """The value of a node, by name or as it is; raises `UsageError` if there is none.

        >>> from backprop_engine import make_graph, record
        >>> record(make_graph({"f": "x * y"}, inputs={"x": 2, "y": 3})).value("f")
        np.float64(6.0)
        """
        return self.values[self.graph.position(name)]

    def gradient(self, name: str | Node) -> Tensor:
        """The completed gradient of the output with respect to a node, by name or as it is, in its shape.

        Zeros for an input or a parameter that the output does not depend on. Raises `UsageError` for nodes
        without a gradient: constants, and computed nodes that do not lead to the output.

        >>> from backprop_engine import make_graph, record
        >>> record(make_graph({"f": "x * y"}, inputs={"x": 2, "y": 3})).gradient("x")
        np.float64(3.0)
        """
        node = self.graph[name]
        gradient = self.gradients[node.position]
        if gradient is not None:
            return gradient
        if self.schedule.forward_only:
            raise UsageError(
                msg(
                    "{name} has no gradient: iteration {iteration} is a forward pass only",
                    name=node.name,
                    iteration=self.iteration,
                )
            )
        if not (node.is_leaf and node.takes_gradient):
            raise UsageError(msg("{name} has no gradient: {reason}", name=node.name, reason=_why_none(node)))
        return settle(np.zeros(node.shape), self.graph.dtype)

    @cached_property
    def gradient_norms(self) -> Sequence[float]:
        """The norm of each node's completed gradient, by position; NaN where it has none."""
        return [math.nan if gradient is None else norm(gradient) for gradient in self.gradients]

    def frame(self, position: int) -> Frame:
        """What is known at `position`, 0…len(steps); a view, nothing is copied."""
        return Frame(self, position)

    @cached_property
    def warnings(self) -> tuple[RunWarning, ...]:
        """Warnings about the run: leaves that the output does not depend on, and where the first non-finite
        value and the first non-finite gradient arise.
        """
        unreached = tuple(
            RunWarning(
                "unreached",
                msg("the output does not depend on {name}: its gradient is zero", name=leaf.name),
                leaf.name,
            )
            for leaf in self.graph.leaves
            if leaf.takes_gradient and not self.graph.active[leaf.position]
        )
        return (*unreached, *self._not_finite())

    def _not_finite(self) -> Iterator[RunWarning]:
        """Where the first value, and the first gradient, that are not finite arise."""
        nodes = (self.graph.nodes[position] for position in self.graph.order)
        node = next((node for node in nodes if arises(self, node)), None)
        if node is not None and node.op is not None:
            message = msg(
                "{name} is not finite: {op} produced it from finite operands", name=node.name, op=node.op.name
            )
            yield RunWarning("not-finite", message, node.name)
        for edge in self.schedule.edges:
            upstream = self.gradients[edge.node]
            if is_finite(self.contributions[edge.index]) or upstream is None or not is_finite(upstream):
                continue
            name, after = (self.graph.nodes[position].name for position in (edge.operand, edge.node))
            message = msg(
                "the gradient of {name} is not finite: it arises in the backward step of {node}",
                name=name,
                node=after,
            )
            yield RunWarning("not-finite", message, name)
            return


def arises(trace: Trace, node: Node) -> bool:
    """Whether the value of `node` has an infinity or a NaN while none of its operands has."""
    if is_finite(trace.values[node.position]):
        return False
    return all(is_finite(trace.operand_values[operand]) for operand in node.operands)


def _why_none(node: Node) -> Message:
    if node.kind is Kind.CONSTANT:
        return msg("it is a constant")
    return msg("no gradient flows from the output to it")


class Phase(Enum):
    """Where in a run a position lies."""

    START = "start"
    FORWARD = "forward"
    BACKWARD = "backward"
    REDUCE = "all-reduce"
    UPDATE = "update"
    END = "end"


@dataclass(frozen=True, eq=False)
class Frame:
    """The state of a run after `position` steps; a value or a gradient not reached yet is None.

    Nodes are given by name, or as objects of the graph; `UsageError` for an unknown name. Raises `IndexError`
    for a position outside 0…n.

    >>> from backprop_engine import make_graph, record
    >>> frame = record(make_graph({"f": "x * y"}, inputs={"x": 2, "y": 3})).frame(3)
    >>> frame
    <Frame 3 of 4: backward, f → x>
    >>> frame.gradient("x"), frame.gradient("y")
    (np.float64(3.0), None)
    """

    trace: Trace
    position: int

    def __post_init__(self) -> None:
        if not 0 <= self.position <= self.trace.schedule.last:
            raise IndexError(f"position {self.position} is outside 0…{self.trace.schedule.last}")

    def __repr__(self) -> str:
        step, node = self.step, self.node
        shown = type(step).__name__.lower() if step else "start"
        if self.edge is not None:
            shown += f", {self.graph.edge_name(self.edge)}"
        elif node is not None:
            shown += f", {node.name}"
        return f"<Frame {self.position} of {self.trace.schedule.last}: {shown}>"

    def _repr_html_(self) -> str:
        """The state at this step as a table, for notebooks."""
        from backprop_engine.notebook import table, tensor_text

        nodes = self.graph.named_nodes
        rows = (
            (
                node.name,
                shape_text(node.shape),
                tensor_text(self.value(node)),
                tensor_text(self.gradient(node)),
            )
            for node in nodes
        )
        heads = ("node", "shape", "value", f"gradient of {self.graph.nodes[self.graph.output].name}")
        return table(repr(self)[1:-1], heads, rows, len(nodes))

    @property
    def graph(self) -> Graph:
        """The graph of the run."""
        return self.trace.graph

    def _node(self, node: str | Node) -> Node:
        return node if isinstance(node, Node) else self.graph[node]

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
        if self.position > schedule.completed and schedule.updates is not None:
            return Phase.UPDATE
        if self.position == schedule.last:
            return Phase.END
        if self.position > schedule.completed:
            return Phase.REDUCE
        return Phase.FORWARD if self.position < schedule.seed else Phase.BACKWARD

    def value(self, node: str | Node) -> Tensor | None:
        """The value of `node`, or None before it is computed and after it is cleared."""
        node = self._node(node)
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
        never = schedule.clear + (
            node.position not in self.trace.updated
        )  # a running value: when all is cleared
        if self.position >= schedule.update_positions.get(node.position, never):
            return self.trace.updated[node.position]
        return self.trace.values[node.position]

    def gradient(self, node: str | Node) -> Tensor | None:
        """The gradient of `node` as far as it has arrived, or None while nothing has."""
        node = self._node(node)
        schedule = self.trace.schedule
        if self.position >= schedule.clear:
            return None
        reduced = schedule.reduce_positions.get(node.position)
        if reduced is not None and self.position >= reduced:
            return self.trace.reduced[node.position].result
        if node.position == self.graph.output:
            return self.trace.gradients[node.position] if self.position >= schedule.seed else None
        edge = schedule.latest_arrival(node.position, self.position)
        return None if edge is None else self.trace.arrived[edge]

    def complete(self, node: str | Node) -> bool:
        """Whether every contribution to the gradient of `node` has arrived."""
        node = self._node(node)
        if self.position >= self.trace.schedule.clear:
            return False
        uses = self.trace.schedule.uses_of.get(node.position)
        if uses is None:
            return node.position == self.graph.output and self.position >= self.trace.schedule.seed
        return self.position >= self.trace.schedule.arrival(uses[-1])

    def arrived(self, node: str | Node) -> tuple[int, int]:
        """How many contributions to the gradient of `node` have arrived, and how many there are."""
        node = self._node(node)
        uses = self.trace.schedule.uses_of.get(node.position, [])
        return bisect_right(uses, self.position, key=self.trace.schedule.arrival), len(uses)

    @property
    def edge(self) -> Edge | None:
        """The edge of a step that passes a gradient on or accumulates it."""
        return self.step.edge if isinstance(self.step, Backward | Accumulate) else None

    @property
    def node(self) -> Node | None:
        """The node of the step: computed, seeded, reduced or updated, or passing its gradient on or
        collecting it.
        """
        match self.step:
            case Forward(node=position) | Seed(node=position) | Reduce(node=position) | Update(node=position):
                return self.graph.nodes[position]
            case Backward(edge=edge):
                return self.graph.nodes[edge.node]
            case Accumulate(edge=edge):
                return self.graph.nodes[edge.operand]
            case _:
                return None


def between(frame: Frame, other: Frame) -> list[Step] | None:
    """The steps because of which two frames may look different: those that led to them, and those between.

    None where anything may differ: between frames of two runs, frames far apart, and across the completion or
    the clearing of a run.
    """
    first, last = sorted((frame.position, other.position))
    schedule = frame.trace.schedule
    completed = first <= schedule.completed < last
    if frame.trace is not other.trace or first == 0 or last - first > _FEW or completed:
        return None
    steps = [schedule.step(position) for position in range(first, last + 1)]
    return None if any(isinstance(step, Clear) for step in steps) else steps


def nodes_of(step: Step) -> tuple[int, ...]:
    """The nodes, by position, that a step is about."""
    match step:
        case Forward(node=node) | Seed(node=node) | Reduce(node=node) | Update(node=node):
            return (node,)
        case Backward(edge=edge) | Accumulate(edge=edge):
            return edge.node, edge.operand
        case _:
            return ()
