"""A computational graph on the cells of a terminal: layered, left to right, with wires at right angles.

The steps, one file each, as in Sugiyama's method:

- `rank_assignment`: which column a node is in;
- `layers`: long edges cut into links from column to column;
- `ordering`, by what `crossings` counts: which node is above which in a column;
- `coordinate_assignment`: on which row;
- `edge_routing`: the ports of a node, and the corners of every wire, from
- `channel_routing`: how wires cross the gap between two columns;
- `rows_of_text`: what is much longer than wide in several rows.

`buses` prepares graphs in which some values are used very often.
Everything is pure, whole numbers, and the same from run to run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backprop_tui.layout.coordinate_assignment import SPACING, assign_rows
from backprop_tui.layout.edge_routing import Point, Route, assign_pins, place
from backprop_tui.layout.layers import Layers, TooLargeError, build_layers
from backprop_tui.layout.ordering import TRIES, order_ranks
from backprop_tui.layout.rank_assignment import assign_ranks_in_stages
from backprop_tui.layout.rows_of_text import (
    Component,
    broken_into_rows,
    corners,
    is_jump,
    stretches,
    unbroken,
)
from backprop_tui.layout.stages import Stages, finish

__all__ = [
    "SPACING",
    "Layout",
    "Order",
    "Point",
    "Route",
    "TooLargeError",
    "corners",
    "in_rows",
    "is_jump",
    "layout",
    "layout_in_stages",
    "order_in_stages",
    "place_in_stages",
    "stretches",
    "unbroken",
]

Size = tuple[int, int]
Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is. A wire leaves a box on the row `y + height // 2` and enters it on any row."""

    width: int
    height: int
    origins: tuple[Point, ...]
    """The top-left cell of each box."""
    routes: tuple[Route, ...]
    """The corners of each edge, from the cell after its source to the cell before its target, inclusive."""
    parts: tuple[Component, ...] = ()
    """What is connected, one below the other."""


@dataclass(frozen=True, slots=True)
class _OrderedPart:
    """A connected part whose boxes have their ranks, and their order in them."""

    boxes: Sequence[int]
    own_edges: Sequence[int]
    edges: Sequence[Edge]
    pins: Sequence[int]
    layers: Layers


@dataclass(frozen=True, slots=True)
class Order:
    """Which box is in which column, and above which other: it depends on edges, hardly on sizes."""

    parts: tuple[_OrderedPart, ...]


def layout(
    sizes: Sequence[Size], edges: Sequence[Edge], tries: int = TRIES, *, by_wire: bool = False
) -> Layout:
    """Lay out boxes of the given (width, height), joined by (source, target) edges, which form no cycle.

    The edges into a box are its operands, and arrive at it in that order from top to bottom. Connected parts
    are one below the other. With more `tries` fewer wires cross; without any, 150 boxes take well under
    50 ms. Columns keep the total length of edges small or, `by_wire`, that of wires, which the edges that
    leave a box share: then a value that is used often runs along the graph, and the rest is where it is
    used. Raises `TooLargeError` where long wires pass too many ranks.
    """
    return finish(layout_in_stages(sizes, edges, tries, by_wire=by_wire))


def layout_in_stages(
    sizes: Sequence[Size], edges: Sequence[Edge], tries: int = TRIES, *, by_wire: bool = False
) -> Stages[Layout]:
    """As `layout`, in short steps: at each yield it can be paused or given up."""
    heights = [height for _, height in sizes]
    order = yield from order_in_stages(heights, edges, tries, by_wire=by_wire)
    return (yield from place_in_stages(order, sizes))


def order_in_stages(
    heights: Sequence[int], edges: Sequence[Edge], tries: int = TRIES, *, by_wire: bool = False
) -> Stages[Order]:
    """The first half of `layout`, and nearly all of its time.

    It serves any sizes in which a box has a row for each of its operands wherever it has one here.
    """
    parts: list[_OrderedPart] = []
    for boxes, own_edges in _components(len(heights), edges):
        part_edges = _renumber(boxes, own_edges, edges)
        pins = assign_pins([heights[box] for box in boxes], part_edges)
        ranks = yield from assign_ranks_in_stages(len(boxes), part_edges, by_wire=by_wire)
        layers = build_layers(ranks, part_edges, pins)
        yield from order_ranks(layers, tries)
        parts.append(_OrderedPart(boxes, own_edges, part_edges, pins, layers))
    return Order(tuple(parts))


def place_in_stages(order: Order, sizes: Sequence[Size], *, tight: bool = False) -> Stages[Layout]:
    """The second half of `layout`: rows, columns and wires for boxes of the given sizes.

    Where it is to be `tight`, no rows are left blank around boxes.
    """
    origins: list[Point] = [(0, 0)] * len(sizes)
    routes: list[Route] = [()] * sum(len(part.own_edges) for part in order.parts)
    parts: list[Component] = []
    width = top = 0
    for part in order.parts:
        if top:
            top += SPACING
        own_sizes = [sizes[box] for box in part.boxes]
        heights = [height for _, height in own_sizes]
        virtual = [1] * (len(part.layers.rank) - len(heights))
        row = yield from assign_rows(part.layers, heights + virtual, tight=tight)
        placed = yield from place(part.layers, row, own_sizes, part.edges, part.pins)
        bottom = top
        for box, x, middle, size in zip(part.boxes, placed.left, row, own_sizes, strict=False):
            y = top + middle - size[1] // 2
            origins[box] = (x, y)
            width, bottom = max(width, x + size[0]), max(bottom, y + size[1])
        for edge, route in zip(part.own_edges, placed.routes, strict=True):
            routes[edge] = tuple((x, y + top) for x, y in route)
            bottom = max([bottom, *(y + 1 for _, y in routes[edge])])
        columns = tuple(sorted(dict.fromkeys(placed.left)))
        parts.append(Component(tuple(part.boxes), tuple(part.own_edges), columns))
        top = bottom
    return Layout(width, top, tuple(origins), tuple(routes), tuple(parts))


def in_rows(placed: Layout, sizes: Sequence[Size], room: int, apart: int = SPACING) -> Layout | None:
    """A layout in rows of at most `room` columns with `apart` blank lines between them; None where it cannot
    be cut so.
    """
    broken = broken_into_rows(sizes, placed.origins, placed.routes, placed.parts, room, apart)
    if broken is None:
        return None
    return Layout(broken.width, broken.height, broken.origins, broken.routes, placed.parts)


def _components(count: int, edges: Sequence[Edge]) -> list[tuple[list[int], list[int]]]:
    """The boxes and the edges of each connected part, in the order of its first box."""
    leader = list(range(count))

    def find(box: int) -> int:
        while leader[box] != box:
            leader[box] = leader[leader[box]]
            box = leader[box]
        return box

    for source, target in edges:
        first, second = sorted((find(source), find(target)))
        leader[second] = first
    parts: dict[int, tuple[list[int], list[int]]] = {}
    for box in range(count):
        parts.setdefault(find(box), ([], []))[0].append(box)
    for index, (source, _) in enumerate(edges):
        parts[find(source)][1].append(index)
    return list(parts.values())


def _renumber(boxes: Sequence[int], chosen: Sequence[int], edges: Sequence[Edge]) -> list[Edge]:
    number = {box: index for index, box in enumerate(boxes)}
    return [(number[edges[edge][0]], number[edges[edge][1]]) for edge in chosen]
