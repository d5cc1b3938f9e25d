"""A disk that takes no more ends a recording, not the program that is recorded."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from errno import EMFILE
from pathlib import Path

import pytest
from tests.support.recorded import recorded_mlp

from backprop_engine import UsageError
from backprop_engine.recordings.events import FORMAT, EngineStart, Manifest
from backprop_engine.recordings.folders import index_path, manifest_path, shard_path
from backprop_engine.recordings.recording import open_recording
from backprop_engine.recordings.scenarios import load_recording
from backprop_engine.recordings.writer import RecordingWriter, _Shard

resource = pytest.importorskip("resource")


class Disk:
    """A disk on which no file becomes longer than `take` says."""

    def __init__(self) -> None:
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def take(self, most: int | None) -> None:
        soft, hard = self.before
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft if most is None else most, hard))


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.take(None)


@pytest.fixture(scope="module", autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    yield
    gc.collect()  # a file that nobody closed is told here, not in the middle of another test


def full_from(step: int, most: int, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no file become longer than `most` bytes from the beginning of a step."""
    start = RecordingWriter.start

    def started(writer: RecordingWriter, number: int) -> None:
        start(writer, number)
        if number == step:
            disk.take(most)

    monkeypatch.setattr(RecordingWriter, "start", started)


def keep_the_last_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let recordings have no room for more than one step."""
    made = RecordingWriter.__init__

    def bounded(self: RecordingWriter, *arguments: object) -> None:
        made(self, *arguments, max_bytes=1)  # type: ignore[arg-type]

    monkeypatch.setattr(RecordingWriter, "__init__", bounded)


@pytest.mark.parametrize("most", [0, 2**19, 2**20 + 100])
def test_without_room_for_a_shard_the_steps_before_are_a_recording(
    most: int, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_from(2, most, disk, monkeypatch)
    with pytest.warns(RuntimeWarning, match="the recording ends with step 1: File too large") as told:
        given = recorded_mlp(tmp_path / "cut", steps=5)
    disk.take(None)
    assert len(told) == 1
    assert given.keys() == recorded_mlp(tmp_path / "whole", steps=2).keys()
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    assert index_path(cut).read_bytes() == index_path(whole).read_bytes()
    files = [manifest_path(cut), index_path(cut), shard_path(cut, 0), shard_path(cut, 1)]
    assert sorted(cut.iterdir()) == sorted(files)
    assert not open_recording(cut).manifest.complete
    runs = [load_recording(folder).run() for folder in (cut, whole)]
    assert [run.iterations for run in runs] == [2, 2]
    assert repr(runs[0].trace(1)) == repr(runs[1].trace(1))


@pytest.mark.parametrize("more", [0, 1, 200])
def test_without_room_for_the_index_no_half_step_is_in_it(
    more: int, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded_mlp(tmp_path / "whole", steps=2, cells=0)
    whole = index_path(tmp_path / "whole").read_bytes()
    full_from(2, len(whole) + more, disk, monkeypatch)
    with pytest.warns(RuntimeWarning, match="ends with step 1"):
        recorded_mlp(tmp_path / "cut", steps=4, cells=0)
    assert index_path(tmp_path / "cut").read_bytes() == whole


def test_a_recording_without_a_step_is_told(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_from(0, 100, disk, monkeypatch)
    with pytest.warns(RuntimeWarning, match="the recording has no step"):
        recorded_mlp(tmp_path, steps=2)
    disk.take(None)
    with pytest.raises(UsageError):
        load_recording(tmp_path)


def test_a_recording_that_cannot_be_begun_leaves_no_file_open(disk: Disk, tmp_path: Path) -> None:
    disk.take(28)
    with pytest.raises(OSError, match="File too large"):
        RecordingWriter(tmp_path, Manifest(FORMAT, "torch", "2.13.0"))


def test_a_recording_that_failed_holds_no_tensor(disk: Disk, tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, Manifest(FORMAT, "torch", "2.13.0"))
    writer.start(0)
    disk.take(2**19)
    with pytest.warns(RuntimeWarning, match="the recording has no step"):
        writer.tensor("U8", (2**22,), bytes(2**22))
    assert isinstance(writer.failure, OSError)
    assert writer.failure.__traceback__ is None


def test_without_room_for_the_manifest_every_step_is_there(disk: Disk, tmp_path: Path) -> None:
    close = RecordingWriter.close

    def closed(writer: RecordingWriter, left_out: tuple[str, ...] = ()) -> None:
        writer.finish_step()
        disk.take(28)
        close(writer, left_out)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RecordingWriter, "close", closed)
        with pytest.warns(RuntimeWarning, match="could not be marked as complete: File too large"):
            recorded_mlp(tmp_path, steps=3)
    disk.take(None)
    assert load_recording(tmp_path).run().iterations == 3


def test_without_room_to_drop_old_steps_all_are_kept(disk: Disk, tmp_path: Path) -> None:
    rewrite = RecordingWriter._rewrite_index

    def rewritten(self: RecordingWriter, dropped: int) -> None:
        disk.take(28)
        rewrite(self, dropped)

    with pytest.MonkeyPatch.context() as patch:
        keep_the_last_step(patch)
        patch.setattr(RecordingWriter, "_rewrite_index", rewritten)
        with pytest.warns(RuntimeWarning, match="the recording ends with step 1"):
            recorded_mlp(tmp_path, steps=3)
    disk.take(None)
    assert load_recording(tmp_path).run().iterations == 2


def test_after_old_steps_were_dropped_the_index_is_cut_back_to_the_whole_ones(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_the_last_step(monkeypatch)
    full_from(3, 2**19, disk, monkeypatch)
    with pytest.warns(RuntimeWarning, match="the recording ends with step 2"):
        recorded_mlp(tmp_path, steps=5)
    disk.take(None)
    assert [step.number for step in open_recording(tmp_path).steps] == [2]
    assert b"\0" not in index_path(tmp_path).read_bytes()


def test_a_forked_process_that_fails_leaves_its_parents_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlinked: list[Path] = []
    writer = RecordingWriter(tmp_path, Manifest(FORMAT, "torch", "2.13.0"))
    for step in (0, 1):
        writer.start(step)
        writer.tensor("U8", (3,), b"abc")
        writer.event(EngineStart(()))
    files = {path: path.read_bytes() for path in (index_path(tmp_path), shard_path(tmp_path, 0))}
    monkeypatch.setattr(Path, "unlink", lambda path, **_: unlinked.append(path))
    monkeypatch.setattr(_Shard, "_put", refused)
    writer.discard()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        writer.tensor("U8", (3,), b"def")
        writer.finish_step()
        writer.close()
    assert isinstance(writer.failure, OSError)
    assert not unlinked
    assert {path: path.read_bytes() for path in files} == files
    assert shard_path(tmp_path, 1).exists()


def refused(*_: object) -> None:
    raise OSError(EMFILE, "Too many open files")


def test_a_disk_with_room_is_not_told(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recorded_mlp(tmp_path)
    assert open_recording(tmp_path).manifest.complete
