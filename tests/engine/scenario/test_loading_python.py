"""What people write in Python means what a file means: maps, texts, names and paths."""

from __future__ import annotations

import re
import traceback
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from backprop_engine import (
    BackpropError,
    Bindings,
    ScenarioError,
    UsageError,
    load_scenario,
    make_graph,
    record,
)
from backprop_engine.arrays import same
from backprop_engine.scenario.bundled import bundled

HANGUL = re.compile("[가-힣]")
ARTICLE = {"q": "x + y", "f": "q * z"}
NUMBERS = {"x": -2, "y": 5, "z": -4}


# Which kind of source it is


@pytest.mark.parametrize(
    "source",
    [
        {"inputs": {"x": 3}, "nodes": {"f": "x ** 2"}},
        "inputs: {x: 3}\nnodes: {f: x ** 2}\n",
        "inputs: {x: 3}\r\nnodes: {f: x ** 2}\r\n",
        "{inputs: {x: 3}, nodes: {f: x ** 2}}",
        '{"inputs": {"x": 3}, "nodes": {"f": "x ** 2"}}',
        OrderedDict(nodes={"f": "x ** 2"}, inputs={"x": 3.0}),
    ],
    ids=["map", "text", "carriage returns", "flow", "JSON", "ordered"],
)
def test_a_scenario_in_python(source: Any) -> None:
    assert load_scenario(source).record().gradient("x") == 6


def test_a_name_is_a_bundled_scenario_and_a_path_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_scenario("xor").path == str(bundled()["xor"])
    Path("xor").write_text("inputs: {x: 3}\nnodes: {f: x ** 2}")
    assert load_scenario("xor").path == str(bundled()["xor"])
    assert load_scenario(Path("xor")).record().gradient("x") == 6
    assert load_scenario("./xor").path == "./xor"


def test_a_path_object_is_a_path_whatever_it_looks_like(tmp_path: Path) -> None:
    path = tmp_path / "a: b\nc"
    path.write_text("inputs: {x: 3}\nnodes: {f: x ** 2}")
    assert load_scenario(path).record().gradient("x") == 6
    with pytest.raises(ScenarioError, match="<text>:2:1"):
        load_scenario("a: b\nc")


def test_a_name_that_no_scenario_has_is_answered_with_the_nearest() -> None:
    with pytest.raises(ScenarioError, match=r"there is no such file\n  hint: did you mean `add_multiply`\?"):
        load_scenario("add_multply")
    with pytest.raises(ScenarioError, match="file-not-found"):
        load_scenario("")


def test_places_in_a_text_and_in_a_map_are_named() -> None:
    with pytest.raises(ScenarioError) as text:
        load_scenario("inputs: {x: 3}\nnodes: {f: y ** 2}")
    assert str(text.value.diagnostics[0].place) == "<text>:2:12"
    with pytest.raises(ScenarioError) as written:
        load_scenario({"inputs": {"x": 3}, "nodes": {"q": "x + 1", "f": "q * y"}})
    assert str(written.value.diagnostics[0].place) == "<graph>:4:10"
    assert written.value.diagnostics[0].quoted == "  f: q * y"


# What a map holds


def test_arrays_are_numbers_to_the_last_bit() -> None:
    numbers = np.random.default_rng(0)
    small, large = numbers.normal(size=(3, 4)), numbers.normal(size=(70, 80))
    graph = make_graph({"s": "sum(a) + sum(b)"}, inputs={"a": small, "b": large})
    trace = record(graph)
    assert same(trace.value("a"), small)
    assert same(trace.value("b"), large)


@given(
    npst.arrays(
        np.float64, npst.array_shapes(max_dims=3, max_side=4), elements=st.floats(allow_nan=True, width=64)
    )
)
def test_any_array_comes_through(array: Any) -> None:
    assert same(record(make_graph({"s": "sum(a)"}, inputs={"a": array})).value("a"), array)


def test_a_large_target_is_refused_like_a_small_one() -> None:
    """Though its numbers are put in after the rest was read."""
    for size in (3, 5000):
        classes = np.zeros(size, dtype=int)
        classes[-1] = 7
        with pytest.raises(BackpropError, match="7"):
            make_graph(
                {"L": "softmax_with_loss(a, target=t)"},
                inputs={"a": np.zeros((size, 2))},
                constants={"t": classes},
            )


