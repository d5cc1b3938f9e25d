"""The inputs of a run: the values of a graph's leaves, and the seed of the backward pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, freeze, settle, shape_text
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import Message, msg

__all__ = ["Bindings", "numbers_of", "refusals"]


class Bindings(Struct, frozen=True, eq=False):
    """The inputs of a run: a tensor for each leaf by position, and the gradient at the output.

    >>> from backprop_engine import Bindings, make_graph
    >>> graph = make_graph({"f": "x * y"}, inputs={"x": 2, "y": 3})
    >>> Bindings.of(graph, {"x": 4, "y": 5}).with_leaf(graph, "x", 1).seed
    np.float64(1.0)
    """

    leaves: Mapping[int, Tensor]
    seed: Tensor

    def __repr__(self) -> str:
        count = len(self.leaves)
        return f"<Bindings of {count} {'leaf' if count == 1 else 'leaves'}>"

    @classmethod
    def of(cls, graph: Graph, values: Mapping[str, Any], seed: Any = None) -> Bindings:
        """Cast and check `values`, by leaf name, and `seed`: 1 for a scalar output, required for others.

        Raises `UsageError` for a missing or unknown leaf, for a value of another shape, and for a constant
        that an operator refuses, such as a class index out of range.

        >>> from backprop_engine import Bindings, make_graph
        >>> Bindings.of(make_graph({"f": "x * y"}, inputs={"x": 2, "y": 3}), {"x": 4, "y": 5})
        <Bindings of 2 leaves>
        """
        for name in values:
            if not graph[name].is_leaf:
                raise UsageError(msg("{name} is computed, not a leaf", name=name))
        leaves: dict[int, Tensor] = {}
        for leaf in graph.leaves:
            if leaf.name not in values:
                raise UsageError(msg("the leaf {name} has no value", name=leaf.name))
            given = numbers_of(leaf.name, values[leaf.name])
            if given.shape != leaf.shape:
                raise UsageError(
                    msg(
                        "{name} is {shape}, its value is {given}",
                        name=leaf.name,
                        shape=shape_text(leaf.shape),
                        given=shape_text(given.shape),
                    )
                )
            leaves[leaf.position] = given
        for node, constant, reason in refusals(graph, leaves):
            name = graph.nodes[constant].name
            raise UsageError(msg("{name} does not fit {node}: {reason}", name=name, node=node, reason=reason))
        cast = {position: _cast(graph, position, given) for position, given in leaves.items()}
        return cls(cast, _seed(graph, seed))

    def with_leaf(self, graph: Graph, name: str, value: Any) -> Bindings:
        """These bindings with another value for one leaf."""
        named = {leaf.name: self.leaves[leaf.position] for leaf in graph.leaves}
        return Bindings.of(graph, named | {name: value}, self.seed)


def numbers_of(name: str, value: Any) -> Tensor:
    """What is given for a node, as an array; `UsageError` where it is no array of numbers."""
    try:
        given = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        given = np.asarray(None)
    if given.dtype.kind not in "biuf":
        raise UsageError(msg("the value for {name} is neither a number nor a list of one shape", name=name))
    return given


def _cast(graph: Graph, position: int, value: Any) -> Tensor:
    """A leaf's value as operators get it: integers where they are indices, else the graph's dtype."""
    return freeze(value, np.dtype(np.int64) if position in graph.index_leaves else graph.dtype)


def refusals(graph: Graph, values: Mapping[int, Any]) -> list[tuple[str, int, Message]]:
    """The nodes whose operators refuse constants in `values` (by position): name, constant, and reason."""
    found = []
    for position in graph.order:
        node = graph.nodes[position]
        if node.op is None or node.op.refuse is None:
            continue
        operands = [
            _constant(graph, operand, values) if name in node.op.constants else graph.nodes[operand].shape
            for name, operand in zip(node.op.names(len(node.operands)), node.operands, strict=True)
        ]
        reason = node.op.refuse(*operands, **node.attributes)
        if reason:
            argnum = node.op.operands.index(node.op.constants[0])
            found.append((node.name, node.operands[argnum], reason))
    return found


def _constant(graph: Graph, position: int, values: Mapping[int, Any]) -> Any:
    """A constant operand's value: a leaf's, or a literal's number."""
    return values[position] if position in values else graph.literals[position]


def _seed(graph: Graph, seed: Any) -> Tensor:
    shape = graph.nodes[graph.output].shape
    if seed is None:
        if shape != ():
            raise UsageError(
                msg("the output is {shape}: a seed gradient must be given", shape=shape_text(shape))
            )
        seed = 1.0
    tensor = freeze(seed, graph.dtype)
    if tensor.shape == ():
        return settle(np.broadcast_to(tensor, shape).copy(), graph.dtype)
    if tensor.shape != shape:
        raise UsageError(
            msg(
                "the seed is {given}, the output is {shape}",
                given=shape_text(tensor.shape),
                shape=shape_text(shape),
            )
        )
    return tensor
