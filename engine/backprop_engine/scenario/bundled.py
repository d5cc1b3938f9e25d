"""The bundled scenarios: where they are, in a checkout and in a wheel, what a name or a path means, and the
tracks through them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["ENDINGS", "Track", "bundled", "bundled_folder", "is_bare_name", "neighbour", "resolve", "tracks"]

ENDINGS: Final = (".yaml", ".yml")


@cache
def bundled_folder() -> Path:
    """The folder of bundled scenarios: in this package in a wheel, at the top of a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent.parent / "scenarios"


@cache
def bundled() -> dict[str, Path]:
    """Every bundled scenario by its stem, in the order of folders and files."""
    return {path.stem: path for path in sorted(bundled_folder().rglob("*.yaml"))}


def is_bare_name(argument: str) -> bool:
    """Whether it has neither a folder nor an extension, like the names of bundled scenarios."""
    return not ("/" in argument or os.sep in argument or "\\" in argument or argument.endswith(ENDINGS))


def resolve(argument: str) -> Path:
    """The path that a name or a path means: itself, or that of the bundled scenario of this stem."""
    if is_bare_name(argument) and argument in bundled():
        return bundled()[argument]
    return Path(argument)


class Track(NamedTuple):
    """Scenarios by name, in the order to work through them; `title` is by language."""

    name: str
    title: Mapping[str, str]
    scenarios: tuple[str, ...]


@cache
def tracks() -> dict[str, Track]:
    """The tracks by name, from `index.toml` at the top of the bundled scenarios."""
    import tomllib  # needed only for tracks

    index = tomllib.loads((bundled_folder() / "index.toml").read_text("utf-8"))
    found = (Track(one["name"], one["title"], tuple(one["scenarios"])) for one in index["track"])
    return {track.name: track for track in found}


def neighbour(path: str | os.PathLike[str], name: str) -> Path | None:
    """The file of the scenario that the one at `path` calls `name`, beside it or bundled; None if neither."""
    for ending in ENDINGS:
        beside = Path(path).with_name(name + ending)
        if beside.is_file():
            return beside
    return bundled().get(name)
