"""Our two themes, and what each role looks like in a theme."""

from __future__ import annotations

from typing import NamedTuple

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Role, Tint
from backprop_tui.cells.shades import BLANK, FLOWS, LEVELS, Emphasis, Flow, Shade, Tone

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
        _PALETTES[key] = _palette(theme, few=few)
    return _PALETTES[key]


def grounds(theme: Theme) -> tuple[Color, Color]:
    """The colour of letters and what they stand on; our own where a theme leaves that to the terminal."""
    if theme.ansi:
        theme = DARK if theme.dark else LIGHT
    foreground, background = ("#e0e0e0", "#121212") if theme.dark else ("#202020", "#f8f8f8")
    return Color.parse(theme.foreground or foreground), Color.parse(theme.background or background)


class _Colours(NamedTuple):
    """The colours of a theme by what they are for; trouble and selection are patches under letters."""

    text: str
    aside: str
    ground: str
    name: str
    code: str
    forward: str
    upstream: str
    product: str
    local: str
    trouble: str
    selection: str
    quiet: str
    """What a wire is in along which hardly anything of a gradient runs."""


_OURS: dict[str, _Colours] = {
    DARK.name: _Colours(
        text="#e6edf3",
        aside="#9ca3a9",
        ground="#0d1117",
        name="#58a6ff",
        code="#d2a8ff",
        forward="#56d364",
        upstream="#ff7b72",
        product="#ffd0c8",
        local="#e3b341",
        trouble="#ff4d94",
        selection="#58a6ff",
        quiet="#6b4a4a",
    ),
    LIGHT.name: _Colours(
        text="#1f2328",
        aside="#6b6e71",
        ground="#ffffff",
        name="#0550ae",
        code="#8250df",
        forward="#116329",
        upstream="#b3141d",
        product="#5a0006",
        local="#7d4e00",
        trouble="#b0005a",
        selection="#0550ae",
        quiet="#c9a8a8",
    ),
}


def _of_the_terminal(*, dark: bool) -> _Colours:
    """The sixteen colours by their numbers, whatever they are in the terminal, on its own background."""
    if dark:
        own = "bright_cyan", "bright_magenta", "bright_green", "bright_red", "bright_red", "bright_yellow"
        return _Colours("default", "bright_black", "black", *own, "bright_magenta", "bright_cyan", "red")
    own = "blue", "blue", "green", "red", "red", "magenta"
    return _Colours("default", "bright_black", "bright_white", *own, "magenta", "blue", "red")


def _few(*, dark: bool) -> _Colours:
    """Exactly the colours that numbers of the sixteen stand for."""
    if dark:
        own = (
            "#55ffff",
            "#ff55ff",
            "#55ff55",
            "#ff5555",
            "#ff5555",
            "#ffff55",
            "#ff55ff",
            "#55ffff",
            "#aa0000",
        )
        return _Colours("#ffffff", "#aaaaaa", "#000000", *own)
    own = "#0000aa", "#0000aa", "#00aa00", "#aa0000", "#aa0000", "#aa00aa", "#aa00aa", "#0000aa", "#aa0000"
    return _Colours("#000000", "#555555", "#ffffff", *own)


def _from(theme: Theme) -> _Colours:
    """Those of another theme, from the few that every theme has."""
    foreground, background = grounds(theme)
    upstream = Color.parse(theme.error or "red")
    return _Colours(
        text=foreground.hex6,
        aside=foreground.blend(background, 0.34).hex6,
        ground=background.hex6,
        name=Color.parse(theme.primary).hex6,
        code=Color.parse(theme.accent or theme.primary).hex6,
        forward=Color.parse(theme.success or "green").hex6,
        upstream=upstream.hex6,
        product=upstream.blend(foreground, 0.5).hex6,
        local=Color.parse(theme.warning or "yellow").hex6,
        trouble=upstream.hex6,
        selection=Color.parse(theme.primary).hex6,
        quiet=upstream.blend(background, 0.6).hex6,
    )


def _styles(colours: _Colours) -> dict[Tint, Style]:
    """The roles in the colours of a theme; what is active is bold as well."""
    own = colours
    return {
        Role.TEXT: Style(color=own.text),
        Role.DIM: Style(color=own.aside),
        Role.HEADING: Style(color=own.text, bold=True),
        Role.NAME: Style(color=own.name, bold=True),
        Role.OP: Style(color=own.text, bold=True),
        Role.VALUE: Style(color=own.forward),
        Role.GRADIENT: Style(color=own.upstream),
        Role.LOCAL: Style(color=own.local),
        Role.PRODUCT: Style(color=own.product, bold=True),
        Role.CODE: Style(color=own.code),
        Role.GOOD: Style(color=own.forward),
        Role.WARNING: Style(color=own.upstream, bold=True),
        Role.TROUBLE: Style(color=own.trouble, bold=True, reverse=True),
        Role.ACTIVE_VALUE: Style(color=own.forward, bold=True),
        Role.ACTIVE_GRADIENT: Style(color=own.product, bold=True),
        Role.SELECTED: Style(color=own.selection, bold=True, reverse=True),
        Role.LIT: Style(color=own.ground, bgcolor=own.local, bold=True, underline=True),
        Role.KEY: Style(color=own.name, bold=True),
    }


def _flows(colours: _Colours, *, few: bool) -> dict[Tint, Style]:
    """From quiet to loud: over the upstream gradient to the product, or dim, plain and bold in one colour."""
    steps = [Flow(level) for level in range(FLOWS)]
    if few:
        return {
            flow: Style(
                color=colours.upstream, dim=flow.level < FLOWS // 3, bold=flow.level >= 2 * FLOWS // 3
            )
            for flow in steps
        }
    quiet, upstream, product = map(Color.parse, (colours.quiet, colours.upstream, colours.product))
    loud = FLOWS - 1
    styles: dict[Tint, Style] = {}
    for flow in steps:
        share = flow.level / loud
        colour = (
            quiet.blend(upstream, share / _UPSTREAM)
            if share <= _UPSTREAM
            else upstream.blend(product, (share - _UPSTREAM) / (1 - _UPSTREAM))
        )
        styles[flow] = Style(color=colour.rich_color, bold=share > _UPSTREAM)
    return styles


_UPSTREAM = 0.7
"""The share of a flow that is in the colour of an upstream gradient."""


def _palette(theme: Theme, *, few: bool) -> Palette:
    foreground, background = grounds(theme)
    if theme.ansi:
        colours = _of_the_terminal(dark=theme.dark)
    elif few:
        colours = _few(dark=theme.dark)
    else:
        colours = _OURS.get(theme.name) or _from(theme)
    styles = {**_styles(colours), **_flows(colours, few=few or theme.ansi)}
    return Palette(styles, _scale(theme, foreground, background))


def _scale(theme: Theme, foreground: Color, background: Color) -> Scale:
    """Zero is near the background, and numbers are the stronger the further they are from it."""
    return Scale(
        below=Color.parse("#4aa8ff" if theme.dark else "#0b5cad"),
        zero=background.blend(foreground, 0.1),
        above=Color.parse("#ff9d2e" if theme.dark else "#a84800"),
        cursor=foreground,
        mark=Style(color=background.rich_color, bgcolor=Color.parse("#d670d6").rich_color, bold=True),
    )
