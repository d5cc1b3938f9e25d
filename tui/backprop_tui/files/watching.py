"""Noticing that a file was saved: by what the system tells about it, asked again and again.

Nothing is opened to find out. Editors that write a new file and rename it give it another inode; a file that
is still being written looks different at every poll, and counts as changed only once two polls agree.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TypeAlias

__all__ = ["INTERVAL", "Stamp", "Watcher", "data_files", "stamp"]

INTERVAL = 0.4
"""Seconds between two polls."""

Stamp: TypeAlias = tuple[int, int, int] | None
"""When a file was written, its size, and which file it is; None where there is none."""


def stamp(path: str) -> Stamp:
    """What the system tells about the file at `path`, links followed."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Watcher:
    """Some files, and what they looked like when they were read last.

    `known` are stamps taken before the files were read: what changed since then is noticed as well.
    """

    def __init__(self, paths: Iterable[str], known: Mapping[str, Stamp] | None = None) -> None:
        self._seen: dict[str, Stamp] = {}
        self._waiting: dict[str, Stamp] | None = None
        self.watch(paths, known)

    def watch(self, paths: Iterable[str], known: Mapping[str, Stamp] | None = None) -> None:
        """Watch these files from now on."""
        known = {**self._seen, **(known or {})}
        self._seen = {path: known[path] if path in known else stamp(path) for path in paths}

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are watched, in order."""
        return tuple(self._seen)

    @property
    def stamps(self) -> Mapping[str, Stamp]:
        """What they looked like when they were read last."""
        return self._seen

    def poll(self, *, settled: bool = False) -> tuple[str, ...]:
        """The files that have changed, once they look as at the poll before, or are `settled` already."""
        now = {path: stamp(path) for path in self._seen}
        if now == self._seen:
            self._waiting = None
            return ()
        if not settled and now != self._waiting:
            self._waiting = now
            return ()
        changed = tuple(path for path, found in now.items() if found != self._seen[path])
        self._seen, self._waiting = now, None
        return changed


def data_files(path: str) -> tuple[str, ...] | None:
    """The data files that the scenario at `path` names, whether they exist or not.

    None where it cannot be told: the scenario is gone, or no YAML yet. Most scenarios name none, and are not
    parsed to find that out.
    """
    from backprop_engine.errors import ScenarioError
    from backprop_engine.scenario.leaves.leaf import LEAF_SECTIONS
    from backprop_engine.scenario.read.reader import read
    from backprop_engine.scenario.read.source import read_source
    from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlScalar, YamlSequence

    try:
        source = read_source(path)
        root = read(source) if "file" in source.text else None
    except ScenarioError:
        return None
    folder = os.path.dirname(path)
    named: dict[str, None] = {}
    sections = [root.get(section) for section in LEAF_SECTIONS] if isinstance(root, YamlMapping) else []
    expected = root.get("expect") if isinstance(root, YamlMapping) else None
    for block in expected if isinstance(expected, YamlSequence) else (expected,):
        sections += [block.get("values"), block.get("grads")] if isinstance(block, YamlMapping) else []
    for leaves in sections:
        for _, leaf in leaves if isinstance(leaves, YamlMapping) else ():
            name = leaf.get("file") if isinstance(leaf, YamlMapping) else None
            if isinstance(name, YamlScalar) and name.text and _stays_inside(name.text):
                named[os.path.join(folder, name.text)] = None
    return tuple(named)


def _stays_inside(name: str) -> bool:
    """Whether a data file may be read at all; one that may not is not asked about either."""
    return not os.path.isabs(name) and os.pardir not in name.replace("\\", "/").split("/")
