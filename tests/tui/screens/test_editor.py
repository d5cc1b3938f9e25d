"""The reader's own editor: how it is called, and what becomes of the debugger meanwhile."""

from __future__ import annotations

import os
import shlex
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fcntl import ioctl
from pathlib import Path
from struct import pack
from subprocess import Popen

import pytest
from textual.pilot import Pilot

from backprop_engine.debugger import Session
from backprop_engine.errors import UsageError
from backprop_tui.files.editor import Loan, command_line, run_editor, wanted_editor
from backprop_tui.files.opening import Opening
from backprop_tui.prompt.debug_file import opened_view
from backprop_tui.view import View
from driving import debugger, notices, opened, seen
from emulated import COLUMNS, ROWS, Terminal
from living import TEXT, live, save, settled
from programs import PROGRAM, environment
from recorded import recorded_mlp
from scenes import written

pytestmark = pytest.mark.thorough  # whole screens, many of them, or real terminals


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("vi", ["vi", "+7", "{path}"]),
        ("/usr/bin/nvim -R", ["/usr/bin/nvim", "-R", "+7", "{path}"]),
        ("emacs -nw", ["emacs", "-nw", "+7", "{path}"]),
        ("nano", ["nano", "+7", "{path}"]),
        ("kak", ["kak", "+7", "{path}"]),
        ("micro", ["micro", "+7", "{path}"]),
        ("hx", ["hx", "{path}:7"]),
        ("subl -w", ["subl", "-w", "{path}:7"]),
        ("zed", ["zed", "{path}:7"]),
        ("code --wait", ["code", "--wait", "--goto", "{path}:7"]),
        ("'/my apps/codium'", ["/my apps/codium", "--goto", "{path}:7"]),
        ("ed", ["ed", "{path}"]),
        ("vimdiff", ["vimdiff", "{path}"]),
        ("x; rm -rf ~", ["x;", "rm", "-rf", "~", "{path}"]),
    ],
)
def test_how_an_editor_is_told_the_line(editor: str, words: list[str], tmp_path: Path) -> None:
    path = str(tmp_path / "-a b.yaml")
    assert command_line(editor, path, 7) == [word.format(path=path) for word in words]


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert command_line("ed", "-x.yaml", 1) == ["ed", str(tmp_path / "-x.yaml")]


@pytest.mark.parametrize("editor", ["'", "a 'b", ""])
def test_what_is_no_command_is_refused(editor: str) -> None:
    with pytest.raises(UsageError):
        command_line(editor, "x", 1)


@pytest.mark.parametrize(
    ("environment", "editor"),
    [
        ({}, ""),
        ({"EDITOR": "nano"}, "nano"),
        ({"VISUAL": "vim", "EDITOR": "nano"}, "vim"),
        ({"VISUAL": " ", "EDITOR": "nano"}, "nano"),
    ],
)
def test_visual_comes_before_editor(environment: dict[str, str], editor: str) -> None:
    assert wanted_editor(environment) == editor


def test_interrupts_are_the_editors_own_while_it_runs() -> None:
    assert not Loan.is_on()
    with Loan():
        assert Loan.is_on()
    assert Loan.is_on(), "one that was typed in it may be heard of a moment later"


def test_an_editor_that_cannot_be_started_is_told() -> None:
    with pytest.raises(UsageError, match="/nowhere/ed: No such file"):
        run_editor(["/nowhere/ed", "x"])


def told(pilot: Pilot[None]) -> str:
    """The last notice."""
    return notices(pilot)[-1]


@contextmanager
def editing(
    pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch, folder: Path, program: str
) -> Iterator[Path]:
    """An editor that is a line of Python; `sys.argv[1:]` are its words, which are written down as well."""
    log, script = folder / "words", folder / "vi"
    write_down = f"import sys\nopen({str(log)!r}, 'w').write('\\n'.join(sys.argv[1:]))"
    script.write_text(f"#!{sys.executable}\n{write_down}\n{program}\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", shlex.quote(str(script)))

    @contextmanager
    def suspend() -> Iterator[None]:
        yield

    monkeypatch.setattr(pilot.app, "suspend", suspend)
    yield log


async def test_the_editor_opens_at_the_chosen_node_and_its_save_is_loaded_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "text = open(sys.argv[2]).read(); open(sys.argv[2], 'w').write(text.replace('Before', 'Edited'))"
    )
    async with live(tmp_path, at=2) as (pilot, path):
        with editing(pilot, monkeypatch, tmp_path, program) as log:
            await pilot.press("E")
            await settled(pilot)
            assert log.read_text(encoding="utf-8").split("\n") == ["+6", str(path)]
            assert seen(pilot).startswith(" ≡ Edited")
            await pilot.press("tab", "tab", "home", "down")
            debugger(pilot).action_choose(-5)
            await pilot.press("E")
            await settled(pilot)
            assert log.read_text(encoding="utf-8").split("\n")[0] == "+3"


