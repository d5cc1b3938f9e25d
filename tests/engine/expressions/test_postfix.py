"""Plain expressions in postfix order: what is found without a tree is what the tree says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_engine.evaluation.execution_plans import plan_of
from backprop_engine.expressions import MAX_DEPTH, ExprError, FilledTemplate, fill, parse
from backprop_engine.expressions.postfix import TemplateSpan, in_postfix
from effort import examples

PLAIN = [
    "x", "(x)", "2 * x", "-x", "- -x", "(-x)", "-(x + y)", "-x ** 2", "x ** -y", "x ** -y ** z * w",
    "x ** y ** z", "x - y - z", "x - (y - z)", "x * y + z / w", "x + y * z - w", "x @ y * z", "x < y",
    "x >= y * z", "(x < y) == z", "(x == z) != (y < z)", "tanh(x)", "tanh ( x )", "tanh(((x)))",
    "where(x > 0, x, -y)", "maximum(x, y * 2) + 1", "mul(add(x, 1), sub(y, tanh(z)))", "x\n  * y", "neg(x)",
    "-tanh(-x)", "1.5 + .5 * 2e-3 - x", "가중치 * σ1", " x +  y ", "sum(x)", "tanh(x) ** 2",
    "(x + y) ** (z - 1)", "x*-y", "x--y", "-(-(x))",
]  # fmt: skip
OTHERS = [
    "-2", "x - -2", "-(2)", "f()", "f(x,)", "f(x, axis=1)", "x[0]", "x.T", "one.h", "x and y", "not x",
    "eye(3)", "one_hot(x, 3)", "[1, 2] * x", "x @ W.mT", "σ(x)", "x² + y", "x == 1",
]  # fmt: skip
REFUSED = [
    "", "()", "x +", "+ x", "* x", "x y", "x y (z)", "2 (x)", "(x)(y)", "(x", "x)", "f(x", "f(, x)", "x, y",
    "(x, y)", "(f(x), y)", "x ** ", "x // y", "x *** y", "x = y", "x === y", "x <> y", "if(x)", "true(x)",
    "f(x))", "x -", "2x", "x < y < z",
]  # fmt: skip


def operators(text: str) -> object:
    return fill(text).template.operators


def written(filled: FilledTemplate, stretch: TemplateSpan) -> str:
    start, first, end, stop = stretch
    lengths = filled.lengths()
    return filled.text[start + lengths[first] : end + lengths[stop]]


def compare(text: str) -> None:
    """The plan from the postfix order of `text` against the plan from its tree."""
    shared, alone = fill(text), fill(text, shared=False)
    plan, own = plan_of(shared.template), plan_of(alone.template)
    row = range(plan.parts)
    assert (plan.computed, plan.parts) == (own.computed, own.parts)
    assert (plan.is_bare, plan.is_refused) == (own.is_bare, own.is_refused)
    assert [(mark, op, pick(row)) for mark, op, pick, _ in plan.bare] == [
        (mark, op, pick(row)) for mark, op, pick, _ in own.bare
    ]
    assert [written(shared, text) for *_, text in plan.bare] == [
        written(alone, text) for *_, text in own.bare
    ]
    assert plan.values(shared) == own.values(alone)
    names = None if plan.names_written is None else [shared.written[slot] for slot in plan.names_written]
    assert names in (None, [alone.name(part) for part in own.names])
    assert plan.names_alone == (names == [*shared.written])
    assert plan.worked_out.computed == plan.computed


@pytest.mark.parametrize("text", PLAIN)
def test_plain(text: str) -> None:
    assert operators(text) is not None
    compare(text)


@pytest.mark.parametrize("text", OTHERS)
def test_expressions_that_are_not_plain_have_a_tree_alone(text: str) -> None:
    assert operators(text) is None
    compare(text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_expression_is_refused_by_the_parser(text: str) -> None:
    with pytest.raises(ExprError):
        fill(text)


def test_operators_come_after_their_operands_with_their_places() -> None:
    # Registers 0 and 1 are the names, 2 is the number; characters in slots do not count.
    assert in_postfix((True, False, True), ("tanh(", "*", ") - ", "")) == (
        ("*", (0, 2), (5, 0, 6, 2)),
        ("tanh", (3,), (0, 0, 7, 2)),
        ("-", (4, 1), (0, 0, 10, 3)),
    )


@pytest.mark.parametrize("opening", ["(", "-", "tanh("])
def test_what_is_nested_deepest_is_for_the_parser_to_refuse(opening: str) -> None:
    closing = ")" if opening.endswith("(") else ""
    deepest = opening * MAX_DEPTH + "x" + closing * MAX_DEPTH
    assert operators(deepest) is not None
    with pytest.raises(ExprError, match="nested more than"):
        fill(opening + deepest + closing)


def test_an_operator_that_a_call_does_not_fit_is_planned_from_the_tree() -> None:
    for text in ("tanh(x, y)", "nosuch(x)", "x + add(x)"):
        assert operators(text) is not None
        assert plan_of(fill(text).template).is_refused
        compare(text)


SPACES = st.sampled_from(["", "", " ", "\n "])
OPERANDS = st.sampled_from(["x", "y", "long_name", "2", "0.5", "1e3"])
SYMBOLS = st.sampled_from(["+", "-", "*", "/", "@", "**", "<", ">=", "=="])


def inside(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Larger expressions of smaller ones, without regard to what needs brackets."""
    spaced = st.tuples(SPACES, part, SPACES).map("".join)
    calls = st.sampled_from(["tanh", "maximum", "nosuch"])
    return st.one_of(
        st.tuples(spaced, SYMBOLS, spaced).map("".join),
        spaced.map("({})".format),
        spaced.map("-{}".format),
        st.tuples(calls, st.lists(spaced, min_size=1, max_size=2).map(",".join)).map(
            lambda one: f"{one[0]}({one[1]})"
        ),
    )


@settings(max_examples=examples(500), deadline=None)
@given(st.recursive(OPERANDS, inside, max_leaves=10))
def test_any_expression_means_the_same_in_postfix_order_and_as_a_tree(text: str) -> None:
    try:
        parse(text)
    except ExprError:
        assert operators_of_any(text) is None
        return
    compare(text)


def operators_of_any(text: str) -> object:
    try:
        return operators(text)
    except ExprError:
        return None
