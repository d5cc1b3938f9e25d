"""The table of commands, walked: each command by its keys, from the palette, and typed at the prompt."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.mark import ParameterSet
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input

from backprop_engine.debugger import Break, Select, Session, Set, Watch, update
from backprop_engine.messages.translations import languages
from backprop_engine.scenario.model import Scenario
from backprop_tui.app import DebuggerApp
from backprop_tui.cells.lines import plain
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import COMMANDS
from backprop_tui.files.opening import Opening
from backprop_tui.keys_page import keys_page
from backprop_tui.panel_slots import PANEL_SLOTS
from backprop_tui.panels.graph import GraphPicture, density_shown
from backprop_tui.screens import slices
from backprop_tui.screens.about import AboutScreen
from backprop_tui.screens.beside import BesideScreen
from backprop_tui.screens.bug_lab import BugLab
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.gallery import GalleryScreen
from backprop_tui.screens.go import GoScreen
from backprop_tui.screens.help import HelpScreen, help_lines
from backprop_tui.screens.inspect import InspectScreen
from backprop_tui.screens.practice import PracticeScreen
from backprop_tui.screens.prompt import PromptScreen
from backprop_tui.view import View
from backprop_tui.widgets.panel import Panel
from driving import WIDE, debugger, notices, seen, until
from scenes import written

TEXT = """
inputs: {x: [1, -2]}
params: {W: [[1, 2], [3, 4]], b: [0, 1]}
constants: {t: 1}
cells:
  layer:
    inputs: [v]
    nodes: {a: W @ v + b, h: tanh(a)}
    outputs: [h]
nodes:
  one: {cell: layer, inputs: {v: x}}
  two: {cell: layer, inputs: {v: one.h}}
  L: softmax_with_loss(two.h, target=t)
train: {optimizer: sgd, lr: 0.5, steps: 3}
"""


BASE = 26
"""The length of an iteration."""


@pytest.fixture
def read(tmp_path: Path) -> Scenario:
    return written(tmp_path, TEXT)


def prepared(read: Scenario) -> Session:
    """At L's own backward step in iteration 1, with breakpoints, a watch, and a branch to go back to."""
    session = Session(read.run(), BASE + 9)
    session = update(session, Break("op tanh"))
    session = update(session, Break("L"))
    session = update(update(session, Set("W", read.bindings.leaves[1] * 2)), Select(6))
    session = update(session, Watch("x"))
    assert (session.run.length, session.branches.current) == (BASE, "b1")
    return replace(session, past=(3,), future=(5,))


class Case(NamedTuple):
    """What is typed behind the name, and what must have come of it, however the command was given.

    `keyed` is typed where the key or the palette asks for the rest.
    """

    typed: str
    holds: Callable[[Pilot[None], Session], bool]
    keyed: str | None = None


def _screen(pilot: Pilot[None]) -> DebuggerScreen:
    return next(one for one in pilot.app.screen_stack if isinstance(one, DebuggerScreen))


def after(pilot: Pilot[None]) -> Session:
    return _screen(pilot).current.session


def moved(to: int) -> Callable[[Pilot[None], Session], bool]:
    return lambda pilot, before: after(pilot).position == BASE + to


def told(words: str) -> Callable[[Pilot[None], Session], bool]:
    """Something is said, above the prompt or in a notice."""

    def holds(pilot: Pilot[None], before: Session) -> bool:
        screen = pilot.app.screen
        answers = plain(screen.answered) if isinstance(screen, PromptScreen) else ""
        return words in "\n".join([answers, *notices(pilot)])

    return holds


def state(holds: Callable[[Session, Session], bool]) -> Callable[[Pilot[None], Session], bool]:
    return lambda pilot, before: holds(after(pilot), before)


def looks(holds: Callable[[View], bool]) -> Callable[[Pilot[None], Session], bool]:
    return lambda pilot, before: holds(_screen(pilot).current)


def _centred(pilot: Pilot[None]) -> bool:
    """Whether the step's own node is as near to the middle of the graph's panel as it can be."""
    panel = _screen(pilot).navigation.panel
    assert isinstance(panel.drawing, GraphPicture)
    home = panel.drawing.node_area
    assert home is not None
    wanted = home.x + home.width // 2 - panel.window.width // 2
    return panel.scroll_offset.x == min(max(wanted, 0), panel.max_scroll_x)


