"""A training: how many updates of the parameters, by which optimizer, and how much memory it takes."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, Final

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, settle
from backprop_engine.graph.graph import Graph
from backprop_engine.optim import ClippedGradients, Clipping, Optimizer, RateSchedule, Symbol

__all__ = ["Running", "Training", "held_numbers", "kept_traces", "stride"]

KEPT_ENTRIES: Final = 2**22
"""How many numbers the checkpoints of a run may hold together, roughly: 32 MiB in double precision."""
_OBJECT_ENTRIES: Final = 16
"""The overhead of a tensor object, in numbers."""
_KEPT_TRACES: Final = 4
_TRACE_ENTRIES: Final = 2**23
"""How many numbers the traces may hold together that are kept beside the last two: 64 MiB."""
_BESIDE: Final = 2
"""Traces and checkpoints beside the kept ones: the one being made and the one being looked at."""


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
        """The settings of the update that ends an iteration: the learning rate is that of the schedule."""
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
    """How many numbers a run of the graph holds at most, whatever is looked at.

    For a training these are several traces, the optimizer's state, and the checkpoints; inputs and constants
    count once.
    """
    entries = graph.numbers()
    if training is None:
        return entries
    updated, remembered = _parameter_entries(graph, training)
    updated += _running_entries(graph, training)
    shared = sum(prod(leaf.shape) for leaf in graph.leaves) - updated
    traces = min(training.steps + 1, kept_traces(graph) + _BESIDE)
    checkpoints = 1 + training.steps // stride(graph, training) + _BESIDE
    own = entries - shared + remembered
    return shared + traces * own + checkpoints * _checkpoint_entries(graph, training)


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
    objects = _OBJECT_ENTRIES * (len(graph.leaves) + 4 * parameters)
    return sum(_parameter_entries(graph, training)) + _running_entries(graph, training) + objects
