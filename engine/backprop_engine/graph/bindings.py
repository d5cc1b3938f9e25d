"""The inputs of a run: the values of a graph's leaves, and the seed of the backward pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, freeze, settle, shape_text
from backprop_engine.errors import UsageError
from backprop_engine.graph.batches import Batches
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import Message, msg

__all__ = ["Bindings", "numbers_of", "refusals", "refused_examples"]


class Bindings(Struct, frozen=True, eq=False):
    """The inputs of a run: a tensor for each leaf by position, and the gradient at the output.

    >>> from backprop_engine import Bindings, make_graph
    >>> graph = make_graph({"f": "x * y"}, inputs={"x": 2, "y": 3})
    >>> Bindings.of(graph, {"x": 4, "y": 5}).with_leaf(graph, "x", 1).seed
    np.float64(1.0)
    """

    leaves: Mapping[int, Tensor]
    seed: Tensor
    batches: Batches | None = None
    """The examples of the leaves that get a batch of them in each iteration of a training."""

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
                        "{name} has shape {shape}, but its value has shape {given}",
                        name=leaf.name,
                        shape=shape_text(leaf.shape),
                        given=shape_text(given.shape),
                    )
                )
            leaves[leaf.position] = given
        for node, constant, reason in refusals(graph, leaves):
            name = graph.nodes[constant].name
            raise UsageError(
                msg("{name} is not valid for {node}: {reason}", name=name, node=node, reason=reason)
            )
        cast = {position: _cast(graph, position, given) for position, given in leaves.items()}
        return cls(cast, _seed(graph, seed))

    def at(self, iteration: int) -> Bindings:
        """These bindings with the batch of an iteration."""
        if self.batches is None:
            return self
        return Bindings({**self.leaves, **self.batches.at(iteration)}, self.seed, self.batches)

    @property
    def alone(self) -> Bindings:
        """These bindings as those of a single run, in which nothing follows the batch."""
        return Bindings(self.leaves, self.seed)

    def given(self, position: int) -> Tensor:
        """What is given for a leaf: its value, or all of its examples."""
        examples = self.batches.examples if self.batches else {}
        return examples.get(position, self.leaves[position])

    def with_leaf(self, graph: Graph, name: str, value: Any) -> Bindings:
        """These bindings with another value for one leaf; for one that gets batches, with other examples.

        Then they are those of iteration 0.
        """
        if self.batches and graph.position(name) in self.batches.examples:
            return self._with_examples(graph, graph.position(name), value)
        named = {leaf.name: self.leaves[leaf.position] for leaf in graph.leaves}
        found = Bindings.of(graph, named | {name: value}, self.seed)
        return Bindings(found.leaves, found.seed, self.batches)

    def _with_examples(self, graph: Graph, position: int, examples: Any) -> Bindings:
        assert self.batches is not None
        given, name = self.batches.examples[position], graph.nodes[position].name
        found = numbers_of(name, examples)
        if found.shape != given.shape:
            raise UsageError(
                msg(
                    "{name} has shape {shape}, but its value has shape {given}",
                    name=name,
                    shape=shape_text(given.shape),
                    given=shape_text(found.shape),
                )
            )
        for node, constant, reason in refused_examples(
            graph, self.leaves, {position: found}, self.batches.size
        ):
            name = graph.nodes[constant].name
            raise UsageError(
                msg("{name} is not valid for {node}: {reason}", name=name, node=node, reason=reason)
            )
        cast = _cast(graph, position, found)
        return Bindings(self.leaves, self.seed, self.batches.with_examples(position, cast)).at(0)

    def with_batches(
        self, graph: Graph, size: int, seed: int | None, examples: Mapping[int, Any]
    ) -> Bindings:
        """These bindings with batches of `size` of the `examples`, by leaf, for a training."""
        cast = {position: _cast(graph, position, given) for position, given in examples.items()}
        return Bindings(self.leaves, self.seed, Batches(size, seed, cast)).at(0)


def refused_examples(
    graph: Graph, leaves: Mapping[int, Any], examples: Mapping[int, Any], size: int
) -> list[tuple[str, int, Message]]:
    """As `refusals`, for all of the examples that leaves get `size` of at a time."""
    count = min(len(given) for given in examples.values())
    begins = [*range(0, count - size, size), count - size]
    for begin in begins:
        batch = {position: given[begin : begin + size] for position, given in examples.items()}
        found = refusals(graph, {**leaves, **batch})
        if found:
            return found
    return []


def numbers_of(name: str, value: Any) -> Tensor:
    """What is given for a node, as an array; `UsageError` if it is not an array of numbers."""
    try:
        given = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        given = np.asarray(None)
    if given.dtype.kind not in "biuf":
        raise UsageError(msg("the value for {name} is neither a number nor a regular list", name=name))
    return given


def _cast(graph: Graph, position: int, value: Any) -> Tensor:
    """A leaf's value as operators get it: integers where they are indices, else the graph's dtype."""
    return freeze(value, np.dtype(np.int64) if position in graph.index_leaves else graph.dtype)


def refusals(graph: Graph, values: Mapping[int, Any]) -> list[tuple[str, int, Message]]:
    """The nodes whose operators refuse constants in `values` (by position): name, constant, and reason."""
    found: list[tuple[str, int, Message]] = []
    if not any(op.refuse for op in graph.ops):
        return found
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
                msg("the output has shape {shape}, so a seed is required", shape=shape_text(shape))
            )
        seed = 1.0
    tensor = freeze(seed, graph.dtype)
    if tensor.shape == ():
        return settle(np.broadcast_to(tensor, shape).copy(), graph.dtype)
    if tensor.shape != shape:
        raise UsageError(
            msg(
                "the seed has shape {given}, but the output has shape {shape}",
                given=shape_text(tensor.shape),
                shape=shape_text(shape),
            )
        )
    return tensor
