"""Each key of the table, pressed where it can do nothing: it says why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from textual.pilot import Pilot

from backprop_engine.debugger import Select, Session, StepBy, StepInto, update
from backprop_engine.messages.translations import languages
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import COMMANDS
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.gallery import GalleryScreen
from backprop_tui.view import View
from driving import NARROW, WIDE, debugger, opened, seen
from scenes import run, scenario, view, written

Situation = Callable[[Path, str], View]


def at_start(folder: Path, language: str) -> View:
    return view("add_multiply", 0, language)


def at_end(folder: Path, language: str) -> View:
    return view("add_multiply", 7, language)


def at_end_of_training(folder: Path, language: str) -> View:
    return view("gradient_descent", run("gradient_descent").last, language)


def inside(folder: Path, language: str) -> View:
    """At the end of the inside of an operator."""
    session = update(Session(run("softmax_classifier"), 3), StepInto())
    last = session.trace.schedule.last
    for _ in range(last):
        session = update(session, StepBy())
    return View(scenario("softmax_classifier"), session, language)


def on_a_scalar(folder: Path, language: str) -> View:
    read = written(folder, "inputs: {x: 2}\nnodes: {f: x * 3}\n")
    return View(read, update(Session(read.run()), Select(0)), language)


SITUATIONS = (at_start, at_end, at_end_of_training, inside, on_a_scalar)
LEAVES = {"quit"}
"""What ends the app is seen without a word."""


def cases() -> list[ParameterSet]:
    """Every situation, on each screen in one of the languages."""
    return [
        pytest.param(situation, language, size, id=f"{situation.__name__}-{size[0]}")
        for turn, situation in enumerate(SITUATIONS)
        for language, size in zip(sorted(languages())[:: 1 - turn % 2 * 2], (WIDE, NARROW), strict=True)
    ]


def state(pilot: Pilot[None]) -> object:
    """What of the app a reader can tell apart."""
    screen = pilot.app.screen
    focused = screen.focused.id if screen.focused is not None else None
    chosen = screen.current.session.selection if isinstance(screen, DebuggerScreen) else None
    return (type(screen), seen(pilot), focused, chosen, pilot.app.clipboard, len(pilot.app.screen_stack))


@asynccontextmanager
async def situated(
    situation: Situation, folder: Path, language: str, size: tuple[int, int]
) -> AsyncIterator[Pilot[None]]:
    async with opened(situation(folder, language), size=size, language=language) as pilot:
        await pilot.pause()
        yield pilot


async def pressed(pilot: Pilot[None], key: str) -> None:
    await pilot.press(key)
    for _ in range(2):
        await pilot.pause()


def notices(pilot: Pilot[None]) -> list[str]:
    return [notice.message for notice in pilot.app._notifications]


async def silent(pilot: Pilot[None], row: CommandRow) -> bool:
    """Whether a key changes nothing and says nothing; what it can still do, it has done by the third time."""
    for _ in range(3):
        pilot.app.clear_notifications()
        before = state(pilot)
        await pressed(pilot, row.keys[0])
        if state(pilot) == before and not notices(pilot):
            return True
        if not isinstance(pilot.app.screen, DebuggerScreen) or notices(pilot):
            return False
    return False


async def begun_again(pilot: Pilot[None], start: View) -> None:
    """Where the situation began, with no other screen on top."""
    while not isinstance(pilot.app.screen, DebuggerScreen) or debugger(pilot).guide is not None:
        pilot.app.pop_screen()
    shown = debugger(pilot)
    shown.player.stop()
    shown.remove_class("-transcript")
    shown.show_view(start)
    shown.show_panel("graph")
    await pilot.pause()


@pytest.mark.parametrize(("situation", "language", "size"), cases())
async def test_a_key_does_something_or_says_why_not(
    situation: Situation,
    language: str,
    size: tuple[int, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(variable, raising=False)
    async with situated(situation, tmp_path, language, size) as pilot:
        start, mute = debugger(pilot).current, []
        for row in COMMANDS:
            if row.keys and row.name not in LEAVES:
                if await silent(pilot, row):
                    mute.append(row.name)
                await begun_again(pilot, start)
    assert mute == []


@pytest.mark.parametrize(
    ("situation", "key", "said"),
    [
        (at_end, "s", "this is the end of the run"),
        (at_end, "n", "this is the end of the run"),
        (at_end, "end", "this is the end of the run"),
        (at_end, "space", "there is nothing left to play"),
        (at_start, "S", "this is the start of the run"),
        (at_start, "home", "this is the start of the run"),
        (at_start, "right_curly_bracket", "iteration"),
        (at_start, "z", "no groups to fold"),
        (at_start, "u", "there is nothing to undo"),
        (at_start, "D", "there is only the baseline"),
        (at_start, "1", "this panel has the focus already"),
        (at_start, "M", "all of the graph is seen"),
        (at_start, "j", "there is nothing farther on"),
        (at_start, "plus", "the graph comes no nearer"),
        (inside, "s", "this is where the inside of L ends: o leads out"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
async def test_what_is_said(situation: Situation, key: str, said: str, tmp_path: Path) -> None:
    async with situated(situation, tmp_path, "en", WIDE) as pilot:
        await pressed(pilot, key)
        assert said in "\n".join(notices(pilot))


async def test_an_answer_does_not_pile_up() -> None:
    async with opened("add_multiply", at=7) as pilot:
        await pilot.press("s", "s", "s", "n")
        await pilot.pause()
        assert len(notices(pilot)) == 1


async def test_the_palette_and_the_prompt_say_it_too() -> None:
    async with opened("add_multiply", at=7) as pilot:
        debugger(pilot).action_command("step")
        await pilot.pause()
        assert "this is the end of the run" in notices(pilot)[0]
        pilot.app.clear_notifications()
        await pilot.press("colon", *"zoom-in", "enter")
        await pilot.pause()
        assert "the graph comes no nearer" in notices(pilot)[0]


async def test_a_gallery_without_a_scenario_says_that_there_is_none_to_open() -> None:
    async with opened(None) as pilot:
        await pilot.press("slash", *"qqqq", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, GalleryScreen)
        assert notices(pilot)
