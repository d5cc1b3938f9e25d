"""A computational graph: its nodes, their shapes, and the edges that gradient flows along.

A graph holds structure only; the numbers of its leaves are bindings. Nodes are named by their position in
`Graph.nodes`: leaves and literals first, then the computed nodes in the order of computing. Operands are
positions in a tuple, so `a * a` has two edges.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from math import prod
from typing import Any, Final

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor, broadcast_axes, shape_text
from backprop_engine.derived import derived
from backprop_engine.errors import Place, Placed, UsageError
from backprop_engine.graph.paths import absolute
from backprop_engine.graph.steps import Edge, Schedule
from backprop_engine.messages.message import msg
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.ops import Elementwise, Linear, Op, Rule

__all__ = ["Fault", "Graph", "Group", "Kind", "Node"]


class Kind(Enum):
    """The kind of a node.

    >>> from backprop_engine import Kind, make_graph
    >>> make_graph({"f": "2 * x"}, inputs={"x": 3})["x"].kind is Kind.INPUT
    True
    """

    INPUT = "input"
    PARAM = "param"
    CONSTANT = "constant"
    LITERAL = "literal"
    COMPUTED = "computed"


# Looking up a member of an Enum takes longer than what is done with it for each of many nodes.
_LITERAL: Final = Kind.LITERAL
_LOSSES: Final = re.compile(r"(?i:[ljce]\d*|ℓ|.*(?:loss|cost|error|total).*)")
"""Names of outputs that are losses by their name."""
LEAVES_WITH_GRADIENT: Final = (Kind.INPUT, Kind.PARAM)


class Node(Struct, frozen=True, eq=False, gc=False):
    """A leaf, a literal number, or the result of an operator.

    `text` is the literal's number or the expression that the node was written as; `place` is where. Nodes are
    in no cycle of references, so the garbage collector leaves them alone, however many there are.

    >>> from backprop_engine import make_graph
    >>> graph = make_graph({"y": "W @ x"}, params={"W": [[1, 2], [3, 4]]}, inputs={"x": [5, 6]}, seed=[1, 1])
    >>> graph["y"], graph["W"].shape
    (<computed y 2>, (2, 2))
    """

    position: int
    name: str
    kind: Kind
    shape: Shape
    op: Op | None = None
    operands: tuple[int, ...] = ()
    attributes: Mapping[str, Any] = {}
    rules: tuple[Rule | None, ...] = ()
    text: str = ""
    placed: Placed | None = None

    @property
    def place(self) -> Place | None:
        """Where the node was written, if it was."""
        placed = self.placed
        return placed if placed is None or isinstance(placed, Place) else placed.place

    @property
    def is_leaf(self) -> bool:
        """Whether the node is an input, a parameter or a constant."""
        return self.op is None and self.kind is not Kind.LITERAL

    @property
    def takes_gradient(self) -> bool:
        """Whether gradient may flow to the node: literals and constants get none."""
        return self.kind is Kind.COMPUTED or self.kind in LEAVES_WITH_GRADIENT

    def __repr__(self) -> str:
        return f"<{self.kind.value} {self.name} {shape_text(self.shape)}>"


class Group(Struct, frozen=True):
    """An instance of a cell: the computed nodes from position `start` up to but not including `stop`.

    An instance runs without interruption, so its nodes are consecutive. `parent` is the index of the group
    around it, if there is one. The pass of a derivative that is written out is a group too: its `cell` is the
    call, ``grad(f, x)``.
    """

    name: str
    cell: str
    start: int
    stop: int
    parent: int | None = None

    @property
    def is_pass(self) -> bool:
        """Whether it is the pass of a derivative, and no instance of a cell."""
        return "(" in self.cell


class Fault(Struct, frozen=True, eq=False):
    """A deliberate mistake in the computation of one edge, for people to find.

    ``contribution(g, out, *operands)`` gives the contribution in the operand's shape in place of the rule;
    where it `overwrites`, the contribution takes the place of what had arrived before.
    """

    contribution: Callable[..., Tensor] | None = None
    overwrites: bool = False


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes, the output that the backward pass starts from, and the floating type of every computation.

    >>> from backprop_engine import make_graph
    >>> graph = make_graph({"q": "x + y", "f": "q * z"}, inputs={"x": -2, "y": 5, "z": -4})
    >>> graph["f"], graph.nodes[graph.output] is graph["f"], len(graph.edges)
    (<computed f ()>, True, 4)
    """

    nodes: tuple[Node, ...]
    output: int
    dtype: np.dtype[Any]
    literals: Mapping[int, Tensor]
    index_leaves: frozenset[int]
    """The leaves that hold integers, such as class indices."""
    groups: tuple[Group, ...] = ()
    """The instances of cells, in the order in which they begin; a nested one follows the one around it."""
    aliases: Mapping[str, int] = field(default_factory=dict)
    """Other names of nodes: what instances call the nodes that they are given."""
    operators: Mapping[str, Op] = field(default_factory=dict)
    """Operators that are not in the table, by name."""
    loss: str = ""
    """Inside an operator what the whole run differentiates; empty for a graph that is a run of its own."""
    given: tuple[Mapping[int, Tensor], Tensor] | None = None
    """The numbers of its leaves by position, and the seed, that it was written with; None without any."""
    faults: Mapping[tuple[int, int], Fault] = field(default_factory=dict)
    """Mistakes on purpose, by the node and the argnum of the edge."""

    def __getitem__(self, name: str | Node) -> Node:
        """The node called `name`, or that node itself; raises `UsageError` if it has no such node."""
        return self.nodes[self.position(name)]

    def __repr__(self) -> str:
        return f"<Graph: {self.counts}>"

    def _repr_html_(self) -> str:
        """The nodes as a table, for notebooks."""
        from backprop_engine.notebook import table

        heads = ("node", "kind", "shape", "expression")
        rows = ((node.name, node.kind.value, shape_text(node.shape), node.text) for node in self.named_nodes)
        return table(f"Graph: {self.counts}", heads, rows, len(self.named_nodes))

    @property
    def named_nodes(self) -> tuple[Node, ...]:
        """All nodes except literal numbers, which are part of expressions."""
        return tuple(node for node in self.nodes if node.kind is not Kind.LITERAL)

    @property
    def counts(self) -> str:
        """What it consists of, in a few English words."""
        leaves, computed = len(self.leaves), len(self.order)
        kinds = (
            f"{leaves} {'leaf' if leaves == 1 else 'leaves'}, {computed} computed node{'s' * (computed != 1)}"
        )
        return f"{kinds}, output {self.nodes[self.output].name}"

    def position(self, name: str | Node) -> int:
        """The position of a node: of the one with this name or path, or of a node of this graph itself.

        An index of a scan may count from its end: `states[-1].h`. Raises `UsageError` if there is none.
        """
        if isinstance(name, Node):
            if name.position < len(self.nodes) and self.nodes[name.position] is name:
                return name.position
            raise UsageError(msg("{name} is a node of another graph", name=name.name))
        found = self._positions.get(name)
        if found is None:
            found = self._positions.get(absolute(name, self.lengths))
        if found is None:
            raise UsageError(
                msg("the graph has no node called {name}", name=name), did_you_mean(name, self._positions)
            )
        return found

    @property
    def loss_name(self) -> str:
        """The name of the loss: the output's, if it is a number with such a name; else ``L``, or ``J`` or
        ``ℓ`` if that is taken. Inside an operator, it is that of the whole run.
        """
        output = self.nodes[self.output]
        if output.shape == () and not self.loss and _LOSSES.fullmatch(output.name):
            return output.name
        names = (self.loss, "L", "J", "ℓ")
        return next((name for name in names if name and name not in self), "loss")

    def __contains__(self, name: object) -> bool:
        if name in self._positions:
            return True
        return isinstance(name, str) and absolute(name, self.lengths) in self._positions

    @cached_property
    def _positions(self) -> dict[str, int]:
        named = {node.name: node.position for node in self.nodes if node.kind is not _LITERAL}
        return {**self.aliases, **named} if self.aliases else named

    @cached_property
    def lengths(self) -> dict[str, int]:
        """The number of instances of each scan, by its name."""
        lengths: dict[str, int] = {}
        for group in self.groups:
            if group.name.endswith("]"):
                scan = group.name[: group.name.rindex("[")]
                lengths[scan] = lengths.get(scan, 0) + 1
        return lengths

    def edge_name(self, edge: Edge) -> str:
        """``q → x``: the node whose rule runs, and the operand that it passes a gradient to."""
        return f"{self.nodes[edge.node].name} → {self.nodes[edge.operand].name}"

    def group_of(self, position: int) -> Group | None:
        """The innermost instance that the node at `position` belongs to."""
        index = self._innermost.get(position)
        return None if index is None else self.groups[index]

    @cached_property
    def _innermost(self) -> dict[int, int]:
        innermost: dict[int, int] = {}
        for index, group in enumerate(self.groups):
            innermost.update(dict.fromkeys(range(group.start, group.stop), index))
        return innermost

    @cached_property
    def order(self) -> range:
        """The positions of the computed nodes, in the order of computation."""
        first = next(node.position for node in self.nodes if node.op is not None)
        return range(first, len(self.nodes))

    @cached_property
    def ops(self) -> tuple[Op, ...]:
        """The operators of its nodes, each once."""
        return tuple(dict.fromkeys(node.op for node in self.nodes[self.order.start :] if node.op))

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        """Inputs, parameters and constants, in their order."""
        return tuple(node for node in self.nodes[: self.order.start] if node.is_leaf)

    @cached_property
    def active(self) -> tuple[bool, ...]:
        """For each node, whether it is on a path of gradient edges to the output."""
        differentiable, reached = self.differentiable, [False] * len(self.nodes)
        reached[self.output] = True
        for node in reversed(self._computed):
            if reached[node.position]:
                for operand, rule in zip(node.operands, node.rules, strict=True):
                    if rule is not None and differentiable[operand]:
                        reached[operand] = True
        return tuple(reached)

    @cached_property
    def differentiable(self) -> tuple[bool, ...]:
        """For each node, whether it is an input, a parameter, or computed from one along gradient edges."""
        flags = [node.kind in LEAVES_WITH_GRADIENT for node in self.nodes[: self.order.start]]
        for node in self._computed:
            for operand, rule in zip(node.operands, node.rules, strict=True):
                if rule is not None and flags[operand]:
                    flags.append(True)
                    break
            else:
                flags.append(False)
        return tuple(flags)

    def gets_gradient(self, position: int) -> bool:
        """Whether a gradient arrives at the node at `position`, in a run with a backward pass."""
        return self.active[position] and self.differentiable[position]

    @property
    def _computed(self) -> tuple[Node, ...]:
        return self.nodes[self.order.start :]

    @cached_property
    def uses(self) -> tuple[int, ...]:
        """For each node, the number of gradient edges from active nodes that use it."""
        active, differentiable, counts = self.active, self.differentiable, [0] * len(self.nodes)
        for node in self._computed:
            if active[node.position]:
                for operand, rule in zip(node.operands, node.rules, strict=True):
                    if rule is not None and differentiable[operand]:
                        counts[operand] += 1
        return tuple(counts)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The gradient edges in the order of the backward pass."""
        nodes, active, differentiable, uses = self.nodes, self.active, self.differentiable, self.uses
        edges: list[Edge] = []
        for node in reversed(self._computed):
            if active[node.position]:
                for argnum, (operand, rule) in enumerate(zip(node.operands, node.rules, strict=True)):
                    if rule is not None and differentiable[operand]:
                        summed = _summed_axes(node, rule, nodes[operand].shape)
                        shared = uses[operand] > 1
                        edges.append(Edge(len(edges), node.position, argnum, operand, rule, summed, shared))
        return tuple(edges)

    @cached_property
    def schedule(self) -> Schedule:
        """The steps of a run over this graph."""
        return Schedule(self.order, self.output, self.edges)

    @cached_property
    def training_schedule(self) -> Schedule:
        """The steps of an iteration that ends with an update of each parameter that a gradient reaches."""
        updated = (node.position for node in self.nodes if node.kind is Kind.PARAM)
        return Schedule(
            self.order, self.output, self.edges, tuple(node for node in updated if self.active[node])
        )

    @cached_property
    def forward_schedule(self) -> Schedule:
        """The steps of a forward pass alone."""
        return Schedule(self.order, self.output, (), forward_only=True)

    @derived()
    def numbers(self) -> int:
        """How many numbers a trace of the graph holds: values, contributions and running sums."""
        values = sum(prod(node.shape) for node in self.nodes)
        gradients = sum(prod(self.nodes[edge.operand].shape) * (1 + edge.shared) for edge in self.edges)
        return values + gradients + prod(self.nodes[self.output].shape)


def _summed_axes(node: Node, rule: Rule, operand: Shape) -> tuple[int, ...]:
    """The axes of a contribution to sum, so that it has the operand's shape."""
    if isinstance(rule, Elementwise):
        return () if node.shape == operand else broadcast_axes(node.shape, operand)
    return rule.summed if isinstance(rule, Linear) else ()
