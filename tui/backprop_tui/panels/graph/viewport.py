"""The position of the viewport: whatever must be in view is, and other boxes are either whole or out of
view.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backprop_tui.cells.drawing import Area
from backprop_tui.cells.text import cell_width
from backprop_tui.panels.graph.picture import GraphPicture

__all__ = ["area_of_step", "viewport_position"]

_BESIDE = 4
"""The cells of wire in view on both sides of what must be in view, where there is room."""
_APPROACH = 2
"""The cells of a wire and its arrow before a box: they count as a part of it."""
_OPERAND = 100
"""An operand of the step is worth this many other boxes: more than are ever near it."""

_Span = tuple[int, int, int]
"""Where a box begins and ends in one direction, and what it is worth to see all of it."""
_Position = tuple[int, int]
"""The column and the row of a picture at which a window begins."""


def area_of_step(picture: GraphPicture, width: int, height: int) -> Area | None:
    """What a window of a size should show of the step: as much of both ends as there is room for.

    That is all of its node and of the operand that its gradient goes to, else the labels of both, else at
    least both gradients. Where not even those fit, or too few rows, it is its node and a part of the way.
    """
    focus, home = picture.focus, picture.node_area
    if focus is None or home is None or (focus.width <= width and focus.height <= height):
        return focus
    columns = _labelled_columns(picture, home, width) if focus.height <= height else None
    if columns is not None:
        first, stop = columns
        return Area(first, focus.y, stop - first, focus.height)
    across = width // 3
    left, right = (
        max(focus.x, home.x - across),
        min(focus.x + focus.width, home.x + home.width + across),
    )
    return Area(left, home.y, right - left, home.height)


def _labelled_columns(picture: GraphPicture, home: Area, width: int) -> tuple[int, int] | None:
    """From where the labels of the operand begin to where those of the node end, if there is room for that.

    Where only the value of the node is too long, it gets what both gradients leave.
    """
    node, operand = picture.appearance.nodes[0].position, picture.appearance.nodes[-1].position
    boxes, box_of = picture.scene.boxes, picture.scene.box_of
    area = picture.area_of(operand)
    if area is None:
        return None
    first, stop = area.x + boxes[box_of[operand]].label_start, _end(home, picture)
    if stop - first <= width:
        return first, stop
    gradient, _ = picture.appearance.gradient(picture.appearance.nodes[0], active=True)
    least = home.x + boxes[box_of[node]].label_start + cell_width(gradient) - first
    return (first, first + width) if picture.scene.density == "full" and least <= width else None


def viewport_position(
    picture: GraphPicture, area: Area, window: Area, near: _Position, last: _Position
) -> _Position:
    """The position of a window that has an area in view, up to the `last` position that there is.

    As many boxes as possible are whole, first of all the operands of the step, and as few as possible are
    cut. Of equally good positions it is the nearest to `near`. The column stays if the area is in view.
    """
    x = window.x
    top, bottom = _positions_in_view(area.y, area.height, window.height, 0, last[1])
    nearest = min(max(near[1], top), bottom)
    if not x <= area.x <= area.x + area.width <= x + window.width:
        left, right = _positions_in_view(area.x, area.width, window.width, _BESIDE, last[0])
        around = list(_boxes_around(picture, Area(left, nearest, right - left + window.width, window.height)))
        spans = [(max(0, box.x - _APPROACH), _end(box, picture), worth) for box, worth in around]
        x = _best(min(max(near[0], left), right), range(left, right + 1), window.width, spans)
    around = list(_boxes_around(picture, Area(x, top, window.width, bottom - top + window.height)))
    spans = [
        (box.y, box.y + box.height, worth)
        for box, worth in around
        if x < box.x + box.width and box.x < x + window.width
    ]
    return x, _best(nearest, range(top, bottom + 1), window.height, spans)


def _end(box: Area, picture: GraphPicture) -> int:
    """Where a box ends, without the gap after its label; neither dots nor the last box have one."""
    end = box.x + box.width
    return end - (picture.scene.density != "dots" and end < picture.width)


def _positions_in_view(first: int, size: int, room: int, margin: int, most: int) -> tuple[int, int]:
    """The first and the last position of a window with an interval in view, and a margin if there is room.

    There is no margin at the ends of a picture, where it would cut off the last cells.
    """
    margin, end = min(margin, max(0, room - size) // 2), first + size
    last = most if most <= first else max(first - margin, 0)
    return 0 if end <= room else min(end + margin - room, last), last


def _boxes_around(picture: GraphPicture, around: Area) -> Iterator[tuple[Area, int]]:
    """The boxes in an area and the operands of the step, with what each is worth."""
    box_of, node = picture.scene.box_of, picture.appearance.nodes[:1]
    positions = node[0].operands if node else ()
    operands = {box_of[position]: None for position in positions if position in box_of}
    rows = range(around.y, around.y + around.height)
    found = {box: None for y in rows for box in picture.scene.boxes_in(y, around.x, around.x + around.width)}
    for box in operands | found:
        yield picture.area(box), _OPERAND if box in operands else 1


def _best(nearest: int, places: range, room: int, spans: Sequence[_Span]) -> int:
    """The best position: the nearest one, or one at which a box is just in the window or just out of it."""

    def worth(at: int) -> tuple[int, int]:
        total = 0
        for first, stop, whole in spans:
            if at <= first and stop <= at + room:
                total += whole
            elif first < at + room and at < stop:
                total -= 1
        return total, -abs(at - nearest)

    snapping = {place for first, stop, _ in spans for place in (first, stop, first - room, stop - room)}
    return max(sorted({nearest, *snapping.intersection(places)}), key=worth)
