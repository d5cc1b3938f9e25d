"""The pages on exports: every format is there, and what they say of sizes is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backprop_tui.export.formats import FORMATS
from backprop_tui.export.page.graph import MOST_NODES
from command_line import Commands

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": DOCS / "exports.md", "ko": DOCS / "exports.ko.md"}


@pytest.mark.parametrize("language", PAGES)
def test_every_format_is_described(language: str) -> None:
    text = PAGES[language].read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*`) \|", text, re.MULTILINE)[1:]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(FORMATS)
    assert f"| {FORMATS['html'].about.in_language(language)} |" in text
    assert str(MOST_NODES) in text


@pytest.mark.parametrize("language", PAGES)
def test_the_command_that_is_shown_writes_a_page(
    language: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = PAGES[language].read_text(encoding="utf-8")
    (command,) = re.findall(r"^backprop-tui (export .*)$", text, re.MULTILINE)
    *words, name = command.split()
    assert Commands(capsys)(*words, str(tmp_path / name)).code == 0
    page = (tmp_path / name).read_text(encoding="utf-8")
    assert page.startswith(f'<!DOCTYPE html>\n<html lang="{language}">')
