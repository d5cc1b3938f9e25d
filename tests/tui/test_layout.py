"""The layout is judged by its picture: who sees only what is drawn must find every edge, and no other."""

import os
import random
import subprocess
import sys
from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backprop_tui.layout import DOWN, LEFT, RIGHT, UP, Layout, WireCell, Wires, glyph, layout
from backprop_tui.layout.ranks import assign_ranks

Edge = tuple[int, int]
Size = tuple[int, int]
Graph = tuple[list[Size], list[Edge]]
STEP = {LEFT: (-1, 0), RIGHT: (1, 0), UP: (0, -1), DOWN: (0, 1)}
BACK = {LEFT: RIGHT, RIGHT: LEFT, UP: DOWN, DOWN: UP}


@st.composite
def graphs(draw: st.DrawFn, most: int = 10) -> Graph:
    """Any acyclic multigraph: several components, isolated units, parallel edges, numbered at random."""
    count = draw(st.integers(1, most))
    name = draw(st.permutations(range(count)))
    pairs = [(name[a], name[b]) for a, b in combinations(range(count), 2)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=2 * count)) if pairs else []
    sizes = draw(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 5)), min_size=count, max_size=count))
    return sizes, edges


def computation(count: int, seed: int) -> Graph:
    """A graph as programs make them: leaves, and operators of the latest unused values or an earlier one."""
    rng = random.Random(seed)
    sizes: list[Size] = []
    edges: list[Edge] = []
    unused: list[int] = []
    for unit in range(count):
        if len(unused) < 2 or rng.random() < 0.3:
            sizes.append((6, 3))
        else:
            sizes.append((11, 3))
            operands = [unused.pop() for _ in range(rng.choice((1, 2)))]
            if rng.random() < 0.4:
                operands.append(max(0, unit - 1 - int(rng.expovariate(0.1))))
            edges += [(operand, unit) for operand in operands]
        unused.append(unit)
    return sizes, edges


def read(picture: Wires, start: tuple[int, int]) -> set[tuple[int, int]]:
    """The arrow heads a reader finds from a source's port: straight on at crossings, any way but back at
    junctions, and never to the left."""
    found: set[tuple[int, int]] = set()
    seen = {(start, RIGHT)}
    todo = [(start, RIGHT)]
    while todo:
        (x, y), heading = todo.pop()
        cell = picture.at(x, y)
        assert cell is not None, "a wire leads into the void"
        assert cell.arms & BACK[heading], "a wire arrives where nothing takes it up"
        if cell.head:
            assert cell.arms == LEFT | RIGHT
            found.add((x, y))
            continue
        for way in (heading,) if cell.crossing else (RIGHT, UP, DOWN):
            if cell.arms & way and way != BACK[heading]:
                dx, dy = STEP[way]
                state = ((x + dx, y + dy), way)
                if state not in seen:
                    seen.add(state)
                    todo.append(state)
    return found


def exit_cell(drawn: Layout, sizes: list[Size], unit: int) -> tuple[int, int]:
    """The cell right after a unit, on its middle row."""
    (x, y), (width, height) = drawn.origins[unit], sizes[unit]
    return x + width, y + height // 2


def check_picture(drawn: Layout, picture: Wires, graph: Graph) -> None:
    """A reader of the picture finds exactly the arrow heads of each source's edges."""
    sizes, edges = graph
    for unit in range(len(sizes)):
        expected = {
            route[-1] for (source, _), route in zip(edges, drawn.routes, strict=True) if source == unit
        }
        if expected:
            assert read(picture, exit_cell(drawn, sizes, unit)) == expected


def check_operands(drawn: Layout, graph: Graph) -> None:
    """Operands enter their unit from top to bottom, each on a row of its own if there are enough."""
    sizes, edges = graph
    entries: dict[int, list[int]] = {}
    for (_, target), route in zip(edges, drawn.routes, strict=True):
        (left, top), (_, height) = drawn.origins[target], sizes[target]
        x, y = route[-1]
        assert x == left - 1
        assert top <= y < top + height
        entries.setdefault(target, []).append(y)
    for target, rows in entries.items():
        if len(rows) <= sizes[target][1]:
            assert all(one < other for one, other in pairwise(rows)), "out of order"
        elif len({source for source, end in edges if end == target}) == len(rows):
            assert rows == sorted(rows), "out of order"


