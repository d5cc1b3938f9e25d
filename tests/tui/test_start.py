"""What is loaded on the way to the first screen: a user waits for all of it."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import pytest

from programs import environment

MOST_ROOMS = 230
"""So many modules of both wings a first screen takes at most; where it would take more, import later."""

PROGRAM = """
import argparse, asyncio, sys
from backprop_tui.app import DebuggerApp
from backprop_tui.cli.open import add_arguments, found

async def first_screen(arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    start = found(parser.parse_args(arguments))
    app = DebuggerApp(start.view, language=start.language, theme=start.theme, settings=start.settings)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        print(*sys.modules)

asyncio.run(first_screen(sys.argv[1:]))
"""


@cache
def loaded(*arguments: str) -> frozenset[str]:
    """The modules in memory when the first screen of these arguments stands."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    nobody = environment(XDG_CONFIG_HOME=os.devnull)  # settings of one's own are read by another module
    done = subprocess.run(command, env=nobody, capture_output=True, text=True, check=True)
    return frozenset(done.stdout.split())


def test_a_first_screen_takes_few_rooms() -> None:
    rooms = [
        name for name in loaded("add_multiply") if name.startswith(("backprop_engine.", "backprop_tui."))
    ]
    assert {"backprop_tui.screens.debugger", "backprop_tui.panels.graph.picture"} <= set(rooms)
    assert len(rooms) <= MOST_ROOMS


@pytest.mark.thorough
@pytest.mark.parametrize("scenario", ["add_multiply", "rnn_cell"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_it_needs_no_table_of_all_characters(scenario: str, language: str) -> None:
    assert "wcwidth" not in loaded(scenario, "--lang", language)


@pytest.mark.parametrize(
    "module",
    [
        *("zipfile", "csv", "tomllib", "numpy.ma"),
        *("backprop_engine.scenario.read.yaml_mistakes", "backprop_engine.scenario.write.emit"),
        *("backprop_tui.screens.tour", "backprop_tui.prompt.parse", "backprop_tui.panels.plots.panel"),
    ],
)
def test_what_another_file_or_a_key_needs_is_loaded_then(module: str) -> None:
    assert module not in loaded("add_multiply")
