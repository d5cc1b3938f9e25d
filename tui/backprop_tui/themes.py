"""Our two themes, and what each role looks like in a theme."""

from __future__ import annotations

from typing import NamedTuple

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Role, Tint
from backprop_tui.cells.shades import BLANK, LEVELS, Emphasis, Shade, Tone

__all__ = ["DARK", "LIGHT", "Palette", "grounds", "known_theme", "palette"]

DARK = Theme(
    name="backprop-dark",
    primary="#58a6ff",
    secondary="#a5d6ff",
    accent="#d2a8ff",
    success="#56d364",
    error="#ff7b72",
    warning="#e3b341",
    foreground="#e6edf3",
    background="#0d1117",
    surface="#0d1117",
    panel="#161b22",
    dark=True,
    variables={"border": "#4a515a", "border-blurred": "#4a515a", "block-cursor-text-style": "none"},
)
LIGHT = Theme(
    name="backprop-light",
    primary="#0550ae",
    secondary="#0969da",
    accent="#8250df",
    success="#116329",
    error="#b3141d",
    warning="#7d4e00",
    foreground="#1f2328",
    background="#ffffff",
    surface="#ffffff",
    panel="#f0f3f6",
    dark=False,
    variables={"border": "#afb8c1", "border-blurred": "#afb8c1", "block-cursor-text-style": "none"},
)


class Scale(NamedTuple):
    """The colours of a heatmap: dark blue and dark orange, or bright ones, which nobody confuses."""

    below: Color
    zero: Color
    above: Color
    cursor: Color
    mark: Style

    def of(self, tone: Tone) -> Color:
        """The colour of one number."""
        if tone.emphasis is Emphasis.CURSOR:
            return self.cursor
        share = min(1.0, abs(tone.level) / LEVELS)
        end = self.above if tone.level > 0 else self.below
        zero = self.zero.blend(self.cursor, _LIT) if tone.emphasis is Emphasis.LIT else self.zero
        colour = zero.blend(end, share) if share else zero
        return colour.blend(self.zero, _FADED) if tone.emphasis is Emphasis.FADED else colour


class _OnGround(dict[Tint, Style]):
    """The styles of a palette over the style of a panel, put together when they are first met."""

    def __init__(self, palette: Palette, ground: Style) -> None:
        super().__init__()
        self.palette, self.ground = palette, ground

    def __missing__(self, tint: Tint) -> Style:
        style = self[tint] = self.ground + self.palette[tint]
        return style


class Palette(dict[Tint, Style]):
    """The style of each role in a theme, and of each shade, worked out when it is first met."""

    def __init__(self, roles: dict[Tint, Style], scale: Scale) -> None:
        super().__init__(roles)
        self.scale = scale
        self._grounds: dict[Style, _OnGround] = {}

    def on(self, ground: Style) -> _OnGround:
        """The same over the style of a panel."""
        if ground not in self._grounds:
            self._grounds[ground] = _OnGround(self, ground)
        return self._grounds[ground]

    def __missing__(self, tint: Tint) -> Style:
        assert isinstance(tint, Shade)
        if tint.is_mark:
            style = self.scale.mark
        else:
            upper, lower = tint
            style = Style(
                color=self.scale.of(upper).rich_color,
                bgcolor=None if lower == BLANK else self.scale.of(lower).rich_color,
            )
        self[tint] = style
        return style


_LIT = 0.3
"""How much lighter zero is, or darker on a light background, where a number is lit."""
_FADED = 0.72
"""How much of its colour a number loses while others are to stand out."""


def known_theme(name: str) -> str:
    """`name`, if a theme is called so, or if it is empty; else `UsageError`."""
    names = sorted({DARK.name, LIGHT.name, *BUILTIN_THEMES})
    if name and name not in names:
        raise UsageError(
            msg("there is no theme {name}", name=name), msg("there are {names}", names=", ".join(names))
        )
    return name


_PALETTES: dict[tuple[str, bool], Palette] = {}


