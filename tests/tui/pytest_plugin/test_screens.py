"""Screens as values: the same bytes whatever the environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backprop_engine.errors import ScenarioError, UsageError
from backprop_tui.pytest_plugin.screens import draw

PROGRAM = """
from backprop_tui.pytest_plugin.screens import draw
screen = draw("vanishing_sigmoids", at=16, keys="v", size=(100, 30))
print(screen.text, screen.svg, sep="")
"""
PLAIN = {"PYTHONHASHSEED": "1", "TERM": "dumb", "LANG": "C", "TZ": "Asia/Seoul", "COLUMNS": "40"}
COLOURED = {"PYTHONHASHSEED": "2", "TERM": "xterm-256color", "LANG": "ko_KR.UTF-8", "FORCE_COLOR": "1"}
OF_TEXTUAL = {"TEXTUAL_THEME": "nord", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_DIM_FACTOR": "10"}
SURROUNDINGS = (PLAIN | {"NO_COLOR": "1", "TEXTUAL_FPS": "1"}, COLOURED | OF_TEXTUAL)


@pytest.mark.thorough
def test_the_same_bytes_in_any_environment() -> None:
    def drawn(surroundings: dict[str, str]) -> bytes:
        environment = {**os.environ, **surroundings, "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True
        ).stdout

    here = draw("vanishing_sigmoids", at=16, keys="v", size=(100, 30))
    pictures = {drawn(surroundings) for surroundings in SURROUNDINGS}
    assert pictures == {f"{here.text}{here.svg}\n".encode()}


@pytest.mark.thorough
def test_keys_are_pressed_in_either_form() -> None:
    assert draw("add_multiply", keys="s s").text == draw("add_multiply", keys=["s", "s"]).text
    assert draw("add_multiply", keys="s s").text == draw("add_multiply", at=2).text


async def test_in_a_test_that_runs_in_a_loop() -> None:
    assert "step 2 of 7" in draw("add_multiply", at=2).text


def test_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    for mistake in ({"at": 99}, {"lang": "xx"}, {"size": (3, 3)}, {"theme": "xx"}):
        with pytest.raises(UsageError):
            draw("add_multiply", **mistake)  # type: ignore[arg-type]
    with pytest.raises(ScenarioError):
        draw("nothing.yaml", folder=tmp_path)


SCREEN_TEST = """
def test_screen(backprop_screen, snapshot):
    assert backprop_screen("chain.scenario.yaml", at=3, size=(80, 24)).text == snapshot
"""


@pytest.mark.thorough
def test_a_changed_screen_is_a_readable_difference(pytester: pytest.Pytester) -> None:
    scenario = "inputs: {x: -2, y: 5}\nnodes: {q: x + y}\n"
    pytester.makefile(".scenario.yaml", chain=scenario)
    pytester.makepyfile(test_screen=SCREEN_TEST)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")

    def run(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "test_screen.py", *arguments)

    assert run("--snapshot-update").parseoutcomes()["passed"] == 1
    assert run().parseoutcomes()["passed"] == 1
    Path(pytester.path, "chain.scenario.yaml").write_text(scenario.replace("-2", "-3"))
    result = run("-vv")
    assert result.parseoutcomes()["failed"] == 1
    lines = str(result.stdout).splitlines()
    assert any(re.match(r"E +- .* x -2 ", line) for line in lines)
    assert any(re.match(r"E +\+ .* x -3 ", line) for line in lines)
    assert run("--snapshot-update").parseoutcomes()["passed"] == 1
    assert run().parseoutcomes()["passed"] == 1
