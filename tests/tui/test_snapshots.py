"""Every bundled scenario as it looks, at the positions that show what there is to see.

As text a snapshot holds the screens of all those positions, as a picture the most crowded one alone.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from driving import NARROW, WIDE, go, opened
from syrupy.assertion import SnapshotAssertion

from backprop_tui.screenshot import screen_svg, screen_text
from scenes import STEMS, moments

FOLDER = Path(__file__).parent / "__snapshots__" / Path(__file__).stem
IN_KOREAN = ("add_multiply", "softmax_classifier", "rnn_cell")
CASES = [
    *product(STEMS, (WIDE, NARROW), ("en",)),
    *product(IN_KOREAN, (WIDE, NARROW), ("ko",)),
]
NAMES = [f"{stem}-{columns}x{rows}-{language}" for stem, (columns, rows), language in CASES]


@pytest.mark.parametrize(("stem", "size", "language"), CASES, ids=NAMES)
async def test_screen(
    stem: str,
    size: tuple[int, int],
    language: str,
    in_words: SnapshotAssertion,
    in_colour: SnapshotAssertion,
) -> None:
    screens = []
    picture = ""
    async with opened(stem, size=size, language=language) as pilot:
        for moment, position in moments(stem).items():
            await go(pilot, position)
            screens.append(f"=== {moment}: position {position}\n{screen_text(pilot.app)}")
            if moment == "crowded":
                picture = screen_svg(pilot.app)
    assert "\n".join(screens) == in_words
    if language == "en":
        assert picture == in_colour


def test_no_snapshot_is_left_over() -> None:
    wanted = {f"test_screen[{name}].txt" for name in NAMES}
    wanted |= {f"test_screen[{name}].svg" for name in NAMES if name.endswith("-en")}
    assert {path.name for path in FOLDER.iterdir()} == wanted
