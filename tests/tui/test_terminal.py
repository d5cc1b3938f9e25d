"""The real program in a real pseudo-terminal, seen through a terminal emulator."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import termios
from collections.abc import Iterator
from dataclasses import dataclass, field
from fcntl import ioctl
from struct import pack
from time import monotonic

import pyte
import pytest

from programs import PROGRAM, environment, program

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
        end = monotonic() + PATIENCE
        while not re.search(pattern, self.text):
            self.read()
            assert self.process.poll() is None, self.text
            assert monotonic() < end, self.text

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

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
        assert "Traceback" not in self.written.decode(errors="replace")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """The debugger on the smallest scenario, as soon as it shows it."""
    master, slave = os.openpty()
    ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", ROWS, COLUMNS, 0, 0))
    before = termios.tcgetattr(slave)
    process = subprocess.Popen(
        [*PROGRAM, "add_multiply"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(COLORTERM="truecolor"),
        start_new_session=True,
    )
    opened = Terminal(process, master, slave, before)
    try:
        opened.wait_for("step 0 of 7")
        yield opened
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def test_stepping_to_the_end_and_quitting(terminal: Terminal) -> None:
    for position in range(1, 8):
        terminal.press("s")
        terminal.wait_for(f"step {position} of 7")
    for row in (
        "DONE",
        r"x +input +scalar +-2 +-4 ",
        r"z +input +scalar +-4 +3 ",
        r"f +q · z +scalar +-12 +1 ",
    ):
        terminal.wait_for(row)
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGQUIT", 131)])
def test_a_signal_ends_it_and_leaves_the_terminal_in_order(
    terminal: Terminal, name: str, status: int
) -> None:
    terminal.press("s")
    terminal.wait_for("step 1 of 7")
    terminal.process.send_signal(signal.Signals[name])
    assert terminal.ended() == status
    terminal.assert_restored()


def test_keys_that_arrive_together_are_all_obeyed(terminal: Terminal) -> None:
    terminal.press("sssSs")
    terminal.wait_for("step 3 of 7")
    terminal.press("\x1b[F")
    terminal.wait_for("step 7 of 7")
    terminal.press("\x03")
    assert terminal.ended() == 0
    terminal.assert_restored()


def test_a_resized_terminal_is_drawn_anew(terminal: Terminal) -> None:
    ioctl(terminal.slave, termios.TIOCSWINSZ, pack("HHHH", 24, 80, 0, 0))
    terminal.screen.resize(24, 80)
    terminal.process.send_signal(signal.SIGWINCH)
    terminal.wait_for("Tab: Nodes  Why")
    terminal.press("q")
    assert terminal.ended() == 0


@pytest.mark.parametrize("arguments", [(), ("add_multiply",)])
def test_without_a_terminal_it_says_what_to_run_instead(arguments: tuple[str, ...]) -> None:
    run = program(*arguments)
    assert run.returncode == 2
    assert run.stdout == b""
    named = arguments[0] if arguments else "SCENARIO"
    assert run.stderr.decode() == (
        f"backprop-tui: the debugger needs a terminal; without one: backprop-tui run {named}\n"
    )


@pytest.mark.parametrize("lost", ["stdin", "stdout"])
def test_both_ends_must_be_a_terminal(lost: str) -> None:
    master, slave = os.openpty()
    streams = {"stdin": slave, "stdout": slave, "stderr": subprocess.PIPE, "capture_output": False}
    try:
        run = program("add_multiply", **(streams | {lost: subprocess.DEVNULL}))
        assert run.returncode == 2
        assert b"the debugger needs a terminal" in run.stderr
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize("kind", ["dumb", ""])
def test_a_terminal_without_a_cursor_is_refused(kind: str) -> None:
    master, slave = os.openpty()
    try:
        streams = {"stdin": slave, "stdout": slave, "stderr": subprocess.PIPE, "capture_output": False}
        run = program("add_multiply", env=environment(TERM=kind), **streams)
        assert run.returncode == 2
        assert b"backprop-tui run add_multiply" in run.stderr
        assert not select.select([master], [], [], 0)[0], "nothing was written to the terminal"
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize("odd", [b"\xff", b"\x9b", b"\xc3(", b"\xe4\xbd"])
def test_bytes_that_are_no_text_do_not_end_it(terminal: Terminal, odd: bytes) -> None:
    os.write(terminal.master, odd)
    terminal.press("s")
    terminal.press("s")
    terminal.wait_for("step [12] of 7")
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()
