"""`backprop-tui serve` in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from programs import PROGRAM, environment

PATIENCE = 60.0
"""Seconds until a test gives up; nothing waits this long."""


@contextmanager
def serving(
    *arguments: str, settings: Path, **options: object
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server on a free port, and its address; `settings` is the folder of its settings."""
    process = subprocess.Popen(
        [PROGRAM[0], "-P", *PROGRAM[1:], "serve", "--port", "0", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(XDG_CONFIG_HOME=str(settings)),
        **options,  # type: ignore[call-overload]
    )
    with process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def children(pid: int) -> list[int]:
    """The processes that one has started and that have not ended."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if listed.exists():
        return [int(child) for child in listed.read_text().split()]
    told = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in told.splitlines() if line.split()[1] == str(pid)]


def wait_until_gone(pid: int) -> None:
    """Until there is no such process, or nobody waits for its end any more than init does."""
    end = monotonic() + PATIENCE
    while is_there(pid):
        assert monotonic() < end, pid
        sleep(0.02)


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet taken note of does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    try:
        return re.search(r"\) (\S)", state.read_text())[1] != "Z"  # type: ignore[index]
    except OSError:
        return not Path("/proc/self").exists()
