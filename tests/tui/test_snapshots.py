"""Every bundled scenario as it looks, at the positions that show what there is to see.

As text a snapshot holds the screens of all those positions. As pictures the most crowded of them make the
sheet in `docs/gallery/`.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from backprop_tui.export.screenshot import screen_svg, screen_text
from covering import BEGUN, COVERING
from driving import NARROW, WIDE, go, opened
from scenes import STEMS, moments

FOLDER = Path(__file__).parent / "__snapshots__" / Path(__file__).stem
GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
MAKE = "run `python docs/gallery/build.py`"
CASES = [
    *product(STEMS, (WIDE, NARROW), ("en",)),
    *product(BEGUN, (WIDE, NARROW), ("ko",)),
]
NAMES = [f"{stem}-{columns}x{rows}-{language}" for stem, (columns, rows), language in CASES]


def at_first(stem: str, size: tuple[int, int], language: str) -> bool:
    """Whether a case is always tried: what covers all is in one size by turns."""
    return stem in COVERING and (COVERING.index(stem) % 2 == (size == NARROW)) != (language == "ko")


EACH = [
    pytest.param(*case, id=name, marks=() if at_first(*case) else pytest.mark.thorough)
    for case, name in zip(CASES, NAMES, strict=True)
]


@cache
def gallery() -> Any:
    spec = importlib.util.spec_from_file_location("gallery_build", GALLERY / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("stem", "size", "language"), EACH)
async def test_screen(stem: str, size: tuple[int, int], language: str, in_words: SnapshotAssertion) -> None:
    """The most crowded step first, as it is when one opens the scenario there."""
    positions = moments(stem)
    async with opened(stem, size=size, at=positions.pop("crowded"), language=language, still=True) as pilot:
        screens = [f"=== crowded\n{screen_text(pilot.app)}"]
        picture = screen_svg(pilot.app)
        for moment, position in positions.items():
            await go(pilot, position)
            screens.append(f"=== {moment}: position {position}\n{screen_text(pilot.app)}")
    assert "\n".join(screens) == in_words
    if (size, language) == (WIDE, "en"):
        assert picture == (GALLERY / f"{stem}.svg").read_text("utf-8"), MAKE


@pytest.mark.parametrize(
    "stem",
    [
        pytest.param(stem, marks=() if stem == BEGUN[1] else pytest.mark.thorough)
        for stem in gallery().SHOWN_IN_EVERY_WAY
    ],
)
async def test_the_gallery_shows_every_way(stem: str) -> None:
    ways = gallery().ways_of(stem)[1:]
    assert len(ways) == 11
    for name, picture in (await gallery().pictures(stem, ways)).items():
        assert picture == (GALLERY / name).read_text("utf-8"), MAKE


def test_the_gallery_has_all_pictures_and_no_other() -> None:
    page = (GALLERY / "README.md").read_text("utf-8")
    assert page == gallery().sheet(), MAKE
    wanted = {way.file(stem) for stem in STEMS for way in gallery().ways_of(stem)}
    assert {path.name for path in GALLERY.glob("*.svg")} == wanted
    assert all(f"({name})" in page for name in wanted)


def test_no_snapshot_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"test_screen[{name}].txt" for name in NAMES}
