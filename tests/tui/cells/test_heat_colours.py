"""The colours of heatmaps: one direction for each sign in every theme; characters where there are none."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from backprop_tui.cells.heatmap import downsampled, levels
from backprop_tui.cells.lines import Role, Span
from backprop_tui.cells.shades import BLANK, INFINITE, LEVELS, NAN, Emphasis, Shade, Tone, character
from backprop_tui.themes import DARK, LIGHT, palette
from backprop_tui.widgets.strips import paint

each_theme = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])


def whole(level: int, emphasis: Emphasis = Emphasis.NONE) -> Shade:
    """A cell of which both halves show one number."""
    tone = Tone(level, emphasis)
    return Shade(tone, tone)


def colour(theme: Theme, level: int, emphasis: Emphasis = Emphasis.NONE) -> Color:
    style = palette(theme)[whole(level, emphasis)]
    assert style.color == style.bgcolor
    return Color.from_rich_color(style.color)


def dichromat(seen: Color) -> tuple[float, float]:
    """What red-green blindness leaves of a colour, nearly: yellow against blue, and brightness."""
    yellow = (seen.r + seen.g) / 2
    return yellow - seen.b, 0.6 * yellow + 0.4 * seen.b


@each_theme
def test_further_from_zero_is_further_from_the_background(theme: Theme) -> None:
    """Brighter in the dark theme and darker in the light one, so that it is seen without colours too."""
    for sign in (-1, 1):
        levels = [colour(theme, sign * level).brightness for level in range(LEVELS + 1)]
        assert all((after > before) == theme.dark for before, after in pairwise(levels))


@each_theme
def test_the_signs_are_told_apart_without_red_and_green(theme: Theme) -> None:
    for level in range(3, LEVELS + 1):
        below, above = (dichromat(colour(theme, sign * level))[0] for sign in (-1, 1))
        assert below < above - 8 * level


@each_theme
def test_zero_is_seen_on_the_background(theme: Theme) -> None:
    assert colour(theme, 0) != Color.parse(str(theme.background))


@each_theme
def test_what_is_lit_stands_out_from_what_is_not_even_at_zero(theme: Theme) -> None:
    for level in (-LEVELS, -1, 0, 1, LEVELS):
        lit, faded = (colour(theme, level, how).brightness for how in (Emphasis.LIT, Emphasis.FADED))
        assert abs(lit - faded) > 0.1
        assert (lit > faded) == theme.dark


@each_theme
@pytest.mark.parametrize("level", [NAN, INFINITE, -INFINITE])
def test_what_has_no_place_on_the_scale_is_a_sign_in_a_colour_of_its_own(theme: Theme, level: int) -> None:
    shade = Shade(Tone(level), Tone(3))
    strip = paint((Span(character(shade), shade),), palette(theme), 1, Style())
    assert strip.text == {NAN: "?", INFINITE: ">", -INFINITE: "<"}[level]
    marked = palette(theme)[shade].bgcolor
    assert marked not in {
        style
        for one in range(-LEVELS, LEVELS + 1)
        for style in (palette(theme)[whole(one)].color, palette(theme)[whole(one)].bgcolor)
    }


@each_theme
def test_two_numbers_share_a_cell(theme: Theme) -> None:
    style = palette(theme)[Shade(Tone(5), Tone(-7))]
    assert style.color == RichColor.parse(colour(theme, 5).hex6.lower())
    assert style.bgcolor == RichColor.parse(colour(theme, -7).hex6.lower())
    assert palette(theme)[Shade(Tone(5), BLANK)].bgcolor is None


def test_colours_are_halves_of_cells_and_without_them_there_are_characters() -> None:
    line = (Span("[", Role.VALUE), Span("77", whole(13)), Span("]", Role.VALUE))
    assert paint(line, palette(DARK), 6, Style()).text == "[▀▀]  "
    plain = paint(line, palette(DARK), 6, Style(), colours=False)
    assert plain.text == "[77]  "
    assert [segment.style.color for segment in plain if segment.text == "77" and segment.style] == [None]


@pytest.mark.parametrize(
    ("emphasis", "reverse", "bold"),
    [
        (Emphasis.CURSOR, True, False),
        (Emphasis.LIT, False, True),
        (Emphasis.FADED, False, False),
        (Emphasis.NONE, False, False),
    ],
)
def test_emphasis_is_seen_without_colours(emphasis: Emphasis, reverse: bool, bold: bool) -> None:
    line = (Span("7", whole(13, emphasis)),)
    (segment,) = paint(line, palette(DARK), 1, Style(), colours=False)
    assert segment.style is not None
    assert (bool(segment.style.reverse), bool(segment.style.bold)) == (reverse, bold)
    assert bool(segment.style.underline) == bold


def test_a_signalling_nan_is_one_of_any_other_kind() -> None:
    """As bytes of a recording may have it: NumPy warns where it makes a wider number of one."""
    entries = np.array([[0x7FA00000, 0x3F800000]], "<u4").view("<f4")
    assert levels(entries, 1.0).tolist() == [[NAN, LEVELS]]
    assert np.isnan(downsampled(entries, 1, 2)).all()
