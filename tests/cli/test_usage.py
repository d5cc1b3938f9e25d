"""What can be wrong with a command line: always exit code 2, a sentence on standard error, no traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backprop_tui import __version__
from backprop_tui.cli.arguments import memory, size
from backprop_tui.cli.main import SUBCOMMANDS
from command_line import BROKEN, GOOD, Commands, file
from programs import environment, program

USES = {
    "run": ("run", "{}"),
    "check": ("check", "{}"),
    "snapshot": ("snapshot", "{}", "-o", "-"),
    "practice": ("practice", "{}"),
    "open": ("{}",),
    "serve": ("serve", "{}"),
}
"""Every way to name a scenario."""
USED = [pytest.param(arguments, id=name) for name, arguments in USES.items()]


def _of(arguments: tuple[str, ...], scenario: str) -> list[str]:
    return [argument.format(scenario) for argument in arguments]


def _told(commands: Commands, arguments: tuple[str, ...], scenario: str) -> str:
    """What is said of a scenario that cannot be used; `check` has results on standard output as well."""
    outcome = commands(*_of(arguments, scenario))
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    assert outcome.out == "" or arguments[0] == "check"
    return outcome.err


# Help


@pytest.mark.parametrize("name", ["", *SUBCOMMANDS])
def test_help(commands: Commands, name: str) -> None:
    outcome = commands(*([name] if name else []), "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"usage: {' '.join(['backprop-tui', name]).strip()} ")
    assert max(map(len, outcome.out.splitlines())) <= 100
    for command, what in SUBCOMMANDS.items():
        if not name:
            assert re.search(rf"^  {command} +{re.escape(what)}$", outcome.out, re.MULTILINE)


def test_every_subcommand_names_its_options(commands: Commands) -> None:
    options = {
        "run": "--set --max-memory --threads --lang --json --at --step-into",
        "check": "--max-memory --threads --lang",
        "snapshot": "--set --max-memory --threads --lang --output --at --size --keys --theme --ascii",
        "practice": "--seed --only --count --bug --report --csv --set --max-memory --lang",
        "list": "--track --lang",
        "ops": "--json --lang",
        "new": "--lang",
        "export": "--to --at --output --set --max-memory --lang",
        "schema": "--of --lang",
        "doctor": "--json --lang",
        "serve": "--at --set --lang --theme --ascii --max-memory --threads --port --sessions",
        "completion": "--lang",
    }
    assert set(options) == set(SUBCOMMANDS)
    for name, wanted in options.items():
        told = commands(name, "--help").out
        assert [option for option in wanted.split() if option not in told] == []
    told = commands("--help").out
    for option in (
        "--at",
        "--lang",
        "--theme",
        "--ascii",
        "--set",
        "--stage",
        "--max-memory",
        "--no-animation",
        "--version",
    ):
        assert option in told


def test_version(commands: Commands) -> None:
    assert commands("--version") == (0, f"backprop-tui {__version__}\n", "")


# Options before the subcommand


@pytest.mark.parametrize(
    ("before", "rest"),
    [
        ("--lang ko", "run add_multiply"),
        ("--lang=ko --set x=5", "run add_multiply"),
        ("--lang ko --max-memory 1GiB", "check add_multiply"),
        ("--lang ko", "ops tanh"),
        ("--ascii --at 2", "snapshot add_multiply --output -"),
    ],
)
def test_options_of_several_subcommands_may_stand_first(commands: Commands, before: str, rest: str) -> None:
    found = commands(*before.split(), *rest.split())
    assert found.code == 0
    assert found == commands(*rest.split(), *before.split())


def test_options_before_a_subcommand_are_checked_like_others(commands: Commands) -> None:
    assert "run: error: argument --lang: invalid choice: 'xx'" in commands.refused(
        "--lang", "xx", "run", "add_multiply"
    )
    assert "ops: error: unrecognized arguments: --set" in commands.refused("--set", "x=5", "ops")
    assert "expected one argument" in commands.refused("--lang")


# Scenarios that are none


@pytest.mark.parametrize("arguments", USED)
def test_a_name_that_is_no_scenario(commands: Commands, arguments: tuple[str, ...]) -> None:
    told = _told(commands, arguments, "add_multipli")
    assert "add_multipli" in told
    assert "error[" in told


@pytest.mark.parametrize("arguments", USED)
def test_a_mistake_is_told_with_its_place(
    commands: Commands, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    path = file(tmp_path, BROKEN)
    lines = _told(commands, arguments, path).splitlines()
    assert lines[0].startswith(f"{path}:4:10: error[")
    assert lines[1] == "    4 |   f: x * yy"
    assert lines[2] == "      |          ^^"


@pytest.mark.parametrize("arguments", [one for one in USED if one.id in ("run", "snapshot")])
def test_a_folder_is_no_scenario(commands: Commands, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    told = _told(commands, arguments, str(tmp_path))
    assert told.startswith(f"{tmp_path}")
    assert "error[" in told


@pytest.mark.parametrize("arguments", [one for one in USED if one.id in ("check", "open", "serve")])
def test_a_folder_without_a_scenario(commands: Commands, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    told = _told(commands, arguments, str(tmp_path))
    assert told.startswith(f"backprop-tui: {tmp_path}: there is no scenario in this folder")


@pytest.mark.parametrize(
    ("language", "hint"),
    [
        ("en", "  hint: `backprop-tui run/` opens the folder run\n"),
        ("ko", "  힌트: 폴더 run을 열려면 `backprop-tui run/`처럼 쓰세요\n"),
    ],
)
def test_a_folder_that_is_called_as_a_subcommand(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = commands("run", "--lang", language)
    assert outcome.code == 2
    assert hint not in outcome.err
    (tmp_path / "run").mkdir()
    outcome = commands("run", "--lang", language)
    assert outcome.code == 2
    assert outcome.err.endswith(hint)


@pytest.mark.parametrize("arguments", USED)
def test_a_binary_file_is_no_scenario(commands: Commands, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    path = tmp_path / "binary.yaml"
    path.write_bytes(bytes(range(256)))
    assert _told(commands, arguments, str(path)).startswith(f"{path}:1:1: error[")


@pytest.mark.parametrize("arguments", USED)
def test_a_pipe_in_the_file_system_is_not_opened(
    commands: Commands, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Opening one would wait for a writer for ever."""
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    assert str(path) in _told(commands, arguments, str(path))


