"""The files of a language, a room each, as the tests read them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import backprop_engine
import backprop_tui
from backprop_engine.messages.translations import contextual

WINGS = tuple(Path(str(wing.__file__)).parent for wing in (backprop_engine, backprop_tui))


def rooms(language: str = "ko") -> Iterator[tuple[str, dict[str, str]]]:
    """Each file of `language`: its name, and its templates by their English ones."""
    for wing in WINGS:
        for path in sorted((wing / "languages" / language).glob("*.toml")):
            if path.name != "about.toml":
                yield path.stem, templates(path)


def templates(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for english, other in tomllib.loads(path.read_text(encoding="utf-8")).items():
        if isinstance(other, str):
            found[english] = other
        else:
            found |= {contextual(inner, english): text for inner, text in other.items()}
    return found


def room(name: str) -> dict[str, str]:
    """The templates of the file called `name`."""
    return next(found for stem, found in rooms() if stem == name)
