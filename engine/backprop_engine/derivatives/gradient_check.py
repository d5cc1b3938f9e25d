"""A gradient compared with the derivative of a scalar function, entry by entry; nothing here knows a graph.

Where the function is analytic, by complex step (Squire and Trapp, SIAM Review 40, 1998): the derivative is
Im f(x + ih) / h, exact to rounding. Elsewhere by five-point central differences, with a kink distinguished by
its one-sided slopes: a gradient between the two is a fair choice there. Above 10,000 entries the gradient is
projected on a random direction, and a sample of its entries is checked one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import combinations
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import Struct, structs

from backprop_engine.arrays import Shape, Tensor, norm
from backprop_engine.derivatives.misconceptions import cosine, resemblance, shape_resemblance
from backprop_engine.derivatives.numeric_derivatives import (
    Function,
    Slope,
    complex_step,
    differences,
    fair_at_kink,
    unit,
)
from backprop_engine.messages.message import Hint, msg

__all__ = [
    "MOST_ENTRIES",
    "SAMPLE",
    "GradientCheck",
    "Verdict",
    "compare",
    "entries_to_check",
    "unfair_tie",
    "unfair_together",
]

MOST_ENTRIES = 10_000
SAMPLE = 100
MOST_WORK, FEWEST = 10**8, 3
"""Numbers that the check of one gradient may go through, entry by entry: a second or two. Where all entries
would take more, those that are affordable are checked, at least a few, and a random projection of all.
"""


class Verdict(Enum):
    """What a numeric check found."""

    AGREES = "agrees"
    KINK = "kink"
    DIFFERS = "differs"
    NOT_FINITE = "not finite"
    NOT_APPLICABLE = "not applicable"

    @property
    def good(self) -> bool:
        """Whether the gradient passes."""
        return self in (Verdict.AGREES, Verdict.KINK, Verdict.NOT_APPLICABLE)


class GradientCheck(Struct, frozen=True, eq=False):
    """The result of checking a gradient.

    `error` is the largest difference, divided by the largest magnitude of the gradient; `entry` is where it
    lies. `numeric` is the numeric gradient, or None where only a projection and a sample of `checked` entries
    out of `entries` were computed. `shapes` are the gradient's and the operand's, where they are not the
    same: then no entry is compared. Where the gradient differs, `cosine` is that of the angle between the
    two, and `resembles` says which mistake it looks like, if one is recognised.
    """

    name: str
    verdict: Verdict
    method: str
    entries: int
    checked: int
    error: float = 0.0
    entry: tuple[int, ...] = ()
    found: float = 0.0
    expected: float = 0.0
    numeric: Tensor | None = None
    shapes: tuple[Shape, Shape] | None = None
    cosine: float | None = None
    resembles: Hint = ""
    projected: bool = True
    """Whether a random projection was checked where not all entries were."""
    edge: int | None = None
    """The index of the edge, by which two uses of an operand in one node differ; none for a leaf."""

    @property
    def sampled(self) -> bool:
        """Whether only a sample of entries was checked, and a projection unless that is said."""
        return self.checked < self.entries


Bounds: TypeAlias = Callable[[int], tuple[float, float]]
"""The least and the greatest slope that a gradient may claim for an entry, by its number."""


def compare(
    name: str,
    function: Function,
    x: Tensor,
    gradient: Tensor,
    *,
    analytic: bool,
    upstream: float = 0.0,
    most: int = MOST_ENTRIES,
    sample: int = SAMPLE,
    cost: int = 1,
    factors: Callable[[], Mapping[str, Any]] = dict,
    sizes: Shape = (),
    between: Bounds | None = None,
    eps: float = 0.0,
) -> GradientCheck:
    """Compare `gradient` with the derivative of the scalar `function` at `x`.

    `upstream` is the largest upstream gradient in it: a rule whose local gradient all but cancels, as tanh's
    does where it is saturated, is allowed the rounding of what cancelled. `cost` is how many numbers the
    function goes through. What `factors` gives, and `sizes`, help to recognise a mistake (see `resemblance`).
    `between` gives the bounds of what is fair for an entry, where that is known for each output by itself.
    `eps` is that of the type in which the gradient was computed, where that is narrower than its own.
    """
    method = "complex step" if analytic else "differences"
    entries = int(np.size(x))
    if np.shape(gradient) != np.shape(x):
        shapes = (np.shape(gradient), np.shape(x))
        return GradientCheck(
            name,
            Verdict.DIFFERS,
            "shape",
            entries,
            0,
            np.inf,
            shapes=shapes,
            resembles=shape_resemblance(*shapes),
        )
    flat = np.ravel(gradient).astype(np.float64)
    if not np.all(np.isfinite(flat)):
        worst = int(np.flatnonzero(~np.isfinite(flat))[0])
        entry = tuple(map(int, np.unravel_index(worst, np.shape(x)))) if np.shape(x) else ()
        return GradientCheck(
            name, Verdict.NOT_FINITE, method, entries, entries, np.inf, entry, float(flat[worst])
        )
    derivative = complex_step if analytic else differences
    point = np.array(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        if not np.isfinite(function(point[()])):
            return GradientCheck(name, Verdict.NOT_FINITE, "output", entries, entries, np.inf, (), np.nan)
        chosen = entries_to_check(entries, cost, most=most, sample=sample)
        if chosen < entries:
            return _sampled(name, method, derivative, function, point, gradient, chosen, between, eps)
        slopes = [derivative(function, point, unit(point.shape, entry)) for entry in range(entries)]
        rounding = 8.0 * max(float(np.finfo(gradient.dtype).eps), eps) * upstream
        check = _judge(
            name, method, slopes, flat, gradient, np.arange(entries), point.shape, rounding, between, eps
        )
        if check.verdict is Verdict.KINK and entries > 1:
            check = _together(check, function, point, gradient, slopes, eps)
    return _recognised(check, gradient, factors, sizes) if check.verdict is Verdict.DIFFERS else check


def entries_to_check(entries: int, cost: int, *, most: int = MOST_ENTRIES, sample: int = SAMPLE) -> int:
    """How many of `entries` are checked one by one, for a function that goes through `cost` numbers."""
    affordable = MOST_WORK // max(1, cost)
    return entries if entries <= min(most, affordable) else min(sample, entries, max(FEWEST, affordable))


def _recognised(
    check: GradientCheck, gradient: Tensor, factors: Callable[[], Mapping[str, Any]], sizes: Shape
) -> GradientCheck:
    """The check of a gradient that differs, with the mistake that the difference looks like."""
    if check.numeric is None:
        return check
    # here, since no gradient differs in most runs

    found, expected = np.asarray(gradient, dtype=np.float64), np.asarray(check.numeric, dtype=np.float64)
    looks = resemblance(found, expected, factors=factors(), sizes=sizes)
    return structs.replace(check, cosine=cosine(found, expected), resembles=looks)


_MOST_TIED: Final = 12
"""The most entries at a kink of which every pair is moved together."""


def _together(
    check: GradientCheck, function: Function, x: Any, gradient: Tensor, slopes: Sequence[Slope], eps: float
) -> GradientCheck:
    """At a kink, each entry may be valid by itself but not several together, such as a tie given in full to
    both.

    Several entries at a kink are moved at once, those that have these `slopes` one by one.
    """
    tied = [entry for entry, slope in enumerate(slopes) if slope.left is not None]
    groups = [range(x.size), *combinations(tied[:_MOST_TIED], 2)]
    for group in groups:
        direction = sum((unit(x.shape, entry) for entry in group), np.zeros(x.shape))
        along = differences(function, x, direction)
        projected = float(np.sum(gradient * direction))
        if unfair_together(along, [slopes[entry] for entry in group], projected, gradient, eps):
            return unfair_tie(check, along, projected)
    return check


def unfair_together(
    along: Slope, alone: Sequence[Slope], projected: float, gradient: Tensor, eps: float = 0.0
) -> bool:
    """Whether a gradient is wrong along a direction in which several kinks move.

    It can be told where the function is smooth along that direction, though not since one-sided slopes of
    separate kinks happen to add up to the same: there it has one derivative, that of the direction.
    """
    if along.left is not None:
        return False
    scale = float(np.max(np.abs(gradient), initial=0.0)) + abs(along.value)
    allowed = _tolerance("differences", gradient.dtype, eps) * scale * len(alone)
    allowed += 2.0 * along.doubt + along.noise
    left = sum(slope.value if slope.left is None else slope.left for slope in alone)
    right = sum(slope.value if slope.right is None else slope.right for slope in alone)
    separate = max(1e-4 * scale, allowed)
    if abs(along.value - left) <= separate or abs(along.value - right) <= separate:
        return False
    return abs(along.value - projected) > allowed


def unfair_tie(check: GradientCheck, along: Slope, projected: float) -> GradientCheck:
    """`check`, having found several entries unfair together: `projected` is not the derivative `along`."""
    error = abs(along.value - projected) / (max(abs(along.value), abs(projected)) or 1.0)
    return structs.replace(
        check,
        verdict=Verdict.DIFFERS,
        error=error,
        entry=(),
        found=projected,
        expected=along.value,
        numeric=None,
        resembles=msg("each entry on its own is a valid choice at the kink, but together they are not"),
    )


_ROUNDINGS: Final = 512
"""How many rounding errors of a narrow floating type may add up in a gradient."""
_BESIDE: Final = 1e-12
"""How far a small entry may be off because a much larger one was rounded."""
_NEARLY_ZERO: Final = 1e-13
"""A difference this small counts for nothing, whatever the size of the gradient."""


def _tolerance(method: str, dtype: np.dtype[Any], eps: float) -> float:
    """The tolerance, relative to the gradient's largest magnitude; a narrow type needs more."""
    wanted = 1e-9 if method == "complex step" else 1e-7
    if dtype == np.float64 and not eps:
        return wanted
    rounding = max(float(np.finfo(dtype).eps), eps)
    return max(wanted, min(float(np.sqrt(rounding)), _ROUNDINGS * rounding))