def check_units(drawn: Layout, graph: Graph) -> dict[tuple[int, int], int]:
    """Units lie inside the drawing and apart; returns who owns each cell."""
    sizes, _ = graph
    owner: dict[tuple[int, int], int] = {}
    for unit, ((x, y), (width, height)) in enumerate(zip(drawn.origins, sizes, strict=True)):
        assert 0 <= x <= drawn.width - width
        assert 0 <= y <= drawn.height - height
        for cell in ((x + i, y + j) for i in range(width) for j in range(height)):
            assert cell not in owner
            owner[cell] = unit
    return owner


def trace(route: tuple[tuple[int, int], ...]) -> dict[tuple[int, int], int]:
    """The arms of one route in each of its cells, from its corners alone."""
    arms: Counter[tuple[int, int]] = Counter({route[0]: LEFT})
    x, y = route[0]
    for corner_x, corner_y in route[1:]:
        assert (x == corner_x) != (y == corner_y), "not orthogonal"
        assert corner_x >= x, "leads back to the left"
        way = RIGHT if corner_x > x else DOWN if corner_y > y else UP
        while (x, y) != (corner_x, corner_y):
            arms[x, y] += way
            x, y = x + STEP[way][0], y + STEP[way][1]
            arms[x, y] += BACK[way]
    arms[x, y] += RIGHT
    return dict(arms)


def check_routes(drawn: Layout, graph: Graph, owner: dict[tuple[int, int], int]) -> None:
    """Routes join the right ports, stay clear of units, and share wire only in a net or before a target."""
    sizes, edges = graph
    users: dict[tuple[tuple[int, int], int], list[int]] = {}
    arms: Counter[tuple[int, int]] = Counter()
    passing: dict[tuple[int, int], list[int]] = {}
    for index, ((source, _), route) in enumerate(zip(edges, drawn.routes, strict=True)):
        assert route[0] == exit_cell(drawn, sizes, source)
        for cell, mine in trace(route).items():
            assert cell not in owner, "a wire runs through a unit"
            assert 0 <= cell[0] < drawn.width
            assert 0 <= cell[1] < drawn.height
            assert mine.bit_count() == 2
            arms[cell] |= mine
            passing.setdefault(cell, []).append(index)
            for arm in STEP:
                if mine & arm:
                    users.setdefault((cell, arm), []).append(index)
    for sharing in users.values():
        for one, other in combinations(sharing, 2):
            shared_end = edges[one][1] == edges[other][1] and drawn.routes[one][-1] == drawn.routes[other][-1]
            assert edges[one][0] == edges[other][0] or shared_end
    cells = {(x, y): cell for y, row in enumerate(drawn.wires().rows) for x, cell in row.items()}
    assert {place: cell.arms for place, cell in cells.items()} == dict(arms)
    assert {place: list(cell.edges) for place, cell in cells.items()} == passing
    assert {place for place, cell in cells.items() if cell.head} == {route[-1] for route in drawn.routes}


def check(graph: Graph) -> Layout:
    drawn = layout(*graph)
    check_routes(drawn, graph, check_units(drawn, graph))
    check_operands(drawn, graph)
    check_picture(drawn, drawn.wires(), graph)
    return drawn


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_any_graph_can_be_read_from_its_picture(graph: Graph) -> None:
    check(graph)


@pytest.mark.parametrize("seed", range(12))
def test_a_computation_can_be_read_from_its_picture(seed: int) -> None:
    check(computation(40, seed))


@pytest.mark.parametrize(("sources", "targets"), [(2, 2), (3, 4), (5, 5)])
def test_everything_joined_with_everything(sources: int, targets: int) -> None:
    edges = [(a, sources + b) for a in range(sources) for b in range(targets)]
    check(([(6, 3)] * (sources + targets), edges))


def test_two_wires_that_swap_rows() -> None:
    """Each must turn before the other: one of them needs a second bend."""
    check(([(4, 1), (4, 1), (4, 1), (4, 1), (4, 1)], [(0, 3), (1, 2), (0, 2), (3, 4), (2, 4)]))


