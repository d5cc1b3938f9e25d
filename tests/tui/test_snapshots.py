"""Every bundled scenario as it looks, at the positions that show what there is to see.

As text a snapshot holds the screens of all those positions. The first scenario of each folder is drawn as a
picture too, at the most crowded of them.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from driving import NARROW, WIDE, go, opened
from syrupy.assertion import SnapshotAssertion

from backprop_tui.bundle import bundled
from backprop_tui.screenshot import screen_svg, screen_text
from scenes import STEMS, moments

FOLDER = Path(__file__).parent / "__snapshots__" / Path(__file__).stem
IN_KOREAN = ("add_multiply", "softmax_classifier", "rnn_cell")
PICTURED = tuple({bundled()[stem].parent: stem for stem in reversed(STEMS)}.values())
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
            if moment == "crowded" and stem in PICTURED and language == "en":
                picture = screen_svg(pilot.app)
    assert "\n".join(screens) == in_words
    if picture:
        assert picture == in_colour


def test_no_snapshot_is_left_over() -> None:
    wanted = {f"test_screen[{name}].txt" for name in NAMES}
    for name, (stem, _, language) in zip(NAMES, CASES, strict=True):
        if stem in PICTURED and language == "en":
            wanted.add(f"test_screen[{name}].svg")
    assert {path.name for path in FOLDER.iterdir()} == wanted
