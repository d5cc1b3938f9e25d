"""The panel of the graph in the app: keys, the wheel and the mouse, and what stays where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from textual import events
from textual.geometry import Offset, Size
from textual.pilot import Pilot

from backprop_engine.debugger import Session, StepBy
from backprop_tui.cells.drawing import Area, Drawing, Lines
from backprop_tui.cells.lines import line_text
from backprop_tui.panels.graph import GraphPicture, graph_picture, whole_scene_key
from backprop_tui.panels.step import chain_rule
from backprop_tui.screens.arrangement import Body, cells_of_graph, most_of_graph, plan_of
from backprop_tui.screens.layout_job import LayoutJob
from backprop_tui.view import View
from backprop_tui.widgets.graph_panel import GraphPanel
from covering import SHOWN
from driving import NARROW, WIDE, debugger, go, opened, position
from scenes import LANGUAGES, moments, positions, view, written


def panel(pilot: Pilot[None]) -> GraphPanel:
    return debugger(pilot).navigation.panel


def picture(pilot: Pilot[None]) -> GraphPicture:
    drawing = panel(pilot).drawing
    assert isinstance(drawing, GraphPicture)
    return drawing


def place(pilot: Pilot[None]) -> Offset:
    """Where in the panel the step's own node begins."""
    home = picture(pilot).node_area
    assert home is not None
    return Offset(home.x, home.y) + panel(pilot).margin_of_drawing - panel(pilot).scroll_offset


def seen_whole(pilot: Pilot[None], area: Area | None) -> bool:
    """Whether all of an area is in view."""
    assert area is not None
    window = panel(pilot).window
    return (
        window.x <= area.x
        and area.x + area.width <= window.x + window.width
        and window.y <= area.y
        and area.y + area.height <= window.y + window.height
    )


@pytest.fixture
def lay_out(monkeypatch: pytest.MonkeyPatch) -> Callable[[LayoutJob], None]:
    """Begins with the layout of a whole large graph, which waits for that, however slow the machine is."""
    start = LayoutJob.start
    monkeypatch.setattr(LayoutJob, "start", lambda job: None)
    return start


def closely(stem: str, at: int = 0) -> View:
    """A scenario whose graph is to be drawn in full, whether it fits or not."""
    return replace(view(stem, at), density="full")


async def wait(pilot: Pilot[None]) -> None:
    for _ in range(3):
        await pilot.pause()


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_step_is_in_view_at_every_density(size: tuple[int, int]) -> None:
    async with opened("rnn_cell", size=size) as pilot:
        for keys in ("", "plus", "minus", "minus", "minus"):
            if keys:
                await pilot.press(keys)
            for to in (3, 37, 20):
                await go(pilot, to)
                await wait(pilot)
                assert seen_whole(pilot, picture(pilot).node_area)


@pytest.mark.thorough
async def test_a_closer_look_keeps_the_place() -> None:
    async with opened(closely("bptt", 40)) as pilot:
        await wait(pilot)
        panel(pilot).scroll_relative(-7, 1, animate=False, force=True, immediate=True)
        await wait(pilot)
        before = place(pilot)
        for key in ("minus", "plus"):
            await pilot.press(key)
            await wait(pilot)
            window = panel(pilot).window
            pinned = (
                panel(pilot).scroll_offset.x in (0, panel(pilot).max_scroll_x)
                or picture(pilot).width <= window.width
            )
            assert pinned or abs(place(pilot).x - before.x) <= 10
            assert seen_whole(pilot, picture(pilot).node_area)


async def test_what_is_in_view_stays_while_the_step_stays_in_view() -> None:
    async with opened(closely("bptt", 20)) as pilot:
        await wait(pilot)
        scrolled = []
        for to in range(20, 60, 3):
            await go(pilot, to)
            await wait(pilot)
            scrolled.append((panel(pilot).scroll_offset, picture(pilot).focus))
        for (was, _), (now, focus) in pairwise(scrolled):
            assert focus is not None
            room = panel(pilot).window
            fits = (
                was.x <= focus.x
                and focus.x + focus.width <= was.x + room.width
                and was.y <= focus.y
                and focus.y + focus.height <= was.y + room.height
            )
            assert not fits or was == now


async def test_what_the_reader_looks_at_stays_until_the_step_moves() -> None:
    async with opened(closely("rnn_cell", 12)) as pilot:
        await wait(pilot)
        panel(pilot).scroll_to(0, 0, animate=False)
        await wait(pilot)
        debugger(pilot).speak("ko")
        await wait(pilot)
        assert panel(pilot).scroll_offset == (0, 0)
        await pilot.press("s")
        await wait(pilot)
        assert seen_whole(pilot, picture(pilot).node_area)


