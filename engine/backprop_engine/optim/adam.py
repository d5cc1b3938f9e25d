"""Adam, and AdamW, which decays weights apart from the gradient."""

from __future__ import annotations

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.messages.words import Words
from backprop_engine.optim.arithmetic import over, plus_number, plus_product, plus_quotient, times, towards
from backprop_engine.optim.definition import Memory, Optimizer, SettingValues, Tensors, UpdateLine
from backprop_engine.optim.settings import Setting
from backprop_engine.optim.shared import (
    MAXIMIZE,
    PENALTY,
    epsilon,
    learning_rate,
    penalised,
    weight_decay,
)

__all__ = ["adam", "adamw"]

_BETAS = Setting(
    "betas",
    tuple[float, float],
    (0.9, 0.999),
    Words(
        "how much of the running means of the gradient and of its square is kept at each update",
        "갱신할 때마다 그래디언트와 그 제곱의 이동 평균을 얼마나 남길지",
    ),
    below=1.0,
    symbols={
        "β1": Words("how much of m is kept at each update", "갱신할 때마다 m을 얼마나 남길지"),
        "β2": Words("how much of v is kept at each update", "갱신할 때마다 v를 얼마나 남길지"),
    },
)

_AMSGRAD = Setting(
    "amsgrad",
    bool,
    False,
    Words(
        "whether to divide by the largest v so far instead of the latest",
        "방금 구한 v 대신 지금까지 가장 큰 v로 나눌지",
    ),
)

_MEMORY = (
    Memory("m", Words("the running mean of the gradient", "그래디언트의 이동 평균")),
    Memory("v", Words("the running mean of the squared gradient", "그래디언트 제곱의 이동 평균")),
    Memory("u", Words("the largest v so far", "지금까지 가장 큰 v"), when="amsgrad"),
)

_LINES = (
    UpdateLine("m = β1 * m + (1 - β1) * g"),
    UpdateLine("v = β2 * v + (1 - β2) * g ** 2"),
    UpdateLine("u = maximum(u, v)", when="amsgrad"),
    UpdateLine("m̂ = m / (1 - β1 ** t)"),
    UpdateLine("v̂ = u / (1 - β2 ** t)", when="amsgrad"),
    UpdateLine("v̂ = v / (1 - β2 ** t)", unless="amsgrad"),
    UpdateLine("w = w - lr * m̂ / (sqrt(v̂) + ε)"),
)

_BETWEEN = {
    "m̂": Words("m, corrected for having started at 0", "0에서 시작한 만큼 보정한 m"),
    "v̂": Words("v, corrected for having started at 0", "0에서 시작한 만큼 보정한 v"),
}


def _moments(
    w: Tensor, g: Tensor, memory: Tensors, t: int, settings: SettingValues
) -> tuple[Tensor, Tensors]:
    """The part that Adam and AdamW share. The corrections for the start are numbers, not tensors."""
    beta1, beta2 = settings["betas"]
    kept = {
        "m": towards(memory["m"], g, 1.0 - beta1),
        "v": plus_product(times(memory["v"], beta2), g, g, 1.0 - beta2),
    }
    square = kept["v"]
    if settings["amsgrad"]:
        kept["u"] = square = np.maximum(memory["u"], square)
    rate = settings["lr"] / (1.0 - beta1**t)
    d = plus_number(over(np.sqrt(square), (1.0 - beta2**t) ** 0.5), settings["eps"])
    return plus_quotient(w, kept["m"], d, -rate), kept


def _adam(w: Tensor, g: Tensor, memory: Tensors, t: int, settings: SettingValues) -> tuple[Tensor, Tensors]:
    return _moments(w, penalised(w, g, settings), memory, t, settings)


def _adamw(w: Tensor, g: Tensor, memory: Tensors, t: int, settings: SettingValues) -> tuple[Tensor, Tensors]:
    decay = settings["weight_decay"]
    w = times(w, 1.0 - settings["lr"] * decay) if decay else w
    return _moments(w, -g if settings["maximize"] else g, memory, t, settings)


adam = Optimizer(
    "adam",
    lesson=Words(
        en="Momentum and RMSprop in one: the mean gradient over its size, both corrected for starting at 0.",
        ko="모멘텀과 RMSprop을 합쳐 그래디언트의 평균을 크기로 나눕니다. 0에서 시작한 만큼 둘 다 보정합니다.",
    ),
    settings=(learning_rate(0.001), _BETAS, epsilon(1e-8), weight_decay(0.0), _AMSGRAD, MAXIMIZE),
    memory=_MEMORY,
    lines=(*PENALTY, *_LINES),
    between=_BETWEEN,
    rule=_adam,
)

adamw = Optimizer(
    "adamw",
    lesson=Words(
        en="Adam whose weight decay shrinks the parameter itself and stays out of the gradient's means.",
        ko="가중치 감쇠를 그래디언트의 평균에 섞지 않고, 파라미터를 직접 줄이는 Adam입니다.",
    ),
    settings=(
        learning_rate(0.001),
        _BETAS,
        epsilon(1e-8),
        weight_decay(
            0.01,
            Words(
                "what part of the parameter, times the learning rate, is taken off it at each update",
                "갱신할 때마다 파라미터에서 덜어 낼 비율 (학습률을 곱함)",
            ),
        ),
        _AMSGRAD,
        MAXIMIZE,
    ),
    memory=_MEMORY,
    lines=(
        UpdateLine("g = -g", when="maximize"),
        UpdateLine("w = (1 - lr * weight_decay) * w", when="weight_decay"),
        *_LINES,
    ),
    between=_BETWEEN,
    rule=_adamw,
)
