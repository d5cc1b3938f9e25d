"""The engine imports downward only and knows no screen, as a fresh interpreter sees it."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import backprop_engine
from effort import tried

PACKAGE = "backprop_engine"
FLOORS = (
    *(
        "messages.message",
        "errors",
        "arrays",
        "ops",
        "optim",
        "graph.steps",
        "graph.graph",
        "trace.trace",
        "trace.record",
    ),
    *("derivatives.local_gradients", "derivatives.numeric_check"),
)
"""Lowest first."""


def _loaded_by(*modules: str) -> set[str]:
    """The modules in memory after importing `modules` and nothing else."""
    program = "; ".join([*(f"import {module}" for module in modules), "import sys", "print(*sys.modules)"])
    source = str(Path(backprop_engine.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def _every_module() -> list[str]:
    return [
        PACKAGE,
        *(found.name for found in pkgutil.walk_packages(backprop_engine.__path__, f"{PACKAGE}.")),
    ]


def test_the_engine_knows_no_screen() -> None:
    modules = _every_module()
    assert {f"{PACKAGE}.{floor}" for floor in FLOORS} <= set(modules)
    loaded = _loaded_by(*modules)
    assert set(modules) <= loaded
    roots = {module.partition(".")[0] for module in loaded}
    assert roots & {"textual", "rich", "backprop_tui", "autograd", "pytest", "hypothesis"} == set()


def test_the_package_alone_loads_nothing() -> None:
    loaded = _loaded_by(PACKAGE)
    assert {module for module in loaded if module.startswith(f"{PACKAGE}.")} == set()
    assert {module.partition(".")[0] for module in loaded} & {"numpy", "yaml", "msgspec", "wcwidth"} == set()


@pytest.mark.parametrize("floor", tried(FLOORS, FLOORS[::5]))
def test_a_floor_loads_none_above_it(floor: str) -> None:
    loaded = _loaded_by(f"{PACKAGE}.{floor}")
    above = {f"{PACKAGE}.{one}" for one in FLOORS[FLOORS.index(floor) + 1 :]}
    above |= {f"{PACKAGE}.{one}" for one in ("trace.run", "scenario", "debugger", "explain")}
    assert loaded & above == set()


@pytest.mark.parametrize("module", ["messages.message", "errors"])
def test_words_need_no_numbers(module: str) -> None:
    assert "numpy" not in _loaded_by(f"{PACKAGE}.{module}")


def test_names_of_the_package_are_found_when_used() -> None:
    assert set(dir(backprop_engine)) == set(backprop_engine.__all__)
    for name in ("Graph", "GraphBuilder", "Bindings", "OPS", "record", "Trace", "UsageError"):
        assert getattr(backprop_engine, name).__class__ is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        backprop_engine.nonsense  # noqa: B018