@pytest.mark.parametrize("arguments", USED)
def test_a_device_is_not_opened(commands: Commands, arguments: tuple[str, ...]) -> None:
    assert "/dev/zero" in _told(commands, arguments, "/dev/zero")


@pytest.mark.parametrize("arguments", USED)
@pytest.mark.parametrize("name", ["", "a\nb", "\x1b[31m", "x" * 5000, "[red]/x.yaml"])
def test_a_strange_name_is_told_harmlessly(
    commands: Commands, tmp_path: Path, arguments: tuple[str, ...], name: str
) -> None:
    outcome = commands(*_of(arguments, name))
    assert outcome.code == 2
    assert outcome.err
    assert [one for one in outcome.err + outcome.out if one < " " and one != "\n"] == []


def test_strange_arguments_are_told_harmlessly(commands: Commands, tmp_path: Path) -> None:
    strange = "\x1b[31mred"
    (tmp_path / strange).mkdir()
    for arguments in (
        ("run", "add_multiply", "--set", f"{strange}=3"),
        ("run", "add_multiply", "--max-memory", strange),
        ("run", "add_multiply", f"--{strange}"),
        ("run", "add_multiply", "--lang", strange),
        ("snapshot", "add_multiply", "-o", strange),
        ("snapshot", "add_multiply", "-o", f"/nonexistent/{strange}.txt"),
        ("snapshot", "add_multiply", "-o", "-", "--theme", strange),
        ("snapshot", "add_multiply", "-o", "-", "--size", strange),
        ("check", str(tmp_path / strange)),
    ):
        told = commands.refused(*arguments)
        assert [one for one in told if one < " " and one != "\n"] == [], arguments


def test_a_path_wins_over_a_stem_where_it_looks_like_one(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file(tmp_path, GOOD, "add_multiply")
    file(tmp_path, GOOD, "mine")
    assert "f = q · z" in commands("run", "add_multiply").out
    assert "f = x · y" in commands("run", "./add_multiply").out
    assert "f = x · y" in commands("run", "mine").out


# Arguments


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "add_multiply", "--at", "8"), "there is no position 8: the run has positions 0 to 7"),
        (("run", "add_multiply", "--at", "-1"), "there is no position -1: the run has positions 0 to 7"),
        (("run", "add_multiply", "--at", "seven"), "--at"),
        (("run", "add_multiply", "--set", "x"), "write a name, `=` and a number or list"),
        (("run", "add_multiply", "--set", "q=3"), "q is computed: only leaves can be set"),
        (("run", "add_multiply", "--set", "w=3"), "there is no leaf w"),
        (("run", "add_multiply", "--set", "x=[1, 2]"), "x is (), but the value is 2"),
        (("run", "add_multiply", "--set", "x=red"), "x=red: "),
        (("run", "rnn_cell", "--max-memory", "10"), "error["),
        (("run", "add_multiply", "--max-memory", "much"), "'much' is not a size: write 4GiB"),
        (("run", "add_multiply", "--lang", "fr"), "invalid choice: 'fr'"),
        (("run", "add_multiply", "--threads", "many"), "--threads"),
        (("run", "add_multiply", "--nonsense"), "--nonsense"),
        (("run",), "SCENARIO"),
        (("run", "add_multiply", "rnn_cell"), "rnn_cell"),
        (("check",), "PATH"),
        (("add_multiply", "--at", "8"), "there is no position 8"),
        (("add_multiply", "--theme", "nonsense"), "there is no theme nonsense"),
        (("add_multiply", "--set", "q=3"), "q is computed"),
        (("-",), "standard input can be read by run, check and snapshot"),
    ],
)
def test_arguments_that_mean_nothing(commands: Commands, arguments: tuple[str, ...], said: str) -> None:
    assert said in commands.refused(*arguments)


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [
        ("0", 0),
        ("1000000", 10**6),
        ("4GiB", 4 * 2**30),
        ("4gb", 4 * 2**30),
        ("512M", 512 * 2**20),
        ("1.5k", 1536),
        (" 2 TiB ", 2 * 2**40),
        ("7B", 7),
    ],
)
def test_a_size_of_memory(text: str, bytes_: int) -> None:
    assert memory(text) == bytes_


