"""The pulse: once along the wires of a step, the way it goes, and only where motion is wanted."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from textual.pilot import Pilot

from backprop_engine.graph.steps import Backward
from backprop_tui.app import DebuggerApp
from backprop_tui.cells.lines import line_text
from backprop_tui.cli.open import add_arguments, found
from backprop_tui.panels.graph import GraphPicture, graph_picture
from backprop_tui.panels.graph.pulse import BEATS, Pulse
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.settings import settings_path
from backprop_tui.widgets.graph_panel import GraphPanel
from covering import SHOWN
from driving import WIDE
from scenes import trace, view


@pytest.mark.parametrize("stem", SHOWN)
def test_it_runs_along_the_wires_of_the_step_and_ends(stem: str) -> None:
    last = trace(stem).schedule.completed
    for at in {1, last // 2, last}:
        picture = graph_picture(view(stem, at))
        wires = list(picture.appearance.active_wires(picture.scene))
        pulse, beats = Pulse(picture), 0
        assert bool(pulse) == bool(wires)
        while pulse:
            for (x, y), mark in pulse.cells.items():
                assert mark.text == "●"
                assert mark.role is picture.appearance.active_role
                assert any(column == x for column, _ in picture.scene.wires.row(y, x, x + 1))
            beats += 1
            pulse.move()
        assert beats == (BEATS if wires else 0)
        assert pulse.cells == {}


def test_a_gradient_goes_back() -> None:
    steps = trace("vanishing_sigmoids").steps
    for at, step in enumerate(steps, 1):
        picture = graph_picture(view("vanishing_sigmoids", at))
        pulse, places = Pulse(picture), []
        while pulse:
            places += [x for x, _ in pulse.cells]
            pulse.move()
        assert places == sorted(places, reverse=isinstance(step, Backward))


def panel(pilot: Pilot[None]) -> GraphPanel:
    assert isinstance(pilot.app.screen, DebuggerScreen)
    return pilot.app.screen.navigation.panel


def marks(shown: GraphPanel) -> int:
    """In how many cells of the panel the picture is covered."""
    picture = shown.drawing
    assert isinstance(picture, GraphPicture)
    bare = "".join(line_text(picture.row(y, 0, picture.width)) for y in range(picture.height))
    rows = (line_text(shown.row_in_view(y, shown.in_view())) for y in range(shown.size.height))
    return "".join(rows).count("●") - bare.count("●")


async def test_a_step_is_followed_by_a_pulse_and_a_key_ends_it() -> None:
    async with DebuggerApp(view("xor"), animated=True).run_test(size=WIDE) as pilot:
        await pilot.pause()
        shown = panel(pilot)
        assert marks(shown) == 0
        await pilot.press("s")
        assert marks(shown) == 2, "one along the wire of each operand"
        await pilot.press("end")
        assert marks(shown) == 0, "what is jumped to is no step that was just taken"
        await pilot.press("S", "s")
        heart = shown._heart
        assert heart is not None
        for _ in range(BEATS):
            shown._beat()
        assert marks(shown) == 0
        assert shown._heart is None
        await pilot.press("home", *"s" * (trace("xor").schedule.seed))
        assert shown._heart is None, "a seed comes along no wire"


@pytest.mark.thorough
@pytest.mark.parametrize("options", [{}, {"animated": True, "still": True}])
async def test_without_motion_there_is_none(options: dict[str, bool]) -> None:
    async with DebuggerApp(view("xor"), **options).run_test(size=WIDE) as pilot:
        await pilot.pause()
        await pilot.press("s")
        assert marks(panel(pilot)) == 0
        assert panel(pilot)._heart is None


@pytest.mark.parametrize(
    ("typed", "settings", "variable", "moves"),
    [
        ([], "", "", True),
        (["--no-animation"], "", "", False),
        ([], 'animation = "no"', "", False),
        ([], 'animation = "yes"', "", True),
        ([], "", "none", False),
        ([], "", "full", True),
    ],
)
def test_motion_is_switched_off(
    typed: list[str],
    settings: str,
    variable: str,
    moves: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", variable)
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text(settings, "utf-8")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert found(parser.parse_args(["xor", *typed])).animated is moves
