"""The names of the files of a recording, which are part of the format, and the folders of ranks."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.recorded import recorded_mlp, recorded_ranks

from backprop_engine.recordings.folders import (
    holds_recording,
    index_path,
    manifest_path,
    rank_folder,
    rank_folders,
    rank_of,
    shard_path,
)


def test_names_are_those_of_the_format() -> None:
    files = [manifest_path, index_path, lambda folder: shard_path(folder, 7)]
    assert [file(Path("run")) for file in files] == [
        Path("run/manifest.json"),
        Path("run/index.jsonl"),
        Path("run/data-0007.safetensors"),
    ]
    assert rank_folder(Path("run"), 12) == Path("run/rank-12")


def test_a_recording_has_these_files(tmp_path: Path) -> None:
    recorded_mlp(tmp_path, steps=2)
    files = [manifest_path(tmp_path), index_path(tmp_path), shard_path(tmp_path, 0), shard_path(tmp_path, 1)]
    assert sorted(tmp_path.iterdir()) == sorted(files)


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("rank-0", 0),
        ("rank-123", 123),
        ("rank-01", None),
        ("rank-1234567", None),
        ("rank--1", None),
        ("rank", None),
        ("Rank-1", None),
    ],
)
def test_the_name_of_a_folder_says_which_rank_it_is_of(name: str, rank: int | None) -> None:
    assert rank_of(Path(name)) == rank
    assert rank_of(Path("run") / name) == rank


def test_a_folder_is_named_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rank_folder(tmp_path, 3).mkdir()
    monkeypatch.chdir(rank_folder(tmp_path, 3))
    assert rank_of(Path()) == 3


def test_folders_of_ranks_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for rank in (10, 2, 0):
        rank_folder(tmp_path, rank).mkdir()
    (tmp_path / "rank-3").write_text("no folder")
    (tmp_path / "rank-x").mkdir()
    (tmp_path / "rank-4").symlink_to(tmp_path / "rank-0")
    assert rank_folders(tmp_path) == [(rank, tmp_path / f"rank-{rank}") for rank in (0, 2, 10)]
    assert rank_folders(tmp_path / "missing") == []


def test_which_folders_hold_recordings(tmp_path: Path) -> None:
    recorded_mlp(tmp_path / "one", steps=1)
    recorded_ranks(tmp_path / "ranks", steps=1)
    (tmp_path / "files").mkdir()
    rank_folder(tmp_path / "files", 0).mkdir()
    (tmp_path / "other" / "rank-x").mkdir(parents=True)
    manifest_path(tmp_path / "other" / "rank-x").write_text("{}")
    found = [folder.name for folder in sorted(tmp_path.iterdir()) if holds_recording(folder)]
    assert found == ["one", "ranks"]
