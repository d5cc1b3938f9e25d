"""Schedules of the learning rate: what it is at each update, by the formulas of PyTorch's `lr_scheduler`.

A schedule is one `define(...)`; its settings have PyTorch's names. `rule(lr, k, settings)` gives the rate of
update `k`, which counts from 0, where `lr` is the optimiser's own. `formula` is the same as people write it,
over `lr`, `k` and the settings, and `numpy` as a program does; a test carries the latter out and compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.messages.words import Words
from backprop_engine.optim.definition import SettingValues
from backprop_engine.optim.settings import Setting

__all__ = ["SCHEDULES", "RateSchedule", "ScheduleKind"]

_NAME: Final = re.compile(r"(?<![\w.])[^\W\d]\w*")
_Rule: TypeAlias = Callable[[float, int, SettingValues], float]


class ScheduleKind(Struct, frozen=True, eq=False, kw_only=True):
    """A kind of schedule; see the top of this file for its parts."""

    name: str
    settings: tuple[Setting, ...]
    rule: _Rule
    formula: str
    numpy: str
    lesson: Words


class RateSchedule(Struct, frozen=True, eq=False):
    """A schedule with a value for each of its settings."""

    kind: ScheduleKind
    settings: Mapping[str, Any]

    @property
    def warmup(self) -> int:
        """How many updates the rate climbs before the rule of the kind begins."""
        return int(self.settings.get("warmup", 0))

    def rate(self, lr: float, update: int) -> float:
        """The learning rate of update number `update`, from 0, for an optimiser whose own is `lr`."""
        with np.errstate(all="ignore"):
            if update < self.warmup:
                start = self.settings["start_factor"]
                return float(lr * (start + (1.0 - start) * update / self.warmup))
            return float(self.kind.rule(lr, update - self.warmup, self.settings))

    def numpy(self, name: str, lr: float, counter: str) -> list[str]:
        """The same as lines of Python that give `name` the rate; `counter` is the update's number, from 1."""
        text = f"{name} = {self._filled(self.kind.numpy, lr, counter, 1 + self.warmup)}"
        if not self.warmup:
            return [text]
        start = self.settings["start_factor"]
        climb = f"lr * ({start!r} + {1.0 - start!r} * k / {self.warmup})"
        first = f"    {name} = {self._filled(climb, lr, counter, 1)}"
        return [f"if {counter} <= {self.warmup}:", first, "else:", f"    {text}"]

    def _filled(self, text: str, lr: float, counter: str, first: int) -> str:
        values = {"lr": repr(lr), "k": f"({counter} - {first})"}
        values |= {name: repr(value) for name, value in self.settings.items()}
        return _NAME.sub(lambda found: values.get(found[0], found[0]), text)


_DEFINED: Final[dict[str, ScheduleKind]] = {}

SCHEDULES: Final[Mapping[str, ScheduleKind]] = MappingProxyType(_DEFINED)
"""Every kind of schedule by name."""


def define(
    name: str,
    *,
    settings: tuple[Setting, ...],
    rule: _Rule,
    formula: str,
    numpy: str,
    lesson: Words,
    warms_up: bool = True,
) -> ScheduleKind:
    """Put a schedule into the table; unless it is a climb itself, it may begin with one."""
    settings = (*settings, *(_WARM_UP if warms_up else ()))
    kind = ScheduleKind(name=name, settings=settings, rule=rule, formula=formula, numpy=numpy, lesson=lesson)
    _DEFINED[name] = kind
    return kind


_GAMMA: Final = Words("the factor that the learning rate is multiplied by", "학습률에 곱하는 값")

_START: Final = Setting(
    "start_factor",
    float,
    1 / 3,
    Words("the factor of the learning rate at the first update", "첫 갱신에서 학습률에 곱하는 비율"),
)

