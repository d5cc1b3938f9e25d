"""The numbers that `init` stands for.

Random ones are drawn in float64, in C order, from `default_rng(seed)`: `random` for uniform ones,
`standard_normal` for normal ones; then they are scaled. Tests pin them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod, sqrt
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.arrays import Shape

__all__ = ["INITS", "Init"]

Draw = Callable[[Shape, Mapping[str, Any]], NDArray[np.float64]]


class Init(Struct, frozen=True):
    """A way to fill a tensor: the settings it takes with their defaults, and what it needs.

    A default of None must be given. `fans` says that the shape needs two axes or more, to count what a unit
    takes in and gives out.
    """

    draw: Draw
    settings: Mapping[str, float | None]
    random: bool = False
    fans: bool = False


def _fans(shape: Shape, settings: Mapping[str, Any]) -> tuple[int, int]:
    """(in, out): as in PyTorch the second axis and the first, times the kernel's axes; at least 1."""
    kernel = prod(shape[2:])
    fan_in, fan_out = max(1, shape[1] * kernel), max(1, shape[0] * kernel)
    return (fan_out, fan_in) if settings["transposed"] else (fan_in, fan_out)


def _uniform(shape: Shape, seed: int, low: float, high: float) -> NDArray[np.float64]:
    return np.asarray(low + (high - low) * np.random.default_rng(seed).random(shape))


def _normal(shape: Shape, seed: int, mean: float, std: float) -> NDArray[np.float64]:
    return np.asarray(mean + std * np.random.default_rng(seed).standard_normal(shape))


def _within(bound: Callable[[int, int], float]) -> Draw:
    """Uniform in ±`bound(fan_in, fan_out)`."""

    def draw(shape: Shape, settings: Mapping[str, Any]) -> NDArray[np.float64]:
        limit = bound(*_fans(shape, settings))
        return _uniform(shape, settings["seed"], -limit, limit)

    return draw


def _spread(deviation: Callable[[int, int], float]) -> Draw:
    """Normal around 0 with the standard deviation `deviation(fan_in, fan_out)`."""

    def draw(shape: Shape, settings: Mapping[str, Any]) -> NDArray[np.float64]:
        return _normal(shape, settings["seed"], 0.0, deviation(*_fans(shape, settings)))

    return draw


INITS: Final[dict[str, Init]] = {
    "zeros": Init(lambda shape, _: np.zeros(shape), {}),
    "ones": Init(lambda shape, _: np.ones(shape), {}),
    "eye": Init(lambda shape, _: np.eye(shape[0], shape[1]), {}),
    "arange": Init(lambda shape, _: np.arange(prod(shape), dtype=np.float64).reshape(shape), {}),
    "constant": Init(lambda shape, given: np.full(shape, given["value"], dtype=np.float64), {"value": None}),
    "normal": Init(
        lambda shape, given: _normal(shape, given["seed"], given["mean"], given["std"]),
        {"mean": 0.0, "std": 1.0},
        random=True,
    ),
    "uniform": Init(
        lambda shape, given: _uniform(shape, given["seed"], given["low"], given["high"]),
        {"low": 0.0, "high": 1.0},
        random=True,
    ),
    "xavier_uniform": Init(_within(lambda ins, outs: sqrt(6 / (ins + outs))), {}, random=True, fans=True),
    "xavier_normal": Init(_spread(lambda ins, outs: sqrt(2 / (ins + outs))), {}, random=True, fans=True),
    "he_uniform": Init(_within(lambda ins, _: sqrt(6 / ins)), {}, random=True, fans=True),
    "he_normal": Init(_spread(lambda ins, _: sqrt(2 / ins)), {}, random=True, fans=True),
}
