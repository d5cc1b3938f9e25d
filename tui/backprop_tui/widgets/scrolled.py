"""A painted widget that is scrolled: by keys, by the wheel, and by the marks in its border."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size

from backprop_tui.cells.drawing import Area
from backprop_tui.widgets.line_view import LineView
from backprop_tui.widgets.scroll_bars import ScrollBars, ScrollTrack

__all__ = ["Scrolled"]


class Scrolled(LineView, inherit_bindings=False):
    """Its border says how far is scrolled, and is taken hold of by the mouse. No scroll bar comes or goes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", show=False),
        Binding("down", "scroll_down", show=False),
        Binding("shift+left", "scroll_left", show=False),
        Binding("shift+right", "scroll_right", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("shift+pageup", "page_left", show=False),
        Binding("shift+pagedown", "page_right", show=False),
    ]
    DEFAULT_CSS = """
    Scrolled { overflow: hidden hidden; }
    """

    held: tuple[bool, int] | None = None
    """The thumb that the mouse holds or held last: if it is the upright one, and how far from its start."""

    def take_extent(self, extent: Size) -> None:
        """So much there is to scroll in. Nothing is laid out for that: it changes no place on the screen."""
        self.set_reactive(Scrolled.virtual_size, extent)  # pyright: ignore[reportArgumentType]
        # What keys and the wheel count from is clamped as well, so that none of them is lost.
        self.scroll_target_x = self.scroll_x = min(self.scroll_x, self.max_scroll_x)
        self.scroll_target_y = self.scroll_y = min(self.scroll_y, self.max_scroll_y)

    @property
    def allow_vertical_scroll(self) -> bool:
        """Whether there is more than fits, above or below."""
        return self.max_scroll_y > 0

    @property
    def allow_horizontal_scroll(self) -> bool:
        """Whether there is more than fits, to the left or the right."""
        return self.max_scroll_x > 0

    def bring_into_view(self, area: Area) -> None:
        """Scroll no further than it takes to see `area`, with a little room around it."""
        room = self.size
        margin_x = min(4, room.width // 6, max(0, room.width - area.width) // 2)
        margin_y = min(1, room.height // 6, max(0, room.height - area.height) // 2)
        region = Region(*area).grow((max(margin_y, self.pinned), margin_x, margin_y, margin_x))
        self.scroll_to_region(region, animate=False, force=True, immediate=True)

    # The border

    def _tracks(self) -> tuple[ScrollTrack, ScrollTrack]:
        """The lines in the last column and in the last row, where a border or a margin has room for them."""
        outer, (across, down), gutter = self.outer_size, self.size, self.gutter
        extent, scrolled = self.virtual_size, self.scroll_offset
        beside = ScrollTrack(gutter.top, down if gutter.right else 0, down, extent.height, scrolled.y)
        below = ScrollTrack(1, outer.width - 2 if gutter.bottom else 0, across, extent.width, scrolled.x)
        return beside, below

    def refresh_scroll_bars(self) -> None:
        """Have the border painted where it says how far is scrolled."""
        beside, below = self._tracks()
        before, self.scroll_bars = self.scroll_bars, ScrollBars(beside.thumb, below.thumb)
        if self.scroll_bars == before:
            return
        (left, top), (width, height) = self.content_offset, self.outer_size
        changed = [
            Region(width - 1 - left, y - top, 1, 1) for y in {*self.scroll_bars.beside} ^ {*before.beside}
        ]
        if self.scroll_bars.below != before.below:
            changed.append(Region(-left, height - 1 - top, width, 1))
        self.refresh(*changed)

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """The thumb moves along."""
        super().watch_scroll_x(old_value, new_value)
        self.refresh_scroll_bars()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The thumb moves along."""
        super().watch_scroll_y(old_value, new_value)
        self.refresh_scroll_bars()

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a thumb; where the line beside it is pressed, it comes there."""
        self.held = None
        if event.button != 1:
            return
        outer = self.outer_size
        for upright, thumb, place, in_border in (
            (True, self.scroll_bars.beside, event.y, event.x == outer.width - 1),
            (False, self.scroll_bars.below, event.x, event.y == outer.height - 1),
        ):
            if thumb and in_border and "@click" not in event.style.meta:
                self.held = (upright, place - thumb.start if place in thumb else len(thumb) // 2)
                self.capture_mouse()
                self.screen.clear_selection()  # where a thumb is dragged along, no text is marked
                self._drag(event)
                return

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the thumb that is held."""
        if self.held is not None and event.button and self.app.mouse_captured is self:
            self._drag(event)

    def _drag(self, event: events.MouseEvent) -> None:
        assert self.held is not None
        upright, within = self.held
        beside, below = self._tracks()
        if upright:
            self.scroll_to(y=beside.scrolled_to(event.y - within), animate=False, force=True)
        else:
            self.scroll_to(x=below.scrolled_to(event.x - within), animate=False, force=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go of a thumb; that it was held is known until the mouse is pressed again."""
        if self.held is not None:
            self.release_mouse()
