"""Plain values -> YAML as a careful author lays it out.

What is short stands on one line, in `{}` or `[]`; a matrix too wide for that stands row by row, and a row too
long goes on below its first number. What is `Open` always has a line for each entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from backprop_engine.messages.plain_text import monospaced_width
from backprop_engine.scenario.emit_text import MAX_KEY, fits, flow_text, key_text, text_behind

__all__ = ["WIDTH", "Document", "Open", "Spelled", "emitted"]

WIDTH: Final = 100
_DEEPEST_ALIGNED: Final = 40
"""A row whose first number stands further right goes on at the left instead."""


class Spelled(Struct, frozen=True):
    """What is written exactly so: a number, `true`, `null`."""

    text: str


class Open(Struct, frozen=True):
    """A map or a list with a line for each entry, however short."""

    entries: Mapping[str, Document] | Sequence[Document]


Document: TypeAlias = "str | Spelled | Open | Sequence[Document] | Mapping[str, Document]"
"""A text, a number as it is spelled, a list or a map."""


def emitted(entries: Mapping[str, Document]) -> str:
    """The text of a file."""
    return "".join(f"{line}\n" for line in _entries(entries, WIDTH))


# Lines


def _entries(entries: Mapping[str, Document], width: int) -> Iterator[str]:
    """The lines of a map, a line or more for each key."""
    for key, value in entries.items():
        shown = key_text(key)
        if len(shown) > MAX_KEY:
            yield f"? {shown}"
            shown = ""
        yield from _behind(f"{shown}:", value, width)


def _behind(head: str, value: Document, width: int) -> Iterator[str]:
    """The lines of `value` behind `head`: on its line, or indented below."""
    if isinstance(value, str):
        yield from text_behind(head, value, width)
        return
    short = _on_one_line(value, width)
    if short is not None and (fits(f"{head} {short}", width) or _is_whole(value)):
        yield f"{head} {short}"
    elif isinstance(value, Sequence) and None not in (row := [_in_a_row(item) for item in value]):
        yield from _row(head, row, width)
    else:
        yield head
        yield from (f"  {line}" if line else "" for line in _below(value, width - 2))


def _is_whole(value: Document) -> bool:
    """Whether `value` has no parts that could stand below each other."""
    parts = value.entries if isinstance(value, Open) else value
    return isinstance(parts, Spelled) or not parts


def _below(value: Document, width: int) -> Iterator[str]:
    """The lines of a map, or of a list with dashes."""
    entries = value.entries if isinstance(value, Open) else value
    if isinstance(entries, Mapping):
        yield from _entries(entries, width)
    elif isinstance(entries, Sequence):
        for item in entries:
            yield from _item(item, width)


def _item(item: Document, width: int) -> Iterator[str]:
    """The lines of one entry of a list; a map or list in it begins beside its dash."""
    lines = list(_behind("-", item, width))
    if lines[0] == "-":
        lines = [f"- {lines[1].removeprefix('  ')}", *lines[2:]]
    yield from lines


def _row(head: str, items: Sequence[str | None], width: int) -> Iterator[str]:
    """A long list in brackets, continued below its first entry."""
    aligned = monospaced_width(head) + 2
    indent = " " * (aligned if aligned <= _DEEPEST_ALIGNED else 4)
    line = f"{head} [{items[0]}"
    for item in items[1:]:
        if fits(f"{line}, {item},", width):
            line += f", {item}"
        else:
            yield f"{line},"
            line = f"{indent}{item}"
    yield f"{line}]"


# On one line


def _in_a_row(item: Document) -> str | None:
    """An entry of a list as it stands between commas, or None where it is no number and no short text."""
    return _on_one_line(item, WIDTH) if isinstance(item, str | Spelled) else None


def _on_one_line(value: Document, room: int) -> str | None:
    """`value` in brackets, or None where it needs lines of its own or surely more than `room`."""
    if isinstance(value, Spelled):
        return value.text
    if isinstance(value, str):
        return None if "\n" in value else flow_text(value, in_flow=True)
    if isinstance(value, Open):
        return None if value.entries else _on_one_line(value.entries, room)
    is_map = isinstance(value, Mapping)
    parts: list[str] = []
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        part = _on_one_line(item, room)
        if part is None or (is_map and flow_text(str(key), in_flow=True) != key):
            return None
        room -= len(part) + 2
        if room < -2:
            return None
        parts.append(f"{key}: {part}" if is_map else part)
    text = ", ".join(parts)
    return f"{{{text}}}" if is_map else f"[{text}]"
