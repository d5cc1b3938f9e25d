"""Lines and blocks of text whose parts have roles, in cells of a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcwidth

from backprop_tui.cells.blocks import Block, above, beside
from backprop_tui.cells.lines import (
    Line,
    Role,
    Span,
    clip_line,
    crop_line,
    line_text,
    line_width,
    plain,
    wrap_line,
)
from backprop_tui.cells.text import cell_width, clip_middle, clip_name, wrap

TEXT = st.text(st.sampled_from("ab ∂x가나 ≤…"), max_size=12)
LINES = st.lists(st.builds(Span, TEXT, st.sampled_from(list(Role)[:4])), max_size=5).map(tuple)
BLOCKS = st.lists(LINES, max_size=4).map(Block.of)
WIDTHS = st.integers(0, 40)


def cells(line: Line) -> Iterator[tuple[str, Role]]:
    """Every cell of a line; a wide character is followed by an empty one."""
    for text, role in line:
        for character in text:
            yield character, role
            yield from [("", role)] * (cell_width(character) - 1)


def letters(lines: list[Line]) -> list[tuple[str, Role]]:
    """Every character but spaces, with its role."""
    return [cell for line in lines for cell in cells(line) if cell[0].strip()]


def test_a_width_told_without_the_table_of_all_is_the_one_it_gives() -> None:
    characters = map(chr, range(0xA0, 0xFFFF))
    assert [one for one in characters if cell_width(one) != max(0, wcwidth(one))] == []


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_the_shortcuts_for_our_signs_agree_with_the_table_of_all(text: str) -> None:
    assert cell_width(text) == sum(max(0, wcwidth(character)) for character in text)


def test_our_signs_take_one_cell() -> None:
    signs = "·×÷−≤≥≠⊙⊗√∂∑²³⁻ᵀ‖⎡⎢⎣⎤⎥⎦…⋮→←↑↓▶◀●○◉◇□✓✗»–─│╭╮╰╯├┤┬┴┼━┃┏┓┗┛┣┫┳┻╋▀"
    assert [sign for sign in signs if cell_width(sign) != wcwidth(sign) or wcwidth(sign) != 1] == []


@given(line=LINES)
def test_the_width_of_a_line_is_its_cells(line: Line) -> None:
    assert line_width(line) == len(list(cells(line)))


@given(line=LINES, start=WIDTHS, width=WIDTHS)
def test_cropping_takes_these_cells(line: Line, start: int, width: int) -> None:
    """Half of a wide character is a space."""
    every = list(cells(line))
    wanted = every[start : start + width]
    if wanted and not wanted[0][0]:
        wanted[0] = (" ", wanted[0][1])
    if wanted and cell_width(wanted[-1][0]) == 2:
        wanted[-1] = (" ", wanted[-1][1])
    assert list(cells(crop_line(line, start, width))) == wanted


@given(line=LINES, start=WIDTHS)
def test_two_crops_are_as_wide_as_the_line(line: Line, start: int) -> None:
    left, right = crop_line(line, 0, start), crop_line(line, start, 100)
    assert line_width(left) + line_width(right) == line_width(line)


@given(line=LINES, width=WIDTHS)
def test_clipping_fits_and_marks_what_it_cuts(line: Line, width: int) -> None:
    clipped = clip_line(line, width)
    assert line_width(clipped) <= width
    if line_width(line) <= width:
        assert clipped == line
    elif width:
        assert line_text(clipped).endswith("…")
        kept = list(cells(clipped))[:-1]
        assert kept == list(cells(line))[: len(kept)]


@given(line=LINES, width=st.integers(2, 40))
def test_wrapping_loses_nothing_and_fits(line: Line, width: int) -> None:
    wrapped = wrap_line(line, width)
    assert max(map(line_width, wrapped)) <= width
    assert letters(wrapped) == letters([line])


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("inf − inf (as in softmax over a row)", ["inf − inf (as in", "softmax over a row)"]),
        ("the loss is (out - target) ** 2", ["the loss is", "(out - target) ** 2"]),
        ("the score of it (a · b) / 2", ["the score of it", "(a · b) / 2"]),
    ],
)
def test_words_in_brackets_go_on_in_the_next_line_and_formulas_stay_whole(
    words: str, rows: list[str]
) -> None:
    assert plain(wrap_line((Span(words),), 20)).split("\n") == rows


@given(line=LINES)
def test_a_line_that_fits_is_not_touched(line: Line) -> None:
    assert wrap_line(line, line_width(line)) == [line]
    assert wrap_line(line, 0) == [line]


@pytest.mark.parametrize("width", range(8, 40))
@pytest.mark.parametrize("sign", ["·", "−", "=", "*"])
def test_no_line_ends_with_a_sign_between_two_parts_of_a_formula(sign: str, width: int) -> None:
    words = f"the slope {sign} (1 {sign} out) is the half"
    rows = plain(wrap_line((Span(words),), width)).split("\n")
    assert " ".join(rows) == words
    assert not any(row.endswith(f" {sign}") for row in rows)
    assert max(map(len, rows)) <= width


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [
        (
            "∂L/∂x = ∂L/∂y · 1 = 0.224704 · 1 = 0.224704",
            38,
            ["∂L/∂x = ∂L/∂y · 1 = 0.224704 · 1", "= 0.224704"],
        ),
        (
            "∂L/∂x = ∂L/∂y · 1 = 0.224704 · 1 = 0.224704",
            30,
            ["∂L/∂x = ∂L/∂y · 1", "= 0.224704 · 1 = 0.224704"],
        ),
        (
            "∂L/∂logs = ∂L/∂chosen ⊙ where(positive, 1, 0)",
            44,
            ["∂L/∂logs", "= ∂L/∂chosen ⊙ where(positive, 1, 0)"],
        ),
        (
            "da = p * (dp - np.sum(dp * p, axis=-1, keepdims=True))",
            46,
            ["da = p * (dp", "- np.sum(dp * p, axis=-1, keepdims=True))"],
        ),
        (
            "∂L/∂p = ∂L/∂L · ((1 − t) / (1 − p) − t / p) / 4",
            46,
            ["∂L/∂p", "= ∂L/∂L · ((1 − t) / (1 − p) − t / p) / 4"],
        ),
        (
            "∂L/∂x = (∂L/∂y − mean(∂L/∂y) − y · mean(∂L/∂y ⊙ y)) / 4",
            46,
            ["∂L/∂x = (∂L/∂y − mean(∂L/∂y)", "− y · mean(∂L/∂y ⊙ y)) / 4"],
        ),
        ("the slope of a^b is b · a^(b−1) for all", 22, ["the slope of a^b is", "b · a^(b−1) for all"]),
        ("rows are taken in the order [1, 0, 2] here", 32, ["rows are taken in the order", "[1, 0, 2] here"]),
        ("a = bbbbbbbbb · cccccccc + dddd", 20, ["a = bbbbbbbbb", "· cccccccc + dddd"]),
        ("f(aaaaaaaaa, bbbbbbbbb, cccc)", 16, ["f(aaaaaaaaa,", "bbbbbbbbb, cccc)"]),
        ("(words in brackets that fit no line", 12, ["(words in", "brackets", "that fit no", "line"]),
    ],
)
def test_what_belongs_together_in_a_formula_stays_in_a_line(text: str, width: int, rows: list[str]) -> None:
    assert wrap(text, width) == rows


@given(text=st.text("ab가()[]=·+ ", max_size=60), width=st.integers(2, 30))
def test_any_wrapping_keeps_every_word_and_fits(text: str, width: int) -> None:
    rows = wrap(text, width)
    assert "".join("".join(rows).split()) == "".join(text.split())
    assert max(map(cell_width, rows)) <= width


def test_wrapping_breaks_at_spaces_and_keeps_roles() -> None:
    line = (Span("the gradient of ", Role.TEXT), Span("가중치 W", Role.NAME), Span(" is  2", Role.VALUE))
    assert wrap_line(line, 12) == [
        (Span("the gradient", Role.TEXT),),
        (Span("of ", Role.TEXT), Span("가중치 W", Role.NAME)),
        (Span("is 2", Role.VALUE),),
    ]


@pytest.mark.parametrize("width", [12, 20, 30])
def test_what_goes_on_of_a_line_of_code_is_indented(width: int) -> None:
    line = (Span("dz = dL * (softmax(z) - one_hot(t, 3)) / 4", Role.CODE),)
    first, *others = plain(wrap_line(line, width)).split("\n")
    assert not first.startswith(" ")
    assert others
    assert all(row.startswith("    ") and not row[4:].startswith(" ") for row in others)
    words = plain(wrap_line((Span(line[0].text),), width)).split("\n")
    assert not any(row.startswith(" ") for row in words)


@given(text=TEXT, width=WIDTHS)
def test_what_is_cut_in_its_middle_fits_and_keeps_both_ends(text: str, width: int) -> None:
    short = clip_middle(text, width)
    assert cell_width(short) <= width
    if cell_width(text) <= width:
        assert short == text
    elif "…" not in text and width:
        head, tail = short.split("…")
        assert text.startswith(head)
        assert text.endswith(tail)


def test_names_that_differ_at_either_end_do_when_they_are_cut() -> None:
    names = ["s[1].upper.a#1", "s[2].upper.a#1", "s[2].upper.a#2"]
    assert [clip_middle(name, 11) for name in names] == ["s[1…per.a#1", "s[2…per.a#1", "s[2…per.a#2"]


@given(text=TEXT, width=WIDTHS)
def test_a_name_that_is_cut_fits_and_one_that_fits_is_whole(text: str, width: int) -> None:
    short = clip_name(text, width)
    assert cell_width(short) <= width
    assert (short == text) == (cell_width(text) <= width)


@pytest.mark.parametrize(
    ("name", "width", "short"),
    [
        ("blocks[0].first.weight", 21, "bloc…[0].first.weight"),
        ("blocks[0].first.weight", 16, "b…[0].fi….weight"),
        ("blocks[11].second.weight", 14, "b…[11].s….w…ht"),
        ("lstm.weight_ih_l0", 14, "lstm.wei…ih_l0"),
        ("a_long_name_without_a_path", 9, "a_l…_path"),
        ("blocks[0].first.weight", 9, "blo…eight"),
    ],
)
def test_of_a_path_the_numbers_and_the_last_name_are_kept(name: str, width: int, short: str) -> None:
    assert clip_name(name, width) == short


def test_a_word_longer_than_the_line_is_broken() -> None:
    assert plain(wrap_line((Span("역전파알고리즘 ok"),), 5)) == "역전\n파알\n고리\n즘 ok"


@given(block=BLOCKS)
def test_a_block_is_as_wide_as_its_widest_line(block: Block) -> None:
    assert block.width == max(map(line_width, block.lines), default=0)
    assert block.height == len(block.lines)


@given(block=BLOCKS, more=WIDTHS, align=st.sampled_from("<^>"))
def test_a_padded_block_is_a_rectangle(block: Block, more: int, align: str) -> None:
    padded = block.padded(block.width + more, align)
    assert padded.width == block.width + more
    assert {line_width(line) for line in padded.lines} <= {padded.width}
    assert letters(list(padded.lines)) == letters(list(block.lines))
    left = {"<": 0, "^": more // 2, ">": more}[align]
    for line, moved in zip(block.lines, padded.lines, strict=True):
        assert list(cells(moved))[left : left + line_width(line)] == list(cells(line))


@given(blocks=st.lists(BLOCKS, max_size=4), gap=st.integers(0, 3))
def test_blocks_beside_each_other(blocks: list[Block], gap: int) -> None:
    joined = beside(*blocks, gap=gap)
    assert joined.height == max((block.height for block in blocks), default=0)
    if joined.height:
        assert joined.width == sum(block.width for block in blocks) + gap * (len(blocks) - 1)
        assert {line_width(line) for line in joined.lines} == {joined.width}
    assert sorted(letters(list(joined.lines)), key=str) == sorted(
        (letter for block in blocks for letter in letters(list(block.lines))), key=str
    )


@given(blocks=st.lists(BLOCKS, max_size=4), align=st.sampled_from("<^>"))
def test_blocks_above_each_other(blocks: list[Block], align: str) -> None:
    joined = above(*blocks, align=align)
    assert joined.height == sum(block.height for block in blocks)
    assert joined.width == max((block.width for block in blocks if block.height), default=0)
    assert letters(list(joined.lines)) == [one for block in blocks for one in letters(list(block.lines))]


def test_a_smaller_block_stands_in_the_middle() -> None:
    high = Block.of([(Span("1"),), (Span("2"),), (Span("3"),)])
    assert plain(beside(high, Block.text("="), gap=1).lines) == "1\n2 =\n3"
    assert plain(above(Block.text("abc"), Block.text("d")).lines) == "abc\n d"
