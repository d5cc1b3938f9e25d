"""What a stranger's file, a full disk or a closed stream can do: end with exit code 2 and a sentence."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from backprop_engine import load_scenario
from backprop_engine.recordings.folders import manifest_path
from command_line import Commands
from programs import program
from recorded import recorded_mlp

HUGE = "inputs: {x: [1, 2, 3]}\nnodes: {f: sum(x * 2)}\n"
NAN = "inputs: {x: .nan}\nnodes: {f: x * 2}\nexpect: {grads: {x: 2}%s}\n"


@pytest.mark.parametrize(
    ("formula", "column"),
    [("broadcast_to(f, shape=[99999999999])", 22), ("sum(broadcast_to(f, shape=[300000000])) * x", 26)],
)
def test_a_formula_takes_no_more_memory_than_a_node(
    commands: Commands, tmp_path: Path, formula: str, column: int
) -> None:
    file = tmp_path / "formula.yaml"
    file.write_text(f'{HUGE}expect: {{grads: {{x: "{formula}"}}}}\n', "utf-8")
    outcome = commands("check", str(file))
    assert outcome.code == 2
    assert f":3:{column}: error[expect-formula]" in outcome.err


def test_standard_input_is_not_read_without_end() -> None:
    done = program("run", "-", stdin=None, input=b"\0" * (17 * 2**20))
    assert done.returncode == 2
    assert done.stderr.startswith(b"<stdin>:1:1: error[file-too-large]")


@pytest.mark.parametrize(
    "command",
    [
        ("run", "add_multiply"),
        ("run", "add_multiply", "--json"),
        ("check", "apples"),
        ("run", "--help"),
        ("--version",),
    ],
)
def test_a_full_disk_is_told(command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = program(*command, stdout=full, stderr=-1, capture_output=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"backprop-tui: standard output:")
    assert b"Traceback" not in done.stderr


def test_closed_standard_input_is_told() -> None:
    done = program("run", "-", stdin=None, beforehand="import os; os.close(0)")
    assert (done.returncode, done.stderr) == (2, b"backprop-tui: standard input is closed\n")


@pytest.mark.parametrize(("name", "code"), [("add_multiply", 0), ("no such", 2)])
def test_closed_standard_error_changes_nothing_else(name: str, code: int) -> None:
    done = program("run", name, beforehand="import os; os.close(2)")
    assert (done.returncode, done.stdout) == (code, program("run", name).stdout)


@pytest.mark.parametrize("arguments", [("run", "no such"), ("run", "add_multiply", "--at", "99"), ()])
def test_a_full_disk_for_messages_changes_no_exit_code(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = program(*arguments, stdout=-1, stderr=full, capture_output=False)
    assert (done.returncode, done.stdout) == (2, b"")


def test_without_standard_input_there_is_no_terminal() -> None:
    done = program(stdin=None, beforehand="import os; os.close(0)")
    assert done.returncode == 2
    assert done.stderr.startswith(b"backprop-tui: the debugger needs a terminal")


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_the_doctor_says_nothing_that_a_terminal_obeys(
    option: tuple[str, ...], commands: Commands, tmp_path: Path
) -> None:
    folder = tmp_path / "a\x1b[31mrun"
    recorded_mlp(folder, spoilt=1)
    manifest = manifest_path(folder)
    text = (
        manifest.read_text("utf-8")
        .replace("torch", r"torch\u001b[31m\u009b31m")
        .replace("2.13.0", r"2\u202e")
    )
    manifest.write_text(text, "utf-8")
    outcome = commands("doctor", str(folder), *option)
    assert outcome.code == 1
    assert "forward-nan" in outcome.out
    assert not [each for each in outcome.out if unicodedata.category(each) in ("Cc", "Cf") and each != "\n"]


def test_an_output_that_is_not_finite_must_be_expected(commands: Commands, tmp_path: Path) -> None:
    file = tmp_path / "nan.yaml"
    file.write_text(NAN % "", "utf-8")
    outcome = commands("check", str(file))
    assert outcome.code == 1
    assert "the output is not finite" in outcome.out
    file.write_text(NAN % ", values: {f: .nan}", "utf-8")
    assert commands("check", str(file)).code == 0


def test_a_long_sum_keeps_little_of_its_text(commands: Commands, tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text(f"inputs: {{x: 1}}\nnodes: {{f: {'+'.join(['x'] * 3000)}}}\n", "utf-8")
    graph = load_scenario(file).graph
    assert sum(len(node.text) for node in graph.nodes) < 300 * len(graph.nodes)


@pytest.mark.parametrize("threads", ["0", "-3", "99999999999999999999", "two"])
def test_threads_are_a_number(commands: Commands, threads: str) -> None:
    commands.refused("run", "add_multiply", f"--threads={threads}")


def test_a_snapshot_does_not_wait(commands: Commands, tmp_path: Path) -> None:
    commands.refused("snapshot", "add_multiply", "--keys", "wait:100000", "-o", str(tmp_path / "a.txt"))
