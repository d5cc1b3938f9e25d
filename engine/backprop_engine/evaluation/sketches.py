"""Nodes that are not in a graph yet: simplified first, and written out only where they are used."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Shape, broadcast_axes
from backprop_engine.errors import Placed
from backprop_engine.evaluation.derivative_operators import DerivativeError
from backprop_engine.evaluation.written_calls import UnsayableError, application
from backprop_engine.expressions import Expr, Name, Number, SourceSpan, render
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.messages.message import msg
from backprop_engine.ops import OPS, Op

__all__ = ["Sketch"]

_NOWHERE: Final = SourceSpan(0, 0)
_LONGEST_PARTS: Final = 40
"""How many parts the text of a node has at most; those beyond are dots."""
_ETC: Final = (Name("…", _NOWHERE), 1)


class Sketch:
    """Nodes over those of a graph, each made once, without factors of 1 and what else changes nothing.

    A position here is the sketch's own. `of` gives that of a node of the graph, and `written` puts a node of
    the sketch, with what it needs, into the graph.
    """

    def __init__(self, dtype: str) -> None:
        self._draft = GraphBuilder(dtype)
        self.least = float(np.finfo(dtype).min)
        """The least number of the floating type."""
        self._in_graph: dict[int, int] = {}
        self._standing: dict[int, int] = {}
        self._made: dict[object, int] = {}
        self._numbers: dict[int, float] = {}
        self._trees: dict[int, tuple[Expr, int]] = {}
        self._fixed: set[int] = set()

    # What there is

    def of(self, builder: GraphBuilder, position: int) -> int:
        """What stands for the node at `position` of the graph."""
        if position not in self._standing:
            node = builder.node(position)
            if node.kind is Kind.LITERAL:
                return self.number(float(builder.literal_value(position)))
            own = self.free(node.shape)
            self._standing[position], self._in_graph[own] = own, position
            if node.kind is Kind.CONSTANT or (node.op is not None and node.op.boolean):
                self._fixed.add(own)
            named = "#" not in node.name
            self._trees[own] = (Name(node.name if named else f"({node.text})", _NOWHERE), 1)
        return self._standing[position]

    def free(self, shape: Shape) -> int:
        """A variable of `shape`, which no node of the graph stands for."""
        return self._draft.leaf("", Kind.INPUT, shape)

    def number(self, value: float) -> int:
        """A number."""
        key = ("number", float(value), math.copysign(1, value))
        if key not in self._made:
            made = self._made[key] = self._draft.literal(int(value) if float(value).is_integer() else value)
            self._numbers[made] = float(value)
        return self._made[key]

    def node(self, position: int) -> Node:
        """The node at `position`."""
        return self._draft.node(position)

    def shape(self, position: int) -> Shape:
        """The shape of the node at `position`."""
        return self._draft.shape(position)

    def is_leaf(self, position: int) -> bool:
        """Whether the node at `position` stands for one of the graph, or for nothing yet."""
        return self.node(position).op is None

    def still(self, position: int) -> int:
        """A node that no gradient flows through."""
        if position in self._fixed or position in self._numbers:
            return position
        return self.apply("detach", position)

    # Making nodes

    def apply(self, name: str | Op, *operands: int, **attributes: Any) -> int:
        """The node that applies an operator to nodes; `ShapeError` where they do not fit it."""
        op = OPS[name] if isinstance(name, str) else name
        simpler = self._simpler(op, operands, attributes)
        if simpler is not None:
            return simpler
        key = (op, operands, repr(sorted(attributes.items())))
        if key not in self._made:
            made = self._draft.add(op, operands, "", attributes=attributes)
            self._made[key] = self._folded(op, operands, made)
        return self._made[key]

    def _folded(self, op: Op, operands: Sequence[int], made: int) -> int:
        """The value of `made`, if all its operands are numbers."""
        if self.shape(made) != () or not all(one in self._numbers for one in operands):
            return made
        numbers = [np.float64(self._numbers[one]) for one in operands]
        with np.errstate(all="ignore"):
            value = float(op.forward(*numbers, **self.node(made).attributes))
        return self.number(value) if math.isfinite(value) else made

    def _simpler(self, op: Op, operands: Sequence[int], attributes: Mapping[str, Any]) -> int | None:
        """An existing node that has the same value."""
        first, *others = operands
        left, right = (self._numbers.get(one) for one in (first, operands[-1]))
        inner = self.node(first)
        match op.name:
            case "mul" | "hadamard" if left == 1:
                return others[0]
            case "mul" | "hadamard" | "div" | "pow" if right == 1:
                return first
            case "mul" | "hadamard" if left == -1:
                return self.apply("neg", others[0])
            case "mul" | "hadamard" if right == -1:
                return self.apply("neg", first)
            case "mul" | "hadamard" if self._is_one_over(others[0]):
                return self.apply("div", first, self.node(others[0]).operands[1])
            case "add" if self._is(others[0], "neg"):
                return self.apply("sub", first, *self.node(others[0]).operands)
            case "neg" | "transpose" if self._is(first, op.name):
                return inner.operands[0]
            case "reshape" | "broadcast_to" if self.shape(first) == tuple(attributes["shape"]):
                return first
            case "reshape" if self._is(first, "reshape"):
                return self.apply("reshape", *inner.operands, shape=attributes["shape"])
            case "mul" if right == 0 and inner.op is not None and inner.op.boolean:
                return others[0]
            case "where" if left is not None:
                wanted = np.broadcast_shapes(*map(self.shape, others))
                return self.spread(others[0 if left else 1], wanted)
            case "permute" if self._is(first, "permute"):
                axes = tuple(inner.attributes["axes"][axis] for axis in attributes["axes"])
                return self.apply("permute", *inner.operands, axes=axes)
            case "permute" if tuple(attributes["axes"]) == tuple(range(len(self.shape(first)))):
                return first
        return None

    def _is(self, position: int, name: str) -> bool:
        op = self.node(position).op
        return op is not None and op.name == name

    def _is_one_over(self, position: int) -> bool:
        return self._is(position, "div") and self._numbers.get(self.node(position).operands[0]) == 1

    def summed(self, position: int, shape: Shape) -> int:
        """The sum of a node over the axes along which something of `shape` was broadcast to it."""
        wide = self.shape(position)
        if len(wide) < len(shape):
            return position
        axes = broadcast_axes(wide, shape)
        kept = tuple(axis for axis in axes if axis >= len(wide) - len(shape))
        added = tuple(axis for axis in axes if axis not in kept)
        if kept:
            position = self.sum(position, kept, keepdims=True)
        return self.sum(position, added) if added else position

    def sum(self, position: int, axes: tuple[int, ...], *, keepdims: bool = False) -> int:
        """The sum of a node over some axes, which may be all."""
        rank = len(self.shape(position))
        axis = None if len(axes) == rank else axes[0] if len(axes) == 1 else axes
        return self.apply("sum", position, axis=axis, keepdims=keepdims)

    def swapped(self, position: int) -> int:
        """A node with its last two axes swapped."""
        rank = len(self.shape(position))
        if rank == 2:
            return self.apply("transpose", position)
        return self.apply("permute", position, axes=(*range(rank - 2), rank - 1, rank - 2))

    def spread(self, position: int, shape: Shape) -> int:
        """A node broadcast to `shape`."""
        return self.apply("broadcast_to", position, shape=shape)

    def substituted(self, position: int, stands: Mapping[int, int]) -> int:
        """A node with other nodes in place of variables."""
        made = dict(stands)
        waiting = [position]
        while waiting:
            at = waiting[-1]
            node = self.node(at)
            missing = [one for one in node.operands if one not in made]
            waiting += missing
            if not missing:
                waiting.pop()
                if at not in made:
                    same = node.op is None or all(made[one] == one for one in node.operands)
                    made[at] = at if same else self._again(node, [made[one] for one in node.operands])
        return made[position]

    def _again(self, node: Node, operands: Sequence[int]) -> int:
        assert node.op is not None
        return self.apply(node.op, *operands, **node.attributes)

    def total(self, parts: Sequence[int]) -> int:
        """The sum of some nodes."""
        result, *others = parts
        for other in others:
            result = self.apply("add", result, other)
        return result

    # Into the graph

    def written(
        self, builder: GraphBuilder, wanted: int, name: str, place: Placed | None, *, always: bool = False
    ) -> int:
        """The position in the graph of a node, which is added with the nodes that it needs as `name`.

        One that the graph has is added again, as another name for it, only if it is to be there `always`.
        """
        if wanted in self._in_graph or wanted in self._numbers:
            found = self._put_number(builder, wanted) if wanted in self._numbers else self._in_graph[wanted]
            if not always:
                return found
            text = render(self._tree(wanted)[0])
            return builder.add(OPS["identity"], (found,), name, text=text, place=place)
        *parts, last = self._needed(wanted)
        # What it is the derivative of may be a part of the same expression, and have the first numbers.
        free = (each for number in count(1) if not builder.has(each := f"{name}#{number}"))
        for part, free_name in zip(parts, free, strict=False):
            self._write(builder, part, free_name, place)
        return self._write(builder, last, name, place)

    def _needed(self, wanted: int) -> list[int]:
        """What is not in the graph and must be, in the order of computing, `wanted` last."""
        found: set[int] = set()
        waiting = [wanted]
        while waiting:
            at = waiting.pop()
            if at in found or at in self._in_graph or at in self._numbers:
                continue
            if self.node(at).op is None:
                message = msg("a backward rule on the way is not linear in the upstream gradient")
                raise DerivativeError(message, msg("it has no `jvp`"))
            found.add(at)
            waiting += self.node(at).operands
        return sorted(found)

    def _write(self, builder: GraphBuilder, at: int, name: str, place: Placed | None) -> int:
        node = self.node(at)
        assert node.op is not None
        operands = [
            self._put_number(builder, one) if one in self._numbers else self._in_graph[one]
            for one in node.operands
        ]
        text = render(self._tree(at)[0])
        position = builder.add(node.op, operands, name, attributes=node.attributes, text=text, place=place)
        self._in_graph[at], self._standing[position] = position, at
        if "#" not in name:
            self._trees[at] = (Name(name, _NOWHERE), 1)
        return position

    def _put_number(self, builder: GraphBuilder, at: int) -> int:
        return builder.literal(_whole(self._numbers[at]))

    def _tree(self, at: int) -> tuple[Expr, int]:
        """A node as an expression over those of the graph, and how many parts that has."""
        if at in self._numbers:
            return Number(_whole(self._numbers[at]), _NOWHERE), 1
        if at not in self._trees:
            node = self.node(at)
            assert node.op is not None
            trees = [self._tree(one) for one in node.operands]
            size = 1 + sum(size for _, size in trees)
            try:
                made = application(node.op, [tree for tree, _ in trees], node.attributes), size
            except UnsayableError:
                made = _ETC
            self._trees[at] = made if size <= _LONGEST_PARTS else _ETC
        return self._trees[at]


def _whole(value: float) -> int | float:
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
