"""The operators that CONTRIBUTING.md defines, put where it says in a copy of the engine: that is enough."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
SCENARIO = """
inputs: {x: 2, y: [[1, -0.5], [0.25, 3]]}
nodes:
  f: cube(x) + sum(cube(y))
expect:
  values: {f: 35.890625}
  grads: {x: 12, y: [[3, 0.75], [0.1875, 27]]}
"""
MATRICES = """
inputs: {A: [[1, 2, -1], [0.5, 0, 3]], w: [[1, -2], [0.5, 4]]}
nodes:
  G: gram(A)
  f: sum(G * w)
expect:
  values: {G: [[6, -2.5], [-2.5, 9.25]], f: 46.75}
  grads: {A: [[1.25, 4, -6.5], [2.5, -3, 25.5]]}
"""
PROBE = """
import contextlib, io, json, sys
from backprop_engine import OPS, load_scenario, numpy_program
from backprop_engine.debugger.conditions import holding, parse_condition
from backprop_engine.derivatives.numeric_check import check_trace
from backprop_engine.explain.facts import step_facts
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.trace.record import record
from backprop_tui.cells.lines import line_text
from backprop_tui.cli.main import run
from backprop_tui.render.formulas.page import formula_block
from backprop_tui.render.words import story

def said(*arguments):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = run(arguments)
    return [status, out.getvalue()]

def in_the_table(op):
    for sample in op.samples:
        (a,) = sample.draw()
        builder = GraphBuilder()
        builder.apply(op, [builder.leaf("a", Kind.INPUT, a.shape)], "out")
        graph = builder.build()
        trace = record(graph, Bindings.of(graph, {"a": a}, op.forward(a) * 0.0 + 1.5))
        checks = [[result.name, result.method, result.verdict.value] for result in check_trace(trace)]
        yield {"program": numpy_program(trace), "value": trace.value("out").tolist(),
               "gradient": trace.gradient("a").tolist(), "checks": checks}

def everything(name, path, asked, condition):
    trace = load_scenario(path).record()
    facts = [step_facts(trace.frame(position)) for position in range(1, len(trace.steps) + 1)]
    lines = lambda found: [line_text(line) for line in found]
    return {
        "samples": list(in_the_table(OPS[name])),
        "program": numpy_program(trace),
        "words": [lines(story(each, "en")) for each in facts],
        "formulas": [lines(formula_block(each, "en", 100, 30).lines) for each in facts],
        "check": said("check", path),
        "run": said("run", path),
        "json": said("run", path, "--json"),
        "page": said("ops", name, "--lang", "en"),
        "korean page": said("ops", name, "--lang", "ko"),
        "data": said("ops", name, "--json"),
        "schema": said("schema"),
        "asked": said("run", path, "-x", asked),
        "holds": holding(parse_condition(condition, trace.graph), trace).tolist(),
        "screen": said("snapshot", path, "--at", "2", "--size", "200x60", "-o", "-"),
    }

