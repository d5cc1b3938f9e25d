"""Expressions: the tree, its spans, what is refused and how, and back to text."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_engine.errors import ShapeError
from backprop_engine.expressions import (
    MAX_DEPTH,
    MAX_LENGTH,
    Attribute,
    Binary,
    Boolean,
    Call,
    Expr,
    ExprError,
    IndexList,
    IntegerIndex,
    Keyword,
    ListOf,
    Name,
    NewAxis,
    Number,
    QuotedText,
    Rest,
    Slice,
    SourceSpan,
    Subscript,
    Transpose,
    Unary,
    Value,
    derivative_parts,
    literal,
    parse,
    path,
    render,
    walk,
)
from backprop_engine.ops import OPS
from effort import examples

NOWHERE = SourceSpan(0, 0)


def name(text: str) -> Name:
    return Name(text, NOWHERE)


def number(value: float) -> Number:
    return Number(value, NOWHERE)


def binary(op: str, left: Expr, right: Expr) -> Binary:
    return Binary(op, left, right, NOWHERE, NOWHERE)


def outcome(text: str) -> Expr | ExprError:
    try:
        return parse(text)
    except ExprError as error:
        return error


# Trees

x, y, z = name("x"), name("y"), name("z")


def called(op: str, *operands: Expr) -> Call:
    return Call(op, operands, (), NOWHERE, NOWHERE)


def selected(indices: str, axis: int) -> Call:
    """What takes the slices of x at `indices` along an axis."""
    keywords = (Keyword("axis", number(axis), NOWHERE),)
    return Call("index_select", (x, name(indices)), keywords, NOWHERE, NOWHERE)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x", x),
        ("가중치", name("가중치")),
        ("h_prev", name("h_prev")),
        ("e\u0301", name("e\u0301")),
        ("1", number(1)),
        (".5", number(0.5)),
        ("1e-3", number(0.001)),
        ("-2", number(-2)),
        ("-2 * x", binary("*", number(-2), x)),
        ("-2 ** 2", Unary("-", binary("**", number(2), number(2)), NOWHERE)),
        ("(-2) ** 2", binary("**", number(-2), number(2))),
        ("2 ** -1", binary("**", number(2), number(-1))),
        ("x ** y ** z", binary("**", x, binary("**", y, z))),
        ("x - y - z", binary("-", binary("-", x, y), z)),
        ("x @ y + z", binary("+", binary("@", x, y), z)),
        ("x + y < z", binary("<", binary("+", x, y), z)),
        ("x.T", Transpose(x, NOWHERE)),
        ("x[0]", Subscript(x, (IntegerIndex(0, NOWHERE),), NOWHERE)),
        (
            "x[:, 1:, ::-2]",
            Subscript(
                x,
                (
                    Slice(None, None, None, NOWHERE),
                    Slice(1, None, None, NOWHERE),
                    Slice(None, None, -2, NOWHERE),
                ),
                NOWHERE,
            ),
        ),
        (
            "x[..., None, [0, -2,], []]",
            Subscript(
                x,
                (Rest(NOWHERE), NewAxis(NOWHERE), IndexList((0, -2), NOWHERE), IndexList((), NOWHERE)),
                NOWHERE,
            ),
        ),
        ("x[i]", selected("i", 0)),
        ("x[:, :, i, :]", selected("i", 2)),
        ("x[..., i, :]", selected("i", -2)),
        ("x[i, ...]", selected("i", 0)),
        (
            "x < y or y and not z == x",
            called(
                "logical_or",
                binary("<", x, y),
                called("logical_and", y, called("logical_not", binary("==", z, x))),
            ),
        ),
        ("x and y and z", called("logical_and", called("logical_and", x, y), z)),
        ("(x or y) * z", binary("*", called("logical_or", x, y), z)),
        (
            "f(x and y, c=not z)",
            Call(
                "f",
                (called("logical_and", x, y),),
                (Keyword("c", called("logical_not", z), NOWHERE),),
                NOWHERE,
                NOWHERE,
            ),
        ),
        (
            "states[-1].h",
            Attribute(
                Subscript(name("states"), (IntegerIndex(-1, NOWHERE),), NOWHERE), "h", NOWHERE, NOWHERE
            ),
        ),
        (
            "f(x, axis=-1, mode='a', keep=true, shape=[2, [-3]], by=y)",
            Call(
                "f",
                (x,),
                (
                    Keyword("axis", number(-1), NOWHERE),
                    Keyword("mode", QuotedText("a", NOWHERE), NOWHERE),
                    Keyword("keep", Boolean(True, NOWHERE), NOWHERE),
                    Keyword(
                        "shape",
                        ListOf((number(2), ListOf((number(-3),), NOWHERE)), NOWHERE),
                        NOWHERE,
                    ),
                    Keyword("by", y, NOWHERE),
                ),
                NOWHERE,
                NOWHERE,
            ),
        ),
    ],
)
def test_tree(text: str, tree: Expr) -> None:
    assert parse(text) == tree


def test_spans() -> None:
    tree = parse("  tanh((W @ x)[0] + b.T, axis=1)")
    assert isinstance(tree, Call)
    assert (tree.span, tree.name_span) == (SourceSpan(2, 32), SourceSpan(2, 6))
    total = tree.args[0]
    assert isinstance(total, Binary)
    assert (total.span, total.op_span) == (SourceSpan(7, 23), SourceSpan(18, 19))
    assert isinstance(total.left, Subscript)
    assert (total.left.span, total.left.key[0].span) == (SourceSpan(7, 17), SourceSpan(15, 16))
    assert total.left.value.span == SourceSpan(8, 13)
    assert total.right.span == SourceSpan(20, 23)
    assert (tree.keywords[0].name_span, tree.keywords[0].value.span) == (
        SourceSpan(25, 29),
        SourceSpan(30, 31),
    )
    assert parse("one.h").span == SourceSpan(0, 5)
    assert parse("- 2").span == SourceSpan(0, 3)


# What is refused

REFUSED = [
    ("", 0, 0, "the expression is empty", ""),
    (" \n ", 0, 0, "the expression is empty", ""),
    ("x +  \n", 3, 3, "the expression ends", ""),
    ("x +", 3, 3, "the expression ends where an operand", ""),
    ("+x", 0, 1, "expected an operand, found `+`", "leave out"),
    ("a < b < c", 6, 7, "comparisons do not chain", "(a < b) * (b < …)"),
    ("2x", 1, 2, "expected an operator", "`2 * x`"),
    ("2(x)", 1, 2, "expected an operator", "`2 * (…)`"),
    ("1_000", 1, 5, "expected an operator", "`1000`"),
    ("0x1F", 1, 4, "expected an operator", "`31`"),
    ("010", 0, 3, "cannot start with 0", "`10`"),
    ("1e999", 0, 5, "too large", ""),
    ("9" * 400, 0, 400, "too large", ""),
    ("x × y", 2, 3, "`×` (U+00D7)", "write `*`"),
    ("（x）", 0, 1, "U+FF08", "write `(`"),
    ("x^2", 1, 2, "`^` cannot be used", "`**`"),
    ("x % 2", 2, 3, "`%` cannot be used", "`mod(a, b)`"),
    ("x // 2", 2, 4, "`//` cannot be used", "`floor(a / b)`"),
    ("x = 2", 2, 3, "found `=`", "`==`"),
    ("x := 2", 2, 4, "`:=` cannot be used", "node of its own"),
    ("a & b", 2, 3, "`&` cannot be used", "(a > 0) and (b > 0)"),
    ("a || b", 2, 4, "`||` cannot be used", "(a > 0) or (b > 0)"),
    ("~a", 0, 1, "`~` cannot be used", "not (a > 0)"),
    ("a and", 5, 5, "ends where", ""),
    ("and a", 0, 3, "`and` is a reserved Python keyword", ""),
    ("a + not b", 4, 7, "`not` is a reserved Python keyword", "(not a)"),
    ("lambda x: x", 0, 6, "`lambda` is a reserved Python keyword", "cell"),
    ("a if b else c", 2, 4, "found `if`", "where(condition, a, b)"),
    ("x is y", 2, 4, "found `is`", "`==`"),
    ('x + "a"', 4, 7, "text is not an operand", 'name="a"'),
    ("f(x, true)", 5, 9, "`true` is not an operand", "keepdims=true"),
    ("[]", 0, 2, "this list is empty", ""),
    ("x + [[1, 2], [3]]", 4, 17, "the rows of a list differ in length", "[[1, 0], [0, 1]]"),
    ("[[1], 2]", 0, 8, "the rows of a list differ in length", "[[1, 0], [0, 1]]"),
    ("x @ [1, true]", 8, 12, "a list used as an operand can contain only numbers", ""),
    ("f([x])", 3, 4, "expected a number, found `x`", "a list can contain numbers"),
    ("[" + "1, " * 1025 + "]", 0, 3077, "at most 1,024 numbers", "`constants`"),
    ("x.T()", 3, 4, "`.T` is not a function", "without the brackets"),
    ("x.sum(axis=0)", 0, 5, "plain names", "`sum(x, axis=0)`"),
    ("np.tanh(x)", 0, 7, "plain names", "`tanh(x)`"),
    ("torch.nn.functional.relu(x + 1)", 0, 24, "plain names", "`relu(x + 1)`"),
    ("(a + b).sum()", 7, 11, "followed by a path", "`sum(a + b)`"),
    ("(a + b).c(2)(d)", 7, 9, "followed by a path", "`c(a + b, 2)`"),
    ("(a * (b + c)).view(2, 3).T", 13, 18, "followed by a path", "`view(a * (b + c), 2, 3)`"),
    ("(a + b)[0].abs().sum(axis=0) + c.max()", 10, 14, "path", "`sum(abs((a + b)[0]), axis=0)`"),
    ("x.pow(2).mean()", 0, 5, "plain names", "`mean(pow(x, 2))`"),
    ("np.abs(x.T).sum()", 0, 6, "plain names", "`sum(abs(x.T))`"),
    ("x.view(2, 3", 0, 6, "plain names", "`view(x, 2, 3)`"),
    ("f(x)(y)", 4, 5, "found `(`", ""),
    ("f(x", 1, 2, "never closed", "add `)`"),
    ("x[0", 1, 2, "never closed", "add `]`"),
    ("x)", 1, 2, "was never opened", ""),
    ("x[]", 2, 3, "needs an index", ""),
    ("x[i + 1]", 4, 5, "expected `,` or `]`", "the name of a constant"),
    ("x[np.newaxis]", 4, 5, "expected `,` or `]`", "write `None`"),
    ("x[0, i]", 1, 7, "only `:` can be combined", "`x[i][0]`"),
    ("x[i, :, j]", 1, 10, "only `:` can be combined", "gather(x, i, axis=1)"),
    ("x[[0, j]]", 6, 7, "a whole number", "lists of whole numbers"),
    ("x[[0.5]]", 3, 6, "a whole number", ""),
    ("x[true]", 2, 6, "a whole number", "`None`"),
    ("x[,1]", 2, 3, "a whole number or `:`", ""),
    ("f(lambda=1)", 2, 8, "`lambda` is a reserved Python keyword", "cell"),
    ("x.sum(1, (2", 0, 5, "plain names", "`sum(x, 1, (2)`"),
    ("x[1.5]", 2, 5, "a whole number", ""),
    ("x[::0]", 2, 5, "step", ""),
    ("x[..., 0, ...]", 13, 14, "`...` may occur only once", ""),
    ("x + ...", 4, 7, "expected an operand", ""),
    ("2.T", 2, 3, "expected an operator", "2. * T"),
    ("(2)[0]", 3, 4, "no axes", ""),
    ("f(a=1, b)", 7, 8, "without a name", "before `a=`"),
    ("f(a=1, a=2)", 7, 8, "given twice", ""),
    ("f(a=[x])", 5, 6, "expected a number", "a list can contain"),
    ("f(a='b)", 4, 5, "never closed", ""),
    ("f(a='b\\n')", 6, 7, "backslash", ""),
    ("x;", 1, 2, "`;`", ""),
    ("(" * 100 + "x" + ")" * 100, 64, 65, "nested more than 64 levels", ""),
]


@pytest.mark.parametrize(("text", "start", "end", "message", "hint"), REFUSED)
def test_refused(text: str, start: int, end: int, message: str, hint: str) -> None:
    with pytest.raises(ExprError) as caught:
        parse(text)
    assert caught.value.span == SourceSpan(start, end)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_what_an_error_quotes_is_harmless() -> None:
    with pytest.raises(ExprError) as caught:
        parse("f(x, '\x1b[31m')")
    assert "\x1b" not in caught.value.message + caught.value.hint


# Size


def test_nesting_is_limited_and_not_by_python() -> None:
    deepest = "(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH
    assert parse(deepest) == x
    for text in (
        "(" + deepest + ")",
        "-" * 1000 + "x",
        "x" + " ** x" * 1000,
        "f(" * 1000,
        "f(a=" + "[" * 1000,
    ):
        with pytest.raises(ExprError, match="nested more than 64 levels"):
            parse(text)


def test_flat_chains_may_be_long() -> None:
    text = " + ".join(["x"] * 10_000)
    tree = parse(text)
    assert render(tree) == text
    assert sum(1 for _ in walk(tree)) == 19_999
    assert render(parse("x" + ".T" * 10_000)) == "x" + ".T" * 10_000
    with pytest.raises(ExprError, match="at most 200,000 characters"):
        parse("x" + " " * MAX_LENGTH)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text",
    ["x\u00a0" * 50_000, "x" + ".b" * 99_000, "x" + "[0]" * 60_000, "1" * 199_999, "f(" + "a=1," * 49_000],
)
def test_long_texts_come_to_an_end(text: str) -> None:
    assert isinstance(outcome(text), Expr | ExprError)


# Helpers


def test_walk_goes_in_the_order_of_computing() -> None:
    order = [render(node) for node in walk(parse("(x + y) * f(z, by=-x)"))]
    assert order == ["x", "y", "x + y", "z", "x", "-x", "f(z, by=-x)", "(x + y) * f(z, by=-x)"]


def test_paths_and_literals() -> None:
    assert path(parse("x")) == ("x",)
    assert path(parse("one.h")) == ("one", "h")
    assert path(parse("states[-1].h")) == ("states", -1, "h")
    assert path(parse("x.T")) is None
    assert path(parse("x[0, 1]")) is None
    call = parse("f(a=[1, [-2.5, true], 'b'])")
    assert isinstance(call, Call)
    value = call.keywords[0].value
    assert isinstance(value, ListOf)
    assert literal(value) == [1, [-2.5, True], "b"]


# Back to text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("W@x+b", "W @ x + b"),
        ("x**2", "x ** 2"),
        ("f( a,axis=-1 )", "f(a, axis=-1)"),
        ("x[ :,1 : ]", "x[:, 1:]"),
        ("((x+y))*z", "(x + y) * z"),
        ("x-(y-z)", "x - (y - z)"),
        ("-(x*y)", "-(x * y)"),
        ("(x<y)<z", "(x < y) < z"),
        ("(-x)[0]", "(-x)[0]"),
        ("(x@y).T", "(x @ y).T"),
    ],
)
def test_render(text: str, written: str) -> None:
    assert render(parse(text)) == written


def test_render_with_other_names() -> None:
    names = {"x": "states[2].h", "y": "-4", "z": "∂L/∂q", "one.h": "h#1", "q": "ŷ"}
    assert render(parse("x * y"), names) == "states[2].h * -4"
    assert render(parse("y ** 2 + y"), names) == "(-4) ** 2 + -4"
    assert render(parse("z * z.T"), names) == "(∂L/∂q) * (∂L/∂q).T"
    assert render(parse("f(z, one.h[0] ** q)"), names) == "f(∂L/∂q, h#1[0] ** ŷ)"
    assert render(parse("x + one.h"), lambda text: text + "_") == "x_ + one.h_"


NAMES = st.sampled_from(["x", "W", "h_prev", "σ1", "가중치", "Tr"])
NUMBERS = st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False)).map(
    number
)
PLAIN_TEXT = st.text(st.characters(exclude_characters="'\\\n", exclude_categories=["Cs"]), max_size=5)
CONSTANTS = st.recursive(
    NUMBERS
    | st.booleans().map(lambda value: Boolean(value, NOWHERE))
    | PLAIN_TEXT.map(lambda t: QuotedText(t, NOWHERE)),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: ListOf(tuple(items), NOWHERE)),
    max_leaves=4,
)
BOUNDS = st.none() | st.integers(-9, 9)
KEYS = st.lists(
    st.integers(-9, 9).map(lambda value: IntegerIndex(value, NOWHERE))
    | st.tuples(BOUNDS, BOUNDS, BOUNDS.filter(lambda step: step != 0)).map(lambda b: Slice(*b, NOWHERE))
    | st.lists(st.integers(-9, 9), max_size=3).map(lambda values: IndexList(tuple(values), NOWHERE))
    | st.just(NewAxis(NOWHERE))
    | st.just(Rest(NOWHERE)),
    min_size=1,
    max_size=3,
    unique_by=lambda part: type(part) if isinstance(part, Rest) else id(part),
).map(tuple)


def has_axes(tree: Expr) -> bool:
    return not isinstance(tree, Number)


def larger(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    values: st.SearchStrategy[Value] = inner | CONSTANTS
    keywords = st.dictionaries(NAMES, values, max_size=2).map(
        lambda found: tuple(Keyword(name, value, NOWHERE) for name, value in found.items())
    )
    axes = inner.filter(has_axes)
    paths = NAMES.map(name) | st.tuples(NAMES, st.integers(-3, 3)).map(
        lambda found: Subscript(name(found[0]), (IntegerIndex(found[1], NOWHERE),), NOWHERE)
    )
    operators = st.sampled_from(["+", "-", "*", "/", "@", "**", "<", "<=", ">", ">=", "==", "!="])
    return st.one_of(
        axes.map(lambda operand: Unary("-", operand, NOWHERE)),
        st.builds(binary, operators, inner, inner),
        st.builds(
            lambda op, args, keywords: Call(op, tuple(args), keywords, NOWHERE, NOWHERE),
            NAMES,
            st.lists(inner, max_size=3),
            keywords,
        ),
        st.builds(lambda value, key: Subscript(value, key, NOWHERE), axes, KEYS),
        axes.map(lambda value: Transpose(value, NOWHERE)),
        st.builds(lambda value, part: Attribute(value, part, NOWHERE, NOWHERE), paths, NAMES),
    )


TREES = st.recursive(NAMES.map(name) | NUMBERS, larger, max_leaves=12)


@given(TREES)
@settings(max_examples=examples(300), deadline=None)
def test_text_and_back(tree: Expr) -> None:
    text = render(tree)
    again = parse(text)
    assert again == tree
    for node in walk(again):
        assert 0 <= node.span.start < node.span.end <= len(text)
        own = text[node.span.start : node.span.end]
        if isinstance(node, Unary | Binary | Call | Subscript | Transpose | Attribute):
            assert parse(own) == node


ALPHABET = st.sampled_from(
    [*"xyT0123.,:=()[]+-*/@<>!'\"\\ \n^%&|~#;", "**", "true", "if", "σ", "×", "e\u0301", "\u200b"]
)


@given(st.lists(ALPHABET, max_size=12).map("".join) | st.text(max_size=12))
@settings(max_examples=examples(600), deadline=None)
def test_any_text_gives_a_tree_or_a_place(text: str) -> None:
    found = outcome(text)
    if isinstance(found, ExprError):
        assert 0 <= found.span.start <= found.span.end <= len(text)
        assert found.message
    else:
        assert parse(render(found)) == found


# Python's precedence

OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


def from_python(node: ast.expr) -> Expr:
    """Python's tree in our classes, a minus before a number drawn into it."""
    match node:
        case ast.Name(id=text):
            return name(text)
        case ast.Constant(value=int() as value):
            return number(value)
        case ast.UnaryOp(operand=below):
            operand = from_python(below)
            return number(-operand.value) if isinstance(operand, Number) else Unary("-", operand, NOWHERE)
        case ast.BinOp(left=left, op=op, right=right):
            return binary(OPERATORS[type(op)], from_python(left), from_python(right))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return binary(OPERATORS[type(op)], from_python(left), from_python(right))
        case ast.Attribute(value=value):
            return Transpose(from_python(value), NOWHERE)
    raise ValueError(ast.dump(node))


