"""The minimap: all of a drawing that is larger than its panel, with a frame for what is in view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from math import isfinite
from operator import or_

from msgspec import Struct

from backprop_engine.derived import derived
from backprop_tui.cells.drawing import Area
from backprop_tui.cells.lines import Line, Role, Span, Tint
from backprop_tui.layout import Route, stretches
from backprop_tui.panels.graph.appearance import NodeStatus, styled_lines
from backprop_tui.panels.graph.cell_row import CellRow, as_line, put_label
from backprop_tui.panels.graph.picture import GraphPicture
from backprop_tui.scene.scene import Scene

__all__ = ["Minimap", "minimap"]

_FEWEST = 44, 8
"""In a panel with fewer columns or rows, it would hide too much."""
_SEEN = 3, 4
"""With this part of the picture in view, it says little, and must not hide anything."""
_MOST = 30, 7
_SMALLER = 1, 2 / 3, 1 / 2, 0
"""How large it is, of what it may be, where there is no place for a larger one; at last as small as any."""
_SHARE = 4
"""It takes at most this fraction of the panel in each direction: one of four."""
_LOOKED_AT = 8
"""The most boxes, or wires, whose gradients give a cell its colour."""
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The dots of a braille cell, by column and row."""
_SHADES = " .:#"
"""In ASCII, by how much of a cell is covered."""


class Minimap(Struct, frozen=True, eq=False):
    """The lines of a minimap, and the area of the panel that it covers, border included."""

    area: Area
    lines: tuple[Line, ...]
    drawing: tuple[int, int]

    def target(self, x: int, y: int) -> tuple[int, int] | None:
        """The cell of the drawing that a cell of the panel stands for; None outside the map."""
        left, top, width, height = self.area
        if not (left <= x < left + width and top <= y < top + height):
            return None
        across = min(max(x - left - 1, 0), width - 3)
        down = min(max(y - top - 1, 0), height - 3)
        return (
            (2 * across + 1) * self.drawing[0] // (2 * (width - 2)),
            (2 * down + 1) * self.drawing[1] // (2 * (height - 2)),
        )


class _Overview(Struct, frozen=True, eq=False):
    """What each cell of the map holds: its dots, and some of its boxes and of the wires through it."""

    dots: dict[tuple[int, int], int]
    boxes: dict[tuple[int, int], tuple[int, ...]]
    wires: dict[tuple[int, int], tuple[int, ...]]


@derived(limit=8)
def _overview(scene: Scene, width: int, height: int) -> _Overview:
    """The boxes and wires of a scene in `width` by `height` cells of two by four dots."""
    dots: dict[tuple[int, int], int] = {}
    boxes: dict[tuple[int, int], dict[int, None]] = {}
    wires: dict[tuple[int, int], dict[int, None]] = {}
    for index in range(len(scene.boxes)):
        across, down = _dots(scene, index, width, height)
        for column in across:
            boxes.setdefault(_put_dot(dots, column, down), {})[index] = None
    for leg, route in enumerate(scene.layout.routes):
        for column, row in _dots_of_wire(scene, route, width, height):
            wires.setdefault(_put_dot(dots, column, row), {})[leg] = None
    return _Overview(dots, _some(boxes), _some(wires))


