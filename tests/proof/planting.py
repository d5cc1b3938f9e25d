"""Planting faults one by one in a copy of the engine, and running `check` with it in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from enum import Enum
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from faults import ENGINE, Fault

__all__ = ["Field", "Outcome"]

_TUI = ENGINE.parents[1] / "tui"
_DIGEST = """
import hashlib, sys
import numpy as np
from backprop_engine import load_scenario
digest = hashlib.sha256()
for path in sys.argv[1:]:
    trace = load_scenario(path).record()
    for tensor in (*trace.values, *trace.contributions, *trace.gradients):
        digest.update(b"-" if tensor is None else np.asarray(tensor).tobytes())
print(digest.hexdigest())
"""


class Outcome(Enum):
    """What became of a fault."""

    CAUGHT = "caught"
    """`check` reports a failure."""
    REFUSED = "refused"
    """A scenario that is right is refused as a mistake."""
    CRASHED = "crashed"
    """Python's own error ends the run before anything is reported."""
    EQUIVALENT = "equivalent"
    """Every number of every scenario has the same bytes: nothing went wrong."""
    MISSED = "missed"


class Field:
    """A copy of the engine to plant faults in, and the scenarios to find them with."""

    def __init__(self, folder: Path, scenarios: dict[str, list[Path]], bundled: list[Path]) -> None:
        self.root = folder / "engine"
        shutil.copytree(ENGINE, self.root / "backprop_engine", ignore=shutil.ignore_patterns("__pycache__"))
        self.scenarios = scenarios
        self.every = [*map(str, bundled), *(str(one) for paths in scenarios.values() for one in paths)]
        self.sound = self._digest()

    def plant(self, fault: Fault, near: list[str]) -> tuple[Outcome, str]:
        """Plant `fault` alone and check the scenarios of the operators `near` it, then all the others; what
        came of it, and the line that says so.
        """
        target = self.root / "backprop_engine" / fault.file
        source = (ENGINE / fault.file).read_text(encoding="utf-8")
        close = [str(path) for name in near for path in self.scenarios[name]]
        self._write(target, fault.planted(source))
        try:
            found = self._checked(close) if close else None
            if found is None and self._digest() == self.sound:
                return Outcome.EQUIVALENT, ""
            return found or self._checked(self.every) or (Outcome.MISSED, "")
        finally:
            self._write(target, source)

    def passes(self) -> bool:
        """Whether every scenario passes as things stand."""
        return self._checked(self.every) is None

    def _write(self, target: Path, source: str) -> None:
        """A source file; its compiled form is removed, since two may have one size and one second."""
        target.write_text(source, encoding="utf-8")
        for stale in target.parent.glob(f"__pycache__/{target.stem}.*"):
            stale.unlink()

    def _checked(self, paths: list[str]) -> tuple[Outcome, str] | None:
        """What the command says of the first scenario that does not pass; None where all do."""
        with TemporaryFile("w+") as told, self._started(told, "-m", "backprop_tui", "check", *paths) as check:
            assert check.stdout is not None
            for line in check.stdout:
                if line.startswith("FAIL "):
                    found = next(check.stdout).strip().rpartition(os.sep)[2]
                    check.kill()  # one is enough
                    return Outcome.CAUGHT, found
            if check.wait() == 0:
                return None
            told.seek(0)
            errors = told.read().strip()
        refused = [line for line in errors.splitlines() if ": error[" in line]
        if refused and "Traceback" not in errors:
            return Outcome.REFUSED, refused[0].rpartition(os.sep)[2]
        return Outcome.CRASHED, errors.splitlines()[-1]

    def _digest(self) -> str:
        with TemporaryFile("w+") as told, self._started(told, "-c", _DIGEST, *self.every) as digest:
            return digest.communicate()[0].strip()

    def _started(self, told: IO[str], *arguments: str) -> subprocess.Popen[str]:
        """Python with this engine, read line by line; its errors go where they are `told`."""
        path = os.pathsep.join((str(self.root), str(_TUI)))
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, stderr=told, text=True
        )
