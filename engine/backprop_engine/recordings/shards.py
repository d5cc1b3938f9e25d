"""The files of tensors in a recording: read on demand, and only as long as they have not changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from backprop_engine.errors import UsageError, reason
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.recordings.events import DataSpan
from backprop_engine.recordings.folders import shard_path

__all__ = ["Shards", "regular_size", "told_of"]

_MOST_COPIED: Final = 2**14
"""The most bytes that are copied when a tensor is read. A larger tensor is mapped, so that only what is
looked at is read; if its file is cut short at that very moment, a signal ends the process.
"""
_MOST_OPEN: Final = 64
_FLAGS: Final = sum(getattr(os, flag, 0) for flag in ("O_RDONLY", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
"""With these, opening a file never waits, not even for a pipe."""


class _Checked(NamedTuple):
    """A shard whose spans were checked: the offset of its tensors, and its size and time of change then."""

    path: Path
    start: int
    size: int
    modified: int


class _OpenFile:
    """A regular file that is open for reading as long as this is kept. Raises `OSError`."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, _FLAGS)
        self.close = finalize(self, os.close, self._descriptor)
        self._mapped: NDArray[np.uint8] | None = None

    @property
    def status(self) -> os.stat_result:
        """What the system says of it now."""
        return os.fstat(self._descriptor)

    def read(self, begin: int, size: int) -> NDArray[np.uint8]:
        """So many bytes from one on, or those that there are; a large stretch is not copied."""
        if size > _MOST_COPIED:
            if self._mapped is None:
                self._mapped = np.frombuffer(mmap(self._descriptor, 0, access=ACCESS_READ), np.uint8)
            return self._mapped[begin : begin + size]
        os.lseek(self._descriptor, begin, os.SEEK_SET)
        return np.frombuffer(os.read(self._descriptor, size), np.uint8)


class Shards:
    """The shards of the recording in `folder`, of which the last used are kept open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._checked: dict[int, _Checked] = {}
        self._open: dict[int, _OpenFile] = {}
        self._lock = Lock()

    def check(self, number: int, spans: Sequence[tuple[int, int]]) -> None:
        """Refuse byte ranges that exceed their file, or partly overlap; `spans` are sorted.

        Raises `UsageError`, also for a file that is not regular or cannot be read.
        """
        path = shard_path(self._folder, number)
        checked = _opened(path)
        if max(end for _, end in spans) > checked.size - checked.start:
            raise UsageError(
                msg("{path}: a tensor's data would lie beyond the end of the file", path=clean(str(path)))
            )
        for (_, end), (begin, _) in pairwise(span for span in spans if span[0] < span[1]):
            if begin < end:
                raise UsageError(msg("{path}: the data of two tensors overlap", path=clean(str(path))))
        self._checked[number] = checked

    def read(self, span: DataSpan) -> NDArray[np.uint8]:
        """The bytes of a tensor in a shard that was checked, read-only.

        Raises `UsageError` if the shard can no longer be read, or has changed since.
        """
        checked = self._checked[span.shard]
        with self._lock, suppress(OSError, ValueError):
            shard = self._open.pop(span.shard, None) or _reopened(checked.path)
            status = shard.status
            if (status.st_size, status.st_mtime_ns) == (checked.size, checked.modified):
                self._open[span.shard] = shard  # the last one used is the last one
                if len(self._open) > _MOST_OPEN:
                    del self._open[next(iter(self._open))]
                found = shard.read(checked.start + span.begin, span.end - span.begin)
                if len(found) == span.end - span.begin:
                    return found
        raise UsageError(
            msg("{path} has changed since the recording was opened", path=clean(str(checked.path)))
        )


def _reopened(path: Path) -> _OpenFile:
    regular_size(path)
    with told_of(path):
        return _OpenFile(path)


def _opened(path: Path) -> _Checked:
    """Where the data of a shard begin, after its header, and the state of the file."""
    shard = _reopened(path)
    with told_of(path):
        head, status = shard.read(0, 8).tobytes(), shard.status
    shard.close()
    length = int.from_bytes(head, "little")
    blank = head == b" " * 8  # the program was killed before it wrote the header, for which 1 MiB was kept
    start = 2**20 if blank else 8 + length
    if len(head) < 8 or start > status.st_size:
        raise UsageError(msg("{path}: the header would end beyond the file", path=clean(str(path))))
    return _Checked(path, start, status.st_size, status.st_mtime_ns)


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """Raise a `UsageError` that says which file the system did not let read, and why."""
    try:
        yield
    except OSError as error:
        problem = msg("{path}: {problem}", path=clean(str(path)), problem=reason(error))
        raise UsageError(problem) from None


def regular_size(path: Path) -> int:
    """The size of a regular file, in bytes; a link does not count, as it may lead out of the folder.

    Raises `UsageError` for anything else.
    """
    try:
        status = path.lstat()
    except OSError:
        raise UsageError(
            msg(
                "{folder} is not a recording: it has no {name}",
                folder=clean(str(path.parent)),
                name=path.name,
            )
        ) from None
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(msg("{path} is not a regular file", path=clean(str(path))))
    return status.st_size
