"""Where an operator is tried: samples, kinks, and the points at which its conventions matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct, field

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes


class Sample(Struct, frozen=True):
    """Operands to try an operator on: shapes to fill from [`low`, `high`), or tensors as they are."""

    operands: tuple[Shape | Tensor, ...]
    attributes: Attributes = field(default_factory=dict)
    low: float = -2.0
    high: float = 2.0

    def draw(self, seed: int = 0) -> tuple[Tensor, ...]:
        """The operands in float64; the same for the same `seed`."""
        random = np.random.default_rng(seed)
        return tuple(
            self.low + (self.high - self.low) * random.random(operand)
            if isinstance(operand, tuple)
            else operand
            for operand in self.operands
        )


SINGLES = (Sample(((),)), Sample(((3,),)), Sample(((2, 3),)), Sample(((0,),)))
"""What an elementwise operator of one operand is tried on."""

PAIRS = (
    Sample(((), ())),
    Sample(((3,), (3,))),
    Sample(((2, 3), (3,))),
    Sample(((2, 1), (1, 3))),
    Sample(((0, 2), (2,))),
)
"""What an elementwise operator of two operands is tried on."""


def sampled_with(samples: tuple[Sample, ...], **attributes: Any) -> tuple[Sample, ...]:
    """The samples, with these attributes."""
    return tuple(Sample(sample.operands, attributes) for sample in samples)


POSITIVE = tuple(Sample(sample.operands, low=0.25, high=3.0) for sample in SINGLES)


NestedNumbers: TypeAlias = Any
"""A number, or a list of numbers, at any depth."""


class Kink(Struct, frozen=True, eq=False):
    """One point at which an answer had to be chosen: the operator's value there, and the gradient of each
    operand, None where none flows. The gradient that flows in is `seed`.
    """

    operands: tuple[NestedNumbers, ...]
    value: NestedNumbers
    gradients: tuple[NestedNumbers | None, ...]
    note: Words
    attributes: Attributes = {}
    seed: NestedNumbers = 1


# Points at which an operator's conventions matter though nothing there is infinite: for `Op.meets`


def beyond(limit: float) -> Callable[..., bool]:
    """Whether the first operand reaches `limit` on either side."""
    return lambda a, *_, **__: bool(np.any(np.abs(a) >= limit))


def at_zero(a: Any, *_: Any, **__: Any) -> bool:
    """Whether the first operand is 0 anywhere."""
    return bool(np.any(np.equal(a, 0)))


def near_zero(a: Any, *_: Any, **__: Any) -> bool:
    """Whether the first operand is so close to 0 that 1 plus it loses half of its digits."""
    return bool(np.any(np.abs(a) < 1e-8))


def of_nothing(a: Any, *_: Any, **__: Any) -> bool:
    """Whether there is nothing to work on."""
    return bool(np.size(a) == 0)
