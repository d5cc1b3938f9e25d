"""What a wrong gradient looks like: a sign, a constant factor, a transpose, a sum, a factor that is missing.

Mistakes in backward rules are few and leave traces: the ratio of the gradient to the numeric one is the same
everywhere, or it is an operand; or the numbers are right, in other places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backprop_engine.arrays import Shape
from backprop_engine.messages.message import Hint, msg

__all__ = ["UPSTREAM", "cosine", "largest_gap", "resemblance", "shape_resemblance"]

UPSTREAM: Final = "g"
"""What a rule calls the upstream gradient."""

_CLOSE: Final = 1e-6
"""How closely a gradient must follow a pattern, relative to its largest entry."""
_MOST_FACTORS: Final = 6
"""How many factors are swapped with one another; of more, only the first ones are."""
_Numbers = NDArray[np.float64]


def largest_gap(found: _Numbers, expected: _Numbers) -> tuple[float, tuple[int, ...]]:
    """The largest difference between two tensors of one shape, and the entry in which it lies.

    Entries that are equal, or both NaN, do not differ; a NaN beside a number differs by infinity.
    """
    with np.errstate(all="ignore"):
        same = (found == expected) | (np.isnan(found) & np.isnan(expected))
        gaps = np.where(same, 0.0, np.abs(found - expected))
    gaps = np.where(np.isnan(gaps), np.inf, gaps)
    if not gaps.size:
        return 0.0, ()
    place = np.unravel_index(int(np.argmax(gaps)), gaps.shape)
    return float(gaps[place]), tuple(map(int, place))


def cosine(found: _Numbers, expected: _Numbers) -> float:
    """The cosine of the angle between two gradients; 0 if one of them is zero."""
    with np.errstate(all="ignore"):
        found, expected = _scaled(np.ravel(found)), _scaled(np.ravel(expected))
        lengths = float(np.linalg.norm(found) * np.linalg.norm(expected))
        return float(found @ expected) / lengths if lengths else 0.0


def resemblance(
    found: _Numbers, expected: _Numbers, *, factors: Mapping[str, Any] | None = None, sizes: Shape = ()
) -> Hint:
    """What mistake turns the gradient `expected` into `found`, which differs from it, if one is recognised.

    `factors` are tensors that a rule may have forgotten or used too often, by name; `sizes` are those of the
    axes that it may have summed or averaged over.
    """
    if not (np.all(np.isfinite(found)) and np.all(np.isfinite(expected))):
        return ""
    if not np.any(expected):
        return msg("no gradient should flow here: 0 is expected")
    if not np.any(found):
        return msg("no gradient is passed on: the rule is missing")
    with np.errstate(all="ignore"):
        tensors = {name: factor for name, factor in (factors or {}).items() if np.size(factor) > 1}
        scalars = {name: factor for name, factor in (factors or {}).items() if np.size(factor) == 1}
        return (
            _factor(found, expected, tensors)
            or _counted(found, expected, sizes)
            or _factor(found, expected, scalars)
            or _constant(found, expected)
            or _in_place_of_another(found, expected, tensors)
            or _elsewhere(found, expected)
            or _summed(found, expected)
        )


def shape_resemblance(found: Shape, expected: Shape) -> Hint:
    """What mistake gives a gradient the shape `found` where the operand has the shape `expected`."""
    if found == expected[::-1]:
        return msg("it is transposed")
    lead = len(found) - len(expected)
    if lead < 0 or any(size not in (1, found[lead + axis]) for axis, size in enumerate(expected)):
        return ""
    widened = [lead + axis for axis, size in enumerate(expected) if size != found[lead + axis]]
    axes = [*range(lead), *widened]
    if len(axes) == 1:
        return msg("the operand was broadcast: its gradient is the sum over axis {axis}", axis=axes[0])
    return msg("the operand was broadcast: its gradient is the sum over the axes {axes}", axes=axes)


def _scaled(numbers: _Numbers) -> _Numbers:
    largest = float(np.max(np.abs(numbers), initial=0.0))
    return numbers / largest if largest else numbers


def _same(left: Any, right: Any) -> bool:
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if left.shape != right.shape or not np.all(np.isfinite(left) & np.isfinite(right)):
        return False
    scale = max(float(np.max(np.abs(left), initial=0.0)), float(np.max(np.abs(right), initial=0.0)))
    return bool(np.all(np.abs(left - right) <= _CLOSE * scale))


def _factor(found: _Numbers, expected: _Numbers, factors: Mapping[str, Any]) -> Hint:
    """A factor that is missing, or that was multiplied in once too often."""
    for name, factor in factors.items():
        factor = np.asarray(factor, dtype=np.float64)
        try:
            shape = np.broadcast_shapes(factor.shape, found.shape)
        except ValueError:
            continue
        if shape != found.shape or _same(factor, np.ones_like(factor)):
            continue
        if _same(found * factor, expected):
            if name == UPSTREAM:
                return msg("the upstream gradient {name} is missing", name=name)
            return msg("the factor {name} is missing", name=name)
        if _same(expected * factor, found):
            return msg("it has the factor {name} one time too many", name=name)
    return ""


def _in_place_of_another(found: _Numbers, expected: _Numbers, factors: Mapping[str, Any]) -> Hint:
    """One operand in place of another."""
    fitting = [(name, factor) for name, factor in factors.items() if np.shape(factor) == found.shape]
    for (name, factor), (other, replaced) in permutations(fitting[:_MOST_FACTORS], 2):
        if _same(found * replaced, expected * factor):
            return msg("it has the factor {name} instead of {other}", name=name, other=other)
    return ""


def _ratio(found: _Numbers, expected: _Numbers) -> float:
    """The one factor for all entries; 0 where there is none."""
    biggest = np.unravel_index(int(np.argmax(np.abs(expected))), expected.shape)
    ratio = float(found[biggest] / expected[biggest])
    return ratio if _same(found, ratio * expected) else 0.0


def _counted(found: _Numbers, expected: _Numbers, sizes: Shape) -> Hint:
    """A sign for all entries, or how many there are."""
    ratio = _ratio(found, expected)
    if not ratio:
        return ""
    if abs(ratio + 1) < _CLOSE:
        return msg("the sign is wrong")
    for count in dict.fromkeys(_products((*sizes, *found.shape))):
        if abs(ratio / count - 1) < _CLOSE:
            return msg("it is {count} times too large: a sum instead of a mean", count=count)
        if abs(ratio * count - 1) < _CLOSE:
            return msg("it is {count} times too small: a mean instead of a sum", count=count)
    return ""


def _constant(found: _Numbers, expected: _Numbers) -> Hint:
    """One factor for all entries."""
    ratio = _ratio(found, expected)
    if not ratio:
        return ""
    if found.size == 1 and abs(round(ratio) - ratio) > _CLOSE and abs(round(1 / ratio) - 1 / ratio) > _CLOSE:
        return ""  # of one number there is always a ratio
    return msg("it is {ratio:.6g} times the expected gradient everywhere: a constant factor", ratio=ratio)


def _products(sizes: Shape) -> Iterator[int]:
    """The sizes of axes, and of all of them together."""
    yield from (size for size in sizes if size > 1)
    for stop in range(2, len(sizes) + 1):
        if (product := prod(sizes[:stop])) > 1:
            yield product


def _elsewhere(found: _Numbers, expected: _Numbers) -> Hint:
    """The right numbers in other places."""
    if found.ndim >= 2:
        if _same(found, np.swapaxes(expected, -1, -2)):
            return msg("it is transposed")
        turned = np.swapaxes(expected, -1, -2)
        if _same(found.reshape(turned.shape), turned):
            return msg("it is transposed, and reshaped to match")
    for axis in range(found.ndim):
        if _same(found, np.flip(expected, axis)):
            return msg("it is reversed along axis {axis}", axis=axis)
        if found.shape[axis] > 1 and any(_same(found, np.roll(expected, by, axis)) for by in (1, -1)):
            return msg("it is shifted along axis {axis}", axis=axis)
    if found.size > 1 and _same(np.sort(found, axis=None), np.sort(expected, axis=None)):
        return msg("the numbers are right, but in the wrong places")
    return ""


def _summed(found: _Numbers, expected: _Numbers) -> Hint:
    """A sum over an axis that was taken too often, or a part of a sum."""
    for axis in range(found.ndim):
        if found.shape[axis] < 2:
            continue
        total = np.broadcast_to(expected.sum(axis=axis, keepdims=True), found.shape)
        if _same(found, total):
            return msg("every entry is the sum over axis {axis}", axis=axis)
        if _same(found, total / found.shape[axis]):
            return msg("every entry is the mean over axis {axis}", axis=axis)
        for index in (0, -1):
            rest = np.delete(found - expected, index % found.shape[axis], axis)
            if np.any(found - expected) and not np.any(np.abs(rest) > _CLOSE * np.max(np.abs(expected))):
                return msg(
                    "only index {index} of axis {axis} differs", index=index % found.shape[axis], axis=axis
                )
    where = np.abs(found - expected) > _CLOSE * float(np.max(np.abs(expected)))
    if np.count_nonzero(where) < found.size and not np.any(found[where]):
        return msg(
            "entries are missing: {count} of {size} are 0",
            count=int(np.count_nonzero(where)),
            size=found.size,
        )
    return ""
