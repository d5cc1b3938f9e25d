"""Every key of every command does what the help says; the table of commands leads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

import pytest
from _pytest.mark import ParameterSet
from textual.command import CommandPalette
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection
from textual.widgets import Input

from backprop_engine.debugger import Break, Select
from backprop_engine.graph.steps import Accumulate, Backward, Schedule
from backprop_tui.commands.table import COMMANDS
from backprop_tui.panel_slots import PANEL_SLOTS
from backprop_tui.prompt.values import parse_position
from backprop_tui.screens.gallery import GalleryScreen
from backprop_tui.screens.go import GoScreen
from backprop_tui.screens.help import HelpScreen
from backprop_tui.screens.inspect import InspectScreen
from backprop_tui.screens.sheet import Sheet
from backprop_tui.widgets.panel import Panel
from driving import NARROW, WIDE, debugger, go, notices, opened, position, seen, text_of
from scenes import run, trace, view

STEM = "value_used_twice"
PANELS = [place.name for place in PANEL_SLOTS]


def boundaries(schedule: Schedule) -> list[int]:
    """Where one stands between two nodes: after every forward step, and after a node's last edge."""
    steps = [schedule.step(index) for index in range(1, schedule.last + 1)]
    node_of = [step.edge.node if isinstance(step, Backward | Accumulate) else None for step in steps]
    inside = {
        index
        for index in range(1, schedule.last)
        if node_of[index - 1] is not None and node_of[index - 1] == node_of[index]
    }
    return [at for at in range(schedule.last + 1) if at not in inside]


MOVES: dict[str, Callable[[Schedule, int], int]] = {
    "step": lambda schedule, at: min(at + 1, schedule.last),
    "back": lambda schedule, at: max(at - 1, 0),
    "over": lambda schedule, at: min((b for b in boundaries(schedule) if b > at), default=schedule.last),
    "over_back": lambda schedule, at: max((b for b in boundaries(schedule) if b < at), default=0),
    "backward": lambda schedule, at: schedule.seed,
    "start": lambda schedule, at: 0,
    "end": lambda schedule, at: schedule.last,
}
"""Where a command leads from a position."""


ITERATIONS = {"iteration": 1, "iteration_back": -1}
"""By how many iterations a command moves."""


async def _asks(pilot: Pilot[None]) -> None:
    assert isinstance(pilot.app.screen, GoScreen)


async def _next_panel(pilot: Pilot[None]) -> None:
    assert _focus(pilot) == "step"


async def _previous_panel(pilot: Pilot[None]) -> None:
    assert _focus(pilot) == _seen_panels(pilot)[-1]


async def _inspects(pilot: Pilot[None]) -> None:
    assert isinstance(pilot.app.screen, InspectScreen)


async def _copies(pilot: Pilot[None]) -> None:
    assert pilot.app.clipboard


async def _tells_which_file(pilot: Pilot[None]) -> None:
    """There is no terminal to lend to an editor here, but it may be known where the file is."""
    (notice,) = notices(pilot)
    assert f"{STEM}.yaml" in notice


async def _helps(pilot: Pilot[None]) -> None:
    assert isinstance(pilot.app.screen, HelpScreen)


async def _offers_commands(pilot: Pilot[None]) -> None:
    assert CommandPalette.is_open(pilot.app)


async def _leaves(pilot: Pilot[None]) -> None:
    assert pilot.app.return_code == 0


async def _lets_go(pilot: Pilot[None]) -> None:
    assert debugger(pilot).current.session.selection is None
    assert position(pilot) == 5


EFFECTS: dict[str, Callable[[Pilot[None]], Awaitable[None]]] = {
    "go": _asks,
    "next_panel": _next_panel,
    "previous_panel": _previous_panel,
    "inspect": _inspects,
    "copy": _copies,
    "edit_file": _tells_which_file,
    "help": _helps,
    "palette": _offers_commands,
    "close": _lets_go,
    "quit": _leaves,
}
"""What the other commands do, where a node is chosen and the graph has the focus."""


def _focus(pilot: Pilot[None]) -> str | None:
    focused = pilot.app.focused
    return focused.id if focused is not None else None


def _keys(names: Iterable[str]) -> list[ParameterSet]:
    return [
        pytest.param(command.name, key, id=f"{command.name}-{key}")
        for command in COMMANDS
        for key in command.keys
        if command.name in names
    ]


