"""Optimisers, one definition each; `OPTIMIZERS` is the table of them all.

Names, defaults, ranges and the order of the arithmetic are those of PyTorch 2.13's `torch.optim`, so that
figures agree step for step. What is only about how PyTorch executes an update has no counterpart here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backprop_engine.optim.adam import adam, adamw
from backprop_engine.optim.adaptive import adagrad, rmsprop
from backprop_engine.optim.definition import Memory, Optimizer, OptimizerState, Symbol, UpdateLine
from backprop_engine.optim.settings import Setting, SettingError
from backprop_engine.optim.sgd import sgd

__all__ = [
    "OPTIMIZERS",
    "Memory",
    "Optimizer",
    "OptimizerState",
    "Setting",
    "SettingError",
    "Symbol",
    "UpdateLine",
]

OPTIMIZERS: Final[Mapping[str, Optimizer]] = MappingProxyType(
    {one.name: one for one in (sgd, adagrad, rmsprop, adam, adamw)}
)
"""Every optimiser by name, from the plainest on."""
