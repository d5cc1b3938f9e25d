"""The one widget that every panel is: it shows a drawing, scrolls it, and repaints only rows that changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple, TypeAlias

from rich.style import Style as RichStyle
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style

from backprop_engine.explain.lines import Line, Span, line_text
from backprop_engine.text import in_ascii
from backprop_tui.drawing import Area, Comparable, Drawing, Lines
from backprop_tui.paint import paint
from backprop_tui.themes import Palette, palette

__all__ = ["Draw", "InView", "Panel"]

Draw: TypeAlias = Callable[[int, int], Drawing]
"""A drawing for a width and a height in cells."""


_MOST_ROWS = 256
"""So many rows are kept from one drawing to the next, as they were in view at one place or another."""


class InView(NamedTuple):
    """How far a panel is scrolled, the margin of a centred drawing, and how many cells of it are seen."""

    scrolled: Offset
    margin: Offset
    width: int


class _Painting(NamedTuple):
    """What is in view, how wide the panel is, and what cells look like: in colours, in signs of ASCII."""

    view: InView
    width: int
    roles: Palette
    colours: bool
    in_signs: bool


class Panel(ScrollView, can_focus=True, inherit_bindings=False):
    """A view of what `draw(width, height)` gives; it is drawn when its size changes, and on `redraw`."""

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
    Panel { scrollbar-size: 1 1; }
    """

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
        draw: Draw,
        *,
        id: str,
        focusable: bool = True,
        centred: bool = False,
        scrubs: bool = False,
        pinned: int = 0,
        wraps: bool = False,
    ) -> None:
        super().__init__(id=id)
        self.scrubs = scrubs
        """Whether moving the mouse with its button down means clicking on all the way."""
        self.pinned = pinned
        """So many rows of the drawing stay at the top while the others are scrolled."""
        self.wraps = wraps
        """Whether it fills its width with words, which keep a cell away from a scroll bar."""
        self.draw = draw
        self.can_focus = focusable
        self.centred = centred
        self.drawing: Drawing = Lines.of(())
        self._painted: dict[int, tuple[int, Line]] = {}
        self._rows: dict[tuple[int, InView], Line] = {}
        """Rows of this drawing that were asked for already."""
        self._titles: tuple[str, tuple[tuple[str, str], ...]] = ("", ())
        self._kept_base: RichStyle | None = None
        self._painting: _Painting | None = None

    def redraw(self, *, follow: bool = False) -> None:
        """Draw anew; rows that are as before are not painted again.

        What the drawing has its focus on is brought into view where that has moved, or else to `follow` it.
        """
        size = self.size
        if not size:
            return
        drawing = self.draw(size.width, size.height)
        if drawing.height > size.height:  # a scroll bar takes a column
            drawing = self.draw(max(1, size.width - 1 - self.wraps), size.height)
        if drawing is self.drawing and not follow:
            return
        before, self.drawing = self.drawing, drawing
        self._forget_rows(before)
        fits = drawing.width <= size.width and drawing.height <= size.height
        # A size to scroll in is laid out anew; what fits needs none.
        scrolled = Size(0, 0) if fits else Size(drawing.width, drawing.height)
        if scrolled != self.virtual_size and not self._stretched(scrolled):
            self.virtual_size = scrolled
            self.refresh()
            self.call_after_refresh(self.settle, before, follow)
            return
        self.settle(before, follow)  # at once: what is scrolled later is painted twice
        self._refresh_changed_rows()

    def _stretched(self, scrolled: Size) -> bool:
        """Take another size to scroll in, if that needs no layout: the scroll bars that there are stay."""
        room = self.scrollable_content_region.size
        bars = (self.show_horizontal_scrollbar, self.show_vertical_scrollbar)
        if bars != (scrolled.width > room.width, scrolled.height > room.height):
            return False
        self.set_reactive(Panel.virtual_size, scrolled)  # pyright: ignore[reportArgumentType]
        self._scroll_update(scrolled)
        return True

    def settle(self, before: Drawing, follow: bool) -> None:
        """Scroll to what another drawing than `before` has its focus on."""
        focus = self.drawing.focus
        if focus is not None and (follow or focus != before.focus):
            self.bring_into_view(focus)

    def entitle(self, title: str, links: Sequence[tuple[str, str]] = ()) -> None:
        """What stands in the border: a title at the top, and at the bottom texts that do something when they
        are clicked, each with its action. None is taken for markup.

        Only the border is painted anew: Textual's own way to set them paints the whole panel, at every step.
        """
        if (title, tuple(links)) == self._titles:
            return
        self._titles = (title, tuple(links))
        self._border_title = Content(title)
        parts = [Content.styled(text, Style.from_meta({"@click": action})) for text, action in links]
        self._border_subtitle = Content("  ").join(parts) if parts else None
        top, bottom, width = (
            -self.content_offset.y,
            self.outer_size.height - self.content_offset.y - 1,
            self.outer_size.width,
        )
        self.refresh(*(Region(-self.content_offset.x, y, width, 1) for y in (top, bottom)))

    def bring_into_view(self, area: Area) -> None:
        """Scroll no further than it takes to see `area`, with a little room around it."""
        room = self.scrollable_content_region.size
        margin_x = min(4, room.width // 6, max(0, room.width - area.width) // 2)
        margin_y = min(1, room.height // 6, max(0, room.height - area.height) // 2)
        region = Region(*area).grow((max(margin_y, self.pinned), margin_x, margin_y, margin_x))
        self.scroll_to_region(region, animate=False, force=True, immediate=True)

    def _refresh_changed_rows(self) -> None:
        """Have those rows painted that are not as they were."""
        view, (width, height) = self._in_view(), self.size
        changed = [
            Region(0, y, width, 1)
            for y in range(height)
            if self._painted.get(y) != (view.margin.x, self.row_in_view(y, view))
        ]
        if changed:
            self.refresh(*changed)

    def _forget_rows(self, before: Drawing) -> None:
        """Keep those rows of the drawing `before` that are certainly as they were."""
        unlike = self.drawing.unlike(before) if isinstance(self.drawing, Comparable) else None
        if unlike is None or len(self._rows) > _MOST_ROWS:
            self._rows.clear()
            return
        for y, view in list(self._rows):
            if self._row_of(y, view.scrolled, view.margin) in unlike:
                del self._rows[y, view]

    def _in_view(self) -> InView:
        """Where what is in view begins, and how wide it is beside the scroll bar, if there is one.

        The bar below a drawing that is too wide takes a row; for want of that there may be one beside it.
        """
        (across, down), drawing = self.size, self.drawing
        upright = drawing.height > down
        below = drawing.width > across - upright
        width = across - (drawing.height > down - below)
        margin = self.margin_of_drawing
        return InView(self.scroll_offset, margin, max(0, width - margin.x))

    def row_in_view(self, y: int, view: InView) -> Line:
        """What is in view in row `y` of the panel."""
        known = self._rows.get((y, view))
        if known is None:
            row = self._row_of(y, view.scrolled, view.margin)
            known = self._rows[y, view] = self.drawing.row(row, view.scrolled.x, view.width)
        return known

    def _row_of(self, y: int, scrolled: Offset, margin: Offset) -> int:
        """The row of the drawing that stands in row `y` of the panel."""
        return y if y < self.pinned else scrolled.y + y - margin.y

    @property
    def _base(self) -> RichStyle:
        """The panel's own style. Working it out takes longer than painting a row, so it is kept."""
        if self._kept_base is None:
            self._kept_base = self.rich_style
        return self._kept_base

    @property
    def margin_of_drawing(self) -> Offset:
        """Where a centred drawing smaller than the panel begins."""
        if not self.centred:
            return Offset(0, 0)
        free = self.size - Size(self.drawing.width, self.drawing.height)
        return Offset(max(0, free.width // 2), max(0, free.height // 2))

    @property
    def _few_colours(self) -> bool:
        """Whether the terminal has sixteen."""
        return not self.app.is_headless and self.app.console.color_system in ("standard", "windows")

    @property
    def in_characters(self) -> bool:
        """Whether heatmaps are made of characters, for want of colours or of halves of cells."""
        return self.screen.has_class("-ascii") or self._few_colours or self.app.no_color

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All but the one that looks for colours by number: a palette has chosen those that there are."""
        return [one for one in super().get_line_filters() if not isinstance(one, ANSIToTruecolor)]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows to paint."""
        self._painting = self._paint_as()
        try:
            return super().render_lines(crop)
        finally:
            self._painting = None

    def _paint_as(self) -> _Painting:
        """What all rows that are painted together have in common."""
        roles = palette(self.app.current_theme, few=self._few_colours)
        in_signs = self.screen.has_class("-ascii")
        return _Painting(self._in_view(), self.size.width, roles, not self.in_characters, in_signs)

    def render_line(self, y: int) -> Strip:
        """Row `y` of what is in view."""
        view, width, roles, colours, in_signs = self._painting or self._paint_as()
        line = self.row_in_view(y, view)
        indent = view.margin.x
        self._painted[y] = (indent, line)
        if indent:
            line = (Span(" " * indent), *line)
        if in_signs:
            line = tuple(Span(in_ascii(span.text), span.role) for span in line)
        return self._with_selection(paint(line, roles, width, self._base, colours=colours), y, view.scrolled)

    def _with_selection(self, strip: Strip, y: int, scrolled: Offset) -> Strip:
        if not self.allow_select or (self._painting is not None and not self.screen.selections):
            return strip
        left, row = scrolled.x, self._row_of(y, scrolled, Offset(0, 0))
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(row)) is not None:
            start, end = span
            end = strip.cell_length if end == -1 else end
            style = self.screen.get_component_rich_style("screen--selection")
            before, inside, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end)
            strip = Strip.join([before, inside.apply_style(style), after])
        # Where a mark begins is asked of a row made for the mouse alone: what is painted need not know it.
        return strip if self._painting is not None else strip.apply_offsets(left, row)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text that the mouse has marked."""
        margin = self.margin_of_drawing
        rows = [""] * margin.y
        for y in range(self.drawing.height):
            rows.append(" " * margin.x + line_text(self.drawing.row(y, 0, self.drawing.width)))
        text = "\n".join(rows)
        if selection.start is not None and selection.start.y >= len(text.splitlines()):
            return None  # below the last row there is nothing to mark
        return selection.extract(text), "\n"

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Where the panel is scrubbed, say which cell the mouse was drawn to."""
        offset = event.get_content_offset(self)
        if self.scrubs and event.button and offset is not None:
            self._say_clicked(offset, 1)

    def on_click(self, event: events.Click) -> None:
        """Say which cell of the drawing was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None:
            self._say_clicked(offset, event.chain)

    def _say_clicked(self, offset: Offset, times: int) -> None:
        scrolled, margin = self.scroll_offset, self.margin_of_drawing
        x, y = offset.x + scrolled.x - margin.x, self._row_of(offset.y, scrolled, margin)
        self.post_message(self.Clicked(self, x, y, times))

    def on_resize(self) -> None:
        """Everything is drawn for the new size."""
        self._painted.clear()
        self.redraw(follow=True)

    def notify_style_update(self) -> None:
        """A theme has other colours for the same rows."""
        super().notify_style_update()
        self._kept_base = None
        self._painted.clear()
        self.refresh()
