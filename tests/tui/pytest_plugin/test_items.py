"""A scenario's file as tests of pytest."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

CHAIN = """\
title: A chain
inputs: {x: -2, y: 5, z: -4}
nodes:
  q: x + y
  f: q * z
expect:
  values: {q: 3, f: -12}
  grads:
    x: -4
    z: 3
"""
NAMES = [
    "load",
    "value[q]",
    "value[f]",
    "grad[x]",
    "grad[z]",
    *(f"numeric[{name}]" for name in "xyzqf"),
]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a scenario of its own."""
    pytester.makefile(".scenario.yaml", chain=CHAIN)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


def told(result: pytest.RunResult, pattern: str) -> bool:
    """Whether a line of what pytest said matches a pattern."""
    return any(fnmatchcase(line, pattern) for line in result.outlines + result.errlines)


REPORTER = """
import json, pathlib

def pytest_runtest_logreport(report):
    if report.when == "call":
        with pathlib.Path("told").open("a") as file:
            print(json.dumps([report.nodeid, report.outcome, report.location[1]]), file=file)
"""


def outcomes(project: pytest.Pytester) -> dict[str, tuple[str, int]]:
    """By the name of an item: what came of it, and the line in which it stands, counted from 0."""
    project.makeconftest(REPORTER)
    run(project)
    reported = Path(project.path, "told")
    reports = [json.loads(line) for line in reported.read_text().splitlines()]
    reported.unlink()
    return {nodeid: (outcome, line) for nodeid, outcome, line in reports}


@pytest.mark.thorough
def test_what_is_collected_and_where_it_stands(project: pytest.Pytester) -> None:
    found = outcomes(project)
    assert list(found) == [f"chain.scenario.yaml::{name}" for name in NAMES]
    assert {outcome for outcome, _ in found.values()} == {"passed"}
    lines = {name: line for name, (_, line) in zip(NAMES, found.values(), strict=True)}
    assert lines == {
        "load": 0, "value[q]": 6, "value[f]": 6, "grad[x]": 8, "grad[z]": 9,
        "numeric[x]": 1, "numeric[y]": 1, "numeric[z]": 1, "numeric[q]": 3, "numeric[f]": 4,
    }  # fmt: skip


def test_a_changed_number_is_told_as_check_tells_it(project: pytest.Pytester) -> None:
    path = Path(project.path, "chain.scenario.yaml")
    path.write_text(CHAIN.replace("z: 3", "z: 4"))
    result = run(project)
    assert result.parseoutcomes() == {"passed": len(NAMES) - 1, "failed": 1}
    expected = f"""\
{path}:10:8: error[expect-differs]: the gradient of `z` is 3, expected 4
   10 |     z: 4
      |        ^
"""
    assert expected in str(result.stdout)
    assert "Traceback" not in str(result.stdout)
    assert "items.py" not in str(result.stdout)


@pytest.mark.thorough
def test_a_file_that_does_not_load_is_one_failure(project: pytest.Pytester) -> None:
    Path(project.path, "chain.scenario.yaml").write_text(CHAIN.replace("x + y", "x + yy"))
    result = run(project)
    assert result.parseoutcomes() == {"failed": 1}
    assert told(result, "*chain.scenario.yaml:4:10: error*`yy` is not defined")
    assert told(result, "*did you mean `y`?")


@pytest.mark.thorough
def test_a_breakpoint_that_means_nothing_fails_the_load(project: pytest.Pytester) -> None:
    Path(project.path, "chain.scenario.yaml").write_text(CHAIN + "breakpoints: [nowhere]\n")
    result = run(project)
    assert result.parseoutcomes() == {"passed": len(NAMES) - 1, "failed": 1}
    assert told(result, "*chain.scenario.yaml:11:15: error*")


WRONG = """\
inputs: {a: 2.0, b: 3.0}
operators:
  product:
    inputs: [a, b]
    forward: a * b
    backward: {a: g * b, b: g * b}
nodes:
  f: product(a, b)
"""


@pytest.mark.thorough
def test_a_wrong_rule_fails_at_its_node_and_at_the_leaf(project: pytest.Pytester) -> None:
    Path(project.path, "chain.scenario.yaml").write_text(WRONG)
    result = run(project)
    assert result.parseoutcomes() == {"passed": 2, "failed": 2}
    assert told(result, "*chain.scenario.yaml:1: b: the gradient is 3, but complex step gives 2*")
    assert told(result, "*chain.scenario.yaml:8: f → b: the gradient is 3, but complex step gives 2*")


@pytest.mark.thorough
def test_a_rule_marked_wrong_must_be_wrong(project: pytest.Pytester) -> None:
    path = Path(project.path, "chain.scenario.yaml")
    path.write_text(WRONG.replace("    backward", "    wrong: true\n    backward"))
    assert run(project).parseoutcomes() == {"passed": 5}
    path.write_text(path.read_text().replace("b: g * b", "b: g * a"))
    result = run(project)
    assert result.parseoutcomes() == {"passed": 4, "failed": 1}
    assert told(result, "*the operator `product` is marked `wrong`, but its rules agree")


@pytest.mark.thorough
def test_figures_marked_wrong_are_one_test(project: pytest.Pytester) -> None:
    path = Path(project.path, "chain.scenario.yaml")
    path.write_text(CHAIN.replace("expect:", "expect:\n  wrong: true"))
    result = run(project, "-k", "wrong")
    assert result.parseoutcomes() == {"failed": 1, "deselected": 6}
    assert told(result, "*marked `wrong`, but every figure in it is correct")
    path.write_text(path.read_text().replace("x: -4", "x: 4"))
    assert run(project, "-k", "wrong").parseoutcomes() == {"passed": 1, "deselected": 6}


@pytest.mark.thorough
def test_only_scenarios_are_collected(project: pytest.Pytester) -> None:
    for name in ("settings.yaml", "lessons/one.yaml", "other/two.yaml"):
        path = Path(project.path, name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(CHAIN)
    assert {nodeid.partition("::")[0] for nodeid in outcomes(project)} == {"chain.scenario.yaml"}
    project.makeini("[pytest]\nbackprop_scenarios = lessons\nasyncio_default_fixture_loop_scope = function\n")
    found = {nodeid.partition("::")[0] for nodeid in outcomes(project)}
    assert found == {"chain.scenario.yaml", "lessons/one.yaml"}


@pytest.mark.thorough
def test_failures_are_told_in_the_language_of_the_project(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nbackprop_language = ko\nasyncio_default_fixture_loop_scope = function\n")
    Path(project.path, "chain.scenario.yaml").write_text(CHAIN.replace("z: 3", "z: 4"))
    result = run(project)
    assert told(result, "*expect-differs*그래디언트*")
    project.makeini("[pytest]\nbackprop_language = xx\nasyncio_default_fixture_loop_scope = function\n")
    result = run(project)
    assert told(result, "*xx is not a supported language: choose from en, ko*")
    assert result.ret != pytest.ExitCode.OK


@pytest.mark.thorough
def test_several_processes_agree(project: pytest.Pytester) -> None:
    assert run(project, "-n", "2").parseoutcomes() == {"passed": len(NAMES)}
