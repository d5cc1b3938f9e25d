"""One instance at a time: what is read, changed and written again is so under a lock, and nothing is lost."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import BinaryIO, Final

from backprop_engine.messages.message import msg

__all__ = ["locked"]

PATIENCE: Final = 10.0
"""Seconds that another instance may keep a file to itself; a change takes a thousandth of one."""
_PAUSE: Final = 0.01


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other instances from changing the file at `path`, once they have finished. Its folder is made.

    `OSError` where that cannot be, or where another instance does not finish: one that was stopped, perhaps.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(f".{path.name}.lock"), "a+b") as lock:
        end = monotonic() + PATIENCE
        while not _taken(lock):
            if monotonic() > end:
                raise TimeoutError(msg("another instance is changing it"))
            sleep(_PAUSE)
        try:
            yield
        finally:
            _give_back(lock)


def _taken(lock: BinaryIO) -> bool:
    """Whether the lock is ours now."""
    with suppress(BlockingIOError, PermissionError):
        if sys.platform == "win32":
            import msvcrt

            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _give_back(lock: BinaryIO) -> None:
    """Let the next one have it; on other systems than Windows closing the file does."""
    if sys.platform == "win32":
        import msvcrt

        with suppress(OSError):
            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_UNLCK, 1)
