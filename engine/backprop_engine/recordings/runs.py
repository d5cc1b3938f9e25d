"""A recording as a `Run`: each run of the backward engine is an iteration of one graph."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from backprop_engine.arrays import Tensor, is_stored, same
from backprop_engine.errors import UsageError
from backprop_engine.explain.overrides import changed_by_hook
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.graph.steps import Schedule
from backprop_engine.messages.message import msg
from backprop_engine.recordings.graphs import RecordedGraph, graph_of
from backprop_engine.recordings.plans import RunPlan
from backprop_engine.recordings.ranks import Ranks
from backprop_engine.recordings.reductions import RecordedReductions, reduced_leaves
from backprop_engine.recordings.traces import trace_of
from backprop_engine.trace.recompute import recompute
from backprop_engine.trace.reduction import GradientReduction
from backprop_engine.trace.run import Moment, Run, RunOrigin
from backprop_engine.trace.trace import Edit, GradientEdit, Trace, ValueEdit
from backprop_engine.trace.training_history import TrainingHistory

__all__ = ["RecordedRun", "Siblings"]


class Siblings(Protocol):
    """The runs of the same recording on other ranks and of other backward passes."""

    ranks: Ranks

    def run(self, rank: int, number: int) -> RecordedRun:
        """The run of a backward pass on a rank."""
        ...

    def counterpart(self, run: RecordedRun, rank: int) -> RecordedRun:
        """The run of the same graph on another rank."""
        ...


class RecordedRun(Run):
    """The recorded iterations of one graph on one rank.

    Each iteration has its plan and its moment. Tensors are read on demand. `recorded` is the graph of the
    plans if it is known already, as from another rank.
    """

    def __init__(
        self,
        siblings: Siblings,
        plans: Sequence[RunPlan],
        moments: Sequence[Moment],
        origin: RunOrigin,
        recorded: RecordedGraph | None = None,
    ) -> None:
        self.siblings, self.plans, self.moments = siblings, tuple(plans), tuple(moments)
        self._origin = origin
        self.rank = next(iter(siblings.ranks.recordings)) if origin.rank is None else origin.rank
        self.recording = siblings.ranks.recordings[self.rank]
        self.signature = plans[0].signature
        self.recorded = recorded or graph_of(plans, self.recording.manifest.model, _dtype(plans[0]))
        self.training, self.edits = None, ()
        self.graph: Graph = self.recorded.graph
        reduced = reduced_leaves(plans[0])
        self._schedule = replace(self.graph.schedule, reduced=reduced) if reduced else self.graph.schedule
        self._traces: dict[int, Trace] = {}
        self._computed: dict[int, Trace] = {}
        """Iterations that were computed here after a change."""
        self.bindings = self.trace(0).bindings
        reached = [node.position for node in self.graph.leaves if self.graph.gets_gradient(node.position)]
        self.history = TrainingHistory(self.graph, tuple(reached), self.iterations)

    @property
    def iterations(self) -> int:
        """The number of recorded runs of the backward engine."""
        return len(self.plans)

    @property
    def has_iterations(self) -> bool:
        """Whether there is more than one iteration."""
        return self.iterations > 1

    @property
    def origin(self) -> RunOrigin:
        """The rank and the backward pass that the run comes from."""
        return self._origin

    def moment(self, iteration: int) -> Moment:
        """When an iteration ran."""
        return self.moments[iteration]

    def at_moment(self, moment: Moment) -> int:
        """The last iteration that ran at a moment or before it; the first if there is none."""
        return max(0, bisect_right(self.moments, moment) - 1)

    def iteration_label(self, iteration: int) -> str:
        """The number of the recorded step; if it has several runs, followed by that of the run: `7.2`."""
        step, turn = self.moments[iteration]
        several = turn or self.moments[iteration + 1 : iteration + 2] == (Moment(step, 1),)
        return f"{step}.{turn + 1}" if several else str(step)

    def iterations_of(self, step: int) -> range:
        """The iterations that ran in a recorded step."""
        return range(bisect_left(self.moments, Moment(step)), bisect_left(self.moments, Moment(step + 1)))

    @cached_property
    def _places(self) -> NDArray[np.float64]:
        turns = Counter(moment.step for moment in self.moments)
        return np.array([step + turn / turns[step] for step, turn in self.moments])

    def places(self, iterations: NDArray[np.int64]) -> NDArray[np.float64]:
        """The recorded steps of iterations; those of one step are spread evenly up to the next."""
        return self._places[iterations]

    def at_place(self, place: float) -> int:
        """The iteration nearest to a coordinate on that axis."""
        return int(np.argmin(np.abs(self._places - place)))

    def iteration_labelled(self, label: str) -> int:
        """The iteration that has this label; for a bare step number, the first of that step."""
        step, _, turn = label.partition(".")
        if (step + (turn or "1")).isdecimal():
            wanted = Moment(int(step), int(turn or "1") - 1)
            found = bisect_left(self.moments, wanted)
            if self.moments[found : found + 1] == (wanted,):
                return found
        raise self._no_iteration(label)

    def on_rank(self, rank: int | None = None) -> Run:
        """The run of the same graph on another rank, by default the next."""
        ranks = self.origin.ranks
        if len(ranks) < 2:
            return super().on_rank(rank)
        if rank is None:
            rank = ranks[(ranks.index(self.rank) + 1) % len(ranks)]
        return self.siblings.counterpart(self, rank)

    def in_pass(self, number: int | None = None) -> Run:
        """The run of another backward pass on this rank, by default the next."""
        if self.origin.passes < 2:
            return super().in_pass(number)
        following = self.origin.pass_number % self.origin.passes + 1
        return self.siblings.run(self.rank, following if number is None else number)

    @property
    def length(self) -> int:
        """The number of steps of an iteration."""
        return self._schedule.last

    @property
    def last(self) -> int:
        """The last position of all."""
        return self.iterations * self.length

    def schedule(self, iteration: int) -> Schedule:
        """The schedule, the same for all iterations."""
        return self._schedule

    def _made(self, iteration: int) -> Trace:
        if iteration in self._computed:
            return self._computed[iteration]
        plan = self.plans[iteration]
        made = trace_of(self.recording, self.recorded, plan, iteration)
        if self._schedule is self.graph.schedule:
            return made
        step = self.moments[iteration].step
        reduced = RecordedReductions(self.siblings.ranks, self.rank, step, self.graph, plan)
        return replace(made, plan=self._schedule, reduced=reduced)

    def missing(self, iteration: int) -> int:
        """Nothing has to be computed to view an iteration."""
        return 0

    def nearest(self, iteration: int) -> int:
        """Each iteration can be viewed without any other."""
        return iteration

    def approach(self, iteration: int) -> None:
        """Nothing lies on the way to an iteration."""

    def extend(self) -> bool:
        """Add the loss and the norms of one more iteration to the history; whether any are left."""
        if self.history.count < self.iterations:
            self.history.note(self._made(self.history.count))
        return self.history.count < self.iterations

    def losses(self) -> Iterator[Tensor]:
        """The value of the output in each iteration."""
        return (self._made(at).values[self.graph.output] for at in range(self.iterations))

    def bindings_at(self, iteration: int) -> Bindings:
        """The values of the leaves as they were recorded in an iteration."""
        return self.trace(iteration).bindings

    def changed(self, bindings: Bindings, edits: tuple[Edit, ...], trace: Trace) -> Run:
        """The run with the iteration of `trace` recomputed; `UsageError` if that is not possible."""
        _refuse_unknown(trace, bindings, edits)
        hooks = tuple(edit for edit in trace.edits if isinstance(edit, GradientEdit) and edit.by_hook)
        made = recompute(trace, bindings, (*hooks, *edits)).trace
        reduced = {at: _reduced_again(trace, made, at) for at in trace.reduced}
        roundings = trace.roundings  # of what was not computed again
        made = replace(made, iteration=trace.iteration, plan=trace.plan, reduced=reduced, roundings=roundings)
        other = copy(self)
        other._traces, other._computed = {}, {**self._computed, trace.iteration: made}
        return other


def _reduced_again(before: Trace, after: Trace, leaf: int) -> GradientReduction:
    """The reduction of a leaf's gradients after a change of this rank's."""
    old, new = before.gradients[leaf], after.gradients[leaf]
    if old is new or new is None or (old is not None and same(old, new)):
        return before.reduced[leaf]
    return before.reduced[leaf].with_own(new)


def _refuse_unknown(trace: Trace, bindings: Bindings, edits: Iterable[Edit]) -> None:
    """Refuse a change that reaches an operator outside the table, or entries that were not stored."""
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
    """Refuse a node that cannot be recomputed."""
    assert node.op is not None
    if node.op.recorded:
        raise UsageError(
            msg(
                "{node} depends on this change, but cannot be recomputed: it was recorded, and there is no "
                "operator {op} here",
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
    """Double precision if any value was recorded in it, else single, which holds half precision exactly."""
    entries = (node.value for node in plan.nodes)
    wide = any(entry is not None and entry.dtype == "F64" for entry in entries)
    return np.dtype(np.float64 if wide else np.float32)
