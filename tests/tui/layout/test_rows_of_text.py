"""A layout in rows: whatever is drawn in one row is drawn in several, joined as before."""

from __future__ import annotations

from itertools import pairwise

import pytest

from backprop_tui.layout import Layout, corners, in_rows, is_jump, layout, stretches, unbroken

Box = tuple[int, int]


def chain(length: int) -> tuple[list[Box], list[tuple[int, int]]]:
    """Boxes one after the other, every third of which uses the first as well."""
    edges = [(at, at + 1) for at in range(length - 1)]
    return [(8, 3)] * length, edges + [(0, at) for at in range(3, length, 3)]


def cells_of(placed: Layout, sizes: list[Box]) -> list[set[tuple[int, int]]]:
    return [
        {(column, row) for column in range(x, x + width) for row in range(y, y + height)}
        for (x, y), (width, height) in zip(placed.origins, sizes, strict=True)
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("length", [2, 7, 20])
@pytest.mark.parametrize("room", [30, 47, 100])
def test_all_of_it_is_there_in_rows_that_fit(length: int, room: int) -> None:
    sizes, edges = chain(length)
    placed = in_rows(layout(sizes, edges), sizes, room)
    assert placed is not None
    assert placed.width <= room
    boxes = cells_of(placed, sizes)
    assert sum(map(len, boxes)) == len(set().union(*boxes)), "no two boxes overlap"
    for (source, target), route in zip(edges, placed.routes, strict=True):
        (x, y), (width, height) = placed.origins[source], sizes[source]
        assert route[0] == (x + width, y + height // 2)
        x, y = placed.origins[target]
        assert route[-1][0] == x - 1
        assert y <= route[-1][1] < y + sizes[target][1]
        for (column, row), (next_column, next_row) in stretches(route):
            assert column == next_column or row == next_row
        for column, row in route:
            assert 0 <= column < room
            assert 0 <= row < placed.height


def test_a_wire_goes_on_at_the_beginning_of_the_next_row() -> None:
    sizes, edges = chain(12)
    placed = in_rows(layout(sizes, edges), sizes, 50)
    assert placed is not None
    jumps = {pair for route in placed.routes for pair in pairwise(route) if is_jump(*pair)}
    assert jumps
    for (out, above), (back, below) in jumps:
        assert (back, below > above) == (0, True)
        assert not any(x <= out < x + 8 and y <= above < y + 3 for x, y in placed.origins)
    assert len({out for out, _ in jumps}) == len({back for _, back in jumps}), "none is lost, none is made"


def test_what_fits_stays_in_one_row() -> None:
    sizes, edges = chain(5)
    placed = layout(sizes, edges)
    found = in_rows(placed, sizes, placed.width)
    assert found is not None
    assert (found.origins, found.routes) == (placed.origins, placed.routes)


def test_what_cannot_be_cut_is_not() -> None:
    sizes, edges = chain(5)
    assert in_rows(layout(sizes, edges), sizes, 9) is None
    many = [(6, 3)] * 21
    crossing = [edge for source in range(10) for edge in ((source, 10 + source), (10 + source, 20))]
    assert in_rows(layout(many, crossing), many, 12) is None, "ten wires would go on"


def test_rows_are_as_far_apart_as_is_wanted() -> None:
    sizes, edges = chain(12)
    whole = layout(sizes, edges)
    near, far = in_rows(whole, sizes, 50), in_rows(whole, sizes, 50, 4)
    assert near is not None
    assert far is not None
    columns = [x for x, _ in near.origins]
    assert [x for x, _ in far.origins] == columns
    breaks = sum(following < x for x, following in pairwise(columns))
    assert breaks == 2
    assert far.height - near.height == 3 * breaks


def test_a_route_has_a_piece_in_each_row() -> None:
    route = ((9, 2), (20, 2), (0, 8), (3, 8), (5, 8), (5, 11), (7, 11))
    pieces = [[(9, 2), (20, 2)], [(0, 8), (3, 8), (5, 8), (5, 11), (7, 11)]]
    assert unbroken(route) == pieces
    assert [corners(piece) for piece in pieces] == [
        [(9, 2), (20, 2)],
        [(0, 8), (5, 8), (5, 11), (7, 11)],
    ]
