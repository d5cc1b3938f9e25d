"""`docs/keys.md` and its Korean twin are what the table of commands says now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backprop_engine.debugger.anomalies import ANOMALIES
from backprop_engine.messages.translations import languages
from backprop_tui.commands.table import COMMANDS, GROUPS
from backprop_tui.keys_page import keys_page

DOCS = Path(__file__).parents[2] / "docs"

each_language = pytest.mark.parametrize("language", languages())


@each_language
def test_the_page_is_fresh(language: str) -> None:
    page = DOCS / ("keys.md" if language == "en" else f"keys.{language}.md")
    assert page.read_text(encoding="utf-8") == keys_page(language), "run `python docs/build.py`"


def sections(language: str) -> list[str]:
    """What follows each heading, with the heading."""
    return re.split(r"^## ", keys_page(language), flags=re.MULTILINE)[1:]


@each_language
def test_every_command_is_a_row_with_its_names_in_its_group(language: str) -> None:
    for (title, commands), section in zip(GROUPS, sections(language)[: len(GROUPS)], strict=True):
        assert section.splitlines()[0] == title.in_language(language)
        rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
        for command, row in zip(commands, rows, strict=True):
            assert command.help.in_language(language).replace("|", "\\|") in row
            assert command.usage.in_language(language).replace("|", "\\|") in row
            for name in command.prompt[1:]:
                assert f"`{name}`" in row


@each_language
def test_every_trouble_is_a_row(language: str) -> None:
    bound = {"en": " BOUND", "ko": " 한계값"}[language]
    for name, trouble in ANOMALIES.items():
        meaning = trouble.meaning.in_language(language)
        assert f"| `{name}{bound if trouble.bound else ''}` | {meaning} |" in keys_page(language)


@each_language
def test_conditions_stand_with_the_places_that_they_narrow(language: str) -> None:
    signs = ("`phase forward`", "`q if ", "`PgUp`", "[keys]")
    assert [[sign in one for sign in signs] for one in sections(language)[len(GROUPS) :]] == [
        [False, False, False, False],  # the signs
        [True, True, False, False],
        [False, False, True, False],
        [False, False, False, True],
    ]


def test_what_is_to_be_typed_is_called_in_korean() -> None:
    left = [
        one.usage.in_language("ko") for one in COMMANDS if re.search("[A-Z]{2}", one.usage.in_language("ko"))
    ]
    assert left == []
