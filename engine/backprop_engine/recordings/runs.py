"""A recorded run as the debugger has runs: each run of the backward engine is an iteration of one graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from backprop_engine.arrays import Tensor, is_stored, same
from backprop_engine.errors import UsageError
from backprop_engine.explain.overrides import changed_by_hook
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.graph.steps import Schedule
from backprop_engine.messages.message import msg
from backprop_engine.recordings.graphs import graph_of
from backprop_engine.recordings.plans import RunPlan
from backprop_engine.recordings.recording import Recording
from backprop_engine.recordings.traces import trace_of
from backprop_engine.trace.recompute import recompute
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Edit, GradientEdit, Trace, ValueEdit
from backprop_engine.trace.training_history import TrainingHistory

__all__ = ["RecordedRun"]


class RecordedRun(Run):
    """The iterations that were recorded of one graph, as `plans`; a trace maps its tensors when asked."""

    def __init__(self, recording: Recording, plans: Sequence[RunPlan], steps: Sequence[int]) -> None:
        self.recording, self.plans, self.steps = recording, tuple(plans), tuple(steps)
        self.recorded = graph_of(plans[0], recording.manifest.model, _dtype(plans[0]))
        self.training, self.edits = None, ()
        self.graph: Graph = self.recorded.graph
        self._traces: dict[int, Trace] = {}
        self._computed: dict[int, Trace] = {}
        """Iterations that were computed here after a change."""
        self.bindings = self.trace(0).bindings
        reached = [node.position for node in self.graph.leaves if self.graph.gets_gradient(node.position)]
        self.history = TrainingHistory(self.graph, tuple(reached), self.iterations)

    @property
    def iterations(self) -> int:
        """How many runs of the engine there are."""
        return len(self.plans)

    @property
    def has_iterations(self) -> bool:
        """Whether there is more than one of them."""
        return self.iterations > 1

    @property
    def last(self) -> int:
        """The last position of all."""
        return self.iterations * self.length

    def schedule(self, iteration: int) -> Schedule:
        """The schedule, the same for all iterations."""
        return self.graph.schedule

    def _made(self, iteration: int) -> Trace:
        if iteration in self._computed:
            return self._computed[iteration]
        return trace_of(self.recording, self.recorded, self.plans[iteration], iteration)

    def missing(self, iteration: int) -> int:
        """Nothing has to be computed to look at an iteration."""
        return 0

    def nearest(self, iteration: int) -> int:
        """Each iteration can be looked at without any other."""
        return iteration

    def approach(self, iteration: int) -> None:
        """Nothing lies on the way to an iteration."""

    def extend(self) -> bool:
        """Note the loss and the norms of one more iteration; whether any are left."""
        if self.history.count < self.iterations:
            self.history.note(self._made(self.history.count))
        return self.history.count < self.iterations

    def losses(self) -> Iterator[Tensor]:
        """The value of the output in each iteration."""
        return (self._made(at).values[self.graph.output] for at in range(self.iterations))

    def bindings_at(self, iteration: int) -> Bindings:
        """The numbers of the leaves as they were recorded in an iteration."""
        return self.trace(iteration).bindings

    def changed(self, bindings: Bindings, edits: tuple[Edit, ...], trace: Trace) -> Run:
        """The run with the iteration of `trace` recomputed; `UsageError` where that is not possible."""
        _refuse_unknown(trace, bindings, edits)
        hooks = tuple(edit for edit in trace.edits if isinstance(edit, GradientEdit) and edit.by_hook)
        made = replace(recompute(trace, bindings, (*hooks, *edits)).trace, iteration=trace.iteration)
        other = copy(self)
        other._traces, other._computed = {}, {**self._computed, trace.iteration: made}
        return other


def _refuse_unknown(trace: Trace, bindings: Bindings, edits: Iterable[Edit]) -> None:
    """Refuse a change that reaches an operator that is none of ours, or entries that were not stored."""
    graph = trace.graph
    moved = {at for at, tensor in bindings.leaves.items() if not same(tensor, trace.values[at])}
    overridden = {graph.position(edit.node) for edit in edits if isinstance(edit, ValueEdit)}
    moved |= overridden
    for position in graph.order:
        node = graph.nodes[position]
        if not any(operand in moved for operand in node.operands):
            continue
        moved.add(position)
        _refuse(trace, node)
    handed = {graph.position(edit.node) for edit in edits} - overridden
    for edge in graph.edges:
        node = graph.nodes[edge.node]
        if edge.node in handed or edge.node in moved or any(operand in moved for operand in node.operands):
            handed.add(edge.operand)
            _refuse(trace, node)
            if changed_by_hook(trace, edge.operand):
                name = graph.nodes[edge.operand].name
                raise UsageError(
                    msg("a hook changed the gradient of {name}, and cannot be run here", name=name)
                )


def _refuse(trace: Trace, node: Node) -> None:
    """Refuse a node that cannot be computed again."""
    assert node.op is not None
    if node.op.recorded:
        raise UsageError(
            msg(
                "{node} depends on this change, and {op} is none of our operators: it was recorded, and "
                "cannot be computed here",
                node=node.name,
                op=node.op.name,
            )
        )
    for position in (node.position, *node.operands):
        if not is_stored(trace.values[position]):
            raise UsageError(
                msg(
                    "{node} depends on this change, and the entries of {missing} were not stored",
                    node=node.name,
                    missing=trace.graph.nodes[position].name,
                ),
                msg("record with `cells=None`, or with more cells, to store them"),
            )


def _dtype(plan: RunPlan) -> np.dtype[Any]:
    """Double precision where something was recorded in it, else single, which holds half precision too."""
    entries = (node.value for node in plan.nodes)
    wide = any(entry is not None and entry.dtype == "F64" for entry in entries)
    return np.dtype(np.float64 if wide else np.float32)
