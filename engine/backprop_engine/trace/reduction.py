"""An all-reduce: how several ranks combine their gradients of a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import nan
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backprop_engine.arrays import Measured, Tensor, is_stored, settle

__all__ = ["GradientReduction", "ReductionKind"]

ReductionKind: TypeAlias = Literal["mean", "sum"]
_CLOSE: Final = 1e-2
"""How far apart two gradients may be that differ by the rounding of half precision, of the largest entry."""


@dataclass(frozen=True, eq=False)
class GradientReduction:
    """The gradients of a parameter that the ranks computed, by rank, and the `result` they continue with.

    `rank` is the one being viewed; `rows` are those of the result that it keeps, None where it keeps all.
    """

    contributions: Mapping[int, Tensor]
    result: Tensor
    rank: int
    rows: range | None = None

    @cached_property
    def kind(self) -> ReductionKind | None:
        """Whether the result is the mean or the sum over the ranks; None where it is neither, or entries were
        not stored.
        """
        if self._total is None or not is_stored(self.result):
            return None
        result = np.asarray(self.result, np.float64)
        with np.errstate(all="ignore"):
            if _close(result, self._total / len(self.contributions)):
                return "mean"
            return "sum" if _close(result, self._total) else None

    def distance(self, rank: int) -> float:
        """The norm of the difference between the gradient of a rank and the mean over all ranks, relative to
        the norm of that mean; NaN where this is not known.
        """
        if self._total is None:
            return nan
        with np.errstate(all="ignore"):
            mean = self._total / len(self.contributions)
            away = np.asarray(self.contributions[rank], np.float64) - mean
            size = float(np.linalg.norm(mean.ravel()))
            return float(np.linalg.norm(away.ravel())) / size if size else nan

    def with_own(self, gradient: Tensor) -> GradientReduction:
        """The reduction if this rank contributed another gradient."""
        made = replace(self, contributions={**self.contributions, self.rank: gradient})
        dtype, count = self.result.dtype, len(self.contributions)
        if self.kind is None or made._total is None:
            return replace(made, result=Measured.without_entries(self.result.shape, dtype, None))
        with np.errstate(all="ignore"):
            result = made._total / (count if self.kind == "mean" else 1)
        return replace(made, result=settle(result, dtype))

    @cached_property
    def _total(self) -> NDArray[np.float64] | None:
        """The sum over the ranks, where all entries were stored."""
        tensors = [*self.contributions.values()]
        if not tensors or not all(map(is_stored, tensors)):
            return None
        with np.errstate(all="ignore"):
            return np.asarray(np.sum([np.asarray(tensor, np.float64) for tensor in tensors], axis=0))


def _close(result: NDArray[np.float64], expected: NDArray[np.float64]) -> bool:
    """Whether two gradients differ by rounding alone; what is not finite has to be so in both."""
    scale = float(np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected)))
    return bool(np.allclose(result, expected, rtol=0.0, atol=_CLOSE * scale, equal_nan=True))
