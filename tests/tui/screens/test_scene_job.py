"""Pictures that take long to lay out: keys are answered meanwhile, and the picture comes when it is there."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from threading import Event

import pytest
from textual.pilot import Pilot

from backprop_engine import load_scenario
from backprop_engine.debugger import Session
from backprop_tui.panels.graph import GraphPicture
from backprop_tui.scene.scene import Scene
from backprop_tui.screens import debugger as debugger_screen
from backprop_tui.screens import scene_job
from backprop_tui.view import View
from driving import PATIENCE, debugger, go, opened, position, seen, until

AT = 30
"""A position in the middle of the forward pass."""


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """No thread goes on in another test, which would count what it lays out."""
    before = threading.enumerate()
    yield
    for thread in threading.enumerate():
        if thread.daemon and thread not in before:
            thread.join(PATIENCE)
            assert not thread.is_alive()


class Gate:
    """Holds every layout that is made in a thread until it may go on."""

    def __init__(self) -> None:
        self.open = Event()
        self.rooms: list[object] = []
        """The rooms that pictures were laid out for."""


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    held, lay_out = Gate(), scene_job.shown_scene

    def gated(view: View) -> Scene:
        assert held.open.wait(60)
        held.rooms.append(view.room)
        return lay_out(view)

    monkeypatch.setattr(debugger_screen, "_FEW_BOXES", 0)
    monkeypatch.setattr(scene_job, "shown_scene", gated)
    yield held
    held.open.set()


def fresh() -> View:
    """A run of which nothing is laid out yet; its graph is drawn as dots at first."""
    scenario = load_scenario("lstm")
    return View(scenario, Session(scenario.run()))


@asynccontextmanager
async def pictured(*, grace: float = PATIENCE, still: bool = False) -> AsyncIterator[Pilot[None]]:
    """A fresh run, as soon as it has a picture: until then there is nothing to show meanwhile."""
    async with opened(fresh(), grace=grace, still=still) as pilot:
        await until(pilot, lambda: isinstance(debugger(pilot).panel("graph").drawing, GraphPicture))
        yield pilot


def picture(pilot: Pilot[None]) -> GraphPicture:
    drawn = debugger(pilot).panel("graph").drawing
    assert isinstance(drawn, GraphPicture)
    return drawn


def shown_at(pilot: Pilot[None], density: str) -> Callable[[], bool]:
    return lambda: picture(pilot).scene.density == density


async def test_keys_are_answered_while_a_picture_is_laid_out(gate: Gate) -> None:
    async with pictured(grace=0) as pilot:
        before = picture(pilot)
        await pilot.press("plus", "s", "s")
        assert position(pilot) == 2
        assert picture(pilot) is before
        gate.open.set()
        await until(pilot, lambda: picture(pilot).scene is not before.scene)
        assert picture(pilot).scene.density == debugger(pilot).current.density


async def test_the_picture_is_that_of_the_last_key(gate: Gate) -> None:
    async with pictured(grace=0) as pilot:
        assert picture(pilot).scene.density == "dots"
        await pilot.press("plus", "plus", "minus")
        gate.open.set()
        await until(pilot, shown_at(pilot, "names"))


async def test_it_is_the_picture_that_would_have_been_laid_out_at_once(gate: Gate) -> None:
    async with pictured(still=True) as pilot:
        await pilot.press("plus", "s", "z")
        expected = seen(pilot)
    assert not gate.rooms
    gate.open.set()
    async with pictured(grace=0) as pilot:
        await pilot.press("plus", "s", "z")
        screen = debugger(pilot)
        await until(pilot, lambda: not screen.is_lacking(screen.current))
        await until(pilot, lambda: graph_of(seen(pilot)) == graph_of(expected))
    assert gate.rooms


def graph_of(screen: str) -> list[str]:
    """The rows of the graph."""
    return screen.splitlines()[1:13]


async def test_a_picture_laid_out_soon_comes_with_the_key(gate: Gate) -> None:
    gate.open.set()
    async with pictured() as pilot:
        await pilot.press("plus")
        assert picture(pilot).scene.density == "names"
        assert gate.rooms


async def test_what_is_to_be_centred_waits_for_its_picture(gate: Gate) -> None:
    keys = ("plus", "plus", "L", "L", "full_stop")
    async with pictured(still=True) as pilot:
        await go(pilot, AT)
        await pilot.press(*keys)
        await pilot.pause()
        expected = debugger(pilot).panel("graph").scroll_offset
    async with pictured(grace=0) as pilot:
        await go(pilot, AT)
        await pilot.press(*keys)
        gate.open.set()
        await until(pilot, shown_at(pilot, "compact"))
        await until(pilot, lambda: debugger(pilot).panel("graph").scroll_offset == expected)
    assert expected.x


async def test_the_app_ends_while_a_picture_is_laid_out(gate: Gate) -> None:
    async with pictured(grace=0) as pilot:
        await pilot.press("plus", "q")
    gate.open.set()
    assert not pilot.app.is_running


async def test_a_picture_that_the_thread_cannot_lay_out_is_laid_out_as_it_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[View] = []

    def fails(view: View) -> Scene:
        tried.append(view)
        raise MemoryError

    monkeypatch.setattr(debugger_screen, "_FEW_BOXES", 0)
    monkeypatch.setattr(scene_job, "shown_scene", fails)
    async with pictured(grace=0) as pilot:
        await pilot.press("plus")
        await until(pilot, shown_at(pilot, "names"))
        await pilot.press("s")
        assert position(pilot) == 1
    assert len(tried) == 1
