"""Each key of the table, pressed where it can do nothing: it says why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark import ParameterSet
from textual.pilot import Pilot

from backprop_engine.debugger import Go, Select, Session, Set, StepBy, StepInto, update
from backprop_engine.messages.message import msg
from backprop_engine.messages.translations import languages
from backprop_tui.cells.lines import plain
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import COMMANDS
from backprop_tui.screens.beside import BesideScreen
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.gallery import GalleryScreen
from backprop_tui.screens.help import HelpScreen
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


@pytest.mark.thorough
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


@pytest.mark.thorough
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
        (at_start, "1", "this panel already has the focus"),
        (at_start, "M", "the whole graph is in view"),
        (at_start, "j", "cannot scroll any further that way"),
        (at_start, "plus", "the graph is zoomed in as far as it goes"),
        (inside, "s", "the inner steps of L end here: o steps out"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
async def test_what_is_said(situation: Situation, key: str, said: str, tmp_path: Path) -> None:
    async with situated(situation, tmp_path, "en", WIDE) as pilot:
        await pressed(pilot, key)
        assert said in "\n".join(notices(pilot))


# Side by side


def changed(at: int, stem: str = "add_multiply", leaf: str = "x", language: str = "en") -> View:
    """A scenario with a branch on which a leaf has another value."""
    shown = view(stem, 0, language)
    session = update(update(shown.session, Set(leaf, np.float64(3.0))), Go(at))
    return View(shown.scenario, session, language)


@asynccontextmanager
async def side_by_side(shown: View, size: tuple[int, int] = WIDE) -> AsyncIterator[Pilot[None]]:
    async with opened(shown, size=size, language=shown.language) as pilot:
        await pressed(pilot, "D")
        assert isinstance(pilot.app.screen, BesideScreen)
        yield pilot


@pytest.mark.thorough
@pytest.mark.parametrize(("at", "size", "language"), [(0, WIDE, "ko"), (7, NARROW, "en")])
async def test_a_key_does_something_or_says_why_not_side_by_side(
    at: int, size: tuple[int, int], language: str
) -> None:
    async with side_by_side(changed(at, language=language), size) as pilot:
        screen, mute = pilot.app.screen, []
        for row in COMMANDS:
            if not row.keys:
                continue
            for _ in range(9):  # what it can still do, it has done by then
                pilot.app.clear_notifications()
                before = state(pilot)
                await pressed(pilot, row.keys[0])
                if notices(pilot) or pilot.app.screen is not screen:
                    break
                if state(pilot) == before:
                    mute.append(row.name)
                    break
            if isinstance(pilot.app.screen, DebuggerScreen):
                assert row.name in {"quit", "close", "beside"}
                await pressed(pilot, "D")
            elif pilot.app.screen is not screen:
                await pressed(pilot, "escape")
            screen = pilot.app.screen
            assert isinstance(screen, BesideScreen)
            screen._go(at)
    assert mute == []


@pytest.mark.parametrize(
    ("at", "key", "said"),
    [
        (7, "s", "this is the end of the run"),
        (7, "end", "this is the end of the run"),
        (0, "S", "this is the start of the run"),
        (0, "C", "there is no other difference in this iteration"),
        (7, "c", "there is no other difference in this iteration"),
        (3, "m", "the backward pass begins here"),
        (0, "b", "break does not work side by side; Esc returns to one branch"),
        (0, "colon", "prompt does not work side by side"),
    ],
)
async def test_what_is_said_side_by_side(at: int, key: str, said: str) -> None:
    async with side_by_side(changed(at)) as pilot:
        await pressed(pilot, key)
        assert said in "\n".join(notices(pilot))


async def test_side_by_side_goes_through_the_iterations_of_a_training() -> None:
    shown = changed(0, "gradient_descent", "x")
    last = shown.session.last
    async with side_by_side(shown) as pilot:

        def stands() -> int:
            screen = pilot.app.screen
            assert isinstance(screen, BesideScreen)
            return screen.current[0].session.position

        length = shown.session.outer_trace.schedule.last
        await pressed(pilot, "end")
        assert stands() == length < last
        await pressed(pilot, "end")
        assert "this is the end of the iteration: s goes on to the next" in notices(pilot)[0]
        await pressed(pilot, "s")
        assert stands() == length + 1
        assert not notices(pilot)
        await pressed(pilot, "right_curly_bracket")
        assert stands() == 2 * length + 1


@pytest.mark.parametrize("language", sorted(languages()))
async def test_the_footer_and_the_help_have_what_works_side_by_side(language: str) -> None:
    async with side_by_side(changed(3, language=language)) as pilot:
        footer = seen(pilot).splitlines()[-1]
        rows = {row.name: row for row in COMMANDS}
        for name in ("step", "back", "help", "close"):
            assert f"{rows[name].shown} {rows[name].label.in_language(language)}" in footer
        assert f"c {msg('next difference').in_language(language)}" in footer
        await pressed(pilot, "question_mark")
        screen = pilot.app.screen
        assert isinstance(screen, HelpScreen)
        told = plain(screen.lines(100))
        assert rows["beside"].label.in_language(language) in told.splitlines()[0]
        for works in (rows["step"].help, msg("to the next step at which the branches differ")):
            assert works.in_language(language) in told
        for other in ("break", "continue", "set"):
            assert rows[other].help.in_language(language) not in told
        await pressed(pilot, "escape")
        assert isinstance(pilot.app.screen, BesideScreen)


async def test_a_click_in_the_footer_is_a_key_side_by_side() -> None:
    async with side_by_side(changed(3)) as pilot:
        footer = seen(pilot).splitlines()[-1]
        await pilot.click("#footer", offset=(footer.index("Esc"), 0))
        await pilot.pause()
        assert isinstance(pilot.app.screen, DebuggerScreen)


@pytest.mark.thorough
async def test_an_answer_does_not_pile_up() -> None:
    async with opened("add_multiply", at=7) as pilot:
        await pilot.press("s", "s", "s", "n")
        await pilot.pause()
        assert len(notices(pilot)) == 1


@pytest.mark.thorough
async def test_the_palette_and_the_prompt_say_it_too() -> None:
    async with opened("add_multiply", at=7) as pilot:
        debugger(pilot).action_command("step")
        await pilot.pause()
        assert "this is the end of the run" in notices(pilot)[0]
        pilot.app.clear_notifications()
        await pilot.press("colon", *"zoom-in", "enter")
        await pilot.pause()
        assert "the graph is zoomed in as far as it goes" in notices(pilot)[0]


async def test_a_gallery_without_a_scenario_says_that_there_is_none_to_open() -> None:
    async with opened(None) as pilot:
        await pilot.press("slash", *"qqqq", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, GalleryScreen)
        assert notices(pilot)
