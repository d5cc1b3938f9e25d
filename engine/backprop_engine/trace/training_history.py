"""The history of a training: a few numbers of every iteration computed so far, for plots of them all.

The tensors of an iteration are forgotten again; their losses and norms are not. The numbers are in the order
of the iterations; the known ones are always the first.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.arrays import norms
from backprop_engine.graph.graph import Graph
from backprop_engine.trace.trace import Trace
from backprop_engine.trace.training import KEPT_NUMBERS

__all__ = ["TrackedNumber", "TrainingHistory"]

_SMALL: Final = 4
"""Each number of a parameter of at most this size is tracked; of a larger one, its norm."""

Numbers = NDArray[np.float64]


class TrackedNumber(Struct, frozen=True):
    """What is tracked of a parameter: the number at the index `entry`, or the norm where that is None."""

    parameter: int
    entry: tuple[int, ...] | None


class TrainingHistory:
    """The losses of a run, the norms of its parameters' gradients, and the path of its parameters.

    `losses` has a number for each of the `count` known iterations. `gradients` and `paths` have a row for
    each `every`-th iteration, with a column for each of the `parameters` and of the `tracks`.
    """

    def __init__(self, graph: Graph, parameters: tuple[int, ...], iterations: int) -> None:
        self.iterations, self.parameters, self.count = iterations, parameters, 0
        self.tracks = tuple(track for parameter in parameters for track in _tracks(graph, parameter))
        self._large = {track.parameter: None for track in self.tracks if track.entry is None}
        columns = len(parameters) + len(self.tracks)
        self.every = 1 + iterations * columns // KEPT_NUMBERS
        rows = -(-iterations // self.every)
        # Zeros take no memory before something else is written there.
        self._losses = np.zeros(iterations)
        self._rows = np.zeros((rows, columns))
        self._gradients, self._paths = np.hsplit(self._rows, [len(parameters)])

    def note(self, trace: Trace) -> None:
        """Keep the numbers of an iteration, if it is the first unknown one."""
        if trace.iteration != self.count:
            return
        self._losses[self.count] = loss_of(trace)
        row, between = divmod(self.count, self.every)
        if not between:
            values, gradients = trace.values, trace.gradients
            measured = [gradients[parameter] for parameter in self.parameters]
            measured += [values[parameter] for parameter in self._large]
            sizes = norms(measured)
            numbers, lengths = sizes[: len(self.parameters)], iter(sizes[len(self.parameters) :])
            for parameter in self.parameters:
                numbers += [next(lengths)] if parameter in self._large else values[parameter].ravel().tolist()
            self._rows[row] = numbers
        self.count += 1

    @property
    def losses(self) -> Numbers:
        """The loss of each known iteration."""
        return _seen(self._losses, self.count)

    @property
    def gradients(self) -> Numbers:
        """The norms of gradients; NaN in the last iteration, which has none."""
        return _seen(self._gradients, -(-self.count // self.every))

    @property
    def paths(self) -> Numbers:
        """The tracked numbers."""
        return _seen(self._paths, -(-self.count // self.every))


def loss_of(trace: Trace) -> float:
    """The number that a run differentiates: the output, or the seed-weighted sum of one that is a tensor."""
    output = trace.values[trace.graph.output]
    if output.shape == ():
        return float(output)
    with np.errstate(all="ignore"):
        return float(np.sum(output * trace.bindings.seed, dtype=np.float64))


def _tracks(graph: Graph, parameter: int) -> list[TrackedNumber]:
    shape = graph.nodes[parameter].shape
    if np.prod(shape, dtype=object) > _SMALL:
        return [TrackedNumber(parameter, None)]
    return [TrackedNumber(parameter, entry) for entry in np.ndindex(*shape)]


def _seen(numbers: Numbers, count: int) -> Numbers:
    """The first `count` rows, read-only."""
    part = numbers[:count]
    part.flags.writeable = False
    return part
