"""The private API of Textual that is used still exists and works as expected."""

from __future__ import annotations

import codecs
import errno
import inspect
import io
from collections.abc import Iterable, Iterator
from threading import Thread
from typing import Any

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread
from textual.drivers.headless_driver import HeadlessDriver
from textual.events import Resize
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from backprop_tui.textual_private import (
    LaidOutOnce,
    LaidOutView,
    ScreenOfItsSize,
    ToldOfErrors,
    app_of,
    outlive_terminal,
    rendered_strips,
    replaceable,
    set_border_subtitle,
    set_border_title,
    set_extent,
    watch_keys,
    write_briefly,
)


class Rows(ScrollView):
    """Numbered rows in a border; counts what is painted and laid out."""

    DEFAULT_CSS = "Rows { border: round white; width: 20; height: 5; }"
    painted = 0
    laid_out = 0

    def render_line(self, y: int) -> Strip:
        self.painted += 1
        return Strip.blank(self.size.width)

    def refresh(self, *regions: Region, layout: bool = False, **options: bool) -> Rows:
        self.laid_out += layout
        return super().refresh(*regions, layout=layout, **options)


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        yield Rows()


def text(app: App[None]) -> list[str]:
    return [strip.text.rstrip() for strip in rendered_strips(app)]


async def test_the_rows_of_the_screen_are_there() -> None:
    async with Shown().run_test(size=(30, 8)) as pilot:
        await pilot.pause()
        assert text(pilot.app) == [
            "╭──────────────────╮",
            *["│                  │"] * 3,
            f"╰{'─' * 18}╯",
            *[""] * 3,
        ]


async def test_texts_in_the_border_are_shown_and_only_the_border_is_painted() -> None:
    async with Shown().run_test(size=(30, 8)) as pilot:
        await pilot.pause()
        rows = pilot.app.query_one(Rows)
        rows.painted = 0
        set_border_title(rows, Content("above [b]"))
        set_border_subtitle(rows, Content("below"))
        rows.refresh(Region(-1, -1, 20, 1), Region(-1, 3, 20, 1))
        await pilot.pause()
        assert text(pilot.app)[0] == "╭─ above [b] ──────╮"
        assert text(pilot.app)[4] == "╰────────── below ─╯"
        assert rows.painted == 0
        set_border_subtitle(rows, None)
        rows.refresh(Region(-1, 3, 20, 1))
        await pilot.pause()
        assert text(pilot.app)[4] == f"╰{'─' * 18}╯"


async def test_another_extent_can_be_scrolled_in_and_lays_nothing_out() -> None:
    async with Shown().run_test(size=(30, 8)) as pilot:
        await pilot.pause()
        rows = pilot.app.query_one(Rows)
        rows.laid_out = 0
        set_extent(rows, Size(18, 100))
        await pilot.pause()
        assert (rows.virtual_size, rows.max_scroll_y, rows.laid_out) == (Size(18, 100), 97, 0)
        rows.virtual_size = Size(18, 50)
        await pilot.pause()
        assert rows.laid_out, "Textual's own way lays out: where it no longer does, ours is not needed"


