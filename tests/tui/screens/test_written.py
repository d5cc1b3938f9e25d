"""What is written to the terminal for a key: little, and it adds up to the whole screen."""

from __future__ import annotations

from statistics import median

import pytest

from driving import NARROW, WIDE
from effort import tried
from written import Cell, written

MOST = 8 * 1024
"""The bytes of a key at 120×40 where the step changes no layout."""
KEYS = (*"ssssssSSsss", "tab", "down", "down", "tab", *"ss][HmSSS?", "escape", *"ss")


@pytest.mark.thorough
@pytest.mark.parametrize("size", tried([WIDE, NARROW], [WIDE]))
@pytest.mark.parametrize(
    ("stem", "language"),
    tried([("rnn_cell", "ko"), ("digits_mlp", "en"), ("bptt", "en")], [("rnn_cell", "ko")]),
)
async def test_what_is_written_adds_up_to_the_whole_screen(
    stem: str, language: str, size: tuple[int, int]
) -> None:
    async with written(stem, language, size) as terminal:
        assert terminal.seen == terminal.wanted
        for key in KEYS:
            await terminal.press(key)
            assert terminal.seen == terminal.wanted, key


@pytest.mark.parametrize("stem", tried(["rnn_cell", "lstm", "softmax_classifier"], ["rnn_cell"]))
async def test_a_step_writes_few_bytes(stem: str) -> None:
    async with written(stem) as terminal:
        sizes = [len((await terminal.press(key)).encode()) for key in "ssssssssSSSSSSssss"]
        assert min(sizes) > 0
        assert max(sizes) <= MOST


@pytest.mark.thorough
@pytest.mark.parametrize(
    "stem", ["xavier_initialisation", "he_initialisation", "small_convnet", "attention_head"]
)
async def test_heatmaps_that_stay_in_place_write_few_bytes(stem: str) -> None:
    async with written(stem) as terminal:
        kept, before = 0, heatmaps(terminal.seen)
        for key in "s" * 24 + "S" * 8:
            size = len((await terminal.press(key)).encode())
            now = heatmaps(terminal.seen)
            if now == before:
                kept += 1
                assert size <= MOST, key
            before = now
        assert kept


def heatmaps(screen: list[list[Cell]]) -> list[list[bool]]:
    """Which cells of a screen have two colours of their own."""
    return [[cell.character == "▀" for cell in row] for row in screen]


@pytest.mark.thorough
async def test_heatmaps_that_change_as_a_whole_write_few_bytes() -> None:
    """Each equation has heatmaps elsewhere: of such steps only the one in the middle is held to that."""
    async with written("digits_mlp") as terminal:
        await terminal.press("s")
        sizes = [len((await terminal.press("s")).encode()) for _ in range(16)]
        assert median(sizes) <= MOST
        assert max(sizes) <= 2 * MOST
