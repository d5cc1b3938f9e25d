"""How far a panel is scrolled, in its border; and the rows between its borders, painted as Textual would."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style
from textual.events import MouseMove
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot
from textual.scroll_view import ScrollView
from textual.strip import Strip

from backprop_tui.app import DebuggerApp
from backprop_tui.cells.drawing import Lines
from backprop_tui.cells.lines import Span
from backprop_tui.export.screenshot import screen_text
from backprop_tui.textual_private import rendered_strips
from backprop_tui.widgets.panel import Panel
from backprop_tui.widgets.scroll_bars import ScrollTrack
from driving import NARROW, WIDE, debugger, opened, seen
from effort import tried
from scenes import crowded, view

pytestmark = pytest.mark.thorough  # whole screens, many of them, or real terminals


@st.composite
def tracks(draw: st.DrawFn) -> ScrollTrack:
    """Any line of cells for any drawing, larger than what is in view of it or not."""
    window, total = draw(st.integers(1, 60)), draw(st.integers(0, 400))
    scrolled = draw(st.integers(0, max(0, total - window)))
    return ScrollTrack(draw(st.integers(0, 2)), draw(st.integers(0, 80)), window, total, scrolled)


class TestTrack:
    @given(tracks())
    def test_a_thumb_lies_in_its_track_where_there_is_more_than_fits(self, track: ScrollTrack) -> None:
        assert bool(track.thumb) == (track.total > track.window and track.cells > 0)
        assert set(track.thumb) <= set(range(track.first, track.first + track.cells))

    @given(tracks())
    def test_only_what_is_scrolled_to_an_end_looks_like_that(self, track: ScrollTrack) -> None:
        if track.cells - len(track.thumb) < 2 or not track.thumb:
            return
        assert (track.thumb.start == track.first) == (track.scrolled == 0)
        most = track.total - track.window
        assert (track.thumb.stop == track.first + track.cells) == (track.scrolled == most)

    @given(tracks())
    def test_a_thumb_that_is_dragged_stays_under_the_mouse(self, track: ScrollTrack) -> None:
        free = track.cells - len(track.thumb)
        if not track.thumb or track.total - track.window < free:
            return
        for start in range(track.first, track.first + free + 1):
            assert track._replace(scrolled=track.scrolled_to(start)).thumb.start == start

    def test_the_share_in_view_is_the_share_of_the_track(self) -> None:
        assert ScrollTrack(1, 20, 10, 40, 0).thumb == range(1, 6)
        assert ScrollTrack(1, 20, 10, 40, 30).thumb == range(16, 21)


def cells(strips: list[Strip]) -> list[list[tuple[str, object]]]:
    """The characters of rows and how they look: a space shows only what is behind it."""
    return [
        [(one, _look(one, segment.style)) for segment in strip for one in segment.text] for strip in strips
    ]


def _look(character: str, style: Style | None) -> object:
    if character != " " or style is None:
        return style
    return style.bgcolor, style.reverse, style.underline, style.strike, style.meta


def by_textual(panel: Panel, region: Region) -> list[Strip]:
    """The rows as Textual paints them, with the thumbs."""
    panel._styles_cache.clear()
    panel._view = panel.in_view()
    try:
        return list(map(panel._with_scroll_bars, ScrollView.render_lines(panel, region), region.line_range))
    finally:
        panel._view = None


async def assert_painted_alike(pilot: Pilot[None]) -> None:
    """Every panel shows what Textual would paint."""
    await pilot.pause()
    for panel in debugger(pilot).query(Panel):
        if panel.display and panel.size:
            region = panel.outer_size.region
            assert cells(panel.render_lines(region)) == cells(by_textual(panel, region)), panel.id


STEMS, SIZES = ("momentum_overshoot", "iris_mlp", "lstm"), (WIDE, NARROW, (200, 60))


@pytest.mark.parametrize(("stem", "size"), tried([*product(STEMS, SIZES)], [*zip(STEMS, SIZES, strict=True)]))
async def test_rows_are_painted_as_textual_would(stem: str, size: tuple[int, int]) -> None:
    async with opened(stem, size=size, at=crowded(stem)) as pilot:
        await assert_painted_alike(pilot)
        for keys in (
            ("s",),
            ("S", "S"),
            ("tab",),
            ("pagedown",),
            ("7",),
            ("minus", "s"),
            ("question_mark", "escape"),
        ):
            await pilot.press(*keys)
            await assert_painted_alike(pilot)
        for theme in ("backprop-light", "ansi-light"):
            pilot.app.theme = theme
            await assert_painted_alike(pilot)
        debugger(pilot).panel("graph").border_title = "another"
        await assert_painted_alike(pilot)
        await pilot.resize_terminal(100, 30)
        await assert_painted_alike(pilot)


async def test_every_frame_of_a_resize_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[str] = []
    monkeypatch.setattr(DebuggerApp, "_display", lambda app, screen, update: frames.append(screen_text(app)))
    async with opened("add_multiply") as pilot:
        for size in ((130, 40), (110, 44), (150, 36)):
            frames.clear()
            await pilot.resize_terminal(*size)
            corners = {frame.count("╯") for frame in frames if len(frame.splitlines()) == size[1]}
            assert len(corners) == 1


async def test_without_colours_rows_are_painted_as_textual_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened("iris_mlp", at=crowded("iris_mlp")) as pilot:
        assert pilot.app.no_color
        await assert_painted_alike(pilot)
        await pilot.press("s")
        await assert_painted_alike(pilot)
        strips = rendered_strips(pilot.app)
        thumbs = [segment.style for strip in strips for segment in strip if set(segment.text) & set("┃━")]
        colours = {
            colour.triplet for style in thumbs if style for colour in (style.color, style.bgcolor) if colour
        }
        assert colours
        assert all(triplet and len(set(triplet)) == 1 for triplet in colours), "shades of grey"


async def with_rows(pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch, rows: int) -> Panel:
    """The panel of words with so many of them, one in a row."""
    panel = debugger(pilot).panel("step")
    drawing = Lines.of([(Span(f"row{number}"),) for number in range(rows)])
    monkeypatch.setattr(panel, "draw", lambda width, height: drawing)
    panel.redraw()
    await pilot.pause()
    return panel


async def drawn_along(pilot: Pilot[None], panel: str, *places: tuple[int, int]) -> None:
    """The mouse, pressed at the first place of a panel, moved along the others, and let go at the last."""
    corner = pilot.app.screen.query_one(panel).region.offset
    await pilot.mouse_down(offset=corner + places[0])
    for place in places[1:]:
        await pilot._post_mouse_events([MouseMove], offset=corner + place, button=1)
    await pilot.mouse_up(offset=corner + places[-1])


async def test_a_thumb_is_dragged_and_clicks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clicked: list[Message] = []
    post = Panel.post_message

    def posted(panel: Panel, message: Message) -> bool:
        if isinstance(message, Panel.Clicked):
            clicked.append(message)
        return post(panel, message)

    monkeypatch.setattr(Panel, "post_message", posted)
    async with opened("add_multiply") as pilot:
        panel = await with_rows(pilot, monkeypatch, 60)
        right, height = panel.outer_size.width - 1, panel.size.height
        assert panel.scroll_bars.beside.start == 1
        await pilot.mouse_down("#step", offset=(right, 1))
        await pilot.mouse_up("#step", offset=(right, height))
        assert panel.scroll_y == panel.max_scroll_y == 60 - height
        await pilot.mouse_down("#step", offset=(right, height))
        await pilot.mouse_up("#step", offset=(3, 1))
        assert panel.scroll_y == 0
        assert not clicked
        await pilot.click("#step", offset=(right, height // 2))  # beside the thumb: it comes there
        assert 0 < panel.scroll_y < panel.max_scroll_y
        assert f"row{panel.scroll_offset.y}" in seen(pilot)
        assert not clicked
        await pilot.click("#step", offset=(3, 3))
        assert len(clicked) == 1


async def test_dragging_a_thumb_marks_no_text_and_marking_text_drags_no_thumb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened("add_multiply") as pilot:
        panel = await with_rows(pilot, monkeypatch, 60)
        across, down = panel.outer_size.width - 1, panel.size.height
        await drawn_along(pilot, "#step", (across, 1), (across, 5), (3, 5), (3, -3), (3, down // 2))
        scrolled = panel.scroll_y
        assert 0 < scrolled < panel.max_scroll_y
        assert not debugger(pilot).get_selected_text()
        await drawn_along(pilot, "#step", (3, 1), (3, 3), (3, down - 1))
        assert panel.scroll_y == scrolled
        assert f"row{scrolled + 3}" in (debugger(pilot).get_selected_text() or "")


async def test_the_wheel_and_the_keys_scroll_what_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened("add_multiply") as pilot:
        panel = await with_rows(pilot, monkeypatch, 60)
        panel.focus()
        await pilot.press("pagedown")
        await pilot.pause(0.3)
        assert panel.scroll_y > 0
        assert panel.scroll_bars.beside.start > 1
        panel = await with_rows(pilot, monkeypatch, 2)
        assert panel.scroll_y == 0
        assert not any(panel.scroll_bars)
        await pilot.press("down", "pagedown")
        await pilot.pause()
        assert panel.scroll_y == 0


async def test_a_drawing_that_became_shorter_is_scrolled_from_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened("add_multiply") as pilot:
        panel = await with_rows(pilot, monkeypatch, 60)
        panel.focus()
        await pilot.press(*["pagedown"] * 9)
        await with_rows(pilot, monkeypatch, 30)
        assert panel.scroll_y == panel.max_scroll_y == 30 - panel.size.height
        await pilot.press("up")
        assert panel.scroll_y == panel.max_scroll_y - 1


async def test_in_ascii_a_thumb_is_a_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = view("add_multiply", 1, "en")
    async with opened(shown) as pilot:
        pilot.app.screen.add_class("-ascii")
        panel = await with_rows(pilot, monkeypatch, 60)
        await pilot.pause()
        column = [strip.text[-1] for strip in panel.render_lines(panel.outer_size.region)]
        assert [y for y, sign in enumerate(column) if sign == "#"] == list(panel.scroll_bars.beside)


async def test_a_wide_picture_says_below_how_far_it_is_scrolled() -> None:
    async with opened("lstm", size=NARROW, at=crowded("lstm")) as pilot:
        panel = debugger(pilot).panel("graph")
        bottom = panel.render_lines(panel.outer_size.region)[-1].text
        assert {at for at, sign in enumerate(bottom) if sign == "━"} == set(panel.scroll_bars.below)
        start = panel.scroll_bars.below.start
        await pilot.mouse_down("#graph", offset=(start, panel.outer_size.height - 1))
        await pilot.mouse_up("#graph", offset=(1, 3))
        assert panel.scroll_x == 0
