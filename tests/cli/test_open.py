"""Starting the program: what is set before anything is loaded, and the app until a key or signal ends it."""

from __future__ import annotations

import gc
import io
import os
import runpy
import signal
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.drivers import linux_driver
from textual.pilot import Pilot

from backprop_engine.debugger import Break, Set
from backprop_tui import textual_private
from backprop_tui.__main__ import main
from backprop_tui.app import DebuggerApp
from backprop_tui.cli.open import chosen_language, open_app
from backprop_tui.cli.patience import Patience
from backprop_tui.cli.start import Start
from backprop_tui.files.editor import Loan
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.settings import UserSettings
from backprop_tui.web import DRIVER
from command_line import GOOD, Commands, Outcome, file
from recorded import recorded_mlp

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
UPDATES = (ChopsUpdate, LayoutUpdate)
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")

# Before anything is loaded


@pytest.fixture
def carried_out(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that the program was given; each ends with exit code 3."""
    given: list[list[str]] = []

    def carry_out(arguments: list[str]) -> int:
        given.append(arguments)
        return 3

    monkeypatch.setattr("backprop_tui.cli.main.run", carry_out)
    monkeypatch.setattr(gc, "disable", lambda: None)
    for name in THREADS:
        monkeypatch.setenv(name, "8")
    return given


@pytest.mark.parametrize(
    ("arguments", "threads"),
    [
        ([], "1"),
        (["run", "add_multiply"], "1"),
        (["add_multiply", "--threads", "4"], "4"),
        (["add_multiply", "--threads=12"], "12"),
        (["add_multiply", "--threads", "0"], "1"),
        (["add_multiply", "--threads", "many"], "1"),
        (["add_multiply", "--threads"], "1"),
    ],
)
def test_threads_are_set_before_the_command_line_is_carried_out(
    carried_out: list[list[str]], monkeypatch: pytest.MonkeyPatch, arguments: list[str], threads: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["backprop-tui", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 3
    assert carried_out == [arguments]
    assert {os.environ[name] for name in THREADS} == {threads}


def test_output_is_utf8_whatever_the_locale_is(
    carried_out: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())  # as a program has it that runs this one inside itself
    monkeypatch.setattr(sys, "argv", ["backprop-tui"])
    with pytest.raises(SystemExit):
        main()
    sys.stdout.write("∂L/∂x\n")
    sys.stdout.flush()
    assert output.getvalue().decode() == "∂L/∂x\n"
    assert len(carried_out) == 1


def test_the_package_is_a_program(carried_out: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["backprop-tui", "ops"])
    monkeypatch.delitem(sys.modules, "backprop_tui.__main__")
    with pytest.raises(SystemExit) as end:
        runpy.run_module("backprop_tui", run_name="__main__")
    assert (end.value.code, carried_out) == (3, [["ops"]])


# The app

Act = Callable[[Pilot[Any]], Awaitable[None]]


class AtATerminal:
    """Runs command lines where a terminal is, at which someone does one thing."""

    def __init__(self, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands, self.monkeypatch, self.has_keyboard = commands, monkeypatch, True

    def __call__(self, act: Act, *arguments: str) -> Outcome:
        async def without_a_screen(app: DebuggerApp) -> None:
            await App.run_async(app, headless=True, auto_pilot=act)

        self.monkeypatch.setattr(DebuggerApp, "run_async", without_a_screen)
        self.monkeypatch.setattr(sys.stdin, "isatty", lambda: self.has_keyboard)
        self.monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        return self.commands(*arguments)


@pytest.fixture
def terminal(commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AtATerminal:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    puts = (linux_driver, "getincrementaldecoder"), *((each, "render_segments") for each in UPDATES)
    for owner, name in puts:
        monkeypatch.setattr(owner, name, getattr(owner, name))  # the app puts its own there: it is undone
    return AtATerminal(commands, monkeypatch)


def key(name: str) -> Act:
    async def press(pilot: Pilot[Any]) -> None:
        await pilot.press(name)

    return press


def signalled(*numbers: signal.Signals) -> Act:
    async def signals(pilot: Pilot[Any]) -> None:
        for number in numbers:
            signal.raise_signal(number)
            await pilot.pause()

    return signals


@pytest.mark.parametrize("arguments", [["add_multiply"], ["add_multiply", "--at", "3"]])
def test_the_app_ends_with_a_key(terminal: AtATerminal, arguments: list[str]) -> None:
    assert terminal(key("q"), *arguments).code == 0


@pytest.mark.parametrize("inside", ["", "below"])
def test_the_recording_that_it_is_started_in_opens(
    terminal: AtATerminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inside: str
) -> None:
    """What is kept beside it is beside its folder, as it is where that is named."""
    recorded_mlp(tmp_path / "recording")
    (tmp_path / "recording.debug").write_text("breakpoints: [op relu]\nwatch: []\n")
    (tmp_path / "recording" / "below").mkdir()
    monkeypatch.chdir(tmp_path / "recording" / inside)
    found: list[str] = []

    async def look(pilot: Pilot[Any]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, DebuggerScreen)
        found.extend(one.text for one in screen.current.session.breakpoints)
        await pilot.press("q")

    assert terminal(look, ".." if inside else ".").code == 0
    assert found == ["op relu"]


def test_in_a_browser_no_terminal_is_needed(terminal: AtATerminal, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.has_keyboard = False
    assert terminal(key("q"), "add_multiply").code == 2
    monkeypatch.setenv("TEXTUAL_DRIVER", DRIVER)
    assert terminal(key("q"), "add_multiply").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_the_app_ends_with_a_signal_and_says_which(terminal: AtATerminal, number: signal.Signals) -> None:
    assert terminal(signalled(number)).code == 128 + number


def test_an_interrupt_while_an_editor_has_the_terminal_is_the_editors(
    terminal: AtATerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Loan, "is_on", staticmethod(lambda: True))
    ended = terminal(signalled(signal.SIGINT, signal.SIGTERM), "add_multiply")
    assert ended.code == 128 + signal.SIGTERM


def test_after_an_error_of_its_own_it_says_where_changes_are(terminal: AtATerminal, tmp_path: Path) -> None:
    path = file(tmp_path, GOOD)

    async def fails(pilot: Pilot[Any]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, DebuggerScreen)
        screen.do(Break("op mul"))
        screen.do(Set("x", np.float64(3.0)))
        screen.call_later(lambda: 1 / 0)

    ended = terminal(fails, path)
    assert ended.code == 1
    rescued = Path(path).with_name("case-rescued.yaml")
    assert f"what you had set is in {rescued}" in ended.err
    assert rescued.with_suffix(".debug").exists()


def test_after_an_error_of_its_own_it_says_what_could_not_be_saved(
    terminal: AtATerminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path, GOOD)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    async def fails(pilot: Pilot[Any]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, DebuggerScreen)
        screen.do(Break("op mul"))
        monkeypatch.setattr("backprop_tui.prompt.rescue.write_whole", full)
        screen.call_later(lambda: 1 / 0)

    ended = terminal(fails, path)
    assert ended.code == 1
    assert ended.err.endswith("some of what you had set could not be saved: No space left on device\n")


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_without_a_cursor_is_refused(
    terminal: AtATerminal, monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    monkeypatch.setenv("TERM", term)
    refused = terminal(key("q"), "add_multiply")
    assert (refused.code, refused.out) == (2, "")
    assert "cannot place a cursor (TERM=dumb); instead: backprop-tui run add_multiply" in refused.err


def test_the_language_is_that_of_the_locale_or_english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LOCALE:
        monkeypatch.delenv(name, raising=False)
    assert chosen_language(Namespace(lang=None), UserSettings()) == "en"
    monkeypatch.setenv("LC_MESSAGES", "ko_KR.UTF-8")
    assert chosen_language(Namespace(lang=None), UserSettings()) == "ko"


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.usefixtures("terminal")
def test_only_a_process_of_its_own_is_ended_by_ctrl_c(alone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of a program or notebook which opened the debugger."""
    heard: list[Callable[[], None]] = []
    asked: list[bool] = []

    def watched(lost: Callable[[], None], interrupted: Callable[[], None]) -> None:
        heard.append(interrupted)

    async def ended(app: DebuggerApp) -> None:
        return None

    monkeypatch.setattr(textual_private, "watch_keys", watched)
    monkeypatch.setattr(DebuggerApp, "run_async", ended)
    monkeypatch.setattr(Patience, "ask", lambda patience: asked.append(True))
    open_app(Start(None, "en", "", UserSettings()), alone=alone)
    heard[0]()
    assert asked == [True] * alone
