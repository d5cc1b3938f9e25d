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


def program(*arguments: str, beforehand: str = "", **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run `backprop-tui` to its end, without a terminal.

    The statements `beforehand` are executed in the process that becomes the program: `preexec_fn` would fork
    this one, where a library may run threads.
    """
    options = {"env": environment(), "stdin": subprocess.DEVNULL, "capture_output": True} | options
    command = [*PROGRAM, *arguments]
    if beforehand:
        command = [sys.executable, "-c", f"{beforehand}; os.execv({command[0]!r}, {command!r})"]
    return subprocess.run(command, check=False, **options)
