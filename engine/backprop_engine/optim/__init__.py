"""Optimisers, one definition each; `OPTIMIZERS` is the table of them all.

Names, defaults, ranges and the order of the arithmetic are those of PyTorch 2.13's `torch.optim`, so that
figures agree step for step. What is only about how PyTorch executes an update has no counterpart here.
"""

from __future__ import annotations

from backprop_engine.optim.clipping import ClippedGradients, Clipping
from backprop_engine.optim.definition import Optimizer, OptimizerState, Symbol
from backprop_engine.optim.optimizers import OPTIMIZERS
from backprop_engine.optim.schedules import SCHEDULES, RateSchedule, ScheduleKind
from backprop_engine.optim.settings import Setting, SettingError

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "ClippedGradients",
    "Clipping",
    "Optimizer",
    "OptimizerState",
    "RateSchedule",
    "ScheduleKind",
    "Setting",
    "SettingError",
    "Symbol",
]
