"""The app as a whole: sizes, the mouse, themes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from textual.command import CommandPalette
from textual.geometry import Offset, Region
from textual.pilot import Pilot

from backprop_tui.commands.table import COMMANDS
from backprop_tui.export.screenshot import screen_svg
from backprop_tui.panel_slots import PANEL_SLOTS
from backprop_tui.panels.graph import graph_picture, node_at
from backprop_tui.panels.nodes import node_at_row
from backprop_tui.panels.timeline import timeline
from backprop_tui.screens.inspect import InspectScreen
from backprop_tui.themes import DARK, LIGHT
from backprop_tui.widgets.panel import Panel
from driving import NARROW, WIDE, debugger, go, opened, position, seen, text_of
from scenes import view

SIZES = ((60, 20), (200, 60), (20, 8), (1, 1), (99, 30), (100, 30), WIDE)


# Sizes


@pytest.mark.parametrize("stem", ["add_multiply", "rnn_cell"])
async def test_resizing_keeps_the_place_and_the_picture(stem: str) -> None:
    async with opened(stem, at=5) as pilot:
        await pilot.press("tab")
        before = seen(pilot)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            rows = seen(pilot).splitlines()
            assert len(rows) == size[1]
            assert position(pilot) == 5
            assert pilot.app.focused is debugger(pilot).panel("step")
        assert "step 5 of" in seen(pilot)
        assert seen(pilot).splitlines()[0] == before.splitlines()[0]
        assert seen(pilot).splitlines()[-1] == before.splitlines()[-1]


@pytest.mark.thorough
@pytest.mark.parametrize("size", [(1, 1), (2, 1), (3, 3), (10, 5), (30, 4), (5, 60)])
async def test_a_tiny_terminal_can_be_stepped_in(size: tuple[int, int]) -> None:
    async with opened("add_multiply", size=size) as pilot:
        for key in (
            "s",
            "end",
            "N",
            "tab",
            "tab",
            "question_mark",
            "escape",
            "g",
            "escape",
            "enter",
            "escape",
        ):
            await pilot.press(key)
        assert position(pilot) == 5


async def test_the_graph_has_the_width_of_a_wide_screen_and_the_step_and_the_nodes_stand_below() -> None:
    async with opened("add_multiply", at=6) as pilot:
        places = _places(pilot)
        assert places.keys() == {"graph", "step", "nodes"}
        assert places["graph"].width == WIDE[0]
        assert places["step"].y == places["nodes"].y == places["graph"].bottom
        assert places["nodes"].x == places["step"].right == WIDE[0] * 3 // 5
        assert "╭─ Timeline ─" in seen(pilot)


@pytest.mark.thorough
@pytest.mark.parametrize("size", [(160, 40), (200, 60), (251, 60)])
async def test_the_panels_of_a_roomy_screen_fill_it_whichever_stands_in_front(size: tuple[int, int]) -> None:
    async with opened("add_multiply", at=6, size=size) as pilot:
        assert _places(pilot).keys() == {"graph", "step", "nodes", "plots"}
        for name in ("outline", "calls", "plots"):
            await pilot.press(str(1 + [place.name for place in PANEL_SLOTS].index(name)))
            await pilot.pause()
            places = _places(pilot)
            assert places["graph"].width == size[0]
            row = [places["step"], places["nodes"], places[name]]
            assert [one.x for one in row] == [0, row[0].right, row[1].right]
            assert row[2].right == size[0]
            assert row[0].width >= row[1].width > row[2].width > size[0] // 4
            assert {one.y for one in row} == {places["graph"].bottom}


@pytest.mark.parametrize("stem", ["add_multiply", "rnn_cell"])
async def test_on_a_wide_but_low_screen_the_others_stand_beside_the_graph(stem: str) -> None:
    async with opened(stem, at=6, size=(250, 30)) as pilot:
        places = _places(pilot)
        assert places.keys() == {"graph", "step", "nodes"}
        assert places["graph"].height == 27
        assert places["step"].x == places["nodes"].x == places["graph"].right
        assert places["nodes"].y == places["step"].bottom
        assert places["graph"].width == (192 if stem == "rnn_cell" else 125)


async def test_on_a_narrow_but_tall_screen_three_panels_stand_one_below_another() -> None:
    async with opened("rnn_cell", at=19, size=(90, 60)) as pilot:
        places = _places(pilot)
        assert places.keys() == {"graph", "step", "nodes"}
        assert {place.width for place in places.values()} == {90}
        assert places["step"].y == places["graph"].bottom
        assert places["nodes"].y == places["step"].bottom


def _places(pilot: Pilot[None]) -> dict[str, Region]:
    """Where each panel of the debugger stands that is seen."""
    panels = {slot.name: debugger(pilot).panel(slot.name) for slot in PANEL_SLOTS}
    return {name: panel.region for name, panel in panels.items() if panel.display}


# One panel over all of the screen


@pytest.mark.thorough
@pytest.mark.parametrize("name", [slot.name for slot in PANEL_SLOTS])
@pytest.mark.parametrize("back", ["F", "escape"])
async def test_any_panel_fills_the_screen_and_comes_back(name: str, back: str) -> None:
    async with opened("rnn_cell", at=19) as pilot:
        await pilot.press(str(1 + [place.name for place in PANEL_SLOTS].index(name)))
        await pilot.pause()
        before, shown = _places(pilot), seen(pilot)
        await pilot.press("F")
        await pilot.pause()
        assert _places(pilot) == {name: Region(0, 1, WIDE[0], WIDE[1] - 5)}
        assert pilot.app.focused is debugger(pilot).panel(name)
        assert "Esc back to all panels" in seen(pilot)
        await pilot.press(back)
        await pilot.pause()
        assert _places(pilot) == before
        assert seen(pilot) == shown
        assert pilot.app.focused is debugger(pilot).panel(name)


async def test_a_panel_goes_on_filling_the_screen_in_another_size_and_another_takes_its_place() -> None:
    async with opened("rnn_cell", at=19) as pilot:
        await pilot.press("3", "F")
        for size in ((200, 60), (80, 24), (250, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert _places(pilot).keys() == {"nodes"}
            assert _places(pilot)["nodes"].width == size[0]
        await pilot.press("2")
        await pilot.pause()
        assert _places(pilot).keys() == {"step"}
        await pilot.press("s", "F")
        await pilot.pause()
        assert position(pilot) == 20
        assert _places(pilot).keys() == {"graph", "step", "nodes"}


async def test_a_click_in_the_border_leads_back_to_all_panels() -> None:
    async with opened("rnn_cell", at=19) as pilot:
        await pilot.press("F")
        await pilot.pause()
        row = next(y for y, line in enumerate(seen(pilot).splitlines()) if "Esc back" in line)
        column = seen(pilot).splitlines()[row].index("Esc back")
        await pilot.click(offset=Offset(column + 2, row))
        await pilot.pause()
        assert _places(pilot).keys() == {"graph", "step", "nodes"}


@pytest.mark.thorough
async def test_a_narrow_screen_says_what_stands_behind() -> None:
    async with opened("add_multiply", at=6, size=NARROW) as pilot:
        shown = seen(pilot)
    assert "╭─ Chain rule ─ q → x ─" in shown
    assert "─ 3 Nodes  4 Outline  5 Plots  6 Calls ─╯" in shown


# The mouse


def _cell(pilot: Pilot[None], name: str) -> tuple[int, int]:
    """A cell of the screen in which a node is drawn."""
    panel = debugger(pilot).panel("graph")
    picture = graph_picture(debugger(pilot).current)
    inner = panel.content_region.offset - panel.region.offset
    centred = Offset(
        max(0, (panel.size.width - picture.width) // 2), max(0, (panel.size.height - picture.height) // 2)
    )
    cells = [
        (x, y)
        for y in range(picture.height)
        for x in range(picture.width)
        if (node := node_at(picture, x, y)) is not None and node.name == name
    ]
    x, y = cells[0]
    return (x + inner.x + centred.x - panel.scroll_offset.x, y + inner.y + centred.y - panel.scroll_offset.y)


def _chosen(pilot: Pilot[None]) -> str | None:
    view = debugger(pilot).current
    chosen = view.session.selection
    return None if chosen is None else view.graph.nodes[chosen].name


async def test_a_click_in_the_graph_chooses_a_node() -> None:
    async with opened("add_multiply", at=4) as pilot:
        chosen = []
        for name in ("x", "f", "q"):
            await pilot.click("#graph", offset=_cell(pilot, name))
            chosen.append(_chosen(pilot))
        assert chosen == ["x", "f", "q"]
        await pilot.click("#graph", offset=(1, 1))
        assert _chosen(pilot) == "q", "there is no node in the corner"
        assert position(pilot) == 4


@pytest.mark.thorough
async def test_a_click_in_a_scrolled_graph_chooses_what_is_there() -> None:
    async with opened(replace(view("rnn_cell"), density="full"), size=NARROW) as pilot:
        graph = debugger(pilot).panel("graph")
        graph.scroll_to(30, 2, animate=False)
        await pilot.pause()
        left, top = graph.scroll_offset
        assert (left, top) == (30, 2)
        picture = graph_picture(debugger(pilot).current)
        under = {
            (x, y): node.name
            for y in range(4)
            for x in range(40)
            if (node := node_at(picture, x + left, y + top)) is not None
        }
        assert under
        for (x, y), name in list(under.items())[:: len(under) // 3]:
            graph.scroll_to(30, 2, animate=False)  # what was chosen before was brought wholly into view
            await pilot.pause()
            await pilot.click("#graph", offset=(x + 1, y + 1))
            assert _chosen(pilot) == name


async def test_a_click_on_the_bar_at_the_top_opens_the_palette() -> None:
    async with opened("add_multiply") as pilot:
        await pilot.click("#header", offset=(1, 0))
        await pilot.pause()
        assert CommandPalette.is_open(pilot.app)


@pytest.mark.parametrize(("name", "to"), [("step", 1), ("backward", 3)])
async def test_a_key_in_the_footer_can_be_clicked(name: str, to: int) -> None:
    async with opened("add_multiply") as pilot:
        row = seen(pilot).splitlines()[-1]
        command = next(one for one in COMMANDS if one.name == name)
        await pilot.click(
            "#footer", offset=(row.index(f"{command.shown} {command.label.in_language('en')}"), 0)
        )
        await pilot.pause()
        assert position(pilot) == to


@pytest.mark.thorough
async def test_a_panel_that_stands_behind_comes_to_the_front_by_a_click() -> None:
    async with opened("add_multiply", size=NARROW) as pilot:
        rows = seen(pilot).splitlines()
        y = next(y for y, row in enumerate(rows) if "3 Nodes" in row)
        await pilot.click(offset=(rows[y].index("3 Nodes"), y))
        await pilot.pause()
        assert pilot.app.focused is debugger(pilot).panel("nodes")


async def test_the_headings_of_the_table_stay_while_it_is_scrolled() -> None:
    async with opened("lstm", size=WIDE) as pilot:
        panel = debugger(pilot).panel("nodes")
        await pilot.press("3", *["pagedown"] * 3)
        await pilot.pause()
        assert panel.scroll_offset.y > 0
        left, right = panel.region.x + 3, panel.region.right - 1
        shown = [row[left:right] for row in seen(pilot).splitlines()]
        rows = shown[panel.region.y + 1 : panel.region.bottom - 1]
        assert rows[0].split()[:2] == ["node", "value"]
        view = debugger(pilot).current
        for y, row in list(enumerate(rows))[1::3]:
            node = node_at_row(view, y + panel.scroll_offset.y)
            assert node is not None
            assert row.replace("▶", "").split()[0].rstrip("…") in node.name
            await pilot.click("#nodes", offset=(6, y + 1))
            assert _chosen(pilot) == node.name
            panel.scroll_to(0, panel.scroll_offset.y, animate=False)


async def test_two_clicks_inspect() -> None:
    async with opened("add_multiply", at=4) as pilot:
        await pilot.click("#graph", offset=_cell(pilot, "z"), times=2)
        assert isinstance(pilot.app.screen, InspectScreen)
        assert text_of(pilot.app.screen.query_one(Panel).drawing).startswith("z  input")


@pytest.mark.thorough
async def test_a_click_in_the_table_chooses_its_row() -> None:
    async with opened("add_multiply") as pilot:
        chosen = []
        for row in (1, 3, 5, 0):
            await pilot.click("#nodes", offset=(4, 1 + row))
            chosen.append(_chosen(pilot))
        assert chosen == ["x", "z", "f", "f"]


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_click_on_the_timeline_goes_there(size: tuple[int, int]) -> None:
    async with opened("add_multiply", size=size) as pilot:
        panel = debugger(pilot).panel("timeline")
        inner = panel.content_region.offset - panel.region.offset
        await go(pilot, 7)
        row = text_of(timeline(debugger(pilot).current, panel.size.width, 1))
        columns = [column for column, sign in enumerate(row) if sign in "●◉"]
        reached = []
        for column in columns:
            await pilot.click("#timeline", offset=(column + inner.x, inner.y))
            reached.append(position(pilot))
        assert reached == [1, 2, 3, 4, 5, 6, 7]
        await pilot.click("#timeline", offset=(columns[0] - 2 + inner.x, inner.y))
        assert position(pilot) == 7, "a label is no position"


# Themes


@pytest.mark.thorough
async def test_another_theme_repaints_the_same_text() -> None:
    async with opened("add_multiply", at=6) as pilot:
        text, picture = seen(pilot), screen_svg(pilot.app)
        assert DARK.foreground is not None
        assert LIGHT.foreground is not None
        assert DARK.foreground in picture
        pilot.app.theme = LIGHT.name
        await pilot.pause()
        light = screen_svg(pilot.app)
        assert seen(pilot) == text
        for colour in (DARK.foreground, DARK.success, DARK.error, DARK.background):
            assert f"fill:{colour}" not in light, f"{colour} is left from the dark theme"
        for colour in (LIGHT.foreground, LIGHT.success, LIGHT.error):
            assert f"fill:{colour}" in light
        pilot.app.theme = DARK.name
        await pilot.pause()
        assert screen_svg(pilot.app) == picture


@pytest.mark.thorough
async def test_every_theme_can_be_used() -> None:
    async with opened("add_multiply", at=6) as pilot:
        text = seen(pilot)
        for theme in sorted(pilot.app.available_themes):
            pilot.app.theme = theme
            await pilot.pause()
            assert seen(pilot) == text


async def test_how_a_command_is_written_stands_above_the_prompt_that_a_key_opens() -> None:
    async with opened("add_multiply") as pilot:
        await pilot.press("e")
        await pilot.pause()
        assert "set NODE[ENTRY] = VALUE   what if" in seen(pilot)
        await pilot.press(*["backspace"] * 4, "w", "h", "o")
        await pilot.pause()
        assert "who [NODE]   what contributed to a gradient" in seen(pilot)
        await pilot.press("tab")
        await pilot.press(*["backspace"] * 8)
        await pilot.pause()
        assert "Tab completes" in seen(pilot)


@pytest.mark.thorough
async def test_an_answer_is_laid_out_for_the_screen() -> None:
    async with opened("add_multiply", size=(60, 20)) as pilot:
        await pilot.press(":", *"help", "enter")
        await pilot.pause()
        assert re.search(r"^ +gallery {5,}to the gallery of", seen(pilot), re.MULTILINE)
