"""Buses: what very many use is one wire with branches; a wire still leads from its source to its target."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_engine.debugger import Session
from backprop_tui.layout import layout
from backprop_tui.layout.buses import buses_of
from backprop_tui.layout.stages import finish
from backprop_tui.panels.graph import whole_scene
from backprop_tui.scene.boxes import DENSITIES, HEIGHTS, Density
from backprop_tui.scene.scene import Scene
from backprop_tui.view import View
from effort import examples
from scenes import written

Edge = tuple[int, int]


@st.composite
def hubs(draw: st.DrawFn) -> tuple[int, list[Edge]]:
    """A chain whose links use some of a few leaves, and what uses a leaf only, as a slice of it does."""
    leaves, length = draw(st.integers(1, 3)), draw(st.integers(14, 40))
    count, wires = leaves, list[Edge]()
    last = 0
    for _ in range(length):
        used = draw(st.sets(st.integers(0, leaves - 1), min_size=1))
        slices = []
        for leaf in sorted(used):
            if draw(st.booleans()):
                slices.append(count)
                wires.append((leaf, count))
                count += 1
            else:
                slices.append(leaf)
        wires += [(one, count) for one in dict.fromkeys((last, *slices))]
        last, count = count, count + 1
    return count, wires


@pytest.mark.thorough
@settings(max_examples=examples(40))
@given(hubs())
def test_a_wire_leads_from_its_source_to_its_target(graph: tuple[int, list[Edge]]) -> None:
    count, wires = graph
    buses = buses_of(count, wires, wanted=True)
    sizes = [(5, 3)] * count + [(1, 1)] * buses.branches
    placed = layout(sizes, buses.edges, 4)
    for number, (source, target) in enumerate(wires):
        route = buses.route(number, placed.routes)
        (left, top), (right, row) = placed.origins[source], placed.origins[target]
        assert route[0] == (left + 5, top + 1)
        assert route[-1][0] == right - 1
        assert row <= route[-1][1] < row + 3
        assert all((x == other_x) != (y == other_y) for (x, y), (other_x, other_y) in pairwise(route))
        assert buses.sources[number] == source


@given(hubs())
def test_each_branch_is_fed_by_what_it_carries(graph: tuple[int, list[Edge]]) -> None:
    count, wires = graph
    buses = buses_of(count, wires, wanted=True)
    assert buses.edges[len(wires) :] == tuple(buses.edges[edge] for edge in buses.feeders.values())
    for branch, edge in buses.feeders.items():
        feeder, fed = buses.edges[edge]
        assert fed == branch
        carried = feeder if feeder < count else buses.sources[buses.feeders[feeder]]
        assert buses.sources[edge] == carried
    plain = buses_of(count, wires, wanted=False)
    assert (plain.edges, plain.branches) == (tuple(wires), 0)


SCAN = """
inputs: {{xs: {xs}, h0: 0.1}}
params: {{w: 0.9, u: 0.5}}
cells:
  rnn:
    inputs: [x, h]
    nodes: {{a: w * x + u * h, y: tanh(a)}}
    outputs: [y]
nodes:
  s: {{scan: rnn, over: {{x: xs}}, carry: {{h: {{init: h0, next: y}}}}}}
  L: s[-1].y * 2
"""


@pytest.fixture(scope="module")
def unrolled(tmp_path_factory: pytest.TempPathFactory) -> View:
    read = written(tmp_path_factory.mktemp("buses"), SCAN.format(xs=[0.5, -0.25] * 30))
    return View(read, Session(read.run()))


def whole(view: View, density: Density) -> Scene:
    scene = finish(whole_scene(View(view.scenario, view.session, density=density)))
    assert scene is not None
    return scene


@pytest.mark.thorough
@pytest.mark.parametrize("density", DENSITIES)
def test_an_unrolled_cell_is_as_low_as_a_few_of_it(unrolled: View, density: Density) -> None:
    """Every slice stands near the cell that uses it, and all the uses of a weight share a wire."""
    scene = whole(unrolled, density)
    assert scene.layout.height <= 8 * (HEIGHTS[density] + 1)
    graph = unrolled.graph
    for step in range(1, 60):
        slice_at, sum_at = (
            scene.layout.origins[scene.box_of[graph.position(f"s[{step}].{name}")]][0] for name in ("x", "a")
        )
        assert 0 < sum_at - slice_at < 4 * max(box.width for box in scene.boxes) + 20


@pytest.mark.thorough
@pytest.mark.parametrize("density", DENSITIES)
def test_no_wire_runs_through_a_box(unrolled: View, density: Density) -> None:
    scene = whole(unrolled, density)
    covered = {
        (column, row)
        for box, (x, y) in zip(scene.boxes, scene.layout.origins, strict=False)
        for column in range(x, x + box.width)
        for row in range(y, y + HEIGHTS[density])
    }
    for wire in range(len(scene.ends)):
        for (x, y), (next_x, next_y) in pairwise(scene.route(wire)):
            columns, rows = sorted((x, next_x)), sorted((y, next_y))
            assert not covered & {
                (column, row)
                for column in range(columns[0], columns[1] + 1)
                for row in range(rows[0], rows[1] + 1)
            }


def test_a_leg_of_a_bus_knows_some_of_its_wires_and_the_one_that_goes_farthest(unrolled: View) -> None:
    buses = whole(unrolled, "dots").buses
    wires = len(buses.edges) - buses.branches
    of_leg: dict[int, set[int]] = {}
    legs = [1] * wires
    for wire in range(wires):
        assert buses.served(wire) == (wire,)
        box = buses.edges[wire][0]
        while box >= buses.count:
            legs[wire] += 1
            of_leg.setdefault(buses.feeders[box], set()).add(wire)
            box = buses.edges[buses.feeders[box]][0]
    assert of_leg
    for leg, own in of_leg.items():
        served = buses.served(leg)
        assert set(served) <= own
        assert len(served) == min(len(own), 8)
        assert max(legs[wire] for wire in served) == max(legs[wire] for wire in own)
