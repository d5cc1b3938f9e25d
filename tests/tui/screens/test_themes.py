"""Our themes can be read: their contrast, sixteen colours, and none at all."""

from __future__ import annotations

from typing import get_args

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from backprop_tui.cells.lines import Role
from backprop_tui.export.screenshot import screen_svg
from backprop_tui.textual_private import rendered_strips
from backprop_tui.themes import DARK, LIGHT, Colouring, grounds, palette
from driving import WIDE, go, opened, seen
from scenes import crowded

THEMES = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
_DIGITS = ("00", "55", "aa", "ff")
SIXTEEN = {f"#{red}{green}{blue}" for red in _DIGITS for green in _DIGITS for blue in _DIGITS}
"""Only of such colours is it sure what they are rounded to."""
LEAST = 4.5
"""What WCAG 2 asks of text (level AA)."""


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2: 1 for the same colour, 21 for black on white."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    parts = [part / 255 for part in (colour.r, colour.g, colour.b)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_is_what_wcag_says_of_known_pairs() -> None:
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21)
    assert contrast(Color.parse("#777777"), Color.parse("#ffffff")) == pytest.approx(4.48, abs=0.005)


def colours_of(style: Style, ground: Color) -> tuple[Color, Color]:
    """What is seen of a style: letters and what they stand on."""
    letters = Color.from_rich_color(style.color)
    behind = Color.from_rich_color(style.bgcolor) if style.bgcolor else ground
    return (behind, letters) if style.reverse else (letters, behind)


@THEMES
@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.name)
def test_every_role_stands_out_from_every_ground(theme, role: Role) -> None:  # type: ignore[no-untyped-def]
    for ground in (theme.background, theme.panel):
        letters, behind = colours_of(palette(theme)[role], Color.parse(ground))
        assert contrast(letters, behind) >= LEAST, (role, ground)


@pytest.mark.thorough
@THEMES
async def test_titles_and_keys_on_borders_stand_out(theme) -> None:  # type: ignore[no-untyped-def]
    async with opened("rnn_cell", size=WIDE) as pilot:
        pilot.app.theme = theme.name
        await pilot.pause()
        framed = [one for one in pilot.app.screen.query("Panel") if one.border_title or one.border_subtitle]
        assert framed
        for one in framed:
            ground = one.background_colors[1]
            for letters in (one.styles.border_title_color, one.styles.border_subtitle_color):
                assert contrast(ground + letters, ground) >= LEAST, one


@THEMES
def test_what_means_something_else_looks_different_without_its_hue(theme) -> None:  # type: ignore[no-untyped-def]
    """The active is bold beside the known, and the chosen is reversed."""
    styles = palette(theme)
    for active, known in ((Role.ACTIVE_VALUE, Role.VALUE), (Role.ACTIVE_GRADIENT, Role.GRADIENT)):
        assert styles[active].bold
        assert not styles[known].bold
    assert styles[Role.SELECTED].reverse


@THEMES
@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.name)
def test_in_sixteen_colours_no_role_is_lost(theme, role: Role) -> None:  # type: ignore[no-untyped-def]
    def number(colour: Color) -> int | None:
        return RichColor.from_rgb(colour.r, colour.g, colour.b).downgrade(ColorSystem.STANDARD).number

    style = palette(theme, "few")[role]
    letters, behind = colours_of(style, Color.parse("#000000" if theme.dark else "#ffffff"))
    assert number(letters) != number(behind)
    assert {colour.name for colour in (style.color, style.bgcolor) if colour is not None} <= SIXTEEN


@THEMES
def test_in_sixteen_colours_forward_backward_and_local_are_three_colours(theme) -> None:  # type: ignore[no-untyped-def]
    roles = (Role.VALUE, Role.GRADIENT, Role.LOCAL, Role.NAME, Role.TEXT)
    styles = palette(theme, "few")
    numbers = {styles[role].color.downgrade(ColorSystem.STANDARD).number for role in roles}  # type: ignore[union-attr]
    assert len(numbers) == len(roles)


TERMINALS = pytest.mark.parametrize("theme", [one for one in BUILTIN_THEMES.values() if one.ansi])
"""Themes that leave their colours, and the background, to the terminal."""


@TERMINALS
@pytest.mark.parametrize("colouring", get_args(Colouring))
def test_on_the_terminals_own_background_stand_its_own_colours(theme, colouring: Colouring) -> None:  # type: ignore[no-untyped-def]
    styles = palette(theme, colouring)
    for role in Role:
        colours = [colour for colour in (styles[role].color, styles[role].bgcolor) if colour is not None]
        assert colours
        assert all(colour.is_default or colour.number in range(16) for colour in colours), role
        assert len(set(colours)) == len(colours), role
    assert styles[Role.TEXT].color.is_default  # type: ignore[union-attr]
    assert styles[Role.DIM].color != styles[Role.TEXT].color


@TERMINALS
@pytest.mark.parametrize("no_color", [False, True])
async def test_nothing_is_in_the_colour_of_the_terminals_background(  # type: ignore[no-untyped-def]
    theme, no_color: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    async with opened("rnn_cell", size=WIDE) as pilot:
        pilot.app.theme = theme.name
        await go(pilot, crowded("rnn_cell"))
        strips = rendered_strips(pilot.app)
        seen_as = {segment.style for strip in strips for segment in strip if segment.text.strip()}
        colours = {style.color for style in seen_as if style is not None and style.color is not None}
        assert all(colour.is_default or colour.number in range(16) for colour in colours)
        assert any(not colour.is_default for colour in colours) != no_color
        assert grounds(theme)[0].hex6.lower() in screen_svg(pilot.app)


async def test_without_colours_the_screen_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that colours say is said by letters, signs and heavy lines as well."""
    texts = []
    for no_color in ("", "1"):
        monkeypatch.delenv("NO_COLOR", raising=False)
        if no_color:
            monkeypatch.setenv("NO_COLOR", no_color)
        async with opened("rnn_cell", size=WIDE) as pilot:
            await go(pilot, crowded("rnn_cell"))
            assert pilot.app.no_color == bool(no_color)
            texts.append(seen(pilot))
    assert texts[0] == texts[1]
    assert "━" in texts[0]
    assert "◀" in texts[0]
