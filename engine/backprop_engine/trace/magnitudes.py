"""How large the gradients of a run are, on one logarithmic scale for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, log10

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Measured, Tensor, norm
from backprop_engine.derived import derived
from backprop_engine.trace.lazy_tensors import LazyTensors
from backprop_engine.trace.trace import Trace

__all__ = ["MagnitudeScale", "contribution_norm", "gradient_magnitudes"]

_FEWEST, _MOST = 3.0, 12.0
"""The powers of ten that a scale spans: with fewer, gradients of much the same size would look different."""
_MEASURED = 4096
"""In a larger graph, only about this many gradients are measured."""


class MagnitudeScale(Struct, frozen=True):
    """A scale of norms, from ten to the power of `low` to ten to the power of `high`."""

    low: float
    high: float

    def share(self, size: float) -> float:
        """How far up the scale a norm is, from 0 to 1: 0 for zero and what is smaller than the scale, 1 for
        what is larger or not finite.
        """
        if not isfinite(size):
            return 1.0
        if size <= 0:
            return 0.0
        return min(1.0, max(0.0, (log10(size) - self.low) / (self.high - self.low)))


@derived()
def gradient_magnitudes(trace: Trace) -> MagnitudeScale:
    """The scale on which the norms of a run's completed gradients lie; the largest is its top."""
    gradients = trace.gradients
    some = range(0, len(gradients), 1 + len(gradients) // _MEASURED)
    norms = (size for index in some if (size := _norm_at(gradients, index)) is not None)
    powers = [log10(size) for size in norms if isfinite(size) and size > 0] or [0.0]
    high = max(powers)
    return MagnitudeScale(max(min(*powers, high - _FEWEST), high - _MOST), high)


@derived()
def contribution_norm(trace: Trace, edge: int) -> float:
    """The norm of what an edge, by its index, contributes to the gradient of its operand."""
    size = _norm_at(trace.contributions, edge)
    assert size is not None
    return size


def _norm_at(tensors: Sequence[Tensor | None], index: int) -> float | None:
    """The norm of one of several tensors, if there is one; none is made whose figures are known."""
    if isinstance(tensors, LazyTensors):
        known = tensors.figures(index)
        if known is not None and (known.norm is not None or known.nan or known.inf):
            return norm(Measured.without_entries((), np.dtype(np.float64), known))
    tensor = tensors[index]
    return None if tensor is None else norm(tensor)
