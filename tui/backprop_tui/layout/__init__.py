"""A computational graph on the cells of a terminal: layered, left to right, with wires at right angles.

The steps, one file each, as in Sugiyama's method:

- `rank_assignment`: which column a node stands in;
- `layers`: long edges cut into links from column to column;
- `ordering`, by what `crossings` counts: which node stands above which in a column;
- `coordinate_assignment`: on which row;
- `edge_routing`: the ports of a node, and the corners of every wire, from
- `channel_routing`: how wires cross the gap between two columns.

`buses` prepares graphs in which some values are used very often.
Everything is pure, whole numbers, and the same from run to run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backprop_tui.layout.coordinate_assignment import SPACING, assign_rows
from backprop_tui.layout.edge_routing import Point, Route, assign_pins, place
from backprop_tui.layout.layers import TooLargeError, build_layers
from backprop_tui.layout.ordering import TRIES, order_ranks
from backprop_tui.layout.rank_assignment import assign_ranks_in_stages
from backprop_tui.layout.stages import Stages, finish

__all__ = [
    "Layout",
    "Point",
    "Route",
    "TooLargeError",
    "layout",
    "layout_in_stages",
]

Size = tuple[int, int]
Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands. A wire leaves a box on the row `y + height // 2` and enters it on any row."""

    width: int
    height: int
    origins: tuple[Point, ...]
    """The top-left cell of each box."""
    routes: tuple[Route, ...]
    """The corners of each edge, from the cell after its source to the cell before its target, inclusive."""


def layout(
    sizes: Sequence[Size], edges: Sequence[Edge], tries: int = TRIES, *, by_wire: bool = False
) -> Layout:
    """Lay out boxes of the given (width, height), joined by (source, target) edges, which form no cycle.

    The edges into a box are its operands, and arrive at it in that order from top to bottom. Connected parts
    stand one below the other. With more `tries` fewer wires cross; without any, 150 boxes take well under
    50 ms. Columns keep the total length of edges small or, `by_wire`, that of wires, which the edges that
    leave a box share: then a value that is used often runs along the graph, and the rest stands where it is
    used. Raises `TooLargeError` where long wires pass too many ranks.
    """
    return finish(layout_in_stages(sizes, edges, tries, by_wire=by_wire))


def layout_in_stages(
    sizes: Sequence[Size], edges: Sequence[Edge], tries: int = TRIES, *, by_wire: bool = False
) -> Stages[Layout]:
    """As `layout`, in short steps: at each yield it can be paused or given up."""
    origins: list[Point] = [(0, 0)] * len(sizes)
    routes: list[Route] = [()] * len(edges)
    width = top = 0
    for boxes, own_edges in _components(len(sizes), edges):
        if top:
            top += SPACING
        part = yield from _layout_connected(
            [sizes[box] for box in boxes], _renumber(boxes, own_edges, edges), tries, by_wire=by_wire
        )
        for box, (x, y) in zip(boxes, part.origins, strict=True):
            origins[box] = (x, y + top)
        for edge, route in zip(own_edges, part.routes, strict=True):
            routes[edge] = tuple((x, y + top) for x, y in route)
        width = max(width, part.width)
        top += part.height
    return Layout(width, top, tuple(origins), tuple(routes))


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


def _layout_connected(
    sizes: Sequence[Size], edges: Sequence[Edge], tries: int, *, by_wire: bool
) -> Stages[Layout]:
    heights = [height for _, height in sizes]
    pins = assign_pins(heights, edges)
    ranks = yield from assign_ranks_in_stages(len(sizes), edges, by_wire=by_wire)
    layers = build_layers(ranks, edges, pins)
    yield from order_ranks(layers, tries)
    row = yield from assign_rows(layers, heights + [1] * (len(layers.rank) - len(sizes)))
    placed = yield from place(layers, row, sizes, edges, pins)
    origins = [
        (x, middle - height // 2) for x, middle, height in zip(placed.left, row, heights, strict=False)
    ]
    width = max(x + box_width for x, (box_width, _) in zip(placed.left, sizes, strict=True))
    bottom = max(y + height for (_, y), (_, height) in zip(origins, sizes, strict=True))
    height = max([bottom, *(y + 1 for route in placed.routes for _, y in route)])
    return Layout(width, height, tuple(origins), tuple(placed.routes))
