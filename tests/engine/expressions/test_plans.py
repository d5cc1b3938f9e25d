"""Plans of expressions: what is worked out once for a form holds for each of its texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from test_expr import TREES

from backprop_engine.errors import ScenarioError
from backprop_engine.evaluation.execution_plans import plan_of, refusal
from backprop_engine.evaluation.graph_nodes import LONGEST_TEXT
from backprop_engine.expressions import fill, render
from backprop_engine.expressions.templates import LONGEST
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.ops import OPS
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from effort import examples


def graph(nodes: str, leaves: str = "{x: 2, y: 3}") -> Graph:
    return load_source(Source.from_bytes("g.yaml", f"inputs: {leaves}\nnodes:\n{nodes}".encode())).graph


def computed(found: Graph) -> list[tuple[str, str, tuple[str, ...], str]]:
    return [
        (
            node.name,
            node.op.name,
            tuple(found.nodes[one].name or found.nodes[one].text for one in node.operands),
            node.text,
        )
        for node in found.nodes
        if node.op is not None
    ]


def mistakes(nodes: str, leaves: str = "{x: 2, y: 3}") -> list[tuple[int, int, str, str]]:
    with pytest.raises(ScenarioError) as caught:
        graph(nodes, leaves)
    return [
        (one.place.line, one.place.column, one.message, one.hint)
        for one in caught.value.diagnostics
        if one.place
    ]


def test_lines_of_one_form_have_their_own_names_numbers_and_texts() -> None:
    found = computed(graph("  a: tanh(x*y + 2)\n  longer: tanh(a*x + 30.5)\n  z: tanh(longer*y + 0)\n"))
    assert found[3:6] == [
        ("longer#1", "mul", ("a", "x"), "a*x"),
        ("longer#2", "add", ("longer#1", "30.5"), "a*x + 30.5"),
        ("longer", "tanh", ("longer#2",), "tanh(a*x + 30.5)"),
    ]
    assert found[6:] == [
        ("z#1", "mul", ("longer", "y"), "longer*y"),
        ("z#2", "add", ("z#1", "0"), "longer*y + 0"),
        ("z", "tanh", ("z#2",), "tanh(longer*y + 0)"),
    ]


def test_operands_keep_the_order_that_the_text_has() -> None:
    found = computed(graph("  a: x - y\n  b: y - x\n  c: 1 - a - 2 * b\n"))
    assert [one[2] for one in found] == [("x", "y"), ("y", "x"), ("1", "a"), ("2", "b"), ("c#1", "c#2")]


def test_operands_by_name_go_where_the_operator_has_them() -> None:
    nodes = "  p: softmax_with_loss(target=t, a=v)\n  q: softmax_with_loss(target=u, a=w)\n  f: p + q\n"
    leaves = "{v: [1, 2], w: [3, 5]}\nconstants: {t: 0, u: 1}"
    assert [one[2] for one in computed(graph(nodes, leaves))] == [("v", "t"), ("w", "u"), ("p", "q")]


def test_a_subscript_is_read_from_each_text() -> None:
    found = graph("  a: v[0] + v[1:]\n  b: v[1] + v[:-1]\n  c: sum(a + b)\n", "{v: [1, 2]}")
    keys = [node.attributes["key"] for node in found.nodes if node.op is OPS["index"]]
    assert keys == [(0,), (slice(1, None),), (1,), (slice(None, -1),)]


def test_names_are_compared_in_normal_form() -> None:
    nodes = "  a: e\u0301 * x\n  b: \u00e9 * a\n"
    assert [one[2] for one in computed(graph(nodes, "{x: 2, \u00e9: 3}"))] == [
        ("\u00e9", "x"),
        ("\u00e9", "a"),
    ]


@pytest.mark.parametrize("text", ["longest", "(longest)"])
def test_a_name_alone_is_a_copy(text: str) -> None:
    assert computed(graph(f"  f: {text}\n", "{longest: 2}")) == [("f", "identity", ("longest",), "longest")]


def test_a_refused_call_is_told_in_the_words_of_its_own_text() -> None:
    found = mistakes("  first: sum(x, axis=y)\n  second: sum(first, axis=inputs_of_it)\n")
    assert [(line, column) for line, column, _, _ in found] == [(3, 22), (4, 27)]
    assert [hint for _, _, _, hint in found] == [
        'did you mean `axis="y"`?',
        'did you mean `axis="inputs_of_it"`?',
    ]


def test_an_earlier_mistake_of_the_same_line_comes_first() -> None:
    (found,) = mistakes("  f: nosuch(v + w)\n", "{v: [1, 2], w: [1, 2, 3]}")
    assert found[:2] == (3, 15)
    assert found[2].startswith("v is 2 and w is 3")


def test_shapes_are_refused_where_each_text_has_its_operator() -> None:
    nodes = "  a: v + v\n  longer: a + a * w\n  c: longer_one + v * w\n"
    found = mistakes(nodes, "{v: [1, 2], w: [1, 2, 3], longer_one: 1}")
    assert [(line, column) for line, column, _, _ in found] == [(4, 17), (5, 21)]


def test_a_call_of_a_node_is_refused_as_such() -> None:
    assert refusal("tanh(x) + gate(x)", 1, {"gate": None}).message == "`gate` is a node, not an operator"
    assert refusal("tanh(x) + gate(x)", 1, {}).message == "there is no operator `gate`"


def test_a_long_expression_keeps_the_beginning_of_each_part() -> None:
    names = [f"x{number}" for number in range(200)]
    text = "  +  ".join(names)
    assert len(text) > LONGEST
    leaves = "{" + ", ".join(f"{name}: 1" for name in names) + "}"
    found = computed(graph(f"  f: {text}\n", leaves))
    parts = ["  +  ".join(names[: count + 2]) for count in range(len(names) - 1)]
    kept = [part if len(part) <= LONGEST_TEXT else f"{part[:LONGEST_TEXT]}…" for part in parts]
    assert [one[3] for one in found] == kept


def test_a_plan_is_made_once_for_a_form_and_kept_for_no_single_text() -> None:
    assert plan_of(fill("tanh(h*w)").template) is plan_of(fill("tanh(other*one)").template)
    alone = fill("tanh(h*w)", shared=False).template
    assert plan_of(alone) is not plan_of(alone)


@settings(max_examples=examples(200), deadline=None)
@given(TREES)
def test_a_shared_plan_is_the_plan_of_the_text_alone(tree: object) -> None:
    text = render(tree)  # type: ignore[arg-type]
    shared, alone = fill(text), fill(text, shared=False)
    plan, own = plan_of(shared.template), plan_of(alone.template)
    assert (plan.parts, plan.computed, len(plan.steps)) == (own.parts, own.computed, len(own.steps))
    assert [shared.path(one) for one in plan.names] == [alone.path(one) for one in own.names]
    assert [shared.number(one) for one in plan.numbers] == [alone.number(one) for one in own.numbers]
    for step, single in zip(plan.steps, own.steps, strict=True):
        assert (step.mark, step.op, step.attributes) == (single.mark, single.op, single.attributes)
        assert step.operands == single.operands
        assert shared.span(step.at) == alone.span(single.at)
        assert [*map(shared.span, step.checked)] == [*map(alone.span, single.checked)]
        if step.key is not None and single.key is not None:
            assert shared.key(step.key) == alone.key(single.key)


def test_a_builder_that_remembers_shapes_asks_again_for_others() -> None:
    builder = GraphBuilder()
    x, v, w = (
        builder.leaf(name, Kind.INPUT, shape) for name, shape in (("x", ()), ("v", (3,)), ("w", (2, 3)))
    )
    pairs = [(x, x), (v, x), (x, v), (v, w), (x, x), (w, v), (v, v)]
    shapes = [builder.shape(builder.apply(OPS["mul"], pair, f"n{at}")) for at, pair in enumerate(pairs)]
    assert shapes == [np.broadcast_shapes(builder.shape(one), builder.shape(other)) for one, other in pairs]
