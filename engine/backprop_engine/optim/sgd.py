"""Gradient descent, with or without momentum."""

from __future__ import annotations

from backprop_engine.arrays import Tensor
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.optim.arithmetic import plus, times
from backprop_engine.optim.definition import Optimizer, SettingValues, Tensors, UpdateLine
from backprop_engine.optim.settings import Setting, SettingError
from backprop_engine.optim.shared import (
    MAXIMIZE,
    MOMENTUM,
    PENALTY,
    VELOCITY,
    learning_rate,
    penalised,
    weight_decay,
)

__all__ = ["sgd"]


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
    return SettingError("nesterov", msg("`nesterov` needs a momentum above 0, and no dampening"), hint)


sgd = Optimizer(
    "sgd",
    lesson=Words(
        en="A step against the gradient, or along it to maximize; with momentum, a velocity builds up.",
        ko="그래디언트의 반대쪽으로, 최대화할 때는 그쪽으로 움직입니다. 모멘텀을 주면 속도가 쌓입니다.",
    ),
    settings=(
        learning_rate(0.001),
        MOMENTUM,
        Setting(
            "dampening",
            float,
            0.0,
            Words(
                "what part of each gradient but the first does not enter the velocity",
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
                "whether to look ahead: to go along the gradient plus momentum times the new velocity",
                "앞을 내다볼지: 그래디언트에 모멘텀 × 새 속도를 더한 방향으로 갈지",
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
)
