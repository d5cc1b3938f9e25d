"""The one widget that every panel is: it shows a drawing made for its size, and says where it is clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from textual import events
from textual.content import Content
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.style import Style

from backprop_tui.cells.drawing import Drawing
from backprop_tui.widgets.line_view import InView
from backprop_tui.widgets.scrolled import Scrolled

__all__ = ["DrawFunction", "InView", "Panel"]

DrawFunction: TypeAlias = Callable[[int, int], Drawing]
"""A drawing for a width and a height in cells."""


class Panel(Scrolled, can_focus=True):
    """A view of what `draw(width, height)` gives; it is drawn when its size changes, and on `redraw`."""

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
        self._title = ""
        self._links: tuple[tuple[str, str], ...] = ()

    # Drawing

    def redraw(self, *, follow: bool = False) -> None:
        """Draw anew; rows that are as before are not painted again.

        What the drawing has its focus on is brought into view where that has moved, or else to `follow` it.
        """
        size = self.size
        if not size:
            return
        drawing = self.draw(size.width, size.height)
        if drawing is self.drawing and not follow:
            return
        before = self.show(drawing)
        if self.scrolls:
            self.take_extent(Size(drawing.width, drawing.height))
        self.settle(before, follow)
        self.refresh_scroll_bars()
        self.refresh_changed_rows()

    def settle(self, before: Drawing, follow: bool) -> None:
        """Scroll to what another drawing than `before` has its focus on, or else to the beginning."""
        focus = self.drawing.focus
        if focus is not None and (follow or focus != before.focus):
            self.bring_into_view(focus)
        elif focus is None and before.focus is not None:
            self.scroll_to(0, 0, animate=False, force=True)

    def on_resize(self) -> None:
        """Everything is drawn for the new size."""
        self.forget_look()
        self.redraw(follow=True)

    def entitle(self, title: str, links: Sequence[tuple[str, str]] = ()) -> None:
        """What stands in the border: a title at the top, and at the bottom texts that do something when they
        are clicked, each with its action. None is taken for markup.

        Only the border is painted anew: Textual's own way to set them paints the whole panel, at every step.
        """
        (left, above), (width, height) = self.content_offset, self.outer_size
        if title != self._title:
            self._title, self._border_title = title, Content(title)
            self.refresh(Region(-left, -above, width, 1))
        if tuple(links) != self._links:
            self._links = tuple(links)
            parts = [Content.styled(text, Style.from_meta({"@click": action})) for text, action in links]
            self._border_subtitle = Content("  ").join(parts) if parts else None
            self.refresh(Region(-left, height - above - 1, width, 1))

    # The mouse

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Where the panel is scrubbed, say which cell the mouse was drawn to."""
        offset = event.get_content_offset(self)
        if self.scrubs and event.button and offset is not None and self.held is None:
            self._say_clicked(offset, 1)

    def on_click(self, event: events.Click) -> None:
        """Say which cell of the drawing was clicked, unless a thumb was dragged there."""
        offset = event.get_content_offset(self)
        if offset is not None and self.held is None:
            self._say_clicked(offset, event.chain)

    def _say_clicked(self, offset: Offset, times: int) -> None:
        self.post_message(self.Clicked(self, *self.cell_at(offset), times))
