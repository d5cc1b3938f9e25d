"""`check --watch`: round after round, each of what was saved since the one before."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import sleep
from typing import TypeAlias

from backprop_engine.messages.message import in_language, msg
from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.text import pad
from backprop_tui.files.watching import INTERVAL, Watcher, data_files, stamp

__all__ = ["watch"]

Check: TypeAlias = Callable[[str, Path], int]


def watch(
    find: Callable[[], Mapping[str, Path]],
    check: Check,
    summary: Callable[[Sequence[int]], str],
    language: str = "en",
    wait: Callable[[], object] = lambda: sleep(INTERVAL),
) -> int:
    """Check what `find` gives, and again whatever changes, until an interrupt; gives the exit code.

    A scenario changes with the data files that it reads. Between two looks at the files there is a `wait`.
    """
    rounds = _Rounds(check, summary, language)
    try:
        rounds.first(find())
        print(msg("watching; Ctrl+C ends").in_language(language), file=sys.stderr, flush=True)
        while True:
            wait()
            rounds.look(find())
    except KeyboardInterrupt:
        print(f"\n{rounds.summary}", flush=True)
        return 128 + signal.SIGINT


class _Rounds:
    """The outcome of every file, as of the last round that it was in."""

    def __init__(self, check: Check, summary: Callable[[Sequence[int]], str], language: str) -> None:
        self.codes: dict[str, int] = {}
        self._check, self._summary, self._language = check, summary, language
        self._watchers: dict[str, Watcher] = {}
        self._count = 1

    @property
    def summary(self) -> str:
        """What came of all files so far."""
        return in_language(self._summary(list(self.codes.values())), self._language)

    def first(self, files: Mapping[str, Path]) -> None:
        """Check all files."""
        for name, path in files.items():
            self._watchers[name] = Watcher(())
            self._checked(name, path)
        print(self.summary, flush=True)

    def look(self, files: Mapping[str, Path]) -> None:
        """Check what has changed or is new; a round in which nothing has is none."""
        for name, path in files.items():
            if name not in self._watchers:  # as if it had changed, so that it is waited for to be whole
                self._watchers[name] = Watcher((str(path),), {str(path): None})
        changed = [name for name in files if self._watchers[name].poll()]
        gone = [name for name in self.codes if name not in files]
        self._watchers = {name: self._watchers[name] for name in files}
        if not changed and not gone:
            return
        self._count += 1
        print(f"\n{msg('round {count}', count=self._count).in_language(self._language)}")
        for name in gone:
            del self.codes[name]
            print(f"{pad(msg('gone').in_language(self._language), 6)}{clean(name)}")
        for name in changed:
            self._checked(name, files[name])
        print(self.summary, flush=True)

    def _checked(self, name: str, path: Path) -> None:
        watcher, data = self._watchers[name], data_files(str(path))
        paths = (str(path), *(watcher.paths[1:] if data is None else data))
        watcher.watch(paths, {one: stamp(one) for one in paths})
        self.codes[name] = self._check(name, path)
