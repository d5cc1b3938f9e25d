"""Formulas of the page: what a block that is set as a formula is as MathML."""

from __future__ import annotations

from typing import Any

import pytest

from backprop_engine.expressions import parse
from backprop_tui.cells.blocks import Block, fraction, text
from backprop_tui.cells.lines import Role
from backprop_tui.export.page.formula import formula
from backprop_tui.render.formulas.typeset import Typesetter


def written(element: Any) -> str:
    """An element with what is in it: ``mfrac(mi a, mi b)``."""
    name, _, *inside = element
    if len(inside) == 1 and isinstance(inside[0], str):
        return f"{name} {inside[0]}"
    return f"{name}({', '.join(one if isinstance(one, str) else written(one) for one in inside)})"


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("a + b", "mrow(mi a, mo +, mi b)"),
        ("a * -2.5", "mrow(mi a, mo ·, mrow(mo (, mn -2.5, mo )))"),
        ("a / b", "mfrac(mi a, mi b)"),
        ("a ** 2", "msup(mi a, mn 2)"),
        ("a.T @ b", "mrow(msup(mi a, mi T), mo @, mi b)"),
        ("sqrt(a)", "msqrt(mi a)"),
        ("sqrt(a + b)", "msqrt(mrow(mi a, mo +, mi b))"),
        ("1 / sqrt(W_xh)", "mfrac(mn 1, msqrt(mi W_xh))"),
        ("tanh(W_xh)", "mrow(mi tanh, mrow(mo (, mi W_xh, mo )))"),
        ("abs(a)", "mrow(mo |, mi a, mo |)"),
        ("exp(a)", "msup(mi e, mi a)"),
        ("exp(a / b)", "msup(mi e, mrow(mi a, mo /, mi b))"),
    ],
)
def test_expressions(expression: str, wanted: str) -> None:
    assert written(formula(Typesetter().box(parse(expression)))) == wanted


def test_cases_have_their_conditions() -> None:
    _, *rows = formula(Typesetter().box(parse("where(c, a, b)")))[3][1:]
    assert [written(row).replace("\u00a0", "").replace(", )", ")") for row in rows] == [
        "mtr(mtd(mi a), mtd(mrow(mtext if, mi c)))",
        "mtr(mtd(mi b), mtd(mtext else))",
    ]


def test_derivatives_are_short() -> None:
    top, bottom = text("∂L", Role.GRADIENT), text("∂s[0].h#1", Role.GRADIENT)
    assert formula(fraction(top, bottom)) == ["d", "gradient", "L", "s[0].h#1"]
    mixed = formula(fraction(top, text("∂x", Role.LOCAL)))
    assert mixed[0] == "mfrac"


def test_roles_are_classes() -> None:
    assert formula(text("x", Role.ACTIVE_VALUE)) == ["mi", "active-value", "x"]
    assert formula(text("x")) == ["mi", "", "x"]


def test_words_stay_whole() -> None:
    assert formula(text("through s[0].r", Role.GRADIENT)) == ["mtext", "gradient", "through\u00a0s[0].r"]


def test_a_painted_block_is_put_together_as_before() -> None:
    box = Typesetter().box(parse("sqrt(a / b)"))
    painted = box.painted(Role.LOCAL)
    assert written(formula(painted)) == written(formula(box)) == "msqrt(mfrac(mi a, mi b))"
    assert formula(painted)[2][2] == ["mi", "local", "a"]
    assert [plain(line) for line in painted.lines] == [plain(line) for line in box.lines]
    assert isinstance(painted, Block)


def plain(line: Any) -> str:
    return "".join(span.text for span in line)
