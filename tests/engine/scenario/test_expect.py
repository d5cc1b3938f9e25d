"""Expectations: what comes out, what does not, and what is said about it; and expressions over a run."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_engine.errors import ScenarioError
from backprop_engine.evaluation.evaluate import EvaluationError, evaluate, infer_shape
from backprop_engine.expressions import SourceSpan, parse
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.verify import Failure, failures

NETWORK = """
inputs: {x: [1, 2, 3], X: [[1, 2, 3], [4, 5, 6]], s: 3}
params: {W: [[1, 0, 2], [0, 1, 1]], b: [0.5, -0.5, 1]}
nodes:
  a: W @ x
  h: tanh(a)
  y: X + b
  big: s / 0
  none: 0 * big
  over: s > 2
  L: sum(h) + sum(y * y)
output: L
"""


def failed(expect: str, base: str = NETWORK) -> list[Failure]:
    scenario = load_source(Source.from_bytes("s.yaml", f"{base.strip()}\nexpect: {expect}\n".encode()))
    return failures(scenario, scenario.run())


def message(expect: str) -> str:
    (failure,) = failed(expect)
    return failure.message


@pytest.mark.parametrize(
    "expect",
    [
        "{values: {a: [7, 5]}}",
        "{values: {h: [0.9999983369439447, 0.9999092042625951]}}",
        "{digits: 2, values: {h: [1, 1]}}",
        "{digits: 0, values: {s: 3}}",
        "{values: {big: .inf, none: .nan}}",
        "{values: {over: true}}",
        "{grads: {b: [12, 12, 22], X: [[3, 3, 8], [9, 9, 14]]}}",
        "{grads: {s: 0}}",
        "{values: {x: [1, 2, 3]}}",
        '{grads: {W: "outer(grad(a), x)", x: W.T @ grad(a), a: grad(h) * (1 - h ** 2)}}',
        '{grads: {W: "outer(∂L/∂a, x)", x: Wᵀ @ ∂L/∂a, a: ∂L/∂h ⊙ (1 − h²)}}',
        '{grads: {b: "sum(2 * y, axis=0)"}}',
        "{rtol: 0.1, values: {a: [7.5, 5.2]}}",
        "{atol: 0.5, rtol: 0, values: {a: [7.5, 5]}}",
        "{wrong: true, values: {a: [7, 4]}}",
        "[{values: {a: [7, 5]}}, {wrong: true, values: {a: [7, 5], h: [0, 0]}}]",
    ],
)
def test_what_comes_out(expect: str) -> None:
    assert failed(expect) == []


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("{values: {s: 4}}", "`s` is 3, expected 4"),
        ("{values: {a: [7, 4]}}", "`a` at [1] is 5, expected 4"),
        ("{values: {a: [6, 4]}}", "`a` at [0] is 7, expected 6; 2 of 2 entries differ"),
        ("{grads: {b: [0, 1, 2]}}", "the gradient of `b` at [0] is 12, expected 0; 3 of 3 entries differ"),
        ("{values: {s: 3.00000001}}", "`s` is 3, expected 3.00000001"),
        ("{values: {big: .nan}}", "`big` is inf, expected nan"),
        ("{values: {big: 1e300}}", "`big` is inf, expected 1e+300"),
        ("{values: {s: .inf}}", "`s` is 3, expected inf"),
        ("{values: {none: 0}}", "`none` is nan, expected 0"),
        ("{values: {a: 7}}", "`a` has shape 2, expected ()"),
        ("{digits: 2, values: {s: 3.006}}", "`s` is 3, expected 3.006"),
        (
            "{wrong: true, values: {a: [7, 5]}}",
            "this block is marked `wrong`, but every figure in it is correct",
        ),
    ],
)
def test_what_does_not(expect: str, said: str) -> None:
    assert message(expect) == said


@pytest.mark.parametrize(
    ("expect", "hint"),
    [
        ("{values: {W: [[1, 0], [0, 1], [2, 1]]}}", "its transpose would fit"),
        ("{grads: {b: [[3, 3, 8], [9, 9, 14]]}}", "the sum of the expected figures over axis 0 would fit"),
        ("{grads: {X: [12, 12, 22]}}", "its sum over axis 0 would fit"),
        ("{grads: {X: [[14], [32]]}}", "its sum over axis 1 would fit"),
        ("{values: {s: 4}}", ""),
    ],
)
def test_what_would_have_fitted(expect: str, hint: str) -> None:
    (failure,) = failed(expect)
    assert failure.hint.startswith(hint)
    assert bool(failure.hint) == bool(hint)


def test_a_square_matrix_turned_round_is_told_too() -> None:
    base = "inputs: {M: [[1, 2], [3, 4]]}\nnodes: {L: sum(M)}"
    (failure,) = failed("{values: {M: [[1, 3], [2, 4]]}}", base)
    assert (failure.index, failure.message) == (
        (0, 1),
        "`M` at [0, 1] is 2, expected 3; 2 of 4 entries differ",
    )
    assert failure.hint.startswith("its transpose would fit")


def test_a_failure_points_at_its_cell_in_the_file() -> None:
    (failure,) = failed("{values: {X: [[1, 2, 3], [4, 0, 6]]}}")
    assert failure.code.name == "expect-differs"
    assert str(failure).splitlines() == [
        "s.yaml:12:38: error[expect-differs]: `X` at [1, 1] is 5, expected 0",
        "   12 | expect: {values: {X: [[1, 2, 3], [4, 0, 6]]}}",
        "      |                                      ^",
    ]


def test_figures_rounded_to_a_half_come_out() -> None:
    base = "inputs: {x: 0.125, y: -2.675}\nnodes: {f: x + y}"
    assert failed("{digits: 2, values: {x: 0.12, y: -2.67}}", base) == []
    assert failed("{digits: 2, values: {x: 0.13, y: -2.68}}", base) == []
    assert len(failed("{digits: 2, values: {x: 0.11, y: -2.66}}", base)) == 2


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_figures_are_compared_as_the_dtype_computed_them(dtype: str) -> None:
    base = f"dtype: {dtype}\ninputs: {{x: 0.1}}\nnodes: {{f: x * 3}}"
    assert failed("{rtol: 1e-3, values: {f: 0.3}, grads: {x: 3}}", base) == []
    assert len(failed("{values: {f: 0.3}}", base)) == 1


# Expressions over a run


def value(text: str) -> object:
    values = {"x": np.array([1.0, 2.0]), "s": np.float64(3.0), "states[1].h": np.float64(5.0)}
    gradients = {"x": np.array([0.5, -0.5])}

    def find(where: dict[str, object], name: str) -> object:
        if name == "later":
            return None
        if name not in where:
            raise LookupError(f"`{name}` is not there")
        return where[name]

    found = evaluate(
        parse(text), lambda name: find(values, name), lambda name: find(gradients, name), np.dtype("float64")
    )
    return None if found is None else found.tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x * 2 + s", [5, 7]),
        ("-x[0] ** 2", -1),
        ("sum(x, axis=0)", 3),
        ("grad(x) * s", [1.5, -1.5]),
        ("sum(grad(x)) < 1e-6", True),
        ("(s > 2) + 1", 2),
        ("x.T @ x", 5),
        ("states[1].h * 2", 10),
        ("later + x", None),
        ("sum(grad(later))", None),
        ("s / 0", float("inf")),
        ("3", 3),
        ("where(x > 1, x, 0)", [0, 2]),
    ],
)
def test_the_value_of_an_expression(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "message", "span"),
    [
        ("x + nope", "`nope` is not there", (4, 8)),
        ("grad(s)", "`s` is not there", (5, 6)),
        ("grad(x + 1)", "`grad` takes the name of one node", (0, 11)),
        ("grad()", "`grad` takes the name of one node", (0, 6)),
        ("grad(x, x)", "`grad` takes the name of one node", (0, 10)),
        ("zork(x)", "there is no operator `zork`", (0, 4)),
        ("x @ grad(x)[0]", "x is 2 and grad(x)[0] is (): @ takes vectors and matrices", (2, 3)),
        ("sum(x, axis=3)", "x is 2 and has no axis 3", (0, 3)),
        ("mse(x)", "`mse` takes 2 operands, but 1 was given", (0, 3)),
    ],
)
def test_an_expression_without_a_value(text: str, message: str, span: tuple[int, int]) -> None:
    with pytest.raises(EvaluationError) as caught:
        value(text)
    assert (caught.value.message, caught.value.span) == (message, SourceSpan(*span))


def test_shapes_are_told_without_numbers() -> None:
    shapes = {"W": (2, 3), "x": (3,)}
    assert infer_shape(parse("outer(grad(x), W @ x)"), shapes.get, shapes.get) == (3, 2)


def test_a_formula_that_fits_nothing_is_refused_when_it_is_read() -> None:
    with pytest.raises(ScenarioError, match="expect-formula"):
        failed('{grads: {W: "W @ W"}}')


def test_figures_that_are_rounded_are_told_with_how_many_digits_they_fit() -> None:
    (failure,) = failed("{grads: {a: [0.0, 0.0002]}}")
    assert failure.hint == "rounded to 4 digits after the point it would fit: write `digits: 4` beside it"
    assert failed("{digits: 4, grads: {a: [0.0, 0.0002]}}") == []
    (failure,) = failed("{grads: {a: [0.0, 0.0003]}}")
    assert "digits" not in failure.hint
    (failure,) = failed("{rtol: 1e-6, grads: {a: [0.0, 0.0002]}}")
    assert "digits" not in failure.hint


def test_figures_that_differ_in_their_last_digit_are_told_whole() -> None:
    (failure,) = failed("{rtol: 0, atol: 0, values: {f: 0.3}}", "inputs: {x: 0.1, y: 0.2}\nnodes: {f: x + y}")
    assert "0.30000000000000004" in failure.message
    assert failure.message.endswith("expected 0.3")
