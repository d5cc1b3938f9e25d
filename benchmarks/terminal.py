"""A program in a pseudo-terminal, as benchmarks time it: started, given keys, read, ended. POSIX only."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, sleep

__all__ = ["COLUMNS", "ROWS", "NoScreenError", "Terminal", "text_of"]

COLUMNS, ROWS = 120, 40
QUERY, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
"""May frames be written as one? A terminal that can answers yes, and so does this one."""
ESCAPE = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b.")


class NoScreenError(Exception):
    """A command that ended, or wrote no full screen in time; it carries what was written last."""


def text_of(written: bytes | bytearray) -> str:
    """What was written, without the sequences that move and colour it."""
    return ESCAPE.sub(b"", written).decode(errors="replace")


class Terminal:
    """A process and the terminal that it writes to, whose size is set before the command runs."""

    def __init__(self, command: Sequence[str], columns: int = COLUMNS, rows: int = ROWS) -> None:
        self.started = perf_counter()
        self.worked = 0.0
        """The processor's time of the process, in seconds, when it had written the last byte after a key."""
        self.columns, self.rows = columns, rows
        self.pid, self.side = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                # the pulse after a step is no part of what the step takes
                os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none")
                os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's Python compiles a file once
                os.execvp(command[0], list(command))
            except OSError as error:
                os.write(1, f"{command[0]}: {error}\n".encode())
            finally:
                os._exit(127)

    def first_screen(self, *, quiet: float, shows: str = "", timeout: float = 30.0) -> float:
        """Seconds from the start until the first full screen stood, which has the text `shows`."""
        written, last = bytearray(), self.started
        while perf_counter() < self.started + timeout:
            if select.select([self.side], [], [], quiet)[0]:
                chunk = self._read()
                if not chunk:
                    break
                last = perf_counter()
                if QUERY in written[1 - len(QUERY) :] + chunk:
                    os.write(self.side, ANSWER)
                written += chunk
            elif self._is_screen(written, shows):  # looked at in the silence, where it holds nobody up
                return last - self.started
        raise NoScreenError(text_of(written)[-2000:].strip())

    def press(self, keys: bytes, *, quiet: float, timeout: float = 10.0) -> tuple[float, bytes]:
        """Seconds from a key to the last byte that follows it before a silence, and what was written."""
        started = last = perf_counter()
        os.write(self.side, keys)
        written = bytearray()
        while perf_counter() < started + timeout:
            if not select.select([self.side], [], [], quiet if written else timeout)[0]:
                return last - started, bytes(written)
            chunk = self._read()
            if not chunk:
                break
            last = perf_counter()
            self.worked = self.processor_time()
            written += chunk
        raise NoScreenError(text_of(written)[-2000:].strip())

    def processor_time(self) -> float:
        """Seconds that all threads of the process were at work until now; 0 where no Linux tells."""
        try:
            told = [path.read_text().split() for path in Path(f"/proc/{self.pid}/task").glob("*/schedstat")]
        except OSError:
            return 0.0
        return sum(int(running) for running, *_ in told) / 1e9

    def end(self) -> None:
        """End the process, reading on so that it can say what it says as it leaves."""
        os.kill(self.pid, signal.SIGTERM)
        deadline, open_still = perf_counter() + 2.0, True
        while not os.waitpid(self.pid, os.WNOHANG)[0]:
            if perf_counter() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                break
            if open_still and select.select([self.side], [], [], 0.01)[0]:
                open_still = bool(self._read())
            elif not open_still:
                sleep(0.01)
        os.close(self.side)

    def _is_screen(self, written: bytes | bytearray, shows: str) -> bool:
        """Whether at least half a screenful stands in the alternate screen, and `shows` with it."""
        if b"\x1b[?1049h" not in written:
            return False
        text = text_of(written)
        return len(text) >= self.columns * self.rows // 2 and shows in text

    def _read(self) -> bytes:
        try:
            return os.read(self.side, 1 << 16)
        except OSError:  # Linux says so when the other side has closed
            return b""
