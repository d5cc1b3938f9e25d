"""A run that takes long: the screen is there first, and is left while it is computed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backprop_engine import load_scenario
from backprop_engine.debugger import Session
from backprop_tui.screens.computing import ComputingScreen
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.gallery import GalleryScreen
from backprop_tui.view import View
from driving import opened, seen, until
from gate import Gate, held

pytestmark = pytest.mark.thorough  # whole screens


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    yield from held(monkeypatch)


def fresh(language: str = "en") -> View:
    """A run of which nothing is computed yet."""
    scenario = load_scenario("add_multiply")
    return View(scenario, Session(scenario.run()), language)


@pytest.mark.parametrize(("language", "words"), [("en", "computing q"), ("ko", "q 계산 중")])
async def test_the_screen_is_there_before_the_run(gate: Gate, language: str, words: str) -> None:
    async with opened(fresh(language), language=language) as pilot:
        assert isinstance(pilot.app.screen, ComputingScreen)
        await until(pilot, lambda: gate.heard.is_set() and words in seen(pilot))
        assert "  0 %" in seen(pilot)
        gate.open.set()
        await until(pilot, lambda: isinstance(pilot.app.screen, DebuggerScreen))
        await pilot.press("s")
        assert isinstance(pilot.app.screen, DebuggerScreen)
        assert pilot.app.screen.current.session.position == 1


async def test_escape_leads_to_the_gallery_and_ends_the_recording(gate: Gate) -> None:
    async with opened(fresh()) as pilot:
        await until(pilot, gate.heard.is_set)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, GalleryScreen)
        gate.open.set()
        await until(pilot, gate.ended.is_set)
        await pilot.pause()
        assert isinstance(pilot.app.screen, GalleryScreen), "nobody waits for it any more"


async def test_who_comes_back_from_the_gallery_waits_for_it_again(gate: Gate) -> None:
    async with opened(fresh()) as pilot:
        await until(pilot, gate.heard.is_set)
        await pilot.press("escape")
        gate.open.set()
        await until(pilot, gate.ended.is_set)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DebuggerScreen))
        assert "step 0 of 7" in seen(pilot)


async def test_q_ends_the_app_meanwhile(gate: Gate) -> None:
    async with opened(fresh()) as pilot:
        await until(pilot, gate.heard.is_set)
        await pilot.press("q")
        gate.open.set()
        assert pilot.app.return_code == 0


async def test_where_no_time_goes_by_it_is_computed_at_once(gate: Gate) -> None:
    async with opened(fresh(), still=True) as pilot:
        assert isinstance(pilot.app.screen, DebuggerScreen)
        assert not gate.heard.is_set()
