"""Numbers as people read them on a screen: at most six significant digits, aligned at the decimal point."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import floor, isfinite, isnan, log10

import numpy as np

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.explain.statistics import norm

__all__ = ["ABSENT", "column", "number", "progress", "summary"]

ABSENT = "·"
"""What stands for a value or a gradient that is not reached yet; it is not zero."""

DIGITS = 6
TENSOR_DIGITS = 4
GRAPH_DIGITS = 4
LONGEST_INTEGER = 10**12
"""Whole numbers up to this are written out."""
ROUGHEST = 0.05
"""The part of itself that a number of a column may lose to rounding."""


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


def column(
    values: Iterable[float] | Tensor, digits: int = TENSOR_DIGITS, exact: int = 4, *, apart: bool = True
) -> list[str]:
    """Numbers for one column: texts of one width, with their decimal points under each other.

    A number that is shown exactly ends with its last digit, and a rounded one keeps every decimal of its
    column: ``0.5`` is one half, ``0.5000`` nearly. There are `digits` significant ones in the largest; more
    where up to `exact` decimals show every number exactly, where one of them would have less than two, and,
    if they are to be told `apart`, until numbers differ that do; never more than six. Numbers too unlike for
    that are all in scientific form.
    """
    numbers = _numbers_of(values)
    sizes = [abs(value) for value in numbers if isfinite(value) and value != 0]
    if not sizes or isinstance(numbers[0], bool):
        texts = [number(value) for value in numbers]
    elif isinstance(numbers[0], int) and max(sizes) < LONGEST_INTEGER:
        texts = [str(value) for value in numbers]
    else:
        decimals = _decimals(sizes, digits, exact)
        if decimals is None:
            texts = _scientific(numbers, digits, apart=apart)
        else:
            most = max(decimals, DIGITS - 1 - _exponent(max(sizes)))
            texts = _fixed(numbers, _told_apart(numbers, "f", decimals, most) if apart else decimals)
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def _numbers_of(values: Iterable[float] | Tensor) -> list[float]:
    """Plain numbers; those of half or single precision as short as they can be told from their neighbours."""
    array = values if isinstance(values, np.ndarray | np.generic) else np.asarray(list(values))
    if array.dtype.kind == "f" and array.dtype.itemsize < 8:
        return [float(str(value)) for value in array.ravel()]
    plain: list[float] = array.ravel().tolist()
    return plain


def _exponent(size: float) -> int:
    return floor(log10(size))


def _decimals(sizes: list[float], digits: int, exact: int) -> int | None:
    """How many decimals show numbers of these sizes; None where scientific form shows them better."""
    largest = max(sizes)
    if largest >= 1e6 or largest < 1e-4:
        return None
    most = max(0, DIGITS - 1 - _exponent(largest))
    for decimals in range(min(exact, most) + 1):
        if all(_shows(size, decimals) for size in sizes):
            return decimals
    fewest = max(0, digits - 1 - _exponent(largest))
    for decimals in range(fewest, most + 1):
        if all(abs(round(size, decimals) - size) <= ROUGHEST * size for size in sizes):
            return decimals
    return None


def _shows(value: float, decimals: int) -> bool:
    """Whether so many decimals show a number exactly, but for what is left of rounding in binary."""
    return abs(round(value, decimals) - value) <= 1e-14 * abs(value)


def _told_apart(numbers: list[float], form: str, fewest: int, most: int) -> int:
    """The fewest decimals that tell all those numbers apart which `most` tell apart."""
    finite = sorted({value for value in numbers if isfinite(value)})
    neighbours = [
        (one, other) for one, other in pairwise(finite) if f"{one:.{most}{form}}" != f"{other:.{most}{form}}"
    ]
    for decimals in range(fewest, most):
        if all(f"{one:.{decimals}{form}}" != f"{other:.{decimals}{form}}" for one, other in neighbours):
            return decimals
    return most


def _fixed(numbers: list[float], decimals: int) -> list[str]:
    """Numbers with `decimals`, and a space for each zero that would say no more."""
    texts = []
    for value in numbers:
        text = f"{value:.{decimals}f}" if isfinite(value) else number(value)
        if decimals and isfinite(value) and _shows(value, decimals):
            text = text.rstrip("0").rstrip(".").ljust(len(text))
        texts.append(text.replace("-0", "0", 1) if text.strip() == "-0" else text)
    unused = min(len(text) - len(text.rstrip()) for text in texts)
    return [text[: len(text) - unused] for text in texts]


def _scientific(numbers: list[float], digits: int, *, apart: bool) -> list[str]:
    """Numbers as ``1.50e-7``, with equally many digits and their exponents under each other."""
    decimals = min(digits, DIGITS - 1) - 1
    if apart:
        decimals = _told_apart(numbers, "e", decimals, DIGITS - 2)
    parts = [f"{value:.{decimals}e}".partition("e") for value in numbers if isfinite(value) and value != 0]
    while decimals and all(mantissa.endswith("0") for mantissa, _, _ in parts):
        decimals -= 1
        parts = [(mantissa[:-1].rstrip("."), e, power) for mantissa, e, power in parts]
    tail = max(len(str(int(power))) for _, _, power in parts)
    after = (decimals + 1 if decimals else 0) + 1 + tail
    written = iter(parts)
    texts = []
    for value in numbers:
        if value == 0:
            texts.append("0" + " " * after)
        elif isfinite(value):
            mantissa, _, power = next(written)
            texts.append(f"{mantissa}e{str(int(power)).ljust(tail)}")
        else:
            texts.append(number(value))
    return texts


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
        text = "[" + " ".join(one.strip() for one in column(tensor, digits, exact=digits, apart=False)) + "]"
        if len(text) <= room:
            return text
    size = number(norm(tensor), 3)
    return f"{shape_text(tensor.shape)} ‖{size}‖" if shape else f"‖{size}‖"
