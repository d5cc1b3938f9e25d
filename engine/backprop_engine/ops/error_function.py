"""The error function and its complement, over whole arrays and to a few units in the last place.

Two polynomials, computed with mpmath to 50 digits, in place of a call of `math.erf` for every entry: of erf
itself near 0, and of exp(x²) · erfc(x) · (1 + x) for all x from 0 on, which is smooth in 1 / (x + 3.75).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

__all__ = ["erf_of", "erfc_of"]

_NEAR_ZERO: Final = 0.5
_GONE: Final = 28.0
"""From here on erfc is 0 in double precision."""
_NEAR: Final = (
    1.0830752376761712, -0.043642058886697886, 0.0016130716680617073, -4.762336934519553e-05,
    1.15160377952332e-06, -2.3472289797028638e-08, 4.1270251519374495e-10, -6.376868595301691e-12,
    8.777607488642354e-14,
)  # fmt: skip
"""erf(x) / x below 0.5, by powers of 8x² − 1."""
_POLE, _SHIFT, _SCALE = 3.75, 1.2678571428571428, 8.504464285714286
"""`_SHIFT - _SCALE / (x + _POLE)` goes from −1 at 0 to 1 at `_GONE`."""
_COMPLEMENT: Final = (
    0.7176473714930629, -0.2077806814620614, 0.09999690680570947, -0.024639372753493823,
    -0.011144827740837419, 0.018312697392467523, -0.01282752701193649, 0.005905903572256613,
    -0.001760407213303441, 0.0002194171548699126, 7.073427825372761e-05, -3.723058259277215e-05,
    1.9448407854789103e-06, 3.1189576413025166e-06, -6.459809662363684e-07, -2.4300710756413706e-07,
    8.845378332276466e-08, 2.1098095751847526e-08, -1.0459408357604389e-08, -2.0381741452745317e-09,
    1.0907264690203694e-09, 1.4920565749452348e-10, -7.476243293372166e-11,
)  # fmt: skip
"""exp(x²) · erfc(x) · (1 + x), by powers of that."""
_SLICE: Final = 8192


def erf_of(a: Any) -> Any:
    """Erf of every entry, in double precision."""
    return _by_slices(_erf, a)


def erfc_of(a: Any) -> Any:
    """1 − erf of every entry, in double precision; it keeps its digits where erf is close to 1."""
    return _by_slices(_erfc, a)


def _by_slices(function: Callable[[Any], Any], a: Any) -> Any:
    """`function` of all entries, a slice at a time, so that its parts stay in the processor's cache."""
    a = np.asarray(a, dtype=np.float64)
    flat, found = a.ravel(), np.empty(a.size)
    for start in range(0, flat.size, _SLICE):
        found[start : start + _SLICE] = function(flat[start : start + _SLICE])
    return found.reshape(a.shape)[()]


def _erf(a: Any) -> Any:
    x = np.abs(a)
    found = _complement(x)
    np.subtract(1.0, found, out=found)
    np.copysign(found, a, out=found)
    near = np.clip(a, -_NEAR_ZERO, _NEAR_ZERO)
    near *= _polynomial(_NEAR, 8.0 * near * near - 1.0)
    np.copyto(found, near, where=x < _NEAR_ZERO)
    return found


def _erfc(a: Any) -> Any:
    found = _complement(np.abs(a))
    np.subtract(2.0, found, out=found, where=a < 0.0)
    return found


def _complement(x: Any) -> Any:
    """Erfc of x, whose entries are not below 0."""
    x = np.minimum(x, _GONE)
    y = x + _POLE
    np.divide(-_SCALE, y, out=y)
    y += _SHIFT
    found = _polynomial(_COMPLEMENT, y)
    np.add(x, 1.0, out=y)
    found /= y
    # exp(−x²), of which x is split, since the rounding of its square would show
    coarse = np.floor(np.multiply(x, 16.0, out=y), out=y)
    coarse *= 1.0 / 16.0
    fine = x - coarse
    x += coarse
    fine *= x
    coarse *= coarse
    found *= np.exp(np.negative(coarse, out=coarse), out=coarse)
    found *= np.exp(np.negative(fine, out=fine), out=fine)
    return found


def _polynomial(coefficients: Sequence[float], y: Any) -> Any:
    """A polynomial at y, by Horner's rule."""
    total = coefficients[-1] * y
    for coefficient in coefficients[-2:0:-1]:
        total += coefficient
        total *= y
    total += coefficients[0]
    return total
