"""The files of a recording and the folders of ranks: what they are called, and which are there."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = [
    "holds_recording",
    "index_path",
    "manifest_path",
    "rank_folder",
    "rank_folders",
    "rank_of",
    "shard_path",
]

_RANK: Final = re.compile(r"rank-(0|[1-9]\d{0,5})")


def manifest_path(folder: Path) -> Path:
    """Where the manifest of a recording is: its presence makes a folder a recording."""
    return folder / "manifest.json"


def index_path(folder: Path) -> Path:
    """Where the events of a recording are, one per line."""
    return folder / "index.jsonl"


def shard_path(folder: Path, number: int) -> Path:
    """Where shard `number` of a recording's tensors is; shards are numbered from 0."""
    return folder / f"data-{number:04d}.safetensors"


def rank_folder(folder: Path, rank: int) -> Path:
    """Where the recording of a rank is, in the folder of a run of several ranks."""
    return folder / f"rank-{rank}"


def rank_of(folder: Path) -> int | None:
    """The rank whose folder this is, by its name; None if its name is not that of one."""
    found = _RANK.fullmatch(folder.absolute().name)
    return int(found[1]) if found else None


def rank_folders(folder: Path) -> Sequence[tuple[int, Path]]:
    """The ranks that have a folder in `folder`, with it, in ascending order; symbolic links do not count."""
    try:
        named = [(rank_of(each), each) for each in folder.iterdir()]
    except OSError:
        return []
    ranks = [(rank, each) for rank, each in named if rank is not None]
    return sorted((rank, each) for rank, each in ranks if each.is_dir() and not each.is_symlink())


def holds_recording(folder: Path) -> bool:
    """Whether `folder` holds a recording, or those of several ranks."""
    folders = [folder, *(each for _, each in rank_folders(folder))]
    return any(os.path.lexists(manifest_path(each)) for each in folders)
