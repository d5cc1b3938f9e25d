"""Hints computed from what was written: the nearest name, other words for it, numbers of other programs."""

from __future__ import annotations

import pytest

from backprop_engine.errors import ScenarioError
from backprop_engine.messages.suggestions import did_you_mean, meant, nearest
from backprop_engine.ops import OPS
from backprop_engine.scenario.leaves.initializers import INITS
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.foreign_numbers import list_hint, number_hint, tensor_hint
from backprop_engine.scenario.read.layout_hints import entry_hint
from backprop_engine.scenario.read.source import Source

SECTIONS = ("title", "inputs", "params", "constants", "nodes", "output", "expect", "train")
OPERATORS = tuple(OPS)


@pytest.mark.parametrize(
    ("name", "known", "wanted"),
    [
        ("parameters", SECTIONS, "params"),
        ("Loss", SECTIONS, "output"),
        ("ouptut", SECTIONS, "output"),
        ("MSELoss", OPERATORS, "mse"),
        ("BatchNorm2d", OPERATORS, "batch_norm"),
        ("log-softmax", OPERATORS, "log_softmax"),
        ("logsoftmax", OPERATORS, "log_softmax"),
        ("σ", OPERATORS, "sigmoid"),
        ("cat", OPERATORS, "concat"),
        ("expand_dims", OPERATORS, "unsqueeze"),
        ("kaiming_normal", tuple(INITS), "he_normal"),
        ("dim", ("axis", "keepdims"), "axis"),
        ("dim", ("keepdims",), None),
        ("hprev", ("h", "h_prev"), "h_prev"),
        ("h_prv", ("h", "h_prev"), "h_prev"),
        ("X", ("w", "x"), "x"),
        ("х", ("w", "x"), "x"),  # a Cyrillic letter
        ("ｗ", ("w", "x"), "w"),  # a full-width letter
        ("z", ("w", "x"), None),
        ("x" * 65, ("x" * 64,), None),
    ],
)
def test_the_name_that_was_meant(name: str, known: tuple[str, ...], wanted: str | None) -> None:
    assert nearest(name, known) == wanted


def test_no_name_is_meant_by_itself() -> None:
    words = {*OPERATORS, *SECTIONS, *INITS, *(one.name for op in OPS.values() for one in op.attributes)}
    assert {word for word in words if meant(word, words) == word} == set()


def test_a_letter_of_another_alphabet_is_named() -> None:
    assert did_you_mean("х", ["x"]) == (
        "did you mean `x`? It has `x` (U+0078 LATIN SMALL LETTER X) "
        "where this has `х` (U+0445 CYRILLIC SMALL LETTER HA)."
    )
    assert did_you_mean("X", ["x"]) == "did you mean `x`?"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,5", "1.5"), ("-0,25", "-0.25"), ("1 000", "1000"), ("1,000,000", "1000000"), ("1_000", "1000"),
        ("1'000", "1000"), ("1/3", "0.333333333333333"), ("-1/4", "-0.25"), ("−2", "-2"), ("–2.5", "-2.5"),
        ("0.5f", "0.5"), ("50%", "0.5"), ("½", "0.5"), ("１２", "12"), ("inf", ".inf"),
        ("-Infinity", "-.inf"),
        ("NaN", ".nan"), ("1/0", None), ("1e", None), ("two", None), ("", None), ("3", None), ("1.2.3", None),
        ("9" * 300 + ",5", None), ("1e999/1e-999", None),
    ],
)  # fmt: skip
def test_a_number_in_other_words(text: str, number: str | None) -> None:
    assert number_hint(text) == (f"write `{number}`" if number else "")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("(1, 2)", "[1, 2]"), ("1 2 3", "[1, 2, 3]"), ("0.1, -0.2", "[0.1, -0.2]"), ("(5)", "[5]"),
        ("5", None), ("a, b", None), ("1, two", None), ("", None), ("()", None),
    ],
)  # fmt: skip
def test_a_list_in_other_words(text: str, wanted: str | None) -> None:
    assert list_hint(text) == (f"write `{wanted}`" if wanted else "")


def test_rows_in_other_words() -> None:
    assert list_hint("[1 2; 3 4]") == "write each row in its own brackets: `[[1, 2], [3, 4]]`"


@pytest.mark.parametrize(
    "text",
    [
        "np.zeros((2, 3))",
        "torch.randn(4)",
        "np.random.rand(2, 2)",
        "eye(3)",
        "full",
        "np.arange(6)",
        "uniform",
    ],
)
def test_the_leaf_that_a_call_means_is_legal(text: str) -> None:
    leaf = tensor_hint(text).removeprefix("such as `").removesuffix("`")
    scenario = f"inputs:\n  x: {leaf}\nnodes:\n  f: sum(x)\n"
    assert load_source(Source.from_bytes("s.yaml", scenario.encode())).graph["x"].shape


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("x = 2", "write `x: 2`"),
        ("  f=x*y  ", "write `f: x*y`"),
        ("f:x * y", "a space is missing after the colon: write `f: x * y`"),
        ("f： x", "this is a full-width colon: write `f: x`"),
        ("x == 2", ""),
        ("two words", ""),
        ("x =", ""),
    ],
)
def test_a_line_that_is_no_entry(line: str, wanted: str) -> None:
    assert entry_hint(line) == wanted


@pytest.mark.parametrize(
    "leaf", ["1,5", "1 000", "1/3", "−2", "50%", "½", "(1, 2)", "1 2 3", "inf", "１２", "0.5f"]
)
def test_what_a_hint_for_a_leaf_asks_for_loads(leaf: str) -> None:
    """Outside braces and inside them, where YAML stumbles over a comma before the loader does."""
    for text in (
        f"inputs:\n  x: {leaf}\nnodes: {{f: sum(x)}}\n",
        f"inputs: {{x: {leaf}}}\nnodes: {{f: sum(x)}}\n",
    ):
        with pytest.raises(ScenarioError) as caught:
            load_source(Source.from_bytes("s.yaml", text.encode()))
        hint = caught.value.diagnostics[0].hint
        assert hint.startswith("write `")
        mended = text.replace(leaf, hint.removeprefix("write `").rstrip("`"))
        assert load_source(Source.from_bytes("s.yaml", mended.encode())).graph.output


@pytest.mark.parametrize("code", [0x3164, 0x115F, 0x1160, 0xFFA0, 0x17B4, 0x180B, 0x034F, 0xFE0F, 0xE0100])
def test_a_name_with_an_invisible_character_is_refused(code: int) -> None:
    for name in (f"x{chr(code)}", chr(code)):
        with pytest.raises(ScenarioError) as caught:
            load_source(
                Source.from_bytes("s.yaml", f"inputs: {{{name}: 1}}\nnodes: {{f: exp(1)}}\n".encode())
            )
        found = caught.value.diagnostics[0]
        assert found.code.name == "bad-name"
        assert f"U+{code:04X}" in found.message
        assert "\ufffd" in found.quoted
