"""What an optimiser is.

The contract for writing one
----------------------------
An optimiser is one `define(...)` in `optimizers.py`; everything else follows from it: its settings in a file
and in the schema, its update on the screen and in the NumPy program, and its tests. Nothing outside of the
definition is keyed by its name. A definition reads in one order, that of the parts below.

- `settings` are what it lets one choose.
- `memory` are the tensors that it remembers of a parameter from update to update.
- `lines` say what an update does, as assignments in the language of expressions over `w` (the parameter),
  `g` (its gradient), `t`, the symbols of the settings, and what is remembered, by its symbol. Which lines are
  in force depends on the settings. A test carries them out and compares with the rule.
- `between` explains the names that appear only between one line and the next.
- `rule(w, g, memory, t, settings)` gives the new parameter and the new memory, for update number `t`, which
  counts from 1. Every tensor it returns is a new one; scalars stay NumPy scalars. It is put together from the
  functions in `steps.py`.
- `refuse(settings)` says what is wrong with settings that are each right by themselves.
- `lesson` says what it does, in one sentence for a learner.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from msgspec import Struct, field

from backprop_engine.arrays import Tensor, settle
from backprop_engine.messages.words import Words
from backprop_engine.optim.settings import Setting, SettingError, setting_mistakes, settings_filled

__all__ = [
    "OPTIMIZERS",
    "Memory",
    "Optimizer",
    "OptimizerState",
    "SettingValues",
    "Symbol",
    "Tensors",
    "UpdateLine",
    "define",
]

SettingValues: TypeAlias = Mapping[str, Any]
"""A value for every setting of an optimiser, by name."""

Tensors: TypeAlias = Mapping[str, Tensor]

UpdateRule: TypeAlias = Callable[[Tensor, Tensor, Tensors, int, SettingValues], tuple[Tensor, Tensors]]

_NOTHING: Final[Tensors] = MappingProxyType({})

_NAME: Final = re.compile(r"[^\W\d]\w*\u0302?")
"""A name in a formula; some wear a hat, which `\\w` leaves out."""

_COMMON: Final = {
    "w": Words("the parameter", "파라미터"),
    "g": Words("its gradient", "파라미터의 그래디언트"),
    "t": Words("the number of this update, from 1", "이번 갱신의 번호 (1부터)"),
}


class UpdateLine(NamedTuple):
    """A line of an update. It is in force if all settings named in `when` are on and none in `unless`.

    Both are names separated by spaces; a number is on where it is not 0.
    """

    text: str
    when: str = ""
    unless: str = ""

    def in_force(self, settings: SettingValues) -> bool:
        """Whether the line is part of the update under these settings."""
        return all(settings[name] for name in self.when.split()) and not any(
            settings[name] for name in self.unless.split()
        )


class Memory(NamedTuple):
    """A tensor that is remembered from update to update; if `when` is given, only where that setting is on.

    It starts at 0, or at the number that the setting `start` has.
    """

    symbol: str
    meaning: Words
    when: str = ""
    start: str = ""


class Symbol(NamedTuple):
    """A name in the formulas, what it means, and its number if it is a setting's."""

    name: str
    meaning: Words
    value: float | None = None


class OptimizerState(Struct, frozen=True, eq=False):
    """What an optimiser remembers of one parameter after `step` updates: tensors by their symbols."""

    step: int
    memory: Tensors


