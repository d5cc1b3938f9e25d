"""Styles written briefly: a terminal shows the same, and is left in the same style."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.cells.style_codes import brief
from written import cells

CODES = st.sampled_from(
    [
        "1",
        "2",
        "3",
        "4",
        "7",
        "9",
        "31",
        "97",
        "44",
        "38;5;9",
        "48;5;20",
        "38;2;1;2;3",
        "48;2;4;5;6",
        "39",
        "49",
    ]
)
STYLES = st.lists(CODES, min_size=1, max_size=4).map(";".join)
TEXTS = st.text("ab ·가", min_size=1, max_size=5)
MOVES = st.builds("\x1b[{};{}H".format, st.integers(1, 4), st.integers(1, 10))
PIECES = st.one_of(
    st.builds("\x1b[{}m{}\x1b[0m".format, STYLES, TEXTS),
    st.builds("\x1b[{}m{}".format, STYLES, TEXTS),
    st.builds("\x1b[{}m{}\x1b[0m".format, STYLES, st.integers(1, 5).map(" ".__mul__)),
    *(TEXTS, MOVES, st.just("\r\n"), st.just("\x1b[m"), st.just("\x1b[K")),
)
WRITTEN = st.lists(PIECES, max_size=12).map("".join)


def shown(text: str) -> tuple[object, ...]:
    """What a terminal shows after `text`, and in which style that leaves it."""
    screen = pyte.Screen(24, 5)
    stream = pyte.Stream(screen)
    stream.feed(text)
    stream.feed("\x1b[5;1Hx")
    return tuple(map(tuple, cells(screen)))


@given(WRITTEN)
def test_a_terminal_shows_the_same(text: str) -> None:
    assert shown(brief(text)) == shown(text)
    assert len(brief(text)) <= len(text)


RED, BLUE = "\x1b[31;40m", "\x1b[34;40m"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"{RED}a\x1b[0m{RED}b\x1b[0m", "\x1b[31;40ma\x1b[0;31;40mb\x1b[m"),
        (f"\x1b[m{RED}a\x1b[0m{RED}b\x1b[0m", "\x1b[0;31;40mab\x1b[m"),
        (f"\x1b[m{RED}a\x1b[0m{BLUE}b\x1b[0m", "\x1b[0;31;40ma\x1b[34mb\x1b[m"),
        (f"\x1b[m{RED}a\x1b[0m{BLUE} \x1b[0m{RED}b\x1b[0m", "\x1b[0;31;40ma b\x1b[m"),
        ("\x1b[m\x1b[1;31ma\x1b[0m\x1b[31mb\x1b[0m", "\x1b[0;1;31ma\x1b[22mb\x1b[m"),
        (f"\x1b[m{RED}a\x1b[0m\r\n\x1b[2;3H{RED}b\x1b[0m", "\x1b[0;31;40ma\r\n\x1b[2;3Hb\x1b[m"),
        ("\x1b[?25l", "\x1b[?25l"),
    ],
)
def test_only_what_is_another_is_written(text: str, wanted: str) -> None:
    assert brief(text) == wanted
