"""`check`: expectations and gradients of many files."""

from __future__ import annotations

import io
import sys
from math import inf
from pathlib import Path

import pytest

from backprop_engine.derivatives.gradient_check import GradientCheck, Verdict
from backprop_engine.scenario.verify import Verification
from backprop_tui.cli import check as checking
from command_line import BROKEN, FAILING, GOOD, Commands, file
from covering import COVERING
from effort import tried
from programs import program
from scenes import STEMS

NOT_FINITE = "inputs: {x: 0}\nnodes: {f: sqrt(x)}\n"


def test_every_bundled_scenario_passes(commands: Commands) -> None:
    stems = tried(STEMS, COVERING[:10])
    outcome = commands("check", *stems)
    lines = outcome.out.splitlines()
    assert outcome.code == 0
    assert outcome.err == ""
    assert [line.split()[:2] for line in lines[:-1]] == [["ok", stem] for stem in stems]
    assert lines[-1] == f"{len(stems)} files: {len(stems)} passed"


def test_a_file_that_passes_says_what_was_compared(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, GOOD)
    outcome = commands("check", path)
    assert outcome == (0, f"ok    {path}  3 figures, 4 gradients (4 by complex step)\n1 file: 1 passed\n", "")


def test_a_failed_expectation_is_shown_at_its_place(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, FAILING)
    outcome = commands("check", path)
    assert outcome.code == 1
    assert outcome.err == ""
    assert f"FAIL  {path}" in outcome.out
    assert f"{path}:6:15: error[expect-differs]: `f` is -10, expected -11" in outcome.out
    assert outcome.out.endswith("1 file: 0 passed, 1 failed\n")


def test_a_broken_file_is_told_on_standard_error(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, BROKEN)
    outcome = commands("check", path)
    assert outcome.code == 2
    assert f"{path}:4:10: error[" in outcome.err
    assert "yy" in outcome.err
    assert outcome.out == f"BAD   {path}  1 mistake\n1 file: 0 passed, 1 could not be used\n"


def test_a_gradient_that_is_not_finite_must_be_expected(commands: Commands, tmp_path: Path) -> None:
    unnamed = file(tmp_path, NOT_FINITE, "unnamed.yaml")
    named = file(tmp_path, f"{NOT_FINITE}expect: {{grads: {{x: .inf}}}}\n", "named.yaml")
    assert commands("check", named).code == 0
    outcome = commands("check", unnamed)
    assert outcome.code == 1
    assert "x: the gradient is inf, but `expect` does not list it" in outcome.out


def test_a_value_that_is_not_finite_must_be_expected(commands: Commands, tmp_path: Path) -> None:
    text = "inputs: {x: 2}\nconstants: {low: -.inf}\nnodes: {m: x + low, f: exp(m)}\n"
    named = file(tmp_path, f"{text}expect: {{values: {{m: -.inf}}}}\n", "named.yaml")
    unnamed = file(tmp_path, text, "unnamed.yaml")
    assert commands("check", named).code == 0
    outcome = commands("check", unnamed)
    assert outcome.code == 1
    assert "m → x: the output is not finite" in outcome.out


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ((GOOD,), 0),
        ((GOOD, FAILING), 1),
        ((GOOD, BROKEN), 2),
        ((FAILING, BROKEN), 2),
        ((BROKEN, FAILING, GOOD), 2),
        ((FAILING, FAILING), 1),
    ],
)
def test_of_several_outcomes_the_highest_counts(
    commands: Commands, tmp_path: Path, files: tuple[str, ...], code: int
) -> None:
    paths = [file(tmp_path, text, f"{number}.yaml") for number, text in enumerate(files)]
    outcome = commands("check", *paths)
    assert outcome.code == code
    assert len([line for line in outcome.out.splitlines() if line[:5] in ("ok   ", "FAIL ", "BAD  ")]) == len(
        files
    )
    words = [f"{files.count(GOOD)} passed"]
    words += [f"{files.count(FAILING)} failed"] if FAILING in files else []
    words += [f"{files.count(BROKEN)} could not be used"] if BROKEN in files else []
    assert outcome.out.endswith(f"{', '.join(words)}\n")


