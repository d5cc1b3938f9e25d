"""Cell by cell: what a terminal emulator makes of the screen, in a language whose letters take two cells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import cycle, product

import pyte
import pytest
from rich.console import Console
from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget

from backprop_engine.debugger import Set, Watch, update
from backprop_engine.messages.translations import languages
from backprop_tui.panel_slots import PANEL_SLOTS
from backprop_tui.textual_private import rendered_strips
from backprop_tui.view import View
from driving import NARROW, WIDE, go, opened, seen
from effort import tried
from emulated import terminal_of
from scenes import crowded, trace, view

pytestmark = pytest.mark.thorough  # whole screens, many of them, or real terminals

SIZES = (WIDE, NARROW, (60, 20), (200, 60))
SCENARIOS = ("rnn_cell", "bptt", "small_convnet", "xor")
OVERLAYS = {
    "prompt": ("colon", *"nodes", "enter"),
    "help": ("question_mark",),
    "palette": ("ctrl+p",),
    "inspect": ("enter",),
    "go": ("g",),
    "transcript": ("t",),
    "tour": ("colon", *"tour", "enter"),
    "side by side": ("D",),
}


def emulated(app: App[None]) -> pyte.Screen:
    """The whole screen as an emulator shows it, row by row from its first column on."""
    columns, rows = app.size
    screen = pyte.Screen(columns, rows)
    stream = pyte.Stream(screen)
    console = Console(color_system="truecolor", force_terminal=True, legacy_windows=False, width=columns)
    for y, strip in enumerate(rendered_strips(app)):
        stream.feed(f"\x1b[{y + 1};1H{strip.render(console)}")
    return screen


def rows_of(screen: pyte.Screen) -> list[str]:
    """The rows of an emulator, where the second cell of a wide letter has no text of its own."""
    return [
        "".join(screen.buffer[y][x].data for x in range(screen.columns)).rstrip() for y in range(screen.lines)
    ]


def bordered(app: App[None]) -> Iterator[Widget]:
    """The widgets in front whose border is drawn whole."""
    width, height = app.size
    for widget in app.screen.walk_children(Widget):
        region = widget.region
        inside = region.x >= 0 and region.y >= 0 and region.right <= width and region.bottom <= height
        sides = all(edge[0] not in ("", "none", "blank") for edge in widget.styles.border)
        if widget.display and inside and sides and region.width >= 2 and region.height >= 2:
            yield widget


def assert_aligned(app: App[None]) -> None:
    """The emulator shows the rows that were composed, and borders stand in their columns."""
    screen = emulated(app)
    composed = [strip.text.rstrip() for strip in rendered_strips(app)]
    assert rows_of(screen) == composed
    for widget in bordered(app):
        region = widget.region
        for y in range(region.y + 1, region.bottom - 1):
            sides = (screen.buffer[y][region.x].data, screen.buffer[y][region.right - 1].data)
            assert set(sides) <= set("│┃|"), (widget.id, y, sides, composed[y])


@asynccontextmanager
async def crowded_screen(
    stem: str, size: tuple[int, int], language: str = "ko"
) -> AsyncIterator[Pilot[None]]:
    """A scenario at its most crowded step, with a change, a watch, and the author's note."""
    shown = view(stem, crowded(stem), language)
    leaf = next(leaf for leaf in trace(stem).graph.leaves if leaf.takes_gradient)
    session = update(shown.session, Watch(leaf.name))
    session = update(session, Set(leaf.name, shown.session.trace.values[leaf.position] + 1))
    async with opened(View(shown.scenario, session, language), size=size, language=language) as pilot:
        yield pilot


@pytest.mark.parametrize(
    ("stem", "size"), tried([*product(SCENARIOS, SIZES)], [*zip(SCENARIOS, SIZES, strict=True)])
)
async def test_every_panel_is_aligned(stem: str, size: tuple[int, int]) -> None:
    async with crowded_screen(stem, size) as pilot:
        for number in range(1, len(PANEL_SLOTS) + 1):
            await pilot.press(str(number))
            await pilot.pause()
            assert_aligned(pilot.app)


@pytest.mark.parametrize(
    ("name", "size"), tried([*product(OVERLAYS, (WIDE, NARROW))], [*zip(OVERLAYS, cycle((WIDE, NARROW)))])
)
async def test_what_lies_over_the_panels_is_aligned(name: str, size: tuple[int, int]) -> None:
    async with crowded_screen("add_multiply", size) as pilot:
        await pilot.press(*OVERLAYS[name])
        await pilot.pause()
        assert_aligned(pilot.app)


@pytest.mark.parametrize("size", SIZES)
async def test_the_gallery_is_aligned(size: tuple[int, int]) -> None:
    async with opened(None, size=size, language="ko") as pilot:
        for _ in range(4):
            assert_aligned(pilot.app)
            await pilot.press("pagedown")
            await pilot.pause()


def test_the_tester_sees_a_letter_of_the_wrong_width() -> None:
    """In an emulator a row with a letter more than it has room for loses its border."""
    screen = pyte.Screen(6, 1)
    pyte.Stream(screen).feed("│가나│")
    assert rows_of(screen) == ["│가나│"]
    assert [screen.buffer[0][x].data for x in (0, 5)] == ["│", "│"]
    screen = pyte.Screen(6, 1)
    pyte.Stream(screen).feed("\x1b[?7l│가나다│")
    assert screen.buffer[0][5].data != "│" or rows_of(screen) != ["│가나다│"]


@pytest.mark.parametrize("language", languages())
async def test_what_a_real_terminal_shows_is_what_was_composed(language: str) -> None:
    """Through every repaint of a walk, not only when all is drawn anew."""
    keys = {"n": "n", "m": "m", "s": "s", "S": "S", "3": "3", "4": "4", "end": "\x1b[F", "1": "1"}
    words = {"en": "step 0 of 38", "ko": "0/38"}[language]
    texts = []
    async with opened("rnn_cell", size=NARROW, language=language) as pilot:
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            texts.append(seen(pilot).splitlines())
    with terminal_of("rnn_cell", "--lang", language, waits_for=words, size=NARROW) as terminal:
        for key, wanted in zip(keys.values(), texts, strict=True):
            terminal.press(key)
            terminal.until(lambda wanted=wanted: rows_of(terminal.screen) == wanted)  # type: ignore[misc]


@pytest.mark.parametrize("stem", ["add_multiply", "softmax_classifier"])
async def test_every_run_shows_the_same_text(stem: str) -> None:
    texts = set()
    for _ in range(tried(20, 3)):
        async with opened(stem, size=WIDE, language="ko") as pilot:
            await go(pilot, crowded(stem))
            texts.add(seen(pilot))
    assert len(texts) == 1
