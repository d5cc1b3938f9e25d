"""Notices over the panels: no syllable of two cells is cut where two panels meet beneath it."""

from __future__ import annotations

import pytest

from backprop_engine.messages.translations import languages
from backprop_tui.app import DebuggerApp
from backprop_tui.export.screenshot import screen_text
from driving import NARROW, notices, opened
from scenes import view

SYLLABLES = (
    "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허"
    "고노도로모보소오조초코토포호구누두루무부수우주추쿠투푸후"
)


@pytest.mark.thorough
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (101, 31), (120, 40), (133, 40), (200, 60)])
@pytest.mark.parametrize("lead", ["", "x"])
async def test_every_syllable_of_a_notice_is_seen(size: tuple[int, int], lead: str) -> None:
    app = DebuggerApp(view("rnn_cell", 3, "ko"), language="ko")
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        for count in range(3):
            app.notify(f"{count}{lead}{SYLLABLES}", markup=False)
        await pilot.pause()
        await pilot.pause()
        text = screen_text(app)
    shown = [count for count in range(3) if f"{count}{lead}가" in text]
    assert 2 in shown
    assert [one for one in SYLLABLES if text.count(one) < len(shown)] == []


@pytest.mark.thorough
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    "keys",
    [(), ("{",), ("colon",), ("e",), ("ctrl+p",), ("ctrl+p", *"nudge")],
    ids="".join,
)
async def test_where_signs_are_to_be_plain_no_other_lies_over_the_panels(
    keys: tuple[str, ...], language: str
) -> None:
    app = DebuggerApp(view("rnn_cell", 3, language, ascii=True), language=language, ascii=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        app.notify("∂L → ±1 …", markup=False)
        await pilot.press(*keys)
        for _ in range(5):
            await pilot.pause(0.02)
        text = screen_text(app)
    assert ("dL > ~1" in text) == (keys in ((), ("{",), ("ctrl+p", *"nudge"))), (
        "lists cover it, prompts end it"
    )
    assert [one for one in text if not one.isascii() and not "가" <= one <= "힣"] == []


async def test_a_notice_that_is_said_again_takes_the_place_of_the_one_before() -> None:
    async with opened("rnn_cell", size=NARROW) as pilot:
        for key in "5vVV":
            await pilot.press(key)
            await pilot.pause()
        assert len(notices(pilot)) == 1
        await pilot.press("end", "S", "s", "s")
        await pilot.pause()
        assert len(notices(pilot)) == 2, "another one stands beside it"
