"""What a run keeps of every iteration once it is computed: a few numbers each, for a picture of them all.

Tensors of an iteration are forgotten again; how large they were is not. The numbers are in the order of the
iterations, of which those that are known are always the first.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.arrays import Tensor, norm
from backprop_engine.graph.graph import Graph
from backprop_engine.trace.trace import Trace

__all__ = ["TrackedNumber", "TrainingHistory", "loss_of"]

_SMALL: Final = 4
"""Of a parameter with up to so many numbers each is followed, of a larger one its norm."""
_KEPT_NUMBERS: Final = 2**18
"""So many numbers a run may keep: 2 MiB. Where it would be more, iterations are left out evenly."""

Numbers = NDArray[np.float64]


class TrackedNumber(Struct, frozen=True):
    """What is followed of a parameter: one of its numbers, or its norm where `cell` is None."""

    parameter: int
    cell: tuple[int, ...] | None


class TrainingHistory:
    """The losses of a run, the norms of its parameters' gradients, and where its parameters went.

    `losses` has a number for each of the iterations, of which `count` are known. `gradients` has a row for
    every `every`-th iteration and a column for each of the `parameters`, `paths` a column for each of the
    `tracks`.
    """

    def __init__(self, graph: Graph, parameters: tuple[int, ...], iterations: int) -> None:
        self.iterations, self.parameters, self.count = iterations, parameters, 0
        self.tracks = tuple(track for one in parameters for track in _tracks(graph, one))
        columns = len(parameters) + len(self.tracks)
        self.every = 1 + iterations * columns // _KEPT_NUMBERS
        rows = -(-iterations // self.every)
        # Zeros take no memory before something else is written there.
        self._losses = np.zeros(iterations)
        self._gradients = np.zeros((rows, len(parameters)))
        self._paths = np.zeros((rows, len(self.tracks)))

    def note(self, trace: Trace) -> None:
        """Keep the numbers of an iteration, if it is the first that is not known."""
        if trace.iteration != self.count:
            return
        self._losses[self.count] = loss_of(trace)
        row, between = divmod(self.count, self.every)
        if not between:
            self._gradients[row] = [_norm_of(trace.gradients[one]) for one in self.parameters]
            self._paths[row] = [number for one in self.parameters for number in _followed(trace.values[one])]
        self.count += 1

    @property
    def losses(self) -> Numbers:
        """The loss of each iteration that is known."""
        return _seen(self._losses, self.count)

    @property
    def gradients(self) -> Numbers:
        """The norms of gradients; NaN in the last iteration, which has none."""
        return _seen(self._gradients, -(-self.count // self.every))

    @property
    def paths(self) -> Numbers:
        """The numbers that are followed."""
        return _seen(self._paths, -(-self.count // self.every))


def loss_of(trace: Trace) -> float:
    """The number that a run's gradients are of: the output; of a tensor, its sum, weighted with the seed."""
    output = trace.values[trace.graph.output]
    if output.shape == ():
        return float(output)
    with np.errstate(all="ignore"):
        return float(np.sum(output * trace.bindings.seed, dtype=np.float64))


def _tracks(graph: Graph, parameter: int) -> list[TrackedNumber]:
    shape = graph.nodes[parameter].shape
    if np.prod(shape, dtype=object) > _SMALL:
        return [TrackedNumber(parameter, None)]
    return [TrackedNumber(parameter, cell) for cell in np.ndindex(*shape)]


def _followed(tensor: Tensor) -> list[Any]:
    """The numbers that are followed of a parameter, in the order of its tracks."""
    if tensor.shape == ():
        return [tensor]
    return tensor.ravel().tolist() if tensor.size <= _SMALL else [norm(tensor)]


def _norm_of(gradient: Tensor | None) -> float:
    return float("nan") if gradient is None else norm(gradient)


def _seen(numbers: Numbers, count: int) -> Numbers:
    """A part that nobody can write to."""
    part = numbers[:count]
    part.flags.writeable = False
    return part
