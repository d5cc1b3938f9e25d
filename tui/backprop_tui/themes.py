"""Our two themes, and what each role looks like in a theme."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_tui import colours
from backprop_tui.cells.lines import Role, Tint
from backprop_tui.cells.shades import BLANK, FLOWS, LEVELS, Emphasis, Flow, Shade, Tone
from backprop_tui.colours import Colours, Patch

__all__ = ["DARK", "LIGHT", "Colouring", "Palette", "grounds", "known_theme", "palette"]

DARK = Theme(
    name="backprop-dark",
    primary="#58a6ff",
    secondary="#a5d6ff",
    accent="#d2a8ff",
    success=colours.DARK.forward,
    error=colours.DARK.upstream,
    warning="#e3b341",
    foreground=colours.DARK.text,
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
    success=colours.LIGHT.forward,
    error=colours.LIGHT.upstream,
    warning="#7d4e00",
    foreground=colours.LIGHT.text,
    background="#ffffff",
    surface="#ffffff",
    panel="#f0f3f6",
    dark=False,
    variables={"border": "#afb8c1", "border-blurred": "#afb8c1", "block-cursor-text-style": "none"},
)


class Scale(NamedTuple):
    """The colours of a heatmap: dark blue and dark orange, or bright ones, which cannot be confused."""

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
        self.has_dim = any(style.dim for style in roles.values())
        """Whether some role is dim, which not every terminal shows by itself."""
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
        elif tint.upper == BLANK:
            style = Style()  # nothing is drawn there
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
"""How much of its colour a number loses while others are to be out."""


def known_theme(name: str) -> str:
    """`name`, if a theme is called so, or if it is empty; else `UsageError`."""
    names = sorted({DARK.name, LIGHT.name, *BUILTIN_THEMES})
    if name and name not in names:
        raise UsageError(
            msg("there is no theme {name}", name=name), msg("available: {names}", names=", ".join(names))
        )
    return name


Colouring: TypeAlias = Literal["all", "few", "none"]
"""What a terminal shows: all colours, the sixteen of old ones, or by the reader's wish none."""
_PALETTES: dict[tuple[str, Colouring], Palette] = {}


def palette(theme: Theme, colouring: Colouring = "all") -> Palette:
    """The style of each role in a theme, worked out once."""
    key = (theme.name, colouring)
    if key not in _PALETTES:
        _PALETTES[key] = _palette(theme, colouring)
    return _PALETTES[key]


def grounds(theme: Theme) -> tuple[Color, Color]:
    """The colour of letters and what they are on; our own where a theme leaves that to the terminal."""
    if theme.ansi:
        theme = DARK if theme.dark else LIGHT
    foreground, background = ("#e0e0e0", "#121212") if theme.dark else ("#202020", "#f8f8f8")
    return Color.parse(theme.foreground or foreground), Color.parse(theme.background or background)


def _colours(theme: Theme, colouring: Colouring) -> Colours:
    """Those of a theme in a terminal."""
    if theme.ansi:
        return colours.OF_A_DARK_TERMINAL if theme.dark else colours.OF_A_LIGHT_TERMINAL
    if colouring == "none":
        return colours.GREY_ON_DARK if theme.dark else colours.GREY_ON_LIGHT
    if colouring == "few":
        return colours.FEW_ON_DARK if theme.dark else colours.FEW_ON_LIGHT
    return _OURS.get(theme.name) or _from(theme)


_OURS: Final = {DARK.name: colours.DARK, LIGHT.name: colours.LIGHT}


def _from(theme: Theme) -> Colours:
    """Those of another theme, from the few that every theme has."""
    text, ground = grounds(theme)
    name, upstream = Color.parse(theme.primary), Color.parse(theme.error or "red")
    local = Color.parse(theme.warning or "yellow")
    return Colours(
        text=text.hex6,
        aside=text.blend(ground, 0.34).hex6,
        name=name.hex6,
        code=Color.parse(theme.accent or theme.primary).hex6,
        forward=Color.parse(theme.success or "green").hex6,
        upstream=upstream.hex6,
        product=text.hex6,
        local=local.hex6,
        trouble=Patch(upstream.hex6, ground.hex6),
        selection=Patch(name.hex6, ground.hex6),
        found=Patch(local.hex6, ground.hex6),
        warning=upstream.hex6,
        flow=(upstream.blend(ground, 0.6).hex6, upstream.blend(ground, 0.3).hex6),
    )


