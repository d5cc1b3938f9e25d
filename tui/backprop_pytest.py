"""The pytest plugin: scenarios are tests, and a screen of the debugger is a value that a test can compare.

pytest imports this module whenever it starts in an environment that has it, and a module in a package would
bring its package along. So it is independent and imports pytest alone; the rest is loaded for the first
scenario that is collected, and for the first screen that is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from backprop_tui.pytest_plugin.screens import Screen

SUFFIXES: Final = (".scenario.yaml", ".scenario.yml")
FOLDERS: Final = "backprop_scenarios"
LANGUAGE: Final = "backprop_language"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings, in pytest's own configuration file."""
    parser.addini(
        FOLDERS, "folders in which every .yaml and .yml file is a scenario", type="paths", default=[]
    )
    parser.addini(LANGUAGE, "the language of what is wrong with a scenario: en or ko", default="en")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect ``*.scenario.yaml`` anywhere, other YAML files only in the folders that the project names."""
    if not file_path.name.endswith(SUFFIXES):
        folders: list[Path] = parent.config.getini(FOLDERS)
        inside = any(folder in file_path.parents for folder in folders)
        if not inside or file_path.suffix not in (".yaml", ".yml"):
            return None
    from backprop_tui.pytest_plugin.items import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


@pytest.fixture
def backprop_screen(request: pytest.FixtureRequest) -> Callable[..., Screen]:
    """Draw a screen of the debugger: a function of a scenario and of what was pressed.

    The function's arguments are those of `backprop_tui.pytest_plugin.screens.draw`; a path is taken from the
    folder of the test's file.
    """
    from functools import partial

    from backprop_tui.pytest_plugin.screens import draw

    return partial(draw, folder=request.path.parent)
