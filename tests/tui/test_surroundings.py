"""What the app is started in: odd variables of Textual's, and terminals that say they are huge."""

from __future__ import annotations

import os
import shutil
import sys
import termios
from collections.abc import Iterator
from fcntl import ioctl
from io import StringIO
from struct import pack

import pytest
from textual import constants
from textual.events import Resize

from backprop_engine.errors import UsageError
from backprop_tui.app import DebuggerApp
from backprop_tui.surroundings import bounded, check_variables, measured_by_the_terminal, nothing_heeded
from effort import tried
from emulated import Terminal, terminal_of
from programs import PROGRAM

DRIVERS = ["x", "", "-1", "nowhere.to_be_found:Driver", "os:nothing", "os:getcwd", "os:PathLike"]


@pytest.mark.parametrize("value", ["x", "", "TRUECOLOR"])
def test_an_unknown_colour_system_is_told(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setattr(constants, "COLOR_SYSTEM", value)
    with pytest.raises(UsageError) as error:
        check_variables()
    known = "auto, standard, 256, truecolor, windows"
    assert error.value.message == f"TEXTUAL_COLOR_SYSTEM is `{value}`: write one of {known}, or unset it"


@pytest.mark.parametrize("value", ["auto", "standard", "256", "truecolor", "windows"])
def test_known_colour_systems_make_an_app(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setattr(constants, "COLOR_SYSTEM", value)
    check_variables()
    assert DebuggerApp().console.color_system is not None


@pytest.mark.parametrize("value", DRIVERS)
def test_what_is_no_driver_is_told(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setattr(constants, "DRIVER", value)
    with pytest.raises(UsageError) as error:
        check_variables()
    assert error.value.message == f"TEXTUAL_DRIVER is `{value}`, which is not a driver of Textual: unset it"


def test_a_driver_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DRIVER", "textual.drivers.headless_driver:HeadlessDriver")
    check_variables()
    assert DebuggerApp().driver_class.__name__ == "HeadlessDriver"


def test_more_frames_than_can_be_drawn_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "MAX_FPS", 1000)
    check_variables()
    monkeypatch.setattr(constants, "MAX_FPS", 10**30)
    with pytest.raises(UsageError, match=r"TEXTUAL_FPS is `10{30}`: write a number up to 1000, or unset it"):
        check_variables()


def test_a_value_is_told_harmlessly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DRIVER", "\x1b[2J\u202e")
    with pytest.raises(UsageError, match=r"`␛\[2J\\u202e`"):
        check_variables()


@pytest.mark.parametrize(
    ("name", "value"), [("COLOR_SYSTEM", "x"), ("DRIVER", "x"), ("LOG_FILE", os.devnull)]
)
def test_where_nothing_is_heeded_odd_values_are_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setattr(constants, name, value)
    monkeypatch.setenv(f"TEXTUAL_{name}", value)
    with nothing_heeded():
        assert getattr(constants, name) in ("auto", None)
        assert f"TEXTUAL_{name}" not in os.environ
        DebuggerApp()
    assert (getattr(constants, name), os.environ[f"TEXTUAL_{name}"]) == (value, value)


@pytest.fixture
def slave(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal that standard output is."""
    master, slave = os.openpty()
    with os.fdopen(slave, "w", closefd=False) as output:
        monkeypatch.setattr(sys, "__stdout__", output)
        yield slave
    os.close(master)
    os.close(slave)


def test_a_terminal_is_asked_for_its_size(slave: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "99999")
    monkeypatch.setenv("LINES", "7")
    ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", 33, 77, 0, 0))
    with measured_by_the_terminal():
        assert tuple(shutil.get_terminal_size()) == (77, 33)
    assert (os.environ["COLUMNS"], os.environ["LINES"]) == ("99999", "7")


def test_one_that_does_not_know_its_size_is_told_it(slave: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.setenv("LINES", "20")
    with measured_by_the_terminal():
        assert tuple(shutil.get_terminal_size()) == (90, 20)
    monkeypatch.setattr(sys, "__stdout__", StringIO())  # no terminal at all
    with measured_by_the_terminal():
        assert tuple(shutil.get_terminal_size()) == (90, 20)


def test_sizes_have_bounds() -> None:
    assert bounded(65535, 65535) == (1000, 500)
    assert bounded(0, -1) == (1, 1)
    assert bounded(120, 40) == (120, 40)


async def test_an_app_is_not_larger_than_can_be_drawn() -> None:
    app = DebuggerApp()
    async with app.run_test(size=(99999, 99999)) as pilot:
        assert app.size == (1000, 500)
        await pilot.resize_terminal(80, 24)
        assert app.screen.size == (80, 24)
        app.post_message(Resize.from_dimensions((99999, 24), (1, 1)))
        await pilot.pause(0.1)
        assert app.screen.size == (1000, 24)


@pytest.mark.thorough  # a real terminal
@pytest.mark.parametrize("size", ["99999", *tried(["1", "x", "-3"], [])])
def test_variables_neither_enlarge_a_terminal_nor_keep_its_size(size: str) -> None:
    with terminal_of("add_multiply", waits_for="step 0 of 7", COLUMNS=size, LINES=size) as terminal:
        terminal.resize(80, 24)
        terminal.wait_for("3 Nodes  4 Outline")
        terminal.press("s")
        terminal.wait_for("step 1 of 7")
        assert_quits(terminal)


@pytest.mark.parametrize("elsewhere", ["2>&-", pytest.param("2>/dev/null", marks=pytest.mark.thorough)])
def test_it_is_drawn_on_the_terminal_wherever_errors_go(elsewhere: str) -> None:
    program = ("sh", "-c", f'exec "$@" {elsewhere}', "sh", *PROGRAM)
    with terminal_of("add_multiply", waits_for="step 0 of 7", program=program) as terminal:
        terminal.press("s")
        terminal.wait_for("step 1 of 7")
        assert_quits(terminal)


def assert_quits(terminal: Terminal) -> None:
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()
