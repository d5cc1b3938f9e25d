"""Operators that are defined in Python, and the checks of backward functions that people write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from backprop_engine import OPS, UsageError, check_function, check_operator, define, numpy_program, undefine
from backprop_engine.catalogue.entries import data
from backprop_engine.errors import ScenarioError
from backprop_engine.evaluation.composed_operators import OWN
from backprop_engine.ops import Op
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from graphs import assert_close


@pytest.fixture(autouse=True)
def table_as_before() -> Iterator[None]:
    yield
    for name in [name for name, op in OPS.items() if op.family == OWN]:
        undefine(name)


def scenario(call: str) -> Any:
    text = f"inputs: {{x: [0.5, -1, 2]}}\nnodes: {{y: {call}, L: sum(y)}}\n"
    return load_source(Source.from_bytes("case.yaml", text.encode()))


def test_a_formula_becomes_an_operator_of_every_table() -> None:
    op = define("own_cube", inputs="a", forward="a ** 3", lesson={"en": "A cube.", "ko": "세제곱"})
    assert OPS["own_cube"] is op
    trace = scenario("own_cube(x)").record()
    assert_close(trace.gradient("x"), 3 * np.array([0.5, -1, 2]) ** 2)
    assert check_operator("own_cube")
    assert data(op)["name"] == "own_cube"
    assert op.lesson.in_language("ko") == "세제곱"
    space: dict[str, Any] = {}
    exec(numpy_program(trace), space)  # the program is our own text
    assert_close(space["y"], trace.value("y"))


def test_functions_become_an_operator_and_a_second_definition_replaces_the_first() -> None:
    def right(g: Any, out: Any, a: Any) -> Any:
        return g * np.cos(a)

    define("own_sine", inputs="a", forward=np.sin, backward={"a": right})
    assert check_operator("own_sine")
    assert_close(scenario("own_sine(x)").record().gradient("x"), np.cos([0.5, -1, 2]))
    define("own_sine", inputs="a", forward=np.sin, backward={"a": lambda g, out, a: -g * np.cos(a)})
    report = check_operator("own_sine")
    assert not report
    assert "the sign is wrong" in str(report)
    define("own_sine", inputs="a", forward=np.sin, backward={"a": None})
    assert "missing" in str(check_operator("own_sine"))


def test_what_cannot_be_an_operator_is_refused_in_words() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": "tanh", "inputs": "a", "forward": "a"}, "is already an operator"),
        ({"name": "own", "inputs": "g", "forward": "g"}, "cannot be the name"),
        ({"name": "own", "inputs": "a a", "forward": "a"}, "cannot be the name"),
        ({"name": "own", "inputs": "", "forward": "1"}, "has no `inputs`"),
        ({"name": "a b", "inputs": "a", "forward": "a"}, "is not a name"),
        ({"name": "own", "inputs": "a", "forward": "a + b"}, "`b` is not an input"),
        ({"name": "own", "inputs": "a", "forward": "a +"}, "a \\+"),
        ({"name": "own", "inputs": "a", "forward": "nothing(a)"}, "no operator"),
        ({"name": "own", "inputs": "a", "forward": "a", "backward": {"b": "g"}}, "no input `b`"),
        ({"name": "own", "inputs": "a", "forward": np.sin}, "no rule for `a`"),
        (
            {"name": "own", "inputs": "a", "forward": np.sin, "backward": {"a": "g"}},
            "but its rule for `a` is a formula",
        ),
        (
            {"name": "own", "inputs": "a", "forward": "a", "backward": {"a": np.cos}},
            "but its rule for `a` is a Python function",
        ),
    ]
    for given, words in cases:
        name = given.pop("name")
        with pytest.raises(UsageError, match=words):
            define(name, **given)
    with pytest.raises(UsageError, match="no operator"):
        check_operator("nothing")
    with pytest.raises(UsageError, match="not an operator of your own"):
        undefine("tanh")
    with pytest.raises(UsageError):
        check_operator("matmul", [np.ones(3), np.ones(4)])


def test_a_function_that_raises_is_told_as_a_mistake() -> None:
    def broken(a: Any) -> Any:
        raise ValueError("no {luck}")

    def backward(g: Any, out: Any, a: Any) -> Any:
        raise KeyError("q")

    op: Op = define("own_broken", inputs="a", forward=broken, backward={"a": lambda g, out, a: g})
    assert op.samples == ()
    with pytest.raises(UsageError, match="no samples"):
        check_operator(op)
    define("own_late", inputs="a", forward=np.sin, backward={"a": backward})
    with pytest.raises(UsageError, match="the function of `own_late` raises KeyError: 'q'"):
        scenario("own_late(x)").record()


X, W = np.array([[0.5, -1.0], [2.0, 0.25], [1.5, -0.5]]), np.array([[1.0, 0.5], [-0.75, 2.0]])


def test_a_hand_written_gradient_is_checked_and_its_mistake_is_named() -> None:
    def linear(x: Any, w: Any) -> Any:
        return x @ w

    assert check_function(linear, lambda g, x, w: (g @ w.T, x.T @ g), [X, W])
    report = check_function(linear, lambda g, x, w: (g @ w.T, (x.T @ g).T), [X, W], names=("x", "w"))
    assert [check.name for check in report.bad] == ["w"]
    assert "transposed" in str(report)
    assert "전치" in report.in_language("ko")
    report = check_function(lambda x: np.mean(x**2), lambda g, x: 2 * g * x, [X])
    assert "6 times too large: a sum instead of a mean" in str(report)
    report = check_function(lambda a, b: a * b, lambda g, a, b: (g, g * a), [X, X + 3])
    assert "the factor b is missing" in str(report)
    report = check_function(linear, lambda g, x, w: (g @ w.T, None), [X, W])
    assert "w[0, 0]: the gradient is 0" in str(report)
    report = check_function(linear, lambda g, x, w: (g @ w.T, (x.T @ g)[0]), [X, W])
    assert "w: the gradient has shape 2, but the value has shape 2×2" in str(report)


def test_arguments_are_called_as_the_function_calls_them() -> None:
    def scaled(x: Any, *, by: float = 2.0) -> Any:
        return by * x

    assert [check.name for check in check_function(scaled, lambda g, x: 2 * g, [X]).checks] == ["x"]
    numbered = check_function(lambda *all_of_them: sum(all_of_them), lambda g, a, b: (g, g), [X, X])
    assert [check.name for check in numbered.checks] == ["argument 1", "argument 2"]


@pytest.mark.parametrize(
    ("gradient", "said"),
    [
        (
            lambda g, x, b: (g, g),
            "b: the gradient has shape 3×2, but the value has shape 2; .* sum over axis 0",
        ),
        (lambda g, x, b: (g.T, g.sum(axis=0)), "x: the gradient has shape 2×3, .*; it is transposed"),
        (lambda g, x, b: (g[0], g.sum(axis=0)), "the value has shape 3×2$"),
    ],
)
def test_a_gradient_of_another_shape_is_told_with_what_it_looks_like(gradient: Any, said: str) -> None:
    assert re.search(said, str(check_function(lambda x, b: x + b, gradient, [X, X[0]])))


def test_a_rule_that_forgets_several_axes_is_told_all_of_them() -> None:
    report = check_function(
        lambda x, b: x * b, lambda g, x, b: (g * b, g * x), [np.ones((4, 3, 2)), X[:, :1]]
    )
    assert "b: the gradient has shape 4×3×2, but the value has shape 3×1; " in str(report)
    assert "the sum over the axes [0, 2]" in str(report)


def test_what_has_no_numbers_is_told_by_its_name() -> None:
    with pytest.raises(UsageError, match="x: str is not an array of numbers"):
        check_function(lambda x: x, lambda g, x: g, ["nothing"])


def test_one_argument_needs_no_list() -> None:
    for one in (X, 0.5, [X]):
        assert [
            check.name for check in check_function(lambda x: x**2, lambda g, x: 2 * g * x, one).checks
        ] == ["x"]


def test_what_is_not_finite_is_told_without_a_word_of_a_file() -> None:
    with np.errstate(all="ignore"):
        reports = [
            check_function(np.log, lambda g, x: g / x, np.array([-1.0, 2.0])),
            check_function(lambda x: x * 1.0, lambda g, x: g / 0.0, np.ones(2)),
        ]
    assert "the output is not finite, so nothing can be compared" in str(reports[0])
    assert "x[0]: the gradient is inf" in str(reports[1])
    assert not any("expect" in str(report) for report in reports)


def test_rules_that_are_functions_are_written_as_functions_of_ones_own() -> None:
    define("own_sine", inputs="a", forward=np.sin, backward={"a": lambda g, out, a: g * np.cos(a)})
    program = numpy_program(scenario("own_sine(x)").record())
    assert "np.own_sine" not in program
    assert "def own_sine_a(g, out, a):" in program
    assert "own_sine_a(dy, y, x)" in program


def test_a_check_of_a_function_needs_gradients_for_its_arguments() -> None:
    with pytest.raises(UsageError, match="1 gradients for 2 arguments"):
        check_function(lambda a, b: a + b, lambda g, a, b: g, [X, X])
    with pytest.raises(UsageError, match="2 names"):
        check_function(np.sin, lambda g, a: g, [X], names=("a", "b"))
    with pytest.raises(UsageError, match="give `vjp`"):
        check_function(np.sin, None, [X])


def test_an_operator_is_known_after_a_file_was_refused_for_want_of_it() -> None:
    with pytest.raises(ScenarioError, match="there is no operator `later`"):
        scenario("later(x)")
    define("later", inputs="a", forward="3 * a")
    assert scenario("later(x)").record().value("L") == 4.5
