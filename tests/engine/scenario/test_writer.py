"""Scenarios written back as text: it loads to the same scenario, and looks as an author would have it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine import UsageError, load_scenario
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read import source
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.write import writer
from backprop_engine.scenario.write.emit import WIDTH, plain_number
from backprop_tui.cells.text import cell_width
from sameness import assert_same

FOLDER = Path(__file__).parents[3] / "scenarios"
BUNDLED = sorted(FOLDER.rglob("*.yaml"))
STEMS = [path.stem for path in BUNDLED]


def load(text: str, path: str | Path = "s.yaml") -> Scenario:
    return load_source(Source.from_bytes(str(path), text.encode("utf-8", "surrogatepass")))


def written(text: str) -> str:
    """What a scenario is written as, once it is certain that it stays the same scenario."""
    scenario = load(dedent(text))
    again = scenario.to_yaml()
    assert_same(load(again), scenario)
    assert load(again).to_yaml() == again
    return again


# Whole scenarios


@pytest.mark.parametrize("path", BUNDLED, ids=STEMS)
def test_a_bundled_scenario_comes_back(path: Path) -> None:
    scenario = load_scenario(path)
    text = scenario.to_yaml()
    again = load(text, path)
    assert_same(again, scenario)
    assert again.to_yaml() == text


@pytest.mark.parametrize("path", BUNDLED, ids=STEMS)
def test_its_lines_are_short_and_nothing_is_left_at_their_ends(path: Path) -> None:
    lines = load_scenario(path).to_yaml().split("\n")
    assert lines.pop() == ""
    assert all(line == line.rstrip() for line in lines)
    assert max(map(cell_width, lines)) <= WIDTH


UNTIDY = """\
%YAML 1.2
--- # a comment
nodes:
    "L": {reduction: sum, op: mse, inputs: [p, t], note: {ko: 손실, en: "The loss: what is minimised."}}
    p: {expr: "softmax(\\n  a,\\taxis = -1)"}
    a: W@x   + b
    one: {inputs: {u: p, v: 2}, cell: &cell pair}
    states: {over: {x: xs}, scan: step, carry: {h: {next: next, init: s0}}, inputs: {k: 0.5}}
    f: L + sum(one.w) + sum(states[-1].next)
cells: {pair: {nodes: {w: u * v}, outputs: [w], inputs: [u, v]},
        step: {outputs: [next], nodes: {next: 'tanh(k * h + x)'}, inputs: [x, h, k]}}
output: f
seed: 1
watch: ["norm(W)", a * 2]
breakpoints: [q, 'q if norm(grad) < 1e-6', "op relu"]
train: {steps: 3, lr: 0.10, betas: [0.9,0.99], optimizer: adam}
expect: [{grads: {xs: "0.5 * grad(xs)", W: "outer(grad(a), x)"}, values: {}, digits: 2, wrong: false}]
notes:
    a: "\\e[31mred"
    x: >
      Folded
      text.
    b: |
      two
      lines
params:
  W: [[1.0, 2e0, -0.50],
      [.5, +1, 0x10]]
  b: {seed: 7, init: normal, std: !!float 1, shape: [2]}
inputs: {'x': [1, 2, 3],
  xs: [[0.123456789, 0.23456789], [0.3456789, 0.456789], [0.56789, 0.6789], [0.7, 0.8]]}
constants: {t: [0, 1], s0: [0, 0]}
dtype: float64
source: "https://example.org/a: b"
description: {en: A description that is so long that it takes more than a single line of a file
  as it goes on and on, ko: 짧은 설명}
title: 2024
ask: {W: {answer: "outer(grad(a),x)", question: "What is ∂f/∂W?", hint: {ko: 모양을 보세요.}},
  p: [{answer: p   * 2, question: So?}, {choices: [0, {en: 'yes', ko: 네}], question: And?, answer: '0'}]}
next: [second, two words]
requires: first
objective: {ko: 할 수 있다., en: Can do it.}
"""
TIDY = """\
title: "2024"
description:
  en: >-
    A description that is so long that it takes more than a single line of a file as it goes on and
    on
  ko: 짧은 설명
source: "https://example.org/a: b"
objective:
  ko: 할 수 있다.
  en: Can do it.
requires: first
next: [second, two words]
inputs:
  x: [1, 2, 3]
  xs: [[0.123456789, 0.23456789], [0.3456789, 0.456789], [0.56789, 0.6789], [0.7, 0.8]]
params:
  W: [[1.0, 2e0, -0.50], [.5, +1, 0x10]]
  b: {shape: [2], init: normal, seed: 7, std: 1.0}
constants:
  t: [0, 1]
  s0: [0, 0]
nodes:
  L:
    op: mse
    inputs: [p, t]
    reduction: sum
    note:
      ko: 손실
      en: "The loss: what is minimised."
  p: softmax(a, axis=-1)
  a: W @ x + b
  one: {cell: pair, inputs: {u: p, v: 2}}
  states: {scan: step, over: {x: xs}, carry: {h: {next: next, init: s0}}, inputs: {k: 0.5}}
  f: L + sum(one.w) + sum(states[-1].next)
