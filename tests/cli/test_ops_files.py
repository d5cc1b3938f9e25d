"""`--ops FILE.py`: operators of a Python file of one's own, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backprop_engine.evaluation.composed_operators import OWN
from backprop_engine.ops import OPS
from backprop_engine.testing.define import undefine
from command_line import Commands

USING = "inputs: {x: 2}\nnodes: {y: doubled(x)}\nexpect: {values: {y: 4}, grads: {x: 2}}\n"
DEFINING = 'from backprop_engine import define\n\ndefine("doubled", inputs="a", forward="2 * a")\n'


@pytest.fixture(autouse=True)
def table_as_before() -> Iterator[None]:
    yield
    for name in [name for name, op in OPS.items() if op.family == OWN]:
        undefine(name)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    scenario, operators = tmp_path / "using.yaml", tmp_path / "own.py"
    scenario.write_text(USING)
    operators.write_text(DEFINING)
    return str(scenario), str(operators)


def test_every_command_knows_the_operators_of_the_file(commands: Commands, files: tuple[str, str]) -> None:
    scenario, operators = files
    assert commands("check", scenario, "--ops", operators).code == 0
    assert "y = doubled(x)" in commands("run", scenario, f"--ops={operators}").out
    assert "2 * a" in commands("ops", "doubled", "--ops", operators).out
    assert commands("--ops", operators, "snapshot", scenario, "-o", "-").code == 0


def test_a_scenario_alone_does_not_know_them(commands: Commands, files: tuple[str, str]) -> None:
    outcome = commands("check", files[0])
    assert outcome.code == 2
    assert "unknown-op" in outcome.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\nraise ValueError('no')\n", "own.py:2: ValueError: no"),
        ("x = (\n", "own.py:1: SyntaxError"),
        ("import sys\nsys.exit(3)\n", "own.py:2: SystemExit: 3"),
        (DEFINING.replace("2 * a", "2 * b"), "own.py:3: `2 * b`: `b` is not an input of the operator"),
    ],
)
def test_a_file_that_fails_is_named_with_its_line(
    commands: Commands, files: tuple[str, str], text: str, words: str
) -> None:
    Path(files[1]).write_text(text)
    outcome = commands("check", files[0], "--ops", files[1])
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err
    assert "Traceback" not in outcome.err


def test_a_file_that_is_not_there_is_named(commands: Commands, files: tuple[str, str]) -> None:
    outcome = commands("run", files[0], "--ops", "nowhere.py")
    assert outcome.code == 2
    assert "nowhere.py: no such file" in outcome.err


def test_what_it_prints_is_no_part_of_the_output(commands: Commands, files: tuple[str, str]) -> None:
    Path(files[1]).write_text(DEFINING + "\nprint('hello')\n")
    outcome = commands("run", files[0], "--ops", files[1], "--json")
    assert outcome.out.startswith("{")
    assert "hello" in outcome.err


@pytest.mark.parametrize("given", ["'text'", "None", "[object()]"])
def test_a_function_that_gives_no_numbers_is_named(commands: Commands, tmp_path: Path, given: str) -> None:
    scenario, operators = tmp_path / "odd.yaml", tmp_path / "odd.py"
    name = f"odd{len(given)}"
    scenario.write_text(f"inputs: {{x: [1, 2]}}\nnodes: {{L: sum({name}(x))}}\n")
    operators.write_text(
        "from backprop_engine import define\n"
        f"define({name!r}, inputs='a', forward=lambda a: {given}, backward={{'a': lambda g, out, a: g}})\n"
    )
    outcome = commands("check", str(scenario), "--ops", str(operators))
    assert outcome.code == 2
    assert f"the function of `{name}` does not return numbers" in outcome.err