cubes, matrices, slip = sys.argv[1:]
print(json.dumps({
    "cube": everything("cube", cubes, "p cube(3)", "cube(value) > 1"),
    "gram": everything("gram", matrices, "p gram(w)", "sum(gram(value)) > 100"),
    "slip": said("check", slip),
}))
"""
NAMES = ["cube", "gram"]


def _blocks() -> dict[str, tuple[str, str]]:
    """Each operator's definition, and the file that it is to stand in."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.findall(r"<!-- (\w+): (\w+) -->\n```python\n(.*?)```", text, re.DOTALL)
    return {name: (file, block) for file, name, block in found}


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a checkout with both operators says of them."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "engine", folder / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    blocks = _blocks()
    assert sorted(blocks) == NAMES
    for file, block in blocks.values():
        with (folder / f"engine/backprop_engine/ops/{file}.py").open("a", encoding="utf-8") as opened:
            opened.write("\n\n" + block)
    files = {"cubes": SCENARIO, "matrices": MATRICES, "slip": "inputs: {x: 2}\nnodes: {f: cub(x)}\n"}
    paths = [folder / f"{stem}.yaml" for stem in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *map(str, paths)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(folder / "engine"), str(ROOT / "tui"))),
            "PYTHONUTF8": "1",
        },
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _carried_out(program: str) -> dict[str, Any]:
    """What a program leaves behind, in a namespace where it finds NumPy alone."""
    imports = [node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["import numpy as np"]
    namespace: dict[str, Any] = {"np": np}
    exec(compile(program, "program", "exec"), namespace)
    return namespace


def test_the_plain_operator_has_six_parts() -> None:
    (call,) = [node for node in ast.walk(ast.parse(_blocks()["cube"][1])) if isinstance(node, ast.Call)][:1]
    assert len(call.args) + len(call.keywords) == 6


@pytest.mark.parametrize("name", NAMES)
def test_it_is_in_the_table_and_passes_the_numeric_check(probed: dict[str, Any], name: str) -> None:
    samples = probed[name]["samples"]
    assert len(samples) == {"cube": 4, "gram": 3}[name]
    for sample in samples:
        assert {label for label, _, _ in sample["checks"]} <= {"a", "out → a"}
        assert all(rest == ["complex step", "agrees"] for _, *rest in sample["checks"])
        assert sample["checks"]


@pytest.mark.parametrize("name", NAMES)
def test_its_numpy_program_is_carried_out(probed: dict[str, Any], name: str) -> None:
    for sample in probed[name]["samples"]:
        found = _carried_out(sample["program"])
        for symbol, numbers in (("out", sample["value"]), ("da", sample["gradient"])):
            wanted = np.reshape(numbers, np.shape(found[symbol]))  # a list of nothing has lost its shape
            np.testing.assert_allclose(found[symbol], wanted, rtol=1e-13)
    found = _carried_out(probed[name]["program"])
    wanted = {
        "cube": {"f": 35.890625, "dx": 12.0},
        "gram": {"f": 46.75, "dA": [[1.25, 4, -6.5], [2.5, -3, 25.5]]},
    }
    for symbol, value in wanted[name].items():
        np.testing.assert_allclose(found[symbol], value, rtol=1e-13)
    line = {"cube": "f_1 = x ** 3", "gram": "G = A @ A.T"}[name]
    assert line in probed[name]["program"].splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_check_proves_it(probed: dict[str, Any], name: str) -> None:
    status, text = probed[name]["check"]
    assert status == 0
    assert "1 file: 1 passed" in text


def test_their_equations_are_shown(probed: dict[str, Any]) -> None:
    _, shown = probed["cube"]["run"]
    assert "f#1 = cube(x) = cube(2) = 8" in shown
    assert "∂L/∂x = ∂L/∂f#1 · (3 · x²) = 1 · 12 = 12" in shown
    assert "∂L/∂y = ∂L/∂f#2 ⊙ diagonal(∂f#2/∂y)" in " ".join(shown.split())
    assert "G = gram(A)" in probed["gram"]["run"][1]
    for name in NAMES:
        status, screen = probed[name]["screen"]
        assert status == 0
        assert name in screen


def test_their_formulas_are_set(probed: dict[str, Any]) -> None:
    cube = "\n".join(line for page in probed["cube"]["formulas"] for line in page)
    assert "x³" in cube
    assert "3 · x²" in cube
    gram = "\n".join(line for page in probed["gram"]["formulas"] for line in page)
    assert "A @ Aᵀ" in gram
    assert "(g + gᵀ) @ A" in gram


@pytest.mark.parametrize("name", NAMES)
def test_its_lesson_is_told_at_its_step(probed: dict[str, Any], name: str) -> None:
    lesson = {"cube": "three times the square", "gram": "of its row and of its column"}[name]
    assert any(lesson in " ".join(lines) for lines in probed[name]["words"])


@pytest.mark.parametrize("name", NAMES)
def test_the_catalogue_explains_it(probed: dict[str, Any], name: str) -> None:
    page = probed[name]["page"][1]
    assert {"cube": "3 · a²", "gram": "(g + g.T) @ a"}[name] in page
    assert {"cube": "A cube", "gram": "A Gram matrix"}[name] in page
    assert {"cube": "세제곱", "gram": "그람 행렬"}[name] in probed[name]["korean page"][1]
    (data,) = json.loads(probed[name]["data"][1])
    assert (data["name"], data["call"]) == (name, f"{name}(a)")


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_and_the_run_as_json_have_it(probed: dict[str, Any], name: str) -> None:
    assert f'"{name}"' in probed[name]["schema"][1]
    status, text = probed[name]["json"]
    assert status == 0
    assert name in {step.get("op") for step in json.loads(text)["steps"]}


def test_the_prompt_and_conditions_know_them(probed: dict[str, Any]) -> None:
    assert probed["cube"]["asked"][0] == probed["gram"]["asked"][0] == 0
    assert "27" in probed["cube"]["asked"][1]
    assert "16.25" in probed["gram"]["asked"][1]  # 0.5² + 4²
    assert len(probed["cube"]["holds"]) == 4
    assert probed["gram"]["holds"]


def test_a_slip_of_the_pen_gets_its_name(probed: dict[str, Any]) -> None:
    status, text = probed["slip"]
    assert status == 2
    assert "cube" in text