def test_the_reader_is_misled_by_a_wrong_picture() -> None:
    """The tester tested: a crossing shown as a junction leads astray, and so does a missing cell."""
    graph: Graph = ([(6, 3)] * 6, [(a, b) for a in (0, 1, 2) for b in (3, 4, 5) if b - a != 3])
    drawn = layout(*graph)
    rows = [dict(row) for row in drawn.wires().rows]
    y, x = next((y, x) for y, row in enumerate(rows) for x, cell in row.items() if cell.crossing)
    rows[y][x] = replace(rows[y][x], crossing=False)
    with pytest.raises(AssertionError):
        check_picture(drawn, Wires(tuple(rows)), graph)
    del rows[y][x]
    with pytest.raises(AssertionError, match="void"):
        check_picture(drawn, Wires(tuple(rows)), graph)


def test_a_crossing_shows_the_vertical_wire() -> None:
    drawn = check(([(6, 3)] * 6, [(a, b) for a in (0, 1, 2) for b in (3, 4, 5)]))
    crossings = [cell for row in drawn.wires().rows for cell in row.values() if cell.crossing]
    assert crossings
    for cell in crossings:
        assert glyph(cell) == "│"
        assert cell.over
        assert set(cell.over) < set(cell.edges)


def least_total_length(count: int, edges: list[Edge]) -> int:
    """The least total length, by trying all ranks: for tiny graphs."""
    best = None
    stack: list[list[int]] = [[]]
    while stack:
        ranks = stack.pop()
        if len(ranks) == count:
            if all(ranks[b] > ranks[a] for a, b in edges):
                length = sum(ranks[b] - ranks[a] for a, b in edges)
                best = length if best is None else min(best, length)
        else:
            stack.extend([*ranks, rank] for rank in range(count))
    assert best is not None
    return best


@settings(max_examples=60, deadline=None)
@given(graphs(most=5), st.randoms(use_true_random=False))
def test_ranks_have_the_least_total_length(graph: Graph, rng: random.Random) -> None:
    count = len(graph[0])
    edges = [(min(edge), max(edge)) for edge in graph[1]]
    edges += [(rng.randrange(unit), unit) for unit in range(1, count)]  # connects them all
    ranks = assign_ranks(count, edges)
    assert min(ranks) == 0
    assert sum(ranks[b] - ranks[a] for a, b in edges) == least_total_length(count, edges)


def test_a_unit_stands_near_its_many_consumers_not_near_its_one_operand() -> None:
    ranks = assign_ranks(7, [(0, 1), (1, 2), (2, 3), (3, 4), (3, 5), (0, 6), (6, 4), (6, 5)])
    assert ranks == [0, 1, 2, 3, 4, 4, 3]


def test_a_leaf_stands_just_before_its_consumer() -> None:
    drawn = layout([(6, 3)] * 5, [(0, 1), (1, 2), (2, 3), (4, 3)])
    assert drawn.origins[4][0] == drawn.origins[2][0]


def test_a_chain_is_one_row() -> None:
    drawn = check(([(11, 3)] * 6, list(pairwise(range(6)))))
    assert drawn.height == 3
    assert all(len(route) == 2 for route in drawn.routes)


def test_a_diamond_is_symmetric() -> None:
    drawn = check(([(11, 3)] * 4, [(0, 1), (0, 2), (1, 3), (2, 3)]))
    left, upper, lower, right = (y for _, y in drawn.origins)
    assert upper < left == right < lower
    assert left - upper == lower - left


def test_operands_read_from_top_to_bottom() -> None:
    drawn = check(([(6, 3)] * 4 + [(11, 3)], [(2, 4), (0, 4), (3, 4), (1, 4)]))
    tops = [drawn.origins[unit][1] for unit in (2, 0, 3, 1)]
    assert tops == sorted(tops)


@pytest.mark.parametrize("seed", range(6))
def test_a_blank_row_keeps_units_of_a_column_apart(seed: int) -> None:
    sizes, edges = computation(40, seed)
    drawn = layout(sizes, edges)
    for (one, (_, height)), (other, _) in combinations(sorted(zip(drawn.origins, sizes, strict=True)), 2):
        if one[0] == other[0]:
            assert other[1] - (one[1] + height) >= 1


