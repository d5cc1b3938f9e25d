"""The texts of events as a reader takes them: not too long, and nothing that UTF-8 cannot encode.

A program's own names may be too long or impossible to encode: a path that is not UTF-8 comes with lone
surrogates, and a module, a class or a path may be called anything.
"""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import Struct, structs

from backprop_engine.recordings.events import MOST_OF_ERROR, MOST_OF_TEXT, EngineEnd, Event, Manifest

__all__ = ["fitting"]

_E = TypeVar("_E", bound="Event | Manifest")


def fitting(event: _E) -> _E:
    """An event whose texts are replaced by what a reader takes: a text that is too long loses its middle, and
    a lone surrogate is written as an escape.
    """
    return _fitted(event, MOST_OF_ERROR if isinstance(event, EngineEnd) else MOST_OF_TEXT)  # type: ignore[no-any-return]


def _fitted(value: Any, most: int) -> Any:
    match value:
        case str():
            return _text(value, most)
        case list() | tuple():
            return type(value)([_fitted(one, most) for one in value])
        case dict():
            return {_text(name, most): _fitted(one, most) for name, one in value.items()}
        case Struct():
            fields = {name: _fitted(getattr(value, name), most) for name in value.__struct_fields__}
            return structs.replace(value, **fields)
    return value


def _text(text: str, most: int) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()
    head = most // 2
    return text if len(text) <= most else f"{text[:head]}…{text[len(text) + head + 1 - most :]}"