def _styles(own: Colours) -> dict[Tint, Style]:
    """The roles in the colours of a theme; what is active is bold as well."""
    return {
        Role.TEXT: Style(color=own.text),
        Role.DIM: Style(color=own.aside),
        Role.HEADING: Style(color=own.text, bold=True),
        Role.NAME: Style(color=own.name, bold=True),
        Role.OP: Style(color=own.aside, bold=True),
        Role.VALUE: Style(color=own.forward),
        Role.GRADIENT: Style(color=own.upstream),
        Role.LOCAL: Style(color=own.local),
        Role.PRODUCT: Style(color=own.product, bold=True),
        Role.CODE: Style(color=own.code),
        Role.GOOD: Style(color=own.text),
        Role.WARNING: Style(color=own.warning, bold=True),
        Role.TROUBLE: _patch(own.trouble),
        Role.ACTIVE_VALUE: Style(color=own.forward, bold=True),
        Role.ACTIVE_GRADIENT: Style(color=own.product, bold=True),
        Role.CHANGED_VALUE: Style(color=own.forward, bold=True, reverse=True),
        Role.CHANGED_GRADIENT: Style(color=own.product, bold=True, reverse=True),
        Role.SELECTED: _patch(own.selection),
        Role.LIT: _patch(own.found) + Style(underline=True),
        Role.KEY: Style(color=own.name, bold=True),
    }


def _patch(patch: Patch) -> Style:
    """Reversed, so that it is seen without colours too."""
    return Style(color=patch.ground, bgcolor=patch.letters, bold=True, reverse=True)


def _without_colours(own: Colours, *, terminals: bool) -> dict[Tint, Style]:
    """What a reader sees who wants none: greys, or only weights on the background of the terminal."""
    active = Style(color=own.product, bold=True)
    return {
        Role.ACTIVE_VALUE: active,
        Role.CHANGED_VALUE: active + Style(reverse=True),
        Role.DIM: Style(color=own.aside, dim=terminals),
    }


def _flows(own: Colours, *, mixed: bool) -> dict[Tint, Style]:
    """From quiet to loud, the loudest in bold; where colours cannot be `mixed`, quiet is dim."""
    stops = (*own.flow, own.upstream)
    styles: dict[Tint, Style] = {}
    for level in range(FLOWS):
        at = level * (len(stops) - 1) / (FLOWS - 1)
        before, after = stops[int(at)], stops[min(int(at) + 1, len(stops) - 1)]
        colour = Color.parse(before).blend(Color.parse(after), at % 1).hex6 if mixed else before
        styles[Flow(level)] = Style(
            color=colour, bold=level >= _LOUD, dim=not mixed and level < FLOWS - _LOUD
        )
    return styles


_LOUD: Final = 6
"""A flow is bold from this level."""


def _palette(theme: Theme, colouring: Colouring) -> Palette:
    own = _colours(theme, colouring)
    styles = {**_styles(own), **_flows(own, mixed=not theme.ansi and colouring != "few")}
    if colouring == "none":
        styles |= _without_colours(own, terminals=theme.ansi)
    return Palette(styles, _scale(theme, styles[Role.TROUBLE]))


def _scale(theme: Theme, mark: Style) -> Scale:
    """Zero is near the background, and numbers are the stronger the further they are from it."""
    foreground, background = grounds(theme)
    return Scale(
        below=Color.parse("#4aa8ff" if theme.dark else "#0b5cad"),
        zero=background.blend(foreground, 0.1),
        above=Color.parse("#ff9d2e" if theme.dark else "#a84800"),
        cursor=foreground,
        mark=mark,
    )
