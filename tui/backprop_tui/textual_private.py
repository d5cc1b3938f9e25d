"""Everything that reaches into Textual's private parts.

`test_textual_private` has a test for each: it fails where another version of Textual has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from encodings import utf_8
from time import sleep
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.content import Content
from textual.driver import Driver
from textual.drivers._writer_thread import WriterThread
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

__all__ = [
    "app_of",
    "outlive_terminal",
    "paint_changed_cells_only",
    "rendered_strips",
    "set_border_subtitle",
    "set_border_title",
    "set_extent",
    "watch_keys",
]

_PAUSE = 0.1
"""Seconds between two looks for keys of a terminal that is gone."""


def rendered_strips(app: App[Any]) -> list[Strip]:
    """The rows of the screen in front, as they are painted."""
    return app.screen._compositor.render_strips()


def set_border_title(widget: Widget, title: Content) -> None:
    """Put a title into the upper border. Nothing is painted; Textual's own setter paints the whole widget."""
    widget._border_title = title


def set_border_subtitle(widget: Widget, subtitle: Content | None) -> None:
    """Put a text into the lower border, or none; nothing is painted for it."""
    widget._border_subtitle = subtitle


def set_extent(widget: ScrollView, extent: Size) -> None:
    """Say how much there is to scroll in. Nothing is laid out; Textual's own setter lays out the screen."""
    widget.set_reactive(ScrollView.virtual_size, extent)  # pyright: ignore[reportArgumentType]


class _KeyDecoder(utf_8.IncrementalDecoder):
    """Decodes what is typed. Odd bytes become a sign; no bytes mean that the terminal is gone."""

    lost: Callable[[], None]

    def decode(self, input: Any, final: bool = False) -> str:
        """The text of some bytes; a terminal that is gone would be read again and again, at full speed."""
        if not input and not final:
            self.lost()
            sleep(_PAUSE)
        return super().decode(input, final)


def watch_keys(lost: Callable[[], None]) -> None:
    """Keep the app running after bytes that are not UTF-8, as of a legacy terminal or an old mouse protocol.
    `lost` is called, in the thread that reads keys, once the terminal has vanished without a hang-up.

    Textual's input thread decodes strictly, and reads on where nothing can come any more.
    """
    try:
        from textual.drivers import linux_driver
    except ImportError:  # another platform has another driver
        return

    def decoder() -> _KeyDecoder:
        made = _KeyDecoder("replace")
        made.lost = lost
        return made

    linux_driver.getincrementaldecoder = lambda name: decoder  # type: ignore[attr-defined, assignment]


def outlive_terminal() -> None:
    """Let the app end after its terminal has vanished: what is still written goes nowhere.

    The thread that writes would end at once, and the app wait for ever for room in its full queue.
    """
    write_all = WriterThread.run

    def run(writer: WriterThread) -> None:
        try:
            write_all(writer)
        except OSError:
            while writer._queue.get() is not None:
                pass

    WriterThread.run = run  # type: ignore[method-assign, assignment]


def paint_changed_cells_only() -> None:
    """Have each changed stretch of a row written alone.

    Textual writes a row from the left edge of its widget to the end of the change, once for each of them.
    """
    ChopsUpdate.render_segments = _render_stretches  # type: ignore[assignment, method-assign]


def _render_stretches(update: ChopsUpdate, console: Console) -> str:
    written: list[str] = []
    for y, start, end in update.spans:
        for stop, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < end and start < stop:
                first = _character_at(strip, start - x) if x < start else 0
                written.append(f"\x1b[{y + 1};{x + first + 1}H")
                written.append(strip.crop(first, min(stop, end) - x).render(console))
    return "".join(written)


def _character_at(strip: Strip, at: int) -> int:
    """The cell in which the character begins that has the cell `at`; where some are wide, one before it."""
    x = 0
    for text, _, _ in strip:
        size = len(text) if text.isascii() else cell_len(text)
        if x + size > at:
            return at if size == len(text) else x
        x += size
    return x


def app_of(driver: Driver) -> App[Any]:
    """The app that a driver drives."""
    return driver._app
