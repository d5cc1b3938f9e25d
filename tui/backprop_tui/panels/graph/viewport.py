"""Where a window on a picture begins: what has to be in it is, and the other boxes are whole or out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backprop_tui.cells.drawing import Area
from backprop_tui.cells.text import cell_width
from backprop_tui.panels.graph.picture import GraphPicture

__all__ = ["area_of_step", "viewport_position"]

_BESIDE = 4
"""So many cells of wire are seen on both sides of what has to be in view, where there is room."""
_APPROACH = 2
"""The cells of a wire and its arrow before a box: they are as good as a part of it."""
_OPERAND = 100
"""An operand of the step counts as so many other boxes: more than are ever near it."""

_Span = tuple[int, int, int]
"""Where a box begins and ends in one direction, and how much it is worth to see all of it."""


_Place = tuple[int, int]
"""Where in a picture a window begins."""


def area_of_step(picture: GraphPicture, width: int, height: int) -> Area | None:
    """What a window of a size should show of the step: as much of both its ends as there is room for.

    All of its own node and of the operand that its gradient goes to, else what is written at both, else at
    least both gradients. Where not even those fit, or the rows, it is its own node, and a part of the way.
    """
    focus, home = picture.focus, picture.node_area
    if focus is None or home is None or (focus.width <= width and focus.height <= height):
        return focus
    stretch = _written(picture, home, width) if focus.height <= height else None
    if stretch is not None:
        first, stop = stretch
        return Area(first, focus.y, stop - first, focus.height)
    across = width // 3
    left, right = (
        max(focus.x, home.x - across),
        min(focus.x + focus.width, home.x + home.width + across),
    )
    return Area(left, home.y, right - left, home.height)


def _written(picture: GraphPicture, home: Area, width: int) -> tuple[int, int] | None:
    """From where the operand's labels begin to where the node's own end, if there is so much room.

    Where only its value is too long for that, it gets what is left behind both gradients.
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


def viewport_position(picture: GraphPicture, area: Area, window: Area, near: _Place, last: _Place) -> _Place:
    """The place for a window from which an area is seen; it can be moved as far as `last`.

    As many boxes as can be are whole, the step's operands first, and as few as can be are cut. Of places
    that are equally good it is the nearest to `near`. Across the window stays where the area is in view.
    """
    x = window.x
    top, bottom = _reach(area.y, area.height, window.height, 0, last[1])
    nearest = min(max(near[1], top), bottom)
    if not x <= area.x <= area.x + area.width <= x + window.width:
        left, right = _reach(area.x, area.width, window.width, _BESIDE, last[0])
        around = list(_boxes_around(picture, Area(left, nearest, right - left + window.width, window.height)))
        spans = [(max(0, one.x - _APPROACH), _end(one, picture), worth) for one, worth in around]
        x = _best(min(max(near[0], left), right), range(left, right + 1), window.width, spans)
    around = list(_boxes_around(picture, Area(x, top, window.width, bottom - top + window.height)))
    inside = ((one, worth) for one, worth in around if x < one.x + one.width and one.x < x + window.width)
    spans = [(one.y, one.y + one.height, worth) for one, worth in inside]
    return x, _best(nearest, range(top, bottom + 1), window.height, spans)


def _end(box: Area, picture: GraphPicture) -> int:
    """Where a box ends; the gap behind its label is none of it. Neither a dot nor the last one has any."""
    end = box.x + box.width
    return end - (picture.scene.density != "dots" and end < picture.width)


def _reach(first: int, size: int, room: int, margin: int, most: int) -> tuple[int, int]:
    """The first and the last place of a window that has a stretch in view, with a margin if there is room.

    At the ends of a picture the margin gives way, or it would cut what stands there by its last cells.
    """
    margin, end = min(margin, max(0, room - size) // 2), first + size
    last = most if most <= first else max(first - margin, 0)
    return 0 if end <= room else min(end + margin - room, last), last


def _boxes_around(picture: GraphPicture, around: Area) -> Iterator[tuple[Area, int]]:
    """The boxes that reach into an area and the operands of the step, and what each is worth."""
    box_of, node = picture.scene.box_of, picture.appearance.nodes[:1]
    operands = {box_of[one]: None for one in (node[0].operands if node else ()) if one in box_of}
    rows = range(around.y, around.y + around.height)
    found = {box: None for y in rows for box in picture.scene.boxes_in(y, around.x, around.x + around.width)}
    for box in operands | found:
        yield picture.area(box), _OPERAND if box in operands else 1


def _best(nearest: int, places: range, room: int, spans: Sequence[_Span]) -> int:
    """The best place: the nearest one, or one at which a box is just in the window or just out of it."""

    def worth(at: int) -> tuple[int, int]:
        seen = 0
        for first, stop, whole in spans:
            if at <= first and stop <= at + room:
                seen += whole
            elif first < at + room and at < stop:
                seen -= 1
        return seen, -abs(at - nearest)

    snapping = {place for first, stop, _ in spans for place in (first, stop, first - room, stop - room)}
    return max(sorted({nearest, *snapping.intersection(places)}), key=worth)