@pytest.mark.parametrize("text", ["", "GiB", "-1", "1e9", "4 GiBs", "4PiB", "1.k", "0x10", "４x"])
def test_no_size_of_memory(text: str) -> None:
    with pytest.raises(Exception, match="is not a size: write 4GiB"):
        memory(text)


@pytest.mark.parametrize(
    ("text", "cells"), [("120x40", (120, 40)), ("10x5", (10, 5)), (" 1000X500 ", (1000, 500))]
)
def test_a_size_of_a_screen(text: str, cells: tuple[int, int]) -> None:
    assert size(text) == cells


def test_more_memory_can_be_allowed(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, "inputs: {x: {shape: [100, 100], init: ones}}\nnodes: {f: sum(x * x)}\n")
    assert "error[" in commands.refused("run", path, "--max-memory", "64KiB")
    assert commands("run", path, "--max-memory", "1GiB").code == 0


# Streams


def test_results_and_diagnostics_keep_apart(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, "inputs: {x: 2, idle: 1}\nnodes: {f: x * x}\nexpect: {values: {f: 5}}\n")
    outcome = commands("run", path, "--json")
    assert outcome.code == 0
    assert outcome.out.startswith("{")
    assert outcome.out.count("\n") == 1
    assert "warning[unreached]" in outcome.err
    assert "warning[expect-differs]" in outcome.err


def test_the_program_ends_with_these_codes(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, GOOD.replace("-10", "-11"))
    assert commands("run", "add_multiply").code == 0
    assert program("check", path).returncode == commands("check", path).code == 1
    assert commands("run", "nonsense").code == 2
    assert commands("run", "add_multiply", "--nonsense").code == 2
    assert program("--version").stdout.decode() == f"backprop-tui {__version__}\n"


def test_without_a_terminal_nothing_is_coloured() -> None:
    assert b"\x1b" not in program("run", "add_multiply").stdout


# Languages


@pytest.mark.parametrize("arguments", [("run", "no_such"), ("check", "no_such"), ("no_such",)])
def test_mistakes_are_told_in_the_language_asked_for(commands: Commands, arguments: tuple[str, ...]) -> None:
    assert "error[file-not-found]: there is no such file" in commands(*arguments).err
    for language in (("--lang", "ko"), ("--lang=ko",)):
        assert "오류[file-not-found]: 그런 파일이 없습니다" in commands(*arguments, *language).err


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("rnn_cel", "did you mean `rnn_cell`?"),
        ("lstm_cells_of_torch", "did you mean `lstm`?"),
        ("no_such", "`backprop-tui` without arguments lists the bundled scenarios"),
    ],
)
def test_a_name_that_no_scenario_has_gets_a_way_on(commands: Commands, name: str, hint: str) -> None:
    assert f"hint: {hint}" in commands("run", name).err


def test_the_app_tells_mistakes_in_the_language_of_the_locale(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert "오류[file-not-found]" in commands.refused("no_such")
    assert "error[file-not-found]" in commands.refused("no_such", "--lang", "en")
    assert "error[file-not-found]" in commands.refused("run", "no_such")


def test_help_loads_no_more_than_it_needs() -> None:
    told = program("--help", env=environment(PYTHONPROFILEIMPORTTIME="1")).stderr.decode()
    loaded = {line.rpartition("|")[2].strip() for line in told.splitlines()}
    assert "backprop_tui.cli.parser" in loaded
    assert loaded.isdisjoint({"numpy", "asyncio", "textual", "rich", "yaml", "backprop_engine.graph"})
    assert loaded.isdisjoint({"msgspec", "dataclasses", "shutil", "locale", "backprop_tui.cells.text"})


def test_help_waits_for_no_module_that_it_does_not_need() -> None:
    code = (
        "import sys; before = {*sys.modules}\n"
        "import backprop_tui.cli.main as main\n"
        "try: main.run(['--help'])\n"
        "except SystemExit: print(*{*sys.modules} - before, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {*done.stderr.split()}
    assert {"backprop_tui.cli.arguments", "backprop_tui.cli.parser"} <= loaded
    slow = {
        "typing",
        "pathlib",
        "urllib.parse",
        "shutil",
        "inspect",
        "dataclasses",
        "asyncio",
        "msgspec",
        "numpy",
    }
    assert sorted(slow & loaded) == []
