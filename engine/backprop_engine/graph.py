"""A computational graph: its nodes, their shapes, and the edges that gradient flows along.

A graph holds structure only; the numbers of its leaves are bindings. Nodes are named by their position in
`Graph.nodes`: leaves and literals first, then the computed nodes in the order of computing. Operands are
positions in a tuple, so `a * a` has two edges.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import chain
from math import prod
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import Struct, structs

from backprop_engine.arrays import Shape, Tensor, broadcast_axes, freeze, settle, shape_text
from backprop_engine.errors import Place, ShapeError, UsageError
from backprop_engine.ops import Linear, Op, Partial, Rule
from backprop_engine.paths import absolute
from backprop_engine.said import said
from backprop_engine.steps import Edge, Schedule

__all__ = ["Graph", "GraphBuilder", "Group", "Kind", "Node"]


class Kind(Enum):
    """What a node is."""

    INPUT = "input"
    PARAM = "param"
    CONSTANT = "constant"
    LITERAL = "literal"
    COMPUTED = "computed"


# Looking up a member of an Enum takes longer than what is done with it for each of many nodes.
_COMPUTED: Final = Kind.COMPUTED
_LITERAL: Final = Kind.LITERAL
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


class Group(Struct, frozen=True):
    """An instance of a cell: the computed nodes from position `start` up to, not including, `stop`.

    An instance runs without interruption, so that these follow each other. `parent` is the index of the
    group that it lies in.
    """

    name: str
    cell: str
    start: int
    stop: int
    parent: int | None = None


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes, the output that the backward pass starts from, and the floating type of every computation."""

    nodes: tuple[Node, ...]
    output: int
    dtype: np.dtype[Any]
    literals: Mapping[int, Tensor]
    index_leaves: frozenset[int]
    """Leaves that hold whole numbers: class indices."""
    groups: tuple[Group, ...] = ()
    """The instances of cells, in the order in which they begin; one in another comes behind it."""
    aliases: Mapping[str, int] = field(default_factory=dict)
    """Other names of nodes: what instances call the nodes that they are given."""

    def __getitem__(self, name: str) -> Node:
        """The node called `name`; raises `UsageError` where there is none."""
        return self.nodes[self.position(name)]

    def position(self, name: str) -> int:
        """The position of the node with a name or a path; `UsageError` where there is none.

        An index of a scan may count from its end: `states[-1].h`.
        """
        found = self._positions.get(name)
        if found is None:
            found = self._positions.get(absolute(name, self.lengths))
        if found is None:
            raise UsageError(said("the graph has no node called {name}", name=name))
        return found

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
        """How many instances each scan has, by its name."""
        lengths: dict[str, int] = {}
        for group in self.groups:
            if group.name.endswith("]"):
                scan = group.name[: group.name.rindex("[")]
                lengths[scan] = lengths.get(scan, 0) + 1
        return lengths

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
        """The computed nodes in the order of computing."""
        first = next(node.position for node in self.nodes if node.op is not None)
        return range(first, len(self.nodes))

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        """Inputs, parameters and constants, in their order."""
        return tuple(node for node in self.nodes[: self.order.start] if node.is_leaf)

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

    @cached_property
    def training_schedule(self) -> Schedule:
        """The steps of an iteration that ends with updates: of each parameter that gradient reaches."""
        updated = (node.position for node in self.nodes if node.kind is Kind.PARAM)
        return Schedule(
            self.order, self.output, self.edges, tuple(node for node in updated if self.active[node])
        )

    @cached_property
    def forward_schedule(self) -> Schedule:
        """The steps of a forward pass alone."""
        return Schedule(self.order, self.output, (), forward_only=True)

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


class _Inferred(NamedTuple):
    """What an operator's definition says about operands of given shapes, before their values are known."""

    shape: Shape
    rules: tuple[Rule | None, ...]
    indices: tuple[int, ...]
    """Which operands hold whole numbers."""


_MOST_INFERRED: Final = 1024
"""How many results of the operators' shape rules a builder remembers."""


