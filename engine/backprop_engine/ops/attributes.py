"""Settings of operators: the type, the default and the limits of each are declared once.

The loader checks values against them, shape rules and derivatives rely on them, the catalogue and the JSON
Schema state them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import EllipsisType
from typing import Any, TypeAlias

from msgspec import Struct

from backprop_engine.messages.message import Hint, enumerated, msg
from backprop_engine.messages.words import Words

Attributes: TypeAlias = Mapping[str, Any]
"""The settings of a node, by name."""


class OpAttribute(Struct, frozen=True):
    """A setting of an operator: its Python type, its default (``...`` where it must be given), what it is.

    Its numbers are finite, unless `infinite`; all of them are at least `least` and at most `most`, more than
    `above` and less than `below`. This is checked before any shape rule runs.
    """

    name: str
    type: Any
    default: Any
    meaning: Words
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    infinite: bool = False

    @property
    def limits(self) -> Hint:
        """What its numbers are limited to, in words; nothing where any finite number will do."""
        if self.least is not None and self.most is not None:
            return msg("from {least:g} to {most:g}", least=self.least, most=self.most)
        words = [
            *([msg("at least {bound:g}", bound=self.least)] if self.least is not None else []),
            *([msg("more than {bound:g}", bound=self.above)] if self.above is not None else []),
            *([msg("at most {bound:g}", bound=self.most)] if self.most is not None else []),
            *([msg("less than {bound:g}", bound=self.below)] if self.below is not None else []),
        ]
        return enumerated(words, msg(" and ")) if words else ""

    def allows(self, value: object) -> bool:
        """Whether every number in `value` is within the limits."""
        return all(map(self._within, _numbers(value)))

    def _within(self, number: float) -> bool:
        return (
            (self.infinite or math.isfinite(number))
            and not math.isnan(number)
            and (self.least is None or number >= self.least)
            and (self.above is None or number > self.above)
            and (self.most is None or number <= self.most)
            and (self.below is None or number < self.below)
        )


def _numbers(value: object) -> Iterator[float]:
    """The numbers in the value of an attribute, at any depth; truth values and slices do not count."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _numbers(item)


def setting_text(value: Any) -> str:
    """A setting as an expression writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return f"[{', '.join(map(setting_text, value))}]" if isinstance(value, tuple) else str(value)


# Indices

AxisKey: TypeAlias = int | slice | tuple[int, ...] | EllipsisType | None
IndexKey: TypeAlias = tuple[AxisKey, ...]
"""What is in the brackets of an index, as NumPy takes it; a tuple is a list of indices."""


def index_key(attributes: Attributes) -> IndexKey | None:
    """What is in the brackets of an index; None for the settings of any other operator."""
    key = attributes.get("key")
    return key if isinstance(key, tuple) else None


def key_text(key: IndexKey) -> str:
    """An index as it is written: ``0, 1:``, ``..., None``, ``[0, 2]``."""
    return ", ".join(map(_one_key_text, key))


def _one_key_text(key: AxisKey) -> str:
    if isinstance(key, tuple):
        return f"[{', '.join(map(str, key))}]"
    if not isinstance(key, slice):
        return "..." if key is ... else str(key)
    start, stop, step = ("" if part is None else str(part) for part in (key.start, key.stop, key.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")