def test_a_wire_that_passes_by_is_straight_and_keeps_its_distance() -> None:
    """The value of a unit must not be read as that of a wire right above or below."""
    drawn = check(([(11, 3)] * 6, [*pairwise(range(6)), (0, 5), (1, 5)]))
    for route in drawn.routes[5:]:
        passed = [(x, y) for x, y in trace(route) if drawn.origins[2][0] <= x < drawn.origins[4][0] + 11]
        rows = {y for _, y in passed}
        assert len(rows) == 1
        for _, top in drawn.origins[2:5]:
            assert rows.isdisjoint(range(top - 1, top + 4))


def test_a_value_used_again_and_again_travels_on_one_row() -> None:
    x, f, a, b, c, s, t = range(7)
    edges = [(x, f), (f, a), (f, b), (a, b), (f, c), (b, c), (a, s), (b, s), (s, t), (c, t), (f, t)]
    drawn = check(([(6, 3)] + [(11, 3)] * 6, edges))
    used_last = drawn.routes[-1]
    assert len(used_last) == 5, "down, along, up, and in"
    assert used_last[1][0] < drawn.origins[b][0] < drawn.origins[c][0] < used_last[2][0]


def test_wires_are_computed_once() -> None:
    drawn = layout([(6, 3), (6, 3)], [(0, 1)])
    assert drawn.wires() is drawn.wires()
    assert drawn.wires().at(6, 1) == WireCell(LEFT | RIGHT, (0,), (0,))
    assert drawn.wires().at(0, 0) is drawn.wires().at(-1, 1) is drawn.wires().at(0, 99) is None


def test_a_unit_used_twice_by_another_enters_it_twice() -> None:
    drawn = check(([(6, 3), (11, 3)], [(0, 1), (0, 1)]))
    assert [route[-1][1] for route in drawn.routes] == [0, 2]
    flat = check(([(6, 3), (11, 1)], [(0, 1), (0, 1)]))
    assert flat.routes[0] == flat.routes[1], "there is one row to enter on"


def test_nothing_and_next_to_nothing() -> None:
    assert layout([], []) == Layout(0, 0, (), ())
    assert layout([(4, 3)], []) == Layout(4, 3, ((0, 0),), ())


def test_a_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        layout([(6, 3)] * 3, [(0, 1), (1, 2), (2, 1)])


PICTURE = """
x·····
······╮
······╰─▶+··········
         ···········╮
y·····╭─▶···········╰─▶*··········
······╯                ···········
······   z·····     ╭─▶···········
         ······─────╯
         ······
"""


def show(drawn: Layout, names: str, sizes: list[Size], *, ascii_only: bool = False) -> str:
    canvas = [[" "] * drawn.width for _ in range(drawn.height)]
    for name, (x, y), (width, height) in zip(names, drawn.origins, sizes, strict=True):
        for row in canvas[y : y + height]:
            row[x : x + width] = "·" * width
        canvas[y][x] = name
    for y, cells in enumerate(drawn.wires().rows):
        for x, cell in cells.items():
            canvas[y][x] = glyph(cell, ascii=ascii_only)
    return "\n".join("".join(row).rstrip() for row in canvas)


def test_add_multiply_is_drawn_as_in_the_lecture() -> None:
    sizes = [(6, 3), (6, 3), (11, 3), (6, 3), (11, 3)]
    drawn = check((sizes, [(0, 2), (1, 2), (2, 4), (3, 4)]))
    assert show(drawn, "xy+z*", sizes) == PICTURE.strip()
    ascii_picture = show(drawn, "xy+z*", sizes, ascii_only=True).replace("·", ".")
    assert ascii_picture.isascii()


def test_every_glyph_is_one_cell_wide() -> None:
    for arms in range(16):
        if arms.bit_count() > 1:
            cells = [WireCell(arms, (0,), (0,)), WireCell(arms, (0,), (0,), head=True)]
            for cell in cells:
                assert len(glyph(cell)) == len(glyph(cell, ascii=True)) == 1
                assert glyph(cell, ascii=True).isascii()
                assert ord(glyph(cell)) < 0x10000


def test_the_hash_seed_changes_nothing() -> None:
    probe = f"""
from backprop_tui.layout import layout
for graph in {[computation(40, seed) for seed in range(2)]}:
    drawn = layout(*graph)
    print(drawn, drawn.wires())
"""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", probe],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "4242")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 1000
