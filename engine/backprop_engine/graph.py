"""A computational graph: its nodes, their shapes, and the edges that gradient flows along.

A graph holds structure only; the numbers of its leaves are bindings. Nodes are named by their position in
`Graph.nodes`: leaves and literals first, then the computed nodes in the order of computing. Operands are
positions in a tuple, so `a * a` has two edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct, structs

from backprop_engine.arrays import Shape, Tensor, broadcast_axes, freeze, settle, shape_text
from backprop_engine.errors import Place, ShapeError, UsageError
from backprop_engine.ops import Linear, Op, Partial, Rule
from backprop_engine.steps import Edge, Schedule

__all__ = ["Graph", "GraphBuilder", "Kind", "Node"]


class Kind(Enum):
    """What a node is."""

    INPUT = "input"
    PARAM = "param"
    CONSTANT = "constant"
    LITERAL = "literal"
    COMPUTED = "computed"


_LEAVES_WITH_GRADIENT = (Kind.INPUT, Kind.PARAM)
_NO_ATTRIBUTES: Mapping[str, Any] = MappingProxyType({})


class Node(Struct, frozen=True, eq=False):
    """A leaf, a literal number, or the result of an operator.

    `text` is the literal's number or the expression that the node was written as; `place` is where.
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
    place: Place | None = None

    @property
    def is_leaf(self) -> bool:
        """Whether the node is an input, a parameter or a constant."""
        return self.op is None and self.kind is not Kind.LITERAL

    @property
    def takes_gradient(self) -> bool:
        """Whether gradient may flow to the node: literals and constants get none."""
        return self.kind is Kind.COMPUTED or self.kind in _LEAVES_WITH_GRADIENT

    def __repr__(self) -> str:
        return f"<{self.kind.value} {self.name} {shape_text(self.shape)}>"


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes, the output that the backward pass starts from, and the floating type of every computation."""

    nodes: tuple[Node, ...]
    output: int
    dtype: np.dtype[Any]
    literals: Mapping[int, Tensor]
    index_leaves: frozenset[int]
    """Leaves that hold whole numbers: class indices."""

    def __getitem__(self, name: str) -> Node:
        """The node called `name`; raises `UsageError` where there is none."""
        return self.nodes[self.position(name)]

    def position(self, name: str) -> int:
        """The position of the node called `name`; raises `UsageError` where there is none."""
        try:
            return self._positions[name]
        except KeyError:
            raise UsageError(f"the graph has no node called {name}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._positions

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {node.name: node.position for node in self.nodes if node.kind is not Kind.LITERAL}

    @cached_property
    def order(self) -> range:
        """The computed nodes in the order of computing."""
        first = next(node.position for node in self.nodes if node.op is not None)
        return range(first, len(self.nodes))

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        """Inputs, parameters and constants, in their order."""
        return tuple(node for node in self.nodes if node.is_leaf)

    @cached_property
    def active(self) -> tuple[bool, ...]:
        """For each node, whether it is on a path of gradient edges to the output."""
        reached = [False] * len(self.nodes)
        reached[self.output] = True
        for position in reversed(self.order):
            if reached[position]:
                for _, operand in self._gradient_operands(position):
                    reached[operand] = True
        return tuple(reached)

    @cached_property
    def differentiable(self) -> tuple[bool, ...]:
        """For each node, whether it is an input, a parameter, or computed from one along gradient edges."""
        flags = [node.kind in _LEAVES_WITH_GRADIENT for node in self.nodes]
        for position in self.order:
            node = self.nodes[position]
            flags[position] = any(
                rule is not None and flags[operand]
                for rule, operand in zip(node.rules, node.operands, strict=True)
            )
        return tuple(flags)

    def _gradient_operands(self, position: int) -> list[tuple[int, int]]:
        """(argnum, operand) of each operand that gradient flows to from the node at `position`."""
        node = self.nodes[position]
        return [
            (argnum, operand)
            for argnum, (operand, rule) in enumerate(zip(node.operands, node.rules, strict=True))
            if rule is not None and self.differentiable[operand]
        ]

    @cached_property
    def uses(self) -> tuple[int, ...]:
        """For each node, the number of gradient edges from active nodes that use it."""
        counts = [0] * len(self.nodes)
        for position in self.order:
            if self.active[position]:
                for _, operand in self._gradient_operands(position):
                    counts[operand] += 1
        return tuple(counts)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The gradient edges in the order of the backward pass."""
        edges: list[Edge] = []
        for position in reversed(self.order):
            if not self.active[position]:
                continue
            node = self.nodes[position]
            for argnum, operand in self._gradient_operands(position):
                rule = node.rules[argnum]
                assert rule is not None
                summed = _summed_axes(node, rule, self.nodes[operand].shape)
                shared = self.uses[operand] > 1
                edges.append(Edge(len(edges), position, argnum, operand, rule, summed, shared))
        return tuple(edges)

    @cached_property
    def schedule(self) -> Schedule:
        """The steps of a run over this graph."""
        return Schedule(self.order, self.output, self.edges)

    def cells(self) -> int:
        """How many numbers a trace of the graph holds: values, contributions and running sums."""
        values = sum(prod(node.shape) for node in self.nodes)
        gradients = sum(prod(self.nodes[edge.operand].shape) * (1 + edge.shared) for edge in self.edges)
        return values + gradients + prod(self.nodes[self.output].shape)


