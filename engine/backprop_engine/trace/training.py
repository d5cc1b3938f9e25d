"""A training: how often parameters are updated and by what, and the room that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, Final

from msgspec import Struct

from backprop_engine.graph.graph import Graph
from backprop_engine.optim import Optimizer

__all__ = ["Training", "held_numbers", "kept_traces", "stride"]

_KEPT_CELLS: Final = 2**22
"""How many numbers the checkpoints of a run may hold together, roughly: 32 MiB in double precision."""
_OBJECT_CELLS: Final = 16
"""A tensor takes as much room as so many numbers beside those that it holds."""
_KEPT_TRACES: Final = 4
_TRACE_CELLS: Final = 2**23
"""How many numbers the traces may hold together that are kept beside the last two: 64 MiB."""
_BESIDE: Final = 2
"""Traces and checkpoints that are there beside the kept ones: what is being made, and what is looked at."""


class Training(Struct, frozen=True, eq=False):
    """`steps` updates of the parameters by `optimizer`, which has a value for each of its settings."""

    optimizer: Optimizer
    settings: Mapping[str, Any]
    steps: int


def held_numbers(graph: Graph, training: Training | None = None) -> int:
    """How many numbers a run of the graph holds at most, whatever one looks at.

    Of a training these are several traces, what the optimiser remembers, and the checkpoints; inputs and
    constants are there once.
    """
    cells = graph.numbers()
    if training is None:
        return cells
    updated, remembered = _parameter_cells(graph, training)
    shared = sum(prod(leaf.shape) for leaf in graph.leaves) - updated
    traces = min(training.steps + 1, kept_traces(graph) + _BESIDE)
    checkpoints = 1 + training.steps // stride(graph, training) + _BESIDE
    return shared + traces * (cells - shared + remembered) + checkpoints * _checkpoint_cells(graph, training)


def _parameter_cells(graph: Graph, training: Training) -> tuple[int, int]:
    """How many numbers the updated parameters have, and how many are remembered of them."""
    updated = sum(prod(graph.nodes[node].shape) for node in graph.training_schedule.updates or ())
    memory = training.optimizer.memory
    return updated, updated * sum(not one.when or bool(training.settings[one.when]) for one in memory)


def kept_traces(graph: Graph) -> int:
    """How many traces are kept: the last ones, at least two."""
    return min(_KEPT_TRACES, max(2, _TRACE_CELLS // max(1, graph.numbers())))


def stride(graph: Graph, training: Training | None) -> int:
    """Every how many iterations a checkpoint is kept."""
    if training is None:
        return 1
    return 1 + training.steps * _checkpoint_cells(graph, training) // _KEPT_CELLS


def _checkpoint_cells(graph: Graph, training: Training) -> int:
    """How much room a checkpoint takes, in numbers."""
    parameters = len(graph.training_schedule.updates or ())
    objects = _OBJECT_CELLS * (len(graph.leaves) + 4 * parameters)
    return sum(_parameter_cells(graph, training)) + objects
