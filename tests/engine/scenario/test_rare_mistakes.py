"""Mistakes that few files have: each is told by its kind, in words that say what to do."""

from __future__ import annotations

import pytest

from backprop_engine.errors import ScenarioError
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source

SCAN = """
inputs: {xs: [[1, 2], [3, 4]], h0: [1, 2]}
cells:
  c:
    inputs: [x, h]
    nodes: {o: x + h}
    outputs: [o]
nodes:
  s: {scan: c, over: {x: xs}, carry: {h: {init: h0, next: o}}}
  f: sum(s[-1].o)
"""
PRODUCT = "inputs: {x: 1}\nnodes: {f: x * 1}\n"
CELL = "inputs: {x: 1}\ncells:\n  a:\n    inputs: [v]\n    nodes: {NODES}\n    outputs: [OUT]\n"
TABLE = """
inputs: {k: 3, x: [[1, 2], [3, 4]]}
constants: {i: [0, 1]}
nodes: {f: "sum(embedding(x, i)) * k"}
train: {optimizer: sgd, lr: 0.1, steps: 2, BATCH}
"""
CASES = {
    "more axes than NumPy has": (
        f"inputs: {{x: {'[' * 40}1{']' * 40}}}\nnodes: {{f: sum(x)}}\n",
        "leaf-shape", "`x` has 40 axes; at most 32 are allowed", "",
    ),
    "a scan of no time step": (
        SCAN.replace("[[1, 2], [3, 4]]", "{shape: [0, 2], init: zeros}"),
        "scan-shapes", "`xs` has shape 0×2, which has no time steps", "",
    ),
    "an instance that a scan does not have": (
        SCAN.replace("s[-1]", "s[5]"),
        "unknown-name", "`s[5]` is out of range: `s` has 2 instances", "or `s[-1]` for the last",
    ),
    "a figure for all instances": (
        f"{SCAN}expect: {{values: {{s: 1}}}}\n",
        "expect-name", "`s` refers to instances of a cell, not to a tensor", "such as `s[1].o`",
    ),
    "a figure for an instance that is not there": (
        f"{SCAN}expect: {{values: {{'s[7].o': 1}}}}\n",
        "expect-name", "`s[7].o` is out of range: `s` has 2 instances", "",
    ),
    "a figure for a stack that nothing uses": (
        f"{SCAN}expect: {{values: {{s.o: 1}}}}\n",
        "expect-name", "`s.o` exists only where a node uses it", "one instance is `s[1].o`",
    ),
    "an expression to go over": (
        SCAN.replace("x: xs}", "x: xs + 1}"),
        "wrong-type", "expected the name of a leaf or node, found the text `xs + 1`", "a node of its own",
    ),
    "an expression to carry on": (
        SCAN.replace("next: o", "next: o + 1"),
        "wrong-type", "`next` is the name of a node of the cell", "such as `carry: {h_prev: ",
    ),
    "an expression in brackets": (
        "inputs: {x: 1}\nnodes:\n  f: [x + 1]\n",
        "node-constant", "`f` is a list, not an expression", "leave the brackets out: `x + 1`",
    ),
    "underscores in a number": (
        "inputs: {x: 1_000.5e2}\nnodes: {f: x * 1}\n",
        "not-a-number", "expected a number in `x`, found the text `1_000.5e2`", "write `1000.5e2`",
    ),
    "a number for yes": (
        f"{PRODUCT}expect: {{values: {{f: 1}}, wrong: 3}}\n",
        "wrong-type", "expected `true` or `false`, found the number 3", "write `true` or `false`",
    ),
    "a paragraph separator": (
        f"{PRODUCT}\u2029\n",
        "file-control-character", "a paragraph separator, U+2029", 'in double quotes, write it as "\\u2029"',
    ),
    "an instance given out": (
        CELL.replace("NODES", "s: {cell: b, inputs: {u: v}}").replace("OUT", "s")
        + "  b: {inputs: [u], nodes: {o: u * 2}, outputs: [o]}\nnodes: {f: {cell: a, inputs: {v: x}}}\n",
        "cell-form", "`s` is an instance of a cell, not a tensor", "give its output a node of its own",
    ),
    "a cell that uses itself twice": (
        CELL.replace("NODES", "w: {cell: a, inputs: {v: v}}, z: {cell: a, inputs: {v: v}}, o: v * 2")
        .replace("OUT", "o")
        + "nodes: {f: {cell: a, inputs: {v: x}}}\n",
        "cell-recursion", "the cell `a` uses itself", "a graph is finite",
    ),
    "a cycle through the inside of a cell": (
        CELL.replace("NODES", "o: v * g").replace("OUT", "o")
        + "nodes: {i: {cell: a, inputs: {v: x}}, g: i.o * 2, f: g + 1}\n",
        "cycle", "these nodes depend on each other: i → g → i", "a graph has no loops",
    ),
    "a training without an optimiser": (
        f"{PRODUCT}train: {{steps: 3}}\n",
        "train", "`train` has no `optimizer`", "train: {optimizer: sgd",
    ),
    "gradients clipped to nothing": (
        f"{PRODUCT}train: {{optimizer: sgd, lr: 0.1, steps: 3, clip_norm: 0}}\n",
        "train", "`clip_norm` must be a finite number above 0", "",
    ),
    "a choice twice": (
        f"{PRODUCT}ask: {{f: {{question: q, choices: [a, b, a], answer: b}}}}\n",
        "ask", "no two choices may have the same text", "",
    ),
    "scans of different lengths": (
        SCAN.replace("h0: [1, 2]}", "h0: [1, 2], ys: [[1, 2]]}")
        .replace("[x, h]", "[x, y, h]").replace("x + h", "x + y + h").replace("x: xs}", "x: xs, y: ys}"),
        "scan-shapes", "`ys` has 1 time steps, but `xs` has 2", "",
    ),
    "an iteration of a training that is not one": (
        f"{PRODUCT}expect: {{iteration: 3, values: {{f: 1}}}}\ntrain: {{optimizer: nobody, steps: 3}}\n",
        "train", "there is no optimiser `nobody`", "available: sgd",
    ),
    "a batch of a single number": (
        TABLE.replace("BATCH", "batch: {of: [k], size: 1}"),
        "train-batch", "`k` is a single number: it has no axis of examples", "",
    ),
    "a batch of what there is not": (
        TABLE.replace("BATCH", "batch: {of: [nothing], size: 1}"),
        "train-batch", "there is no leaf `nothing`", "the leaves are k, x, i",
    ),
    "a number of the long form that its type cannot hold": (
        "inputs: {x: 2}\ndtype: float16\nnodes: {f: {op: mul, inputs: [x, 1e6]}}\n",
        "number-range", "float16 cannot hold 1e+06: its largest number is 6.55e+04", "`dtype: float64`",
    ),
    "a part of a node that is no instance of a cell": (
        "inputs: {x: 2}\nnodes: {y: x + 1, z: y.o * 2, f: y + z}\n",
        "unknown-name", "`y` is not an instance of a cell and has no `.o`", "",
    ),
    "an output of an instance that a cell gives out": (
        "inputs: {x: 2}\ncells:\n  c: {inputs: [a], nodes: {o: a * 2}, outputs: [o]}\n"
        "  d: {inputs: [a], nodes: {k: {cell: c, inputs: {a: a}}}, outputs: [k.o]}\n"
        "nodes: {u: {cell: d, inputs: {a: x}}, f: u.o * 1}\n",
        "cell-form", "the cell `d` has no node `k.o` to output", "give it a node of its own: `h: k.o`",
    ),
    "a bracket that is not closed behind an anchor": (
        "inputs: {x: 2}\nnodes: {f: &a exp(, g: 3}\n",
        "yaml-unclosed", "a `(` in this text is not closed", "close it, or quote the whole text",
    ),
    "a running value that holds row numbers": (
        TABLE.replace("BATCH", "running: {i: {follows: f, momentum: 0.1}}"),
        "train-running", "`i` cannot be a running value: it holds examples, or whole numbers", "",
    ),
    "a text that is repeated too often": (
        f"x: &a ['{'z' * 60_000}']\ny: [{', '.join(['*a'] * 20)}]\n",
        "yaml-expansion", "aliases repeat more than 1,048,576 characters", "",
    ),
    "a long text with a colon in it": (
        f"nodes: {{x y: 3 {'a' * 1200}: 3}}\n",
        "yaml-syntax", "in YAML, a name can have at most 1,024 characters", "at most 64",
    ),
    "a bracket that is left open after others": (
        "inputs: {x: [1, 2], y: (3)\n",
        "yaml-unclosed", "this `{` is not closed", "add `}`",
    ),
    "a list of nothing for a map": (
        "inputs: []\nnodes: {f: 1}\n",
        "wrong-type", "expected a map from names to numbers, found a list", "such as `inputs: {x: 2}`",
    ),
    "a list of numbers for a map": (
        "inputs: [3, b]\nnodes: {f: 1}\n",
        "wrong-type", "expected a map from names to numbers, found a list", "such as `inputs: {x: 2}`",
    ),
    "a key with no value above a known one": (
        "inputs:\nx: 1\nnodes: {f: x * 1}\n",
        "unknown-key", "a scenario has no key `x`", "indent it if it is part of `inputs`",
    ),
    "a key below one that has a value": (
        f"notes:\n  f: a\nfoo: 3\n{PRODUCT}",
        "unknown-key", "a scenario has no key `foo`", "known keys: title",
    ),
}  # fmt: skip


