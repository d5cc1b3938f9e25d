"""The list of the gallery: scenarios under the titles of their folders. Only those in view are read."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.drawing import Area
from backprop_tui.cells.lines import Line, Role, Span, crop_line
from backprop_tui.cells.text import clip, pad
from backprop_tui.files.bundled import ScenarioEntry, Shelf, heading, heading_in

if TYPE_CHECKING:
    from backprop_engine.scenario.sections.texts import ScenarioTexts

__all__ = ["ScenarioList", "dots", "matching", "share_in_words", "title_of_entry"]


def title_of_entry(entry: ScenarioEntry, language: str) -> str:
    """The title of a scenario on one line, or its name if it has none."""
    return " ".join((_about(entry).title.in_language(language) or entry.stem).split())


def _about(entry: ScenarioEntry) -> ScenarioTexts:
    """What is said in the title of a scenario; of one that is not bundled, at the time when it was found."""
    return heading_in(entry.about) if entry.named else heading(entry.path)


_MARK: Final = 4
"""The cells of a share: ``100%``."""


def share_in_words(share: float) -> str:
    """A share of all credit, 0 to 1, as a percentage: ``85%``."""
    return f"{round(100 * share)}%"


def dots(level: int) -> str:
    """A level as dots: ``●●`` for 2."""
    return "●" * level


def matching(shelves: Iterable[Shelf], typed: str) -> tuple[Shelf, ...]:
    """The scenarios whose names, titles or folders contain every typed word."""
    words = _plain(typed).split()
    kept = []
    for shelf in shelves:
        entries = tuple(entry for entry in shelf.entries if _matches(shelf, entry, words))
        if entries:
            kept.append(Shelf(shelf.name, shelf.title, entries))
    return tuple(kept)


def _matches(shelf: Shelf, entry: ScenarioEntry, words: Sequence[str]) -> bool:
    if not words:
        return True
    names = (entry.stem, entry.stem.replace("_", " "), shelf.name, *shelf.title.values())
    titles = (entry.about.partition(":")[2],) if entry.named else _about(entry).title.by_language.values()
    text = _plain(" ".join((*names, *titles)))
    return all(word in text for word in words)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


class ScenarioList(Struct, frozen=True, dict=True):
    """Shelves as a drawing with one scenario selected; scenarios are numbered through all shelves."""

    shelves: tuple[Shelf, ...]
    chosen: int
    language: str
    width: int
    """The cells of a line; longer ones are cut."""
    most: int
    """The highest level of any scenario."""
    broken: Set[Path] = frozenset()
    """The files that are known to have mistakes."""
    ascii: bool = False
    marks: Mapping[Path, str] = {}
    """What follows the level of a scenario: its practice score."""

    @cached_property
    def _starts(self) -> Sequence[int]:
        """The row of the title of each folder, and the row after the last."""
        return [0, *accumulate(1 + len(shelf.entries) for shelf in self.shelves)]

    @property
    def height(self) -> int:
        """The number of rows: one for each folder and each scenario."""
        return self._starts[-1]

    @property
    def focus(self) -> Area | None:
        """The selected scenario; with the title of its folder, if it is the first one there."""
        firsts = [start - number for number, start in enumerate(self._starts)]
        shelf = bisect_right(firsts, self.chosen) - 1
        if not 0 <= shelf < len(self.shelves):
            return None
        row = self.chosen + shelf + 1
        return Area(0, row - 1, 1, 2) if self.chosen == firsts[shelf] else Area(0, row, 1, 1)

    def _place(self, y: int) -> tuple[int, int]:
        """The shelf of a row, and how many rows below its title that is."""
        shelf = bisect_right(self._starts, y) - 1
        return shelf, y - self._starts[shelf]

    def at_row(self, y: int) -> int | None:
        """The number of the scenario in a row; None for the title of a folder, and outside."""
        if not 0 <= y < self.height:
            return None
        shelf, below = self._place(y)
        return y - shelf - 1 if below else None

    def row(self, y: int, x: int, width: int) -> Line:
        """The cells from `x` up to `x + width` of row `y`."""
        if not 0 <= y < self.height:
            return ()
        number, below = self._place(y)
        shelf = self.shelves[number]
        if not below:
            title = clip(clean(shelf.in_language(self.language)), max(1, self.width - 2))
            return crop_line((Span(f" {title}", Role.HEADING),), x, width)
        line = self._entry(shelf.entries[below - 1], chosen=y - number - 1 == self.chosen)
        return crop_line(line, x, width)

    def _entry(self, entry: ScenarioEntry, *, chosen: bool) -> Line:
        marked = 1 + _MARK if self.marks else 0
        room = max(4, self.width - 3 - max(1, self.most) - 2 - marked)
        broken = entry.path in self.broken
        role = Role.SELECTED if chosen else Role.WARNING if broken else Role.TEXT
        sign = "x" if self.ascii else "✗"
        line = (
            Span(f" {'▶' if chosen else ' '} ", Role.KEY),
            Span(pad(title_of_entry(entry, self.language), room), role),
            Span(f" {sign}", Role.WARNING) if broken else Span(f" {dots(entry.level)}", Role.DIM),
        )
        if entry.path not in self.marks:
            return line
        gap = " " * (max(1, self.most) - (1 if broken else entry.level))
        return (*line, Span(f"{gap} {self.marks[entry.path]:>{_MARK}}", Role.VALUE))
