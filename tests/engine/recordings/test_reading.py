"""Recordings are read as files from strangers are: what they claim is checked, and refused in a sentence."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backprop_engine.errors import UsageError
from backprop_engine.recordings.events import (
    FORMAT,
    BackwardCall,
    DataSpan,
    EngineEnd,
    EngineStart,
    GraphNode,
    Manifest,
    Operand,
    OperatorCall,
    TensorEntry,
)
from backprop_engine.recordings.findings import find
from backprop_engine.recordings.recording import open_recording
from backprop_engine.recordings.writer import RecordingWriter
from effort import examples

VALUES = np.arange(6, dtype="<f4").reshape(2, 3)


def written(folder: Path) -> Path:
    """A recording of one product and its backward pass, in two steps."""
    writer = RecordingWriter(folder, Manifest(FORMAT, "torch", "2.13.0"))
    for step in range(2):
        writer.start(step)
        span = writer.tensor("F32", (2, 3), VALUES.tobytes())
        half = writer.tensor("BF16", (2,), np.array([0x3F80, 0xC000], "<u2").tobytes())
        writer.event(
            OperatorCall(
                "aten.mul.Tensor", "n1", None, "layer", "train.py", 7, "step",
                (Operand(0, None, 0, "w", TensorEntry(0, (2, 3), "F32", 1.0, 0, 0, span)), None),
                (TensorEntry(1, (2,), "BF16", 2.0, 0, 0, half),),
            )
        )  # fmt: skip
        writer.event(EngineStart((("n1", 0),), "train.py", 8))
        writer.event(GraphNode("n1", "MulBackward0", (("a1", 0), None)))
        writer.event(GraphNode("a1", "AccumulateGrad", (), "w", TensorEntry(0, (2, 3), "F32", 1.0)))
        gradient = TensorEntry(2, (2, 3), "F32", 3.0)
        writer.event(BackwardCall("n1", (TensorEntry(1, (2,), "BF16", 2.0),), (gradient, None)))
        writer.event(BackwardCall("a1", (gradient,), ()))
        writer.event(EngineEnd())
    writer.close()
    return folder


def test_what_was_written_is_read(tmp_path: Path) -> None:
    recording = open_recording(written(tmp_path))
    assert [step.number for step in recording.steps] == [0, 1]
    step = recording.steps[1]
    (call,) = step.operators
    assert (call.module, call.file, call.line) == ("layer", "train.py", 7)
    entries = recording.entries(step.operators[0].inputs[0].tensor)
    np.testing.assert_array_equal(entries, VALUES)
    assert not entries.flags.writeable
    np.testing.assert_array_equal(recording.entries(call.outputs[0]), np.array([1, -2], np.float32))
    (run,) = step.runs
    assert [one.node for one in run.calls] == ["n1", "a1"]
    assert recording.entries(run.calls[0].upstream[0]) is None
    assert find(recording) == []


def test_no_event_is_gone_through_by_the_collector(tmp_path: Path) -> None:
    """A recording has so many that opening it would take twice as long."""
    step = open_recording(written(tmp_path / "run")).steps[0]
    run = step.runs[0]
    events = [*step.operators, *step.tensors.values(), *run.nodes.values(), *run.calls]
    assert len(events) > 6
    assert not any(map(gc.is_tracked, events))


def test_a_step_without_a_backward_pass_and_a_tensor_without_entries(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, Manifest(FORMAT, "torch", "2.13.0"))
    writer.start(0)
    nothing = TensorEntry(0, (0, 3), "F32", 0.0, 0, 0, writer.tensor("F32", (0, 3), b""))
    writer.event(OperatorCall("aten.relu", "n1", None, "", "train.py", 3, "step", (), (nothing,)))
    writer.close()
    recording = open_recording(tmp_path)
    assert recording.entries(recording.steps[0].operators[0].outputs[0]).shape == (0, 3)
    assert find(recording) == []


def test_a_fault_of_a_node_that_no_operator_made_is_told_by_its_node(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, Manifest(FORMAT, "torch", "2.13.0"))
    writer.start(0)
    writer.event(EngineStart((("c1", 0),), "train.py", 8))
    writer.event(GraphNode("c1", "MyFunctionBackward", (("a1", 0),)))
    writer.event(GraphNode("a1", "AccumulateGrad", (), "w", TensorEntry(0, (2,), "F32", 1.0)))
    broken = TensorEntry(2, (2,), "F32", None, 1, 0)
    writer.event(BackwardCall("c1", (TensorEntry(1, (2,), "F32", 2.0),), (broken,)))
    writer.event(BackwardCall("a1", (broken,), ()))
    writer.event(EngineEnd())
    writer.close()
    (finding,) = find(open_recording(tmp_path))
    assert (finding.kind, finding.node, finding.op) == ("backward-nan", "c1", "MyFunctionBackward")
    assert (finding.file, finding.line) == ("", 0)


@pytest.mark.parametrize("name", ["n" * 3_000, "caf\udce9", "\udce9" * 900])
def test_texts_that_no_reader_would_take_are_written_as_it_takes_them(name: str, tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, Manifest(FORMAT, "torch", "2.13.0", model=name))
    writer.start(0)
    weight = Operand(0, None, 0, f"{name}.w", TensorEntry(0, (2,), "F32", 1.0))
    made = TensorEntry(1, (2,), "F32", 1.0)
    told = {"mode": name, "names": [name, None, 1]}
    writer.event(OperatorCall(name, "n1", None, name, name, 7, name, (weight,), (made,), told))
    writer.event(EngineStart((("n1", 0),), name, 8))
    writer.event(GraphNode("n1", name, (("a1", 0),)))
    writer.event(GraphNode("a1", "AccumulateGrad", (), f"{name}.w", TensorEntry(0, (2,), "F32", 1.0)))
    writer.event(EngineEnd(f"{name}: " + "e" * 12_000))
    writer.close()
    recording = open_recording(tmp_path)
    (call,), (run,) = recording.steps[0].operators, recording.steps[0].runs
    assert call.inputs[0] is not None
    assert [call.inputs[0].leaf] == list(run.leaves)
    assert call.module[:3] == name[:3].replace("\udce9", "\\udce9")[:3]
    assert run.error.endswith("eee")


FORKED = """
import os, sys
from pathlib import Path
from backprop_engine.recordings.events import FORMAT, Manifest, OperatorCall, TensorEntry
from backprop_engine.recordings.writer import RecordingWriter

