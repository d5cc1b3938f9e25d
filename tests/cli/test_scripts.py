"""`run -x` and `run --commands`: a debugging session without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import BROKEN, GOOD, Commands, file
from effort import tried
from programs import program


def test_commands_and_what_they_show(commands: Commands) -> None:
    outcome = commands("run", "add_multiply", "-x", "b q; c; p q; end; p grad(x)")
    assert outcome.code == 0
    assert outcome.err == ""
    assert outcome.out.splitlines() == [
        "> b q",
        "breakpoint 1: q  it stops 4 times in this iteration, first at 1",
        "> c",
        "Stopped at breakpoint 1 (q).",
        "1/7  forward  q = x + y = -2 + 5 = 3",
        "  » Nudge x by 0.01 and q moves by 0.01: the local gradient of an addition is 1. So x and y get the",
        "  upstream gradient as it is.",
        "> p q",
        "q = 3",
        "> end",
        "7/7  backward  q → y  ∂L/∂y = ∂L/∂q · 1 = (-4) · 1 = -4",
        "  The backward pass is done: every gradient has arrived.",
        "> p grad(x)",
        "∂L/∂x = -4",
    ]


def test_from_a_file_with_comments(commands: Commands, tmp_path: Path) -> None:
    script = file(tmp_path, "# A session\ns; p q   # the sum\n\nn\n", "session")
    outcome = commands("run", "add_multiply", "--commands", script)
    assert outcome == commands("run", "add_multiply", "-x", "s; p q", "-x", "n")
    assert [line for line in outcome.out.splitlines() if line.startswith(">")] == ["> s", "> p q", "> n"]


def test_the_file_comes_before_what_is_typed(commands: Commands, tmp_path: Path) -> None:
    script = file(tmp_path, "s\n", "session")
    outcome = commands("run", "add_multiply", "-x", "p q", "--commands", script)
    assert [line for line in outcome.out.splitlines() if line.startswith(">")] == ["> s", "> p q"]


def test_standard_input() -> None:
    done = program("run", "add_multiply", "--commands", "-", stdin=None, input=b"end\np grad(z)\n")
    assert done.returncode == 0
    assert done.stdout.decode().endswith("> p grad(z)\n∂L/∂z = 3\n".encode().decode())


def test_the_scenario_on_standard_input() -> None:
    done = program("run", "-", "-x", "end; p grad(x); save", stdin=None, input=GOOD.encode())
    assert done.returncode == 2
    assert "= 5\n> save\n! this scenario is not in a folder" in done.stdout.decode()


def test_a_position_to_begin_at(commands: Commands) -> None:
    assert commands("run", "add_multiply", "--at", "5", "-x", "s").out.startswith("> s\n6/7")
    assert "there is no position 8" in commands.refused("run", "add_multiply", "--at", "8", "-x", "s")


def test_other_values(commands: Commands) -> None:
    assert "q = 8" in commands("run", "add_multiply", "--set", "x=3", "-x", "s; p q").out


def test_a_language(commands: Commands) -> None:
    assert "순전파" in commands("run", "add_multiply", "--lang", "ko", "-x", "s").out


# How it ends


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("s", 0),
        ("", 0),
        ("end; expect q == 3", 0),
        ("end; expect q == 4", 1),
        ("expect q == 3", 1),
        ("nonsense", 2),
        ("undo", 2),
        ("end; expect q == 4; nonsense", 2),
        ("nonsense; end; expect q == 4", 2),
        ("q; nonsense", 0),
        ("i", 0),
    ],
)
def test_the_exit_code_is_that_of_the_worst(commands: Commands, script: str, code: int) -> None:
    assert commands("run", "add_multiply", "-x", script).code == code


def test_an_error_is_shown_in_its_place_and_the_script_goes_on(commands: Commands) -> None:
    outcome = commands("run", "add_multiply", "-x", "s; p nothing; g 99; p q")
    assert outcome.out.splitlines()[-5:] == [
        "! there is no node nothing",
        "> g 99",
        "! there is no position 99: positions run from 0 to 7, or from 0% to 100%",
        "> p q",
        "q = 3",
    ]
    assert outcome.err == "backprop-tui: 2 commands could not be carried out\n"


@pytest.mark.parametrize("option", [("--json",), ("--step-into",), ("--iteration", "0")])
def test_what_is_for_the_whole_run_is_refused(commands: Commands, option: tuple[str, ...]) -> None:
    said = commands.refused("run", "add_multiply", "-x", "s", *option)
    assert f"{option[0]} applies to the whole run" in said


def test_a_file_that_cannot_be_read(commands: Commands, tmp_path: Path) -> None:
    assert "there is no such file" in commands.refused("run", "apples", "--commands", str(tmp_path / "none"))
    assert "a directory" in commands.refused("run", "apples", "--commands", str(tmp_path))
    binary = tmp_path / "binary"
    binary.write_bytes(b"s\0\xff")
    assert "binary" in commands.refused("run", "apples", "--commands", str(binary))
    assert "cannot both come from standard input" in commands.refused("run", "-", "--commands", "-")


def test_a_broken_scenario_plays_nothing(commands: Commands, tmp_path: Path) -> None:
    outcome = commands("run", file(tmp_path, BROKEN), "-x", "s")
    assert (outcome.code, outcome.out) == (2, "")


def test_what_a_terminal_would_obey_is_shown_harmlessly(commands: Commands) -> None:
    outcome = commands("run", "add_multiply", "-x", "p \x1b[31m; b \x07")
    assert outcome.code == 2
    assert "\x1b" not in outcome.out
    assert "␛" in outcome.out


# Files


def test_breakpoints_of_the_scenario_and_saved_ones(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, GOOD + "breakpoints: [x]\n")
    outcome = commands("run", path, "-x", "info b; b op mul; watch x * y; save")
    assert "  1  x  " in outcome.out
    saved = commands("run", path, "-x", "info b; info w")
    assert "  2  op mul  " in saved.out
    assert "x * y" in saved.out
    assert saved.err == ""


def test_a_breakpoint_of_the_scenario_on_nothing_is_refused(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, GOOD + "breakpoints: [x, nothing]\n")
    outcome = commands("run", path, "-x", "info b")
    assert outcome.code == 2
    assert f"{path}:8:18: error[breakpoint]: there is no node nothing" in outcome.err


def test_only_what_is_asked_for_is_written(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, GOOD)
    commands("run", path, "-x", "b f; c; set x = 3; undo; nudge x; info; q")
    assert [one.name for one in tmp_path.iterdir()] == ["case.yaml"]


def test_an_exported_scenario_is_one(commands: Commands, tmp_path: Path) -> None:
    target = tmp_path / "other.yaml"
    assert commands("run", "add_multiply", "-x", f"set x = 3; export {target}").code == 0
    assert "q = 8" in commands("run", str(target), "-x", "s; p q").out
    assert commands("run", "add_multiply", "-x", f"export {target}").code == 2


@pytest.mark.thorough
@pytest.mark.parametrize("stem", tried(["bptt", "wrong_learning_rate", "softmax_classifier"], ["bptt"]))
def test_the_same_bytes_every_time(stem: str) -> None:
    script = "info; c; rc; b above 0.1; c; who W_hh; why x; set x = 0; find h; nodes; end; nodes"
    runs = {program("run", stem, "-x", script).stdout for _ in range(2)}
    assert len(runs) == 1
