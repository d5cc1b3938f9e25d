"""The largest difference between two tensors, where some entries are not finite."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
import pytest

from backprop_engine.derivatives.misconceptions import largest_gap


@pytest.mark.parametrize(
    ("found", "expected", "gap", "place"),
    [
        ([1.0, 2.0, 3.5], [1.0, 2.5, 3.0], 0.5, (1,)),
        ([[1.0, nan], [3.0, 5.0]], [[1.0, nan], [3.0, 4.0]], 1.0, (1, 1)),
        ([1.0, nan], [9.0, 2.0], inf, (1,)),
        ([inf, -inf, 2.0], [inf, -inf, 2.0], 0.0, (0,)),
        ([inf, 1.0], [-inf, 5.0], inf, (0,)),
        (2.0, -1.0, 3.0, ()),
        ([], [], 0.0, ()),
    ],
)
def test_it_is_found(found: Any, expected: Any, gap: float, place: tuple[int, ...]) -> None:
    assert largest_gap(np.array(found, dtype=np.float64), np.array(expected, dtype=np.float64)) == (
        gap,
        place,
    )
