"""A tensor in a few cells of a terminal: its number, its entries, or its shape and its norm."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from backprop_engine.arrays import Tensor, has_norm, is_stored
from backprop_engine.explain.numbers import DIGITS, column, number
from backprop_engine.explain.statistics import norm
from backprop_tui.cells.shapes import shape_label

__all__ = ["ABSENT", "SUMMED", "progress", "summary"]

ABSENT = "◌"
"""What stands for a value or a gradient that has not arrived yet; it is not zero, and no sign of formulas."""
_VECTOR_DIGITS = 3
"""The significant digits of a short vector's numbers."""
_FEWEST_DIGITS = 2
"""Those of any number where there is little room."""
_UNKNOWN = "‖?‖"
"""What stands for the norm of a tensor of which neither entries nor figures were recorded."""
_LONGEST = 8
"""Longer vectors are shown by their norm."""
_ROOM = 40
"""The default number of cells for a tensor in short."""

SUMMED = " ∑ "
"""What is between a gradient and how many of its contributions it is the sum of."""


def progress(count: int, of: int) -> str:
    """What follows a gradient of which only `count` of `of` contributions have arrived."""
    return f"{SUMMED}{count}/{of}" if 0 < count < of else ""


def summary(tensor: Tensor | None, room: int = _ROOM, digits: int = DIGITS, *, shape: bool = True) -> str:
    """A tensor in short: a scalar's number with at most `digits`, a short vector's entries if there is `room`
    for them, else its shape and its Euclidean norm; of truth values, how many are true. A tensor that is not
    stored is shown by its norm.
    """
    if tensor is None:
        return ABSENT
    if not is_stored(tensor):
        lead = f"{shape_label(tensor.shape)} " if shape and tensor.shape else ""
        return lead + (_size(tensor, room - len(lead)) if has_norm(tensor) else _UNKNOWN)
    if tensor.shape == ():
        return _scalar(tensor, room, digits)
    if tensor.ndim == 1 and (entries := _entries(tensor, room)):
        return entries
    lead = f"{shape_label(tensor.shape)} "
    return (lead if shape else "") + _size(tensor, room - len(lead) * shape)


def _scalar(tensor: Tensor, room: int, digits: int) -> str:
    """A number of `digits`, of fewer where only those fit, and of more where it would look exact."""
    full = number(tensor)
    for count in range(digits, _FEWEST_DIGITS - 1, -1):
        text = number(tensor, count)
        if len(text) <= room and (text == full or not _looks_exact(text, count)):
            return text
    text = number(tensor, digits)
    return full if _looks_exact(text, digits) else text


def _looks_exact(text: str, digits: int) -> bool:
    """Whether a number has fewer digits than it may have, or no point."""
    shown = text.partition("e")[0].replace(".", "").lstrip("-0")
    return len(shown) < digits or text.lstrip("-").isdigit()


def _size(tensor: Tensor, room: int) -> str:
    """A norm, with fewer digits where only those fit; of truth values, how many are true."""
    if tensor.dtype.kind == "b":
        return f"{np.count_nonzero(tensor)}/{tensor.size} true"
    size = norm(tensor)
    text = f"‖{number(size, _VECTOR_DIGITS)}‖"
    return text if len(text) <= room else f"‖{number(size, _FEWEST_DIGITS)}‖"


def _entries(vector: Tensor, room: int) -> str:
    """The entries of a short vector, with fewer digits where only those fit; empty where nothing does."""
    if (vector.dtype.kind == "f" and vector.size > _LONGEST) or 2 * vector.size + 1 > room:
        return ""
    plain = vector.astype(np.int8) if vector.dtype.kind == "b" else vector
    data = plain.tobytes()
    for digits in range(_VECTOR_DIGITS, _FEWEST_DIGITS - 1, -1):
        text = _listed(data, plain.dtype.str, digits)
        if len(text) <= room:
            return text
    return ""


@lru_cache(maxsize=2048)  # one vector is asked for in columns of several widths
def _listed(data: bytes, dtype: str, digits: int) -> str:
    """The entries of a vector in brackets."""
    texts = column(np.frombuffer(data, dtype), digits, exact=digits, apart=False)
    return f"[{' '.join(entry.strip() for entry in texts)}]"
