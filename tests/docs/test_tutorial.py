"""The tutorial and the guides, in both languages: what they say is on the screen is there.

A comment ``<!-- SCENARIO: KEYS | TEXT | … -->`` says what is seen in the scenario after the keys, on a screen
of 120×40, or of another size: ``<!-- SCENARIO 80x24: … -->``. What the tutorial prints is printed;
`test_guide.py` has the commands of the guides.
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


NAMES = ("tutorial", "computing", "teaching", "faq")


class Seen(NamedTuple):
    """What a page says is seen."""

    scenario: str
    size: tuple[int, int]
    keys: str
    texts: tuple[str, ...]


def seen(page: str) -> list[Seen]:
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(r"<!-- (\w+)(?: (\d+)x(\d+))?:([^>]*?)\|(.*?) -->", text, re.S)
    return [
        Seen(
            name,
            (int(wide or 120), int(high or 40)),
            keys.strip(),
            tuple(one.strip() for one in told.split("|")),
        )
        for name, wide, high, keys, told in found
    ]


CLAIMS = [
    (language, claim)
    for name in NAMES
    for language, page in (("en", f"{name}.md"), ("ko", f"{name}.ko.md"))
    for claim in seen(page)
]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("language", "claim"), CLAIMS, ids=[f"{language}-{number}" for number, (language, _) in enumerate(CLAIMS)]
)
def test_what_is_said_to_be_seen_is_seen(language: str, claim: Seen) -> None:
    screen = draw(claim.scenario, keys=claim.keys, size=claim.size, lang=language).text
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


@pytest.mark.parametrize("name", NAMES)
def test_both_pages_show_the_same(name: str) -> None:
    english, korean = ([claim[:3] for claim in seen(page)] for page in (f"{name}.md", f"{name}.ko.md"))
    assert english == korean
