"""The program in a pseudo-terminal, seen through a terminal emulator."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path
from struct import pack
from time import monotonic

import pyte

from programs import PROGRAM, environment

COLUMNS, ROWS = 100, 30
PATIENCE = 60.0
"""Seconds until a test gives up on a program that does not answer; nothing waits this long."""
MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
ON_BY_DEFAULT = {7, 25}
"""Modes that a terminal begins with: lines wrap, and the cursor shows."""
KITTY = re.compile(rb"\x1b\[([<>])\d*u")


@dataclass
class Terminal:
    """A program in a pseudo-terminal, what it wrote, and what that looks like."""

    process: subprocess.Popen[bytes]
    master: int
    slave: int
    before: list[object]
    written: bytes = b""
    screen: pyte.Screen = field(default_factory=lambda: pyte.Screen(COLUMNS, ROWS))

    def __post_init__(self) -> None:
        self.stream = pyte.ByteStream(self.screen)

    def read(self) -> bool:
        """Take what the program wrote since; False when there was nothing for a moment."""
        if not select.select([self.master], [], [], 0.05)[0]:
            return False
        data = os.read(self.master, 65536)
        self.written += data
        self.stream.feed(KITTY.sub(b"", data))
        return True

    def wait_for(self, pattern: str) -> None:
        """Until the regular expression is found on the screen."""
        self.until(lambda: re.search(pattern, self.text) is not None)

    def until(self, holds: Callable[[], bool]) -> None:
        """Until something holds of the screen."""
        end = monotonic() + PATIENCE
        while not holds():
            self.read()
            assert self.process.poll() is None, self.text
            assert monotonic() < end, self.text

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Have another size, and tell the program so."""
        ioctl(self.slave, termios.TIOCSWINSZ, pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    def type_much(self, data: bytes) -> None:
        """Type more than the terminal holds; what the program writes meanwhile is read."""
        os.set_blocking(self.master, False)
        end = monotonic() + PATIENCE
        while data:
            readable, writable, _ = select.select([self.master], [self.master], [], 1)
            if readable:
                self.read()
            if writable:
                data = data[os.write(self.master, data[:4096]) :]
            assert self.process.poll() is None, self.text
            assert monotonic() < end, self.text
        os.set_blocking(self.master, True)

    @property
    def is_stopped(self) -> bool:
        """Whether the program is stopped by a signal."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8")
        return stat.rpartition(")")[2].split()[0] == "T"

    def until_stopped(self) -> None:
        """Until the program is stopped; all that it wrote before is read."""
        end = monotonic() + PATIENCE
        while not self.is_stopped:
            self.read()
            assert monotonic() < end, self.text
        while self.read():
            pass

    @property
    def peak_memory(self) -> int:
        """The most memory that the program has held so far, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) // 1024

    def vanish(self) -> None:
        """Be gone, without a word to the program, which has it for no more than its input and output."""
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, self.slave)
        os.dup2(nothing, self.master)
        os.close(nothing)

    def ended(self) -> int:
        """Until the program is gone; gives its exit status."""
        end = monotonic() + PATIENCE
        while self.process.poll() is None:
            self.read()
            assert monotonic() < end, self.text
        while self.read():
            pass
        return self.process.returncode

    @property
    def text(self) -> str:
        """The screen."""
        return "\n".join(self.screen.display)

    def assert_restored(self) -> None:
        """The terminal is as the program found it, and nothing told of an error of the program."""
        self.assert_modes_restored()
        assert "Traceback" not in self.written.decode(errors="replace")

    def assert_modes_restored(self) -> None:
        """The terminal is as the program found it."""
        modes: dict[int, list[str]] = {}
        for numbers, action in MODE.findall(self.written):
            for number in numbers.decode().split(";"):
                modes.setdefault(int(number), []).append(action.decode())
        assert {1049, 1000, 1006, 25} <= modes.keys(), "alternate screen, mouse, and cursor were touched"
        assert {mode: actions[-1] for mode, actions in modes.items()} == {
            mode: "h" if mode in ON_BY_DEFAULT else "l" for mode in modes
        }
        kitty = KITTY.findall(self.written)
        assert kitty.count(b">") <= kitty.count(b"<")
        assert termios.tcgetattr(self.slave) == self.before


@contextmanager
def terminal_of(
    *arguments: str,
    waits_for: str,
    size: tuple[int, int] = (COLUMNS, ROWS),
    program: Sequence[str] = PROGRAM,
    **variables: str,
) -> Iterator[Terminal]:
    """The program with some arguments, as soon as its screen has what it `waits_for`."""
    columns, rows = size
    master, slave = os.openpty()
    ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", rows, columns, 0, 0))
    before = termios.tcgetattr(slave)
    process = subprocess.Popen(
        [*program, *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(COLORTERM="truecolor", **variables),
        start_new_session=True,
    )
    opened = Terminal(process, master, slave, before, screen=pyte.Screen(columns, rows))
    try:
        opened.wait_for(waits_for)
        yield opened
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)
