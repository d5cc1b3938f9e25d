"""Clipping: gradients are made smaller before the optimiser sees them, as PyTorch's `clip_grad_*_` do."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Final, Literal

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, norm, norms, settle
from backprop_engine.messages.words import Words
from backprop_engine.optim.definition import Symbol
from backprop_engine.optim.steps import times

__all__ = ["CLIP_EPS", "ClippedGradients", "Clipping"]

CLIP_EPS: Final = 1e-6
"""What PyTorch adds to the norm before dividing by it."""

_FACTOR: Final = Words(
    "the factor that every gradient is multiplied by, so that ‖g‖, the norm of all gradients "
    "together, is at most clip_norm",
    "모든 그래디언트를 합친 노름 ‖g‖가 clip_norm 이하가 되도록 각 그래디언트에 곱하는 값",
)
_BOUND: Final = Words(
    "the largest absolute value that an entry of a gradient may have",
    "그래디언트의 원소가 가질 수 있는 절댓값의 상한",
)


class ClippedGradients(Struct, frozen=True, eq=False):
    """The gradients that the optimiser gets, by parameter.

    `norm` is that of all of them together before, `factor` what they were multiplied by: 1 where nothing was
    to be done, and by `clip_value` always.
    """

    gradients: Mapping[int, Tensor]
    norm: float
    factor: float = 1.0


class Clipping(Struct, frozen=True):
    """What is bounded: the norm of all gradients together, or each entry on its own."""

    kind: Literal["clip_norm", "clip_value"]
    most: float

    def clipped(self, gradients: Mapping[int, Tensor]) -> ClippedGradients:
        """The gradients of one update within the bound; nothing that is given is written to."""
        length = norm(np.array(norms(gradients.values())))
        if self.kind == "clip_value":
            bounded = {
                node: settle(np.minimum(np.maximum(gradient, -self.most), self.most), gradient.dtype)
                for node, gradient in gradients.items()
            }
            return ClippedGradients(bounded, length)
        with np.errstate(all="ignore"):
            factor = self.most / (length + CLIP_EPS)
            if factor >= 1:
                return ClippedGradients(gradients, length)
            scaled = {
                node: settle(times(gradient, factor), gradient.dtype) for node, gradient in gradients.items()
            }
        return ClippedGradients(scaled, length, factor)

    @property
    def formula(self) -> str:
        """The line that is before those of the optimiser."""
        if self.kind == "clip_norm":
            return "g = c * g"
        return "g = minimum(maximum(g, -clip_value), clip_value)"

    def symbol(self, factor: float | None) -> Symbol:
        """The name in the formula that is not the gradient's."""
        if self.kind == "clip_norm":
            return Symbol("c", _FACTOR, factor)
        return Symbol("clip_value", _BOUND, self.most)

    def changes(self, gradient: Tensor, clipped: ClippedGradients) -> bool:
        """Whether this gradient is another one after clipping."""
        if self.kind == "clip_norm":
            return isnan(clipped.factor) or clipped.factor < 1
        return bool(np.any(np.abs(gradient) > self.most))
