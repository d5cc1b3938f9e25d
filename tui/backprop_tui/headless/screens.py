"""Screens of the app without a terminal: no clock, no blinking, nothing from the environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from backprop_tui.view import View

if TYPE_CHECKING:
    from textual.pilot import Pilot
    from textual.strip import Strip

__all__ = ["Film", "Screen", "drawn", "filmed"]


class Screen(Struct, frozen=True):
    """What is on a screen: its rows as text, without trailing spaces, and a picture of it."""

    text: str
    svg: str

    def __str__(self) -> str:
        return self.text


class Film(Struct, frozen=True):
    """Screens of one size, one after the other, on a background; colours are written ``#rrggbb``."""

    frames: Sequence[Sequence[Strip]]
    size: tuple[int, int]
    foreground: str
    background: str
    title: str


async def drawn(view: View, keys: Sequence[str], size: tuple[int, int], theme: str) -> Screen:
    """The screen of `size`, columns and rows, after `keys` were pressed and what they began is done."""
    from backprop_tui.export.screenshot import svg, text

    film = await filmed(view, keys, size, theme)
    last = film.frames[-1]
    return Screen(text(last), svg(last, size[0], film.foreground, film.background, film.title))


async def filmed(view: View, keys: Sequence[str], size: tuple[int, int], theme: str) -> Film:
    """The screen of `size`, columns and rows, before the first of `keys` and after each of them."""
    from backprop_tui.surroundings import nothing_heeded

    with nothing_heeded():
        from backprop_tui.app import DebuggerApp
        from backprop_tui.screens.slices import settled
        from backprop_tui.textual_private import rendered_strips
        from backprop_tui.themes import grounds

        app = DebuggerApp(view, language=view.language, theme=theme, ascii=view.ascii, still=True)
        async with app.run_test(size=size) as pilot:
            await _painted(pilot)
            frames = [rendered_strips(app)]
            for key in keys:
                await pilot.press(key)
                await settled(app)
                await _painted(pilot)
                frames.append(rendered_strips(app))
            foreground, background = (colour.hex6.lower() for colour in grounds(app.current_theme))
            return Film(frames, size, foreground, background, app.title)


async def _painted(pilot: Pilot[None]) -> None:
    """Wait until nothing changes: what is called once the screen is painted may paint again."""
    from backprop_tui.textual_private import rendered_strips

    shown = None
    while (now := rendered_strips(pilot.app)) != shown:
        shown = now
        await pilot.pause()
