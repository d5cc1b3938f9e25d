"""A run of one or more iterations, whose traces are computed on demand.

An iteration of training is the run of the graph, an update of each parameter, and a clearing; the last one is
a forward pass alone. Positions go through all of them: one iteration's last position is the next one's first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.arrays import Tensor, settle
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph
from backprop_engine.graph.steps import Schedule
from backprop_engine.messages.message import msg
from backprop_engine.trace.recompute import recompute
from backprop_engine.trace.record import record, record_forward, run_both
from backprop_engine.trace.trace import Edit, Trace
from backprop_engine.trace.training import Training, kept_traces, stride
from backprop_engine.trace.training_history import TrainingHistory

if TYPE_CHECKING:
    from backprop_engine.optim import OptimizerState

__all__ = ["Moment", "Run", "RunOrigin", "Training"]


class _Checkpoint(Struct, frozen=True, eq=False):
    """What an iteration begins with: the leaves' values, and the optimizer's state of each parameter."""

    bindings: Bindings
    states: Mapping[int, OptimizerState]


class Moment(NamedTuple):
    """When an iteration ran: the step of the program, and its index among the runs of that step."""

    step: int
    turn: int = 0


class RunOrigin(Struct, frozen=True):
    """The rank and the backward pass of a program that a run comes from.

    `rank` is one of the `ranks` that have a recording, out of `world`; it is None for a program of a single
    process. `pass_number` is between 1 and `passes`, the number of different backward passes.
    """

    rank: int | None = None
    ranks: tuple[int, ...] = ()
    world: int = 1
    pass_number: int = 1
    passes: int = 1


class Run:
    """The iterations of a run; without training there is one.

    Traces are computed on demand. Checkpoints of the parameters are kept, so going back to an iteration costs
    only a few iterations. Results do not depend on the order of requests. To stay responsive during a long
    jump, compute one iteration at a time with `approach`.

    >>> from backprop_engine import load_scenario
    >>> run = load_scenario("momentum").run()
    >>> [f"{loss:.4g}" for loss in run.losses()][:3]
    ['75', '53.29', '58.31']
    """

    def __init__(
        self, graph: Graph, bindings: Bindings, training: Training | None = None, edits: tuple[Edit, ...] = ()
    ) -> None:
        self.graph, self.bindings, self.training, self.edits = graph, bindings.at(0), training, edits
        self._stride = stride(graph, training)
        first = self._start()
        self._checkpoints = [first]
        self._latest = self._front = (0, first)
        """What the iteration after the one computed last begins with, and the one after the furthest."""
        updates = graph.training_schedule.updates if training else None
        self.history = TrainingHistory(graph, updates or (), self.iterations)
        self._traces: dict[int, Trace] = {}

    def __repr__(self) -> str:
        output = self.graph.nodes[self.graph.output].name
        if self.training is None:
            return f"<Run: output {output}, {self.last} steps>"
        updates = f"{self.training.steps} updates by {self.training.optimizer.name}"
        return f"<Run: output {output}, {updates}, {self.last} steps>"

    def _repr_html_(self) -> str:
        """The loss of each iteration as a table, for notebooks; without training the run itself."""
        from backprop_engine.notebook import table, tensor_text

        if self.training is None:
            return self.trace()._repr_html_()
        output = self.graph.nodes[self.graph.output].name
        losses = ((str(at), tensor_text(loss)) for at, loss in enumerate(self.losses()))
        return table(repr(self)[1:-1], ("iteration", output), losses, self.iterations)

    @classmethod
    def of(cls, trace: Trace) -> Run:
        """A run that consists of one recorded trace."""
        run = cls(trace.graph, trace.bindings, None, trace.edits)
        run._traces[0] = trace
        run.history.note(trace)
        return run

    @property
    def iterations(self) -> int:
        """How many iterations there are: one more than updates."""
        return self.training.steps + 1 if self.training else 1

    @property
    def has_iterations(self) -> bool:
        """Whether the run has iterations that are shown to the user."""
        return self.training is not None

    @property
    def origin(self) -> RunOrigin:
        """The rank and the backward pass that the run comes from."""
        return RunOrigin()

    def moment(self, iteration: int) -> Moment:
        """When an iteration ran."""
        return Moment(iteration)

    def at_moment(self, moment: Moment) -> int:
        """The last iteration that ran at a moment or before it; the first if there is none."""
        return min(moment.step, self.iterations - 1)

    def iteration_label(self, iteration: int) -> str:
        """The number of an iteration as it is shown to the user."""
        return str(iteration)

    def places(self, iterations: NDArray[np.int64]) -> NDArray[np.float64]:
        """The coordinates of iterations on an axis of the program's steps."""
        return iterations.astype(np.float64)

    def at_place(self, place: float) -> int:
        """The iteration nearest to a coordinate on that axis."""
        return min(max(0, round(place)), self.iterations - 1)

    def iteration_labelled(self, label: str) -> int:
        """The iteration that has this label; `UsageError` if there is none."""
        if label.isdecimal() and int(label) < self.iterations:
            return int(label)
        raise self._no_iteration(label)

    def _no_iteration(self, name: str | int) -> UsageError:
        last = self.iterations - 1
        there = (
            msg(
                "iterations are numbered {first} to {last}",
                first=self.iteration_label(0),
                last=self.iteration_label(last),
            )
            if self.training or self.iterations > 1
            else msg("without `train` the only iteration is 0")
        )
        return UsageError(msg("there is no iteration {iteration}: {there}", iteration=name, there=there))

    def on_rank(self, rank: int | None = None) -> Run:
        """The run of the same graph on another rank, by default the next; `UsageError` if there is none."""
        raise UsageError(msg("this run has only one rank"))

    def in_pass(self, number: int | None = None) -> Run:
        """The run of another backward pass, by default the next; `UsageError` if there is none."""
        raise UsageError(msg("this run has one backward pass"))

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
        """The iteration that contains a position, and the position in its trace.

        Where one iteration ends and the next begins, it is the end of the former. Raises `UsageError` outside
        0…last.
        """
        if not 0 <= position <= self.last:
            raise UsageError(
                msg(
                    "there is no position {position}: the run has positions 0 to {last}",
                    position=position,
                    last=self.last,
                )
            )
        if self.iterations == 1 or position == 0:
            return 0, position
        iteration, before = divmod(position - 1, self.length)
        return iteration, before + 1

    def start(self, iteration: int) -> int:
        """The position at which an iteration begins."""
        return iteration * self.length

    def schedule(self, iteration: int) -> Schedule:
        """The schedule of an iteration; nothing is computed for it."""
        if self.training is None:
            return self.graph.schedule
        last = iteration == self.training.steps
        return self.graph.forward_schedule if last else self.graph.training_schedule

    def trace(self, iteration: int = 0) -> Trace:
        """The trace of an iteration; raises `UsageError` if there is none."""
        if not 0 <= iteration < self.iterations:
            raise self._no_iteration(iteration)
        trace = self._traces.get(iteration)
        if trace is None:
            trace = self._made(iteration)
            while len(self._traces) >= kept_traces(self.graph):
                del self._traces[next(iter(self._traces))]
            self._traces[iteration] = trace
        return trace

    def losses(self) -> Iterator[Tensor]:
        """The value of the output in each iteration, from the first on."""
        if self.graph.nodes[self.graph.output].shape == ():
            for iteration in range(self.iterations):
                while self.history.count <= iteration:
                    self.extend()
                yield settle(self.history.losses[iteration], self.graph.dtype)
            return
        for iteration in range(self.iterations):
            trace = self._traces.get(iteration)
            if trace is None:
                trace = self._record(iteration, self._checkpoint(iteration))
            self._pass(trace)
            yield trace.values[self.graph.output]

    # On the way to an iteration

    def missing(self, iteration: int) -> int:
        """How many iterations must be computed to get the trace of `iteration`."""
        if iteration in self._traces:
            return 0
        begin, _ = self._nearest(iteration)
        return iteration + 1 - begin - sum(begin <= kept < iteration for kept in (*self._traces,))

    def nearest(self, iteration: int) -> int:
        """The last iteration, up to this one, that can be computed without any other."""
        return iteration if iteration in self._traces else self._nearest(iteration)[0]

    def approach(self, iteration: int) -> None:
        """Compute the first missing iteration on the way to this one; nothing if none is missing."""
        begin, checkpoint = self._nearest(iteration)
        if begin < iteration:
            self._pass(self._traces.get(begin) or self._record(begin, checkpoint))

    def extend(self) -> bool:
        """Compute one missing iteration on the way to the first that was never computed, or else that one.

        Returns whether any are left that were never computed.
        """
        first = self.history.count
        if first < self.iterations:
            begin, checkpoint = self._nearest(first)
            while begin in self._traces:
                self._pass(self._traces[begin])
                begin, checkpoint = self._nearest(first)
            self._pass(self._record(begin, checkpoint))
        return self.history.count < self.iterations

    # Iterations

    def bindings_at(self, iteration: int) -> Bindings:
        """The values of the leaves that `changed` replaces: those that the run begins with."""
        return self.bindings

    def changed(self, bindings: Bindings, edits: tuple[Edit, ...], trace: Trace) -> Run:
        """The run after a change; if it has a single iteration, whatever in `trace` stays the same is
        shared.
        """
        if self.training is not None:
            return Run(self.graph, bindings, self.training, edits)
        return Run.of(recompute(trace, bindings, edits).trace)

    def _made(self, iteration: int) -> Trace:
        return self._record(iteration, self._checkpoint(iteration))

    def _start(self) -> _Checkpoint:
        if self.training is None:
            return _Checkpoint(self.bindings, {})
        optimizer, settings = self.training.optimizer, self.training.settings
        leaves = self.bindings.leaves
        updates = self.graph.training_schedule.updates or ()
        states = {parameter: optimizer.start(leaves[parameter], settings) for parameter in updates}
        return _Checkpoint(self.bindings, states)

    def _record(self, iteration: int, checkpoint: _Checkpoint) -> Trace:
        trace = self._recorded(iteration, checkpoint)
        self.history.note(trace)
        return trace

    def _recorded(self, iteration: int, checkpoint: _Checkpoint) -> Trace:
        if self.training is None:
            return record(self.graph, checkpoint.bindings, self.edits)
        if iteration == self.training.steps:
            trace = record_forward(self.graph, checkpoint.bindings, self.edits)
            return replace(trace, iteration=iteration, training=self.training)
        found = run_both(self.graph, checkpoint.bindings, self.edits)
        gradients = {node: found.gradients[node] for node in checkpoint.states}
        clipped = self.training.clipped(gradients)
        states, given = checkpoint.states, clipped.gradients if clipped else gradients
        updates = self.training.optimizer.updates(
            [(found.values[node], given[node], state) for node, state in states.items()],
            self.training.settings_at(iteration),
        )
        after = dict(zip(states, updates, strict=True))
        return Trace(
            self.graph,
            checkpoint.bindings,
            self.edits,
            *found,
            plan=self.graph.training_schedule,
            updated={node: new for node, (new, _) in after.items()} | self._running(found.values),
            remembered={node: (states[node], state) for node, (_, state) in after.items()},
            iteration=iteration,
            clipped=clipped,
            training=self.training,
        )

    def _running(self, values: Sequence[Tensor]) -> dict[int, Tensor]:
        """What the running values are in the next iteration, after these values in this one."""
        assert self.training is not None
        return {each.leaf: each.next(values[each.leaf], values[each.node]) for each in self.training.running}

    # Checkpoints

    def _pass(self, trace: Trace) -> None:
        """Note what the iteration after `trace` begins with, if there is one."""
        following = trace.iteration + 1
        if following >= self.iterations:
            return
        leaves = {**trace.bindings.leaves, **trace.updated}
        states = {node: after for node, (_, after) in trace.remembered.items()}
        after = Bindings(leaves, trace.bindings.seed, trace.bindings.batches).at(following)
        self._latest = (following, _Checkpoint(after, states))
        if following > self._front[0]:
            self._front = self._latest
        if following == len(self._checkpoints) * self._stride:
            self._checkpoints.append(self._latest[1])

    def _nearest(self, iteration: int) -> tuple[int, _Checkpoint]:
        """The last iteration, up to this one, with a checkpoint, and that checkpoint."""
        kept = min(iteration // self._stride, len(self._checkpoints) - 1)
        found = (kept * self._stride, self._checkpoints[kept])
        for known in (self._latest, self._front):
            if found[0] < known[0] <= iteration:
                found = known
        return found

    def _checkpoint(self, iteration: int) -> _Checkpoint:
        """What an iteration begins with, computed from the last checkpoint before it."""
        while self._nearest(iteration)[0] < iteration:
            self.approach(iteration)
        return self._nearest(iteration)[1]
