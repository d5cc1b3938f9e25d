"""The help: grouped by what one wants to do, and filtered by what is typed."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from backprop_engine.messages.translations import languages
from backprop_tui.cells.lines import Role, plain
from backprop_tui.commands.table import COMMANDS, GROUPS
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.help import HelpScreen, help_lines
from backprop_tui.widgets.panel import Panel
from driving import NARROW, WIDE, opened, position, text_of


def shown(pilot: Pilot[None]) -> str:
    return text_of(pilot.app.screen.query_one("#sheet", Panel).drawing)


def headings(language: str, sought: str = "") -> list[str]:
    lines = help_lines(language, 100, sought=sought)
    return [line[0].text for line in lines if line and line[0].role == Role.HEADING]


def test_every_command_is_in_one_group() -> None:
    assert [row for _, rows in GROUPS for row in rows] == list(COMMANDS)
    assert len({row.name for row in COMMANDS}) == len(COMMANDS)
    assert all(len(rows) <= 22 for _, rows in GROUPS)


@pytest.mark.parametrize("language", languages())
def test_the_groups_are_its_headings(language: str) -> None:
    assert headings(language)[:-1] == [title.in_language(language) for title, _ in GROUPS]


@pytest.mark.parametrize(
    ("sought", "found", "missing"),
    [
        ("undo", "back to the branch that this one was made from", "one step forward"),
        ("break once", "a breakpoint that is removed", "remove a watch"),
        ("iteration", "to the same place in another iteration", "zoom to fit"),
        ("Ctrl+P", "find a command by its name", "one step forward"),
        ("dashed", "steps still to come", "one step forward"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_is_sought_filters_in_any_language(sought: str, found: str, missing: str, language: str) -> None:
    english = plain(help_lines("en", 100, sought=sought))
    assert found in english
    assert missing not in english
    if sought != "dashed":  # signs are known by their meaning in the language of the screen
        other = plain(help_lines(language, 100, sought=sought))
        assert len(other.splitlines()) == pytest.approx(len(english.splitlines()), abs=6)


@pytest.mark.parametrize(("key", "name"), [("m", "backward"), ("}", "iteration"), ("bt", "stack")])
def test_a_key_or_a_name_comes_before_all_else(key: str, name: str) -> None:
    lines = help_lines("en", 100, sought=key)
    row = next(row for row in COMMANDS if row.name == name)
    assert lines[0][0].text == "By name or key"
    assert row.help.in_language("en")[:20] in plain([lines[1]])


def test_what_nothing_fits_is_said() -> None:
    assert "No matches found" in plain(help_lines("en", 100, sought="qqq"))


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_it_filters_as_one_types_and_closes_with_escape(size: tuple[int, int]) -> None:
    async with opened("add_multiply", size=size) as pilot:
        await pilot.press("question_mark", *"und")
        assert "one step forward" not in shown(pilot)
        assert "back to the branch that this one was made from" in shown(pilot)
        await pilot.press(*["backspace"] * 3)
        assert "one step forward" in shown(pilot)
        await pilot.press("s", "q", "escape")
        assert isinstance(pilot.app.screen, DebuggerScreen)
        assert position(pilot) == 0


@pytest.mark.thorough
@pytest.mark.parametrize("key", ["escape", "q", "enter", "question_mark", "f1"])
async def test_the_keys_that_closed_it_still_do(key: str) -> None:
    async with opened("add_multiply") as pilot:
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press(key)
        assert isinstance(pilot.app.screen, DebuggerScreen)


async def test_once_something_is_typed_q_is_a_letter() -> None:
    async with opened("add_multiply") as pilot:
        await pilot.press("question_mark", *"eq")
        assert isinstance(pilot.app.screen, HelpScreen)
        assert pilot.app.screen.sought == "eq"
