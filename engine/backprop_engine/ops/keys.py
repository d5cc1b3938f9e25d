"""What stands in the brackets of an index."""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["Key", "key_text"]

Key: TypeAlias = tuple[int | slice, ...]


def key_text(key: Key) -> str:
    """An index as it is written: ``0, 1:``."""
    return ", ".join(map(_one_key_text, key))


def _one_key_text(key: int | slice) -> str:
    if isinstance(key, int):
        return str(key)
    start, stop, step = ("" if part is None else str(part) for part in (key.start, key.stop, key.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")
