"""The real program in a real pseudo-terminal, seen through a terminal emulator."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import termios
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path
from struct import pack

import pytest

from effort import tried
from emulated import PATIENCE, Terminal, terminal_of
from programs import environment, program

pytestmark = pytest.mark.thorough  # whole screens, many of them, or real terminals


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """The debugger on the smallest scenario, as soon as it shows it."""
    with terminal_of("add_multiply", waits_for="step 0 of 7") as opened:
        yield opened


def test_stepping_to_the_end_and_quitting(terminal: Terminal) -> None:
    for position in range(1, 8):
        terminal.press("s")
        terminal.wait_for(f"step {position} of 7")
    for row in (
        "DONE",
        r"◁ x +input +-2 +-4 +████ ",
        r"  z +input +-4 +3 +███▉ ",
        r"  f +q · z +-12 +1 +███▎ ",
    ):
        terminal.wait_for(row)
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()


SIGNALS = [("SIGTERM", 143), *tried([("SIGHUP", 129), ("SIGQUIT", 131)], [])]


@pytest.mark.parametrize(("name", "status"), SIGNALS)
def test_a_signal_ends_it_and_leaves_the_terminal_in_order(
    terminal: Terminal, name: str, status: int
) -> None:
    terminal.press("s")
    terminal.wait_for("step 1 of 7")
    terminal.process.send_signal(signal.Signals[name])
    assert terminal.ended() == status
    terminal.assert_restored()


ENDLESS = """
from time import sleep

from backprop_engine import define


def forward(a):
    if a.shape == (7,):
        sleep(600)
    return a


define("endless", inputs="a", forward=forward, backward={"a": lambda g, out, a: g}, shape=lambda a: a)
"""


def test_ctrl_c_ends_it_in_the_middle_of_an_operator(tmp_path: Path) -> None:
    operators, scenario = tmp_path / "operators.py", tmp_path / "endless.yaml"
    operators.write_text(ENDLESS, "utf-8")
    scenario.write_text("inputs: {x: [1, 2, 3, 4, 5, 6, 7]}\nnodes: {e: endless(x), f: sum(e)}\n", "utf-8")
    with terminal_of(str(scenario), "--ops", str(operators), waits_for="") as terminal:
        terminal.until(lambda: b"?2048$p" in terminal.written)
        terminal.press("\x03")
        assert terminal.ended() == 130
        terminal.assert_restored()


def test_a_terminal_that_vanishes_without_a_hang_up_ends_it(terminal: Terminal) -> None:
    terminal.vanish()
    assert terminal.process.wait(PATIENCE) == 129


def test_keys_that_arrive_together_are_all_obeyed(terminal: Terminal) -> None:
    terminal.press("sssSs")
    terminal.wait_for("step 3 of 7")
    terminal.press("\x1b[F")
    terminal.wait_for("step 7 of 7")
    terminal.press("\x03")
    assert terminal.ended() == 0
    terminal.assert_restored()


@pytest.mark.parametrize("behind", tried([":", "e", "?", "g"], ["?"]))
def test_what_is_typed_behind_the_end_opens_nothing(terminal: Terminal, behind: str) -> None:
    terminal.press(f"q{behind}")
    assert terminal.ended() == 0
    terminal.assert_restored()


def test_a_resized_terminal_is_drawn_anew(terminal: Terminal) -> None:
    ioctl(terminal.slave, termios.TIOCSWINSZ, pack("HHHH", 24, 80, 0, 0))
    terminal.screen.resize(24, 80)
    terminal.process.send_signal(signal.SIGWINCH)
    terminal.wait_for("3 Nodes  4 Outline")
    terminal.press("q")
    assert terminal.ended() == 0


@pytest.mark.parametrize("arguments", [(), *tried([("add_multiply",)], [])])
def test_without_a_terminal_it_says_what_to_run_instead(arguments: tuple[str, ...]) -> None:
    run = program(*arguments)
    assert run.returncode == 2
    assert run.stdout == b""
    named = arguments[0] if arguments else "SCENARIO"
    assert run.stderr.decode() == (
        f"backprop-tui: the debugger needs a terminal; without one: backprop-tui run {named}\n"
    )


@pytest.mark.parametrize("lost", ["stdout", *tried(["stdin"], [])])
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


@pytest.mark.parametrize("kind", ["dumb", *tried([""], [])])
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


@pytest.mark.parametrize("odd", tried([b"\xff", b"\x9b", b"\xc3(", b"\xe4\xbd"], [b"\xff"]))
def test_bytes_that_are_no_text_do_not_end_it(terminal: Terminal, odd: bytes) -> None:
    os.write(terminal.master, odd)
    terminal.press("s")
    terminal.press("s")
    terminal.wait_for("step [12] of 7")
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()
