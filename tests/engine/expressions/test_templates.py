"""Templates of expressions: a text that goes through one means what the parser says, part by part."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_expr import ALPHABET, REFUSED, TREES

from backprop_engine.expressions import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Expr,
    ExprError,
    FilledTemplate,
    IndexList,
    IntegerIndex,
    KeyPart,
    Name,
    NewAxis,
    Number,
    QuotedText,
    Slice,
    SourceSpan,
    Subscript,
    Unary,
    Value,
    fill,
    parse,
    path,
    render,
    walk,
)
from backprop_engine.expressions.templates import LONGEST, MAX_TEMPLATES, _template
from backprop_engine.expressions.tokens import tokenize
from effort import examples

Refusal = tuple[str, SourceSpan, str]

T = TypeVar("T")


def outcome(room: Callable[[str], T], text: str) -> T | Refusal:
    try:
        return room(text)
    except ExprError as error:
        return error.message, error.span, error.hint


def compare(text: str) -> FilledTemplate | None:
    """Whether `text` comes out alike from the parser and through its template; None where it is refused."""
    tree, filled = outcome(parse, text), outcome(fill, text)
    if isinstance(tree, tuple):
        assert filled == tree
        return None
    assert isinstance(filled, FilledTemplate)
    assert filled.text == text
    for part, plain in zip(walk(filled.template.tree), walk(tree), strict=True):
        assert filled.span(part.span) == plain.span
        assert meaning(part, filled) == meaning(plain, None)
        assert places(part, filled) == places(plain, None)
    return filled


def meaning(part: Value, filled: FilledTemplate | None) -> tuple[object, ...]:
    """What a part says of itself, its operands left out."""
    kind = type(part).__name__
    match part:
        case Name():
            return kind, filled.name(part) if filled else part.name, steps(part, filled)
        case Number():
            return kind, repr(filled.number(part) if filled else part.value)
        case Subscript():
            return kind, filled.key(part) if filled else tuple(map(plain_key, part.key)), steps(part, filled)
        case Binary() | Unary():
            return kind, part.op
        case Call():
            return kind, part.name, len(part.args), *(keyword.name for keyword in part.keywords)
        case Attribute():
            return kind, part.name, steps(part, filled)
        case QuotedText() | Boolean():
            return kind, part.value
        case _:
            return (kind,)


def steps(part: Expr, filled: FilledTemplate | None) -> object:
    return filled.path(part) if filled else path(part)


def plain_key(part: KeyPart) -> object:
    match part:
        case IntegerIndex():
            return part.value
        case Slice():
            return slice(part.start, part.stop, part.step)
        case IndexList():
            return part.values
        case _:
            return None if isinstance(part, NewAxis) else ...


def places(part: Value, filled: FilledTemplate | None) -> list[SourceSpan]:
    """Where the smaller pieces of a part stand."""
    found: list[SourceSpan] = []
    match part:
        case Binary():
            found = [part.op_span]
        case Call():
            found = [part.name_span, *(keyword.name_span for keyword in part.keywords)]
        case Attribute():
            found = [part.name_span]
        case Subscript():
            found = [one.span for one in part.key]
    return [filled.span(span) for span in found] if filled else found


# Which texts share a template


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tanh(h1*w+x)", "tanh(hidden*W+b)"),
        ("-x ** 2", "-ratio ** 0.5"),
        ("2 * x", "1e-3 * weight"),
        ("- 2 + x", "- 10.5 + y"),
        ("가중치 * σ1", "W * b"),
        ("x[0] @ y[1:, ::-1]", "xs[12] @ long_name[100:, ::-20]"),
        ("states[-1].h + one.h", "s[-12].h + two.h"),
        ('mse(a, target=t, reduction="sum")', 'mse(prediction, target=truth, reduction="sum")'),
        ("sum(x, axis=0, keepdims=true)", "sum(y1, axis=0, keepdims=true)"),
        ("x == 1", "yy == 1"),
        ("W.T @ x", "long.T @ h"),
        ("tanh ( x )", "tanh ( long )"),
    ],
)
def test_texts_of_one_form_share_a_template(one: str, other: str) -> None:
    first, second = compare(one), compare(other)
    assert first is not None
    assert second is not None
    assert first.template is second.template


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tanh(x)", "exp(x)"),
        ("x * y", "x * 2"),
        ("x * y", "x*y"),
        ("one.h", "one.c"),
        ("x.T", "x.h"),
        ("f(x, axis=0)", "f(x, axis=1)"),
        ('f(x, mode="a")', 'f(x, mode="b")'),
        ("f(x, keep=true)", "f(x, keep=false)"),
        ("f(x, a=y)", "f(x, b=y)"),
        ("x[0]", "x[0:]"),
        ("x < 1", "x < y"),
    ],
)
def test_texts_of_two_forms_do_not(one: str, other: str) -> None:
    first, second = compare(one), compare(other)
    assert first is not None
    assert second is not None
    assert first.template is not second.template


@pytest.mark.parametrize(
    "text",
    [
        "x", "2", "-0.0", "- (- 2)", "-(2) ** x", "((x))", "f()", "f(x,)", "x . h", "x . T", "x[ - 1 ].h",
        "1.", ".5e3", 'f(a="b c")', "f(a='b')", "f(a='')", 'f(x, a="true")', "f(x, trueish=y)", "f(a=true_)",
        "trueish * falsehood", "f(if_, a=[1, -2.5, true, 'b'])", "e\u0301 + x", "x\u00b7y + x", "x\u3000+ y",
        "x\n  + y", "f(f)", "f (f)", "f\u00a0(f)", "x[:]", "x[::2, -1, 3:-1]", "x[0][1].T[2]", "a.b.c[1].d",
        "x >= 1e3", "f(x)[0]", "x[..., 0]", "x[None, [2, -3], -1]", "x[[]]", "x[i]", "x[:, i]",
        "x[..., i, :][0]", "x > 1 and y", "not x or y", "f(trueish=true, a=trueish)",
    ],
)  # fmt: skip
def test_texts_of_every_kind(text: str) -> None:
    compare(text)
    compare(f" {text} ")
    compare(f"1 + g({text})")


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("x + y", "x + if"),
        ("x + y", "x + true"),
        ("f(x, a=y)", "f(x, a=None)"),
        ("2 * x", "02 * x"),
        ("2 * x", "1e999 * x"),
        ("x[1]", "x[1.5]"),
        ("x[::1]", "x[::0]"),
        ("2 + x", "² + x"),
        ("2 + x", "１２ + x"),
        ("x.h", "x.5"),
        ("x + y", "x.5 + y"),
        ("x", "x\u0301" * 40),
    ],
)
def test_what_only_looks_like_a_known_form_is_refused_as_ever(known: str, text: str) -> None:
    compare(known)
    compare(text)


@pytest.mark.parametrize("text", [one[0] for one in REFUSED])
def test_refused(text: str) -> None:
    compare(text)


# Anything at all

WORDS = st.sampled_from(["x", "W", "h_prev", "true", "if", "T", "σ", "h12", "가중치", "trueish"])
NUMBERS = st.one_of(
    st.integers(0, 10**20).map(str), st.floats(0, allow_nan=False, allow_infinity=False).map(repr)
) | st.sampled_from(["00", "1.", ".5", "2e5", "1e999"])


@st.composite
def respaced(draw: st.DrawFn) -> str:
    """An expression with other white space between its tokens."""
    tokens = tokenize(render(draw(TREES)))
    return "".join(token.text + draw(st.sampled_from(["", "", " ", "\n "])) for token in tokens)


@given(respaced())
@settings(max_examples=examples(400), deadline=None)
def test_expressions_come_out_alike(text: str) -> None:
    compare(text)


@given(TREES, st.data())
@settings(max_examples=examples(400), deadline=None)
def test_texts_made_from_a_template_come_out_alike(tree: Expr, data: st.DataObject) -> None:
    filled = fill(render(tree))
    template = filled.template
    numbers = [slot in template.numbers for slot in range(len(template.slots))]
    drawn = [data.draw(NUMBERS if is_number else WORDS) for is_number in numbers]
    text, at = "", 0
    for word, start in zip(drawn, template.slots, strict=True):
        text += template.sample[at:start] + word
        at = start + 1
    again = compare(text + template.sample[at:])
    if again is not None and "true" not in drawn and template.slots:
        assert again.template is template


@given(st.lists(ALPHABET, max_size=12).map("".join) | st.text(max_size=12))
@settings(max_examples=examples(1000), deadline=None)
def test_any_text_comes_out_alike(text: str) -> None:
    compare(text)


# Size


def test_there_are_never_many_templates() -> None:
    for count in range(1, MAX_TEMPLATES + 20):
        fill(" + ".join(["x"] * min(count, 60)) + " " * count)
    assert _template.cache_info().currsize <= MAX_TEMPLATES


def test_a_text_can_have_a_template_of_its_own() -> None:
    text = "f(x[0], a=y) + 2"
    filled = fill(text, shared=False)
    assert filled.template.tree == parse(text)
    assert filled.template.slots == ()
    assert filled.span(SourceSpan(2, 6)) == SourceSpan(2, 6)
    with pytest.raises(ExprError, match="reserved Python keyword"):
        fill("if", shared=False)


def test_long_texts_have_templates_of_their_own() -> None:
    text = " + ".join(["x"] * LONGEST)
    filled = compare(text)
    assert filled is not None
    assert filled.template.slots == ()
    assert filled.template is not fill(text).template


# Texts in the order of others before them


def test_a_form_that_is_guessed_is_that_which_a_text_has() -> None:
    cycle = ["tanh({0}*W + b)", "{0} - 2 * y", "{0}[1:]", "{0} == 1", "one.h - {0}"]
    found = [[compare(form.format(f"h{number}")) for form in cycle] for number in range(20)]
    assert len({tuple(id(one and one.template) for one in row) for row in found}) == 1


@pytest.mark.parametrize(
    "name", ["true", "if", "σ", "2", ".5", "h.c", "h[0]", "f(h)", "h ", " h", "h*W", "", "-h"]
)
def test_a_guess_that_is_wrong_changes_nothing(name: str) -> None:
    for number in range(20):
        compare(f"tanh(h{number}*W + b)")
    compare(f"tanh({name}*W + b)")


@given(TREES, st.data())
@settings(max_examples=examples(100), deadline=None)
def test_a_guess_finds_what_is_found_without_one(tree: Expr, data: st.DataObject) -> None:
    text = render(tree)
    for _ in range(12):
        filled = fill(text)
    other = "".join(data.draw(WORDS) if word == "x" else word for word in re.split(r"\b(x)\b", text))
    guessed = outcome(fill, other)
    fill("1 + 1")
    again = outcome(fill, other)
    if isinstance(guessed, FilledTemplate) and isinstance(again, FilledTemplate) and filled.template.names:
        assert (guessed.text, guessed.written, guessed.numbers) == (again.text, again.written, again.numbers)
        assert guessed.template.around == again.template.around
    else:
        assert type(guessed) is type(again)
