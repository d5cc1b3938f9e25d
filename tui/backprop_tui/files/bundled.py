"""The bundled scenarios on their shelves, and the order to read them in.

A scenario is found by its stem without reading any file. The order, the titles of folders and the levels are
in an `index.toml` in each folder; what that leaves out follows, sorted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from backprop_engine.scenario.bundled import ENDINGS, bundled, bundled_folder, neighbour, resolve, tracks
from backprop_tui.files.watching import Stamp, stamp

if TYPE_CHECKING:
    from backprop_engine.scenario.read.source import Source
    from backprop_engine.scenario.sections.texts import ScenarioTexts

__all__ = [
    "ENDINGS",
    "ScenarioEntry",
    "Shelf",
    "arranged",
    "bundled",
    "bundled_folder",
    "following",
    "heading",
    "heading_in",
    "named_next",
    "resolve",
    "shelves",
    "track_shelves",
]

_LAST = 1_000_000
"""The order of a folder that states none."""
_HIGHEST = 9
"""The highest level: more dots would leave no room for a title."""
_LARGEST_INDEX = 256 * 1024
_LARGEST_READ = 256 * 1024
"""The title of a larger file is not looked for while a list is drawn."""


class ScenarioEntry(Struct, frozen=True):
    """A scenario on its shelf; `level` is how much it takes for granted, from 1; 0 if unknown.

    One that is not bundled is `named` on the command line by its path; `about` is what its file has about the
    title.
    """

    stem: str
    path: Path
    level: int = 0
    named: str = ""
    about: str = ""


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


def shelves(scenarios: Mapping[str, Path]) -> tuple[Shelf, ...]:
    """The scenarios on their shelves, both in the order to read them in."""
    return arranged(ScenarioEntry(stem, path) for stem, path in scenarios.items())


def arranged(entries: Iterable[ScenarioEntry], root: Path | None = None) -> tuple[Shelf, ...]:
    """Scenarios on the shelves of their folders; with a `root`, a folder goes by its way from there."""
    folders: dict[Path, dict[str, ScenarioEntry]] = {}
    for entry in entries:
        folders.setdefault(entry.path.parent, {})[entry.stem] = entry
    indices = {folder: _index(folder) for folder in folders}
    return tuple(
        Shelf(_name(folder, root), indices[folder].title, tuple(_entries(indices[folder], folders[folder])))
        for folder in sorted(folders, key=lambda folder: (indices[folder].order, folder))
    )


def _name(folder: Path, root: Path | None) -> str:
    if root is None or folder == root:
        return folder.absolute().name
    return folder.relative_to(root).as_posix()


def _index(folder: Path) -> _Index:
    path = folder / "index.toml"
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_INDEX:
            return _Index()
        return msgspec.toml.decode(path.read_bytes(), type=_Index)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return _Index()


def _entries(index: _Index, there: Mapping[str, ScenarioEntry]) -> Iterator[ScenarioEntry]:
    """The scenarios of a folder: those of the index, then the others, sorted."""
    listed = {entry.name: entry.level for entry in index.scenario if entry.name in there}
    for stem in (*listed, *sorted(there.keys() - listed)):
        level = max(0, min(_HIGHEST, listed.get(stem, 0)))
        yield msgspec.structs.replace(there[stem], level=level)


def track_shelves() -> tuple[Shelf, ...]:
    """The tracks as shelves; a scenario is on as many as it is a part of."""
    entries = {entry.stem: entry for entry in _in_order()}
    return tuple(
        Shelf(track.name, track.title, tuple(entries[name] for name in track.scenarios))
        for track in tracks().values()
    )


@cache
def _in_order() -> tuple[ScenarioEntry, ...]:
    """Every bundled scenario, in the order to read them in."""
    return tuple(entry for shelf in shelves(bundled()) for entry in shelf.entries)


def following(path: str, among: Sequence[ScenarioEntry] = ()) -> ScenarioEntry | None:
    """The scenario after the one at `path` `among` others, by default those that are bundled; None after the
    last, and after any other file.
    """
    if not among and path not in map(str, bundled().values()):
        return None
    order = among or _in_order()
    places = [place for place, entry in enumerate(order) if str(entry.path) == path]
    return order[places[0] + 1] if places and places[0] + 1 < len(order) else None


def named_next(path: str) -> ScenarioEntry | None:
    """The first scenario that the file at `path` names as `next` and that is there."""
    for name in heading(Path(path)).next:
        found = neighbour(path, name)
        if found is not None and str(found) != path:
            listed = next((entry for entry in _in_order() if entry.path == found), None)
            return listed or ScenarioEntry(found.stem, found)
    return None


def heading(path: Path) -> ScenarioTexts:
    """What a scenario says about itself, without reading what it computes; empty if it is broken."""
    return _heading(path, stamp(str(path)))


@lru_cache(maxsize=512)
def _heading(path: Path, seen: Stamp) -> ScenarioTexts:
    from backprop_engine.scenario.read.source import read_source

    if seen is not None and seen[1] > _LARGEST_READ:
        return _texts(None)
    return _texts(lambda: read_source(path))


@lru_cache(maxsize=4096)
def heading_in(text: str) -> ScenarioTexts:
    """What a piece of a scenario says about itself; empty if that is not YAML."""
    from backprop_engine.scenario.read.source import Source

    return _texts(lambda: Source.from_bytes("", text.encode(errors="replace")))


def _texts(source: Callable[[], Source] | None) -> ScenarioTexts:
    from backprop_engine.errors import ScenarioError
    from backprop_engine.scenario.read.mistakes import Mistakes
    from backprop_engine.scenario.read.reader import read
    from backprop_engine.scenario.read.yaml_nodes import YamlMapping
    from backprop_engine.scenario.sections.texts import ScenarioTexts, read_texts

    try:
        root = read(source()) if source is not None else None
    except ScenarioError:
        return ScenarioTexts()
    return read_texts(root, Mistakes()) if isinstance(root, YamlMapping) else ScenarioTexts()
