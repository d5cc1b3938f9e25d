"""`list`: the bundled scenarios and the tracks through them, with the practice scores of each."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backprop_engine.messages.message import msg
from backprop_engine.messages.translations import languages
from backprop_engine.scenario.bundled import tracks
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width, pad
from backprop_tui.cli.output import print_lines
from backprop_tui.files.bundled import ScenarioEntry, Shelf, bundled, heading, shelves, track_shelves
from backprop_tui.files.practised import MASTERED, practised_in_words, standing
from backprop_tui.panels.scenarios import dots, title_of_entry

if TYPE_CHECKING:
    from backprop_tui.files.progress import Practised

__all__ = ["add_arguments", "run"]

_LEVELS: Final = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `list`."""
    parser.add_argument(
        "--track",
        choices=tuple(tracks()),
        help=msg("the scenarios of a track in order, with what each one teaches and your practice scores"),
    )
    parser.add_argument("--lang", choices=languages(), default="en", help=msg("the language of titles"))


def run(arguments: argparse.Namespace) -> int:
    """Print a track, or the tracks and all shelves."""
    language: str = arguments.lang
    followed = track_shelves()
    if arguments.track is not None:
        (shelf,) = (shelf for shelf in followed if shelf.name == arguments.track)
        print_lines(_track(shelf, language))
    else:
        print_lines(_tracks(followed, language))
        for shelf in shelves(bundled()):
            print_lines([(), *_shelf(shelf, language)])
    return 0


def _tracks(followed: Sequence[Shelf], language: str) -> Iterator[Line]:
    """A line for each track: its name, its title, and the user's progress."""
    yield (Span(msg("Tracks: `list --track NAME` shows one").in_language(language), Role.HEADING),)
    names = max(cell_width(shelf.name) for shelf in followed)
    for shelf in followed:
        mastered = sum(one.best >= MASTERED for one in standing(shelf.entries).values())
        count = msg("{mastered} of {count} mastered", mastered=mastered, count=len(shelf.entries))
        yield (
            Span(f"  {pad(shelf.name, names)}  ", Role.NAME),
            Span(shelf.in_language(language)),
            Span(f"  {count.in_language(language)}", Role.DIM),
        )


def _shelf(shelf: Shelf, language: str) -> Iterator[Line]:
    yield (Span(shelf.in_language(language), Role.HEADING),)
    names = max(cell_width(entry.stem) for entry in shelf.entries)
    for entry in shelf.entries:
        yield (Span("  "), *_named(entry, names, language))


def _track(shelf: Shelf, language: str) -> Iterator[Line]:
    """Each scenario with its number, and below it what it teaches and how it was practised."""
    yield (Span(shelf.in_language(language), Role.HEADING),)
    names = max(cell_width(entry.stem) for entry in shelf.entries)
    practised = standing(shelf.entries)
    for number, entry in enumerate(shelf.entries, 1):
        yield (Span(f"{number:>3}  ", Role.DIM), *_named(entry, names, language))
        yield from _below(entry, practised, language)


def _named(entry: ScenarioEntry, names: int, language: str) -> Line:
    return (
        Span(f"{pad(entry.stem, names)}  ", Role.NAME),
        Span(f"{pad(dots(entry.level), _LEVELS)}  ", Role.DIM),
        Span(title_of_entry(entry, language)),
    )


def _below(entry: ScenarioEntry, practised: Mapping[Path, Practised], language: str) -> Iterator[Line]:
    objective = heading(entry.path).objective.in_language(language)
    if objective:
        yield (Span(f"     {' '.join(objective.split())}", Role.DIM),)
    if entry.path in practised:
        words = practised_in_words(practised[entry.path]).in_language(language)
        yield (Span(f"     {words}", Role.VALUE),)
