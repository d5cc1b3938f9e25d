"""The table of the article, in both languages: each command opens its scenario where what is told is seen."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from backprop_engine.scenario.bundled import tracks
from backprop_tui.cli.main import command_parser, run

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": DOCS / "article.md", "ko": DOCS / "article.ko.md"}


class Row(NamedTuple):
    """A notion, the command that opens it, and texts that are then on the screen."""

    notion: str
    command: str
    texts: tuple[str, ...]


def rows(language: str) -> list[Row]:
    table = re.findall(
        r"^\| (.*?) \| `(backprop-tui .*?)` \| (.*) \|$", PAGES[language].read_text("utf-8"), re.M
    )
    return [Row(notion, command, tuple(re.findall(r"`(.*?)`", told))) for notion, command, told in table]


ROWS = [(language, row) for language in PAGES for row in rows(language)]


def plain(text: str) -> str:
    """The text with one space wherever there are several, or the end of a line."""
    return " ".join(text.split())


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("language", "row"), ROWS, ids=[f"{language}-{number}" for number, (language, _) in enumerate(ROWS)]
)
def test_what_is_said_to_be_seen_is_seen(language: str, row: Row, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = shlex.split(row.command)[1:]
    assert (command_parser("", language).parse_args(arguments).lang or "en") == language
    assert run(["snapshot", *arguments, "--size", "120x40", "-o", "-"]) == 0
    shown = plain(capsys.readouterr().out)
    assert row.texts
    assert [text for text in row.texts if plain(text) not in shown] == []


def test_the_scenarios_are_those_of_the_track_in_its_order() -> None:
    named = [row.command.split()[1] for row in rows("en")]
    firsts = list(dict.fromkeys(named))
    track = tracks()["article"].scenarios
    assert sorted(firsts) == sorted(track)
    assert [track.index(name) for name in firsts if name != "subtract_one_at_target"] == sorted(
        track.index(name) for name in firsts if name != "subtract_one_at_target"
    )


def test_both_pages_open_the_same() -> None:
    english, korean = ([row.command.replace(" --lang ko", "") for row in rows(name)] for name in PAGES)
    assert english == korean
    assert len(english) >= 15
