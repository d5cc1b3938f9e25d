"""A scenario that is written in Python, as maps, lists, texts and numbers -> the text of a file that says it.

So everything means the same in Python as in a file, and is refused with the same words. A large array would
make a long text: in its place is its shape, filled with its first number, and it is given back.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.errors import UsageError
from backprop_engine.expressions import normalised
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.scenario.leaves.leaf import LEAF_SECTIONS
from backprop_engine.scenario.write.emit import (
    Document,
    Open,
    Spelled,
    emitted,
    numbers,
    plain_number,
    spelled,
)

__all__ = ["written"]

_LARGEST: Final = 4096
"""The most numbers of an array that are written out."""
_DEEPEST: Final = 100
_A_LINE_EACH: Final = ("nodes", "cells", "operators")


def written(document: Mapping[str, Any]) -> tuple[str, dict[str, Tensor]]:
    """The text of a file with these sections, and the leaves whose numbers are not in it, by name.

    Raises `UsageError` for what no file can hold: a key that is not text, a Python object.
    """
    arrays: dict[str, Tensor] = {}
    sections: dict[str, Document] = {}
    for key, value in document.items():
        if key in LEAF_SECTIONS and isinstance(value, Mapping):
            value = {name: _leaf(name, given, arrays) for name, given in value.items()}
        found = _document(value, str(key), 0)
        if key in _A_LINE_EACH and isinstance(found, Mapping) and found:
            found = Open(found)
        sections[_key(key, "a scenario")] = found
    return emitted(sections), arrays


def _leaf(name: Any, value: Any, arrays: dict[str, Tensor]) -> Any:
    """The value of a leaf; in place of a large array, its shape and its first number."""
    if isinstance(value, str | Mapping) or not hasattr(value, "__array__") or np.size(value) <= _LARGEST:
        return value
    array = _array(value, str(name))
    arrays[normalised(str(name))] = array
    first = plain_number(array.flat[0])
    return {"shape": list(array.shape), "init": "constant", "value": first if np.isfinite(first) else 0}


def _document(value: Any, where: str, depth: int) -> Document:
    """A value as a file has it."""
    if depth > _DEEPEST:
        raise UsageError(msg("{where} is nested too deeply", where=shortened(where, 40)))
    if isinstance(value, str | Spelled):
        return value
    if isinstance(value, os.PathLike):
        return str(value)
    if value is None or isinstance(value, bool | np.bool_):
        return Spelled({None: "null", True: "true", False: "false"}[None if value is None else bool(value)])
    if isinstance(value, int):
        return spelled(int(value))
    if isinstance(value, float):
        return spelled(plain_number(np.float64(value)))
    if isinstance(value, Mapping):
        return {
            _key(key, where): _document(entry, f"{where}.{key}", depth + 1) for key, entry in value.items()
        }
    if isinstance(value, Sequence):
        return [_document(entry, where, depth + 1) for entry in value]
    if hasattr(value, "__array__"):
        return numbers(_array(value, where)[()])
    raise _refused(where, value)


def _array(value: Any, where: str) -> Tensor:
    """What answers to NumPy's protocol as an array of numbers."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        raise _refused(where, value) from None
    if array.dtype.kind not in "biuf":
        raise _refused(where, value)
    return array


def _key(key: Any, where: str) -> str:
    if not isinstance(key, str):
        raise UsageError(
            msg(
                "{where} has `{key}` where a name was expected",
                where=where,
                key=shortened(clean(repr(key)), 40),
            ),
            msg("names are strings, in quotes"),
        )
    return key


def _refused(where: str, value: Any) -> UsageError:
    return UsageError(
        msg(
            "{where}: a scenario cannot hold {value}, which is of type {type}",
            where=where,
            value=shortened(clean(repr(value)), 40),
            type=type(value).__name__,
        ),
        msg("it can hold numbers, arrays of numbers, strings, lists and maps"),
    )
