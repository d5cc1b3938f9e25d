"""Which tests run which lines of the engine, and how long each of them takes, kept in a file between runs.

Only what is new is measured: tests of a file that was changed, and those that ran a file of the engine that
was changed since.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

__all__ = ["Covered"]

_ENGINE: Final = "engine/backprop_engine/"


class Covered:
    """The tests of each line of the `files` of the engine under `root`, as kept in `kept`."""

    def __init__(self, root: Path, files: Iterable[str], kept: Path | None) -> None:
        self.root = root
        self.files = tuple(files)
        self.kept = kept
        found = json.loads(kept.read_text("utf-8")) if kept and kept.exists() else {}
        self.hashes: dict[str, str] = found.get("hashes", {})
        self.seconds: dict[str, float] = found.get("seconds", {})
        self._tests: list[str] = found.get("tests", [])
        self._lines: dict[str, dict[int, int]] = {
            file: {int(line): int(bits, 16) for line, bits in lines.items()}
            for file, lines in found.get("lines", {}).items()
        }

    def tests_of(self, file: str, lines: Iterable[int] | None = None) -> list[str]:
        """The tests that run one of the lines of the file; of any of its lines without `lines`."""
        of_line = self._lines.get(file, {})
        bits = 0
        for line in of_line if lines is None else lines:
            bits |= of_line.get(line, 0)
        return [test for number, test in enumerate(self._tests) if bits >> number & 1]

    def tests_named(self, words: Iterable[str]) -> list[str]:
        """The tests whose names, with their cases, contain one of the words."""
        wanted = {*words}
        return [test for test in self._tests if not wanted.isdisjoint(re.findall(r"\w+", test))]

    def stale(self, tests: Iterable[str]) -> list[str]:
        """Those of the tests that are to be measured: the others ran before, in the state of now."""
        changed = {
            file
            for file in {*self.hashes, *(_ENGINE + one for one in self.files)}
            if self.hashes.get(file) != self._hash(file)
        }
        again = {
            test
            for file in changed
            if file.startswith(_ENGINE)
            for test in self.tests_of(file.removeprefix(_ENGINE))
        }
        if any(_ENGINE + file in changed and file not in self._lines for file in self.files):
            return [*tests]
        return [
            test
            for test in tests
            if test not in self.seconds or test in again or test.partition("::")[0] in changed
        ]

    def forget(self, tests: Iterable[str]) -> None:
        """Take out what is known of tests, so that they are stale until it is put in again."""
        for test in tests:
            self.seconds.pop(test, None)

    def add(self, seconds: dict[str, float], lines: dict[str, dict[str, list[int]]]) -> None:
        """Put in what was measured of some tests: `lines` of each file that each of them ran."""
        for file in self.files:
            if self.hashes.get(_ENGINE + file) != self._hash(_ENGINE + file):
                self._lines[file] = {}
        numbers = {test: number for number, test in enumerate(self._tests)}
        for test in seconds:
            if test in numbers:
                left = ~(1 << numbers[test])
                for of_line in self._lines.values():
                    for line in of_line:
                        of_line[line] &= left
            else:
                numbers[test] = len(self._tests)
                self._tests.append(test)
            for file, ran in lines.get(test, {}).items():
                of_line = self._lines.setdefault(file, {})
                for line in ran:
                    of_line[line] = of_line.get(line, 0) | 1 << numbers[test]
        self.seconds.update(seconds)
        test_files = {test.partition("::")[0] for test in self._tests}
        self.hashes = {
            file: self._hash(file) for file in {*test_files, *(_ENGINE + one for one in self.files)}
        }
        if self.kept:
            self.kept.write_text(json.dumps(self._plain()), "utf-8")

    def _plain(self) -> dict[str, Any]:
        lines = {file: {line: f"{bits:x}" for line, bits in ran.items()} for file, ran in self._lines.items()}
        return {"hashes": self.hashes, "seconds": self.seconds, "tests": self._tests, "lines": lines}

    def _hash(self, file: str) -> str:
        path = self.root / file
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def measured(
    tests: Iterable[str], run: Callable[[str], float], files: Iterable[str], root: Path
) -> tuple[dict[str, float], dict[str, dict[str, list[int]]]]:
    """The seconds that each test takes by `run`, and the lines of each file of the engine that it runs."""
    import coverage

    paths = {file: str(root / _ENGINE / file) for file in files}
    measure = coverage.Coverage(data_file=None, include=list(paths.values()), config_file=False)
    seconds = {}
    measure.start()
    for test in tests:
        measure.switch_context(test)
        seconds[test] = run(test)
    measure.stop()
    lines: dict[str, dict[str, list[int]]] = {}
    for file, path in paths.items():
        for line, contexts in measure.get_data().contexts_by_lineno(path).items():
            for test in contexts:
                lines.setdefault(test, {}).setdefault(file, []).append(line)
    return seconds, lines
