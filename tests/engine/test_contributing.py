"""The operator that CONTRIBUTING.md defines, put where it says in a copy of the engine: that is enough."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCENARIO = """
inputs: {x: 2, y: [[1, -0.5], [0.25, 3]]}
nodes:
  f: cube(x) + sum(cube(y))
expect:
  values: {f: 35.890625}
  grads: {x: 12, y: [[3, 0.75], [0.1875, 27]]}
"""
IN_THE_TABLE = """
from backprop_engine import OPS
from backprop_engine.derivatives.numeric_check import check_trace
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.graph.bindings import Bindings
from backprop_engine.trace.record import record

op = OPS["cube"]
for sample in op.samples:
    (a,) = sample.draw()
    builder = GraphBuilder()
    builder.apply(op, [builder.leaf("a", Kind.INPUT, a.shape)], "out")
    graph = builder.build()
    for result in check_trace(record(graph, Bindings.of(graph, {"a": a}, a * 0.0 + 1.5))):
        print(result.name, result.method, result.verdict.value)
"""


def _block(name: str) -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


class Checkout:
    """A copy of the engine with the block of CONTRIBUTING.md at the end of `functions.py`, and a scenario."""

    def __init__(self, folder: Path) -> None:
        self.engine, self.scenario = folder / "engine", folder / "cubes.yaml"
        shutil.copytree(ROOT / "engine", self.engine, ignore=shutil.ignore_patterns("__pycache__"))
        with (self.engine / "backprop_engine/ops/functions.py").open("a", encoding="utf-8") as file:
            file.write("\n\n" + _block("cube"))
        self.scenario.write_text(SCENARIO, encoding="utf-8")

    def program(self, *arguments: str) -> str:
        return self.python("-m", "backprop_tui", *arguments)

    def python(self, *arguments: str) -> str:
        """What Python prints in this checkout; it must end well."""
        path = os.pathsep.join((str(self.engine), str(ROOT / "tui")))
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"},
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"))


def test_it_is_in_the_table_and_passes_the_numeric_check(checkout: Checkout) -> None:
    results = checkout.python("-c", IN_THE_TABLE).splitlines()
    assert set(results) == {"a complex step agrees", "out → a complex step agrees"}
    assert len(results) == 2 * 4


def test_expressions_know_it_and_check_proves_it(checkout: Checkout) -> None:
    assert "1 file: 1 passed" in checkout.program("check", str(checkout.scenario))


def test_its_equation_is_shown(checkout: Checkout) -> None:
    shown = checkout.program("run", str(checkout.scenario))
    assert "f#1 = cube(x) = cube(2) = 8" in shown
    assert "∂f/∂x = ∂f/∂f#1 · (3 · x²) = 1 · 12 = 12" in shown
    assert "∂f/∂y = ∂f/∂f#2 ⊙ ∂f#2/∂y" in " ".join(shown.split())


def test_the_catalogue_explains_it(checkout: Checkout) -> None:
    page = checkout.program("ops", "cube", "--lang", "en")
    assert "A cube: the local gradient is three times the square" in page
    assert "3 · a²" in page


def test_a_slip_of_the_pen_gets_its_name(checkout: Checkout, tmp_path: Path) -> None:
    path = tmp_path / "slip.yaml"
    path.write_text("inputs: {x: 2}\nnodes: {f: cub(x)}\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="cube"):
        checkout.program("check", str(path))
