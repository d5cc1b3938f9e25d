"""What a map of the scenario format is declared as: its keys, what each means, and what stands behind it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from backprop_engine.messages.words import Words

__all__ = ["Form", "Key", "Kind", "form", "key"]

Kind: TypeAlias = Literal[
    "text", "texts", "dtype", "leaves", "nodes", "cells", "path", "numbers", "expect", "train", "lines",
    "notes", "shape", "init", "number", "natural", "fan", "file", "array", "rows", "columns", "data-dtype",
    "operator", "operands", "expression", "cell", "arguments", "over", "carry", "operand", "names", "values",
    "gradients", "tolerance", "digits", "flag", "optimizer", "updates",
]  # fmt: skip
"""What can stand behind a key."""


class Key(Struct, frozen=True):
    """A key: the kind of its value, what it means in one sentence, and whether it must be there."""

    name: str
    kind: Kind
    meaning: Words
    needed: bool = False


class Form(Struct, frozen=True):
    """A map with keys of its own; where it is `open`, settings from another table stand beside them."""

    meaning: Words
    keys: tuple[Key, ...]
    names: tuple[str, ...]
    open: bool = False


def form(en: str, ko: str, *keys: Key, open: bool = False) -> Form:
    """A form that means `en`, in Korean `ko`."""
    return Form(Words(en, ko), keys, tuple(one.name for one in keys), open)


def key(name: str, kind: Kind, en: str, ko: str, *, needed: bool = False) -> Key:
    """A key that means `en`, in Korean `ko`."""
    return Key(name, kind, Words(en, ko), needed)