async def test_the_editor_opens_at_the_first_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with live(tmp_path, at=2) as (pilot, path):
        await save(pilot, path, TEXT.replace("x + y", "x + yy"))
        with editing(pilot, monkeypatch, tmp_path, "") as log:
            await pilot.press("E")
            assert log.read_text(encoding="utf-8").split("\n")[0] == "+5"


async def test_of_a_recording_the_editor_opens_the_program_that_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recorded_mlp(tmp_path / "run")
    shown = opened_view(Opening.of(str(tmp_path / "run")), "en", ascii=False, warn=lambda _: None)
    shown = replace(shown, session=replace(shown.session, position=2))
    async with opened(shown) as pilot:
        with editing(pilot, monkeypatch, tmp_path, "") as log:
            await pilot.press("E")
            await pilot.pause()
            assert "train.py: there is no such file here" in told(pilot)
            (tmp_path / "train.py").write_text("")
            await pilot.press("E")
            await pilot.pause()
            assert log.read_text(encoding="utf-8").split("\n") == ["+10", str(tmp_path / "train.py")]
            assert "step 2 of" in seen(pilot)


async def test_an_editor_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with live(tmp_path) as (pilot, _):
        with editing(pilot, monkeypatch, tmp_path, "sys.exit(3)"):
            await pilot.press("E")
            await pilot.pause()
            assert "exited with status 3" in told(pilot)
            monkeypatch.setenv("EDITOR", "/nowhere/at/all")
            await pilot.press("E")
            await pilot.pause()
            assert "No such file or directory" in told(pilot)
            monkeypatch.setenv("VISUAL", "'open quote")
            await pilot.press("E")
            await pilot.pause()
            assert "No closing quotation" in told(pilot)


async def test_without_an_editor_it_says_what_to_set_and_where_the_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", " ")
    async with live(tmp_path) as (pilot, path):
        await pilot.press("E")
        await pilot.pause()
        assert "export EDITOR=nano" in told(pilot)
        assert str(path) in told(pilot)


async def test_where_the_terminal_cannot_be_lent_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "vi")
    async with live(tmp_path) as (pilot, path):
        await pilot.press("E")
        await pilot.pause()
        assert "an editor cannot be opened from here" in told(pilot)
        assert str(path) in told(pilot)


async def test_a_bundled_scenario_can_be_edited_and_one_without_a_file_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened("add_multiply", at=1) as pilot:
        with editing(pilot, monkeypatch, tmp_path, "") as log:
            await pilot.press("E")
            line, path = log.read_text(encoding="utf-8").split("\n")
            assert path.endswith("add_multiply.yaml")
            assert Path(path).read_text(encoding="utf-8").splitlines()[int(line[1:]) - 1].split()[0] == "q:"
    scenario = written(tmp_path, TEXT)
    Path(scenario.path).unlink()
    async with opened(View(scenario, Session(scenario.run()))) as pilot:
        with editing(pilot, monkeypatch, tmp_path, ""):
            await pilot.press("E")
            await pilot.pause()
            assert "not read from a file" in told(pilot)


# In a real terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """The debugger on a file, with an editor that is interrupted in the middle and then saves."""
    path, script = tmp_path / "case.yaml", tmp_path / "edit"
    path.write_text(TEXT, encoding="utf-8")
    script.write_text(
        f"#!{sys.executable}\n"
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "os.killpg(os.getpgrp(), signal.SIGINT)\n"
        "print('the editor has the terminal', flush=True)\n"
        "sys.stdin.readline()\n"
        "text = open(sys.argv[1]).read()\n"
        "open(sys.argv[1], 'w').write(text.replace('Before', 'Edited').replace('x + y', 'x + y + y'))\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    master, slave = os.openpty()
    ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", ROWS, COLUMNS, 0, 0))
    before = termios.tcgetattr(slave)
    process = Popen(
        [*PROGRAM, str(path), "--set", "x=5"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(COLORTERM="truecolor", VISUAL="", EDITOR=shlex.quote(str(script))),
        start_new_session=True,
    )
    opened = Terminal(process, master, slave, before)
    try:
        opened.wait_for("step 0 of 9")
        yield opened
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def test_the_terminal_is_lent_and_taken_back(terminal: Terminal) -> None:
    terminal.press("ss")
    terminal.wait_for("step 2 of 9")
    terminal.press("E")
    terminal.wait_for("the editor has the terminal")
    terminal.press("\n")
    terminal.wait_for("Edited")
    terminal.wait_for("step 3 of")
    terminal.wait_for(r"  x +input +5 +◌ ")
    terminal.press("s")
    terminal.wait_for("step 4 of")
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()


def test_a_save_from_elsewhere_is_seen_by_the_real_program(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(TEXT.replace("x + y", "x + yy"), encoding="utf-8")
    terminal.wait_for("1 to fix")
    terminal.press("s")
    terminal.wait_for("step 1 of 9")
    (tmp_path / "case.yaml").write_text(TEXT.replace("Before", "Mended"), encoding="utf-8")
    terminal.wait_for("Mended")
    terminal.press("q")
    assert terminal.ended() == 0
    terminal.assert_restored()
