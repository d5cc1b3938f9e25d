"""Whatever a file holds, it loads or is refused with a place: nothing else escapes."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backprop_engine.errors import ScenarioError
from backprop_engine.scenario.expect import failures
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.source import Source

VALID = """\
title: {en: Everything at once, ko: 모두}
dtype: float32
inputs:
  x: [0.5, -1, 2]
  s: 3
params:
  W: {shape: [2, 3], init: he_normal, seed: 7}
  b: {shape: [2], init: constant, value: 0.1}
constants: {t: 1}
nodes:
  a: W @ x + b
  h: {expr: "tanh(a)", note: Squash.}
  p: {op: softmax, inputs: [h], axis: -1}
  L: softmax_with_loss(h, target=t) + sum(p[0:1] ** 2) * s
  f: L + mse(h, target=-h.T, reduction="sum")
output: f
seed: 1
expect:
  - digits: 1
    values: {s: 3}
    grads: {W: "outer(grad(a), x)"}
watch: [f]
notes: {a: "\\e[31mred"}
"""
PIECES = (
    *VALID.split(), "[", "]", "{", "}", ": ", ", ", "\n", "\n  ", '"', "'", "#", "&a ", "*a", "!!str ", "- ",
    "1e999", ".inf", ".nan", "-1", "0", "1000000000", "null", "true", "grad(", ")", "**", "@", "[:, 1:]",
    ".T", "<<", "f#1", "shape:", "init:", "[99999999, 99999999]", "arange", "eye", "softmax_with_loss",
    "detach", "where", "x > 0", "\t", "가", "é", "\x00", "\x1b", "\u202e", "float16",
    "file: a.csv", "cell: c", "---\n",
    "axis=[0, 0]", "key=0",
)  # fmt: skip


def refusal(error: ScenarioError) -> str:
    """What is shown, checked to be of use."""
    assert 1 <= len(error.diagnostics) <= 20
    assert all(one.place is not None and one.message for one in error.diagnostics)
    return str(error)


def outcome(data: bytes) -> str:
    try:
        scenario = load_source(Source.from_bytes("s.yaml", data), max_memory=2**20)
    except ScenarioError as error:
        return refusal(error)
    return "\n".join(map(str, failures(scenario, scenario.run())))


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    text = VALID
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from((0, 0, 1, 2, 5, 20))))
        text = text[:start] + draw(st.sampled_from(PIECES) | st.text(max_size=3)) + text[end:]
    return text.encode("utf-8", "surrogatepass")


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations())
def test_nothing_but_a_diagnostic_escapes(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert outcome(data) == outcome(data)


def test_the_file_that_is_mutated_is_valid() -> None:
    assert outcome(VALID.encode()) == ""


@pytest.mark.parametrize("line", range(VALID.count("\n")))
def test_every_line_can_be_missing_or_doubled(line: int) -> None:
    lines = VALID.splitlines(keepends=True)
    outcome("".join(lines[:line] + lines[line + 1 :]).encode())
    outcome("".join(lines[: line + 1] + lines[line:]).encode())


@pytest.mark.parametrize(
    "text",
    [
        "nodes: {f: " + "-" * 5000 + "x}",
        "inputs: {x: 1}\nnodes: {f: " + "+".join(["x"] * 20000) + "}",
        "inputs: {x: 1}\nnodes: {f: x" + ".T" * 5000 + "}",
        "inputs: {x: " + "9" * 400 + "}\nnodes: {f: x}",
        "inputs: {x: [1, 2]}\nnodes: {f: 'x[" + "9" * 300 + ":]'}",
        "inputs: {x: [1, 2]}\nnodes: {f: 'sum(x, axis=" + "9" * 300 + ")'}",
        "inputs: {x: {shape: [" + "9" * 300 + "], init: ones}}\nnodes: {f: sum(x)}",
        "inputs: {x: {shape: [0, " + "9" * 300 + "], init: ones}}\nnodes: {f: sum(x)}",
        "inputs: {x: {shape: [" + "1, " * 70 + "1], init: ones}}\nnodes: {f: sum(x)}",
        "inputs: {x: {shape: [0, 0], init: he_normal, seed: " + "9" * 299 + "}}\nnodes: {f: sum(x)}",
        "dtype: float16\ninputs: {x: " + "9" * 200 + "}\nnodes: {f: x}",
        "inputs: {x: 1}\nnodes: {f: x * " + "9" * 308 + "}",
        "inputs: {x: 1}\nnodes: {f: x}\nexpect: {digits: 300, values: {f: 1}}",
        "inputs: {x: 1}\nnodes: {f: x}\nexpect: {digits: 99999999999999999999, values: {f: 1}}",
        "inputs: {x: {shape: [2], init: uniform, low: -1.7e308, high: 1.7e308, seed: 1}}\nnodes: {f: sum(x)}",
    ],
)
def test_extremes(text: str) -> None:
    outcome(text.encode())


def test_every_bundled_scenario_meets_its_expectations() -> None:
    folder = Path(__file__).parents[2] / "scenarios"
    for path in sorted(folder.rglob("*.yaml")):
        assert outcome(path.read_bytes()) == "", path


@pytest.mark.parametrize(
    "text",
    [
        "nodes:\n" + "".join(f"  node_{i}: node{i} + other{i}\n" for i in range(10_000)),
        "nodes:\n" + "".join(f"  n{i}: n{(i + 1) % 10_000}\n" for i in range(10_000)),
        "inputs: {x: 1}\nnodes:\n  f: x\n" + "".join(f"  node_{i}: x\n" for i in range(5_000))
        + "output: f\nexpect:\n  values:\n" + "".join(f"    nodes_{i}: 1\n" for i in range(5_000)),
        "inputs: {x: 1}\nnodes: {f: x}\nnotes:\n" + "".join(f"  f#{i}: text\n" for i in range(2_000)),
    ],
    ids=["unknown names", "one long cycle", "unknown figures", "unknown notes"],
)  # fmt: skip
def test_thousands_of_mistakes_take_no_longer_than_a_few(text: str) -> None:
    start = time.perf_counter()
    assert outcome(text.encode())
    assert time.perf_counter() - start < 10
