"""Writing a recording: a manifest, an index of events, and shards of tensors. No framework is needed for it.

Every step has a shard of its own, so that the oldest steps can be dropped when `max_bytes` is reached. A
shard is a safetensors file: room is kept for its header, which is written last. The format allows no
holes, so what lies between two aligned tensors is a tensor of bytes. The index has the offsets too, which
is why a recording whose program was killed can be read up to its last complete step.

A program is worth more than its recording: where nothing more can be written, the recording ends with the
last complete step, a warning says so, and the program goes on.
"""

from __future__ import annotations

import json
import os
import warnings
import weakref
from contextlib import suppress
from ctypes import Array, c_char
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import msgspec

from backprop_engine.recordings.events import MOST_OF_TEXT, DataSpan, Event, Manifest, StepStart
from backprop_engine.recordings.folders import holds_recording, index_path, manifest_path, shard_path
from backprop_engine.recordings.texts import fitting
from backprop_engine.whole_files import whole_file, write_whole

__all__ = ["RecordingWriter"]

Raw: TypeAlias = "bytes | Array[c_char]"
"""The bytes of a tensor, or where they lie."""
_HEADER: Final = 2**20
_ALIGNMENT: Final = 64
_NOWHERE: Final = DataSpan(0, 0, 0)
_PER_TENSOR: Final = 120
"""No entry of a header takes more bytes: a name, a type, eight extents and two offsets, generously."""


class _Shard:
    """The tensors of one step, appended as they come."""

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number, self.end = path, number, 0
        self._header: dict[str, Any] = {}
        self.file: BinaryIO = path.open("wb", buffering=2**20)
        try:
            self.file.write(b" " * _HEADER)
        except OSError:
            _close_what_failed(self.file)
            raise

    @property
    def full(self) -> bool:
        """Whether another tensor might make the header longer than the room that is kept for it."""
        return (len(self._header) + 4) * _PER_TENSOR > _HEADER

    def append(self, dtype: str, shape: tuple[int, ...], raw: Raw) -> DataSpan:
        if padding := -self.end % _ALIGNMENT:
            self._put(f"padding{self.end}", "U8", (padding,), bytes(padding))
        return self._put(f"t{len(self._header)}", dtype, shape, raw)

    def _put(self, name: str, dtype: str, shape: tuple[int, ...], raw: Raw) -> DataSpan:
        self.file.write(raw)
        span = DataSpan(self.number, self.end, self.end + len(raw))
        self.end = span.end
        self._header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [span.begin, span.end]}
        return span

    def close(self) -> None:
        text = json.dumps(self._header, separators=(",", ":")).encode()
        self.file.seek(0)
        self.file.write((_HEADER - 8).to_bytes(8, "little") + text.ljust(_HEADER - 8))
        self.file.close()


def _close_what_failed(file: BinaryIO) -> None:
    with suppress(OSError):  # what is in its buffer cannot be written either
        file.close()


