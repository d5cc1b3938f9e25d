"""The format under hypothesis: what is valid loads and comes back, what is damaged loads or is refused.

`BACKPROP_EFFORT=exhaustive` draws 5,000 scenarios and damages 10,000; `thorough` some hundreds, in which the
whole format is to be found. They are the same in every run.
"""

from __future__ import annotations

import re
import tracemalloc
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from backprop_engine.optim import OPTIMIZERS
from backprop_engine.scenario.format import DTYPES, NODE_FORMS, SCENARIO
from backprop_engine.scenario.from_graph import scenario_from
from backprop_engine.scenario.leaves.initializers import INITS
from backprop_engine.scenario.model import Scenario
from effort import EXHAUSTIVE, THOROUGH, tried
from mutating import damaged, damaged_bytes, loaded, misunderstood, outcome
from sameness import assert_same, graph_says
from scenario_drafts import draft, write_data
from yaml_styles import Number, Printer, encoded

SCENARIOS = settings(
    max_examples=5_000 if EXHAUSTIVE else tried(300, 30),
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
DAMAGED = settings(SCENARIOS, max_examples=10_000 if EXHAUSTIVE else tried(600, 60))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("format")
    write_data(folder)
    return folder / "s.yaml"


@pytest.fixture
def traced() -> Iterator[None]:
    """Memory is traced, so that `loaded` can tell what a file takes."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


# What is valid

STYLES = {
    "block text": r"[:-] (&\w+ )?[|>][-\d]*\n",
    "double quotes": r'[:-] "',
    "single quotes": r"[:-] '",
    "escapes": r"\\(x|u|U)[0-9a-f]",
    "a map in braces": r": \{\w",
    "a list in brackets": r": \[\w",
    "a list with dashes": r"\n *- ",
    "comments": r"\n *# why",
    "an anchor": r": &n\d",
    "an alias": r"[:-] \*n\d",
    "a directive": r"^%YAML",
    "the end of a document": r"\n\.\.\.\n",
    "a line within an expression": r"\\n  \w|[|]-?\n +\w+\(",
}
FIGURES = ("values", "grads", "a formula", "digits", "rtol", "atol", "wrong")
OPERATORS = (
    "add", "sub", "mul", "div", "pow", "neg", "matmul", "less", "less_equal", "greater", "greater_equal",
    "equal", "not_equal", "index", "transpose", "where", "stack",
)  # fmt: skip
WANTED = (
    *(f"the section {name}" for name in SCENARIO.names),
    *(f"a node with {form}" for form in ("an expression", "a note", "a comparison", *NODE_FORMS)),
    *(f"a leaf with {form}" for form in ("a number", "a list", "file", "init: zeros", "init: normal")),
    *(f"dtype: {dtype}" for dtype in DTYPES),
    *(f"optimizer: {name}" for name in OPTIMIZERS),
    *(f"an expectation with {key}" for key in FIGURES),
    *(f"the operator {name}" for name in OPERATORS),
    *(f"an instance {where}" for where in ("of a cell", "in an instance", "of a scan")),
    *("a graph without instances", "a text in two languages", "a name that is not normalised"),
    *("LF", "CRLF", "CR", "a byte order mark", "UTF-16"),
    *STYLES,
)
USUAL = ("the section expect", "a node with an expression", "an expectation with values", "comments")
"""What some dozens have."""
SELDOM = (
    *(f"a leaf with init: {init}" for init in INITS),
    *(
        f"the operator {name}"
        for name in ("softmax", "einsum", "mse", "layer_norm", "reshape", "clip", "gelu")
    ),
    "no output named",
)
"""What some hundreds of scenarios need not have."""


def features(root: dict[str, Any], text: str, data: bytes, scenario: Scenario) -> Iterator[str]:
    """What of the format a scenario has, in the words of `WANTED`."""
    yield from (f"the section {name}" for name in root)
    for section in ("inputs", "params", "constants"):
        yield from map(_leaf_form, root.get(section, {}).values())
    for node in _nodes(root):
        if isinstance(node, dict):
            yield from (f"a node with {key}" for key in node if key in NODE_FORMS)
            yield from ("a node with a note" for _ in range("note" in node))
        else:
            yield "a node with an expression"
    blocks = root.get("expect", [])
    for block in blocks if isinstance(blocks, list) else [blocks]:
        yield from (f"an expectation with {key}" for key in block)
        if any(isinstance(one, str) for one in block.get("grads", {}).values()):
            yield "an expectation with a formula"
    yield f"dtype: {scenario.dtype}"
    if scenario.training:
        yield f"optimizer: {scenario.training.optimizer.name}"
    graph = scenario.graph
    yield from (f"the operator {node.op.name}" for node in graph.nodes if node.op)
    yield from (
        "a node with a comparison"
        for node in graph.nodes
        if node.op and node.op.boolean and "#" not in node.name
    )
    for group in graph.groups:
        where = "in an instance" if group.parent is not None else "of a cell"
        yield f"an instance {'of a scan' if group.name.endswith(']') else where}"
    if not graph.groups:
        yield "a graph without instances"
    yield from (style for style, pattern in STYLES.items() if re.search(pattern, text))
    yield from _encodings(data)
    if isinstance(root.get("title"), dict) and len(root["title"]) > 1:
        yield "a text in two languages"
    names = [name for section in ("inputs", "params", "constants", "nodes") for name in root.get(section, ())]
    if not all(unicodedata.is_normalized("NFC", name) for name in names):
        yield "a name that is not normalised"
    if "output" not in root:
        yield "no output named"


def _leaf_form(value: Any) -> str:
    if isinstance(value, dict):
        return f"a leaf with init: {value['init']}" if "init" in value else "a leaf with file"
    return "a leaf with a number" if isinstance(value, Number) else "a leaf with a list"


def _nodes(root: dict[str, Any]) -> Iterator[Any]:
    yield from root["nodes"].values()
    for cell in root.get("cells", {}).values():
        yield from cell["nodes"].values()


def _encodings(data: bytes) -> Iterator[str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield "UTF-16"
        return
    if data.startswith(b"\xef\xbb\xbf"):
        yield "a byte order mark"
    yield "CRLF" if b"\r\n" in data else "CR" if b"\r" in data else "LF"


def test_what_is_valid_loads_and_comes_back(path: Path) -> None:
    tally: Counter[str] = Counter()
    graphs = nodes = 0

    @SCENARIOS
    @given(st.randoms(use_true_random=False))
    def law(random: Random) -> None:
        nonlocal graphs, nodes
        root = draft(random)
        text = Printer(random).document(root)
        note(text)
        data = encoded(text, random)
        scenario = loaded(data, path)
        written = scenario.to_yaml()
        note(written)
        again = loaded(written.encode(), path)
        assert_same(again, scenario)
        assert again.to_yaml() == written
        if not scenario.graph.groups:
            alone = scenario_from(scenario.graph, scenario.bindings).graph
            assert graph_says(alone) == graph_says(scenario.graph)
        tally.update(set(features(root, text, data, scenario)))
        graphs, nodes = graphs + 1, nodes + len(scenario.graph.order)

    law()
    if EXHAUSTIVE:
        print(f"\n{graphs} scenarios with {nodes} computed nodes load, and come back from their text")  # noqa: T201
        print(", ".join(f"{feature} {tally[feature]}" for feature in (*WANTED, *SELDOM)))  # noqa: T201
    wanted = (*(WANTED if THOROUGH else USUAL), *(SELDOM if EXHAUSTIVE else ()))
    assert [feature for feature in wanted if not tally[feature]] == []


# What is damaged


@pytest.mark.usefixtures("traced")
def test_what_is_damaged_loads_or_is_refused_with_places(path: Path) -> None:
    tally: Counter[str] = Counter()

    @DAMAGED
    @given(st.integers(0, 2**32), st.randoms(use_true_random=False))
    def law(seed: int, random: Random) -> None:
        root, count = draft(Random(seed)), random.choice((1, 1, 1, 2, 3, 5))
        if random.random() < 0.5:
            for _ in range(count):
                root = misunderstood(root, random)
            text = Printer(Random(seed)).document(root)
        else:
            text = Printer(Random(seed)).document(root)
            for _ in range(count):
                text = damaged(text, random)
        note(text)
        data = encoded(text, random)
        if random.random() < 0.15:
            data = damaged_bytes(data, random)
        tally[_first_code(outcome(data, path))] += 1

    law()
    total = sum(tally.values())
    if EXHAUSTIVE:
        print(f"\n{total} damaged files, of which {tally['loads']} load")  # noqa: T201
        print(", ".join(f"{code} {count}" for code, count in tally.most_common()))  # noqa: T201
    assert tally["loads"] >= total // 50
    assert len(tally) >= (60 if EXHAUSTIVE else tried(30, 10))


def _first_code(refused: str) -> str:
    found = re.search(r"error\[([a-z-]+)\]", refused)
    return found[1] if found else "loads"
