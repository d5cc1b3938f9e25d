"""`ops`: the catalogue on the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from backprop_engine.ops import OPS
from command_line import Commands
from programs import environment


def test_the_table(commands: Commands) -> None:
    outcome = commands("ops")
    assert (outcome.code, outcome.err) == (0, "")
    assert "matmul" in outcome.out
    assert "A matrix product" in outcome.out


def test_a_page(commands: Commands) -> None:
    outcome = commands("ops", "tanh")
    assert outcome.code == 0
    assert "da = g * (1 - out ** 2)" in outcome.out
    assert "∂L/∂a" in outcome.out


@pytest.mark.parametrize(
    ("name", "title"), [("tanh", "tanh  activations"), ("sigmoid", "σ sigmoid  activations")]
)
def test_a_sign_that_is_the_name_is_not_written_twice(commands: Commands, name: str, title: str) -> None:
    assert commands("ops", name).out.splitlines()[0] == title


@pytest.mark.parametrize("arguments", [("ops",), ("ops", "softmax")])
def test_in_korean(commands: Commands, arguments: tuple[str, ...]) -> None:
    assert "정규화" in commands(*arguments, "--lang", "ko").out


def test_data_of_all_and_of_one(commands: Commands) -> None:
    every = json.loads(commands("ops", "--json").out)
    assert sorted(one["name"] for one in every) == sorted(OPS)
    (one,) = json.loads(commands("ops", "softmax", "--json").out)
    assert one in every
    assert one["attributes"][0]["default"] == -1


def test_an_unknown_operator(commands: Commands) -> None:
    assert "did you mean `softmax`?" in commands.refused("ops", "sofmax")
    assert "\x1b" not in commands.refused("ops", "\x1b[31m")


@pytest.mark.parametrize(
    ("name", "said"), [("lstm", "a `scan`"), ("chunk", "`split("), ("view", "`reshape(")]
)
def test_what_is_called_otherwise_elsewhere_is_said_as_in_a_scenario(
    commands: Commands, name: str, said: str
) -> None:
    refusal = commands.refused("ops", name)
    assert said in refusal
    assert "did you mean" not in refusal


def test_the_app_does_not_load_the_catalogue() -> None:
    code = "import sys, backprop_tui.app; print([name for name in sys.modules if 'catalogue' in name])"
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_a_derivative_says_what_it_is(commands: Commands) -> None:
    lines = commands("ops", "jvp").out.splitlines()
    assert lines[0] == "jvp(f, x, v)"
    assert "forward" in lines[2]
