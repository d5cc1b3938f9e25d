"""`schema`: the JSON Schema on the command line."""

from __future__ import annotations

import json

import pytest

from backprop_engine.messages.translations import languages
from backprop_engine.scenario.schema import schema
from command_line import Commands
from programs import environment, program


@pytest.mark.parametrize("language", languages())
def test_it_prints_the_schema(commands: Commands, language: str) -> None:
    outcome = commands("schema", "--lang", language)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith("}\n")
    assert json.loads(outcome.out) == json.loads(json.dumps(schema(language)))


def test_english_unless_asked(commands: Commands) -> None:
    assert commands("schema") == commands("schema", "--lang", "en")


@pytest.mark.thorough
def test_the_same_bytes_on_every_run() -> None:
    runs = [program("schema", env=environment(PYTHONHASHSEED=seed)) for seed in ("1", "2")]
    assert runs[0].returncode == 0
    assert runs[0].stdout == runs[1].stdout
    assert runs[0].stdout.isascii() is False  # mathematics as it is written, in UTF-8


def test_arguments_that_mean_nothing(commands: Commands) -> None:
    assert "unrecognized arguments: rnn_cell" in commands.refused("schema", "rnn_cell")
    assert "invalid choice: 'fr'" in commands.refused("schema", "--lang", "fr")
