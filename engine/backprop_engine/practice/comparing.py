"""When a number that a person worked out agrees with the right one: to three significant digits."""

from __future__ import annotations

from math import floor, isfinite, isnan, log10
from typing import Final

import numpy as np

from backprop_engine.arrays import Tensor

__all__ = ["DIGITS", "agree_everywhere", "agrees", "alike", "apart", "scale_of"]

DIGITS: Final = 3
"""Significant digits that an answer needs."""
_NOTHING: Final = 1e-9
"""What is smaller than that, beside the largest number of a tensor, is rounding: it should be 0."""
_ZERO: Final = 1e-4
"""How far from 0 an answer may be where 0 is right, beside the largest number."""


def agrees(found: float, expected: float, scale: float) -> bool:
    """Whether `found` is `expected` to three significant digits; `scale` is the largest number around.

    An infinity or a NaN agrees with its like alone.
    """
    if not (isfinite(found) and isfinite(expected)):
        return found == expected or (isnan(found) and isnan(expected))
    return abs(found - expected) <= _allowed(expected, scale)


def apart(left: float, right: float, scale: float) -> bool:
    """Whether no answer agrees with both numbers."""
    if not (isfinite(left) and isfinite(right)):
        return left != right and not (isnan(left) and isnan(right))
    return abs(left - right) > 2.0 * max(_allowed(left, scale), _allowed(right, scale))


def agree_everywhere(found: Tensor, expected: Tensor) -> bool:
    """Whether two tensors agree in their shape, and in every entry."""
    if found.shape != expected.shape:
        return False
    scale = scale_of(expected)
    pairs = zip(np.ravel(found).tolist(), np.ravel(expected).tolist(), strict=True)
    return all(agrees(float(left), float(right), scale) for left, right in pairs)


def alike(left: Tensor, right: Tensor) -> bool:
    """Whether two tensors of one shape are nowhere so far apart that any answer tells which is meant."""
    if left.shape != right.shape:
        return False
    scale = max(scale_of(left), scale_of(right))
    pairs = zip(np.ravel(left).tolist(), np.ravel(right).tolist(), strict=True)
    return not any(apart(float(one), float(other), scale) for one, other in pairs)


def scale_of(tensor: Tensor) -> float:
    """The largest magnitude of a finite entry."""
    sizes = np.abs(np.ravel(tensor)).astype(np.float64)
    return float(np.max(sizes[np.isfinite(sizes)], initial=0.0))


def _allowed(expected: float, scale: float) -> float:
    size = abs(expected)
    if size <= _NOTHING * scale or size < 1e-300:
        return _ZERO * scale
    return 0.5 * 10.0 ** (floor(log10(size)) - DIGITS + 1) + _NOTHING * scale
