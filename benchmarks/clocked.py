"""The app, with a clock on its main thread, which notes in a file: `python clocked.py FILE ARGUMENTS…`.

For every key, a line of the file has two numbers of milliseconds of the main thread's processor time: from
the key to the last byte that was written for it, and the longest stretch until the next key in which the
thread heard of nothing else. What is written after `REST` seconds without work, as a picture that was laid
out in a thread, no longer counts for the first number, but it does for the second.
"""

from __future__ import annotations

import selectors
import sys
from pathlib import Path
from time import monotonic, thread_time
from typing import Any

from textual import events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from backprop_tui.__main__ import main

REST = 0.15


class Clock:
    """The time that the last key has taken, noted in a file when the next one comes."""

    def __init__(self, path: Path) -> None:
        self._path, self._began, self._took = path, -1.0, 0.0
        self._resting = False
        self._since, self._longest = 0.0, 0.0

    def key(self) -> None:
        """A key comes."""
        if self._began >= 0:
            with self._path.open("a") as file:
                print(f"{self._took * 1e3:.2f} {self._longest * 1e3:.2f}", file=file)
        self._began, self._took, self._resting = thread_time(), 0.0, False
        self._since, self._longest = self._began, 0.0

    def written(self) -> None:
        """Something is written."""
        if not self._resting:
            self._took = thread_time() - self._began

    def waits(self) -> None:
        """All is done that was to be done."""
        self._longest = max(self._longest, thread_time() - self._since)

    def waited(self, seconds: float) -> None:
        """Nothing was to be done."""
        self._resting = self._resting or seconds > REST
        self._since = thread_time()


def watch(clock: Clock) -> None:
    """Have the clock hear of keys, of what is written, and of rests."""
    select, on_event, write = selectors.DefaultSelector.select, App.on_event, LinuxDriver.write

    def selecting(self: Any, timeout: float | None = None) -> Any:
        clock.waits()
        since = monotonic()
        found = select(self, timeout)
        clock.waited(monotonic() - since)
        return found

    async def hearing(self: App[Any], event: events.Event) -> None:
        if isinstance(event, events.Key):
            clock.key()
        await on_event(self, event)

    def writing(self: LinuxDriver, data: str) -> None:
        write(self, data)
        clock.written()

    selectors.DefaultSelector.select = selecting  # type: ignore[method-assign]
    App.on_event = hearing  # type: ignore[method-assign]
    LinuxDriver.write = writing  # type: ignore[method-assign]


if __name__ == "__main__":
    watch(Clock(Path(sys.argv[1])))
    sys.argv = ["backprop-tui", *sys.argv[2:]]
    main()