def test_no_key_has_two_meanings() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(("name", "key"), _keys(MOVES))
async def test_a_key_that_moves(name: str, key: str) -> None:
    schedule = trace(STEM).schedule
    starts = (0, 1, schedule.seed, schedule.seed + 2, schedule.last - 2, schedule.last)
    reached = []
    async with opened(STEM) as pilot:
        for start in starts:
            await go(pilot, start)
            await pilot.press(key)
            reached.append(position(pilot))
    assert reached == [MOVES[name](schedule, start) for start in starts]


@pytest.mark.parametrize(("name", "key"), _keys(ITERATIONS))
async def test_a_key_that_goes_to_another_iteration(name: str, key: str) -> None:
    """To the same place there; where there is no such iteration, one stays."""
    trained = run("xor")
    length, last, by = trained.length, trained.last, ITERATIONS[name]
    starts = (0, 1, length // 2, length, length + 1, 5 * length + 3, last - length - 1, last - 1, last)
    there = [0 <= trained.locate(start)[0] + by < trained.iterations for start in starts]
    reached = []
    async with opened("xor") as pilot:
        for start in starts:
            await go(pilot, start)
            await pilot.press(key)
            reached.append(position(pilot))
    # From the very start one gets to the first step of the other: between two lies the end of the one.
    places = [start or int(moves) for start, moves in zip(starts, there, strict=True)]
    assert reached == [at + by * length * moves for at, moves in zip(places, there, strict=True)]
    assert any(there)


@pytest.mark.parametrize(("name", "key"), _keys(ITERATIONS))
async def test_without_training_there_is_one_iteration(name: str, key: str) -> None:
    async with opened(STEM, at=4) as pilot:
        await pilot.press(key)
        assert position(pilot) == 4


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "key"), _keys(EFFECTS))
async def test_a_key_that_does_something_else(name: str, key: str) -> None:
    async with opened(STEM, at=5) as pilot:
        debugger(pilot).do(Select(0))
        await pilot.press(key)
        await EFFECTS[name](pilot)


@pytest.mark.thorough
async def test_one_can_walk_over_all_nodes_and_back() -> None:
    stops = boundaries(trace(STEM).schedule)
    async with opened(STEM) as pilot:
        there = [position(pilot)]
        for _ in stops[1:]:
            await pilot.press("n")
            there.append(position(pilot))
        back = [position(pilot)]
        for _ in stops[1:]:
            await pilot.press("N")
            back.append(position(pilot))
    assert there == stops
    assert back == stops[::-1]


@pytest.mark.thorough
@pytest.mark.parametrize("stem", ["add_multiply", "value_used_twice"])
async def test_going_back_shows_what_was_shown_before(stem: str) -> None:
    async with opened(stem) as pilot:
        there = [seen(pilot)]
        for _ in range(trace(stem).schedule.last):
            await pilot.press("s")
            there.append(seen(pilot))
        back = [seen(pilot)]
        for _ in range(trace(stem).schedule.last):
            await pilot.press("S")
            back.append(seen(pilot))
    assert back[::-1] == there
    assert len(set(there)) == len(there), "every position looks different"


# Going to a position


@pytest.mark.parametrize(
    ("typed", "reached"),
    [("0", 0), ("7", 7), (" 38 ", 38), ("0%", 0), ("50%", 19), (" 100 % ", 38), ("1%", 0), ("2%", 1)],
)
def test_a_position_is_a_number_or_a_percentage(typed: str, reached: int) -> None:
    assert parse_position(typed, 38) == reached


@pytest.mark.parametrize(
    "typed", ["", " ", "39", "-1", "101%", "%", "1.5", "1e1", "seven", "7 7", "7%%", "9" * 40]
)
def test_anything_else_is_no_position(typed: str) -> None:
    assert parse_position(typed, 38) is None


@pytest.mark.parametrize(("typed", "reached"), [("7", 7), ("50%", 5), ("100%", 10)])
async def test_going_to_what_was_typed(typed: str, reached: int) -> None:
    async with opened(STEM, at=2) as pilot:
        await pilot.press("g", *typed, "enter")
        assert position(pilot) == reached