def _summed_axes(node: Node, rule: Rule, operand: Shape) -> tuple[int, ...]:
    """The axes of a contribution to sum, so that it has the operand's shape."""
    if isinstance(rule, Partial):
        return broadcast_axes(node.shape, operand)
    return rule.summed if isinstance(rule, Linear) else ()


class GraphBuilder:
    """Builds a graph node by node; every shape is checked as it is added, and nothing is computed."""

    def __init__(self, dtype: str = "float64") -> None:
        self._nodes: list[Node] = []
        self._names: dict[str, int] = {}
        self._literals: dict[int, Tensor] = {}
        self._index_leaves: set[int] = set()
        self.dtype = np.dtype(dtype)

    def leaf(self, name: str, kind: Kind, shape: Shape = (), *, place: Place | None = None) -> int:
        """Add an input, a parameter or a constant; gives its position."""
        return self._add(kind, name, shape, place=place)

    def literal(self, value: float) -> int:
        """Add a number that stands in an expression: a constant operand without a name or a step."""
        position = self._add(Kind.LITERAL, "", (), text=_number_text(value))
        self._literals[position] = freeze(value, self.dtype)
        return position

    def apply(
        self,
        op: Op,
        operands: Sequence[int],
        name: str,
        *,
        attributes: Mapping[str, Any] | None = None,
        text: str = "",
        place: Place | None = None,
    ) -> int:
        """Add a computed node; raises `ShapeError` where the operands' shapes do not fit the operator."""
        given = attributes or _NO_ATTRIBUTES
        if op.attributes:
            given = {one.name: one.default for one in op.attributes} | dict(given)
        nodes = self._nodes
        shapes = tuple([nodes[operand].shape for operand in operands])
        try:
            shape = op.shape(*shapes, **given)
        except ShapeError as error:
            names = [nodes[operand].name or nodes[operand].text for operand in operands]
            raise ShapeError(error.message.format(*names), error.hint.format(*names)) from None
        if op.indices is not None:
            self._index_leaves.update(operands[argnum] for argnum in op.indices(*shapes))
        rules = op.rules_for(shapes, given) if callable(op.rules) else op.rules
        return self._add(
            Kind.COMPUTED,
            name,
            shape and tuple(map(int, shape)),
            op,
            tuple(operands),
            given,
            rules,
            text,
            place,
        )

    def shape(self, position: int) -> Shape:
        """The shape of the node at `position`."""
        return self._nodes[position].shape

    def node(self, position: int) -> Node:
        """The node at `position`, as far as it is known before the graph is built."""
        return self._nodes[position]

    def _add(
        self,
        kind: Kind,
        name: str,
        shape: Shape,
        op: Op | None = None,
        operands: tuple[int, ...] = (),
        attributes: Mapping[str, Any] = _NO_ATTRIBUTES,
        rules: tuple[Rule | None, ...] = (),
        text: str = "",
        place: Place | None = None,
    ) -> int:
        position = len(self._nodes)
        if name:
            if name in self._names:
                raise UsageError(f"the graph has two nodes called {name}")
            self._names[name] = position
        self._nodes.append(Node(position, name, kind, shape, op, operands, attributes, rules, text, place))
        return position

    def build(self, output: str | None = None) -> Graph:
        """The graph; `output` may be left out where exactly one computed node feeds no other."""
        if output is not None and output not in self._names:
            raise UsageError(f"the graph has no node called {output}")
        if all(node.op is None for node in self._nodes):
            raise UsageError("the graph has no computed node")
        nodes, moved = self._leaves_first()
        position = moved[self._names[output]] if output is not None else _only_sink(nodes)
        return Graph(
            nodes,
            position,
            self.dtype,
            {moved[old]: self._literal_value(old) for old in self._literals},
            frozenset(moved[old] for old in self._index_leaves if self._nodes[old].is_leaf),
        )

    def _literal_value(self, position: int) -> Tensor:
        """A literal's number, as an integer where it is a class index; what is not whole is left as it is."""
        value = self._literals[position]
        if position in self._index_leaves and float(value).is_integer():
            return settle(value, np.dtype(np.int64))
        return value

    def _leaves_first(self) -> tuple[tuple[Node, ...], dict[int, int]]:
        """The nodes with leaves and literals in front, and where each old position went."""
        ordered = sorted(self._nodes, key=lambda node: node.op is not None)
        moved = {node.position: new for new, node in enumerate(ordered)}
        if all(old == new for old, new in moved.items()):
            return tuple(ordered), moved
        return tuple(_at(node, new, moved) for new, node in enumerate(ordered)), moved


def _at(node: Node, position: int, moved: Mapping[int, int]) -> Node:
    return structs.replace(
        node, position=position, operands=tuple(moved[operand] for operand in node.operands)
    )


def _only_sink(nodes: Sequence[Node]) -> int:
    used = {operand for node in nodes for operand in node.operands}
    sinks = [node for node in nodes if node.op is not None and node.position not in used]
    if len(sinks) != 1:
        names = ", ".join(node.name for node in sinks[:5])
        raise UsageError(f"name the output: {len(sinks)} nodes feed no other ({names})")
    return sinks[0].position


def _number_text(value: float) -> str:
    return (
        str(value)
        if isinstance(value, int)
        else f"{value:g}"
        if float(f"{value:g}") == value
        else repr(value)
    )