def _judge(
    name: str,
    method: str,
    slopes: list[Slope],
    found: Any,
    gradient: Tensor,
    entries: Any,
    shape: tuple[int, ...],
    rounding: float = 0.0,
    between: Bounds | None = None,
    eps: float = 0.0,
) -> GradientCheck:
    """Compare entries of the gradient with their numeric slopes."""
    numeric = np.array([slope.value for slope in slopes])
    whole = len(slopes) == int(np.size(gradient))
    kinks = np.array(
        [fair_at_kink(slope, entry) for slope, entry in zip(slopes, found, strict=True)], dtype=bool
    )
    scale = max(
        float(np.max(np.abs(found), initial=0.0)), float(np.max(np.abs(numeric[~kinks]), initial=0.0))
    )
    doubt = np.array([slope.doubt for slope in slopes])
    noise = np.array([slope.noise for slope in slopes])
    tolerance = _tolerance(method, gradient.dtype, eps) * scale + _NEARLY_ZERO + noise + rounding
    if method == "complex step" and gradient.dtype == np.float64 and not eps:  # exact in each entry by itself
        own = np.maximum(np.abs(found), np.abs(numeric))
        each = _tolerance(method, gradient.dtype, eps) * own + _BESIDE * scale + _NEARLY_ZERO + rounding
        tolerance = np.minimum(tolerance, each)
    allowed = tolerance + np.minimum(2.0 * doubt, 1e-4 * scale)
    gaps = np.where(kinks, 0.0, np.abs(found - numeric))
    if between is not None:
        for at in np.flatnonzero(gaps > allowed).tolist():
            low, high = between(int(entries[at]))
            size = max(abs(low), abs(high))
            if high - low > 1e-3 * size and low - 1e-4 * size <= found[at] <= high + 1e-4 * size:
                kinks[at], gaps[at] = True, 0.0
    if not np.all(np.isfinite(numeric[~kinks])):
        verdict = Verdict.NOT_FINITE
    elif np.any(gaps > allowed):
        verdict = Verdict.DIFFERS
    else:
        verdict = Verdict.KINK if np.any(kinks) else Verdict.AGREES
    worst = int(np.argmax(np.where(np.isfinite(gaps), gaps, np.inf))) if len(slopes) else 0
    entry = tuple(map(int, np.unravel_index(entries[worst], shape))) if shape and len(slopes) else ()
    return GradientCheck(
        name,
        verdict,
        method,
        int(np.size(gradient)),
        len(slopes),
        float(gaps[worst] / scale) if len(slopes) and scale else 0.0,
        entry,
        float(found[worst]) if len(slopes) else 0.0,
        float(numeric[worst]) if len(slopes) else 0.0,
        numeric.reshape(shape) if whole else None,
    )