async def test_nonsense_is_answered_and_the_question_stays() -> None:
    async with opened(STEM, at=2) as pilot:
        await pilot.press("g", *"snq99", "enter")
        assert isinstance(pilot.app.screen, GoScreen)
        assert pilot.app.screen.query_one(Input).value == "snq99"
        assert "a position is a number from 0 to 10" in seen(pilot)
        await pilot.press("escape")
        assert position(pilot) == 2


# Panels


def _seen_panels(pilot: Pilot[None]) -> list[str]:
    """The panels that are seen, in their order."""
    return [name for name in PANELS if debugger(pilot).panel(name).display]


@pytest.mark.thorough
@pytest.mark.parametrize("size", [WIDE, NARROW, (200, 60)])
async def test_tab_goes_round_the_panels_that_are_seen(size: tuple[int, int]) -> None:
    async with opened(STEM, size=size) as pilot:
        await pilot.press("3", "1")
        shown = _seen_panels(pilot)
        assert 1 < len(shown) < len(PANELS)
        visited = [_focus(pilot)]
        for _ in shown:
            await pilot.press("tab")
            visited.append(_focus(pilot))
        assert visited == [*shown, "graph"]
        back = []
        for _ in shown:
            await pilot.press("shift+tab")
            back.append(_focus(pilot))
        assert back == shown[::-1]
        assert _seen_panels(pilot) == shown, "no panel comes to the front by it"


async def test_where_one_panel_fills_the_screen_tab_says_how_to_see_another() -> None:
    async with opened(STEM) as pilot:
        await pilot.press("t", "tab")
        assert _focus(pilot) == "transcript"
        await pilot.pause()
        (notice,) = pilot.app._notifications
        assert "no other panel is visible" in notice.message


@pytest.mark.parametrize(("down", "up"), [("j", "k"), ("down", "up")])
async def test_j_and_k_are_the_arrows(down: str, up: str) -> None:
    async with opened(STEM) as pilot:
        await pilot.press("3", down, down, up)
        selection = debugger(pilot).current.session.selection
        await pilot.press("t", "end")
        transcript = debugger(pilot).panel("transcript")
        transcript.scroll_to(0, 0, animate=False)
        await pilot.pause()
        assert selection == 0
        await pilot.press(down)
        assert transcript.scroll_offset.y == min(1, transcript.max_scroll_y)


@pytest.mark.parametrize("key", ["space", "a"])
async def test_space_plays_and_pauses(key: str) -> None:
    async with opened(STEM, still=True) as pilot:
        await pilot.press(key)
        assert debugger(pilot).player.timer is not None
        await pilot.press(key)
        assert debugger(pilot).player.timer is None


@pytest.mark.thorough
@pytest.mark.parametrize("size", [WIDE, NARROW, (200, 60)])
async def test_a_digit_brings_its_panel_to_the_front(size: tuple[int, int]) -> None:
    async with opened(STEM, size=size) as pilot:
        for digit, place in [*enumerate(PANEL_SLOTS, 1), *reversed(list(enumerate(PANEL_SLOTS, 1)))]:
            await pilot.press(str(digit))
            assert _focus(pilot) == place.name
            shown = [one.name for one in PANEL_SLOTS if debugger(pilot).panel(one.name).size.area > 0]
            assert place.name in shown
            behind = [str(debugger(pilot).panel(name).border_subtitle or "") for name in shown]
            for number, other in enumerate(PANEL_SLOTS, 1):
                told = any(f"{number} {other.title}" in one for one in behind)
                assert told == (other.name not in shown)


