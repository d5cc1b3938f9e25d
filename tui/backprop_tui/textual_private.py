"""Everything that uses Textual's private API.

`test_textual_private` has a test for each: it fails where another version of Textual has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from encodings import utf_8
from time import sleep
from typing import Any, TypeVar

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual._path import CSSPathType
from textual.app import App
from textual.containers import Container
from textual.content import Content
from textual.driver import Driver
from textual.drivers._writer_thread import WriterThread
from textual.events import Resize, ScreenResume
from textual.geometry import Size
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from backprop_tui.cells.pen import Pen
from backprop_tui.surroundings import bounded

__all__ = [
    "BoundedApp",
    "CSSPathType",
    "LaidOutOnce",
    "LaidOutView",
    "ScreenOfItsSize",
    "ScrolledAtOnce",
    "ToldOfErrors",
    "app_of",
    "mounted",
    "outlive_terminal",
    "rendered_strips",
    "replaceable",
    "restore_terminal",
    "set_border_subtitle",
    "set_border_title",
    "set_extent",
    "watch_keys",
    "write_briefly",
]

_PAUSE = 0.1
"""Seconds between two checks for a terminal that is gone."""


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
    """Set the extent to scroll in. Nothing is laid out; Textual's own setter lays out the screen."""
    widget.set_reactive(ScrollView.virtual_size, extent)  # pyright: ignore[reportArgumentType]


class ScrolledAtOnce(ScrollView):
    """Is where a key or the wheel has scrolled it before the next one is heard, so that none is lost.

    Textual's own way moves at the next tick of its animator, also where nothing is animated; another drawing
    that comes before that is clamped to where it was.
    """

    def _scroll_to(self, x: float | None = None, y: float | None = None, **options: Any) -> bool:
        """Scroll to a cell only on request; nothing moves by itself."""
        return super()._scroll_to(x, y, **{**options, "animate": False})


class LaidOutView(ScrollView):
    """A view that is told of its new size before it is painted; Textual's resize event comes after that.

    A view that `is_released` is told as well when it is shown again.
    """

    is_released: bool = False
    """Whether it has let go of what it showed, because other views are in front of it."""

    def laid_out(self) -> None:
        """The view is about to be painted in a new size, or for the first time since it was released."""

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        before = self._size
        sends_event = super()._size_updated(size, virtual_size, container_size, layout)
        if size != before or self.is_released:
            self.laid_out()
            self._exchange_repaint_regions()  # it is about to be painted as a whole
        return sends_event


class LaidOutOnce(Container):
    """A container that never scrolls, so that another extent does not lay out the screen again."""

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        return super()._size_updated(size, virtual_size, container_size, layout=False)


Result = TypeVar("Result")


class ScreenOfItsSize(Screen[Result]):
    """A screen that takes only the size that the terminal has now, and is painted once as it appears.

    A screen laid out sends itself its size, so two sizes under way at once would send one another for ever.
    """

    async def _on_resize(self, event: Resize) -> None:
        if event.size != self.app.size:
            event.prevent_default()

    def _on_screen_resume(self, event: ScreenResume) -> None:
        """Textual calls this before its own handler, which paints a screen of a new size, and asks for
        another painting.
        """
        if self.is_attached and self._size != self.app.size and not self.app._batch_count:
            self.call_next(self._painted)

    def _painted(self) -> None:
        self._repaint_required = False


class BoundedApp(App[Result]):
    """An app that is never drawn larger than a large screen, whatever size it is told."""

    async def _on_resize(self, event: Resize) -> None:
        """Textual calls this before its own handler, with the same event."""
        event.size = event.virtual_size = event.container_size = Size(*bounded(*event.size))


class ToldOfErrors(App[Result]):
    """An app that hears of its own fatal error before it ends."""

    def fail(self) -> None:
        """Keep what must not be lost."""

    def _handle_exception(self, error: Exception) -> None:
        with suppress(Exception):  # a second error changes nothing
            self.fail()
        super()._handle_exception(error)


async def mounted(widget: Widget) -> None:
    """Wait until a widget and all in it are there."""
    await widget._mounted_event.wait()


def replaceable(first: Screen[Any]) -> Screen[Any]:
    """An app's first screen, so that another can take its place, as that of any screen put on top later."""
    first._push_result_callback(first, None)
    return first


_CTRL_C = (b"\x03", b"\x1b[99;5u")
"""Ctrl+C as terminals send it, in the legacy encoding and in the one that tells all keys apart."""


