"""Operators written as formulas: their values, and the gradients that are derived or given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_engine.derivatives.gradient_check import Verdict
from backprop_engine.derivatives.numeric_check import check_edge
from backprop_engine.errors import ShapeError
from backprop_engine.evaluation.calls import CallError
from backprop_engine.evaluation.compiled_formula import CompiledFormula, UnknownNameError
from backprop_engine.evaluation.composed_operators import composed_operator
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.ops import Elementwise, Linear, Op
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace
from effort import examples
from graphs import assert_close

NAMES = ("a", "b")


def trace_of(op: Op, **values: Any) -> Trace:
    builder = GraphBuilder()
    leaves = [builder.leaf(name, Kind.INPUT, np.shape(value)) for name, value in values.items()]
    builder.apply(op, leaves, "f")
    graph = builder.build()
    seed = np.random.default_rng(3).uniform(0.5, 1.5, graph.nodes[graph.output].shape)
    return record(graph, Bindings.of(graph, values, seed))


def derived(text: str, *names: str) -> Op:
    return composed_operator("own", CompiledFormula(text, names or NAMES), {})


def written(text: str, rule: str | None, *names: str) -> Op:
    names = names or ("a",)
    given = None if rule is None else CompiledFormula(rule, (*names, "g", "out"))
    return composed_operator("own", CompiledFormula(text, names), {names[0]: given})


SMOOTH = st.sampled_from(("tanh", "sigmoid", "softplus", "exp", "sin", "square"))
AXES = st.sampled_from(("axis=0", "axis=-1, keepdims=true", ""))


def _called(name: str, part: str, settings: str = "") -> str:
    return f"{name}({part}{', ' if settings else ''}{settings})"


FORMULAS = st.recursive(
    st.sampled_from(("a", "b", "0.5")),
    lambda part: st.one_of(
        st.builds(lambda name, x: f"{name}({x})", SMOOTH, part),
        st.builds(lambda op, x, y: f"({x} {op} {y})", st.sampled_from("+-*"), part, part),
        st.builds(lambda x, y: f"({x} / (2 + square({y})))", part, part),
        st.builds(_called, st.sampled_from(("sum", "mean", "logsumexp", "softmax")), part, AXES),
    ),
    max_leaves=6,
)


@settings(max_examples=examples(60))
@given(FORMULAS)
def test_derived_gradients_agree_with_numeric_ones(text: str) -> None:
    values = {"a": np.random.default_rng(1).uniform(-1, 1, (2, 3)), "b": np.array([0.3, -0.7, 0.9])}
    try:
        op = derived(text)
        trace = trace_of(op, **values)
    except (CallError, ShapeError):  # a reduction of a number over an axis, or a setting that it has not
        with pytest.raises((CallError, ShapeError)):
            trace_of(derived(text), **values)
        return
    for edge in trace.graph.edges:
        assert check_edge(trace, edge).verdict is Verdict.AGREES, text
    assert len(trace.graph.edges) <= 2


@pytest.mark.parametrize(
    ("text", "derivative"),
    [
        ("a * a", "a + a"),
        ("tanh(a)", "1 - out ** 2"),
        ("a * sigmoid(a)", "sigmoid(a) + a * (sigmoid(a) * (1 - sigmoid(a)))"),
        ("3 * a ** 2", "3 * (2 * a)"),
        ("a", "1"),
        ("exp(-a)", "-out"),
        ("a * sign(a)", "sign(a)"),
        ("a + 0 * tanh(a)", "1"),
        ("a - (-a)", "2"),
    ],
)
def test_a_derived_derivative_can_be_read(text: str, derivative: str) -> None:
    (rule,) = derived(text, "a").rules_for(((3,),), {})
    assert isinstance(rule, Elementwise)
    assert rule.text == derivative


@pytest.mark.parametrize("text", ["a * sigmoid(b * a)", "mean(relu(1 - a) ** 2) + sum(b)", "a / norm(a) * b"])
def test_the_text_of_a_derived_rule_says_what_the_rule_computes(text: str) -> None:
    op = derived(text)
    values = {"a": np.array([[0.5, -1.0, 2.0], [1.0, 0.25, -0.5]]), "b": np.array([0.5, 1.5, -2.0])}
    trace = trace_of(op, **values)
    out, upstream = trace.value("f"), trace.gradient("f")
    for edge in trace.graph.edges:
        formula = CompiledFormula(edge.rule.text, (*NAMES, "g", "out"))
        found = formula.value([values["a"], values["b"], upstream, out])
        if isinstance(edge.rule, Elementwise):
            found = found * upstream
        operand = trace.graph.nodes[edge.operand]
        found = np.sum(found, axis=edge.summed).reshape(operand.shape) if edge.summed else found
        assert_close(np.broadcast_to(found, operand.shape), trace.contributions[edge.index])


def test_a_given_rule_runs_as_it_is_written_right_or_wrong() -> None:
    values = {"a": np.array([0.5, -1.0])}
    for rule, right in (("g * (1 - out ** 2)", True), ("g * (1 + out ** 2)", False), (None, False)):
        trace = trace_of(written("tanh(a)", rule), **values)
        (edge,) = trace.graph.edges
        wanted = trace.gradient("f") * (1 - np.tanh(values["a"]) ** 2 * (1 if right else -1))
        assert_close(trace.contributions[0], wanted if rule else np.zeros(2))
        assert (check_edge(trace, edge).verdict is Verdict.AGREES) is right


def test_an_elementwise_rule_is_known_by_its_product_with_the_upstream_gradient() -> None:
    for rule, factor in (
        ("g * a * (1 - out)", "a * (1 - out)"),
        ("a * g", "a"),
        ("-g", "-1"),
        ("g / a", "1 / a"),
        ("g", "1"),
    ):
        (found,) = written("tanh(a)", rule).rules_for(((3,),), {})
        assert isinstance(found, Elementwise)
        assert found.text == factor
    for rule in ("g + a", "g * g", "sum(g) * a"):
        (found,) = written("tanh(a)", rule).rules_for(((3,),), {})
        assert isinstance(found, Linear)
        assert found.text == rule


@pytest.mark.parametrize(
    ("rule", "factor"),
    [("2 * g * a", "2 * a"), ("-2 * g * a / 3", "-2 * a / 3"), ("a * g * a", "a * a")],
)
def test_a_rule_for_an_output_that_is_a_number_has_a_factor_without_the_upstream_gradient(
    rule: str, factor: str
) -> None:
    a, upstream = np.array([0.5, -1.0, 2.0]), np.float64(3.0)
    (found,) = written("sum(a ** 2)", rule).rules_for(((3,),), {})
    assert isinstance(found, Linear)
    assert found.factor is not None
    assert (found.text, found.factor.text) == (rule, factor)
    out = np.float64(5.25)
    assert_close(found.vjp(upstream, out, a), upstream * found.factor.of(out, a))


@pytest.mark.parametrize("rule", ["g * sum(a)", "g + a", "g * g * a"])
def test_a_rule_that_multiplies_with_no_tensor_of_the_operands_shape_has_no_factor(rule: str) -> None:
    (found,) = written("sum(a ** 2)", rule).rules_for(((3,),), {})
    assert isinstance(found, Linear)
    assert found.factor is None


def test_a_rule_of_another_shape_is_refused_and_a_broadcast_operand_is_summed() -> None:
    assert written("sum(a @ b)", "g * b.T", "a", "b").shape((2, 3), (3, 2)) == ()
    with pytest.raises(ShapeError, match="gives shape 3×2, but `a` has shape 2×3") as caught:
        written("sum(a @ b)", "g * b", "a", "b").shape((2, 3), (3, 2))
    assert "transpose" in str(caught.value)
    with pytest.raises(ShapeError, match="gives shape 4, but `a` has shape 3"):
        written("sum(a) + sum(b)", "g * b", "a", "b").shape((3,), (4,))
    trace = trace_of(
        composed_operator(
            "own", CompiledFormula("a + b", NAMES), {"b": CompiledFormula("g + 0 * a", (*NAMES, "g", "out"))}
        ),
        a=np.ones((2, 3)),
        b=np.ones(3),
    )
    assert_close(trace.gradient("b"), np.sum(trace.gradient("f"), axis=0))


def test_names_and_calls_are_checked_and_parts_are_bounded() -> None:
    with pytest.raises(UnknownNameError):
        CompiledFormula("a + c", ("a",))
    with pytest.raises(UnknownNameError):
        CompiledFormula("one.h", ("one",))
    with pytest.raises(CallError):
        CompiledFormula("tanh(a, a)", ("a",))
    with pytest.raises(ShapeError, match="at most"):
        CompiledFormula("sum(outer(a, a))", ("a",)).shape([(10_000,)])


@pytest.mark.parametrize(
    ("text", "constants", "indices"),
    [
        ("embedding(a, i)", ("i",), (1,)),
        ("embedding(a, i + 0)", (), ()),
        ("tanh(dropout(a, i))", ("i",), ()),
        ("a * i", (), ()),
    ],
)
def test_operands_that_are_row_numbers_or_masks_are_constants(
    text: str, constants: tuple[str, ...], indices: tuple[int, ...]
) -> None:
    formula = CompiledFormula(text, ("a", "i"))
    assert formula.constants() == constants
    assert formula.indices([(3, 2), (3, 2)]) == indices


def test_a_derived_operator_computes_in_the_type_of_its_operands() -> None:
    formula = CompiledFormula("a * 0.1 + 3", ("a",))
    for kind in (np.float16, np.float32, np.float64):
        assert formula.value([np.ones(2, dtype=kind)]).dtype == kind