async def test_the_arrows_scroll_the_panel_in_focus() -> None:
    async with opened(replace(view("rnn_cell"), density="full"), size=NARROW) as pilot:
        graph, chain = debugger(pilot).panel("graph"), debugger(pilot).panel("step")
        graph.scroll_to(0, 0, animate=False)
        await pilot.pause()
        offsets = []
        for key in ("down", "up", "shift+right", "shift+left", "pagedown", "pageup", "shift+pagedown"):
            await pilot.press(key)
            offsets.append(tuple(graph.scroll_offset))
        width, height = graph.scrollable_content_region.size
        down = (0, min(height, graph.max_scroll_y))
        right = (min(width, graph.max_scroll_x), 0)
        assert offsets == [(0, 1), (0, 0), (width // 10, 0), (0, 0), down, (0, 0), right]
        assert chain.scroll_offset == Offset(0, 0)
        assert position(pilot) == 0


@pytest.mark.thorough
async def test_in_the_table_the_arrows_choose_a_node() -> None:
    async with opened(STEM) as pilot:
        await pilot.press("tab", "tab")
        chosen = []
        for key in ("down", "down", "up", "pagedown", "pageup"):
            await pilot.press(key)
            selection = debugger(pilot).current.session.selection
            chosen.append(debugger(pilot).current.graph.nodes[selection or 0].name)
        assert chosen == ["a", "f#1", "a", "f", "a"]


# Sheets on top


@pytest.mark.thorough
@pytest.mark.parametrize("close", ["escape", "q", "enter", "question_mark"])
async def test_a_sheet_is_closed_again(close: str) -> None:
    async with opened(STEM, at=3) as pilot:
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, Sheet)
        await pilot.press(close)
        assert position(pilot) == 3


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["en", "ko"])
async def test_the_help_lists_every_command(language: str) -> None:
    async with opened(STEM, language=language) as pilot:
        await pilot.press("f1")
        words = " ".join(text_of(pilot.app.screen.query_one(Panel).drawing).split())
    for command in COMMANDS:
        assert f"{command.shown} {command.help.in_language(language)}" in words


async def test_a_long_sheet_scrolls() -> None:
    async with opened(STEM, size=(80, 16)) as pilot:
        await pilot.press("question_mark")
        sheet = pilot.app.screen.query_one(Panel)
        await pilot.press("down", "down", "up")
        assert sheet.scroll_offset.y == 1
        await pilot.press(*["pagedown"] * 20)
        assert sheet.scroll_offset.y == sheet.max_scroll_y


@pytest.mark.thorough
async def test_inspecting_shows_the_chosen_node_or_the_one_of_the_step() -> None:
    async with opened("add_multiply", at=6) as pilot:
        await pilot.press("enter")
        assert "q = x + y" in text_of(pilot.app.screen.query_one(Panel).drawing)
        await pilot.press("escape")
        debugger(pilot).do(Select(2))
        await pilot.press("enter")
        shown = text_of(pilot.app.screen.query_one(Panel).drawing)
    assert shown.startswith("z  input")
    assert "-4" in shown
    assert "∂L/∂z" in shown


@pytest.mark.parametrize(("at", "count"), [(3, 0), (6, 1), (8, 2), (10, 3)])
async def test_inspecting_tells_how_much_of_a_gradient_has_arrived(at: int, count: int) -> None:
    async with opened(STEM, at=at) as pilot:
        debugger(pilot).do(Select(0))
        await pilot.press("enter")
        shown = text_of(pilot.app.screen.query_one(Panel).drawing)
    assert f"{count} of 3 contributions so far: f, f#1, f#1" in shown
    assert ("  ◌" in shown) == (count == 0)


async def test_there_is_nothing_to_inspect_at_the_start() -> None:
    async with opened("add_multiply") as pilot:
        await pilot.press("enter")
        assert position(pilot) == 0


# Copying


async def test_copying_a_step() -> None:
    async with opened("add_multiply", at=6) as pilot:
        await pilot.press("y")
        copied = " ".join(pilot.app.clipboard.split())
    assert "∂L ∂L ∂q ── = ── · ── ∂x ∂q ∂x" in copied
    assert "-4 = -4 · 1" in copied
    assert "∂L/∂x = ∂L/∂q · 1 = (-4) · 1 = -4" in copied


async def test_copying_the_chosen_node() -> None:
    async with opened("add_multiply", at=5) as pilot:
        debugger(pilot).do(Select(2))
        await pilot.press("y")
        assert pilot.app.clipboard == "z = -4, gradient 3"


async def test_copying_what_is_marked() -> None:
    async with opened("add_multiply", at=5) as pilot:
        debugger(pilot).do(Select(2))
        panel = debugger(pilot).panel("header")
        pilot.app.screen.selections = {panel: Selection(Offset(3, 0), Offset(21, 0))}
        await pilot.press("y")
        assert pilot.app.clipboard == "Add, then multiply"