class Heard(LaidOutView):
    """Keeps what happened to it, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.happened: list[str] = []

    def laid_out(self) -> None:
        self.happened.append(f"laid out {self.size.width}")

    def on_resize(self, event: Resize) -> None:
        self.happened.append("told")

    def render_line(self, y: int) -> Strip:
        if self.happened[-1:] != ["painted"]:
            self.happened.append("painted")
        return Strip.blank(self.size.width)


class Listening(App[None]):
    def compose(self) -> ComposeResult:
        yield Heard()


async def test_a_view_hears_of_its_size_before_it_is_painted() -> None:
    async with Listening().run_test(size=(30, 8)) as pilot:
        await pilot.pause()
        happened = pilot.app.query_one(Heard).happened
        assert happened[:2] == ["laid out 30", "painted"]
        assert "told" in happened
        happened.clear()
        await pilot.resize_terminal(40, 8)
        await pilot.pause()
        assert happened[:2] == ["laid out 40", "painted"]
        assert happened.count("laid out 40") == 1


async def test_a_view_that_has_nothing_to_show_hears_that_it_is_seen_again() -> None:
    async with Listening().run_test(size=(30, 8)) as pilot:
        heard = pilot.app.query_one(Heard)
        for released, expected in ((False, ["painted"]), (True, ["laid out 30", "painted"])):
            heard.display, heard.is_released = False, released
            await pilot.pause()
            heard.happened.clear()
            heard.display = True
            await pilot.pause()
            assert [each for each in heard.happened if each != "told"] == expected


class Two(App[None]):
    """A container that becomes larger when what is below it is hidden."""

    inside: type[Container] = LaidOutOnce
    CSS = "Container { height: 1fr; } Static { dock: bottom; }"

    def compose(self) -> ComposeResult:
        with self.inside():
            yield Static("above")
        yield Static("below")


class TwoOfTextual(Two):
    inside = Container


@pytest.mark.parametrize(("app", "again"), [(Two, False), (TwoOfTextual, True)])
async def test_another_extent_of_a_container_lays_out_once(app: type[Two], again: bool) -> None:
    async with app().run_test(size=(30, 8)) as pilot:
        await pilot.pause()
        laid_out: list[object] = []
        pilot.app.screen.screen_layout_refresh_signal.subscribe(pilot.app, laid_out.append)
        pilot.app.query(Static).last().display = False
        await pilot.pause()
        await pilot.pause()
        assert pilot.app.query_one(Container).size.height == 8
        assert (len(laid_out) > 1) is again, (
            "Textual lays out again: where it no longer does, ours is not needed"
        )


class Painted(App[None]):
    """Counts how often the whole screen is painted."""

    opened: type[Screen[None]] = Screen

    def __init__(self) -> None:
        super().__init__()
        self.paintings = 0

    def get_default_screen(self) -> Screen[None]:
        return self.opened()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        self.paintings += isinstance(renderable, LayoutUpdate)
        super()._display(screen, renderable)


class PaintedOnce(Painted):
    opened = ScreenOfItsSize


@pytest.mark.parametrize(("app", "once"), [(PaintedOnce, True), (Painted, False)])
async def test_a_screen_is_painted_once_as_it_appears(app: type[Painted], once: bool) -> None:
    async with app().run_test(size=(30, 8)) as pilot:
        await pilot.pause(0.2)
        assert (pilot.app.paintings == 1) is once, (  # type: ignore[attr-defined]
            "Textual paints it again: where it no longer does, ours is not needed"
        )


async def test_a_screen_that_is_seen_again_is_painted_again() -> None:
    async with PaintedOnce().run_test(size=(30, 8)) as pilot:
        await pilot.app.push_screen(ScreenOfItsSize[None]())
        await pilot.pause(0.2)
        before = pilot.app.paintings  # type: ignore[attr-defined]
        pilot.app.pop_screen()
        await pilot.pause(0.2)
        assert pilot.app.paintings > before  # type: ignore[attr-defined]


@pytest.mark.parametrize("ours", [True, False])
async def test_another_screen_takes_the_place_of_the_first(ours: bool) -> None:
    class Changing(App[None]):
        def get_default_screen(self) -> Screen[None]:
            return replaceable(Screen[None]()) if ours else Screen[None]()

    async with Changing().run_test() as pilot:
        other = Screen[None]()
        if ours:
            await pilot.app.switch_screen(other)
            assert pilot.app.screen_stack == [other]
        else:
            with pytest.raises(IndexError):  # where it works without ours, that is not needed
                await pilot.app.switch_screen(other)


@pytest.fixture
def strict() -> Iterator[None]:
    before = linux_driver.getincrementaldecoder  # type: ignore[attr-defined]
    yield
    linux_driver.getincrementaldecoder = before  # type: ignore[attr-defined]


@pytest.mark.usefixtures("strict")
def test_odd_bytes_are_forgiven_where_keys_are_read() -> None:
    source = inspect.getsource(linux_driver.LinuxDriver.run_input_thread)
    assert 'getincrementaldecoder("utf-8")()' in source, "the name that is put in place of is the one asked"
    assert linux_driver.getincrementaldecoder is codecs.getincrementaldecoder  # type: ignore[attr-defined]
    lost: list[bool] = []
    watch_keys(lambda: lost.append(True), lambda: None)
    decoder = linux_driver.getincrementaldecoder("utf-8")()  # type: ignore[attr-defined]
    assert decoder.decode(b"a\xffb", final=False) == "a�b"
    assert (
        decoder.decode("ü".encode()[:1], final=False) + decoder.decode("ü".encode()[1:], final=False) == "ü"
    )
    assert not lost


@pytest.mark.usefixtures("strict")
def test_where_no_key_can_come_any_more_that_is_told() -> None:
    """A terminal that is there gives at least one byte, or is not read."""
    source = inspect.getsource(linux_driver.LinuxDriver.run_input_thread)
    assert "decode(read(fileno, 1024 * 4), final=final and last)" in source
    lost: list[bool] = []
    watch_keys(lambda: lost.append(True), lambda: None)
    decoder = linux_driver.getincrementaldecoder("utf-8")()  # type: ignore[attr-defined]
    assert decoder.decode(b"", final=False) == ""
    assert lost == [True]
    decoder.decode(b"", final=True)
    assert lost == [True], "the last look, once the app has ended"


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(("typed", "asked"), [(b"\x03", 1), (b"s\x1b[99;5us", 1), (b"c\x1b[99;6u", 0)])
def test_ctrl_c_is_heard_where_keys_are_read(typed: bytes, asked: int) -> None:
    heard: list[bool] = []
    watch_keys(lambda: None, lambda: heard.append(True))
    decoder = linux_driver.getincrementaldecoder("utf-8")()  # type: ignore[attr-defined]
    assert decoder.decode(typed) == typed.decode()
    assert len(heard) == asked


def test_a_terminal_that_vanished_takes_what_is_still_written(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.EIO, "gone")

    monkeypatch.setattr(WriterThread, "run", WriterThread.run)
    outlive_terminal()
    writer = WriterThread(Gone())
    writer.start()
    Thread(target=lambda: [*map(writer.write, "x" * 100), writer.stop()], daemon=True).start()
    writer.join(10)
    assert not writer.is_alive()
    assert not writer._queue.qsize()


async def test_a_driver_knows_its_app() -> None:
    app = Shown()
    assert app_of(HeadlessDriver(app)) is app


@pytest.fixture
def _textual_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    for update in (ChopsUpdate, LayoutUpdate):
        monkeypatch.setattr(update, "render_segments", update.render_segments)


ROWS = [{0: Strip([Segment("0123456789")]), 10: None, 15: Strip([Segment("가나다라")])}]


@pytest.mark.usefixtures("_textual_restored")
def test_a_stretch_of_a_row_is_written_alone() -> None:
    """Of each row and widget, from the first cell that changed to the last one; a wide character whole."""
    update = ChopsUpdate(ROWS, [(0, 3, 5), (0, 8, 19)], [[10, 15, 23]])
    console = Console()
    assert "0123456" in update.render_segments(console), (
        "where Textual's own way is as brief, ours is not needed"
    )
    write_briefly()
    assert update.render_segments(console) == "\x1b[1;4H\x1b[m34\x1b[9G89\x1b[16G가나"
    wide = ChopsUpdate(ROWS, [(0, 18, 19)], [[10, 15, 23]])
    assert wide.render_segments(console) == "\x1b[1;16H\x1b[m가나", (
        "from the beginning of a text with wide characters"
    )
    half = ChopsUpdate(ROWS, [(0, 15, 18)], [[10, 15, 23]])
    assert half.render_segments(console) == "\x1b[1;16H\x1b[m가나", "through one that has changed by half"


@pytest.mark.usefixtures("_textual_restored")
def test_a_whole_screen_is_written_with_each_style_once() -> None:
    red = Style.parse("red")
    rows: list[Iterable[Strip]] = [
        [Strip([Segment("a", red)]), Strip([Segment("b", red)])],
        [Strip([Segment("c", red)])],
    ]
    update = LayoutUpdate(rows, Region(2, 1, 2, 2))
    console = Console(color_system="standard")
    assert update.render_segments(console).count("\x1b[31m") == 3
    write_briefly()
    assert update.render_segments(console) == "\x1b[2;3H\x1b[0;31mab\x1b[3;3Hc\x1b[m"


async def test_an_app_is_told_of_an_error_before_it_ends() -> None:
    told: list[list[Screen[None]]] = []

    class Failing(ToldOfErrors[None]):
        def fail(self) -> None:
            told.append(self.screen_stack.copy())

        def on_mount(self) -> None:
            self.call_later(lambda: 1 / 0)

    app = Failing()
    await app.run_async(headless=True)
    assert [len(stack) for stack in told] == [1]
    assert app.return_code == 1
