"""Text in terminal cells."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.text import cell_width, clip, clip_formula, in_ascii, pad

OBEYED = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
ANY_TEXT = st.text(st.characters())  # lone surrogates too
WIDTHS = st.integers(0, 30)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("abc", 3),
        ("가중치", 6),
        ("σ1", 2),
        ("한a", 3),
        ("e\u0301", 1),
        ("𝛿", 1),
        ("…", 1),
        ("\u200b", 0),
    ],
)
def test_width_in_cells(text: str, width: int) -> None:
    assert cell_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "clipped"),
    [
        ("gradient", 8, "gradient"),
        ("gradient", 7, "gradie…"),
        ("gradient", 1, "…"),
        ("gradient", 0, ""),
        ("gradient", -1, ""),
        ("", 0, ""),
        ("역전파", 6, "역전파"),
        ("역전파", 5, "역전…"),
        ("역전파", 4, "역…"),
        ("역전파", 2, "…"),
    ],
)
def test_clip_marks_what_it_cuts(text: str, width: int, clipped: str) -> None:
    assert clip(text, width) == clipped


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("[4 1 2] Δ2", "[4 1 2] D2"),
        ("▁▂▃▄▅▆▇█", "_.-=+*##"),
        ("‖∂L/∂x‖ · σ", "|dL/dx| * s"),
        ("∂L/∂x ◌", "dL/dx _"),
    ],
)
def test_each_sign_in_ascii_is_one_character(text: str, plain: str) -> None:
    assert in_ascii(text) == plain
    assert cell_width(plain) == cell_width(text)


@given(text=ANY_TEXT, width=WIDTHS)
def test_clip_fits(text: str, width: int) -> None:
    clipped = clip(text, width)
    assert cell_width(clipped) <= width
    if cell_width(text) <= width:
        assert clipped == text
    elif width:
        assert clipped.endswith("…")
        assert text.startswith(clipped[:-1])


@given(text=ANY_TEXT, width=WIDTHS, align=st.sampled_from("<>^"))
def test_pad_fills_exactly(text: str, width: int, align: str) -> None:
    assert cell_width(pad(text, width, align)) == width


@pytest.mark.parametrize(("align", "padded"), [("<", "층    "), (">", "    층"), ("^", "  층  ")])
def test_pad_aligns(align: str, padded: str) -> None:
    assert pad("층", 6, align) == padded


@given(text=ANY_TEXT, newlines=st.booleans())
def test_clean_leaves_nothing_that_a_terminal_obeys(text: str, newlines: bool) -> None:
    cleaned = clean(text, newlines=newlines)
    kept = cleaned.replace("\n", "") if newlines else cleaned
    assert [character for character in kept if unicodedata.category(character) in OBEYED] == []
    assert cleaned.count("\n") == (text.count("\n") if newlines else 0)
    cleaned.encode("utf-8")


@pytest.mark.thorough
def test_clean_leaves_no_such_character_of_all_there_are() -> None:
    cleaned = clean("".join(map(chr, range(0x110000))))
    assert {unicodedata.category(character) for character in set(cleaned)} & OBEYED == set()


@given(text=ANY_TEXT, newlines=st.booleans())
def test_clean_is_finished_in_one_go(text: str, newlines: bool) -> None:
    once = clean(text, newlines=newlines)
    assert clean(once, newlines=newlines) == once


@given(text=st.text(st.characters(exclude_categories=sorted(OBEYED))))
def test_clean_leaves_harmless_text_alone(text: str) -> None:
    assert clean(text) == text


@given(text=ANY_TEXT)
def test_cleaned_text_takes_the_cells_that_its_characters_take(text: str) -> None:
    cleaned = clean(text)
    assert cell_width(cleaned) == sum(map(cell_width, cleaned))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("a\x00b\x07", "a␀b␇"),
        ("a\tb", "a b"),
        ("a\r\nb", "a␍ b"),
        ("\x7f", "␡"),
        ("\x9b31m", "\\u009b31m"),
        ("abc\u202ecba", "abc\\u202ecba"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\u2028", "\\u2028"),
        ("가중치 ∂L/∂σ₁ é", "가중치 ∂L/∂σ₁ é"),
    ],
)
def test_clean_shows_what_it_replaced(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_clean_keeps_lines_on_request() -> None:
    assert clean("one\ntwo\r\n", newlines=True) == "one\ntwo␍\n"


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("softmax_with_loss(logits, species)", 34, "softmax_with_loss(logits, species)"),
        ("softmax_with_loss(logits, species)", 33, "softmax_with_loss(logits, …)"),
        ("softmax_with_loss(logits, species)", 20, "softmax_with_loss(…)"),
        ("softmax_with_loss(logits, species)", 12, "softmax_wit…"),
        ("= pool(put(g, x), [1, 2], size=2)", 26, "= pool(put(g, x), …)"),
        ("= pool(put(g, x), [1, 2], size=2)", 10, "= pool(…)"),
        ("(softmax(a) − t) / 6", 19, "(softmax(a) − t) …"),
        ("W_xh @ h_prev", 10, "W_xh @ …"),
        ("= 1 − σ(a)²", 9, "= 1 − …"),
        ("= sigmoid(b · x) + x ⊙ (1 − y)", 26, "= sigmoid(b · x) + …"),
        ("= a · b + c · d + e", 14, "= a · b + …"),
        ("연쇄법칙의_이름", 8, "연쇄법…"),
    ],
)
def test_a_formula_is_cut_at_its_arguments(text: str, width: int, shown: str) -> None:
    assert clip_formula(text, width) == shown


@given(st.text("ab(,) =…", max_size=30), st.integers(0, 30))
def test_no_formula_is_wider_than_it_may_be(text: str, width: int) -> None:
    assert cell_width(clip_formula(text, width)) <= width or text == clip_formula(text, width)


@pytest.mark.parametrize("text", ["f(" + ", ".join(["a·b"] * 3_000) + ")", " ".join(["a·b", "+"] * 3_000)])
def test_of_a_long_formula_only_so_much_is_looked_at_as_may_fit(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []

    def measure(part: str) -> int:
        measured.append(len(part))
        return cell_width(part)

    monkeypatch.setattr("backprop_tui.cells.text.cell_width", measure)
    clip_formula(text, 30)
    assert sum(measured) < 10 * len(text)
