"""Groups folded to one box: a recurrent graph as a row of cells."""

from __future__ import annotations

import pytest

from backprop_engine.debugger import Fold, Go, Session, StepOver, update
from backprop_tui.cells.drawing import Drawing
from backprop_tui.cells.lines import line_text
from backprop_tui.panels.graph import graph_picture, node_at
from backprop_tui.scene.boxes import short_name
from backprop_tui.view import View
from scenes import STEMS, run, scenario, trace

GROUPED = [stem for stem in STEMS if trace(stem).graph.groups and len(trace(stem).graph.nodes) <= 160]


def picture(stem: str, session: Session) -> Drawing:
    return graph_picture(View(scenario(stem), session))


def lines(drawing: Drawing) -> list[str]:
    return [line_text(drawing.row(y, 0, drawing.width)) for y in range(drawing.height)]


def test_there_are_groups_to_fold() -> None:
    assert len(GROUPED) >= 8


@pytest.mark.thorough
@pytest.mark.parametrize("stem", GROUPED)
def test_a_folded_group_is_one_box(stem: str) -> None:
    """One box for each outermost group, and one for each node outside of groups."""
    session = update(Session(run(stem)), Fold())
    graph = session.graph
    inside = {at for group in graph.groups for at in range(group.start, group.stop)}
    outermost = [group for group in graph.groups if group.parent is None]
    outside = [node for node in graph.nodes if node.name and node.position not in inside]
    scene = graph_picture(View(scenario(stem), session)).scene
    assert len(scene.boxes) == len(outermost) + len(outside)
    assert sorted(box.sign for box in scene.boxes if box.node.position in inside) == sorted(
        short_name(group.cell) for group in outermost
    )


@pytest.mark.parametrize("stem", GROUPED)
def test_every_wire_between_boxes_is_kept(stem: str) -> None:
    session = update(Session(run(stem)), Fold())
    scene = graph_picture(View(scenario(stem), session)).scene
    graph = session.graph
    wanted = {
        (scene.box_of[operand], scene.box_of[node.position])
        for node in graph.nodes
        for operand in node.operands
        if graph.nodes[operand].name and scene.box_of[operand] != scene.box_of[node.position]
    }
    drawn = {(scene.box_of[operand], scene.box_of[node]) for operand, node, _ in scene.ends}
    assert drawn == wanted


@pytest.mark.parametrize("stem", GROUPED)
def test_a_box_is_active_while_any_of_its_nodes_is(stem: str) -> None:
    session = update(Session(run(stem)), Fold())
    for group in session.graph.groups:
        if group.parent is None:
            first = group.start - session.graph.order.start + 1
            shown = lines(picture(stem, update(session, Go(first))))
            assert any("┏" in line for line in shown)


def test_stepping_over_a_folded_cell_and_choosing_it() -> None:
    session = update(update(Session(run("bptt")), Fold()), StepOver())
    assert session.frame.node is session.graph[f"{session.graph.groups[0].name}.h"]
    drawing = graph_picture(View(scenario("bptt"), session))
    found = {node_at(drawing, x, y) for y in range(drawing.height) for x in range(drawing.width)}
    names = {node.name for node in found if node is not None}
    assert {f"{group.name}.h" for group in session.graph.groups} <= names
    assert not any("#" in name for name in names)
