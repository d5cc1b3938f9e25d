"""Files that appear whole: whatever goes wrong on the way, the old one stays."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

import pytest

from backprop_engine.whole_files import whole_file, write_whole
from killed import killed_at_every_line


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "가")
    assert path.read_bytes() == "가".encode()
    write_whole(str(path), b"\r\n\0")
    assert path.read_bytes() == b"\r\n\0"
    assert os.listdir(tmp_path) == ["file"]


def half_write(file: BinaryIO, error: type[BaseException]) -> None:
    """Write something, and end early."""
    file.write(b"half")
    file.flush()
    raise error


@pytest.mark.parametrize("error", [OSError, ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("new", [False, True])
def test_where_writing_ends_early_all_is_as_before(
    tmp_path: Path, error: type[BaseException], new: bool
) -> None:
    path = tmp_path / "file"
    before: list[str] = []
    if not new:
        path.write_bytes(b"old")
        before = ["file"]
    with pytest.raises(error), whole_file(path, new=new) as file:
        half_write(file, error)
    assert os.listdir(tmp_path) == before
    assert new or path.read_bytes() == b"old"


def test_until_the_end_the_old_file_is_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_a_new_file_takes_nobodys_place(tmp_path: Path) -> None:
    taken, nowhere = tmp_path / "taken", tmp_path / "nowhere"
    taken.write_bytes(b"mine")
    nowhere.symlink_to(tmp_path / "missing")
    for path in (taken, nowhere, tmp_path):
        with pytest.raises(FileExistsError):
            write_whole(path, "x", new=True)
    assert taken.read_bytes() == b"mine"
    assert sorted(os.listdir(tmp_path)) == ["nowhere", "taken"]


@pytest.mark.parametrize("links", [True, False])
def test_what_comes_there_while_a_new_file_is_written_stays(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "file"
    with pytest.raises(FileExistsError), whole_file(path, new=True):
        path.write_bytes(b"mine")
    assert path.read_bytes() == b"mine"
    path.unlink()
    write_whole(path, "x", new=True)
    assert path.read_bytes() == b"x"
    assert os.listdir(tmp_path) == ["file"]


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_whole(link, "new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_file_without_permissions_of_its_own_has_those_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_whole(tmp_path / "file", "x")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_the_longest_name_that_a_file_may_have(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_whole(path, "x")
    assert path.read_bytes() == b"x"


def test_a_device_is_written_to_and_stays(tmp_path: Path) -> None:
    write_whole(os.devnull, "x")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    with pytest.raises(OSError, match="No space left on device"):
        write_whole("/dev/full", "x")


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(path, "x")
    assert os.read(reader, 10) == b"x"
    os.close(reader)


@pytest.mark.parametrize("name", ["", "missing/file", "folder", "folder/", "file/x", "a\0b", "x" * 300])
@pytest.mark.parametrize("new", [False, True])
def test_where_there_can_be_no_file(
    tmp_path: Path, name: str, new: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").touch()
    with pytest.raises((OSError, ValueError)):
        write_whole(name, "x", new=new)
    assert sorted(os.listdir()) == ["file", "folder"]
    assert os.listdir("folder") == []


@pytest.mark.parametrize("new", [False, True])
def test_killed_at_any_moment_it_leaves_the_old_file_or_the_new_one(tmp_path: Path, new: bool) -> None:
    path = tmp_path / "file"
    if not new:
        path.write_bytes(b"old")
    remains = killed_at_every_line(
        path,
        f"write_whole(path, 'new' * 100_000, new={new})",
        "whole_files.py",
        prepared="from backprop_engine.whole_files import write_whole",
    )
    assert remains.found == [None if new else "old", "new" * 100_000]
    assert remains.moments > 15
