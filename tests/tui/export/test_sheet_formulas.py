"""Formulas of a step as LaTeX: names, signs, brackets that grow, and steps that have none."""

from __future__ import annotations

import pytest

from backprop_engine.explain.facts import step_facts
from backprop_engine.expressions import parse
from backprop_tui.export.page.formula import formula
from backprop_tui.export.sheets.formulas import name_tex, number_tex, step_formulas, tree_tex, words_tex
from backprop_tui.render.formulas.typeset import Typesetter
from scenes import trace


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Γ", r"\Gamma"),
        ("Λ", r"\Lambda"),
        ("A", "A"),
        ("Α", r"\text{Α}"),  # a capital alpha has no command
        ("ο", r"\text{ο}"),
        ("dXᵢⱼ", r"{\mathit{dX}}_{ij}"),
    ],
)
def test_a_letter_has_a_command_where_latex_has_one(name: str, wanted: str) -> None:
    assert name_tex(name) == wanted


def test_numbers_that_are_none() -> None:
    assert [*map(number_tex, ("NaN", "true", "inf"))] == [r"\mathrm{NaN}", r"\mathrm{true}", r"\infty"]


def test_a_sign_without_a_command_is_text_and_a_raised_one_is_raised() -> None:
    assert words_tex("a ☃") == r"\text{a }\text{☃}"
    assert words_tex("a⁺") == r"\text{a}^{+}"
    assert words_tex("a₊") == r"\text{a}_{+}"


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("tanh(W_xh)", r"\mathrm{tanh} \left( W_{\mathrm{xh}} \right)"),
        ("abs(a)", r"\left\vert a \right\vert"),
        ("sqrt(a + b)", r"\sqrt{a + b}"),
        ("(a + b) ** 2", r"{\left( a + b \right)}^{2}"),
        ("where(c, a, b)", r"\left\{ \begin{array}{ll}"),
    ],
)
def test_brackets_grow_with_what_is_in_them(expression: str, wanted: str) -> None:
    assert tree_tex(formula(Typesetter().box(parse(expression)))).startswith(wanted)


def test_a_brace_is_escaped() -> None:
    assert tree_tex(["mo", "", "{"]) == r"\{"


def test_the_start_of_a_run_and_the_clearing_of_gradients_have_no_formula() -> None:
    run = trace("gradient_not_cleared")
    facts = [step_facts(run.frame(at)) for at in range(run.schedule.last + 1)]
    without = {each.kind for each in facts if not [*step_formulas(each, "en")]}
    assert without == {"start", "clear"}
    assert {"forward", "backward", "update"} <= {each.kind for each in facts}
