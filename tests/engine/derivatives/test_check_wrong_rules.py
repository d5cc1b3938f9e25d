"""The gradient checker rejects wrong rules, whatever the method and the form of the rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from backprop_engine.derivatives.gradient_check import Verdict
from backprop_engine.derivatives.numeric_check import check_edge, check_trace
from backprop_engine.ops import OPS, Op
from planted import instead, numbers, swapped, times, trace_through, unsummed, with_vjp

SQUARE = {"a": numbers(3, 3), "b": numbers(3, 3) + np.arange(9).reshape(3, 3) / 9}
WRONG = {
    "sign of a partial": (with_vjp(OPS["sub"], 1, times(-1.0)), {"a": numbers(3), "b": numbers(2, 3)}),
    "sign between scalars": (with_vjp(OPS["div"], 1, times(-1.0)), {"a": 2.0, "b": 3.0}),
    "0.1 % of a partial": (with_vjp(OPS["tanh"], 0, times(1.001)), {"a": numbers(2, 3)}),
    "0.1 % of a map": (with_vjp(OPS["matmul"], 0, times(0.999), (3, 3), (3, 3)), SQUARE),
    "0.1 % of a Jacobian": (
        with_vjp(OPS["softmax"], 0, times(1.001), (4,)), {"a": numbers(4) * np.arange(4)}),
    "half of a Jacobian": (
        with_vjp(OPS["softmax"], 0, instead(lambda g, out, a, axis: out * g), (4,)),
        {"a": numbers(4) * np.arange(4)},
    ),
    "first row for a sum": (unsummed(OPS["add"]), {"a": numbers(2, 3), "b": numbers(3)}),
    "operand not transposed": (
        with_vjp(OPS["matmul"], 0, instead(lambda g, out, a, b: g @ b), (3, 3), (3, 3)), SQUARE),
    "result transposed": (
        with_vjp(OPS["matmul"], 1, instead(lambda g, out, a, b: (a.T @ g).T), (3, 3), (3, 3)), SQUARE),
    "partials swapped": (swapped(OPS["mul"]), {"a": numbers(3), "b": numbers(3) + 1}),
    "partials of a quotient swapped": (swapped(OPS["div"]), {"a": 2.0, "b": 3.0}),
    "derivative forgotten": (with_vjp(OPS["sigmoid"], 0, instead(lambda out, a: 1.0)), {"a": numbers(3)}),
    "zero for a gradient": (with_vjp(OPS["exp"], 0, times(0.0)), {"a": numbers(3)}),
    "one entry": (
        with_vjp(OPS["square"], 0, instead(lambda out, a: 2.0 * a + 1e-3 * (np.arange(3) == 1))),
        {"a": numbers(3)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("analytic", [True, False], ids=["complex step", "differences"])
@pytest.mark.parametrize(("op", "values"), WRONG.values(), ids=WRONG)
def test_a_wrong_rule_is_caught_at_its_edge_and_at_a_leaf(
    op: Op, values: dict[str, Any], analytic: bool
) -> None:
    results = list(check_trace(trace_through(replace(op, analytic=analytic), values)))
    wrong = {result.name: result for result in results if result.verdict is Verdict.DIFFERS}
    assert wrong.keys() & {"a", "b"}
    assert {name for name in wrong if "→" in name} == {f"q → {name}" for name in wrong.keys() & {"a", "b"}}
    assert all(not result.verdict.good and result.error > 1e-5 for result in wrong.values())
    assert {result.method for result in wrong.values()} == {"complex step" if analytic else "differences"}


@pytest.mark.parametrize("analytic", [True, False])
def test_the_worst_entry_is_named(analytic: bool) -> None:
    op, values = WRONG["one entry"]
    trace = trace_through(replace(op, analytic=analytic), values, after=None)
    result = check_edge(trace, trace.graph.edges[0])
    assert (result.verdict, result.entry) == (Verdict.DIFFERS, (1,))
    upstream = float(trace.bindings.seed[1])
    assert result.found == trace.contributions[0][1]
    assert result.found - result.expected == pytest.approx(1e-3 * upstream, rel=1e-5)