_WARM_UP: Final = (
    Setting(
        "warmup",
        int,
        0,
        Words(
            "the number of updates over which the rate first climbs linearly, from `start_factor` "
            "times itself",
            "처음에 학습률이 `start_factor`배에서 직선으로 올라가는 갱신의 수",
        ),
        elsewhere=("warmup_steps", "warm_up", "total_iters"),
    ),
    _START,
)


define(
    "step",
    settings=(
        Setting(
            "step_size",
            int,
            None,
            Words(
                "the number of updates between two drops of the rate", "학습률이 떨어지는 간격 (갱신 횟수)"
            ),
            least=1,
            elsewhere=("every",),
        ),
        Setting("gamma", float, 0.1, _GAMMA, elsewhere=("factor", "decay")),
    ),
    rule=lambda lr, k, settings: lr * np.power(settings["gamma"], k // settings["step_size"]),
    formula="lr · gamma^⌊k / step_size⌋",
    numpy="lr * float(np.power(gamma, k // step_size))",
    lesson=Words(
        en="The rate is multiplied by `gamma` after every `step_size` updates.",
        ko="`step_size`번 갱신할 때마다 학습률이 `gamma`배가 됩니다.",
    ),
)

define(
    "exponential",
    settings=(Setting("gamma", float, None, _GAMMA, elsewhere=("factor", "decay")),),
    rule=lambda lr, k, settings: lr * np.power(settings["gamma"], k),
    formula="lr · gamma^k",
    numpy="lr * float(np.power(gamma, k))",
    lesson=Words(
        en="The rate is multiplied by `gamma` after every update.",
        ko="갱신할 때마다 학습률이 `gamma`배가 됩니다.",
    ),
)

define(
    "cosine",
    settings=(
        Setting(
            "T_max",
            int,
            None,
            Words(
                "the number of updates from the largest rate to the smallest",
                "가장 큰 학습률에서 가장 작은 학습률까지 걸리는 갱신의 수",
            ),
            least=1,
            elsewhere=("t_max", "steps", "updates"),
        ),
        Setting("eta_min", float, 0.0, Words("the smallest rate", "가장 작은 학습률"), elsewhere=("min_lr",)),
    ),
    rule=lambda lr, k, settings: (
        settings["eta_min"]
        + (lr - settings["eta_min"]) * (1 + float(np.cos(np.pi * k / settings["T_max"]))) / 2
    ),
    formula="eta_min + (lr − eta_min) · (1 + cos(π · k / T_max)) / 2",
    numpy="eta_min + (lr - eta_min) * (1 + float(np.cos(np.pi * k / T_max))) / 2",
    lesson=Words(
        en="The rate falls along half a cosine: slowly at both ends, fast in the middle.",
        ko="학습률이 코사인 반 주기를 따라 떨어집니다. 양 끝에서는 천천히, 가운데에서는 빠르게 떨어집니다.",
    ),
)

define(
    "linear",
    settings=(
        _START,
        Setting(
            "end_factor",
            float,
            1.0,
            Words("the factor of the learning rate at the end", "끝에서 학습률에 곱하는 비율"),
        ),
        Setting(
            "total_iters",
            int,
            5,
            Words("the number of updates until the end", "끝에 이르기까지의 갱신의 수"),
            least=1,
            elsewhere=("warmup", "steps"),
        ),
    ),
    rule=lambda lr, k, settings: (
        lr
        * (
            settings["start_factor"]
            + (settings["end_factor"] - settings["start_factor"])
            * min(k, settings["total_iters"])
            / settings["total_iters"]
        )
    ),
    formula="lr · (start_factor + (end_factor − start_factor) · min(k, total_iters) / total_iters)",
    numpy="lr * (start_factor + (end_factor - start_factor) * min(k, total_iters) / total_iters)",
    lesson=Words(
        en="The rate changes linearly from `start_factor` to `end_factor` times itself; by default "
        "it rises, as in a warm-up.",
        ko="학습률이 `start_factor`배에서 `end_factor`배까지 직선으로 변합니다. 기본값으로는 워밍업입니다.",
    ),
    warms_up=False,
)