def shows(kind: type) -> Callable[[Pilot[None], Session], bool]:
    return lambda pilot, before: isinstance(pilot.app.screen, kind)


CASES: dict[str, Case] = {
    "step": Case("", moved(10)),
    "back": Case("", moved(8)),
    "over": Case("", moved(10)),
    "over_back": Case("", moved(8)),
    "into": Case("", state(lambda now, was: [one.name for one in now.levels] == ["L"])),
    "out": Case("", told("You have not stepped into anything")),
    "continue": Case("", told("Stopped at breakpoint 1 (op tanh)")),
    "continue_back": Case("", told("Stopped at breakpoint 2 (L)")),
    "until": Case("", state(lambda now, was: now.position > was.position)),
    "backward": Case("", state(lambda now, was: now.outer_here == now.outer_trace.schedule.seed)),
    "iteration": Case("", state(lambda now, was: now.iteration == 2 and now.here == was.here)),
    "iteration_back": Case("", moved(9 - BASE)),
    "rank": Case("", told("this run has only one rank")),
    "pass": Case("", told("this run has one backward pass")),
    "start": Case("", moved(-BASE)),
    "trouble": Case("", told("every number in this iteration is finite")),
    "end": Case("", state(lambda now, was: now.position == now.last)),
    "go": Case("12", moved(12 - BASE), "12"),
    "history_back": Case("", moved(3 - BASE)),
    "history_ahead": Case("", moved(5 - BASE)),
    "fold": Case("", state(lambda now, was: now.folded == ("one", "two"))),
    "break": Case("one.h", state(lambda now, was: now.breakpoints[-1].text == "one.h")),
    "break_once": Case("x", state(lambda now, was: now.breakpoints[-1].once), "x"),
    "delete": Case("1", state(lambda now, was: [one.number for one in now.breakpoints] == [2]), "1"),
    "enable": Case("1", told("breakpoint 1: op tanh"), "1"),
    "disable": Case("1", state(lambda now, was: not now.breakpoints[0].enabled), "1"),
    "ignore": Case("1 2", state(lambda now, was: now.breakpoints[0].ignore == 2), "1 2"),
    "find": Case("two.", told("= tanh(two.a)"), "two."),
    "print": Case("W @ x", told("W @ x = [-6.00  -10.00]"), "W @ x"),
    "nodes": Case("", told("one.h    = tanh(one.a)")),
    "who": Case("W", told("contribution")),
    "why": Case("b", told("from L to")),
    "watch": Case("norm(W)", state(lambda now, was: now.watches == ("x", "norm(W)")), "norm(W)"),
    "unwatch": Case("1", state(lambda now, was: now.watches == ()), "1"),
    "info": Case("b", told("op tanh"), "b"),
    "stack": Case("", told("not inside anything")),
    "set": Case("b = [1, 1]", state(lambda now, was: now.branches.current == "b2"), ""),
    "undo": Case("", state(lambda now, was: now.branches.current == "baseline")),
    "redo": Case("", told("there is nothing to redo")),
    "branch": Case("baseline", state(lambda now, was: now.branches.current == "baseline"), "baseline"),
    "name": Case("mine", state(lambda now, was: now.branches.current == "mine"), "mine"),
    "compare": Case("", told("differ from baseline")),
    "beside": Case("", shows(BesideScreen)),
    "nudge": Case("b[0]", told("slope"), ""),
    "save": Case("", told("saved to")),
    "load": Case("", told("loaded from")),
    "export": Case("{folder}/{way}.yaml", told("the scenario was written to"), "{folder}/{way}.yaml"),
    "expect": Case("sum(t) == 1", told("as expected"), "sum(t) == 1"),
    "help": Case("", lambda pilot, before: _helps(pilot)),
    "quit": Case("", lambda pilot, before: pilot.app._exit),
    "prompt": Case("", shows(PromptScreen)),
    "zoom_in": Case("", looks(lambda view: density_shown(view) == "full")),
    "zoom_out": Case("", looks(lambda view: view.density not in (None, "full"))),
    "fit": Case("", looks(lambda view: view.density is None)),
    "look": Case("", lambda pilot, before: _centred(pilot)),
    "minimap": Case("", looks(lambda view: not view.minimap)),
    "stage": Case("", lambda pilot, before: _screen(pilot).arrangement.filling == "stage"),
    "fill": Case("", lambda pilot, before: _screen(pilot).arrangement.filling == "graph"),
    "hit": Case("", state(lambda now, was: now.selection == 8)),
    "hit_back": Case("", state(lambda now, was: now.selection == 5)),
    "play": Case("", lambda pilot, before: _screen(pilot).player.timer is not None),
    "plot": Case("", lambda pilot, before: _focus(pilot) == "plots"),
    "plot_back": Case("", lambda pilot, before: _focus(pilot) == "plots"),
    "faster": Case("", lambda pilot, before: _screen(pilot).player.speed == 3),
    "slower": Case("", lambda pilot, before: _screen(pilot).player.speed == 1),
    "down": Case("", lambda pilot, before: _moved_down(pilot)),
    "up": Case("", told("cannot scroll any further")),
    "next_panel": Case("", lambda pilot, before: _focus(pilot) == "step"),
    "previous_panel": Case("", lambda pilot, before: _focus(pilot) == "nodes"),
    **{
        f"show_{place.name}": Case("", lambda pilot, before, name=place.name: _focus(pilot) == name)  # type: ignore[misc]
        for place in PANEL_SLOTS
    },
    "transcript": Case("", lambda pilot, before: _focus(pilot) == "transcript"),
    "inspect": Case("", shows(InspectScreen)),
    "copy": Case("", lambda pilot, before: "two.h" in pilot.app.clipboard or bool(pilot.app.clipboard)),
    "edit_file": Case("", told("no editor is set")),
    "practice": Case("", shows(PracticeScreen)),
    "bug": Case("", lambda pilot, before: isinstance(getattr(pilot.app.screen, "guide", None), BugLab)),
    "tour": Case("", lambda pilot, before: getattr(pilot.app.screen, "guide", None) is not None),
    "about": Case("", lambda pilot, before: isinstance(pilot.app.screen, AboutScreen)),
    "next_scenario": Case("", told("this is the last scenario")),
    "palette": Case("", lambda pilot, before: CommandPalette.is_open(pilot.app)),
    "close": Case("", state(lambda now, was: now.selection is None)),
    "gallery": Case("", shows(GalleryScreen)),
}
"""Every command from the same place."""


