"""The one widget that every panel is: it shows a drawing made for its size, and says where it is clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeAlias

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.style import Style

from backprop_tui.cells.drawing import Area, Drawing, Lines
from backprop_tui.cells.text import cell_width
from backprop_tui.textual_private import set_border_subtitle, set_border_title, set_extent
from backprop_tui.widgets.line_view import InView, LineView
from backprop_tui.widgets.scroll_bars import ScrollBars, ScrollTrack

__all__ = ["DrawFunction", "InView", "Panel"]

_AROUND_TITLE = 4
"""The cells of the border that a title takes, with the corner before it and a space on each side."""

DrawFunction: TypeAlias = Callable[[int, int], Drawing]
"""A drawing for a width and a height in cells."""


class Panel(LineView, can_focus=True, inherit_bindings=False):
    """A view of what `draw(width, height)` gives; it is drawn when its size changes, and on `redraw`.

    It is scrolled by keys, by the wheel, and by the bars in its border, which say how far; none of them comes
    or goes.
    """

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
    Panel { overflow: hidden hidden; }
    """

    held: tuple[bool, int] | None = None
    """The thumb that the mouse holds or held last: if it is the upright one, and how far from its start."""

    class Clicked(Message):
        """A cell of the drawing was clicked."""

        def __init__(self, panel: Panel, x: int, y: int, times: int) -> None:
            super().__init__()
            self.panel, self.x, self.y, self.times = panel, x, y, times

        @property
        def control(self) -> Panel:
            """The panel that was clicked, for `on` to select by."""
            return self.panel

    def __init__(
        self,
        draw: DrawFunction,
        *,
        id: str,
        focusable: bool = True,
        centred: bool = False,
        scrubs: bool = False,
        pinned: int = 0,
        scrolls: bool | None = None,
    ) -> None:
        super().__init__(id=id)
        self.draw = draw
        self.can_focus = focusable
        self.centred = centred
        self.scrubs = scrubs
        """Whether moving the mouse with its button down means clicking on all the way."""
        self.pinned = pinned
        self.scrolls = focusable if scrolls is None else scrolls
        """Whether one can go to what does not fit; without a focus there is none, unless it is said."""
        self._settling = False
        """Whether all that changes is painted in the end, wherever it is scrolled to until then."""
        self._extent: tuple[Size, Size] | None = None
        """How much there is to scroll in, and how much of it is seen."""
        self._drawn_in_time = False
        """Whether it has been drawn for its size before the event that says so."""
        self._title = ""
        self._links: tuple[tuple[str, str], ...] = ()

    # Drawing

    def redraw(self, *, follow: bool = False) -> None:
        """Draw again; rows that are as before are not painted again.

        What the drawing has its focus on is brought into view where that has moved, or else to `follow` it.
        """
        size = self.size
        if not size:
            return
        self.is_released = False
        drawing = self.draw(size.width, size.height)
        if drawing is self.drawing and not follow:
            return
        before = self.show(drawing)
        if self.scrolls:
            self.take_extent(Size(drawing.width, drawing.height))
        self._settling = True
        self.settle(before, follow)
        self._settling = False
        self.refresh_scrolled()

    def release(self) -> None:
        """Release the drawing, and the run that it was made from, while the panel is not visible."""
        self.is_released = True
        if self.drawing.height or not isinstance(self.drawing, Lines):
            self.show(Lines((), 0, self.drawing.focus))

    def settle(self, before: Drawing, follow: bool) -> None:
        """Scroll to what another drawing than `before` has its focus on, or else to the beginning."""
        focus = self.drawing.focus
        if focus is not None and (follow or focus != before.focus):
            self.bring_into_view(focus)
        elif focus is None and before.focus is not None:
            self.scroll_to(0, 0, force=True)

    def laid_out(self) -> None:
        """Everything is drawn for the new size."""
        self.forget_look()
        self.redraw(follow=True)
        self._drawn_in_time = True

    def on_resize(self) -> None:
        """The same, unless that is done: a panel may be seen again in the size that it had."""
        if not self._drawn_in_time:
            self.laid_out()
        self._drawn_in_time = False

    def entitle(self, title: str, links: Sequence[tuple[str, str]] = ()) -> None:
        """What is in the border: a title at the top, and at the bottom texts that do something when they
        are clicked, each with its action. None is read as markup.

        Only the border is repainted: Textual's own way to set them paints the whole panel, at every step.
        """
        (left, above), (width, height) = self.content_offset, self.outer_size
        if title != self._title:
            longer = max(map(cell_width, (title, self._title)))
            self._title = title
            set_border_title(self, Content(title))
            self.refresh(Region(-left, -above, min(width, longer + _AROUND_TITLE), 1))
        if tuple(links) != self._links:
            self._links = tuple(links)
            parts = [Content.styled(text, Style.from_meta({"@click": action})) for text, action in links]
            set_border_subtitle(self, Content("  ").join(parts) if parts else None)
            self.refresh(Region(-left, height - above - 1, width, 1))

    # Scrolling

    def take_extent(self, extent: Size) -> None:
        """Have this much to scroll in. Nothing is laid out for that: it changes no place on the screen."""
        if (extent, self.size) == self._extent:
            return
        self._extent = extent, self.size
        set_extent(self, extent)
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
        self.scroll_to_region(region, force=True, immediate=True)

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
        """Paint what is another in view now; Textual's own way paints the whole panel."""
        if not self._settling:
            self.refresh_scrolled()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The same, up and down."""
        if not self._settling:
            self.refresh_scrolled()

    def refresh_scrolled(self) -> None:
        """Have painted what is another in view, and the thumbs where they are elsewhere."""
        self.refresh_scroll_bars()
        self.refresh_changed_cells()

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

    def _drag(self, event: events.MouseEvent) -> None:
        assert self.held is not None
        upright, within = self.held
        beside, below = self._tracks()
        if upright:
            self.scroll_to(y=beside.scrolled_to(event.y - within), force=True)
        else:
            self.scroll_to(x=below.scrolled_to(event.x - within), force=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go of a thumb; that it was held is known until the mouse is pressed again."""
        if self.held is not None:
            self.release_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the thumb that is held; where the panel is scrubbed, say which cell the mouse was drawn to."""
        offset = event.get_content_offset(self)
        if self.held is not None:
            if event.button and self.app.mouse_captured is self:
                self._drag(event)
        elif self.scrubs and event.button and offset is not None:
            self._say_clicked(offset, 1)

    def on_click(self, event: events.Click) -> None:
        """Say which cell of the drawing was clicked, unless a thumb was dragged there."""
        offset = event.get_content_offset(self)
        if offset is not None and self.held is None:
            self._say_clicked(offset, event.chain)

    def _say_clicked(self, offset: Offset, times: int) -> None:
        self.post_message(self.Clicked(self, *self.cell_at(offset), times))
