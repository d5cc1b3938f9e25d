"""Building a graph node by node; the shape and the rules of each are inferred once.

The finished graph has its leaves and literals first, then its computed nodes in the order of computation.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from itertools import chain, compress, count
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, overload

import numpy as np
from msgspec import ValidationError, convert, structs

from backprop_engine.arrays import Shape, Tensor, freeze, settle
from backprop_engine.errors import Placed, ShapeError, UsageError
from backprop_engine.expressions.postfix import TemplateSpan
from backprop_engine.graph.graph import LEAVES_WITH_GRADIENT, Graph, Group, Kind, Node
from backprop_engine.messages.message import msg
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.ops import OPS, Op, OpAttribute, Rule

__all__ = ["BareStep", "GraphBuilder", "Pick"]

OperandLike: TypeAlias = int | str | float
"""A node by position or by name, or a number."""
Pick: TypeAlias = Callable[[Sequence[int]], tuple[int, ...]]
"""Takes some entries out of a row."""
BareStep: TypeAlias = tuple[str, Op, Pick, TemplateSpan]
"""An operator without settings: the ending of its node's name, which entries of a row are its operands, and
how it is written.
"""
_NO_ATTRIBUTES: Final[Mapping[str, Any]] = MappingProxyType({})
_COMPUTED: Final = Kind.COMPUTED
"""Kept in a variable, as looking up a member of an Enum takes long where there are many nodes."""


class _Inferred(NamedTuple):
    """What an operator's definition says about operands of given shapes, before their values are known."""

    shape: Shape
    rules: tuple[Rule | None, ...]
    indices: tuple[int, ...]
    """Which operands hold integers."""


_MOST_INFERRED: Final = 1024
"""How many results of shape rules a builder remembers."""


