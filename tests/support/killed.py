"""A process that is ended by SIGKILL before each line that it executes, and what it leaves of a file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from msgspec import Struct

from programs import environment

__all__ = ["Remains", "killed_at_every_line", "together"]

_AT_EVERY_LINE = """
import json, os, signal, sys
from pathlib import Path

path, watched, prepared, act = Path(sys.argv[1]), tuple(sys.argv[2].split()), sys.argv[3], sys.argv[4]
names = {"path": path, "Path": Path}
exec(prepared, names)
act = compile(act, "<act>", "exec")
before = path.read_bytes() if path.exists() else None


def dies_before(line):
    left = line

    def trace(frame, event, _):
        nonlocal left
        if not frame.f_code.co_filename.endswith(watched):
            return None
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    exec(act, names)
    sys.settrace(None)


found, moments = [], 0
while True:
    if before is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(before)
    child = os.fork()
    if not child:
        dies_before(moments)
        os._exit(0)
    ended = os.waitpid(child, 0)[1] == 0
    left = path.read_bytes().decode() if path.exists() else None
    if left not in found:
        found.append(left)
    if ended:
        break
    moments += 1
print(json.dumps({"found": found, "moments": moments}))
"""


class Remains(Struct, frozen=True):
    """What a file was found to hold, each once, in order; None where there was none; and at how many moments
    the process was killed.
    """

    found: list[str | None]
    moments: int


def killed_at_every_line(path: Path, act: str, *modules: str, prepared: str = "") -> Remains:
    """What is at `path` after `act`, statements of Python, was killed before each line of some `modules`, and
    at last after it was not. `path` is as it was before each time; the statements `prepared` come first.
    """
    script = [sys.executable, "-c", _AT_EVERY_LINE, str(path), " ".join(modules), prepared, act]
    done = subprocess.run(script, check=True, capture_output=True, env=environment())
    return Remains(**json.loads(done.stdout))


def together(*scripts: str) -> None:
    """Run scripts of Python at the same time, each in a process of its own; they begin together."""
    waiting = "import sys; sys.stdout.write('.'); sys.stdout.flush(); sys.stdin.read()\n"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script.replace("WAIT\n", waiting)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        for script in scripts
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.read(1)
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    for process in processes:
        _, told = process.communicate()
        assert process.returncode == 0, told.decode()
