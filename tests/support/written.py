"""The app as a terminal sees it: what it writes, and what an emulator makes of that."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NamedTuple

import pyte
import pytest
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from backprop_tui.app import DebuggerApp
from backprop_tui.textual_private import rendered_strips, write_briefly
from driving import WIDE
from scenes import view

_SEEN_ON_SPACES = ("bg", "reverse", "underscore", "strikethrough")
_NO_MORE = (False, False, False)
"""What a space shows beside its background where there is nothing else."""
_HALVES = {"▀": (True, False), "▄": (False, True), "█": (True, True)}
"""Which halves of a cell have the colour of the text."""


class RecordingDriver(HeadlessDriver):
    """Keeps what is written, as a terminal would get it."""

    written = ""

    @property
    def is_headless(self) -> bool:
        """An app without a terminal writes nothing."""
        return False

    def write(self, data: str) -> None:
        """Keep it."""
        RecordingDriver.written += data


class Cell(NamedTuple):
    """A character and how it is seen; of halves the upper one."""

    character: str
    look: tuple[object, ...]


def cells(screen: pyte.Screen) -> list[list[Cell]]:
    """What is seen of an emulator's screen; a space shows no more than its background."""
    return [[_cell(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


def _cell(char: pyte.screens.Char) -> Cell:
    """How a cell is seen: half a cell in one colour is the other half in the other one."""
    plain = not (char.bold or char.italics or char.underscore or char.strikethrough or char.reverse)
    if plain and char.data in _HALVES:
        upper, lower = (char.fg if is_text else char.bg for is_text in _HALVES[char.data])
        return Cell(" ", (upper, *_NO_MORE)) if upper == lower else Cell("▀", (upper, lower))
    fields = _SEEN_ON_SPACES if char.data == " " else char._fields[1:]
    return Cell(char.data, tuple(getattr(char, name) for name in fields))


def emulated(text: str, size: tuple[int, int]) -> pyte.Screen:
    """The screen that a terminal shows after `text`."""
    screen = pyte.Screen(*size)
    pyte.Stream(screen).feed(text)
    return screen


@contextmanager
def _recording() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textual.constants.DRIVER", f"{__name__}:{RecordingDriver.__name__}")
        patch.setenv("TERM", "xterm-256color")
        patch.setenv("COLORTERM", "truecolor")
        for update in ("ChopsUpdate", "LayoutUpdate"):
            patch.setattr(f"textual._compositor.{update}.render_segments", None)
        write_briefly()
        RecordingDriver.written = ""
        yield


class Written:
    """A debugger that writes to an emulated terminal."""

    def __init__(self, pilot: Pilot[None], size: tuple[int, int]) -> None:
        self.pilot, self.size = pilot, size
        self.screen = pyte.Screen(*size)
        self._stream = pyte.Stream(self.screen)

    async def press(self, *keys: str) -> str:
        """Press keys; what was written for them."""
        if keys:
            await self.pilot.press(*keys)
        await self.pilot.pause()
        text, RecordingDriver.written = RecordingDriver.written, ""
        self._stream.feed(text)
        return text

    @property
    def seen(self) -> list[list[Cell]]:
        """What the terminal shows by now."""
        return cells(self.screen)

    @property
    def wanted(self) -> list[list[Cell]]:
        """What it shows where everything is painted anew."""
        console = self.pilot.app.console
        rows = (strip.render(console) for strip in rendered_strips(self.pilot.app))
        return cells(emulated("\r\n".join(rows), self.size))


@asynccontextmanager
async def written(stem: str, language: str = "en", size: tuple[int, int] = WIDE) -> AsyncIterator[Written]:
    """The debugger on a bundled scenario, writing to an emulated terminal."""
    with _recording():
        app = DebuggerApp(view(stem, 0, language), language=language)
        async with app.run_test(headless=False, size=size) as pilot:
            terminal = Written(pilot, size)
            await terminal.press()
            yield terminal
