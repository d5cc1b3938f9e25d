"""Points at which an operator's conventions matter though nothing there is infinite: for `Op.meets`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["at_zero", "beyond", "near_zero", "of_nothing"]


def beyond(limit: float) -> Callable[..., bool]:
    """Whether the first operand reaches `limit` on either side."""
    return lambda a, *_, **__: bool(np.any(np.abs(a) >= limit))


def at_zero(a: Any, *_: Any, **__: Any) -> bool:
    """Whether the first operand is 0 anywhere."""
    return bool(np.any(np.equal(a, 0)))


def near_zero(a: Any, *_: Any, **__: Any) -> bool:
    """Whether the first operand is so close to 0 that 1 plus it loses half of its digits."""
    return bool(np.any(np.abs(a) < 1e-8))


def of_nothing(a: Any, *_: Any, **__: Any) -> bool:
    """Whether there is nothing to work on."""
    return bool(np.size(a) == 0)
