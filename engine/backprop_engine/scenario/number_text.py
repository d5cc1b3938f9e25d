"""Numbers as text that comes back bit for bit: the shortest such text, whole numbers without a point."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.scenario.emit import Document, Spelled

__all__ = ["numbers", "plain_number", "spelled"]

_LONGEST_WHOLE: Final = 1e15
_SPECIAL: Final = {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}


def numbers(tensor: Tensor) -> Document:
    """A tensor as nested lists; one without cells, whose lists could not tell its shape, by its shape."""
    if tensor.size == 0:
        return {"shape": [Spelled(str(size)) for size in tensor.shape], "init": "zeros"}
    return _nested(tensor)


def _nested(tensor: Tensor) -> Document:
    return [_nested(row) for row in tensor] if tensor.ndim else spelled(plain_number(tensor[()]))


def spelled(number: int | float) -> Spelled:
    """A number as YAML reads it."""
    text = repr(number)
    return Spelled(_SPECIAL.get(text, text))


def plain_number(number: Any) -> int | float:
    """A NumPy number as the shortest decimal that is rounded to it, whole where it can be."""
    if isinstance(number, np.bool_ | np.integer):
        return int(number)
    value = float(number)
    if not isinstance(number, np.float64) and math.isfinite(value):
        shortest = float(str(number))
        if type(number)(shortest) == number:
            value = shortest
    is_minus_zero = value == 0 and math.copysign(1, value) < 0
    return int(value) if value.is_integer() and abs(value) < _LONGEST_WHOLE and not is_minus_zero else value