class _Step:
    """What is written of one step: its lines of the index, and its shards."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.lines: list[bytes] = []
        self.size = 0
        self.shards: list[Path] = []
        self.complete = False
        """Whether all of it is on disk."""


class RecordingWriter:
    """Writes a recording to `folder`, which must not hold another one.

    With `max_bytes` the oldest steps are dropped whenever the index and the shards together take more.
    Raises `OSError` if the folder cannot be written to, and `FileExistsError` if it holds a recording
    already, or those of several ranks. Later failures to write only warn.
    """

    def __init__(self, folder: Path, manifest: Manifest, max_bytes: int | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if holds_recording(folder):
            raise FileExistsError(
                f"{folder} holds a recording already: remove it, or record to another folder"
            )
        self.folder, self.manifest, self.max_bytes = folder, manifest, max_bytes
        self._encoder = msgspec.json.Encoder()
        self._steps: list[_Step] = []
        self._shard: _Shard | None = None
        self._shards = 0
        self._index = index_path(folder).open("wb")
        self._indexed = 0
        """How long the index is with all complete steps."""
        self.failure: OSError | None = None
        """Why nothing is written any more."""
        try:
            self._write_manifest()
        except OSError:
            self._index.close()
            raise
        self._is_copy = False
        """Whether this process was forked from the one that records."""
        _OPEN.add(self)

    def start(self, step: int) -> None:
        """Begin `step`, to which all events that follow belong."""
        self.finish_step()
        if self.failure is None:
            self._steps.append(_Step(step))
            self.event(StepStart(step))

    def event(self, event: Event) -> None:
        """Add an event to the current step; a text that readers would refuse is replaced by one that fits."""
        if self.failure is None:
            self._steps[-1].lines.append(self._encoded(event) + b"\n")

    def _encoded(self, event: Event | Manifest) -> bytes:
        try:
            line = self._encoder.encode(event)
        except UnicodeEncodeError:
            return self._encoder.encode(fitting(event))
        if len(line) > MOST_OF_TEXT and max(map(len, line.split(b'"'))) > MOST_OF_TEXT:
            return self._encoder.encode(fitting(event))
        return line

    def tensor(self, dtype: str, shape: tuple[int, ...], raw: Raw) -> DataSpan:
        """Store the bytes of a tensor, in row-major order."""
        if self.failure is None:
            try:
                return self._stored(dtype, shape, raw)
            except OSError as failure:
                self._fail(failure)
        return _NOWHERE

    def _stored(self, dtype: str, shape: tuple[int, ...], raw: Raw) -> DataSpan:
        if self._shard is None or self._shard.full:
            self._close_shard()
            path = Path(os.devnull) if self._is_copy else shard_path(self.folder, self._shards)
            self._steps[-1].shards.append(path)
            self._shard = _Shard(path, self._shards)
            self._shards += 1
        return self._shard.append(dtype, shape, raw)

    def finish_step(self) -> None:
        """Write the current step to disk, and drop the oldest steps if there is no room for all."""
        if self.failure is None:
            try:
                self._write_step()
            except OSError as failure:
                self._fail(failure)

    def _write_step(self) -> None:
        if self._steps and len(self._steps[-1].lines) == 1:
            del self._steps[-1]  # nothing happened after the step was begun
            return
        if not self._steps or not self._steps[-1].lines:
            return
        self._close_shard()
        step = self._steps[-1]
        text = b"".join(step.lines)
        step.lines = []
        self._index.write(text)
        self._index.flush()
        step.size = len(text) + sum(path.stat().st_size for path in step.shards)
        step.complete, self._indexed = True, self._index.tell()
        self._drop_oldest()

    def _fail(self, failure: OSError) -> None:
        """Write nothing from now on; a step that is not complete is given up."""
        self.failure = failure.with_traceback(None)  # its frames hold a tensor, and this writer
        for file in (self._index, *([] if self._shard is None else [self._shard.file])):
            _close_what_failed(file)
        self._shard = None
        if self._is_copy:  # what is on the disk is its parent's
            return
        if not self._steps[-1].complete:
            with suppress(OSError):
                os.truncate(index_path(self.folder), self._indexed)
            for path in self._steps.pop().shards:
                with suppress(OSError):
                    path.unlink()
        last = f"ends with step {self._steps[-1].number}" if self._steps else "has no step"
        self._warn(f"the recording {last}", failure)

    def _warn(self, what: str, failure: OSError) -> None:
        text = f"{self.folder}: {what}: {failure.strerror or failure}"
        warnings.warn(text, RuntimeWarning, stacklevel=2)

    def close(self, left_out: tuple[str, ...] = ()) -> None:
        """Finish the last step and say in the manifest that the recording is complete, if it is."""
        self.finish_step()
        with suppress(OSError):  # of what no step is complete
            self._index.close()
        if self._is_copy or self.failure is not None:
            return
        steps = [step.number for step in self._steps]
        self.manifest = msgspec.structs.replace(
            self.manifest,
            complete=True,
            first_step=min(steps, default=0),
            last_step=max(steps, default=-1),
            left_out=(*self.manifest.left_out, *left_out),
        )
        try:
            self._write_manifest()
        except OSError as failure:
            self._warn("the recording could not be marked as complete", failure)

    def discard(self) -> None:
        """Write nothing from now on, in a process that was forked from the one that records."""
        self._is_copy = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for file in (self._index, *([] if self._shard is None else [self._shard.file])):
            if not file.closed:
                os.dup2(nowhere, file.fileno())  # what is in its buffer is its parent's to write
        os.close(nowhere)

    def _close_shard(self) -> None:
        if self._shard is not None:
            self._shard.close()
            self._shard = None

    def _drop_oldest(self) -> None:
        """Drop the oldest steps until the others fit in `max_bytes`; the last one always stays."""
        if self.max_bytes is None or self._is_copy:
            return
        total = sum(step.size for step in self._steps)
        dropped = 0
        while total > self.max_bytes and dropped < len(self._steps) - 1:
            total -= self._steps[dropped].size
            dropped += 1
        if not dropped:
            return
        self._rewrite_index(dropped)
        for step in self._steps[:dropped]:
            for path in step.shards:
                path.unlink(missing_ok=True)
        del self._steps[:dropped]

    def _rewrite_index(self, dropped: int) -> None:
        """Replace the index, all at once, by one without its first `dropped` steps."""
        self._index.close()
        index = index_path(self.folder)
        seen = 0
        with index.open("rb") as old, whole_file(index) as new:
            for line in old:
                seen += line.startswith(b'{"event":"step"')
                if seen > dropped:
                    new.write(line)
        self._index = index.open("ab")
        self._indexed = self._index.tell()

    def _write_manifest(self) -> None:
        text = msgspec.json.format(self._encoded(self.manifest), indent=2) + b"\n"
        write_whole(manifest_path(self.folder), text)


_OPEN: Final[weakref.WeakSet[RecordingWriter]] = weakref.WeakSet()


def _discard_in_child() -> None:
    for writer in list(_OPEN):
        writer.discard()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_discard_in_child)