class GraphBuilder:
    """Builds a graph node by node; every shape is checked as it is added, and nothing is computed."""

    def __init__(self, dtype: str = "float64") -> None:
        self._nodes: list[Node] = []
        self._names: dict[str, int] = {}
        self._literals: dict[int, Tensor] = {}
        self._index_leaves: set[int] = set()
        self._inferred: dict[tuple[Op, tuple[Shape, ...]], _Inferred] = {}
        self._groups: list[Group] = []
        self._open: list[int] = []
        self._aliases: dict[str, int] = {}
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
        # Without attributes the shapes settle it; with them there are too many cases to remember.
        inferred = None if given else self._inferred.get((op, shapes))
        if inferred is None:
            inferred = self._infer(op, shapes, given, operands)
        shape, rules, indices = inferred
        if indices:
            self._index_leaves.update([operands[argnum] for argnum in indices])
        position = len(nodes)
        if name and self._names.setdefault(name, position) != position:
            raise UsageError(said("the graph has two nodes called {name}", name=name))
        operands = tuple(operands)
        nodes.append(Node(position, name, _COMPUTED, shape, op, operands, given, rules, text, place))
        return position

    def _infer(
        self, op: Op, shapes: tuple[Shape, ...], given: Mapping[str, Any], operands: Sequence[int]
    ) -> _Inferred:
        """Ask the operator about its operands; raises `ShapeError` with their names where they do not fit."""
        try:
            shape = op.shape(*shapes, **given)
        except ShapeError as error:
            nodes = [self._nodes[operand] for operand in operands]
            names = [node.name or node.text for node in nodes]
            # A part of an expression has no name that could be written.
            written = [f"({node.text})" if "#" in node.name else node.name or node.text for node in nodes]
            raise ShapeError(
                error.message.format(*names), error.hint and error.hint.format(*written)
            ) from None
        indices = tuple(op.indices(*shapes)) if op.indices is not None else ()
        inferred = _Inferred(tuple(map(int, shape)), op.rules_for(shapes, given), indices)
        if not given and len(self._inferred) < _MOST_INFERRED:
            self._inferred[op, shapes] = inferred
        return inferred

    def open_group(self, name: str, cell: str) -> None:
        """Let the nodes that follow, up to `close_group`, belong to an instance called `name`."""
        parent = self._open[-1] if self._open else None
        self._open.append(len(self._groups))
        self._groups.append(Group(name, cell, len(self._nodes), len(self._nodes), parent))

    def close_group(self) -> None:
        """End the instance that was begun last."""
        index = self._open.pop()
        self._groups[index] = structs.replace(self._groups[index], stop=len(self._nodes))

    def alias(self, name: str, position: int) -> None:
        """Let `name` be another name for the node at `position`; a literal has none."""
        if self._nodes[position].kind is not Kind.LITERAL:
            self._aliases[name] = position

    def scratch(self) -> GraphBuilder:
        """A builder with the same nodes, to try further ones on."""
        other = GraphBuilder(self.dtype.name)
        other._nodes, other._names = list(self._nodes), dict(self._names)
        return other

    def sinks(self) -> list[str]:
        """The computed nodes that feed no other, by name."""
        return [node.name for node in _sinks(self._nodes)]

    def passes_gradient(self, name: str) -> bool:
        """Whether gradient can flow from the node called `name` to an input or a parameter."""
        flows: list[bool] = []
        for node in self._nodes:
            along = zip(node.rules, node.operands, strict=True)
            flows.append(
                node.kind in _LEAVES_WITH_GRADIENT
                or any(rule is not None and flows[operand] for rule, operand in along)
            )
        return flows[self._names[name]]

    def shape(self, position: int) -> Shape:
        """The shape of the node at `position`."""
        return self._nodes[position].shape

    def node(self, position: int) -> Node:
        """The node at `position`, as far as it is known before the graph is built."""
        return self._nodes[position]

    def _add(self, kind: Kind, name: str, shape: Shape, text: str = "", place: Place | None = None) -> int:
        """Add a node that is not computed."""
        position = len(self._nodes)
        if name and self._names.setdefault(name, position) != position:
            raise UsageError(said("the graph has two nodes called {name}", name=name))
        self._nodes.append(Node(position, name, kind, shape, text=text, place=place))
        return position

    def build(self, output: str | None = None) -> Graph:
        """The graph; `output` may be left out where exactly one computed node feeds no other."""
        if output is not None and output not in self._names:
            raise UsageError(said("the graph has no node called {name}", name=output))
        if all(node.op is None for node in self._nodes):
            raise UsageError(said("the graph has no computed node"))
        nodes, moved = self._leaves_first()
        computed = [node.position for node in self._nodes if node.op is not None]
        position = moved[self._names[output]] if output is not None else _only_sink(nodes)
        return Graph(
            nodes,
            position,
            self.dtype,
            {moved[old]: self._literal_value(old) for old in self._literals},
            frozenset(moved[old] for old in self._index_leaves if self._nodes[old].is_leaf),
            tuple(_moved(group, computed, len(nodes)) for group in self._groups),
            {name: moved[old] for name, old in self._aliases.items()},
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


def _moved(group: Group, computed: Sequence[int], count: int) -> Group:
    """`group` once the leaves stand in front of the nodes that were at `computed`, of `count` in all."""
    first = count - len(computed)
    start, stop = (first + bisect_left(computed, edge) for edge in (group.start, group.stop))
    return structs.replace(group, start=start, stop=stop)


def _sinks(nodes: Sequence[Node]) -> list[Node]:
    used = set(chain.from_iterable([node.operands for node in nodes]))
    return [node for node in nodes if node.op is not None and node.position not in used]


def _only_sink(nodes: Sequence[Node]) -> int:
    sinks = _sinks(nodes)
    if len(sinks) != 1:
        names = ", ".join(node.name for node in sinks[:5])
        raise UsageError(
            said("name the output: {count} nodes feed no other ({names})", count=len(sinks), names=names)
        )
    return sinks[0].position


def _number_text(value: float) -> str:
    return (
        str(value)
        if isinstance(value, int)
        else f"{value:g}"
        if float(f"{value:g}") == value
        else repr(value)
    )
