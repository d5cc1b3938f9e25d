"""The steps that update rules are put together from, in the order of PyTorch's arithmetic.

The numbers in a rule (a rate, a decay) are Python floats, which NumPy casts to the type of the tensors. Half
precision could not hold them: 0.999 would become 0.99902. So there a step is worked out in single precision
and rounded once; only what is added, or multiplies what is added, is rounded before as well. PyTorch's
vectorised loops do the same; its loops over the few entries that are left round more often.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np

from backprop_engine.arrays import Tensor

__all__ = ["over", "plus", "plus_number", "plus_product", "plus_quotient", "times", "towards"]

_Step = TypeVar("_Step", bound=Callable[..., Tensor])


def _rounded_once(step: _Step) -> _Step:
    """`step`, worked out in float32 where its first tensor is of float16."""

    @wraps(step)
    def rounded(first: Tensor, *others: Any) -> Tensor:
        if first.dtype != np.float16:
            return step(first, *others)
        wide = (one if isinstance(one, float) else one.astype(np.float32) for one in others)
        return step(first.astype(np.float32), *wide).astype(np.float16)

    return cast(_Step, rounded)


@_rounded_once
def times(a: Tensor, factor: float) -> Tensor:
    """``a * factor``."""
    return a * factor


@_rounded_once
def over(a: Tensor, divisor: float) -> Tensor:
    """``a / divisor``."""
    return a / divisor


def plus_number(a: Tensor, number: float) -> Tensor:
    """``a + number``."""
    return a + number


def plus(a: Tensor, b: Tensor, factor: float) -> Tensor:
    """``a + factor * b``."""
    return _plus(a, b, float(a.dtype.type(factor)))


@_rounded_once
def _plus(a: Tensor, b: Tensor, factor: float) -> Tensor:
    return a + factor * b


@_rounded_once
def plus_product(a: Tensor, b: Tensor, c: Tensor, factor: float) -> Tensor:
    """``a + factor * b * c``."""
    return a + factor * b * c


@_rounded_once
def plus_quotient(a: Tensor, b: Tensor, c: Tensor, factor: float) -> Tensor:
    """``a + factor * b / c``."""
    return a + factor * b / c


@_rounded_once
def towards(a: Tensor, b: Tensor, share: float) -> Tensor:
    """That `share` of the way from `a` to `b`, measured from the nearer end so that neither is overshot."""
    if abs(share) < 0.5:
        return a + share * (b - a)
    one = a.dtype.type(1)
    return cast(Tensor, b - (b - a) * (one - a.dtype.type(share)))
