"""The app without a terminal, drawn once: no clock, no blinking, nothing from the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from backprop_tui.view import View

if TYPE_CHECKING:
    from textual.pilot import Pilot

__all__ = ["Screen", "drawn"]


class Screen(Struct, frozen=True):
    """What is on a screen: its rows as text, without trailing spaces, and a picture of it."""

    text: str
    svg: str

    def __str__(self) -> str:
        return self.text


async def drawn(view: View, keys: Sequence[str], size: tuple[int, int], theme: str) -> Screen:
    """The screen of `size`, columns and rows, after `keys` were pressed and what they began is done."""
    with _without_environment():
        from backprop_tui.app import DebuggerApp
        from backprop_tui.export.screenshot import screen_svg, screen_text
        from backprop_tui.screens.slices import settled

        app = DebuggerApp(view, language=view.language, theme=theme, ascii=view.ascii, still=True)
        async with app.run_test(size=size) as pilot:
            await _painted(pilot)
            for key in keys:
                await pilot.press(key)
                await settled(app)
                await _painted(pilot)
            return Screen(screen_text(app), screen_svg(app))


async def _painted(pilot: Pilot[None]) -> None:
    """Wait until nothing changes: what is called once the screen is painted may paint again."""
    from backprop_tui.textual_private import rendered_strips

    shown = None
    while (now := rendered_strips(pilot.app)) != shown:
        shown = now
        await pilot.pause()


@contextmanager
def _without_environment() -> Iterator[None]:
    """Without the variables that Textual heeds, some of them when it is imported; they are put back."""
    heeded = [name for name in os.environ if name == "NO_COLOR" or name.startswith("TEXTUAL_")]
    before = {name: os.environ.pop(name) for name in heeded}
    try:
        yield
    finally:
        os.environ.update(before)
