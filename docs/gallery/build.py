"""Write the sheet of pictures: ``python docs/gallery/build.py``.

Every bundled scenario at its most crowded step, and for some of them every size, theme and language. With
``--all FOLDER`` every size, theme and language of every scenario is written there, to be looked at. A test
holds that the sheet is fresh.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parents[1] / "tests" / "support"))

from backprop_engine.messages.translations import languages  # noqa: E402
from backprop_tui.export.screenshot import screen_svg  # noqa: E402
from backprop_tui.files.bundled import bundled, heading, shelves  # noqa: E402
from backprop_tui.screens.slices import settled  # noqa: E402
from backprop_tui.themes import DARK, LIGHT  # noqa: E402
from driving import opened  # noqa: E402 - it lies beside the tests, which drive the screen in the same way
from scenes import STEMS, crowded  # noqa: E402

SIZES = ((80, 24), (120, 40), (200, 60))
THEMES = (DARK.name, LIGHT.name)
SHOWN_IN_EVERY_WAY = ("rnn_cell", "softmax_classifier", "small_convnet", "xor")


class Way(NamedTuple):
    """A way to look at a scenario."""

    size: tuple[int, int]
    theme: str
    language: str

    def file(self, stem: str) -> str:
        """The name of a picture, which is the scenario's alone where it is looked at in the usual way."""
        if self == USUAL:
            return f"{stem}.svg"
        columns, rows = self.size
        return f"{stem}-{columns}x{rows}-{self.theme.removeprefix('backprop-')}-{self.language}.svg"


USUAL = Way((120, 40), DARK.name, "en")
WAYS = tuple(Way(*way) for way in product(SIZES, THEMES, languages()))


async def pictures(stem: str, ways: Iterable[Way]) -> dict[str, str]:
    """Pictures of a scenario at its most crowded step, by the names of their files."""
    made = {}
    for way in ways:
        async with opened(stem, size=way.size, at=crowded(stem), language=way.language, still=True) as pilot:
            pilot.app.theme = way.theme
            await settled(pilot.app)  # plots show every iteration
            await pilot.pause()
            made[way.file(stem)] = screen_svg(pilot.app)
    return made


def ways_of(stem: str) -> tuple[Way, ...]:
    """The ways in which the sheet shows a scenario."""
    return (USUAL, *(way for way in WAYS if way != USUAL)) if stem in SHOWN_IN_EVERY_WAY else (USUAL,)


def sheet() -> str:
    """The page with all pictures."""
    lines = [
        "# Gallery",
        "<!-- Made by docs/gallery/build.py. -->",
        "",
        f"Each of the {len(STEMS)} bundled scenarios at its most crowded step, 120 columns wide, and at the "
        f"end "
        "some of them in every size,",
        "theme and language. `backprop-tui NAME` opens one.",
    ]
    for shelf in shelves(bundled()):
        lines += ["", f"## {shelf.in_language('en')}", ""]
        for entry in shelf.entries:
            lines += [
                f"**{heading(entry.path).title.in_language('en')}** · `{entry.stem}`",
                "",
                f"![{entry.stem}]({entry.stem}.svg)",
                "",
            ]
    lines += ["", "## Sizes, themes and languages", *_ways()]
    return "\n".join(lines).rstrip() + "\n"


def _ways() -> Iterator[str]:
    for stem in SHOWN_IN_EVERY_WAY:
        for way in ways_of(stem)[1:]:
            columns, rows = way.size
            yield ""
            yield f"`{stem}` · {columns}×{rows} · {way.theme} · {way.language}"
            yield ""
            yield f"![{stem}]({way.file(stem)})"


def main() -> None:
    """Write the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--all", type=Path, metavar="FOLDER", help="every way for every scenario, into FOLDER"
    )
    parser.add_argument("scenario", nargs="*", help="some scenarios by name (all)")
    options = parser.parse_args()
    folder = options.all or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    wanted = options.scenario or STEMS
    if not options.scenario and not options.all:
        for old in folder.glob("*.svg"):
            old.unlink()
        (folder / "README.md").write_text(sheet(), encoding="utf-8")
    for stem in wanted:
        ways = WAYS if options.all else ways_of(stem)
        for name, picture in asyncio.run(pictures(stem, ways)).items():
            (folder / name).write_text(picture, encoding="utf-8")
    print(folder)


if __name__ == "__main__":
    main()
