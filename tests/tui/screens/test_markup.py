"""Text from a scenario is shown as it is written, everywhere: it is no markup, and no terminal obeys it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from backprop_tui.export.screenshot import screen_svg
from backprop_tui.view import View
from backprop_tui.widgets.panel import Panel
from driving import WIDE, debugger, go, opened, seen, text_of
from effort import tried
from scenes import view_of, written

pytestmark = pytest.mark.thorough  # whole screens, many of them, or real terminals

HOSTILE = ("[red]x[/red]", "[/]", "[@click=app.quit]y[/]", "[b", "\\\\[i]z[/i]")
SCENARIO = r"""
title: "{text} \e[31mT"
description: "{text} \e[31mD\x07"
source: "{text} \e[31mS"
inputs: {{w: [1, 2], σ: 3}}
nodes:
  p: {{expr: "w[0] * σ", note: "{text} \e[31mN"}}
  f: p * w[1]
"""


@pytest.fixture(params=tried(HOSTILE, HOSTILE[2:4]))
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, View]:
    """A text that is up to no good, and a view of a scenario full of it."""
    text: str = request.param
    return text.replace("\\\\", "\\"), view_of(written(tmp_path, SCENARIO.format(text=text), "hostile"))


def assert_harmless(pilot: Pilot[None]) -> None:
    """Nothing on the screen that a terminal would obey, and the app is still there."""
    for shown in (seen(pilot), screen_svg(pilot.app)):
        assert [one for one in shown if one < " " and one != "\n"] == []
    assert pilot.app.is_running


async def test_in_the_panels(hostile: tuple[str, View]) -> None:
    text, view = hostile
    async with opened(view) as pilot:
        for at in range(view.session.last + 1):
            await go(pilot, at)
            assert f" {text} ␛[31mT" in seen(pilot).splitlines()[0]
            assert_harmless(pilot)
        await go(pilot, 2)
        why = " ".join(text_of(debugger(pilot).panel("step").drawing).split())
        assert f"» {text} ␛[31mN" in why


async def test_in_titles_of_panels(hostile: tuple[str, View]) -> None:
    _, view = hostile
    async with opened(view) as pilot:
        await go(pilot, 1)
        assert "─ Forward ─ p#1 = w[0] ─" in seen(pilot)
        await pilot.click("#step", offset=(5, 0))
        assert_harmless(pilot)


async def test_on_a_sheet(hostile: tuple[str, View]) -> None:
    text, view = hostile
    async with opened(view) as pilot:
        await go(pilot, 2)
        await pilot.press("enter")
        assert f"» {text} ␛[31mN" in seen(pilot)
        assert_harmless(pilot)


async def test_in_a_notification(hostile: tuple[str, View]) -> None:
    text, view = hostile
    async with opened(view) as pilot:
        header = debugger(pilot).panel("header")
        begin = 3  # behind the sign of the palette
        end = begin + len(view.title)
        pilot.app.screen.selections = {header: Selection(Offset(begin, 0), Offset(end, 0))}
        await pilot.press("y")
        await pilot.pause()
        assert pilot.app.clipboard == f"{text} ␛[31mT"
        toast = " ".join(seen(pilot).split())
        assert f"copied: {text} ␛[31mT" in toast
        assert_harmless(pilot)


async def test_behind_the_palette(hostile: tuple[str, View]) -> None:
    _, view = hostile
    async with opened(view) as pilot:
        await pilot.press("ctrl+p", *"go")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert_harmless(pilot)


async def test_in_the_gallery(
    hostile: tuple[str, View], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, _ = hostile
    stem = f"hostile {text}".replace("/", "∕")
    path = (tmp_path / "[red]folder[∕]").resolve() / f"{stem}.yaml"
    path.parent.mkdir()
    path.write_text(SCENARIO.format(text=text.replace("\\", "\\\\")), encoding="utf-8")
    monkeypatch.setattr("backprop_tui.screens.gallery.bundled", lambda: {stem: path})
    async with opened(None, size=WIDE) as pilot:
        shown = seen(pilot)
        about = " ".join(text_of(pilot.app.screen.query_one("#about", Panel).drawing).split())
        assert " [red]folder[∕]" in shown
        assert f"▶ {text} ␛[31mT" in shown
        assert f"{text} ␛[31mD␇" in about
        assert f"source: {text} ␛[31mS" in about
        assert_harmless(pilot)
        await pilot.press("enter")
        assert f" {text} ␛[31mT" in seen(pilot).splitlines()[0]
        assert_harmless(pilot)