def test_a_folder_is_searched_and_sorted(commands: Commands, tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "deep/er/c.yaml", "Z.yaml", "notes.txt", "d.yaml.bak"):
        file(tmp_path, GOOD, name)
    (tmp_path / "folder.yaml").mkdir()
    outcome = commands("check", str(tmp_path))
    found = [line.split()[1] for line in outcome.out.splitlines()[:-1]]
    assert found == [str(tmp_path / name) for name in ("Z.yaml", "a.yml", "b.yaml", "deep/er/c.yaml")]
    assert outcome.code == 0


def test_a_folder_without_a_scenario_is_bad_input(commands: Commands, tmp_path: Path) -> None:
    said = commands.refused("check", str(tmp_path))
    assert said == (
        f"backprop-tui: {tmp_path}: there is no scenario in this folder (no .yaml or .yml file)\n"
    )


def test_an_empty_folder_beside_files_is_bad_input_as_well(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, FAILING)
    (tmp_path / "empty").mkdir()
    outcome = commands("check", path, str(tmp_path / "empty"))
    assert outcome.code == 2
    assert "there is no scenario in this folder" in outcome.err


def test_a_file_that_is_not_there(commands: Commands, tmp_path: Path) -> None:
    good, missing = file(tmp_path, GOOD), str(tmp_path / "missing.yaml")
    outcome = commands("check", missing, good)
    assert outcome.code == 2
    assert missing in outcome.err
    assert f"ok    {good}" in outcome.out, "the others are checked all the same"


@pytest.mark.thorough
def test_the_result_does_not_depend_on_hashes(tmp_path: Path) -> None:
    path = file(tmp_path, FAILING)
    runs = [program("check", path, "rnn_cell"), program("check", path, "rnn_cell")]
    assert [run.returncode for run in runs] == [1, 1]
    assert runs[0].stdout == runs[1].stdout


def test_standard_input_can_be_checked() -> None:
    run = program("check", "-", stdin=None, input=GOOD.encode())
    assert run.returncode == 0
    assert run.stdout.startswith(b"ok    <stdin>")


def test_standard_input_is_checked_beside_files(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path, FAILING)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    outcome = commands("check", "-", path)
    assert outcome.code == 1
    assert outcome.out.startswith("ok    <stdin>  ")
    assert outcome.out.endswith("2 files: 1 passed, 1 failed\n")


def test_standard_input_may_be_closed(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert commands.refused("check", "-") == "backprop-tui: standard input is closed\n"


def test_of_many_wrong_gradients_a_few_are_told(commands: Commands, tmp_path: Path) -> None:
    names = [f"x{number}" for number in range(11)]
    leaves, roots = ", ".join(f"{name}: 0" for name in names), " + ".join(f"sqrt({name})" for name in names)
    outcome = commands("check", file(tmp_path, f"inputs: {{{leaves}}}\nnodes: {{f: {roots}}}\n"))
    told = [line for line in outcome.out.splitlines() if "the gradient is inf" in line]
    assert outcome.code == 1
    assert outcome.out.splitlines()[-2].strip() == f"… and {22 - len(told)} more gradients"


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (
            GradientCheck("W", Verdict.DIFFERS, "shape", 6, 0, inf, shapes=((2,), (2, 3))),
            "W: the gradient has shape 2, but the value has shape 2×3",
        ),
        (
            GradientCheck("W", Verdict.DIFFERS, "complex step", 6, 6, 0.5, (1, 2), 1.5, 3.0),
            "W[1, 2]: the gradient is 1.5, but complex step gives 3 (off by 0.5 of the largest)",
        ),
    ],
)
def test_what_a_wrong_rule_would_be_told_as(
    check: GradientCheck, told: str, commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "verify", lambda *_: Verification(0, (), (check,), (check,)))
    outcome = commands("check", file(tmp_path, GOOD))
    assert outcome.code == 1
    assert outcome.out.splitlines()[1].strip() == told
