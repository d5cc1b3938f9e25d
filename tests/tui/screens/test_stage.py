"""The stage: the graph and one large equation, nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from backprop_tui.app import DebuggerApp
from backprop_tui.panels.stage import stage
from driving import NARROW, WIDE, debugger, opened, position, seen, text_of
from scenes import view


def shown(pilot: Pilot[None]) -> set[str]:
    """The panels that are seen, bars among them."""
    screen = debugger(pilot)
    names = ("graph", "step", "nodes", "outline", "plots", "calls", "stage", "timeline", "header", "footer")
    return {name for name in names if screen.panel(name).display}


@pytest.mark.parametrize("size", [NARROW, WIDE, (200, 60), (250, 30), (90, 60)])
@pytest.mark.parametrize("back", ["P", "escape"])
async def test_the_stage_has_the_graph_and_one_equation_and_all_panels_come_back(
    size: tuple[int, int], back: str
) -> None:
    async with opened("rnn_cell", at=19, size=size) as pilot:
        before, panels = seen(pilot), shown(pilot)
        await pilot.press("P")
        await pilot.pause()
        assert shown(pilot) == {"header", "graph", "stage"}
        graph, stage = (debugger(pilot).panel(name).region for name in ("graph", "stage"))
        assert graph.width == stage.width == size[0]
        assert (graph.y, stage.y, stage.bottom) == (1, graph.bottom, size[1])
        assert "∂L/∂b_g" in seen(pilot)
        assert "numeric" not in seen(pilot)
        await pilot.press(back)
        await pilot.pause()
        assert shown(pilot) == panels
        assert seen(pilot) == before


@pytest.mark.parametrize("size", [(78, 10), (78, 15), (118, 22)])
def test_a_wrong_gradient_is_told_below_its_equation_before_the_note(size: tuple[int, int]) -> None:
    wrong, right = (text_of(stage(view("wrong_softmax", at), *size)) for at in (23, 24))
    assert "differs ✗" in wrong
    assert "at [0]" in wrong
    assert "product" in wrong
    assert "differs" not in right
    if "Two of the three" in wrong:
        assert wrong.index("differs ✗") < wrong.index("Two of the three")


@pytest.mark.thorough
async def test_one_steps_and_resizes_on_the_stage() -> None:
    async with opened("rnn_cell", at=19) as pilot:
        await pilot.press("P", "s")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert position(pilot) == 20
        assert shown(pilot) == {"header", "graph", "stage"}
        assert "step 20 of 38" in seen(pilot)
        assert "∂L/∂k#1" in seen(pilot)
        await pilot.press("3")
        await pilot.pause()
        assert "stage" not in shown(pilot)
        assert "nodes" in shown(pilot)


async def test_the_app_can_begin_with_the_stage_and_the_next_scenario_goes_on_there() -> None:
    app = DebuggerApp(view("rnn_cell", 3), staged=True)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert shown(pilot) == {"header", "graph", "stage"}
        await pilot.press("G")
        await pilot.pause()
        assert debugger(pilot).current.scenario.name == "bptt"
        assert shown(pilot) == {"header", "graph", "stage"}
        assert debugger(pilot).current.scenario.description.in_language("en")[:30] in seen(pilot)


@pytest.mark.parametrize("at", [0, 13, 38])
async def test_the_first_step_the_seed_and_the_last_are_shown_too(at: int) -> None:
    async with opened("rnn_cell", at=at) as pilot:
        await pilot.press("P")
        await pilot.pause()
        words = {0: "One time step.", 13: "∂L/∂L", 38: "∂L/∂x"}
        assert words[at] in seen(pilot)


@pytest.mark.parametrize("size", [(78, 14), (118, 26), (198, 38)])
def test_the_note_of_the_author_stands_below_the_equation(size: tuple[int, int]) -> None:
    page = stage(view("softmax_classifier", 7), *size)
    assert page.height <= size[1]
    rows = text_of(page).splitlines()
    (noted,) = (row for row, text in enumerate(rows) if "» b is added to every row" in text)
    (named,) = (row for row, text in enumerate(rows) if "upstream" in text)
    assert noted > named


@pytest.mark.parametrize("height", range(3, 20))
def test_for_a_note_no_number_on_the_stage_becomes_a_picture(height: int) -> None:
    shown = view("softmax_classifier", 7)
    noted, plain = (
        text_of(stage(replace(shown, scenario=replace(shown.scenario, notes=notes)), 78, height))
        for notes in (shown.scenario.notes, {})
    )
    assert "»" not in plain
    assert ("0.102" in noted) is ("0.102" in plain)
    assert "»" not in noted or len(noted.splitlines()) <= height, "a note is seen whole, or not at all"


@pytest.mark.thorough
async def test_the_equation_has_its_own_title_at_the_end_too() -> None:
    async with opened("add_multiply", at=7) as pilot:
        assert "The end of the run" in seen(pilot)
        await pilot.press("P")
        await pilot.pause()
        assert "The end of the run" not in seen(pilot)
        assert "Chain rule ─ q → y" in seen(pilot)
