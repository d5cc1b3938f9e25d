"""The steps that update rules are put together from, in the order of PyTorch's arithmetic.

The numbers in a rule (a rate, a decay) are Python floats, which NumPy casts to the type of the tensors. Half
precision could not hold them: 0.999 would become 0.99902. So there a step is worked out in single precision
and rounded once; only what is added, or multiplies what is added, is rounded before as well. PyTorch's
vectorised loops do the same; its loops over the few entries that are left round more often.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar, cast

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.optim.definition import Memory, SettingValues, UpdateLine
from backprop_engine.optim.settings import Setting

__all__ = [
    "MAXIMIZE",
    "MOMENTUM",
    "PENALTY",
    "VELOCITY",
    "epsilon",
    "learning_rate",
    "over",
    "penalised",
    "plus",
    "plus_number",
    "plus_product",
    "plus_quotient",
    "times",
    "towards",
    "weight_decay",
]

_Step = TypeVar("_Step", bound=Callable[..., Tensor])

_HALF: Final = np.dtype(np.float16).char


def _rounded_once(step: _Step) -> _Step:
    """`step`, worked out in float32 where its first tensor is of float16."""

    @wraps(step)
    def rounded(first: Tensor, *others: Any) -> Tensor:
        if first.dtype.char != _HALF:
            return step(first, *others)
        wide = (other if isinstance(other, float) else other.astype(np.float32) for other in others)
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
    if a.dtype.char == _HALF:
        return _plus(a, b, float(np.float16(factor)))
    return a + factor * b


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
    unity = a.dtype.type(1)
    return cast(Tensor, b - (b - a) * (unity - a.dtype.type(share)))


# What several optimisers have in common: settings, and the first lines of an update.


def learning_rate(default: float) -> Setting:
    """The setting `lr`."""
    return Setting(
        "lr",
        float,
        default,
        Words("the learning rate: how far one update goes", "학습률: 한 번의 갱신으로 움직이는 크기"),
        elsewhere=("learning_rate",),
        hint=msg("to climb instead of descending, write `maximize: true`"),
    )


def epsilon(default: float) -> Setting:
    """The setting `eps`, written ε."""
    meaning = Words("a small number that keeps the divisor above 0", "나누는 수가 0이 되지 않게 하는 작은 수")
    return Setting("eps", float, default, meaning, symbols={"ε": meaning}, elsewhere=("epsilon",))


def weight_decay(default: float, meaning: Words | None = None) -> Setting:
    """The setting `weight_decay`; unless its `meaning` is another, it is a penalty in the gradient."""
    penalty = Words(
        "the fraction of the parameter that is added to its gradient, which pulls it towards 0",
        "파라미터를 0 쪽으로 당기기 위해 파라미터의 몇 배를 그래디언트에 더할지",
    )
    return Setting("weight_decay", float, default, meaning or penalty, elsewhere=("l2",))


MAXIMIZE: Final = Setting(
    "maximize",
    bool,
    False,
    Words(
        "whether to go up along the gradient instead of down",
        "내려가지 않고 그래디언트를 따라 올라갈지",
    ),
)

MOMENTUM: Final = Setting(
    "momentum",
    float,
    0.0,
    Words("the fraction of the velocity that is kept at each update", "갱신할 때마다 속도를 얼마나 남길지"),
)

VELOCITY: Final = Memory(
    "v",
    Words(
        "the velocity: a sum of past gradients in which older ones fade",
        "속도: 오래될수록 작게 반영되는 지난 그래디언트의 합",
    ),
    when="momentum",
)

PENALTY: Final = (
    UpdateLine("g = -g", when="maximize"),
    UpdateLine("g = g + weight_decay * w", when="weight_decay"),
)
"""What `penalised` does."""


def penalised(w: Tensor, g: Tensor, settings: SettingValues) -> Tensor:
    """The gradient to descend: its sign changed for `maximize`, with the pull of `weight_decay`."""
    g = -g if settings["maximize"] else g
    return plus(g, w, settings["weight_decay"]) if settings["weight_decay"] else g