class _KeyDecoder(utf_8.IncrementalDecoder):
    """Decodes what is typed. Odd bytes become a sign; no bytes mean that the terminal is gone."""

    lost: Callable[[], None]
    interrupted: Callable[[], None]

    def decode(self, input: Any, final: bool = False) -> str:
        """The text of some bytes; a terminal that is gone would be read again and again, at full speed."""
        if not input and not final:
            self.lost()
            sleep(_PAUSE)
        if any(key in input for key in _CTRL_C):
            self.interrupted()
        return super().decode(input, final)


def watch_keys(lost: Callable[[], None], interrupted: Callable[[], None]) -> None:
    """Keep the app running after bytes that are not UTF-8, as of a legacy terminal or an old mouse protocol.
    In the thread that reads keys, `lost` is called once the terminal has vanished without a hang-up, and
    `interrupted` at each Ctrl+C, however busy the app is.

    Textual's input thread decodes strictly, and reads on where nothing can come any more.
    """
    try:
        from textual.drivers import linux_driver
    except ImportError:  # another platform has another driver
        return

    def decoder() -> _KeyDecoder:
        made = _KeyDecoder("replace")
        made.lost, made.interrupted = lost, interrupted
        return made

    linux_driver.getincrementaldecoder = lambda name: decoder  # type: ignore[attr-defined, assignment]


def restore_terminal(app: App[Any]) -> None:
    """Give the terminal back while the app is busy and cannot; from a thread that neither reads nor draws."""
    driver = app._driver
    if driver is not None:
        disable_mouse = getattr(driver, "_disable_mouse_support", None)
        if disable_mouse is not None:  # which its own way of stopping does in the main thread alone
            disable_mouse()
        driver.stop_application_mode()
        driver.close()


def outlive_terminal() -> None:
    """Let the app end after its terminal has vanished: what is still written goes nowhere.

    The thread that writes would end at once, and the app wait forever for room in its full queue.
    """
    write_all = WriterThread.run

    def run(writer: WriterThread) -> None:
        try:
            write_all(writer)
        except OSError:
            while writer._queue.get() is not None:
                pass

    WriterThread.run = run  # type: ignore[method-assign, assignment]


def write_briefly() -> None:
    """Have of each row only the stretches written that changed, and of styles only what is another.

    Textual writes a row from the left edge of its widget to the end of the change, once for each of them, and
    every style in full.
    """
    ChopsUpdate.render_segments = _written_stretches  # type: ignore[assignment, method-assign]
    LayoutUpdate.render_segments = _written_rows  # type: ignore[assignment, method-assign]


def _written_stretches(update: ChopsUpdate, console: Console) -> str:
    pen, colours = Pen(), console._color_system or ColorSystem.TRUECOLOR
    for y, start, end in update.spans:
        for stop, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < end and start < stop:
                _write(pen, strip, x, y, range(start, min(stop, end)), colours)
    return pen.text()


def _written_rows(update: LayoutUpdate, console: Console) -> str:
    pen, colours = Pen(), console._color_system or ColorSystem.TRUECOLOR
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in strips:
            _write(pen, strip, x, y, range(x, x + strip.cell_length), colours)
            x += strip.cell_length
    return pen.text()


def _write(pen: Pen, strip: Strip, x: int, y: int, cells: range, colours: ColorSystem) -> None:
    """Write those of a strip's cells that are `cells` of the row; a text with wide characters from its
    beginning, and through a character that is in them by half.
    """
    for text, style, _ in strip:
        size = len(text) if text.isascii() else cell_len(text)
        after = x + size
        if after > cells.start:
            first, end = max(0, cells.start - x), cells.stop - x
            if size != len(text):
                first, end = 0, _end_of_character(text, end)
            if end < size:
                text = Segment(text).split_cells(end)[0].text
            codes = "" if style is None else style._ansi or Strip.render_ansi(style, colours)
            pen.write(x + first, y, text[first:], min(size, end) - first, codes)
        x = after
        if x >= cells.stop:
            return


def _end_of_character(text: str, cell: int) -> int:
    """The first cell from `cell` on with which a character of the text ends, counted from its beginning."""
    end = 0
    for character in text:
        if end >= cell:
            break
        end += cell_len(character)
    return end


def app_of(driver: Driver) -> App[Any]:
    """The app that a driver drives."""
    return driver._app
