"""Wrong rules that a comparison entry by entry, within a part of the largest one, would not see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from backprop_engine.derivatives.gradient_check import GradientCheck, Verdict
from backprop_engine.derivatives.misconceptions import cosine, resemblance
from backprop_engine.derivatives.numeric_check import check_trace
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.ops import OPS, Elementwise, Linear, Op
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace


def trace_of(op: Op, *, after: str | None = "sum", dtype: str = "float64", **values: Any) -> Trace:
    builder = GraphBuilder(dtype)
    leaves = [builder.leaf(name, Kind.INPUT, np.shape(value)) for name, value in values.items()]
    node = builder.apply(op, leaves, "q")
    if after:
        builder.apply(OPS[after], [node], "f")
    graph = builder.build()
    return record(graph, Bindings.of(graph, values))


def bad(trace: Trace) -> list[GradientCheck]:
    return [check for check in check_trace(trace) if check.verdict is Verdict.DIFFERS]


def with_rules(name: str, *rules: Any) -> Op:
    return replace(OPS[name], rules=rules)


A, B = np.array([0.5, -1.5, 2.0]), np.array([1.0, 2.0, 0.25])


def test_a_rule_that_is_missing_is_found_at_the_leaf() -> None:
    op = with_rules("mul", OPS["mul"].rules[0], None)  # type: ignore[index]
    (found,) = bad(trace_of(op, a=A, b=B))
    assert (found.name, found.found) == ("b", 0)
    assert "missing" in found.resembles


def test_a_detach_that_leaks_is_found() -> None:
    leaking = with_rules("detach", Elementwise("1", lambda out, a: np.ones_like(a)))
    assert [check.name for check in bad(trace_of(leaking, a=A))] == ["a", "q → a"]
    assert bad(trace_of(OPS["detach"], after=None, a=np.float64(3))) == []


@pytest.mark.parametrize("share", [1.0, 0.9])
def test_a_tie_that_is_given_to_both_is_found_between_operands(share: float) -> None:
    first = Elementwise("", lambda out, a, b: np.where(a == b, share, a > b))
    second = Elementwise("", lambda out, a, b: np.where(a == b, share, b > a))
    found = bad(trace_of(with_rules("maximum", first, second), a=A, b=A))
    assert found
    assert "but together they are not" in found[-1].resembles
    assert bad(trace_of(OPS["maximum"], a=A, b=A)) == []


@pytest.mark.parametrize("share", [1.0, 0.9])
def test_a_tie_that_is_given_to_both_is_found_within_an_operand(share: float) -> None:
    tied = np.array([2.0, 1.0, 2.0])
    wrong = Linear("", lambda g, out, a, **_: g * share * (a == out))
    assert bad(trace_of(replace(OPS["max"], rules=lambda shapes, attributes: (wrong,)), after=None, a=tied))
    assert bad(trace_of(OPS["max"], after=None, a=tied)) == []


def test_a_small_entry_is_compared_by_its_own_measure_beside_a_large_one() -> None:
    big = np.array([1e10, 1.0, 2.0])

    def doubled(out: Any, a: Any, b: Any) -> Any:
        return np.where(np.arange(3) == 1, 2 * b, b)

    (leaf, edge) = bad(trace_of(with_rules("mul", Elementwise("", doubled), OPS["mul"].rules[1]), a=A, b=big))  # type: ignore[index]
    assert (leaf.entry, edge.entry) == ((1,), (1,))
    assert bad(trace_of(OPS["mul"], a=A, b=big)) == []


def test_float32_is_held_to_what_its_rounding_allows() -> None:
    off = Elementwise("", lambda out, a: (1 - out * out) * np.float32(1 + 1e-4))
    assert bad(trace_of(with_rules("tanh", off), dtype="float32", a=A.astype("float32")))
    assert bad(trace_of(OPS["tanh"], dtype="float32", a=A.astype("float32"))) == []


GRADIENT = np.array([[0.5, -1.25, 2.0], [3.0, 0.75, -0.125]])
SQUARE = np.array([[0.5, -1.25], [2.0, 3.0]])
FACTOR = np.array([[2.0, 3.0, 0.5], [1.5, -1.0, 4.0]])


@pytest.mark.parametrize(
    ("found", "expected", "words"),
    [
        (-GRADIENT, GRADIENT, "the sign is wrong"),
        (2 * GRADIENT, GRADIENT, "it is 2 times too large"),
        (GRADIENT / 3, GRADIENT, "it is 3 times too small"),
        (6 * GRADIENT, GRADIENT, "it is 6 times too large"),
        (1.75 * GRADIENT, GRADIENT, "it is 1.75 times the expected gradient everywhere"),
        (SQUARE.T, SQUARE, "it is transposed"),
        (GRADIENT.T.reshape(2, 3), GRADIENT, "it is transposed, and reshaped to match"),
        (GRADIENT[::-1], GRADIENT, "it is reversed along axis 0"),
        (np.roll(GRADIENT, 1, 1), GRADIENT, "it is shifted along axis 1"),
        (GRADIENT[[1, 0]][:, [1, 0, 2]], GRADIENT, "the numbers are right, but in the wrong places"),
        (np.broadcast_to(GRADIENT.sum(0), (2, 3)), GRADIENT, "every entry is the sum over axis 0"),
        (0 * GRADIENT, GRADIENT, "no gradient is passed on"),
        (GRADIENT / FACTOR, GRADIENT, "the factor w is missing"),
        (GRADIENT * FACTOR, GRADIENT, "it has the factor w one time too many"),
        (GRADIENT * [[1, 1, 1], [1, 1, 0]], GRADIENT, "only index|entries are missing"),
        (GRADIENT + FACTOR**2, GRADIENT, "^$"),
    ],
)
def test_a_mistake_is_recognised(found: Any, expected: Any, words: str) -> None:
    import re

    assert re.search(words, resemblance(found, expected, factors={"w": FACTOR}))
    assert resemblance(expected * np.nan, expected) == ""


def test_the_cosine_tells_directions_of_any_size() -> None:
    assert cosine(1e300 * GRADIENT, GRADIENT) == pytest.approx(1)
    assert cosine(-GRADIENT, 1e-300 * GRADIENT) == pytest.approx(-1)
    assert cosine(0 * GRADIENT, GRADIENT) == 0


OTHER = np.array([[1.0, 0.5, -2.0], [3.0, 4.0, 0.25]])


@pytest.mark.parametrize(
    ("found", "factors", "words"),
    [
        (GRADIENT / FACTOR, {"g": FACTOR, "w": FACTOR}, "the upstream gradient g is missing"),
        (GRADIENT * FACTOR / OTHER, {"a": FACTOR, "b": OTHER}, "it has the factor a instead of b"),
        (3 * GRADIENT, {"out": np.float64(3.0)}, "it is 3 times too large: a sum instead of a mean"),
        (GRADIENT / 1.5, {"beta": np.float64(1.5)}, "the factor beta is missing"),
    ],
)
def test_a_factor_is_named_where_it_says_more_than_a_number(found: Any, factors: Any, words: str) -> None:
    assert resemblance(found, GRADIENT, factors=factors) == words
