"""`run --step-into`: the steps inside composite operators, under those of their node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from command_line import Commands, file

NEURON = """
inputs: {x: 0}
nodes:
  y: sigmoid(x)
  f: y ** 2
"""


@pytest.fixture
def steps(commands: Commands, tmp_path: Path) -> list[dict[str, Any]]:
    outcome = commands("run", file(tmp_path, NEURON), "--json", "--step-into")
    assert outcome.code == 0
    found: list[dict[str, Any]] = json.loads(outcome.out)["steps"]
    return found


def test_the_outer_steps_are_the_same(
    steps: list[dict[str, Any]], commands: Commands, tmp_path: Path
) -> None:
    plain = json.loads(commands("run", file(tmp_path, NEURON), "--json").out)["steps"]
    assert [{key: step[key] for key in step if key != "inside"} for step in steps] == plain
    assert all("inside" not in step for step in plain)


def test_a_forward_step_holds_the_inner_forward_pass(steps: list[dict[str, Any]]) -> None:
    inner = steps[0]["inside"]
    assert [step["index"] for step in inner] == list(range(1, len(inner) + 1))
    assert {step["kind"] for step in inner} == {"forward"}
    assert inner[-1]["node"] == "y.out"
    assert inner[-1]["value"] == steps[0]["value"] == 0.5


def test_the_first_backward_step_holds_the_rest(steps: list[dict[str, Any]]) -> None:
    outer = next(step for step in steps if step["kind"] == "backward" and step["node"] == "y")
    inner = outer["inside"]
    assert inner[0]["kind"] == "seed"
    assert inner[0]["index"] == steps[0]["inside"][-1]["index"] + 1
    assert inner[0]["gradient"] == outer["upstream"]
    assert (inner[-1]["operand"], inner[-1]["product"]) == ("a", outer["product"])


def test_elementary_steps_have_no_inside(steps: list[dict[str, Any]]) -> None:
    assert [step["node"] for step in steps if "inside" in step] == ["y", "y"]


def test_the_text_is_indented(commands: Commands, tmp_path: Path) -> None:
    lines = commands("run", file(tmp_path, NEURON), "--step-into", "--brief").out.splitlines()
    plain = commands("run", file(tmp_path, NEURON), "--brief").out.splitlines()
    inner = [line for line in lines if "y." in line]
    assert [line for line in lines if line not in inner] == plain
    assert all(line.startswith("        ") for line in inner)


@pytest.mark.parametrize("scenario", ["softmax_classifier", "rnn_cell", "add_multiply"])
def test_bundled_scenarios(commands: Commands, scenario: str) -> None:
    for extra in ((), ("--json",), ("--lang", "ko")):
        outcome = commands("run", scenario, "--step-into", *extra)
        assert (outcome.code, outcome.err) == (0, "")