@pytest.mark.parametrize("keys", ["HJKL", ("ctrl+left", "ctrl+down", "ctrl+up", "ctrl+right")])
async def test_large_steps(keys: tuple[str, ...]) -> None:
    async with opened(closely("rnn_cell"), size=NARROW) as pilot:
        left, down, up, right = keys
        window = panel(pilot).window
        await pilot.press(right)
        assert panel(pilot).scroll_offset == (window.width // 2, 0)
        await pilot.press(down)
        assert panel(pilot).scroll_offset == (window.width // 2, window.height // 2)
        await pilot.press(up, left)
        assert panel(pilot).scroll_offset == (0, 0)


@pytest.mark.thorough
async def test_fit_shows_all_of_it_from_as_near_as_it_can() -> None:
    for size, wanted in ((WIDE, ("compact", "names")), ((300, 60), ("full", "compact"))):
        async with opened("rnn_cell", at=15, size=size) as pilot:
            await pilot.press("minus", "minus", "minus")
            assert picture(pilot).scene.density == "dots"
            await pilot.press("f")
            await wait(pilot)
            assert picture(pilot).scene.density in wanted
            assert debugger(pilot).current.density is None
            assert picture(pilot).width <= panel(pilot).size.width
            assert picture(pilot).height <= panel(pilot).size.height


async def test_a_density_that_was_chosen_stays() -> None:
    async with opened("rnn_cell", size=NARROW) as pilot:
        chosen = picture(pilot).scene.density
        await pilot.press("minus")
        fewer = picture(pilot).scene.density
        assert fewer != chosen
        await pilot.press("s", "s")
        await pilot.resize_terminal(200, 60)
        await wait(pilot)
        assert picture(pilot).scene.density == fewer
        await pilot.press("f")
        await wait(pilot)
        assert picture(pilot).scene.density in ("full", "compact")


@pytest.mark.thorough
async def test_looking_at_the_step_brings_it_to_the_middle() -> None:
    async with opened(closely("rnn_cell", 8), size=NARROW) as pilot:
        panel(pilot).scroll_to(0, 0, animate=False)
        await wait(pilot)
        await pilot.press("full_stop")
        await wait(pilot)
        home, window = picture(pilot).node_area, panel(pilot).window
        assert home is not None
        assert abs(home.x + home.width // 2 - window.x - window.width // 2) <= 1
        assert position(pilot) == 8


async def test_the_mouse_drags_the_picture_and_chooses_nothing() -> None:
    async with opened(closely("rnn_cell", 12), size=NARROW) as pilot:
        panel(pilot).scroll_to(40, 4, animate=False)
        await wait(pilot)
        await pilot.mouse_down("#graph", offset=(20, 5))
        await pilot.hover("#graph", offset=(30, 4))
        drag = events.MouseMove(
            panel(pilot), 30, 4, 10, -1, 1, False, False, False, *(panel(pilot).region.offset + Offset(31, 5))
        )
        panel(pilot).on_mouse_move(drag)
        await pilot.mouse_up("#graph", offset=(30, 4))
        await wait(pilot)
        assert panel(pilot).scroll_offset.x < 40
        assert debugger(pilot).current.session.selection is None


async def test_the_wheel_zooms_with_ctrl() -> None:
    async with opened(closely("rnn_cell", 12)) as pilot:
        shown = panel(pilot)
        for kind, wanted in (
            (events.MouseScrollDown, "compact"),
            (events.MouseScrollDown, "names"),
            (events.MouseScrollDown, "dots"),
            (events.MouseScrollDown, "dots"),
            (events.MouseScrollUp, "names"),
        ):
            shown.post_message(kind(shown, 5, 5, 0, 0, 0, False, False, True))
            await wait(pilot)
            assert debugger(pilot).current.density == wanted
        shown.post_message(events.MouseScrollUp(shown, 5, 5, 0, 0, 0, False, False, False))
        await wait(pilot)
        assert debugger(pilot).current.density == "names"


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize(("stem", "at"), [("relu_layer", 10), ("transformer_block", 25), ("relu_kink", 3)])
async def test_names_are_cut_at_the_scroll_bar_and_not_behind_it(
    stem: str, at: int, size: tuple[int, int]
) -> None:
    async with opened(stem, size=size, at=at) as pilot:
        await wait(pilot)
        shown = panel(pilot)
        view = shown.in_view()
        assert view.margin.x + view.width == shown.scrollable_content_region.width


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize(("stem", "at"), [("bptt", 35), ("gru", 106), ("rnn_cell", 15)])
async def test_where_one_begins_the_step_is_in_view(stem: str, at: int, size: tuple[int, int]) -> None:
    async with opened(stem, size=size, at=at) as pilot:
        await wait(pilot)
        home, window = picture(pilot).node_area, panel(pilot).window
        assert home is not None
        assert window.x <= home.x
        assert home.x + home.width <= window.x + window.width
        assert window.y <= home.y
        assert home.y + home.height <= window.y + window.height


async def test_a_click_on_the_minimap_goes_there() -> None:
    async with opened(closely("rnn_cell", 15)) as pilot:
        await wait(pilot)
        shown = panel(pilot).minimap
        assert shown is not None
        assert panel(pilot).scroll_offset.x > 0
        await pilot.click("#graph", offset=(shown.area.x + 2, shown.area.y + 2))
        await wait(pilot)
        assert panel(pilot).scroll_offset.x == 0
        assert debugger(pilot).current.session.selection is None
        await pilot.press("M")
        await wait(pilot)
        assert panel(pilot).minimap is None


# How much room it has


@pytest.mark.parametrize("stem", SHOWN)
def test_the_graph_gets_what_it_needs_and_leaves_enough_for_equations(stem: str) -> None:
    for size in (Size(80, 21), Size(60, 17), Size(90, 40), Size(90, 57), Size(120, 35), Size(200, 55)):
        plan = plan_of(size)
        (rows,) = {cells_of_graph(view(stem, at), plan, size) for at in moments(stem).values()}
        most = most_of_graph(view(stem).graph, plan, size)
        assert rows <= most.height
        assert most.width == size.width
        assert size.height - rows >= min(8, size.height - size.height // 2)
        if whole_scene_key(view(stem)) is not None:
            assert rows == most.height
        else:
            shown = graph_picture(replace(view(stem), room=(size.width - 2, rows - 2)))
            assert rows in (size.height // 3, most.height, shown.height + 2)


@pytest.mark.thorough
@pytest.mark.parametrize("stem", ["add_multiply", "rnn_cell", "lstm"])
def test_beside_the_others_the_graph_gets_the_columns_it_needs(stem: str) -> None:
    size = Size(250, 26)
    assert plan_of(size) == "beside"
    assert most_of_graph(view(stem).graph, "beside", size).height == size.height
    columns = cells_of_graph(view(stem), "beside", size)
    shown = graph_picture(replace(view(stem), room=(columns - 2, size.height - 2)))
    assert columns in (125, shown.width + 2, 250 - 58)


@pytest.mark.thorough
@pytest.mark.parametrize("stem", ["conv1d_filter", "elementwise_jacobian", "kl_divergence", "sigmoid_ratio"])
def test_equations_leave_the_graph_the_row_that_makes_it_whole_and_lose_no_word(stem: str) -> None:
    size = Size(80, 21)
    rows = cells_of_graph(view(stem), "stacked", size)
    shown = graph_picture(replace(view(stem), room=(size.width - 2, rows - 2)))
    assert rows == max(shown.height + 2, size.height // 3)
    room = size.height - rows - 2
    for language in LANGUAGES:
        for at in positions(stem):
            less, more = (
                chain_rule(view(stem, at, language), size.width - 2, high) for high in (room, room + 1)
            )
            assert less.height <= room
            assert words_in(less) == words_in(more)


def words_in(drawing: Drawing) -> set[str]:
    """What is written in a drawing; a shape may stand in parentheses beside a word, a rule after a colon."""
    rows = (line_text(drawing.row(y, 0, drawing.width)) for y in range(drawing.height))
    return {word.strip("():") for row in rows for word in row.split()}


@pytest.mark.parametrize(
    "stem", ["cross_entropy_neuron", "deep_linear", "add_multiply", "weight_decay", "conv1d_filter"]
)
async def test_a_picture_that_misses_a_row_or_two_gets_them(stem: str) -> None:
    async with opened(stem, size=NARROW, at=4) as pilot:
        await wait(pilot)
        assert picture(pilot).height <= panel(pilot).scrollable_content_region.height
        below = debugger(pilot).panel("step")
        _, _, width, height = below.scrollable_content_region
        whole = chain_rule(debugger(pilot).current, width, height)
        assert whole.height <= height
        assert below.scroll_offset.y == 0
        in_view = Lines.of([below.drawing.row(y, 0, width) for y in range(height)])
        names = {word for word in words_in(whole) if "∂" in word}  # which the panel may have as fractions
        assert words_in(whole) - names <= words_in(in_view)
        outer = panel(pilot).outer_size.height, below.outer_size.height
        assert sum(outer) == debugger(pilot).query_one(Body).size.height
        await pilot.press("s")
        await wait(pilot)
        assert outer == (panel(pilot).outer_size.height, below.outer_size.height)
        await pilot.resize_terminal(*WIDE)
        await wait(pilot)
        assert panel(pilot).outer_size.height == max(picture(pilot).height + 2, 35 // 3)


@pytest.mark.thorough
async def test_before_the_first_step_the_beginning_is_in_view() -> None:
    async with opened("lstm", size=(100, 30), at=60) as pilot:
        await wait(pilot)
        table = debugger(pilot).panel("nodes")
        assert panel(pilot).scroll_x > 0
        assert table.scroll_y > 0
        await pilot.press("home")
        await wait(pilot)
        assert panel(pilot).scroll_offset == table.scroll_offset == (0, 0)


@pytest.mark.thorough
async def test_the_minimap_stands_in_a_corner_after_a_quick_step() -> None:
    async with opened(closely("bptt", 1)) as pilot:
        await pilot.press("minus", "minus", "minus")
        await wait(pilot)
        screen = debugger(pilot)
        for _ in range(3):
            screen.navigation.zoom(1)
        screen.do(StepBy())  # a step before the larger picture is painted, as one types quickly
        await wait(pilot)
        assert panel(pilot).allow_horizontal_scroll
        shown, window = panel(pilot).minimap, panel(pilot).window
        assert shown is not None
        assert shown.area.y in (0, window.height - shown.area.height)


async def test_a_search_lights_what_it_finds_and_x_goes_there() -> None:
    async with opened(closely("rnn_cell", 15)) as pilot:
        await pilot.press("slash", *"W_", "enter", "escape")
        await wait(pilot)
        names = [debugger(pilot).current.graph.nodes[one].name for one in debugger(pilot).current.found]
        assert names == ["W_xh", "W_hh", "W_xg", "W_hg"]
        chosen = []
        for key in "xxXxxx":
            await pilot.press(key)
            await wait(pilot)
            selection = debugger(pilot).current.session.selection
            assert selection is not None
            assert seen_whole(pilot, picture(pilot).area_of(selection))
            chosen.append(debugger(pilot).current.graph.nodes[selection].name)
        assert chosen == ["W_xh", "W_hh", "W_xh", "W_hh", "W_xg", "W_hg"]
        await pilot.press("escape")
        assert debugger(pilot).current.found == ()
        assert debugger(pilot).current.session.selection is None


async def test_a_search_that_finds_one_node_chooses_it() -> None:
    async with opened(closely("rnn_cell", 15)) as pilot:
        await pilot.press("slash", *"W_hh", "enter")
        await wait(pilot)
        (found,) = debugger(pilot).current.found
        assert debugger(pilot).current.graph.nodes[found].name == "W_hh"
        assert debugger(pilot).current.session.selection == found


# The whole of a large graph


LARGE = """
inputs: {x: 0.5}
params: {w: 0.75}
nodes:
"""


def large(folder: Path, length: int = 100) -> View:
    """A chain of three nodes for each link."""
    links = "\n".join(f"  h{at}: tanh(h{at - 1} * w + x)" for at in range(1, length))
    read = written(folder, f"{LARGE}  h0: tanh(x)\n{links}\n")
    return View(read, Session(read.run(), 200))


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError("it never came")


@pytest.mark.thorough
async def test_the_whole_of_a_large_graph_comes_in_the_place_of_a_part(
    tmp_path: Path, lay_out: Callable[[LayoutJob], None]
) -> None:
    async with opened(replace(large(tmp_path), density="full")) as pilot:
        await wait(pilot)
        part = picture(pilot)
        assert part.scene.key is None
        assert "nodes" in str(panel(pilot).border_title)
        await pilot.press("s")
        await wait(pilot)
        before = place(pilot)
        lay_out(debugger(pilot).layout_job)
        await until(pilot, lambda: picture(pilot).scene.key is not None)
        await wait(pilot)
        assert abs(place(pilot).x - before.x) <= 4, "only for a wider box, and the room beside it"
        assert place(pilot).y == before.y
        assert str(panel(pilot).border_title) == "Graph"
        assert len(picture(pilot).scene.boxes) == 300
        await pilot.press("minus")
        await wait(pilot)
        assert picture(pilot).scene.key is None
        lay_out(debugger(pilot).layout_job)
        await until(pilot, lambda: picture(pilot).scene.key is not None)
        await pilot.press("plus")
        await wait(pilot)
        assert picture(pilot).scene.key is not None, "what was laid out is kept"


@pytest.mark.thorough
async def test_the_layout_of_what_is_no_longer_wanted_is_given_up(tmp_path: Path) -> None:
    async with opened(replace(large(tmp_path, 250), density="full")) as pilot:
        screen = debugger(pilot)
        await until(pilot, lambda: screen.layout_job.is_running)
        await pilot.press("minus", "minus", "minus")
        await until(pilot, lambda: not screen.layout_job.is_running)
        assert screen.current.whole_scenes == ()
        await until(pilot, lambda: picture(pilot).scene.key is not None)
        assert picture(pilot).scene.density == "dots"


async def test_fit_shows_dots_until_the_whole_is_there(tmp_path: Path) -> None:
    async with opened(replace(large(tmp_path), density="full")) as pilot:
        await pilot.press("f")
        await wait(pilot)
        assert picture(pilot).scene.density == "dots"
