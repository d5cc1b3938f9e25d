"""Numbers as people read them on a screen: at most six significant digits, aligned at the decimal point."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, isfinite, isnan, log10

import numpy as np

from backprop_engine.arrays import Tensor, shape_text

__all__ = ["ABSENT", "column", "number", "progress", "summary"]

ABSENT = "·"
"""What stands for a value or a gradient that is not reached yet; it is not zero."""

DIGITS = 6
TENSOR_DIGITS = 4
GRAPH_DIGITS = 4


def number(value: float | Tensor, digits: int = DIGITS) -> str:
    """One number, or a tensor of shape ``()``: ``-0.5898``, ``3``, ``1.2e-7``, ``NaN``, ``inf``, ``true``."""
    plain: float = value.item() if isinstance(value, np.ndarray | np.generic) else value
    return _plain_number(plain, digits)


def _plain_number(value: float, digits: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isnan(value):
        return "NaN"
    if not isfinite(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    exponent = floor(log10(abs(value)))
    if -4 <= exponent < max(digits, min(digits + 2, DIGITS)):
        decimals = max(0, digits - 1 - exponent)
        text = f"{value:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    mantissa, _, power = f"{value:.{min(digits, 5) - 1}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"


def column(values: Iterable[float] | Tensor, digits: int = TENSOR_DIGITS, exact: int = 4) -> list[str]:
    """Numbers for one column, with equally many decimals; aligned to the right, their points align.

    `digits` are significant in the largest, or more where up to `exact` decimals show every number exactly;
    numbers too unlike for that, so that one would look like zero, are each written by themselves.
    """
    numbers: list[float] = np.asarray(list(values)).tolist()
    sizes: list[float] = [abs(value) for value in numbers if isfinite(value) and value != 0]
    if not sizes or isinstance(numbers[0], bool):
        return [number(value) for value in numbers]
    largest: float = max(sizes)
    smallest: float = min(sizes)
    if largest >= 1e6 or smallest < 1e-4 or largest / smallest > 1e4:
        return [number(value, digits) for value in numbers]
    decimals = _exact_decimals(sizes, exact)
    if decimals is None:
        decimals = max(0, digits - 1 - floor(log10(largest)))
        if round(smallest, decimals) == 0:
            return [number(value, digits) for value in numbers]
    texts = [f"{value:.{decimals}f}" if isfinite(value) else number(value) for value in numbers]
    while decimals and all(text.endswith("0") for text in texts if text[-1].isdigit()):
        texts = [text[:-1] if text[-1].isdigit() else text for text in texts]
        decimals -= 1
    return [_without_minus_zero(text.rstrip(".")) for text in texts]


def _exact_decimals(sizes: list[float], most: int) -> int | None:
    """The fewest decimals, up to `most`, that show every number exactly."""
    for decimals in range(most + 1):
        if all(round(size, decimals) == size for size in sizes):
            return decimals
    return None


def _without_minus_zero(text: str) -> str:
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def progress(count: int, of: int) -> str:
    """What stands behind a gradient of which only `count` of `of` contributions have arrived."""
    return f" ({count}/{of})" if 0 < count < of else ""


def summary(tensor: Tensor | None, room: int = 16, digits: int = 3, *, shape: bool = True) -> str:
    """A tensor in short: a scalar's number, a short vector's cells, else its shape and its Euclidean norm."""
    if tensor is None:
        return ABSENT
    if tensor.shape == ():
        return number(tensor, DIGITS if digits > 2 else GRAPH_DIGITS)
    if tensor.ndim == 1 and (tensor.size <= 4 or tensor.dtype.kind in "iub"):
        text = "[" + " ".join(column(tensor, digits, exact=digits)) + "]"
        if len(text) <= room:
            return text
    with np.errstate(all="ignore"):
        norm = number(float(np.linalg.norm(np.ravel(tensor).astype(np.float64))), 3)
    return f"{shape_text(tensor.shape)} ‖{norm}‖" if shape else f"‖{norm}‖"
