"""A reader of drawn graphs, who knows only what is on the screen, and the laws that a drawing keeps."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations, pairwise
from typing import NamedTuple

from hypothesis import strategies as st

from backprop_tui.layout import Layout, Point, Route
from backprop_tui.scene.wires import DOWN, LEFT, RIGHT, UP, WireTiles

Edge = tuple[int, int]
Size = tuple[int, int]
STEP = {LEFT: (-1, 0), RIGHT: (1, 0), UP: (0, -1), DOWN: (0, 1)}
BACK = {LEFT: RIGHT, RIGHT: LEFT, UP: DOWN, DOWN: UP}
HEAD = "▶"
WAYS = {
    "─": LEFT | RIGHT, "│": UP | DOWN, "╮": LEFT | DOWN, "╯": LEFT | UP, "╭": RIGHT | DOWN, "╰": RIGHT | UP,
    "┬": LEFT | RIGHT | DOWN, "┴": LEFT | RIGHT | UP, "├": UP | DOWN | RIGHT, "┤": UP | DOWN | LEFT,
    "┼": LEFT | RIGHT | UP | DOWN,
}  # fmt: skip
"""Where one may go from what is drawn in a cell."""


class Graph(NamedTuple):
    """What is to be drawn."""

    sizes: list[Size]
    edges: list[Edge]


@st.composite
def graphs(draw: st.DrawFn, most: int = 10) -> Graph:
    """Any acyclic multigraph: several components, isolated boxes, parallel edges, numbered at random."""
    count = draw(st.integers(1, most))
    name = draw(st.permutations(range(count)))
    pairs = [(name[a], name[b]) for a, b in combinations(range(count), 2)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=2 * count)) if pairs else []
    sizes = draw(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 5)), min_size=count, max_size=count))
    return Graph(sizes, edges)


def computation(count: int, seed: int) -> Graph:
    """A graph as programs make them: leaves, and operators of the latest unused values or an earlier one."""
    rng = random.Random(seed)
    graph = Graph([], [])
    unused: list[int] = []
    for box in range(count):
        if len(unused) < 2 or rng.random() < 0.3:
            graph.sizes.append((6, 3))
        else:
            graph.sizes.append((11, 3))
            operands = [unused.pop() for _ in range(rng.choice((1, 2)))]
            if rng.random() < 0.4:
                operands.append(max(0, box - 1 - int(rng.expovariate(0.1))))
            graph.edges.extend((operand, box) for operand in operands)
        unused.append(box)
    return graph


def picture_of(drawn: Layout, graph: Graph) -> dict[Point, str]:
    """What the screen shows of the wires, by place."""
    tiles = WireTiles(drawn.routes, [source for source, _ in graph.edges])
    return {(x, y): mark.glyph for y in range(drawn.height) for x, mark in tiles.row(y, 0, drawn.width)}


def read(picture: dict[Point, str], start: Point) -> set[Point]:
    """The arrow heads that a reader finds from where a wire leaves its box.

    A wire goes on any way but back and never to the left; where another one stands upright across it, with no
    joint, it dives under that.
    """
    found: set[Point] = set()
    todo = [(start, RIGHT)]
    seen = set(todo)
    while todo:
        (x, y), heading = todo.pop()
        drawn = picture.get((x, y), " ")
        assert drawn != " ", "a wire leads into the void"
        if drawn == HEAD:
            assert heading == RIGHT, "an arrow is entered from the side"
            found.add((x, y))
            continue
        dives = heading == RIGHT and drawn == "│"
        assert dives or WAYS[drawn] & BACK[heading], "a wire arrives where nothing takes it up"
        for way in (RIGHT,) if dives else (RIGHT, UP, DOWN):
            if (dives or WAYS[drawn] & way) and way != BACK[heading]:
                state = ((x + STEP[way][0], y + STEP[way][1]), way)
                if state not in seen:
                    seen.add(state)
                    todo.append(state)
    return found


def exit_of(drawn: Layout, graph: Graph, box: int) -> Point:
    """The cell right after a box, on its middle row."""
    (x, y), (width, height) = drawn.origins[box], graph.sizes[box]
    return x + width, y + height // 2


def check_picture(drawn: Layout, graph: Graph, picture: dict[Point, str]) -> None:
    """From each box a reader finds exactly the arrow heads of its edges."""
    for box in range(len(graph.sizes)):
        ends = {
            route[-1] for (source, _), route in zip(graph.edges, drawn.routes, strict=True) if source == box
        }
        if ends:
            assert read(picture, exit_of(drawn, graph, box)) == ends, "a wire leads elsewhere"


def check_boxes(drawn: Layout, graph: Graph) -> dict[Point, int]:
    """Boxes lie inside and apart, and every edge leads to the right; returns who owns each cell."""
    owner: dict[Point, int] = {}
    for box, ((x, y), (width, height)) in enumerate(zip(drawn.origins, graph.sizes, strict=True)):
        assert 0 <= x <= drawn.width - width, "outside"
        assert 0 <= y <= drawn.height - height, "outside"
        for cell in ((x + i, y + j) for i in range(width) for j in range(height)):
            assert cell not in owner, "two boxes overlap"
            owner[cell] = box
    for source, target in graph.edges:
        assert exit_of(drawn, graph, source)[0] < drawn.origins[target][0], "an edge leads back"
    return owner


def traced(route: Route) -> dict[Point, int]:
    """The sides that one route reaches of each of its cells, from its corners alone."""
    sides: Counter[Point] = Counter({route[0]: LEFT})
    x, y = route[0]
    for corner_x, corner_y in route[1:]:
        assert (x == corner_x) != (y == corner_y), "not orthogonal"
        assert corner_x >= x, "a wire leads back to the left"
        way = RIGHT if corner_x > x else DOWN if corner_y > y else UP
        while (x, y) != (corner_x, corner_y):
            sides[x, y] += way
            x, y = x + STEP[way][0], y + STEP[way][1]
            sides[x, y] += BACK[way]
    sides[x, y] += RIGHT
    return dict(sides)


def check_routes(drawn: Layout, graph: Graph, owner: dict[Point, int]) -> None:
    """Routes join their ends, stay clear of boxes, and share wire only with their net or before a port.

    Routes of other nets they only cross, at a right angle.
    """
    users: dict[Point, list[tuple[int, int]]] = {}
    for index, ((source, target), route) in enumerate(zip(graph.edges, drawn.routes, strict=True)):
        (left, top), (_, height) = drawn.origins[target], graph.sizes[target]
        assert route[0] == exit_of(drawn, graph, source), "a wire does not begin at its source"
        assert route[-1][0] == left - 1, "a wire does not end at its target"
        assert top <= route[-1][1] < top + height, "a wire does not end at its target"
        for cell, sides in traced(route).items():
            assert cell not in owner, "a wire runs through a box"
            assert 0 <= cell[0] < drawn.width
            assert 0 <= cell[1] < drawn.height
            assert sides.bit_count() == 2, "a wire touches itself"
            users.setdefault(cell, []).append((index, sides))
    for sharing in users.values():
        for (one, mine), (other, yours) in combinations(sharing, 2):
            kin = (
                graph.edges[one][0] == graph.edges[other][0]
                or drawn.routes[one][-1] == drawn.routes[other][-1]
            )
            assert kin or {mine, yours} == {LEFT | RIGHT, UP | DOWN}, "two nets share wire"


def check_operands(drawn: Layout, graph: Graph) -> None:
    """Operands enter their box from top to bottom, each on a row of its own if there are enough."""
    entries: dict[int, list[tuple[int, int]]] = {}
    for (source, target), route in zip(graph.edges, drawn.routes, strict=True):
        entries.setdefault(target, []).append((source, route[-1][1]))
    for target, operands in entries.items():
        if len(operands) <= graph.sizes[target][1]:
            assert all(one < other for (_, one), (_, other) in pairwise(operands)), "operands out of order"
        else:
            entered = dict(reversed(operands))
            assert len(entered) == len(dict.fromkeys(operands)), "one operand enters in two places"
            rows = [entered[source] for source in dict.fromkeys(source for source, _ in operands)]
            assert rows == sorted(rows), "operands out of order"


def check(drawn: Layout, graph: Graph) -> None:
    """All laws."""
    check_routes(drawn, graph, check_boxes(drawn, graph))
    check_operands(drawn, graph)
    check_picture(drawn, graph, picture_of(drawn, graph))
