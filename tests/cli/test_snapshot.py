"""`snapshot`: one frame of the screen as text or as a picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import product
from pathlib import Path

import pytest

from backprop_tui.cells.text import cell_width
from backprop_tui.themes import LIGHT
from command_line import Commands
from effort import tried
from programs import environment, program


def test_text_on_standard_output(commands: Commands) -> None:
    outcome = commands("snapshot", "add_multiply", "--at", "6", "--size", "80x24", "-o", "-")
    rows = outcome.out.splitlines()
    assert (outcome.code, outcome.err) == (0, "")
    assert len(rows) == 24
    assert max(map(cell_width, rows)) == 80
    assert rows[0].endswith("step 6 of 7")
    assert "Chain rule ─ q → x" in outcome.out


@pytest.mark.thorough
def test_the_size_is_120_by_40_unless_given(commands: Commands) -> None:
    rows = commands("snapshot", "add_multiply", "-o", "-").out.splitlines()
    assert len(rows) == 40
    assert max(map(cell_width, rows)) == 120


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("size", "ending"), tried([*product(("120x40", "80x24"), ("txt", "svg"))], [("80x24", "svg")])
)
def test_the_same_bytes_on_every_run(tmp_path: Path, size: str, ending: str) -> None:
    paths = [tmp_path / f"{number}.{ending}" for number in range(2)]
    disturbed = environment(
        PYTHONHASHSEED="7",
        NO_COLOR="1",
        TEXTUAL_THEME="dracula",
        TEXTUAL_COLOR_SYSTEM="x",
        TEXTUAL_DRIVER="x",
        TEXTUAL_LOG=str(tmp_path),
        COLUMNS="33",
        LC_ALL="C",
        TERM="dumb",
    )
    for path, variables in zip(paths, (environment(), disturbed), strict=True):
        run = program("snapshot", "rnn_cell", "--at", "20", "--size", size, "-o", str(path), env=variables)
        assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len(paths[0].read_bytes()) > 1000


def test_a_picture_shows_what_the_text_says(commands: Commands, tmp_path: Path) -> None:
    path = tmp_path / "screen.svg"
    assert commands("snapshot", "add_multiply", "--at", "6", "-o", str(path)).code == 0
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    assert "step 6 of 7" in list(root.itertext())
    assert "http" not in re.sub(r'xmlns="[^"]*"|<!--.*?-->', "", path.read_text(encoding="utf-8"))


def test_keys_are_pressed_first(commands: Commands) -> None:
    arguments = ("snapshot", "add_multiply", "--at", "3", "-o", "-")
    assert "step 5 of 7" in commands(*arguments, "--keys", "s s").out
    assert "step over a node" in commands(*arguments, "--keys", "question_mark").out


def test_settings_theme_language_and_ascii(commands: Commands, tmp_path: Path) -> None:
    shown = commands(
        "snapshot", "add_multiply", "--at", "7", "--set", "x=1", "--lang", "ko", "-o", "-", "--ascii"
    ).out
    assert "24" in shown
    assert "-24" in shown
    assert "역전파" in shown
    assert "▶" not in shown
    path = tmp_path / "light.svg"
    commands("snapshot", "add_multiply", "--theme", LIGHT.name, "-o", str(path))
    assert str(LIGHT.foreground) in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "screen.png"), "screen.png: the name of a snapshot must end in .svg or .txt"),
        (("-o", "-", "--theme", "nonsense"), "there is no theme nonsense; available: "),
        (("-o", "-", "--at", "8"), "there is no position 8: the run has positions 0 to 7"),
        (("-o", "-", "--at", "-1"), "there is no position -1"),
        (("-o", "-", "--size", "80"), "'80' is not a size: write 120x40"),
        (("-o", "-", "--size", "9x24"), "'9x24' is not a size"),
        (("-o", "-", "--size", "80x0"), "'80x0' is not a size"),
        (("-o", "-", "--size", "1001x24"), "'1001x24' is not a size"),
        (("-o", "-", "--lang", "fr"), "invalid choice: 'fr'"),
        ((), "-o/--output"),
        (("-o", "/nonexistent/folder/screen.svg"), "/nonexistent/folder/screen.svg: No such file"),
        (("-o", "/dev/full/x.txt"), "/dev/full/x.txt: Not a directory"),
    ],
)
def test_what_cannot_be_done(commands: Commands, arguments: tuple[str, ...], said: str) -> None:
    assert said in commands.refused("snapshot", "add_multiply", *arguments)


def test_a_folder_is_no_output(commands: Commands, tmp_path: Path) -> None:
    folder = tmp_path / "folder.svg"
    folder.mkdir()
    said = commands.refused("snapshot", "add_multiply", "-o", str(folder))
    assert said == f"backprop-tui: {folder}: Is a directory\n"


@pytest.mark.thorough
def test_no_time_goes_by(commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_tui.screens.player.SPEEDS", (50,) * 6)
    monkeypatch.setattr("backprop_tui.screens.layout_job.PAUSE", 0)
    path = tmp_path / "long.yaml"
    chain = "\n".join(f"  a{at}: tanh({f'a{at - 1}' if at else 'x'})" for at in range(170))
    path.write_text(f"inputs: {{x: 1}}\nnodes:\n{chain}\n", encoding="utf-8")
    out = commands("snapshot", str(path), "-o", "-", "--keys", "a v v v v v v v v v v").out
    assert "step 0 of 341" in out, "nothing plays"
    assert "─ Graph ─ dots ─ nodes 1–120 / 170 ─" in out.splitlines()[1], "nothing is laid out"
