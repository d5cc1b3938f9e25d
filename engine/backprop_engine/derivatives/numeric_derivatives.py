"""Derivatives of a scalar function along a direction, by small steps; nothing here knows a graph."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct

__all__ = ["Function", "Slope", "complex_step", "differences", "fair_at_kink", "unit"]

Function: TypeAlias = Callable[[Any], Any]
_STEP = 1e-100


class Slope(Struct, frozen=True):
    """A numeric derivative, how far it can be trusted, and the one-sided slopes where they differ.

    `doubt` is how far estimates differ, `noise` what the rounding of the function's values can amount to.
    """

    value: float
    doubt: float = 0.0
    noise: float = 0.0
    left: float | None = None
    right: float | None = None


def unit(shape: tuple[int, ...], entry: int) -> Any:
    """The direction in which a single entry changes."""
    direction = np.zeros(shape)
    direction.flat[entry] = 1.0
    return direction


def complex_step(function: Function, x: Any, direction: Any) -> Slope:
    """The derivative of an analytic function along `direction`, exact to rounding: Im f(x + ih) / h."""
    moved = (x + 1j * _STEP * direction)[()]
    return Slope(float(np.imag(function(moved)) / _STEP))


def differences(function: Function, x: Any, direction: Any) -> Slope:
    """The derivative by five-point differences, at the step sizes that agree best."""
    scale = max(1.0, float(np.max(np.abs(x * (direction != 0)), initial=0.0)))

    def at(t: float) -> float:
        return float(np.real(function((x + t * direction)[()])))

    value, doubt, noise = _best(at, scale, _STEPS)
    if not doubt <= 1e-6 * abs(value):
        closer = _best(at, scale, _CLOSE_STEPS)
        value, doubt, noise = closer if closer[1] < doubt else (value, doubt, noise)
    left, right = _one_sided(at, -1e-6 * scale), _one_sided(at, 1e-6 * scale)
    if abs(left - right) > 1e-3 * max(abs(left), abs(right)) + _rounding(at, 1e-6 * scale):
        return Slope(value, doubt, noise, left, right)
    return Slope(value, doubt, noise)


_STEPS = (1e-2, 2e-3, 4e-4, 8e-5, 1.6e-5, 3.2e-6)
_CLOSE_STEPS = (6.4e-7, 1.28e-7)
"""For a point with a kink nearby."""


def _best(at: Callable[[float], float], scale: float, steps: tuple[float, ...]) -> tuple[float, float, float]:
    """The estimate that differs least from the one before it, that difference, and the noise in it."""
    estimates = [_five_point(at, step * scale) for step in steps]
    gaps = [abs(coarser - finer) for coarser, finer in pairwise(estimates)]
    best = int(np.nanargmin(gaps)) if not np.all(np.isnan(gaps)) else 0
    return estimates[best + 1], gaps[best], _rounding(at, steps[best + 1] * scale)


def _rounding(at: Callable[[float], float], step: float) -> float:
    """What the rounding of the function's values can amount to in a slope over `step`."""
    return 10.0 * float(np.finfo(np.float64).eps) * abs(at(0.0)) / step


def _five_point(at: Callable[[float], float], h: float) -> float:
    return (8.0 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12.0 * h)


def _one_sided(at: Callable[[float], float], h: float) -> float:
    """The slope on the side of `h`, to second order."""
    return (4.0 * at(h) - at(2 * h) - 3.0 * at(0.0)) / (2.0 * h)


def fair_at_kink(slope: Slope, gradient: float) -> bool:
    """Whether the slopes differ left and right, and the gradient lies between them."""
    if slope.left is None or slope.right is None:
        return False
    low, high = sorted((slope.left, slope.right))
    slack = 1e-4 * max(abs(low), abs(high))
    return bool(low - slack <= gradient <= high + slack)