def _moved_down(pilot: Pilot[None]) -> bool:
    """Whether the graph's panel is scrolled, or has said that all of it is seen."""
    return bool(_screen(pilot).navigation.panel.scroll_offset.y) or told("cannot scroll any further")(
        pilot, after(pilot)
    )


def _focus(pilot: Pilot[None]) -> str | None:
    focused = pilot.app.focused
    return focused.id if focused is not None else None


def _helps(pilot: Pilot[None]) -> bool:
    return isinstance(pilot.app.screen, HelpScreen) or told("reverse-step [COUNT]")(pilot, after(pilot))


Way = Callable[[Pilot[None], CommandRow], Awaitable[None]]


async def by_key(pilot: Pilot[None], command: CommandRow) -> None:
    await pilot.press(command.keys[0])


async def from_palette(pilot: Pilot[None], command: CommandRow) -> None:
    app = pilot.app
    title = f"{command.label.in_language('en')}  {command.called}"
    chosen = [one for one in app.get_system_commands(app.screen) if one.title == title]
    assert len(chosen) == 1, title
    app.call_later(chosen[0].callback)
    await pilot.pause()


async def typed(pilot: Pilot[None], command: CommandRow) -> None:
    await pilot.press("colon")
    case = CASES[command.name]
    await enter(pilot, f"{command.prompt[0]} {case.typed}", "typed")


async def enter(pilot: Pilot[None], line: str, way: str) -> None:
    """Put a line into the field that is open, and send it."""
    view = next(one for one in pilot.app.screen_stack if isinstance(one, DebuggerScreen)).current
    pilot.app.screen.query_one(Input).value = line.format(folder=Path(view.scenario.path).parent, way=way)
    await pilot.press("enter")
    await pilot.pause()


