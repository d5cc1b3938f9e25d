# pyright: reportMissingImports=false
"""The settings of an operator's call, and the tensors that it writes to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from backprop_engine.recordings.events import PlainValue

__all__ = ["settings_of", "written_to"]

_WRITES: dict[Any, tuple[tuple[int, str], ...]] = {}


def written_to(function: Any, arguments: Sequence[Any], keywords: dict[str, Any]) -> list[Any]:
    """The arguments of a call that the operator writes to, by its schema."""
    places = _WRITES.get(function)
    if places is None:
        declared = enumerate(function._schema.arguments)
        places = _WRITES[function] = tuple(
            (place, one.name)
            for place, one in declared
            if one.alias_info is not None and one.alias_info.is_write
        )
    given = [arguments[place] if place < len(arguments) else keywords.get(name) for place, name in places]
    return [one for one in tree_leaves(given) if isinstance(one, torch.Tensor)]


def settings_of(function: Any, arguments: Sequence[Any], keywords: dict[str, Any]) -> dict[str, PlainValue]:
    """The arguments of a call that are not tensors, by name."""
    names = [argument.name for argument in function._schema.arguments]
    given = {**dict(zip(names, arguments, strict=False)), **keywords}
    return {
        name: _setting(value)
        for name, value in given.items()
        if not any(isinstance(leaf, torch.Tensor) for leaf in tree_leaves(value))
    }


def _setting(value: Any) -> PlainValue:
    """An argument as a value of JSON; numbers that are not finite, types and devices become text."""
    if isinstance(value, list | tuple):
        return [_setting(entry) if not isinstance(entry, list | tuple) else str(entry) for entry in value]  # type: ignore[misc]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return value
    return str(value)[:1_000]
