"""Our two themes, and what each role looks like in a theme."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from backprop_engine.errors import UsageError
from backprop_engine.explain.lines import Role

__all__ = ["DARK", "LIGHT", "Palette", "known_theme", "palette"]

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
    variables={"border": "#30363d", "border-blurred": "#30363d", "block-cursor-text-style": "none"},
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

Palette = Mapping[Role, Style]


def known_theme(name: str) -> str:
    """`name`, if a theme is called so, or if it is empty; else `UsageError`."""
    names = sorted({DARK.name, LIGHT.name, *BUILTIN_THEMES})
    if name and name not in names:
        raise UsageError(f"there is no theme {name}; there are {', '.join(names)}")
    return name


_PALETTES: dict[str, Palette] = {}


def palette(theme: Theme) -> Palette:
    """The style of each role in a theme, worked out once."""
    if theme.name not in _PALETTES:
        _PALETTES[theme.name] = _palette(theme)
    return _PALETTES[theme.name]


def _palette(theme: Theme) -> Palette:
    """Green is forward, red is backward, yellow is local."""
    foreground = Color.parse(theme.foreground or ("#e0e0e0" if theme.dark else "#202020"))
    background = Color.parse(theme.background or ("#121212" if theme.dark else "#f8f8f8"))
    dim = foreground.blend(background, 0.42).rich_color
    value = Color.parse(theme.success or "green").rich_color
    gradient = Color.parse(theme.error or "red").rich_color
    local = Color.parse(theme.warning or "yellow").rich_color
    name = Color.parse(theme.primary).rich_color
    code = Color.parse(theme.accent or theme.primary).rich_color
    return {
        Role.TEXT: Style(color=foreground.rich_color),
        Role.DIM: Style(color=dim),
        Role.HEADING: Style(color=foreground.rich_color, bold=True),
        Role.NAME: Style(color=name, bold=True),
        Role.OP: Style(color=foreground.rich_color, bold=True),
        Role.VALUE: Style(color=value),
        Role.GRADIENT: Style(color=gradient),
        Role.LOCAL: Style(color=local),
        Role.CODE: Style(color=code),
        Role.GOOD: Style(color=value),
        Role.WARNING: Style(color=gradient, bold=True),
        Role.ACTIVE_VALUE: Style(color=value, bold=True),
        Role.ACTIVE_GRADIENT: Style(color=gradient, bold=True),
        Role.SELECTED: Style(color=name, bold=True, reverse=True),
        Role.KEY: Style(color=name, bold=True),
    }
