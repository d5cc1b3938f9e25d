"""What a terminal may do to the program: stop it, type without a pause, change its size, paste a megabyte."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator

import pytest

from emulated import Terminal, terminal_of

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
