"""Calls in a formula: by a sign where they have one, as a call where an operand is given by its name."""

from __future__ import annotations

import pytest

from backprop_engine.expressions import parse
from backprop_tui.render.formulas.axes import axes_of
from backprop_tui.render.formulas.typeset import Typesetter


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("pow(a, b)", "aᵇ"),
        ("swapaxes(x, -1, -2)", "xᵀ"),
        ("outer(a, b)", "a ⊗ b"),
        ("hadamard(a, b)", "a ⊙ b"),
        ("norm(a)", "‖a‖"),
        ("eye(3)", "I₃"),
        ("sum(x, keepdims=true)", "∑x"),
    ],
)
def test_a_call_with_a_sign(expression: str, shown: str) -> None:
    block = Typesetter().box(parse(expression))
    assert ["".join(span.text for span in line) for line in block.lines] == [shown]
    assert block.reading == expression


@pytest.mark.parametrize(
    "expression",
    [
        "exp(a=x)",
        "sqrt(a=x)",
        "abs(a=x)",
        "pow(a=x, b=2)",
        "where(c, a=x, b=y)",
        "swapaxes(x, 0, 1)",
        "sum(x, axis=n)",
        "ones(n)",
        "reshape(x, shape=[2, 3])",
        'einsum(x, subscripts="ij->ji")',
        "a.shape",
        "x[None, 0]",
    ],
)
def test_what_has_no_sign_of_its_own_is_shown_as_it_is_written(expression: str) -> None:
    block = Typesetter().box(parse(expression))
    assert ["".join(span.text for span in line) for line in block.lines] == [expression]
    assert block.reading == expression


@pytest.mark.parametrize(
    ("expression", "axes"),
    [
        ("a[None]", 3),
        ("a[0]", 1),
        ("a[0:1]", 2),
        ("a[[0, 1]]", 2),
        ("sum(a, axis=-1)", 1),
        ("sum(a, axis=[0, 1])", 0),
        ("stack(a, a, axis=-1)", 3),
        ("one_hot(i, 3)", 2),
        ("eye(3)", 2),
        ("ones(3)", 1),
        ("sum(a, axis=n)", 0),
        ("a @ a", 2),
        ("a @ i", 1),
        ("3", 0),
    ],
)
def test_how_many_axes_an_expression_has(expression: str, axes: int) -> None:
    assert axes_of(parse(expression), {"a": 2, "i": 1}) == axes
