"""How large the gradients of a run are, on one logarithmic scale for all of it."""

from __future__ import annotations

from math import isfinite, log10

from msgspec import Struct

from backprop_engine.arrays import norm
from backprop_engine.derived import derived
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
    some = trace.gradients[:: 1 + len(trace.gradients) // _MEASURED]
    norms = (norm(gradient) for gradient in some if gradient is not None)
    powers = [log10(size) for size in norms if isfinite(size) and size > 0] or [0.0]
    high = max(powers)
    return MagnitudeScale(max(min(*powers, high - _FEWEST), high - _MOST), high)


@derived()
def contribution_norm(trace: Trace, edge: int) -> float:
    """The norm of what an edge, by its index, contributes to the gradient of its operand."""
    return norm(trace.contributions[edge])
