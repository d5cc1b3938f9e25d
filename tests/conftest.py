"""One plain environment for every test, whatever the terminal it is started from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from asserting import pytest_pyfunc_call  # noqa: F401 - a hook
from effort import CASES, THOROUGH, examples, spread

pytest_plugins = ["pytester"]

_DISTURBING = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "LC_ALL", "LC_MESSAGES", "PYTHON_COLORS")
_TESTS = Path(__file__).parent
_HELPERS = {path.stem for path in (_TESTS / "support").glob("*.py")}

# Textual reads its variables while it is imported, so they go before any test is collected.
for _name in (*_DISTURBING, *(name for name in os.environ if name.startswith("TEXTUAL"))):
    os.environ.pop(_name, None)
os.environ["LANG"] = "en_US.UTF-8"

pytest.register_assert_rewrite(
    *_HELPERS - {"asserting", "effort"}, "planting", "opinion", "random_graphs", "chromium"
)

settings.register_profile(
    "untimed",
    max_examples=examples(100),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "thorough: runs where BACKPROP_EFFORT is thorough, as in .ci/run")


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Keep some of the cases of a function in the folders that `CASES` names, before a test is made of each:
    pytest has no public way to that, and making all takes as long as running a quarter of them.
    """
    folder = Path(metafunc.definition.path).parent.relative_to(_TESTS).as_posix()
    if not THOROUGH and folder in CASES:
        calls = metafunc._calls
        metafunc._calls = [calls[number] for number in spread(len(calls), CASES[folder])]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if THOROUGH:
        return
    kept = [item for item in items if not item.get_closest_marker("thorough")]
    if len(kept) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("thorough")])
        items[:] = kept