class Optimizer(Struct, frozen=True, eq=False, kw_only=True):
    """An optimiser; see the contract at the top of this file for its parts."""

    name: str
    settings: tuple[Setting, ...]
    memory: tuple[Memory, ...]
    lines: tuple[UpdateLine, ...]
    between: Mapping[str, Words] = field(default_factory=dict)
    rule: UpdateRule
    refuse: Callable[[SettingValues], SettingError | None] | None = None
    lesson: Words

    def setting(self, name: str) -> Setting | None:
        """The setting called `name`."""
        return next((setting for setting in self.settings if setting.name == name), None)

    def settings_of(self, given: SettingValues) -> dict[str, Any]:
        """A value for every setting, given or by default; raises `SettingError` for the first mistake."""
        for mistake in self.mistakes(given):
            raise mistake
        return settings_filled(given, self.settings)

    def mistakes(self, given: SettingValues) -> tuple[SettingError, ...]:
        """Everything that is wrong with the given settings, in their order."""
        found = tuple(setting_mistakes(given, self.name, self.settings))
        if found or self.refuse is None:
            return found
        refused = self.refuse(settings_filled(given, self.settings))
        return (refused,) if refused else ()

    def start(self, parameter: Tensor, settings: SettingValues) -> OptimizerState:
        """The state before the first update of `parameter`."""
        dtype = parameter.dtype
        with np.errstate(over="ignore"):
            memory = {
                kept.symbol: settle(
                    np.full(parameter.shape, settings[kept.start] if kept.start else 0.0, dtype), dtype
                )
                for kept in self.memory
                if not kept.when or settings[kept.when]
            }
        return OptimizerState(0, MappingProxyType(memory))

    def update(
        self, parameter: Tensor, gradient: Tensor, state: OptimizerState, settings: SettingValues
    ) -> tuple[Tensor, OptimizerState]:
        """The parameter and the state after one more update.

        Nothing that is given is written to. Arithmetic is IEEE and raises nothing.
        """
        with np.errstate(all="ignore"):
            return self._updated(parameter, gradient, state, settings)

    def updates(
        self, given: Iterable[tuple[Tensor, Tensor, OptimizerState]], settings: SettingValues
    ) -> list[tuple[Tensor, OptimizerState]]:
        """The same of several parameters: each is `given` with its gradient and its state."""
        with np.errstate(all="ignore"):
            return [self._updated(*each, settings) for each in given]

    def _updated(
        self, parameter: Tensor, gradient: Tensor, state: OptimizerState, settings: SettingValues
    ) -> tuple[Tensor, OptimizerState]:
        step, dtype = state.step + 1, parameter.dtype
        updated, memory = self.rule(parameter, gradient, state.memory, step, settings)
        kept = {symbol: settle(tensor, dtype) for symbol, tensor in memory.items()}
        return settle(updated, dtype), OptimizerState(step, MappingProxyType(kept) if kept else _NOTHING)

    def formulas(self, settings: SettingValues) -> tuple[str, ...]:
        """The lines of an update under these settings, in order: assignments over `symbols(settings)`."""
        return tuple(line.text for line in self.lines if line.in_force(settings))

    def symbols(self, settings: SettingValues) -> tuple[Symbol, ...]:
        """What the names in `formulas(settings)` mean, in the order in which they appear."""
        known = {name: Symbol(name, meaning) for name, meaning in (_COMMON | dict(self.between)).items()}
        known |= {memory.symbol: Symbol(memory.symbol, memory.meaning) for memory in self.memory}
        for setting in self.settings:
            value = settings[setting.name]
            values = value if isinstance(value, tuple) else (value,)
            named = setting.symbols or {setting.name: setting.meaning}
            for (name, meaning), number in zip(named.items(), values, strict=True):
                known[name] = Symbol(name, meaning, number)
        names = dict.fromkeys(_NAME.findall(" ".join(self.formulas(settings))))
        return tuple(known[name] for name in names if name in known)

    def __repr__(self) -> str:
        return f"<optimizer {self.name}>"


_DEFINED: Final[dict[str, Optimizer]] = {}

OPTIMIZERS: Final[Mapping[str, Optimizer]] = MappingProxyType(_DEFINED)
"""Every optimiser by name, in the order of their definitions."""


def define(
    name: str,
    *,
    settings: tuple[Setting, ...],
    memory: tuple[Memory, ...],
    lines: tuple[UpdateLine, ...],
    between: Mapping[str, Words] | None = None,
    rule: UpdateRule,
    refuse: Callable[[SettingValues], SettingError | None] | None = None,
    lesson: Words,
) -> Optimizer:
    """Put an optimiser into the table; its parts are in the contract above."""
    optimizer = Optimizer(
        name=name,
        settings=settings,
        memory=memory,
        lines=lines,
        between=between or {},
        rule=rule,
        refuse=refuse,
        lesson=lesson,
    )
    _DEFINED[name] = optimizer
    return optimizer
