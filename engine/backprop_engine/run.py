"""A run of one or more iterations: lazily, a trace for each.

An iteration of training is the run of the graph, an update of each parameter, and a clearing; the last one is
a forward pass alone. Positions go through all of them: one iteration's last position is the next one's first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod
from typing import Any, Final

from msgspec import Struct

from backprop_engine.arrays import Tensor
from backprop_engine.bindings import Bindings
from backprop_engine.errors import UsageError
from backprop_engine.graph import Graph
from backprop_engine.optim import Optimizer, State
from backprop_engine.recording import record, record_forward
from backprop_engine.trace import Edit, Trace

__all__ = ["Run", "Training"]

_KEPT_CELLS: Final = 2**22
"""How many numbers the checkpoints of a run may hold together, roughly: 32 MiB in double precision."""
_KEPT_TRACES: Final = 4


class Training(Struct, frozen=True, eq=False):
    """`steps` updates of the parameters by `optimizer`, which has a value for each of its settings."""

    optimizer: Optimizer
    settings: Mapping[str, Any]
    steps: int


class _Checkpoint(Struct, frozen=True, eq=False):
    """What an iteration begins with: the numbers of the leaves, and what is remembered of each parameter."""

    bindings: Bindings
    states: Mapping[int, State]


class Run:
    """The iterations of a run; without training there is one.

    A trace is computed when it is asked for. Of the parameters some checkpoints are kept, so that going back
    to an iteration costs a few iterations, not all of them. What is computed does not depend on the order
    of asking.
    """

    def __init__(
        self, graph: Graph, bindings: Bindings, training: Training | None = None, edits: tuple[Edit, ...] = ()
    ) -> None:
        self.graph, self.bindings, self.training, self.edits = graph, bindings, training, edits
        self._checkpoints = {0: self._start()}
        self._traces: dict[int, Trace] = {}

    @classmethod
    def of(cls, trace: Trace) -> Run:
        """The run of a single trace that is there already."""
        run = cls(trace.graph, trace.bindings, None, trace.edits)
        run._traces[0] = trace
        return run

    @property
    def iterations(self) -> int:
        """How many there are: one more than there are updates."""
        return self.training.steps + 1 if self.training else 1

    @property
    def length(self) -> int:
        """The number of steps of an iteration that is not the last."""
        return (self.graph.training_schedule if self.training else self.graph.schedule).last

    @property
    def last(self) -> int:
        """The last position of all."""
        if self.training is None:
            return self.length
        return self.training.steps * self.length + self.graph.forward_schedule.last

    def locate(self, position: int) -> tuple[int, int]:
        """The iteration that a position lies in, and the position in its trace; `UsageError` outside 0…last.

        Where one iteration ends and the next begins, it is the end of the one.
        """
        if not 0 <= position <= self.last:
            raise UsageError(f"there is no position {position}: the run has positions 0 to {self.last}")
        if self.training is None or position == 0:
            return 0, position
        iteration, before = divmod(position - 1, self.length)
        return iteration, before + 1

    def start(self, iteration: int) -> int:
        """The position that an iteration begins at."""
        return iteration * self.length

    def trace(self, iteration: int = 0) -> Trace:
        """The trace of an iteration; `UsageError` where there is none."""
        if not 0 <= iteration < self.iterations:
            what = f"0 to {self.iterations - 1}" if self.training else "only 0 without `train`"
            raise UsageError(f"there is no iteration {iteration}: there is {what}")
        if iteration not in self._traces:
            made = self._record(iteration, self._checkpoint(iteration))
            while len(self._traces) >= _KEPT_TRACES:
                del self._traces[next(iter(self._traces))]
            self._traces[iteration] = made
        return self._traces[iteration]

    def losses(self) -> Iterator[Tensor]:
        """The output's value in each iteration, from the first on."""
        checkpoint = self._checkpoints[0]
        for iteration in range(self.iterations):
            trace = self._traces.get(iteration) or self._record(iteration, checkpoint)
            yield trace.values[self.graph.output]
            if iteration + 1 < self.iterations:
                checkpoint = self._after(trace, checkpoint)
                self._keep(iteration + 1, checkpoint)

    # Iterations

    def _start(self) -> _Checkpoint:
        if self.training is None:
            return _Checkpoint(self.bindings, {})
        optimizer, settings = self.training.optimizer, self.training.settings
        leaves = self.bindings.leaves
        updates = self.graph.training_schedule.updates or ()
        return _Checkpoint(self.bindings, {one: optimizer.start(leaves[one], settings) for one in updates})

    def _record(self, iteration: int, checkpoint: _Checkpoint) -> Trace:
        if self.training is None:
            return record(self.graph, checkpoint.bindings, self.edits)
        if iteration == self.training.steps:
            trace = record_forward(self.graph, checkpoint.bindings, self.edits)
            return replace(trace, iteration=iteration, training=self.training)
        trace = record(self.graph, checkpoint.bindings, self.edits)
        updated = {node: new for node, (new, _) in self._updates(trace, checkpoint).items()}
        plan = self.graph.training_schedule
        return replace(trace, iteration=iteration, plan=plan, updated=updated, training=self.training)

    def _updates(self, trace: Trace, checkpoint: _Checkpoint) -> dict[int, tuple[Tensor, State]]:
        """The new value and state of each parameter."""
        assert self.training is not None
        update, settings = self.training.optimizer.update, self.training.settings
        updates: dict[int, tuple[Tensor, State]] = {}
        for node, state in checkpoint.states.items():
            gradient = trace.gradients[node]
            assert gradient is not None  # only what gradient reaches is updated
            updates[node] = update(trace.values[node], gradient, state, settings)
        return updates

    def _after(self, trace: Trace, checkpoint: _Checkpoint) -> _Checkpoint:
        """What the iteration behind `trace` begins with."""
        updates = self._updates(trace, checkpoint)
        leaves = {**checkpoint.bindings.leaves, **{node: new for node, (new, _) in updates.items()}}
        states = {node: state for node, (_, state) in updates.items()}
        return _Checkpoint(Bindings(leaves, checkpoint.bindings.seed), states)

    # Checkpoints

    @property
    def _stride(self) -> int:
        """Every how many iterations a checkpoint is kept."""
        parameters = self.graph.training_schedule.updates or ()
        cells = 4 * sum(prod(self.graph.nodes[node].shape) for node in parameters)
        return 1 + self.iterations * cells // _KEPT_CELLS

    def _keep(self, iteration: int, checkpoint: _Checkpoint) -> None:
        if iteration % self._stride == 0:
            self._checkpoints.setdefault(iteration, checkpoint)

    def _checkpoint(self, iteration: int) -> _Checkpoint:
        """What an iteration begins with, from the last checkpoint before it."""
        nearest = max(kept for kept in self._checkpoints if kept <= iteration)
        checkpoint = self._checkpoints[nearest]
        for earlier in range(nearest, iteration):
            trace = self._traces.get(earlier) or self._record(earlier, checkpoint)
            checkpoint = self._after(trace, checkpoint)
            self._keep(earlier + 1, checkpoint)
        return checkpoint