def _sampled(
    name: str,
    method: str,
    derivative: Callable[..., Slope],
    function: Function,
    x: Any,
    gradient: Tensor,
    sample: int,
    between: Bounds | None,
    eps: float,
) -> GradientCheck:
    """A random projection, and a sample of entries one by one."""
    random = np.random.default_rng(0)
    direction = random.standard_normal(x.shape)
    along = derivative(function, x, direction)
    projected = float(np.sum(gradient * direction))
    magnitude = norm(gradient)  # whose squares may be too small for a narrow type
    chosen = np.sort(random.choice(x.size, sample, replace=False))
    slopes = [derivative(function, x, unit(x.shape, int(entry))) for entry in chosen]
    found = np.ravel(gradient)[chosen].astype(np.float64)
    result = _judge(name, method, slopes, found, gradient, chosen, x.shape, between=between, eps=eps)
    allowed = _tolerance(method, gradient.dtype, eps) * magnitude * 10 + _NEARLY_ZERO
    allowed += along.doubt + along.noise
    close = abs(along.value - projected) <= allowed
    if result.verdict.good and not close and along.left is None:
        return GradientCheck(
            name, Verdict.DIFFERS, method, result.entries, result.checked,
            abs(along.value - projected) / (magnitude or 1.0), (), projected, along.value,
        )  # fmt: skip
    return result
