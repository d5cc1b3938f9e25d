"""Time from the start of a process to its first full screen, against an empty Textual app.

Both run in a pseudo-terminal, in turns. The first screen stands when a screenful has been written and nothing
has followed for a while; the while itself is not counted. POSIX only.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
from collections.abc import Sequence
from statistics import median
from time import perf_counter, sleep

COLUMNS, ROWS = 120, 40
EMPTY_APP = "import numpy\nfrom textual.app import App\nApp().run()"
QUERY, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
"""May frames be written as one? A terminal that can answers yes, and so does this one."""
ESCAPE = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b.")


class NoScreenError(Exception):
    """A command that ended, or wrote no full screen in time; it carries what was written last."""


def first_screen(command: Sequence[str], *, quiet: float, shows: str = "", timeout: float = 30.0) -> float:
    """Seconds from the start of `command` until its first full screen stood, which has the text `shows`."""
    started = perf_counter()
    pid, terminal = _start(command)
    written, last = bytearray(), started
    try:
        while perf_counter() < started + timeout:
            if select.select([terminal], [], [], quiet)[0]:
                chunk = _read(terminal)
                if not chunk:
                    break
                last = perf_counter()
                if QUERY in written[1 - len(QUERY) :] + chunk:
                    os.write(terminal, ANSWER)
                written += chunk
            elif _is_screen(written, shows):  # looked at in the silence, where it holds nobody up
                return last - started
    finally:
        _end(pid, terminal)
    raise NoScreenError(ESCAPE.sub(b"", written)[-2000:].decode(errors="replace").strip())


def _start(command: Sequence[str]) -> tuple[int, int]:
    """The process and its terminal, whose size is set before the command runs."""
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's Python compiles a file once
            os.execvp(command[0], list(command))
        except OSError as error:
            os.write(1, f"{command[0]}: {error}\n".encode())
        finally:
            os._exit(127)
    return pid, terminal


def _is_screen(written: bytes | bytearray, shows: str) -> bool:
    """Whether at least half a screenful has been written, in the alternate screen, and `shows` with it."""
    if b"\x1b[?1049h" not in written:
        return False
    text = ESCAPE.sub(b"", written).decode(errors="replace")
    return len(text) >= COLUMNS * ROWS // 2 and shows in text


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux says so when the other side has closed
        return b""


def _end(pid: int, terminal: int) -> None:
    """End the process, reading on so that it can say what it says as it leaves."""
    os.kill(pid, signal.SIGTERM)
    deadline, open_still = perf_counter() + 2.0, True
    while not os.waitpid(pid, os.WNOHANG)[0]:
        if perf_counter() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            break
        if open_still and select.select([terminal], [], [], 0.01)[0]:
            open_still = bool(_read(terminal))
        elif not open_still:
            sleep(0.01)
    os.close(terminal)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="runs of each (15)")
    parser.add_argument(
        "--quiet", type=float, default=150, help="milliseconds of silence that end a run (150)"
    )
    parser.add_argument("--shows", default="", metavar="TEXT", help="a text that the full screen must have")
    parser.add_argument(
        "command",
        nargs="*",
        help="what to start (python -m backprop_tui add_multiply); after -- if it has options",
    )
    options = parser.parse_args()
    command = options.command or [sys.executable, "-m", "backprop_tui", "add_multiply"]
    empty = [sys.executable, "-c", EMPTY_APP]
    quiet = options.quiet / 1000

    seconds: dict[str, list[float]] = {"empty": [], "command": []}
    try:
        for run in range(options.runs + 1):
            baseline = first_screen(empty, quiet=quiet)
            measured = first_screen(command, quiet=quiet, shows=options.shows)
            if run > 0:  # the first one fills the caches of files
                seconds["empty"].append(baseline)
                seconds["command"].append(measured)
    except NoScreenError as error:
        raise SystemExit(f"no full screen; the last that was written:\n{error}") from None

    one = median(seconds["empty"])
    print(f"start to first full screen at {COLUMNS}×{ROWS}; medians of {options.runs} runs, empty app = 1")
    titles = {"empty": "an empty Textual app that imports NumPy", "command": " ".join(command[-3:])}
    for key, title in titles.items():
        ratios = sorted(second / one for second in seconds[key])
        low, high = ratios[len(ratios) // 4], ratios[-len(ratios) // 4]
        print(f"{title:<50}{median(ratios):6.2f}   (half of the runs within {low:.2f}–{high:.2f})")


if __name__ == "__main__":
    main()