cells:
  pair:
    inputs: [u, v]
    nodes:
      w: u * v
    outputs: [w]
  step:
    inputs: [x, h, k]
    nodes:
      next: tanh(k * h + x)
    outputs: [next]
seed: 1
expect:
  wrong: false
  digits: 2
  grads: {xs: 0.5 * grad(xs), W: "outer(grad(a), x)"}
train: {optimizer: adam, lr: 0.10, betas: [0.9, 0.99], steps: 3}
breakpoints: [q, q if norm(grad) < 1e-6, op relu]
watch: [norm(W), a * 2]
notes:
  a: "\\e[31mred"
  x: |
    Folded text.
  b: |
    two
    lines
ask:
  W:
    question: What is ∂f/∂W?
    answer: outer(grad(a),x)
    hint:
      ko: 모양을 보세요.
  p:
    - question: So?
      answer: p * 2
    - question: And?
      answer: "0"
      choices:
        - "0"
        - en: yes
          ko: 네
"""


def test_an_untidy_file_becomes_tidy() -> None:
    assert written(UNTIDY) == TIDY


LEFT_OUT = {
    "an output that is the only end": (
        "nodes: {f: x * 2}\noutput: f\n",
        "nodes:\n  f: x * 2\n",
    ),
    "an output of two ends": (
        "nodes: {f: x * 2, g: x}\noutput: g\n",
        "nodes:\n  f: x * 2\n  g: x\noutput: g\n",
    ),
    "an output that is no end": (
        "nodes: {f: x * 2, g: f * f}\noutput: f\n",
        "nodes:\n  f: x * 2\n  g: f * f\noutput: f\n",
    ),
    "sections that say nothing": (
        "dtype: float64\nparams: {}\nconstants: ~\nexpect: []\nwatch: []\nnodes: {f: x * x}\n",
        "nodes:\n  f: x * x\n",
    ),
    "a seed without cells": (
        "constants: {e: {shape: [0], init: ones}}\nnodes: {f: x * e}\nseed: []\n",
        "constants:\n  e: {shape: [0], init: ones}\nnodes:\n  f: x * e\nseed: []\n",
    ),
    "nulls": (
        "nodes: {f: {expr: x * x, note: ~}, g: {expr: f * f}, h: {op: clip, inputs: [g], max: ~}}",
        "nodes:\n  f: {expr: x * x, note: ~}\n  g: f * f\n  h: {op: clip, inputs: [g], max: ~}\n",
    ),
    "a note with lines of its own": (
        'nodes: {f: {expr: x * x, note: "two\\nlines"}}\n',
        "nodes:\n  f:\n    expr: x * x\n    note: |-\n      two\n      lines\n",
    ),
    "empty texts": (
        "title:\nnodes: {f: x * x}\nnotes: {f: {en: ~, ko: ''}, x: {}}\n",
        'nodes:\n  f: x * x\nnotes:\n  f:\n    en: ~\n    ko: ""\n  x: {}\n',
    ),
    "a section without figures": (
        "nodes: {f: x * x}\nexpect: {values: ~, grads: {x: 2}}\n",
        "nodes:\n  f: x * x\nexpect:\n  grads: {x: 2}\n",
    ),
    "blocks without figures": (
        "nodes: {f: x * x}\nexpect: [{values: {}}, {grads: ~, iteration: 0}]\n",
        "nodes:\n  f: x * x\nexpect:\n  - values: {}\n  - iteration: 0\n    values: {}\n",
    ),
    "names": (
        "params: {e\u0301: 1, y: 2}\nnodes: {'null': é * y, n: 'null'}\nnotes: {' n ': on}\n",
        'params: {é: 1, y: 2}\nnodes:\n  null: é * y\n  n: "null"\nnotes:\n  " n ": on\n',
    ),
}


@pytest.mark.parametrize(("given", "wanted"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_left_out_and_what_is_not(given: str, wanted: str) -> None:
    x = "inputs: {x: 1}\n"
    assert written(x + given) == x + wanted


def test_a_path_longer_than_a_key_may_be_is_written_as_an_explicit_key() -> None:
    names = [f"{'n' * 62}{number:02}" for number in range(20)]
    cells = {"c0": "{inputs: [x], nodes: {h: x * 2}, outputs: [h]}"}
    for number in range(1, 20):
        inner = f"{{{names[number]}: {{cell: c{number - 1}, inputs: {{x: x}}}}, h: {names[number]}.h}}"
        cells[f"c{number}"] = f"{{inputs: [x], nodes: {inner}, outputs: [h]}}"
    path = ".".join([names[0], *names[:0:-1], "h"])
    text = (
        f"inputs: {{x: 1}}\nnodes: {{{names[0]}: {{cell: c19, inputs: {{x: x}}}}, f: {names[0]}.h}}\ncells:\n"
    )
    text += "".join(f"  {name}: {cell}\n" for name, cell in cells.items())
    again = written(f"{text}expect:\n  values:\n    ? {path}\n    : 2\n")
    assert f"    ? {path}\n    : 2\n" in again


def test_what_an_alias_repeats_is_written_out() -> None:
    again = written("""\
        inputs: {x: &x [1, 2], y: *x}
        nodes: {a: &use {cell: c, inputs: {u: 2, v: x}}, b: *use, f: a.h + b.h}
        cells:
          c: {inputs: [u, v], nodes: {h: u * sum(v)}, outputs: [h]}
          d: {inputs: [w], nodes: {i: *use, j: w + i.h}, outputs: [j]}
        """)
    assert again.count("{cell: c, inputs: {u: 2, v: x}}") == 3
    assert "  y: [1, 2]" in again


# Changed leaves

LEAVES = """\
dtype: {dtype}
inputs:
  x: {{shape: [2, 2], init: normal, seed: 3}}
  s: 0.50
