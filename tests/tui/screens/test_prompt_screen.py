"""The prompt on the screen: what it is opened with, what it offers while one types, and when it lets go."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from backprop_engine.debugger import Select
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.prompt import PromptScreen
from driving import NARROW, WIDE, debugger, opened, seen

STEM = "add_multiply"


def field(pilot: Pilot[None]) -> Input:
    return pilot.app.screen.query_one(Input)


def notices(pilot: Pilot[None]) -> str:
    return "\n".join(notice.message for notice in pilot.app._notifications)


@pytest.mark.thorough
@pytest.mark.parametrize("typed", ["5", "-2", ".5"])
async def test_what_is_typed_takes_the_place_of_the_value_to_be_changed(typed: str) -> None:
    async with opened(STEM, at=1) as pilot:
        await pilot.press("e")
        assert field(pilot).value == "set q = 3"
        assert field(pilot).selected_text == "3"
        await pilot.press(*typed)
        assert field(pilot).value == f"set q = {typed}"


async def test_the_prompt_of_a_key_closes_after_success_and_says_what_came_of_it() -> None:
    async with opened(STEM, at=1) as pilot:
        await pilot.press("e", "5", "enter")
        assert debugger(pilot).current.session.branches.current == "b1"
        assert "q = 5" in notices(pilot)


async def test_the_prompt_of_a_key_stays_where_the_line_is_wrong() -> None:
    async with opened(STEM, at=1) as pilot:
        await pilot.press("e", *"five", "enter")
        assert isinstance(pilot.app.screen, PromptScreen)
        assert "five is not a number" in seen(pilot)
        await pilot.press(*"set q = 5", "enter")
        assert isinstance(pilot.app.screen, DebuggerScreen)


@pytest.mark.thorough
async def test_a_prompt_opened_by_itself_stays() -> None:
    async with opened(STEM, at=1) as pilot:
        await pilot.press("colon", *"set q = 5", "enter")
        assert isinstance(pilot.app.screen, PromptScreen)
        assert "q = 5" in seen(pilot)


async def test_a_search_that_finds_little_closes_its_prompt_and_one_that_finds_much_is_read() -> None:
    async with opened("rnn_cell") as pilot:
        await pilot.press("slash", *"b_g", "enter")
        assert debugger(pilot).chosen_node is not None
        assert "parameter" in notices(pilot)
        await pilot.press("slash", *"h", "enter")
        assert isinstance(pilot.app.screen, PromptScreen)


@pytest.mark.thorough
async def test_a_search_of_all_iterations_closes_its_prompt_and_tells_the_end() -> None:
    async with opened("xor") as pilot:
        debugger(pilot).open_prompt("", once=True)
        await pilot.pause()
        await pilot.press(*"b first nan", "enter")
        debugger(pilot).open_prompt("", once=True)
        await pilot.pause()
        await pilot.press(*"continue", "enter")
        await pilot.app.workers.wait_for_complete()
        assert isinstance(pilot.app.screen, DebuggerScreen)
        assert "No breakpoint was hit" in notices(pilot)


@pytest.mark.thorough
@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize(("language", "named"), [("en", "Esc closes"), ("ko", "Esc로 닫기")])
async def test_how_to_leave_is_named_whatever_is_typed(
    size: tuple[int, int], language: str, named: str
) -> None:
    async with opened("rnn_cell", size=size, language=language) as pilot:
        for keys in (("colon",), tuple("print W_xh @ x"), ("enter",)):
            await pilot.press(*keys)
            assert named in seen(pilot)


@pytest.mark.thorough
async def test_what_a_word_could_become_is_shown_while_it_is_typed() -> None:
    async with opened("rnn_cell") as pilot:
        await pilot.press("colon", *"p W_h")
        assert "W_hh  W_hg" in seen(pilot)
        await pilot.press("g")
        assert "W_hh" not in seen(pilot).splitlines()[-2]
        await pilot.press("enter")
        assert "Tab completes" in seen(pilot), "an empty line has the prompt's own keys"
        await pilot.press(*"un")
        offered = seen(pilot).splitlines()[-2].split()
        assert {"until", "undo", "unwatch"} <= {*offered}


@pytest.mark.parametrize("line", ["q = 5", "q=5", ":q = 5", "grad(q) = 5"])
async def test_a_bare_assignment_names_the_command_that_it_lacks(line: str) -> None:
    async with opened(STEM, at=1) as pilot:
        await pilot.press("colon")
        field(pilot).value = line
        await pilot.press("enter")
        assert f"`set {line.removeprefix(':')}` changes the value" in seen(pilot)


@pytest.mark.thorough
async def test_a_node_named_like_a_command_is_set_like_any_other() -> None:
    async with opened("softmax_classifier") as pilot:
        debugger(pilot).do(Select(2))
        await pilot.press("colon", *"b = 3", "enter")
        assert "`set b = 3` changes the value" in seen(pilot)
        await pilot.press("escape")
        assert not debugger(pilot).current.session.breakpoints
