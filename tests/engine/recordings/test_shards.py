"""Files of a recording that change while it is open: that is told, and none is read past its end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backprop_engine.arrays import figures_of, is_stored
from backprop_engine.errors import UsageError
from backprop_engine.recordings.events import FORMAT, Manifest, OperatorCall, TensorEntry
from backprop_engine.recordings.folders import shard_path
from backprop_engine.recordings.recording import Recording, open_recording
from backprop_engine.recordings.tensors import reader
from backprop_engine.recordings.writer import RecordingWriter
from programs import environment

HEADER = 2**20
SMALL, LARGE = 6, 400_000
"""Entries of tensors of which one is read as a whole, the other mapped."""


def recorded(folder: Path, entries: int, steps: int = 1) -> Recording:
    """A recording with one tensor in each step, which counts from 0."""
    writer = RecordingWriter(folder, Manifest(FORMAT, "torch", "2.13.0"))
    raw = np.arange(entries, dtype="<f4").tobytes()
    for step in range(steps):
        writer.start(step)
        made = TensorEntry(step, (entries,), "F32", 1.0, 0, 0, writer.tensor("F32", (entries,), raw))
        writer.event(OperatorCall("aten.relu", "n1", None, "", "train.py", 3, "step", (), (made,)))
    writer.close()
    return open_recording(folder)


def tensor(recording: Recording, step: int = 0) -> TensorEntry:
    return recording.steps[step].operators[0].outputs[0]


def removed(path: Path) -> None:
    shutil.rmtree(path.parent)


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def made_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def made_a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def cut_behind_the_header(path: Path) -> None:
    os.truncate(path, HEADER)


def cut_in_a_tensor(path: Path) -> None:
    os.truncate(path, HEADER + 4)


def written_anew(path: Path) -> None:
    os.utime(path, ns=(0, 0))


def replaced(path: Path) -> None:
    path.unlink()
    path.write_bytes(b" " * HEADER)


IN_PLACE = [emptied, cut_behind_the_header, cut_in_a_tensor, written_anew]
ELSEWHERE = [removed, made_a_folder, made_a_pipe, made_a_link, replaced]


@pytest.mark.parametrize("entries", [SMALL, LARGE])
@pytest.mark.parametrize("change", [*IN_PLACE, *ELSEWHERE])
def test_a_file_that_changes_before_it_is_read_is_told(
    tmp_path: Path, change: Callable[[Path], None], entries: int
) -> None:
    recording = recorded(tmp_path / "run", entries)
    change(shard_path(recording.folder, 0))
    with pytest.raises(UsageError, match=r"data-0000\.safetensors"):
        recording.entries(tensor(recording))


@pytest.mark.parametrize("entries", [SMALL, LARGE])
@pytest.mark.parametrize("change", IN_PLACE)
def test_a_file_that_changes_after_it_was_read_is_told(
    tmp_path: Path, change: Callable[[Path], None], entries: int
) -> None:
    recording = recorded(tmp_path / "run", entries)
    np.testing.assert_array_equal(recording.entries(tensor(recording)), np.arange(entries))
    change(shard_path(recording.folder, 0))
    with pytest.raises(UsageError) as error:
        recording.entries(tensor(recording))
    path = shard_path(recording.folder, 0)
    assert error.value.message == f"{path} has changed since the recording was opened"


LOOK = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
from test_shards import cut_behind_the_header, recorded, shard_path, tensor
recording = recorded(Path({folder!r}), 6)
entries = recording.entries(tensor(recording))
cut_behind_the_header(shard_path(recording.folder, 0))
print(entries.sum())
"""


def test_what_was_read_can_be_looked_at_after_the_file_was_cut_short(tmp_path: Path) -> None:
    """In a process of its own, which a signal would end."""
    path = [str(Path(__file__).parent), *filter(None, sys.path)]
    code = LOOK.format(path=path, folder=str(tmp_path / "run"))
    looked = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, check=False)
    assert (looked.returncode, looked.stdout) == (0, b"15.0\n")


def test_a_tensor_whose_file_is_gone_has_its_figures(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "run", SMALL)
    supply = reader(recording, tensor(recording), (2, 3), np.dtype("f4"))
    removed(shard_path(recording.folder, 0))
    made = supply.make()
    figures = figures_of(made)
    assert (made.shape, is_stored(made)) == ((2, 3), False)
    assert figures is not None
    assert figures.norm == 1.0


def test_files_of_many_steps_are_not_all_kept_open(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "run", SMALL, steps=80)
    before = len(os.listdir("/proc/self/fd"))
    for step in range(80):
        np.testing.assert_array_equal(recording.entries(tensor(recording, step)), np.arange(SMALL))
    assert len(os.listdir("/proc/self/fd")) - before <= 64
    del recording
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize("name", ["manifest.json", "index.jsonl", "data-0000.safetensors"])
def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(tmp_path / "run", SMALL)
    opens, reads = os.open, Path.read_bytes

    def refuse(path: Path) -> None:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied", str(path))

    def opened(path: Path, *arguments: int) -> int:
        refuse(path)
        return opens(path, *arguments)

    def read(path: Path) -> bytes:
        refuse(path)
        return reads(path)

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(Path, "read_bytes", read)
    with pytest.raises(UsageError) as error:
        open_recording(tmp_path / "run")
    assert error.value.message == f"{tmp_path / 'run' / name}: Permission denied"
