"""The one widget that every panel is: it shows a drawing, scrolls it, and repaints only rows that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from typing import ClassVar, NamedTuple, Self, TypeAlias

from rich.style import Style as RichStyle
from textual import events
from textual.binding import Binding, BindingType
from textual.color import Color
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
from backprop_tui.widgets.thumbs import Thumbs, Track, marked

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
    """What is in view, where that stands in the panel, and what its cells look like."""

    view: InView
    width: int
    rows: tuple[int, int]
    """The first row of the panel that shows some of the drawing, and the one behind the last."""
    roles: Palette
    colours: bool
    in_signs: bool
    """Whether all is in signs of ASCII."""
    filters: Sequence[LineFilter]
    ground: Color


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
    Panel { overflow: hidden hidden; }
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
        scrolls: bool | None = None,
    ) -> None:
        super().__init__(id=id)
        self.scrubs = scrubs
        """Whether moving the mouse with its button down means clicking on all the way."""
        self.pinned = pinned
        """So many rows of the drawing stay at the top while the others are scrolled."""
        self.scrolls = focusable if scrolls is None else scrolls
        """Whether one can go to what does not fit; that which has no focus fits, unless it is said otherwise."""
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
        self._strips: dict[int, Strip] = {}
        """The rows as they were painted, those of the border too, as far as they need not be painted anew."""
        self._sides: tuple[Strip, Strip] | None = None
        """What stands to the left and to the right of every row of the drawing."""
        self._thumbs = Thumbs(range(0), range(0))
        self._held: tuple[bool, int] | None = None
        """The thumb that the mouse holds, whether it is the upright one, and how far from its beginning."""

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
        before, self.drawing = self.drawing, drawing
        self._forget_rows(before)
        if self.scrolls:
            self._take_extent(Size(drawing.width, drawing.height))
        self.settle(before, follow)
        self._refresh_thumbs()
        self._refresh_changed_rows()

    def _take_extent(self, extent: Size) -> None:
        """So much there is to scroll in. Nothing is laid out for that: it changes no place on the screen."""
        self.set_reactive(Panel.virtual_size, extent)  # pyright: ignore[reportArgumentType]
        self.scroll_x, self.scroll_y = min(self.scroll_x, self.max_scroll_x), min(self.scroll_y, self.max_scroll_y)

    @property
    def allow_vertical_scroll(self) -> bool:
        """Whether there is more than fits, above or below."""
        return self.max_scroll_y > 0

    @property
    def allow_horizontal_scroll(self) -> bool:
        """Whether there is more than fits, to the left or the right."""
        return self.max_scroll_x > 0

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
        room = self.size
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
        """Where what is in view begins, and how wide it is."""
        margin = self.margin_of_drawing
        return InView(self.scroll_offset, margin, max(0, self.size.width - margin.x))

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
        """The rows to paint, with the thumbs in their border.

        A row of the drawing is put between the cells that Textual paints to its left and right: those are the
        same in all rows, and worked out once for a style. The rows of the border itself are left to Textual.
        """
        whole = crop.width == self.outer_size.width
        if not whole or self.screen.selections or "@click" in self.hover_style.meta:
            self._strips.clear()  # marked text, or a link under the mouse, changes what is painted
            with self._paint_as() as painting:
                strips = super().render_lines(crop)
                return list(map(self._with_thumbs, strips, crop.line_range, repeat(painting))) if whole else strips
        missing = [y for y in crop.line_range if y not in self._strips]
        if missing:
            with self._paint_as() as painting:
                for y in missing:
                    self._strips[y] = self._with_thumbs(self._row_in_frame(y, painting), y, painting)
        return [self._strips[y] for y in crop.line_range]

    def _row_in_frame(self, y: int, painting: _Painting) -> Strip:
        """A row with what stands to its left and right; a row of the border."""
        top, bottom = painting.rows
        inside = top <= y < bottom
        if not inside or self._sides is None:
            width = self.outer_size.width
            [strip] = super().render_lines(Region(0, y, width, 1))
            if inside:
                gutter = self.gutter
                self._sides = strip.crop(0, gutter.left), strip.crop(width - gutter.right, width)
            return strip
        row = self.render_line(y - top)
        for one in painting.filters:
            row = row.apply_filter(one, painting.ground)
        left, right = self._sides
        return Strip([*left, *row, *right], left.cell_length + row.cell_length + right.cell_length)

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Have regions painted, or without any everything, as the panel may look different."""
        if not regions:
            self._strips.clear()
            self._sides = None
        elif self._strips:
            top = self.content_offset.y
            for region in regions:
                for y in region.line_range:
                    self._strips.pop(y + top, None)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _with_thumbs(self, strip: Strip, y: int, painting: _Painting) -> Strip:
        if not any(self._thumbs):
            return strip
        style = self._base + RichStyle(color=(self.styles.border_title_color or self.styles.color).rich_color)
        return marked(strip, y, self.outer_size.height, self._thumbs, style, signs=painting.in_signs)

    @contextmanager
    def _paint_as(self) -> Iterator[_Painting]:
        """What all rows that are painted together have in common, worked out once for them."""
        top = self.gutter.top
        self._painting = _Painting(
            self._in_view(),
            self.size.width,
            (top, top + self.size.height),
            palette(self.app.current_theme, few=self._few_colours),
            not self.in_characters,
            self.screen.has_class("-ascii"),
            self.get_line_filters(),
            self.background_colors[1],
        )
        try:
            yield self._painting
        finally:
            self._painting = None

    def render_line(self, y: int) -> Strip:
        """Row `y` of what is in view."""
        if self._painting is not None:
            return self._painted_row(y, self._painting)
        # The mouse asks where in the drawing it is; what is painted need not know that.
        with self._paint_as() as painting:
            strip, scrolled = self._painted_row(y, painting), painting.view.scrolled
        return strip.apply_offsets(scrolled.x, self._row_of(y, scrolled, Offset(0, 0))) if self.allow_select else strip

    def _painted_row(self, y: int, painting: _Painting) -> Strip:
        view = painting.view
        line = self.row_in_view(y, view)
        indent = view.margin.x
        self._painted[y] = (indent, line)
        if indent:
            line = (Span(" " * indent), *line)
        if painting.in_signs:
            line = tuple(Span(in_ascii(span.text), span.role) for span in line)
        strip = paint(line, painting.roles, painting.width, self._base, colours=painting.colours)
        return self._with_selection(strip, self._row_of(y, view.scrolled, Offset(0, 0)))

    def _with_selection(self, strip: Strip, row: int) -> Strip:
        """A row with what the mouse has marked in it."""
        if not (self.allow_select and self.screen.selections):
            return strip
        selection = self.text_selection
        if selection is None or (span := selection.get_span(row)) is None:
            return strip
        start, end = span
        end = strip.cell_length if end == -1 else end
        style = self.screen.get_component_rich_style("screen--selection")
        before, inside, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end)
        return Strip.join([before, inside.apply_style(style), after])

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

    # What is scrolled

    def _tracks(self) -> tuple[Track, Track]:
        """The lines in the last column and in the last row, where a border or a margin has room for them."""
        outer, (across, down), gutter = self.outer_size, self.size, self.gutter
        extent, scrolled = self.virtual_size, self.scroll_offset
        beside = Track(gutter.top, down if gutter.right else 0, down, extent.height, scrolled.y)
        below = Track(1, outer.width - 2 if gutter.bottom else 0, across, extent.width, scrolled.x)
        return beside, below

    def _refresh_thumbs(self) -> None:
        """Have the border painted where it says how far is scrolled."""
        beside, below = self._tracks()
        thumbs = Thumbs(beside.thumb, below.thumb)
        if thumbs == self._thumbs:
            return
        before, self._thumbs = self._thumbs, thumbs
        (left, top), (width, height) = self.content_offset, self.outer_size
        changed = [Region(width - 1 - left, y - top, 1, 1) for y in {*thumbs.beside} ^ {*before.beside}]
        if thumbs.below != before.below:
            changed.append(Region(-left, height - 1 - top, width, 1))
        self.refresh(*changed)

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """The thumb moves along."""
        super().watch_scroll_x(old_value, new_value)
        self._refresh_thumbs()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The thumb moves along."""
        super().watch_scroll_y(old_value, new_value)
        self._refresh_thumbs()

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a thumb; where the line beside it is pressed, it comes there."""
        self._held = None
        if event.button != 1:
            return
        at, outer = (event.x, event.y), self.outer_size
        for upright, thumb in ((True, self._thumbs.beside), (False, self._thumbs.below)):
            in_border = event.x == outer.width - 1 if upright else event.y == outer.height - 1
            if thumb and in_border and not event.style.meta:
                place = at[upright]
                self._held = (upright, place - thumb.start if place in thumb else len(thumb) // 2)
                self.capture_mouse()
                self._drag_thumb(place)
                event.prevent_default()
                return

    def _drag_thumb(self, place: int) -> None:
        assert self._held is not None
        upright, within = self._held
        beside, below = self._tracks()
        if upright:
            self.scroll_to(y=beside.scrolled_to(place - within), animate=False, force=True)
        else:
            self.scroll_to(x=below.scrolled_to(place - within), animate=False, force=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go of a thumb."""
        if self._held is not None:
            self.release_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the thumb; where the panel is scrubbed, say which cell the mouse was drawn to."""
        if self._held is not None:
            if event.button:
                self._drag_thumb(event.y if self._held[0] else event.x)
            return
        offset = event.get_content_offset(self)
        if self.scrubs and event.button and offset is not None:
            self._say_clicked(offset, 1)

    def on_click(self, event: events.Click) -> None:
        """Say which cell of the drawing was clicked, unless a thumb was dragged there."""
        offset = event.get_content_offset(self)
        if offset is not None and self._held is None:
            self._say_clicked(offset, event.chain)

    def _say_clicked(self, offset: Offset, times: int) -> None:
        scrolled, margin = self.scroll_offset, self.margin_of_drawing
        x, y = offset.x + scrolled.x - margin.x, self._row_of(offset.y, scrolled, margin)
        self.post_message(self.Clicked(self, x, y, times))

    def on_resize(self) -> None:
        """Everything is drawn for the new size."""
        self._painted.clear()
        self._strips.clear()
        self.redraw(follow=True)

    def notify_style_update(self) -> None:
        """A theme has other colours for the same rows."""
        super().notify_style_update()
        self._kept_base = None
        self._painted.clear()
        self.refresh()
