"""What a pen writes: a terminal shows each text in its style at its place, and is left in its own style."""

from __future__ import annotations

from collections.abc import Iterable

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.cells.pen import Pen
from backprop_tui.cells.text import cell_width
from written import cells

Piece = tuple[int, int, str, str]
"""A column, a row, a text and its style."""

WIDTH, HEIGHT = 24, 4
PLAIN = ["1", "2", "3", "4", "7", "9", "31", "97", "44", "38;5;9", "48;5;20", "39", "49"]
TRUE = ["38;2;1;2;3", "48;2;4;5;6", "38;2;4;5;6", "48;2;1;2;3"]
CODES = st.sampled_from([*PLAIN, *TRUE])
STYLES = st.lists(CODES, max_size=4).map(";".join)
SHADES = st.builds("38;2;{0};0;0;48;2;{1};0;0".format, st.integers(0, 2), st.integers(0, 2))
TEXTS = st.one_of(st.text("ab ·가▀", min_size=1, max_size=5), st.integers(1, 5).map(" ".__mul__))
HEATMAPS = st.lists(st.tuples(st.sampled_from(["▀", "▀▀", "▀▀▀"]), SHADES), max_size=5)
ROWS = st.one_of(st.lists(st.tuples(TEXTS, STYLES), max_size=4), HEATMAPS)


@st.composite
def painted(draw: st.DrawFn) -> list[Piece]:
    """Texts one after the other in each of some rows."""
    pieces: list[Piece] = []
    for y in range(HEIGHT):
        x = draw(st.integers(0, 3))
        for text, style in draw(ROWS):
            if x + cell_width(text) <= WIDTH:
                pieces.append((x, y, text, style))
            x += cell_width(text) + draw(st.integers(0, 2))
    return pieces


def briefly(pieces: Iterable[Piece]) -> str:
    pen = Pen()
    for x, y, text, style in pieces:
        pen.write(x, y, text, cell_width(text), style)
    return pen.text()


def in_full(pieces: Iterable[Piece]) -> str:
    return "".join(f"\x1b[{y + 1};{x + 1}H\x1b[{style}m{text}\x1b[0m" for x, y, text, style in pieces)


def shown(text: str) -> object:
    """What a terminal shows that was in another style, and in which one it is then."""
    screen = pyte.Screen(WIDTH, HEIGHT + 1)
    pyte.Stream(screen).feed(f"\x1b[m{text}\x1b[{HEIGHT + 1};1Hx")
    return cells(screen)


@given(painted())
def test_a_terminal_shows_the_same(pieces: list[Piece]) -> None:
    assert shown(briefly(pieces)) == shown(in_full(pieces))
    assert len(briefly(pieces)) <= len(in_full(pieces)) + len("0;"), "what was there before is reset"


def test_what_was_there_before_changes_nothing() -> None:
    text = briefly([(0, 0, "a", ""), (2, 0, "▀", "38;5;1;48;5;2")])
    assert shown(f"\x1b[1;4;31;42m{text}") == shown(text)


RED, BLUE = "31;40", "34;40"
DARK, LIGHT, MIXED = "38;5;1;48;5;1", "38;5;2;48;5;2", "38;5;1;48;5;2"


@pytest.mark.parametrize(
    ("pieces", "wanted"),
    [
        ([(0, 0, "a", RED), (1, 0, "b", RED)], "\x1b[1;1H\x1b[0;31;40mab\x1b[m"),
        ([(0, 0, "a", RED), (1, 0, "b", BLUE)], "\x1b[1;1H\x1b[0;31;40ma\x1b[34mb\x1b[m"),
        ([(0, 0, "가", RED), (2, 0, "b", RED)], "\x1b[1;1H\x1b[0;31;40m가b\x1b[m"),
        ([(0, 0, "a", RED), (4, 0, "b", RED)], "\x1b[1;1H\x1b[0;31;40ma\x1b[5Gb\x1b[m"),
        ([(0, 0, "a", RED), (1, 2, "b", RED)], "\x1b[1;1H\x1b[0;31;40ma\x1b[3;2Hb\x1b[m"),
        ([(0, 0, "a", RED), (1, 0, " ", BLUE), (2, 0, "b", RED)], "\x1b[1;1H\x1b[0;31;40ma b\x1b[m"),
        ([(0, 0, "a", "1;31"), (1, 0, "b", "31")], "\x1b[1;1H\x1b[0;1;31ma\x1b[22mb\x1b[m"),
        ([(0, 0, "a", ""), (1, 0, "b", "")], "\x1b[1;1H\x1b[mab"),
        ([], ""),
    ],
)
def test_only_what_is_another_is_written(pieces: list[Piece], wanted: str) -> None:
    assert briefly(pieces) == wanted


@pytest.mark.parametrize(
    ("styles", "wanted"),
    [
        ([MIXED], "\x1b[0;38;5;1;48;5;2m▀"),
        ([MIXED, MIXED], "\x1b[0;38;5;1;48;5;2m▀▀"),
        ([MIXED, "38;5;2;48;5;1"], "\x1b[0;38;5;1;48;5;2m▀▄"),
        ([MIXED, LIGHT], "\x1b[0;38;5;1;48;5;2m▀ "),
        ([MIXED, DARK], "\x1b[0;38;5;1;48;5;2m▀█"),
        ([DARK, LIGHT], "\x1b[0;48;5;1m \x1b[48;5;2m "),
        ([MIXED, "38;5;2;48;5;3"], "\x1b[0;38;5;1;48;5;2m▀\x1b[38;5;3m▄"),
    ],
)
def test_a_cell_of_a_heatmap_is_written_in_the_colours_there_are(styles: list[str], wanted: str) -> None:
    assert briefly([(x, 0, "▀", style) for x, style in enumerate(styles)]) == f"\x1b[1;1H{wanted}\x1b[m"


def test_heatmaps_are_written_last() -> None:
    """What stands beside them takes no colour from them, and they none from it."""
    pieces = [(0, 0, "[", RED), (1, 0, "▀", MIXED), (2, 0, "]", RED), (0, 1, "[", RED), (1, 1, "▀", MIXED)]
    before, *after = briefly(pieces).split("▀")
    assert before == "\x1b[1;1H\x1b[0;31;40m[\x1b[3G]\x1b[2;1H[\x1b[1;2H\x1b[0;38;5;1;48;5;2m"
    assert after == ["\x1b[2;2H", "\x1b[m"]
