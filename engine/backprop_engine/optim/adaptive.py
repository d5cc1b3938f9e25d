"""A rate for each entry of a parameter: Adagrad and RMSprop."""

from __future__ import annotations

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.messages.words import Words
from backprop_engine.optim.arithmetic import plus, plus_number, plus_product, plus_quotient, times, towards
from backprop_engine.optim.definition import Memory, Optimizer, SettingValues, Tensors, UpdateLine
from backprop_engine.optim.settings import Setting
from backprop_engine.optim.shared import (
    MAXIMIZE,
    MOMENTUM,
    PENALTY,
    VELOCITY,
    epsilon,
    learning_rate,
    penalised,
    weight_decay,
)

__all__ = ["adagrad", "rmsprop"]


def _adagrad(
    w: Tensor, g: Tensor, memory: Tensors, t: int, settings: SettingValues
) -> tuple[Tensor, Tensors]:
    g = penalised(w, g, settings)
    rate = settings["lr"] / (1 + (t - 1) * settings["lr_decay"])
    s = plus_product(memory["s"], g, g, 1.0)
    return plus_quotient(w, g, plus_number(np.sqrt(s), settings["eps"]), -rate), {"s": s}


adagrad = Optimizer(
    "adagrad",
    lesson=Words(
        en="Every entry has a rate of its own, which falls as the squares of its gradients add up.",
        ko="원소마다 학습률이 따로 있고, 그래디언트의 제곱이 쌓일수록 그 학습률이 작아집니다.",
    ),
    settings=(
        learning_rate(0.01),
        Setting(
            "lr_decay",
            float,
            0.0,
            Words(
                "how fast the learning rate falls with the number of updates",
                "갱신 횟수에 따라 학습률이 얼마나 빨리 줄지",
            ),
        ),
        weight_decay(0.0),
        Setting(
            "initial_accumulator_value",
            float,
            0.0,
            Words("what the sum of squares starts at", "제곱의 합이 시작하는 값"),
        ),
        epsilon(1e-10),
        MAXIMIZE,
    ),
    memory=(
        Memory(
            "s",
            Words("the squares of all gradients so far, summed", "지금까지의 그래디언트를 제곱해 더한 값"),
            start="initial_accumulator_value",
        ),
    ),
    lines=(
        *PENALTY,
        UpdateLine("s = s + g ** 2"),
        UpdateLine("rate = lr / (1 + (t - 1) * lr_decay)", when="lr_decay"),
        UpdateLine("w = w - rate * g / (sqrt(s) + ε)", when="lr_decay"),
        UpdateLine("w = w - lr * g / (sqrt(s) + ε)", unless="lr_decay"),
    ),
    between={"rate": Words("the learning rate of this update", "이번 갱신의 학습률")},
    rule=_adagrad,
)


def _rmsprop(
    w: Tensor, g: Tensor, memory: Tensors, t: int, settings: SettingValues
) -> tuple[Tensor, Tensors]:
    g, lr, alpha = penalised(w, g, settings), settings["lr"], settings["alpha"]
    kept = {"s": plus_product(times(memory["s"], alpha), g, g, 1.0 - alpha)}
    square = kept["s"]
    if settings["centered"]:
        kept["m"] = m = towards(memory["m"], g, 1.0 - alpha)
        square = plus_product(square, m, m, -1.0)
    d = plus_number(np.sqrt(square), settings["eps"])
    if not settings["momentum"]:
        return plus_quotient(w, g, d, -lr), kept
    kept["v"] = plus_quotient(times(memory["v"], settings["momentum"]), g, d, 1.0)
    return plus(w, kept["v"], -lr), kept


_KEPT = Words(
    "how much of the running means is kept at each update", "갱신할 때마다 이동 평균을 얼마나 남길지"
)

rmsprop = Optimizer(
    "rmsprop",
    lesson=Words(
        en="Every entry's gradient is divided by its own recent size: steep and flat directions move alike.",
        ko="원소마다 그래디언트를 최근 크기로 나누므로, 가파른 방향과 완만한 방향이 비슷하게 움직입니다.",
    ),
    settings=(
        learning_rate(0.01),
        Setting("alpha", float, 0.99, _KEPT, symbols={"α": _KEPT}),
        epsilon(1e-8),
        weight_decay(0.0),
        MOMENTUM,
        Setting(
            "centered",
            bool,
            False,
            Words(
                "whether to divide by the spread of the gradient around its mean instead of its size",
                "그래디언트의 크기 대신, 평균 주위로 퍼진 정도로 나눌지",
            ),
        ),
        MAXIMIZE,
    ),
    memory=(
        Memory("s", Words("the running mean of the squared gradient", "그래디언트 제곱의 이동 평균")),
        Memory("m", Words("the running mean of the gradient", "그래디언트의 이동 평균"), when="centered"),
        VELOCITY,
    ),
    lines=(
        *PENALTY,
        UpdateLine("s = α * s + (1 - α) * g ** 2"),
        UpdateLine("m = α * m + (1 - α) * g", when="centered"),
        UpdateLine("d = sqrt(s - m ** 2) + ε", when="centered"),
        UpdateLine("d = sqrt(s) + ε", unless="centered"),
        UpdateLine("v = momentum * v + g / d", when="momentum"),
        UpdateLine("w = w - lr * v", when="momentum"),
        UpdateLine("w = w - lr * g / d", unless="momentum"),
    ),
    between={"d": Words("what the gradient is divided by", "그래디언트를 나누는 값")},
    rule=_rmsprop,
)