writer = RecordingWriter(Path(sys.argv[1]), Manifest(FORMAT, "torch", "2.13.0"), 4_000_000)
for step in range(4):
    writer.start(step)
    values = [TensorEntry(0, (2,), "U8", data=writer.tensor("U8", (2,), bytes([step, process])))
              for process in [os.getpid() % 256]]
    if step == 1:
        forked = os.fork()
        if forked:
            os.waitpid(forked, 0)
    writer.event(OperatorCall("aten.relu", outputs=tuple(values)))
writer.close()
"""


def test_a_forked_process_leaves_the_recording_to_its_parent(tmp_path: Path) -> None:
    run = subprocess.Popen([sys.executable, "-c", FORKED, str(tmp_path / "run")])
    assert run.wait() == 0
    recording = open_recording(tmp_path / "run")
    stored = [recording.entries(step.operators[0].outputs[0]) for step in recording.steps]
    assert [step.number for step in recording.steps] == [1, 2, 3]
    assert [list(each) for each in stored if each is not None] == [
        [step, run.pid % 256] for step in (1, 2, 3)
    ]


def test_an_existing_recording_is_kept(tmp_path: Path) -> None:
    before = (written(tmp_path) / "index.jsonl").read_bytes()
    with pytest.raises(FileExistsError):
        written(tmp_path)
    assert (tmp_path / "index.jsonl").read_bytes() == before


def test_ranks_are_not_hidden_by_another_recording(tmp_path: Path) -> None:
    written(tmp_path / "run" / "rank-0")
    with pytest.raises(FileExistsError):
        written(tmp_path / "run")
    written(tmp_path / "run" / "rank-1")
    assert sorted(each.name for each in (tmp_path / "run").iterdir()) == ["rank-0", "rank-1"]


@pytest.mark.parametrize(
    ("shards", "kept"), [(0.5, [4]), (2.5, [3, 4]), (3.5, [2, 3, 4]), (9.0, [0, 1, 2, 3, 4])]
)
def test_the_oldest_steps_give_way_where_room_is_short(
    tmp_path: Path, shards: float, kept: list[int]
) -> None:
    """A shard of one tensor takes little more than 1 MiB, the room for its header."""
    writer = RecordingWriter(tmp_path, Manifest(FORMAT, "torch", "2.13.0"), max_bytes=int(shards * 2**20))
    for step in range(5):
        writer.start(step)
        entry = TensorEntry(0, (2, 3), "F32", 1.0, 0, 0, writer.tensor("F32", (2, 3), VALUES.tobytes()))
        writer.event(OperatorCall("aten.relu", "n1", None, "", "", 0, "step", (), (entry,)))
    writer.close()
    recording = open_recording(tmp_path)
    assert [step.number for step in recording.steps] == kept
    assert len(list(tmp_path.glob("*.safetensors"))) == len(kept)
    for step in recording.steps:
        np.testing.assert_array_equal(recording.entries(step.operators[0].outputs[0]), VALUES)


# Hostile files


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines()]


def write_lines(folder: Path, lines: list[dict[str, Any]]) -> None:
    (folder / "index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def edited(change: Callable[[list[dict[str, Any]]], object]) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        lines = lines_of(folder)
        change(lines)
        write_lines(folder, lines)

    return spoil


def _put(lines: list[dict[str, Any]], at: int, value: object, *keys: Any) -> None:
    found: Any = lines[at]
    for key in keys[:-1]:
        found = found[key]
    found[keys[-1]] = value


def _span(span: list[int]) -> Callable[[Path], object]:
    return edited(lambda lines: _put(lines, 1, span, "inputs", 0, "tensor", "data"))


def _relinked(folder: Path) -> None:
    shard = folder / "data-0000.safetensors"
    shard.rename(folder.parent / "elsewhere")
    os.symlink(folder.parent / "elsewhere", shard)


def _resized(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 99}), encoding="utf-8")


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "is not a recording"),
    "another version": (_resized, "version 99"),
    "a manifest that is none": (
        lambda folder: (folder / "manifest.json").write_text("[1]"), "manifest.json:1"
    ),
    "a last line that is cut off": (
        lambda folder: (folder / "index.jsonl").write_bytes((folder / "index.jsonl").read_bytes()[:-1]),
        "is incomplete",
    ),
    "a line without an end": (
        lambda folder: (folder / "index.jsonl").write_text(" " * (2**24 + 1) + "\n"), "is too long"
    ),
    "a manifest of megabytes": (
        lambda folder: (folder / "manifest.json").write_bytes(b" " * (2**20 + 1)),
        "exceed the limit for a recording",
    ),
    "no index": (lambda folder: (folder / "index.jsonl").unlink(), "is not a recording"),
    "a folder as index": (
        lambda folder: ((folder / "index.jsonl").unlink(), (folder / "index.jsonl").mkdir()), "regular file"
    ),
    "a line that is no JSON": (lambda folder: (folder / "index.jsonl").write_text("{\n"), "index.jsonl:1"),
    "an unknown event": (edited(lambda lines: _put(lines, 1, "exec", "event")), "index.jsonl:2"),
    "a wrong type": (edited(lambda lines: _put(lines, 1, "7", "line")), "index.jsonl:2"),
    "a negative shape": (edited(lambda lines: _put(lines, 1, [-1], "outputs", 0, "shape")), "index.jsonl:2"),
    "no step first": (edited(lambda lines: lines.pop(0)), "must begin with a step"),
    "an operand that is not described": (
        edited(lambda lines: _put(lines, 3, [["a2", 0], None], "next")),
        "the operand a2 of n1 is not described",
    ),
    "steps that go back": (edited(lambda lines: _put(lines, 8, 0, "step")), "after a later step"),
    "a shape that lies": (
        edited(lambda lines: _put(lines, 1, [2**40, 9], "outputs", 0, "shape")), "bytes of data"
    ),
    "a type that is none": (
        edited(lambda lines: _put(lines, 1, "OBJ", "outputs", 0, "dtype")), "element type"
    ),
    "data beyond the file": (_span([0, 2**40, 2**40 + 24]), "beyond the end"),
    "data of a shard that is not there": (_span([7, 0, 24]), "is not a recording"),
    "data that overlap": (_span([0, 44, 68]), "overlap"),
    "a tensor nobody described": (edited(lambda lines: lines[1]["inputs"][0].pop("tensor")), "not described"),
    "an engine that does not run": (edited(lambda lines: lines.pop(2)), "no backward engine"),
    "a node nobody described": (edited(lambda lines: lines.pop(3)), "n1"),
    "an operand nobody described": (edited(lambda lines: lines.pop(4)), "a1"),
    "a cycle": (edited(lambda lines: _put(lines, 4, [["n1", 0]], "next")), "cycle"),
    "more contributions than operands": (
        edited(lambda lines: _put(lines, 6, lines[5]["contributions"], "contributions")), "more contributions"
    ),
    "a shard that is a link": (_relinked, "regular file"),
    "a header that lies": (
        lambda folder: (folder / "data-0000.safetensors").write_bytes(b"\xff" * 64), "beyond the file"
    ),
    "an empty shard": (lambda folder: (folder / "data-0000.safetensors").write_bytes(b""), "beyond the file"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_recording_is_refused(name: str, tmp_path: Path) -> None:
    folder = written(tmp_path / "run")
    spoil, said = HOSTILE[name]
    spoil(folder)
    with pytest.raises(UsageError, match=said) as caught:
        open_recording(folder)
    assert "\x1b" not in str(caught.value)


def test_names_from_a_recording_are_harmless(tmp_path: Path) -> None:
    folder = written(tmp_path)
    lines = lines_of(folder)
    _put(lines, 1, "\x1b[31mred", "module")
    _put(lines, 1, {"id": 1, "shape": [2], "dtype": "F32", "nan": 1}, "outputs", 0)
    write_lines(folder, lines)
    (finding,) = find(open_recording(folder))
    assert finding.kind == "forward-nan"
    assert "\x1b" not in finding.module


@given(st.data())
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = written(tmp_path_factory.mktemp("run") / "run")
    path = folder / data.draw(st.sampled_from(["manifest.json", "index.jsonl", "data-0000.safetensors"]))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(content) - 1, 3_000)))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path.write_bytes(content)
    refusal = ""
    try:
        recording = open_recording(folder)
    except UsageError as error:
        refusal = str(error)
    else:
        for step in recording.steps:
            for tensor in step.tensors.values():
                entries = recording.entries(tensor)
                assert entries is None or entries.shape == tensor.shape
        assert all(finding.message for finding in find(recording))
    assert "\x1b" not in refusal


def test_spans_are_written_as_lists() -> None:
    assert msgspec.json.encode(DataSpan(1, 2, 3)) == b"[1,2,3]"
