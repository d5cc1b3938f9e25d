"""`schema --of run`: every run that is printed as JSON is valid, and what is not a run is not."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from backprop_engine.run_json import run_json
from backprop_engine.run_schema import run_schema
from command_line import Commands
from covering import SHOWN
from scenes import scenario

VALIDATOR = Draft202012Validator(run_schema())


def mistakes(data: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(data)]


def test_it_is_a_schema_and_printed_as_it_is(commands: Commands) -> None:
    Draft202012Validator.check_schema(run_schema())
    outcome = commands("schema", "--of", "run")
    assert (outcome.code, json.loads(outcome.out)) == (0, run_schema())


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_every_run_is_valid(stem: str) -> None:
    trace = scenario(stem).record()
    for at in (None, 0, trace.schedule.last // 2):
        data = json.loads(json.dumps(run_json(stem, trace, at, step_into=True), allow_nan=False))
        assert mistakes(data) == []


def test_a_training_lists_its_losses(commands: Commands) -> None:
    data = json.loads(commands("run", "linear_regression", "--json").out)
    assert mistakes(data) == []
    assert len(data["iterations"]) > 1


RUN = json.loads(json.dumps(run_json("add_multiply", scenario("add_multiply").record())))
BROKEN = {
    "no loss": lambda run: run.pop("loss"),
    "a key too many": lambda run: run.update(extra=1),
    "an unknown kind": lambda run: run["steps"][0].update(kind="sideways"),
    "a step without its value": lambda run: run["steps"][0].pop("value"),
    "a text for a number": lambda run: run["values"].update(x="two"),
    "an unknown form": lambda run: run["steps"][3]["local"].update(form="vague"),
    "counting from minus one": lambda run: run["steps"][3].update(argnum=-1),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_broken_is_refused(kind: str) -> None:
    data = copy.deepcopy(RUN)
    assert mistakes(data) == []
    BROKEN[kind](data)
    assert mistakes(data) != []
