"""The scenarios in a folder of the user's own, and in the folders inside it.

Nothing there is trusted: links are not followed, nothing but a regular file is opened, of which only the
beginning is read, and there is a limit to how much is looked at altogether.
"""

from __future__ import annotations

import codecs
import os
import re
import shlex
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from msgspec import Struct

from backprop_engine.errors import UsageError, reason
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.format import SCENARIO
from backprop_tui.files.bundled import ENDINGS, ScenarioEntry, Shelf, arranged

__all__ = ["ScenarioFolder", "looks_like_scenario", "scenario_folder"]

_MOST_LOOKED_AT: Final = 50_000
"""The most files and folders that are searched."""
_MOST_READ: Final = 10_000
"""The most files whose beginning is read."""
_LARGE: Final = 500
_DEEPEST: Final = 8
"""How many folders inside one another are gone into."""
_BEGINNING: Final = 16 * 1024
"""The bytes of a file that tell whether it is a scenario."""
_TITLE: Final = 1000
"""The most characters of a title, in all languages."""
_LEAVES: Final = frozenset(("inputs", "params", "constants"))
_KEY: Final = re.compile(r"^[\"']?(\w+)[\"']?\s*:", re.MULTILINE)
_KEY_IN_BRACES: Final = re.compile(r"[{,]\s*[\"']?(\w+)[\"']?\s*:")
_TITLE_LINES: Final = re.compile(r"^title\s*:(.*(?:\n[ \t]+.*)*)", re.MULTILINE)


class ScenarioFolder(Struct, frozen=True):
    """The scenarios of a folder, by the folders inside it; `is_cut` where there may be more."""

    path: Path
    shelves: tuple[Shelf, ...]
    is_cut: bool = False

    @property
    def name(self) -> str:
        """What the folder is called."""
        return clean(self.path.absolute().name) or "/"

    @property
    def is_large(self) -> bool:
        """Whether it takes a while to list."""
        return self.is_cut or sum(len(shelf.entries) for shelf in self.shelves) > _LARGE

    @property
    def problem(self) -> Message | None:
        """What readers of the list should know."""
        if not self.is_cut:
            return None
        count = sum(len(shelf.entries) for shelf in self.shelves)
        return msg("{folder} has too many files: {count} of them are listed", folder=self.name, count=count)


def scenario_folder(path: Path) -> ScenarioFolder:
    """The scenarios in a folder; `UsageError` where it cannot be read, or where there is none."""
    try:
        os.scandir(path).close()
    except OSError as error:
        raise UsageError(
            msg("{folder}: the folder can't be read: {reason}", folder=clean(str(path)), reason=reason(error))
        ) from None
    walk = _Walk()
    files = list(islice(walk.files(path), _MOST_READ + 1))
    entries = list(_entries(files[:_MOST_READ]))
    if not entries:
        raise UsageError(
            msg(
                "{folder}: there is no scenario in this folder (no .yaml or .yml file)",
                folder=clean(str(path)),
            )
        )
    return ScenarioFolder(path, arranged(entries, path), walk.is_cut or len(files) > _MOST_READ)


class _Walk:
    """Goes through a folder, and through what is inside it, in the order of names."""

    def __init__(self) -> None:
        self.left = _MOST_LOOKED_AT
        self.is_cut = False

    def files(self, folder: Path, depth: int = 0) -> Iterator[Path]:
        """The files that may be scenarios; those of a folder come before those inside its folders."""
        inside = []
        for entry in self._listed(folder):
            if entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                inside.append(Path(entry.path))
            elif entry.name.endswith(ENDINGS) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
        if depth == _DEEPEST:
            self.is_cut |= bool(inside)
            return
        for one in inside:
            yield from self.files(one, depth + 1)

    def _listed(self, folder: Path) -> list[os.DirEntry[str]]:
        """What lies in a folder, sorted, without what is hidden; nothing where it cannot be read."""
        try:
            with os.scandir(folder) as entries:
                found = list(islice(entries, self.left + 1))
        except OSError:
            return []
        self.is_cut |= len(found) > self.left
        self.left = max(0, self.left - len(found))
        return sorted((entry for entry in found if entry.name[0] != "."), key=lambda entry: entry.name)


def _entries(files: list[Path]) -> Iterator[ScenarioEntry]:
    """Those that look like scenarios; of two with one stem the second goes by its whole name."""
    known = set()
    for file in files:
        text = _beginning(file)
        if looks_like_scenario(text):
            stem = file.name if file.with_suffix("") in known else file.stem
            known.add(file.with_suffix(""))
            title = _TITLE_LINES.search(text)
            about = title[0] if title and len(title[0]) <= _TITLE else ""
            yield ScenarioEntry(stem, file, about=about, named=shlex.quote(clean(str(file))))


def _beginning(file: Path) -> str:
    """The beginning of a file as text, whatever is in it; empty where it cannot be read."""
    try:
        with open(file, "rb") as opened:
            data = opened.read(_BEGINNING)
    except OSError:
        return ""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def looks_like_scenario(text: str) -> bool:
    """Whether a file that begins like this is a scenario, or was to be one: by the keys at its top level.

    It has `nodes` or two kinds of leaves, and no more other keys than a scenario's own.
    """
    if text.lstrip().startswith("{"):
        return "nodes" in _KEY_IN_BRACES.findall(text)
    keys = set(_KEY.findall(text))
    own = keys & set(SCENARIO.names)
    return ("nodes" in keys or len(keys & _LEAVES) > 1) and 2 * len(own) >= len(keys)
