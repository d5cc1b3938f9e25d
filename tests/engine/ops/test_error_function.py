"""The error function and its complement, against mpmath: both keep their digits, however small they are."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest

from backprop_engine.ops.error_function import erf_of, erfc_of

UNITS = 3
"""How far a result may be from the true value, in units of its rounding."""


@pytest.mark.parametrize(("function", "truth"), [(erf_of, mp.erf), (erfc_of, mp.erfc)])
def test_they_keep_their_digits(function: Any, truth: Any) -> None:
    near = np.linspace(0.01, 9.0, 90)
    points = np.concatenate([-near, near, [1e-300, -1e-8, 25.0]])
    with mp.workdps(60):
        true = [truth(mp.mpf(point)) for point in points.tolist()]
        apart = [
            abs(mp.mpf(found) / one - 1) for found, one in zip(function(points).tolist(), true, strict=True)
        ]
    assert max(apart) <= UNITS * np.finfo(np.float64).eps
