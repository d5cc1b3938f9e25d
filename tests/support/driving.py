"""The app without a terminal, and what can be seen of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from unittest.mock import patch

from textual.pilot import Pilot

from backprop_engine.debugger import Go
from backprop_tui.app import DebuggerApp
from backprop_tui.cells.drawing import Drawing
from backprop_tui.cells.lines import Line, plain
from backprop_tui.cells.text import cell_width
from backprop_tui.export.screenshot import screen_text
from backprop_tui.screens import scene_job
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.view import View
from scenes import view

PATIENCE = 60.0
"""Seconds until a test gives up; nothing waits this long."""
WIDE, NARROW = (120, 40), (80, 24)


@asynccontextmanager
async def opened(
    what: str | View | None,
    *,
    size: tuple[int, int] = WIDE,
    at: int = 0,
    language: str = "en",
    still: bool = False,
    grace: float = PATIENCE,
) -> AsyncIterator[Pilot[None]]:
    """The debugger on a bundled scenario or a view, the gallery where `what` is None; timeless if `still`.

    A key waits `grace` seconds for its picture.
    """
    shown = view(what, at, language) if isinstance(what, str) else what
    with patch.object(scene_job, "_GRACE", grace):
        async with _running(shown, size, language, still=still) as pilot:
            yield pilot


@asynccontextmanager
async def _running(
    shown: View | None, size: tuple[int, int], language: str, *, still: bool
) -> AsyncIterator[Pilot[None]]:
    async with DebuggerApp(shown, language=language, still=still).run_test(
        size=size, notifications=True
    ) as pilot:
        await pilot.pause()
        yield pilot


def debugger(pilot: Pilot[None]) -> DebuggerScreen:
    """The debugger's screen, which is in front."""
    screen = pilot.app.screen
    assert isinstance(screen, DebuggerScreen)
    return screen


def position(pilot: Pilot[None]) -> int:
    """Where the debugger stands."""
    return debugger(pilot).current.session.position


async def go(pilot: Pilot[None], to: int) -> None:
    """Stand at a position, without keys."""
    debugger(pilot).do(Go(to))
    await pilot.pause()


def notices(pilot: Pilot[None]) -> list[str]:
    """The texts of the notices that stand over the screen, the last one last; Textual has no public list."""
    return [notice.message for notice in pilot.app._notifications]


def seen(pilot: Pilot[None]) -> str:
    """The text on the screen."""
    return screen_text(pilot.app)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Until something holds; what never does fails."""
    end = monotonic() + PATIENCE
    while not holds():
        await pilot.pause(0.01)
        assert monotonic() < end, seen(pilot)


def text_of(drawing: Drawing) -> str:
    """All the text of a drawing, whether in view or not."""
    return plain(drawing.row(y, 0, drawing.width) for y in range(drawing.height))


def cells(line: Line, width: int) -> list[str]:
    """The character of each cell; behind a wide one follows an empty one."""
    found: list[str] = []
    for character in "".join(text for text, _ in line):
        found += [character, *[""] * (cell_width(character) - 1)]
    return found + [" "] * (width - len(found))