def _some(found: Mapping[tuple[int, int], Mapping[int, None]]) -> dict[tuple[int, int], tuple[int, ...]]:
    """At most as many items of each cell as are looked at."""
    return {cell: tuple(inside)[:: 1 + len(inside) // _LOOKED_AT] for cell, inside in found.items()}


def _put_dot(dots: dict[tuple[int, int], int], column: int, row: int) -> tuple[int, int]:
    """Set a dot; returns its cell."""
    cell = (column // 2, row // 4)
    dots[cell] = dots.get(cell, 0) | _DOTS[column % 2][row % 4]
    return cell


def _dots_of_wire(scene: Scene, route: Route, width: int, height: int) -> Iterator[tuple[int, int]]:
    """The columns and rows of dots that a wire runs through."""
    columns, rows = scene.layout.width, scene.layout.height

    def dot(x: int, y: int) -> tuple[int, int]:
        return min(x, columns - 1) * width * 2 // columns, (2 * y + 1) * height * 2 // rows

    for start, stop in stretches(route):
        (first, top), (last, bottom) = dot(*start), dot(*stop)
        for column in range(min(first, last), max(first, last) + 1):
            for row in range(min(top, bottom), max(top, bottom) + 1):
                yield column, row


def _dots(scene: Scene, box: int, width: int, height: int) -> tuple[range, int]:
    """The columns of dots that a box reaches, and its row of dots: that of its middle."""
    x, y = scene.layout.origins[box]
    middle = 2 * y + scene.boxes[box].height
    columns, rows = scene.layout.width, scene.layout.height
    first, stop = x * width * 2 // columns, (x + scene.boxes[box].width) * width * 2 // columns
    return range(first, max(stop, first + 1)), middle * height * 2 // rows


def minimap(picture: GraphPicture, window: Area, margin: tuple[int, int] = (0, 0)) -> Minimap | None:
    """The map for a panel that shows `window` of a picture.

    It is in a corner, or else at an edge, where it hides nothing of the picture, which begins `margin`
    cells inside the panel. There is no map where there is no such place, if half of each box is in view and
    most of the picture, or if the panel is too small.
    """
    if window.width < _FEWEST[0] or window.height < _FEWEST[1]:
        return None
    cells_in_view = min(window.width, picture.width) * min(window.height, picture.height)
    mostly_in_view = cells_in_view * _SEEN[1] >= picture.width * picture.height * _SEEN[0]
    if mostly_in_view and not _misses_a_box(picture, window):
        return None
    area = _placed(picture, window, margin)
    if area is None:
        return None
    width, height = area.width - 2, area.height - 2
    across = _ends(window.x, window.width, picture.width, width)
    down = _ends(window.y, window.height, picture.height, height)
    marked = _marked(picture, width, height)
    drawn = [_row(picture, y, width, height, marked) for y in range(height)]
    _frame(drawn, picture, across, down)
    borders = [f"╭{'─' * width}╮", f"╰{'─' * width}╯"]
    top, bottom = ((Span(picture.appearance.drawn(border), Role.DIM),) for border in borders)
    side = Span(picture.appearance.drawn("│"), Role.DIM)
    rows = tuple((side, *as_line(cells, 0, width), side) for cells in drawn)
    return Minimap(area, (top, *rows, bottom), (picture.width, picture.height))


def _placed(picture: GraphPicture, window: Area, margin: tuple[int, int]) -> Area | None:
    """The area of the panel for a map that hides nothing: as large as there is such a place."""
    width = max(8, min(_MOST[0], window.width // _SHARE, -(-picture.width // 8)))
    height = max(2, min(_MOST[1], window.height // _SHARE, max(3, -(-picture.height // 8))))
    in_drawing = Area(window.x - margin[0], window.y - margin[1], window.width, window.height)
    for smaller in _SMALLER:
        size = max(8, round(width * smaller)) + 2, max(2, round(height * smaller)) + 2
        for corner in _corners(window, size):
            if not _hidden(picture.scene, _under(corner, window, margin)):
                return corner
        free = _free_position(picture.scene, in_drawing, size)
        if free is not None:
            return Area(*free, *size)
    return None


def _row(
    picture: GraphPicture, y: int, width: int, height: int, marked: Mapping[tuple[int, int], Role]
) -> CellRow:
    """A row of the map without the frame."""
    overview, appearance = _overview(picture.scene, width, height), picture.appearance
    cells: CellRow = dict.fromkeys(range(width), Span(" ", Role.DIM))
    for x in range(width):
        dots = overview.dots.get((x, y))
        if dots is not None:
            shade = _SHADES[1 + dots.bit_count() // 4] if appearance.ascii else chr(_BRAILLE + dots)
            put_label(cells, x, shade, marked.get((x, y)) or _tint(picture, overview, (x, y)))
    return cells


def _tint(picture: GraphPicture, overview: _Overview, cell: tuple[int, int]) -> Tint:
    """What has come back of the gradient to the boxes of a cell, or along its wires; else whether the last of
    its boxes has a value.
    """
    boxes = overview.boxes.get(cell, ())
    streams = [picture.river.beside(picture.scene.boxes[box].node) for box in boxes]
    if not boxes:
        streams = [picture.river.along(overview.wires[cell])]
    found = [stream for stream in streams if stream is not None]
    if found:
        return max(found, key=lambda stream: (not isfinite(stream.size), stream.size)).tint
    nodes = [picture.scene.boxes[box].node for box in boxes]
    last = max(nodes, key=lambda node: node.position, default=None)
    known = last is not None and picture.appearance.frame.value(last) is not None
    return Role.VALUE if known else Role.DIM


def _marked(picture: GraphPicture, width: int, height: int) -> dict[tuple[int, int], Role]:
    """The cells that hold the node of the step, the selected one, and those that were found."""
    appearance = picture.appearance
    marked = dict.fromkeys(_found(picture.scene, appearance.found, width, height), Role.LIT)
    selected = picture.scene.box_of.get(-1 if appearance.selection is None else appearance.selection)
    for box, role in ((selected, Role.SELECTED), (picture.active, appearance.active_role)):
        if box is not None:
            marked.update(dict.fromkeys(_cells(picture.scene, box, width, height), role))
    return marked


@derived(limit=4)
def _found(scene: Scene, found: frozenset[int], width: int, height: int) -> tuple[tuple[int, int], ...]:
    boxes = sorted({scene.box_of[node] for node in found if node in scene.box_of})
    return tuple(dict.fromkeys(cell for box in boxes for cell in _cells(scene, box, width, height)))


def _cells(scene: Scene, box: int, width: int, height: int) -> list[tuple[int, int]]:
    """The cells of the map that a box reaches."""
    across, down = _dots(scene, box, width, height)
    return [(x, down // 4) for x in range(across[0] // 2, across[-1] // 2 + 1)]


def _frame(
    drawn: list[CellRow], picture: GraphPicture, across: tuple[int, int], down: tuple[int, int]
) -> None:
    """Draw a heavy frame around what is in view; its top and bottom hide no node."""
    (left, right), (top, bottom) = across, down
    for y in range(top, bottom + 1):
        if y in (top, bottom) and top < bottom and left < right:
            for x in range(left + 1, right):
                if drawn[y][x].text == " ":
                    _put(drawn[y], picture, x, "─")
            corners = "╭╮" if y == top else "╰╯"
            _put(drawn[y], picture, left, corners[0])
            _put(drawn[y], picture, right, corners[1])
        else:
            _put(drawn[y], picture, left, "│")
            _put(drawn[y], picture, right, "│")


def _put(cells: CellRow, picture: GraphPicture, x: int, text: str) -> None:
    put_label(cells, x, picture.appearance.drawn(styled_lines(text, NodeStatus.ACTIVE)), Role.KEY)


def _ends(start: int, length: int, of: int, cells: int) -> tuple[int, int]:
    """The first and the last cell that an interval reaches, if `of` columns or rows share `cells` cells."""
    length = min(length, of)
    first = min(start * cells // of, cells - 1)
    last = min(max(-(-(start + length) * cells // of) - 1, first), cells - 1)
    return first, last


def _misses_a_box(picture: GraphPicture, window: Area) -> bool:
    """Whether more than half of any box is out of view."""
    for box in range(len(picture.scene.boxes)):
        x, y, width, height = picture.area(box)
        across = min(x + width, window.x + window.width) - max(x, window.x)
        down = min(y + height, window.y + window.height) - max(y, window.y)
        if 2 * max(0, across) * max(0, down) < width * height:
            return True
    return False


def _corners(window: Area, size: tuple[int, int]) -> Iterator[Area]:
    """The corners of a window, from the bottom right."""
    for x in (window.width - size[0], 0):
        for y in (window.height - size[1], 0):
            yield Area(x, y, *size)


def _under(area: Area, window: Area, margin: tuple[int, int]) -> Area:
    """The area of the picture under an area of the panel."""
    return area._replace(x=window.x - margin[0] + area.x, y=window.y - margin[1] + area.y)


@derived(limit=64)
def _hidden(scene: Scene, area: Area) -> int:
    """About how many cells of an area are drawn on, at any position of the run."""
    end, hidden = area.x + area.width, 0
    for y in range(max(0, area.y), min(area.y + area.height, scene.layout.height)):
        hidden += sum(1 for _ in scene.wires.row(y, area.x, end))
        for box in scene.boxes_in(y, area.x, end):
            x = scene.layout.origins[box][0]
            hidden += min(end, x + scene.boxes[box].width, scene.layout.width) - max(area.x, x)
    return hidden


@derived(limit=64)
def _free_position(scene: Scene, window: Area, size: tuple[int, int]) -> tuple[int, int] | None:
    """The first position at an edge of a window, from the bottom right, with an area of a size that is blank.

    One with a blank cell around the area is preferred; None if there is neither.
    """
    rows = [_drawn(scene, y, window) for y in range(window.y, window.y + window.height)]
    for around in (1, 0):
        for x, y in _edges(window, size):
            left, right = max(0, x - around), min(window.width, x + size[0] + around)
            mask = ((1 << (right - left)) - 1) << left
            near = rows[max(0, y - around) : y + size[1] + around]
            if not reduce(or_, near, 0) & mask:
                return x, y
    return None


def _edges(window: Area, size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Positions along the lower and the upper edge, from the right, then along the right and left ones."""
    last, lowest = window.width - size[0], window.height - size[1]
    for y in (lowest, 0):
        yield from ((x, y) for x in range(last, -1, -1))
    for x in (last, 0):
        yield from ((x, y) for y in range(lowest, -1, -1))


def _drawn(scene: Scene, y: int, window: Area) -> int:
    """The columns of a window in which something may be drawn in row `y`, as bits, the lowest first."""
    if not 0 <= y < scene.layout.height:
        return 0
    start, end = window.x, window.x + window.width
    columns = 0
    for column, _ in scene.wires.row(y, start, end):
        columns |= 1 << (column - start)
    for box in scene.boxes_in(y, start, end):
        x = scene.layout.origins[box][0]
        left, right = max(x, start) - start, min(x + scene.boxes[box].width, end) - start
        columns |= ((1 << max(0, right - left)) - 1) << left
    return columns
