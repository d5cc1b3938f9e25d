"""How much of the graph is in view without a choice: all of it, as richly as there is room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backprop_tui.panels.graph import GraphPicture, density_shown, graph_picture
from backprop_tui.panels.graph.picture import _LEAST_CELLS
from backprop_tui.scene.boxes import DENSITIES
from backprop_tui.view import View
from covering import SHOWN
from driving import debugger, opened, text_of
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
        count = len(picture.scene.boxes)
        area = picture.width * picture.height
        assert area >= count * _LEAST_CELLS[density], "what is not laid out to see if it fits cannot fit"


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


async def moves(stem: str, size: tuple[int, int]) -> int:
    async with opened(stem, size=size, still=True) as pilot:
        screen, moved = debugger(pilot), 0
        panel = screen.panel("graph")
        assert isinstance(panel.drawing, GraphPicture)
        for _ in range(screen.current.session.last):
            before = panel.scroll_offset
            await pilot.press("s")
            moved += panel.scroll_offset != before
    return moved


@pytest.mark.parametrize("stem", ["rnn_cell", "xor", "vanishing_sigmoids"])
async def test_what_is_all_in_view_stands_still(stem: str) -> None:
    assert scenario(stem)
    assert await moves(stem, (120, 40)) == 0
