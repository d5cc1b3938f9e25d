"""One run of the backward engine as a trace whose tensors are read on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import (
    Measured,
    Shape,
    Tensor,
    broadcast_axes,
    is_stored,
    settle,
    sum_axes,
)
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.steps import Edge
from backprop_engine.ops.shape_rules import broadcasts_to
from backprop_engine.recordings.casts import ROUNDINGS
from backprop_engine.recordings.events import TensorEntry
from backprop_engine.recordings.graphs import RecordedGraph
from backprop_engine.recordings.planned_nodes import PlannedNode
from backprop_engine.recordings.plans import RunPlan
from backprop_engine.recordings.recording import Recording
from backprop_engine.recordings.tensors import added, constant, joined, placed, reader, zeros
from backprop_engine.trace.lazy_tensors import LazyTensors, SuppliedLeaves, Supply
from backprop_engine.trace.trace import GradientEdit, Trace

__all__ = ["trace_of"]

_CLOSE: Final = 1e-2
"""The relative difference allowed between two norms of one tensor, of which one may be in half precision."""


def trace_of(recording: Recording, recorded: RecordedGraph, plan: RunPlan, iteration: int) -> Trace:
    """The trace of one run of the engine; no tensor is read."""
    return _Tracer(recording, recorded, plan).trace(iteration)


class _Tracer:
    def __init__(self, recording: Recording, recorded: RecordedGraph, plan: RunPlan) -> None:
        self.recording, self.recorded, self.plan = recording, recorded, plan
        self.graph, self.dtype = recorded.graph, recorded.graph.dtype
        leaves, computed = plan.leaves, plan.computed
        literals = len(self.graph.nodes) - len(leaves) - len(computed)
        self.planned: list[PlannedNode | None] = [*leaves, *[None] * literals, *computed]

    def trace(self, iteration: int) -> Trace:
        graph, output = self.graph, self.graph.output
        values = [self._value(position) for position in range(len(graph.nodes))]
        gradients = [self._gradient(position) for position in range(len(graph.nodes))]
        contributions = [self._contribution(edge) for edge in graph.edges]
        arrived: list[Supply] = []
        sums: dict[int, Supply] = {}
        for edge, contribution in zip(graph.edges, contributions, strict=True):
            before = sums.get(edge.operand)
            sums[edge.operand] = contribution if before is None else added(before, contribution)
            arrived.append(sums[edge.operand])
        for position, uses in graph.schedule.uses_of.items():
            whole = gradients[position]
            if whole is None:
                gradients[position] = arrived[uses[-1]]
            else:
                arrived[uses[-1]] = whole  # to the bit what the engine went on with
        hooks = tuple(self._hooks(gradients))
        seed = gradients[output] or constant(np.ones(graph.nodes[output].shape), self.dtype)
        gradients[output] = seed
        tensors = LazyTensors(values)
        leaves = SuppliedLeaves({leaf.position: values[leaf.position] for leaf in graph.leaves})
        return Trace(
            graph,
            Bindings(leaves, seed.make()),
            hooks,
            tensors,
            tensors,
            tensors,
            LazyTensors(contributions),
            LazyTensors(arrived),
            LazyTensors(gradients),
            iteration=iteration,
            roundings=self._roundings(),
        )

    def _roundings(self) -> Mapping[int, float]:
        """The rounding of each node that was recorded in a type narrower than the graph's."""
        own = float(np.finfo(self.dtype).eps)
        found = {
            position: max((ROUNDINGS.get(entry.dtype, 0.0) for entry in _entries(known)), default=0.0)
            for position, known in enumerate(self.planned)
            if known is not None
        }
        return {position: rounding for position, rounding in found.items() if rounding > own}

    def _hooks(self, gradients: Sequence[Supply | None]) -> Iterator[GradientEdit]:
        """The gradients that a hook changed: their norms cannot be those of the sum of contributions."""
        for position, uses in self.graph.schedule.uses_of.items():
            known, gradient = self.planned[position], gradients[position]
            handed = [self._handed(self.graph.edges[index]) for index in uses]
            if known is None or known.kind == "tuple" or known.gradient is None or gradient is None:
                continue
            if _changed(known.gradient, handed):
                yield GradientEdit(self.graph.nodes[position], gradient.make(), by_hook=True)

    def _handed(self, edge: Edge) -> TensorEntry | None:
        """The recorded contribution along an edge."""
        node, at = self.planned[edge.node], self.recorded.arguments[edge.node][edge.argnum]
        assert node is not None
        assert at is not None
        return node.operands[at].contribution

    def _read(self, entry: TensorEntry | None, shape: Shape, dtype: np.dtype[Any] | None = None) -> Supply:
        return reader(self.recording, entry, shape, dtype or self.dtype)

    def _value(self, position: int) -> Supply:
        known, node = self.planned[position], self.graph.nodes[position]
        if known is None and position in self.recorded.numbers:
            return constant(self.plan.computed[self.recorded.numbers[position]].number, self.dtype)
        if known is None:
            return constant(self.graph.literals[position], self.dtype)
        if known.kind == "total":
            return self._total(position)
        if known.kind == "tuple":
            parts = [(self._read(part.value, part.shape), part.shape) for part in known.parts]
            return joined(parts, self.dtype)
        kind = np.dtype(np.int64) if position in self.graph.index_leaves else self.dtype
        return self._read(known.value, node.shape, kind)

    def _total(self, position: int) -> Supply:
        """The sum of scalar roots; that of other roots was not recorded."""
        node = self.graph.nodes[position]
        if node.op is None or node.op.recorded:
            return self._read(None, node.shape)
        first, second = (self._value(operand) for operand in node.operands)
        return added(first, second)

    def _gradient(self, position: int) -> Supply | None:
        """The gradient that the engine passed to a node; None if it passed none."""
        known = self.planned[position]
        if known is None or known.kind == "tuple":
            return None
        return None if known.gradient is None else self._read(known.gradient, known.shape)

    def _contribution(self, edge: Edge) -> Supply:
        node, whole = self.planned[edge.node], self.planned[edge.operand]
        assert node is not None
        handed, at = self._handed(edge), self.recorded.arguments[edge.node][edge.argnum]
        assert at is not None
        if node.kind == "part" and whole is not None:
            given = self._read(handed, node.shape)
            places = [(given if part is node else None, part.shape) for part in whole.parts]
            return joined(places, self.dtype)
        shape = self.graph.nodes[edge.operand].shape
        place = node.operands[at].placed
        if place and handed is not None:
            return placed(self._read(handed, node.shape), place, shape, self.dtype)
        if handed is None:  # the engine treats what is not given as zeros
            return zeros(shape, self.dtype)
        recorded = tuple(handed.shape)
        return _summed(self._read(handed, recorded), recorded, shape, self.dtype)


