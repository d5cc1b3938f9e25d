"""The bundled scenarios: their folder, in a checkout and in a wheel, and the order to read them in.

A scenario is found by its stem without reading any file. The order, the titles of folders and the levels are
in an `index.toml` in each folder; what that leaves out follows, sorted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from backprop_tui.files.watching import Stamp, stamp

if TYPE_CHECKING:
    from backprop_engine.scenario.sections.texts import ScenarioTexts

__all__ = ["ScenarioEntry", "Shelf", "bundled", "bundled_folder", "heading", "resolve", "shelves"]

_ENDINGS = (".yaml", ".yml")
_LAST = 1_000_000
"""The order of a folder that states none."""


class ScenarioEntry(Struct, frozen=True):
    """A scenario on its shelf; `level` is how much it takes for granted, from 1; 0 if unknown."""

    stem: str
    path: Path
    level: int = 0


class Shelf(Struct, frozen=True):
    """A folder of scenarios in the order to read them in; `title` is by language."""

    name: str
    title: Mapping[str, str]
    entries: tuple[ScenarioEntry, ...]

    def in_language(self, language: str) -> str:
        """The title, or the folder's name where it has none."""
        return self.title.get(language) or self.title.get("en") or self.name.replace("_", " ")


class _Listed(Struct):
    name: str
    level: int = 0


class _Index(Struct):
    """What `index.toml` says."""

    order: int = _LAST
    title: dict[str, str] = {}
    scenario: list[_Listed] = []


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


def shelves(scenarios: Mapping[str, Path]) -> tuple[Shelf, ...]:
    """The scenarios on their shelves, both in the order to read them in."""
    folders: dict[Path, dict[str, Path]] = {}
    for stem, path in scenarios.items():
        folders.setdefault(path.parent, {})[stem] = path
    indices = {folder: _index(folder) for folder in folders}
    return tuple(
        Shelf(folder.name, indices[folder].title, tuple(_entries(indices[folder], folders[folder])))
        for folder in sorted(folders, key=lambda folder: (indices[folder].order, folder))
    )


def _index(folder: Path) -> _Index:
    try:
        return msgspec.toml.decode((folder / "index.toml").read_bytes(), type=_Index)
    except (OSError, msgspec.MsgspecError):
        return _Index()


def _entries(index: _Index, there: Mapping[str, Path]) -> Iterator[ScenarioEntry]:
    """The scenarios of a folder: those of the index, then the others, sorted."""
    listed = {entry.name: entry.level for entry in index.scenario if entry.name in there}
    for stem in (*listed, *sorted(there.keys() - listed)):
        yield ScenarioEntry(stem, there[stem], listed.get(stem, 0))


def heading(path: Path) -> ScenarioTexts:
    """What a scenario says about itself, without reading what it computes; empty if it is broken."""
    return _heading(path, stamp(str(path)))


@lru_cache(maxsize=512)
def _heading(path: Path, _: Stamp) -> ScenarioTexts:
    from backprop_engine.errors import ScenarioError
    from backprop_engine.scenario.read.mistakes import Mistakes
    from backprop_engine.scenario.read.reader import read
    from backprop_engine.scenario.read.source import read_source
    from backprop_engine.scenario.read.yaml_nodes import YamlMapping
    from backprop_engine.scenario.sections.texts import ScenarioTexts, read_texts

    try:
        root = read(read_source(path))
    except ScenarioError:
        return ScenarioTexts()
    return read_texts(root, Mistakes()) if isinstance(root, YamlMapping) else ScenarioTexts()


def resolve(argument: str) -> Path:
    """The path that the argument SCENARIO means: itself, or that of the bundled scenario of this stem."""
    looks_like_path = "/" in argument or "\\" in argument or argument.endswith(_ENDINGS)
    if not looks_like_path and argument in bundled():
        return bundled()[argument]
    return Path(argument)
