"""What several optimisers have in common: settings, and the first lines of an update."""

from __future__ import annotations

from typing import Final

from backprop_engine.arrays import Tensor
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.optim.arithmetic import plus
from backprop_engine.optim.definition import Memory, SettingValues, UpdateLine
from backprop_engine.optim.settings import Setting

__all__ = [
    "MAXIMIZE",
    "MOMENTUM",
    "PENALTY",
    "VELOCITY",
    "epsilon",
    "learning_rate",
    "penalised",
    "weight_decay",
]


def learning_rate(default: float) -> Setting:
    """The setting `lr`."""
    return Setting(
        "lr",
        float,
        default,
        Words("the learning rate: how far one update goes", "학습률: 한 번의 갱신으로 움직이는 크기"),
        hint=msg("to climb instead of descending, write `maximize: true`"),
    )


def epsilon(default: float) -> Setting:
    """The setting `eps`, written ε."""
    meaning = Words("a small number that keeps the divisor above 0", "나누는 수가 0이 되지 않게 하는 작은 수")
    return Setting("eps", float, default, meaning, symbols={"ε": meaning})


def weight_decay(default: float, meaning: Words | None = None) -> Setting:
    """The setting `weight_decay`; unless its `meaning` is another, it is a penalty in the gradient."""
    penalty = Words(
        "how much of the parameter is added to its gradient, which pulls it towards 0",
        "파라미터를 0 쪽으로 당기기 위해 파라미터의 몇 배를 그래디언트에 더할지",
    )
    return Setting("weight_decay", float, default, meaning or penalty)


MAXIMIZE: Final = Setting(
    "maximize",
    bool,
    False,
    Words(
        "whether to climb along the gradient instead of descending",
        "내려가지 않고 그래디언트를 따라 올라갈지",
    ),
)

MOMENTUM: Final = Setting(
    "momentum",
    float,
    0.0,
    Words("how much of the velocity is kept at each update", "갱신할 때마다 속도를 얼마나 남길지"),
)

VELOCITY: Final = Memory(
    "v",
    Words("the velocity: steps summed up, older ones fading", "속도: 오래될수록 옅어지는 걸음의 합"),
    when="momentum",
)

PENALTY: Final = (
    UpdateLine("g = -g", when="maximize"),
    UpdateLine("g = g + weight_decay * w", when="weight_decay"),
)
"""What `penalised` does."""


def penalised(w: Tensor, g: Tensor, settings: SettingValues) -> Tensor:
    """The gradient of what is to shrink: turned round for `maximize`, with the pull of `weight_decay`."""
    g = -g if settings["maximize"] else g
    return plus(g, w, settings["weight_decay"]) if settings["weight_decay"] else g
