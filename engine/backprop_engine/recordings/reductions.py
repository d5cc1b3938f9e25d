"""The all-reduces of a recorded run, whose tensors are read on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from backprop_engine.arrays import Measured, Shape, Tensor, is_stored, settle
from backprop_engine.graph.graph import Graph
from backprop_engine.recordings.events import TensorEntry
from backprop_engine.recordings.plans import RunPlan
from backprop_engine.recordings.ranks import Ranks
from backprop_engine.recordings.recording import EngineRun
from backprop_engine.recordings.tensors import added, reader
from backprop_engine.trace.lazy_tensors import Supply
from backprop_engine.trace.reduction import GradientReduction

__all__ = ["RecordedReductions", "reduced_leaves"]


def reduced_leaves(plan: RunPlan) -> tuple[int, ...]:
    """The positions of the leaves whose gradients are reduced between ranks after a run of the engine."""
    return tuple(at for at, leaf in enumerate(plan.leaves) if leaf.reduced is not None)


class RecordedReductions(Mapping[int, GradientReduction]):
    """The reductions between ranks after one run of the engine, by the position of the leaf.

    A rank contributes the gradient that its leaf held before, plus the one that arrived.
    """

    def __init__(self, ranks: Ranks, rank: int, step: int, graph: Graph, plan: RunPlan) -> None:
        self._ranks, self._rank, self._step, self._graph, self._plan = ranks, rank, step, graph, plan

    def __getitem__(self, position: int) -> GradientReduction:
        leaf = self._plan.leaves[position]
        if leaf.reduced is None:
            raise KeyError(position)
        name, shape = leaf.reduced.leaf, self._graph.nodes[position].shape
        given = {rank: self._contribution(rank, run, name, shape) for rank, run in self._runs.items()}
        known = {rank: supply.make() for rank, supply in given.items() if supply is not None}
        parts = {rank: run.reduced[name] for rank, run in self._runs.items() if name in run.reduced}
        first, rows = leaf.reduced.first, None
        if first is None:
            result = self._read(self._rank, leaf.reduced.gradient, shape).make()
        else:
            entries = [(rank, part.gradient) for rank, part in parts.items()]
            result = self._joined(entries, shape)
            rows = range(first, first + (leaf.reduced.gradient.shape or (0,))[0])
        return GradientReduction(known, result, self._rank, rows)

    def __iter__(self) -> Iterator[int]:
        return iter(reduced_leaves(self._plan))

    def __len__(self) -> int:
        return len(reduced_leaves(self._plan))

    @cached_property
    def _runs(self) -> Mapping[int, EngineRun]:
        """The run of the engine on each rank whose gradients are reduced with those of this one."""
        found: dict[int, EngineRun] = {}
        own = _reducing(self._ranks.step(self._step)[self._rank].runs)
        turn = next(at for at, run in enumerate(own) if run is self._plan.run)
        for rank, step in self._ranks.step(self._step).items():
            runs = _reducing(step.runs)
            if turn < len(runs):
                found[rank] = runs[turn]
        return found

    def _read(self, rank: int, entry: TensorEntry, shape: Shape) -> Supply:
        return reader(self._ranks.recordings[rank], entry, shape, self._graph.dtype)

    def _contribution(self, rank: int, run: EngineRun, leaf: str, shape: Shape) -> Supply | None:
        """The gradient that a rank contributes; None if its leaf got none."""
        node = run.leaves.get(leaf)
        call = None if node is None else run.call_of.get(node.node)
        entry = call.upstream[0] if call is not None and call.upstream else None
        if node is None or entry is None:
            return None
        arrived = self._read(rank, entry, shape)
        return arrived if node.held is None else added(self._read(rank, node.held, shape), arrived)

    def _joined(self, parts: Sequence[tuple[int, TensorEntry]], shape: Shape) -> Tensor:
        """The result from the rows that each rank keeps; not stored if some are missing."""
        tensors = [self._read(rank, entry, tuple(entry.shape)).make() for rank, entry in parts]
        rows = sum(tensor.shape[0] if tensor.ndim == len(shape) else 0 for tensor in tensors)
        fits = all(tensor.shape[1:] == shape[1:] and is_stored(tensor) for tensor in tensors)
        if not shape or rows != shape[0] or not fits:
            return Measured.without_entries(shape, self._graph.dtype, None)
        return settle(np.concatenate([np.asarray(tensor) for tensor in tensors]), self._graph.dtype)


def _reducing(runs: Sequence[EngineRun]) -> list[EngineRun]:
    """The runs of the engine after which gradients were reduced between ranks."""
    return [run for run in runs if run.reduced]
