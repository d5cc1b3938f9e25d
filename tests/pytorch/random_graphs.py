"""Random graphs over all families, for comparing whole runs with PyTorch.

A graph is grown node by node around one operator that must be in it. An operator's shapes and settings are
those of one of its samples in the table; each operand is a node that is already there, or a new leaf, or a
leaf joined with what is there, so that values are used again, broadcast and reduced on the way. Operands are
brought into the range that the sample is drawn from, by the sigmoid, where they lie outside: logarithms and
quotients stay well-conditioned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import opinion
import torch
from hypothesis import strategies as st

from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.ops import OPS, Op, Sample

__all__ = ["DIFFERENTIABLE", "RandomRun", "runs"]

Choose = Callable[[Any], Any]


def _has_gradient(op: Op) -> bool:
    sample = op.samples[0]
    attributes = {one.name: one.default for one in op.attributes} | dict(sample.attributes)
    return any(op.rules_for(tuple(map(np.shape, sample.draw())), attributes))


DIFFERENTIABLE = tuple(op.name for op in OPS.values() if _has_gradient(op))


def _samples(op: Op) -> list[Sample]:
    """The samples that have entries, of which PyTorch refuses none."""
    refused = [("batch_norm", ((1, 3),)), ("instance_norm", ((1, 1, 1),))]
    return [
        sample
        for sample in op.samples
        if (op.name, tuple(map(np.shape, sample.draw()))) not in refused
        and all(np.size(one) for one in sample.draw())
    ]


SAMPLES = {name: _samples(OPS[name]) for name in DIFFERENTIABLE}


class RandomRun(NamedTuple):
    """A random graph and numbers for it; `required` is the node of the operator that it was grown around."""

    graph: Graph
    bindings: Bindings
    required: str


class _Growing:
    """A graph as far as it is grown, with the value of every node."""

    def __init__(self, choose: Choose, seed: int) -> None:
        self.choose, self.random = choose, np.random.default_rng(seed)
        self.builder = GraphBuilder()
        self.leaves: dict[str, Any] = {}
        self.values: list[Any] = []
        self.moving: set[int] = set()
        """The nodes that gradient flows from."""
        self.names: dict[int, str] = {}
        self.used: dict[int, int] = {}

    def chance(self, tenths: int) -> bool:
        return bool(self.choose(st.integers(1, 10)) <= tenths)

    def leaf(self, kind: Kind, value: Any) -> int:
        name = f"x{len(self.leaves)}"
        self.leaves[name] = value
        return self._keep(self.builder.leaf(name, kind, np.shape(value)), opinion.tensor(value), kind)

    def drawn(self, shape: tuple[int, ...], low: float, high: float) -> int:
        kind = self.choose(st.sampled_from((Kind.INPUT, Kind.PARAM)))
        return self.leaf(kind, self.random.uniform(low, high, shape))

    def literal(self, value: float) -> int:
        return self._keep(self.builder.literal(value), opinion.tensor(value))

    def apply(self, name: str, *operands: int, **attributes: Any) -> int:
        op = OPS[name]
        made = f"n{len(self.values)}"
        position = self.builder.apply(op, operands, made, attributes=attributes)
        given = self.builder.node(position).attributes
        values = [self.values[one] for one in operands]
        value = opinion.apply(name, values, given, **opinion.OUR_CONVENTIONS)
        self._keep(position, value)
        self.names[position] = made
        rules = self.builder.node(position).rules
        for rule, operand in zip(rules, operands, strict=True):
            if rule is not None and operand in self.moving:
                self.moving.add(position)
                self.used[operand] = self.used.get(operand, 0) + 1
        return position

    def _keep(self, position: int, value: Any, kind: Kind | None = None) -> int:
        assert position == len(self.values)
        self.values.append(value)
        if kind in (Kind.INPUT, Kind.PARAM):
            self.moving.add(position)
        return position

    def shape(self, position: int) -> tuple[int, ...]:
        return self.builder.shape(position)

    def present(self) -> list[int]:
        """The nodes that gradient flows from, the most recent first."""
        return sorted(self.moving, reverse=True)

    def within(self, position: int, low: float, high: float) -> int:
        """The node, or a sigmoid of it between the bounds where it is out of them."""
        value = self.values[position]
        if bool(torch.all((value >= low) & (value <= high))):
            return position
        part = self.apply("mul", self.apply("sigmoid", position), self.literal(high - low))
        return self.apply("add", part, self.literal(low))

    def scalar(self) -> int:
        """A recent node, or its mean where it has entries."""
        position = self.choose(st.sampled_from(self.present()[:4]))
        return position if self.shape(position) == () else self.apply("mean", position)

    def operand(self, shape: tuple[int, ...], low: float, high: float) -> int:
        """A node of this shape: one that is there, a leaf, or a leaf joined with what is there."""
        there = [one for one in self.present() if self.shape(one) == shape]
        if there and self.chance(7):
            return self.within(self.choose(st.sampled_from(there[:3])), low, high)
        fresh = self.drawn(shape, low, high)
        if len(self.moving) == 1 or self.chance(2):
            return fresh
        if shape and self.chance(3):
            row = self.drawn(shape[-1:], -0.5, 0.5)
            return self.within(self.apply("add", fresh, row), low, high)
        return self.within(
            self.apply(self.choose(st.sampled_from(("mul", "add"))), fresh, self.scalar()), low, high
        )

    def grow(self, name: str) -> int:
        """One more node, of this operator."""
        op = OPS[name]
        sample: Sample = self.choose(st.sampled_from(SAMPLES[name]))
        drawn = sample.draw(int(self.random.integers(2**16)))
        indices = op.indices(*map(np.shape, drawn)) if op.indices else ()
        operands = []
        for argnum, (called, given, tensor) in enumerate(
            zip(op.names(len(drawn)), sample.operands, drawn, strict=True)
        ):
            fixed = called in op.constants or argnum in indices or tensor.dtype.kind == "b"
            if fixed:
                operands.append(self.leaf(Kind.CONSTANT, tensor))
            elif isinstance(given, tuple):
                operands.append(self.operand(given, sample.low, sample.high))
            else:
                operands.append(self.leaf(Kind.INPUT, tensor))
        return self.apply(name, *operands, **sample.attributes)

    def projected(self, position: int) -> int:
        """A scalar of this node: weighted and summed, for what is standardised sums to nothing."""
        if self.chance(3):
            position = self.apply("mul", position, self.apply("tanh", position))
        shape = self.shape(position)
        if not shape:
            return position
        weights = self.drawn(shape[-1:] if self.chance(3) else shape, 0.5, 1.5)
        return self.apply("sum", self.apply("mul", position, weights))


@st.composite
def runs(draw: st.DrawFn, required: str) -> RandomRun:
    """Graphs with the operator `required` on the way to the output."""
    growing = _Growing(draw, draw(st.integers(0, 2**32 - 1)))
    growing.drawn(draw(st.sampled_from(((), (3,), (2, 3), (2, 1), (1, 3), (3, 2)))), -1.5, 1.5)
    before = draw(st.lists(st.sampled_from(DIFFERENTIABLE), max_size=3))
    after = draw(st.lists(st.sampled_from(DIFFERENTIABLE), max_size=3))
    for name in before:
        growing.grow(name)
    wanted = growing.grow(required)
    for name in after:
        growing.grow(name)
    # everything that nothing uses yet is brought together, so that all of it leads to the output
    loose = [one for one in sorted(growing.moving) if one not in growing.used and one in growing.names]
    parts = [growing.projected(one) for one in loose]
    output = parts[0]
    for one in parts[1:]:
        output = growing.apply("add", output, one)
    graph = growing.builder.build(growing.names[output])
    upstream = growing.random.uniform(0.5, 1.5, graph.nodes[graph.output].shape)
    return RandomRun(graph, Bindings.of(graph, growing.leaves, upstream), growing.names[wanted])
