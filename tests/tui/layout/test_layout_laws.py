"""The layout is judged by its picture: who sees only what is drawn must find every edge, and no other."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_tui.layout import (
    Layout,
    channel_routing,
    coordinate_assignment,
    edge_routing,
    layout,
    layout_in_stages,
)
from backprop_tui.layout.edge_routing import port_rows
from backprop_tui.layout.stages import finish
from effort import examples
from reading import Graph, check, check_operands, check_picture, computation, graphs, picture_of


@settings(max_examples=examples(100), deadline=None)
@given(graphs(), st.booleans())
def test_any_graph_can_be_read_from_its_picture(graph: Graph, by_wire: bool) -> None:
    drawn = layout(*graph, tries=5, by_wire=by_wire)
    check(drawn, graph)
    assert layout(*graph, tries=5, by_wire=by_wire) == drawn


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(8))
def test_a_computation_can_be_read_from_its_picture(seed: int) -> None:
    graph = computation(40, seed)
    check(layout(*graph), graph)


@pytest.mark.thorough
@pytest.mark.parametrize(("sources", "targets"), [(2, 2), (3, 4), (5, 5)])
@pytest.mark.parametrize("height", [3, 5])
def test_everything_joined_with_everything(sources: int, targets: int, height: int) -> None:
    edges = [(a, sources + b) for a in range(sources) for b in range(targets)]
    graph = Graph([(6, height)] * (sources + targets), edges)
    check(layout(*graph), graph)


def test_two_wires_that_swap_rows() -> None:
    """Each must turn before the other: one of them needs a second bend."""
    graph = Graph([(4, 1)] * 5, [(0, 3), (1, 2), (0, 2), (3, 4), (2, 4)])
    check(layout(*graph), graph)


GRAPH = Graph([(2, 1), (2, 1), (2, 3)], [(0, 2), (1, 2)])
GOOD = Layout(8, 3, ((0, 0), (0, 2), (6, 0)), (((2, 0), (5, 0)), ((2, 2), (5, 2))))
"""Two boxes on the left, each straight into the one on the right."""


def test_a_good_drawing_passes() -> None:
    check(GOOD, GRAPH)


@pytest.mark.parametrize(
    ("complaint", "fault"),
    [
        ("two boxes overlap", replace(GOOD, origins=((0, 0), (1, 0), (6, 0)))),
        ("outside", replace(GOOD, height=2)),
        ("outside", replace(GOOD, origins=((-1, 0), (0, 2), (6, 0)))),
        ("an edge leads back", replace(GOOD, width=9, origins=((0, 0), (7, 0), (5, 0)))),
        ("not begin at its source", replace(GOOD, routes=(((2, 1), (5, 1)), GOOD.routes[1]))),
        ("not end at its target", replace(GOOD, routes=(((2, 0), (4, 0)), GOOD.routes[1]))),
        (
            "not end at its target",
            replace(GOOD, height=4, routes=(GOOD.routes[0], ((2, 2), (3, 2), (3, 3), (5, 3)))),
        ),
        ("not orthogonal", replace(GOOD, routes=(((2, 0), (3, 1), (3, 0), (5, 0)), GOOD.routes[1]))),
        ("leads back to the left", replace(GOOD, routes=(((2, 0), (4, 0), (3, 0), (5, 0)), GOOD.routes[1]))),
        ("touches itself", replace(GOOD, routes=(((2, 0), (3, 0), (3, 1), (3, 0), (5, 0)), GOOD.routes[1]))),
        (
            "two nets share wire",
            replace(GOOD, routes=(GOOD.routes[0], ((2, 2), (3, 2), (3, 0), (4, 0), (4, 2), (5, 2)))),
        ),
    ],
)
def test_a_faulty_drawing_is_found_out(complaint: str, fault: Layout) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check(fault, GRAPH)


FAULTS: dict[str, tuple[object, str, object]] = {
    "operands the wrong way round": (
        edge_routing, "port_rows", lambda height, arrivals: port_rows(height, arrivals)[::-1]
    ),
    "boxes too close": (coordinate_assignment, "SPACING", -1),
    "gaps too narrow": (edge_routing, "_gap_width", lambda tracks: 1),
    "trunks in any order": (
        channel_routing._ChannelPlan, "_constraints", lambda plan: [[] for _ in plan.trunks]
    ),
    "all trunks on one track": (channel_routing, "assign_tracks", lambda trunks, right_of: 1),
}  # fmt: skip
"""What is put in place of a part of the layout."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_layout_is_found_out(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    everyone = Graph([(6, 3)] * 9, [(a, 4 + b) for a in range(4) for b in range(5)])
    drawings = [
        (layout(*graph, tries=5), graph)
        for graph in (everyone, *(computation(40, seed) for seed in range(6)))
    ]
    with pytest.raises(AssertionError):
        all(check(*drawing) is None for drawing in drawings)


def test_a_wire_through_a_box_is_found_out() -> None:
    graph = Graph([*GRAPH.sizes, (1, 1)], GRAPH.edges)
    with pytest.raises(AssertionError, match="through a box"):
        check(replace(GOOD, origins=(*GOOD.origins, (3, 2))), graph)


def test_operands_out_of_order_are_found_out() -> None:
    with pytest.raises(AssertionError, match="out of order"):
        check_operands(replace(GOOD, routes=GOOD.routes[::-1]), GRAPH)
    with pytest.raises(AssertionError, match="out of order"):
        check_operands(replace(GOOD, routes=(GOOD.routes[0], GOOD.routes[0])), GRAPH)


def test_a_wrong_picture_misleads_the_reader() -> None:
    """A crossing that looks like a junction leads astray, and so do a hole and a wire that goes elsewhere."""
    graph = Graph([(6, 3)] * 6, [(a, b) for a in (0, 1, 2) for b in (3, 4, 5) if b - a != 3])
    drawn = layout(*graph)
    picture = picture_of(drawn, graph)
    check_picture(drawn, graph, picture)
    crossing = next(
        (x, y) for (x, y), drawn in picture.items() if drawn == "│" and picture.get((x - 1, y)) == "─"
    )
    with pytest.raises(AssertionError, match="elsewhere"):
        check_picture(drawn, graph, {**picture, crossing: "┼"})
    with pytest.raises(AssertionError, match="void"):
        check_picture(drawn, graph, {**picture, crossing: " "})
    with pytest.raises(AssertionError, match="nothing takes it up"):
        check_picture(drawn, graph, {**picture, crossing: "╭"})


def test_the_work_can_be_given_up_between_any_two_stages() -> None:
    graph = computation(40, 0)
    stages = sum(1 for _ in layout_in_stages(*graph, tries=20))
    assert stages > 30
    assert finish(layout_in_stages(*graph, tries=20)) == layout(*graph, tries=20)


@pytest.mark.thorough
def test_the_hash_seed_changes_nothing() -> None:
    probe = f"""
from backprop_tui.layout import layout
for sizes, edges in {[tuple(computation(40, seed)) for seed in range(2)]}:
    print(layout(sizes, edges))
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
