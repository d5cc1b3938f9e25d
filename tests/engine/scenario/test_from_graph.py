"""A scenario made of a graph and its numbers alone: loading it gives the graph back, or it is refused."""

from __future__ import annotations

from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given, settings

from backprop_engine import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.scenario.from_graph import scenario_from
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from effort import examples
from graphs import RandomRun, Sketch, bindings_of, each_sample, graph_of, runs
from sameness import assert_same, bits, graph_says
from scenes import STEMS, scenario


def load(text: str) -> Scenario:
    return load_source(Source.from_bytes("s.yaml", text.encode()))


def from_graph(graph: Graph, bindings: Bindings) -> Scenario:
    scenario = scenario_from(graph, bindings)
    text = scenario.to_yaml()
    assert_same(load(text), scenario)
    return scenario


@pytest.mark.parametrize("stem", [stem for stem in STEMS if not scenario(stem).graph.groups])
def test_a_bundled_graph_comes_back_without_its_file(stem: str) -> None:
    bundled = scenario(stem)
    again = from_graph(bundled.graph, bundled.bindings)
    assert graph_says(again.graph) == graph_says(bundled.graph)
    trace, other = bundled.record(), again.record()
    for node in bundled.graph.nodes:
        if node.name:
            assert bits(trace.value(node.name)) == bits(other.value(node.name))


@each_sample()
def test_every_operator_comes_back(op: Op, sample: Sample) -> None:
    graph = graph_of(op, sample, "float32")
    if op.boolean:
        with pytest.raises(UsageError, match="is a comparison"):
            scenario_from(graph, bindings_of(graph, op, sample))
    else:
        from_graph(graph, bindings_of(graph, op, sample))


@settings(max_examples=examples(100))
@given(runs().filter(lambda run: not run.graph.nodes[run.graph.output].op.boolean))  # type: ignore[union-attr]
def test_a_random_graph_comes_back(run: RandomRun) -> None:
    from_graph(run.graph, run.bindings)


@pytest.mark.parametrize(
    "nodes",
    [
        "{f: (x + y) * z}",
        "{f: 'maximum(b=x * y, a=y * z)'}",
        "{f: '-(-2) ** x - -3 + neg(4) * -x'}",
        "{f: identity(x * y), g: x, h: f + g * identity(2)}",
        "{f: 'sum(v[1:], axis=0) + v[-1] + (v * z)[0] + v[::-1][0]'}",
        "{f: '(v @ v.T).T * v @ (v > 0) * mse(v, 2 * v, reduction=\"sum\")', g: sum(f)}",
        "{f: 'where(v > z, v, -v)', g: 'stack(f, v * 2, v)', h: sum(g)}",
        "{h: f * 2 + g, f: x * 3, g: y * f}",
        "{f: 2 * 3 + x * 1e-300 * 123456789012345678}",
        "{f: {op: add, inputs: [x, .inf]}, g: {op: mul, inputs: [.nan, f]}}",
        "{f: {op: clip, inputs: [x], max: .inf}}",
        """{f: 'einsum(v, v, subscripts="i,i->")'}""",
    ],
)
def test_the_parts_of_an_expression_go_back_into_it(nodes: str) -> None:
    scenario = load(f"inputs: {{x: 2, y: 3, z: 4, v: [1, 2]}}\nnodes: {nodes}\n")
    again = from_graph(scenario.graph, scenario.bindings).graph
    assert graph_says(again) == graph_says(scenario.graph)


def test_a_chain_of_thousands_of_parts_is_no_deep_recursion() -> None:
    scenario = load("inputs: {x: 1}\nnodes: {f: " + " + ".join(["x"] * 3000) + "}\n")
    assert len(from_graph(scenario.graph, scenario.bindings).graph.order) == 2999


@pytest.mark.parametrize(
    ("reason", "nodes"),
    [
        ("is not a name", {"not a name": "square x"}),
        ("it can be used only once", {"f#1": "square x", "f": "mul f#1 f#1"}),
        ("it can be used only once", {"f#1": "square x"}),
        ("the order of computation would change", {"g#1": "square x", "f": "tanh g#1"}),
        ("the order of computation would change", {"f#1": "square x", "a": "tanh x", "f": "mul f#1 a"}),
        ("is a reserved Python keyword", {"lambda": "square x"}),
    ],
)
def test_graphs_that_no_file_says(reason: str, nodes: dict[str, str]) -> None:
    graph = Sketch().inputs(x=())(**nodes).build()
    with pytest.raises(UsageError, match=reason):
        scenario_from(graph, Bindings.of(graph, {"x": 1}))