async def rest(pilot: Pilot[None], command: CommandRow, way: str) -> None:
    """Type what the key or the palette leaves open."""
    await pilot.pause()
    keyed = CASES[command.name].keyed
    if (
        isinstance(pilot.app.screen, PromptScreen | GoScreen)
        and command.name != "prompt"
        and keyed is not None
    ):
        field = pilot.app.screen.query_one(Input)
        if command.name == "set":
            assert field.value.startswith("set one.h = [")
        elif command.name == "nudge":
            assert re.fullmatch(r"nudge [Wxb]\[[01](, [01])?\] 0\.01", field.value)
        elif isinstance(pilot.app.screen, PromptScreen):
            assert field.value == f"{command.prompt[0]} "
        await enter(pilot, field.value + keyed, way)
    await until(pilot, lambda: not _screen(pilot).runner.busy)
    for _ in range(3):
        await pilot.pause()


@asynccontextmanager
async def opened(read: Scenario) -> AsyncIterator[Pilot[None]]:
    Path(read.path).with_suffix(".debug").write_text("breakpoints: []\n", "utf-8")  # for `load`
    session = prepared(read)
    found = (5, 8)
    app = DebuggerApp(View(read, session, opening=Opening.of(read.path), density="compact", found=found))
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.pause()
        yield pilot


async def outcome(read: Scenario, command: CommandRow, way: Way) -> bool:
    """Whether a command does what it should, given in one of the ways."""
    async with opened(read) as pilot:
        before = after(pilot)
        await way(pilot, command)
        if way is not typed:
            await rest(pilot, command, way.__name__)
        await pilot.pause()
        await until(pilot, lambda: not _screen(pilot).runner.busy)
        await pilot.pause()
        return CASES[command.name].holds(pilot, before)


@pytest.fixture(autouse=True)
def no_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(variable, raising=False)


def test_every_command_has_a_case() -> None:
    assert sorted(CASES) == sorted(command.name for command in COMMANDS)


def test_every_command_can_be_given() -> None:
    for command in COMMANDS:
        assert command.keys or command.prompt
        assert bool(command.shown) == bool(command.keys)
        assert command.prompt or (command.runs is None and not command.asks)


def test_no_key_has_two_meanings() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))


WAYS: dict[str, Callable[[CommandRow], bool]] = {
    "key": lambda command: bool(command.keys),
    "palette": lambda command: command.name != "palette",
    "prompt": lambda command: bool(command.prompt),
}
"""How a command is given, and which are given so."""


def given(way: str) -> list[ParameterSet]:
    """The commands that are given in a way; each in one of its ways by turns, in all where all is tried."""
    found = []
    for number, command in enumerate(COMMANDS):
        ways = [one for one, is_one in WAYS.items() if is_one(command)]
        if way in ways:
            turn = ways[number % len(ways)] == way
            found.append(pytest.param(command, id=command.name, marks=() if turn else pytest.mark.thorough))
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("command", given("key"))
async def test_by_its_key(read: Scenario, command: CommandRow) -> None:
    assert await outcome(read, command, by_key)


@pytest.mark.thorough
@pytest.mark.parametrize("command", given("palette"))
async def test_from_the_palette(read: Scenario, command: CommandRow) -> None:
    assert await outcome(read, command, from_palette)


@pytest.mark.parametrize("command", given("prompt"))
async def test_typed_at_the_prompt(read: Scenario, command: CommandRow) -> None:
    assert await outcome(read, command, typed)


# Where it is told


@pytest.mark.parametrize("language", languages())
def test_every_command_is_in_the_help(language: str) -> None:
    words = " ".join(plain(help_lines(language, 100)).split())
    for command in COMMANDS:
        assert " ".join(f"{command.called} {command.help.in_language(language)}".split()) in words
        for name in command.prompt:
            assert f":{name}" in words


@pytest.mark.parametrize("language", languages())
async def test_every_command_is_in_the_palette(read: Scenario, language: str) -> None:
    app = DebuggerApp(View(read, prepared(read), language), language=language)
    async with app.run_test(size=WIDE) as pilot:
        offered = {one.title: one.help for one in app.get_system_commands(pilot.app.screen)}
    for command in COMMANDS:
        if command.name != "palette":
            assert offered[
                f"{command.label.in_language(language)}  {command.called}"
            ] == command.help.in_language(language)


def test_every_command_is_on_the_page() -> None:
    for command in COMMANDS:
        assert command.help.in_language("en").replace("|", "\\|") in keys_page("en")


# The prompt on the screen


