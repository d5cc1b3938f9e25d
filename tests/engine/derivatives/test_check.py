"""The gradient checker accepts right rules, tells kinks apart, and says what it did not check."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backprop_engine.derivatives import gradient_check
from backprop_engine.derivatives.gradient_check import FEWEST, MOST_ENTRIES, SAMPLE, GradientCheck, Verdict
from backprop_engine.derivatives.numeric_check import check_edge, check_leaf, check_trace
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.ops import OPS, Op
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import GradientEdit, Trace, ValueEdit
from effort import examples
from graphs import MORE, SMOOTH, RandomRun, Sketch, assert_close, runs
from planted import instead, numbers, times, trace_through, with_vjp


@pytest.mark.parametrize("analytic", [True, False])
def test_a_right_rule_gives_its_numeric_gradient(analytic: bool) -> None:
    trace = trace_through(replace(OPS["div"], analytic=analytic), {"a": numbers(2, 3), "b": numbers(3)})
    for result in check_trace(trace):
        assert (result.verdict, result.sampled) == (Verdict.AGREES, False)
        assert result.checked == result.entries
        if "→" not in result.name:
            assert_close(result.numeric, trace.gradient(result.name), 1e-12 if analytic else 1e-8)


@settings(max_examples=examples(60))
@given(run=runs(ops=SMOOTH + MORE + ("exp", "softmax"), most=7, ties=False))
def test_right_rules_are_never_rejected(run: RandomRun) -> None:
    """Several kinks between a leaf and the output can make a choice that is fair at each unfair together."""
    trace = record(*run)
    edges = {check_edge(trace, edge).verdict for edge in run.graph.edges}
    assert edges <= {Verdict.AGREES, Verdict.KINK}
    if Verdict.KINK not in edges:
        for leaf in run.graph.leaves:
            if leaf.takes_gradient:
                assert check_leaf(trace, leaf).verdict in (Verdict.AGREES, Verdict.KINK)


@settings(max_examples=examples(30))
@given(
    run=st.sampled_from(["float32", "float16"]).flatmap(lambda dtype: runs(dtype=dtype, most=5, ops=SMOOTH))
)
def test_narrow_types_pass_edge_by_edge(run: RandomRun) -> None:
    trace = record(*run)
    for edge in run.graph.edges:
        assert check_edge(trace, edge).verdict.good


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "exp", "square", "abs"])
def test_narrow_types_pass(name: str, dtype: str) -> None:
    results = list(check_trace(trace_through(OPS[name], {"a": numbers(2, 3)}, dtype=dtype)))
    assert {result.verdict for result in results} == {Verdict.AGREES}


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("factor", [-1.0, 1.1])
def test_narrow_types_do_not_hide_a_wrong_rule(dtype: str, factor: float) -> None:
    op = with_vjp(OPS["tanh"], 0, times(factor))
    verdicts = {
        result.name: result.verdict
        for result in check_trace(trace_through(op, {"a": numbers(3)}, dtype=dtype))
    }
    assert verdicts == {"a": Verdict.DIFFERS, "f → q": Verdict.AGREES, "q → a": Verdict.DIFFERS}


KINKS = [
    ("relu", {"a": [0.0, 1.0, -1.0]}, "a", [0.0, 1.0, 0.0]),
    ("abs", {"a": [0.0, 1.0, -1.0]}, "a", [0.0, 1.0, -1.0]),
    ("maximum", {"a": [1.0, 2.0, 3.0], "b": [1.0, 1.0, 5.0]}, "a", [0.5, 1.0, 0.0]),
    ("minimum", {"a": [1.0, 2.0, 3.0], "b": [1.0, 1.0, 5.0]}, "b", [0.5, 1.0, 0.0]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values", "leaf", "slopes"), KINKS)
def test_a_fair_choice_at_a_kink_is_told_apart(
    name: str, values: dict[str, Any], leaf: str, slopes: list[float]
) -> None:
    trace = trace_through(OPS[name], values, after=None)
    assert_close(trace.gradient(leaf), trace.bindings.seed * slopes)
    results = list(check_trace(trace))
    assert {result.verdict for result in results} == {Verdict.KINK}
    assert all(result.verdict.good for result in results)


@pytest.mark.parametrize(("name", "values", "leaf", "slopes"), KINKS)
def test_an_unfair_choice_at_a_kink_is_caught(
    name: str, values: dict[str, Any], leaf: str, slopes: list[float]
) -> None:
    at_kink = np.array([1.5, 0.0, 0.0])  # beyond both one-sided slopes of the first entry
    op = with_vjp(OPS[name], "ab".index(leaf), lambda right: lambda *args: right(*args) + at_kink)
    trace = trace_through(op, values, after=None)
    result = check_leaf(trace, trace.graph[leaf])
    assert (result.verdict, result.entry) == (Verdict.DIFFERS, (0,))


def test_a_gradient_of_another_shape_is_told() -> None:
    op = with_vjp(OPS["tanh"], 0, lambda right: lambda *args: right(*args)[np.newaxis])
    trace = trace_through(op, {"a": numbers(3)}, after=None)
    results = list(check_trace(trace))
    assert {(one.name, one.verdict, one.shapes) for one in results} == {
        (name, Verdict.DIFFERS, ((1, 3), (3,))) for name in ("a", "q → a")
    }


@pytest.mark.parametrize(("name", "values", "leaf", "slopes"), KINKS)
def test_a_kink_excuses_no_other_entry(
    name: str, values: dict[str, Any], leaf: str, slopes: list[float]
) -> None:
    off_kink = np.array([0.0, 1e-3, 0.0])
    op = with_vjp(OPS[name], "ab".index(leaf), lambda right: lambda *args: right(*args) + off_kink)
    trace = trace_through(op, values, after=None)
    result = check_leaf(trace, trace.graph[leaf])
    assert (result.verdict, result.entry) == (Verdict.DIFFERS, (1,))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("log", {"a": [1.0, 0.0]}),
        ("sqrt", {"a": [1.0, 0.0]}),
        ("div", {"a": [1.0, 1.0], "b": [1.0, 0.0]}),
        ("exp", {"a": [0.0, 1000.0]}),
        ("relu", {"a": [0.0, np.nan]}),
    ],
)
def test_a_gradient_that_is_not_finite_is_no_agreement(name: str, values: dict[str, Any]) -> None:
    trace = trace_through(OPS[name], values, after=None)
    for result in check_trace(trace):
        assert (result.verdict, result.verdict.good) == (Verdict.NOT_FINITE, False)
        assert result.entry == (1,)


def test_a_finite_gradient_where_the_derivative_is_not_is_no_agreement() -> None:
    op = with_vjp(OPS["log"], 0, instead(lambda out, a: 1.0))
    trace = trace_through(op, {"a": 0.0}, after=None)
    assert check_edge(trace, trace.graph.edges[0]).verdict in (Verdict.NOT_FINITE, Verdict.DIFFERS)


@pytest.mark.parametrize("name", ["relu", "abs"])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_right_rule_passes_at_any_distance_from_a_kink(name: str, side: float) -> None:
    distances = np.geomspace(1e-9, 1e-1, 161)
    trace = trace_through(OPS[name], {"a": side * distances}, after="tanh")
    assert all(result.verdict.good for result in check_trace(trace))
    near_kinks_only = trace_through(OPS[name], {"a": side * distances[distances > 1e-5]}, after="tanh")
    assert {result.verdict for result in check_trace(near_kinks_only)} == {Verdict.AGREES}


@pytest.mark.parametrize("analytic", [True, False])
@pytest.mark.parametrize("size", [1.0, 1e3, 1e6])
def test_a_gradient_that_cancels_to_nothing_agrees(size: float, analytic: bool) -> None:
    """(x² − y) − x²: the differences are rounding errors of large numbers."""
    builder = GraphBuilder()
    x, y = builder.leaf("x", Kind.INPUT, (50,)), builder.leaf("y", Kind.INPUT, (50,))
    q = builder.apply(replace(OPS["square"], analytic=analytic), [x], "q")
    builder.apply(OPS["sub"], [builder.apply(OPS["sub"], [q, y], "r"), q], "f")
    graph = builder.build()
    random = np.random.default_rng(3)
    trace = record(graph, Bindings.of(graph, {leaf: random.uniform(0, size, 50) for leaf in "xy"}, 1.0))
    assert np.all(trace.gradient("x") == 0)
    assert check_leaf(trace, graph["x"]).verdict is Verdict.AGREES


class TestSampling:
    entries = MOST_ENTRIES + 1

    def _check(self, op: Op, entries: int | None = None) -> GradientCheck:
        trace = trace_through(op, {"a": numbers(entries or self.entries)}, after=None)
        return check_leaf(trace, trace.graph["a"])

    def test_up_to_the_limit_every_entry_is_checked(self) -> None:
        result = self._check(OPS["square"], 500)
        assert (result.entries, result.checked, result.sampled) == (500, 500, False)

    @pytest.mark.parametrize("analytic", [True, False])
    def test_above_the_limit_it_samples_and_says_so(self, analytic: bool) -> None:
        result = self._check(replace(OPS["square"], analytic=analytic))
        assert (result.verdict, result.entries, result.checked) == (Verdict.AGREES, self.entries, SAMPLE)
        assert result.sampled
        assert result.numeric is None

    @pytest.mark.parametrize("right", [True, False])
    def test_a_gradient_whose_squares_a_narrow_type_cannot_hold_is_measured(self, right: bool) -> None:
        """1e-25 is a number of single precision, and its square is none."""
        gradient = np.full(self.entries, 1e-25 if right else 1e-2, np.float32)
        slope = 1e-25 if right else 1.1e-2
        result = gradient_check.compare(
            "tiny", lambda x: np.sum(x) * slope, np.zeros(self.entries), gradient, analytic=True
        )
        assert result.sampled
        assert result.verdict is (Verdict.AGREES if right else Verdict.DIFFERS)

    @pytest.mark.parametrize("analytic", [True, False])
    def test_an_error_of_a_thousandth_in_every_entry_is_caught(self, analytic: bool) -> None:
        op = replace(with_vjp(OPS["square"], 0, times(1.001)), analytic=analytic)
        assert self._check(op).verdict is Verdict.DIFFERS

    @pytest.mark.thorough
    @pytest.mark.parametrize("analytic", [True, False])
    @pytest.mark.parametrize("entry", [0, 4321, MOST_ENTRIES])
    def test_one_wrong_entry_is_caught_by_the_projection(self, entry: int, analytic: bool) -> None:
        wrong = np.where(np.arange(self.entries) == entry, -1.0, 1.0)
        op = with_vjp(OPS["square"], 0, lambda right: lambda *args: right(*args) * wrong)
        assert self._check(replace(op, analytic=analytic)).verdict is Verdict.DIFFERS


def _chain(*edits: Any) -> Trace:
    builder = GraphBuilder()
    x, y = builder.leaf("x", Kind.INPUT), builder.leaf("y", Kind.INPUT)
    q = builder.apply(OPS["mul"], [x, x], "q")
    builder.apply(OPS["mul"], [q, y], "f")
    graph = builder.build()
    return record(graph, Bindings.of(graph, {"x": 2.0, "y": 3.0}), edits)


@pytest.mark.parametrize(
    ("edit", "leaves"),
    [
        (ValueEdit("q", 9.0), {"x": Verdict.NOT_APPLICABLE, "y": Verdict.AGREES}),
        (GradientEdit("q", 9.0), {"x": Verdict.NOT_APPLICABLE, "y": Verdict.AGREES}),
        (ValueEdit("f", 9.0), {"x": Verdict.NOT_APPLICABLE, "y": Verdict.NOT_APPLICABLE}),
        (GradientEdit("f", 9.0), {"x": Verdict.NOT_APPLICABLE, "y": Verdict.NOT_APPLICABLE}),
        (GradientEdit("x", 9.0), {"x": Verdict.NOT_APPLICABLE, "y": Verdict.AGREES}),
        (ValueEdit("x", 9.0), {"x": Verdict.AGREES, "y": Verdict.AGREES}),
    ],
)
def test_checks_through_an_override_are_not_applicable(edit: Any, leaves: dict[str, Verdict]) -> None:
    trace = _chain(edit)
    assert {name: check_leaf(trace, trace.graph[name]).verdict for name in "xy"} == leaves
    assert {check_edge(trace, edge).verdict for edge in trace.graph.edges} == {Verdict.AGREES}


def test_an_override_does_not_hide_a_wrong_rule_from_its_edge() -> None:
    builder = GraphBuilder()
    x = builder.leaf("x", Kind.INPUT)
    q = builder.apply(with_vjp(OPS["square"], 0, times(1.001)), [x], "q")
    builder.apply(OPS["neg"], [q], "f")
    graph = builder.build()
    trace = record(graph, Bindings.of(graph, {"x": 2.0}), [ValueEdit("q", 1.0)])
    assert [result.verdict for result in check_trace(trace)] == [
        Verdict.NOT_APPLICABLE, Verdict.AGREES, Verdict.DIFFERS,
    ]  # fmt: skip


def test_numbers_do_not_pass_where_gradients_do_not() -> None:
    """x · detach(x): the derivative with the second use held is x."""
    builder = GraphBuilder()
    x = builder.leaf("x", Kind.INPUT)
    builder.apply(OPS["mul"], [x, builder.apply(OPS["detach"], [x], "d")], "f")
    graph = builder.build()
    trace = record(graph, Bindings.of(graph, {"x": 3.0}))
    result = check_leaf(trace, graph["x"])
    assert (result.verdict, trace.gradient("x")) == (Verdict.AGREES, 3.0)
    assert_close(result.numeric, 3.0, 1e-8)


def test_a_condition_does_not_move_with_its_operand() -> None:
    """where(x, x, y) at x = 0 is y, and stays y while x is moved in its other place."""
    builder = GraphBuilder()
    x, y = builder.leaf("x", Kind.INPUT), builder.leaf("y", Kind.INPUT)
    builder.apply(OPS["where"], [x, x, y], "f")
    graph = builder.build()
    trace = record(graph, Bindings.of(graph, {"x": 0.0, "y": 5.0}))
    assert [result.verdict for result in check_trace(trace)] == [Verdict.AGREES] * 4


def test_an_unreached_leaf_agrees_with_zero() -> None:
    builder = GraphBuilder()
    x, _ = builder.leaf("x", Kind.INPUT), builder.leaf("idle", Kind.PARAM, (2,))
    builder.apply(OPS["neg"], [x], "f")
    graph = builder.build()
    trace = record(graph, Bindings.of(graph, {"x": 3.0, "idle": [1.0, 2.0]}))
    assert check_leaf(trace, graph["idle"]).verdict is Verdict.AGREES


def test_an_empty_leaf_agrees() -> None:
    trace = trace_through(OPS["tanh"], {"a": np.zeros((0, 3))})
    assert [result.verdict for result in check_trace(trace)] == [Verdict.AGREES] * 3


def test_two_kinks_that_lie_apart_from_the_slopes_of_the_whole() -> None:
    """At 0, relu(x) − relu(−x) is x itself, and the rules say 0 − 0: each relu has chosen fairly."""
    graph = Sketch().inputs(x=())(n="neg x", p="relu x", m="relu n", f="sub p m").build()
    trace = record(graph, Bindings.of(graph, {"x": 0.0}))
    result = check_leaf(trace, graph["x"])
    assert (result.verdict, result.found, result.expected) == (Verdict.KINK, 0.0, 1.0)


def test_a_check_goes_through_no_more_numbers_than_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """tanh of an outer product: each entry of an operand costs all of the product, and its tanh."""
    graph = Sketch().inputs(a=(40,), b=(30,))(o="outer a b", t="tanh o", f="sum t").build()
    bindings = Bindings.of(graph, {"a": np.linspace(0.1, 1, 40), "b": np.linspace(-0.5, 1, 30)})
    trace = record(graph, bindings)
    cost = (40 * 30 + 40 + 30) + 2 * 40 * 30 + (40 * 30 + 1)
    for allowed, checked in ((40 * cost, 40), (40 * cost - 1, 39), (5 * cost, 5), (1, FEWEST)):
        monkeypatch.setattr(gradient_check, "MOST_WORK", allowed)
        result = check_leaf(trace, graph["a"])
        assert (result.verdict, result.checked, result.entries) == (Verdict.AGREES, checked, 40)
        assert result.sampled == (checked < 40)


def test_a_wrong_gradient_is_caught_where_few_entries_are_affordable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gradient_check, "MOST_WORK", 1)
    trace = trace_through(with_vjp(OPS["tanh"], 0, times(1.001), (50,)), {"a": numbers(50)}, after=None)
    (edge,) = trace.graph.edges
    assert check_edge(trace, edge).verdict is Verdict.DIFFERS
