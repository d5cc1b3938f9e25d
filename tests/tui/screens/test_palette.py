"""The palette in the language of the app; commands are found by their English names too."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.command import CommandInput, CommandList, CommandPalette
from textual.pilot import Pilot

from backprop_engine.messages.message import msg
from backprop_engine.messages.translations import languages
from backprop_tui.app import DebuggerApp
from scenes import view

HANGUL = re.compile("[가-힣]")


@asynccontextmanager
async def opened(language: str) -> AsyncIterator[Pilot[None]]:
    app = DebuggerApp(view("add_multiply", 3, language), language=language)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        await pilot.press("ctrl+p")
        await pilot.pause()
        yield pilot


async def found(pilot: Pilot[None], typed: str) -> list[str]:
    """What the palette lists for what is typed, once it has looked."""
    pilot.app.screen.query_one(CommandInput).value = typed
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    for _ in range(100):
        await pilot.pause(0.02)
        prompts = [str(one.prompt) for one in pilot.app.screen.query_one(CommandList).options]
        if prompts:
            return prompts
    return []


@pytest.mark.thorough
@pytest.mark.parametrize("language", languages())
async def test_it_asks_in_the_language_of_the_app(language: str) -> None:
    async with opened(language) as pilot:
        placeholder = pilot.app.screen.query_one(CommandInput).placeholder
    assert placeholder == msg("Search for commands…").in_language(language)


@pytest.mark.parametrize("language", languages())
async def test_where_nothing_is_like_what_is_typed_it_says_so(language: str) -> None:
    async with opened(language) as pilot:
        assert await found(pilot, "qqqqzzzz") == [msg("No matches found").in_language(language)]
        await pilot.press("down", "enter")
        await pilot.pause()
        assert not CommandPalette.is_open(pilot.app)


@pytest.mark.thorough
async def test_commands_are_found_by_their_english_names_too() -> None:
    async with opened("ko") as pilot:
        korean, english = await found(pilot, "역전파"), await found(pilot, "backward")
    assert any("역전파  m" in one for one in korean)
    assert any("역전파  m" in one for one in english)


@pytest.mark.thorough
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("zoom", "+ ="),
        ("zoom-in", "+ ="),
        ("next", "  n"),
        ("rs", "S ←"),
        ("korean", "(ko)"),
        ("한국어", "(ko)"),
    ],
)
async def test_commands_are_found_by_what_is_typed_at_the_prompt_and_in_the_other_language(
    language: str, typed: str, first: str
) -> None:
    async with opened(language) as pilot:
        shown = await found(pilot, typed)
    assert first in "\n".join(shown[:4])


@pytest.mark.thorough
@pytest.mark.parametrize("language", languages())
async def test_no_two_entries_are_called_the_same(language: str) -> None:
    async with opened(language) as pilot:
        offered = list(pilot.app.get_system_commands(pilot.app.screen_stack[-2]))
    labels = [one.title.rsplit("  ", 1)[0].casefold() for one in offered]
    assert sorted(labels) == sorted(set(labels))


@pytest.mark.thorough
async def test_all_that_it_offers_is_in_korean() -> None:
    async with opened("ko") as pilot:
        offered = list(pilot.app.get_system_commands(pilot.app.screen_stack[-2]))
    assert len(offered) > 60
    assert [one.title for one in offered if not HANGUL.search(one.title)] == []
    assert [one.help for one in offered if one.help and not HANGUL.search(one.help)] == []


@pytest.mark.parametrize("key", ["pageup", "pagedown", "up", "down"])
async def test_no_key_fails_where_the_list_has_no_room(key: str) -> None:
    async with opened("en") as pilot:
        assert await found(pilot, "back")
        await pilot.press("down")
        await pilot.resize_terminal(1, 1)
        await pilot.pause()
        commands = pilot.app.screen.query_one(CommandList)
        assert commands.highlighted is not None
        assert not commands.scrollable_content_region
        await pilot.press(key, key)


async def test_what_is_typed_ahead_while_it_closes_searches_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    async with opened("en") as pilot:
        screen = pilot.app.screen
        field = screen.query_one(CommandInput)
        monkeypatch.setattr(screen, "_gather_commands", searched.append)
        field.post_message(CommandInput.Changed(field, "back"))
        await pilot.pause()
        assert searched == ["back"]
        screen.dismiss()
        screen.post_message(CommandInput.Changed(field, "late"))
        await pilot.pause()
    assert searched == ["back"]


@pytest.mark.thorough
async def test_it_opens_again_while_the_one_before_still_closes() -> None:
    async with opened("en") as pilot:
        before = pilot.app.screen
        before.dismiss()
        pilot.app.action_command_palette()
        await pilot.pause()
        assert CommandPalette.is_open(pilot.app)
        assert pilot.app.screen is not before
