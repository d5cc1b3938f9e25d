"""Hyper-parameters: what an optimiser lets one choose, and what is wrong with a choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final

import numpy as np
from msgspec import Struct, field

from backprop_engine.errors import BackpropError
from backprop_engine.messages.message import Hint, Message, joined, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.words import Words

__all__ = ["Setting", "SettingError", "setting_mistakes", "settings_filled"]

_LARGEST_SHOWN: Final = 10**30


class SettingError(BackpropError):
    """A hyper-parameter that cannot be used: its name, what is wrong with it, and what would be right.

    If the name itself is unknown, `known` lists the names there are.
    """

    message: Message
    hint: Hint

    def __init__(self, name: str, message: Message, hint: Hint = "", known: tuple[str, ...] = ()) -> None:
        self.name, self.message, self.hint, self.known = name, message, hint, known
        super().__init__(msg("{message} ({hint})", message=message, hint=hint) if hint else message)


class Setting(Struct, frozen=True):
    """A hyper-parameter: its Python type, its default and its meaning.

    The type is `float`, `int`, `bool` or ``tuple[float, float]``; without a default (None) it must be given.
    Numbers are finite, at least `least` and less than `below`, where these are given. `symbols` says how its
    numbers are called in formulas, and what each of them means, where that is not its own name and meaning.
    """

    name: str
    type: Any
    default: float | bool | tuple[float, float] | None
    meaning: Words
    least: float | None = 0.0
    below: float | None = None
    symbols: Mapping[str, Words] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    """What other libraries and books call it, or what takes its place in other optimisers."""
    hint: Hint = ""
    """What to do instead, for those who choose a number that is out of range."""

    @property
    def kind(self) -> Message:
        """What it takes, in words: "a number from 0 on"."""
        if self.type is bool:
            return msg("`true` or `false`")
        what = msg("a list of two numbers")
        if self.type in (int, float):
            what = msg("a whole number") if self.type is int else msg("a number")
        if self.below is not None:
            return msg(
                "{what} of at least {least:g} and less than {below:g}",
                what=what,
                least=self.least,
                below=self.below,
            )
        return (
            what if self.least is None else msg("{what} of at least {least:g}", what=what, least=self.least)
        )

    def value(self, given: object) -> float | bool | tuple[float, float]:
        """`given` in the setting's type; raises `SettingError` where it is of another, or out of range."""
        if self.type is bool:
            if isinstance(given, bool | np.bool_):
                return bool(given)
            raise self._refusal(given)
        if self.type is int:
            if not isinstance(given, int | np.integer):
                raise self._refusal(given)
            self._number(given, given)
            return int(given)
        if self.type is float:
            return self._number(given, given)
        if not isinstance(given, Sequence) or isinstance(given, str | bytes) or len(given) != 2:
            raise self._refusal(given)
        return self._number(given[0], given), self._number(given[1], given)

    def _number(self, entry: object, given: object) -> float:
        if isinstance(entry, bool) or not isinstance(entry, int | float | np.integer | np.floating):
            raise self._refusal(given)
        try:
            number = float(entry)
        except OverflowError:
            raise self._refusal(given) from None
        in_range = (self.least is None or number >= self.least) and (
            self.below is None or number < self.below
        )
        if not isfinite(number):
            raise self._refusal(given)
        if not in_range:
            raise self._refusal(given, self.hint)
        return number

    def _refusal(self, given: object, hint: Hint = "") -> SettingError:
        message = msg(
            "`{name}` must be {kind}, not {given}", name=self.name, kind=self.kind, given=_shown(given)
        )
        return SettingError(self.name, message, hint or self.meaning)


def _shown(value: object) -> str:
    """A plain value as it is written in a scenario."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{shortened(clean(value), 40)}"'
    if value is None:
        return msg("nothing")
    if isinstance(value, list | tuple):
        items = ["[…]" if isinstance(item, list | tuple) else _shown(item) for item in value[:4]]
        return joined("", ("[", joined(", ", items), ", …]" if len(value) > 4 else "]"))
    if isinstance(value, Mapping):
        return msg("a map")
    if isinstance(value, int) and abs(value) > _LARGEST_SHOWN:
        return msg("a number as large as this")
    return shortened(clean(str(value)), 40)


def settings_filled(given: Mapping[str, Any], settings: Sequence[Setting]) -> dict[str, Any]:
    """A value for every one of `settings`, given or by default, where there is no mistake in `given`."""
    return {setting.name: setting.value(given.get(setting.name, setting.default)) for setting in settings}


def setting_mistakes(
    given: Mapping[str, Any], of: str, settings: Sequence[Setting]
) -> Iterator[SettingError]:
    """Everything that is wrong with what is given to the optimiser or schedule `of`, which has `settings`."""
    known = {setting.name: setting for setting in settings}
    for name, value in given.items():
        if name not in known:
            yield unknown(name, of, settings)
            continue
        try:
            known[name].value(value)
        except SettingError as error:
            yield error
    for name, setting in known.items():
        if setting.default is None and name not in given:
            message = msg("`{of}` needs `{name}`, {kind}", of=of, name=name, kind=setting.kind)
            yield SettingError(name, message, setting.meaning)


_EXECUTION: Final = ("foreach", "fused", "capturable", "differentiable")


def unknown(name: str, optimizer: str, settings: Sequence[Setting]) -> SettingError:
    """The error for a setting that `optimizer`, which has these `settings`, does not have."""
    known = tuple(setting.name for setting in settings)
    hint = msg("`{optimizer}` takes {settings}", optimizer=optimizer, settings=", ".join(known))
    counterpart = next((setting.name for setting in settings if name in setting.elsewhere), "")
    if counterpart:
        hint = msg("`{optimizer}` calls it `{setting}`", optimizer=optimizer, setting=counterpart)
    elif name in _EXECUTION:
        hint = msg("it only affects how PyTorch executes an update, not the rule: leave it out")
    message = msg(
        "`{optimizer}` has no setting `{name}`", optimizer=optimizer, name=shortened(clean(name), 40)
    )
    return SettingError(name, message, hint, known)
