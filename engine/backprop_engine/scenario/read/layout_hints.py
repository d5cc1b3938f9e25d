"""Hints about a file's layout: what a text or list in place of a map, or an unknown key, was meant to be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.scenario.format import EXPECT, SCENARIO, TRAIN
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlScalar, YamlSequence

__all__ = ["MAPS", "SECTIONS", "entry_hint", "key_hint", "map_hint"]

_ENTRY = re.compile(r"\s*([^\s=:：{}\[\],\"']+)\s*(=(?!=)|:|：)\s*(\S.*?)\s*$")
_BELOWS: Final = {
    "expect": EXPECT.names,
    "train": (*TRAIN.names, "lr", "learning_rate", "momentum", "nesterov", "weight_decay"),
}
MAPS: Final = tuple(
    key.name
    for key in SCENARIO.keys
    if key.kind in ("leaves", "operators", "nodes", "cells", "expect", "train", "notes", "asks")
)
"""Sections that hold names with their values."""
SECTIONS: Final = tuple(name for name in SCENARIO.names if name not in ("source", "next"))
"""Sections that are recognised at the wrong indentation; `source` and `next` are likely names for nodes."""
_LONG = 60


def entry_hint(line: str) -> Hint:
    """How a line such as `x = 2` or `f:x` is written as a name and its value, or nothing."""
    found = _ENTRY.match(line)
    if found is None:
        return ""
    written = (
        msg("write `{text}`", text=f"{found[1]}: {found[3]}")
        if len(line) <= _LONG
        else msg("write `{text}`", text="name: value")
    )
    if found[2] == ":":
        return msg("a space is missing after the colon: {written}", written=written)
    return msg("this is a full-width colon: {written}", written=written) if found[2] == "：" else written


def map_hint(node: YamlNode) -> Hint:
    """What was meant by `node` where a map must be, or nothing."""
    if isinstance(node, YamlScalar):
        place = node.place
        return "" if node.style else entry_hint(node.source.line(place.line)[place.column - 1 :])
    if not isinstance(node, YamlSequence) or not node.items:
        return ""
    first = node.items[0]
    if isinstance(first, YamlMapping) and first.entries:
        name = shortened(clean(next(iter(first.entries))), _LONG)
        return msg("a list has no names: write `{name}: …` without the `- ` before it", name=name)
    names = [item.text for item in node.items if isinstance(item, YamlScalar) and item.text.isidentifier()]
    if len(names) == len(node.items) <= 5:
        return msg(
            "every name needs a value: `{text}`", text=f"{{{', '.join(f'{name}: …' for name in names)}}}"
        )
    return ""


def key_hint(key: YamlScalar, mapping: YamlMapping, known: Sequence[str]) -> Hint:
    """What was meant by `key`, which is not `known` in `mapping`; may be empty."""
    name = key.text
    odd = next(
        (character for character in name if character != " " and unicodedata.category(character) == "Zs"),
        None,
    )
    if odd is not None:
        called = unicodedata.name(odd).lower()
        return msg(
            "there is U+{number:04X}, {called}, here: use plain spaces to indent and to separate words",
            number=ord(odd),
            called=called,
        )
    word = re.split(r"[\s{\[(]", name, maxsplit=1)[0]
    if word != name and word in known:
        return msg("a colon is missing: `{name}: …`", name=word)
    parent = next((section for section, names in _BELOWS.items() if name in names and section in known), None)
    if parent is not None:
        return msg("`{name}` goes under `{section}`", name=name, section=parent)
    if name in SECTIONS and "nodes" not in known:
        return msg("`{name}` is a section of the scenario: it must start in the first column", name=name)
    near = did_you_mean(name, known)
    return near or _unindented(key, mapping)


def _unindented(key: YamlScalar, mapping: YamlMapping) -> Hint:
    """For a key right below one that has no value: perhaps it was meant to be a part of it."""
    before = next((one for one, following in pairwise(mapping) if following.key is key), None)
    if before is None or not isinstance(before.value, YamlScalar) or before.value.value is not None:
        return ""
    if before.key.place.column != key.place.column or before.value.text:
        return ""
    return msg("indent it if it is part of `{name}`", name=shortened(clean(before.key.text), _LONG))