def palette(theme: Theme, *, few: bool = False) -> Palette:
    """The style of each role in a theme, worked out once; with `few` in the sixteen colours of old terminals.

    For those, the nearest to the theme's own will not do: some come out as the background.
    """
    key = (theme.name, few)
    if key not in _PALETTES:
        _PALETTES[key] = _palette(theme)
        if theme.ansi:
            _PALETTES[key].update(_terminals_own(dark=theme.dark))
        elif few:
            _PALETTES[key].update(_few(dark=theme.dark))
    return _PALETTES[key]


def grounds(theme: Theme) -> tuple[Color, Color]:
    """The colour of letters and what they stand on; our own where a theme leaves that to the terminal."""
    if theme.ansi:
        theme = DARK if theme.dark else LIGHT
    foreground, background = ("#e0e0e0", "#121212") if theme.dark else ("#202020", "#f8f8f8")
    return Color.parse(theme.foreground or foreground), Color.parse(theme.background or background)


def _terminals_own(*, dark: bool) -> dict[Tint, Style]:
    """The sixteen colours by their numbers, whatever they are in the terminal, on its own background."""
    if dark:
        ground, name, value, gradient = "black", "bright_cyan", "bright_green", "bright_red"
        local, code = "bright_yellow", "bright_magenta"
    else:
        ground, name, value, gradient, local, code = "bright_white", "blue", "green", "red", "magenta", "blue"
    text, aside = "default", "bright_black"
    return _styles(text, aside, ground, name=name, value=value, gradient=gradient, local=local, code=code)


def _few(*, dark: bool) -> dict[Tint, Style]:
    """Exactly the colours that numbers of the sixteen stand for: text, aside, names, then the roles."""
    if dark:
        text, aside, ground = "#ffffff", "#aaaaaa", "#000000"
        name, value, gradient, local, code = "#55ffff", "#55ff55", "#ff5555", "#ffff55", "#ff55ff"
    else:
        text, aside, ground = "#000000", "#555555", "#ffffff"
        name, value, gradient, local, code = "#0000aa", "#00aa00", "#aa0000", "#aa00aa", "#0000aa"
    return _styles(text, aside, ground, name=name, value=value, gradient=gradient, local=local, code=code)


def _styles(
    text: str, aside: str, ground: str, *, name: str, value: str, gradient: str, local: str, code: str
) -> dict[Tint, Style]:
    """Green is forward, red is backward, yellow is local; what is active is bold as well."""
    return {
        Role.TEXT: Style(color=text),
        Role.DIM: Style(color=aside),
        Role.HEADING: Style(color=text, bold=True),
        Role.NAME: Style(color=name, bold=True),
        Role.OP: Style(color=text, bold=True),
        Role.VALUE: Style(color=value),
        Role.GRADIENT: Style(color=gradient),
        Role.LOCAL: Style(color=local),
        Role.CODE: Style(color=code),
        Role.GOOD: Style(color=value),
        Role.WARNING: Style(color=gradient, bold=True),
        Role.ACTIVE_VALUE: Style(color=value, bold=True),
        Role.ACTIVE_GRADIENT: Style(color=gradient, bold=True),
        Role.SELECTED: Style(color=name, bold=True, reverse=True),
        Role.LIT: Style(color=ground, bgcolor=local, bold=True, underline=True),
        Role.KEY: Style(color=name, bold=True),
    }


def _palette(theme: Theme) -> Palette:
    foreground, background = grounds(theme)
    roles = _styles(
        foreground.hex6,
        foreground.blend(background, 0.34).hex6,
        background.hex6,
        name=Color.parse(theme.primary).hex6,
        value=Color.parse(theme.success or "green").hex6,
        gradient=Color.parse(theme.error or "red").hex6,
        local=Color.parse(theme.warning or "yellow").hex6,
        code=Color.parse(theme.accent or theme.primary).hex6,
    )
    return Palette(roles, _scale(theme, foreground, background))


def _scale(theme: Theme, foreground: Color, background: Color) -> Scale:
    """Zero is near the background, and numbers are the stronger the further they are from it."""
    return Scale(
        below=Color.parse("#4aa8ff" if theme.dark else "#0b5cad"),
        zero=background.blend(foreground, 0.1),
        above=Color.parse("#ff9d2e" if theme.dark else "#a84800"),
        cursor=foreground,
        mark=Style(color=background.rich_color, bgcolor=Color.parse("#d670d6").rich_color, bold=True),
    )
