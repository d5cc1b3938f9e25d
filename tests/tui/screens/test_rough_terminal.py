"""What a terminal may do to the program: stop it, type without a pause, change its size, paste a megabyte."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backprop_tui.prompt.debug_file import kept_in
from emulated import Terminal, terminal_of
from recorded import recorded_mlp

pytestmark = pytest.mark.thorough  # real terminals

MEGABYTE = 2**20
PASTE = b"\x1b[200~%b\x1b[201~"


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """The debugger on the smallest scenario, as soon as it shows it."""
    with terminal_of("add_multiply", waits_for="step 0 of 7") as opened:
        yield opened


def assert_quits(terminal: Terminal) -> None:
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()


def test_stopped_it_gives_the_terminal_back_and_takes_it_again(terminal: Terminal) -> None:
    for position in (1, 2):
        terminal.press("s")
        terminal.wait_for(f"step {position} of 7")
        terminal.process.send_signal(signal.SIGTSTP)
        terminal.until_stopped()
        terminal.assert_restored()
        terminal.screen.reset()
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for(f"step {position} of 7")
        terminal.wait_for("Graph")
    terminal.press("s")
    terminal.wait_for("step 3 of 7")
    assert_quits(terminal)


FAILING = """
import sys
from backprop_tui.screens.debugger import DebuggerScreen
def action_command(self, *arguments):
    if self.current.session.breakpoints:
        1 / 0
    return command(self, *arguments)
command, DebuggerScreen.action_command = DebuggerScreen.action_command, action_command
from backprop_tui.cli.main import run
sys.exit(run(sys.argv[1:]))
"""
"""The program with an error: once there is a breakpoint, no key can be carried out."""


def test_an_error_of_its_own_restores_the_terminal_and_keeps_breakpoints(tmp_path: Path) -> None:
    program = (sys.executable, "-c", FAILING)
    with terminal_of(
        "add_multiply", waits_for="step 0 of 7", program=program, XDG_CONFIG_HOME=str(tmp_path)
    ) as terminal:
        terminal.press(":b op mul\r")
        terminal.wait_for("breakpoint")
        terminal.press("\x1b")
        terminal.until(lambda: "Esc closes" not in terminal.text)
        terminal.press("s")
        assert terminal.ended() == 1
        assert b"ZeroDivisionError" in terminal.written
        terminal.assert_modes_restored()
    (kept,) = tmp_path.rglob("*.debug")
    assert kept_in(kept).breakpoints == ("op mul",)
    assert str(kept).encode() in terminal.written


def test_no_key_of_ten_thousand_is_lost(terminal: Terminal) -> None:
    walk, position = random.Random(5), 0
    for _ in range(20):
        keys, begin = "", position
        while len(keys) < 500 or position == begin:  # one that is lost is never made up for at an end
            keys += walk.choice("s" if position == 0 else "S" if position == 7 else "sS")
            position += 1 if keys[-1] == "s" else -1
        terminal.type_much(keys.encode())
        terminal.wait_for(f"step {position} of 7")
    assert_quits(terminal)


def test_resized_without_a_pause_it_shows_the_last_size(terminal: Terminal) -> None:
    sizes = random.Random(7)
    for _ in range(500):
        terminal.resize(sizes.randint(1, 500), sizes.randint(1, 500))
        terminal.read()
    terminal.resize(100, 30)
    terminal.press("s")
    terminal.wait_for("step 1 of 7")
    assert_quits(terminal)


@pytest.mark.parametrize("before", ["", ":", "/", "?"])
def test_a_pasted_megabyte_neither_ends_nor_stops_it(terminal: Terminal, before: str) -> None:
    while terminal.read():
        pass  # the first screen comes in several pieces
    home = terminal.text
    if before:
        terminal.press(before)
        terminal.until(lambda: terminal.text != home)
    terminal.type_much(PASTE % (b"x y\n" * (MEGABYTE // 4)))
    if before:
        terminal.press("\x1b")
        terminal.until(lambda: terminal.text == home)
    terminal.press("s")
    terminal.wait_for("step 1 of 7")
    assert terminal.peak_memory < 300
    assert_quits(terminal)


@pytest.mark.parametrize("cut_short", [False, True], ids=["removed", "cut short"])
def test_a_recording_that_is_lost_while_it_is_open_does_not_end_it(tmp_path: Path, cut_short: bool) -> None:
    recorded_mlp(tmp_path / "run")
    with terminal_of(f"{tmp_path / 'run'}/", waits_for="step 0 of 36") as terminal:
        terminal.press("s")
        terminal.wait_for("step 1 of 36")
        if cut_short:
            for path in (tmp_path / "run").glob("data-*"):
                os.truncate(path, 0)
        else:
            shutil.rmtree(tmp_path / "run")
        terminal.press("s\x1b[F")
        terminal.wait_for("step 36 of 36")
        terminal.press("S")
        terminal.wait_for("step 35 of 36")
        assert_quits(terminal)