async def test_the_mouse_marks_what_is_copied() -> None:
    async with opened("add_multiply", at=5) as pilot:
        await pilot.mouse_down("#header", offset=(3, 0))
        await pilot.hover("#header", offset=(20, 0))
        await pilot.mouse_up("#header", offset=(20, 0))
        await pilot.press("y")
        assert pilot.app.clipboard == "Add, then multiply"


async def test_nothing_is_marked_below_the_last_row() -> None:
    async with opened("add_multiply", at=5) as pilot:
        panel = debugger(pilot).panel("header")
        for row in (1, 2):
            pilot.app.screen.selections = {panel: Selection(Offset(0, row), Offset(5, row))}
            assert not pilot.app.screen.get_selected_text()
            await pilot.press("y")
            assert pilot.app.clipboard


# The palette, and leaving


@pytest.mark.thorough
async def test_the_palette_offers_every_command() -> None:
    async with opened(STEM) as pilot:
        offered = {command.title for command in pilot.app.get_system_commands(pilot.app.screen)}
    assert {
        f"{command.label.in_language('en')}  {command.called}"
        for command in COMMANDS
        if command.name != "palette"
    } <= offered


async def test_a_command_can_be_chosen_from_the_palette() -> None:
    async with opened(STEM) as pilot:
        await pilot.press("ctrl+p", *"End")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert position(pilot) == trace(STEM).schedule.last


async def test_escape_goes_back_to_the_gallery() -> None:
    async with opened(None) as pilot:
        await pilot.press("enter", "s", "s")
        debugger(pilot).do(Select(0))
        await pilot.press("escape")
        assert position(pilot) == 2
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, GalleryScreen)


async def test_escape_first_lets_go_of_what_is_marked() -> None:
    async with opened(STEM, at=5) as pilot:
        debugger(pilot).do(Select(0))
        panel = debugger(pilot).panel("header")
        pilot.app.screen.selections = {panel: Selection(Offset(1, 0), Offset(5, 0))}
        await pilot.press("escape")
        assert pilot.app.screen.get_selected_text() is None
        assert debugger(pilot).current.session.selection == 0


@pytest.mark.parametrize("keys", [("escape",), ("colon", *"gallery", "enter")])
async def test_opened_by_itself_a_scenario_has_a_gallery_to_go_to_and_to_come_back_from(
    keys: tuple[str, ...],
) -> None:
    async with opened(STEM, at=2) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert isinstance(pilot.app.screen, GalleryScreen)
        assert "Esc close" in seen(pilot)
        await pilot.press("enter", "s", *keys)
        await pilot.pause()
        assert isinstance(pilot.app.screen, GalleryScreen)
        await pilot.press("escape")
        assert position(pilot) == 2


@pytest.mark.thorough
async def test_from_the_tour_the_gallery_is_one_word_away_and_escape_ends_the_tour() -> None:
    async with opened(None) as pilot:
        await pilot.press("enter", "s", "colon", *"tour", "enter")
        await pilot.pause()
        assert debugger(pilot).guide is not None
        await pilot.press("escape")
        assert position(pilot) == 1
        await pilot.press("colon", *"tour", "enter")
        await pilot.pause()
        await pilot.press("colon", *"gallery", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, GalleryScreen)
        assert len(pilot.app.screen_stack) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("key", ["ctrl+p", "f2"])
@pytest.mark.parametrize("what", [STEM, None])
async def test_two_keys_open_the_palette_everywhere(key: str, what: str | None) -> None:
    async with opened(what) as pilot:
        await pilot.press(key)
        assert CommandPalette.is_open(pilot.app)


async def test_ctrl_c_leaves_too() -> None:
    async with opened(STEM) as pilot:
        await pilot.press("ctrl+c")
        assert pilot.app.return_code == 0


async def test_an_answer_takes_the_place_of_the_one_before_and_goes_with_the_next_step() -> None:
    async with opened("exploding_over_time") as pilot:
        debugger(pilot).do(Break("above 100"))
        await pilot.press("c", "c", "c")
        (notice,) = notices(pilot)
        assert notice.startswith("Stopped at breakpoint 1")
        await pilot.press("s")
        assert not notices(pilot)


async def test_where_no_node_is_chosen_that_is_said() -> None:
    async with opened("add_multiply", language="ko") as pilot:
        await pilot.press("enter")
        (notice,) = notices(pilot)
        assert notice.startswith("선택한 노드가 없습니다")
        assert "/" in notice, "how to choose one"
