"""The real program in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import backprop_engine
import backprop_tui

_SOURCES = [str(Path(package.__file__ or "").parents[1]) for package in (backprop_engine, backprop_tui)]
PROGRAM = (sys.executable, "-m", "backprop_tui")


def environment(**variables: str) -> dict[str, str]:
    """The environment of a program; it finds the packages from any folder."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(_SOURCES), "TERM": "xterm-256color", **variables}


def program(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run `backprop-tui` to its end, without a terminal."""
    options = {"env": environment(), "stdin": subprocess.DEVNULL, "capture_output": True} | options
    return subprocess.run([*PROGRAM, *arguments], check=False, **options)
