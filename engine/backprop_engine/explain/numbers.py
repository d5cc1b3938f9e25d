"""Numbers as people read them on a screen: at most six significant digits, aligned at the decimal point."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise
from math import floor, inf, isfinite, isnan, log10, nextafter

import numpy as np

from backprop_engine.arrays import Tensor

__all__ = ["DIGITS", "GRAPH_DIGITS", "column", "number"]

DIGITS = 6
TENSOR_DIGITS = 4
GRAPH_DIGITS = 4
LONGEST_INTEGER = 10**12
"""Whole numbers up to this are written out."""
_NEIGHBOURS = 1e12
"""Neighbouring floats differ in none of the digits of whole numbers up to this."""
ROUGHEST = 0.05
"""The part of itself that a number of a column may lose to rounding."""
FINE = 0.0005
"""The part that each may lose where numbers of several columns are multiplied."""


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
        text = _rounding(decimals, "f")(value)
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    mantissa, _, power = _rounding(min(digits, 5) - 1, "e")(value).partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"


@lru_cache(maxsize=64)
def _rounding(decimals: int, form: str) -> Callable[[float], str]:
    """What writes a number with `decimals`, a half rounded away from zero as by hand: formats round it to the
    even digit.

    The neighbour that is next further from zero is past the half, and differs in no digit that is shown.
    """
    spec, scale = f".{decimals}{form}", 0.0 if form == "e" else 10.0**decimals

    def rounded(value: float) -> str:
        size = abs(value)
        if 1e-300 < size < 1e300 and size * scale < _NEIGHBOURS:
            value = nextafter(value, inf if value > 0 else -inf)
        return format(value, spec)

    return rounded


def column(
    values: Iterable[float] | Tensor,
    digits: int = TENSOR_DIGITS,
    exact: int = 4,
    *,
    apart: bool = True,
    fine: bool = False,
) -> list[str]:
    """Numbers for one column: texts of one width, with their decimal points under each other.

    A number that is shown exactly ends with its last digit, and a rounded one keeps every decimal of its
    column: ``0.5`` is one half, ``0.5000`` nearly. There are `digits` significant ones in the largest; more
    where up to `exact` decimals show every number exactly, where one of them would have less than two, and,
    if they are to be told `apart`, until numbers differ that do; never more than six. Where they are to be
    `fine`, each of them has four if six of the largest are enough for that. Numbers too unlike for two are
    all in scientific form.
    """
    numbers = _numbers_of(values)
    sizes = [abs(value) for value in numbers if isfinite(value) and value != 0]
    if not sizes or isinstance(numbers[0], bool):
        texts = [number(value) for value in numbers]
    elif isinstance(numbers[0], int) and max(sizes) < LONGEST_INTEGER:
        texts = [str(value) for value in numbers]
    else:
        decimals = _decimals(sizes, digits, exact, FINE) if fine else None
        decimals = _decimals(sizes, digits, exact) if decimals is None else decimals
        if decimals is None:
            texts = _scientific(numbers, digits, apart=apart)
        else:
            most = max(decimals, DIGITS - 1 - _exponent(max(sizes)))
            texts = _fixed(
                numbers, _distinguishing_decimals(numbers, "f", decimals, most) if apart else decimals
            )
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


def _decimals(sizes: list[float], digits: int, exact: int, roughest: float = ROUGHEST) -> int | None:
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
        if all(abs(round(size, decimals) - size) <= roughest * size for size in sizes):
            return decimals
    return None


def _shows(value: float, decimals: int) -> bool:
    """Whether `decimals` show a number exactly, but for what is left of rounding in binary."""
    return abs(round(value, decimals) - value) <= 1e-14 * abs(value)


def _distinguishing_decimals(numbers: list[float], form: str, fewest: int, most: int) -> int:
    """The fewest decimals that tell all those numbers apart which `most` distinguish."""
    if fewest >= most:
        return most
    finite = sorted({value for value in numbers if isfinite(value)})
    apart = _differ(finite, most, form)
    for decimals in range(fewest, most):
        if all(
            seen or not wanted for seen, wanted in zip(_differ(finite, decimals, form), apart, strict=True)
        ):
            return decimals
    return most


def _differ(numbers: list[float], decimals: int, form: str) -> list[bool]:
    """Whether each number looks different from the number before it."""
    return [text != following for text, following in pairwise(map(_rounding(decimals, form), numbers))]


def _fixed(numbers: list[float], decimals: int) -> list[str]:
    """Numbers with `decimals`, and a space for each zero that would say no more."""
    texts, rounded = [], _rounding(decimals, "f")
    for value in numbers:
        text = rounded(value) if isfinite(value) else number(value)
        if decimals and text.endswith("0") and isfinite(value) and _shows(value, decimals):
            text = text.rstrip("0").rstrip(".").ljust(len(text))
        texts.append(text.replace("-0", "0", 1) if text.strip() == "-0" else text)
    unused = min(len(text) - len(text.rstrip()) for text in texts)
    return [text[: len(text) - unused] for text in texts]


def _scientific(numbers: list[float], digits: int, *, apart: bool) -> list[str]:
    """Numbers as ``1.50e-7``, with equally many digits and their exponents under each other."""
    decimals = min(digits, DIGITS - 1) - 1
    if apart:
        decimals = _distinguishing_decimals(numbers, "e", decimals, DIGITS - 2)
    rounded = _rounding(decimals, "e")
    parts = [rounded(value).partition("e") for value in numbers if isfinite(value) and value != 0]
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
