"""Values and slopes of all functions of one number against mpmath, over the whole range of each type.

Arguments go through all magnitudes that a type has, with both signs. Where the true value is beyond the type,
or beneath its normal numbers, nothing is compared but whether it is infinite or small.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
import pytest

from backprop_engine.ops import OPS, Elementwise
from effort import tried

pytestmark = pytest.mark.thorough  # whole screens, many of them, or real terminals

mp.mp.dps = 60
# Subtractions in these formulas lose digits in proportion to the argument: the working precision follows it.
_MOST_DIGITS = 700


def _sigmoid(a: Any) -> Any:
    return 1 / (1 + mp.exp(-a))


def _softplus(a: Any) -> Any:
    return mp.log1p(mp.exp(a))


def _open_or_closed(function: Callable[[Any], Any], slope: int) -> Callable[[Any], Any]:
    """A gated function, or its slope; far from 0 the gate is open or closed, and it is known."""

    def known(a: Any) -> Any:
        if abs(a) < 1e4:
            return function(a)
        return mp.mpf(0) if a < 0 else mp.mpf(1) if slope else a

    return known


def _gelu(a: Any) -> Any:
    return a * mp.erfc(-a / mp.sqrt(2)) / 2


def _tanh_gelu(a: Any) -> Any:
    return a * _sigmoid(2 * mp.sqrt(2 / mp.pi) * (a + mp.mpf(0.044715) * a**3))


_SCALE, _ALPHA = mp.mpf(1.0507009873554805), mp.mpf(1.6732632423543772)


class Truth(NamedTuple):
    """A function in mpmath's terms, its slope, and how many units of rounding it may be off by."""

    value: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    units: float = 4.0
    by_output: bool = False
    """Whether the slope is computed from the output, which loses the digits of what it lacks to ±1."""


def _mish_slope(a: Any) -> Any:
    t = mp.tanh(_softplus(a))
    return t + a * _sigmoid(a) * (1 - t * t)


def _gelu_slope(a: Any) -> Any:
    return mp.erfc(-a / mp.sqrt(2)) / 2 + a * mp.exp(-a * a / 2) / mp.sqrt(2 * mp.pi)


def _tanh_gelu_slope(a: Any) -> Any:
    inner = 2 * mp.sqrt(2 / mp.pi) * (a + mp.mpf(0.044715) * a**3)
    p = _sigmoid(inner)
    return p + a * p * _sigmoid(-inner) * 2 * mp.sqrt(2 / mp.pi) * (1 + 3 * mp.mpf(0.044715) * a * a)


TRUTHS: dict[str, Truth] = {
    "abs": Truth(abs, mp.sign),
    "acos": Truth(mp.acos, lambda a: -1 / mp.sqrt((1 - a) * (1 + a))),
    "asin": Truth(mp.asin, lambda a: 1 / mp.sqrt((1 - a) * (1 + a))),
    "atan": Truth(mp.atan, lambda a: 1 / (1 + a * a)),
    "ceil": Truth(mp.ceil, lambda a: mp.mpf(0)),
    "cos": Truth(mp.cos, lambda a: -mp.sin(a)),
    "cosh": Truth(mp.cosh, mp.sinh),
    "erf": Truth(mp.erf, lambda a: 2 / mp.sqrt(mp.pi) * mp.exp(-a * a), 2000),
    "exp": Truth(mp.exp, mp.exp),
    "expm1": Truth(mp.expm1, mp.exp),
    "floor": Truth(mp.floor, lambda a: mp.mpf(0)),
    "gelu": Truth(_open_or_closed(_gelu, 0), _open_or_closed(_gelu_slope, 1), 20_000),
    "tanh gelu": Truth(_open_or_closed(_tanh_gelu, 0), _open_or_closed(_tanh_gelu_slope, 1), 20_000),
    "identity": Truth(lambda a: a, lambda a: mp.mpf(1)),
    "log": Truth(mp.log, lambda a: 1 / a),
    "log1p": Truth(lambda a: mp.log(1 + a), lambda a: 1 / (1 + a)),
    "log_sigmoid": Truth(lambda a: -_softplus(-a), lambda a: _sigmoid(-a)),
    "mish": Truth(lambda a: a * mp.tanh(_softplus(a)), _mish_slope, 40),
    "neg": Truth(lambda a: -a, lambda a: mp.mpf(-1)),
    "reciprocal": Truth(lambda a: 1 / a, lambda a: -1 / (a * a)),
    "relu": Truth(lambda a: max(a, mp.mpf(0)), lambda a: mp.mpf(a > 0)),
    "round": Truth(mp.nint, lambda a: mp.mpf(0)),
    "rsqrt": Truth(lambda a: 1 / mp.sqrt(a), lambda a: -1 / (2 * a * mp.sqrt(a)), 8),
    "selu": Truth(
        lambda a: _SCALE * (a if a > 0 else _ALPHA * mp.expm1(a)),
        lambda a: _SCALE * (1 if a > 0 else _ALPHA * mp.exp(a)),
    ),
    "sigmoid": Truth(_sigmoid, lambda a: _sigmoid(a) * _sigmoid(-a), 4, by_output=True),
    "sign": Truth(mp.sign, lambda a: mp.mpf(0)),
    "silu": Truth(lambda a: a * _sigmoid(a), lambda a: _sigmoid(a) * (1 + a * _sigmoid(-a)), 40),
    "sin": Truth(mp.sin, mp.cos),
    "sinh": Truth(mp.sinh, mp.cosh),
    "softplus": Truth(_softplus, _sigmoid),
    "sqrt": Truth(mp.sqrt, lambda a: 1 / (2 * mp.sqrt(a))),
    "square": Truth(lambda a: a * a, lambda a: 2 * a),
    "tan": Truth(mp.tan, lambda a: 1 + mp.tan(a) ** 2),
    "tanh": Truth(mp.tanh, lambda a: mp.sech(a) ** 2, 8, by_output=True),
}
LEAST: dict[str, float] = {"acos": -1, "asin": -1, "log1p": -1}
MOST: dict[str, float] = {"acos": 1, "asin": 1}
"""Between these a function is real, where that is not everywhere."""
POSITIVE = ("log", "rsqrt", "sqrt")
NO_TRUTH = ("broadcast_to", "clip", "detach", "hard_tanh", "one_hot", "relu6")
"""What moves, stops, names or cuts its operand, which it does not compute with."""
TYPES = {"float64": (1e-300, 1e300), "float32": (1e-36, 1e36), "float16": (1e-4, 6e4)}


