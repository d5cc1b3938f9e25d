"""What a drawing looks like: where boxes stand, where wires run straight, where they enter."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_tui.layout import Layout, TooLargeError, crossings, layout
from backprop_tui.layout.rank_assignment import assign_ranks, assign_ranks_in_stages
from backprop_tui.layout.rows_of_text import Component
from backprop_tui.layout.stages import finish
from backprop_tui.scene.wires import glyph
from effort import examples
from reading import Edge, Graph, Size, check, computation, graphs, picture_of, traced


def checked(sizes: list[Size], edges: list[Edge]) -> Layout:
    """A drawing that keeps all laws."""
    drawn = layout(sizes, edges)
    check(drawn, Graph(sizes, edges))
    return drawn


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


@pytest.mark.thorough
@settings(max_examples=examples(60), deadline=None)
@given(graphs(most=5), st.randoms(use_true_random=False))
def test_ranks_have_the_least_total_length(graph: Graph, rng: random.Random) -> None:
    count = len(graph[0])
    edges = [(min(edge), max(edge)) for edge in graph[1]]
    edges += [(rng.randrange(box), box) for box in range(1, count)]  # connects them all
    ranks = assign_ranks(count, edges)
    assert min(ranks) == 0
    assert sum(ranks[b] - ranks[a] for a, b in edges) == least_total_length(count, edges)


def test_a_box_stands_near_its_many_consumers_not_near_its_one_operand() -> None:
    ranks = assign_ranks(7, [(0, 1), (1, 2), (2, 3), (3, 4), (3, 5), (0, 6), (6, 4), (6, 5)])
    assert ranks == [0, 1, 2, 3, 4, 4, 3]


def test_by_wire_what_a_weight_is_used_for_stands_where_it_is_needed() -> None:
    """`h = h + w * x` four times: each product is next to its sum, though that makes four edges longer."""
    edges: list[Edge] = []
    state, weight, inputs, box = 0, 1, 2, 3
    for _ in range(4):
        edges += [
            (inputs, box),
            (weight, box + 1),
            (box, box + 1),
            (state, box + 2),
            (box + 1, box + 2),
        ]
        state, box = box + 2, box + 3
    ranks = finish(assign_ranks_in_stages(box, edges, by_wire=True))
    assert [ranks[total] - ranks[total - 1] for total in range(5, box, 3)] == [1] * 4
    assert any(
        ranks[total] - ranks[total - 1] > 1
        for ranks in [assign_ranks(box, edges)]
        for total in range(5, box, 3)
    )


def test_a_leaf_stands_just_before_its_consumer() -> None:
    drawn = layout([(6, 3)] * 5, [(0, 1), (1, 2), (2, 3), (4, 3)])
    assert drawn.origins[4][0] == drawn.origins[2][0]


def test_a_chain_is_one_row() -> None:
    drawn = checked([(11, 3)] * 6, list(pairwise(range(6))))
    assert drawn.height == 3
    assert all(len(route) == 2 for route in drawn.routes)


def test_a_diamond_is_symmetric() -> None:
    drawn = checked([(11, 3)] * 4, [(0, 1), (0, 2), (1, 3), (2, 3)])
    left, upper, lower, right = (y for _, y in drawn.origins)
    assert upper < left == right < lower
    assert left - upper == lower - left


def test_operands_read_from_top_to_bottom() -> None:
    drawn = checked([(6, 3)] * 4 + [(11, 3)], [(2, 4), (0, 4), (3, 4), (1, 4)])
    tops = [drawn.origins[box][1] for box in (2, 0, 3, 1)]
    assert tops == sorted(tops)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(6))
def test_a_blank_row_keeps_boxes_of_a_column_apart(seed: int) -> None:
    sizes, edges = computation(40, seed)
    drawn = layout(sizes, edges)
    for (one, (_, height)), (other, _) in combinations(sorted(zip(drawn.origins, sizes, strict=True)), 2):
        if one[0] == other[0]:
            assert other[1] - (one[1] + height) >= 1


@pytest.mark.thorough
def test_a_wire_that_passes_by_is_straight_and_keeps_its_distance() -> None:
    """The value of a box must not be read as that of a wire right above or below."""
    drawn = checked([(11, 3)] * 6, [*pairwise(range(6)), (0, 5), (1, 5)])
    for route in drawn.routes[5:]:
        passed = [(x, y) for x, y in traced(route) if drawn.origins[2][0] <= x < drawn.origins[4][0] + 11]
        rows = {y for _, y in passed}
        assert len(rows) == 1
        for _, top in drawn.origins[2:5]:
            assert rows.isdisjoint(range(top - 1, top + 4))


@pytest.mark.thorough
def test_a_value_used_again_and_again_travels_on_one_row() -> None:
    x, f, a, b, c, s, t = range(7)
    edges = [(x, f), (f, a), (f, b), (a, b), (f, c), (b, c), (a, s), (b, s), (s, t), (c, t), (f, t)]
    drawn = checked([(6, 3)] + [(11, 3)] * 6, edges)
    used_last = drawn.routes[-1]
    assert len(used_last) == 5, "down, along, up, and in"
    assert used_last[1][0] < drawn.origins[b][0] < drawn.origins[c][0] < used_last[2][0]


def test_a_box_used_twice_by_another_enters_it_twice() -> None:
    drawn = checked([(6, 3), (11, 3)], [(0, 1), (0, 1)])
    assert [route[-1][1] for route in drawn.routes] == [0, 2]
    flat = checked([(6, 3), (11, 1)], [(0, 1), (0, 1)])
    assert flat.routes[0] == flat.routes[1], "there is one row to enter on"


def test_nothing_and_next_to_nothing() -> None:
    assert layout([], []) == Layout(0, 0, (), ())
    assert layout([(4, 3)], []) == Layout(4, 3, ((0, 0),), (), (Component((0,), (), (0,)),))


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


def show(drawn: Layout, names: str, graph: Graph) -> str:
    canvas = [[" "] * drawn.width for _ in range(drawn.height)]
    for name, (x, y), (width, height) in zip(names, drawn.origins, graph.sizes, strict=True):
        for row in canvas[y : y + height]:
            row[x : x + width] = "·" * width
        canvas[y][x] = name
    for (x, y), wire in picture_of(drawn, graph).items():
        if canvas[y][x] == " ":
            canvas[y][x] = wire
    return "\n".join("".join(row).rstrip() for row in canvas)


def test_add_multiply_is_drawn_as_in_the_lecture() -> None:
    graph = Graph([(6, 3), (6, 3), (11, 3), (6, 3), (11, 3)], [(0, 2), (1, 2), (2, 4), (3, 4)])
    assert show(checked(*graph), "xy+z*", graph) == PICTURE.strip()


@pytest.mark.parametrize("arms", [arms for arms in range(16) if arms.bit_count() > 1])
def test_every_glyph_is_one_cell_wide(arms: int) -> None:
    for drawn in (glyph(arms), glyph(arms, head=True), glyph(arms, crossing=True)):
        assert len(drawn) == 1
        assert ord(drawn) < 0x10000


def test_wires_that_pass_too_many_ranks_are_refused_before_they_are_drawn() -> None:
    edges = [edge for box in range(1, 1_200) for edge in ((box - 1, box), (max(0, box - 600), box))]
    with pytest.raises(TooLargeError, match="200000 are the most"):
        layout([(6, 3)] * 1_200, edges)


def test_ranks_too_large_to_compare_all_pairs_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossings, "LARGEST", 5)
    edges = [(box, 12) for box in range(12)]
    drawn = checked([(6, 1)] * 12 + [(11, 12)], edges)
    assert [y for _, y in drawn.origins[:12]] == sorted(y for _, y in drawn.origins[:12])
