"""A widget that shows what is in view of a drawing, row by row, and paints only cells that changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import ANSIToTruecolor, DimFilter, LineFilter
from textual.geometry import Offset, Region, Size
from textual.selection import Selection
from textual.strip import Strip

from backprop_tui.cells.drawing import Diffable, Drawing, Lines
from backprop_tui.cells.lines import Line, Span, line_text
from backprop_tui.cells.text import in_ascii
from backprop_tui.cells.troubles import with_troubles
from backprop_tui.textual_private import LaidOutView, ScrolledAtOnce
from backprop_tui.themes import Colouring, Palette, palette
from backprop_tui.widgets.changed_cells import changed_cells
from backprop_tui.widgets.scroll_bars import ScrollBars, with_scroll_bars
from backprop_tui.widgets.strips import paint

__all__ = ["InView", "LineView"]

_MOST_ROWS = 256
"""How many rows are kept from one drawing to the next, each as it was in view at some place."""


class InView(NamedTuple):
    """How far a panel is scrolled, the margin of a centred drawing, and how many cells of it are seen."""

    scrolled: Offset
    margin: Offset
    width: int


class _Look(NamedTuple):
    """What all rows of a widget have in common as long as its style and its size are the same."""

    size: Size
    """That of the widget with its border."""
    rows: range
    """The rows of the widget that show some of the drawing; the others are its border."""
    width: int
    base: Style
    thumb: Style
    roles: Palette
    colours: bool
    in_signs: bool
    """Whether all is in signs of ASCII."""
    filters: Sequence[LineFilter]
    ground: Color


class LineView(ScrolledAtOnce, LaidOutView):
    """Shows its `drawing`, with marks in its border for how far that is scrolled."""

    pinned: int = 0
    """How many rows of the drawing stay at the top while the others are scrolled."""
    centred: bool = False
    """Whether a drawing smaller than the widget is in its middle."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.drawing: Drawing = Lines.of(())
        self.scroll_bars = ScrollBars(range(0), range(0))
        self._rows: dict[tuple[int, InView], Line] = {}
        """Rows of this drawing that were asked for already."""
        self._in_advance: tuple[Drawing, dict[tuple[int, int, int], Line]] | None = None
        """A drawing that may be shown next, and its rows as far as they were made: by their number in it, the
        first cell and how many cells of them.
        """
        self._made: dict[tuple[int, int, int], Line] = {}
        """Those of this drawing."""
        self._painted: dict[int, tuple[int, Line]] = {}
        """What each row showed when it was painted last, and how far that was indented."""
        self._strips: dict[int, Strip] = {}
        """The rows as they were painted, those of the border too, as far as they need not be repainted."""
        self._sides: tuple[Strip, Strip] | None = None
        """What Textual paints to the left and to the right of every row of the drawing."""
        self._kept_look: _Look | None = None
        self._view: InView | None = None
        """What is in view, while rows of it are painted together."""

    # What is in view

    def show(self, drawing: Drawing) -> Drawing:
        """Take another drawing, and return the one before; rows certainly alike are not drawn again."""
        before, self.drawing = self.drawing, drawing
        expected, self._in_advance = self._in_advance, None
        self._made = expected[1] if expected is not None and expected[0] is drawing else {}
        changed_rows = drawing.changed_rows(before) if isinstance(drawing, Diffable) else None
        if changed_rows is None or len(self._rows) > _MOST_ROWS:
            self._rows.clear()
            return before
        for y, view in list(self._rows):
            if self._row_of(y, view.scrolled, view.margin) in changed_rows:
                del self._rows[y, view]
        return before

    def expect(self, drawing: Drawing) -> None:
        """Make those rows in view that may change with a drawing that may be shown next."""
        view, made = self.in_view(), dict[tuple[int, int, int], Line]()
        changed_rows = drawing.changed_rows(self.drawing) if isinstance(drawing, Diffable) else None
        for y in range(self.size.height):
            row = self._row_of(y, view.scrolled, view.margin)
            if changed_rows is None or row in changed_rows:
                part = row, view.scrolled.x, view.width
                made[part] = with_troubles(drawing.row(*part))
        self._in_advance = drawing, made

    def refresh_changed_cells(self) -> None:
        """Have those cells painted that are not as they were."""
        view, (width, height) = self.in_view(), self.size
        changed: list[Region] = []
        for y in range(height):
            indent, before = self._painted.get(y, (-1, ()))
            after = self.row_in_view(y, view)
            if indent != view.margin.x:
                changed.append(Region(0, y, width, 1))
            elif before != after:
                changed += (
                    Region(indent + cells.start, y, len(cells), 1)
                    for cells in changed_cells(before, after, view.width)
                )
        if changed:
            self.refresh(*changed)

    def in_view(self) -> InView:
        """Where what is in view begins, and how wide it is."""
        margin = self.margin_of_drawing
        return InView(self.scroll_offset, margin, max(0, self.size.width - margin.x))

    def row_in_view(self, y: int, view: InView) -> Line:
        """What is in view in row `y` of the panel."""
        known = self._rows.get((y, view))
        if known is None:
            part = self._row_of(y, view.scrolled, view.margin), view.scrolled.x, view.width
            known = self._made.get(part)
            if known is None:
                known = with_troubles(self.drawing.row(*part))
            self._rows[y, view] = known
        return known

    def _row_of(self, y: int, scrolled: Offset, margin: Offset) -> int:
        """The row of the drawing that is in row `y` of the panel."""
        return y if y < self.pinned else scrolled.y + y - margin.y

    def cell_at(self, offset: Offset) -> Offset:
        """The cell of the drawing that is in view at an offset from the first cell inside the border."""
        scrolled, margin = self.scroll_offset, self.margin_of_drawing
        return Offset(offset.x + scrolled.x - margin.x, self._row_of(offset.y, scrolled, margin))

    @property
    def margin_of_drawing(self) -> Offset:
        """Where a centred drawing smaller than the panel begins."""
        if not self.centred:
            return Offset(0, 0)
        free = self.size - Size(self.drawing.width, self.drawing.height)
        return Offset(max(0, free.width // 2), max(0, free.height // 2))

    # How it looks

    @property
    def _few_colours(self) -> bool:
        """Whether the terminal has sixteen."""
        return not self.app.is_headless and self.app.console.color_system in ("standard", "windows")

    @property
    def _colouring(self) -> Colouring:
        """What colours there are to be."""
        return "none" if self.app.no_color else "few" if self._few_colours else "all"

    @property
    def in_characters(self) -> bool:
        """Whether heatmaps are made of characters, for want of colours or of halves of cells."""
        return self.screen.has_class("-ascii") or self._few_colours or self.app.no_color

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All but the one that looks for colours by number: a palette has chosen those that there are."""
        return [
            line_filter
            for line_filter in super().get_line_filters()
            if not isinstance(line_filter, ANSIToTruecolor)
        ]

    @property
    def _look(self) -> _Look:
        """Working it out takes longer than painting a row, so it is kept until it may be another."""
        if self._kept_look is None:
            top, base, styles = self.gutter.top, self.rich_style, self.styles
            filters, ground = self.get_line_filters(), self.background_colors[1]
            roles = palette(self.app.current_theme, self._colouring)
            if not roles.has_dim:
                filters = [one for one in filters if not isinstance(one, DimFilter)]
            thumb = Strip([Segment(" ", base + Style(color=styles.border_title_color.rich_color))])
            for line_filter in filters:
                thumb = thumb.apply_filter(line_filter, ground)
            self._kept_look = _Look(
                self.outer_size,
                range(top, top + self.size.height),
                self.size.width,
                base,
                next(segment.style or base for segment in thumb),
                roles,
                not self.in_characters,
                self.screen.has_class("-ascii"),
                filters,
                ground,
            )
        return self._kept_look

    def forget_look(self) -> None:
        """Paint all rows again, as the widget may look different."""
        self._kept_look = self._sides = None
        self._strips.clear()
        self._painted.clear()

    def notify_style_update(self) -> None:
        """A theme has other colours for the same rows."""
        super().notify_style_update()
        self.refresh()

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Have regions painted, or without any everything."""
        if not regions:
            self.forget_look()
        elif self._strips:
            top = self.content_offset.y
            for region in regions:
                for y in region.line_range:
                    self._strips.pop(y + top, None)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    # Painting

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows to paint, with the thumbs in their border.

        A row of the drawing is put between the cells that Textual paints to its left and right: those are the
        same in all rows, and worked out once for a style. The rows of the border itself are left to Textual.
        """
        size = self.outer_size
        whole = crop.width == size.width
        self._view = self.in_view()
        try:
            if self.screen.selections or "@click" in self.hover_style.meta:
                self._strips.clear()  # marked text, or a link under the mouse, changes what is painted
                strips = super().render_lines(crop)
                return list(map(self._with_scroll_bars, strips, crop.line_range)) if whole else strips
            for y in crop.line_range:
                if y not in self._strips:
                    self._strips[y] = self._with_scroll_bars(self._row_in_frame(y), y)
            strips = [self._strips[y] for y in crop.line_range]
            return strips if whole else [strip.crop(crop.x, crop.right) for strip in strips]
        finally:
            self._view = None

    def _row_in_frame(self, y: int) -> Strip:
        """A row with what is to its left and right; a row of the border."""
        look = self._look
        inside = y in look.rows
        if not inside or self._sides is None:
            width, gutter = self.outer_size.width, self.gutter
            [strip] = super().render_lines(Region(0, y, width, 1))
            if inside:
                self._sides = strip.crop(0, gutter.left), strip.crop(width - gutter.right, width)
            return strip
        row = self._painted_row(y - look.rows.start, self._view or self.in_view())
        for line_filter in look.filters:
            row = row.apply_filter(line_filter, look.ground)
        left, right = self._sides
        return Strip([*left, *row, *right], left.cell_length + row.cell_length + right.cell_length)

    def _with_scroll_bars(self, strip: Strip, y: int) -> Strip:
        look, height = self._look, self.outer_size.height
        return with_scroll_bars(strip, y, height, self.scroll_bars, look.thumb, signs=look.in_signs)

    def render_line(self, y: int) -> Strip:
        """Row `y` of what is in view."""
        view = self._view or self.in_view()
        row = self._row_of(y, view.scrolled, Offset(0, 0))
        strip = self._with_selection(self._painted_row(y, view), row)
        if self._view is not None:
            return strip
        # The mouse asks where in the drawing it is; what is painted need not know that.
        return strip.apply_offsets(view.scrolled.x, row) if self.allow_select else strip

    def _painted_row(self, y: int, view: InView) -> Strip:
        look, line, indent = self._look, self.row_in_view(y, view), view.margin.x
        self._painted[y] = (indent, line)
        if indent:
            line = (Span(" " * indent), *line)
        if look.in_signs:
            line = tuple(Span(in_ascii(span.text), span.role) for span in line)
        return paint(line, look.roles, look.width, look.base, colours=look.colours)

    # Marking text

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
