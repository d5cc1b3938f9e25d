"""How much of the graph is in view without a choice: all of it, as richly as there is room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backprop_tui.panels.graph import GraphPicture, density_shown, graph_picture
from backprop_tui.panels.graph.picture import shown_scene
from backprop_tui.scene.boxes import DENSITIES, Density, dot_name
from backprop_tui.view import View
from covering import SHOWN
from driving import cells, debugger, opened, text_of
from scenes import scenario, view

ROOMS = ((78, 9), (118, 18), (198, 32))
LARGE = ("vanishing_over_time", "exploding_over_time")
"""What is shown in parts at first."""


def shown(stem: str, room: tuple[int, int], at: int = 0) -> View:
    return replace(view(stem, at), room=room)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("stem", [stem for stem in SHOWN if stem not in LARGE])
def test_it_is_the_richest_that_fits(stem: str, room: tuple[int, int]) -> None:
    chosen = density_shown(shown(stem, room))
    for density in DENSITIES:
        picture = graph_picture(replace(shown(stem, room), density=density))
        fits = picture.width <= room[0] and picture.height <= room[1]
        if density == chosen:
            assert fits or density == DENSITIES[-1]
            break
        assert not fits


def test_a_picture_is_taken_whose_boxes_leave_no_room() -> None:
    chosen = density_shown(shown("wrong_softmax", (78, 5)))
    picture = graph_picture(shown("wrong_softmax", (78, 5)))
    assert (chosen, picture.height) == ("names", 5)


def test_names_that_somebody_gave_stand_above_dots_before_others() -> None:
    picture = graph_picture(replace(shown("gradient_of_a_gradient", (78, 10)), density="dots"))
    scene = picture.scene
    names = {dot_name(scene.boxes[box]) for row in scene.labels.values() for box in row.values()}
    assert {"f", "first", "second"} <= names
    assert not names & {"first#1", "second#1"}


@pytest.mark.thorough
@pytest.mark.parametrize("stem", ["hello_rnn", "meta_learning_step"])
def test_all_names_that_have_room_are_drawn(stem: str) -> None:
    picture = graph_picture(replace(shown(stem, (78, 10)), density="dots"))
    lines, boxes = text_of(picture).splitlines(), picture.scene.boxes
    for y, row in picture.scene.labels.items():
        for x, box in row.items():
            assert lines[y][x:].startswith(dot_name(boxes[box]))


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("stem", SHOWN)
def test_nothing_overlaps_and_every_node_is_drawn(stem: str, room: tuple[int, int]) -> None:
    picture = graph_picture(shown(stem, room))
    taken: set[tuple[int, int]] = set()
    for box in range(len(picture.scene.boxes)):
        x, y, width, height = picture.area(box)
        own = {(column, row) for column in range(x, x + width) for row in range(y, y + height)}
        assert own
        assert not taken & own
        taken |= own
    wires = {
        (x, y)
        for y in range(picture.height)
        for x, mark in picture.scene.wires.row(y, 0, picture.width)
        if mark.glyph in "↵↳▶"
    }
    assert not taken & wires, "no wire ends inside a box"


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("stem", SHOWN)
def test_what_goes_on_in_another_row_comes_from_one(stem: str, room: tuple[int, int]) -> None:
    picture = graph_picture(shown(stem, room))
    text = text_of(picture)
    assert text.count("↵") == text.count("↳")


_MOST_STEPS = 60
"""More tell nothing new of a training, whose iterations are alike."""


async def moves(stem: str, size: tuple[int, int]) -> int:
    async with opened(stem, size=size, still=True) as pilot:
        screen, moved = debugger(pilot), 0
        panel = screen.panel("graph")
        assert isinstance(panel.drawing, GraphPicture)
        for _ in range(min(screen.current.session.last, _MOST_STEPS)):
            before = panel.scroll_offset
            await pilot.press("s")
            moved += panel.scroll_offset != before
    return moved


@pytest.mark.thorough
@pytest.mark.parametrize("stem", ["rnn_cell", "xor", "vanishing_sigmoids"])
async def test_what_is_all_in_view_stands_still(stem: str) -> None:
    assert scenario(stem)
    assert await moves(stem, (120, 40)) == 0


# Names above dots


@pytest.mark.parametrize("stem", SHOWN)
def test_names_stand_above_dots_where_nothing_else_is(stem: str) -> None:
    shown = replace(view(stem), density="dots")
    picture = graph_picture(shown)
    scene = picture.scene
    rows = [cells(picture.row(y, 0, picture.width), picture.width) for y in range(picture.height)]
    for y, labels in scene.labels.items():
        for x, box in labels.items():
            assert scene.layout.origins[box] == (x, y + 1)
            name = dot_name(scene.boxes[box])
            assert "".join(rows[y][x : x + len(name)]) == name
            assert not scene.boxes_in(y, x, x + len(name))
            assert not list(scene.wires.row(y, x - 1, x + len(name) + 1))
    top = min(y for _, y in scene.layout.origins)
    assert top == 1, "there is a row for the names of the first"
    assert scene.labels


@pytest.mark.parametrize("stem", SHOWN)
def test_names_reach_beyond_the_last_dot_but_not_beyond_the_room(stem: str) -> None:
    shown = replace(view(stem), density="dots")
    scene = graph_picture(shown).scene
    across = max(x for x, _ in scene.layout.origins) + 1
    for columns in (across, across + 3):
        assert graph_picture(replace(shown, room=(columns, 60))).width <= columns
    ends = [x + len(dot_name(scene.boxes[box])) for row in scene.labels.values() for x, box in row.items()]
    assert max(ends) <= scene.layout.width


def test_where_wires_run_above_all_dots_no_row_is_added_for_names() -> None:
    picture = graph_picture(replace(view("update_too_early"), density="dots"))
    assert text_of(picture).splitlines()[0].split() == ["╭╌╌╌╮", "nothing", "target"]


@pytest.mark.parametrize(("density", "is_shared"), [("dots", True), ("names", True), ("compact", False)])
def test_a_picture_without_numbers_serves_every_iteration(density: Density, is_shared: bool) -> None:
    begun = replace(view("xor", 0), density=density)
    later = replace(begun, session=replace(begun.session, position=begun.session.run.start(3)))
    assert later.session.trace is not begun.session.trace
    assert (shown_scene(later) is shown_scene(begun)) == is_shared
