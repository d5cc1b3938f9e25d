"""The minimap: where it stands, what it hides, and what it shows."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from backprop_engine.debugger import Select, Session, update
from backprop_tui.cells.drawing import Area
from backprop_tui.cells.lines import Role, line_text, line_width
from backprop_tui.cells.shades import Flow
from backprop_tui.panels.graph import GraphPicture, graph_picture
from backprop_tui.panels.graph.minimap import Minimap, minimap
from backprop_tui.scene.boxes import Density
from backprop_tui.view import View
from driving import cells
from effort import tried
from scenes import run, sampled, scenario, trace, view

WINDOWS = [Area(x, y, 72, 14) for x in (0, 31, 98) for y in (0, 9)]


def map_of(stem: str, window: Area, density: Density = "full", at: int = 15) -> tuple[GraphPicture, Minimap]:
    picture = graph_picture(replace(view(stem, at), density=density))
    shown = minimap(picture, window)
    assert shown is not None
    return picture, shown


@pytest.mark.parametrize("window", WINDOWS)
def test_the_frame_is_around_what_is_in_view(window: Area) -> None:
    picture, shown = map_of("rnn_cell", window)
    width, height = shown.area.width - 2, shown.area.height - 2
    grid = [cells(line, width + 2)[1:-1] for line in shown.lines[1:-1]]
    viewport_position = [(x, y) for y in range(height) for x in range(width) if grid[y][x] in "━┃┏┓┗┛"]
    left, right = min(x for x, _ in viewport_position), max(x for x, _ in viewport_position)
    top, bottom = min(y for _, y in viewport_position), max(y for _, y in viewport_position)
    assert left == window.x * width // picture.width
    assert top == window.y * height // picture.height
    assert (right + 1) * picture.width >= min(window.x + window.width, picture.width) * width
    assert right * picture.width < (window.x + window.width) * width
    assert bottom * picture.height < (window.y + window.height) * height
    assert len(shown.lines) == shown.area.height
    assert {line_width(line) for line in shown.lines} == {shown.area.width}


@pytest.mark.parametrize("window", WINDOWS)
def test_a_click_on_the_map_means_that_part_of_the_drawing(window: Area) -> None:
    picture, shown = map_of("rnn_cell", window)
    left, top, width, height = shown.area
    for y in range(top + 1, top + height - 1):
        for x in range(left + 1, left + width - 1):
            target = shown.target(x, y)
            assert target is not None
            assert target[0] * (width - 2) // picture.width == x - left - 1
            assert target[1] * (height - 2) // picture.height == y - top - 1
    assert shown.target(left - 1, top) is shown.target(left, top + height) is None


@pytest.mark.parametrize("ascii", [False, True])
def test_the_map_shows_every_unit(ascii: bool) -> None:
    picture = graph_picture(view("rnn_cell", 15, ascii=ascii))
    shown = minimap(picture, Area(0, 0, 72, 40))
    assert shown is not None
    width, height = shown.area.width - 2, shown.area.height - 2
    for box in range(len(picture.scene.boxes)):
        area = picture.area(box)
        x, y = (
            area.x * 2 * width // picture.width // 2,
            (2 * area.y + area.height) * height * 2 // picture.height // 4,
        )
        assert cells(shown.lines[y + 1], width + 2)[x + 1] not in " \u2800"
    if ascii:
        assert all(line_text(line).isascii() for line in shown.lines)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "stem",
    tried(["rnn_cell", "bptt", "lstm", "xor", "mazur_network", "micrograd_readme"], ["rnn_cell", "bptt"]),
)
def test_the_map_hides_nothing(stem: str) -> None:
    shown = 0
    for at in range(1, trace(stem).schedule.last, 7):
        picture = graph_picture(view(stem, at))
        across, down = range(0, max(1, picture.width - 60), 23), range(0, max(1, picture.height - 8), 5)
        for x, y in product(across, down):
            window = Area(x, y, 72, 16)
            found = minimap(picture, window)
            if found is not None:
                shown += 1
                assert not under(picture, window, found.area)
    assert shown


def test_the_map_shows_every_wire() -> None:
    picture = graph_picture(view("rnn_cell"))
    shown = minimap(picture, Area(0, 0, 72, 40))
    assert shown is not None
    width, height = shown.area.width - 2, shown.area.height - 2
    rows = [cells(line, width + 2)[1:-1] for line in shown.lines[1:-1]]
    for wire in range(len(picture.scene.ends)):
        for x, y in picture.scene.route(wire):
            row = min((2 * y + 1) * height // (2 * picture.height), height - 1)
            assert rows[row][min(x, picture.width - 1) * width // picture.width] not in " \u2800"


def test_the_map_shows_the_river() -> None:
    run = trace("vanishing_sigmoids")
    shown = minimap(graph_picture(view("vanishing_sigmoids", run.schedule.completed)), Area(0, 0, 72, 20))
    assert shown is not None
    levels = [span.role.level for line in shown.lines for span in line if isinstance(span.role, Flow)]
    assert levels == sorted(levels)
    assert levels[0] < levels[-1]


@pytest.mark.thorough
def test_a_map_at_an_edge_hides_nothing_where_each_corner_would() -> None:
    picture = graph_picture(view("stacked_cells", 38))
    home = picture.node_area
    assert home is not None
    window = Area(home.x - 27, home.y - 9, 69, 17)
    shown = minimap(picture, window)
    assert shown is not None
    _, _, width, height = shown.area
    corners = [(x, y) for x in (0, window.width - width) for y in (0, window.height - height)]
    assert (shown.area.x, shown.area.y) not in corners
    assert not under(picture, window, shown.area)
    for at in range(1, trace("stacked_cells").schedule.last + 1):
        other = graph_picture(view("stacked_cells", at))
        again = minimap(other, window)
        assert again is not None
        assert again.area == shown.area, "it stays where it is while nothing is scrolled"


def taken(picture: GraphPicture, window: Area, area: Area) -> bool:
    """Whether anything is drawn under an area at any position of the run."""
    start, stop = window.x + area.x, window.x + area.x + area.width
    return any(
        picture.scene.boxes_in(y, start, stop) or list(picture.scene.wires.row(y, start, stop))
        for y in range(window.y + area.y, window.y + area.y + area.height)
    )


def under(picture: GraphPicture, window: Area, area: Area, of: Area | None = None) -> str:
    """What a map hides, or what it hides of a part of the picture."""
    part = of or Area(0, 0, picture.width, picture.height)
    left, top = max(window.x + area.x, part.x), max(window.y + area.y, part.y)
    right = min(window.x + area.x + area.width, part.x + part.width)
    bottom = min(window.y + area.y + area.height, part.y + part.height)
    rows = (line_text(picture.row(y, left, right - left)) for y in range(top, bottom) if left < right)
    return "".join(rows).strip()


@pytest.mark.parametrize("height", [9, 12, 18, 28])
def test_there_is_a_map_where_a_quarter_is_out_of_view_or_a_box_and_a_corner_is_free(height: int) -> None:
    wide = 0
    for stem in tried(sampled(), sampled()[::16]):
        picture = graph_picture(view(stem, trace(stem).schedule.last))
        wide += picture.width > 40
        for width in range(44, picture.width + 4, 5):
            a_map_where_it_belongs(picture, Area(0, 0, width, height))
    assert wide


def a_map_where_it_belongs(picture: GraphPicture, window: Area) -> None:
    width, height = window.width, window.height
    shown = minimap(picture, window)
    boxes = [picture.area(box) for box in range(len(picture.scene.boxes))]
    quarter = 4 * min(width, picture.width) * min(height, picture.height) < 3 * picture.width * picture.height
    missed = any(one.x >= width or one.y >= height for one in boxes)
    most = all(one.x + one.width <= width and one.y + one.height <= height for one in boxes)
    assert shown is None or quarter or not most
    assert shown is None or not under(picture, window, shown.area)
    if shown is None and (missed or quarter):
        small = Area(0, 0, 10, 4)
        for x, y in product((0, width - small.width), (0, height - small.height)):
            assert taken(picture, window, small._replace(x=x, y=y))


@pytest.mark.parametrize("window", [Area(0, 0, 300, 60), Area(0, 0, 30, 14), Area(0, 0, 72, 5)])
def test_there_is_no_map_where_all_is_seen_or_little_would_be(window: Area) -> None:
    assert minimap(graph_picture(view("rnn_cell", 15)), window) is None


@pytest.mark.parametrize(
    ("stem", "at", "height"), [("vanishing_sigmoids", 12, 8), ("double_where", 8, 15), ("rnn_cell", 15, 14)]
)
def test_the_frame_hides_nodes_at_its_sides_alone(stem: str, at: int, height: int) -> None:
    picture = graph_picture(view(stem, at))
    shown = minimap(picture, Area(picture.width - 72, 0, 72, height))
    assert shown is not None
    wide, high = shown.area.width - 2, shown.area.height - 2
    rows = [line_text(line)[1:-1] for line in shown.lines[1:-1]]
    sides = {place for row in rows for place, character in enumerate(row) if character in "┏┓┗┛┃"}
    assert len(sides) == 2
    for box in range(len(picture.scene.boxes)):
        area = picture.area(box)
        x, y = area.x * wide // picture.width, (2 * area.y + area.height) * high // (2 * picture.height)
        assert x in sides or "\u2800" < rows[y][x] <= "\u28ff"


def test_the_map_marks_the_step_and_what_is_chosen() -> None:
    session = update(Session(run("rnn_cell"), 15), Select(2))
    shown = minimap(graph_picture(View(scenario("rnn_cell"), session)), Area(98, 0, 72, 14))
    assert shown is not None
    roles = {span.role for line in shown.lines for span in line}
    assert {Role.SELECTED, Role.VALUE, Role.KEY} <= roles