class GraphBuilder:
    """Builds a graph node by node; every shape is checked as it is added, and nothing is computed.

    Nodes are given by position, as returned by `leaf` and `apply`, or by name.

    >>> from backprop_engine import GraphBuilder, Kind
    >>> builder = GraphBuilder()
    >>> x = builder.leaf("x", Kind.INPUT)
    >>> builder.apply("mul", x, x, name="f")
    1
    >>> builder.build()
    <Graph: 1 leaf, 1 computed node, output f>
    """

    def __init__(self, dtype: str = "float64", operators: Mapping[str, Op] = _NO_ATTRIBUTES) -> None:
        self._nodes: list[Node] = []
        self._names: dict[str, int] = {}
        self._literals: dict[int, Tensor] = {}
        self._index_leaves: set[int] = set()
        self._inferred: dict[tuple[Op, tuple[Shape, ...]], _Inferred] = {}
        self._of_numbers: dict[Op, _Inferred] = {}
        self.is_scalar = True
        """Whether every node is a single number so far."""
        self._groups: list[Group] = []
        self._open: list[int] = []
        self._aliases: dict[str, int] = {}
        self._derived_from: set[int] = set()
        self.dtype = np.dtype(dtype)
        self.operators = operators

    def __repr__(self) -> str:
        return f"<GraphBuilder: {len(self._nodes)} {'node' if len(self._nodes) == 1 else 'nodes'}>"

    def leaf(self, name: str, kind: Kind, shape: Shape = (), *, place: Placed | None = None) -> int:
        """Add an input, a parameter or a constant; returns its position."""
        return self._add(kind, name, shape, place=place)

    def literal(self, value: float) -> int:
        """Add a number written in an expression: a constant operand without a name or a step."""
        position = self._add(Kind.LITERAL, "", (), text=_number_text(value))
        self._literals[position] = freeze(value, self.dtype)
        return position

    @overload
    def apply(
        self,
        op: Op | str,
        operands: tuple[OperandLike, ...] | list[OperandLike] | list[int],
        name: str,
        /,
        *,
        attributes: Mapping[str, Any] | None = None,
        text: str = "",
        place: Placed | None = None,
    ) -> int: ...
    @overload
    def apply(self, op: Op | str, /, *operands: OperandLike, name: str = "", **settings: Any) -> int: ...
    def apply(self, op: Op | str, /, *given: Any, **settings: Any) -> int:
        """Add a computed node; returns its position.

        `op` is an operator or its name. An operand is a position, a node's name, or a `float`, which becomes
        a literal. Settings of the operator go by their names: ``apply("sum", "x", axis=0)``. Without a `name`
        the node is called as its operator is, with a number after it where that is taken. The operands may
        also be in one tuple or list before the name, and the settings in `attributes`.

        Raises `UsageError` for a name that nothing has, a wrong number of operands and a setting that the
        operator does not have, that is missing, or that is beyond its limits,
        and `ShapeError` where the operands' shapes do not fit the operator.

        >>> from backprop_engine import GraphBuilder, Kind, record
        >>> builder = GraphBuilder()
        >>> W, x = builder.leaf("W", Kind.PARAM, (2, 3)), builder.leaf("x", Kind.INPUT, (3,))
        >>> y = builder.apply("matmul", W, x, name="y")
        >>> L = builder.apply("sum", builder.apply("square", "y"), name="L")
        >>> record(builder.build(), {"W": [[1, 0, 0], [0, 1, 0]], "x": [1, 2, 3]}).gradient("x")
        array([2., 4., 0.])
        """
        if isinstance(op, str):
            op = self._operator(op)
        if given and isinstance(given[0], tuple | list):
            operands, *named = given
            return self.add(op, [self._operand(operand) for operand in operands], *named, **settings)
        name = settings.pop("name", "")
        operands = [self._operand(operand) for operand in given]
        _check_call(op, len(operands), settings)
        attributes = {
            attribute.name: _checked_setting(op, attribute, settings) for attribute in op.attributes
        }
        return self.add(op, operands, name or self._free_name(op.name), attributes=attributes)

    def _operator(self, name: str) -> Op:
        """The operator called `name`: one of the graph's own, or of the table."""
        found = self.operators.get(name) or OPS.get(name)
        if found is None:
            raise UsageError(
                msg("there is no operator {name}", name=name), did_you_mean(name, (*self.operators, *OPS))
            )
        return found

    def _operand(self, operand: OperandLike) -> int:
        """The position of an operand."""
        if type(operand) is int and 0 <= operand < len(self._nodes):
            return operand
        if isinstance(operand, str):
            if operand not in self._names:
                raise UsageError(
                    msg("the graph has no node called {name}", name=operand),
                    did_you_mean(operand, self._names),
                )
            return self._names[operand]
        if isinstance(operand, float):
            return self.literal(operand)
        if isinstance(operand, bool) or not isinstance(operand, int | np.integer):
            raise UsageError(
                msg(
                    "{operand} is not an operand: an operand is a node or a number",
                    operand=type(operand).__name__,
                ),
                msg(
                    "make the array a leaf with builder.leaf(name, Kind.CONSTANT, shape), and "
                    "give its numbers to record"
                ),
            )
        if not 0 <= operand < len(self._nodes):
            raise UsageError(
                msg("there is no node at position {position}", position=operand),
                msg("a number used as an operand must be a float"),
            )
        return int(operand)

    def _free_name(self, name: str) -> str:
        """`name`, with a number after it if a node has it already."""
        if name not in self._names:
            return name
        return next(free for number in count(2) if (free := f"{name}_{number}") not in self._names)

    def add(
        self,
        op: Op,
        operands: Sequence[int],
        name: str,
        *,
        attributes: Mapping[str, Any] | None = None,
        text: str = "",
        place: Placed | None = None,
    ) -> int:
        """Add a computed node whose operands are positions, and whose settings were checked before.

        Raises `ShapeError` if the operands' shapes do not fit the operator.
        """
        given = attributes or _NO_ATTRIBUTES
        if op.attributes:
            given = {attribute.name: attribute.default for attribute in op.attributes} | dict(given)
        nodes, operands = self._nodes, tuple(operands)
        # Without attributes the shapes settle it; with them there are too many cases to remember.
        if given:
            shapes = tuple([nodes[operand].shape for operand in operands])
            shape, rules, indices = self._infer(op, shapes, given, operands)
        else:
            shape, rules, indices = self._inferred_for(op, operands)
        if shape:
            self.is_scalar = False
        if indices:
            self._index_leaves.update([operands[argnum] for argnum in indices])
        position = len(nodes)
        if name and self._names.setdefault(name, position) != position:
            raise UsageError(msg("the graph has two nodes called {name}", name=name))
        nodes.append(Node(position, name, _COMPUTED, shape, op, operands, given, rules, text, place))
        return position

    def add_bare(
        self,
        steps: Iterable[BareStep],
        row: list[int],
        name: str,
        text: str,
        lengths: Sequence[int],
        place: Placed | None,
    ) -> None:
        """Add a node for each of `steps`, as `add` does; each takes its operands from `row`, and joins it.

        `row` has the positions of operands; the names begin with `name`. `text` is what is written, and
        `lengths` how many characters are in its slots before each slot, and in all. Raises `ShapeError` at
        the first node that does not fit, when all before it have joined.
        """
        # Loading a long file spends its time here.
        nodes, names, of_numbers = self._nodes, self._names, self._of_numbers
        is_scalar = self.is_scalar
        position = len(nodes)
        for mark, op, pick, (start, first, end, stop) in steps:
            operands = pick(row)
            inferred = of_numbers.get(op) if is_scalar else None
            if inferred is None:
                inferred = self._inferred_for(op, operands)
                is_scalar = self.is_scalar
            shape, rules, indices = inferred
            if indices:
                self._index_leaves.update([operands[argnum] for argnum in indices])
            own = name + mark
            if names.setdefault(own, position) != position:
                raise UsageError(msg("the graph has two nodes called {name}", name=own))
            written = text[start + lengths[first] : end + lengths[stop]]
            nodes.append(
                Node(position, own, _COMPUTED, shape, op, operands, _NO_ATTRIBUTES, rules, written, place)
            )
            row.append(position)
            position += 1

    def _inferred_for(self, op: Op, operands: tuple[int, ...]) -> _Inferred:
        """What is inferred for a node without settings, which is about to join."""
        nodes = self._nodes
        shapes = tuple([nodes[operand].shape for operand in operands])
        inferred = self._inferred.get((op, shapes)) or self._infer(op, shapes, _NO_ATTRIBUTES, operands)
        if inferred.shape:
            self.is_scalar = False
        elif self.is_scalar and op.takes_only(len(operands)):
            self._of_numbers[op] = inferred
        return inferred

    def _infer(
        self, op: Op, shapes: tuple[Shape, ...], given: Mapping[str, Any], operands: Sequence[int]
    ) -> _Inferred:
        """Infer a node from its operands' shapes; raises `ShapeError` with their names if they do not fit."""
        try:
            shape = op.shape_for(shapes, given)
        except ShapeError as error:
            nodes = [self._nodes[operand] for operand in operands]
            names = [node.name or node.text for node in nodes]
            # A part of an expression has no name that could be written.
            written = [f"({node.text})" if "#" in node.name else node.name or node.text for node in nodes]
            raise ShapeError(
                error.message.format(*names), error.hint and error.hint.format(*written)
            ) from None
        indices = tuple(op.indices(*shapes)) if op.indices is not None else ()
        inferred = _Inferred(shape, op.rules_for(shapes, given), indices)
        if not given and len(self._inferred) < _MOST_INFERRED:
            self._inferred[op, shapes] = inferred
        return inferred

    def open_group(self, name: str, cell: str) -> None:
        """Put the nodes that follow, up to `close_group`, in an instance called `name`."""
        parent = self._open[-1] if self._open else None
        self._open.append(len(self._groups))
        self._groups.append(Group(name, cell, len(self._nodes), len(self._nodes), parent))

    def close_group(self, least: int = 0) -> None:
        """Close the instance opened last; one with fewer than `least` nodes is dropped."""
        index = self._open.pop()
        if len(self._nodes) - self._groups[index].start < least:
            del self._groups[index]
            return
        self._groups[index] = structs.replace(self._groups[index], stop=len(self._nodes))

    def alias(self, name: str, position: int) -> None:
        """Let `name` be another name for the node at `position`; a literal has none."""
        if self._nodes[position].kind is not Kind.LITERAL:
            self._aliases[name] = position

    def has(self, name: str) -> bool:
        """Whether a node is called `name`."""
        return name in self._names

    def derives_from(self, position: int) -> None:
        """Mark the node at `position` as used: other nodes are its derivative."""
        self._derived_from.add(position)

    def scratch(self) -> GraphBuilder:
        """A copy of the builder, to try adding nodes to."""
        other = GraphBuilder(self.dtype.name, self.operators)
        other._nodes, other._names, other.is_scalar = list(self._nodes), dict(self._names), self.is_scalar
        return other

    def sinks(self) -> list[str]:
        """The computed nodes that feed no other, by name."""
        return [node.name for node in _sinks(self._nodes, self._derived_from)]

    def passes_gradient(self, name: str) -> bool:
        """Whether gradient can flow from the node called `name` to an input or a parameter."""
        flows: list[bool] = []
        for node in self._nodes:
            along = zip(node.rules, node.operands, strict=True)
            flows.append(
                node.kind in LEAVES_WITH_GRADIENT
                or any(rule is not None and flows[operand] for rule, operand in along)
            )
        return flows[self._names[name]]

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self._nodes)

    def holds_indices(self, position: int) -> bool:
        """Whether the node at `position` holds integers, as far as its users are known."""
        return position in self._index_leaves

    def shape(self, position: int) -> Shape:
        """The shape of the node at `position`."""
        return self._nodes[position].shape

    def shapes(self, positions: Iterable[int]) -> list[Shape]:
        """The shapes of the nodes at `positions`."""
        nodes = self._nodes
        return [nodes[position].shape for position in positions]

    def node(self, position: int) -> Node:
        """The node at `position`, as far as it is known before the graph is built."""
        return self._nodes[position]

    def _add(self, kind: Kind, name: str, shape: Shape, text: str = "", place: Placed | None = None) -> int:
        """Add a node that is not computed."""
        position = len(self._nodes)
        if name and self._names.setdefault(name, position) != position:
            raise UsageError(msg("the graph has two nodes called {name}", name=name))
        self._nodes.append(Node(position, name, kind, shape, text=text, placed=place))
        if shape:
            self.is_scalar = False
        return position

    def build(self, output: str | None = None) -> Graph:
        """The graph; `output` may be omitted if exactly one computed node feeds no other."""
        if output is not None and output not in self._names:
            raise UsageError(msg("the graph has no node called {name}", name=output))
        if all(node.op is None for node in self._nodes):
            raise UsageError(msg("the graph has no computed node"))
        nodes, moved = self._leaves_first()
        computed = [node.position for node in self._nodes if node.op is not None] if self._groups else ()
        position = (
            moved[self._names[output]]
            if output is not None
            else _only_sink(nodes, {moved[old] for old in self._derived_from})
        )
        graph = Graph(
            nodes,
            position,
            self.dtype,
            {moved[old]: self._literal_value(old) for old in self._literals},
            frozenset(moved[old] for old in self._index_leaves if self._nodes[old].is_leaf),
            tuple(_moved(group, computed, len(nodes)) for group in self._groups),
            {name: moved[old] for name, old in self._aliases.items()},
            self.operators,
        )
        if isinstance(moved, range) and not self._aliases:  # the names are known already
            vars(graph)["_positions"] = dict(self._names)
        return graph

    def literal_value(self, position: int) -> Tensor:
        """The number of the literal at `position`."""
        return self._literals[position]

    def _literal_value(self, position: int) -> Tensor:
        """A literal's number, as an integer where it is a class index; what is not whole is left as it is."""
        value = self._literals[position]
        if position in self._index_leaves and float(value).is_integer():
            return settle(value, np.dtype(np.int64))
        return value

    def _leaves_first(self) -> tuple[tuple[Node, ...], Sequence[int]]:
        """The nodes with leaves and literals in front, and where each old position went."""
        computed = [node.op is not None for node in self._nodes]
        first = computed.index(True)
        if all(computed[first:]):
            return tuple(self._nodes), range(len(self._nodes))
        ordered = sorted(self._nodes, key=lambda node: node.op is not None)
        moved = [0] * len(ordered)
        for new, node in enumerate(ordered):
            moved[node.position] = new
        return tuple(_at(node, new, moved) for new, node in enumerate(ordered)), moved


