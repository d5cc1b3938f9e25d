"""Optimisers, one definition each; `OPTIMIZERS` is the table of them all.

Names, defaults, ranges and the order of the arithmetic are those of PyTorch 2.13's `torch.optim`, so that
figures agree step for step. What is only about how PyTorch executes an update has no counterpart here.
"""

from __future__ import annotations

from backprop_engine.optim.definition import Optimizer, OptimizerState
from backprop_engine.optim.optimizers import OPTIMIZERS
from backprop_engine.optim.settings import Setting, SettingError

__all__ = [
    "OPTIMIZERS",
    "Optimizer",
    "OptimizerState",
    "Setting",
    "SettingError",
]
