"""The error function and its complement, over whole arrays and to a few units in the last place.

Polynomials, computed with mpmath to 60 digits, in place of a call of `math.erf` for every entry: of erf
itself near 0, of exp(x²) · erfc(x) beyond, where that is smooth in 1 / (1 + x), and at last in 1 / x².
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

__all__ = ["erf_of", "erfc_of"]

_TO_MIDDLE: Final = 0.5
_TO_FAR: Final = 6.0
_GONE: Final = 30.0
"""Beyond this erfc is 0 in double precision."""
_NEAR: Final = (
    1.0830752376761712, -0.043642058886697886, 0.0016130716680617073, -4.762336934519553e-05,
    1.15160377952332e-06, -2.3472289797028638e-08, 4.1270251519374495e-10, -6.376868595301691e-12,
    8.777607488642354e-14,
)  # fmt: skip
"""erf(x) / x below 0.5, by powers of 8x² − 1."""
_MIDDLE: Final = (
    0.806559545126524, 0.142375548939834, -0.022352677876411774, -0.005224044796542372,
    0.0024622001222498273, -0.00017385117914726642, -0.00017671124084376057, 7.798557762608941e-05,
    -1.0010161410185142e-05, -5.059576579183423e-06, 3.469772777976871e-06, -9.58294213182602e-07,
    -1.256679806071172e-09, 1.3506520487921662e-07, -7.111198088141259e-08, 1.863918522699187e-08,
    2.1961269203937194e-10, -2.9522837048751283e-09, 1.887752004976127e-09, -7.214460585636958e-10,
    9.861806012609098e-12, 1.4117173680451406e-10, -4.4873154377906685e-11,
)  # fmt: skip
"""exp(x²) · erfc(x) · (1 + x) from 0.5 to 6, by powers of what goes from −1 to 1 as 1 / (1 + x) does."""
_FAR: Final = (
    0.5603505205560211, -0.0037627248730775446, 7.387138313214794e-05, -2.357833330107275e-06,
    1.0286465741446364e-07, -5.63765849077553e-09, 3.6926557214029207e-10, -2.796196436340499e-11,
    2.392286615358329e-12, -2.349706265909285e-13, 2.4679622539800946e-14,
)  # fmt: skip
"""exp(x²) · erfc(x) · x from 6 on, by powers of 72 / x² − 1."""
_LOWEST, _HIGHEST = 1.0 / (1.0 + _TO_FAR), 1.0 / (1.0 + _TO_MIDDLE)
_SLICE: Final = 4096


def erf_of(a: Any) -> Any:
    """Erf of every entry, in double precision."""
    return _by_slices(_erf, a)


def erfc_of(a: Any) -> Any:
    """1 − erf of every entry, in double precision; it keeps its digits where erf is close to 1."""
    return _by_slices(_erfc, a)


def _by_slices(function: Callable[[Any], Any], a: Any) -> Any:
    """`function` of all entries, a slice at a time, so that its parts stay in the processor's cache."""
    a = np.asarray(a, dtype=np.float64)
    flat = a.ravel()
    parts = [function(flat[start : start + _SLICE]) for start in range(0, flat.size, _SLICE)]
    return np.concatenate(parts or [flat]).reshape(a.shape)[()]


def _erf(a: Any) -> Any:
    x = np.abs(a)
    near = x < _TO_MIDDLE
    found = np.copysign(1.0 - _complement(x, ~near), a)
    found[near] = _near_zero(a[near])
    return found


def _erfc(a: Any) -> Any:
    x = np.abs(a)
    near = x < _TO_MIDDLE
    found = _complement(x, ~near)
    found = np.where(a < 0.0, 2.0 - found, found)
    found[near] = 1.0 - _near_zero(a[near])
    return found


def _near_zero(a: Any) -> Any:
    return a * _polynomial(_NEAR, 8.0 * a * a - 1.0)


def _complement(x: Any, wanted: Any) -> Any:
    """Erfc of the `wanted` entries of x, none of which is below 0.5."""
    found = np.zeros_like(x)
    x = np.where(x > _GONE, _GONE, x)
    far = x > _TO_FAR
    middle = wanted & ~far
    t = 1.0 / (1.0 + x[middle])
    y = (2.0 * t - (_LOWEST + _HIGHEST)) / (_HIGHEST - _LOWEST)
    found[middle] = t * _polynomial(_MIDDLE, y) * _bell(x[middle])
    if np.any(far):
        z = x[far]
        found[far] = _polynomial(_FAR, 72.0 / (z * z) - 1.0) / z * _bell(z)
    return found


def _bell(x: Any) -> Any:
    """exp(−x²); x is split, since the rounding of its square would show."""
    coarse = np.floor(16.0 * x) / 16.0
    return np.exp(-coarse * coarse) * np.exp(-(x - coarse) * (x + coarse))


def _polynomial(coefficients: Sequence[float], y: Any) -> Any:
    """A polynomial at y, by Horner's rule."""
    total = np.full_like(y, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= y
        total += coefficient
    return total