params:
  w: {{file: w.csv}}
constants:
  t: [0, 1]
nodes:
  a: x * s + w
  L: softmax_with_loss(a, target=t)
"""


@pytest.fixture
def changeable(tmp_path: Path) -> Path:
    (tmp_path / "w.csv").write_text("1,2\n3,4\n")
    return tmp_path / "s.yaml"


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_only_a_changed_leaf_is_written_as_numbers(changeable: Path, dtype: str) -> None:
    scenario = load(LEAVES.format(dtype=dtype), changeable)
    value = np.array([[1 / 3, -0.0], [np.inf, 1e-7]])
    changed = scenario.with_leaf("w", value).with_leaf("t", [1, 0]).with_leaf("s", 2)
    text = changed.to_yaml()
    again = load(text, changeable)
    assert_same(again, changed)
    third = plain_number(np.dtype(dtype).type(1 / 3))
    tiny = plain_number(np.dtype(dtype).type(1e-7))
    assert f"  w: [[{third}, -0.0], [.inf, {tiny}]]\n" in text
    assert "  t: [1, 0]\n" in text
    assert "  s: 2\n" in text
    assert "  x: {shape: [2, 2], init: normal, seed: 3}\n" in text
    assert again.to_yaml() == text


def test_a_leaf_that_has_its_numbers_again_is_written_as_declared(changeable: Path) -> None:
    scenario = load(LEAVES.format(dtype="float64"), changeable)
    changed = scenario.with_leaf("w", np.zeros((2, 2))).with_leaf("s", 3)
    back = changed.with_leaf("w", [[1, 2], [3, 4]])
    assert "  w: {file: w.csv}\n  s" not in back.to_yaml()
    assert "  w: {file: w.csv}\n" in back.to_yaml()
    assert "  s: 3\n" in back.to_yaml()
    assert scenario.to_yaml() == changed.with_leaf("w", [[1, 2], [3, 4]]).with_leaf("s", 0.5).to_yaml()


def test_a_minus_zero_is_a_change() -> None:
    scenario = load("inputs: {x: 0}\nnodes: {f: 1 / x}")
    assert "inputs: {x: -0.0}\n" in scenario.with_leaf("x", -0.0).to_yaml()
    assert "inputs: {x: 0}\n" in scenario.with_leaf("x", 0).to_yaml()


@given(st.lists(st.floats(), min_size=4, max_size=4))
def test_a_changed_leaf_comes_back_bit_for_bit(values: list[float]) -> None:
    scenario = load("params: {w: {shape: [2, 2], init: zeros}}\nnodes: {f: sum(w)}")
    changed = scenario.with_leaf("w", np.array(values).reshape(2, 2))
    assert_same(load(changed.to_yaml()), changed)


# What is too large


def test_more_than_a_file_may_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load("params: {w: {shape: [40, 40], init: zeros}}\nnodes: {f: sum(w)}")
    changed = scenario.with_leaf("w", np.ones((40, 40)))
    monkeypatch.setattr(source, "MAX_BYTES", 4_000)
    assert scenario.to_yaml()
    with pytest.raises(UsageError, match="too large to load again: a scenario file can"):
        changed.to_yaml()
    monkeypatch.setattr(writer, "MAX_BYTES", 3_000)
    monkeypatch.setattr(writer, "emitted", None)  # it is not even tried
    with pytest.raises(UsageError, match="too large to load again: a scenario file can"):
        changed.to_yaml()


@pytest.mark.thorough
def test_more_values_than_a_file_may_hold_are_refused() -> None:
    scenario = load("params: {w: {shape: [1001, 1000], init: zeros}}\nnodes: {f: sum(w)}")
    with pytest.raises(UsageError, match="too large to load again: a scenario file can"):
        scenario.with_leaf("w", np.ones((1001, 1000))).to_yaml()


def test_what_aliases_repeat_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "inputs: {x: 1}\nnodes: {f: x}\ntitle:\n  aa: &a " + "long " * 200 + "\n"
    scenario = load(text + "".join(f"  b{letter}: *a\n" for letter in "abcdefghij"))
    monkeypatch.setattr(writer, "MAX_BYTES", 10_000)
    with pytest.raises(UsageError, match="too large to load again"):
        scenario.to_yaml()