def _check_call(op: Op, operands: int, settings: Mapping[str, Any]) -> None:
    """Refuse a number of operands that the operator does not take, and settings that it does not have."""
    if not op.takes(operands):
        raise UsageError(
            msg(
                "{op} takes {operands}, but {count} were given",
                op=op.name,
                operands=", ".join(op.operands),
                count=operands,
            )
        )
    known = [attribute.name for attribute in op.attributes]
    for name in settings:
        if name not in known:
            raise UsageError(
                msg("{op} has no setting {name}", op=op.name, name=name),
                did_you_mean(name, known)
                or (msg("it has {names}", names=", ".join(known)) if known else msg("it has none")),
            )


def _checked_setting(op: Op, attribute: OpAttribute, settings: Mapping[str, Any]) -> Any:
    """A setting as it was given, or by default, in its Python type; `UsageError` if it is not valid."""
    value = settings.get(attribute.name, attribute.default)
    if value is ...:
        raise UsageError(
            msg("{op} needs a setting {name}", op=op.name, name=attribute.name), attribute.meaning
        )
    if attribute.name not in settings or attribute.type is tuple:  # the key of an index
        return value
    value = value.tolist() if isinstance(value, np.generic | np.ndarray) else value
    try:
        converted = convert(value, attribute.type, strict=True)
    except ValidationError:
        converted = ...
    if converted is ... or not attribute.allows(converted):
        message = msg(
            "{op} does not accept {value} for {name}", op=op.name, name=attribute.name, value=repr(value)[:40]
        )
        raise UsageError(message, attribute.limits or attribute.meaning)
    return converted


def _at(node: Node, position: int, moved: Sequence[int]) -> Node:
    return structs.replace(
        node, position=position, operands=tuple(moved[operand] for operand in node.operands)
    )


def _moved(group: Group, computed: Sequence[int], count: int) -> Group:
    """`group` once the leaves are in front of the nodes that were at `computed`, of `count` in all."""
    first = count - len(computed)
    start, stop = (first + bisect_left(computed, edge) for edge in (group.start, group.stop))
    return structs.replace(group, start=start, stop=stop)


def _sinks(nodes: Sequence[Node], derived_from: Set[int]) -> list[Node]:
    unused = [True] * len(nodes)
    for position in chain(derived_from, chain.from_iterable([node.operands for node in nodes])):
        unused[position] = False
    return [node for node in compress(nodes, unused) if node.op is not None]


def _only_sink(nodes: Sequence[Node], derived_from: Set[int]) -> int:
    sinks = _sinks(nodes, derived_from)
    if len(sinks) != 1:
        names = ", ".join(node.name for node in sinks[:5])
        raise UsageError(
            msg(
                "name the output: {count} nodes feed no other node ({names})",
                count=len(sinks),
                names=names,
            )
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