def test_large_arrays_are_kept_when_a_scenario_is_written(tmp_path: Path) -> None:
    large = np.random.default_rng(0).normal(size=5000)
    scenario = load_scenario({"inputs": {"a": large}, "nodes": {"s": "sum(a)"}})
    assert same(load_scenario(scenario.to_yaml()).record().value("a"), large)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({3: {}}, r"a scenario has `3` where a name was expected; names are strings, in quotes"),
        ({"nodes": {1: "x"}}, "nodes has `1`"),
        (
            {"inputs": {"x": object()}},
            r"inputs\.x: a scenario cannot hold <object .*, which is of type object",
        ),
        ({"inputs": {"x": 1j}}, "of type complex"),
        ({"inputs": {"x": {1, 2}}}, "of type set"),
        ({"inputs": {"x": np.array(["a"])}}, "of type ndarray"),
        ({"inputs": {"x": np.array([1j] * 9999)}}, "of type ndarray"),
    ],
)
def test_what_no_file_can_hold_is_told(document: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load_scenario(document)
    assert HANGUL.search(caught.value.in_language("ko"))


def test_what_is_nested_too_deeply_is_refused() -> None:
    def nested(levels: int) -> Any:
        return [nested(levels - 1)] if levels else 1.0

    assert (
        load_scenario({"inputs": {"x": nested(20)}, "nodes": {"f": "sum(x)"}}).graph["x"].shape == (1,) * 20
    )
    for levels, message in ((80, "more than 64 levels"), (150, "inputs.x is nested too deeply")):
        with pytest.raises(BackpropError, match=message):
            load_scenario({"inputs": {"x": nested(levels)}, "nodes": {"f": "sum(x)"}})


def test_what_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(UsageError, match="is nested too deeply"):
        load_scenario({"inputs": {"x": loop}})


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').getcwd()",
        "(lambda: 1)()",
        "!!python/object/apply:os.getcwd []",
        "x.__class__",
        "{x: 1}",
    ],
)
def test_nothing_is_evaluated(text: str) -> None:
    with pytest.raises(BackpropError):
        make_graph({"f": text}, inputs={"x": 1})
    with pytest.raises(BackpropError):
        make_graph({"f": "x * 2"}, inputs={"x": text})


# A graph


def test_a_graph_is_run_on_its_numbers_or_on_others() -> None:
    graph = make_graph(ARTICLE, inputs=NUMBERS)
    assert graph.nodes[graph.output].name == "f"
    assert record(graph).value("f") == -12
    assert record(graph, {"x": 1}).value("f") == -24
    assert record(graph, Bindings.of(graph, NUMBERS)).value("f") == -12
    with pytest.raises(UsageError, match="the graph has no node called w"):
        record(graph, {"w": 1})
    with pytest.raises(UsageError, match="the value for x is neither a number nor a regular list"):
        record(graph, {"x": "three"})
    bare = load_scenario("add_multiply").graph
    with pytest.raises(UsageError, match="the leaf x has no value"):
        record(bare)


def test_the_sections_of_a_file_are_arguments() -> None:
    graph = make_graph(
        {"p": "twice(W @ x)", "y": "p * mask", "z": "sum(y)"},
        inputs={"x": [1, 2]},
        params={"W": {"shape": [2, 2], "init": "eye"}},
        constants={"mask": [True, False]},
        operators={"twice": {"inputs": ["a"], "forward": "2 * a"}},
        output="y",
        seed=[1, 1],
        dtype="float32",
    )
    trace = record(graph)
    assert (graph.nodes[graph.output].name, graph.dtype) == ("y", np.float32)
    assert trace.gradient("x").tolist() == [2, 0]
    assert trace.value("y").dtype == np.float32


def test_a_mistake_shows_none_of_the_frames_that_found_it() -> None:
    with pytest.raises(ScenarioError) as caught:
        make_graph({"y": "W @ x"}, inputs={"x": [1, 2, 3]}, params={"W": [[1, 2], [3, 4]]})
    files = {Path(frame.filename).name for frame in traceback.extract_tb(caught.tb)}
    assert files == {Path(__file__).name, "make_graph.py"}
    assert "W is 2×2 and x is 3" in str(caught.value)
    with pytest.raises(ScenarioError, match="name the one to differentiate: `output: b`"):
        make_graph({"a": "x * 2", "b": "x * 3"}, inputs={"x": 1})