PIECES = st.tuples(
    st.sampled_from(["", "-", "--", "("]),
    st.sampled_from(["x", "y.T", "2", "z"]),
    st.sampled_from(["+", "-", "*", "/", "@", "**", "**", "<"]),
)


@given(st.lists(PIECES, min_size=1, max_size=8))
@settings(max_examples=examples(400), deadline=None)
def test_precedence_is_pythons(pieces: list[tuple[str, str, str]]) -> None:
    text, opened, compared = "", 0, False
    for before, operand, op in pieces:
        text += before + operand
        opened += before == "("
        if opened and op in ("*", "@"):
            text, opened = text + ")", opened - 1
        op = "+" if op == "<" and (compared or opened) else op
        compared = compared or op == "<"
        text += f" {op} "
    text += "w" + ")" * opened
    assert parse(text) == from_python(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    ("shown", "plain"),
    [
        ("x ⊙ (1 − x²)", "x * (1 - x ** 2)"),
        ("−x", "-x"),
        ("x − -2", "x - -2"),
        ("x⁻¹ + y³", "x ** -1 + y ** 3"),
        ("Wᵀ @ (x @ y)ᵀ", "W.T @ (x @ y).T"),
        ("∂L/∂Wᵀ - ∂L/∂W.T", "∂L / ∂W.T - ∂ L/ ∂W.T"),
        ("∂L/∂x² * 2", "(∂L/∂x) ** 2 * 2"),
    ],
)
def test_signs_of_formulas_mean_what_they_say(shown: str, plain: str) -> None:
    assert parse(shown) == parse(plain)


@pytest.mark.parametrize(
    ("text", "of", "to"),
    [
        ("∂L/∂x", "L", "x"),
        ("∂ L / ∂ x", "L", "x"),
        ("∂s[-1].h/∂W_xh", "s[-1].h", "W_xh"),
        ("∂손실/∂편향", "손실", "편향"),
    ],
)
def test_a_derivative_is_one_name(text: str, of: str, to: str) -> None:
    tree = parse(text)
    assert isinstance(tree, Name)
    assert tree.span == SourceSpan(0, len(text))
    assert derivative_parts(tree.name) == (of, to)
    assert derivative_parts("L") is derivative_parts("dL") is None


def test_a_dot_multiplies_with_a_number_alone() -> None:
    tree = parse("2 · x")
    assert isinstance(tree, Binary)
    assert tree.op == "·"
    with pytest.raises(ShapeError, match="multiplies by a number"):
        OPS.by_symbol("·").shape_for(((2, 3), (3,)), {})
    assert OPS.by_symbol("·").shape_for(((), (3,)), {}) == (3,)
