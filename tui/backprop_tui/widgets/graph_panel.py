"""The panel of the graph: it follows the step, keeps its place in another picture, and has a minimap.

In an app with motion a pulse runs along the wires of a step just taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.timer import Timer

from backprop_tui.cells.drawing import Area, Drawing
from backprop_tui.cells.lines import Line, Span, crop_line, line_width
from backprop_tui.panels.graph import GraphPicture
from backprop_tui.panels.graph.minimap import Minimap, minimap
from backprop_tui.panels.graph.viewport import area_of_step, viewport_position
from backprop_tui.widgets.panel import InView, Panel

if TYPE_CHECKING:
    from backprop_tui.panels.graph.pulse import Pulse

__all__ = ["GraphPanel"]

_PULSE = 0.25
"""The seconds that a pulse takes."""
_LEAP, _STRIDE = 2, 10
"""A large step is a half of the panel, a small one a tenth."""


class _Anchor(NamedTuple):
    """A node, and where in the panel its picture begins."""

    node: int
    at: Offset


class GraphPanel(Panel, inherit_bindings=True):
    """It is dragged by the mouse, and moves in large steps as well."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+left", "stride(-1)", show=False),
        Binding("shift+right", "stride(1)", show=False),
        Binding("ctrl+left,H", "leap(-1, 0)", show=False),
        Binding("ctrl+down,J", "leap(0, 1)", show=False),
        Binding("ctrl+up,K", "leap(0, -1)", show=False),
        Binding("ctrl+right,L", "leap(1, 0)", show=False),
    ]
    ALLOW_SELECT = False
    """The mouse drags the picture; it marks no text."""

    class Zoomed(Message):
        """The wheel was turned with Ctrl held: nearer, or farther away."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    _grabbed: tuple[Offset, Offset] | None = None
    """Where the mouse took hold of the picture, and how far that was scrolled."""
    _dragged: bool = False
    _map: tuple[Drawing, Offset, Minimap | None] | None = None
    """The drawing, how far it was scrolled, and the map of that."""

    _pulse: Pulse | None = None
    _heart: Timer | None = None
    """What moves the pulse on."""

    # Following

    def redraw(self, *, follow: bool = False) -> None:
        """Draw again; what another picture shows of the same nodes stays where it was."""
        self._kept = self._place()
        super().redraw(follow=follow)

    _kept: _Anchor | None = None

    def release(self) -> None:
        """The picture stays: what was in view is kept in view by it."""

    def settle(self, before: Drawing, follow: bool) -> None:
        """Keep the place in another picture; then scroll no further than the step or a choice asks."""
        picture = self.drawing
        self._stop_pulse()
        if not isinstance(picture, GraphPicture):
            super().settle(before, follow)
            return
        if not isinstance(before, GraphPicture):
            self._follow(picture)
            return
        if picture.scene is not before.scene and self._kept is not None:
            self._keep(picture, self._kept)
            follow |= self._kept.node in [node.position for node in picture.appearance.nodes[:1]]
        chosen = picture.area_of(picture.appearance.selection)
        if picture.appearance.selection != before.appearance.selection and chosen is not None:
            self.bring_into_view(chosen)
        elif follow or not picture.appearance.same_position(before.appearance):
            self._follow(picture)
        if picture.appearance.is_just_after(before.appearance) and self.app.has_class("-animated"):
            self._start_pulse(picture)

    def _follow(self, picture: GraphPicture) -> None:
        """Bring the step into view; before the first one that is the beginning."""
        wanted = area_of_step(picture, *self.size)
        if wanted is None:
            self._go(Offset(0, 0))
        else:
            self.bring_into_view(wanted)

    def bring_into_view(self, area: Area) -> None:
        """Scroll not at all where it is in view, else to where it is seen among whole units.

        What is more than a panel away comes to about the middle.
        """
        picture, window = self.drawing, self.window
        if _covers(window, area):
            return
        if not isinstance(picture, GraphPicture):
            super().bring_into_view(area)
            return
        far_across = area.x > window.x + 2 * window.width or area.x + area.width < window.x - window.width
        far_down = area.y > window.y + 2 * window.height or area.y + area.height < window.y - window.height
        near = self._centred(area) if far_across or far_down else self.scroll_offset
        self._go(
            Offset(*viewport_position(picture, area, window, near, (self.max_scroll_x, self.max_scroll_y)))
        )

    def centre(self, area: Area) -> None:
        """Scroll so that an area is in the middle."""
        self._go(self._centred(area))

    def _centred(self, area: Area) -> Offset:
        window = self.window
        return Offset(
            area.x + area.width // 2 - window.width // 2, area.y + area.height // 2 - window.height // 2
        )

    @property
    def window(self) -> Area:
        """The cells of the drawing that are in view."""
        room = self.size
        return Area(*self.scroll_offset, *room)

    def _place(self) -> _Anchor | None:
        """What stays where it is when the picture changes: the step, else what is nearest to the middle."""
        picture, window = self.drawing, self.window
        if not isinstance(picture, GraphPicture):
            return None
        home, node = picture.node_area, picture.appearance.nodes[:1]
        if home is None or not node or not _meets(home, window):
            box = picture.nearest(window.x + window.width // 2, window.y + window.height // 2, window)
            if box is None:
                return None
            node, home = (picture.scene.boxes[box].node,), picture.area(box)
        return _Anchor(node[0].position, Offset(home.x, home.y) - self.scroll_offset + self.margin_of_drawing)

    def _keep(self, picture: GraphPicture, anchor: _Anchor) -> None:
        """Scroll so that a node is where it was in the panel."""
        area = picture.area_of(anchor.node)
        if area is not None:
            self._go(Offset(area.x, area.y) + self.margin_of_drawing - anchor.at)

    def _go(self, to: Offset) -> None:
        x = min(max(to.x, 0), self.max_scroll_x)
        y = min(max(to.y, 0), self.max_scroll_y)
        self.scroll_to(x, y, force=True, immediate=True)

    def action_leap(self, across: int, down: int) -> None:
        """A large step."""
        window = self.window
        self._go(self.scroll_offset + Offset(across * window.width // _LEAP, down * window.height // _LEAP))

    def action_stride(self, across: int) -> None:
        """A small step along a row: a single column would hardly move the picture."""
        self._go(self.scroll_offset + Offset(across * max(1, self.window.width // _STRIDE), 0))

    # The pulse

    def _start_pulse(self, picture: GraphPicture) -> None:
        from backprop_tui.panels.graph.pulse import BEATS, Pulse  # no first screen has one

        pulse = Pulse(picture)
        if pulse:
            self._pulse = pulse
            self._heart = self.set_interval(_PULSE / BEATS, self._beat)

    def _beat(self) -> None:
        """Move the pulse on: only the cells that it leaves and comes to are painted."""
        if self._pulse is None:
            return
        left = self._pulse.cells.keys()
        self._pulse.move()
        changed = left | self._pulse.cells.keys()
        if not self._pulse:
            self._stop_pulse()
        shift = self.margin_of_drawing - self.scroll_offset
        self.refresh(*(Region(x + shift.x, y + shift.y, 1, 1) for x, y in changed))

    def _stop_pulse(self) -> None:
        if self._heart is not None:
            self._heart.stop()
        self._pulse = self._heart = None

    def _with_pulse(self, row: Line, y: int, view: InView) -> Line:
        """A row of the panel with the pulse, where that is in it."""
        if self._pulse is None:
            return row
        for (x, line), mark in self._pulse.cells.items():
            at = x - view.scrolled.x
            if line == y + view.scrolled.y - view.margin.y and 0 <= at < view.width:
                row = (*crop_line(row, 0, at), mark, *crop_line(row, at + 1, view.width))
        return row

    # The minimap

    @property
    def minimap(self) -> Minimap | None:
        """The map of what is in view now; worked out once for all rows."""
        return self._map_for(self.scroll_offset)

    def _map_for(self, scrolled: Offset) -> Minimap | None:
        picture = self.drawing
        if self._map is None or self._map[0] is not picture or self._map[1] != scrolled:
            shown = None
            if isinstance(picture, GraphPicture) and picture.mapped:
                margin = self.margin_of_drawing
                shown = minimap(picture, self.window, (margin.x, margin.y))
            self._map = (picture, scrolled, shown)
        return self._map[2]

    def row_in_view(self, y: int, view: InView) -> Line:
        """A row of the panel, with that of the minimap in it."""
        shown = self._map_for(view.scrolled)
        if shown is None or not shown.area.y <= y < shown.area.y + shown.area.height:
            return self._with_pulse(super().row_in_view(y, view), y, view)
        upper, x = shown.lines[y - shown.area.y], shown.area.x - view.margin.x
        beside = x + shown.area.width
        before = self._stretch(y, view, 0, max(0, x))
        after = self._stretch(y, view, beside, max(0, view.width - beside))
        return (*before, Span(" " * (x - line_width(before))), *upper, *after)

    def _stretch(self, y: int, view: InView, start: int, width: int) -> Line:
        """A part of what would be in view in row `y` without the minimap."""
        scrolled = view.scrolled + Offset(start, 0)
        return super().row_in_view(y, InView(scrolled, view.margin, width))

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the picture."""
        if event.button == 1 and event.get_content_offset(self) is not None:
            self._grabbed, self._dragged = (event.screen_offset, self.scroll_offset), False
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the picture."""
        if self._grabbed is None or not event.button or self.app.mouse_captured is not self:
            return
        start, scrolled = self._grabbed
        moved = event.screen_offset - start
        if moved != Offset(0, 0):
            self._dragged = True
            self._go(scrolled - moved)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go of it."""
        self._grabbed = None
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Where the mouse dragged nothing: a place in the minimap, or a node."""
        event.prevent_default()
        if self._dragged or self.held is not None:
            return
        offset = event.get_content_offset(self)
        shown = self.minimap
        target = shown.target(offset.x, offset.y) if shown is not None and offset is not None else None
        if target is not None:
            self.centre(Area(*target, 1, 1))
        else:
            super().on_click(event)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """With Ctrl, farther away."""
        self._zoom(event, -1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """With Ctrl, nearer."""
        self._zoom(event, 1)

    def _zoom(self, event: events.MouseEvent, by: int) -> None:
        if event.ctrl:
            event.stop()
            event.prevent_default()
            self.post_message(self.Zoomed(by))


def _covers(window: Area, area: Area) -> bool:
    return (
        window.x <= area.x
        and area.x + area.width <= window.x + window.width
        and window.y <= area.y
        and area.y + area.height <= window.y + window.height
    )


def _meets(area: Area, window: Area) -> bool:
    return (
        area.x < window.x + window.width
        and window.x < area.x + area.width
        and area.y < window.y + window.height
        and window.y < area.y + area.height
    )
