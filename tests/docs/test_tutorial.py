"""The tutorial, in both languages: what it says is on the screen is there, and what it prints is printed.

A comment ``<!-- SCENARIO: KEYS | TEXT | … -->`` says what is seen in the scenario after the keys.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from backprop_tui.cli.main import run
from backprop_tui.files.bundled import bundled
from backprop_tui.pytest_plugin.screens import draw

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": DOCS / "tutorial.md", "ko": DOCS / "tutorial.ko.md"}


class Seen(NamedTuple):
    """What a page says is seen."""

    scenario: str
    keys: str
    texts: tuple[str, ...]


def seen(language: str) -> list[Seen]:
    found = re.findall(r"<!-- (\w+):(.*?) -->", PAGES[language].read_text(encoding="utf-8"), re.S)
    claims = [(name, *(part.strip() for part in told.split("|"))) for name, told in found]
    return [Seen(name, keys, tuple(texts)) for name, keys, *texts in claims]


CLAIMS = [(language, claim) for language in PAGES for claim in seen(language)]


@pytest.mark.parametrize(
    ("language", "claim"), CLAIMS, ids=[f"{language}-{number}" for number, (language, _) in enumerate(CLAIMS)]
)
def test_what_is_said_to_be_seen_is_seen(language: str, claim: Seen) -> None:
    screen = draw(claim.scenario, keys=claim.keys, size=(120, 40), lang=language).text
    assert claim.texts
    assert [text for text in claim.texts if text not in screen] == []


@pytest.mark.parametrize("language", PAGES)
def test_what_is_said_to_be_printed_is_printed(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = PAGES[language].read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page, re.M | re.S)
    (scenario,) = [text for kind, text in blocks if kind == "yaml"]
    (printed,) = [text for kind, text in blocks if kind == "text"]
    commands = [text.split() for kind, text in blocks if kind == "sh"]
    opened = [command[-1] for command in commands if command[1] != "run"]
    assert opened
    assert set(opened) <= bundled().keys()
    (tmp_path / "mine.yaml").write_text(scenario, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (command,) = [command for command in commands if command[1] == "run"]
    assert run(command[1:]) == 0
    assert capsys.readouterr().out == printed


def test_both_pages_show_the_same() -> None:
    english, korean = ([(claim.scenario, claim.keys) for claim in seen(language)] for language in PAGES)
    assert english == korean