def _entries(known: PlannedNode) -> Iterator[TensorEntry]:
    """What was recorded of a node: its value, its gradient, and what it passed on."""
    given = (known.value, known.gradient, *(edge.contribution for edge in known.operands))
    yield from (entry for entry in given if entry is not None)


def _changed(gradient: TensorEntry, handed: Sequence[TensorEntry | None]) -> bool:
    """Whether a gradient cannot be the sum of what was handed to it: one contribution has another norm than
    it, or all of them together are too small.
    """
    given = [entry for entry in handed if entry is not None]
    if any(entry.shape != gradient.shape or entry.norm is None for entry in given) or gradient.norm is None:
        return False
    if any(entry.id == gradient.id for entry in given) or not given:
        return False
    most = sum(entry.norm or 0.0 for entry in given)
    if len(given) == 1:
        return abs(gradient.norm - most) > _CLOSE * max(gradient.norm, most)
    return gradient.norm > most * (1 + _CLOSE)


def _summed(supply: Supply, recorded: Shape, shape: Shape, dtype: np.dtype[Any]) -> Supply:
    """A contribution of the shape `recorded`, in its operand's shape: the engine sums broadcast axes."""
    if recorded == shape:
        return supply

    def add_up() -> Tensor:
        tensor = supply.make()
        if not is_stored(tensor) or not broadcasts_to(tensor.shape, shape):
            return Measured.without_entries(shape, dtype, None)
        with np.errstate(all="ignore"):
            return settle(sum_axes(np.asarray(tensor), broadcast_axes(tensor.shape, shape), shape), dtype)

    return Supply(add_up)