def arguments(dtype: str, *, positive: bool) -> Any:
    low, high = TYPES[dtype]
    sizes = np.geomspace(low, high, tried(400, 30))
    near = np.linspace(0.01, 12.0, tried(200, 20))
    found = np.concatenate([sizes, near]).astype(dtype)
    return found if positive else np.concatenate([found, -found])


def _truth(function: Callable[[Any], Any], argument: float) -> Any:
    """The true value, with digits enough for what cancels at this argument."""
    digits = min(_MOST_DIGITS, 60 + int(abs(mp.log10(abs(argument)))) * 2)
    with mp.workdps(digits):
        return function(mp.mpf(argument))


def _worst(
    found: Any, function: Callable[[Any], Any], points: Any, dtype: str, units: float, least: float = 0.0
) -> float:
    """The largest error, relative to the true value or to `least`, in units of the type's rounding."""
    kind = np.finfo(dtype)
    worst = 0.0
    for point, value in zip(points.tolist(), np.asarray(found, dtype=dtype).tolist(), strict=True):
        true = _truth(function, point)
        if abs(true) > float(kind.max):
            assert abs(value) >= float(kind.max) * 0.99, (point, value, true)
        elif abs(true) < float(kind.tiny) / float(kind.eps):
            assert abs(value) <= 2 * float(kind.tiny) / float(kind.eps), (point, value, true)
        else:
            error = float(abs(value - true) / max(abs(true), least)) / float(kind.eps)
            assert error <= units, (point, value, mp.nstr(true, 20), error)
            worst = max(worst, error)
    return worst


def test_every_function_of_one_number_has_a_truth() -> None:
    known = {name.split()[-1] for name in TRUTHS} | set(NO_TRUTH)
    unary = {
        op.name
        for op in OPS.values()
        if len(op.operands) == 1
        and not op.boolean
        and not op.counts
        and not callable(op.rules)
        and all(rule is None or isinstance(rule, Elementwise) for rule in op.rules)
    }
    assert unary | {"gelu"} == known - {"broadcast_to"} | (unary & {"broadcast_to"})


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", TRUTHS)
def test_values_and_slopes_are_right_to_a_few_roundings(name: str, dtype: str) -> None:
    truth, op = TRUTHS[name], OPS[name.split()[-1]]
    settings = {"approximate": "tanh" if " " in name else "none"} if op.name == "gelu" else {}
    points = arguments(dtype, positive=name in POSITIVE)
    points = points[(points > LEAST.get(name, -np.inf)) & (points < MOST.get(name, np.inf))]
    (rule,) = op.rules_for((points.shape,), settings)
    assert isinstance(rule, Elementwise)
    with np.errstate(all="ignore"):
        out = np.asarray(op.forward(points, **settings)).astype(dtype)
        slopes = np.broadcast_to(rule.of(out, points, **settings), points.shape)
    assert _worst(out, truth.value, points, dtype, truth.units) >= 0
    assert np.all(np.isfinite(out[np.abs(points) < 10]))
    assert _worst(slopes, truth.slope, points, dtype, truth.units, float(truth.by_output)) >= 0
