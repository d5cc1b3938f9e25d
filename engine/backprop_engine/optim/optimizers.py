"""Every optimiser, from the plainest on: one definition each."""

from __future__ import annotations

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.optim.definition import OPTIMIZERS, Memory, SettingValues, Tensors, UpdateLine, define
from backprop_engine.optim.settings import Setting, SettingError
from backprop_engine.optim.steps import (
    MAXIMIZE,
    MOMENTUM,
    PENALTY,
    VELOCITY,
    epsilon,
    learning_rate,
    over,
    penalised,
    plus,
    plus_number,
    plus_product,
    plus_quotient,
    times,
    towards,
    weight_decay,
)

__all__ = ["OPTIMIZERS"]


def _descend(
    w: Tensor, g: Tensor, memory: Tensors, t: int, settings: SettingValues
) -> tuple[Tensor, Tensors]:
    g, lr, momentum = penalised(w, g, settings), settings["lr"], settings["momentum"]
    if not momentum:
        return plus(w, g, -lr), {}
    v = +g if t == 1 else plus(times(memory["v"], momentum), g, 1.0 - settings["dampening"])
    return plus(w, plus(g, v, momentum) if settings["nesterov"] else v, -lr), {"v": v}


def _refuse(settings: SettingValues) -> SettingError | None:
    if not settings["nesterov"] or (settings["momentum"] > 0 and settings["dampening"] == 0):
        return None
    hint = msg("leave `dampening` out") if settings["momentum"] > 0 else msg("add `momentum: 0.9`")
    return SettingError("nesterov", msg("`nesterov` needs a momentum above 0 and no dampening"), hint)


define(
    "sgd",
    settings=(
        learning_rate(0.001),
        MOMENTUM,
        Setting(
            "dampening",
            float,
            0.0,
            Words(
                "the fraction of each gradient except the first that is kept out of the velocity",
                "첫 번째를 뺀 그래디언트에서 속도에 넣지 않을 비율",
            ),
            least=None,
        ),
        weight_decay(0.0),
        Setting(
            "nesterov",
            bool,
            False,
            Words(
                "whether to look ahead (Nesterov): the step is the gradient plus momentum times the "
                "new velocity",
                "앞을 내다볼지(네스테로프): 그래디언트에 모멘텀 × 새 속도를 더한 만큼 움직일지",
            ),
        ),
        MAXIMIZE,
    ),
    memory=(VELOCITY,),
    lines=(
        *PENALTY,
        UpdateLine("v = momentum * v + g", when="momentum", unless="dampening"),
        UpdateLine("v = where(t > 1, momentum * v + (1 - dampening) * g, g)", when="momentum dampening"),
        UpdateLine("g = g + momentum * v", when="nesterov"),
        UpdateLine("w = w - lr * v", when="momentum", unless="nesterov"),
        UpdateLine("w = w - lr * g", when="nesterov"),
        UpdateLine("w = w - lr * g", unless="momentum"),
    ),
    rule=_descend,
    refuse=_refuse,
    lesson=Words(
        en="A step against the gradient, or along it to maximize; with momentum, a velocity builds up.",
        ko="그래디언트의 반대쪽으로, 최대화할 때는 그쪽으로 움직입니다. 모멘텀을 주면 속도가 쌓입니다.",
    ),
)


# A rate for each entry of a parameter: Adagrad and RMSprop.


def _adagrad(
    w: Tensor, g: Tensor, memory: Tensors, t: int, settings: SettingValues
) -> tuple[Tensor, Tensors]:
    g = penalised(w, g, settings)
    rate = settings["lr"] / (1 + (t - 1) * settings["lr_decay"])
    s = plus_product(memory["s"], g, g, 1.0)
    return plus_quotient(w, g, plus_number(np.sqrt(s), settings["eps"]), -rate), {"s": s}


define(
    "adagrad",
    settings=(
        learning_rate(0.01),
        Setting(
            "lr_decay",
            float,
            0.0,
            Words(
                "how fast the learning rate decays with the number of updates",
                "갱신 횟수에 따라 학습률이 얼마나 빨리 줄지",
            ),
        ),
        weight_decay(0.0),
        Setting(
            "initial_accumulator_value",
            float,
            0.0,
            Words("the initial value of the sum of squares", "제곱의 합이 시작하는 값"),
        ),
        epsilon(1e-10),
        MAXIMIZE,
    ),
    memory=(
        Memory(
            "s",
            Words("the sum of the squares of all gradients so far", "지금까지의 그래디언트를 제곱해 더한 값"),
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
    lesson=Words(
        en="Every entry has a learning rate of its own, which falls as the squares of its gradients add up.",
        ko="원소마다 학습률이 따로 있고, 그래디언트의 제곱이 쌓일수록 그 학습률이 작아집니다.",
    ),
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
    "the fraction of the running means that is kept at each update", "갱신할 때마다 이동 평균을 얼마나 남길지"
)

define(
    "rmsprop",
    settings=(
        learning_rate(0.01),
        Setting("alpha", float, 0.99, _KEPT, symbols={"α": _KEPT}, elsewhere=("rho",)),
        epsilon(1e-8),
        weight_decay(0.0),
        MOMENTUM,
        Setting(
            "centered",
            bool,
            False,
            Words(
                "whether to divide by the standard deviation of the gradient instead of its size",
                "그래디언트의 크기 대신 그 표준편차로 나눌지",
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
    lesson=Words(
        en="The gradient of each entry is divided by its own recent size, so steep and flat "
        "directions move alike.",
        ko="원소마다 그래디언트를 최근 크기로 나누므로, 가파른 방향과 완만한 방향이 비슷하게 움직입니다.",
    ),
)


# Adam, and AdamW, which decays weights apart from the gradient.

_BETAS = Setting(
    "betas",
    tuple[float, float],
    (0.9, 0.999),
    Words(
        "the fractions of the running means of the gradient and of its square that are kept at each update",
        "갱신할 때마다 그래디언트와 그 제곱의 이동 평균을 얼마나 남길지",
    ),
    below=1.0,
    symbols={
        "β1": Words("the fraction of m that is kept at each update", "갱신할 때마다 m을 얼마나 남길지"),
        "β2": Words("the fraction of v that is kept at each update", "갱신할 때마다 v를 얼마나 남길지"),
    },
    elsewhere=("beta1", "beta2", "momentum"),
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


define(
    "adam",
    settings=(learning_rate(0.001), _BETAS, epsilon(1e-8), weight_decay(0.0), _AMSGRAD, MAXIMIZE),
    memory=_MEMORY,
    lines=(*PENALTY, *_LINES),
    between=_BETWEEN,
    rule=_adam,
    lesson=Words(
        en="Momentum and RMSprop combined: the mean gradient divided by its size, both corrected for "
        "starting at 0.",
        ko="모멘텀과 RMSprop을 합쳐 그래디언트의 평균을 크기로 나눕니다. 0에서 시작한 만큼 둘 다 보정합니다.",
    ),
)

define(
    "adamw",
    settings=(
        learning_rate(0.001),
        _BETAS,
        epsilon(1e-8),
        weight_decay(
            0.01,
            Words(
                "the fraction of the parameter that, times the learning rate, is subtracted from it "
                "at each update",
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
    lesson=Words(
        en="Adam with a weight decay that shrinks the parameter itself instead of entering the "
        "running means of the gradient.",
        ko="가중치 감쇠를 그래디언트의 평균에 섞지 않고, 파라미터를 직접 줄이는 Adam입니다.",
    ),
)
