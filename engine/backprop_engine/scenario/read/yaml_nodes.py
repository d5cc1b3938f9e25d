"""The tree of a YAML text: scalars, sequences and mappings, each with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from msgspec import Struct

from backprop_engine.errors import Place
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.read.yaml_scalars import ScalarValue, origins

__all__ = ["BLANK", "YamlEntry", "YamlMapping", "YamlNode", "YamlScalar", "YamlSequence", "is_blank", "plain"]

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+|#.*\s+)*")


class _Placed(Struct, frozen=True, eq=False, gc=False):
    """What every node has: its text, and where it begins there: at its anchor or tag if it has one."""

    source: Source
    start: int

    @property
    def offset(self) -> int:
        """Where the node itself begins, after an anchor or tag."""
        text = self.source.text
        if text[self.start : self.start + 1] in ("&", "!"):
            found = _PROPERTIES.match(text, self.start)
            return found.end() if found else self.start
        return self.start


class YamlScalar(_Placed, frozen=True, eq=False, gc=False):
    """A text, and what it means: `value` is the text itself, a number, a boolean or `None`.

    `style` is how it is written: nothing if plain, else a quotation mark, ``|`` or ``>``.
    The value of a key is its text.
    """

    end: int
    text: str
    value: ScalarValue
    style: str

    @property
    def place(self) -> Place:
        """The scalar as written, up to the end of its first line."""
        start, end = self.start, self.end
        if self.style or end - start != len(self.text):
            start = min(self.offset, end)
        return self.source.place(start, end - start)

    @property
    def is_as_written(self) -> bool:
        """Whether the text is in the file just so: without quotes, folds, an anchor or a tag."""
        return not self.style and self.end - self.start == len(self.text)

    def place_at(self, offset: int, width: int = 1) -> Place:
        """Where `width` characters at `offset` of `text` are in the file, up to the end of the line."""
        start, offset = min(self.offset, self.end), min(offset, len(self.text))
        if not self.style and self.end - start == len(self.text):  # nothing was folded
            return self.source.place(start + offset, width)
        stop = min(offset + min(max(1, width), _WIDEST), len(self.text))
        found = origins(self.source.text[start : self.end], self.style, self.text, stop)
        first, end = found[offset], found[stop]
        return self.source.place(start + first, end - first)


_WIDEST: Final = 1000
"""How many characters of a text that is folded or quoted are marked, at most."""

BLANK: Final = "?"
"""What replaces a figure or an answer that is still to be filled in."""


class YamlSequence(_Placed, frozen=True, eq=False, gc=False):
    """A list of nodes."""

    items: list[YamlNode]

    @property
    def place(self) -> Place:
        """Where the list begins."""
        return self.source.place(self.offset)

    def __iter__(self) -> Iterator[YamlNode]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class YamlEntry(NamedTuple):
    """A key of a mapping and its value."""

    key: YamlScalar
    value: YamlNode


class YamlMapping(_Placed, frozen=True, eq=False, gc=False):
    """Entries by the text of their keys, in the file's order."""

    entries: dict[str, YamlEntry]

    @property
    def place(self) -> Place:
        """Where the mapping begins."""
        return self.source.place(self.offset)

    def get(self, name: str) -> YamlNode | None:
        """The value of the key `name`, if it is there."""
        entry = self.entries.get(name)
        return entry.value if entry else None

    def __iter__(self) -> Iterator[YamlEntry]:
        return iter(self.entries.values())

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries


YamlNode: TypeAlias = YamlScalar | YamlSequence | YamlMapping


def is_blank(node: YamlNode | None) -> bool:
    """Whether it, or something in a list, is still to be filled in."""
    if isinstance(node, YamlSequence):
        return any(map(is_blank, node.items))
    return isinstance(node, YamlScalar) and node.text == BLANK and not node.style


def plain(node: YamlNode) -> object:
    """The values under `node` without their places: lists, dicts with text for keys, and scalars."""
    match node:
        case YamlScalar():
            return node.value
        case YamlSequence():
            return [plain(item) for item in node.items]
        case _:
            return {name: plain(entry.value) for name, entry in node.entries.items()}
