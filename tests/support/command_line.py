"""The command line inside this process."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from backprop_tui.cli.main import run

GOOD = """
inputs: {x: -2, y: 5}
nodes:
  f: x * y
expect:
  values: {f: -10}
  grads: {x: 5, y: -2}
"""
FAILING = GOOD.replace("f: -10", "f: -11")
BROKEN = GOOD.replace("x * y", "x * yy")


class Outcome(NamedTuple):
    """The exit code of a command line, and what it wrote."""

    code: int
    out: str
    err: str


class Commands:
    """Runs command lines: ``commands("run", "add_multiply")``."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> Outcome:
        self.capsys.readouterr()
        try:
            code = run(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        return Outcome(code, *self.capsys.readouterr())

    def refused(self, *arguments: str) -> str:
        """What a command line that cannot be carried out says; nothing of it on standard output."""
        outcome = self(*arguments)
        assert (outcome.code, outcome.out) == (2, ""), outcome
        assert "Traceback" not in outcome.err
        return outcome.err


def file(folder: Path, text: str, name: str = "case.yaml") -> str:
    """A file with `text` in it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)