def test_parts_of_a_list_of_operands_stand_in_their_order() -> None:
    builder = GraphBuilder()
    x = builder.leaf("x", Kind.INPUT, (2,))
    parts = [builder.apply(OPS[op], (x,), f"f#{number}") for number, op in ((1, "tanh"), (2, "square"))]
    swapped = builder.scratch()
    builder.apply(OPS["concat"], parts, "f")
    graph = builder.build()
    written = scenario_from(graph, Bindings.of(graph, {"x": [1, 2]}, np.ones(4)))
    assert "f: concat(tanh(x), square(x))" in written.to_yaml()
    swapped.apply(OPS["concat"], parts[::-1], "f")
    graph = swapped.build()
    with pytest.raises(UsageError, match="this graph cannot be written as a scenario"):
        scenario_from(graph, Bindings.of(graph, {"x": [1, 2]}, np.ones(4)))


def test_an_index_of_nothing_has_the_long_form() -> None:
    builder = GraphBuilder()
    builder.apply(OPS["index"], (builder.leaf("x", Kind.INPUT, (2,)),), "f", attributes={"key": ()})
    graph = builder.build()
    written = scenario_from(graph, Bindings.of(graph, {"x": [1, 2]}, np.ones(2)))
    assert "f: {op: index, inputs: [x], key: []}" in written.to_yaml()
    assert written.record().value("f").tolist() == [1, 2]


def of_infinity(op: str, **settings: object) -> Scenario:
    """The scenario of an operator on an infinite number, which no expression says."""
    builder = GraphBuilder()
    x = builder.leaf("x", Kind.INPUT, (2,))
    made = builder.apply(op, builder.literal(np.inf), name="k", **settings)
    builder.apply("minimum", made, x, name="m")
    graph = builder.build("m")
    return scenario_from(graph, Bindings.of(graph, {"x": [1, 2]}, np.ones(2)))


@pytest.mark.parametrize(
    ("op", "settings", "written"),
    [
        ("sum", {"keepdims": True}, "keepdims: true"),
        ("clip", {"max": 7.0, "min": None}, "max: 7.0"),
        ("norm", {"ord": "inf"}, "ord: inf"),
        ("gelu", {"approximate": "tanh"}, "approximate: tanh"),
    ],
)
def test_settings_of_every_type_have_a_long_form(op: str, settings: dict[str, object], written: str) -> None:
    again = of_infinity(op, **settings)
    assert f"k: {{op: {op}, inputs: [.inf], {written}}}" in again.to_yaml()


@pytest.mark.parametrize("key", [(None,), (...,), (..., None)])
def test_an_index_of_an_infinite_number_is_refused(key: tuple[object, ...]) -> None:
    with pytest.raises(UsageError, match="cannot be written as a scenario: `key` of k has no long form"):
        of_infinity("index", key=key)


def test_an_infinite_number_in_a_numbered_part_is_refused() -> None:
    builder = GraphBuilder()
    part = builder.apply("minimum", builder.leaf("x", Kind.INPUT), builder.literal(np.inf), name="f#1")
    builder.apply("square", part, name="f")
    graph = builder.build("f")
    with pytest.raises(UsageError, match="f#1 is part of an expression, but cannot be written as one"):
        scenario_from(graph, Bindings.of(graph, {"x": 1}))


def test_instances_of_cells_are_refused() -> None:
    text = "inputs: {x: 1}\nnodes: {a: {cell: c, inputs: {u: x}}, f: a.h}\n"
    scenario = load(text + "cells: {c: {inputs: [u], nodes: {h: u * u}, outputs: [h]}}\n")
    with pytest.raises(UsageError, match="graph alone does not tell"):
        scenario_from(scenario.graph, scenario.bindings)


def test_what_a_program_has_built_is_written_as_an_author_would() -> None:
    builder = GraphBuilder("float32")
    x = builder.leaf("x", Kind.INPUT, (2,))
    w = builder.leaf("w", Kind.PARAM, ())
    two = builder.literal(0.1)
    a = builder.apply(OPS["mul"], (x, w), "a")
    b = builder.apply(OPS["add"], (a, two), "b")
    builder.apply(OPS["sum"], (b,), "c", attributes={"keepdims": True})
    graph = builder.build("b")
    scenario = scenario_from(graph, Bindings.of(graph, {"x": [1, 0.1], "w": 3}, [1, 2]), name="made")
    assert (scenario.name, scenario.path) == ("made", "made.yaml")
    assert scenario.to_yaml() == dedent("""\
        dtype: float32
        inputs:
          x: [1, 0.1]
        params: {w: 3}
        nodes:
          a: x * w
          b: a + 0.1
          c: sum(b, keepdims=true)
        output: b
        seed: [1, 2]
        """)
