"""One plain environment for every test, whatever the terminal it is started from."""

from __future__ import annotations

import compileall
import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from asserting import pytest_pyfunc_call  # noqa: F401 - a hook
from effort import CASES, THOROUGH, examples, in_share, spread

pytest_plugins = ["pytester"]

_DISTURBING = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "LC_ALL", "LC_MESSAGES", "PYTHON_COLORS")
_TESTS = Path(__file__).parent
_HELPERS = {path.stem for path in (_TESTS / "support").glob("*.py")}

# Textual reads its variables while it is imported, so they go before any test is collected.
for _name in (*_DISTURBING, *(name for name in os.environ if name.startswith("TEXTUAL"))):
    os.environ.pop(_name, None)
os.environ["LANG"] = "en_US.UTF-8"
_user_folder = TemporaryDirectory()  # nobody's settings are read, and nobody's progress is written
os.environ["XDG_CONFIG_HOME"] = _user_folder.name

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
    own = tempfile.TemporaryDirectory(prefix="backprop-tui-")  # nobody's settings and practice
    os.environ["XDG_CONFIG_HOME"] = own.name
    config.add_cleanup(own.cleanup)
    config.addinivalue_line("markers", "thorough: runs where BACKPROP_EFFORT is thorough")
    config.addinivalue_line("markers", "every_case: runs with all of its cases, whatever the effort")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Half as many workers again as there are cores: a case that drives the app waits for a third of it."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores * 3 // 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Compile the packages once, before each worker would."""
    for package in ("engine", "tui"):
        compileall.compile_dir(_TESTS.parent / package, quiet=2, workers=0)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[Any]:
    """Collect without looking for garbage: all that is made here stays, and is left alone afterwards."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Only some cases of functions in the folders that `CASES` names, but for those that are marked."""
    if THOROUGH or not metafunc._calls or metafunc.definition.get_closest_marker("every_case"):
        return
    quick = [case for case in metafunc._calls if all(mark.name != "thorough" for mark in case.marks)]
    folder = metafunc.definition.path.parent.relative_to(_TESTS).as_posix()
    kept = [quick[number] for number in spread(len(quick), CASES.get(folder, len(quick)))]
    metafunc._calls = kept or metafunc._calls[:1]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def wanted(item: pytest.Item) -> bool:
        return (THOROUGH or item.get_closest_marker("thorough") is None) and in_share(item.nodeid)

    left = [item for item in items if not wanted(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if wanted(item)]