async def test_the_prompt_answers_and_the_panels_follow(read: Scenario) -> None:
    async with opened(read) as pilot:
        await pilot.press("colon", *"p x", "enter")
        assert "x = [" in seen(pilot)
        await pilot.press(*"end", "enter", "escape")
        shown = debugger(pilot)
        assert shown.current.session.position == shown.current.session.last
        assert f"step {shown.current.session.last}" in seen(pilot)


async def test_what_is_wrong_is_said_and_the_prompt_stays(read: Scenario) -> None:
    async with opened(read) as pilot:
        await pilot.press("colon")
        await enter(pilot, "p [/b]nothing[@click=app.quit]x[/]", "")
        assert "[@click=app.quit]" in seen(pilot)
        assert isinstance(pilot.app.screen, PromptScreen)
        assert pilot.app.is_running


async def test_tab_completes_and_goes_round(read: Scenario) -> None:
    async with opened(read) as pilot:
        await pilot.press("colon", *"cont", "tab")
        field = pilot.app.screen.query_one(Input)
        assert field.value == "continue "
        field.value = ""
        await pilot.press(*"b ph", "tab")
        assert field.value == "b phase "
        assert "phase forward  phase backward  phase reduce" in seen(pilot)
        reached = []
        for key in ("tab", "tab", "tab", "tab", "shift+tab"):
            await pilot.press(key)
            reached.append(field.value)
        phases = ["forward", "backward", "reduce", "update", "reduce"]
        assert reached == [f"b phase {one}" for one in phases]


async def test_the_arrows_go_through_what_was_typed_also_the_next_time(read: Scenario) -> None:
    async with opened(read) as pilot:
        await pilot.press("colon", *"s", "enter", *"n", "enter", "escape", "colon", *"go", "up")
        field = pilot.app.screen.query_one(Input)
        values = [field.value]
        for key in ("up", "up", "down", "down"):
            await pilot.press(key)
            values.append(field.value)
        assert values == ["n", "s", "s", "n", "go"]


async def test_an_empty_line_repeats_a_move_and_nothing_else(read: Scenario) -> None:
    async with opened(read) as pilot:
        start = after(pilot).position
        await pilot.press("colon", *"s", "enter", "enter", "enter")
        assert after(pilot).position == start + 3
        await pilot.press(*"tb x", "enter", "enter")
        assert len(after(pilot).breakpoints) == 3


async def test_long_answers_scroll(read: Scenario) -> None:
    async with opened(read) as pilot:
        await pilot.press("colon", *"help", "enter")
        await pilot.pause()
        assert "quit" in seen(pilot)
        await pilot.press(*["pageup"] * 12)
        await pilot.pause()
        assert ": help" in seen(pilot)


async def test_the_key_takes_its_breakpoint_away_again(read: Scenario) -> None:
    async with opened(read) as pilot:
        await pilot.press("b")
        assert [one.text for one in after(pilot).breakpoints] == ["op tanh", "L", "one.h"]
        await pilot.press("b")
        assert [one.text for one in after(pilot).breakpoints] == ["op tanh", "L"]


async def test_a_search_through_iterations_ends_and_can_be_left(
    read: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE", 0)
    async with opened(read) as pilot:
        debugger(pilot).runner.type("delete")
        debugger(pilot).runner.type("b first nan")
        await pilot.press("c")
        await pilot.app.workers.wait_for_complete()
        assert after(pilot).position == after(pilot).last
        assert after(pilot).pending is None
        await pilot.press("home")
        debugger(pilot).runner.type("c")
        debugger(pilot).runner.type("s")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert after(pilot).position == 1
        assert after(pilot).pending is None


@pytest.mark.parametrize("size", [(20, 6), (40, 12), (80, 24)])
async def test_a_small_screen_has_a_prompt_too(read: Scenario, size: tuple[int, int]) -> None:
    async with DebuggerApp(View(read, prepared(read))).run_test(size=size) as pilot:
        await pilot.press("colon", *"s", "enter")
        assert after(pilot).position == BASE + 10
        await pilot.press(*"info", "enter", "pageup", "escape")
        assert isinstance(pilot.app.screen, DebuggerScreen)


async def test_the_sheet_about_a_file_is_as_high_as_what_it_says(read: Scenario) -> None:
    async with opened(read) as pilot:
        await pilot.press("I")
        panel = pilot.app.screen.query_one("#sheet", Panel)
        assert panel.size.height == panel.virtual_size.height < pilot.app.size.height // 2
