"""A training run: how many updates of the parameters, by which optimizer, and how much memory it takes."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, settle
from backprop_engine.graph.graph import Graph

if TYPE_CHECKING:
    from backprop_engine.optim import ClippedGradients, Clipping, Optimizer, RateSchedule, Symbol

__all__ = ["Running", "Training", "held_numbers", "kept_traces", "stride"]

KEPT_ENTRIES: Final = 2**22
"""How many numbers the checkpoints of a run may hold together, roughly: 32 MiB in double precision."""
KEPT_NUMBERS: Final = 2**18
"""How many numbers a history may keep: 2 MiB. If it would be more, iterations are left out evenly."""
_OBJECT_BYTES: Final = 128
"""The overhead of a tensor object; a dictionary has that of two."""
_SINGLE: Final = 4
_DOUBLE: Final = 8
"""What a number of single and of double precision takes, in bytes."""
_KEPT_TRACES: Final = 4
_TRACE_ENTRIES: Final = 2**23
"""How many numbers the traces may hold together that are kept beside the last two: 64 MiB."""
_BESIDE: Final = 2
"""Traces and checkpoints beside the kept ones: the one being made and the one being viewed."""
_AT_WORK: Final = 6
"""How many tensors as large as the largest a rule holds while it works, in single precision at least."""
_TRACKED: Final = 5
"""How many numbers of a parameter the history keeps of an iteration, at most."""


class Running(Struct, frozen=True):
    """A constant that goes `momentum` of the way to the value of a node after each iteration."""

    leaf: int
    node: int
    momentum: float

    def next(self, value: Tensor, seen: Tensor) -> Tensor:
        """What the constant is in the next iteration, after `seen` in this one."""
        with np.errstate(all="ignore"):
            return settle((1.0 - self.momentum) * value + self.momentum * seen, value.dtype)


class Training(Struct, frozen=True, eq=False):
    """`steps` updates of the parameters by `optimizer`, which has a value for each of its settings.

    Gradients may be clipped before an update; with a schedule, every update has a rate of its own.
    """

    optimizer: Optimizer
    settings: Mapping[str, Any]
    steps: int
    clipping: Clipping | None = None
    schedule: RateSchedule | None = None
    running: tuple[Running, ...] = ()

    def settings_at(self, iteration: int) -> Mapping[str, Any]:
        """The settings of the update that ends an iteration; the learning rate is that of the schedule."""
        if self.schedule is None:
            return self.settings
        return {**self.settings, "lr": self.schedule.rate(self.settings["lr"], iteration)}

    def formulas(self) -> tuple[str, ...]:
        """The lines of an update that is clipped, in the optimiser's names."""
        lines = self.optimizer.formulas(self.settings)
        return (self.clipping.formula, *lines) if self.clipping else lines

    def symbols(self) -> tuple[Symbol, ...]:
        """What the names in `formulas` mean; the factor of clipping has no number of its own."""
        symbols = self.optimizer.symbols(self.settings)
        return (self.clipping.symbol(None), *symbols) if self.clipping else symbols

    def clipped(self, gradients: Mapping[int, Tensor]) -> ClippedGradients | None:
        """What the optimiser gets in place of the parameters' gradients; None where nothing is clipped."""
        return self.clipping.clipped(gradients) if self.clipping else None


def held_numbers(graph: Graph, training: Training | None = None) -> int:
    """How many numbers a run of the graph holds at most, whatever is viewed.

    For a training these are several traces, the optimizer's state, the checkpoints, the history, and what is
    made on the way by the rule that needs most; inputs and constants count once.
    """
    entries = graph.numbers()
    if training is None:
        return entries
    parameters, remembered = _parameter_entries(graph, training)
    shared = sum(prod(leaf.shape) for leaf in graph.leaves) - parameters - _running_entries(graph, training)
    traces = min(training.steps + 1, kept_traces(graph) + _BESIDE)
    checkpoints = 1 + training.steps // stride(graph, training) + _BESIDE
    own = entries - shared + remembered + (parameters if training.clipping else 0)
    beside = _history_bytes(graph, training) + _bytes_at_work(graph)
    return (
        shared
        + traces * own
        + checkpoints * _checkpoint_entries(graph, training)
        + -(-beside // graph.dtype.itemsize)
    )


def _history_bytes(graph: Graph, training: Training) -> int:
    """The losses of all iterations, and what is kept of the parameters."""
    tracked = _TRACKED * len(graph.training_schedule.updates or ()) * (training.steps + 1)
    return _DOUBLE * (training.steps + 1 + min(tracked, KEPT_NUMBERS))


def _bytes_at_work(graph: Graph) -> int:
    """What a rule holds beside its result while it works."""
    largest = max(prod(node.shape) for node in graph.nodes)
    return _AT_WORK * largest * max(graph.dtype.itemsize, _SINGLE)


def _parameter_entries(graph: Graph, training: Training) -> tuple[int, int]:
    """How many numbers the updated parameters have, and how many the optimizer remembers of them."""
    updated = sum(prod(graph.nodes[node].shape) for node in graph.training_schedule.updates or ())
    memory = training.optimizer.memory
    return updated, updated * sum(not slot.when or bool(training.settings[slot.when]) for slot in memory)


def _running_entries(graph: Graph, training: Training) -> int:
    """How many numbers the running values have."""
    return sum(prod(graph.nodes[running.leaf].shape) for running in training.running)


def kept_traces(graph: Graph) -> int:
    """How many traces a run keeps: the last ones, at least two."""
    return min(_KEPT_TRACES, max(2, _TRACE_ENTRIES // max(1, graph.numbers())))


def stride(graph: Graph, training: Training | None) -> int:
    """The checkpoint interval, in iterations."""
    if training is None:
        return 1
    return 1 + training.steps * _checkpoint_entries(graph, training) // KEPT_ENTRIES


def _checkpoint_entries(graph: Graph, training: Training) -> int:
    """The size of a checkpoint, in numbers."""
    parameters = len(graph.training_schedule.updates or ())
    updated, remembered = _parameter_entries(graph, training)
    of_each = 7 if remembered else 4  # a dictionary and a view of it hold what is remembered
    objects = _OBJECT_BYTES // graph.dtype.itemsize * (4 + len(graph.leaves) + of_each * parameters)
    return updated + remembered + _running_entries(graph, training) + objects
