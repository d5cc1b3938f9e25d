"""The list of the gallery: scenarios under the titles of their folders. Only those in view are read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from msgspec import Struct

from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.drawing import Area
from backprop_tui.cells.lines import Line, Role, Span, crop_line
from backprop_tui.cells.text import clip, pad
from backprop_tui.files.bundled import ScenarioEntry, Shelf, heading

__all__ = ["ScenarioList", "dots", "matching", "title_of_entry"]


def title_of_entry(entry: ScenarioEntry, language: str) -> str:
    """The title of a scenario on one line, or its name if it has none."""
    return " ".join((heading(entry.path).title.in_language(language) or entry.stem).split())


def dots(level: int) -> str:
    """A level as dots: ``●●`` for 2."""
    return "●" * level


def matching(shelves: Iterable[Shelf], typed: str) -> tuple[Shelf, ...]:
    """The scenarios with every word that was typed in their names, titles or folders."""
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
    text = _plain(" ".join((*names, *heading(entry.path).title.by_language.values())))
    return all(word in text for word in words)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


class ScenarioList(Struct, frozen=True):
    """Shelves as a drawing with one scenario selected; scenarios are numbered through all shelves."""

    shelves: tuple[Shelf, ...]
    chosen: int
    language: str
    width: int
    """The cells of a line; longer ones are cut."""
    most: int
    """The highest level of any scenario."""

    @property
    def height(self) -> int:
        """The number of rows: one for each folder and each scenario."""
        return sum(1 + len(shelf.entries) for shelf in self.shelves)

    @property
    def focus(self) -> Area | None:
        """The selected scenario; with the title of its folder, if it is the first one there."""
        row = 0
        number = self.chosen
        for shelf in self.shelves:
            if number < len(shelf.entries):
                return Area(0, row + number + 1, 1, 1) if number else Area(0, row, 1, 2)
            number -= len(shelf.entries)
            row += 1 + len(shelf.entries)
        return None

    def at_row(self, y: int) -> int | None:
        """The number of the scenario in a row; None for the title of a folder, and outside."""
        count = 0
        for shelf in self.shelves:
            y -= 1
            if y < 0:
                return None
            if y < len(shelf.entries):
                return count + y
            y -= len(shelf.entries)
            count += len(shelf.entries)
        return None

    def row(self, y: int, x: int, width: int) -> Line:
        """The cells from `x` up to `x + width` of row `y`."""
        count, at = 0, y
        for shelf in self.shelves:
            if at == 0:
                title = clip(clean(shelf.in_language(self.language)), max(1, self.width - 2))
                return crop_line((Span(f" {title}", Role.HEADING),), x, width)
            if 0 < at <= len(shelf.entries):
                line = self._entry(shelf.entries[at - 1], chosen=count + at - 1 == self.chosen)
                return crop_line(line, x, width)
            at -= 1 + len(shelf.entries)
            count += len(shelf.entries)
        return ()

    def _entry(self, entry: ScenarioEntry, *, chosen: bool) -> Line:
        room = max(4, self.width - 3 - self.most - 2)
        return (
            Span(f" {'▶' if chosen else ' '} ", Role.KEY),
            Span(pad(title_of_entry(entry, self.language), room), Role.SELECTED if chosen else Role.TEXT),
            Span(f" {dots(entry.level)}", Role.DIM),
        )
