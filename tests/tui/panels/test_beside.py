"""Two branches side by side: what is shown of each, and how one goes through both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot

from backprop_engine.debugger import Go, Set, SwitchBranch, update
from backprop_tui.cells.lines import Role, line_text, line_width
from backprop_tui.panels.beside import (
    Pair,
    both_graphs,
    course,
    differences,
    differing,
    graph_heading,
    steps,
)
from backprop_tui.panels.graph import GraphPicture
from backprop_tui.panels.step import chain_rule
from backprop_tui.panels.timeline import position_at
from backprop_tui.screens.beside import BesideScreen, pair_of
from backprop_tui.view import View
from backprop_tui.widgets.panel import Panel
from driving import NARROW, WIDE, debugger, opened, seen, text_of
from scenes import LANGUAGES, view

pytestmark = pytest.mark.thorough  # whole screens, many of them, or real terminals


def changed(language: str = "en") -> View:
    """`add_multiply` with x = 3, at its end."""
    shown = view("add_multiply", 7, language)
    session = update(shown.session, Set("x", np.float64(3.0)))
    return View(shown.scenario, session, language)


def pair(at: int, language: str = "en") -> Pair:
    one, other = pair_of(changed(language), "baseline", "b1")
    return tuple(View(each.scenario, update(each.session, Go(at)), language) for each in (one, other))  # type: ignore[return-value]


@asynccontextmanager
async def side_by_side(size: tuple[int, int] = WIDE) -> AsyncIterator[Pilot[None]]:
    async with opened(changed(), size=size) as pilot:
        await pilot.press("D")
        await pilot.pause()
        yield pilot


def screen(pilot: Pilot[None]) -> BesideScreen:
    assert isinstance(pilot.app.screen, BesideScreen)
    return pilot.app.screen


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("width", "height"), [(118, 18), (76, 9), (75, 9), (40, 20), (12, 4), (3, 1)])
def test_each_branch_shows_its_step_and_fits(width: int, height: int, language: str) -> None:
    for at in range(8):
        both = pair(at, language)
        drawing = steps(both, width, height)
        rows = [drawing.row(y, 0, drawing.width) for y in range(drawing.height)]
        assert drawing.height <= height
        assert all(line_width(row) <= width for row in rows)
        if width == 118:
            for one, begin in ((both[0], 0), (both[1], 60)):
                alone = chain_rule(one, 57, height - 1)
                for y in range(alone.height):
                    shown = line_text(drawing.row(y + 1, begin, 57))
                    assert shown.strip() == line_text(alone.row(y, 0, 57)).strip()


def test_the_table_has_the_nodes_that_differ_so_far() -> None:
    def names(at: int) -> list[str]:
        drawing = differences(pair(at), 100, 20)
        return [line_text(drawing.row(y, 0, 100)).split()[0] for y in range(1, drawing.height)]

    assert names(0) == ["x"]
    assert names(1) == ["x", "q"]
    assert names(2) == names(3) == ["x", "q", "f"]
    assert names(5) == ["x", "z", "q", "f"]


def test_what_differs_is_told_in_both_branches() -> None:
    rows = [line_text(differences(pair(5), 100, 20).row(y, 0, 100)).split() for y in range(5)]
    assert rows[1] == ["x", "-2", "3", "Δ+5", "◌", "◌"]
    assert rows[2] == ["z", "-4", "-4", "3", "8", "Δ+5"]
    assert rows[4] == ["f", "-12", "-32", "Δ-20", "1", "1"]


def test_a_branch_beside_itself_has_no_differences() -> None:
    same = pair_of(changed(), "b1", "b1")
    assert line_text(differences(same, 80, 5).row(0, 0, 80)) == "nothing differs so far"
    assert same[0].session.position == 7


def graph_of(at: int, width: int, height: int, *names: str) -> GraphPicture:
    """The graph of two branches of `add_multiply`."""
    views = pair_of(changed(), *(names or ("baseline", "b1")))
    moved = [View(each.scenario, update(each.session, Go(at))) for each in views]
    picture = both_graphs((moved[0], moved[1]), width, height)
    assert isinstance(picture, GraphPicture)
    return picture


def test_the_graph_has_the_numbers_of_one_and_by_how_much_they_differ() -> None:
    for names in (("baseline", "b1"), ("b1", "baseline")):
        shown = text_of(graph_of(7, 118, 20, *names))
        assert "x 3 Δ+5" in shown
        assert "f -32 Δ-20" in shown
        assert "8 Δ+5" in shown
    assert "b1, Δ from baseline" in graph_heading(pair(7))


def test_where_there_are_no_numbers_what_differs_is_lit() -> None:
    picture = graph_of(2, 30, 6)
    assert picture.scene.density in ("names", "dots")
    rows = [picture.row(y, 0, picture.width) for y in range(picture.height)]
    assert sum(span.role is Role.LIT for row in rows for span in row) == 3


@pytest.mark.parametrize(("width", "height"), [(118, 20), (76, 9), (40, 5), (3, 1), (1, 1)])
def test_the_graph_can_have_any_room(width: int, height: int) -> None:
    for at in range(8):
        assert graph_of(at, width, height).height > 0


def test_the_timeline_has_a_sign_at_each_step_that_differs() -> None:
    for at in range(8):
        both = pair(at)
        line = "".join(span.text for span in course(both, 100).row(0, 0, 100))
        found = [position_at(both[1], 100, column) for column, sign in enumerate(line) if sign in "◆◈◇"]
        assert found == [position for position in differing(both) if position]


async def test_titles_say_whether_the_step_differs_and_how_many_do() -> None:
    async with side_by_side() as pilot:
        assert "the same at this step" in seen(pilot)
        assert "3 of 7 steps differ" in seen(pilot)
        await pilot.press("C")
        assert "this step differs" in seen(pilot)
        assert "Δ from baseline" in seen(pilot)


async def test_most_of_the_screen_is_used() -> None:
    """A cell in nine or so was, before there was a graph."""
    async with side_by_side() as pilot:
        heights = {panel.id: panel.size.height for panel in pilot.app.screen.query(Panel)}
    assert heights["both"] >= 12
    assert heights["steps"] >= 9
    assert heights["differences"] >= 4


async def test_it_stays_at_the_step_and_goes_from_one_difference_to_the_next() -> None:
    async with side_by_side() as pilot:
        assert screen(pilot).current[0].session.position == 7
        await pilot.press("home", "c")
        visited = [screen(pilot).current[0].session.position]
        for _ in range(4):
            await pilot.press("c")
            visited.append(screen(pilot).current[0].session.position)
        assert visited == [1, 2, 5, 5, 5]
        assert "there is no other difference" in seen(pilot)
        for _ in range(4):
            await pilot.press("C")
            visited.append(screen(pilot).current[0].session.position)
        assert visited[5:] == [2, 1, 0, 0]


@pytest.mark.parametrize("size", [WIDE, NARROW, (60, 20), (20, 8), (1, 1)])
async def test_both_branches_move_together_and_the_debugger_stays(size: tuple[int, int]) -> None:
    async with side_by_side(size) as pilot:
        await pilot.press("home", "s")
        at = 1
        for key, to in {"s": 2, "S": 1, "n": 2, "m": 3, "N": 2, "end": 7, "home": 0, "right": 1}.items():
            await pilot.press(key)
            at = to
            one, other = (each.session for each in screen(pilot).current)
            assert (one.position, other.position) == (at, at)
            assert (one.branches.current, other.branches.current) == ("baseline", "b1")
        await pilot.press("escape")
        assert debugger(pilot).current.session.position == 7


async def test_without_a_change_there_is_nothing_to_compare() -> None:
    async with opened("add_multiply") as pilot:
        await pilot.press("D")
        assert not isinstance(pilot.app.screen, BesideScreen)
        assert "there is only the baseline" in seen(pilot)


async def test_any_two_branches_can_be_named() -> None:
    first = changed()
    session = update(update(first.session, SwitchBranch("baseline")), Set("y", np.float64(1.0)))
    async with opened(View(first.scenario, session)) as pilot:
        await pilot.press("colon", *"beside b1 b2", "enter")
        await pilot.pause()
        shown = [each.session.branches.current for each in screen(pilot).current]
        assert shown == ["b1", "b2"]
        await pilot.press("escape", "colon", *"beside b1 b9", "enter")
        assert "there is no branch b9" in seen(pilot)


async def test_the_palette_offers_what_goes_through_both_branches_and_languages() -> None:
    async with side_by_side() as pilot:
        offered = {one.title: one.callback for one in pilot.app.get_system_commands(pilot.app.screen)}
        assert "step  s →" in offered
        assert not any(title.startswith("break") for title in offered)
        pilot.app.call_later(offered["end  End"])
        await pilot.pause()
        assert [each.session.position for each in screen(pilot).current] == [7, 7]
        await pilot.press("ctrl+p", *"korean", "enter")
        await pilot.pause()
        assert screen(pilot).current[0].language == "ko"
        assert "나란히" in seen(pilot) or "분기" in seen(pilot)


async def test_the_bars_can_be_clicked_and_what_they_offer_is_done() -> None:
    async with side_by_side() as pilot:
        beside = screen(pilot)
        at = [each.session.position for each in beside.current]
        header, footer, both = (beside.query_one(f"#{name}", Panel) for name in ("header", "footer", "both"))
        for panel, x in ((header, 60), (footer, footer.size.width - 1), (both, 3)):
            panel.post_message(Panel.Clicked(panel, x, 0, 1))
            await pilot.pause()
            assert pilot.app.screen is beside
            assert [each.session.position for each in beside.current] == at
        header.post_message(Panel.Clicked(header, 1, 0, 1))
        await pilot.pause()
        assert isinstance(pilot.app.screen, CommandPalette)
        await pilot.press("escape")
        beside.action_command("palette")
        await pilot.pause()
        assert isinstance(pilot.app.screen, CommandPalette)


@pytest.mark.parametrize(("width", "told"), [(118, "‖0.121‖ Δ‖0.0496‖"), (198, "[-0.022 -0.119] Δ‖0.0496‖")])
def test_where_there_is_room_the_entries_themselves_are_told_beside_their_difference(
    width: int, told: str
) -> None:
    shown = view("rnn_cell", 19)
    x = shown.session.trace.value("x").copy()
    x[0] = 3
    both = pair_of(View(shown.scenario, update(shown.session, Set("x", x))), "baseline", "b1")
    (row,) = (row for row in text_of(differences(both, width, 20)).splitlines() if row.startswith("b_g "))
    assert "[-0.068 -0.100]" in row
    assert row.rstrip().endswith(told)
