"""One file with everything in it, damaged; and what is extreme in small files: it loads or is refused."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_engine import ScenarioError
from backprop_engine.scenario.loader import load_scenario, load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.verify import failures
from effort import examples, tried
from mutating import damaged, outcome
from scenario_drafts import write_data

VALID = """\
title: {en: Everything at once, ko: 모두}
description: &said >-
  A file with every
  section of the format.
source: *said
dtype: float32
inputs:
  x: [0.5, -1, 2]
  s: 3
  xs: {file: array.npy}
params:
  W: {shape: [2, 3], init: he_normal, seed: 7}
  b: {shape: [2], init: constant, value: 0.1}
constants: {t: 1, h0: [0, 0]}
nodes:
  a: W @ x + b
  h: {expr: "tanh(a)", note: Squash.}
  p: {op: softmax, inputs: [h], axis: -1}
  L: softmax_with_loss(h, target=t) + sum(p[0:1] ** 2) * s
  one: {cell: step, inputs: {u: x, h_prev: h, k: s * 2}}
  states: {scan: step, over: {u: xs}, carry: {h_prev: {init: h0, next: h}}, inputs: {k: 0.5}}
  f: L + mse(h, target=-h.T, reduction="sum") + sum(one.h) * sum(states[-1].h) + mean(states.h)
cells:
  step:
    inputs: [u, h_prev, k]
    nodes:
      a: W @ u + h_prev
      h: k * tanh(a)
    outputs: [h]
output: f
seed: 1
train: {optimizer: adam, lr: 0.01, betas: [0.9, 0.99], steps: 2}
expect:
  - digits: 1
    values: {s: 3, h: [0, 0]}
    grads: {W: "outer(grad(a), x)"}
    wrong: true
  - iteration: 2
    rtol: 0.5
    values: {one.h: [1, 1]}
watch: [f, norm(W)]
breakpoints: [q, op relu, "group states[1]"]
notes: {a: "\\e[31mred", "states[1].h": {en: last, ko: 마지막}}
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mutations")
    write_data(folder)
    return folder / "s.yaml"


@pytest.fixture(autouse=True)
def traced() -> Iterator[None]:
    """Memory is traced, so that `outcome` can tell what a file takes."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@settings(max_examples=examples(250))
@given(st.randoms(use_true_random=False))
def test_nothing_but_a_diagnostic_escapes(path: Path, random: Random) -> None:
    text = VALID
    for _ in range(random.randint(1, 4)):
        text = damaged(text, random)
    data = text.encode("utf-8", "surrogatepass")
    assert outcome(data, path) == outcome(data, path)


def test_the_file_that_is_mutated_is_valid(path: Path) -> None:
    assert outcome(VALID.encode(), path) == ""


@pytest.mark.thorough
@pytest.mark.parametrize("line", range(VALID.count("\n")))
def test_every_line_can_be_missing_or_doubled(path: Path, line: int) -> None:
    lines = VALID.splitlines(keepends=True)
    outcome("".join(lines[:line] + lines[line + 1 :]).encode(), path)
    outcome("".join(lines[: line + 1] + lines[line:]).encode(), path)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text",
    [
        "nodes: {f: " + "-" * 5000 + "x}",
        "inputs: {x: 1}\nnodes: {f: x" + ".T" * 5000 + "}",
        "inputs: {x: 1}\nnodes: {f: x" + ".h" * 5000 + "}",
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


@pytest.mark.thorough
def test_a_long_chain_loads_and_comes_back() -> None:
    tracemalloc.stop()  # twenty thousand nodes may take what they take
    assert outcome(("inputs: {x: 1}\nnodes: {f: " + "+".join(["x"] * 20000) + "}").encode()) == ""


@pytest.mark.thorough
def test_every_bundled_scenario_meets_its_expectations() -> None:
    tracemalloc.stop()
    for path in sorted((Path(__file__).parents[3] / "scenarios").rglob("*.yaml")):
        scenario = load_scenario(path)
        assert failures(scenario, scenario.run()) == [], path


# Thousands of mistakes


def unknown_names(count: int) -> str:
    return "nodes:\n" + "".join(f"  node_{i}: node{i} + other{i}\n" for i in range(count))


def one_long_cycle(count: int) -> str:
    return "nodes:\n" + "".join(f"  n{i}: n{(i + 1) % count}\n" for i in range(count))


def unknown_figures(count: int) -> str:
    nodes = "".join(f"  node_{i}: x\n" for i in range(count))
    figures = "".join(f"    nodes_{i}: 1\n" for i in range(count))
    return f"inputs: {{x: 1}}\nnodes:\n  f: x\n{nodes}output: f\nexpect:\n  values:\n{figures}"


def unknown_notes(count: int) -> str:
    return "inputs: {x: 1}\nnodes: {f: x}\nnotes:\n" + "".join(f"  f#{i}: text\n" for i in range(count))


def calls(text: str) -> int:
    """How many functions are called until `text` is refused."""
    count = 0

    def called(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        with pytest.raises(ScenarioError):
            load_source(Source.from_bytes("s.yaml", text.encode()))
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "text", [one_long_cycle, *tried([unknown_names, unknown_figures, unknown_notes], [])]
)
def test_thousands_of_mistakes_take_no_longer_than_a_few(text: Callable[[int], str]) -> None:
    tracemalloc.stop()
    few, many = calls(text(500)), calls(text(4_000))
    assert many < 9 * few