@pytest.mark.every_case
@pytest.mark.parametrize(("text", "code", "message", "hint"), CASES.values(), ids=CASES)
def test_it_is_told(text: str, code: str, message: str, hint: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_source(Source.from_bytes("case.yaml", text.encode()))
    first = caught.value.diagnostics[0]
    assert (first.code.name, str(first.message)) == (code, message)
    assert hint in str(first.hint)
    assert first.place is not None


def test_an_empty_training_is_none() -> None:
    assert load_source(Source.from_bytes("case.yaml", f"{PRODUCT}train:\n".encode())).training is None


@pytest.mark.parametrize("section", ["operators", "notes", "ask", "expect"])
def test_a_section_that_is_left_empty_says_nothing(section: str) -> None:
    read = load_source(Source.from_bytes("case.yaml", f"{section}:\n{PRODUCT}".encode()))
    assert not read.notes
    assert not read.asks
    assert not read.expectations
    assert not read.graph.operators


@pytest.mark.parametrize("asked", ["", "[]"])
def test_a_node_without_a_question_is_not_asked_about(asked: str) -> None:
    assert not load_source(Source.from_bytes("case.yaml", f"{PRODUCT}ask: {{f: {asked}}}\n".encode())).asks


@pytest.mark.parametrize(
    ("section", "entry", "code"),
    [
        ("notes", "  n{}: a\n", "unknown-note"),
        ("ask", "  n{}: {{question: a, answer: 1}}\n", "ask"),
        ("expect", "    n{}: 1\n", "expect-name"),
    ],
)
def test_of_many_mistakes_the_first_are_told(section: str, entry: str, code: str) -> None:
    head = f"{section}:\n" + "  values:\n" * (section == "expect")
    entries = "".join(entry.format(number) for number in range(60))
    with pytest.raises(ScenarioError) as caught:
        load_source(Source.from_bytes("case.yaml", f"{PRODUCT}{head}{entries}".encode()))
    found = caught.value.diagnostics
    assert [(each.code.name, each.message) for each in found] == [
        (code, f"`n{number}` is not defined") for number in range(20)
    ]


@pytest.mark.parametrize(
    ("phase", "hint"),
    [("backwrad", "did you mean `backward`?"), ("zzzzz", "available: forward, backward, update")],
)
def test_a_phase_that_there_is_not_is_answered_with_those_there_are(phase: str, hint: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_source(Source("case.yaml", f"{PRODUCT}notes: {{f: {{text: a, phase: {phase}}}}}\n"))
    assert [str(each.hint) for each in caught.value.diagnostics] == [hint]


@pytest.mark.parametrize(
    "section", ["inputs", "params", "cells", "output", "expect", "train", "notes", "ask"]
)
def test_a_section_that_is_indented_is_told_from_a_node(section: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_source(Source("case.yaml", f"inputs: {{x: 2}}\nnodes:\n  f: x * x\n  {section}: {{w: 1}}\n"))
    assert str(caught.value.diagnostics[0].hint) == (
        f"`{section}` is a section of the scenario: it must start in the first column"
    )


def test_a_name_has_at_most_64_characters() -> None:
    text = "inputs: {{{0}: 1}}\nnodes: {{f: {0} * 1}}\n"
    assert "n" * 64 in load_source(Source("case.yaml", text.format("n" * 64))).graph
    with pytest.raises(ScenarioError, match="a name has at most 64 characters, but this one has 65"):
        load_source(Source("case.yaml", text.format("n" * 65)))
