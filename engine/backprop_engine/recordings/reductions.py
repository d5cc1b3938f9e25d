"""The gradients that ranks put together, as steps of a run: mapped when they are asked for."""

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
    """The positions of the leaves whose gradients ranks put together after a run of the engine."""
    return tuple(at for at, leaf in enumerate(plan.leaves) if leaf.reduced is not None)


class RecordedReductions(Mapping[int, GradientReduction]):
    """What the ranks made of their gradients after one run of the engine, by the position of the leaf.

    A rank's contribution is what arrived at its leaf, and what that held before.
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
        """The run of the engine on each rank whose gradients are put together with those of this one."""
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
        """What a rank brings: the gradient of its leaf, with what the leaf held."""
        node = run.leaves.get(leaf)
        call = None if node is None else run.call_of.get(node.node)
        entry = call.upstream[0] if call is not None and call.upstream else None
        if node is None or entry is None:
            return None
        arrived = self._read(rank, entry, shape)
        return arrived if node.held is None else added(self._read(rank, node.held, shape), arrived)

    def _joined(self, parts: Sequence[tuple[int, TensorEntry]], shape: Shape) -> Tensor:
        """The parts of the result that ranks keep, one below another; not stored where some are missing."""
        tensors = [self._read(rank, entry, tuple(entry.shape)).make() for rank, entry in parts]
        rows = sum(tensor.shape[0] if tensor.ndim == len(shape) else 0 for tensor in tensors)
        fits = all(tensor.shape[1:] == shape[1:] and is_stored(tensor) for tensor in tensors)
        if not shape or rows != shape[0] or not fits:
            return Measured.without_entries(shape, self._graph.dtype, None)
        return settle(np.concatenate([np.asarray(tensor) for tensor in tensors]), self._graph.dtype)


def _reducing(runs: Sequence[EngineRun]) -> list[EngineRun]:
    """The runs of the engine after which ranks put something together."""
    return [run for run in runs if run.reduced]
